"""What passes between the node and the process that signs for it (:mod:`passerelle.desk.scribe`)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeAlias

from passerelle.protocol.profile import Json


class Hello(NamedTuple):
    """The first question: who signs, and what drafts are made with. Answered by None.

    Args:
        seed: Of the record key, 32 secret bytes.
        own: Our SCID.
        code: Our short code.
        fictitious: Whether this home is for demonstrations.
        language: Of a body that names none.
        unjudged: Record types that no rule about other records concerns.
        packs: Scheme rule packs of our own, as they were read.
    """

    seed: bytes
    own: str
    code: str
    fictitious: bool
    language: str
    unjudged: frozenset[str]
    packs: tuple[Json, ...] = ()

    def __repr__(self) -> str:
        return f"Hello({self.own})"  # never the seed


class Question(NamedTuple):
    """A call to publish, as it came.

    Args:
        body: Its arguments, JSON.
        did: Our DID as it stands now.
        issued: What the records are to say of their time.
    """

    body: bytes
    did: str
    issued: datetime


Made: TypeAlias = tuple[
    str | None, str, tuple[str, str, int, str, str, bool, int], bytes, bytes, bytes, bytes
]
"""One signed record: its idempotency key, digest of what was asked under it, the members of its heading,
its bytes, and of its place in the public feed the salt, the commitment and the leaf. Plain, for there are many."""


class Group(NamedTuple):
    """All records of a call, signed.

    Args:
        key: Idempotency key of the call, or None.
        request: Digest of what was asked under it.
        made: The records, in order.
    """

    key: str | None
    request: str
    made: list[Made]


Answer: TypeAlias = Group | str | None
"""A group, None to `Hello`, or a word for why there is none."""
