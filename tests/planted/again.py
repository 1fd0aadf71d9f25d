"""Four more faults, planted by somebody who has not read what is to find them.

Each is a check that is made, and made right for all that honest partners ever send: what is
wrong shows only in the second key of a list, in the number of a feed that nobody has opened, in
a receipt of our own feed, in the time of what we sign for a partner whose clock is another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from passerelle.exchange import growing
from passerelle.protocol import checkpoints, identity, identityentries
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.identityentries import multihash
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.records import FeedPosition
from passerelle.sync import fence, receipts
from passerelle.sync.client import Answer, Client, Road
from tests.planted.fault import Fault, put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from passerelle.exchange.causality import Line
    from passerelle.protocol.identityentries import Entry
    from passerelle.protocol.profile import JsonObject
    from passerelle.storage.feeds import Feed
    from passerelle.sync.pull import PullTools


# --- identity and keys -------------------------------------------------------------------------------------


def signer_announced() -> None:
    """Of the update keys of an entry only the one that signed it has to be announced by the entry before."""
    verify = identityentries.verify_entry

    def trusting(entry: JsonObject, number: int, scid: str, previous: Entry | None) -> Entry:
        if previous is not None and _signer_hash(entry) in previous.next_key_hashes:
            also = tuple(multihash(key.encode()) for key in _update_keys(entry))
            previous = replace(previous, next_key_hashes=(*previous.next_key_hashes, *also))
        return verify(entry, number, scid, previous)

    put(identity, verify_entry=trusting)


def _signer_hash(entry: JsonObject) -> str:
    match entry:
        case {"proof": [{"verificationMethod": str(method)}]}:
            return multihash(method.partition("#")[2].encode())
    return ""


def _update_keys(entry: JsonObject) -> list[str]:
    match entry:
        case {"parameters": {"updateKeys": [*keys]}}:
            return [key for key in keys if isinstance(key, str)]
    return []


# --- feeds and leaves --------------------------------------------------------------------------------------


def own_word() -> None:
    """A checkpoint of our own that a partner shows is read under the origin that it names itself."""
    verify = checkpoints.verify_checkpoint

    def as_it_says(data: bytes, _asked: str, log_keys: Iterable[bytes]) -> Checkpoint:
        named = Checkpoint.parse(SignedNote.parse(data).text).origin
        return verify(data, named, log_keys)

    put(receipts, verify_checkpoint=as_it_says)
    put(fence, verify_checkpoint=as_it_says)


# --- signed requests ---------------------------------------------------------------------------------------


def partner_clock() -> None:
    """The clock of a partner that was set by its ``serverTime`` dates the receipts for it too."""
    learn, cosign = Client._learn_offset, receipts.cosign_held
    offsets: dict[str, timedelta] = {}

    def learning(client: Client, road: Road, answer: Answer) -> bool:
        learnt = learn(client, road, answer)
        offsets[road.scid] = client._offsets.get(road.scid, timedelta())
        return learnt

    async def dated(tools: PullTools, held: Feed) -> int:
        clock, offset = tools.clock, offsets.get(held.origin.author, timedelta())
        return await cosign(replace(tools, clock=lambda: clock() + offset), held)

    put(Client, _learn_offset=learning)
    put(receipts, cosign_held=dated)


# --- the fold ----------------------------------------------------------------------------------------------


def unopened_feed() -> None:
    """A claim to have seen a feed that was never opened is compared with nothing, so it passes for true."""

    def if_opened(own: Line, theirs: Line, cosigned: FeedPosition) -> FeedPosition:
        for entry in theirs.entries:
            place, said = FeedPosition(*entry.place), entry.seen.get(own.author)
            if place >= cosigned:
                break
            there_is = None if said is None else own.sizes.get(said.feed)
            if said is not None and there_is is not None and said.size > there_is:
                return place
        return cosigned

    put(growing, short_of_lies=if_opened)


FAULTS: Final = (
    Fault(
        "signer-announced",
        "I-15",
        "I look whether the key that signed the entry was announced; the others in updateKeys sign nothing.",
        signer_announced,
    ),
    Fault(
        "partner-clock",
        "Q-15",
        "I keep one clock for each partner, set by its serverTime, and date by it whatever I sign for that partner.",
        partner_clock,
    ),
    Fault(
        "unopened-feed",
        "S-15",
        "A size in `seen` I hold against my feed of that number; where I have none of it, there is nothing to compare.",
        unopened_feed,
    ),
    Fault(
        "own-word",
        "L-14",
        "What my own log key has signed is mine, so of a receipt I verify the note under the origin it names.",
        own_word,
    ),
)
"""In the order in which they may be looked for: a node with the last one signs nothing any more once it shows."""
