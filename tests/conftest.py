"""Fixtures and settings for all tests."""

import contextlib
import sys

import pytest

from humorrank.cli import main

with contextlib.suppress(ImportError):
    from hypothesis import HealthCheck, settings

    # Examples have no time limit, because they would exceed it on a busy machine.
    settings.register_profile("quiet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("quiet")


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command in this process; returns (exit code, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["humorrank", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
