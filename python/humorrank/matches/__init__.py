"""Everything that holds matches: logs, tallies, stores and simulations."""
