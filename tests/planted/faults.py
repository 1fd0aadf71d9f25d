"""Faults that an implementer in another language could make without noticing, each of one rule of ``spec/``.

The node that makes one works well among honest partners; who examines it from outside must name the rule. A fault
patches the node in its own process, before it serves (`serve.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import notes, requests
from passerelle.protocol.notes import NoteSignature, SignedNote, Verifier
from passerelle.protocol.requests import ReplayCache, VerifiedRequest
from passerelle.protocol.tiles import TILE_WIDTH, Tile
from passerelle.server.federation import app as federation
from passerelle.server.federation import sending
from passerelle.sync import files
from passerelle.sync.files import File
from tests.planted import again, fifth, fourth, third
from tests.planted.fault import Fault, put

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aiohttp import web
    from sqlalchemy.ext.asyncio import AsyncConnection

    from passerelle.storage.feeds import Feed


# --- how it serves -----------------------------------------------------------------------------------------


def public_parts() -> None:
    """The answer to a range is made apart, and says of caching what is right for a public feed."""
    send = sending.send

    async def parted(request: web.Request, file: File, *given: Any) -> web.Response:
        response = await send(request, file, *given)
        if response.status == 206:
            response.headers["Cache-Control"] = sending.caching_of(file, public=True)
        return response

    put(federation, send=parted)


# --- feeds and objects -------------------------------------------------------------------------------------


def one_object_file() -> None:
    """One file for each number, as large as the feed is now, under whatever width it is asked for."""
    read = files.read

    async def widest(connection: AsyncConnection, held: Feed, size: int, tail: str) -> File | None:
        if tail.startswith("objects/"):
            wanted = Tile.parse_path(tail)
            if wanted.end <= size:
                tail = replace(wanted, width=min(TILE_WIDTH, size - wanted.first)).path
        return await read(connection, held, size, tail)

    put(files, read=widest)


# --- signed requests ---------------------------------------------------------------------------------------


def nonces_expire() -> None:
    """A nonce is forgotten when its request expires, while the request is taken for 30 seconds more."""
    remember = ReplayCache.remember

    def forgetful(cache: ReplayCache, request: VerifiedRequest, now: datetime) -> None:
        live = cache._live.get(request.scid, {})
        for use in [use for use, until in live.items() if until - requests.TOLERANCE < now]:
            del live[use]
        remember(cache, request, now)

    put(ReplayCache, remember=forgetful)


# --- following ---------------------------------------------------------------------------------------------


def first_good_line() -> None:
    """The lines of a note are looked at until one of the author's verifies."""
    verify = notes.verify_note

    def hasty(note: SignedNote, verifiers: Iterable[Verifier]) -> tuple[NoteSignature, ...]:
        known = tuple(verifiers)
        for count in range(1, len(note.signatures) + 1):
            try:
                return verify(SignedNote(note.text, note.signatures[:count]), known)
            except ProtocolError as error:
                if error.code != "note.unsigned":
                    raise
        return verify(note, known)

    put(notes, verify_note=hasty)


PLANTED: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        Fault(
            "public-parts",
            "P-4",
            "The code that answers a range writes Cache-Control by the kind of the file, and forgot whose it is.",
            public_parts,
        ),
        Fault(
            "one-object-file",
            "O-16",
            "As all widths of an object file carry one ETag, I took them for one file, and send what there is.",
            one_object_file,
        ),
        Fault(
            "nonces-expire",
            "Q-12",
            "I forget a nonce at `expires`, as its request is of no use then; the tolerance is applied elsewhere.",
            nonces_expire,
        ),
        Fault(
            "first-good-line",
            "L-7",
            "One good line of the author is enough, so I return at the first and do not read those after it.",
            first_good_line,
        ),
        *third.FAULTS,
        *fourth.FAULTS,
        *fifth.FAULTS,
        *again.FAULTS,
    )
}
"""By name."""

IN_EACH_RUN: Final = ("more-lines",)
"""What `make test` tries; `make soak` tries all."""
