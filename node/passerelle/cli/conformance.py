"""What an examination looks like to a person: its progress, what it waits for, and its report."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from typing import Final, Self

from rich.console import Console

from passerelle.cli.output import Output, clean
from passerelle.cli.session import Session
from passerelle.conformance.author import Agency
from passerelle.conformance.report import Finding, Report
from passerelle.protocol.fingerprints import fingerprint
from passerelle.words import Words

PATIENCE_SECONDS: Final = 2.0


class Progress:
    """Says on standard error what is being looked at, from the second second on.

    Args:
        words: The language to speak.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._status = self._console.status("") if self._console.is_terminal else None
        self._began = time.monotonic()
        self._said = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the moving line away."""
        if self._status is not None:
            self._status.stop()

    def say(self, word: str) -> None:
        """One step has begun."""
        msgid = f"cli.conformance.step.{word}" if word[0].islower() else "cli.conformance.step.rule"
        sentence = self._words.text(msgid, **({} if word[0].islower() else {"rule": word}))
        if self._status is not None:
            self._status.update(sentence)
            self._status.start()
        elif time.monotonic() - self._began > PATIENCE_SECONDS and sentence != self._said:
            self._console.print(f"{sentence}… ({time.monotonic() - self._began:.0f} s)", soft_wrap=True)
            self._said = sentence


def show_waiting(own: Session, agency: Agency, address: str) -> None:
    """What the operator of the node has to do now; on standard error, for it is no part of the answer."""
    groups = fingerprint(agency.scid).split()
    lines = [" ".join(groups[start : start + 4]) for start in (0, 4, 8)]
    words = own.words
    command = f"passerelle peer add {address} --code {agency.code}"
    for line in (
        words.text("cli.conformance.add", command=command),
        words.text("cli.conformance.fingerprint"),
        *(f"    {line}" for line in lines),
    ):
        print(clean(line), file=sys.stderr)


def show_report(out: Output, report: Report) -> None:
    """The verdicts: first what is broken, with what was sent and what came back; then the rest, in brief."""
    words = out.words
    out.facts(
        [
            ("cli.fact.address", report.url),
            ("cli.fact.scid", report.scid),
            ("cli.conformance.table", f"{report.spec} · {report.table[:16]}"),
        ]
    )
    for finding in report.of("broken"):
        _show_broken(out, finding)
    held = [finding.rule.id for finding in report.of("held")]
    out.line()
    out.say("cli.conformance.held", n=len(held), rules=", ".join(held))
    in_part = [finding.rule.id for finding in report.of("held") if finding.why]
    if in_part:
        out.say("cli.conformance.held-in-part", n=len(in_part), rules=", ".join(in_part))
    _show_unseen(out, report.of("unseen"))
    out.line()
    if report.cut is not None:
        out.line(words.text(f"cli.conformance.cut.{report.cut}"))
    counts = report.counts
    out.say("cli.conformance.counts", held=counts["held"], broken=counts["broken"], unseen=counts["unseen"])
    if report.broken:
        out.say("cli.conformance.broken")
    else:
        out.say("cli.conformance.passed" if report.conforms else "cli.conformance.in-part")


def _show_broken(out: Output, finding: Finding) -> None:
    out.line()
    kind = "cli.conformance.must" if finding.rule.is_mandatory else "cli.conformance.should"
    out.line(f"{finding.rule.id} · {out.words.text(kind)}", style="bold")
    out.line(f"  {finding.rule.text}")
    for fault in finding.faults:
        out.say("cli.conformance.fault", sent=fault.sent, got=fault.got)
    if finding.more:
        out.say("cli.conformance.more", n=finding.more)


def _show_unseen(out: Output, findings: list[Finding]) -> None:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        by_reason[finding.why or ""].append(finding.rule.id)
    for why, rules in by_reason.items():
        reason = out.words.text(f"cli.conformance.why.{why}")
        out.say("cli.conformance.unseen", n=len(rules), reason=reason, rules=", ".join(rules))
