"""Where the node listens: on this machine, behind TLS of its own, or behind a proxy and nobody else.

A listener that others can reach is opened only where something protects it: the
federation's by TLS or by a declared proxy, the board's by a declared proxy with a
log-in. A declared proxy is known by its address; who comes past it is turned away.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from passerelle.config import Console, Server
from passerelle.errors import ConfigError
from passerelle.server.federation.doorman import Doorman, GuardedSite
from passerelle.server.federation.errors import Problem
from passerelle.server.listening import Listener
from passerelle.storage.private import refuse_open_file

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOK_SECONDS = 60.0
"""Between two looks at the files of a certificate; a programme that renews it need not tell us."""

_log = structlog.get_logger()


def is_loopback(host: str) -> bool:
    """Whether an interface is this machine's own; a name other than ``localhost`` is not taken for one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_unsafe(server: Server, console: Console) -> None:
    """A node in the open without protection does not start.

    Raises:
        ConfigError: ``server.certificate-incomplete``, ``server.unsafe-bind``, ``server.unsafe-console``.
    """
    if bool(server.certificate) is not bool(server.certificate_key):
        raise ConfigError("server.certificate-incomplete")
    proxied = server.behind_proxy and server.proxy_addresses
    if not is_loopback(server.host) and not server.certificate and not proxied:
        raise ConfigError("server.unsafe-bind", host=server.host)
    if not is_loopback(console.host) and not console.proxy_addresses:
        raise ConfigError("server.unsafe-console", host=console.host)


def only_from(networks: Sequence[Network]) -> Middleware:
    """Answers connections from these addresses alone; the others are told so, and nothing else."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name: Any = None if request.transport is None else request.transport.get_extra_info("peername")
        if name is None or not is_among(str(name[0]), networks):
            return Problem("request.wrong-door", 403).response(request)
        return await handler(request)

    return check


def is_among(host: str, networks: Sequence[Network]) -> bool:
    """Whether the other end of a connection has one of these addresses."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # as a listener on both families sees IPv4
    return any(address in network for network in networks)


class Certificate:
    """A certificate with its key, and TLS 1.2 or later with them; read anew where the files have changed.

    A connection takes whatever is newest at its handshake. Files that cannot be read, or do
    not belong together, change nothing: the node goes on with what it has.

    Args:
        chain: PEM, the node's certificate first, then those above it.
        key: PEM, not locked; for the node's account alone, or of root and readable by one group.

    Raises:
        ConfigError: ``server.certificate-unreadable``, ``keys.readable-by-others``,
            ``keys.another-owner``, ``keys.missing``.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain, self._key = chain, key
        self._seen = self._state()
        self._newest = self._read()
        self.context = self._read()
        self.context.sni_callback = self._take_newest

    def _take_newest(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._newest

    def _read(self) -> ssl.SSLContext:
        refuse_open_file(self._key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        try:
            # Without an answer OpenSSL would ask the terminal for the password of a locked key.
            context.load_cert_chain(self._chain, self._key, password="")
        except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
            raise ConfigError("server.certificate-unreadable", path=str(self._chain)) from exc
        return context

    def _state(self) -> list[tuple[int, int, int]]:
        """What changes when a file is written or replaced."""
        found = []
        for path in (self._chain, self._key):
            try:
                told = path.stat()
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((told.st_ino, told.st_size, told.st_mtime_ns))
        return found

    def reload(self) -> bool:
        """Read the files now; whether they are in use from here on."""
        self._seen = self._state()
        try:
            self._newest = self._read()
        except ConfigError as error:
            _log.warning("certificate-kept", code=error.code, **error.params)
            return False
        _log.info("certificate-read", path=str(self._chain))
        return True

    async def watch(self, *, every_seconds: float = LOOK_SECONDS) -> None:
        """Read the files whenever they have changed, and at SIGHUP; until cancelled."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        try:
            while True:
                await asyncio.sleep(every_seconds)
                if self._state() != self._seen:
                    self.reload()
        finally:
            loop.remove_signal_handler(signal.SIGHUP)


def certificate_of(server: Server, home: Path) -> Certificate | None:
    """What the configuration names, from the home where the paths are relative; None where it names none."""
    if not server.certificate:
        return None
    return Certificate(home / server.certificate, home / server.certificate_key)


async def open_site(
    app: web.Application,
    host: str,
    port: int,
    runners: list[web.AppRunner],
    *,
    tls: ssl.SSLContext | None = None,
    doorman: Doorman | None = None,
    proxies: Sequence[Network] = (),
) -> int:
    """Serve an application.

    Args:
        app: Not yet started.
        host: Interface.
        port: 0 lets the kernel choose.
        runners: Takes what is to be cleaned up, also after a failure.
        tls: Ends TLS here.
        doorman: Bounds what connections take.
        proxies: Who alone may connect, where the interface is not this machine's own.

    Returns:
        The port.

    Raises:
        ConfigError: ``server.port-in-use``, ``server.cannot-bind``.
    """
    if proxies and not is_loopback(host):
        app.middlewares.insert(0, only_from(proxies))
    runner = Listener(app)
    await runner.setup()
    runners.append(runner)
    try:
        site = (
            web.TCPSite(runner, host, port, ssl_context=tls)
            if doorman is None
            else GuardedSite(runner, host, port, doorman, tls)
        )
        await site.start()
    except OSError as exc:
        code = "server.port-in-use" if exc.errno == 98 or "in use" in str(exc) else "server.cannot-bind"
        raise ConfigError(code, host=host, port=port) from exc
    address: Any = runner.addresses[0]
    return int(address[1])
