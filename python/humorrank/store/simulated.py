"""The names of a store's judges in logs, which mark simulated judges."""

from __future__ import annotations

from typing import Final

from humorrank._util.simulated import SIMULATED, is_simulated
from humorrank.store.differences import Fingerprint
from humorrank.store.faults import json_of, store_errors
from humorrank.store.store import OWN_JUDGE, Store

SETTINGS: Final = frozenset(
    {"tie_rate", "position_bias", "joke_effects", "failure_rate", "latency"}
)
"""Settings that only a simulated judge has, by which a store recognizes it under any name."""


def judge_names(store: Store) -> list[str]:
    """Returns the names of the judges as logs contain them, by number.

    A simulated judge with a name of its own is preceded by `simulated/`, because a log contains no
    settings by which it could be recognized.

    Raises:
        StoreError: If the store cannot be read.
    """
    with store_errors(store.path):
        judges = store.connection.execute("SELECT judge, name FROM judges ORDER BY judge")
        return [_marked(store, number, name) for number, name in judges.fetchall()]


def simulated_judges(store: Store) -> list[str]:
    """Returns the names of the simulated judges that have made judgments.

    Raises:
        StoreError: If the store cannot be read.
    """
    names = judge_names(store)
    with store_errors(store.path):
        judged = store.connection.execute(
            "SELECT judge FROM judges g WHERE EXISTS "
            "(SELECT 1 FROM judgments j WHERE j.judge = g.judge) ORDER BY judge"
        )
        found = [names[number] for (number,) in judged]
    return [name for name in found if is_simulated(name)]


def _marked(store: Store, number: int, name: str) -> str:
    if is_simulated(name):
        return name
    settings: Fingerprint
    stored = store.state(f"judge.{number}")
    if stored is not None:
        settings = json_of(store.path, "judge", stored)
    elif number == OWN_JUDGE:
        settings = store.fingerprint()
    else:
        return name
    simulated = {f"judge.{setting}" for setting in SETTINGS} <= settings.keys()
    return f"{SIMULATED}/{name}" if simulated else name
