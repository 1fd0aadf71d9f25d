"""What every answer of the console carries, and which requests it answers at all.

The page shows bilateral facts to whoever can reach it, so it trusts the address that it listens
on, and makes sure that a page of somebody else in the same browser cannot reach through: only
known names in ``Host`` (a foreign name that resolves to loopback is refused), nothing embedded,
nothing fetched from elsewhere, no script at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Host names under which a console on loopback is asked for."""

_HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9.-]+))(?::[0-9]{1,5})?")

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def host_is_known(host: str, allowed: Collection[str] | None) -> bool:
    """True where the ``Host`` header names this console; ``allowed`` None means any name.

    Args:
        host: The header as received: ``localhost:8731``, ``[::1]:8731``.
        allowed: Names without port, IPv6 addresses without brackets.
    """
    if allowed is None:
        return True
    match = _HOST.fullmatch(host.lower())
    return match is not None and (match["v6"] or match["name"]) in allowed
