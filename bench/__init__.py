"""Benchmarks that compare humorrank with other tools. `make bench` runs them."""
