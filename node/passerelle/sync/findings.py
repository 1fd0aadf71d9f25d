"""What examining a leaf and its object found, as the follower keeps it; and how many are examined.

Here and in the modules below it nothing but the protocol is imported: worker processes
load this module, and their memory counts. A finding holds no parsed tree, which is many
times a record's bytes, and nothing that the object beside it says already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from passerelle.protocol.identity import TOLERANCE, Identity, parse_identity
from passerelle.protocol.intake import Examination, Examined, Status
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Heading
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.seals import SealingKey


class Finding(NamedTuple):
    """What became of one leaf.

    Args:
        status: As of `passerelle.protocol.intake`.
        code: Why it was not accepted, or None.
        params: Values for the code's sentence.
        commitment: What the leaf commits to, 32 bytes, or None.
        receipt_may_cover: Whether a receipt may cover the leaf.
        heading: Of the record, where its bytes could be parsed, whatever came after.
        opened: Salt and record bytes of an accepted sealed object; a public one shows them itself.
        readable: Whether this version knows the record's schema.
    """

    status: Status
    code: str | None
    params: Mapping[str, object]
    commitment: bytes | None
    receipt_may_cover: bool
    heading: Heading | None
    opened: tuple[bytes, bytes] | None
    readable: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """On what an examination rests, beside the bytes.

    Args:
        origin: The feed.
        me: Our own SCID.
        log: The author's identity log, as held.
        entries: How many of its entries are in force here.
        sealing_keys: Ours by key id, for a feed to us; empty for a public feed, so that no secret
            leaves this process.
        now: Our clock.
    """

    origin: Origin
    me: str
    log: bytes
    entries: int
    sealing_keys: Mapping[str, SealingKey]
    now: datetime


def examine_all(
    terms: Terms, leaves: Sequence[bytes], objects: Sequence[bytes | None], schemas: Schemas | None = None
) -> list[Finding]:
    """Examine leaves, each with its object.

    Args:
        terms: On what it rests.
        leaves: Under a root that was verified.
        objects: One for each leaf.
        schemas: What is known of record types; without, what came with this version.
    """
    examination = Examination(
        origin=terms.origin,
        me=terms.me,
        identity=_identity(terms.origin.author, terms.log, terms.entries),
        sealing_keys=terms.sealing_keys,
        now=terms.now,
        schemas=schemas or Schemas.packaged(),
    )
    return [_finding(found) for found in examination.examine(leaves, objects)]


_identities: Final[dict[str, tuple[bytes, int, Identity]]] = {}
"""The newest of each author: parsed, a log takes many times its bytes, and an author may give a new one each minute."""
_IDENTITIES_KEPT: Final = 64


def _identity(author: str, log: bytes, entries: int) -> Identity:
    """A log with so many of its entries in force: the reader's clock has decided that already, once."""
    held = _identities.get(author)
    if held is not None and held[:2] == (log, entries):
        return held[2]
    known = parse_identity(log, now=None)
    if len(known.entries) > entries:
        known = parse_identity(log, now=known.entries[entries - 1].version_time - TOLERANCE)
    if len(_identities) >= _IDENTITIES_KEPT:
        _identities.clear()
    _identities[author] = log, entries, known
    return known


def _finding(found: Examined) -> Finding:
    accepted = found.status == "accepted"
    record = found.record
    opened = None
    if accepted and record is not None and found.salt is not None and not record.is_public:
        opened = (found.salt, record.data)
    return Finding(
        found.status,
        found.code,
        found.params,
        found.commitment,
        found.receipt_may_cover,
        None if record is None else record.heading,
        opened,
        found.readable,
    )
