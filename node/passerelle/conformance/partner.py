"""The kit as a partner that the node has added: what it shows, what it asks, and how it waits.

What becomes of what it shows is seen from the node's receipts, from what the node serves
under ``/received``, and from its ``rejection`` records.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from passerelle.conformance.asking import Answer, Asker, NoAnswer
from passerelle.conformance.author import Agency, Feed
from passerelle.conformance.follower import Seen
from passerelle.conformance.report import Notes
from passerelle.conformance.signing import Signature
from passerelle.conformance.stand import Stand
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, verify_checkpoint, verify_cosignature
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote
from passerelle.protocol.origins import Origin, witness_name

VISIT_SECONDS: Final = 75.0
"""Longest wait for a visit that a notice asks for: a node may keep a distance after failures (F-44)."""
SETTLE_SECONDS: Final = 1.5
"""A visit is over when the node has asked nothing for so long."""
NOTICE_SECONDS: Final = 5.0
"""After so long without a visit the notice is sent again."""


class NotFollowed(Exception):
    """The node has given up a feed of the kit: nothing that is shown in it would be looked at.

    Args:
        origin: Which feed.
    """

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.origin = origin


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the node has cosigned.

    Args:
        size: Tree size.
        time: POSIX seconds.
        lie: The checkpoint that it is of, where the kit showed that one to see it refused.
    """

    size: int
    time: int
    lie: bytes | None = None


