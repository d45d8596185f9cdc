"""A board as text: bars, LaTeX and tiers."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

import humorrank
from humorrank.rating.board.text import bars

LOG = [("pun_1 & co", "irony", "model_a")] * 30 + [("irony", "pun_1 & co", "model_a")] * 12
LOG += [("irony", "<b>{x}$", "model_a")] * 30 + [("<b>{x}$", "irony", "model_a")] * 5


def board(**options):
    return humorrank.rate(LOG, elo_shuffles=0, **options)


def test_bars_stand_on_one_scale():
    ratings = np.array([1100.0, 1000.0, 900.0])
    found = bars(ratings, ratings - 50, ratings + 50, 31)
    assert [len(bar) for bar in found] == [31] * 3
    places = [bar.index("●") for bar in found]
    assert places == [25, 15, 5]
    assert [bar.index("├") for bar in found] == [20, 10, 0]
    assert [bar.index("┤") for bar in found] == [30, 20, 10]


def test_open_ends_are_arrows():
    (bar,) = bars(np.array([1000.0]), np.array([-math.inf]), np.array([math.inf]), 12)
    assert bar[0] in "◄●"
    one, two = bars(
        np.array([1100.0, 900.0]), np.array([1000.0, -math.inf]), np.array([math.inf, 950.0]), 20
    )
    assert one.endswith("●") or one.endswith("►")
    assert "┤" in two


def test_bars_are_drawn_only_where_there_is_room_and_only_when_asked_for():
    assert "●" not in board().to_text()
    wide = board().to_text(width=120)
    assert wide.count("●") == 3
    assert max(map(len, wide.splitlines())) <= 120
    assert "●" not in board().to_text(width=60)
    assert "●" not in board(bootstrap=0).to_text(width=120)


def test_latex_is_escaped_and_ruled():
    text = board().to_latex()
    assert r"pun\_1 \& co" in text
    assert r"\textless{}b\textgreater{}\{x\}\$" in text
    assert text.count(r" \\") == 4
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{rlr"):
        assert rule in text
    body = text.split(r"\midrule")[1].replace(r"$\infty$", "")
    assert not re.search(r"(?<!\\)[&%$#_](?![ ])", body)


def test_tiers_are_a_column_of_every_format(run, tmp_path):
    tiered = board().with_tiers("paper")
    assert tiered.table.columns[-1] == "tier"
    assert board().table.columns[-1] == "elo_sd"
    assert tiered.table["tier"].to_list() == [
        "frontier elite"
        if row.rating > 1100
        else "competitive mid-tier"
        if row.rating >= 970
        else None
        if row.rating >= 800
        else "weak baseline"
        for row in tiered
    ]
    path = tmp_path / "log.csv"
    path.write_text("model_a,model_b,winner\n" + "\n".join(",".join(row) for row in LOG))
    own = ("--tiers", "top=1000,rest", "--elo-shuffles", "0")
    for form in ("table", "csv", "markdown", "latex"):
        code, out, _ = run("rate", path, *own, "--format", form)
        assert code == 0
        assert "tier" in out and "rest" in out
    code, out, _ = run("rate", path, *own, "--format", "json")
    assert {row["tier"] for row in json.loads(out)["leaderboard"]} == {"top", "rest"}
    code, _, _ = run("rate", path, "-o", tmp_path / "board.tex")
    assert code == 0
    assert "tabular" in (tmp_path / "board.tex").read_text()
    code, _, err = run("rate", path, "--tiers", "top=high")
    assert code == 2
    assert "tiers must be 'paper'" in err


def test_html_shows_names_as_text():
    text = board()._repr_html_()
    assert "<b>{x}$" not in text
    assert "&lt;b&gt;{x}$" in text
    assert text.count("aria-hidden") == 3


def test_no_tiers_are_none():
    with pytest.raises(humorrank.OptionError, match="tiers"):
        board().with_tiers({})
    assert board().with_tiers(None).tiers == ()
