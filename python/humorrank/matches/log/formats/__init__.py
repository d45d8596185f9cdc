"""Formats of match logs: which columns make which format, and how outcomes are written."""
