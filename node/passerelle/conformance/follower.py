"""The node as its follower sees it: what it says of itself, and its public feed.

Each part is judged as far as the one before lets it be: bytes without an identity that
proves itself have no author.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from passerelle.conformance import naming
from passerelle.conformance.asking import Answer, Asker, NoAnswer
from passerelle.conformance.leaves import RECORD_RULES, VALIDITY, Leaves
from passerelle.conformance.report import Notes
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, verify_checkpoint
from passerelle.protocol.identity import MAX_LOG_BYTES, Identity, parse_identity
from passerelle.protocol.identityentries import parse_entry
from passerelle.protocol.merkle import Frontier, leaf_hash, root_of
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import JsonObject, parse_time
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.tiles import (
    TILE_WIDTH,
    bundles_of,
    parse_entry_bundle,
    parse_objects,
    parse_tile,
    tiles_of,
)

IDENTITY_PATH: Final = "/.well-known/did.jsonl"
DESCRIPTOR_PATH: Final = "/.well-known/passerelle"
MAX_DESCRIPTOR: Final = 262_144
MAX_LEAVES: Final = 131_072
"""Leaves that are read; of a larger feed the beginning."""
MAX_OBJECTS: Final = 192 * 2**20
"""Bytes of objects that are read; the longest file of them is 64 MiB."""
PUBLIC_OBJECT_BYTES: Final = 262_176

_IDENTITY_RULES: Final = (
    *("I-3", "I-6", "I-7", "I-9", "I-10", "I-11", "I-13", "I-14", "I-15", "I-16", "I-17", "I-18"),
    *("I-19", "I-24", "I-25", "I-26", "I-27", "I-29", "I-30", "I-31", "I-44", "I-45", "I-46", "I-48"),
)
_NOTE_RULES: Final = ("L-1", "L-5", "L-10", "L-11", "L-13")
_HOST: Final = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?|\[[0-9a-f:.]+\]")
_QUAD: Final = re.compile(r"((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(?!$)|$)){4}")


@dataclass
class Seen:
    """What was learnt of the node so far.

    Args:
        asker: Asks it.
        notes: Takes what is found.
        now: The kit's clock.
        progress: Called with a word for what is being looked at.
    """

    asker: Asker
    notes: Notes
    now: datetime
    progress: Callable[[str], None]
    identity: Identity | None = None
    descriptor: Record | None = None
    checkpoint: Checkpoint | None = None
    leaves: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> Origin:
        """Its public feed."""
        if self.identity is None:
            raise RuntimeError("nobody without an identity has a feed")
        return Origin(self.identity.scid, None, 1)

    @property
    def folder(self) -> str:
        """Path of that feed."""
        return f"/{self.origin.path}"

    @property
    def public_address(self) -> str | None:
        """Where the node says that it is."""
        addresses = self.descriptor.body.get("addresses") if self.descriptor else None
        first = addresses[0] if isinstance(addresses, list) and addresses else None
        return first.rstrip("/") if isinstance(first, str) else None


async def examine(seen: Seen) -> None:
    """Everything that is read of the node's own documents and of its public feed."""
    await look_at_identity(seen)
    await look_at_descriptor(seen)
    if seen.identity is None:
        return
    await look_at_checkpoint(seen)
    await look_at_feed(seen)


# --- what it says of itself --------------------------------------------------------------------------------


async def look_at_identity(seen: Seen) -> None:
    """I-4 and the rules of chapter 03 on a log."""
    seen.progress("identity")
    notes, sent = seen.notes, f"GET {IDENTITY_PATH}"
    try:
        answer = await seen.asker.get(IDENTITY_PATH, most=MAX_LOG_BYTES + 1)
    except NoAnswer as fault:
        notes.broken("I-6" if fault.code == "road.too-long" else "I-4", sent=sent, got=fault.code)
        return
    if not notes.judge(answer.status == 200, "I-4", sent=sent, got=answer.brief()):
        return
    try:
        seen.identity = parse_identity(answer.body, now=seen.now)
    except ProtocolError as error:
        rule = naming.rule_of_identity(error, _document_at_fault(answer.body, error))
        notes.broken(rule, sent=sent, got=error)
        return
    notes.held(*_IDENTITY_RULES)
    uses: dict[str, set[str]] = {}
    for entry in seen.identity.entries:
        keys = naming.multikeys(entry.state)
        is_single = len(keys) == len(set(keys))
        notes.judge(is_single, "I-28", sent=sent, got=f"a key of two uses in {entry.version_id}")
        for use, key in naming.uses(entry.state, entry.update_keys):
            uses.setdefault(key, set()).add(use)
    for key, found in uses.items():
        notes.judge(len(found) == 1, "I-28", sent=sent, got=f"{key}: {sorted(found)}")


def _document_at_fault(log: bytes, error: ProtocolError) -> JsonObject:
    number = error.params.get("entry")
    lines = log.split(b"\n")
    if not isinstance(number, int) or number > len(lines):
        return {}
    try:
        state = parse_entry(lines[number - 1])["state"]
    except ProtocolError:
        return {}
    return state if isinstance(state, dict) else {}


