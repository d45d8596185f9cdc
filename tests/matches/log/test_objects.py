"""Lists of dictionaries are read as fast as columns, with the same checks as other sources."""

import random

import pytest

import humorrank
from humorrank import InputError, MatchLog, _core
from humorrank.matches.log.tables.json import objects_table

random_ = random.Random(1)
TUPLES = [
    (f"m{random_.randrange(5)}", f"n{random_.randrange(5)}", random_.choice(["model_a", "tie"]))
    for _ in range(500)
]
ROLES = ("model_a", "model_b", "winner")
DICTS = [dict(zip(ROLES, row, strict=True)) for row in TUPLES]


def test_they_are_read_as_codes_and_count_like_tuples():
    reader = objects_table("dictionaries", DICTS).codes([("model_a", 0), ("winner", 1)])
    codes, _ = reader.read([_core.Interner(), _core.Interner()])
    assert len(codes) == 500
    board, expected = (humorrank.rate(rows, bootstrap=40) for rows in (DICTS, TUPLES))
    assert board.rows == expected.rows


def test_keys_may_be_in_any_order_and_differ():
    mixed = [dict(reversed(row.items())) if at % 2 else row for at, row in enumerate(DICTS)]
    mixed = [{**row, "note": "x"} if at % 7 == 3 else row for at, row in enumerate(mixed)]
    assert humorrank.tally(mixed) == humorrank.tally(TUPLES)
    kept = humorrank.tally(mixed, where="note IS NULL")
    assert kept.matches == sum(at % 7 != 3 for at in range(500))


class Row(dict):
    """A dictionary of a user's own class."""


def test_subclasses_and_values_of_other_types_are_read():
    rows = [Row(model_a=at % 2, model_b=2.0, winner="model_a", count=at % 3) for at in range(9)]
    log = MatchLog(rows).to_polars()
    assert set(log["model_a"]) == {"0", "1"}
    assert set(log["model_b"]) == {"2"}


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (3, {"model_a": {"x": 1}}, "row 4, column 'model_a': contains {'x': 1}"),
        (3, {"model_a": ["x"]}, r"row 4, column 'model_a': contains \['x'\]"),
        (4, {"model_a": None}, "row 5, column 'model_a': null is not a name"),
        (5, {"model_a": "a\ud800"}, "row 6, column 'model_a': is not Unicode text"),
        (6, {7: "x"}, "row 7: contains the key 7, but keys must be text"),
        (7, {"winner": "nobody"}, "row 8, column 'winner'"),
    ],
)
def test_faults_name_their_row_and_column(at, value, words):
    rows = [dict(row) for row in DICTS]
    rows[at] |= value
    with pytest.raises(InputError, match=f"dictionaries, {words}"):
        humorrank.tally(rows)


def test_a_missing_key_and_other_elements_are_refused():
    rows = [dict(row) for row in DICTS]
    del rows[300]["model_b"]
    with pytest.raises(InputError, match="row 301, column 'model_b': null is not a name"):
        humorrank.tally(rows)
    with pytest.raises(InputError, match="row 3: expected a dictionary, as in row 1, not an int"):
        humorrank.tally([*DICTS[:2], 7])
    with pytest.raises(InputError, match="not a tuple"):
        humorrank.tally([*DICTS[:2], TUPLES[0]])


def test_scores_of_games_are_read():
    games = [{"games": [{"score": 1.0}, {"score": 0.0}]}, {"games": [{"score": 0.5}]}]
    table = objects_table("dictionaries", games)
    assert table.columns[-1] != "games"
    batch = next(table.batches(table.columns, None))
    assert batch.frame.to_series(1).to_list() == [[1.0, 0.0], [0.5]]
