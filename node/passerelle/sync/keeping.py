"""Keeping what a pull brought: accepted records, and with its code what did not become one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.protocol.objects import parse_public
from passerelle.protocol.profile import parse_time
from passerelle.protocol.records import AHEAD, Heading
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.feeds import Feed, Hashed
from passerelle.storage.setbacks import Setback
from passerelle.sync.findings import Finding

MAX_QUARANTINED_BYTES = 16 * 2**20
"""Kept for each partner; past it only index and code."""
MAX_WAITING_BYTES = 64 * 2**20
"""Of objects that may still become records, for each partner; past it they are a gap, and asked for again."""
MAX_PARAMS_BYTES = 1_024
"""Of the values kept for the sentence about one object."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The feed after it, and how many objects met which setback."""

    feed: Feed
    setbacks: Mapping[str, int]


async def keep(
    connection: AsyncConnection,
    held: Feed,
    leaves: Sequence[bytes],
    objects: Sequence[bytes | None],
    findings: Sequence[Finding],
    under: Mapping[str, str],
    now: int,
    hashed: Hashed | None = None,
) -> Kept:
    """Append proven leaves with what came of their objects; one transaction, the caller's.

    Args:
        connection: The transaction.
        held: The feed before it.
        leaves: What is appended.
        objects: One for each leaf.
        findings: What was found of each.
        under: By status, a digest of what it was examined under.
        now: POSIX seconds.
        hashed: Hashes of the leaves, where they are known.
    """
    commitments = [result.commitment for result in findings]
    repeated = await _repeated(connection, held, commitments)
    grown = await feeds.append(connection, held, leaves, commitments, hashed)
    accepted: dict[int, tuple[Finding, bytes | None]] = {}
    found: list[Setback] = []
    room = await Room.of(connection, held)
    for index, (result, item) in enumerate(zip(findings, objects, strict=True), start=held.size):
        if result.status == "accepted" and index not in repeated:
            accepted[index] = result, item
        elif result.status != "passed-over":
            setback = setback_of(index, result, item, under)
            twice = replace(setback, status="quarantined", code="leaf.commitment-twice")
            found.append(room.take(twice if index in repeated else setback))
    await keep_accepted(connection, grown.id, accepted)
    await setback_rows.put(connection, grown.id, found, now)
    codes = [setback.code for setback in found]
    return Kept(grown, {code: codes.count(code) for code in set(codes)})


@dataclass(slots=True)
class Room:
    """How many more bytes of an author's objects are kept that did not become records."""

    quarantined: int
    waiting: int

    @classmethod
    async def of(cls, connection: AsyncConnection, held: Feed) -> Room:
        """What is left for the author of a feed."""
        quarantined, waiting = await setback_rows.kept_bytes(connection, held.origin.author)
        return cls(MAX_QUARANTINED_BYTES - quarantined, MAX_WAITING_BYTES - waiting)

    def give_back(self, setback: Setback) -> None:
        """Count a setback that is about to be kept anew."""
        size = len(setback.object or b"")
        if setback.status == "quarantined":
            self.quarantined += size
        else:
            self.waiting += size

    def take(self, setback: Setback) -> Setback:
        """The setback with its object, or without where there is no room.

        What waits and is dropped would be lost, did a receipt cover it: it becomes a gap (F-23).
        """
        size = len(setback.object or b"")
        if setback.status == "quarantined":
            if size > self.quarantined:
                return replace(setback, object=None)
            self.quarantined -= size
            return setback
        if size > self.waiting:
            return replace(setback, object=None, gap=True)
        self.waiting -= size
        return setback


def setback_of(index: int, result: Finding, item: bytes | None, under: Mapping[str, str]) -> Setback:
    """What is kept of an object that did not become a record."""
    params = dict(result.params)
    if result.heading is not None:
        params["type"] = result.heading.type
    code = result.code or ("object.missing" if result.status == "empty" else "")
    again_at = 0
    if result.status == "held":
        again_at = int((parse_time(str(result.params["issued"])) - AHEAD).timestamp())
    return Setback(
        index,
        result.status,
        code,
        bounded(params),
        item,
        gap=not result.receipt_may_cover,
        again_at=again_at,
        under=under.get(result.status, ""),
    )


def bounded(params: Mapping[str, object]) -> dict[str, object]:
    """As many of the values as the limit allows, the shortest first: they are a partner's words."""
    kept: dict[str, object] = {}
    for name, value in sorted(params.items(), key=lambda item: len(json.dumps(item[1]))):
        if len(json.dumps(kept | {name: value}).encode()) > MAX_PARAMS_BYTES:
            break
        kept[name] = value
    return kept


async def keep_accepted(
    connection: AsyncConnection, feed_id: int, accepted: Mapping[int, tuple[Finding, bytes | None]]
) -> None:
    """Keep accepted records with their salts and places.

    Args:
        connection: The transaction.
        feed_id: Which feed.
        accepted: By index, what was found, and the object.
    """
    headings: list[tuple[Heading, bool]] = []
    salts: dict[int, bytes] = {}
    data: dict[str, bytes] = {}
    digests: dict[int, str] = {}
    for index, (result, item) in accepted.items():
        if result.heading is not None and item is not None:
            digest = digests[index] = result.heading.digest
            salts[index], data[digest] = result.opened or parse_public(item)
            headings.append((result.heading, result.readable))
    numbers = await record_rows.add(connection, headings)
    await vault.put_records(connection, {numbers[digest]: record for digest, record in data.items()})
    await vault.put_salts(connection, feed_id, salts)
    places = {index: numbers[digest] for index, digest in digests.items()}
    await record_rows.add_places(connection, feed_id, places)


async def _repeated(connection: AsyncConnection, held: Feed, commitments: Sequence[bytes | None]) -> set[int]:
    """Indexes of leaves whose commitment stands in the feed before them."""
    given = [item for item in commitments if item is not None]
    known = await feeds.commitments_held(connection, held, given)
    repeated: set[int] = set()
    if not known and len(set(given)) == len(given):
        return repeated
    for index, commitment in enumerate(commitments, start=held.size):
        if commitment is None:
            continue
        if commitment in known:
            repeated.add(index)
        known.add(commitment)
    return repeated
