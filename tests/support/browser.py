"""A real browser for tests, if one is installed."""

import os
import shutil
from contextlib import contextmanager

import pytest

from support.signals import PATIENCE

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@contextmanager
def chromium():
    """Opens a headless Chromium, or skips the test and gives the reason."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser is installed (tried {', '.join(NAMES)})")
    # Chromium refuses to run as root, for example in a container, unless its sandbox is disabled.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path, args=options, timeout=1_000 * PATIENCE
        )
        yield opened
        opened.close()


@contextmanager
def watched(browser, path, *, width=1280, scheme="light"):
    """Opens a file, and checks at the end that no errors, dialogs or requests occurred."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(1_000 * PATIENCE)
    page = context.new_page()
    said, asked = [], []
    page.add_init_script(WATCH)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(path.as_uri())
        yield page
        assert page.evaluate("window.violations") == []
        assert said == []
        loaded = [url for url in asked if not url.startswith("data:")]
        assert loaded == [path.as_uri()]
    finally:
        context.close()
