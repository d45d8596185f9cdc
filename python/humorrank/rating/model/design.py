"""The design of a model, and the sums over matches that a fit needs.

The parameters are in the order (strengths, effects of the covariates, tau if the model has one).
"""

from __future__ import annotations

import numpy as np

from humorrank._stats import laplacian
from humorrank._stats.sandwich import score_blocks, small_sample
from humorrank.rating.model.matches import MatchArrays
from humorrank.rating.model.outcomes import Derivatives


class Design:
    """Matches with covariates.

    Args:
        matches: The matches.
        covariates: The covariates, with one row per row of the matches and one column each.
        extra: 1 if the model has a parameter tau, else 0.
    """

    def __init__(self, matches: MatchArrays, covariates: np.ndarray, extra: int) -> None:
        self.matches = matches
        self.covariates = covariates
        self.contestants = len(matches.names)
        self.effects = covariates.shape[1]
        self.extra = extra
        self.width = self.contestants + self.effects + extra
        self._pair = matches.first.astype(np.int64) * self.contestants + matches.second

    def project(self, direction: np.ndarray) -> np.ndarray:
        """Returns the log-odds of each row for the given parameters."""
        m, n = self.matches, self.contestants
        odds = direction[m.first] - direction[m.second]
        return np.asarray(odds + self.covariates @ direction[n : n + self.effects])

    def scores(self, amount: np.ndarray, by: Derivatives) -> np.ndarray:
        """Returns the gradient of the log-likelihood, with each row counted `amount` times."""
        m, n = self.matches, self.contestants
        odds = amount * by.odds
        strengths = np.bincount(m.first, odds, n) - np.bincount(m.second, odds, n)
        tie = [] if by.tie is None else [amount @ by.tie]
        return np.concatenate([strengths, self.covariates.T @ odds, tie])

    def squares(
        self, odds: np.ndarray, odds_tie: np.ndarray | None, tie: np.ndarray | None
    ) -> np.ndarray:
        """Returns the sum of the rows' outer products, with the given factors for each part."""
        n, k, m = self.contestants, self.effects, self.matches
        strengths = laplacian.of_codes(n, self._pair, odds)
        out = np.zeros((self.width, self.width))
        out[:n, :n] = strengths
        for column in range(k):
            weighted = odds * self.covariates[:, column]
            cross = np.bincount(m.first, weighted, n) - np.bincount(m.second, weighted, n)
            out[:n, n + column] = out[n + column, :n] = cross
            out[n + column, n : n + k] = self.covariates.T @ weighted
        if odds_tie is not None and tie is not None:
            cross = np.bincount(m.first, odds_tie, n) - np.bincount(m.second, odds_tie, n)
            out[:n, -1] = out[-1, :n] = cross
            out[n : n + k, -1] = out[-1, n : n + k] = self.covariates.T @ odds_tie
            out[-1, -1] = tie.sum()
        return out

    def information(self, amount: np.ndarray, by: Derivatives) -> np.ndarray:
        """Returns the negative Hessian of the log-likelihood, each row counted `amount` times."""
        cross = None if by.odds_tie is None else amount * by.odds_tie
        tie = None if by.tie_tie is None else amount * by.tie_tie
        return self.squares(amount * by.odds_odds, cross, tie)

    def by_match(self, by: Derivatives) -> np.ndarray:
        """Returns the sum of the outer products of each match's score."""
        amount = self.matches.count * self.matches.weight**2
        return self._products(amount, by)

    def by_cluster(self, by: Derivatives) -> np.ndarray:
        """Returns the sum of the outer products of each cluster's score.

        The sum is multiplied by C / (C - 1) for C clusters.
        """
        m, n = self.matches, self.contestants
        assert m.cluster is not None
        _, cluster, sizes = np.unique(m.cluster, return_inverse=True, return_counts=True)
        amount, clusters = m.count * m.weight, len(sizes)
        factor = small_sample(clusters)
        # Clusters of one row need no sum. In many logs nearly all clusters are such.
        alone = sizes[cluster] == 1
        meat = self._products(np.where(alone, amount**2, 0.0), by)
        if alone.all():
            return meat * factor
        order = np.flatnonzero(~alone)
        order = order[np.argsort(cluster[order], kind="stable")]
        _, cluster = np.unique(cluster[order], return_inverse=True)
        first, second, odds = m.first[order], m.second[order], (amount * by.odds)[order]
        tie = None if by.tie is None else (amount * by.tie)[order]
        covariates = self.covariates[order]
        clusters = int(cluster[-1]) + 1
        for rows, own, scores in score_blocks(cluster, clusters, first, second, odds, self.width):
            size = len(scores)
            for k in range(self.effects):
                scores[:, n + k] = np.bincount(own, odds[rows] * covariates[rows, k], size)
            if tie is not None:
                scores[:, -1] = np.bincount(own, tie[rows], size)
            meat += scores.T @ scores
        return meat * factor

    def _products(self, amount: np.ndarray, by: Derivatives) -> np.ndarray:
        if by.tie is None:
            return self.squares(amount * by.odds**2, None, None)
        return self.squares(amount * by.odds**2, amount * by.odds * by.tie, amount * by.tie**2)
