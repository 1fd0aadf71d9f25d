"""Where a node listens: what it refuses to open, whom it answers, and TLS of its own."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from passerelle.config import Console, Server
from passerelle.errors import ConfigError
from passerelle.server.doors import (
    Certificate,
    Network,
    certificate_of,
    is_among,
    is_loopback,
    open_site,
    refuse_unsafe,
)

ADDRESS = "https://anvt.example"
PROXY = ("10.0.0.5",)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_needs_no_protection(host: str) -> None:
    """What only this machine reaches may be open to it."""
    assert is_loopback(host)
    refuse_unsafe(Server(public_address=ADDRESS, host=host), Console(host=host))


@pytest.mark.parametrize(
    ("server", "console", "code"),
    [
        ({"host": "0.0.0.0"}, {}, "server.unsafe-bind"),
        ({"host": "::"}, {}, "server.unsafe-bind"),
        ({"host": ""}, {}, "server.unsafe-bind"),
        ({"host": "192.168.0.7"}, {}, "server.unsafe-bind"),
        ({"host": "localhost.example"}, {}, "server.unsafe-bind"),
        ({"host": "0.0.0.0", "behind_proxy": True}, {}, "server.unsafe-bind"),
        ({"host": "0.0.0.0", "proxy_addresses": PROXY}, {}, "server.unsafe-bind"),
        ({"host": "0.0.0.0", "behind_proxy": True, "proxy_addresses": PROXY}, {}, None),
        ({"host": "0.0.0.0", "certificate": "c.pem", "certificate_key": "k.pem"}, {}, None),
        ({"certificate": "c.pem"}, {}, "server.certificate-incomplete"),
        ({"certificate_key": "k.pem"}, {}, "server.certificate-incomplete"),
        ({}, {"host": "0.0.0.0"}, "server.unsafe-console"),
        ({"behind_proxy": True, "proxy_addresses": PROXY}, {"host": "0.0.0.0"}, "server.unsafe-console"),
        ({"certificate": "c.pem", "certificate_key": "k.pem"}, {"host": "0.0.0.0"}, "server.unsafe-console"),
        ({}, {"host": "0.0.0.0", "proxy_addresses": PROXY}, None),
    ],
)
def test_what_is_not_opened(server: dict[str, object], console: dict[str, object], code: str | None) -> None:
    """Q-1: TLS or a proxy with its address for partners; for the board a proxy of its own, for TLS is no log-in."""
    made = Server.model_validate({"public_address": ADDRESS, **server}), Console.model_validate(console)
    if code is None:
        refuse_unsafe(*made)
        return
    with pytest.raises(ConfigError) as caught:
        refuse_unsafe(*made)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "everybody",
    [
        *("0.0.0.0/0", "::/0", "proxy.example"),
        *("0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/7", "2000::/3", "::ffff:0.0.0.0/96", "::ffff:10.0.0.5"),
    ],
)
def test_a_proxy_is_somebody(everybody: str) -> None:
    """A declaration that names everybody declares nothing."""
    with pytest.raises(ValidationError):
        Console(proxy_addresses=(everybody,))  # type: ignore[arg-type]


@asynccontextmanager
async def served(
    *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, proxies: Sequence[Network] = ()
) -> AsyncIterator[int]:
    """An application that says yes; gives its port."""

    async def yes(_: web.Request) -> web.Response:
        return web.Response(text="yes")

    app = web.Application()
    app.router.add_get("/", yes)
    runners: list[web.AppRunner] = []
    try:
        yield await open_site(app, host, 0, runners, tls=tls, proxies=proxies)
    finally:
        for runner in runners:
            await runner.cleanup()


@pytest.mark.parametrize(
    ("networks", "status"), [(["127.0.0.0/8"], 200), (["10.0.0.5/32", "fd00::/8"], 403), (["::/1"], 403)]
)
async def test_nobody_comes_past_the_proxy(networks: list[str], status: int) -> None:
    """Known by the address at the other end of the connection, whatever header says otherwise."""
    proxies = [ipaddress.ip_network(network) for network in networks]
    async with served(host="0.0.0.0", proxies=proxies) as port, aiohttp.ClientSession() as session:
        headers = {"X-Forwarded-For": "10.0.0.5", "Forwarded": "for=10.0.0.5"}
        async with session.get(f"http://127.0.0.1:{port}/", headers=headers) as answer:
            assert answer.status == status
            text = await answer.text()
            assert ("request.wrong-door" in text) is (status == 403)


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("10.0.0.5", True),
        ("::ffff:10.0.0.5", True),
        ("fd00::7%eth0", True),
        ("10.0.0.6", False),
        ("fe80::1", False),
    ],
)
def test_how_a_proxy_is_known(host: str, known: bool) -> None:
    """Its address, as either family of sockets writes it."""
    networks = [ipaddress.ip_network("10.0.0.5"), ipaddress.ip_network("fd00::/8")]
    assert is_among(host, networks) is known


async def test_a_port_that_is_taken_is_told() -> None:
    """A stable code, and nothing left open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        runners: list[web.AppRunner] = []
        with pytest.raises(ConfigError, match=r"server\.port-in-use"):
            await open_site(web.Application(), "127.0.0.1", taken.getsockname()[1], runners)
        for runner in runners:
            await runner.cleanup()


