"""A scripted author: feeds made by the protocol's own functions, served over real HTTP, and then spoilt.

It shares no code with the node's server: its files come from lists in memory. A test
changes what stands in a feed, which checkpoint is shown, or how one path answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from passerelle.protocol.checkpoints import Checkpoint, sign_checkpoint
from passerelle.protocol.identity import Identity, create_log, parse_identity, update_log
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, encode_leaf
from passerelle.protocol.merkle import Frontier, leaf_hash, root_of
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.protocol.records import FeedPosition, Record
from passerelle.protocol.recordsigning import draft, sign_record
from passerelle.protocol.seals import seal
from passerelle.protocol.tiles import Tile, encode_entry_bundle, encode_objects, encode_tile
from passerelle.storage.home import Keys

START = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)
MADE = START - timedelta(days=1)
Spoil = Callable[[web.Request, bytes], Awaitable[web.StreamResponse] | web.StreamResponse]


def random_bytes(seed: str) -> Callable[[int], bytes]:
    """Bytes that look random and are the same in each run."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        stream = b"".join(
            sha256(f"{seed} {count} {block}".encode()).digest() for block in range(-(-size // 32))
        )
        return stream[:size]

    return draw


@lru_cache(maxsize=256)
def _identity(log: bytes) -> Identity:
    """Of a log: who writes thousands of records need not verify it for each."""
    return parse_identity(log, now=None)


class Agency:
    """Keys and an identity.

    Args:
        name: Also the seed of the keys, and the domain.
        made: When its identity begins.
    """

    def __init__(self, name: str, *, made: datetime = MADE) -> None:
        self.name = name
        self.made = made
        self.random = random_bytes(name)
        self.keys = Keys.generate(self.random)
        self._updates = [SigningKey.generate(self.random) for _ in range(3)]
        self.log = create_log(
            domain=f"{name}.example",
            update_key=self._updates[0],
            next_update_multikeys=[self._updates[1].multikey],
            now=made,
            record_key=self.keys.record.public,
            request_key=self.keys.request.public,
            log_keys=[self.keys.log.public],
            witness_keys=[self.keys.witness.public],
            sealing=self._sealing(),
        )

    def _sealing(self) -> list[tuple[datetime, str]]:
        return [(self.made, key.key_id) for key in self.keys.sealing]

    @property
    def scid(self) -> str:
        """Who it is."""
        return _identity(self.log).scid

    @property
    def did(self) -> str:
        """Its DID."""
        return _identity(self.log).did

    def rotate(self, record_key: SigningKey) -> bytes:
        """Its log with one more entry, in which another record key stands."""
        return update_log(
            self.log,
            update_key=self._updates[1],
            next_update_multikeys=[self._updates[2].multikey],
            now=self.made + timedelta(hours=1),
            record_keys=[record_key.public],
            request_keys=[self.keys.request.public],
            log_keys=[self.keys.log.public],
            witness_keys=[self.keys.witness.public],
            sealing=self._sealing(),
        )

    def rotate_request_key(self, request: SigningKey) -> bytes:
        """Its log with one more entry, in which another key of requests stands alone."""
        return update_log(
            self.log,
            update_key=self._updates[1],
            next_update_multikeys=[self._updates[2].multikey],
            now=self.made + timedelta(hours=1),
            record_keys=[self.keys.record.public],
            request_keys=[request.public],
            log_keys=[self.keys.log.public],
            witness_keys=[self.keys.witness.public],
            sealing=self._sealing(),
        )

    def rotate_log_keys(self, log: SigningKey, witness: SigningKey) -> bytes:
        """Its log with one more entry, in which other keys of feeds and receipts stand alone."""
        return update_log(
            self.log,
            update_key=self._updates[1],
            next_update_multikeys=[self._updates[2].multikey],
            now=self.made + timedelta(hours=1),
            record_keys=[self.keys.record.public],
            request_keys=[self.keys.request.public],
            log_keys=[log.public],
            witness_keys=[witness.public],
            sealing=self._sealing(),
        )

    def record(
        self,
        *,
        to: Sequence[str] = (),
        type: str = "offer",  # noqa: A002  the record's member has this name
        schema: str | None = None,
        body: dict[str, Json] | None = None,
        issued: datetime = START,
        key: SigningKey | None = None,
    ) -> Record:
        """A signed record, public or to some."""
        signer = key or self.keys.record
        value = draft(
            id=f"urn:uuid:{uuid.UUID(bytes=self.random(16), version=4)}",
            type=type,
            schema=schema or f"urn:passerelle:schema:{type}:1.0",
            nonce=self.random(16),
            issuer=self.did,
            audience=list(to) if to else "public",
            issued=issued,
            body=body if body is not None else agreement(self.scid, to[0]) if to else offer(self.scid),
            seen={scid: FeedPosition(1, 0) for scid in to} or None,
        )
        if to and type == "offer":
            value |= {"type": "agreement", "schema": schema or "urn:passerelle:schema:agreement:1.0"}
        return sign_record(value, signer, f"{self.did}#{signer.multikey}")

    def descriptor(self, address: str) -> Record:
        """A node record, as far as a follower needs it to find the way."""
        return self.record(type="node", body={"addresses": [address], "lang": "fr"}, issued=self.made)


def offer(scid: str) -> dict[str, Json]:
    """The body of a public record that its schema accepts."""
    return {
        "lang": "fr",
        "title": {"fr": "Exemple fictif"},
        "description": {"fr": "Offre fictive."},
        "scheme": "vir",
        "hostOrganisation": {"name": "Organisation (fictive)"},
        "host": {"agency": scid, "country": "TG"},
        "place": {"country": "TG", "city": "Ville (fictive)"},
        "places": 1,
        "period": "2027-01/2027-06",
        "synthetic": True,
    }


def agreement(scid: str, partner: str) -> dict[str, Json]:
    """The body of a bilateral record that its schema accepts."""
    ends: list[Json] = [{"agency": scid, "country": "TG"}, {"agency": partner, "country": "ML"}]
    return {
        "lang": "fr",
        "kind": "exchange-protocol",
        "names": {"fr": "Exemple fictif"},
        "parties": ends,
        "period": "2027/..",
        "schemes": ["vir"],
        "directions": [{"from": ends[0], "to": ends[1], "quota": {"persons": 4, "perPeriod": "total"}}],
        "synthetic": True,
    }


@dataclass
class Feed:
    """A feed in memory.

    Args:
        author: Signs the checkpoints.
        origin: Which feed.
        leaves: As hashed.
        objects: One for each leaf.
        note: The checkpoint shown; None for the true one of all leaves.
    """

    author: Agency
    origin: Origin
    leaves: list[bytes] = field(default_factory=list)
    objects: list[bytes | None] = field(default_factory=list)
    note: bytes | None = None
    _levels: dict[int, list[bytes]] = field(default_factory=dict)

    def add(self, record: Record, *, recipient: bytes | None = None) -> int:
        """Append a record, sealed to `recipient` in a bilateral feed; returns its index."""
        salt = self.author.random(32)
        committed = commitment(salt, record.data)
        if self.origin.is_public:
            leaf = encode_leaf(PublicRecordLeaf(committed, record.id, record.type, record.version))
            return self.append(leaf, encode_public(salt, record.data))
        if recipient is None:
            raise ValueError("to whom?")
        sealed = seal(salt, record.data, recipient_public=recipient, origin=self.origin)
        return self.append(encode_leaf(SealedLeaf(committed)), sealed)

    def append(self, leaf: bytes, item: bytes | None = None) -> int:
        """Append any leaf with any object; returns its index."""
        self.leaves.append(leaf)
        self.objects.append(item)
        self._levels.clear()
        return len(self.leaves) - 1

    def pad(self, count: int) -> None:
        """Append leaves of a kind that nobody knows yet: they are hashed and passed over."""
        start = len(self.leaves)
        self.leaves += [b'{"kind":"later","n":%d}' % index for index in range(start, start + count)]
        self.objects += [None] * count
        self._levels.clear()

    def copy(self, size: int | None = None) -> Feed:
        """Another feed under the same name that begins alike."""
        made = Feed(self.author, self.origin, self.leaves[:size], self.objects[:size])
        made._levels = {
            level: hashes[: len(made.leaves) // 256**level] for level, hashes in self._levels.items()
        }
        return made

    def checkpoint(
        self, size: int | None = None, *, root: bytes | None = None, key: SigningKey | None = None
    ) -> bytes:
        """A signed checkpoint, true unless told otherwise."""
        size = len(self.leaves) if size is None else size
        if root is None:
            root = Frontier().extend(self.hashes(0)[:size]).root()
        claimed = Checkpoint(self.origin.encode(), size, root)
        return sign_checkpoint(claimed, key or self.author.keys.log).encode()

    def hashes(self, level: int) -> list[bytes]:
        """All hashes of one tile level."""
        if level not in self._levels:
            if level == 0:
                self._levels[0] = [leaf_hash(leaf) for leaf in self.leaves]
            else:
                below = self.hashes(level - 1)
                whole = len(below) - len(below) % 256
                self._levels[level] = [root_of(below[at : at + 256]) for at in range(0, whole, 256)]
        return self._levels[level]

    def read(self, tail: str) -> bytes | None:
        """The file at a path below the feed's folder."""
        if tail == "checkpoint":
            return self.note or self.checkpoint()
        tile = Tile.parse_path(tail)
        items: Sequence[Any] = (
            self.hashes(tile.level)
            if tile.kind == "hashes"
            else self.leaves
            if tile.kind == "entries"
            else self.objects
        )
        if tile.end > len(items):
            return None
        encode: Callable[[Any], bytes] = {
            "hashes": encode_tile,
            "entries": encode_entry_bundle,
            "objects": encode_objects,
        }[tile.kind]
        return encode(items[tile.first : tile.end])


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came, and how many bytes of body went out."""

    path: str
    headers: dict[str, str]
    status: int
    sent: int


class Site:
    """The author's web server.

    Args:
        agency: Whose.
    """

    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        self.feeds: dict[str, Feed] = {}
        self.spoilt: dict[str, Spoil] = {}
        self.files: dict[str, bytes] = {"/.well-known/did.jsonl": agency.log}
        self.asked: list[Asked] = []
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._server = TestServer(app)

    def show(self, feed: Feed) -> Feed:
        """Serve a feed, in the place of one with the same name."""
        self.feeds[f"/{feed.origin.path}/"] = feed
        return feed

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.port}"

    async def start(self) -> None:
        """Listen on loopback."""
        await self._server.start_server(shutdown_timeout=0.1)

    async def stop(self) -> None:
        """Hang up."""
        await self._server.close()

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked]

    def _find(self, path: str) -> bytes | None:
        for folder, feed in self.feeds.items():
            if path.startswith(folder):
                return feed.read(path.removeprefix(folder))
        return self.files.get(path)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        data = self._find(request.path) if request.method == "GET" else b""
        spoil = self.spoilt.get(request.path)
        if spoil is not None:
            told = spoil(request, data or b"")
            response = await told if isinstance(told, Awaitable) else told
        elif request.method == "POST":
            response = web.Response(status=202)
        elif data is None:
            response = web.Response(status=404)
        else:
            response = plain(request, data)
        sent = (
            len(response.body)
            if isinstance(response, web.Response) and isinstance(response.body, bytes)
            else 0
        )
        self.asked.append(Asked(request.path, dict(request.headers), response.status, sent))
        return response


def plain(request: web.Request, data: bytes) -> web.Response:
    """An honest answer: validators, and one range."""
    name = "whole" if "/objects/" in request.path else sha256(data).hexdigest()[:16]
    headers = {"ETag": f'"{name}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    wanted = request.headers.get("Range", "")
    if wanted.startswith("bytes=") and request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
        first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        return web.Response(status=206, body=data[first:], headers=headers)
    return web.Response(body=data, headers=headers)


def flipped(data: bytes, at: int = -1) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def tampered(at: int = -1) -> Spoil:
    """The honest answer with one bit changed on the way."""

    def spoil(request: web.Request, data: bytes) -> web.Response:
        return plain(request, flipped(data, at))

    return spoil


def instead(body: bytes, *, status: int = 200, **headers: str) -> Spoil:
    """Another answer altogether."""

    def spoil(_request: web.Request, _data: bytes) -> web.Response:
        return web.Response(
            body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    return spoil
