"""A judge that repeats verdicts given before."""

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
    """Looks verdicts up in a match log that has a column of prompts.

    A comparison is found in the order in which it is asked; with `swap` also in the other order,
    the verdict turned round. One that the log does not have, or has without an outcome, is a
    failure. A share of the win (a soft score) becomes the decision on its side of one half, and
    is kept as the probability.

    Args:
        path: the log, in any format that `MatchLog` reads.
        judge: repeat only the verdicts of this judge; needed where the log has several.
        columns: role -> column, as of `MatchLog`.
        swap: also use verdicts on the same jokes in the other order.
        batch_size: the largest batch.
        in_flight: the most comparisons at once.

    Raises:
        InputError: the log cannot be read.
        JudgeError: it has two different verdicts on one comparison, or none at all.
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
        """All answers at once."""
        yield self.answer(batch)

    async def close(self) -> None:
        """Holds nothing that must be let go."""

    def answer(self, batch: Batch) -> Answers:
        """The answers to a batch."""
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
            raise JudgeError(f"a recorded judge: {error}") from error
        found = found.filter(pl.col("prompt").is_not_null())
        if self._judge is not None:
            found = found.filter(pl.col("judge") == self._judge)
        if found.is_empty():
            whose = "" if self._judge is None else f" of judge {self._judge!r}"
            raise JudgeError(f"{self.path}: holds no verdict{whose} with a prompt")
        key = draws.bits(*(_keys(found[column]) for column in ("model_a", "model_b", "prompt")))
        share = found["share"].to_numpy()
        order = np.lexsort((share, key))
        key, share = key[order], share[order]
        again = key[1:] == key[:-1]
        if (again & (share[1:] != share[:-1])).any():
            raise JudgeError(
                f"{self.path}: has different verdicts on the same two jokes in the same order; "
                "say whose are meant (judge = NAME), or keep one of each"
            )
        keep = np.concatenate(([True], ~again))
        return key[keep], share[keep]


def _keys(names: pl.Series) -> np.ndarray:
    """The key of each name."""
    unique, place = np.unique(names.to_numpy(), return_inverse=True)
    keys: np.ndarray = draws.name_keys(unique.tolist())[place]
    return keys


def _digest(path: Path) -> str:
    """The BLAKE2b digest of a file."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
