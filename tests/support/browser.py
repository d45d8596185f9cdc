"""A real browser for tests, if one is installed."""

import os
import shutil
from contextlib import contextmanager

import pytest

from support.signals import PATIENCE

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
