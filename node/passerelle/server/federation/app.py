"""The routes of the federation: public feeds for everybody, bilateral ones for their partner alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import ProtocolError
from passerelle.protocol.origins import MAX_NUMBER, Origin, is_scid
from passerelle.protocol.profile import parse
from passerelle.protocol.tiles import Tile
from passerelle.server.federation.asking import Gate, target_of
from passerelle.server.federation.doorman import Doorman, refuse
from passerelle.server.federation.errors import Handler, Refusal, answer_errors, told_to_partners
from passerelle.server.federation.sending import (
    PRIVATE,
    SHORT,
    CodedCache,
    caching_of,
    send,
    send_packed,
    takes_packed,
)
from passerelle.storage import evidence, feeds
from passerelle.storage.database import Database
from passerelle.storage.heads import Head
from passerelle.sync import files
from passerelle.sync.directory import Directory
from passerelle.sync.files import File, etag_of
from passerelle.sync.mirroring import recognised
from passerelle.sync.packed import Packed, PackedBundles

MAX_NOTICE_BYTES = 4_096
NOTICES_PER_MINUTE = 120
BODY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What the routes read from, named by its use.

    Args:
        database: The rows.
        directory: Identities and partners.
        heads: Our own heads in force, by origin.
        descriptor: Bytes of our newest node record.
        packed: Compressed bundles of our public feed.
        noticed: Called with the sender's SCID and the origin of a notice.
    """

    database: Database
    directory: Directory
    heads: Callable[[], Mapping[str, Head]]
    descriptor: Callable[[], bytes]
    packed: PackedBundles
    noticed: Callable[[str, str], None]


class Federation:
    """Handlers of what nodes call.

    Args:
        sources: What the answers are read from.
        gate: Says whose request it is.
    """

    def __init__(self, sources: Sources, gate: Gate) -> None:
        self._sources = sources
        self._gate = gate
        self._coded = CodedCache()
        self._notices: dict[str, list[float]] = {}

    def routes(self) -> list[web.RouteDef]:
        """The route table."""
        return [
            web.get("/.well-known/did.jsonl", self.identity),
            web.get("/.well-known/passerelle", self.descriptor),
            web.get("/mirrors/{scid}/did.jsonl", self.mirrored_identity),
            web.get("/feeds/public/latest", self.latest_public),
            web.get("/feeds/to/{scid}/latest", self.latest_bilateral),
            web.get("/feeds/public/{number:[1-9][0-9]{0,15}}/{tail:.+}", self.public_file),
            web.get("/feeds/to/{scid}/{number:[1-9][0-9]{0,15}}/{tail:.+}", self.bilateral_file),
            web.get(
                "/received/{scid}/{kind:public|to}/{number:[1-9][0-9]{0,15}}/{tail:.+}", self.received_file
            ),
            web.post("/notices", self.notice),
        ]

    async def identity(self, request: web.Request) -> web.Response:
        """Our identity log."""
        log = self._sources.directory.own.log
        return await send(request, File(log, "identity", etag_of(log)), SHORT, self._coded)

    async def descriptor(self, request: web.Request) -> web.Response:
        """Our newest node record."""
        data = self._sources.descriptor()
        return await send(request, File(data, "descriptor", etag_of(data)), SHORT, self._coded)

    async def mirrored_identity(self, request: web.Request) -> web.Response:
        """The identity log of an agency that we know, so that records stay checkable after its domain lapses.

        To all only for ourselves and whom our `agency` record recognises: whose logs we hold
        besides would tell with whom we exchange.
        """
        scid, sources = request.match_info["scid"], self._sources
        is_public = scid == sources.directory.own_scid or scid in await recognised(
            sources.database, sources.directory.own_scid
        )
        if not is_public:
            await self._gate.partner(request)
        found = sources.directory.identity(scid)
        if found is None:
            raise Refusal("path.not-found")
        caching = SHORT if is_public else PRIVATE
        return await send(request, File(found.log, "identity", etag_of(found.log)), caching, self._coded)

    async def latest_public(self, request: web.Request) -> web.Response:
        """The number of our public feed."""
        return await send(request, File(b"1\n", "text", "1"), SHORT, self._coded)

    async def latest_bilateral(self, request: web.Request) -> web.Response:
        """The number of our feed to one partner."""
        scid = request.match_info["scid"]
        await self._gate.bilateral(request, scid)
        if Origin(self._sources.directory.own_scid, scid, 1).encode() not in self._sources.heads():
            raise Refusal("path.not-found")
        return await send(request, File(b"1\n", "text", "1"), PRIVATE, self._coded)

    async def public_file(self, request: web.Request) -> web.Response:
        """A file of our public feed."""
        return await self._own_file(request, None)

    async def bilateral_file(self, request: web.Request) -> web.Response:
        """A file of our feed to one partner, for that partner."""
        scid = request.match_info["scid"]
        await self._gate.bilateral(request, scid)
        return await self._own_file(request, scid)

    async def _own_file(self, request: web.Request, partner: str | None) -> web.Response:
        own = self._sources.directory.own_scid
        origin = _origin(own, partner, request)
        head = self._sources.heads().get(origin.encode())
        if head is None:
            raise Refusal("path.not-found")
        tail = request.match_info["tail"]
        if tail == "checkpoint":
            newest = File(head.note, "checkpoint", etag_of(head.note))
            return await send(
                request, newest, caching_of(newest, public=origin.is_public, newest=True), self._coded
            )
        packed = await self._packed(request, origin, head.size, tail)
        if packed is not None:
            return send_packed(request, packed, caching_of(packed, public=True))
        found = await self._read(origin, head.size, tail)
        return await send(request, found, caching_of(found, public=origin.is_public), self._coded)

    async def _packed(self, request: web.Request, origin: Origin, size: int, tail: str) -> Packed | None:
        """A full public bundle for whoever likes zstd and wants it whole: it lies there compressed."""
        if not (
            origin.is_public and takes_packed(request) and tail.startswith(("objects/", "tile/entries/"))
        ):
            return None
        try:
            tile = Tile.parse_path(tail)
        except ProtocolError as exc:
            raise Refusal("path.not-found") from exc
        return None if tile.end > size else await self._sources.packed.get(origin, tile)

    async def _read(self, origin: Origin, size: int, tail: str) -> File:
        async with self._sources.database.reading() as connection:
            held = await feeds.get(connection, origin)
            try:
                found = None if held is None else await files.read(connection, held, size, tail)
            except ProtocolError as exc:
                raise Refusal("path.not-found") from exc
        if found is None:
            raise Refusal("path.not-found")
        return found

    async def received_file(self, request: web.Request) -> web.Response:
        """What we hold of an author's feed, for that author: how a node finds what it lost."""
        author = request.match_info["scid"]
        await self._gate.bilateral(request, author)
        own = self._sources.directory.own_scid
        origin = _origin(author, own if request.match_info["kind"] == "to" else None, request)
        found = await self._read_received(origin, request.match_info["tail"])
        return await send(request, found, PRIVATE, self._coded)

    async def _read_received(self, origin: Origin, tail: str) -> File:
        if tail.startswith("objects/"):
            raise Refusal("path.not-found")
        if tail not in {"checkpoint", "receipt"}:
            async with self._sources.database.reading() as connection:
                held = await feeds.get(connection, origin)
            return await self._read(origin, 0 if held is None else held.size, tail)
        async with self._sources.database.reading() as connection:
            held = await feeds.get(connection, origin)
            note = None if held is None else await self._newest_note(connection, held, tail)
        if note is None:
            raise Refusal("path.not-found")
        return File(note, "checkpoint", etag_of(note))

    async def _newest_note(self, connection: AsyncConnection, held: feeds.Feed, tail: str) -> bytes | None:
        if tail == "checkpoint":
            # One of a pull that is still under way names more than the entries beside it.
            head = await feeds.get_checkpoint(connection, held.id, at_most=held.size)
            return None if head is None else head.note
        receipt = await evidence.get_receipt(connection, held.id, self._sources.directory.own_scid)
        return None if receipt is None else receipt[0].note

    async def notice(self, request: web.Request) -> web.Response:
        """A hint that something is new, or held: 202, whatever we know of it."""
        if "Content-Encoding" in request.headers:
            # Before the body is read: the server library would inflate it, and other bytes were signed.
            raise Refusal("request.malformed", reason="content-encoding")
        body = await _body(request)
        sender = await self._gate.posting(request, body)
        if not self._has_left(sender):
            await refuse(NOTICES_PER_MINUTE)
        origin = _noticed_origin(body)
        self._sources.noticed(sender, origin)
        return web.Response(status=202)

    def _has_left(self, sender: str) -> bool:
        """Count a notice; whether the sender may still send one."""
        now = asyncio.get_running_loop().time()
        recent = [then for then in self._notices.get(sender, []) if now - then < 60.0]
        if len(recent) >= NOTICES_PER_MINUTE:
            return False
        self._notices[sender] = [*recent, now]
        return True


