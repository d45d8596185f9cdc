"""What these tests share."""

from endpoint import endpoint  # noqa: F401 - a fixture
