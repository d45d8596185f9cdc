"""A judge that repeats recorded verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from humorrank._util import draws
from humorrank.errors import JudgeError, OptionError
from humorrank.judge.protocol import Answers, Batch
from humorrank.matches.verdict_log import read_verdicts

_CHUNK = 1 << 20


class RecordedJudge:
    """Looks up verdicts in a match log that has a prompt column.

    A comparison is looked up in the order in which the jokes are shown. With `swap`, it is also
    looked up in the other order, and the verdict is reversed. A comparison that is missing from
    the log, or has no outcome there, is a failure. If the outcome is a number between 0 and 1,
    the decision is the side of one half that it is on, and the number is kept as the probability.

    Args:
        path: Path of the log, in any format that `MatchLog` reads.
        judge: Judge whose verdicts are repeated; required if the log has several judges.
        columns: Mapping from role to column, as in `MatchLog`.
        swap: Whether verdicts on the same jokes in the other order are also used.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight.

    Raises:
        InputError: If the log cannot be read.
        JudgeError: If the log has two different verdicts on one comparison, or no verdict at all.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        judge: str | None = None,
        columns: Mapping[str, str] | None = None,
        swap: bool = True,
        batch_size: int = 1_000,
        in_flight: int = 4_000,
    ) -> None:
        self.path = Path(path).resolve()
        self.name = judge if judge is not None else f"recorded/{self.path.name}"
        self.batch_size = batch_size
        self.in_flight = in_flight
        self._judge = judge
        self._swap = swap
        self._keys, self._share = self._read(columns)
        self.settings: Mapping[str, Any] = {
            "path": str(self.path),
            "digest": _digest(self.path),
            "judge": judge,
            "columns": dict(columns or {}),
            "swap": swap,
        }

    async def judge(self, batch: Batch) -> AsyncIterator[Answers]:
        """Yields all answers in one part."""
        yield self.answer(batch)

    async def close(self) -> None:
        """Does nothing, since there is nothing to release."""

    def answer(self, batch: Batch) -> Answers:
        """Returns the answers to a batch."""
        keys = batch.field.model_keys
        first, second = keys[batch.first], keys[batch.second]
        prompt = batch.field.prompt_keys[batch.prompt]
        share = self._find(draws.bits(first, second, prompt))
        if self._swap:
            missing = np.isnan(share)
            turned = self._find(draws.bits(second[missing], first[missing], prompt[missing]))
            share[missing] = 1 - turned
        score = np.where(np.isnan(share), np.nan, np.sign(share - 0.5) / 2 + 0.5)
        soft = (share != score) & ~np.isnan(share)
        reason = f"{self.path.name} has no verdict on this comparison"
        return Answers(
            np.arange(len(batch)),
            score,
            np.ones(len(batch), np.uint32),
            np.zeros(len(batch)),
            np.where(soft, share, np.nan) if soft.any() else None,
            dict.fromkeys(np.isnan(share).nonzero()[0].tolist(), reason),
        )

    def _find(self, wanted: np.ndarray) -> np.ndarray:
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[place] == wanted, self._share[place], np.nan)

    def _read(self, columns: Mapping[str, str] | None) -> tuple[np.ndarray, np.ndarray]:
        try:
            found = read_verdicts(self.path, columns=columns).verdicts
        except OptionError as error:
            raise JudgeError(f"recorded judge: {error}") from error
        found = found.filter(pl.col("prompt").is_not_null())
        if self._judge is not None:
            found = found.filter(pl.col("judge") == self._judge)
        if found.is_empty():
            whose = "" if self._judge is None else f" of judge {self._judge!r}"
            raise JudgeError(f"{self.path}: contains no verdict{whose} with a prompt")
        key = draws.bits(*(_keys(found[column]) for column in ("model_a", "model_b", "prompt")))
        share = found["share"].to_numpy()
        order = np.lexsort((share, key))
        key, share = key[order], share[order]
        again = key[1:] == key[:-1]
        if (again & (share[1:] != share[:-1])).any():
            raise JudgeError(
                f"{self.path}: contains different verdicts on the same two jokes in the same "
                "order; select one judge (judge = NAME), or keep only one verdict for each"
            )
        keep = np.concatenate(([True], ~again))
        return key[keep], share[keep]


def _keys(names: pl.Series) -> np.ndarray:
    """Returns the key of each name."""
    unique, place = np.unique(names.to_numpy(), return_inverse=True)
    keys: np.ndarray = draws.name_keys(unique.tolist())[place]
    return keys


def _digest(path: Path) -> str:
    """Returns the BLAKE2b digest of a file."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
