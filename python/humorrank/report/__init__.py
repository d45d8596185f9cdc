"""A page that contains a whole leaderboard (docs/guides/report.md)."""

from humorrank.report.page import Page, make_page, write, write_async
from humorrank.report.provenance import fingerprint

__all__ = ["Page", "fingerprint", "make_page", "write", "write_async"]
