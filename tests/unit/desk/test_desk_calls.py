"""The desk by name: what commands beside a running node may ask, and how a mistake is told."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from passerelle import app
from passerelle.desk.desk import METHODS
from passerelle.errors import InputError, StorageError
from passerelle.server.local import local_app
from passerelle.storage import feeds
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.feeds import Feed
from passerelle.storage.setbacks import Setback
from passerelle.sync.batch import Batch
from tests.unit.desk.story import Pair
from tests.unit.federation.world import MALI, TOGO, introduce, offer

pytestmark = pytest.mark.asyncio(loop_scope="package")

OF_CERTIFICATES = {f"certificate_{verb}" for verb in ("draft", "issue", "endorse", "revoke", "show", "sheet")}
"""They need a placement that is over, or a certificate, and answer in test_desk_certificates.py."""


async def refused(pair: Pair, method: str, **arguments: object) -> InputError:
    with pytest.raises(InputError) as told:
        await pair.togo.node.desk.call(method, arguments)
    return told.value


async def test_every_method_can_be_called(pair: Pair, tmp_path: Path) -> None:
    """Desk: what stands in the list of methods answers in JSON."""
    agreement = await pair.agreed()
    (made,) = await pair.togo.node.desk.publish([offer(TOGO)])
    card = await pair.card()
    mine: Any = await pair.mali.node.desk.publish([offer(MALI)])
    await pair.settle()
    arguments: dict[str, dict[str, object]] = {
        "status": {},
        "peer_inspect": {"url": pair.mali.url},
        "peer_list": {},
        "peer_test": {"peer": MALI},
        "records_list": {"type": "offer", "limit": 5},
        "records_show": {"name": made["id"]},
        "publish": {"items": [offer(TOGO)], "key": None},
        "nominate": {
            "offer": mine[0]["id"],
            "dossier": card["id"],
            "agreement": agreement["id"],
            "nominated_on": "2027-03-01",
            "rank": 1,
            "motivation": {"fr": "Envie de transmettre."},
        },
        "decide": {"about": card["id"], "outcome": "withdraw", "effective": "2028-01-01"},
        "sync": {"peer": MALI},
        "statement": {"partner": MALI, "as_of": "2027-12-31"},
        "board": {"as_of": "2027-12-31"},
        "figures": {"partner": MALI, "as_of": "2027-12-31", "year": 2027, "scheme": "vir"},
        "groups": {"as_of": "2027-12-31"},
        "roll": {"as_of": "2027-12-31"},
        "reconcile": {"partner": MALI, "as_of": "2027-12-31"},
        "findings": {"as_of": "2027-12-31"},
        "due": {"as_of": "2027-12-31", "within": 30, "all_agencies": True},
        "copy": {"folder": str(tmp_path / "copy")},
        "fence_show": {},
        "certificate_list": {},
    }
    assert set(arguments) == METHODS - {"peer_add", "peer_pick", "fence_confirm", *OF_CERTIFICATES}
    for method, given in arguments.items():
        assert json.dumps(await pair.togo.node.desk.call(method, given))
    assert (await refused(pair, "peer_add", url=pair.togo.url)).code == "peer.is-us"
    assert (await refused(pair, "fence_confirm")).code == "fence.open"
    assert (await refused(pair, "peer_pick", peer=MALI)).code == "peer.not-forked"
    unknown = {"placement": "urn:uuid:nothing", "language": "fr"}
    assert (await refused(pair, "certificate_draft", **unknown)).code == "record.unknown"
    assert (
        await refused(pair, "certificate_issue", **unknown, commitment="00" * 32)
    ).code == "record.unknown"
    assert (await refused(pair, "certificate_endorse", document="{", language="fr")).code == "json.syntax"
    for method in ("certificate_revoke", "certificate_show"):
        assert (await refused(pair, method, name="urn:uuid:nothing")).code == "certify.unknown"


async def test_the_last_day_of_the_calendar(pair: Pair) -> None:
    """Due: nothing comes after it, and asking is no fault."""
    assert isinstance(await pair.togo.node.desk.call("due", {"as_of": "9999-12-31"}), list)


@pytest.mark.parametrize(
    "method", ["", "nothing", "call", "_day", "check", "ledger", "__init__", "board_of", "label"]
)
async def test_only_use_cases_are_called(pair: Pair, method: str) -> None:
    """Desk: a name that is no use case calls nothing, whatever attribute has it."""
    error = await refused(pair, method)
    assert (error.code, error.params) == ("desk.unknown-method", {"method": method})


@pytest.mark.parametrize(
    ("method", "arguments", "detail"),
    [
        ("status", {"x": 1}, "x: unexpected_keyword_argument"),
        ("status", {"self": 1}, "self: unexpected_keyword_argument"),
        ("records_show", {}, "name: missing_argument"),
        ("records_show", {"name": None}, "name: string_type"),
        ("records_list", {"limit": "5"}, "limit: int_type"),
        ("records_list", {"limit": True}, "limit: int_type"),
        ("records_list", {"limit": 5.0}, "limit: int_type"),
        ("records_list", {"type": ["offer"]}, "type: string_type"),
        ("publish", {"items": {}}, "items: "),
        ("publish", {"items": "canary"}, "items: sequence_str"),
        ("publish", {"items": ["canary"]}, "items.0: dict_type"),
        ("publish", {"items": [], "unchecked": "yes"}, "unchecked: bool_type"),
        ("publish", {"items": [], "key": 5}, "key: string_type"),
        ("nominate", {"offer": "x", "dossier": "y"}, "agreement: missing"),
        ("nominate", {"offer": "x", "dossier": "y", "agreement": "z", "rank": "1"}, "rank: int_type"),
        ("nominate", {"offer": "x", "dossier": "y", "agreement": "z", "canary": 1}, "canary: unexpected"),
        ("decide", {"about": "x"}, "outcome: missing"),
        ("decide", {"about": "x", "outcome": 5}, "outcome: string_type"),
        ("decide", {"about": "x", "outcome": "accept", "scope": "canary"}, "scope: "),
        ("statement", {"partner": 5}, "partner: string_type"),
        ("board", {"as_of": 2027}, "as_of: string_type"),
    ],
)
async def test_a_call_of_another_form(
    pair: Pair, method: str, arguments: dict[str, object], detail: str
) -> None:
    """Desk: which argument is wrong and how, never what stood in it, and never a fault of the node."""
    error = await refused(pair, method, **arguments)
    assert (error.code, error.params["method"]) == ("desk.malformed-call", method)
    assert str(error.params["detail"]).startswith(detail)


# --- the local socket ----------------------------------------------------------------------


class Socket:
    """A client of the local socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def post(self, target: str, body: bytes) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=str(self._path))) as session,
            session.post(f"http://node{target}", data=body, headers={"Accept-Language": "en"}) as response,
        ):
            return response.status, json.loads(await response.read())


