"""The roll: which volunteers are where on a day, whom to call, and about whom somebody must ask.

Volunteers are told by pseudonym. The roll is made from what this node holds, with no link, so that it can be
printed before it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from passerelle.desk import board_rows, shelf
from passerelle.desk.board import agencies_known, host_names
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange.presence import Presence, presence
from passerelle.exchange.rules.references import hosts_in
from passerelle.protocol.profile import Json, format_time
from passerelle.protocol.records import Record

Answer = dict[str, object]

_CALLED: Final = ("duty-of-care-24h", "exchange-desk")
"""Functions that are called in an emergency, the first that an agency has."""


async def roll(context: Context, ledger: Ledger, as_of: date) -> Answer:
    """Everybody who is at a host on a day, or should be, by country and town.

    Args:
        context: The node.
        ledger: The records held.
        as_of: The day, inclusive.
    """
    state = await ledger.state(as_of)
    found = [item for one in state.placements.values() if (item := presence(one, as_of)) is not None]
    records = await ledger.records_of(item.placement.digest for item in found)
    hosts = await host_names(context, ledger, hosts_in(records.values()))
    on_it = {scid for item in found for scid in (item.placement.sender, item.placement.host)}
    rows = [_row(item, records.get(item.placement.digest), hosts) for item in found]
    return {
        "asOf": as_of.isoformat(),
        "madeAt": format_time(context.clock()),
        "agency": context.own,
        "agencies": agencies_known(context),
        "fictitious": context.config.agency.fictitious,
        "people": sorted(rows, key=_by_place),
        "contacts": _contacts(await shelf.last_of(context, ledger, "agency", on_it)),
    }


def _row(item: Presence, record: Record | None, hosts: board_rows.HostNames) -> Answer:
    """One volunteer; where the record was erased, only what the figures keep."""
    body: Mapping[str, Json] = {} if record is None else record.body
    shown = board_rows.placement_view(item.placement, body, {}, hosts)
    return {
        "placement": item.placement.id,
        "volunteer": shown["volunteer"],
        "from": item.placement.sender,
        "to": item.placement.host,
        "country": shown["place"]["country"] or shown["host_country"],
        "city": shown["place"]["name"],
        "organisation": shown["host_organisation"],
        "scheme": item.placement.scheme,
        "planned": item.placement.planned,
        "since": None if item.since is None else item.since.isoformat(),
        "until": None if item.until is None else item.until.isoformat(),
        "situation": item.situation,
        "state": item.placement.state,
        "tutors": _tutors(body),
        "synthetic": shown["synthetic"],
    }


def _tutors(body: Mapping[str, Json]) -> list[Answer]:
    """The mailboxes of those who accompany the volunteer, by side; nobody is named."""
    tutors = body.get("tutors")
    listed = [tutor for tutor in tutors if isinstance(tutor, dict)] if isinstance(tutors, list) else []
    return [{"side": tutor.get("side"), "contact": tutor.get("contact")} for tutor in listed]


def _contacts(agencies: Mapping[str, Record]) -> Answer:
    """By SCID, whom to call at the agencies on the roll: what their newest agency record says of itself."""
    told: Answer = {}
    for scid, record in agencies.items():
        contacts = record.body.get("contacts")
        listed = contacts if isinstance(contacts, list) else []
        by_function = {one.get("function"): one for one in listed if isinstance(one, dict)}
        called = next((by_function[name] for name in _CALLED if name in by_function), None)
        if called is not None:
            told[scid] = called
    return told


def _by_place(row: Answer) -> tuple[str, ...]:
    return tuple(str(row[name] or "") for name in ("country", "city", "volunteer", "placement"))
