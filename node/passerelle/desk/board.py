"""Making the board: what the fold and the rows say, in the shape that people look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime

from passerelle.desk import board_rows, shelf
from passerelle.desk.board_rows import Bodies, lang_text
from passerelle.desk.board_view import (
    BOARD_ROWS,
    AgencyView,
    Board,
    DirectionFigures,
    FeedKind,
    FeedView,
    Notice,
    OfferView,
    PartnerView,
    PlacementView,
    SummaryView,
)
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.desk.statements import basis, waiting_codes
from passerelle.exchange.rules.references import Key, hosts_in, hosts_named
from passerelle.exchange.state import AgreementState, PlacementState, State
from passerelle.exchange.statement import figures
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import format_time
from passerelle.protocol.records import Record
from passerelle.storage import evidence, feeds
from passerelle.storage import records as record_rows
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.peers import Peer

OFFERS_READ = 200
"""Newest offers that are looked at for the board; the network may hold many more."""

_AGREEMENTS = ("in-force", "suspended", "accepted", "proposed", "contested", "expired", "terminated")
_PLACEMENTS = ("active", "suspended", "planned", "proposed", "completed", "ended-early")
_OFFERS = ("open", "on-hold", "filled", "closed", "withdrawn")


async def board(context: Context, ledger: Ledger, as_of: date) -> Board:
    """The board as of a day.

    Args:
        context: The node.
        ledger: The records held.
        as_of: The day of every count, inclusive.
    """
    state = await ledger.state(as_of)
    offers, offers_in_all = await _offers(context, ledger, as_of)
    partners = [await _partner(context, partner) for partner in context.directory.peers]
    agreements = sorted(state.agreements.values(), key=_agreement_order)
    placements = sorted(state.placements.values(), key=_placement_order)
    troubled = _troubled(state, ledger)
    shown = await ledger.records_of(
        _shown(agreements[:BOARD_ROWS], placements[:BOARD_ROWS], troubled[:BOARD_ROWS], state)
    )
    hosts = await host_names(context, ledger, hosts_in(shown.values()))
    named = await ledger.records_of(board_rows.named_by(shown.values()) - shown.keys())
    bodies = {digest: record.body for digest, record in {**shown, **named}.items()}
    return Board(
        agency=own_view(context),
        as_of=as_of.isoformat(),
        made_at=format_time(context.clock()),
        fictitious=context.config.agency.fictitious,
        read_only=_read_only(context),
        alarms=_alarms(partners),
        agencies=agencies_known(context),
        offers=offers[:BOARD_ROWS],
        agreements=[board_rows.agreement_view(item, bodies, state) for item in agreements[:BOARD_ROWS]],
        placements=[_placement(item, bodies, state, hosts) for item in placements[:BOARD_ROWS]],
        blocked=board_rows.blocked_views(
            [shown[digest] for digest in troubled[:BOARD_ROWS] if digest in shown], state.verdicts, bodies
        ),
        partners=sorted(partners, key=lambda item: context.code_of(item["scid"]) or "~")[:BOARD_ROWS],
        summaries=[
            await _summary(context, state, partner.scid)
            for partner in context.directory.peers
            if _has_agreed(state, context.own, partner.scid)
        ],
        totals={
            "offers": offers_in_all,
            "agreements": len(agreements),
            "placements": len(placements),
            "partners": len(partners),
            "blocked": len(troubled),
        },
    )


def _troubled(state: State, ledger: Ledger) -> list[str]:
    """Digests of records that do not count, those issued last before the others."""
    return sorted(
        (digest for digest, verdict in state.verdicts.items() if not verdict.is_accepted),
        key=lambda digest: (-ledger.issued(digest), digest),
    )


def _read_only(context: Context) -> Notice | None:
    """Why this node signs nothing, where it does not."""
    closed = context.publisher.closed
    return None if closed is None else Notice(code=closed.code, params=dict(closed.params), since=None)


def _shown(
    agreements: Iterable[AgreementState],
    placements: Iterable[PlacementState],
    troubled: Iterable[str],
    state: State,
) -> set[str]:
    """Digests of the records whose bodies the board shows."""
    rows = list(placements)
    offers = {offer.digest for item in rows if (offer := state.offer(item.host, item.offer)) is not None}
    return {*(item.digest for item in agreements), *(item.digest for item in rows), *offers, *troubled}


def own_view(context: Context) -> AgencyView:
    """This agency."""
    agency = context.config.agency
    return AgencyView(scid=context.own, code=agency.code, names=dict(agency.names), country=agency.country)


def agencies_known(context: Context) -> dict[str, AgencyView]:
    """Every agency that people may be told of by name: ours and our partners."""
    found = {context.own: own_view(context)}
    for partner in context.directory.peers:
        names = lang_text(Record.parse(partner.descriptor).body.get("names"))
        country = partner.code[:2] if partner.code else None
        found[partner.scid] = AgencyView(scid=partner.scid, code=partner.code, names=names, country=country)
    return found


def _alarms(partners: Iterable[PartnerView]) -> list[Notice]:
    """What a person must look at: forks above all."""
    troubles = [item["trouble"] for item in partners if item["trouble"] is not None]
    return [trouble for trouble in troubles if trouble["code"].startswith(("fork.", "identity.forked"))]


def _rank(order: Sequence[str], state: str) -> int:
    return order.index(state) if state in order else len(order)


def _agreement_order(item: AgreementState) -> tuple[int, str]:
    return _rank(_AGREEMENTS, item.state), item.id


def _placement_order(item: PlacementState) -> tuple[int, str, str]:
    return _rank(_PLACEMENTS, item.state), item.planned, item.id


def _placement(
    item: PlacementState, bodies: Bodies, state: State, hosts: board_rows.HostNames
) -> PlacementView:
    offered = state.offer(item.host, item.offer)
    title = lang_text(bodies.get(offered.digest, {}).get("title")) if offered else {}
    return board_rows.placement_view(item, bodies.get(item.digest, {}), title, hosts)


async def _offers(context: Context, ledger: Ledger, as_of: date) -> tuple[list[OfferView], int]:
    """The newest offers of the network, those still open first, and how many there are in all."""
    async with context.database.reading() as connection:
        rows = await record_rows.find(connection, type="offer", newest_only=True, limit=OFFERS_READ)
        in_all = await record_rows.count_newest(connection, "offer")
    offers, bodies = await ledger.offers([row.id for row in rows], as_of)
    named = {(item.issuer, name) for item in offers for name in hosts_named(bodies.get(item.digest, {}))}
    hosts = await host_names(context, ledger, named)
    shown = [board_rows.offer_view(item, bodies.get(item.digest, {}), hosts, context.own) for item in offers]
    return sorted(
        shown, key=lambda offer: (_rank(_OFFERS, offer["state"]), offer["closes_on"] or "~")
    ), in_all


async def host_names(context: Context, ledger: Ledger, keys: Collection[Key]) -> board_rows.HostNames:
    """Names of some host organisations on record, by host agency and record id."""
    found = await shelf.named(context, ledger, "organisation", keys)
    return {key: lang_text(record.body.get("names")) for key, record in found.items()}


async def _partner(context: Context, partner: Peer) -> PartnerView:
    listed: list[FeedView] = []
    trouble: Notice | None = None
    counted = {"quarantined": 0, "pending": 0}
    async with context.database.reading() as connection:
        for origin in (Origin(partner.scid, None, 1), Origin(partner.scid, context.own, 1)):
            held = await feeds.get(connection, origin)
            if held is None:
                continue
            for status, count in (await setback_rows.count(connection, held.id)).items():
                counted["quarantined" if status == "quarantined" else "pending"] += count
            if held.state in {"forked", "blocked"}:
                trouble = Notice(
                    code=held.state_code or "feed.blocked", params={"origin": origin.encode()}, since=None
                )
            kind: FeedKind = "public" if origin.is_public else "received"
            listed.append(
                FeedView(kind=kind, state=board_rows.feed_state(held.state), size=held.size, confirmed=None)
            )
        ours = await feeds.get(connection, Origin(context.own, partner.scid, 1))
        if ours is not None:
            receipt = await evidence.get_receipt(connection, ours.id, partner.scid)
            confirmed = None if receipt is None else receipt[0].size
            listed.append(FeedView(kind="sent", state="current", size=ours.size, confirmed=confirmed))
    heard = (
        None if partner.last_heard is None else format_time(datetime.fromtimestamp(partner.last_heard, UTC))
    )
    return PartnerView(
        scid=partner.scid,
        last_heard=heard,
        feeds=listed,
        quarantined=counted["quarantined"],
        pending=counted["pending"],
        trouble=trouble,
    )


def _has_agreed(state: State, own: str, scid: str) -> bool:
    """Whether an agreement between the two has ever been in force: before that there is nothing to balance."""
    pair = state.pairs.get(frozenset((own, scid)))
    return pair is not None and any(item.since is not None for item in pair.agreements.values())


async def _summary(context: Context, state: State, scid: str) -> SummaryView:
    told = figures(state, context.own, scid)
    index, balance, months = told["index"], told["balance"], told["personMonths"]
    months_index = months["index"] if isinstance(months, dict) else None
    rows = state.pairs[frozenset((context.own, scid))].agreements.values()
    directions: list[DirectionFigures] = [
        board_rows.direction_figures(row, state, item.id)
        for item in rows
        if item.since is not None
        for row in item.directions
        if {row.sender.agency, row.host.agency} == {context.own, scid}
    ]
    resting = await basis(context, scid, waiting_codes(state, context.own, scid))
    mine = balance.get(context.own) if isinstance(balance, dict) else 0
    return SummaryView(
        partner=scid,
        directions=directions,
        sent=board_rows.flow_view(told, context.own),
        hosted=board_rows.flow_view(told, scid),
        balance=mine if isinstance(mine, int) else 0,
        index=index if isinstance(index, str) else None,
        months_index=months_index if isinstance(months_index, str) else None,
        complete=resting["complete"] is True,
        synthetic=context.config.agency.fictitious,
    )
