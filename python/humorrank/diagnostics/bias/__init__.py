"""Biases of judges: position bias, length bias and self-preference."""
