"""Benchmarks of speed: pytest-benchmark suites beside peers, and the tools that print them."""
