"""The store: one SQLite file for a tournament or for judged pairs."""
