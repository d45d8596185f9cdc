"""Leaderboards: the results of rating, as tables, text and files."""
