"""The uncertainty of a board: intervals, ranks and comparisons.

The methods are described in docs/statistics/intervals.md.
"""
