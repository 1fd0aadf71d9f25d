"""Asking the node examined, which may hang, lie or flood: every read has a limit, a deadline and a share of a whole.

Nothing is followed, nothing is decoded but gzip under the same limit, and no answer is
believed. What cannot be read is a `NoAnswer` with a word that says why.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson
from yarl import URL

REQUEST_SECONDS: Final = 15.0
"""Longest time for one answer."""
MAX_TOTAL_BYTES: Final = 512 * 2**20
"""Most bytes that one examination reads."""
MAX_FAILURES: Final = 5
"""Requests in a row that get no answer; after them nothing more is asked."""
WAIT_SECONDS: Final = 5.0
"""Between two askings of a node that says that it is too busy, and does not say for how long."""
MAX_WAIT_SECONDS: Final = 65.0
"""Longest wait for one answer that was put off; the limits of chapter 10 are by the minute."""
MAX_WAITS_SECONDS: Final = 300.0
"""Of all waits of an examination."""
MAX_SMALL: Final = 65_536
"""Bytes of an answer of which only status and code are of interest."""


class NoAnswer(Exception):
    """There is no answer that could be judged.

    Args:
        code: ``road.timeout``, ``road.unreachable``, ``road.too-long``, ``road.damaged`` or ``request.too-many``.
        path: What was asked for.
    """

    def __init__(self, code: str, path: str) -> None:
        super().__init__(f"{code} ({path})")
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read whole.

    Args:
        status: HTTP status.
        headers: Header fields, names in lower case; of repeated ones the values joined by a comma.
        body: As it came, or inflated where the kit asked for gzip.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The stable code of a problem document."""
        told = self.problem
        code = told.get("code")
        return code if isinstance(code, str) else None

    @property
    def problem(self) -> dict[str, object]:
        """The members of a problem document, none where it is no JSON object."""
        try:
            told = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return told if isinstance(told, dict) else {}

    @property
    def is_put_off(self) -> bool:
        """Whether the node says that it has no time now, which breaks no rule by itself."""
        return self.status in {429, 503}

    @property
    def retry_after(self) -> float:
        """Seconds after which it asks to be asked again, bounded."""
        told = self.headers.get("retry-after", "").strip()
        seconds = float(told) if told.isascii() and told.isdigit() and len(told) < 9 else WAIT_SECONDS
        return min(max(seconds, 0.1), MAX_WAIT_SECONDS)

    def brief(self) -> str:
        """Status, and code or the beginning of the body."""
        return f"{self.status} {self.code or self.body[:80]!r}"


class Asker:
    """Sends the kit's requests.

    Args:
        url: Where the node is, without a trailing slash.
        answered: Called with method, path and each answer, for checks that hold of every one.
    """

    def __init__(self, url: str, answered: Callable[[str, str, Answer], None] = lambda *_: None) -> None:
        self.url = url.rstrip("/")
        self._answered = answered
        self._session: aiohttp.ClientSession | None = None
        self._left = MAX_TOTAL_BYTES
        self._failures = 0
        self._patience = MAX_WAITS_SECONDS

    @property
    def is_gone(self) -> bool:
        """Whether the node has not answered for so long, or so much, that it is asked no more."""
        return self._failures >= MAX_FAILURES or self._left < 0

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def get(
        self, path: str, *, most: int = MAX_SMALL, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """GET a path.

        Raises:
            NoAnswer: None, or none that ends within ``most`` bytes and the deadline.
        """
        return await self.send("GET", path, most=most, headers=headers)

    async def patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a request, sent anew as long as the node puts it off and there is patience left.

        Args:
            ask: Sends it, each time as it should be sent then.

        Raises:
            NoAnswer: As `get`; ``request.too-many`` where the node says to the end that it has no time.
        """
        answer = await ask()
        while answer.is_put_off:
            wait = answer.retry_after
            if wait > self._patience:
                raise NoAnswer("request.too-many", "")
            self._patience -= wait
            await asyncio.sleep(wait)
            answer = await ask()
        return answer

    async def send(
        self,
        method: str,
        path: str,
        *,
        most: int = MAX_SMALL,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send any request.

        Raises:
            NoAnswer: As `get`.
        """
        if self.is_gone:
            raise NoAnswer("road.unreachable", path)
        try:
            answer = await self._send(method, path, most, headers or {}, body)
        except NoAnswer:
            self._failures += 1
            raise
        self._failures = 0
        self._answered(method, path, answer)
        return answer

    async def _send(
        self, method: str, path: str, most: int, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=8),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "User-Agent", "Content-Type"),
            )
        sent = {"Accept-Encoding": "identity", **headers}
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                self._session.request(
                    method, _exact(self.url + path), data=body, headers=sent, allow_redirects=False
                ) as response,
            ):
                raw = await self._read(response, most, path)
        except TimeoutError as exc:
            raise NoAnswer("road.timeout", path) from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise NoAnswer("road.unreachable", path) from exc
        fields: dict[str, str] = {}
        for name, value in response.headers.items():
            low = name.lower()
            fields[low] = f"{fields[low]}, {value}" if low in fields else value
        coded = fields.get("content-encoding", "identity").lower()
        return Answer(response.status, fields, _inflated(raw, most, path) if coded == "gzip" else raw)

    async def _read(self, response: aiohttp.ClientResponse, most: int, path: str) -> bytes:
        parts: list[bytes] = []
        total = 0
        async for part in response.content.iter_chunked(65_536):
            total += len(part)
            self._left -= len(part)
            if total > most or self._left < 0:
                response.close()
                raise NoAnswer("road.too-long", path)
            parts.append(part)
        return b"".join(parts)

    async def raw(self, data: bytes, *, seconds: float | None = None, most: int = MAX_SMALL) -> bytes | None:
        """Write bytes on a connection of its own; what came until the node hung up, None where it did not.

        Args:
            data: What is written.
            seconds: Until when the node has to hang up; the deadline of a request where None.
            most: Bytes that are kept of what comes.

        Raises:
            NoAnswer: There is no connection.
        """
        parts = urlsplit(self.url)
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure)
        except (TimeoutError, OSError) as exc:
            raise NoAnswer("road.unreachable", "") from exc
        try:
            async with asyncio.timeout(REQUEST_SECONDS if seconds is None else seconds):
                writer.write(data)
                await writer.drain()
                return await _until_closed(reader, most)
        except TimeoutError:
            return None
        except OSError:
            return b""
        finally:
            writer.close()

    async def by_hand(self, path: str) -> bytes | None:
        """GET a path exactly as it is spelt, on a connection of its own; what came, as `raw`.

        Raises:
            NoAnswer: As `raw`.
        """
        if self.is_gone:
            raise NoAnswer("road.unreachable", path)
        parts = urlsplit(self.url)
        lines = [f"GET {parts.path}{path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        return await self.raw("\r\n".join([*lines, "", ""]).encode())


async def _until_closed(reader: asyncio.StreamReader, most: int) -> bytes:
    held = b""
    while part := await reader.read(65_536):
        held = (held + part)[:most]
    return held


def _exact(address: str) -> URL:
    """The address as it is written: the library would put a path in order that is meant to be out of it."""
    return URL(address, encoded=True)


def _inflated(raw: bytes, most: int, path: str) -> bytes:
    engine = zlib.decompressobj(wbits=31)
    try:
        data = engine.decompress(raw, most + 1)
    except zlib.error as exc:
        raise NoAnswer("road.damaged", path) from exc
    if len(data) > most:
        raise NoAnswer("road.too-long", path)
    if not engine.eof or engine.unused_data:
        raise NoAnswer("road.damaged", path)
    return data
