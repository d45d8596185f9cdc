"""Controls from nested metadata and from texts give the board of a log that has their columns."""

import json
import random

import pandas as pd
import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError

HEADERS = ("h1", "h2", "h3")


def arena(size=120):
    """Returns rows with the columns of LMArena's log of 140k votes."""
    rng = random.Random(5)
    rows = []
    for number in range(size):
        row = dict(zip(("model_a", "model_b"), rng.sample(["pun", "wit", "irony"], 2), strict=True))
        row |= {"id": f"{number}", "winner": rng.choice(["model_a", "model_b", "tie", "both_bad"])}
        row["conv_metadata"] = meta = {"turns": 1}
        for side in "ab":
            answer = "ha " * rng.randint(1, 50)
            row[f"conversation_{side}"] = [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "a joke"}, {"type": "image"}],
                },
                {"role": "assistant", "content": [{"type": "text", "text": answer}]},
                {"role": "user", "content": "another " * rng.randint(1, 9)},
                {"role": "assistant", "content": "hä"},
            ]
            meta[f"sum_assistant_{side}_tokens"] = rng.randint(5, 400)
            meta[f"header_count_{side}"] = {name: rng.randint(0, 3) for name in HEADERS}
            meta[f"list_count_{side}"] = {"ordered": rng.randint(0, 4), "unordered": 1}
        rows.append(row)
    return rows


def flat(rows, **controls):
    """Returns the same votes with one column for each side of each control."""
    return [
        {name: row[name] for name in ("model_a", "model_b", "winner")}
        | {f"{name}_{side}": of(row, side) for name, of in controls.items() for side in "ab"}
        for row in rows
    ]


def tokens(row, side):
    return row["conv_metadata"][f"sum_assistant_{side}_tokens"]


def headers(row, side):
    return sum(row["conv_metadata"][f"header_count_{side}"].values())


def characters(row, side):
    first, second = row[f"conversation_{side}"][1::2]
    return len(first["content"][0]["text"]) + len(second["content"])


ROWS = arena()
SOURCES = {
    "jsonl": lambda path: path.write_text("\n".join(map(json.dumps, ROWS))) and path,
    "parquet": lambda path: as_polars(ROWS).write_parquet(path) or path,
    "dictionaries": lambda _: ROWS,
    "pandas": lambda _: pd.DataFrame(ROWS),
    "pandas from parquet": lambda path: (
        as_polars(ROWS).write_parquet(path) or pd.read_parquet(path)
    ),
}


def as_polars(rows):
    """Returns the rows as a frame; a column of a frame holds messages of one type only."""
    part = pl.Struct({"type": pl.String, "text": pl.String})
    messages = pl.List(pl.Struct({"role": pl.String, "content": pl.List(part)}))
    held = [
        row
        | {
            f"conversation_{side}": [
                {"role": m["role"], "content": [{"type": "text", "text": m["content"]}]}
                if isinstance(m["content"], str)
                else m
                for m in row[f"conversation_{side}"]
            ]
            for side in "ab"
        }
        for row in rows
    ]
    overrides = {f"conversation_{side}": messages for side in "ab"}
    return pl.DataFrame(held, schema_overrides=overrides)


def rate(source, controls, **options):
    return humorrank.rate(source, controls=controls, elo_shuffles=0, **options)


def assert_same(board, other):
    assert [row.rating for row in board] == pytest.approx([row.rating for row in other], abs=1e-9)
    for one, two in zip(board.parameters, other.parameters, strict=True):
        assert one.estimate == pytest.approx(two.estimate, abs=1e-12)
        assert one.deviation == pytest.approx(two.deviation, abs=1e-12) != 0


@pytest.mark.parametrize("kind", SOURCES)
def test_the_metadata_of_the_arena_are_controls(tmp_path, kind):
    names = ["conv_metadata.sum_assistant_tokens", "conv_metadata.header_count"]
    board = rate(SOURCES[kind](tmp_path / "log"), names)
    assert_same(board, rate(flat(ROWS, tokens=tokens, headers=headers), ["tokens", "headers"]))
    assert [parameter.name for parameter in board.parameters] == names
    first = "conv_metadata.sum_assistant_a_tokens"
    assert f"{first!r} minus 'conv_metadata.sum_assistant_b_tokens'" in " ".join(board.warnings)
    assert_same(board, rate(SOURCES[kind](tmp_path / "log"), [first, names[1]]))
    with pytest.raises(OptionError, match=r"shown second; name the control '.*_a_tokens'"):
        rate(SOURCES[kind](tmp_path / "log"), ["conv_metadata.sum_assistant_b_tokens"])


@pytest.mark.parametrize("kind", SOURCES)
def test_lengths_are_those_of_the_assistants_texts(tmp_path, kind):
    board = rate(SOURCES[kind](tmp_path / "log"), ["length"])
    assert_same(board, rate(flat(ROWS, length=characters), ["length"]))
    [said] = [warning for warning in board.warnings if "'length'" in warning]
    assert "number of characters of the texts in 'conversation_a' minus that in" in said


