"""Whether Bradley-Terry's model fits: goodness of fit by pairs, calibration on held-out matches."""

from humorrank.goodness.calibration import Bin, Calibration, Scores
from humorrank.goodness.pairs import PairFit, Test
from humorrank.goodness.report import FitReport, check

__all__ = ["Bin", "Calibration", "FitReport", "PairFit", "Scores", "Test", "check"]