async def look_at_descriptor(seen: Seen) -> None:
    """The node record at its well-known place: its form, how long it is valid, where it says the node is."""
    seen.progress("descriptor")
    notes, sent = seen.notes, f"GET {DESCRIPTOR_PATH}"
    try:
        answer = await seen.asker.get(DESCRIPTOR_PATH, most=MAX_DESCRIPTOR)
    except NoAnswer as fault:
        notes.broken("J-13", sent=sent, got=fault.code)
        return
    if answer.status != 200:
        notes.broken("J-13", sent=sent, got=answer.brief())
        return
    try:
        seen.descriptor = record = Record.parse(answer.body)
        if seen.identity is not None:
            check_proof(record, seen.identity, seen.now)
    except ProtocolError as error:
        # Written out anew, it is another text than was signed, although it says the same.
        rule = "J-13" if error.code == "json.not-canonical" else naming.rule_of_record(error, None)
        notes.broken(rule, sent=sent, got=error)
        return
    _judge_descriptor(seen, record, sent)


def _judge_descriptor(seen: Seen, record: Record, sent: str) -> None:
    notes = seen.notes
    until = record.body.get("validUntil")
    try:
        ends = parse_time(until) if isinstance(until, str) else None
    except ProtocolError as error:
        notes.broken("J-18", sent=sent, got=error)
        ends = None
    if ends is not None:
        notes.judge(ends <= record.issued + VALIDITY, "I-34", sent=sent, got=f"validUntil {until}")
    address = seen.public_address
    if address is None:
        notes.broken("P-17", sent=sent, got="no address")
        return
    listed = record.body.get("addresses")
    for each in listed if isinstance(listed, list) else [address]:
        notes.judge(_has_plain_host(str(each)), "P-25", sent=sent, got=each)
    notes.judge(address.startswith("https://"), "Q-1", sent=sent, got=address)