@pytest.mark.parametrize(
    ("pair", "written"),
    [
        (("response_a", "response_b"), lambda text: text),
        # The Kaggle competition has one list in JSON for all turns.
        (("response_a", "response_b"), lambda text: json.dumps([text[:3], None, text[3:]])),
        (("text_a", "text_b"), lambda text: [text]),
        (("output_1", "output_2"), lambda text: text),
        (("Response A", "response-b"), lambda text: text),
    ],
)
def test_lengths_of_texts_under_other_names(pair, written):
    rows = [
        {name: row[name] for name in ("model_a", "model_b", "winner")}
        | {
            name: written("x" * characters(row, side))
            for name, side in zip(pair, "ab", strict=True)
        }
        for row in ROWS
    ]
    board = rate(rows, ["length"])
    assert_same(board, rate(flat(ROWS, length=characters), ["length"]))
    assert any(pair[0] in warning for warning in board.warnings)


def test_columns_of_lengths_come_before_texts():
    own = flat(ROWS, length=tokens)
    both = [row | held for row, held in zip(ROWS, own, strict=True)]
    board = rate(both, ["length"])
    assert_same(board, rate(own, ["length"]))
    assert not any("characters" in warning for warning in board.warnings)


def test_a_missing_text_or_count_is_a_bad_row(tmp_path):
    rows = [dict(row) for row in ROWS]
    rows[3] = rows[3] | {"conversation_b": None}
    rows[5] = rows[5] | {"conv_metadata": rows[5]["conv_metadata"] | {"header_count_a": {}}}
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(InputError, match="null is not a text or a conversation") as caught:
        rate(path, ["length"])
    assert (caught.value.row, caught.value.column) == (4, "conversation_b")
    with pytest.raises(InputError, match=r"\{\} is not a finite number") as caught:
        rate(path, ["conv_metadata.header_count"])
    assert (caught.value.row, caught.value.column) == (6, "conv_metadata.header_count_a")
    board = rate(path, ["length"], on_error="skip")
    assert board.counts["skipped_by_kind"] == {"bad control": 1}
    without = [row for place, row in enumerate(ROWS) if place != 3]
    assert_same(board, rate(flat(without, length=characters), ["length"]))


def test_a_part_that_is_missing_adds_nothing_to_a_sum():
    rows = [json.loads(json.dumps(row)) for row in ROWS]
    rows[0]["conv_metadata"]["header_count_a"] = {"h2": 2}
    rows[1]["conv_metadata"]["header_count_b"]["h1"] = None
    known = [
        row
        | {
            f"headers_{side}": sum(
                count or 0 for count in row["conv_metadata"][f"header_count_{side}"].values()
            )
            for side in "ab"
        }
        for row in rows
    ]
    for source in (rows, as_polars(rows)):
        assert_same(rate(source, ["conv_metadata.header_count"]), rate(known, ["headers"]))


def test_a_control_that_does_not_exist_is_refused_with_the_fields_that_do():
    with pytest.raises(OptionError, match=r"did you mean 'conv_metadata\.header_count_a'"):
        rate(ROWS, ["conv_metadata.headers_count"])
    with pytest.raises(OptionError, match=r"did you mean 'conv_metadata\.header_count_a'"):
        rate(ROWS, ["header_count"])
    with pytest.raises(OptionError, match="nor texts from which lengths can be computed"):
        rate(flat(ROWS), ["length"])
    two = [row | {"a_size_x": 1, "b_size_x": 2, "size_a_x": 1, "size_b_x": 2} for row in flat(ROWS)]
    with pytest.raises(OptionError, match="'size_x' may be 'a_size_x' or 'size_a_x'"):
        rate(two, ["size_x"])


def test_keys_of_a_tally_are_controls_under_the_same_names():
    keys = [f"conv_metadata.sum_assistant_{side}_tokens" for side in "ab"]
    tally = humorrank.tally(ROWS, keys=keys)
    names = ["conv_metadata.sum_assistant_tokens"]
    assert_same(rate(tally, names), rate(ROWS, names))


def test_in_the_second_game_of_a_row_the_sides_are_swapped():
    """In MT-bench's files, the second game of a row shows model_2 first."""
    rng = random.Random(9)
    words = ("model_1", "model_2", "tie")
    rows = []
    for _ in range(60):
        row = dict(zip(("model_1", "model_2"), rng.sample(["pun", "wit", "irony"], 2), strict=True))
        row |= {f"g{game}_winner": rng.choice(words) for game in (1, 2)}
        rows.append(row | {f"length_{side}": rng.randint(1, 90) for side in "ab"})
    single = []
    for row in rows:
        names = {"model_1": row["model_1"], "model_2": row["model_2"], "tie": "tie"}
        for game, (first, second), sides in ((1, words[:2], "ab"), (2, words[1::-1], "ba")):
            single.append(
                {"model_a": row[first], "model_b": row[second]}
                | {"winner": names[row[f"g{game}_winner"]]}
                | {
                    f"length_{side}": row[f"length_{own}"]
                    for side, own in zip("ab", sides, strict=True)
                }
            )
    options = {"first_position": True}
    assert_same(rate(rows, ["length"], **options), rate(single, ["length"], **options))
