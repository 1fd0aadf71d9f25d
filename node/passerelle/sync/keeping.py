"""Keeping what a pull brought: accepted records, and with its code what did not become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.protocol.intake import Examined
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage.feeds import Feed, Setback

if TYPE_CHECKING:
    from passerelle.sync.pull import PullTools

MAX_QUARANTINED_BYTES = 16 * 2**20
"""Kept for each partner; past it only index and code."""


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
    examined: Sequence[Examined],
    now: int,
) -> Kept:
    """Append proven leaves with what came of their objects; one transaction, the caller's."""
    repeated = await _repeated(connection, held, leaves)
    grown = await feeds.append(connection, held, leaves)
    accepted: dict[int, Examined] = {}
    found: list[Setback] = []
    room = MAX_QUARANTINED_BYTES - await feeds.quarantined_bytes(connection, held.origin.author)
    for index, (result, item) in enumerate(zip(examined, objects, strict=True), start=held.size):
        if result.status == "accepted" and index not in repeated:
            accepted[index] = result
        elif result.status != "passed-over":
            room -= len(item or b"")
            setback = _setback(index, result, item if room >= 0 else None)
            twice = replace(setback, status="quarantined", code="leaf.commitment-twice")
            found.append(twice if index in repeated else setback)
    await _keep_accepted(connection, grown.id, accepted)
    await feeds.put_setbacks(connection, grown.id, found, now)
    codes = [setback.code for setback in found]
    return Kept(grown, {code: codes.count(code) for code in set(codes)})


def _setback(index: int, result: Examined, item: bytes | None) -> Setback:
    params = dict(result.params)
    if result.record is not None:
        params["type"] = result.record.type
    code = result.code or ("object.missing" if result.status == "empty" else "")
    return Setback(index, result.status, code, params, item, gap=not result.receipt_may_cover)


async def _keep_accepted(connection: AsyncConnection, feed_id: int, accepted: Mapping[int, Examined]) -> None:
    records = {index: result.record for index, result in accepted.items() if result.record is not None}
    readable = [(record, accepted[index].readable) for index, record in records.items()]
    await record_rows.add(connection, readable)
    await vault.put_records(connection, {record.digest: record.data for record in records.values()})
    salts = {index: result.salt for index, result in accepted.items() if result.salt is not None}
    await vault.put_salts(connection, feed_id, salts)
    await record_rows.add_places(
        connection, feed_id, {index: record.digest for index, record in records.items()}
    )


async def _repeated(connection: AsyncConnection, held: Feed, leaves: Sequence[bytes]) -> set[int]:
    """Indexes of leaves whose commitment stands in the feed before them."""
    found = {
        index: feeds.commitment_in(data, held.origin) for index, data in enumerate(leaves, start=held.size)
    }
    commitments = {index: commitment for index, commitment in found.items() if commitment is not None}
    known = await feeds.commitments_held(connection, held.id, list(commitments.values()))
    repeated: set[int] = set()
    for index, commitment in commitments.items():
        if commitment in known:
            repeated.add(index)
        known.add(commitment)
    return repeated


async def examine_again(
    tools: PullTools, held: Feed, examine: Callable[[bytes, bytes | None], Examined]
) -> int:
    """Look again at what waits: for an identity log, for its time to come, for a key to open it.

    Returns:
        How many objects became records.
    """
    async with tools.database.reading() as connection:
        waiting = await feeds.setbacks(connection, held.id, "pending", "held", "unopened")
        leaves = {
            item.index: await feeds.leaves(connection, held.id, item.index, item.index + 1)
            for item in waiting
        }
    accepted: dict[int, Examined] = {}
    changed: list[Setback] = []
    for item in waiting:
        if item.object is None:
            continue
        result = examine(leaves[item.index][0], item.object)
        if result.status == "accepted":
            accepted[item.index] = result
        elif (result.status, result.code) != (item.status, item.code):
            changed.append(_setback(item.index, result, item.object))
    if accepted or changed:
        async with tools.database.writing() as connection:
            await feeds.drop_setbacks(connection, held.id, [*accepted, *(item.index for item in changed)])
            await _keep_accepted(connection, held.id, accepted)
            await feeds.put_setbacks(connection, held.id, changed, int(tools.clock().timestamp()))
    return len(accepted)
