"""Benchmarks that take minutes and gigabytes: each work in a process of its own."""
