"""How far a board is to be believed: intervals, ranks and comparisons (docs/statistics/intervals.md)."""
