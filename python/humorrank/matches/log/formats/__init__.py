"""The formats of match logs: their columns, and how they write outcomes."""
