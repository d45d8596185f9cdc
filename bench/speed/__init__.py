"""Speed benchmarks: suites for pytest-benchmark that include other tools, and separate scripts."""
