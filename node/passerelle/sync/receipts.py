"""Receipts: our cosignature of what we hold, and our partners' of what we wrote.

On a bilateral feed a receipt of size N promises that every object below N was opened
and matched, or is erased; so a gap keeps the receipt at the last checkpoint before it.
On a public feed it says no more than: the largest consistent tree that we have seen
(spec/09-following.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import cosign, verify_checkpoint, verify_cosignature
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote
from passerelle.protocol.origins import Origin, witness_name
from passerelle.protocol.records import AHEAD
from passerelle.storage import evidence, feeds
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.feeds import Feed
from passerelle.sync.client import Client, Road
from passerelle.sync.covering import reach
from passerelle.sync.fence import Contradiction, compare

if TYPE_CHECKING:
    from passerelle.storage.heads import Head
    from passerelle.sync.pull import PullTools


async def cosign_held(tools: PullTools, held: Feed) -> int:
    """Cosign the largest checkpoint that the promise covers, unless it is cosigned; returns its size."""
    own = tools.directory.own_scid
    async with tools.database.reading() as connection:
        reached = await reach(connection, held)
        given = await evidence.get_receipt(connection, held.id, own)
        last = await evidence.last_cosigning(connection, own)
    covered, head = 0 if given is None else given[0].size, reached.head
    # A node that has lost rows has lost cosignatures too: another one may contradict them (W-13, F-25).
    if head is None or covered >= head.size or tools.closed() is not None:
        return covered
    now = int(tools.clock().timestamp())
    time = max(now, last)  # a witness never dates back
    note = SignedNote.parse(head.note)
    author = held.origin.encode()
    ours = cosign(note, tools.keys.witness, witness_name(own), time)
    kept = tuple(line for line in note.signatures if line.name == author)
    receipt = SignedNote(note.text, (*kept, ours)).encode()
    tools.crash.reach("before-follow-receipt")
    async with tools.database.writing() as connection:
        await evidence.put_receipt(connection, held.id, own, head.size, receipt, time)
        await setback_rows.drop(connection, held.id, reached.closed)  # erased: nothing is missed any more
    tools.crash.reach("after-follow-receipt")
    return head.size


async def fetch(
    client: Client,
    tools: PullTools,
    road: Road,
    origin: Origin,
    heads: Callable[[], Mapping[str, Head]],
) -> int | Contradiction:
    """Ask a partner for its receipt of one of our feeds, and keep it.

    Returns:
        The size that it covers; or the proof, under our own valid signature, that this node was
        restored from an old copy, and must not sign.

    Raises:
        ProtocolError: The receipt is not what it should be; ``cosignature.ahead`` where it is dated
            more than a day ahead of our clock.
    """
    database, directory = tools.database, tools.directory
    path = f"/{origin.received_path()}/receipt"
    answer = await client.get(road, path, max_bytes=MAX_NOTE_BYTES, signed=True)
    if answer.status != 200:
        return 0
    checkpoint = verify_checkpoint(answer.body, origin.encode(), directory.own.log_keys_ever)
    # The head is read after the answer: we may have grown while it was on its way.
    found = await compare(database, origin, checkpoint, answer.body, heads().get(origin.encode()))
    if found is not None:
        return found
    identity = directory.identity(road.scid)
    if identity is None:
        raise ProtocolError("identity.unknown", scid=road.scid)
    note = SignedNote.parse(answer.body)
    time = verify_cosignature(note, witness_name(road.scid), identity.witness_keys_ever)
    if time > (tools.clock() + AHEAD).timestamp():
        raise ProtocolError("cosignature.ahead", name=witness_name(road.scid), time=time)
    tools.crash.reach("before-keep-receipt")
    async with database.writing() as connection:
        held = await feeds.get(connection, origin)
        if held is not None:
            size = checkpoint.tree_size
            await evidence.put_receipt(connection, held.id, road.scid, size, answer.body, time)
    tools.crash.reach("after-keep-receipt")
    return checkpoint.tree_size
