"""What stands in the leaves of a feed, and what lies beside them.

Public records are checked whole, by the same function as a follower's. Of a bilateral
feed only its partner can open the objects: there the leaves alone are checked.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from passerelle.audit.report import Finding
from passerelle.errors import ProtocolError
from passerelle.protocol.certificates import STATUS_TYPE
from passerelle.protocol.intake import examine
from passerelle.protocol.leaves import ErasedLeaf, PublicRecordLeaf, SealedLeaf, leaf_commitment, parse_leaf
from passerelle.protocol.schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from passerelle.audit.gathering import Beside
    from passerelle.audit.report import Findings
    from passerelle.protocol.identity import Identity
    from passerelle.protocol.leaves import Leaf
    from passerelle.protocol.origins import Origin
    from passerelle.protocol.tiles import Tile

_PREFIX_BYTES: Final = 8


class LeafCheck:
    """Counts the leaves of a feed by kind and checks each with its object.

    Args:
        origin: The feed.
        identity: Its author's.
        now: The auditor's clock.
        findings: Takes the faults.
        beside: What is looked for besides.

    Attributes:
        statuses_missing: Leaves about certificates without a record that was accepted.
    """

    def __init__(
        self,
        origin: Origin,
        identity: Identity,
        now: datetime,
        findings: Findings,
        beside: Beside | None = None,
    ) -> None:
        self._origin: Final = origin
        self._identity: Final = identity
        self._now: Final = now
        self._findings: Final = findings
        self._beside: Final = beside
        self._schemas: Final = Schemas.packaged()
        self._prefixes: Final = array("Q")  # 8 bytes a commitment: what stays small at any size
        self._missing: Final[set[int]] = set()
        self._present: Final = bytearray()  # one bit a leaf: has an object
        self._erased: Final[set[int]] = set()
        self.records = 0
        self.unreadable = 0
        self.sealed = 0
        self.passed_over = 0
        self.statuses_missing = 0

    @property
    def erased(self) -> int:
        """Number of records that an ``erased`` leaf names."""
        return len(self._erased)

    def check(self, bundle: Tile, entries: Sequence[bytes], objects: Sequence[bytes | None] | None) -> None:
        """Checks the leaves of one bundle; ``objects`` is None where none can be looked at."""
        for place, data in enumerate(entries):
            index = bundle.first + place
            self._gather(index, data, None if objects is None else objects[place])
            try:
                leaf = parse_leaf(data, self._origin)
            except ProtocolError as error:
                self._findings.add(Finding(error.code, error.params, index=index))
                continue
            self._count(leaf, index)
            if not isinstance(leaf, PublicRecordLeaf):
                continue
            is_good = objects is not None and self._check_record(data, objects[place], index)
            self.statuses_missing += leaf.type == STATUS_TYPE and not is_good

    def _gather(self, index: int, leaf: bytes, object_: bytes | None) -> None:
        if self._beside is None:
            return
        self._beside.gathering.see(self._origin, index, leaf, self._beside.folder)
        if object_ is not None:
            self._beside.gathering.take(object_, self._beside.identity_of, self._now, self._schemas)

    def finish(self) -> set[int]:
        """Settles what only the whole feed shows.

        Returns:
            The first 8 bytes, as numbers, of commitments that may occur twice, for ``check_repeats``.
        """
        for index in sorted(self._missing - self._erased):
            self._findings.add(Finding("audit.object-missing", index=index))
        for index in sorted(self._erased):
            if self._has_object(index):
                self._findings.add(Finding("audit.erased-object-present", index=index))
        return _repeated(self._prefixes)

    def check_repeats(self, suspects: set[int], leaves: Iterable[tuple[int, bytes]]) -> None:
        """Second reading, for the few commitments whose first bytes occurred twice."""
        seen: dict[bytes, int] = {}
        for index, data in leaves:
            commitment = self._commitment(data)
            if commitment is None or int.from_bytes(commitment[:_PREFIX_BYTES], "big") not in suspects:
                continue
            if commitment in seen:
                self._findings.add(Finding("leaf.commitment-twice", {"first": seen[commitment]}, index=index))
            seen.setdefault(commitment, index)

    def _commitment(self, data: bytes) -> bytes | None:
        try:
            return leaf_commitment(parse_leaf(data, self._origin))
        except ProtocolError:  # a finding already
            return None

    def _count(self, leaf: Leaf, index: int) -> None:
        commitment = leaf_commitment(leaf)
        if commitment is not None:
            self._prefixes.append(int.from_bytes(commitment[:_PREFIX_BYTES], "big"))
        if isinstance(leaf, SealedLeaf):
            self.sealed += 1
        elif isinstance(leaf, ErasedLeaf) and leaf.index < index:
            self._erased.add(leaf.index)
        elif isinstance(leaf, ErasedLeaf):
            self._findings.add(Finding("audit.erased-ahead", {"names": leaf.index}, index=index))
        elif not isinstance(leaf, PublicRecordLeaf):
            self.passed_over += 1

    def _check_record(self, leaf: bytes, object_: bytes | None, index: int) -> bool:
        """Whether the record beside a leaf is accepted."""
        if object_ is None:
            self._missing.add(index)
            return False
        self._present.extend(bytes(max(0, index // 8 + 1 - len(self._present))))
        self._present[index // 8] |= 1 << index % 8
        result = examine(
            leaf,
            object_,
            origin=self._origin,
            me="",  # a public record is addressed to everybody
            identity=self._identity,
            sealing_keys={},
            now=self._now,
            schemas=self._schemas,
        )
        if result.code is not None:
            self._findings.add(Finding(result.code, result.params, index=index))
            return False
        self.records += 1
        self.unreadable += not result.readable
        return True

    def _has_object(self, index: int) -> bool:
        return index // 8 < len(self._present) and bool(self._present[index // 8] >> index % 8 & 1)


def _repeated(values: Sequence[int]) -> set[int]:
    """Numbers that occur twice; the input is read in sixteen passes to hold a sixteenth of it at a time."""
    repeated: set[int] = set()
    for part in range(16):
        seen: set[int] = set()
        for value in values:
            if value & 15 == part:
                (repeated if value in seen else seen).add(value)
    return repeated
