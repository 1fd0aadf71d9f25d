"""Rows of the board: one state of the fold and one body each, in the shape that people look at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal, get_args

from passerelle.desk.board_view import (
    AgreementView,
    BlockedView,
    DirectionFigures,
    DirectionStatus,
    FeedState,
    FlowView,
    LangText,
    Notice,
    OfferView,
    PlacementView,
    PlaceView,
)
from passerelle.exchange.rules.references import Key
from passerelle.exchange.state import (
    AgreementState,
    DirectionState,
    OfferState,
    PairState,
    PlacementState,
    State,
)
from passerelle.exchange.statement import tally, three_places
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.profile import Json, format_time
from passerelle.protocol.records import Record

Bodies = Mapping[str, Mapping[str, Json]]
"""Bodies by digest."""

HostNames = Mapping[Key, LangText]
"""Names of host organisations by host agency and record id: nobody else says what one is called."""


def lang_text(value: object) -> LangText:
    """A text by language, empty where there is none."""
    return {str(tag): str(text) for tag, text in value.items()} if isinstance(value, Mapping) else {}


def place_view(value: object) -> PlaceView:
    """A place, as a body writes it."""
    found: Mapping[str, object] = value if isinstance(value, Mapping) else {}
    return PlaceView(name=text_or_none(found.get("city")), country=text_or_none(found.get("country")))


def text_or_none(value: object) -> str | None:
    """A string member, or None."""
    return value if isinstance(value, str) else None


def offer_view(item: OfferState, body: Mapping[str, Json], host_names: HostNames, own: str) -> OfferView:
    """An offer."""
    return OfferView(
        id=item.id,
        issuer=item.issuer,
        title=lang_text(body.get("title")),
        host_organisation=_host(body.get("hostOrganisation"), item.issuer, host_names),
        place=place_view(body.get("place")),
        period=text_or_none(body.get("period")),
        closes_on=text_or_none(body.get("closesOn")),
        places=item.places,
        places_taken=item.accepted if item.issuer == own else None,
        scheme=item.scheme,
        state=item.state,
        synthetic=body.get("synthetic") is True,
    )


def _host(value: object, agency: str, names: HostNames) -> LangText:
    """The host organisation: its name in the record of the agency that hosts there, or the name written in place."""
    if not isinstance(value, Mapping):
        return {}
    if isinstance(value.get("name"), str):
        return {"und": str(value["name"])}
    return lang_text(value.get("names")) or names.get((agency, str(value.get("id"))), {})


def agreement_view(item: AgreementState, bodies: Bodies, state: State) -> AgreementView:
    """An agreement with the figures of its directions."""
    body = bodies.get(item.digest, {})
    return AgreementView(
        id=item.id,
        kind=str(body.get("kind", "")),
        names=lang_text(body.get("names")),
        parties=[party.agency for party in item.parties],
        state=item.state,
        waiting_for=list(item.missing),
        signed_on=text_or_none(body.get("signedOn")),
        period=item.period,
        directions=[direction_figures(row, state, item.id) for row in item.directions],
        synthetic=body.get("synthetic") is True,
    )


def direction_figures(row: DirectionState, state: State, agreement: str | None) -> DirectionFigures:
    """One direction with its counts under one agreement."""
    pair = state.pairs.get(frozenset((row.sender.agency, row.host.agency)))
    empty = PairState({}, {}, {}, {})
    counted = tally(pair or empty, row.direction, agreement=agreement)
    return DirectionFigures(
        sender=row.sender.agency,
        host=row.host.agency,
        sender_country=row.sender.country,
        host_country=row.host.country,
        status=_status(row.status),
        status_since=row.since,
        status_reason=None,
        quota=row.quota_to_date,
        per_period=_period(row.per_period),
        nominated=counted.nominated,
        accepted=counted.accepted,
        planned=counted.planned,
        realised=counted.realised,
        fulfilment=three_places(Fraction(counted.realised, row.quota_to_date)) if row.quota_to_date else None,
    )


def flow_view(told: Mapping[str, Json], sender: str) -> FlowView:
    """What goes from one of the two, as the figures of the pair tell it."""
    row, months = (_of_sender(rows, sender) for rows in (told["directions"], _months(told)))
    return FlowView(
        sender=sender,
        host=str(row["to"]),
        status=str(row["status"]),
        status_since=text_or_none(row["since"]),
        quota=_whole(row["quota"]),
        planned=_whole(row["planned"]) or 0,
        realised=_whole(row["realised"]) or 0,
        fulfilment=text_or_none(row["fulfilment"]),
        planned_months=str(months["planned"]),
        months=str(months["realised"]),
    )


def _months(told: Mapping[str, Json]) -> Json:
    months = told["personMonths"]
    return months["directions"] if isinstance(months, dict) else []


def _of_sender(rows: Json, sender: str) -> Mapping[str, Json]:
    """The direction that begins at an agency; the figures always have both."""
    listed = rows if isinstance(rows, list) else []
    return next(row for row in listed if isinstance(row, dict) and row["from"] == sender)


def _whole(value: Json) -> int | None:
    return value if isinstance(value, int) else None


def feed_state(text: str) -> FeedState:
    """A feed's state as the board types it."""
    return next((state for state in get_args(FeedState) if state == text), "unknown")


