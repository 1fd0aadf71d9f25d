"""What agencies declare beside what the records held here count, and who of the others confirms it.

A partner without a node is counted here and only here: whoever exchanges with it declares the numbers, and they
stay *unconfirmed* until the partner, once it has a node, endorses the statement by a decision of its own.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from passerelle.desk import shelf
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange import declared
from passerelle.exchange.declared import Claim, CountryOf, End
from passerelle.exchange.state import State
from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows

Answer = dict[str, object]

DECISIONS_OF_EACH = 1_000
"""Newest public decisions of another agency among which its endorsements are looked for."""


async def told(
    context: Context, ledger: Ledger, state: State, programmes: Sequence[Record]
) -> tuple[list[Answer], list[Answer]]:
    """Every number of every statistic held, and what those of one statistic balance to.

    Args:
        context: The node.
        ledger: The records held.
        state: As of the day asked for.
        programmes: The newest version of each.
    """
    records = await shelf.newest(context, ledger, "statistic")
    endorsed = await _endorsements(context, ledger, state, {record.digest for record in records})
    return await asyncio.to_thread(_rows, records, endorsed, state, countries(context, state), programmes)


def _rows(
    records: Sequence[Record],
    endorsed: Mapping[str, Sequence[str]],
    state: State,
    country_of: CountryOf,
    programmes: Sequence[Record],
) -> tuple[list[Answer], list[Answer]]:
    parts = {record.id: shelf.parts_of(programmes, record.id) for record in programmes}
    recorded = declared.Recorded(state.placements.values(), country_of, parts)
    rows: list[Answer] = []
    balanced: list[Answer] = []
    for record in records:
        said = declared.claims(record.body)
        confirmed = [scid for scid in endorsed.get(record.digest, []) if scid != record.issuer_scid]
        off: defaultdict[int, list[Answer]] = defaultdict(list)
        for item in declared.differences(said):
            off[id(item.whole)].append({"by": item.by, "sum": item.parts})
        rows += [
            _source(record)
            | _said(claim)
            | _beside(claim, recorded.of(claim))
            | {
                "outside": _is_outside(claim, record.issuer_scid),
                "confirmedBy": confirmed,
                "partsDiffer": off.get(id(claim), []),
            }
            for claim in said
        ]
        balanced += [_source(record) | _balance(item) for item in declared.balances(said)]
    return rows, balanced


def countries(context: Context, state: State) -> CountryOf:
    """The country of an agency: as an agreement in force gives it, else any, else as its code begins."""
    found: dict[str, str] = {}
    for agreement in sorted(state.agreements.values(), key=lambda item: (item.since is None, item.id)):
        for party in agreement.parties:
            found.setdefault(party.agency, party.country)

    known = {context.own, *(peer.scid for peer in context.directory.peers)}
    for scid, code in {scid: context.code_of(scid) for scid in known}.items():
        if code:
            found.setdefault(scid, code[:2])
    return found.get


async def _endorsements(
    context: Context, ledger: Ledger, state: State, digests: set[str]
) -> Mapping[str, list[str]]:
    """Who has endorsed which statement, by its digest, in a public decision that counts."""
    async with context.database.reading() as connection:
        rows = await record_rows.newest_of_each(
            connection, "decision", each=DECISIONS_OF_EACH, own=context.own, public=True
        )
    found: dict[str, list[str]] = {}
    for record in (await ledger.records_of(row.digest for row in rows)).values():
        about = record.body.get("about")
        digest = str(about.get("digest")) if isinstance(about, dict) else ""
        verdict = state.verdicts.get(record.digest)
        counts = verdict is not None and verdict.is_accepted and record.body.get("outcome") == "endorse"
        if counts and digest in digests:
            found[digest] = sorted({*found.get(digest, []), record.issuer_scid})
    return found


def _source(record: Record) -> Answer:
    """Who says it and where."""
    return {
        "issuer": record.issuer_scid,
        "id": record.id,
        "digest": record.digest,
        "method": record.body.get("method"),
        "period": record.body.get("period"),
        "names": record.body.get("names"),
        "sources": record.body.get("sources"),
    }


def _said(claim: Claim) -> Answer:
    return {
        "indicator": claim.indicator,
        "from": _end(claim.sender),
        "to": _end(claim.host),
        "scheme": claim.scheme,
        "programme": claim.programme,
        "traits": dict(claim.traits),
        "declared": claim.value,
        "qualifier": claim.qualifier,
        "suppressed": claim.value is None,
    }


def _beside(claim: Claim, counted: int | str | None) -> Answer:
    """The recorded number and how far the declared one is above it; of months no gap is told, as both are rounded."""
    gap = claim.value - counted if claim.value is not None and isinstance(counted, int) else None
    return {"recorded": counted, "gap": gap}


def _is_outside(claim: Claim, issuer: str) -> bool:
    """Whether the issuer exchanges here with somebody who has no node that it knows."""
    ends = {claim.sender, claim.host}
    return any(end.agency == issuer for end in ends) and any(end.country and not end.agency for end in ends)


def _balance(item: declared.Balance) -> Answer:
    return {
        "indicator": item.claim.indicator,
        "scheme": item.claim.scheme,
        "programme": item.claim.programme,
        "traits": dict(item.claim.traits),
        "ends": [_end(item.first), _end(item.second)],
        "counts": [item.outward, item.inward],
        "balance": item.outward - item.inward,
        "index": item.index,
    }


def _end(end: End) -> Answer | None:
    said = {"agency": end.agency, "country": end.country, "m49": end.m49}
    return {name: value for name, value in said.items() if value} or None
