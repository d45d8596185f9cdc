"""Benchmarks that take minutes and gigabytes; each measurement runs in its own process.

Every module here except `fresh` and `log` has a function `lines(folder, scale)`, which writes its
files to the folder and yields the lines of its table; `scale` multiplies the number of rows. To
measure, a module runs itself as `python -m bench.speed.large.NAME ARGUMENTS`, which does one piece
of work and prints its cost.
"""
