"""Fixtures for the tests of judges."""

from support.endpoint import endpoint  # noqa: F401 - a fixture
