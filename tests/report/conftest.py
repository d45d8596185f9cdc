"""Fixtures that open pages in a real browser, if one is installed."""

from contextlib import contextmanager

import pytest
from support.browser import chromium
from support.signals import PATIENCE

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


# The scope is a module, because other tests cannot use asyncio while the browser is open.
@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def looked_at(browser):
    """Opens a file, and checks at the end that there were no errors and no requests."""

    @contextmanager
    def looked_at(path, *, width=1280, scheme="light"):
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

    return looked_at
