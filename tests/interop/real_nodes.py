"""Two real nodes on loopback, and what an outsider can take down of them: bytes and requests.

What is collected is cut into leaves, objects and records by hand, so that not one byte that the
programs of others judge has passed our own parsers.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, web

from passerelle.config import Agency, Server
from passerelle.initialise import init_home
from passerelle.node import Node, open_node
from passerelle.server.federation.app import Sources, federation_app
from passerelle.server.federation.asking import Gate
from passerelle.sync.follower import road_to

SAMPLES: Final = Path(__file__).resolve().parents[2] / "schemas" / "samples"
SALT_BYTES: Final = 32

# Method, target URI, headers, body in hex: what the script that verifies requests takes.
Request = dict[str, Any]


@dataclass
class Told:
    """What one exchange between two fresh homes left behind.

    Args:
        log: Togo's identity log.
        public: Togo's public records, in order: agency, node, offer.
        origin: Of Togo's feed to Mali.
        leaf: The one leaf of it.
        object: The one object of it, as Mali received it.
        digest: Of the record that Togo published there.
        sealing_seeds: Mali's, in hex.
        request_key: Mali's public request key.
        requests: What Mali's node sent to Togo's with a signature.
    """

    log: bytes
    public: list[bytes]
    origin: str
    leaf: bytes
    object: bytes
    digest: str
    sealing_seeds: list[str]
    request_key: bytes
    requests: list[Request] = field(default_factory=list)


async def exchange(work: Path) -> Told:
    """Makes two homes, lets them add each other, publish, pull, cosign, and takes it all down."""
    heard: list[Request] = []
    async with AsyncExitStack() as stack:
        togo = await stack.enter_async_context(_running(work / "togo", "TG", "https://anvt.example", heard))
        mali = await stack.enter_async_context(_running(work / "mali", "ML", "https://cnpv.example", []))
        await togo.node.desk.peer_add(mali.url, code="ML-TEST")
        await mali.node.desk.peer_add(togo.url, code="TG-TEST")
        placed = await togo.node.desk.publish(
            [
                {"type": "offer", "to": "public", "body": _offer(togo, mali)},
                {"type": "dossier", "to": ["ML-TEST"], "body": _card(togo, mali)},
            ]
        )
        visit = await mali.node.follower.visit_now(togo.scid)
        if visit.error is not None:
            raise visit.error
        return await _take_down(togo, mali, heard, str(placed[1]["digest"]))


@dataclass(frozen=True)
class _Running:
    node: Node
    url: str

    @property
    def scid(self) -> str:
        return self.node.directory.own_scid


def _body(sample: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))["body"]
    return value


def _offer(togo: _Running, mali: _Running) -> dict[str, Any]:
    """A sample, with the agencies at hand in place of its made-up ones, and a host without a record."""
    return _body("offer/valid-reading-club") | {
        "hostOrganisation": {"name": "Bibliothèque du Fleuve (fictive)"},
        "host": {"agency": togo.scid, "country": "TG"},
        "origins": [{"agency": mali.scid, "country": "ML"}],
    }


def _card(togo: _Running, mali: _Running) -> dict[str, Any]:
    """The same of a dossier."""
    body = _body("dossier/valid-card")
    return body | {"sendingAgency": togo.scid, "consent": body["consent"] | {"recipients": [mali.scid]}}


@asynccontextmanager
async def _running(home: Path, country: str, address: str, heard: list[Request]) -> AsyncIterator[_Running]:
    """A node with a new home, answering on loopback as behind a proxy at its public address."""
    agency = Agency(
        code=f"{country}-TEST", country=country, names={"fr": f"Essai {country}"}, fictitious=True
    )
    await init_home(home, agency=agency, server=Server(public_address=address))

    @web.middleware
    async def listen(request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.read()
        if "Signature" in request.headers:
            heard.append(
                {
                    "method": request.method,
                    "target_uri": address + request.raw_path,
                    "headers": dict(request.headers),
                    "body": body.hex(),
                }
            )
        answered: web.StreamResponse = await handler(request)
        return answered

    async with open_node(home) as node:
        began = datetime.now(UTC) - timedelta(
            seconds=1
        )  # what is recorded is the first request, not a second one
        gate = Gate(node.directory, address, lambda: datetime.now(UTC), node.refresh_identity, began=began)
        sources = Sources(
            node.database,
            node.directory,
            heads=lambda: node.publisher.current,
            descriptor=lambda: node.descriptor,
            packed=node.packed,
            noticed=lambda _sender, _origin: None,
        )
        app = federation_app(sources, gate)
        app.middlewares.append(listen)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield _Running(node, f"http://127.0.0.1:{runner.addresses[0][1]}")
        finally:
            await runner.cleanup()


async def _take_down(togo: _Running, mali: _Running, heard: list[Request], digest: str) -> Told:
    async with ClientSession(togo.url) as session:
        log = await _read(session, "/.well-known/did.jsonl")
        size = int((await _read(session, "/feeds/public/1/checkpoint")).split(b"\n")[1])
        objects = _items(await _read(session, f"/feeds/public/1/objects/000.p/{size}"), 4)
    partner = mali.node.directory.peer(togo.scid)
    if partner is None:
        raise RuntimeError("Mali has not kept Togo")
    feed = f"/feeds/to/{mali.scid}/1"
    road, ask = road_to(partner), mali.node.client.get
    leaves = await ask(road, f"{feed}/tile/entries/000.p/1", max_bytes=10_000, signed=True)
    sealed = await ask(road, f"{feed}/objects/000.p/1", max_bytes=100_000, signed=True)
    return Told(
        log=log,
        public=[item[SALT_BYTES:] for item in objects],
        origin=f"passerelle/{togo.scid}/to/{mali.scid}/1",
        leaf=_items(leaves.body, 2)[0],
        object=_items(sealed.body, 4)[0],
        digest=digest,
        sealing_seeds=[key.seed.hex() for key in mali.node.keys.sealing],
        request_key=mali.node.keys.request.public,
        requests=heard,
    )


async def _read(session: ClientSession, path: str) -> bytes:
    async with session.get(path) as response:
        response.raise_for_status()
        return await response.read()


def _items(data: bytes, length_bytes: int) -> list[bytes]:
    """Cuts a bundle: each item after its length, big-endian."""
    found = []
    while data:
        length = int.from_bytes(data[:length_bytes], "big")
        found.append(data[length_bytes : length_bytes + length])
        data = data[length_bytes + length :]
    return found
