"""Rankings, scores of single models and best-worst choices are read as the pairs of ballots."""

import json
import random

import numpy as np
import pandas as pd
import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

GROUPS = {
    "p1": [["m3"], ["m1", "m2"]],
    "p2": [["m1"], ["m2"], ["m3"], ["m4"]],
    "p3": [["m2", "m4"]],
}
"""Ballots by prompt: groups of equal models, from best to worst."""


def pairs(ballots):
    """Returns the pairs of ballots, written out by hand: (better or equal, other, outcome)."""
    out = []
    for groups in ballots:
        for place, group in enumerate(groups):
            worse = [name for later in groups[place + 1 :] for name in later]
            out += [(name, other, "first") for name in group for other in worse]
            out += [
                (name, other, "tie") for i, name in enumerate(group) for other in group[i + 1 :]
            ]
    return sorted(out)


def in_rows(value):
    """Returns rows (prompt, model, value) of all ballots in random order."""
    rows = []
    for prompt, groups in GROUPS.items():
        for place, group in enumerate(groups):
            rows += [(prompt, name, value(place)) for name in group]
    random.Random(3).shuffle(rows)
    return rows


def normal(rows):
    """Returns rows without the order of models that tie."""
    return sorted((*sorted(r[:2]), "tie") if r[2] == "tie" else r for r in rows)


LONG = {
    "rank": (lambda place: place + 1, {}),
    "place": (lambda place: 2 * place + 1.5, {}),
    "score": (lambda place: -0.25 * place, {}),
}


@pytest.mark.parametrize("column", LONG)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "polars", "pandas", "rows", "columns"])
def test_one_model_a_row_is_read_as_the_pairs_of_each_prompt(column, kind, read, tmp_path):
    value, options = LONG[column]
    frame = pl.DataFrame(in_rows(value), schema=["prompt", "model", column], orient="row")
    path = tmp_path / f"log.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    elif kind == "parquet":
        frame.write_parquet(path)
    source = {
        "polars": lambda: frame,
        "pandas": lambda: pd.DataFrame(frame.to_dict(as_series=False)),
        "rows": frame.to_dicts,
        "columns": lambda: frame.to_dict(as_series=False),
    }.get(kind, lambda: path)()
    rows, report = read(source, **options)
    assert normal(rows) == normal(pairs(GROUPS.values()))
    assert report.reading == ("model-scores" if column == "score" else "model-ranks")
    assert (report.rows, report.rated, report.ties) == (9, 10, 2)
    assert any("the rows with the same 'prompt' are a ballot" in note for note in report.notes)


LISTS = {
    "lists": lambda groups: [g[0] if len(g) == 1 else g for g in groups],
    "lists of lists": lambda groups: groups,
    "text": lambda groups: ">".join("=".join(g) for g in groups),
    "text with spaces": lambda groups: " > ".join(" = ".join(g) for g in groups),
    "JSON in text": lambda groups: json.dumps([g[0] if len(g) == 1 else g for g in groups]),
    "Python in text": lambda groups: str([g[0] if len(g) == 1 else g for g in groups]),
}


