"""Prints the notes of one version out of CHANGELOG.md: `python -m release.notes 0.2.0`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"


def notes(version: str, changelog: str) -> str:
    """The section of a version, without its heading.

    Args:
        version: Version, with or without the leading "v" of a tag.
        changelog: Text of the changelog.

    Raises:
        KeyError: If the changelog has no section of this version, or an empty one.
    """
    sections = re.split(r"^## +(.*)\n", changelog, flags=re.MULTILINE)
    for heading, body in zip(sections[1::2], sections[2::2], strict=True):
        if heading.split()[0].strip("[]") == version.removeprefix("v") and body.strip():
            return body.strip() + "\n"
    raise KeyError(f"CHANGELOG.md has no notes of version {version}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m release.notes VERSION")
    try:
        print(notes(sys.argv[1], CHANGELOG.read_text(encoding="utf-8")), end="")
    except KeyError as error:
        sys.exit(error.args[0])
