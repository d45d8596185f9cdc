"""Differences between two leaderboards of one field."""
