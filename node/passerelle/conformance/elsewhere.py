"""A checkpoint of one feed where another was asked for: in the kit's feeds, in its receipts, and at the first contact (L-14).

What the node has signed itself is shown to it as well: its own note of one feed as the kit's
receipt of another, and as the head that the kit holds. A node that reads it under the origin
that it names finds that its rows are old, and signs nothing more; so this comes late.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from aiohttp import web

from passerelle.conformance import curve, steps
from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.author import Feed
from passerelle.conformance.partner import Partner
from passerelle.conformance.stand import Override
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, cosign
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote, sign_note
from passerelle.protocol.origins import witness_name

VISITS: Final = 2
"""So many must have come before and come afterwards, to see whether it asks for receipts at each."""
SIGNS_SECONDS: Final = 15.0
"""In which it must have signed once more."""


def mislabelled(feed: Feed, other: Feed) -> bytes:
    """A feed's own tree and signature under its own key name, on a text that says that it is another feed."""
    size = len(feed.leaves)
    text = Checkpoint(other.origin.encode(), size, feed.root(size)).encode()
    return sign_note(text, feed.origin.encode(), feed.author.log).encode()


def _under_its_name(partner: Partner, feed: Feed) -> None:
    feed.note = mislabelled(feed, partner.agency.bilateral)


def _of_another_name(partner: Partner, feed: Feed) -> None:
    """The right text and key; but the key name is that of the other feed, and so is what was hashed of it."""
    size = len(feed.leaves)
    text = Checkpoint(feed.origin.encode(), size, feed.root(size)).encode()
    feed.note = sign_note(text, partner.agency.bilateral.origin.encode(), feed.author.log).encode()


def _as_a_witness(partner: Partner, feed: Feed) -> None:
    """The agency's own cosignature in the place of its signature."""
    note, agency = SignedNote.parse(feed.checkpoint()), partner.agency
    line = cosign(note, agency.witness, witness_name(agency.scid), int(time.time()))
    feed.note = SignedNote(note.text, (line,)).encode()


def _malleable(_partner: Partner, feed: Feed) -> None:
    """A second spelling of the good signature."""
    note = SignedNote.parse(feed.checkpoint())
    (true,) = note.signatures
    size = len(feed.leaves)
    text = Checkpoint(feed.origin.encode(), size, feed.root(size)).encode()
    other = replace(true, blob=curve.beyond_order(feed.author.log, text.encode()))
    feed.note = SignedNote(note.text, (other,)).encode()


WRONG: Final = (
    steps.Step("L-8", "a text that its log key has signed under another name", _of_another_name),
    steps.Step("L-8", "a text that its author has cosigned alone", _as_a_witness),
    steps.Step("I-47", "a checkpoint whose signature has a number beyond the order", _malleable),
    steps.Step("L-14", "a text of the other feed under a signature of this one", _under_its_name, "L-14"),
)
"""Beside those of `steps`."""


# --- the kit's feed to the node ----------------------------------------------------------------------------


async def bilateral(partner: Partner, *, seconds: float) -> None:
    """The two ways to take another feed's checkpoint for that of the kit's feed to the node; the truth after each."""
    feed, public = partner.agency.bilateral, partner.agency.public
    # A node that takes the public checkpoint asks for leaves of that size.
    partner.stand.sizes.add((feed.origin.path, len(public.leaves)))
    shown: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("the public checkpoint", public.checkpoint),
        ("a text of the public feed under a signature of this one", lambda: mislabelled(feed, public)),
    )
    for what, note in shown:
        before = await partner.held(feed)
        feed.append(b'{"kind":"later","n":%d}' % len(feed.leaves))
        feed.note = note()
        looked = await partner.visit(feed, seconds)
        found = await _held(partner, feed)
        feed.note = None
        sent = f"{what} at the place of the feed to the node"
        if looked and found is not None:
            kept = found == (feed.origin.encode(), before)
            partner.notes.judge(kept, "L-14", sent=sent, got=f"it holds size {found[1]} of {found[0]}")
        went = await partner.holds_after(feed, seconds)
        got = f"size {len(feed.leaves)} is not held after the truth was shown"
        partner.notes.judge(went, "L-14", sent=sent, got=got)


