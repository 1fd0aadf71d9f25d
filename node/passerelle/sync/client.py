"""Asking a partner: one request, with a byte limit, a deadline and, where needed, a signature.

What arrives is bytes and nothing is believed here. Redirects are not followed; answers
are inflated under the same limit as they are read.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import zstandard

from passerelle.errors import ProtocolError, TransportError
from passerelle.protocol.profile import parse, parse_time
from passerelle.protocol.requests import sign_request
from passerelle.storage.home import Keys
from passerelle.sync.addresses import host_of, site_of
from passerelle.sync.allowance import Allowances
from passerelle.sync.guard import PrivateAddress, PublicOnlyResolver, refuse_inward

MAX_PROBLEM_BYTES = 16_384
MAX_CODE = 64
MAX_ETAG = 200
"""Characters of a validator that are kept; ours have 40."""
_CODE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
USER_AGENT = "passerelle/0.1"
MAX_OFFSET = timedelta(days=3_653)
"""No clock is wrong by more; a time beyond it could not even be signed."""

PER_PARTNER = 4
"""Connections to one partner; in all there is no bound, or silent partners would take every place."""

INFLATE_STEP = 1_024
"""Coded bytes inflated at once: neither coding makes more than 32 MiB of them before the limit is asked."""

MAX_INFLATED_WHOLE = 2**22
"""Bytes that a zstd frame may say it holds to be inflated in one go: they are set aside before it is read."""

MAX_ZSTD_WINDOW = 2**23
"""Bytes; RFC 8878 asks a decoder for no more."""


@dataclass(frozen=True, slots=True)
class Road:
    """How to reach one partner.

    Args:
        scid: Whom.
        address: Where to connect, without a trailing slash.
        public: The partner's own public address; signatures cover it.
        trusted_address: Whether our operator gave the address, so that it may be private.
    """

    scid: str
    address: str
    public: str
    trusted_address: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A partner's answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def etag(self) -> str:
        """The validator as sent, empty where there is none or it is longer than is kept."""
        etag = self.headers.get("ETag", "")
        return etag if len(etag) <= MAX_ETAG and etag.isprintable() else ""

    @property
    def plain_etag(self) -> str:
        """The validator of the same bytes without content coding: ``"x-gzip"`` is the coded form of ``"x"``.

        A range is asked of the plain bytes. Where a server names its codings otherwise, the
        condition fails and it sends the whole file: slower, never wrong.
        """
        coding = self.headers.get("Content-Encoding", "identity").lower()
        return self.etag.removesuffix(f'-{coding}"') + '"' if self.etag.endswith(f'-{coding}"') else self.etag


class Client:
    """Sends requests to partners.

    Args:
        keys: The request key signs.
        key_id: DID URL of that key, now.
        clock: Gives the present, aware, UTC.
        deadline: Longest time for one request.
        allow_private: Whether untrusted addresses may be private.
        allowances: What each partner may cost.
    """

    def __init__(
        self,
        keys: Keys,
        key_id: Callable[[], str],
        clock: Callable[[], datetime],
        *,
        deadline: timedelta,
        allow_private: bool,
        allowances: Allowances | None = None,
    ) -> None:
        self._keys = keys
        self._allowances = allowances or Allowances()
        self._key_id = key_id
        self._clock = clock
        self._deadline = deadline
        self._allow_private = allow_private
        self._open: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None
        self._offsets: dict[str, timedelta] = {}

    def _session(self, *, trusted: bool) -> aiohttp.ClientSession:
        if trusted or self._allow_private:
            self._open = self._open or _new_session(aiohttp.TCPConnector(limit=0, limit_per_host=PER_PARTNER))
            return self._open
        self._guarded = self._guarded or _new_session(
            aiohttp.TCPConnector(limit=0, limit_per_host=PER_PARTNER, resolver=PublicOnlyResolver())
        )
        return self._guarded

    async def close(self) -> None:
        """Close the connections."""
        for session in (self._open, self._guarded):
            if session is not None:
                await session.close()

    async def get(
        self,
        road: Road,
        path: str,
        *,
        max_bytes: int,
        signed: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET one path, whose inflated answer has at most `max_bytes`.

        Raises:
            TransportError: ``road.*``: no connection, no answer in time, too long, damaged on the way.
        """
        answer = await self._send("GET", road, path, None, max_bytes, headers or {}, signed=signed)
        if signed and answer.status == 401 and self._learn_offset(road, answer):
            answer = await self._send("GET", road, path, None, max_bytes, headers or {}, signed=True)
            self._forget_if_late(road, answer)
        return answer

    async def post(
        self, road: Road, path: str, body: bytes, *, content_type: str = "application/json"
    ) -> Answer:
        """POST a signed body; the answer is small."""
        headers = {"Content-Type": content_type}
        answer = await self._send("POST", road, path, body, MAX_PROBLEM_BYTES, headers, signed=True)
        if answer.status == 401 and self._learn_offset(road, answer):
            answer = await self._send("POST", road, path, body, MAX_PROBLEM_BYTES, headers, signed=True)
            self._forget_if_late(road, answer)
        return answer

    async def _send(
        self,
        method: str,
        road: Road,
        path: str,
        body: bytes | None,
        max_bytes: int,
        headers: Mapping[str, str],
        *,
        signed: bool,
    ) -> Answer:
        self._allowances.require(road.scid, "bytes")
        trusted = road.trusted_address or self._allow_private
        if not trusted:
            refuse_inward(*_dialled(road))
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "zstd, gzip", **headers}
        if "Range" in sent:
            sent["Accept-Encoding"] = "identity"
        if signed:
            sent |= self._signature(method, road, path, body, sent.get("Content-Type"))
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                async with self._session(trusted=trusted).request(
                    method, road.address + path, data=body, headers=sent, allow_redirects=False
                ) as response:
                    raw = await _read(
                        response, max_bytes, lambda size: self._allowances.spend(road.scid, "bytes", size)
                    )
                    coding = response.headers.get("Content-Encoding", "identity").lower()
                    return Answer(response.status, response.headers.copy(), inflate(raw, coding, max_bytes))
        except TimeoutError as exc:
            raise TransportError("road.timeout", address=road.address) from exc
        except (aiohttp.ClientError, OSError) as exc:
            if isinstance(getattr(exc, "os_error", exc.__cause__), PrivateAddress):
                host = urlsplit(road.address).hostname
                raise TransportError("road.private-address", host=host) from exc
            raise TransportError("road.unreachable", address=road.address, detail=type(exc).__name__) from exc

    def _signature(
        self, method: str, road: Road, path: str, body: bytes | None, kind: str | None
    ) -> dict[str, str]:
        return sign_request(
            method,
            road.public + path,
            key=self._keys.request,
            key_id=self._key_id(),
            now=self._clock() + self._offsets.get(road.scid, timedelta()),
            nonce=secrets.token_bytes(16),
            body=body,
            content_type=kind,
        )

    def _learn_offset(self, road: Road, answer: Answer) -> bool:
        """Take the partner's time from its 401, for signing requests to it and nothing else."""
        try:
            told = parse(answer.body, max_bytes=MAX_PROBLEM_BYTES)
            theirs = (
                parse_time(str(told["serverTime"]))
                if isinstance(told, dict) and "serverTime" in told
                else None
            )
        except ProtocolError:
            return False
        if theirs is None or abs(theirs - self._clock()) > MAX_OFFSET:
            return False
        self._offsets[road.scid] = theirs - self._clock()
        return True

    def _forget_if_late(self, road: Road, answer: Answer) -> None:
        """An offset with which the time is still wrong was no offset; the next request begins anew."""
        if answer.status == 401 and problem_of(answer) == "request.time":
            self._offsets.pop(road.scid, None)


