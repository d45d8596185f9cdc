"""Tallies: exact counts of matches, in memory and in files."""
