"""What the kit puts into its feeds, and what the node says of it in its ``rejection`` records."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from passerelle.conformance import flawed, naming
from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.author import Feed
from passerelle.conformance.flawed import Bench
from passerelle.conformance.follower import judge_checkpoint
from passerelle.conformance.leaves import is_on_offer, judge_record
from passerelle.conformance.partner import Partner
from passerelle.conformance.probe import Probe
from passerelle.conformance.probes import CLAIMING, PROBES
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.leaves import SealedLeaf, parse_leaf
from passerelle.protocol.notes import MAX_NOTE_BYTES
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record
from passerelle.protocol.seals import open_sealed, sealed_to
from passerelle.protocol.tiles import TILE_WIDTH, bundles_of, parse_entry_bundle, parse_objects

REPORT_SECONDS: Final = 30.0
"""Until when a node that holds what it refused must have reported it."""
MAX_OWN_LEAVES: Final = 1_024
"""Leaves of the node's feed to the kit that are read."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A probe at its place."""

    probe: Probe
    origin: str
    index: int


@dataclass
class Plan:
    """Puts the probes into the feeds, and judges what came of each.

    Args:
        partner: The kit as a partner.
    """

    partner: Partner
    placed: list[Placed] = field(default_factory=list)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    gap: int = 0
    claims: int = 0
    rejections: list[Record] = field(default_factory=list)

    def put_claims(self) -> None:
        """Append what is refused by nobody: a good record, and after it those that claim too much (S-15).

        They come first and alone, so that the node has cosigned them when it writes its one report: of what it has not cosigned
        it says anyway that it has not seen it.
        """
        feed = self.partner.agency.bilateral
        self.claims = feed.append(*flawed.to_us(lambda record, _bench: record)(self.bench(feed))) + 1
        for probe in PROBES:
            if probe.rules == CLAIMING:
                self._put(probe)

    def put(self) -> None:
        """Append every other probe, those whose objects cannot be opened last, and two leaves once more.

        One was held before, one comes with the same visit: who compares with the one alone takes the other.
        """
        agency = self.partner.agency
        for probe in sorted(PROBES, key=lambda probe: not probe.opens):
            if probe.rules == CLAIMING:
                continue
            index = self._put(probe)
            if not probe.opens and not self.gap:
                self.gap = index
        public = agency.public
        new = public.add(agency.author.record_of(flawed.public_value(self.bench(public))))
        for index in (0, new):
            again = public.append(public.leaves[index], public.objects[index])
            self.repeated.append((public.origin.encode(), again))
        public.add(agency.author.record_of(flawed.public_value(self.bench(public))))

    def _put(self, probe: Probe) -> int:
        agency = self.partner.agency
        feed = agency.public if probe.feed == "public" else agency.bilateral
        index = feed.append(*probe.make(self.bench(feed)))
        self.placed.append(Placed(probe, feed.origin.encode(), index))
        return index

    def bench(self, feed: Feed) -> Bench:
        """With what is made for a feed of the kit."""
        agency = self.partner.agency
        issued = agency.now - timedelta(minutes=10)
        recipient = self.recipient()
        return Bench(agency.author, feed.origin, agency.us, recipient, agency.other, issued, agency.now)

    def recipient(self) -> bytes:
        """The sealing key of the node that is in force (I-36, I-37)."""
        seen = self.partner.seen
        if seen.identity is None or seen.descriptor is None:
            raise RuntimeError("nobody to seal to")
        listed = seen.descriptor.body.get("sealing")
        keys = [
            _public_key(item.get("key"))
            for item in (listed if isinstance(listed, list) else [])
            if isinstance(item, dict)
        ]
        by_hash = {sha256(key).hexdigest(): key for key in keys}
        begun = sorted(pair for pair in seen.identity.newest.sealing if pair[1] in by_hash)
        first = begun[0][0] if begun else None
        usable = [pair for pair in begun if pair[0] <= seen.now or pair[0] == first]
        if not usable:
            raise ProtocolError("seal.key-malformed", key="")
        return by_hash[usable[-1][1]]

    def expected(self) -> list[tuple[str, int, frozenset[str]]]:
        """Places that must be reported, with the codes by which they may be."""
        told = [(one.origin, one.index, one.probe.codes) for one in self.placed if one.probe.codes]
        return [*told, *((*place, frozenset({"leaf.commitment-twice"})) for place in self.repeated)]

    async def compare_held(self) -> None:
        """P-13: what the node serves of a feed to its author is what the author has signed."""
        for feed in (self.partner.agency.public, self.partner.agency.bilateral):
            await self._compare_held(feed)

    async def _compare_held(self, feed: Feed) -> None:
        partner = self.partner
        size = await partner.held(feed)
        for bundle in bundles_of("entries", 0, min(size, len(feed.leaves))):
            path = f"{partner.held_path(feed)}/{bundle.path}"
            try:
                answer = await partner.get(path, most=TILE_WIDTH * 4_098)
            except NoAnswer:
                continue
            true = answer.status == 200 and answer.body == feed.read(bundle.path)
            partner.notes.judge(true, "P-13", sent=f"GET {path}", got=answer.brief())

    # --- what came back ------------------------------------------------------------------------------------

    async def judge(self) -> None:
        """Wait for the node's reports, and give each rule its verdict."""
        try:
            self.rejections = await self._reports()
        except NoAnswer:
            self.partner.notes.unseen("F-17", *self._rules(), why="no-answer")
            return
        if not self.rejections:
            self._judge_silence()
            return
        notes = self.partner.notes
        told = _items(self.rejections)
        got = f"{len(self.rejections)} in one session"
        notes.judge(len(self.rejections) == 1, "F-17", sent="what it must report", got=got)
        # One report a day: a node that could not read one of the two feeds at that visit says nothing of it.
        told_of = {origin for origin, _ in told}
        if not self._judge_extent(told, told_of):
            return
        for said in sorted(set(told.values())):
            is_known = said in notes.table.codes
            notes.judge(is_known, "C-3", sent="what it must report", got=f"the code {said}")
        for one in self.placed:
            if one.origin in told_of:
                self._judge_one(one.probe, told.get((one.origin, one.index)))
            else:
                notes.unseen(*one.probe.rules, why="no-answer")
        for place, sent in zip(self.repeated, ("a leaf of before", "a leaf of one visit"), strict=True):
            if place[0] in told_of:
                got = "nothing about it in its rejection"
                notes.judge(place in told, "L-24", sent=f"{sent}, once more", got=got)

    def _judge_extent(self, told: Mapping[tuple[str, int], str], of: set[str]) -> bool:
        """F-17: whether the report is of what was refused, and not of some of it; else it says nothing of one record alone."""
        due = [(origin, index) for origin, index, _ in self.expected() if origin in of]
        silent = sum(place not in told for place in due)
        if 2 * silent <= len(due):
            self.partner.notes.held("F-17")
            return True
        got = f"nothing of {silent} of them"
        self.partner.notes.broken("F-17", sent=f"{len(due)} records that it must refuse", got=got)
        self.partner.notes.unseen(*self._rules(), "L-24", why="no-answer")
        return False

    def _judge_silence(self) -> None:
        got = f"no rejection within {REPORT_SECONDS:.0f} s"
        self.partner.notes.broken("F-17", sent="records that it must refuse", got=got)
        self.partner.notes.unseen(*self._rules(), why="no-answer")

    def _rules(self) -> list[str]:
        return [rule for one in self.placed for rule in one.probe.rules]

    def _judge_one(self, probe: Probe, code: str | None) -> None:
        notes = self.partner.notes
        if not probe.codes:
            notes.judge(code is None, *probe.rules, sent=probe.what, got=f"refused by {code}")
            return
        is_told = code is not None
        if notes.judge(is_told, *probe.rules, sent=probe.what, got="nothing about it in its rejection"):
            fits = code in probe.codes or code not in notes.table.codes  # of another registry: C-3
            notes.judge(fits, "F-11", sent=probe.what, got=f"refused by {code}")

    async def _reports(self) -> list[Record]:
        """Its rejections; none where it answers, and has made none in time.

        Raises:
            NoAnswer: It was last asked in vain, which says nothing of what it has made.
        """
        deadline = time.monotonic() + REPORT_SECONDS
        while True:
            try:
                found = [record for record in await self.own_records() if record.type == "rejection"]
            except NoAnswer:
                if time.monotonic() > deadline:
                    raise
            else:
                if found or time.monotonic() > deadline:
                    return found
            await asyncio.sleep(0.3)

    async def own_records(self) -> list[Record]:
        """The records of the node's feed to the kit, each judged; none while it is empty.

        Raises:
            NoAnswer: As the asker.
        """
        partner = self.partner
        origin = Origin(partner.node, partner.agency.scid, 1)
        answer = await partner.get(f"{partner.own_path}/checkpoint", most=MAX_NOTE_BYTES)
        checkpoint = judge_checkpoint(partner.seen, answer, f"{partner.own_path}/checkpoint", origin)
        if checkpoint is None or not 0 < checkpoint.tree_size <= MAX_OWN_LEAVES:
            return []
        return await self._read(checkpoint, origin)

    async def _read(self, checkpoint: Checkpoint, origin: Origin) -> list[Record]:
        leaves: list[bytes] = []
        objects: list[bytes | None] = []
        partner = self.partner
        for bundle in bundles_of("entries", 0, checkpoint.tree_size):
            name = bundle.path
            try:
                entries = await partner.get(f"{partner.own_path}/{name}")
                beside = await partner.get(
                    f"{partner.own_path}/{name.replace('tile/entries', 'objects')}", most=TILE_WIDTH * 2**19
                )
                leaves += parse_entry_bundle(entries.body, bundle.width)
                objects += parse_objects(beside.body, bundle.width)
            except ProtocolError:
                return []
        return self._open(leaves, objects, origin)

    def _open(self, leaves: Sequence[bytes], objects: Sequence[bytes | None], origin: Origin) -> list[Record]:
        found: list[Record] = []
        before = -1
        for index, (data, item) in enumerate(zip(leaves, objects, strict=True)):
            record = self._open_one(f"{self.partner.own_path}, leaf {index}", data, item, origin)
            if record is None:
                continue
            before = self._judge_seen(record, before)
            if is_on_offer(record):
                got = f"{record.body.get('outcome')} of an offer, to {record.audience}"
                self.partner.notes.broken("S-46", sent=f"{self.partner.own_path}, leaf {index}", got=got)
            found.append(record)
        return found

    def _open_one(self, sent: str, data: bytes, item: bytes | None, origin: Origin) -> Record | None:
        notes, seen = self.partner.notes, self.partner.seen
        try:
            leaf = parse_leaf(data, origin)
        except ProtocolError as error:
            says_more = error.code == "leaf.malformed" and b'"kind":"sealed"' in data
            notes.broken("L-25" if says_more else naming.rule_of_leaf(error, data), sent=sent, got=data[:120])
            return None
        if not isinstance(leaf, SealedLeaf) or item is None or seen.identity is None:
            return None
        notes.held("L-25")
        self._judge_key(sent, item)
        keys = {key.key_id: key for key in self.partner.agency.sealing}
        try:
            _, opened = open_sealed(item, keys, origin=origin, commitment=leaf.commitment)
        except ProtocolError as error:
            rules = {
                "object.malformed": "O-4",
                "object.stream": "O-7",
                "object.too-large": "O-8",
                "object.padding": "O-9",
                "object.commitment": "O-2",
            }
            notes.broken(rules.get(error.code, "I-36"), sent=sent, got=error)
            return None
        return judge_record(notes, opened, seen.identity, seen.now + timedelta(hours=1), sent)

    def _judge_key(self, sent: str, item: bytes) -> None:
        """I-36 and I-37: of the kit's four keys the one in force, which is the second."""
        try:
            key = sealed_to(item)
        except ProtocolError:
            return
        ids = [one.key_id for one in self.partner.agency.sealing]
        number = ids.index(key) if key in ids else -1
        notes = self.partner.notes
        got = f"sealed to key number {number + 1}"
        if notes.judge(number in {0, 1, 2}, "I-36", sent=sent, got=got):
            notes.judge(number == 1, "I-37", sent=sent, got=got)

    def _judge_seen(self, record: Record, before: int) -> int:
        """R-26 to R-28 and S-15: what the node says that it had seen of the kit's feed."""
        notes, agency = self.partner.notes, self.partner.agency
        sent = f"its {record.type}"
        at = record.seen.get(agency.scid)
        told = set(record.addressees) == {agency.scid} == set(record.seen)
        if not notes.judge(told, "R-25", "R-26", sent=sent, got=f"audience {record.audience}") or at is None:
            return before
        got = f"seen {at.size} of {len(agency.bilateral.leaves)}"
        exists = at.feed == 1 and at.size <= len(agency.bilateral.leaves)
        if notes.judge(exists, "R-28", sent=sent, got=got) and self.claims:
            notes.judge(at.size <= self.claims, "S-15", sent=sent, got=got)
        if before >= 0:
            notes.judge(at.size >= before, "R-27", sent=sent, got=f"seen {at.size} after {before}")
        return at.size


def _public_key(text: object) -> bytes:
    return base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))


def _items(rejections: Sequence[Record]) -> Mapping[tuple[str, int], str]:
    told: dict[tuple[str, int], str] = {}
    for record in rejections:
        items = record.body.get("items")
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                index = item.get("index")
                place = (str(item.get("origin")), index if isinstance(index, int) else -1)
                told[place] = str(item.get("code"))
    return told