def _dialled(road: Road) -> tuple[str, int]:
    """Host and port to which the connection goes."""
    try:
        return host_of(road.address), site_of(road.address)[2]
    except ValueError as exc:
        raise TransportError("road.unreachable", address=road.address, detail="InvalidURL") from exc


def _new_session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        skip_auto_headers=("Accept",),  # it says that anything is welcome, at every poll
    )


async def _read(response: aiohttp.ClientResponse, max_bytes: int, spend: Callable[[int], None]) -> bytes:
    parts: list[bytes] = []
    total = 0
    async for part in response.content.iter_chunked(65_536):
        total += len(part)
        spend(len(part))
        if total > max_bytes:
            raise TransportError("road.too-long", limit=max_bytes)
        parts.append(part)
    return b"".join(parts)


def inflate(raw: bytes, coding: str, max_bytes: int) -> bytes:
    """Undo a content coding, refusing output beyond `max_bytes` and whatever is not one whole.

    Raises:
        TransportError: ``road.too-long`` or ``road.damaged``.
    """
    if coding == "identity":
        return raw
    if coding == "zstd" and _tells_size(raw, min(max_bytes, MAX_INFLATED_WHOLE)):
        try:
            return zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).decompress(
                raw, allow_extra_data=False
            )
        except zstandard.ZstdError as exc:
            raise TransportError("road.damaged", coding=coding) from exc
    if coding not in _ENGINES:
        raise TransportError("road.damaged", coding=coding)
    engine = _ENGINES[coding]()
    parts: list[bytes] = []
    room = max_bytes
    try:
        for start in range(0, len(raw), INFLATE_STEP):
            parts.append(engine.decompress(raw[start : start + INFLATE_STEP]))
            room -= len(parts[-1])
            if room < 0:
                raise TransportError("road.too-long", limit=max_bytes)
            if engine.eof and (engine.unused_data or start + INFLATE_STEP < len(raw)):
                raise TransportError("road.damaged", coding=coding)
    except (zlib.error, zstandard.ZstdError) as exc:
        raise TransportError("road.damaged", coding=coding) from exc
    if not engine.eof:
        raise TransportError("road.damaged", coding=coding)
    return b"".join(parts)


def _tells_size(raw: bytes, limit: int) -> bool:
    """Whether a zstd frame says that it holds something, no more than a limit: more than it says it cannot give."""
    if not raw.startswith(zstandard.FRAME_HEADER):
        return False
    try:
        frame = zstandard.get_frame_parameters(raw)
    except zstandard.ZstdError:
        return False
    return 0 < frame.content_size <= limit and frame.window_size <= MAX_ZSTD_WINDOW


class _Engine(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_ENGINES: Mapping[str, Callable[[], _Engine]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).decompressobj(),
}


def problem_of(answer: Answer) -> str:
    """The stable code of a partner's problem document, or its status where it has none."""
    unknown = f"http-{answer.status}"
    try:
        told = parse(answer.body, max_bytes=MAX_PROBLEM_BYTES)
    except ProtocolError:
        return unknown
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, str) and len(code) <= MAX_CODE and _CODE.fullmatch(code) else unknown
