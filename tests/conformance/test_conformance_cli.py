"""``passerelle conformance``: what a person and a program are told, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from passerelle.cli.exits import Exit
from passerelle.cli.main import run
from passerelle.cli.session import Session
from passerelle.words import Words
from tests.conformance.follower_faults import FAULTS
from tests.conformance.proxy import Ask, Proxy, Reply
from tests.conformance.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _passerelle(*arguments: str, lang: str = "en") -> int:
    return await asyncio.to_thread(run, ["conformance", *arguments], Session(Words(lang)))


async def test_a_program_is_told_every_rule(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As JSON: a verdict for each rule; 0, and no certificate for one role alone."""
    file = tmp_path / "certificate.json"
    arguments = (world.node.address, "--follower-only", "--json", "--certificate", str(file))
    assert await _passerelle(*arguments) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    verdicts = {row["id"]: row["verdict"] for row in told["rules"]}
    assert (verdicts["L-13"], verdicts["W-6"], verdicts["Q-12"]) == ("held", "unseen", "unseen")
    assert told["counts"]["broken"] == 0
    assert not told["conforms"]
    assert not file.exists()


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_a_person_is_told_what_is_broken(
    world: World, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    """The rule, what was sent, what came back, why others were not seen; 7."""
    fault = next(fault for fault in FAULTS if fault.rule == "P-2")
    async with Proxy(world.node.address) as proxy:
        fault.arm(proxy, world)
        assert await _passerelle(proxy.address, "--follower-only", lang=lang) == Exit.FAILED
    told = capsys.readouterr().out
    for text in (
        "P-2",
        "MUST be served with `Cache-Control: public, max-age=31536000, immutable`",
        "no-store",
        {"fr": "Envoyé", "en": "Sent"}[lang],
        {"fr": "Le nœud n’est pas conforme.", "en": "The node does not conform."}[lang],
        {"fr": "ce qui se passe à l’intérieur d’un nœud", "en": "what happens inside a node"}[lang],
    ):
        assert text in told


async def test_where_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """7 where even the identity log cannot be had: that is a rule (I-4)."""
    assert await _passerelle("http://127.0.0.1:9", "--follower-only") == Exit.FAILED
    assert "gave no answers" in capsys.readouterr().out


async def test_an_examination_has_its_minutes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A node that never answers: the report comes after the minutes that were given, and says that it was cut short."""

    async def silent(_ask: Ask) -> Reply | None:
        await asyncio.sleep(600)
        return None

    async with Proxy(world.node.address) as proxy:
        proxy.before = silent
        began = time.monotonic()
        assert await _passerelle(proxy.address, "--follower-only", "--minutes", "0.05") == Exit.PARTNER
        assert time.monotonic() - began < 12.0
    assert "cut short" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("tg.example",), "conformance.no-url"),
        (("http://127.0.0.1:9", "--listen", "8440"), "conformance.no-place"),
        (("http://127.0.0.1:9", "--certificate", __file__), "conformance.file-exists"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    """3, before anything is asked."""
    assert await _passerelle(*arguments, "--json") == Exit.REFUSED
    assert json.loads(capsys.readouterr().err)["code"] == code