@dataclass
class Partner:
    """The kit among partners.

    Args:
        seen: What was learnt of the node as its follower.
        agency: The kit's.
        stand: Its server.
        lies: Checkpoints of a feed that were shown and are to be refused.
        taken: Those of them that the node has cosigned, whenever that was seen.
        own_heads: Roots of the node's feed to the kit that were seen, by size.
        private_allowed: Whether the node's operator has allowed it private addresses: of that no request tells.
        calls_to_judge: Whether nothing was said yet of how the node asks (`calls`).
        lost: Origins of the feeds that the node did not come to follow again once the truth was shown.
    """

    seen: Seen
    agency: Agency
    stand: Stand
    sent: int = 0
    last: dict[str, Receipt] = field(default_factory=dict)
    lies: list[tuple[Feed, bytes]] = field(default_factory=list)
    taken: set[bytes] = field(default_factory=set)
    private_allowed: bool = False
    own_heads: dict[int, bytes] = field(default_factory=dict)
    calls_to_judge: bool = True
    lost: set[str] = field(default_factory=set)

    @property
    def notes(self) -> Notes:
        """Takes what is found."""
        return self.seen.notes

    @property
    def asker(self) -> Asker:
        """Asks the node."""
        return self.seen.asker

    @property
    def node(self) -> str:
        """SCID of the node."""
        return self.seen.origin.author

    @property
    def address(self) -> str:
        """What signatures to the node cover."""
        return self.seen.public_address or self.asker.url

    @property
    def own_path(self) -> str:
        """Path of the node's feed to the kit."""
        return f"/feeds/to/{self.agency.scid}/1"

    @property
    def own_feeds(self) -> tuple[Origin, Origin]:
        """The node's public feed, and its feed to the kit."""
        return Origin(self.node, None, 1), Origin(self.node, self.agency.scid, 1)

    def held_path(self, feed: Feed) -> str:
        """Path of what the node holds of a feed of the kit."""
        return f"/{feed.origin.received_path()}"

    # --- asking --------------------------------------------------------------------------------------------

    def signature(self, method: str, path: str, body: bytes = b"") -> Signature:
        """A good signature, not made yet."""
        return Signature(
            method,
            self.address + path,
            self.agency.request,
            self.agency.request_key_id(),
            datetime.now(UTC),
            body,
        )

    async def get(self, path: str, *, most: int = 2**20, headers: Mapping[str, str] | None = None) -> Answer:
        """A signed GET.

        Raises:
            NoAnswer: As the asker.
        """

        async def ask() -> Answer:
            signed = self.signature("GET", path).headers()
            return await self.asker.get(path, most=most, headers={**signed, **(headers or {})})

        answer = await self.asker.patiently(ask)
        if answer.status == 401 and answer.code == "request.time":
            # The first second of a node's process counts as before it: sign anew a little later.
            await asyncio.sleep(1.1)
            answer = await self.asker.patiently(ask)
        return answer

    async def post(self, signature: Signature, headers: Mapping[str, str] | None = None) -> Answer:
        """A POST with any signature.

        Raises:
            NoAnswer: As the asker.
        """
        told = signature.headers() if headers is None else dict(headers)
        return await self.asker.send("POST", "/notices", headers=told, body=signature.body)

    async def post_patiently(self, make: Callable[[], tuple[Signature, Mapping[str, str] | None]]) -> Answer:
        """A POST, made anew each time that the node puts it off: of a request put off the nonce may be used up.

        Args:
            make: Its signature, and its header fields where they are others than the signature's own.

        Raises:
            NoAnswer: As the asker; the node has no time.
        """

        async def ask() -> Answer:
            self.sent += 1
            return await self.post(*make())

        return await self.asker.patiently(ask)

    async def notice(self, feed: Feed) -> Answer:
        """Say that a feed of the kit has grown.

        Raises:
            NoAnswer: As the asker.
        """
        self.sent += 1
        return await self.post(self.signature("POST", "/notices", self.notice_body(feed)))

    @staticmethod
    def notice_body(feed: Feed) -> bytes:
        """The body of that notice."""
        return json.dumps({"origin": feed.origin.encode(), "size": len(feed.leaves)}).encode()

    async def receipt(self, feed: Feed) -> Receipt | None:
        """What the node has cosigned of a feed, judged by F-24, F-25, F-27."""
        path = f"{self.held_path(feed)}/receipt"
        try:
            answer = await self.get(path, most=MAX_NOTE_BYTES)
        except NoAnswer:
            return None
        if answer.status != 200:
            return None
        lie = self._lie_in(answer, feed)
        if lie is not None:
            return lie
        found = self._cosigned(answer, feed)
        if found is None:
            return None
        checkpoint, when = found
        receipt = Receipt(checkpoint.tree_size, when)
        self._judge(feed, checkpoint, receipt, path)
        return receipt

    def _lie_in(self, answer: Answer, feed: Feed) -> Receipt | None:
        """A receipt of what the kit has shown wrongly: that it was taken is the fault, not that it is served (P-13)."""
        try:
            note = SignedNote.parse(answer.body)
        except ProtocolError:
            return None
        for lie in (data for shown, data in self.lies if shown is feed):
            told = SignedNote.parse(lie)
            if told.text == note.text and set(told.signatures) <= set(note.signatures):
                self.taken.add(lie)
                return Receipt(int(told.text.split("\n")[1]), 0, lie)
        return None

    def _cosigned(self, answer: Answer, feed: Feed) -> tuple[Checkpoint, int] | None:
        identity = self.seen.identity
        if identity is None:
            return None
        try:
            checkpoint = verify_checkpoint(answer.body, feed.origin.encode(), [self.agency.log_key.public])
            when = verify_cosignature(
                SignedNote.parse(answer.body), witness_name(self.node), identity.newest.witness_keys
            )
        except ProtocolError as error:
            self.notes.broken("P-13", sent=f"GET {self.held_path(feed)}/receipt", got=error)
            return None
        return checkpoint, when

    def _judge(self, feed: Feed, checkpoint: Checkpoint, receipt: Receipt, path: str) -> None:
        notes, sent, last = self.notes, f"GET {path}", self.last.get(path, Receipt(0, 0))
        true = checkpoint.tree_size <= len(feed.leaves) and checkpoint.root_hash == feed.root(receipt.size)
        notes.judge(true, "F-24", sent=sent, got=f"a cosignature of size {receipt.size}, of another tree")
        notes.judge(
            receipt.size >= last.size, "F-25", sent=sent, got=f"size {receipt.size} after {last.size}"
        )
        notes.judge(
            receipt.time >= last.time, "F-27", sent=sent, got=f"time {receipt.time} after {last.time}"
        )
        self.last[path] = Receipt(max(receipt.size, last.size), max(receipt.time, last.time))

    async def held(self, feed: Feed) -> int:
        """Size of what the node holds of a feed, 0 where it says nothing; P-13 of what it says."""
        path = f"{self.held_path(feed)}/checkpoint"
        try:
            answer = await self.get(path, most=MAX_NOTE_BYTES)
        except NoAnswer:
            return 0
        if answer.status != 200:
            return 0
        is_lie = self._lie_in(answer, feed) is not None
        try:
            checkpoint = verify_checkpoint(answer.body, feed.origin.encode(), [self.agency.log_key.public])
        except ProtocolError as error:
            if not is_lie:
                self.notes.broken("P-13", sent=f"GET {path}", got=error)
            return 0
        size = checkpoint.tree_size
        if not is_lie:
            true = size <= len(feed.leaves) and checkpoint.root_hash == feed.root(size)
            self.notes.judge(true, "P-13", sent=f"GET {path}", got=f"size {size}, of another tree")
        return size

    # --- showing and waiting -------------------------------------------------------------------------------

    async def visit(self, feed: Feed, seconds: float = VISIT_SECONDS) -> bool:
        """Have the node look at a feed, and wait for the end of its visit; False where it does not come.

        Raises:
            NotFollowed: It has given the feed up before.
        """
        self._require_followed(feed)
        began, path = time.monotonic(), f"/{feed.origin.path}/checkpoint"
        while time.monotonic() - began < seconds:
            try:
                await self.notice(feed)
            except NoAnswer:
                return False
            if await self.stand.until(began, path, NOTICE_SECONDS):
                await self.stand.quiet(SETTLE_SECONDS, 20.0)
                return True
        return False

    async def moves(self, feed: Feed, size: int, seconds: float = VISIT_SECONDS) -> bool:
        """Whether the node comes to cosign a size.

        Raises:
            NoAnswer: It has not answered for so long that it is asked no more: that is no verdict on a rule.
            NotFollowed: It has given the feed up before.
        """
        self._require_followed(feed)
        began = noticed = time.monotonic()
        await self._quietly(feed)
        while time.monotonic() - began < seconds:
            found = await self.receipt(feed)
            if found is not None and found.size >= size:
                return True
            if time.monotonic() - noticed > NOTICE_SECONDS:
                noticed = time.monotonic()
                await self._quietly(feed)
            self._require()
            await asyncio.sleep(0.15)
        return False

    async def holds(self, feed: Feed, size: int, seconds: float = VISIT_SECONDS) -> bool:
        """Whether the node comes to hold a size.

        Raises:
            NoAnswer: As `moves`.
            NotFollowed: As `moves`.
        """
        self._require_followed(feed)
        began = noticed = time.monotonic()
        await self._quietly(feed)
        while time.monotonic() - began < seconds:
            if await self.held(feed) >= size:
                return True
            if time.monotonic() - noticed > NOTICE_SECONDS:
                noticed = time.monotonic()
                await self._quietly(feed)
            self._require()
            await asyncio.sleep(0.15)
        return False

    async def comes_after(self, feed: Feed, seconds: float = VISIT_SECONDS) -> bool:
        """Whether the node comes to cosign all of a feed now that the truth is shown; where not, the feed is given up.

        Raises:
            NoAnswer: As `moves`.
            NotFollowed: As `moves`.
        """
        return self._kept(feed, await self.moves(feed, len(feed.leaves), seconds))

    async def holds_after(self, feed: Feed, seconds: float = VISIT_SECONDS) -> bool:
        """The same of what it holds.

        Raises:
            NoAnswer: As `moves`.
            NotFollowed: As `moves`.
        """
        return self._kept(feed, await self.holds(feed, len(feed.leaves), seconds))

    def _kept(self, feed: Feed, came: bool) -> bool:  # noqa: FBT001  the answer that is given back
        if not came:
            self.lost.add(feed.origin.encode())
        return came

    def _require_followed(self, feed: Feed) -> None:
        if feed.origin.encode() in self.lost:
            raise NotFollowed(feed.origin.encode())

    @property
    def followed(self) -> Feed:
        """The public feed, or the one to the node where that is given up, for what may be shown in either."""
        agency = self.agency
        return agency.bilateral if agency.public.origin.encode() in self.lost else agency.public

    def _require(self) -> None:
        if self.asker.is_gone:
            raise NoAnswer("road.unreachable", "")

    async def _quietly(self, feed: Feed) -> None:
        try:
            await self.notice(feed)
        except NoAnswer:
            return