def _status(text: str) -> DirectionStatus:
    return "open" if text == "open" else "suspended" if text == "suspended" else "closed"


def _period(text: str) -> Literal["total", "year", "edition"]:
    return "year" if text == "year" else "edition" if text == "edition" else "total"


def placement_view(
    item: PlacementState, body: Mapping[str, Json], title: LangText, host_names: HostNames
) -> PlacementView:
    """A placement; the volunteer by pseudonym."""
    postings = body.get("postings")
    first = postings[0] if isinstance(postings, list) and postings and isinstance(postings[0], dict) else {}
    direction = body.get("direction")
    ends = direction if isinstance(direction, dict) else {}
    return PlacementView(
        id=item.id,
        volunteer=str(body.get("volunteer", "")),
        sender=item.sender,
        host=item.host,
        sender_country=_country(ends.get("from")),
        host_country=_country(ends.get("to")),
        title=title,
        host_organisation=_host(
            body.get("hostOrganisation") or first.get("organisation") or first, item.host, host_names
        ),
        place=place_view(first.get("place")),
        planned=item.planned,
        actual=text_or_none(body.get("actual")),
        scheme=item.scheme,
        state=item.state,
        reason=text_or_none(body.get("endReason")),
        synthetic=body.get("synthetic") is True,
    )


def _country(party: object) -> str:
    return str(party.get("country", "")) if isinstance(party, Mapping) else ""


def named_by(records: Iterable[Record]) -> set[str]:
    """Digests of the dossiers and subjects that records name, by which people know them."""
    named = (record.body.get(member) for record in records for member in ("dossier", "about"))
    return {str(found["digest"]) for found in named if isinstance(found, Mapping) and "digest" in found}


def blocked_views(
    records: Iterable[Record], verdicts: Mapping[str, Verdict], bodies: Bodies
) -> list[BlockedView]:
    """Records without effect, newest first, each with its reason."""
    found: list[BlockedView] = []
    for record in sorted(records, key=lambda item: item.issued, reverse=True):
        verdict = verdicts.get(record.digest)
        if verdict is None or verdict.status == "accepted":
            continue
        found.append(
            BlockedView(
                id=record.id,
                type=record.type,
                issuer=record.issuer_scid,
                issued=format_time(record.issued),
                about=_known_by(record.body, bodies),
                verdict="blocked" if verdict.status == "blocked" else "waiting",
                why=Notice(code=verdict.code or "", params=dict(verdict.params), since=None),
            )
        )
    return found


def _known_by(body: Mapping[str, Json], bodies: Bodies) -> LangText:
    """What a person knows a record by: its title, its names, a pseudonym, else what it is about."""
    for member in ("title", "names"):
        if isinstance(body.get(member), dict):
            return lang_text(body[member])
    for member in ("pseudonym", "volunteer", "kind"):
        if isinstance(body.get(member), str):
            return {"und": str(body[member])}
    named = body.get("dossier") or body.get("about")
    digest = named.get("digest") if isinstance(named, dict) else None
    return _known_by(bodies[digest], {}) if isinstance(digest, str) and digest in bodies else {}
