"""What somebody looks for in a folder beside its report: some leaves, and every revocation of certificates.

Of each public ``certificate-status`` record its issuer's signature decides whether it counts,
whatever is wrong around it; that there is none can be said of whole feeds only
(spec/23-checking-a-copy.md, Revocations in a folder).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import objects
from passerelle.protocol.certificates import STATUS_TYPE
from passerelle.protocol.records import Record, check_proof

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.origins import Origin
    from passerelle.protocol.schemas import Schemas


@dataclass(frozen=True, slots=True)
class Kept:
    """One leaf that was asked for, in one copy of its feed.

    Args:
        origin: The feed.
        index: Of the leaf, from 0.
        leaf: As hashed.
        folder: Where the copy lies, as reports show it.
    """

    origin: Origin
    index: int
    leaf: bytes
    folder: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A public feed of which every leaf was read, up to its newest checkpoint, and no word on certificates is missing.

    Args:
        origin: The feed.
        size: Of that checkpoint.
    """

    origin: Origin
    size: int


class Gathering:
    """Collects while a folder is audited.

    Args:
        wanted: Origin and index of the leaves that are asked for.

    Attributes:
        kept: Those leaves, of each copy.
        statuses: Good records on certificates.
        looked: Where none is missing.
    """

    def __init__(self, wanted: Collection[tuple[Origin, int]] = ()) -> None:
        self._wanted: Final = frozenset(wanted)
        self.kept: Final[list[Kept]] = []
        self.statuses: Final[list[Record]] = []
        self.looked: Final[list[Looked]] = []

    def see(self, origin: Origin, index: int, leaf: bytes, folder: str) -> None:
        """A leaf was read."""
        if (origin, index) in self._wanted:
            self.kept.append(Kept(origin, index, leaf, folder))

    def take(
        self, object_: bytes, identity_of: Callable[[str], Identity | None], now: datetime, schemas: Schemas
    ) -> None:
        """An object lies in a public feed; if it is a good record on certificates, it is kept.

        Args:
            object_: Salt and record.
            identity_of: The log of an agency, as it is found from that feed.
            now: The auditor's clock.
            schemas: What this version knows; of a later major version nothing is asked.
        """
        # Most objects are offers: nothing else is asked of those.
        if STATUS_TYPE.encode() not in object_:
            return
        try:
            _, data = objects.parse_public(object_)
            record = Record.parse(data)
            identity = identity_of(record.issuer_scid)
            if record.type != STATUS_TYPE or not record.is_public or identity is None:
                return
            check_proof(record, identity, now)
            schemas.check_incoming(record.value)
        except ProtocolError:
            return  # not good by chapter 04; what is wrong with it is a finding of its leaf
        self.statuses.append(record)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is looked for in one copy of a feed.

    Args:
        gathering: Takes it.
        folder: Where the copy lies, as reports show it.
        identity_of: The log of an agency, as it is found from there.
    """

    gathering: Gathering
    folder: str
    identity_of: Callable[[str], Identity | None]
