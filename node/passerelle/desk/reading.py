"""Looking: how the node stands, which records it holds, what one record says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from passerelle.desk import naming
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.fingerprints import fingerprint
from passerelle.protocol.profile import format_time, parse
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.records import Row

Answer = dict[str, object]
MAX_LISTED = 1_000


async def status(context: Context) -> Answer:
    """Who we are, whether we may sign, how far each feed is, what is held."""
    closed = context.publisher.closed
    async with context.database.reading() as connection:
        own = [
            {"origin": held.origin.encode(), "size": held.size, "root": held.frontier.root().hex()}
            for held in await feeds.every(connection, own=True)
        ]
        counted = await record_rows.count(connection)
        followed = await feeds.every(connection, own=False)
        setbacks = await setback_rows.count(connection)
    agency = context.config.agency
    return {
        "code": agency.code,
        "country": agency.country,
        "names": agency.names,
        "scid": context.own,
        "did": context.directory.own.did,
        "fingerprint": fingerprint(context.own),
        "identity_entry": context.directory.own.entries[-1].version_id,
        "address": context.config.server.public_address,
        "fictitious": agency.fictitious,
        "read_only": None if closed is None else {"code": closed.code, "params": closed.params},
        "feeds": own,
        "records": sum(counted.values()),
        "records_by_type": counted,
        "partners": [
            {
                "scid": partner.scid,
                "code": partner.code,
                "last_heard": told_time(partner.last_heard),
                "state": state,
            }
            for partner in context.directory.peers
            for state in [worst_state(held for held in followed if held.origin.author == partner.scid)]
        ],
        "setbacks": setbacks,
        "now": format_time(context.clock()),
    }


def worst_state(held: Iterable[feeds.Feed]) -> str:
    """How a partner stands: the state of that of its feeds that stands worst."""
    order = ("forked", "blocked", "stale", "waiting", "syncing", "unknown", "current")
    return min((item.state for item in held), key=order.index, default="unknown")


async def records_list(
    context: Context,
    ledger: Ledger,
    type: str | None = None,  # noqa: A002  the field's own word
    issuer: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Answer]:
    """Records, newest first, with the verdict on each that the rules speak of."""
    scid = None
    if issuer is not None:
        known = issuer == context.config.agency.code
        scid = context.own if known else context.directory.find(issuer).scid
    if not 1 <= limit <= MAX_LISTED or offset < 0:
        raise InputError("records.range", limit=MAX_LISTED)
    async with context.database.reading() as connection:
        rows = await record_rows.find(connection, type=type, issuer=scid, limit=limit, offset=offset)
    state = await ledger.state(context.clock().date())
    return [_listed(context, row) | _verdict(state.verdicts, row) for row in rows]


def told_time(seconds: int | None) -> str | None:
    """A time of the rows as every answer tells it, ``2027-01-31T09:12:00Z``; None for never."""
    return None if seconds is None else format_time(datetime.fromtimestamp(seconds, UTC))


def _listed(context: Context, row: Row) -> Answer:
    return {
        "id": row.id,
        "version": row.version,
        "digest": row.digest,
        "type": row.type,
        "issuer": row.issuer,
        "issuer_code": context.code_of(row.issuer),
        "public": row.public,
        "issued": told_time(row.issued),
        "readable": row.readable,
    }


def _verdict(verdicts: Mapping[str, Verdict], row: Row) -> Answer:
    """The verdict on one record; empty for types that no rule concerns.

    A record of a type or major that this version does not know waits for another one (R-33).
    """
    if not row.readable:
        return {"verdict": "waiting", "code": "schema.unreadable", "params": {"type": row.type}}
    found = verdicts.get(row.digest)
    if found is None:
        return {}
    return {"verdict": found.status, "code": found.code, "params": dict(found.params)}


async def records_show(context: Context, ledger: Ledger, name: str) -> Answer:
    """One record: every version held, where it stands, its bytes, the verdict on it."""
    chosen, versions = await naming.find(context, ledger, name)
    async with context.database.reading() as connection:
        data = await vault.get_record(connection, chosen.digest)
        places = await record_rows.places_of(connection, chosen.digest)
    state = await ledger.state(context.clock().date())
    return {
        **_listed(context, chosen),
        **_verdict(state.verdicts, chosen),
        "versions": [{"version": row.version, "digest": row.digest} for row in versions],
        "places": [{"origin": origin, "index": index} for origin, index in places],
        "record": None if data is None else parse(data),
    }
