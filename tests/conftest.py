"""What tests of commands share."""

import sys

import pytest

from humorrank.cli import main


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
