"""What was asked of a certificate, line by line, and what it comes to."""

from __future__ import annotations

from passerelle.audit import CertificateReport, DocumentReport, Step
from passerelle.cli.output import Output
from passerelle.protocol.certificateletters import on_one_line, text_at
from passerelle.protocol.certificates import Certificate, Signed

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
                ("cli.fact.issuer", f"{_text(found, 'issuer', 'name')} · {found.issuer}"),
                ("cli.fact.signed", out.words.time(found.created)),
                *(_service(out, found) if isinstance(found, Certificate) else ()),
            ]
        )
    for step in report.steps:
        out.line(f"{_MARKS[step.ok]} {_sentence(out, step)}")
    out.line(_outcome(out, report), style="bold")


def _outcome(out: Output, report: DocumentReport) -> str:
    """What it comes to. What is good of an agency that nobody here knows is good of whoever says to be it."""
    unknown = next((step for step in report.steps if step.step == "no-agency"), None)
    if report.outcome == "good" and unknown is not None:
        return out.words.text("cli.certificate.outcome.good-of-unknown", **unknown.params)
    return out.words.text(f"cli.certificate.outcome.{report.outcome}")


def _kind(report: DocumentReport) -> str:
    return "certificate" if isinstance(report.document, Certificate) else "endorsement"


def _service(out: Output, found: Certificate) -> list[tuple[str, object]]:
    """What a certificate says of the service; the sentences of others, shown as they stand."""
    days = [_text(found, "credentialSubject", f"activity{end}Date")[:10] for end in ("Start", "End")]
    return [
        ("cli.fact.service", " – ".join(out.words.date(day) for day in days)),
        ("cli.fact.scheme", _text(found, "credentialSubject", "achievement", "name")),
        ("cli.fact.role", _text(found, "credentialSubject", "role")),
    ]


def _text(document: Signed, *members: str) -> str:
    """A text of somebody else's, on one line: it must not look like a line of ours."""
    return on_one_line(text_at(document.value, members))


def _sentence(out: Output, step: Step) -> str:
    said = out.words.text(f"cli.proof.{step.step}", **step.params)
    if step.code is None:
        return said
    return f"{said} : {out.words.user(step.code, **step.params)} [{step.code}]"
