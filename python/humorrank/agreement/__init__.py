"""Do judges agree: with each other, with people, with themselves; and do their boards?"""

from humorrank.agreement.alpha import Alpha, krippendorff_alpha
from humorrank.agreement.boards import BoardComparison, Discordant, compare_boards
from humorrank.agreement.correlation import Correlation, kendall, spearman
from humorrank.agreement.raw import Agreement, RawAgreement
from humorrank.agreement.report import AgreementReport, Rater, RaterPair, agree
from humorrank.agreement.triples import Cycle, Transitivity, transitivity

__all__ = [
    "Agreement",
    "AgreementReport",
    "Alpha",
    "BoardComparison",
    "Correlation",
    "Cycle",
    "Discordant",
    "Rater",
    "RaterPair",
    "RawAgreement",
    "Transitivity",
    "agree",
    "compare_boards",
    "kendall",
    "krippendorff_alpha",
    "spearman",
    "transitivity",
]
