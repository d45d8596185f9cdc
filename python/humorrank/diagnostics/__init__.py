"""Diagnostics of a leaderboard: agreement, bias, fit, fragility, differences."""
