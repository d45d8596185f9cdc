"""Fixtures for the tests of generation."""

from support.endpoint import endpoint  # noqa: F401 - a fixture
