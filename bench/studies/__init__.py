"""Simulations that support the claims of validity: coverage, efficiency and error rates."""
