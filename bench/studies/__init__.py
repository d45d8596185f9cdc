"""Simulations behind the claims of validity: coverage, efficiency, error rates."""
