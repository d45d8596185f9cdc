"""The progress of a tournament."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from humorrank.store.export import swapped
from humorrank.store.store import OWN_JUDGE, Store
from humorrank.tournament.spec import Spec


@dataclass(frozen=True)
class Status:
    """The state of a store.

    Attributes:
        models: Number of models.
        prompts: Number of prompts.
        budget: Most comparisons of the tournament.
        comparisons: Number of scheduled and imported comparisons, answered or not.
        rounds: Number of scheduled rounds.
        byes: Number of times that a model had no opponent in a round.
        judgments: Number of verdicts of all judges.
        ties: Number of ties among them.
        identical: Number of ties of identical jokes, for which no judge was asked.
        swapped: Number of comparisons that one judge judged in both orders.
        inconsistent: Number of these in which the two verdicts contradict each other.
        imported: Number of verdicts of judges other than the tournament's own.
        failures: Number of failures that no retry has answered since.
        unknown_labels: Number of labels in verdicts that the judge's taxonomy lacks, with
            repetitions.
        waiting: Number of judgments of the scheduled rounds that the tournament's own judge has
            not answered yet.
        judge: The tournament's own judge.
        schedule: The schedule.
        seed: The random seed.
        ended: Reason why nothing was left to do in the last run; None if something is left.
    """

    models: int
    prompts: int
    budget: int
    comparisons: int
    rounds: int
    byes: int
    judgments: int
    ties: int
    identical: int
    swapped: int
    inconsistent: int
    imported: int
    failures: int
    unknown_labels: int
    waiting: int
    judge: str
    schedule: str
    seed: int
    ended: str | None


def status(path: Path) -> Status:
    """Reads the state of a store, which may be in use by a running tournament.

    Raises:
        StoreError: If the store cannot be read.
    """
    with Store(path, write=False) as store:
        last, spec, ask = store.changes()[-1], Spec.of_store(store), store.count
        scheduled = ask("SELECT COUNT(*) FROM comparisons WHERE round IS NOT NULL")
        answered = ask(
            "SELECT (SELECT COUNT(*) FROM judgments j JOIN comparisons c USING (comparison) "
            "WHERE c.round IS NOT NULL AND j.judge = ?1 AND j.counted) + "
            "(SELECT COUNT(*) FROM failures WHERE judge = ?1)",
            OWN_JUDGE,
        )
        both = swapped(store)
        slots = scheduled * (2 if spec.position == "both" else 1)
        return Status(
            models=last.models,
            prompts=last.prompts,
            budget=last.budget,
            comparisons=ask("SELECT COUNT(*) FROM comparisons"),
            rounds=ask("SELECT COUNT(*) FROM rounds"),
            byes=ask("SELECT COALESCE(SUM(byes), 0) FROM rounds"),
            judgments=ask("SELECT COUNT(*) FROM judgments"),
            ties=ask("SELECT COUNT(*) FROM judgments WHERE score = 0.5"),
            identical=ask("SELECT COUNT(*) FROM judgments WHERE identical"),
            swapped=both.comparisons,
            inconsistent=both.inconsistent,
            imported=ask("SELECT COUNT(*) FROM judgments WHERE judge <> ?", OWN_JUDGE),
            failures=ask(
                "SELECT COUNT(*) FROM failures f WHERE NOT EXISTS (SELECT 1 FROM judgments j WHERE "
                "(j.comparison, j.position, j.judge) = (f.comparison, f.position, f.judge))"
            ),
            unknown_labels=ask(
                "SELECT COALESCE(SUM(json_array_length(field.value)), 0) "
                "FROM rationales r, json_each(r.unknown_labels) field"
            ),
            waiting=slots - answered,
            judge=str(store.fingerprint()["judge.name"]),
            schedule=spec.schedule.kind,
            seed=spec.seed,
            ended=store.state("ended"),
        )
