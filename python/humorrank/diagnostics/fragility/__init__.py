"""Fragility of an order: the smallest sets of matches that change it."""
