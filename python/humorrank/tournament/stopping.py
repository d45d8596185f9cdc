"""Early stopping once the required contestants are separated, valid for any number of looks.

For each pair of contestants, the evidence that one is stronger is a mixture of likelihood ratios
over the size of the difference [Rob70]. It is used in its asymptotic form, for estimates that are
sums of many small terms [WAS24]. A nonnegative supermartingale ever reaches 1/a with a probability
of at most a [Vil39], so a look after every round is valid.

See docs/guides/tournaments.md and docs/reference/references.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

import numpy as np

from humorrank import _core
from humorrank._stats import laplacian
from humorrank._stats.sandwich import score_blocks, small_sample
from humorrank._stats.scale import logistic
from humorrank._util.checks import one_of, whole
from humorrank._util.suggest import near, refuse_unknown
from humorrank.errors import OptionError
from humorrank.judge import Field
from humorrank.tournament.history import RoundVerdicts

When = Literal["order", "top", "pair"]
Cluster = Literal["prompt", "pair", "none"]

PRIOR: Final = 0.1
"""Prior of the fits, so that they exist from the first round on."""

LEAST_MATCHES: Final = 20
"""Matches that each contestant concerned needs before anything is separated."""

MOST_CONTESTANTS: Final = 2_000
"""Most contestants, since a look inverts a matrix of this size."""

SPREAD: Final = 0.5
"""Scale of the mixture over differences, in natural logs of strength (87 points).

Differences of about this size are detected soonest."""

GROWTH: Final = 1.02
"""Factor by which the log grows between looks: a look takes time, and fewer looks lose little."""


@dataclass(frozen=True)
class StopSettings:
    """Settings of early stopping.

    Attributes:
        when: What must be separated: the whole "order", the "top" k from the others, or one "pair".
        k: Number of contestants at the top.
        pair: Names of the two contestants of a pair.
        confidence: Probability, over the whole tournament and all looks at it, that the statement
            does not reverse any two contestants of different strength.
        cluster: "prompt" allows for dependence between comparisons on the same prompt, because
            some jokes are better than their authors: the larger of the model's variance and the
            variance clustered by prompt is used. "pair" does the same for the comparisons of a
            pair, which a judge may always answer alike. "none" uses the model's variance.
    """

    when: When
    k: int = 1
    pair: tuple[str, str] | None = None
    confidence: float = 0.95
    cluster: Cluster = "prompt"

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message names the key.
        """
        for name, allowed in (("when", get_args(When)), ("cluster", get_args(Cluster))):
            one_of(f"stop.{name}", getattr(self, name), allowed)
        whole("stop.k", self.k, 1)
        if not isinstance(self.confidence, float) or not 0.5 <= self.confidence < 1:
            raise OptionError(
                f"stop.confidence must be a number from 0.5 to below 1, not {self.confidence!r}"
            )
        if (self.when == "pair") != (self.pair is not None):
            raise OptionError('stop.pair must be set if and only if when = "pair"')

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> StopSettings:
        """Makes the settings from the table `stop` of a spec.

        Raises:
            OptionError: If a key or its value is invalid.
        """
        refuse_unknown(content, [option.name for option in fields(cls)], "stop")
        if "when" not in content:
            raise OptionError(f"stop.when is missing; set it to one of {', '.join(get_args(When))}")
        values = dict(content)
        if "pair" in values:
            pair = values["pair"]
            names = pair if isinstance(pair, list | tuple) else ()
            if len(names) != 2 or not all(isinstance(name, str) for name in names):
                raise OptionError(f"stop.pair must be a list of two names, not {pair!r}")
            if names[0] == names[1]:
                raise OptionError(f"stop.pair names {names[0]!r} twice")
            values["pair"] = tuple(names)
        return cls(**values)


