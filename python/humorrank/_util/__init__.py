"""Helpers that do not depend on ratings."""
