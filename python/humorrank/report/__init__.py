"""One page that holds a whole board: sorted, filtered, and compared pair by pair (docs/report.md)."""

from humorrank.report.page import Page, page
from humorrank.report.provenance import fingerprint

__all__ = ["Page", "fingerprint", "page"]
