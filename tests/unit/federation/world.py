"""Nodes in this process, each really answering on loopback, and a client that writes HTTP by hand.

Homes are made once and copied, for making one costs more than a test. The hand-written
client sends a request exactly as it is given, which no library does, and gives back every
byte of the answer.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from passerelle.config import Agency, Server, Sync
from passerelle.initialise import init_home
from passerelle.node import Node, open_node, utc_now
from passerelle.protocol.requests import sign_request
from passerelle.server.federation.app import Sources, federation_app
from passerelle.server.federation.asking import Gate
from passerelle.server.federation.doorman import Doorman
from passerelle.server.listening import Listener
from passerelle.sync.outofturn import OutOfTurn

COUNTRIES: Final = {"TG-ANVT": "TG", "ML-CNPV": "ML", "FR-FV": "FR", "BF-PNVB": "BF"}
NAMES: Final = {
    "TG-ANVT": {"fr": "Agence nationale du volontariat au Togo"},
    "ML-CNPV": {"fr": "Centre national de promotion du volontariat"},
    "FR-FV": {"fr": "France Volontaires"},
    "BF-PNVB": {"fr": "Programme national de volontariat au Burkina Faso"},
}
TOGO, MALI, FRANCE, BURKINA = COUNTRIES
QUIET: Final = Sync(notices=False, poll_seconds=3_600)
"""Nothing moves but what a test asks for."""

Clock = Callable[[], datetime]


# --- homes and nodes -----------------------------------------------------------------------


async def make_homes(folder: Path, *codes: str) -> Mapping[str, Path]:
    """Fictitious agencies' homes, to be copied."""
    for code in codes:
        await init_home(
            folder / code,
            agency=Agency(code=code, country=COUNTRIES[code], names=NAMES[code], fictitious=True),
            server=Server(public_address=f"https://{code.lower()}.example", port=0),
            sync=QUIET,
        )
    return {code: folder / code for code in codes}


_HOMES: dict[str, Path] = {}


