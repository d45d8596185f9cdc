"""Match logs: what formats there are, what a row must be, and the coded matches in them."""

from humorrank.log._match_log import MatchLog
from humorrank.log._matches import Matches
from humorrank.log._measured import Measured, sides
from humorrank.log._report import ReadReport

__all__ = ["MatchLog", "Matches", "Measured", "ReadReport", "sides"]
