"""The output in a notebook: HTML of every result, plain text, warnings and a progress bar."""

import io
import sys
import warnings

import pytest

import humorrank

NAMES = ("<b>pun</b>", "irony", "satire")
LOG = [
    (NAMES[a], NAMES[b], winner)
    for a, b, winner in (
        (0, 1, "model_a"),
        (0, 1, "model_a"),
        (0, 1, "model_b"),
        (1, 2, "model_a"),
        (1, 2, "model_b"),
        (2, 0, "tie"),
        (2, 0, "model_b"),
        (2, 0, "model_a"),
        (0, 2, "model_a"),
    )
] * 6
JUDGED = [
    {"model_a": a, "model_b": b, "winner": w, "judge": judge, "question_id": str(n % 9)}
    for judge in ("anna", "ben")
    for n, (a, b, w) in enumerate(LOG)
]


@pytest.fixture(scope="module")
def board():
    return humorrank.rate(LOG, bootstrap=40)


def results():
    made = humorrank.rate(LOG, bootstrap=40)
    return {
        "board": made,
        "boards": humorrank.rate(JUDGED, by="judge", bootstrap=40),
        "ranks": made.ranks(),
        "difference": made.compare(NAMES[0], "irony"),
        "diff": humorrank.diff(LOG, LOG[:40]),
        "agree": humorrank.agree(JUDGED, replicates=50),
        "bias": humorrank.bias(JUDGED),
        "check": humorrank.check(LOG),
        "audit": humorrank.audit(LOG),
        "plan": humorrank.plan(dict.fromkeys(NAMES, 1000.0), half_width=50),
    }


def test_every_result_is_shown_as_escaped_html_and_as_plain_text():
    for name, result in results().items():
        shown = result._repr_html_()
        assert "<table>" in shown or name == "difference", name
        assert "<b>pun" not in shown, name
        if name not in ("bias", "plan"):
            assert "&lt;b&gt;pun" in shown or name == "agree", name
        assert "\x1b" not in shown
        assert "\x1b" not in str(result), name


def test_printing_shows_text_alone_where_rich_would_add_html(board, monkeypatch, capsys):
    shown = []

    def display(*found, **_):
        shown.append(found)

    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", display)
    print(board, board.ranks(), board.to_text(width=60), sep="\n")
    assert not shown
    assert "\x1b" not in capsys.readouterr().out


def test_warnings_reach_the_caller_once_at_their_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = humorrank.rate(LOG, prior=1, bootstrap=40, elo_shuffles=0)
    assert [str(one.message) for one in caught] == list(made.warnings)
    assert made.warnings
    assert {one.category for one in caught} == {humorrank.HumorRankWarning}
    assert {one.filename for one in caught} == {__file__}
    with pytest.warns(humorrank.HumorRankWarning, match="prior of 1"):
        humorrank.ranks(LOG, prior=1, bootstrap=40)
    with pytest.warns(humorrank.HumorRankWarning, match="prior of 1"):
        humorrank.rate(JUDGED, by="judge", prior=1, bootstrap=0)
    assert issubclass(humorrank.HumorRankWarning, UserWarning)


def test_ratings_that_are_only_a_step_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        humorrank.agree(JUDGED, replicates=50)


def test_the_command_prints_each_warning_once(run, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("model_a,model_b,winner\n" + "".join(f"{','.join(row)}\n" for row in LOG))
    code, _, err = run("rate", str(path), "--prior", "1")
    assert code == 0
    assert err.count("by a prior of 1") == 1
    assert "HumorRankWarning" not in err


def test_a_progress_line_is_plain_text():
    file = io.StringIO()
    line = humorrank.progress_line(file)
    humorrank.rate(LOG, bootstrap=40, elo_shuffles=0, progress=line)
    for done in range(41):
        line("bootstrap", done, 40)
    text = file.getvalue()
    assert text.startswith("reading  54\r")
    assert text.endswith("bootstrap  " + "█" * 30 + "  40/40\n")
    assert "\x1b" not in text
    file = io.StringIO()
    line = humorrank.progress_line(file)
    line("reading", 5, 0)
    line("fitting", 1, 2)
    assert file.getvalue() == f"reading  5\r\nfitting  {'█' * 15}{'░' * 15}  1/2\r"


def test_a_progress_line_without_standard_error_does_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    humorrank.progress_line()("reading", 1, 2)
