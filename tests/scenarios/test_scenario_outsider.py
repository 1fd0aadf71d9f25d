"""France Volontaires follows the public feeds and has nothing of a bilateral record, on disk or on the wire."""

from __future__ import annotations

import base64
import contextlib
import gzip
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from passerelle.config import FILE_NAME
from tests.postgresql import Server, name_in
from tests.scenarios.conftest import OUTSIDER, Standing
from tests.scenarios.secrets_scan import Secret, pieces_of_home, pieces_of_streams, scan, secrets_of
from tests.scenarios.wire import messages


@pytest.fixture(scope="session")
def secrets(standing: Standing) -> frozenset[Secret]:
    return secrets_of(standing.nodes.processes[name].home for name in ("anvt", "cnpv"))


@pytest.fixture(scope="session")
def outsiders_home(standing: Standing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that a test can plant in it what must be found."""
    copy = tmp_path_factory.mktemp("outsider") / "home"
    home = standing.nodes.processes[OUTSIDER].home
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("*.sock"))
    return copy


def streams(standing: Standing) -> list[bytes]:
    """All bytes of all connections of the outsider, whoever opened them: its own visits, and notices to it."""
    traffics = [link.traffic for pair, link in standing.nodes.links.items() if OUTSIDER in pair]
    assert len(traffics) == 4
    assert all(traffic.connections == len(traffic.received) for traffic in traffics)
    return [bytes(stream) for traffic in traffics for stream in (*traffic.received, *traffic.sent)]


def test_there_is_something_to_look_for(secrets: frozenset[Secret], standing: Standing) -> None:
    """One canary a sealed dossier, one commitment and one salt a bilateral record."""
    kinds = {
        kind: sum(secret.kind == kind for secret in secrets) for kind in ("canary", "commitment", "salt")
    }
    bilateral = len(standing.outcome.cast.bilateral)
    assert kinds == {"canary": 8 + 6, "commitment": bilateral, "salt": bilateral}


def test_the_outsider_received_the_public_records(standing: Standing) -> None:
    """Otherwise that nothing was found would show nothing."""
    received = b"".join(message for stream in streams(standing) for message in messages(stream))
    assert received.count("Exemple fictif - Appui à un maraîchage scolaire".encode()) >= 1


def test_nothing_of_a_bilateral_record_is_at_the_outsiders(
    secrets: frozenset[Secret], outsiders_home: Path, standing: Standing
) -> None:
    assert scan(pieces_of_home(outsiders_home), secrets) == []
    assert scan(pieces_of_streams(streams(standing)), secrets) == []


def test_the_parties_themselves_do_hold_it(secrets: frozenset[Secret], standing: Standing) -> None:
    found = scan(pieces_of_home(standing.nodes.processes["anvt"].home), secrets)
    assert {secret for _, secret in found} == secrets


CONFIGURED = """\
database = "{}"
[agency]
code = "FR-FV"
country = "FR"
fictitious = true
[agency.names]
fr = "Essai"
[server]
public_address = "https://fv.example"
"""

PLANTINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda value: value,
    "gzip": gzip.compress,
    "zstd": lambda value: zstandard.ZstdCompressor().compress(value),
    "hex": lambda value: value.hex().encode(),
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
}


@pytest.mark.parametrize("kind", ["canary", "commitment", "salt"])
@pytest.mark.parametrize("planting", PLANTINGS)
def test_the_same_search_finds_what_was_planted(
    secrets: frozenset[Secret], tmp_path: Path, kind: str, planting: str
) -> None:
    secret = min((secret for secret in secrets if secret.kind == kind), key=lambda found: found.value)
    if kind == "canary" and planting == "hex":
        planting = "as it is"  # text is not written in hex
    planted = PLANTINGS[planting](secret.value)
    (tmp_path / "file").write_bytes(planted)
    with contextlib.closing(sqlite3.connect(tmp_path / "rows.sqlite")) as database:
        database.execute("create table kept (cell blob)")
        # Long enough to be split over pages, so that only reading cells finds it.
        database.execute(
            "insert into kept values (?)",
            (bytes(4_090) + planted if planting not in {"gzip", "zstd"} else planted,),
        )
        database.commit()
    names = {
        name.partition(",")[0] for name, found in scan(pieces_of_home(tmp_path), [secret]) if found == secret
    }
    assert {"file", "rows.sqlite:kept"} <= names


@pytest.mark.parametrize("kind", ["canary", "commitment", "salt"])
@pytest.mark.parametrize("planting", PLANTINGS)
def test_the_same_search_finds_what_was_planted_on_a_server(
    secrets: frozenset[Secret], tmp_path: Path, postgresql_server: Server, kind: str, planting: str
) -> None:
    """A home whose rows lie in PostgreSQL is searched there, in whatever table and type of column."""
    secret = min((secret for secret in secrets if secret.kind == kind), key=lambda found: found.value)
    if kind == "canary" and planting == "hex":
        planting = "as it is"
    planted = PLANTINGS[planting](secret.value)
    address = postgresql_server.create()
    (tmp_path / FILE_NAME).write_text(CONFIGURED.format(address), "utf-8")
    is_text = planting in {"hex", "base64", "base64url"}
    column, value = ("text", f"'{planted.decode()}'") if is_text else ("bytea", f"'\\x{planted.hex()}'")
    postgresql_server.run(
        f"create table kept (number int, cell {column})",
        f"insert into kept values (1, {value})",
        database=name_in(address),
    )
    found = [
        name.partition(",")[0] for name, what in scan(pieces_of_home(tmp_path), [secret]) if what == secret
    ]
    postgresql_server.drop(address)
    assert set(found) == {"database:kept"}


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_the_same_search_finds_what_was_received(
    secrets: frozenset[Secret], coding: str, framing: str
) -> None:
    secret = min((secret for secret in secrets if secret.kind == "salt"), key=lambda found: found.value)
    body = b'{"salt":"' + secret.value.hex().encode() + b'"}'
    if coding != "identity":
        body = PLANTINGS[coding](body)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + coding.encode()
    if framing == "length":
        planted = head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    else:
        half = len(body) // 2
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]))
        planted = head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    before = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
    assert [found for _, found in scan(pieces_of_streams([before + planted + before]), [secret])]
