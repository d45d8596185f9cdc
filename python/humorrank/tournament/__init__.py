"""Tournaments: from jokes to a match log under a budget."""
