"""Random match logs in any format and container, valid or with one damaged row."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from support.layouts import FIXED, OUTCOMES, PAIRS
from support.odd_texts import BROKEN, LOOK_ALIKES, NOT_UTF_8, NUMBERS, ODD, OWN, PLAIN
from support.packed import DELIMITED, ENCODED, OBJECTS, packed, sheet_of
from support.reader import USUAL, Form, Written

BINARY = ("parquet", "arrow", "arrow-stream")
SHEETS = ("xlsx", "xlsx.zip")
DAMAGES = (
    "word",
    "empty",
    "self",
    "count",
    "weight",
    "ragged",
    "quote",
    "json",
    "twice",
    "utf-8",
)


def containers(reading: str, damage: str | None = None) -> tuple[str, ...]:
    """Returns the containers that are possible for a format and a kind of damage."""
    if reading == "headerless" or damage in ("ragged", "quote"):
        return DELIMITED if reading != "arena-hard" and damage not in ("json", "twice") else ()
    if damage in ("json", "twice"):
        return OBJECTS
    if damage == "utf-8":
        kinds = ("jsonl", "json") if reading == "arena-hard" else (*DELIMITED, *OBJECTS)
        return tuple(name for name in kinds if name not in ENCODED)
    if reading == "arena-hard":
        return (*OBJECTS, *BINARY)
    return (*DELIMITED, *OBJECTS, *BINARY, *SHEETS)


def readings(damage: str) -> list[str]:
    """Returns the formats in which a kind of damage is possible."""
    without = {
        "word": {"chosen-rejected", "winner-loser", "headerless"},
        "count": {"headerless"},
        "weight": {"headerless"},
    }.get(damage, set())
    return [name for name in OUTCOMES if name not in without and containers(name, damage)]


def write(folder: Path, seed: str, reading: str, container: str, damage: str | None = None):
    """Writes the log that a seed determines."""
    return Writer(folder, seed, reading, container, damage).write()


class Writer:
    """A log that a seed determines, and its damage."""

    def __init__(
        self, folder: Path, seed: str, reading: str, container: str, damage: str | None
    ) -> None:
        self.rng = random.Random(seed)
        self.reading = reading
        self.container = container
        self.kind = container.split(".", maxsplit=1)[0]
        self.damage = damage
        self.path = folder / f"{seed}.{container.replace('-stream', '')}"
        self.delimited = container in DELIMITED
        self.delimiter = "\t" if self.kind == "tsv" else ","
        self.binary = container in BINARY
        self.raw = self.kind == "tsv" and damage not in ("ragged", "quote") and self.chance(0.5)
        self.options: dict[str, Any] = {}
        self.words: dict[str, list[str]] | None = None
        self.columns = self.named_columns()
        self.numbers = reading not in ("headerless", "winner-name") and self.chance(0.15)
        self.names = self.drawn_names()
        self.flags = self.rng.choice([(0, 1), (False, True), (0.0, 1.0)])
        self.strong = 3.0 if reading in ("arena-hard", "winner-word") and self.chance(0.5) else 1.0
        nests = not self.delimited and reading not in ("arena-hard", "chosen-rejected")
        self.nested = nests and container not in SHEETS and self.chance(0.4)
        self.lower = reading == "two-scores" and self.chance(0.4)
        self.share_of = self.rng.choice("ab")
        self.set_options()

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    # The columns, and the options that describe them.

    def named_columns(self) -> dict[str, str]:
        rng, reading = self.rng, self.reading
        roles = dict(OUTCOMES[reading])
        if "loser" not in roles:
            pair = FIXED.get(reading) or rng.choice(PAIRS)
            roles = {"model_a": pair[0], "model_b": pair[1]} | roles
        if reading == "two-scores" and self.chance(0.3):
            roles |= {"score_a": "score_1", "score_b": "score_2"}
        if reading == "score" and self.chance(0.3):
            roles["score"] = "winner"
        if reading == "headerless":
            return roles
        if self.damage == "count" or self.chance(0.4):
            roles["count"] = "count"
        if self.damage == "weight" or self.chance(0.25):
            roles["weight"] = "weight"
        if self.chance(0.4) and reading != "arena-hard":
            roles = {role: self.respelled(column) for role, column in roles.items()}
        if self.chance(0.2) and reading in ("winner-word", "winner-name", "two-scores"):
            own = {"model_a": "white", "model_b": "Schwarz, Weiß"}
            own |= {"winner": "result"} if "winner" in roles else {"score_a": "goals"}
            roles |= own
            self.options["columns"] = own
        return roles

    def respelled(self, column: str) -> str:
        spelled = self.rng.choice([str.upper, str.title, str.lower])(column)
        return spelled.replace("_", self.rng.choice([" ", "-", "_"]))

    def set_options(self) -> None:
        rng, options = self.rng, self.options
        if self.reading == "winner-word" and self.chance(0.4):
            self.words = rng.choice(OWN)
            options["winner_words"] = self.words
        elif self.chance(0.3) or (self.reading == "score"):
            options["reading"] = self.reading
        if self.reading == "score":
            options["score_of"] = self.share_of
        if self.lower:
            options["lower_wins"] = True
        if self.strong != 1:
            options["strong_weight"] = self.strong
        if self.nested:
            options["columns"] = {role: self.path_of(name) for role, name in self.columns.items()}

    def path_of(self, column: str) -> str:
        """Returns the path of a column that is a field inside an object."""
        return f"row.{'who.' if column in self.pair else ''}{column}" if self.nested else column

    def inside(self, row: dict[str, Any]) -> dict[str, Any]:
        """Returns a row whose columns are fields inside objects."""
        if not self.nested:
            return row
        who = {column: row[column] for column in self.pair if column in row}
        return {"row": {"who": who} | {name: row[name] for name in row if name not in who}}

    def drawn_names(self) -> list[str]:
        if self.numbers:
            return list(NUMBERS)
        pool = [*PLAIN, *ODD] if self.raw else [*PLAIN, *ODD, *BROKEN]
        pool += LOOK_ALIKES if "winner" not in self.reading else []
        return self.rng.sample(pool, 7) if self.chance(0.9) else self.rng.sample(PLAIN, 7)

    # The rows, as values by column.

    def rows(self) -> tuple[list[dict[str, Any]], int | None]:
        rng = self.rng
        size = rng.randint(12, 36)
        at = None if self.damage is None else rng.randrange(4, size)
        rows = []
        for number in range(size):
            quiet = number < 2 or (self.damage == "quote" and at is not None and number >= at)
            names = [n for n in self.names if n in PLAIN or n in NUMBERS] if quiet else self.names
            if len(names) < 2:
                names = ["plain", "simple"]
            first, second = rng.sample(names, 2)
            if number == 1:
                second, first = rows[0][self.pair[0]], rows[0][self.pair[1]]
            row = {self.pair[0]: first, self.pair[1]: second}
            judged = number < 2 or not self.chance(0.15)
            row |= self.outcome(first, second, "ab"[number] if number < 2 else None, judged)
            row |= self.amounts(number < 2)
            rows.append(row)
        if at is not None and self.damage in ("word", "empty", "self", "count", "weight"):
            getattr(self, f"damage_{self.damage}")(rows[at])
        return rows, at

    @property
    def pair(self) -> list[str]:
        roles = ("winner", "loser") if "loser" in self.columns else ("model_a", "model_b")
        return [self.columns[role] for role in roles]

    def amounts(self, sure: bool) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if "count" in self.columns:
            count = 1 if sure else self.rng.choice([0, 1, 1, 2, 3, 12])
            text = self.delimited and self.chance(0.2)
            out[self.columns["count"]] = f"{count}.0" if text else count
        if "weight" in self.columns:
            out[self.columns["weight"]] = 1.0 if sure else self.rng.choice([0.0, 0.25, 1.0, 2.5])
        return out

    def outcome(self, first: str, second: str, won: str | None, judged: bool) -> dict[str, Any]:
        """Returns the cells that say who won; `won` is chosen if it is None."""
        if "loser" in self.columns:
            return {}
        won = won or self.rng.choice(["a", "a", "b", "b", "tie", "both_bad"])
        values = getattr(self, "say_" + self.reading.replace("-", "_"))(first, second, won, judged)
        return {self.columns[role]: value for role, value in values.items()}

    def word(self, outcome: str, judged: bool) -> Any:
        words = self.words or {k: sorted(v) for k, v in USUAL.items()}
        if outcome == "both_bad" and "both_bad" not in words:
            outcome = "tie"
        known = [None, *words.get("skip", [])] if not judged else words[outcome]
        word = self.rng.choice(known)
        if word is not None and word.isdigit() and not self.delimited:
            return int(word)
        if word is not None and self.chance(0.4):
            word = self.rng.choice([str.upper, str.lower, str.title])(word)
        return f" {word}  " if word and self.chance(0.2) else word

    def say_winner_word(self, first, second, won, judged):
        return {"winner": self.word(won, judged)}

    def say_winner_name(self, first, second, won, judged):
        if judged and won in ("a", "b"):
            return {"winner": first if won == "a" else second}
        return {"winner": self.word(won, judged)}

    def say_one_hot(self, first, second, won, judged):
        if not judged:
            return dict.fromkeys(OUTCOMES["one-hot"])
        no, yes = self.flags
        flags = [won == "a", won == "b", won in ("tie", "both_bad")]
        return {
            role: yes if flag else no for role, flag in zip(OUTCOMES["one-hot"], flags, strict=True)
        }

    def say_comparia(self, first, second, won, judged):
        no, yes = self.flags
        if not judged:
            return {"chosen": None, "both_equal": None}
        if won in ("a", "b"):
            return {"chosen": first if won == "a" else second, "both_equal": no}
        return {"chosen": None, "both_equal": yes}

    def say_alpaca_eval(self, first, second, won, judged):
        value = {"a": 1, "b": 2, "tie": 1.5, "both_bad": 0}[won]
        soft = self.rng.choice([1.25, 1.1, 1.987]) if self.chance(0.3) else value
        return {"preference": float(soft if won == "tie" else value) if judged else None}

    def say_score(self, first, second, won, judged):
        value = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": self.rng.choice([0.1, 0.25])}[won]
        return {"score": value if judged else None}

    def say_two_scores(self, first, second, won, judged):
        low = self.rng.choice([0, 3, 2.5, -1])
        high = low if won in ("tie", "both_bad") else low + self.rng.choice([1, 0.25, 90])
        scores = [high, low] if won != "b" else [low, high]
        if not judged:
            scores[self.rng.randrange(2)] = None
        return dict(zip(("score_a", "score_b"), scores, strict=True))

    def say_mt_bench_pair(self, first, second, won, judged):
        other = self.rng.choice(["a", "b", "tie"])
        lost = self.rng.randrange(3) if not judged else 3
        return {
            "game_1": self.word(won, lost not in (0, 2)),
            "game_2": self.word(other, lost not in (1, 2)),
        }

    def say_arena_hard(self, first, second, won, judged):
        verdicts = ["A>>B", "A>B", "a=b", "B>A", " B>>A "]
        games = [{"score": self.rng.choice(verdicts)} for _ in range(self.rng.choice([1, 2, 2]))]
        if not judged:
            lost = self.rng.randrange(3)
            if lost == 0:
                return {"games": self.rng.choice([None, []])}
            games[-1] = {"score": None}
        return {"games": games}

    # The kinds of damage.

    def damage_word(self, row: dict[str, Any]) -> None:
        at, binary = self.columns, self.binary
        whole = bool(self.words) and self.words["a"] == ["1"] and not self.delimited
        match self.reading:
            case "winner-word" | "winner-name":
                own = ["nobody", "model_a"] if self.words else ["nobody"]
                row[at["winner"]] = 9 if whole else self.rng.choice(own)
            case "one-hot":
                row |= dict.fromkeys([at["winner_model_a"], at["winner_tie"]], self.flags[1])
            case "comparia":
                row |= {at["chosen"]: row[at["model_a"]], at["both_equal"]: self.flags[1]}
                if self.chance(0.5):
                    row |= {at["chosen"]: "Nobody Else", at["both_equal"]: self.flags[0]}
            case "alpaca-eval":
                row[at["preference"]] = self.rng.choice([0.5, 2.5, -1.0])
            case "score":
                row[at["score"]] = self.rng.choice([1.5, -0.25, -0.25 if binary else "high"])
            case "two-scores":
                row[at[self.rng.choice(["score_a", "score_b"])]] = (
                    float("inf") if binary else "many"
                )
            case "mt-bench-pair":
                row[at[self.rng.choice(["game_1", "game_2"])]] = "model_3"
            case "arena-hard":
                row[at["games"]] = [{"score": "A>B"}, {"score": "A>C"}]

    def damage_empty(self, row: dict[str, Any]) -> None:
        values = [None] if self.numbers else [None, "", "  "]
        row[self.rng.choice(self.pair)] = self.rng.choice(values)

    def damage_self(self, row: dict[str, Any]) -> None:
        row[self.pair[1]] = row[self.pair[0]]

    def damage_count(self, row: dict[str, Any]) -> None:
        values = [-1, None] if self.binary else [-1, 1.5, None, "", "nan", "many", 2**53]
        row[self.columns["count"]] = self.rng.choice(values)

    def damage_weight(self, row: dict[str, Any]) -> None:
        values = [-0.5, float("inf"), None, 1e101, 1e-101]
        if not self.binary:
            values = [-0.5, None, 1e101, 1e-101, "", "inf", "heavy"]
        row[self.columns["weight"]] = self.rng.choice(values)

    # The file.

    def write(self) -> Written:
        rows, at = self.rows()
        order = list(rows[0])
        # The first column of a table of wins holds the names, and there is none besides.
        if self.reading not in ("headerless", "win-matrix"):
            self.rng.shuffle(order)
            if self.chance(0.5):
                order.insert(self.rng.randrange(len(order)), "note")
                for number, row in enumerate(rows):
                    late = self.damage == "quote" and at is not None and number >= at
                    row["note"] = "plain" if late or self.raw else 'a "note",\nof two lines'
        rows = [{column: row[column] for column in order} for row in rows]
        if self.binary:
            line = self.write_table(rows, at)
        elif self.delimited:
            line = self.write_text(*self.records(rows, at))
        elif self.kind == "json":
            line = self.write_array(rows, at)
        elif self.container in SHEETS:
            raw, places = sheet_of(rows, self.rng)
            line = None if at is None else places[at]
            self.path.write_bytes(packed(raw, self.container, self.rng))
        else:
            line = self.write_text(*self.lines(rows, at))
        form = Form(
            self.reading,
            self.container,
            {role: self.path_of(name) for role, name in self.columns.items()},
            words=self.words,
            share_of=self.share_of,
            lower_wins=self.lower,
            quoted=not self.raw,
            strong=self.strong,
        )
        return Written(self.path, form, self.options, line)

    def write_table(self, rows: list[dict[str, Any]], at: int | None) -> int | None:
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
        if self.numbers:
            kind = self.rng.choice([int, float])
            for name in self.pair:
                columns[name] = [None if v is None else kind(v) for v in columns[name]]
        if self.nested:
            rows = [
                self.inside(dict(zip(columns, values, strict=True)))
                for values in zip(*columns.values(), strict=True)
            ]
            columns = {"row": [row["row"] for row in rows]}
        table = pa.table(columns)
        if self.chance(0.3):
            for place, name in enumerate(table.column_names):
                if pa.types.is_string(table.schema.field(name).type):
                    column = table.column(name).dictionary_encode()
                    table = table.set_column(place, name, column)
        if self.kind == "parquet":
            pq.write_table(table, self.path, row_group_size=self.rng.choice([5, 1000]))
        else:
            start = pa.ipc.new_file if self.kind == "arrow" else pa.ipc.new_stream
            with start(self.path, table.schema) as out:
                out.write_table(table, max_chunksize=1000)
        return None if at is None else at + 1

    def records(self, rows: list[dict[str, Any]], at: int | None):
        """Returns the records of a delimited text, and the index of the damaged one."""
        every = self.chance(0.2) and self.damage != "quote"
        table = [] if self.reading == "headerless" else [list(rows[0])]
        table += [list(row.values()) for row in rows]
        place = None if at is None else at + len(table) - len(rows)
        out = []
        for number, values in enumerate(table):
            cells = [self.cell(value) for value in values]
            if number == place and self.damage == "ragged":
                cells = self.rng.choice([[*cells, "more"], cells[:-1]])
            if number == place and self.damage == "utf-8":
                name = list(rows[0]).index(self.rng.choice(self.pair))
                cells[name] = NOT_UTF_8 + cells[name]
            if self.raw:
                out.append(self.delimiter.join(cells))
                continue
            if number == place and self.damage == "quote":
                start = self.rng.choice([i for i, cell in enumerate(cells) if cell])
                cells[start] = f'"{cells[start]}'
                out.append(self.delimiter.join(c for c in cells))
                continue
            buffer = io.StringIO(newline="")
            quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
            csv.writer(
                buffer, delimiter=self.delimiter, quoting=quoting, lineterminator="\n"
            ).writerow(cells)
            out.append(buffer.getvalue().removesuffix("\n"))
        if self.kind == "tsv" and any('"' in record for record in out):
            # No option is needed if the text cannot be read as quoted.
            plain = self.raw and any(r.startswith('"Nobody" wins\t') for r in out)
            if not (plain and self.chance(0.7)):
                self.options["quoting"] = "none" if self.raw else "csv"
        return out, place

    def cell(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value) if self.chance(0.5) else str(value).lower()
        return str(value)

    def lines(self, rows: list[dict[str, Any]], at: int | None):
        """Returns the lines of a JSONL file, and the index of the damaged one."""
        out = []
        readable = self.chance(0.5)
        for number, row in enumerate(rows):
            shown = dict(row)
            for name in self.pair:
                if shown[name] in ("7", *NUMBERS) and self.chance(0.5):
                    shown[name] = self.rng.choice([int, float])(shown[name])
            items = list(shown.items())
            if self.chance(0.2) and number:
                self.rng.shuffle(items)
            lost = self.chance(0.5) and number > 0
            shown = {k: v for k, v in items if v is not None or not lost}
            text = json.dumps(self.inside(shown), ensure_ascii=readable)
            if number == at and self.damage == "json":
                text = text.replace('": ', '" ', 1)
            if number == at and self.damage == "twice":
                key = json.dumps(self.pair[0], ensure_ascii=readable)
                place = '"who": {' if self.nested else "{"
                text = text.replace(place, f'{place}{key}: "again", ', 1)
            if number == at and self.damage == "utf-8":
                text = text.replace("{", f'{{"more": "{NOT_UTF_8}", ', 1)
            out.append(text)
        return out, at

    def write_array(self, rows: list[dict[str, Any]], at: int | None) -> int | None:
        objects, _ = self.lines(rows, at)
        if self.damage in ("json", "utf-8"):
            self.save("[\n" + ",\n".join(objects) + "\n]\n")
            return None if at is None else at + 2
        if self.chance(0.4) and self.damage != "twice":
            self.save(json.dumps([json.loads(text) for text in objects], indent=1))
        else:
            self.save("[" + self.rng.choice([", ", ",\n"]).join(objects) + "]")
        return None if at is None else at + 1

    def write_text(self, records: list[str], place: int | None) -> int | None:
        """Writes records and random blank lines; returns the line number of the damaged record."""
        end = self.rng.choice(["\n", "\r\n"])
        blank = self.rng.choice([0.0, 0.1])
        text, line = "", None
        if self.delimited and self.chance(0.15):
            # The line by which Excel is told the delimiter.
            text = f"sep={self.delimiter}{end}"
        for number, record in enumerate(records):
            while self.chance(blank):
                text += end
            if number == place:
                line = text.count("\n") + 1
            text += record + end
        if self.chance(0.3) and self.damage != "quote":
            text = text.removesuffix(end)
        self.save(text, mark=self.delimited and self.chance(0.3))
        return line

    def save(self, text: str, *, mark: bool = False) -> None:
        raw = text.encode("utf-8-sig" if mark else "utf-8")
        raw = raw.replace(NOT_UTF_8.encode(), b"\xff")
        raw = packed(raw, self.container, self.rng)
        self.path.write_bytes(raw)
