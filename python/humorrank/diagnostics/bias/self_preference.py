"""Self-preference: the preference of a judge for its own model, compared with other judges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from humorrank._stats.estimate import NONE, Estimate
from humorrank._stats.sandwich import small_sample
from humorrank._stats.scale import POINTS
from humorrank.diagnostics.bias.first_position import Cluster, clusters_by_prompt
from humorrank.errors import HumorRankError, NoMaximumError, OptionError
from humorrank.matches.judgments import Judgments
from humorrank.rating.model.matches import matches_of
from humorrank.rating.model.paired_logit import PairedLogit, fit
from humorrank.rating.model.separation import connection


@dataclass(frozen=True)
class SelfPreference:
    """The self-preference of one judge.

    Attributes:
        judge: The name of the judge.
        model: The model of the judge.
        reference: The judges it is compared with. Their verdicts are pooled.
        contestants: The number of contestants that both the judge and the reference rate.
        own: The rating of the model by the judge, in points above the mean of the others.
        others: The rating of the model by the reference, in points above the mean of the others.
        preference: own - others, with its interval.
        intervals: "prompt" (the sandwich over prompts, which both may share) or "information".
        note: The reason why there is no figure, or None.
    """

    judge: str
    model: str
    reference: tuple[str, ...]
    contestants: int = 0
    own: float | None = None
    others: float | None = None
    preference: Estimate = NONE
    intervals: Literal["prompt", "information"] | None = None
    note: str | None = None


def self_preference(
    judgments: Judgments,
    own: Mapping[str, str],
    reference: Sequence[str],
    confidence: float,
    cluster: Cluster,
) -> tuple[SelfPreference, ...]:
    """Compares each judge's rating of its own model with that by others, on shared contestants.

    Args:
        judgments: The judgments of all judges.
        own: Mapping from a judge to its own model.
        reference: The judges to compare with; by default all others except those with the same
            own model.
        confidence: Confidence level of the intervals.
        cluster: The clusters of the variance; see `first_position`.

    Raises:
        OptionError: If a judge or a model is not in the log, or there is no judge to compare with.
    """
    judges = [judge for judge in judgments.judges() if judge is not None]
    models = set(judgments.table["model_a"]) | set(judgments.table["model_b"])
    for judge in (*own, *reference):
        if judge not in judges:
            shown = ", ".join(judges[:12]) or "no judge is named"
            raise OptionError(f"there is no judge {judge!r} in the log ({shown})")
    for judge, model in own.items():
        if model not in models:
            raise OptionError(f"{judge}={model}: there is no contestant {model!r} in the log")
    found = []
    for judge, model in own.items():
        others = tuple(
            name
            for name in (reference or judges)
            if name != judge and (reference or own.get(name) != model)
        )
        if not others:
            raise OptionError(
                f"the self-preference of {judge!r} cannot be measured from its verdicts alone: a "
                f"high rating of {model!r} may reflect preference or quality; add verdicts of "
                "another judge or of people on the same field"
            )
        try:
            found.append(_compare(judgments, judge, model, others, confidence, cluster))
        except OptionError:
            raise
        except HumorRankError as error:
            found.append(SelfPreference(judge, model, others, note=str(error)))
    return tuple(found)


def _compare(
    judgments: Judgments,
    judge: str,
    model: str,
    others: tuple[str, ...],
    confidence: float,
    cluster: Cluster,
) -> SelfPreference:
    tables = [
        judgments.table.filter(pl.col("judge").is_in(names)) for names in ([judge], list(others))
    ]
    shared = _shared(tables, model)
    if len(shared) < 2:
        raise NoMaximumError(
            f"{model!r} and at least one other contestant must be connected by chains of wins in "
            "both directions, both in the judge's field and in that of the other judges",
            outside=(),
            component=tuple(sorted(shared)),
        )
    within = pl.col("model_a").is_in(shared) & pl.col("model_b").is_in(shared)
    tables = [table.filter(within) for table in tables]
    # Both sides number their prompts in the same way.
    prompts = pl.concat([table["prompt"] for table in tables]).unique().sort()
    fits: list[PairedLogit] = []
    for table in tables:
        matches = matches_of(table)
        if matches.cluster is not None:
            codes = table["prompt"].cast(pl.Enum(prompts)).to_physical().to_numpy()
            matches = replace(matches, cluster=codes.astype(np.int64))
        fits.append(fit(matches, np.ones((len(matches.first), 1))))
    contrasts = []
    for found in fits:
        names = found.matches.names
        contrast = np.full(len(names) + 1, -1 / (len(names) - 1))
        contrast[names.index(model)], contrast[-1] = 1.0, 0.0
        contrasts.append(contrast)
    values = [
        POINTS * float(contrast[:-1] @ found.strengths)
        for contrast, found in zip(contrasts, fits, strict=True)
    ]
    clustered = all(clusters_by_prompt(found, cluster) for found in fits)
    if clustered:
        influence = np.zeros(len(prompts))
        for sign, contrast, found in zip((1, -1), contrasts, fits, strict=True):
            places, amounts = found.influence(contrast)
            influence[places] += sign * amounts
        used = int((influence != 0).sum())
        variance = float((influence**2).sum()) * small_sample(used)
    else:
        variance = sum(
            float(contrast @ found.covariance("information") @ contrast)
            for contrast, found in zip(contrasts, fits, strict=True)
        )
    return SelfPreference(
        judge,
        model,
        others,
        len(shared),
        values[0],
        values[1],
        Estimate.around(values[0] - values[1], POINTS * math.sqrt(variance), confidence),
        "prompt" if clustered else "information",
    )


def _shared(tables: list[pl.DataFrame], model: str) -> list[str]:
    """Returns the contestants that both sides rate, reduced until both fields are connected."""
    shared: set[str] | None = None
    while True:
        before = shared
        for table in tables:
            if shared is not None:
                within = pl.col("model_a").is_in(list(shared)) & pl.col("model_b").is_in(
                    list(shared)
                )
                table = table.filter(within)  # noqa: PLW2901 - what is left of it
            if not table.height:
                return []
            matches = matches_of(table)
            inside = connection(matches).inside
            names = {n for n, there in zip(matches.names, inside.tolist(), strict=True) if there}
            shared = names if shared is None else shared & names
        if shared is None or model not in shared or len(shared) < 2:
            return []
        if shared == before:
            return sorted(shared)
