"""What these tests share."""

from support.endpoint import endpoint  # noqa: F401 - a fixture
