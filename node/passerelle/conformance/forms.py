"""Every form in which an answer to one GET can come: whole, in parts, coded, known, its head.

A server may make each of them at a place of its own; what holds of a file holds of them all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from typing import Final, Protocol

from passerelle.conformance.asking import Answer, NoAnswer

SERVED: Final = frozenset({200, 206, 304})
"""Statuses under which something of the file, or that it is there, is told."""
MAX_FILE: Final = 2**27
"""Bytes of the longest file."""


class Send(Protocol):
    """Asks for a path by a method; NoAnswer where there is none."""

    def __call__(self, method: str, path: str, fields: Mapping[str, str]) -> Awaitable[Answer]:
        """The answer."""


def directives(answer: Answer) -> frozenset[str]:
    """What an answer says of its keeping."""
    told = answer.headers.get("cache-control", "").split(",")
    return frozenset(part.strip().lower() for part in told if part)


def is_private(answer: Answer) -> bool:
    """Whether nobody on the way may keep an answer (P-4)."""
    return directives(answer) == {"private", "no-store"}


def is_strong(etag: str) -> bool:
    """Whether a validator tells one sequence of bytes from any other (RFC 9110)."""
    return etag.startswith('"') and etag.endswith('"') and len(etag) > 2


def forms(etag: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Method and header fields of each way to ask for a file of which the validator is known."""
    yield "HEAD", {}
    for coding in ("gzip", "zstd", "gzip, zstd;q=0.5, *;q=0.1"):
        yield "GET", {"Accept-Encoding": coding}
    for part in ("bytes=0-", "bytes=2-", "bytes=0-0", "bytes=-1"):
        yield "GET", {"Range": part}
    if etag:
        yield "GET", {"If-None-Match": etag}
        yield "GET", {"If-None-Match": etag, "Accept-Encoding": "gzip"}
        yield "GET", {"Range": "bytes=2-", "If-Range": etag}
        yield "HEAD", {"If-None-Match": etag}
    yield "GET", {"If-None-Match": "*"}


async def every_form(send: Send, path: str) -> AsyncIterator[tuple[str, Answer]]:
    """Each form of a file that is there, with what was asked; none where it is not."""
    try:
        whole = await send("GET", path, {})
    except NoAnswer:
        return
    if whole.status != 200:
        return
    yield f"GET {path}", whole
    for method, fields in forms(whole.headers.get("etag", "")):
        try:
            answer = await send(method, path, fields)
        except NoAnswer:
            continue
        asked = ", ".join(f"{name}: {value}" for name, value in fields.items())
        if answer.status in SERVED:
            yield f"{method} {path} {asked}".rstrip(), answer
