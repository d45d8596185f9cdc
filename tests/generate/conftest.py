"""Fixtures of these tests."""

from support.endpoint import endpoint  # noqa: F401 - a fixture
