"""One page that holds a whole board, to be mailed: docs/guides/report.md."""

from humorrank.report.page import Page, page
from humorrank.report.provenance import fingerprint

__all__ = ["Page", "fingerprint", "page"]
