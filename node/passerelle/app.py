"""The composition root: what the command line, the scenario runner and tests start from.

init_home(...)           make a home
move_database(home, url) its rows into another database
serve_home(home)         own it: answer partners, staff and commands, follow partners
call(home, method, ...)  one use case, through the running node if there is one
caller(given)            the same for a process that was given something to open the keys
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import structlog
from aiohttp import web

from passerelle import errors
from passerelle.errors import ConfigError, PasserelleError, StorageError, TransportError
from passerelle.initialise import init_home
from passerelle.node import Node, open_node
from passerelle.relocation import move_database
from passerelle.server.console.app import console_app
from passerelle.server.doors import Certificate, certificate_of, open_site, refuse_unsafe
from passerelle.server.federation.app import Sources, federation_app
from passerelle.server.federation.asking import Gate
from passerelle.server.federation.doorman import Doorman
from passerelle.server.local import local_app, private_socket, short_path
from passerelle.storage import private
from passerelle.storage.home import Paths
from passerelle.storage.secret import Given

__all__ = ["call", "caller", "init_home", "move_database", "open_node", "serve_home"]

MAINTENANCE_SECONDS = 3_600.0
START_PATIENCE_SECONDS = 10.0
YOUNG_OBJECTS = 50_000
"""Objects made before the collector looks for cycles among them. Bodies are trees of thousands, and hold none."""
SWITCH_SECONDS = 0.000_5
"""After which a thread that computes lets the loop in. A call takes the lock a dozen times, and waits for it each time."""

_log = structlog.get_logger()


async def serve_home(
    home: Path,
    *,
    ready: Callable[[dict[str, object]], None] | None = None,
    given: Given | None = None,
) -> None:
    """Own a home and answer until SIGINT or SIGTERM.

    Args:
        home: The folder.
        given: What this process was given to open the keys.
        ready: Called once everything answers, with ``address``, ``console`` and ``scid``.

    Raises:
        ConfigError: ``server.*``, and what `open_node` raises.
    """
    stop = _told_to_stop()
    async with open_node(home, given) as node:
        refuse_unsafe(node.config.server, node.config.console)
        certificate = certificate_of(node.config.server, node.paths.home)
        runners: list[web.AppRunner] = []
        try:
            told = await _listen(node, runners, certificate)
            await node.say_who_we_are()
            node.follower.start()
            tasks = [asyncio.create_task(_tend(node), name="maintenance")]
            if certificate is not None:
                tasks.append(asyncio.create_task(certificate.watch(), name="certificate"))
            gc.collect()
            gc.freeze()  # what is loaded by now stays: it is not looked through again and again
            gc.set_threshold(YOUNG_OBJECTS)
            sys.setswitchinterval(SWITCH_SECONDS)
            _log.info("serving", **told)
            if ready is not None:
                ready(told)
            await stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for runner in reversed(runners):
                await runner.cleanup()
            node.paths.socket.unlink(missing_ok=True)


async def _listen(
    node: Node, runners: list[web.AppRunner], certificate: Certificate | None
) -> dict[str, object]:
    config = node.config
    gate = Gate(
        node.directory, config.server.public_address, node.clock, node.refresh_identity, began=node.clock()
    )
    sources = Sources(
        database=node.database,
        directory=node.directory,
        heads=lambda: node.publisher.current,
        descriptor=lambda: node.descriptor,
        packed=node.packed,
        noticed=lambda sender, _origin: node.follower.wake(sender),
    )
    doorman = Doorman(by_address=not config.server.behind_proxy)
    federation = await open_site(
        federation_app(sources, gate, doorman),
        config.server.host,
        config.server.port,
        runners,
        tls=None if certificate is None else certificate.context,
        doorman=doorman,
        proxies=config.server.proxy_addresses if config.server.behind_proxy else (),
    )
    board = console_app(
        node.desk.board_of,
        agency=node.desk.own_view(),
        today=lambda: node.clock().date(),
        due=lambda as_of: node.desk.due_of(as_of, all_agencies=True),
        roll=node.desk.roll_of,
        labels=node.desk.label,
    )
    console = await open_site(
        board, config.console.host, config.console.port, runners, proxies=config.console.proxy_addresses
    )
    local = web.AppRunner(local_app(node.desk.call, node.desk.call_as_sent), access_log=None)
    await local.setup()
    runners.append(local)
    await web.SockSite(local, private_socket(node.paths.socket)).start()
    return {
        "address": f"{'http' if certificate is None else 'https'}://{_host(config.server.host)}:{federation}",
        "console": f"http://{_host(config.console.host)}:{console}/",
        "scid": node.directory.own_scid,
    }


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _tend(node: Node) -> None:
    """Keep the descriptor true and in date."""
    while True:
        await asyncio.sleep(MAINTENANCE_SECONDS)
        with contextlib.suppress(StorageError):
            await node.say_who_we_are()


def _told_to_stop() -> asyncio.Event:
    """Set by SIGINT or SIGTERM; from here on neither ends the process by itself, however early it comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop


Call = Callable[..., Awaitable[Any]]


def caller(given: Given) -> Call:
    """`call`, for a process that was given something to open the keys; beside a running node none is needed."""

    async def call_given(home: Path, method: str, /, **arguments: object) -> Any:
        return await _call(given, home, method, arguments)

    return call_given


async def call(home: Path, method: str, /, **arguments: object) -> Any:
    """One use case of the desk, through the running node, or in this process if none runs.

    Raises:
        PasserelleError: What the desk raised, with its code and values; ``home.in-use`` where
            another process owns the home and does not answer.
    """
    return await _call(Given(), home, method, arguments)


async def _call(given: Given, home: Path, method: str, arguments: dict[str, object]) -> Any:
    deadline = asyncio.get_running_loop().time() + START_PATIENCE_SECONDS
    while True:
        private.refuse_open_home(home, visiting=True)  # a socket in an open folder may be anybody's
        try:
            return await _through_socket(home, method, arguments)
        except (FileNotFoundError, aiohttp.ClientConnectorError):
            pass  # nobody answers: own the home ourselves
        try:
            async with open_node(home, given) as node:
                return await node.desk.call(method, arguments)
        except ConfigError as error:
            # Another process is just starting, or just ending: look again, but not for ever.
            if error.code != "home.in-use" or asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(0.2)


async def _through_socket(home: Path, method: str, arguments: dict[str, object]) -> Any:
    path = Paths(home).socket
    if not path.exists():
        raise FileNotFoundError(path)
    timeout = aiohttp.ClientTimeout(total=None)
    with short_path(path) as short:
        connector = aiohttp.UnixConnector(path=short)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                body = _encode(arguments)
                async with session.post(f"http://node/desk/{method}", data=body) as response:
                    told = orjson.loads(await response.read())
                    if response.status == 200:
                        return told
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as exc:
                if isinstance(exc, aiohttp.ClientConnectorError):
                    raise
                raise TransportError("node.stopped") from exc
    raise _revived(told)


def _encode(arguments: dict[str, object]) -> bytes:
    """What is asked, as JSON; a value that orjson has no way to write is the node's to refuse, with a sentence."""
    try:
        return orjson.dumps(arguments)
    except orjson.JSONEncodeError:
        return json.dumps(arguments).encode()


def _revived(told: dict[str, Any]) -> PasserelleError:
    """The error that the node raised, of its own kind again."""
    kind = getattr(errors, str(told.get("kind")), PasserelleError)
    if not (isinstance(kind, type) and issubclass(kind, PasserelleError)) or kind is errors.InconsistentLog:
        kind = errors.ProtocolError
    return kind(str(told.get("code", "node.unexpected")), **told.get("params", {}))
