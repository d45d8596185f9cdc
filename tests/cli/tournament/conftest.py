"""Fixtures for the tests of `humorrank tournament`."""

from functools import partial

import pytest
from support.fields import write_files

BUDGET = "budget = 40\n"
SIMULATED = '[judge]\nbackend = "simulated"\n'
JUDGE = f'{SIMULATED}tie_rate = 0.1\n[judge.ratings]\n"model-00" = 1307.5\n'


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in a temporary folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    return partial(run, "tournament")


@pytest.fixture
def spec(tmp_path):
    return write_files(tmp_path, 5, 6, BUDGET + JUDGE)


@pytest.fixture
def store(run, spec):
    assert run("run", spec, "--store", "T.sqlite")[0] == 0
    return spec.parent / "T.sqlite"
