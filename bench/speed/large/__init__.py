"""Benchmarks that take minutes and gigabytes: each work in a process of its own.

Every module here but `fresh` and `log` has a function `lines(folder, scale)`, which writes its
files to the folder and yields lines of the table; `scale` times the rows. It measures by running
itself, `python -m bench.speed.large.NAME ARGUMENTS`, which does one piece of work and prints what it
took.
"""