def homes_once(factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Homes of all four agencies, made by whoever asks first in a run of tests; to be copied, never opened."""
    if not _HOMES:
        _HOMES.update(asyncio.run(make_homes(factory.mktemp("homes"), *COUNTRIES)))
    return _HOMES


@dataclass(slots=True)
class Here:
    """A node that answers on loopback.

    Args:
        node: The node.
        url: Where it really answers, which is not the public address that signatures cover.
        notices: What `/notices` took, sender and origin.
    """

    node: Node
    url: str
    notices: list[tuple[str, str]] = field(default_factory=list)

    @property
    def scid(self) -> str:
        """Whose node it is."""
        return self.node.directory.own_scid

    @property
    def public(self) -> str:
        """The address that signatures of requests to it cover."""
        return self.node.config.server.public_address

    @property
    def key_id(self) -> str:
        """The DID URL of its request key."""
        return f"{self.node.directory.own.did}#{self.node.keys.request.multikey}"

    async def add(self, other: Here, code: str | None = None) -> None:
        """Add another node as a partner, under its own code."""
        await self.node.desk.peer_add(other.url, code=code or other.node.config.agency.code)

    async def hear(self, other: Here) -> None:
        """Visit one partner."""
        (visit,) = await self.node.desk.sync(other.scid)
        assert visit["ok"], visit["error"]

    async def sync(self) -> None:
        """Visit every partner once; a visit that fails fails the test."""
        for visit in await self.node.desk.sync():
            assert visit["ok"], visit["error"]


@asynccontextmanager
async def answering(
    node: Node,
    *,
    clock: Clock = utc_now,
    refresh: Callable[[str], Awaitable[None]] | None = None,
    noticed: Callable[[str, str], None] | None = None,
    began: datetime | None = None,
    doorman: Doorman | None = None,
) -> AsyncIterator[Here]:
    """Serve a node's federation on a free port of loopback, as a process that began a second ago or at `began`."""
    here = Here(node, "")
    node.directory.out_of_turn = OutOfTurn()
    gate = Gate(
        node.directory,
        here.public,
        clock,
        refresh or node.refresh_identity,
        began=began or clock() - timedelta(seconds=1),
    )
    sources = Sources(
        database=node.database,
        directory=node.directory,
        heads=lambda: node.publisher.current,
        descriptor=lambda: node.descriptor,
        packed=node.packed,
        noticed=noticed or (lambda sender, origin: here.notices.append((sender, origin))),
    )
    runner = Listener(federation_app(sources, gate, doorman))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address: Any = runner.addresses[0]
        here.url = f"http://127.0.0.1:{address[1]}"
        yield here
    finally:
        await runner.cleanup()


@asynccontextmanager
async def agencies(homes: Mapping[str, Path], folder: Path) -> AsyncIterator[dict[str, Here]]:
    """Copies of homes, open and answering, strangers to one another."""
    async with AsyncExitStack() as stack:
        found = {}
        for code, home in homes.items():
            shutil.copytree(home, folder / code)
            node = await stack.enter_async_context(open_node(folder / code))
            found[code] = await stack.enter_async_context(answering(node))
        yield found


async def introduce(one: Here, other: Here) -> None:
    """Make two nodes partners of each other, each having seen the other's empty feed."""
    await one.add(other)
    await other.add(one)
    for here in (one, other, one):
        await here.sync()


# --- bodies --------------------------------------------------------------------------------


def party(code: str) -> dict[str, object]:
    """One end of a direction, by the code that the desk resolves."""
    return {"agency": code, "country": COUNTRIES[code]}


def offer(code: str, title: str = "Club de lecture", **more: object) -> dict[str, object]:
    """An item for `publish`: a public offer of an agency."""
    body = {
        "title": {"fr": title},
        "description": {"fr": "Animer des ateliers après la classe."},
        "scheme": "vir",
        "hostOrganisation": {"name": "Bibliothèque du Fleuve (fictive)"},
        "needExpressedOn": "2026-06",
        "tutor": {"assigned": True, "language": "fr"},
        "host": party(code),
        "place": {"country": COUNTRIES[code], "city": "Ségou"},
        "places": 2,
        "period": "2027-02-01/2027-07-31",
        "closesOn": "2026-12-31",
    }
    return {"type": "offer", "body": body | more}


def dossier(
    code: str, to: str, scid: str, recipient: str, pseudonym: str = "TG-VIR-01", **more: object
) -> dict[str, object]:
    """An item for `publish`: a sealed card."""
    consent = {
        "noticeVersion": "1",
        "purposes": ["nomination", "placement-management"],
        "recipients": [recipient],
        "tiersAllowed": ["T1", "T2", "T3"],
        "givenOn": "2021-06-01",
        "medium": "paper",
        "language": "fr",
        "expires": "2049-12-31",
    }
    body = {
        "part": "card",
        "pseudonym": pseudonym,
        "sendingAgency": scid,
        "nationality": [COUNTRIES[code]],
        "residenceCountry": COUNTRIES[code],
        "ageBand": "18-25",
        "languages": [{"bcp47": "fr", "cefr": "C1", "evidence": "self"}],
        "availability": "2026-09/2028-12",
        "schemesEligible": ["vir"],
        "consent": consent,
    }
    return {"type": "dossier", "to": [to], "body": body | more}


# --- HTTP by hand --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, byte for byte.

    Args:
        status: The status code.
        headers: By lower-case name; a repeated one keeps its last value.
        body: As sent, not inflated.
        raw: Everything.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    raw: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document."""
        assert self.headers["content-type"] == "application/problem+json", self.raw
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def code(self) -> str:
        """The stable code of the problem document."""
        return str(self.problem["code"])

    @property
    def undated(self) -> list[bytes]:
        """The answer line by line without its date, to compare two of them."""
        return [line for line in self.raw.split(b"\r\n") if not line.lower().startswith(b"date:")]


Headers = Mapping[str, str] | list[tuple[str, str]]


async def ask(
    here: Here, target: str, *, method: str = "GET", headers: Headers | None = None, body: bytes = b""
) -> Reply:
    """Send one request exactly as given, and read until the other side closes."""
    port = int(here.url.rpartition(":")[2])
    given = list(headers.items()) if isinstance(headers, Mapping) else list(headers or [])
    if body and not any(name.lower() == "transfer-encoding" for name, _ in given):
        given.append(("Content-Length", str(len(body))))
    lines = [f"{method} {target} HTTP/1.1", "Host: elsewhere.example", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in given]
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            raw = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    head, _, content = raw.partition(b"\r\n\r\n")
    status_line, *fields = head.decode("latin-1").split("\r\n")
    named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
    return Reply(int(status_line.split()[1]), named, content, raw)


def signed(
    asker: Here,
    to: Here,
    target: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    now: datetime | None = None,
    nonce: bytes | None = None,
    public: str | None = None,
) -> dict[str, str]:
    """The header fields of a request that an agency signs to another."""
    return sign_request(
        method,
        (public or to.public) + target,
        key=asker.node.keys.request,
        key_id=asker.key_id,
        now=now or utc_now(),
        nonce=nonce or secrets.token_bytes(16),
        body=body or None,
        content_type="application/json" if body else None,
    )


async def ask_signed(
    asker: Here,
    to: Here,
    target: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Reply:
    """One signed request."""
    fields = signed(asker, to, target, method=method, body=body, now=now)
    return await ask(to, target, method=method, headers={**fields, **(headers or {})}, body=body)
