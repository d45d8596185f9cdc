"""Random files of ballots, totals and tables of wins, valid or with one damaged row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.odd_texts import BROKEN, LOOK_ALIKES, NUMBERS, ODD, PLAIN
from support.packed import DELIMITED, OBJECTS
from support.reader import Written
from support.written import BINARY, Writer

READINGS = ("model-ranks", "model-scores", "ranking", "best-worst", "win-totals", "win-matrix")
DAMAGES = ("word", "empty", "self", "alone", "count", "weight", "ragged", "json", "utf-8")
_ROLES = {
    "model-ranks": {"model": "model", "rank": "rank"},
    "model-scores": {"model": "system", "score": "score"},
    "ranking": {"ranking": "ranking"},
    "best-worst": {"best": "best", "worst": "worst"},
    "win-totals": {"model_a": "model_a", "model_b": "model_b", "wins_a": "wins_a"},
    "win-matrix": {"model": "model"},
}


def ballot_readings(damage: str) -> list[str]:
    """Returns the formats in which a kind of damage is possible."""
    if damage in ("count", "weight"):
        return ["ranking", "best-worst"]
    if damage == "alone":
        return [name for name in READINGS if not name.startswith("win-")]
    # A table of wins without the name of a row is refused as a whole.
    return [name for name in READINGS if (name, damage) != ("win-matrix", "empty")]


def ballot_containers(damage: str | None = None) -> tuple[str, ...]:
    """Returns the containers that are possible for a kind of damage."""
    if damage == "ragged":
        return DELIMITED
    if damage == "json":
        return OBJECTS
    if damage == "utf-8":
        return ("csv", "tsv", "jsonl", "json")
    return (*DELIMITED, *OBJECTS, *BINARY)


def write_ballots(
    folder: Path, seed: str, reading: str, container: str, damage: str | None = None
) -> Written:
    """Writes the file that a seed determines."""
    return _BallotWriter(folder, seed, reading, container, damage).write()


class _BallotWriter(Writer):
    def named_columns(self) -> dict[str, str]:
        roles = dict(_ROLES[self.reading])
        if "model" in roles and self.reading != "win-matrix":
            kind = self.rng.choice(["ballot", "prompt", "judge", "both", "turn"])
            if kind == "ballot":
                roles["ballot"] = self.rng.choice(["ballot", "Ballot ID"])
            if kind in ("prompt", "both", "turn"):
                roles["question_id"] = self.rng.choice(["prompt", "question_id", "question"])
            if kind in ("judge", "both"):
                roles["judge"] = self.rng.choice(["judge", "voter", "annotator"])
            if kind == "turn":
                roles["turn"] = "turn"
        if self.reading == "best-worst":
            self.listed = self.chance(0.5)
            names = ["items"] if self.listed else [f"item_{i}" for i in range(1, 6)]
            roles |= {name: name for name in names}
        if self.reading == "win-totals":
            if self.chance(0.5):
                roles |= {"model_a": "player_1", "model_b": "player_2", "wins_a": "wins_1"}
            roles["wins_b"] = roles["wins_a"].replace("_a", "_b").replace("_1", "_2")
            if self.chance(0.6):
                roles["ties"] = self.rng.choice(["ties", "draws"])
        if self.reading in ("ranking", "best-worst"):
            if self.damage == "count" or self.chance(0.3):
                roles["count"] = "count"
            if self.damage == "weight" or self.chance(0.3):
                roles["weight"] = "weight"
        return roles

    def set_options(self) -> None:
        self.nested = self.numbers = False
        self.strong = 1.0
        self.lower = self.reading == "model-scores" and self.chance(0.4)
        if self.lower:
            self.options["lower_wins"] = True
        if self.chance(0.2):
            self.options["reading"] = self.reading

    def drawn_names(self) -> list[str]:
        pool = [*PLAIN, *ODD] if self.raw else [*PLAIN, *ODD, *BROKEN, *LOOK_ALIKES]
        if self.reading == "win-matrix":
            # A header is not read as the values of its columns are.
            pool = [*PLAIN, *NUMBERS]
        return self.rng.sample(pool, 7)

    @property
    def pair(self) -> list[str]:
        """The columns with names, of which at least one must be read."""
        named = ("model", "best", "model_a", "model_b")
        return [self.columns[role] for role in named if role in self.columns] or ["ranking"]

    # The rows.

    def rows(self) -> tuple[list[dict[str, Any]], int | None]:
        rows = getattr(self, f"of_{self.reading.replace('-', '_')}")()
        at = None if self.damage is None else self.rng.randrange(4, len(rows))
        if self.reading == "win-matrix" and at is not None:
            at = self.rng.randrange(1, len(rows))
        if at is not None and self.damage == "self" and self.reading.startswith("model-"):
            at = self.repeat_a_model(rows)
        elif at is not None and hasattr(self, f"damage_{self.damage}"):
            if rows[at].get("ranking", "") is None:
                rows[at]["ranking"] = "a>b" if self.textual else [["a"], ["b"]]
            if rows[at].get("best", "") is None:
                rows[at] |= {"best": rows[0]["best"], "worst": rows[0]["worst"]}
                rows[at] |= {name: rows[0][name] for name in rows[0] if name.startswith("item")}
            getattr(self, f"damage_{self.damage}")(rows[at])
        return rows, at

    def repeat_a_model(self, rows: list[dict[str, Any]]) -> int:
        """Gives a row the model of an earlier row of its ballot, and returns its place."""
        roles = ("ballot", "question_id", "judge", "turn")
        columns = [self.columns[role] for role in roles if role in self.columns]
        ballot = [row for row in rows if all(row[c] == rows[0][c] for c in columns)]
        again = self.rng.choice(ballot[1:])
        again[self.columns["model"]] = rows[0][self.columns["model"]]
        return next(place for place, row in enumerate(rows) if row is again)

    def of_models(self, value: str) -> list[dict[str, Any]]:
        at, rows = self.columns, []
        for ballot in range(self.rng.randint(4, 6)):
            models = self.names[: self.rng.randint(5, 7)]
            for place, model in enumerate(self.rng.sample(models, len(models)), 1):
                row = {at["model"]: model, at[value]: self.value(value, place)}
                for role, label in self.identity(ballot).items():
                    if role in at:
                        row[at[role]] = label
                rows.append(row)
        self.rng.shuffle(rows)
        return rows

    def identity(self, ballot: int) -> dict[str, Any]:
        both = "judge" in self.columns and "question_id" in self.columns
        return {
            "ballot": f"b{ballot}",
            "question_id": ballot // 2 if both or "turn" in self.columns else ballot,
            "judge": f"j{ballot % 2 if both else ballot}",
            "turn": ballot % 2,
        }

    def value(self, role: str, place: int) -> Any:
        if role == "rank":
            return self.rng.choice([place, place, max(1, place - 1)])
        if self.chance(0.1):
            return None
        return self.rng.choice([float(place), place - 0.5, -1.25])

    def of_model_ranks(self) -> list[dict[str, Any]]:
        return self.of_models("rank")

    def of_model_scores(self) -> list[dict[str, Any]]:
        return self.of_models("score")

    def of_ranking(self) -> list[dict[str, Any]]:
        self.textual = self.delimited or self.chance(0.4)
        rows = []
        for number in range(self.rng.randint(8, 20)):
            value = None
            if number < 2 or not self.chance(0.15):
                value = self.ranking(self.rng.randint(2, 6))
            rows.append({"ranking": value, "id": number, **self.amounts(number < 2)})
        return rows

    def ranking(self, size: int) -> Any:
        names = self.rng.sample(self.names, size)
        ways = ["text", "json", "python"] if self.textual else ["list"]
        if self.raw:
            ways = ["text"]
        way = self.rng.choice(ways)
        if way == "text":
            names = self.rng.sample(PLAIN, size)
        groups: list[list[str]] = []
        for name in names:
            if groups and self.chance(0.3):
                groups[-1].append(name)
            else:
                groups.append([name])
        space = self.rng.choice(["", " "])
        if way == "text":
            return f"{space}>{space}".join(f"{space}={space}".join(g) for g in groups)
        mixed = [g[0] if len(g) == 1 and self.chance(0.7) else g for g in groups]
        if way == "list":
            return groups if self.binary else mixed
        return json.dumps(mixed) if way == "json" else str(mixed)

    def of_best_worst(self) -> list[dict[str, Any]]:
        rows = []
        for number in range(self.rng.randint(8, 20)):
            shown = self.rng.sample(self.names, self.rng.randint(3, 5))
            best, worst = self.rng.sample(shown, 2)
            row: dict[str, Any] = {"best": best, "worst": worst}
            if number > 1 and self.chance(0.15):
                row = {"best": None, "worst": None}
            if self.listed:
                row["items"] = self.items(shown)
            else:
                row |= {f"item_{i}": dict(enumerate(shown, 1)).get(i) for i in range(1, 6)}
            rows.append(row | self.amounts(number < 2))
        return rows

    def items(self, shown: list[str]) -> Any:
        if not self.delimited:
            return shown
        return json.dumps(shown, ensure_ascii=False)

    def of_win_totals(self) -> list[dict[str, Any]]:
        at, rows = self.columns, []
        for _ in range(self.rng.randint(8, 20)):
            row = dict(
                zip((at["model_a"], at["model_b"]), self.rng.sample(self.names, 2), strict=True)
            )
            for role in ("wins_a", "wins_b", "ties"):
                if role in at:
                    row[at[role]] = self.rng.choice([0, 0, 1, 2, 17])
            rows.append(row)
        rows[0][at["wins_a"]] = rows[1][at["wins_b"]] = 3
        return rows

    def of_win_matrix(self) -> list[dict[str, Any]]:
        rows = []
        for one in self.names:
            wins = {n: self.rng.choice([0, 0, 1, 5, None]) for n in self.names}
            wins[one] = self.rng.choice([0, None])
            rows.append({"model": one} | wins)
        rows[0][self.names[1]] = 4
        self.rng.shuffle(rows)
        return rows

    # The kinds of damage. Those of the file as a whole are the same as in other formats.

    def damage_word(self, row: dict[str, Any]) -> None:
        wrong = [-1, None] if self.binary else [-1, "many", None]
        match self.reading:
            case "model-ranks":
                row["rank"] = self.rng.choice([0, *wrong])
            case "model-scores":
                row["score"] = float("inf") if self.binary else "many"
            case "ranking":
                row["ranking"] = "[unclear" if self.textual else [[]]
            case "best-worst":
                row[self.rng.choice(["best", "worst"])] = "nobody"
            case "win-totals":
                row[self.columns["wins_b"]] = self.rng.choice(wrong)
            case "win-matrix":
                other = next(n for n in self.names if n != row["model"])
                row[other] = -1 if self.binary else self.rng.choice([-1, 0.5, "many"])

    def damage_empty(self, row: dict[str, Any]) -> None:
        if self.reading == "ranking":
            row["ranking"] = " >b" if self.textual else [["a"], [""]]
        elif self.reading == "best-worst":
            row |= {"best": "a", "worst": "b"}
            if self.listed:
                row["items"] = self.items(["a", " ", "b"])
            else:
                row |= {"item_1": "a", "item_2": "b", "best": ""}
        else:
            row[self.pair[0]] = self.rng.choice([None, "", "  "])

    def damage_self(self, row: dict[str, Any]) -> None:
        match self.reading:
            case "ranking":
                row["ranking"] = "a>b>a" if self.textual else [["a"], ["b"], ["a"]]
            case "best-worst":
                row |= {"best": "a", "worst": "b"}
                if self.listed:
                    row["items"] = self.items(["a", "b", "a"])
                else:
                    row |= {"item_1": "a", "item_2": "b", "item_3": "b"}
            case "win-totals":
                row[self.pair[1]] = row[self.pair[0]]
            case "win-matrix":
                row[row["model"]] = 2

    def damage_alone(self, row: dict[str, Any]) -> None:
        if self.reading == "ranking":
            row["ranking"] = "a" if self.textual else [["a"]]
        elif self.reading == "best-worst":
            row |= {"best": "a", "worst": "a"}
            if self.listed:
                row["items"] = self.items(["a"])
            else:
                row |= {f"item_{i}": "a" if i == 1 else None for i in range(1, 6)}
        else:
            for role in ("ballot", "question_id", "judge"):
                if role in self.columns:
                    row[self.columns[role]] = 99 if role == "question_id" else "another"
