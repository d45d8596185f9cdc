"""Rating of contestants: options, fits, intervals and leaderboards."""