WAYS = [
    (kind, way)
    for kind in ("csv", "jsonl", "polars", "pandas", "rows")
    for way in LISTS
    # A CSV file has no lists, and the elements of a list in polars have one type.
    if not (kind == "csv" and "list" in way) and (kind, way) != ("polars", "lists")
]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_a_ranking_a_row_is_read_as_its_pairs(way, kind, read, file):
    values = [LISTS[way](groups) for groups in GROUPS.values()]
    rows = [{"voter": i, "ranking": value} for i, value in enumerate(values)]
    if kind == "csv":
        source = file("log.csv", pl.DataFrame(rows).write_csv())
    elif kind == "jsonl":
        source = file("log.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    elif kind == "polars":
        source = pl.DataFrame(rows)
    else:
        source = pd.DataFrame(rows) if kind == "pandas" else rows
    found, report = read(source)
    assert normal(found) == normal(pairs(GROUPS.values()))
    assert report.reading == "ranking"
    assert any("each row is a ballot" in note for note in report.notes)


@pytest.mark.parametrize("mark", [",", ";", "|"])
def test_a_list_without_ties_may_have_other_separators(mark, read, file):
    names = ["m3", "m1", "m2"]
    # Forms end each name with the separator.
    text = f'id,who,ranking\n1,u,"{mark.join(names)}"\n2,v,"{mark.join(names)}{mark}"\n'
    rows, _ = read(file("log.csv", text))
    assert sorted(rows) == sorted(2 * pairs([[[name] for name in names]]))


def test_numbers_are_names_and_names_may_contain_separators_in_lists(read):
    rows, _ = read([{"ranking": [7, 8.0, "a,b>c"]}])
    assert rows == [("7", "8", "first"), ("7", "a,b>c", "first"), ("8", "a,b>c", "first")]


BEST = [("b", "d", "first"), ("b", "a", "first"), ("b", "c", "first")]
WORST = [("a", "d", "first"), ("c", "d", "first")]


@pytest.mark.parametrize(
    "source",
    [
        [{"best": "b", "worst": "d", "items": ["a", "b", "c", "d"]}],
        [{"best": "b", "worst": "d", "shown": "a;b;c;d"}],
        [{"Best Item": "b", "Worst Item": "d", "options": "a|b|c|d"}],
        [
            {
                "Item1": "a",
                "Item2": "b",
                "Item3": "c",
                "Item4": "d",
                "BestItem": "b",
                "WorstItem": "d",
            }
        ],
        [
            dict(
                zip(
                    ["model_a", "model_b", "model_c", "model_d", "best", "worst"],
                    "abcdbd",
                    strict=True,
                )
            )
        ],
        pl.DataFrame({"best": ["b"], "worst": ["d"], "models": [["a", "b", "c", "d"]]}),
        pl.DataFrame(
            {"option_1": ["a"], "option_2": "b", "option_3": "c", "option_4": "d"}
        ).with_columns(best=pl.lit("b"), worst=pl.lit("d")),
    ],
)
def test_best_and_worst_of_four_are_five_pairs(source, read):
    rows, report = read(source)
    assert sorted(rows) == sorted([*BEST, *WORST])
    assert report.reading == "best-worst"


def test_the_number_of_models_shown_may_vary_and_columns_can_be_named(read, file):
    text = "one,two,three,top,flop\nx,y,z,z,x\nx,y,,y,x\n"
    columns = {"item_1": "one", "item_2": "two", "item_3": "three", "best": "top", "worst": "flop"}
    rows, _ = read(file("log.csv", text), columns=columns)
    assert sorted(rows) == [
        ("y", "x", "first"),
        ("y", "x", "first"),
        ("z", "x", "first"),
        ("z", "y", "first"),
    ]


def test_columns_can_be_named(read, file):
    text = "system;task;human;place\na;t;u;2\nb;t;u;1\nb;t;v;2\na;t;v;1\n"
    columns = {"model": "system", "rank": "place", "prompt": "task", "judge": "human"}
    rows, _ = read(file("log.csv", text), columns=columns)
    assert rows == [("b", "a", "first"), ("a", "b", "first")]
    text = "order\nx>y\n"
    assert read(file("log.csv", text), columns={"ranking": "order"})[0] == [("x", "y", "first")]


IDENTITY = {
    "prompt and judge": ("prompt,judge,model,rank", "p,u,a,1 p,u,b,2 p,v,b,1 p,v,a,2"),
    "prompt and voter": ("question,voter,model,rank", "p,u,a,1 p,u,b,2 p,v,b,1 p,v,a,2"),
    "prompt, turn and judge": (
        "prompt,turn,judge,model,rank",
        "p,1,u,a,1 p,1,u,b,2 p,2,u,b,1 p,2,u,a,2",
    ),
    "only a judge": ("judge,model,rank", "u,a,1 u,b,2 v,b,1 v,a,2"),
    "a ballot": ("ballot_id,prompt,judge,model,rank", "1,p,u,a,1 1,q,v,b,2 2,p,u,b,1 2,p,u,a,2"),
}


@pytest.mark.parametrize("name", IDENTITY)
def test_a_ballot_is_a_prompt_turn_and_judge_unless_there_is_a_column_of_ballots(name, read, file):
    header, rows = IDENTITY[name]
    text = "\n".join([header, *rows.split()]) + "\n"
    assert read(file("log.csv", text))[0] == [("a", "b", "first"), ("b", "a", "first")]


def test_a_list_of_judges_is_a_part_of_the_ballot(read):
    rows = [
        {"question_id": 1, "model": m, "judge": ["gpt-4", v], "score": s}
        for v, m, s in [("x", "a", 1), ("x", "b", 2), ("y", "a", 3), ("y", "b", 2)]
    ]
    assert read(rows)[0] == [("b", "a", "first"), ("a", "b", "first")]


def test_the_rows_of_a_ballot_may_be_in_several_files(read, file, tmp_path):
    for model, score in (("a", 1), ("b", 3), ("c", 2)):
        file(f"{model}.csv", f"prompt,model,score\np,{model},{score}\nq,{model},{-score}\n")
    rows, report = read(str(tmp_path / "*.csv"))
    assert sorted(rows) == sorted(pairs([[["b"], ["c"], ["a"]], [["a"], ["c"], ["b"]]]))
    assert (report.rows, len(report.files)) == (6, 3)


def test_a_missing_score_leaves_the_pairs_unjudged(read, file):
    path = file("log.csv", "prompt,model,score\np,a,1\np,b,\np,c,2\nq,b,nan\nq,c,1\n")
    rows, report = read(path)
    assert rows == [("c", "a", "first")]
    assert (report.read, report.unjudged, report.unjudged_only) == (4, 3, ["b"])
    with pytest.raises(InputError, match=r"row 3, column 'score': no outcome"):
        read(path, unjudged="fail")


def test_a_missing_ranking_or_choice_is_unjudged(read, file):
    lines = [{"ranking": ["a", "b"]}, {"ranking": None}, {"ranking": []}, {}]
    path = file("log.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    rows, report = read(path)
    assert (len(rows), report.read, report.unjudged) == (1, 4, 3)
    with pytest.raises(InputError, match=r"row 2, column 'ranking': no outcome"):
        read(path, unjudged="fail")
    path = file("log.csv", "item_1,item_2,best,worst\na,b,,\na,b,b,a\n")
    rows, report = read(path)
    assert (rows, report.unjudged) == ([("b", "a", "first")], 1)


def test_lower_scores_win_if_the_user_says_so(read, file):
    path = file("log.csv", "prompt,model,score\np,a,1\np,b,2\np,c,2\n")
    assert read(path)[0] == [("b", "a", "first"), ("c", "a", "first"), ("b", "c", "tie")]
    rows, _ = read(path, lower_wins=True)
    assert rows == [("a", "b", "first"), ("a", "c", "first"), ("b", "c", "tie")]
    ranks = file("ranks.csv", "prompt,model,rank\np,a,1\np,b,2\n")
    with pytest.raises(InputError, match="no column"):
        read(ranks, lower_wins=True)
    # Zero-based ranks are scores of which the lower one wins.
    zero = file("zero.csv", "prompt,model,rank\np,a,0\np,b,1\n")
    rows, _ = read(zero, lower_wins=True, columns={"score": "rank"})
    assert rows == [("a", "b", "first")]


def test_a_weight_applies_to_all_pairs_of_a_row_and_a_bad_one_to_its_row(read, file):
    text = "ranking,weight,x\na>b>c,2,1\nb>a,0,1\nc>a,no,1\n"
    path = file("log.csv", text)
    with pytest.raises(InputError, match="'no' is not a weight") as caught:
        read(path)
    assert caught.value.row == 4
    log = MatchLog(path, on_error="skip")
    assert log.to_polars()["weight"].to_list() == [2.0, 2.0, 2.0]
    assert (log.report.void, log.report.skipped) == (1, {"bad weight": 1})


def test_a_count_or_weight_of_single_models_is_not_used_and_that_is_said(read, file):
    path = file("log.csv", "prompt,model,score,count\np,a,1,9\np,b,2,7\n")
    rows, report = read(path)
    assert rows == [("b", "a", "first")]
    assert any("the column 'count' is not used" in note for note in report.notes)
    with pytest.raises(InputError, match="in which a count has no meaning"):
        read(path, columns={"count": "count"})


def test_conditions_select_rows_before_ballots_are_formed(read, file):
    path = file("log.csv", "prompt,model,rank,n\np,a,1,5\np,b,2,5\np,c,3,1\nq,c,1,5\n")
    rows, report = read(path, where="n > 1 AND prompt = 'p'")
    assert (rows, report.filtered["where"]) == ([("a", "b", "first")], 2)
    rows, report = read(path, exclude=["b"], where="prompt = 'p'")
    assert (rows, report.filtered["exclude"]) == ([("a", "c", "first")], 2)


def test_joined_names_do_not_play_against_themselves(read, file):
    path = file("log.csv", "ranking,x\nA>b>a,1\n")
    rows, report = read(path, fold=["case"])
    assert (sorted(rows), report.filtered["fold"]) == (
        [("A", "b", "first"), ("b", "A", "first")],
        1,
    )


def test_the_matches_of_a_judge_are_not_limited_within_ballots(read, file):
    path = file("log.csv", "prompt,judge,model,rank\np,u,a,1\np,u,b,2\n")
    with pytest.raises(OptionError, match=r"max_per_judge: .* a row is not a single match"):
        read(path, max_per_judge=1)


def test_many_ballots_are_read_in_parts(read):
    ballots, size = 600, 70
    frame = pl.DataFrame(
        {
            "prompt": np.repeat(np.arange(ballots), size),
            "model": [f"m{i}" for i in range(size)] * ballots,
            "score": np.random.default_rng(1)
            .permuted(np.tile(np.arange(size), (ballots, 1)), axis=1)
            .ravel(),
        }
    )
    tally = humorrank.tally(frame, keys=())
    assert tally.matches == ballots * size * (size - 1) // 2
    wins = frame.group_by("model").agg(pl.col("score").sum()).sort("model")
    won = tally.to_polars().group_by("model_a").agg(pl.col("count").sum()).sort("model_a")
    assert won.rows() == wins.rows()


def test_the_frame_has_the_columns_of_the_ballots(file):
    path = file(
        "log.csv",
        "prompt,judge,model,rank,joke,tstamp\np,u,a,1,ha,5\np,u,b,2,hoho,9\np,u,c,2,x,7\n",
    )
    frame = MatchLog(path, keep=["joke_a", "joke_b"]).to_polars()
    assert frame.columns == [
        "model_a",
        "model_b",
        "winner",
        "question_id",
        "judge",
        "tstamp",
        "ballot",
        "joke_a",
        "joke_b",
    ]
    assert frame["joke_a"].to_list() == ["ha", "ha", "hoho"]
    assert frame["joke_b"].to_list() == ["hoho", "x", "x"]
    # A pair is complete at the time of its later row.
    assert frame["tstamp"].to_list() == ["9", "7", "7"]
    assert frame["ballot"].unique().to_list() == ['["p", "u"]']
    with pytest.raises(InputError, match="row 3, column 'joke': 'hoho' differs from 'ha' in row 2"):
        MatchLog(path, keep=["joke"]).to_polars()


def test_keys_must_be_the_same_on_a_ballot(file):
    path = file("log.csv", "ballot,judge,model,rank,lang\n1,u,a,1,en\n1,v,b,2,en\n")
    assert humorrank.tally(path, keys=["lang"]).keys == ("lang",)
    with pytest.raises(InputError, match="row 3, column 'judge': 'v' differs from 'u' in row 2"):
        humorrank.tally(path, keys=["judge"])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_labels_of_ballots_do_not_depend_on_the_order_of_the_rows(kind, file):
    rankings = ["a>b>c", "b>a>c", "a>b>c", "c>b>a", "b>c>a"]
    tallies = []
    for order in (rankings, rankings[::-1]):
        text = "ranking\n" + "\n".join(order) + "\n"
        if kind == "jsonl":
            text = "".join(json.dumps({"ranking": r.split(">")}) + "\n" for r in order)
        tallies.append(humorrank.tally(file(f"log.{kind}", text)))
    assert tallies[0] == tallies[1]
    assert tallies[0].keys == ("ballot",)
    assert len(tallies[0].keyed) == 5


def test_ballots_of_different_files_are_different_ballots(file, tmp_path):
    days = [file("log.csv", "ranking\na>b>c\nb>a>c\n")]
    first = humorrank.tally(days[0])
    # The next day has the same name, and one of the same rankings.
    second = humorrank.tally(file("log.csv", "ranking\na>b>c\nc>b>a\n"))
    both = first + second
    assert (both.matches, len(both.keyed)) == (12, 4)
    assert both - second == first
    again = humorrank.tally(file("other.csv", "ranking\nb>a>c\na>b>c\n"))
    assert again == first
    whole = humorrank.tally([str(tmp_path / name) for name in ("log.csv", "other.csv")])
    assert whole == both
    labels = MatchLog(days[0]).to_polars()["ballot"].unique()
    assert set(labels) == set(second.keyed.table["ballot"])


def test_a_row_with_a_count_stands_for_several_ballots(file):
    path = file("log.csv", "ranking,count\na>b,3\nb>a,1\na>b,2\nb>a,0\n")
    tally = humorrank.tally(path)
    assert (tally.matches, len(tally.keyed)) == (6, 6)
    assert tally.report.void == 1
    assert humorrank.tally(path, keys=()) == tally.project(())
    with pytest.raises(InputError, match="row 2, column 'count': '-3' is not a count"):
        humorrank.tally(file("log.csv", "ranking,count\na>b,-3\n"))
    with pytest.raises(InputError, match="more than 10,000,000 ballots"):
        humorrank.tally(file("log.csv", "ranking,count\na>b,99999999\n"))


def test_the_order_of_showing_is_not_known(file):
    path = file("log.csv", "prompt,judge,model,rank\np,u,a,1\np,u,b,2\nq,u,a,2\nq,u,b,1\n")
    with pytest.raises(InputError, match="model-ranks does not record who was shown first"):
        humorrank.bias(path)
