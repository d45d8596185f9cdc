"""The store: a single SQLite file for a tournament or for judged pairs."""
