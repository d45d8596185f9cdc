"""Types of the public API, whose names `__init__.py` imports when they are first used."""

from humorrank._util.progress import progress_line as progress_line
from humorrank.diagnostics.agreement.agree import agree as agree
from humorrank.diagnostics.agreement.boards import BoardComparison as BoardComparison
from humorrank.diagnostics.agreement.boards import compare_boards as compare_boards
from humorrank.diagnostics.agreement.result import AgreementReport as AgreementReport
from humorrank.diagnostics.bias.measure import bias as bias
from humorrank.diagnostics.bias.result import BiasReport as BiasReport
from humorrank.diagnostics.diff.diff import BoardDiff as BoardDiff
from humorrank.diagnostics.diff.diff import diff as diff
from humorrank.diagnostics.fit.check import check as check
from humorrank.diagnostics.fit.result import FitReport as FitReport
from humorrank.diagnostics.fragility.audit import audit as audit
from humorrank.diagnostics.fragility.result import AuditReport as AuditReport
from humorrank.errors import ConvergenceError as ConvergenceError
from humorrank.errors import HumorRankError as HumorRankError
from humorrank.errors import HumorRankWarning as HumorRankWarning
from humorrank.errors import InputError as InputError
from humorrank.errors import MissingExtraError as MissingExtraError
from humorrank.errors import NoMaximumError as NoMaximumError
from humorrank.errors import OptionError as OptionError
from humorrank.errors import StoreError as StoreError
from humorrank.matches.log import MatchLog as MatchLog
from humorrank.matches.log import ReadReport as ReadReport
from humorrank.matches.simulation import simulate as simulate
from humorrank.matches.simulation import simulate_blocks as simulate_blocks
from humorrank.matches.source import tally as tally
from humorrank.matches.tally.tally import Tally as Tally
from humorrank.rating.board.leaderboard import Leaderboard as Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards as Leaderboards
from humorrank.rating.board.rows import Row as Row
from humorrank.rating.board.rows import Unrated as Unrated
from humorrank.rating.elo import replay_elo as replay_elo
from humorrank.rating.rate import compare as compare
from humorrank.rating.rate import ranks as ranks
from humorrank.rating.rate import rate as rate
from humorrank.rating.uncertainty.difference import RatingDifference as RatingDifference
from humorrank.rating.uncertainty.rank_intervals import RankTable as RankTable
from humorrank.tournament.planning.plan import plan as plan
from humorrank.tournament.planning.report import Plan as Plan
from humorrank.tournament.ranking import RankedItem as RankedItem
from humorrank.tournament.ranking import Ranking as Ranking
from humorrank.tournament.sorting import sort as sort

__version__: str

__all__ = [
    "AgreementReport",
    "AuditReport",
    "BiasReport",
    "BoardComparison",
    "BoardDiff",
    "ConvergenceError",
    "FitReport",
    "HumorRankError",
    "HumorRankWarning",
    "InputError",
    "Leaderboard",
    "Leaderboards",
    "MatchLog",
    "MissingExtraError",
    "NoMaximumError",
    "OptionError",
    "Plan",
    "RankTable",
    "RankedItem",
    "Ranking",
    "RatingDifference",
    "ReadReport",
    "Row",
    "StoreError",
    "Tally",
    "Unrated",
    "__version__",
    "agree",
    "audit",
    "bias",
    "check",
    "compare",
    "compare_boards",
    "diff",
    "plan",
    "progress_line",
    "ranks",
    "rate",
    "replay_elo",
    "simulate",
    "simulate_blocks",
    "sort",
    "tally",
]
