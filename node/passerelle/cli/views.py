"""Answers that take more than a table: the reciprocity statement, the report of an audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from babel.numbers import format_decimal

from passerelle.cli.output import Output
from passerelle.cli.session import mapping, rows
from passerelle.protocol.profile import Json, JsonObject
from passerelle.words import Words

if TYPE_CHECKING:
    from passerelle.audit.report import AuditReport, FeedReport, Finding

Names = Callable[[str], str]
"""The name to show for a SCID."""


def type_name(words: Words, record_type: str) -> str:
    """What people call a record type; one that this version does not know by its own word."""
    msgid = f"state.record.{record_type}"
    return words.text(msgid) if words.has(msgid) else record_type


def show_statement(out: Output, told: JsonObject, name: Names = str) -> None:
    """Figures of a pair: a line for each direction, then the two measures of reciprocity.

    Args:
        out: Where to.
        told: The answer of ``statement``.
        name: How to call an agency; by SCID where there is nothing better.
    """
    figures = mapping(told["figures"])
    words = out.words
    countries = {str(party["agency"]): str(party["country"]) for party in rows(figures["parties"])}
    directions = rows(figures["directions"])
    if not directions:
        out.say("cli.statement.nothing")
        return
    out.say("cli.statement.on", day=words.date(str(figures["asOf"])))
    _show_directions(out, directions, countries)
    for scid, number in sorted(mapping(figures["balance"]).items(), key=lambda item: -_whole(item[1])):
        out.say(
            "cli.statement.balance",
            agency=name(scid),
            country=words.country(countries[scid]),
            number=f"{_whole(number):+d}",
        )
    index = figures["index"]
    shown = words.text("cli.none") if index is None else format_decimal(str(index), "0.00", words.locale)
    out.say("cli.statement.index", index=shown)


def _show_directions(out: Output, directions: list[JsonObject], countries: dict[str, str]) -> None:
    """A line for each direction, with what was agreed, done and fulfilled."""
    words = out.words
    out.table(
        [
            "cli.column.direction",
            "cli.column.status",
            "cli.column.quota",
            "cli.column.nominated",
            "cli.column.accepted",
            "cli.column.realised",
            "cli.column.fulfilment",
        ],
        [
            (
                f"{words.country(countries[str(row['from'])])} → {words.country(countries[str(row['to'])])}",
                words.text(f"state.direction.{row['status']}"),
                row["quota"],
                row["nominated"],
                row["accepted"],
                row["realised"],
                _share(out, row["fulfilment"]),
            )
            for row in directions
        ],
        right=range(2, 7),
    )


def _share(out: Output, value: Json) -> str:
    return out.words.text("cli.none") if value is None else out.words.percent(str(value))


def _whole(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError("a figure of persons is a whole number")
    return value


def show_audit(out: Output, report: AuditReport) -> None:
    """A line for each feed, then every fault with its file and place."""
    words = out.words
    if report.feeds:
        out.table(
            [
                "cli.column.folder",
                "cli.column.size",
                "cli.column.records",
                "cli.column.sealed",
                "cli.column.receipts",
                "cli.column.outcome",
            ],
            [
                (
                    feed.folder,
                    feed.size,
                    feed.records,
                    feed.sealed,
                    len(feed.receipts),
                    words.text("cli.ok") if feed.ok else words.text("cli.audit.bad"),
                )
                for feed in report.feeds
            ],
            right=range(1, 5),
        )
    for finding in report.findings:
        out.line(words.user(finding.code, **finding.params))
    for feed in report.feeds:
        for finding in feed.findings:
            out.line(
                f"{_place(out, feed, finding)} : {words.user(finding.code, **finding.params)} [{finding.code}]"
            )
        if feed.findings_left_out:
            out.say("cli.audit.more", n=feed.findings_left_out)
    out.say("cli.audit.good" if report.ok else "cli.audit.failed")


def _place(out: Output, feed: FeedReport, finding: Finding) -> str:
    place = finding.path or feed.folder
    return (
        place
        if finding.index is None
        else f"{place}, {out.words.text('cli.audit.leaf', index=finding.index)}"
    )
