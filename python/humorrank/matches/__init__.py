"""Sources of matches: logs, tallies, stores and simulations."""