class SeparationRule:
    """Stops a tournament once the required contestants are separated.

    Args:
        settings: Settings of early stopping.
        models: Names of the contestants, by their codes.
        prompts: Number of prompts.

    Attributes:
        stated: The statements of the last look, as two columns of codes: each contestant of the
            first column is stated to be above that of the second.
        separated: Whether the required contestants are separated.

    Raises:
        OptionError: If the settings do not match the field.
    """

    def __init__(self, settings: StopSettings, models: Sequence[str], prompts: int) -> None:
        if len(models) > MOST_CONTESTANTS:
            raise OptionError(
                f"early stopping allows at most {MOST_CONTESTANTS:,} contestants, not "
                f"{len(models):,}, because the time of a look grows with their cube"
            )
        self._settings, self._models, self._prompts = settings, models, prompts
        self._pair = tuple(_code(name, models) for name in settings.pair or ())
        if settings.when == "top" and settings.k >= len(models):
            raise OptionError(
                f"stop.k must be below the number of contestants, {len(models):,}, not "
                f"{settings.k:,}"
            )
        self._error = (1 - settings.confidence) / self._null_hypotheses()
        self._rounds: list[RoundVerdicts] = []
        none = np.empty(0, np.int64)
        self._matches: tuple[np.ndarray, ...] = none, none, none, np.empty(0)
        self._next_look = LEAST_MATCHES * len(self._concerned(np.arange(len(models)))) // 2
        self._comparisons = 0
        self._evidence = log_evidence
        self.stated: tuple[np.ndarray, np.ndarray] | None = None
        self.separated = False

    def _null_hypotheses(self) -> int:
        """Returns the number of ways in which a statement can first be wrong.

        This holds for any strengths. A wrong order puts some contestant above the next stronger
        one. A wrong top contains one of the others and lacks one of the k.
        """
        models, k = len(self._models), self._settings.k
        return {"order": models - 1, "top": k * (models - k), "pair": 1}[self._settings.when]

    def __call__(self, verdicts: RoundVerdicts) -> str | None:
        """Records a round, and returns the reason to stop, or None."""
        self._rounds.append(verdicts)
        self._comparisons += len(verdicts.score)
        if self._comparisons < self._next_look:
            return None
        self._next_look = max(self._comparisons + 1, math.ceil(self._comparisons * GROWTH))
        return self._look()

    def _look(self) -> str | None:
        first, second, prompt, score = self._columns()
        models = len(self._models)
        matches = np.bincount(first, minlength=models) + np.bincount(second, minlength=models)
        strengths = _fit(first, second, score, models)
        order = np.argsort(-strengths, kind="stable")
        if matches[self._concerned(order)].min() < LEAST_MATCHES:
            return None
        above, below = self.stated = self._statements(order)
        inverse, residuals = _linearised(first, second, score, strengths)
        variance = of_model = _of_differences(inverse, above, below)
        if self._settings.cluster != "none":
            groups = prompt, self._prompts
            if self._settings.cluster == "pair":
                groups = _pairs(first, second, models)
            clustered = _clustered(inverse, residuals, first, second, *groups)
            variance = np.maximum(variance, _of_differences(clustered, above, below))
        wanted = -math.log(self._error)
        difference = strengths[above] - strengths[below]
        evidence = self._evidence(difference, variance, wanted)
        doubtful = np.flatnonzero(evidence < wanted)
        for one in doubtful[np.argsort(evidence[doubtful], kind="stable")]:
            # If one side hardly ever loses, the variance is not meaningful [HD77]. The square
            # root of the likelihood ratio then replaces z.
            root = _likelihood_root(first, second, score, strengths, above[one], below[one])
            root *= math.sqrt(of_model[one] / variance[one])
            if root <= 0 or difference[one] <= 0:
                return None
            at = slice(one, one + 1)
            if self._evidence(difference[at], (difference[at] / root) ** 2, wanted)[0] < wanted:
                return None
        self.separated = True
        return self._reason(order)

    def _columns(self) -> tuple[np.ndarray, ...]:
        """Returns all matches so far: first, second, prompt and score."""
        rounds = [(r.first, r.second, r.prompt, r.score) for r in self._rounds]
        parts = zip(self._matches, *rounds, strict=True)
        self._matches = tuple(np.concatenate(part).astype(part[0].dtype) for part in parts)
        self._rounds.clear()
        return self._matches

    def _concerned(self, order: np.ndarray) -> np.ndarray:
        """Returns the contestants that must have enough matches."""
        return np.array(self._pair) if self._settings.when == "pair" else order

    def _statements(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the statements: each contestant of the first column is above the second's."""
        models, k = len(order), self._settings.k
        if self._settings.when == "order":
            above, below = np.triu_indices(models, 1)
            return order[above], order[below]
        if self._settings.when == "top":
            return np.repeat(order[:k], models - k), np.tile(order[k:], k)
        return tuple(np.array([code]) for code in order if code in self._pair)  # type: ignore[return-value]

    def _reason(self, order: np.ndarray) -> str:
        settings = self._settings
        sure = f"at {100 * settings.confidence:g} %, after {self._comparisons:,} comparisons"
        names = [self._models[code] for code in order]
        if settings.when == "order":
            return f"the whole order of {len(names):,} is separated {sure}"
        if settings.when == "top":
            top = ", ".join(names[: settings.k])
            return f"the top {settings.k:,} ({top}) are separated from the others {sure}"
        above, below = (name for name in names if name in (settings.pair or ()))
        return f"{above} is separated from {below} {sure}"


def separation(content: Mapping[str, Any], field: Field) -> SeparationRule | None:
    """Makes the rule from the table `stop` of a spec; None if it is empty.

    Raises:
        OptionError: If a key or its value is invalid, or does not match the field.
    """
    if not content:
        return None
    return SeparationRule(StopSettings.of(content), field.models, len(field.prompts))


def log_evidence(difference: np.ndarray, variance: np.ndarray, wanted: float) -> np.ndarray:
    """Returns the log of the evidence that differences are above 0, rather than at most 0.

    The evidence is the mixture of exp(d x - d^2 i / 2) over effects d > 0 with a half-normal
    distribution of scale `SPREAD` [Rob70], where i is the information 1 / variance and x is the
    difference times i:
    2 Phi(z sqrt(r)) exp(r z^2 / 2) / sqrt(1 + s), s = SPREAD^2 i, r = s / (1 + s), z = x / sqrt(i).

    Args:
        difference: Estimated differences, in natural logs of strength.
        variance: Variances of the estimates.
        wanted: The required log evidence. If a difference cannot reach it, an upper bound is
            returned instead.
    """
    size = SPREAD**2 / variance
    share = size / (1 + size)
    z = difference / np.sqrt(variance)
    evidence: np.ndarray = 0.5 * share * z * z - 0.5 * np.log1p(size)
    near_enough = evidence + math.log(2) >= wanted
    bound = evidence + math.log(2)
    chance = [0.5 * math.erfc(-value) for value in (z * np.sqrt(share / 2))[near_enough].tolist()]
    bound[near_enough] += np.log(chance)
    return bound


def _fit(first: np.ndarray, second: np.ndarray, score: np.ndarray, models: int) -> np.ndarray:
    """Fits log strengths."""
    tally = _core.Tally(models)
    outcome = np.select([score == 1, score == 0, score == 0.5], [0, 1, 2], 4).astype(np.uint8)
    codes = first.astype(np.uint32), second.astype(np.uint32)
    tally.add(*codes, outcome, score)
    tally.settle()
    return _core.FitData(tally).fit(prior=PRIOR, threads=1)[0]


def _likelihood_root(
    first: np.ndarray,
    second: np.ndarray,
    score: np.ndarray,
    strengths: np.ndarray,
    above: int,
    below: int,
) -> float:
    """Returns the square root of the likelihood ratio statistic for two equal contestants.

    The statistic is twice the log likelihood that is lost if both have the same strength.
    """
    one, two = (np.where(side == below, above, side) for side in (first, second))
    apart = one != two
    equal = _fit(one[apart], two[apart], score[apart], len(strengths))
    lost = _log_likelihood(first, second, score, strengths)
    lost -= _log_likelihood(one, two, score, equal)
    return math.sqrt(2 * max(lost, 0.0))


def _log_likelihood(
    first: np.ndarray, second: np.ndarray, score: np.ndarray, strengths: np.ndarray
) -> float:
    difference = strengths[first] - strengths[second]
    return -float(score @ np.logaddexp(0, -difference) + (1 - score) @ np.logaddexp(0, difference))


def _linearised(
    first: np.ndarray, second: np.ndarray, score: np.ndarray, strengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the inverse of the information, including the prior, and the residuals."""
    information = laplacian.of_fit(strengths, first, second, np.ones(len(score)), PRIOR)
    residuals = score - logistic(strengths[first] - strengths[second])
    return np.linalg.inv(information), residuals


def _pairs(first: np.ndarray, second: np.ndarray, models: int) -> tuple[np.ndarray, int]:
    """Returns the number of the pair of each match, and the number of pairs that have met."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    keys, numbers = np.unique(low.astype(np.int64) * models + high, return_inverse=True)
    return numbers, len(keys)


def _clustered(
    inverse: np.ndarray,
    residuals: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    group: np.ndarray,
    groups: int,
) -> np.ndarray:
    """Returns the sandwich covariance clustered by group [LZ86]."""
    models = len(inverse)
    order = np.argsort(group, kind="stable")
    first, second, residuals = first[order], second[order], residuals[order]
    covariance = np.zeros((models, models))
    for _, _, scores in score_blocks(group[order], groups, first, second, residuals, models):
        # Along a common shift of all strengths, the inverse is large because the prior is small,
        # but this direction cancels in each score.
        half = scores @ inverse
        covariance += half.T @ half
    played = max(2, int(np.count_nonzero(np.bincount(group))))
    return covariance * small_sample(played)


def _of_differences(covariance: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    own = np.diagonal(covariance)
    variance: np.ndarray = own[above] + own[below] - 2 * covariance[above, below]
    return variance


def _code(name: str, models: Sequence[str]) -> int:
    if name not in models:
        raise OptionError(f"stop.pair: {name!r} is not a candidate{near(name, models)}")
    return list(models).index(name)
