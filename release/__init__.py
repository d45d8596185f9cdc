"""Scripts that releases run: the licenses of a wheel, the notes of a version, and a smoke test."""
