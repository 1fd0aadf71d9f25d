"""What was found of certificates: frozen, JSON-able, with codes and no sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from passerelle.audit.report import AuditReport, Finding
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.protocol.fingerprints import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passerelle.audit.report import ReportJson

_NOT_WRONG: Final = frozenset({"certificate.ahead", "certificate.expired", "identity.unknown", "key.unknown"})
"""Codes of what is not false for all that: held, ended, or not to be proven with what is here."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was asked of a document.

    Args:
        step: Its name, as ``signature``.
        ok: Whether it holds; None where it was not looked at.
        code: Why it does not hold.
        params: Values for its sentence.
    """

    step: str
    ok: bool | None
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, ReportJson]:
        """The step as JSON."""
        finding = Finding(self.code or "", self.params).to_json()
        return {"step": self.step, "ok": self.ok, "code": self.code, "params": finding["params"]}


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """One certificate or endorsement.

    Args:
        document: What it is, None where it has not even the form.
        name: Of the file.
        steps: What was asked, in order.
    """

    document: Certificate | Endorsement | None
    name: str
    steps: tuple[Step, ...]

    @property
    def outcome(self) -> str:
        """``good``, ``revoked``, ``expired``, ``ahead``, ``unproven`` or ``refused``, by the worst that was found."""
        codes = {step.code for step in self.steps if step.ok is False and step.code}
        if codes - _NOT_WRONG - {"certificate.revoked"}:
            return "refused"
        if "certificate.revoked" in codes:
            return "revoked"
        if codes & {"identity.unknown", "key.unknown"}:
            return "unproven"
        if "certificate.ahead" in codes:
            return "ahead"
        return "expired" if codes else "good"

    @property
    def known(self) -> str | None:
        """By what the agency that signed is known, ``log``, ``fingerprint`` or ``node``; None where it is not.

        ``outcome`` does not depend on it: what is ``good`` is so of whoever has that fingerprint.
        """
        return next((str(step.params["by"]) for step in self.steps if step.step == "agency"), None)

    def to_json(self) -> dict[str, ReportJson]:
        """The report as JSON."""
        found = self.document
        return {
            "name": self.name,
            "kind": None
            if found is None
            else "certificate"
            if isinstance(found, Certificate)
            else "endorsement",
            "id": None if found is None else found.id,
            "digest": None if found is None else found.digest,
            "issuer": None if found is None else found.issuer,
            "fingerprint": None if found is None else fingerprint(found.issuer_scid),
            "known": self.known,
            "outcome": self.outcome,
            "steps": [step.to_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class CertificateReport:
    """Everything that was given, judged.

    Args:
        documents: Certificates and endorsements.
        folders: Reports of the folders with feeds.
        faults: Files that are none of what can be read here, by name.
    """

    documents: tuple[DocumentReport, ...]
    folders: tuple[AuditReport, ...] = ()
    faults: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is a document, all are good, and nothing was given that cannot be read."""
        return (
            bool(self.documents)
            and not self.faults
            and all(document.outcome == "good" for document in self.documents)
        )

    def to_json(self) -> dict[str, ReportJson]:
        """The report as JSON."""
        return {
            "ok": self.ok,
            "documents": [document.to_json() for document in self.documents],
            "folders": [folder.to_json() for folder in self.folders],
            "faults": [fault.to_json() for fault in self.faults],
        }
