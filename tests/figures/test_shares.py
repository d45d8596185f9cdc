"""The figures of position bias and reliability."""

import polars as pl
import pytest
from support import judged
from support.drawings import board, drawn, notes, rows

from humorrank import figures
from humorrank.diagnostics.bias.measure import bias
from humorrank.diagnostics.fit.check import check
from humorrank.errors import InputError, OptionError

RATINGS = (1100, 1050, 1000, 950, 900)


def two_judges():
    return pl.concat(
        [
            judged.log(RATINGS, 800, bias=100, ties=0.2, judge="first"),
            judged.log(RATINGS, 600, judge="fair", seed=1),
        ]
    )


def test_position_bias_is_that_of_the_report():
    source = two_judges()
    report = bias(source, confidence=0.9)
    wanted = {
        judge.judge: (
            judge.share_first.value,
            judge.share_first.lower,
            judge.share_first.upper,
            judge.first,
            judge.second,
            judge.ties,
        )
        for judge in report.judges
    }
    for chart in (figures.position_bias(source, confidence=0.9), figures.position_bias(report)):
        found = {
            row["judge"]: tuple(
                row[name] for name in ("share", "lower", "upper", "first", "second", "ties")
            )
            for row in rows(chart, "judge")
        }
        assert found == wanted
        assert "90 % intervals" in notes(chart)
    assert drawn(chart)


def test_a_judge_with_only_ties_has_no_dot():
    source = pl.concat(
        [two_judges(), judged.log(RATINGS, 50, judge="tied").with_columns(winner=pl.lit("tie"))]
    )
    chart = figures.position_bias(source)
    assert "gave only ties" in notes(chart)
    assert next(r for r in rows(chart, "judge") if r["judge"] == "tied")["share"] is None
    assert drawn(chart)


def test_of_many_judges_those_with_most_judgments():
    source = pl.concat(
        [judged.log(RATINGS, 10 + n, judge=f"judge {n:03}", seed=n) for n in range(80)]
    )
    chart = figures.position_bias(source)
    shown = {row["judge"] for row in rows(chart, "judge")}
    assert len(shown) == 75
    assert "judge 079" in shown
    assert "judge 000" not in shown
    assert "75 of 80 judges" in notes(chart)


def test_judges_without_names_are_one():
    chart = figures.position_bias(two_judges().drop("judge"))
    assert [row["judge"] for row in rows(chart, "judge")] == ["(no judge named)"]


def test_faults_of_position_bias():
    with pytest.raises(InputError, match="names the winner first"):
        figures.position_bias([("a", "b"), ("b", "a")] * 20)
    with pytest.raises(OptionError, match="contains no judges"):
        figures.position_bias(board())
    with pytest.raises(OptionError, match="where cannot be set for a report"):
        figures.position_bias(bias(two_judges()), where="true")


def test_reliability_is_that_of_the_report():
    source = two_judges()
    report = check(source, folds=4, bins=6, seed=2)
    for chart in (
        figures.reliability(source, folds=4, bins=6, seed=2),
        figures.reliability(report),
    ):
        assert rows(chart, "predicted") == report.bins().to_dicts()
    assert drawn(chart)
    assert f"{report.calibration.predicted:,} matches predicted in 4 folds" in notes(chart)


def test_faults_of_reliability():
    report = check(two_judges(), folds=0)
    with pytest.raises(OptionError, match="no calibration"):
        figures.reliability(report)
    with pytest.raises(OptionError, match="bins cannot be set for a report"):
        figures.reliability(report, bins=3)
    with pytest.raises(OptionError, match="contains no matches"):
        figures.reliability(board())
