"""Leaderboards, the results of a rating, as tables, text and files."""
