"""Feeds that grow, rightly and wrongly: whether the node goes along or stays where it was.

A wrong step is shown until the node has looked at it and gone again; then the true feed is
shown, and the node must come after. So each wrong step ends in a right one, which also
shows that the node took the fault for no more than it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiohttp import web

from passerelle.conformance import flawed
from passerelle.conformance.author import Feed
from passerelle.conformance.flawed import Bench
from passerelle.conformance.partner import Partner
from passerelle.conformance.stand import Override
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.merkle import leaf_hash
from passerelle.protocol.notes import NoteSignature, SignedNote, key_id, sign_note
from passerelle.protocol.tiles import Tile, encode_entry_bundle, encode_tile


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is shown of the public feed.

    Args:
        rule: What is broken where the node does otherwise.
        what: What is shown, for the report.
        show: Changes what is shown.
        after: What is broken where the node does not come after once the truth is shown; empty for nothing.
        is_signed: Whether a receipt of what is shown of the head is a true one, by its text and signature.
    """

    rule: str
    what: str
    show: Callable[[Partner, Feed], None]
    after: str = ""
    is_signed: bool = False


def grow(partner: Partner, feed: Feed) -> None:
    """One more good record."""
    agency = partner.agency
    issued = agency.now - timedelta(minutes=5)
    bench = Bench(agency.author, feed.origin, agency.us, b"", agency.other, issued, agency.now)
    feed.add(agency.author.record_of(flawed.public_value(bench)))


# --- right, though not usual -------------------------------------------------------------------------------


def _strangers(count: int) -> Callable[[Partner, Feed], None]:
    """Signature lines of keys that nobody knows, beside the true one."""

    def show(_partner: Partner, feed: Feed) -> None:
        lines = [NoteSignature(f"witness.example/{n}", bytes([n] * 4), bytes(64)) for n in range(count)]
        feed.note = SignedNote.parse(feed.checkpoint()).with_signatures(*lines).encode()

    return show


def _stale_descriptor(partner: Partner, feed: Feed) -> None:
    agency = partner.agency
    issued = agency.now - timedelta(minutes=4)
    body = agency.node_body(agency.now - timedelta(minutes=1))
    agency.descriptor = agency.author.record_of(agency.author.value("node", body, issued))
    feed.add(agency.descriptor)
    partner.agency.public.note = None


RIGHT: Final = (
    Step("L-6", "a checkpoint with a line by an unknown key", _strangers(1)),
    Step("L-9", "a checkpoint with 64 lines", _strangers(63)),
)

# --- wrong -------------------------------------------------------------------------------------------------


def _claimed(feed: Feed) -> Checkpoint:
    size = len(feed.leaves)
    return Checkpoint(feed.origin.encode(), size, feed.root(size))


def _false_line(*order: int, size: int = 64) -> Callable[[Partner, Feed], None]:
    """Lines by one key in an order: of 1 the true one, of 0 one that does not verify, of so many bytes."""

    def show(_partner: Partner, feed: Feed) -> None:
        note = SignedNote.parse(feed.checkpoint())
        (true,) = note.signatures
        false = NoteSignature(true.name, true.key_id, bytes(size))
        feed.note = SignedNote(note.text, tuple(true if one else false for one in order)).encode()

    return show


def _by_request_key(partner: Partner, feed: Feed) -> None:
    feed.note = feed.checkpoint(key=partner.agency.request)


def _of_another_type(_partner: Partner, feed: Feed) -> None:
    """One line in the name of the author, of the type of ML-DSA-44 and as long as its signatures are."""
    note, name = SignedNote.parse(feed.checkpoint()), feed.origin.encode()
    line = NoteSignature(name, key_id(name, _ML_DSA_44, bytes(1_312)), bytes(2_420))
    feed.note = SignedNote(note.text, (line,)).encode()


def _four_lines(partner: Partner, feed: Feed) -> None:
    text = _claimed(feed).encode() + "more\n"
    feed.note = sign_note(text, feed.origin.encode(), partner.agency.log_key).encode()


def _text(change: Callable[[str, str, str], str]) -> Callable[[Partner, Feed], None]:
    """A text made otherwise of origin, size and root, under a good signature."""

    def show(partner: Partner, feed: Feed) -> None:
        origin, size, root, _ = _claimed(feed).encode().split("\n")
        feed.note = sign_note(change(origin, size, root), origin, partner.agency.log_key).encode()

    return show


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Partner, Feed], None]:
    """The good note, written otherwise."""

    def show(_partner: Partner, feed: Feed) -> None:
        feed.note = change(feed.checkpoint())

    return show


def _of_the_other_feed(partner: Partner, feed: Feed) -> None:
    feed.note = partner.agency.bilateral.checkpoint()


def _smaller(_partner: Partner, feed: Feed) -> None:
    feed.note = feed.checkpoint(2)


def _another_root(partner: Partner, feed: Feed) -> None:
    """Another root of the size that is cosigned, under no key of the log."""
    feed.note = feed.claim(len(feed.leaves) - 1, bytes(32), key=partner.agency.request)


def _lying_entries(*, tile_too: bool) -> Callable[[Partner, Feed], None]:
    """The last leaf is another than the signed root covers; the tile of hashes is true, or lies alike."""

    def show(partner: Partner, feed: Feed) -> None:
        width = len(feed.leaves) % 256 or 256
        first = len(feed.leaves) - width
        lie = [*feed.leaves[first:-1], b'{"kind":"later","n":2}']
        number = first // 256
        entries, hashes = encode_entry_bundle(lie), encode_tile([leaf_hash(leaf) for leaf in lie])
        folder = f"/{feed.origin.path}"
        partner.stand.overrides[f"{folder}/{Tile('entries', 0, number, width).path}"] = _ranged(entries)
        if tile_too:
            partner.stand.overrides[f"{folder}/{Tile('hashes', 0, number, width).path}"] = _ranged(hashes)

    return show