@pytest_asyncio.fixture(loop_scope="package")
async def socket(pair: Pair) -> AsyncIterator[Socket]:
    """The socket of Togo's node."""
    folder = Path(tempfile.mkdtemp(prefix="desk-"))  # pytest's own are longer than a socket's path may be
    runner = web.AppRunner(local_app(pair.togo.node.desk.call), access_log=None)
    await runner.setup()
    await web.UnixSite(runner, str(folder / "s")).start()
    yield Socket(folder / "s")
    await runner.cleanup()
    shutil.rmtree(folder)


async def test_the_socket_answers_as_the_desk(pair: Pair, socket: Socket) -> None:
    """POST /desk/<method> with a JSON object: 200 and the answer, written as it is."""
    status, told = await socket.post("/desk/status", b"{}")
    assert (status, told["code"], told["names"]) == (
        200,
        TOGO,
        {"fr": "Agence nationale du volontariat au Togo"},
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'"x"', b"[" * 100_000, b"{}{}"])
async def test_a_call_that_is_no_object(socket: Socket, body: bytes) -> None:
    """A body that is no JSON object is the caller's mistake, however deep."""
    status, told = await socket.post("/desk/status", body)
    assert (status, told["code"], told["kind"]) == (400, "desk.malformed-call", "InputError")


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/desk/nothing", 400, "desk.unknown-method"),
        ("/desk/", 404, "path.not-found"),
        ("/desk/Status", 404, "path.not-found"),
        ("/status", 404, "path.not-found"),
        ("/feeds/public/1/checkpoint", 404, "path.not-found"),
    ],
)
async def test_what_the_socket_has_not(socket: Socket, target: str, status: int, code: str) -> None:
    """The socket has the desk and nothing else."""
    found, told = await socket.post(target, b"{}")
    assert (found, told["code"]) == (status, code)


