"""Fixtures with the logs of the benchmarks, and the table of results."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import humorrank
from bench.speed import record
from bench.speed.racing import Line, Race
from bench.speed.table import table

_LINES = pytest.StashKey[list[Line]]()
_HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Creates the list of table lines."""
    config.stash[_LINES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allows warnings, which peers may raise. Only the tests of humorrank treat them as errors."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the table and writes build/bench.json."""
    lines = config.stash[_LINES]
    if not lines:
        return
    terminalreporter.section("comparison with other tools: medians of one run, measured in turns")
    for row in table([line.record() for line in lines]):
        terminalreporter.write_line(row)
    path = config.rootpath / "build" / "bench.json"
    if config.getoption("benchmark_disable"):
        return
    some = bool(config.getoption("keyword")) or [
        Path(argument).name for argument in config.args
    ] != [_HERE.name]
    record.write(path, lines, keep=some)
    terminalreporter.write_line(f"written to {path.relative_to(config.rootpath)}")


@pytest.fixture
def race(benchmark: Any, request: pytest.FixtureRequest) -> Race:
    """Times humorrank and its peers in turns (see `Race`)."""
    mark = request.node.get_closest_marker("benchmark")
    clock = time.perf_counter if mark is None else mark.kwargs.get("timer", time.perf_counter)
    return Race(benchmark, request.config.stash[_LINES], clock)


def _field(models: int) -> dict[str, float]:
    """Returns ratings of the given number of models, with names of realistic length."""
    strengths = np.random.default_rng(models).normal(1000, 150, models)
    return {f"vendor/model-{i:03}": float(rating) for i, rating in enumerate(strengths)}


@pytest.fixture(scope="session")
def nine() -> pl.DataFrame:
    """10,800 matches among 9 models."""
    return humorrank.simulate(_field(9), 10_800)


@pytest.fixture(scope="session")
def hundred() -> pl.DataFrame:
    """1e6 matches among 100 models."""
    return humorrank.simulate(_field(100), 1_000_000)


@pytest.fixture(scope="session")
def thousand() -> pl.DataFrame:
    """1e6 matches among 1,000 models."""
    return humorrank.simulate(_field(1000), 1_000_000)


@pytest.fixture(scope="session")
def hundred_short() -> pl.DataFrame:
    """1e5 matches among 100 models."""
    return humorrank.simulate(_field(100), 100_000)


@pytest.fixture(scope="session")
def nine_decided() -> pl.DataFrame:
    """10,800 matches among 9 models, without ties."""
    return humorrank.simulate(_field(9), 10_800, ties=0)


@pytest.fixture(scope="session")
def hundred_decided() -> pl.DataFrame:
    """1e6 matches among 100 models, without ties."""
    return humorrank.simulate(_field(100), 1_000_000, ties=0)
