"""What the kit does not take for a breach: a node that has no time, more than the kit reads, and what an operator allows."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC, datetime

import pytest

from passerelle.conformance import asking, certificate, flawed, follower, widths
from passerelle.conformance.asking import Asker
from passerelle.conformance.author import Agency
from passerelle.conformance.flawed import Bench
from passerelle.conformance.report import Notes, Report
from passerelle.conformance.rules import Table
from passerelle.conformance.stand import Stand
from passerelle.conformance.widths import Folder
from passerelle.protocol.profile import parse_canonical
from tests.conformance.follower_stage import problem
from tests.conformance.partner_faults import PARTNER_FAULTS, PartnerFault, Stage
from tests.conformance.partner_stage import nonce
from tests.conformance.partnering import under
from tests.conformance.proxy import Ask, Reply
from tests.conformance.world import World


def putting_off(times: int) -> PartnerFault:
    """A node that has no time for a request whose nonce it has seen, so many times for each."""

    def arm(stage: Stage) -> None:
        seen: dict[str, int] = {}

        def change(ask: Ask, _reply: Reply) -> Reply | None:
            told = nonce(ask)
            seen[told] = seen.get(told, 0) + 1
            if not told or not 1 < seen[told] <= 1 + times:
                return None
            return problem(429, "request.too-many").put("Retry-After", "1")

        stage.towards.changes.append(change)

    return PartnerFault("Q-12", "has no time for a replay", "requests", arm)


def _of(report: Report, rule: str) -> tuple[str, str | None]:
    return next((one.verdict, one.why) for one in report.findings if one.rule.id == rule)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("times", "verdict"), [(1, ("held", None)), (1_000, ("unseen", "no-answer"))])
async def test_a_replay_that_is_put_off_is_no_breach(
    world: World, monkeypatch: pytest.MonkeyPatch, times: int, verdict: tuple[str, str | None]
) -> None:
    """Q-12, Q-16: 429 is waited out, and where it does not end nothing is said of the rule."""
    monkeypatch.setattr(asking, "MAX_WAITS_SECONDS", 8.0)
    report = await under(putting_off(times), world)
    assert [(finding.rule.id, finding.faults) for finding in report.of("broken")] == []
    assert _of(report, "Q-12") == verdict


@pytest.mark.asyncio(loop_scope="session")
async def test_what_an_operator_has_allowed_is_no_breach(world: World) -> None:
    """P-16: whoever examines a node that may connect to private addresses says so, and the rule is not judged."""
    (inwards,) = (fault for fault in PARTNER_FAULTS if fault.rule == "P-16" and fault.part == "addresses")
    report = await under(inwards, world, private_allowed=True)
    assert report.broken == []
    assert _of(report, "P-16") == ("unseen", "allowed")


async def test_more_than_the_kit_reads_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """L-16, L-17, O-16: one budget for all widths of all files, and a report that says where it ended."""
    now = datetime.now(UTC)
    agency = Agency("Qm" + "1" * 44, now)
    bench = Bench(agency.author, agency.public.origin, "", b"", agency.other, now, now)
    for _ in range(298):
        agency.public.append(*flawed.in_public(b"x" * 400, flawed.public_value(bench)))
    stand = Stand(agency, "127.0.0.1", 0)
    await stand.open()
    told: list[Report] = []
    try:
        for most in (2**26, 300_000):
            monkeypatch.setattr(widths, "MAX_BYTES", most)
            read = 0

            def count(_method: str, _path: str, answer: asking.Answer) -> None:
                nonlocal read
                read += len(answer.body)

            notes = Notes(Table.packaged())
            asker = Asker(f"http://127.0.0.1:{stand.port}", count)
            await Folder(notes, asker.get, agency.public.origin, agency.public.leaves).look()
            await asker.close()
            assert read <= most
            findings = notes.findings(("follower", "partner"))
            told.append(Report("", None, "", "", "", ("follower", "partner"), None, findings))
    finally:
        await stand.close()
    whole, part = told
    assert [_of(whole, rule) for rule in ("L-16", "L-17", "O-16")] == [("held", None)] * 3
    assert _of(part, "L-16") == ("held", "in-part")
    assert {row["id"]: row.get("why") for row in (one.to_json() for one in part.findings)}[
        "L-16"
    ] == "in-part"
    rules = parse_canonical(certificate(part))
    assert isinstance(rules, dict)
    assert isinstance(rules["rules"], dict)
    assert rules["rules"]["L-16"] == "held: in-part"


async def test_objects_beyond_what_is_read_are_no_breach(monkeypatch: pytest.MonkeyPatch) -> None:
    """O-16: where what may be read is used up, the next file is not asked for; it is not one that is too long."""
    monkeypatch.setattr(follower, "MAX_OBJECTS", 1_000)
    now = datetime.now(UTC)
    agency = Agency("Qm" + "1" * 44, now)
    stand = Stand(agency, "127.0.0.1", 0)
    await stand.open()
    notes = Notes(Table.packaged())
    asker = Asker(f"http://127.0.0.1:{stand.port}")
    try:
        await follower.examine(follower.Seen(asker, notes, now, lambda _word: None))
    finally:
        await asker.close()
        await stand.close()
    report = Report("", None, "", "", "", (), None, notes.findings({"follower"}))
    assert [finding.rule.id for finding in report.of("broken") if finding.rule.id == "O-16"] == []
    assert _of(report, "L-16") == ("held", None)


async def test_what_waits_to_be_read_is_no_silence() -> None:
    """A kit that got no processor for a while has not heard the node meanwhile, and does not call its visit over."""
    stand = Stand(Agency("Qm" + "1" * 44, datetime.now(UTC)), "127.0.0.1", 0)
    await stand.open()
    try:
        waiting = asyncio.create_task(stand.quiet(0.3, 10.0))
        await asyncio.sleep(0.1)
        with socket.create_connection(("127.0.0.1", stand.port)) as node:
            node.sendall(b"GET /.well-known/passerelle HTTP/1.1\r\nHost: kit.example\r\n\r\n")
            time.sleep(0.6)  # noqa: ASYNC251  nothing runs, as on a busy machine
            await waiting
        assert [call.path for call in stand.calls] == ["/.well-known/passerelle"]
    finally:
        await stand.close()
