"""Helpers that know nothing of ratings."""
