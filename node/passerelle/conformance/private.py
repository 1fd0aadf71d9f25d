"""What is served to a partner alone: private in every form of an answer, and of each width what that width says.

A server may make a whole file, a part of it, a coded one and *you have it* at places of their
own; a proxy on the way keeps any of them that does not forbid it (P-4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.caching import look_at_ranges, look_at_validator, look_at_widths
from passerelle.conformance.forms import MAX_FILE, Send, every_form, is_private
from passerelle.conformance.partner import Partner
from passerelle.conformance.widths import KINDS, Folder
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.merkle import Frontier, leaf_hash
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import TILE_WIDTH, Tile, bundles_of, checkpoint_path, parse_entry_bundle

MAX_LEAVES: Final = 1_024
"""Of the node's feed to the kit; beyond them nothing is looked at."""


async def examine(partner: Partner) -> None:
    """P-4 and P-28 of every form of every path, and all that is seen of a public feed on the node's feed to the kit."""
    newest = await _newest(partner)
    own = 0 if newest is None else newest.tree_size
    if own > MAX_LEAVES:
        partner.notes.in_part("P-4", "L-16", "L-17", "O-16")
        own = 0
    for rule, path in _paths(partner, own):
        await _every_form(partner, rule, path)
    await _queries(partner)
    send = _sender(partner)
    held = partner.held_path(partner.agency.public)
    for folder in (partner.own_path, held):
        await look_at_validator(partner.notes, send, f"{folder}/checkpoint")
    receipt = partner.last.get(f"{held}/receipt")
    for bundle in bundles_of("entries", 0, 0 if receipt is None else receipt.size):
        await look_at_ranges(partner.notes, send, f"{held}/{bundle.path}")
    if own and newest is not None:
        number, width = (own - 1) // TILE_WIDTH, own % TILE_WIDTH or TILE_WIDTH
        for kind in KINDS:
            await look_at_ranges(
                partner.notes, send, f"{partner.own_path}/{Tile(kind, 0, number, width).path}"
            )
        await look_at_widths(partner.notes, send, partner.own_path, number, width)
        await _leaves_of(partner, newest)


async def look_again(partner: Partner) -> None:
    """L-15 of the node's feed to the kit: what it shows now continues what it has shown before."""
    newest = await _newest(partner)
    if newest is None or not partner.own_heads or newest.tree_size > MAX_LEAVES:
        return
    leaves = await _read(partner, newest.tree_size)
    if leaves is None:
        return
    hashes = [leaf_hash(leaf) for leaf in leaves]
    if Frontier().extend(hashes).root() != newest.root_hash:
        return  # L-16 has been said of it, and of what its leaves are nothing follows
    sent = f"GET {partner.own_path}/checkpoint, once more"
    for size, root in sorted(partner.own_heads.items()):
        if size <= len(hashes):
            same = Frontier().extend(hashes[:size]).root() == root
            partner.notes.judge(same, "L-15", sent=sent, got=f"another root at size {size}")


async def _newest(partner: Partner) -> Checkpoint | None:
    """The newest checkpoint of the node's feed to the kit, which is kept; None where it does not say."""
    try:
        answer = await partner.get(f"{partner.own_path}/checkpoint")
        found = Checkpoint.parse(SignedNote.parse(answer.body).text)
    except (NoAnswer, ProtocolError):
        return None
    before = partner.own_heads.setdefault(found.tree_size, found.root_hash)
    sent = f"GET {partner.own_path}/checkpoint, once more"
    partner.notes.judge(before == found.root_hash, "L-15", sent=sent, got="two roots of one size")
    return found


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
        ("POST", "/notices/", body),
        ("GET", f"{partner.own_path}/checkpoint/", b""),
        ("GET", f"/feeds/to/{partner.agency.scid}/01/checkpoint", b""),
        ("GET", f"/feeds/to/{partner.agency.scid}//1/checkpoint", b""),
        ("GET", f"{partner.held_path(partner.agency.public)}/receipt/", b""),
        ("GET", f"/received/{partner.agency.scid}/public/01/receipt", b""),
        ("GET", f"/mirrors/{partner.agency.scid}/did.jsonl/", b""),
    ):
        signed = partner.signature(method, path, sent).headers()
        try:
            answer = await partner.asker.send(method, path, headers=signed, body=sent or None)
        except NoAnswer:
            continue
        is_nothing = (answer.status, answer.code) == (404, "path.not-found")
        partner.notes.judge(is_nothing, "P-1", sent=f"{method} {path}, signed", got=answer.brief())


async def _read(partner: Partner, own: int) -> list[bytes] | None:
    leaves: list[bytes] = []
    for bundle in bundles_of("entries", 0, own):
        try:
            answer = await partner.get(f"{partner.own_path}/{bundle.path}", most=MAX_FILE)
            leaves += parse_entry_bundle(answer.body, bundle.width)
        except (NoAnswer, ProtocolError):
            return None
    return leaves


async def _leaves_of(partner: Partner, newest: Checkpoint) -> None:
    leaves = await _read(partner, newest.tree_size)
    if leaves is None:
        return
    root = Frontier().extend(map(leaf_hash, leaves)).root()
    sent = f"GET {partner.own_path}/tile/entries/…"
    partner.notes.judge(
        root == newest.root_hash, "L-16", sent=sent, got="leaves that do not give the signed root"
    )
    await Folder(partner.notes, partner.get, Origin(partner.node, partner.agency.scid, 1), leaves).look()
