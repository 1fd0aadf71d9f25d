"""Checking a feed from the outside: nothing but files, and the protocol.

An auditor trusts neither the node that wrote a feed nor the one that copied it. So this
package builds on ``protocol`` and ``errors`` alone: no database, no settings, no keys.
"""

from passerelle.audit.acquaintance import Known
from passerelle.audit.certificatereport import CertificateReport, DocumentReport, Step
from passerelle.audit.certificates import inspect_certificates
from passerelle.audit.folder import audit_folder
from passerelle.audit.report import AuditReport, FeedReport, Finding, Receipt

__all__ = [
    "AuditReport",
    "CertificateReport",
    "DocumentReport",
    "FeedReport",
    "Finding",
    "Known",
    "Receipt",
    "Step",
    "audit_folder",
    "inspect_certificates",
]
