"""Pages, and fixtures that open them in a real browser, if one is installed."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import polars as pl
import pytest
from support.browser import chromium, watched
from support.decided import decisions
from support.fields import field, finish, made, spec_of

from humorrank.report import make_page


# The scope is the module, because other tests cannot use asyncio while the browser is open.
@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def looked_at(browser):
    """Opens a file, and checks at the end that no errors or requests occurred."""

    return partial(watched, browser)


@pytest.fixture(scope="module")
def tournament(tmp_path_factory):
    """Returns a page of a small tournament in which some judgments failed."""
    folder = tmp_path_factory.mktemp("tournament")
    store = folder / "T.sqlite"
    judge = {"tie_rate": 0.2, "failure_rate": 0.3, "retries": 1, "position_bias": 60}

    def play():
        finish(made(store, spec_of(7, judge=judge, budget=700), field(7, 60)))

    # The browser occupies the event loop of this thread.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(play).result()
    found = make_page(store, tiers={"high": 1020, "low": None}, pictures=False)
    found.write(folder / "report.html")
    return folder / "report.html", found


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Returns a page of a log with jokes, reasons and labels."""
    folder = tmp_path_factory.mktemp("judged")
    log = folder / "log.parquet"
    decisions([f"model-{i}" for i in range(7)], 1_500, offensive=0.01).write_parquet(log)
    found = make_page(log, pictures=False)
    found.write(folder / "report.html")
    return folder / "report.html", found, pl.read_parquet(log)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Returns a page of 30 models, some with long names, in many groups and tiers."""
    path = tmp_path_factory.mktemp("wide") / "report.html"
    names = [f"model-{i:02}" if i % 5 else f"maker/long-name-{i:02}-instruct" for i in range(30)]
    log = decisions(names, 900)
    found = make_page(log, tiers="paper", bootstrap=200, examples=0, pictures=False)
    found.write(path)
    return path, found
