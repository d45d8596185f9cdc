"""The running Elo ratings of a store, comparison by comparison."""

from __future__ import annotations

from collections.abc import Iterator

from humorrank._core import ELO_START
from humorrank.store.faults import store_errors
from humorrank.store.store import Store

START = ELO_START

_IN_ORDER = (
    "SELECT c.comparison, c.low, c.high, "
    "AVG(CASE j.position WHEN 0 THEN j.score ELSE 1 - j.score END) "
    "FROM comparisons c JOIN judgments j ON j.comparison = c.comparison AND j.counted "
    "LEFT JOIN changes h ON h.change = c.change "
    "GROUP BY c.comparison "
    "ORDER BY COALESCE(c.round, h.rounds - 1 - ?), c.round IS NOT NULL, c.comparison"
)


def elo_changes(store: Store) -> Iterator[tuple[int, int, int, float]]:
    """Yields the Elo change of each comparison, in the order in which the schedule received them.

    A store of given pairs has no running Elo and yields nothing.

    Yields:
        The comparison, its contestant with the lower number, the other contestant, and the points
        that the former won from the latter.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not store.scheduled:
        return
    spec = store.spec_content()
    k = spec["schedule"]["elo_k"]
    elo = [START] * store.count("SELECT COUNT(*) FROM models")
    with store_errors(store.path):
        for comparison, low, high, score in store.connection.execute(_IN_ORDER, (spec["lag"],)):
            expected = 1 / (1 + 10 ** ((elo[high] - elo[low]) / 400))
            moved = k * (score - expected)
            elo[low] += moved
            elo[high] -= moved
            yield comparison, low, high, moved
