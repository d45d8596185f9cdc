"""How few matches an order hangs on."""

from humorrank.fragility.report import AuditReport, audit

__all__ = ["AuditReport", "audit"]
