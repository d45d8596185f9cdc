"""The bias report: position bias, length bias and self-preference of each judge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import polars as pl

from humorrank._stats.estimate import Estimate
from humorrank._util.checks import check_confidence, one_of
from humorrank.diagnostics.bias.consistency import consistency
from humorrank.diagnostics.bias.first_position import (
    Cluster,
    Equality,
    FirstPosition,
    first_position,
)
from humorrank.diagnostics.bias.length import length_bias
from humorrank.diagnostics.bias.result import BiasReport, JudgeBias
from humorrank.diagnostics.bias.self_preference import SelfPreference, self_preference
from humorrank.errors import ConvergenceError, NoMaximumError, OptionError
from humorrank.matches.judgments import Judgments, read_judgments
from humorrank.rating.model.matches import matches_of

CLUSTERS: Final = ("auto", "prompt", "none")


def bias(
    source: object,
    *,
    own: Mapping[str, str] | None = None,
    reference: Sequence[str] = (),
    pooled: bool = False,
    texts: tuple[str, str] | None = None,
    confidence: float = 0.95,
    cluster: Cluster = "auto",
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> BiasReport:
    """Measures the biases of every judge of a log.

    Args:
        source: The store of a tournament, match logs, decision logs, tallies or frames.
        own: Mapping from a judge to its own model, for self-preference.
        reference: The judges with which self-preference is compared; all others by default.
        pooled: Whether to treat all judges as a single judge.
        texts: The columns of both texts; by default joke_a and joke_b if they exist.
        confidence: Confidence level of the intervals.
        cluster: The clusters of the variances: "prompt", "none" for the inverse information, or
            "auto" for prompts if there are at least 20 of them.
        reading: The options of `MatchLog`.

    Raises:
        InputError: If the matches cannot be read.
        OptionError: If an option has an invalid value, or self-preference cannot be measured.
        StoreError: If the store cannot be read.
    """
    judgments = _read(source, texts, confidence, cluster, pooled, reading)
    if pooled and own:
        raise OptionError(
            "pooled treats all judges as one, but self-preference (own) needs them separately; "
            "leave one of the two out"
        )
    if reference and not own:
        raise OptionError("reference applies only to self-preference; set own (judge -> model) too")
    preference: tuple[SelfPreference, ...] = ()
    if own:
        preference = self_preference(judgments, own, tuple(reference), confidence, cluster)
    return BiasReport(
        tuple(
            _judge(judge, judgments.of(judge), judgments, confidence, cluster)
            for judge in judgments.judges()
        ),
        preference,
        judgments.identical,
        confidence,
    )


def rate_first_position(
    source: object,
    *,
    confidence: float = 0.95,
    cluster: Cluster = "auto",
    disconnected: Literal["error", "largest"] = "error",
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> FirstPosition:
    """Fits ratings with a first-position parameter, treating all judges as a single judge.

    Args:
        source: The matches; see `bias`.
        confidence: Confidence level of the intervals.
        cluster: The clusters of the variances; see `bias`.
        disconnected: What to do if the field is separated: raise an "error", or rate the "largest"
            strongly connected component.
        reading: The options of `MatchLog`.

    Raises:
        NoMaximumError: If the field is separated, or the parameter has no maximum. The message
            says which.
        InputError: If the matches cannot be read.
        OptionError: If an option has an invalid value.
        StoreError: If the store cannot be read.
    """
    one_of("disconnected", disconnected, ("error", "largest"))
    judgments = _read(source, None, confidence, cluster, True, reading)
    return first_position(
        matches_of(judgments.table),
        confidence=confidence,
        cluster=cluster,
        disconnected=disconnected,
    )


def _read(
    source: object,
    texts: tuple[str, str] | None,
    confidence: float,
    cluster: str,
    pooled: bool,
    reading: Mapping[str, Any],
) -> Judgments:
    check_confidence(confidence)
    one_of("cluster", cluster, CLUSTERS)
    judgments = read_judgments(source, texts=texts, reading=reading)
    return judgments.pooled() if pooled else judgments


def _judge(
    judge: str | None,
    table: pl.DataFrame,
    judgments: Judgments,
    confidence: float,
    cluster: Cluster,
) -> JudgeBias:
    total = int(table["count"].sum())
    first = int(table.filter(pl.col("score") > 0.5)["count"].sum())
    second = int(table.filter(pl.col("score") < 0.5)["count"].sum())
    notes: list[str] = []
    position, effect, equality = None, Estimate(None), None
    swapped = None
    known = table.filter(pl.col("prompt").is_not_null())
    unknown = total - int(known["count"].sum())
    if unknown:
        which = f"{unknown:,} of {total:,}" if known.height else "the"
        notes.append(f"consistency under swap: {which} judgments have no prompt (question_id)")
    if known.height:
        swapped = consistency(known, confidence)
        if not swapped.comparisons:
            notes.append(
                "consistency under swap: no pair was judged in both orders on the same prompt"
            )
    always = _always(first, second, total)
    if always is not None:
        effect = {"A": _UP, "B": _DOWN}.get(always, effect)
        notes.append(
            "ratings: none, because all verdicts are the same"
            + ("" if always == "TIE" else " and the first-position parameter has no maximum")
        )
    else:
        try:
            position = first_position(
                matches_of(table), confidence=confidence, cluster=cluster, disconnected="largest"
            )
            effect, equality = position.effect, position.equality
            if position.outside is not None:
                notes.append(
                    "first position: contestants outside the largest connected component are left "
                    f"out: {position.outside}"
                )
        except (NoMaximumError, ConvergenceError) as error:
            notes.append(f"first position: {error}")
    length = length_bias(table, confidence, cluster) if judgments.texts else None
    if length is not None and length.note is not None:
        notes.append(f"length slope: {length.note}")
    uninformative, verdict = _verdict(always, total, equality, 1 - confidence)
    return JudgeBias(
        judge=judge,
        judgments=total,
        first=first,
        second=second,
        ties=total - first - second,
        share_first=Estimate.share(first, first + second, confidence),
        tie_share=Estimate.share(total - first - second, total, confidence),
        consistency=swapped,
        position=position,
        effect=effect,
        equality=equality,
        uninformative=uninformative,
        verdict=verdict,
        length=length,
        notes=tuple(notes),
    )


_UP: Final = Estimate(math.inf, None, math.inf)
_DOWN: Final = Estimate(-math.inf, -math.inf, None)


def _always(first: int, second: int, total: int) -> str | None:
    """Returns the verdict of a judge if all its verdicts are the same, else None."""
    counts = {"A": first, "B": second, "TIE": total - first - second}
    return next((word for word, count in counts.items() if count == total), None)


def _verdict(
    always: str | None, total: int, equality: Equality | None, level: float
) -> tuple[bool | None, str]:
    if always is not None:
        if total == 1:
            return None, "untested: there is only a single judgment"
        return True, f"uninformative: its verdict is {always} in all {total:,} judgments"
    if equality is None:
        return None, "untested: the model could not be fitted"
    if equality.p >= level:
        return True, f"uninformative: all ratings are equal within noise (p = {equality.p:.2g})"
    p = f"p = {equality.p:.2g}" if equality.p >= 1e-4 else "p < 0.0001"
    return False, f"distinguishes contestants ({p})"
