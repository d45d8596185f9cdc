"""Tournaments: which comparisons are made, by whom, and what is kept of them."""
