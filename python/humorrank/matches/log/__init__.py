"""Match logs: their formats, the checks of their rows, and their matches as codes."""

from humorrank.matches.log._controls import columns_of, sides
from humorrank.matches.log._match_log import MatchLog
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._measured import Measured
from humorrank.matches.log.report import ReadReport

__all__ = ["MatchLog", "Matches", "Measured", "ReadReport", "columns_of", "sides"]
