"""Four faults drawn by a die from twelve: a comparison that is right for all that honest partners write, and no other.

Times are compared as they are written, addresses too; a schema is closed where the team looked; and the
library that inflates stops where the stream ends, and says nothing of what lies behind. (The die fell on
`first-good-line` once more, so one of the four was drawn in its place.)
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import identity, identityentries, seals
from passerelle.protocol.profile import MAX_RECORD_BYTES
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.sync import contact
from passerelle.sync.addresses import public_address
from tests.planted.fault import Fault, put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passerelle.protocol.identityentries import Entry
    from passerelle.protocol.profile import Json, JsonObject
    from passerelle.protocol.schemas import Incoming
    from passerelle.sync.directory import Directory


# --- identity and keys -------------------------------------------------------------------------------------


def time_as_text() -> None:
    """Two times are compared as the texts that they are, which sorts them right as long as all have one form."""
    verify = identityentries.verify_entry
    texts: dict[str, str] = {}

    def sorted_texts(entry: JsonObject, number: int, scid: str, previous: Entry | None) -> Entry:
        text = str(entry["versionTime"])
        if previous is not None:
            if text <= texts[previous.version_id]:
                raise ProtocolError("identity.time")
            previous = replace(previous, version_time=_EARLIEST)
        found = verify(entry, number, scid, previous)
        texts[found.version_id] = text
        return found

    put(identity, verify_entry=sorted_texts)


_EARLIEST: Final = identityentries._parse_version_time("0001-01-01T00:00:00Z")


# --- records -----------------------------------------------------------------------------------------------


def open_inside() -> None:
    """The members of a body are held against those that its schema names; those of an object inside it are not."""
    check = Schemas.check_incoming

    def at_the_top(schemas: Schemas, record: Mapping[str, Json]) -> Incoming:
        try:
            return check(schemas, record)
        except ProtocolError:
            faults = schemas.explain(record)
            if not faults or not all(
                fault.rule == "additionalProperties" and fault.path.count("/") > _OF_A_MEMBER
                for fault in faults
            ):
                raise
            return "known"

    put(Schemas, check_incoming=at_the_top)


_OF_A_MEMBER: Final = 2
"""Slashes in the path of a member of the body."""


# --- sealed objects ----------------------------------------------------------------------------------------


def rest_of_stream() -> None:
    """The record is what the library inflates; what lies behind it, up to the stated length, is not looked at."""

    def inflated(stream: bytes) -> bytes:
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(stream, MAX_RECORD_BYTES + 1)
        except zlib.error as exc:
            raise ProtocolError("object.stream") from exc
        if len(data) > MAX_RECORD_BYTES:
            raise ProtocolError("object.too-large", max=MAX_RECORD_BYTES)
        if not inflate.eof:
            raise ProtocolError("object.stream")
        return data

    put(seals, _inflate=inflated)


# --- following ---------------------------------------------------------------------------------------------


def address_as_text() -> None:
    """An address is somebody's where it is the same text."""

    def owner(directory: Directory, own_address: str, address: str, *, besides: str) -> str | None:
        if address == own_address:
            return directory.own_scid
        others = (partner for partner in directory.peers if partner.scid != besides)
        return next((one.scid for one in others if _address(one.descriptor) == address), None)

    put(contact, owner_of_site=owner)


def _address(descriptor: bytes) -> str | None:
    try:
        return public_address(Record.parse(descriptor))
    except ProtocolError:
        return None


FAULTS: Final = (
    Fault(
        "time-as-text",
        "I-11",
        "ISO 8601 in UTC sorts as text, so I compare the strings; that one may have milliseconds I forgot.",
        time_as_text,
    ),
    Fault(
        "open-inside",
        "R-31",
        "Unknown members I refuse where I read the body; the objects inside it come from a generated model.",
        open_inside,
    ),
    Fault(
        "rest-of-stream",
        "O-7",
        "I inflate until the library says that the stream has ended, and have the record; the length is a hint.",
        rest_of_stream,
    ),
    Fault(
        "address-as-text",
        "P-29",
        "I compare the address with mine and with those of the others; it is the same string, or another address.",
        address_as_text,
    ),
)
