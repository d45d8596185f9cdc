"""Benchmarks beside other tools; `make bench` runs them."""
