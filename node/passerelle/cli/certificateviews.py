"""What was asked of a certificate, line by line, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping

from passerelle.audit.certificates import CertificateReport, DocumentReport, Step
from passerelle.cli.output import Output
from passerelle.protocol.certificates import Certificate
from passerelle.protocol.profile import Json

_MARKS = {True: "✓", False: "✗", None: "·"}


def show_certificates(out: Output, report: CertificateReport) -> None:
    """Each document with its facts, every check, and one sentence on the whole.

    Args:
        out: Where to.
        report: Of ``certificate verify``.
    """
    for document in report.documents:
        _show(out, document)
        out.line()
    for fault in report.faults:
        out.line(f"{fault.path} : {out.words.user(fault.code, **fault.params)} [{fault.code}]")
    if not report.documents:
        out.say("cli.certificate.verify.nothing")


def _show(out: Output, report: DocumentReport) -> None:
    out.line(report.name, style="bold")
    found = report.document
    if found is not None:
        out.facts(
            [
                ("cli.fact.type", out.words.text(f"cli.certificate.kind.{_kind(report)}")),
                ("cli.fact.issuer", f"{_text(found.value, 'issuer', 'name')} · {found.issuer}"),
                ("cli.fact.signed", out.words.time(found.created)),
                *(_service(out, found) if isinstance(found, Certificate) else ()),
            ]
        )
    for step in report.steps:
        out.line(f"{_MARKS[step.ok]} {_sentence(out, step)}")
    out.line(out.words.text(f"cli.certificate.outcome.{report.outcome}"), style="bold")


def _kind(report: DocumentReport) -> str:
    return "certificate" if isinstance(report.document, Certificate) else "endorsement"


def _service(out: Output, found: Certificate) -> list[tuple[str, object]]:
    """What a certificate says of the service; the sentences of others, shown as they stand."""
    days = [_text(found.value, "credentialSubject", f"activity{end}Date")[:10] for end in ("Start", "End")]
    return [
        ("cli.fact.service", " – ".join(out.words.date(day) for day in days)),
        ("cli.fact.scheme", _text(found.value, "credentialSubject", "achievement", "name")),
        ("cli.fact.role", _text(found.value, "credentialSubject", "role")),
    ]


def _text(value: Mapping[str, Json], *members: str) -> str:
    found: Json = dict(value)
    for member in members:
        found = found.get(member) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _sentence(out: Output, step: Step) -> str:
    said = out.words.text(f"cli.proof.{step.step}", **step.params)
    if step.code is None:
        return said
    return f"{said} : {out.words.user(step.code, **step.params)} [{step.code}]"