async def _held(partner: Partner, feed: Feed) -> tuple[str, int] | None:
    """Origin and size of the checkpoint that it holds of a feed, whoever has signed that."""
    try:
        answer = await partner.get(f"{partner.held_path(feed)}/checkpoint", most=MAX_NOTE_BYTES)
        checkpoint = Checkpoint.parse(SignedNote.parse(answer.body).text)
    except (NoAnswer, ProtocolError):
        return None
    return checkpoint.origin, checkpoint.tree_size


# --- the node's feeds --------------------------------------------------------------------------------------


async def own_words(partner: Partner, *, seconds: float) -> None:
    """Its own note of one feed, with the kit's cosignature, wherever it asks how far the kit holds the other."""
    asked_before = _asks_always(partner, 0.0)
    places = await _wrong_places(partner)
    if not places:
        partner.notes.unseen("L-14", why="no-answer")
        return
    feed = partner.agency.public
    partner.stand.overrides |= places
    steps.grow(partner, feed)
    await partner.visit(feed, seconds)
    partner.stand.overrides.clear()
    began = time.monotonic()
    moved = await _signs(partner, feed)
    sent = "its checkpoints, each as the receipt and the head of its other feed"
    partner.notes.judge(moved, "L-14", sent=sent, got="it signs no receipts any more")
    if not moved or not asked_before:
        return
    for _ in range(VISITS - 1):
        steps.grow(partner, feed)
        await partner.visit(feed, seconds)
    again = _asked(partner, began)
    got = f"it asks no more for {sorted(asked_before - again)}"
    partner.notes.judge(asked_before <= again, "L-14", sent=sent, got=got)


async def _signs(partner: Partner, feed: Feed) -> bool:
    """Whether it comes to sign once more. The feed grows each time: a visit in vain makes the next ones come later (F-44)."""
    began = time.monotonic()
    while time.monotonic() - began < SIGNS_SECONDS:
        size = len(feed.leaves)
        steps.grow(partner, feed)
        await partner.visit(feed, SIGNS_SECONDS)
        found = await partner.receipt(feed)
        if found is not None and found.size > size:
            return True
    return False


def _asked(partner: Partner, moment: float) -> set[str]:
    """For which receipts of its own feeds it has asked since."""
    paths = {f"/{origin.received_path()}/receipt" for origin in partner.own_feeds}
    return {path for path in paths if partner.stand.since(moment, path)}


def _asks_always(partner: Partner, moment: float) -> set[str]:
    """For which of them it asks again as long as it gets none: more than half as often as it visits."""
    visits = len(partner.stand.since(moment, f"/{partner.agency.public.origin.path}/checkpoint"))
    return {
        path
        for path in _asked(partner, moment)
        if 2 * len(partner.stand.since(moment, path)) > visits > VISITS
    }


async def _wrong_places(partner: Partner) -> dict[str, Override]:
    """At receipt and head of each feed of its the newest note of the other."""
    public, own = partner.own_feeds
    try:
        notes = {
            public: await partner.asker.get(f"/{public.path}/checkpoint", most=MAX_NOTE_BYTES),
            own: await partner.get(f"/{own.path}/checkpoint", most=MAX_NOTE_BYTES),
        }
        signed = {origin: SignedNote.parse(answer.body) for origin, answer in notes.items()}
    except (NoAnswer, ProtocolError):
        return {}
    places: dict[str, Override] = {}
    for asked, shown in ((public, signed[own]), (own, signed[public])):
        folder = f"/{asked.received_path()}"
        places[f"{folder}/receipt"] = _answering(_cosigned(partner, shown))
        places[f"{folder}/checkpoint"] = _answering(shown.encode())
    return places


def _cosigned(partner: Partner, note: SignedNote) -> bytes:
    agency = partner.agency
    line = cosign(note, agency.witness, witness_name(agency.scid), int(time.time()))
    return note.with_signatures(line).encode()


def _answering(data: bytes) -> Override:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=data)

    return answer
