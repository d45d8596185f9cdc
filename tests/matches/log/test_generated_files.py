"""The library reads randomly generated files in the same way as an independent reader."""

from collections import Counter

import pytest
from support import ballot_files
from support.ballot_reader import count_ballots
from support.layouts import OUTCOMES
from support.reader import BrokenError, count
from support.written import DAMAGES, containers, readings, write

import humorrank
from humorrank.errors import InputError

BAD_OUTCOME = {
    "winner-word": "unknown winner word",
    "winner-name": "winner is neither model",
    "one-hot": "not exactly one outcome is 1",
    "comparia": "chosen is neither model",
    "alpaca-eval": "bad score",
    "mt-bench-pair": "unknown winner word",
    "arena-hard": "unknown verdict",
    "score": "bad score",
    "two-scores": "bad score",
}
WORDS = {"model_a": "a", "model_b": "b"}


def of_log(path, **options):
    """Returns the matches and weights of a log by (first, second, outcome), and the report."""
    log = humorrank.MatchLog(path, **options)
    return *summed(log.to_polars(), "winner"), log.report


def of_tally(path, **options):
    """Returns the same from a tally, which reads most files with different code."""
    tally = humorrank.tally(path, **options)
    return *summed(tally.to_polars(), "outcome"), tally.report


def summed(frame, column):
    matches, weights = Counter(), Counter()
    for row in frame.to_dicts():
        outcome = row[column]
        if outcome in (None, "soft"):
            outcome = round(row["score"], 12)
        elif row.get("both_bad"):
            outcome = "both_bad"
        key = (row["model_a"], row["model_b"], WORDS.get(outcome, outcome))
        matches[key] += row.get("count", 1)
        weights[key] += row.get("count", 1) * row.get("weight", 1.0)
    return matches, weights


def assert_same(written, counted, read, **options):
    """Asserts that a way of reading gives the counts of the independent reader."""
    matches, weights, report = read(written.path, **written.options, **options)
    assert matches == counted.matches
    assert weights == counted.weights
    assert report.reading == written.form.reading
    assert (report.unjudged, report.void) == (counted.unjudged, counted.void)
    kinds = Counter(kind for _, kind in counted.bad)
    if kinds["bad outcome"]:
        kinds[BAD_OUTCOME[written.form.reading]] = kinds.pop("bad outcome")
    assert Counter(report.skipped) == +kinds


def told(seed, written):
    """Returns the note for a failure, with the seed that reproduces the file."""
    return f"{seed}: {written.form}, {written.options}, row {written.row}"


@pytest.mark.parametrize("reading", OUTCOMES)
def test_a_sound_file_has_the_matches_that_an_independent_reader_counts(tmp_path, reading):
    kinds = containers(reading)
    for number in range(11):
        seed = f"{reading}-{number}"
        written = write(tmp_path, seed, reading, kinds[number % len(kinds)])
        counted = count(written.path, written.form)
        assert counted.matches, told(seed, written)
        assert not counted.bad, told(seed, written)
        for read in (of_log, of_tally):
            try:
                assert_same(written, counted, read)
            except (AssertionError, InputError) as error:
                error.add_note(told(seed, written))
                raise


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_row_is_named_and_no_other_is_skipped(tmp_path, damage):
    names = readings(damage)
    for number in range(20):
        reading = names[number % len(names)]
        kinds = containers(reading, damage)
        seed = f"{damage}-{number}"
        written = write(tmp_path, seed, reading, kinds[(number * 5 + 1) % len(kinds)], damage)
        for read in (of_log, of_tally):
            try:
                assert_refused(written, read)
                assert_skipped(written, read)
            except (AssertionError, InputError) as error:
                error.add_note(told(seed, written))
                raise


def assert_refused(written, read):
    with pytest.raises(InputError, match=rf"row {written.row}\b") as caught:
        read(written.path, **written.options)
    assert (caught.value.file, caught.value.row) == (str(written.path), written.row)


def assert_only(written, counted):
    """Asserts that only the damaged row is bad, and an earlier one if it repeats that model."""
    rows = {row for row, _ in counted.bad}
    repeated = {kind for _, kind in counted.bad} == {"model twice on a ballot"}
    assert max(rows) == written.row
    assert len(rows) <= 1 + repeated


def assert_skipped(written, read, count=count):
    """Asserts that only the damaged row is skipped, or that the whole file is still rejected."""
    try:
        counted = count(written.path, written.form)
    except BrokenError as broken:
        assert broken.row == written.row
        with pytest.raises(InputError) as caught:
            read(written.path, **written.options, on_error="skip")
        assert (caught.value.file, caught.value.row) == (str(written.path), written.row)
        return
    assert_only(written, counted)
    assert_same(written, counted, read, on_error="skip")


@pytest.mark.parametrize("reading", ballot_files.READINGS)
def test_a_sound_file_of_ballots_or_wins_has_the_matches_that_are_counted(tmp_path, reading):
    kinds = ballot_files.ballot_containers()
    for number in range(14):
        seed = f"{reading}-{number}"
        written = ballot_files.write_ballots(tmp_path, seed, reading, kinds[number % len(kinds)])
        counted = count_ballots(written.path, written.form)
        assert counted.matches, told(seed, written)
        assert not counted.bad, told(seed, written)
        for read in (of_log, of_tally):
            try:
                assert_same(written, counted, read)
            except (AssertionError, InputError) as error:
                error.add_note(told(seed, written))
                raise


@pytest.mark.parametrize("damage", ballot_files.DAMAGES)
def test_a_damaged_row_of_ballots_or_wins_is_named(tmp_path, damage):
    names = ballot_files.ballot_readings(damage)
    kinds = ballot_files.ballot_containers(damage)
    for number in range(18):
        reading = names[number % len(names)]
        seed = f"{damage}-{number}"
        kind = kinds[(number * 5 + 1) % len(kinds)]
        written = ballot_files.write_ballots(tmp_path, seed, reading, kind, damage)
        for read in (of_log, of_tally):
            try:
                assert_refused(written, read)
                if (reading, damage) != ("win-matrix", "ragged"):
                    assert_skipped(written, read, count_ballots)
            except (AssertionError, InputError) as error:
                error.add_note(told(seed, written))
                raise
