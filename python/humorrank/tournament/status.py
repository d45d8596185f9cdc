"""How far a tournament is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from humorrank.store.export import swapped
from humorrank.store.store import OWN_JUDGE, Store
from humorrank.tournament.spec import Spec


@dataclass(frozen=True)
class Status:
    """What a store holds.

    Attributes:
        models: contestants.
        prompts: prompts.
        budget: how many comparisons there may be.
        comparisons: how many are scheduled or imported, whatever became of them.
        rounds: how many rounds are scheduled.
        byes: how often somebody had no opponent in a round.
        judgments: verdicts, of all judges.
        ties: how many of them are ties.
        identical: how many of these are of identical jokes, which nobody was asked about.
        swapped: comparisons that one judge judged in both orders.
        inconsistent: how many of them it decided for each contestant once.
        imported: verdicts of others than the tournament's own judge.
        failures: what the judge failed to answer, and no retry has brought since.
        unknown_labels: labels of judges that their taxonomy lacks, each as often as it was given.
        waiting: judgments that the tournament's own judge still owes of the scheduled rounds.
        judge: the tournament's own judge.
        schedule: its kind.
        seed: the seed.
        ended: why there was nothing more to do when it was last played; None if there is more.
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
    """Looks into a store, also while it is played.

    Raises:
        StoreError: it cannot be read.
    """
    with Store(path, write=False) as store:
        # One moment of it, while others may write.
        store.connection.execute("BEGIN")
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