def _ranged(data: bytes) -> Override:
    async def answer(request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get("Range", "")
        if not wanted.startswith("bytes=") or not wanted.endswith("-"):
            return web.Response(body=data)
        first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {first}-{len(data) - 1}/{len(data)}"
        return web.Response(status=206, body=data[first:], headers={"Content-Range": span})

    return answer


_ML_DSA_44: Final = 0x06
WRONG: Final = (
    Step("L-7", "a checkpoint with a bad line of its own key after the good one", _false_line(1, 0)),
    Step("L-7", "a checkpoint with a bad line of its own key before the good one", _false_line(0, 1)),
    Step(
        "L-7", "a checkpoint with half a line of its own key among good ones", _false_line(1, 0, 1, size=32)
    ),
    Step("L-8", "a checkpoint under its request key alone", _by_request_key),
    Step("X-17", "a checkpoint under a type that nobody knows alone", _of_another_type),
    Step("L-10", "a checkpoint of four lines", _four_lines),
    Step("L-10", "a root without its padding", _text(lambda o, s, r: f"{o}\n{s}\n{r.rstrip('=')}\n")),
    Step("L-11", "a size with a zero before it", _text(lambda o, s, r: f"{o}\n0{s}\n{r}\n")),
    Step("L-11", "a size with a sign", _text(lambda o, s, r: f"{o}\n+{s}\n{r}\n")),
    *(
        Step("L-5", f"a checkpoint {what}", _bytes(change), is_signed=True)
        for what, change in (
            ("with carriage returns", lambda note: note.replace(b"\n", b"\r\n")),
            ("with a hyphen for its dash", lambda note: note.replace("\N{EM DASH}".encode(), b"-")),
            ("without its last line feed", lambda note: note.removesuffix(b"\n")),
            (
                "whose signature is without padding",
                lambda note: note.replace(b"=\n", b"\n").replace(b"\n\n", b"=\n\n"),
            ),
        )
    ),
    Step("L-5", "a checkpoint with 65 lines", _strangers(64), is_signed=True),
    Step("L-14", "the checkpoint of the other feed", _of_the_other_feed),
    Step("L-18", "leaves that are not those of the hashes", _lying_entries(tile_too=False), "F-8"),
    Step("F-9", "leaves that do not give the signed root", _lying_entries(tile_too=True)),
    Step("L-8", "another root of one size, under no log key", _another_root, "F-19"),
)
LAST: Final = (Step("F-25", "a checkpoint smaller than before", _smaller, "F-7", is_signed=True),)
"""After all that the feed is needed for, but what ends it: a log that shrinks is what a node most likely stops at for good."""


async def right(partner: Partner, step: Step, *, seconds: float) -> None:
    """Show one step that the node must follow."""
    feed = partner.agency.public
    grow(partner, feed)
    step.show(partner, feed)
    moved = await partner.moves(feed, len(feed.leaves), seconds)
    partner.notes.judge(moved, step.rule, sent=step.what, got=f"no receipt of size {len(feed.leaves)}")
    feed.note = None
    if not moved:
        await partner.comes_after(feed, seconds)


async def wrong(partner: Partner, step: Step, *, seconds: float) -> None:
    """Show one step that the node must not follow, and then the truth."""
    feed, notes = partner.agency.public, partner.notes
    grow(partner, feed)
    size = len(feed.leaves)
    step.show(partner, feed)
    shown = feed.note
    if shown is not None and not step.is_signed:
        partner.lies.append((feed, shown))
    looked = await partner.visit(feed, seconds)
    found = await partner.receipt(feed)
    feed.note = None
    partner.stand.overrides.clear()
    if not looked:
        notes.unseen(step.rule, why="no-answer")
    elif found is not None:
        stays = found.size < size and shown not in partner.taken
        notes.judge(stays, step.rule, sent=step.what, got=f"a receipt of size {found.size}")
    moved = await partner.comes_after(feed, seconds)
    if shown in partner.taken:  # perhaps a moment after it was looked for
        notes.broken(step.rule, sent=step.what, got=f"a receipt of it, of size {size}")
    if step.after:
        got = f"no receipt of size {size} after the truth was shown"
        notes.judge(moved, step.after, sent=step.what, got=got)


async def stale_descriptor(partner: Partner, *, seconds: float) -> None:
    """I-35: a descriptor past its time ends nothing."""
    feed = partner.agency.public
    _stale_descriptor(partner, feed)
    await partner.moves(feed, len(feed.leaves), seconds)
    grow(partner, feed)
    moved = await partner.comes_after(feed, seconds)
    partner.notes.judge(moved, "I-35", sent="a descriptor that has expired", got="it is followed no more")


async def fork(partner: Partner, *, seconds: float) -> None:
    """F-21, F-22: two roots of one size, both signed; the feed stops, the author's other feed goes on."""
    feed, other, notes = partner.agency.public, partner.agency.bilateral, partner.notes
    size = len(feed.leaves)
    feed.note = feed.claim(size, bytes(31) + b"\1")
    if not await partner.visit(feed, seconds):
        return
    feed.note = None
    grow(partner, feed)
    other.append(b'{"kind":"later","n":3}')
    went = await partner.holds(other, len(other.leaves), seconds)
    sent = "two roots of one size"
    notes.judge(went, "F-22", sent=f"{sent} of the public feed", got="its other feed is not followed")
    found = await partner.receipt(feed)
    if found is not None:
        notes.judge(found.size <= size, "F-21", sent=sent, got=f"a receipt of size {found.size}")
    held = await partner.held(feed)
    notes.judge(held <= size, "F-21", sent=sent, got=f"size {held} is held")
