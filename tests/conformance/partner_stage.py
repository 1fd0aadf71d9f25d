"""What stands between kit and node where a node is to break a rule towards a partner, and how a fault is written down."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from passerelle.conformance import Examination
from passerelle.conformance.author import Agency, Feed
from passerelle.conformance.partner import Partner
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, cosign, verify_cosignature
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import witness_name
from passerelle.protocol.requests import verify_request
from tests.conformance.follower_stage import problem
from tests.conformance.proxy import Ask, Proxy, Reply
from tests.conformance.world import World

Part = Literal[
    "requests",
    "lasting",
    "misuse",
    "private",
    "gaps",
    "flawed",
    "L-6",
    "L-9",
    "steps",
    "stale",
    "asking",
    "roads",
    "belated",
    "addresses",
    "identity",
    "entries",
    "clock",
    "elsewhere",
    "own-words",
    "flood",
    "fork",
    "logs",
]


@dataclass
class Stage:
    """One examination under a fault.

    Args:
        world: The node.
        examination: The kit.
        towards: Between kit and node.
        back: Between node and kit.
    """

    world: World
    examination: Examination
    towards: Proxy
    back: Proxy
    memory: dict[str, object] = field(default_factory=dict)

    @property
    def partner(self) -> Partner:
        """The kit as a partner."""
        assert self.examination.partner is not None
        return self.examination.partner

    @property
    def agency(self) -> Agency:
        """The kit's agency."""
        return self.partner.agency

    def cosigned(self, feed: Feed, size: int, *, root: bytes | None = None, at: int | None = None) -> Reply:
        """A receipt in the node's name."""
        note = SignedNote.parse(feed.claim(size, feed.root(size) if root is None else root))
        name = witness_name(self.world.author.scid)
        line = cosign(note, self.world.keys.witness, name, int(time.time()) if at is None else at)
        return Reply(200, [], note.with_signatures(line).encode())

    def read(self, reply: Reply) -> tuple[int, int]:
        """Size and time of a receipt, zeros where it is none."""
        if reply.status != 200:
            return 0, 0
        note = SignedNote.parse(reply.body)
        name = witness_name(self.world.author.scid)
        return Checkpoint.parse(note.text).tree_size, verify_cosignature(
            note, name, [self.world.keys.witness.public]
        )


Arm = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class PartnerFault:
    """One way in which a node breaks one rule towards a partner.

    Args:
        rule: Which.
        name: What the node does.
        part: Of the examination, that sees it.
        arm: Sets the proxies up.
        also: Rules that are broken with it, whatever one does.
        through: Whether the node is led to the kit through the second proxy.
    """

    rule: str
    name: str
    part: Part
    arm: Arm
    also: frozenset[str] = frozenset()
    through: bool = False


def posts(test: Callable[[Stage, Ask], bool], reply: Reply | None = None) -> Arm:
    """Answers notices for which a question is answered with yes; 202 where nothing else is said."""

    def arm(stage: Stage) -> None:
        def change(ask: Ask, _reply: Reply) -> Reply | None:
            if ask.method == "POST" and ask.path == "/notices" and test(stage, ask):
                return Reply(202, [], b"") if reply is None else reply
            return None

        stage.towards.changes.append(change)

    return arm


def gets(test: Callable[[Stage, Ask], bool], change: Callable[[Stage, Ask, Reply], Reply]) -> Arm:
    def arm(stage: Stage) -> None:
        stage.towards.changes.append(
            lambda ask, reply: change(stage, ask, reply) if ask.method == "GET" and test(stage, ask) else None
        )

    return arm


def signed(ask: Ask) -> str:
    return ask.headers.get("signature-input", "")


def verdict(
    stage: Stage,
    ask: Ask,
    address: str = "",
    path: str = "",
    method: str = "",
    *,
    at: datetime | None = None,
) -> str:
    """The code by which the protocol refuses a request of the kit; empty where it is good.

    Args:
        stage: Whose request.
        ask: It.
        address: What it should be signed for, the node's own address where empty.
        path: Likewise, its own path where empty.
        method: Likewise.
        at: When it came, the present where None.
    """
    key_id = stage.agency.request_key_id()
    try:
        verify_request(
            method or ask.method,
            (address or stage.partner.address) + (path or ask.path),
            ask.headers,
            ask.body,
            resolve_key=lambda named: stage.agency.request.public if named == key_id else None,
            now=at or datetime.now(UTC),
        )
    except ProtocolError as error:
        return error.code
    return ""


def nonce(ask: Ask) -> str:
    match = re.search(r';nonce="([^"]+)"', signed(ask))
    return match[1] if match else ""


def becomes(
    status: int, body: bytes = b"", code: str = "path.not-found"
) -> Callable[[Stage, Ask, Reply], Reply]:
    return lambda _s, _a, _r: problem(status, code) if status >= 400 else Reply(status, [], body)


def with_header(name: str, value: str) -> Callable[[Stage, Ask, Reply], Reply]:
    return lambda _s, _a, reply: reply.put(name, value)


def is_receipt(feed: str) -> Callable[[Stage, Ask], bool]:
    return lambda stage, ask: ask.path == f"/received/{stage.agency.scid}/{feed}/1/receipt"


def held_checkpoint(stage: Stage, ask: Ask) -> bool:
    return ask.path == f"/received/{stage.agency.scid}/to/1/checkpoint"


def first_kept(stage: Stage, ask: Ask, reply: Reply) -> Reply:
    """The first receipt for ever."""
    if reply.status != 200:
        return reply
    kept = stage.memory.setdefault(ask.path, reply)
    assert isinstance(kept, Reply)
    return kept