def _has_plain_host(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        netloc = urlsplit(address).netloc
    except ValueError:
        return False
    if "[" in netloc:
        return _HOST.fullmatch(f"[{host}]") is not None
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        return _QUAD.fullmatch(host) is not None
    return _HOST.fullmatch(host) is not None


# --- the public feed ---------------------------------------------------------------------------------------


async def fetch_checkpoint(seen: Seen, folder: str, origin: Origin) -> Checkpoint | None:
    """The newest checkpoint of a feed, judged; None where it cannot be relied on."""
    path = f"{folder}/checkpoint"
    try:
        answer = await seen.asker.get(path, most=MAX_NOTE_BYTES)
    except NoAnswer as fault:
        seen.notes.broken(
            "L-5" if fault.code == "road.too-long" else "L-16", sent=f"GET {path}", got=fault.code
        )
        return None
    return judge_checkpoint(seen, answer, path, origin)


def judge_checkpoint(seen: Seen, answer: Answer, path: str, origin: Origin) -> Checkpoint | None:
    """L-1, L-5, L-10 to L-13 on one checkpoint."""
    notes, sent = seen.notes, f"GET {path}"
    if answer.status != 200:
        notes.broken("L-16", sent=sent, got=answer.brief())
        return None
    if seen.identity is None:
        return None
    text = ""
    try:
        text = SignedNote.parse(answer.body).text
        checkpoint = verify_checkpoint(answer.body, origin.encode(), seen.identity.newest.log_keys)
    except ProtocolError as error:
        notes.broken(_rule_of_origin(error, text), sent=sent, got=f"{error} {text[:120]}")
        return None
    notes.held(*_NOTE_RULES)
    if checkpoint.tree_size == 0:
        notes.held("L-12")
    return checkpoint


def _rule_of_origin(error: ProtocolError, text: str) -> str:
    if error.code != "checkpoint.origin":
        return naming.rule_of_note(error, text)
    try:
        Origin.parse(text.partition("\n")[0])
    except ProtocolError:
        return "L-1"
    return "L-13"


async def look_at_checkpoint(seen: Seen) -> None:
    """The newest checkpoint of the public feed."""
    seen.progress("checkpoint")
    seen.checkpoint = await fetch_checkpoint(seen, seen.folder, seen.origin)


async def look_at_feed(seen: Seen) -> None:
    """Bundles, tiles, leaves, objects and records, from the leaves up."""
    if seen.checkpoint is None or seen.identity is None:
        return
    seen.progress("entries")
    size = seen.checkpoint.tree_size
    if size > MAX_LEAVES:
        seen.notes.unseen("L-15", why="cost")
        seen.notes.in_part("L-16", "L-17", "O-16")
        size = MAX_LEAVES
    entries = await read_entries(seen, size)
    if entries is None:
        return
    seen.leaves = entries
    hashes = [leaf_hash(entry) for entry in entries]
    if size == seen.checkpoint.tree_size:
        root = Frontier().extend(hashes).root()
        sent = f"GET {seen.folder}/tile/entries/…"
        seen.notes.judge(
            root == seen.checkpoint.root_hash,
            "L-16",
            sent=sent,
            got="leaves that do not give the signed root",
        )
    await _look_at_tiles(seen, hashes)
    seen.progress("objects")
    judged = Leaves(seen.notes, seen.origin, seen.identity, seen.now, seen.folder)
    await _look_at_objects(seen, entries, judged)
    judged.finish(seen.descriptor)


async def read_entries(seen: Seen, size: int) -> list[bytes] | None:
    """The first leaves, None where a bundle cannot be had."""
    found: list[bytes] = []
    for bundle in bundles_of("entries", 0, size):
        path = f"{seen.folder}/{bundle.path}"
        answer = await _file(seen, path, "L-16", most=TILE_WIDTH * 4_098)
        if answer is None:
            return None
        try:
            found += parse_entry_bundle(answer.body, bundle.width)
        except ProtocolError as error:
            rule = "J-19" if _is_little_endian(answer.body) else "L-17"
            seen.notes.broken(rule, sent=f"GET {path}", got=error)
            return None
    seen.notes.held("L-17", "J-19")
    return found


def _is_little_endian(data: bytes) -> bool:
    """Whether lengths read the other way round fit the bytes."""
    at = 0
    while at < len(data):
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    return at == len(data)


async def _file(seen: Seen, path: str, rule: str, *, most: int) -> Answer | None:
    try:
        answer = await seen.asker.get(path, most=most)
    except NoAnswer as fault:
        seen.notes.broken(rule, sent=f"GET {path}", got=fault.code)
        return None
    if answer.status != 200:
        seen.notes.broken(rule, sent=f"GET {path}", got=answer.brief())
        return None
    return answer


async def _look_at_tiles(seen: Seen, hashes: Sequence[bytes]) -> None:
    """L-16: every tile of the size, each what the leaves give."""
    levels = [list(hashes)]
    while len(levels[-1]) >= TILE_WIDTH:
        below = levels[-1]
        whole = len(below) - len(below) % TILE_WIDTH
        levels.append([root_of(below[at : at + TILE_WIDTH]) for at in range(0, whole, TILE_WIDTH)])
    for tile in tiles_of(len(hashes)):
        path = f"{seen.folder}/{tile.path}"
        answer = await _file(seen, path, "L-16", most=TILE_WIDTH * 32)
        if answer is None:
            continue
        try:
            told = parse_tile(answer.body, tile.width)
        except ProtocolError as error:
            seen.notes.broken("L-17", sent=f"GET {path}", got=error)
            continue
        true = tuple(levels[tile.level][tile.first : tile.end])
        seen.notes.judge(told == true, "L-16", sent=f"GET {path}", got="hashes that the leaves do not give")


async def _look_at_objects(seen: Seen, entries: Sequence[bytes], judged: Leaves) -> None:
    left = MAX_OBJECTS
    for bundle in bundles_of("objects", 0, len(entries)):
        path = f"{seen.folder}/{bundle.path}"
        part = entries[bundle.first : bundle.end]
        most = TILE_WIDTH * (4 + PUBLIC_OBJECT_BYTES)
        if left < most:  # a file that may be too long for what is left would look like one that is too long
            seen.notes.in_part("O-16", *RECORD_RULES)
            judged.take(bundle.first, part, None)
            continue
        answer = await _file(seen, path, "O-16", most=most)
        if answer is None:
            judged.take(bundle.first, part, None)
            continue
        left -= len(answer.body)
        try:
            objects = parse_objects(answer.body, bundle.width)
        except ProtocolError as error:
            seen.notes.broken("O-16", sent=f"GET {path}", got=error)
            judged.take(bundle.first, part, None)
            continue
        seen.notes.held("O-16")
        judged.take(bundle.first, part, objects)


# --- once more at the end ----------------------------------------------------------------------------------


async def look_again(seen: Seen) -> None:
    """L-15: the checkpoint that is shown later continues the one that was shown first."""
    first = seen.checkpoint
    if first is None or len(seen.leaves) != first.tree_size:
        return
    seen.progress("again")
    for _ in range(3):
        later = await fetch_checkpoint(seen, seen.folder, seen.origin)
        if later is None or later.tree_size > MAX_LEAVES or later.tree_size < first.tree_size:
            continue
        sent = f"GET {seen.folder}/checkpoint, once more"
        if later.tree_size == first.tree_size:
            seen.notes.judge(
                later.root_hash == first.root_hash, "L-15", sent=sent, got="two roots of one size"
            )
            continue
        entries = await read_entries(seen, later.tree_size)
        if entries is None:
            continue
        hashes = [leaf_hash(entry) for entry in entries]
        fits = Frontier().extend(hashes).root() == later.root_hash
        before = Frontier().extend(hashes[: first.tree_size]).root()
        if fits:
            seen.notes.judge(before == first.root_hash, "L-15", sent=sent, got="two histories of two sizes")