async def _body(request: web.Request) -> bytes:
    """The body, if it comes in time.

    Raises:
        Refusal: ``request.too-slow``; the connection is closed then.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError as exc:
        raise Refusal("request.too-slow", headers={"Connection": "close"}) from exc


def _origin(author: str, partner: str | None, request: web.Request) -> Origin:
    if not is_scid(author) or (partner is not None and not is_scid(partner)) or author == partner:
        raise Refusal("path.not-found")
    number = int(request.match_info["number"])
    if number > MAX_NUMBER:
        raise Refusal("path.not-found")
    return Origin(author, partner, number)


def _noticed_origin(body: bytes) -> str:
    value = parse(body, max_bytes=MAX_NOTICE_BYTES)
    if not isinstance(value, dict) or set(value) != {"origin", "size"}:
        raise ProtocolError("notice.malformed")
    origin, size = value["origin"], value["size"]
    if not isinstance(origin, str) or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ProtocolError("notice.malformed")
    try:
        return Origin.parse(origin).encode()
    except ProtocolError as exc:
        raise ProtocolError("notice.malformed") from exc


@web.middleware
async def exact_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only the one spelling of a path is a path: none has an escape, a query or a fragment (spec/07-paths.md P-1).

    Looked at in what was received: the library has taken a bare ``?`` away when it looks for the route.
    """
    target = target_of(request)
    if not target.isascii() or any(sign in target for sign in "%?#"):
        raise Refusal("path.not-found")
    return await handler(request)


def federation_app(sources: Sources, gate: Gate, doorman: Doorman | None = None) -> web.Application:
    """The application that a node's public port serves to other nodes.

    Args:
        sources: What the answers are read from.
        gate: Says whose request it is.
        doorman: Bounds what strangers take; None where something in front does.
    """
    bounded = [] if doorman is None else [doorman.middleware(gate.recognises)]
    app = web.Application(
        middlewares=[answer_errors(told_to_partners), *bounded, exact_paths], client_max_size=MAX_NOTICE_BYTES
    )
    app.add_routes(Federation(sources, gate).routes())
    return app
