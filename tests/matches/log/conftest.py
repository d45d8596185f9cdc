"""Fixtures for the tests of match logs, which read logs in a form that is easy to compare."""

import pytest

from humorrank.matches.log import MatchLog

WORDS = ("first", "second", "tie", "both bad", "soft")


def read(source, **options):
    """Returns the rated rows as (shown first, shown second, outcome), and the report."""
    log = MatchLog(source, **options)
    rows = []
    for batch in log.batches():
        names = log.names
        for first, second, outcome in zip(batch.first, batch.second, batch.outcome, strict=True):
            rows.append((names[first], names[second], WORDS[outcome]))
    return rows, log.report


@pytest.fixture(name="read")
def _read():
    return read


@pytest.fixture
def file(tmp_path):
    """Writes a file and returns its path."""

    def write(name, content):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    return write
