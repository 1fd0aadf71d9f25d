"""What is served to a partner alone: private in every form of an answer, and of each width what that width says.

A server may make a whole file, a part of it, a coded one and *you have it* at places of their
own; a proxy on the way keeps any of them that does not forbid it (P-4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.forms import MAX_FILE, Send, every_form, is_private
from passerelle.conformance.partner import Partner
from passerelle.conformance.widths import KINDS, Folder
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import TILE_WIDTH, Tile, bundles_of, checkpoint_path, parse_entry_bundle

MAX_LEAVES: Final = 1_024
"""Of the node's feed to the kit; beyond them nothing is looked at."""


async def examine(partner: Partner) -> None:
    """P-4 and P-28 of every form of every path, and the widths of the node's feed to the kit."""
    own = await _size(partner)
    for rule, path in _paths(partner, own):
        await _every_form(partner, rule, path)
    await _queries(partner)
    if own:
        await _widths(partner, own)


async def _size(partner: Partner) -> int:
    """How many leaves the node's feed to the kit has, 0 where it does not say, or more than are looked at."""
    try:
        answer = await partner.get(f"{partner.own_path}/checkpoint")
        size = Checkpoint.parse(SignedNote.parse(answer.body).text).tree_size
    except (NoAnswer, ProtocolError):
        return 0
    return size if size <= MAX_LEAVES else 0


def _paths(partner: Partner, own: int) -> Iterator[tuple[str, str]]:
    """Every path that is this partner's, with the rule that has it private."""
    latest = partner.own_path.removesuffix("1") + "latest"
    yield "P-4", latest
    yield "P-4", f"{partner.own_path}/checkpoint"
    if own:
        number, width = (own - 1) // TILE_WIDTH, own % TILE_WIDTH or TILE_WIDTH
        for kind in KINDS:
            yield "P-4", f"{partner.own_path}/{Tile(kind, 0, number, width).path}"
        yield "P-4", f"{partner.own_path}/{checkpoint_path(own)}"
    for feed in (partner.agency.public, partner.agency.bilateral):
        yield "P-4", f"{partner.held_path(feed)}/checkpoint"
        yield "P-4", f"{partner.held_path(feed)}/receipt"
        receipt = partner.last.get(f"{partner.held_path(feed)}/receipt")
        for bundle in bundles_of("entries", 0, 0 if receipt is None else receipt.size):
            yield "P-4", f"{partner.held_path(feed)}/{bundle.path}"
    yield "P-28", f"/mirrors/{partner.agency.scid}/did.jsonl"


async def _every_form(partner: Partner, rule: str, path: str) -> None:
    async for sent, answer in every_form(_sender(partner), path):
        told = answer.headers.get("cache-control")
        partner.notes.judge(is_private(answer), rule, sent=sent, got=f"{answer.status}, Cache-Control {told}")


def _sender(partner: Partner) -> Send:
    async def send(method: str, path: str, fields: Mapping[str, str]) -> Answer:
        signed = partner.signature(method, path).headers()
        return await partner.asker.send(method, path, most=MAX_FILE, headers={**signed, **fields})

    return send


async def _queries(partner: Partner) -> None:
    """P-1 of what is signed: a signature covers the query (Q-9), which makes it no path."""
    body = partner.notice_body(partner.agency.public)
    for method, path, sent in (
        ("GET", f"{partner.own_path}/checkpoint?x=1", b""),
        ("GET", f"{partner.held_path(partner.agency.public)}/receipt?x=1", b""),
        ("POST", "/notices?x=1", body),
    ):
        signed = partner.signature(method, path, sent).headers()
        try:
            answer = await partner.asker.send(method, path, headers=signed, body=sent or None)
        except NoAnswer:
            continue
        is_nothing = (answer.status, answer.code) == (404, "path.not-found")
        partner.notes.judge(is_nothing, "P-1", sent=f"{method} {path}, signed", got=answer.brief())


async def _widths(partner: Partner, own: int) -> None:
    leaves: list[bytes] = []
    for bundle in bundles_of("entries", 0, own):
        try:
            answer = await partner.get(f"{partner.own_path}/{bundle.path}", most=MAX_FILE)
            leaves += parse_entry_bundle(answer.body, bundle.width)
        except (NoAnswer, ProtocolError):
            return
    await Folder(partner.notes, partner.get, Origin(partner.node, partner.agency.scid, 1), leaves).look()
