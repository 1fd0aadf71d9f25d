"""A volunteer's data: in sealed objects and in the partner's own rows, and nowhere else."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from passerelle.errors import PasserelleError
from tests.unit.desk.story import Pair, decide, offered
from tests.unit.federation.world import MALI, TOGO, Here, ask, ask_signed, dossier, introduce

pytestmark = pytest.mark.asyncio(loop_scope="package")

CANARY = "canari-a7f3"
LIBRARIES = ("aiohttp", "aiosqlite", "asyncio", "sqlalchemy", "alembic")


def identity(pair: Pair) -> dict[str, Any]:
    """The part of a dossier that says who somebody is, every text a canary."""
    item: Any = dossier(TOGO, MALI, pair.togo.scid, pair.mali.scid, "TG-VIR-99")
    for name in (
        "nationality",
        "residenceCountry",
        "ageBand",
        "languages",
        "availability",
        "schemesEligible",
    ):
        del item["body"][name]
    item["body"] |= {
        "part": "identity",
        "names": {"given": f"{CANARY}-given", "family": f"{CANARY}-family"},
        "birth": {"date": "1996-03-15"},
        "passport": {
            "country": "UTO",
            "number": "CANARIA7F3",
            "issued": "2026-01-15",
            "expires": "2031-01-14",
        },
        "email": f"{CANARY}@example.org",
        "address": f"1, rue de {CANARY}",
    }
    return dict(item)


def is_told(text: str | bytes) -> bool:
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return CANARY.encode() in data or b"CANARIA7F3" in data


@pytest.fixture
def library_lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What libraries log where somebody has asked for everything."""
    for name in ("", *LIBRARIES):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


async def crawled(here: Here, partner: Here) -> list[bytes]:
    """Everything that a node answers: to all, and to its partner, with fields and addresses."""
    sizes: Any = (await here.node.desk.status())["feeds"]
    found = [
        (await ask(here, path)).raw
        for path in (
            *("/.well-known/did.jsonl", "/.well-known/passerelle", "/feeds/public/latest", "/nothing"),
            *(f"/mirrors/{partner.scid}/did.jsonl", f"/feeds/to/{partner.scid}/1/checkpoint"),
        )
    ]
    for feed in sizes:
        public = feed["origin"].endswith("/public/1")
        base = "/feeds/public/1" if public else f"/feeds/to/{partner.scid}/1"
        width = feed["size"]
        for tail in (
            *("checkpoint", f"checkpoints/{width:03d}", f"tile/0/000.p/{width}"),
            *(f"tile/entries/000.p/{width}", f"objects/000.p/{width}"),
        ):
            reply = await (
                ask(here, f"{base}/{tail}") if public else ask_signed(partner, here, f"{base}/{tail}")
            )
            assert reply.status == 200, (tail, reply.raw[:300])
            found.append(reply.raw)
    return found


async def test_nothing_of_a_body_is_told(fresh: Pair, library_lines: pytest.LogCaptureFixture) -> None:
    """Q-19, docs: over a whole exchange no log line, error, address or answer holds what a sealed body says."""
    sent: list[str] = []
    trace = aiohttp.TraceConfig()

    async def note(_session: object, _context: object, params: aiohttp.TraceRequestStartParams) -> None:
        sent.append(f"{params.url} {dict(params.headers)}")

    trace.on_request_start.append(note)
    trace.freeze()
    with capture_logs() as lines:
        await introduce(fresh.togo, fresh.mali)
        for here in (fresh.togo, fresh.mali):
            here.node.client._session(trusted=True)._trace_configs.append(trace)
        agreement, offer_ = await fresh.agreed(), await offered(fresh.mali)
        await fresh.settle()
        motivation = {"fr": f"Envie de transmettre, {CANARY}."}
        nomination = await fresh.nominated(agreement, offer_, motivation=motivation)
        (made,) = await fresh.togo.node.desk.publish([identity(fresh)])
        await fresh.agree()
        await decide(fresh.mali, nomination, "reject", text={"fr": f"Motif : {CANARY}"})
        await fresh.agree()
        answers = [*await crawled(fresh.togo, fresh.mali), *await crawled(fresh.mali, fresh.togo)]
    shown: Any = await fresh.mali.node.desk.records_show(str(made["id"]))
    assert is_told(str(shown["record"]))  # it did arrive, and the scan sees it
    assert len(sent) > 20
    assert len(lines) > 20
    assert not any(is_told(str(line)) for line in lines)
    assert not any(is_told(line) for line in sent)
    assert not any(is_told(answer) for answer in answers)
    assert [line.name for line in library_lines.records if is_told(line.getMessage())] == []


async def test_a_refusal_repeats_no_value(pair: Pair) -> None:
    """Q-19: where the schema refuses a dossier, the error names the place and the rule, not what stood there."""
    item = identity(pair)
    for member, value in (
        ("email", f"{CANARY} without an at"),
        ("birth", {"date": CANARY}),
        ("passport", {"number": CANARY}),
        ("surprise", CANARY),
        ("pseudonym", f"{CANARY} with spaces"),
    ):
        with capture_logs() as lines, pytest.raises(PasserelleError) as told:
            await pair.togo.node.desk.publish([{**item, "body": item["body"] | {member: value}}])
        assert not is_told(str(told.value)), member
        assert not any(is_told(str(line)) for line in lines)


async def test_a_fault_of_the_database_repeats_no_row(
    pair: Pair, library_lines: pytest.LogCaptureFixture
) -> None:
    """docs: an error of the driver names the statement, never the values that were written."""

    async def twice() -> None:
        async with pair.togo.node.database.writing() as connection:
            for _ in range(2):
                await connection.exec_driver_sql(
                    "insert into vault_record (record, data) values (?, ?)", (1, CANARY.encode())
                )

    with pytest.raises((DBAPIError, PasserelleError)) as told:
        await twice()
    assert "vault_record" in f"{told.value!s} {told.value.__cause__!s}"
    assert not is_told("".join(traceback.format_exception(told.value)))
    assert not any(is_told(record.getMessage()) for record in library_lines.records)
