"""Chapter 07 of the law: paths."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_SERVED: Final = "server/federation/app.py"
_SENT: Final = "server/federation/sending.py"
_FETCHED: Final = "sync/fetch.py"
_CLIENT: Final = "sync/client.py"
_GUARD: Final = "sync/guard.py"
_ADDRESSES: Final = "sync/addresses.py"
_FILES: Final = ("tests/unit/federation/test_federation_files.py",)

CHAPTER: Final = Chapter(
    "07",
    mutants=(
        Mutant(
            "P-1",
            _SERVED,
            'if not target.isascii() or any(sign in target for sign in "%?#"):',
            "if False:",
            _FILES,
        ),
        Mutant(
            "P-2",
            _SENT,
            'return NO_CACHE if file.kind == "objects" else IMMUTABLE',
            "return NO_CACHE",
        ),
        Mutant("P-3", _SENT, "    if newest:\n        return SHORT\n", ""),
        Mutant("P-4", _SENT, "    if not public:\n        return PRIVATE\n", ""),
        Mutant(
            "P-5",
            _SENT,
            'return NO_CACHE if file.kind == "objects" else IMMUTABLE',
            "return IMMUTABLE",
        ),
        Mutant("P-22", "sync/files.py", "objects_etag(missing))", "etag_of(data))"),
        Mutant("P-6", _SENT, "wanted = _range(request, file)", "wanted = None", _FILES),
        Mutant("P-7", _FETCHED, ', "If-Range": held.objects_etag}', "}"),
        Mutant(
            "P-8",
            _SENT,
            '    if _is_known(request.headers.get("If-None-Match", ""), file):\n'
            "        return web.Response(status=304, headers=headers)\n"
            '    headers["Content-Type"]',
            '    headers["Content-Type"]',
            _FILES,
        ),
        Mutant("P-9", _SENT, 'qualities.get("gzip", qualities.get("*", 0.0))', "0.0", _FILES),
        Mutant(
            "P-10",
            _CLIENT,
            '            if room < 0:\n                raise TransportError("road.too-long", limit=max_bytes)\n',
            "",
        ),
        Mutant(
            "P-11",
            "sync/pull.py",
            "(self._feed.size + MAX_GROWTH) // TILE_WIDTH * TILE_WIDTH)",
            "self._feed.size + MAX_GROWTH)",
        ),
        Mutant("P-12", _FETCHED, "also = (*also, NOT_FOUND)", "also = (*also,)"),
        Mutant(
            "P-13",
            _SERVED,
            "feeds.get_checkpoint(connection, held.id, at_most=held.size)",
            "feeds.get_checkpoint(connection, held.id)",
        ),
        Mutant("P-14", _SERVED, "        await self._gate.bilateral(request, author)\n", ""),
        Mutant("P-26", _SERVED, "is_public = scid == sources.directory.own_scid or scid", "is_public = scid"),
        Mutant(
            "P-27", _SERVED, "        if not is_public:\n            await self._gate.partner(request)\n", ""
        ),
        Mutant("P-28", _SERVED, "caching = SHORT if is_public else PRIVATE", "caching = SHORT"),
        Mutant("P-15", _CLIENT, "allow_redirects=False", "allow_redirects=True"),
        Mutant("P-16", _GUARD, "    if not is_public(host):\n", "    if False:\n"),
        Mutant("P-25", _ADDRESSES, "if is_odd_number(host) or ", "if "),
        Mutant(
            "P-24",
            _GUARD,
            "if port <= _LAST_PRIVILEGED_PORT and port not in _WEB_PORTS:",
            "if False:",
        ),
        Mutant("P-17", _ADDRESSES, "addresses[0]", "addresses[-1]"),
        Mutant("P-29", "sync/contact.py", "if site_of(address) == site_of(own_address):", "if False:"),
        Mutant("P-23", _CLIENT, "road.public + path", "road.address + path"),
    ),
)