# --- TLS of its own ----------------------------------------------------------------------------------------


def write_certificate(folder: Path, serial: int, password: bytes | None = None) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "anvt.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
    secret.chmod(0o600)
    return chain, secret


async def shown(port: int, *, name: str | None = "anvt.example", newest: ssl.TLSVersion | None = None) -> int:
    """The serial number of the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name or "")
    data = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return x509.load_der_x509_certificate(data).serial_number


async def test_a_renewed_certificate_is_taken_without_a_restart(tmp_path: Path) -> None:
    """With a name in the handshake or without; files that do not belong together change nothing."""
    certificate = Certificate(*write_certificate(tmp_path, 1))
    async with served(tls=certificate.context) as port:
        assert await shown(port) == 1
        chain, key = write_certificate(tmp_path, 2)
        assert await shown(port) == 1
        assert certificate.reload()
        assert [await shown(port), await shown(port, name=None)] == [2, 2]
        kept = key.read_bytes()
        write_certificate(tmp_path, 3)
        key.write_bytes(kept)
        assert not certificate.reload()
        chain.unlink()
        assert not certificate.reload()
        assert await shown(port) == 2


async def test_a_change_is_seen_and_a_signal_heard(tmp_path: Path) -> None:
    """The programme that renews the certificate may write and go, or send SIGHUP."""
    certificate = Certificate(*write_certificate(tmp_path, 1))
    async with served(tls=certificate.context) as port:
        for serial, seconds in ((2, 0.01), (3, 3_600.0)):
            watch = asyncio.create_task(certificate.watch(every_seconds=seconds))
            await asyncio.sleep(0)
            write_certificate(tmp_path, serial)
            if serial == 3:
                os.kill(os.getpid(), signal.SIGHUP)
            for _ in range(200):
                await asyncio.sleep(0.02)
                if await shown(port) == serial:
                    break
            assert await shown(port) == serial
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def test_tls_is_1_2_or_later(tmp_path: Path) -> None:
    """RFC 8996: the versions before are deprecated."""
    certificate = Certificate(*write_certificate(tmp_path, 7))
    assert certificate.context.minimum_version == ssl.TLSVersion.TLSv1_2
    async with served(tls=certificate.context) as port:
        assert await shown(port, newest=ssl.TLSVersion.TLSv1_2) == 7
        with pytest.warns(DeprecationWarning, match="TLS"), pytest.raises((ssl.SSLError, ConnectionError)):
            await shown(port, newest=ssl.TLSVersion.TLSv1_1)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """As every other secret of the node; a key with a password would stop a start to ask for it."""
    chain, key = write_certificate(tmp_path, 1)
    key.chmod(0o644)
    with pytest.raises(ConfigError, match=r"keys\.readable-by-others"):
        Certificate(chain, key)
    with pytest.raises(ConfigError, match=r"server\.certificate-unreadable"):
        Certificate(*write_certificate(tmp_path, 1, password=b"locked"))
    with pytest.raises(ConfigError, match=r"keys\.missing"):
        Certificate(chain, tmp_path / "absent")


def test_paths_are_taken_from_the_home(tmp_path: Path) -> None:
    """Absolute ones as they are; none means no TLS of its own."""
    write_certificate(tmp_path, 1)
    named = Server(public_address=ADDRESS, certificate="chain.pem", certificate_key=str(tmp_path / "key.pem"))
    assert isinstance(certificate_of(named, tmp_path), Certificate)
    assert certificate_of(Server(public_address=ADDRESS), tmp_path) is None
