"""Diagnostics of a leaderboard: agreement, bias, fit, fragility and differences."""
