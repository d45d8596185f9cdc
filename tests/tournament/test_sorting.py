"""Sorting in Python: functions and simulated judges, budgets, stores and several questions."""

import asyncio
import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from soak.separation import simulate
from support.fields import LOG, rows

import humorrank
from humorrank.errors import HumorRankError, JudgeError, OptionError, StoreError
from humorrank.tournament import sort_async

WORDS = ["aaa", "a", "aaaaa", "aa", "aaaa"]
QUESTION = "Which is longer?"


def longer(first, second):
    return len(first) > len(second)


@pytest.mark.parametrize(
    "verdict",
    [
        lambda first, second: "A" if first > second else "b",
        lambda first, second: first > second,
        lambda first, second: np.bool_(first > second),
        lambda first, second: (first > second) - (first < second),
        lambda first, second: 0.9 if first > second else np.float64(0.0),
    ],
)
def test_every_kind_of_verdict_sorts(verdict):
    assert humorrank.sort(WORDS, QUESTION, judge=verdict) == sorted(WORDS, reverse=True)


def test_a_coroutine_function_is_called_concurrently():
    running = most = 0

    async def judge(first, second):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return "A" if first > second else "B"

    assert humorrank.sort(WORDS, QUESTION, judge=judge, in_flight=3) == sorted(WORDS)[::-1]
    assert most == 3
    assert asyncio.run(sort_async(WORDS, QUESTION, judge=judge))[0] == "aaaaa"


def test_ties_and_probabilities_are_recorded(tmp_path):
    path = tmp_path / "S.sqlite"
    ranking = humorrank.sort(WORDS, QUESTION, judge=lambda *_: 0.5, store=path)
    assert ranking == WORDS
    assert {row.rank for row in ranking.rows} == {1}
    assert (ranking.spent.judgments, ranking.spent.ties) == (20, 20)
    assert rows(path, "SELECT DISTINCT score, probability FROM judgments") == [(0.5, 0.5)]


@pytest.mark.parametrize("told", [None, 2, 1.5, -0.1, math.nan, "C", [1]])
def test_anything_else_is_an_error_with_what_is_allowed(told):
    with pytest.raises(JudgeError, match=r'returned .*; it must return "A" \(the first item\)'):
        humorrank.sort(WORDS, QUESTION, judge=lambda *_: told)


def test_an_exception_of_the_function_is_raised_and_the_store_continues(tmp_path):
    asked = []

    def judge(first, second):
        asked.append((first, second))
        if len(asked) == 8:
            raise ZeroDivisionError
        return first > second

    path = tmp_path / "S.sqlite"
    with pytest.raises(ZeroDivisionError):
        humorrank.sort(WORDS, QUESTION, judge=judge, store=path)
    assert humorrank.sort(WORDS, QUESTION, judge=judge, store=path) == sorted(WORDS)[::-1]
    # The call that failed is repeated, and no other.
    assert len(asked) == 21
    assert len(set(asked)) == 20


def test_every_pair_is_asked_in_both_orders_with_the_users_own_objects():
    asked = []
    items = [{"joke": word} for word in WORDS]

    def judge(first, second):
        asked.append((id(first), id(second)))
        return first["joke"] > second["joke"]

    ranking = humorrank.sort(items, QUESTION, judge=judge, text="joke")
    assert all(one is items[row.place] for one, row in zip(ranking, ranking.rows, strict=True))
    pairs = combinations(map(id, items), 2)
    assert sorted(asked) == sorted(order for pair in pairs for order in (pair, pair[::-1]))
    assert ranking.ended.startswith("every pair has been judged in both orders; the best item is")


def test_objects_without_texts_are_sorted_by_a_function_without_a_store(tmp_path):
    numbers = [3, 1, 2]
    assert humorrank.sort(numbers, QUESTION, judge=lambda a, b: a > b) == [3, 2, 1]
    with pytest.raises(OptionError, match="item 1 is not a string but int; set text="):
        humorrank.sort(numbers, QUESTION, judge=lambda a, b: a > b, store=tmp_path / "S.sqlite")
    with pytest.raises(OptionError, match="item 1 is not a string but int"):
        humorrank.sort(numbers, QUESTION, judge="simulated")


def test_equal_texts_are_judged_once_and_share_their_rank():
    ranking = humorrank.sort(["a", "aa", "a", "aaa", "aa"], QUESTION, judge=longer)
    assert ranking == ["aaa", "aa", "aa", "a", "a"]
    assert [row.rank for row in ranking.rows] == [1, 2, 2, 4, 4]
    assert [row.place for row in ranking.rows] == [3, 1, 4, 0, 2]
    assert ranking.spent.judgments == 6
    assert ranking.notes == (
        "2 items repeat the text of an earlier item; they share its judgments and its rank",
    )