async def test_an_error_keeps_its_kind_and_values(
    pair: Pair, socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller raises the error that the desk raised, so its own people are told everything."""
    _, told = await socket.post("/desk/records_show", b'{"name":"urn:uuid:none"}')
    assert (told["code"], told["kind"], told["params"]) == (
        "record.unknown",
        "InputError",
        {"name": "urn:uuid:none"},
    )
    assert told["detail"]
    assert told["developer"]

    async def full(*_: object, **__: object) -> None:
        raise StorageError("storage.disk-full", path="/var/lib/x")

    monkeypatch.setattr(pair.togo.node.desk, "status", full)
    pair.togo.node.desk._calls.clear()
    status, told = await socket.post("/desk/status", b"{}")
    pair.togo.node.desk._calls.clear()
    assert (status, told["kind"], told["params"]) == (503, "StorageError", {"path": "/var/lib/x"})


# --- rejections ----------------------------------------------------------------------------


async def followed(pair: Pair) -> Feed:
    async with pair.togo.node.database.reading() as connection:
        return next(item for item in await feeds.every(connection, own=False) if not item.origin.is_public)


async def quarantine(pair: Pair, *indexes: int, record_type: str = "dossier") -> None:
    held = await followed(pair)
    found = [Setback(index, "quarantined", "proof.invalid", {"type": record_type}, b"x") for index in indexes]
    async with pair.togo.node.database.writing() as connection:
        await setback_rows.put(connection, held.id, found, 1)


async def rejections(pair: Pair) -> list[Any]:
    desk: Any = pair.togo.node.desk
    rows = await desk.records_list(type="rejection")
    return [(await desk.records_show(row["digest"]))["record"] for row in rows]


async def test_a_partner_is_told_once_a_day(fresh: Pair) -> None:
    """F-17: what was quarantined is reported in the reverse feed, at most one report a day."""
    await introduce(fresh.togo, fresh.mali)
    desk, held = fresh.togo.node.desk, await followed(fresh)
    await desk.report_rejections(fresh.mali.scid)
    assert await rejections(fresh) == []
    await quarantine(fresh, 3, 5)
    await desk.report_rejections(fresh.mali.scid)
    (record,) = await rejections(fresh)
    origin = held.origin.encode()
    assert record["audience"] == [fresh.mali.scid]
    assert record["body"]["items"] == [
        {"origin": origin, "index": index, "code": "proof.invalid"} for index in (3, 5)
    ]
    await quarantine(fresh, 7)
    for _ in range(3):
        await desk.report_rejections(fresh.mali.scid)
    assert len(await rejections(fresh)) == 1
    async with fresh.togo.node.database.writing() as connection:
        await connection.exec_driver_sql("update setback set reported = reported - 86401 where reported > 0")
    await desk.report_rejections(fresh.mali.scid)
    told = [item["body"]["items"] for item in await rejections(fresh)]
    assert sorted(items[0]["index"] for items in told) == [3, 7]
    await fresh.settle()
    assert len(await fresh.mali.node.desk.records_list(type="rejection")) == 2


async def marked(pair: Pair) -> int:
    """How many quarantined places were told of."""
    async with pair.togo.node.database.reading() as connection:
        rows = await connection.exec_driver_sql("select count(*) from setback where reported is not null")
        return int(rows.scalar_one())


async def test_a_report_and_its_mark_are_durable_together(
    fresh: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/09: a crash between publishing a report and noting it tells nobody twice."""
    await introduce(fresh.togo, fresh.mali)
    await quarantine(fresh, 3)

    async def cut(*_: object) -> None:
        raise StorageError("storage.unusable")

    monkeypatch.setattr(fresh.togo.node.heads, "replace", cut)  # as a crash just after the rows
    with pytest.raises(StorageError):
        await fresh.togo.node.desk.report_rejections(fresh.mali.scid)
    assert (len(await rejections(fresh)), await marked(fresh)) == (1, 1)


async def test_a_report_that_fails_marks_nothing(fresh: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/09: what was not published was not told, and is told at the next visit."""
    await introduce(fresh.togo, fresh.mali)
    await quarantine(fresh, 3)
    with monkeypatch.context() as patched:
        patched.setattr(Batch, "write", _full)
        with pytest.raises(StorageError):
            await fresh.togo.node.desk.report_rejections(fresh.mali.scid)
    assert (len(await rejections(fresh)), await marked(fresh)) == (0, 0)
    await fresh.togo.node.desk.report_rejections(fresh.mali.scid)
    assert (len(await rejections(fresh)), await marked(fresh)) == (1, 1)


async def _full(*_: object) -> None:
    raise StorageError("storage.disk-full")


async def test_a_rejection_is_never_rejected(fresh: Pair) -> None:
    """F-18: never about a rejection, so two nodes never argue for ever; and others are not held up by it."""
    await introduce(fresh.togo, fresh.mali)
    await quarantine(fresh, *range(250), record_type="rejection")
    for _ in range(3):
        await fresh.togo.node.desk.report_rejections(fresh.mali.scid)
    assert await rejections(fresh) == []
    await quarantine(fresh, 300)
    for _ in range(3):
        await fresh.togo.node.desk.report_rejections(fresh.mali.scid)
    (record,) = await rejections(fresh)
    assert [item["index"] for item in record["body"]["items"]] == [300]


@pytest.mark.parametrize("value", [2**70, "\ud800"], ids=["a large number", "half a character"])
async def test_what_orjson_cannot_write_is_sent_all_the_same(value: object) -> None:
    """The node refuses it with a code and a sentence; the command does not end in a fault of its own."""
    assert json.loads(app._encode({"items": [value]})) == {"items": [value]}
