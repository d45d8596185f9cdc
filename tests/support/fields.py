"""Made-up jokes, and tournaments between them, for the tests of tournaments."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import polars as pl

from humorrank.judge import Field, Prompt
from humorrank.store.store import Store
from humorrank.tournament.engine import Ending, play_rounds
from humorrank.tournament.fingerprint import tournament_fingerprint
from humorrank.tournament.opening import Tournament, judge_of, possible
from humorrank.tournament.spec import JudgeSpec, ScheduleSpec, Spec
from humorrank.tournament.stopping import separation


def field(models: int, prompts: int, twins: int = 0) -> Field:
    """Returns jokes that all differ, except that the first `twins` models have the same jokes."""
    names = [f"model-{i:02}" for i in range(models)]
    asked = [Prompt(f"p{i}", f"headline {i}", "headline") for i in range(prompts)]
    jokes = [
        [f"joke {max(m, twins - 1) if m < twins else m} on {p}" for m in range(models)]
        for p in range(prompts)
    ]
    return Field(names, asked, jokes)


def spec_of(
    models: int, *, judge: dict | None = None, schedule: dict | None = None, **keys
) -> Spec:
    """Returns a spec with a simulated judge and models that are 40 points apart."""
    options = {"ratings": {f"model-{i:02}": 1000.0 - 40 * i for i in range(models)}}
    limits = {k: v for k, v in (judge or {}).items() if k in ("batch_size", "in_flight")}
    options |= {k: v for k, v in (judge or {}).items() if k not in limits}
    return Spec(
        (),
        judge=JudgeSpec("simulated", options, **limits),
        schedule=ScheduleSpec(**(schedule or {})),
        **keys,
    )


def made(path: Path, spec: Spec, texts: Field) -> Tournament:
    """Returns a tournament with a new store."""
    budget = spec.budget if spec.budget is not None else possible(spec, texts)
    judge = judge_of(spec, texts)
    store = Store.create(
        path, spec.content(), texts, budget, tournament_fingerprint(spec, texts, budget, judge)
    )
    return Tournament(store, spec, texts, judge, separation(spec.stop, texts))


def finish(tournament: Tournament, **options) -> Ending:
    """Plays a tournament and closes its store."""
    with tournament.store:
        return asyncio.run(
            play_rounds(
                tournament.store,
                tournament.spec,
                tournament.field,
                tournament.judge,
                **options,
            )
        )


def write_files(folder: Path, models: int, prompts: int, lines: str = "") -> Path:
    """Writes the files of a tournament as a user would, and returns the path of the spec."""
    texts = field(models, prompts)
    pl.DataFrame(
        {"prompt_id": [p.id for p in texts.prompts], "headline": [p.text for p in texts.prompts]}
    ).write_csv(folder / "prompts.csv")
    pl.DataFrame(
        [
            {"prompt_id": prompt.id, "model": model, "joke": joke}
            for prompt, row in zip(texts.prompts, texts.jokes, strict=True)
            for model, joke in zip(texts.models, row, strict=True)
        ]
    ).write_csv(folder / "jokes.csv")
    spec = folder / "spec.toml"
    spec.write_text(f'prompts = "prompts.csv"\ncandidates = "jokes.csv"\n{lines}\n')
    return spec


def aged(path: Path, version: int) -> None:
    """Turns a store into one of an earlier version, which has no checksums."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("DROP TABLE checksums")
        if version == 1:
            connection.execute("ALTER TABLE rationales DROP COLUMN unknown_labels")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def rows(path: Path, query: str, *values: object) -> list[tuple]:
    """Returns the result of a query of a store."""
    with Store(path, write=False) as store:
        return store.connection.execute(query, values).fetchall()


LOG = (
    "SELECT c.comparison, c.round, m.name, n.name, p.id, j.position, g.name, j.score, j.counted, "
    "j.identical, j.attempts FROM judgments j JOIN comparisons c USING (comparison) "
    "JOIN models m ON m.model = c.low JOIN models n ON n.model = c.high "
    "JOIN prompts p USING (prompt) JOIN judges g USING (judge) ORDER BY 1, j.position, g.name"
)
"""A query for the judgments of a tournament, without their times."""