def test_a_simulated_judge_agrees_with_the_known_order():
    ratings = {str(number + 1): 1000.0 + 40 * ((7 * number) % 24 - 12) for number in range(24)}
    options = {"ratings": ratings, "position_bias": 150.0}
    texts = [f"joke {name}" for name in ratings]
    ranking = humorrank.sort(texts, QUESTION, judge="simulated", options=options)
    truth = [ratings[text.split()[1]] for text in ranking]
    pairs = list(combinations(truth, 2))
    assert sum(first > second for first, second in pairs) > 0.9 * len(pairs)
    assert ranking.spent.judgments == 480
    assert ranking.ended.startswith("the budget of 480 judgments is spent")
    covered = [
        row.rating_lower <= ratings[row.text.split()[1]] - np.mean(truth) + 1000 <= row.rating_upper
        for row in ranking.rows
    ]
    assert sum(covered) >= 20
    again = humorrank.sort(texts, QUESTION, judge="simulated", options=options)
    assert again.rows == ranking.rows


@pytest.mark.parametrize("budget", [2, 3, 9, 20, 1000])
def test_the_budget_is_never_exceeded(budget):
    asked = []

    def judge(first, second):
        asked.append(first)
        return first > second

    ranking = humorrank.sort(WORDS, QUESTION, judge=judge, budget=budget)
    assert len(asked) == ranking.spent.judgments == min(budget // 2 * 2, 20)
    assert sorted(ranking) == sorted(WORDS)
    judged = {row.item for row in ranking.rows if row.rating is not None}
    assert judged == set(asked)
    assert all(row.rank is None and row.judgments == 0 for row in ranking.rows[len(judged) :])


def test_sorting_stops_when_the_top_is_separated_and_continues_for_a_larger_one(tmp_path):
    options = {"ratings": {"2": 1600.0, "4": 1300.0, "1": 900.0}}
    settings = {"judge": "simulated", "options": options, "repeats": 40, "budget": 2000}
    store = tmp_path / "S.sqlite"
    one = humorrank.sort(WORDS, QUESTION, **settings, store=store)
    assert one.separated
    assert one[0] == "a"
    assert one.ended == "the best item is separated from the others at 95 %"
    assert one.spent.judgments < 800
    before = rows(store, LOG)
    two = humorrank.sort(WORDS, QUESTION, **settings, top=2, store=store)
    assert two.separated
    assert two[:2] == ["a", "aa"]
    assert rows(store, LOG)[: len(before)] == before
    # The same as if two had been wanted from the beginning, up to the rounds under way.
    fresh = humorrank.sort(WORDS, QUESTION, **settings, top=2)
    assert fresh[:2] == ["a", "aa"]
    assert fresh.separated


def test_a_store_continues_with_more_budget_and_repeats_only(tmp_path):
    store = tmp_path / "S.sqlite"
    how = {"judge": "simulated", "store": store}
    assert humorrank.sort(WORDS, QUESTION, **how, budget=8).spent.judgments == 8
    assert humorrank.sort(WORDS, QUESTION, **how).spent.judgments == 20
    before = rows(store, LOG)
    assert humorrank.sort(WORDS, QUESTION, **how, repeats=3, budget=50).spent.judgments == 50
    assert rows(store, LOG)[: len(before)] == before
    for words, error, changed in [
        ("the budget cannot be reduced from 50 to 8", OptionError, {"budget": 8, "repeats": 3}),
        ("repeats cannot be reduced from 3 to 2", OptionError, {"repeats": 2}),
        ("judge.tie_rate", StoreError, {"options": {"tie_rate": 0.3}, "repeats": 3}),
        ("seed", StoreError, {"seed": 1, "repeats": 3}),
        ("judge.name", StoreError, {"judge": longer, "repeats": 3}),
    ]:
        with pytest.raises(error, match=words):
            humorrank.sort(WORDS, QUESTION, **{**how, **changed})
    with pytest.raises(StoreError, match="contains other texts"):
        humorrank.sort([*WORDS, "b"], QUESTION, **how, repeats=3)
    with pytest.raises(StoreError, match="another question, 'Which is longer"):
        humorrank.sort(WORDS, "Which is better?", **how, repeats=3)
    assert humorrank.sort(WORDS, QUESTION, **how, repeats=3).spent.judgments == 60


def test_several_questions_have_a_ranking_each_and_a_blend():
    judges = {"longer": longer, "shorter": lambda a, b: len(a) < len(b)}
    found = humorrank.sort(
        WORDS, longer="?", shorter="??", judge=judges, weights={"longer": 3, "shorter": 1}
    )
    assert list(found) == ["longer", "shorter", "blend"]
    assert found["longer"] == found["shorter"][::-1] == sorted(WORDS)[::-1]
    assert found["blend"] == found["longer"]
    for row in found["blend"].rows:
        one, two = (
            next(r for r in found[name].rows if r.place == row.place)
            for name in ("longer", "shorter")
        )
        assert row.rating == pytest.approx(0.75 * one.rating + 0.25 * two.rating)
        half = [(r.rating_upper - r.rating_lower) / 2 for r in (one, two)]
        assert (row.rating_upper - row.rating_lower) / 2 == pytest.approx(
            math.hypot(0.75 * half[0], 0.25 * half[1])
        )
    assert found["blend"].spent.judgments == 40
    alone = humorrank.sort(WORDS, {"longer": "?", "shorter": "??"}, judge="simulated")
    assert list(alone) == ["longer", "shorter"]
    # Simulated answers to different questions are drawn independently.
    assert alone["longer"].rows != alone["shorter"].rows


@pytest.mark.parametrize(
    ("words", "items", "settings"),
    [
        ("there is 1 item, and at least two", ["a"], {}),
        ("there are 0 items, and", [], {}),
        ("there are 2 items with the same text", ["a", "a"], {}),
        ("item 2 has an empty text", ["a", " \n"], {}),
        ("contains an unpaired surrogate", ["a", "\ud83d"], {}),
        ("top must be below the number of different texts, 2", ["a", "b"], {"top": 2}),
        ("top must be", ["a", "b"], {"top": 0}),
        ("budget must be", ["a", "b"], {"budget": 1}),
        ("repeats must be", ["a", "b"], {"repeats": 0}),
        ("confidence", ["a", "b"], {"confidence": 95}),
        ("at most 1,024 different texts", list(map(str, range(1025))), {}),
        ("weights need several named questions", ["a", "b"], {"weights": {"x": 1}}),
        ("options and batch_size require", ["a", "b"], {"options": {"seed": 1}}),
        ("must be 'PROVIDER/MODEL' or a function", ["a", "b"], {"judge": 3}),
        ("there is no provider 'nobody'", ["a", "b"], {"judge": "nobody/x"}),
        ("'people' cannot sort", ["a", "b"], {"judge": "people"}),
        ("cannot be combined with named ones", ["a", "b"], {"other": "?"}),
        ("the question is empty", ["a", "b"], {"question": " "}),
        ("no question is given", ["a", "b"], {"question": None}),
        ("budgt: a question must be a text, not 3", ["a", "b"], {"question": None, "budgt": 3}),
        ("cannot be the name of a question", ["a", "b"], {"question": {"a/b": "?"}}),
        ("cannot be the name of a question", ["a", "b"], {"question": {"blend": "?"}}),
        ("one function cannot answer several", ["a", "b"], {"question": {"x": "?", "y": "?"}}),
        ("must have the names of the questions", ["a", "b"], {"judge": {"x": longer}}),
        ("there is no folder", ["a", "b"], {"store": "/nowhere/S.sqlite"}),
        ("text: item 1 has no 'x'", ["a", "b"], {"text": "x"}),
        ("text: the text of item 1 is not a string but 1", ["a", "b"], {"text": len}),
    ],
)
def test_what_cannot_be_sorted_is_one_clear_error(words, items, settings):
    with pytest.raises(HumorRankError, match=words):
        humorrank.sort(items, **{"question": QUESTION, "judge": longer, **settings})


@pytest.mark.parametrize(
    ("words", "weights"),
    [
        ("the question 'y' has no weight", {"x": 1}),
        ("there is no question 'z'", {"x": 1, "y": 1, "z": 1}),
        ("the weight of 'y' must be above 0", {"x": 1, "y": 0}),
        ("weights: x", {"x": "much", "y": 1}),
        ("weights: x", {"x": math.nan, "y": 1}),
    ],
)
def test_weights_are_those_of_the_questions(words, weights):
    with pytest.raises(OptionError, match=words):
        humorrank.sort(WORDS, x="?", y="??", judge="simulated", weights=weights)


def test_a_ranking_is_a_frame_and_json_values_too():
    ranking = humorrank.sort(WORDS, QUESTION, judge=longer)
    frame = ranking.to_polars()
    assert frame["text"].to_list() == ranking
    assert frame["rank"].to_list() == [1, 2, 3, 4, 5]
    assert frame["item"].to_list() == [3, 5, 1, 4, 2]
    assert pl.DataFrame(ranking.to_dict()["items"]).equals(frame)
    assert ranking.to_dict()["spent"]["judgments"] == 20


@pytest.mark.slow
def test_a_top_that_is_separated_is_seldom_wrong():
    """`make soak` simulates a thousand runs."""
    report = simulate(100)
    assert report.stopped >= 10
    assert report.wrong <= 5
