"""Each planted fault is seen from outside, in a real node, as a breach of its rule and of no other that is looked at."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from passerelle.protocol import requests
from passerelle.protocol.notes import NoteSignature, SignedNote
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record
from passerelle.protocol.recordsigning import sign_record
from passerelle.storage.peers import Peer
from tests.faults.harness import agreement
from tests.hostile.partner import Partner
from tests.hostile.requests import notice
from tests.hostile.scene import Scene, Target, make_home, scene
from tests.planted import seeing, seeing_fifth, seeing_fourth, seeing_third
from tests.planted.faults import IN_EACH_RUN, PLANTED
from tests.planted.seeing import Look, get, signature, size_in
from tests.unit.sync.author import Agency, flipped

PARTNER: Final = "TG-FICT"
LIFE: Final = timedelta(seconds=1)
"""Of a signature that is to be used again after it has expired."""


class Planted(Target):
    """Our node, perhaps with a fault: `mutant` names it."""

    def begin(self, *, crash: str = "", command: tuple[str, ...] = ("serve", "--with-parent")) -> None:
        """Start the process and return at once."""
        arguments = [*command[1:], "--home", str(self.home), "--json"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.planted.serve", self.mutant, *arguments],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of our node, at rest, to be copied."""
    made = tmp_path_factory.mktemp("planted") / "home"
    asyncio.run(make_home(made))
    return made


def sealable(row: Peer) -> Peer:
    """The way to a partner, with a sealing key in its descriptor, so that our node can address records to it."""
    keys = Agency((row.code or PARTNER).lower()).keys  # they come from its name alone
    was = Record.parse(row.descriptor)
    public = base64.urlsafe_b64encode(keys.sealing[0].public).rstrip(b"=").decode()
    body: dict[str, Json] = {**was.body, "sealing": [{"from": was.value["issued"], "key": public}]}
    value: dict[str, Json] = {name: item for name, item in was.value.items() if name != "proof"}
    value["body"] = body
    method = f"{was.issuer}#{keys.record.multikey}"
    return replace(row, descriptor=sign_record(value, keys.record, method).data)


# --- what a partner sees -----------------------------------------------------------------------------------


async def a_bilateral_part_is_public(made: Scene, partner: Partner) -> bool:
    """Ask for a part of the entries of our feed to a partner."""
    folder = f"/feeds/to/{partner.scid}/1"
    size = size_in(await get(made, f"{folder}/checkpoint", partner))
    path = f"{folder}/tile/entries/000.p/{size}"
    whole, part = await get(made, path, partner), await get(made, path, partner, Range="bytes=2-")
    assert (whole.status, part.status) == (200, 206)
    assert part.body == whole.body[2:]
    assert whole.headers["Cache-Control"] == "private, no-store"
    return part.headers["Cache-Control"] != "private, no-store"


async def a_narrow_object_file_is_wide(made: Scene, _partner: Partner) -> bool:
    """Ask for the first object of our public feed alone."""
    folder = "/feeds/public/1"
    size = size_in(await get(made, f"{folder}/checkpoint"))
    assert size > 1
    found = {}
    for width in (1, size):
        answer = await get(made, f"{folder}/objects/000.p/{width}")
        assert answer.status == 200
        found[width] = answer
    assert found[1].headers["ETag"] == found[size].headers["ETag"]
    assert objects_in(found[size].body) == size
    return objects_in(found[1].body) != 1


def objects_in(data: bytes) -> int:
    """How many objects an object file holds."""
    count, at = 0, 0
    while at < len(data):
        at += 4 + int.from_bytes(data[at : at + 4], "big")
        count += 1
    assert at == len(data)
    return count


async def a_nonce_counts_twice(made: Scene, partner: Partner) -> bool:
    """Send a notice at once, at once again, and once more just after its signature has expired."""
    body = notice(partner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "LIFETIME", LIFE)
        headers = signature(partner, "POST", "/notices", body)

    async def post() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{made.target.address}/notices", data=body, headers=headers) as answer,
        ):
            return answer.status

    assert (await post(), await post()) == (202, 401)
    await asyncio.sleep(LIFE.total_seconds() + 1.2)
    return await post() == 202


async def a_false_line_is_passed(made: Scene, partner: Partner) -> bool:
    """Serve a checkpoint with a good line, and after it one of the same key that does not verify."""
    path = f"/received/{partner.scid}/public/1/checkpoint"
    before = (await get(made, path, partner)).body
    partner.add_public(1)
    note = SignedNote.parse(partner.public.checkpoint())
    (good,) = note.signatures
    false = NoteSignature(good.name, good.key_id, flipped(good.blob))
    partner.public.note = SignedNote(note.text, (false, good)).encode()
    await made.visit(partner)
    assert (await get(made, path, partner)).body == before
    partner.public.note = SignedNote(note.text, (good, false)).encode()
    await made.visit(partner)
    return (await get(made, path, partner)).body != before


SEEN: Final[Mapping[str, Look]] = {
    "public-parts": a_bilateral_part_is_public,
    "one-object-file": a_narrow_object_file_is_wide,
    "nonces-expire": a_nonce_counts_twice,
    "first-good-line": a_false_line_is_passed,
    **seeing_third.SEEN,
    **seeing_fourth.SEEN,
    **seeing_fifth.SEEN,
    **seeing.SEEN,
}
"""How each fault is seen; what halts a node comes last."""

OTHERS: Final = {**seeing.OTHERS, **seeing_third.OTHERS, **seeing_fourth.OTHERS, **seeing_fifth.OTHERS}
"""Who sees a fault that has a partner of its own."""


@pytest.mark.parametrize("name", ["-", *IN_EACH_RUN])
async def test_a_planted_fault_is_seen_and_no_other(name: str, home: Path, tmp_path: Path) -> None:
    """A node with a fault breaks its rule; without one, or with another, it keeps it."""
    assert await seen_in(name, home, tmp_path) == {name} - {"-"}


async def seen_in(name: str, home: Path, tmp_path: Path) -> set[str]:
    """Which faults are seen in a node that has one, or none."""
    ways = dict.fromkeys((PARTNER, *OTHERS.values()), sealable)
    async with scene(tmp_path, home, ways, name, kind=Planted) as made:
        partner = made.partners[PARTNER]
        await made.publish()
        await made.target.publish([agreement(made.target, partner, "part")], "part")  # type: ignore[arg-type]
        await asyncio.sleep(1.1)  # what is signed in the second of its start is refused as late
        found = set()
        for fault, look in SEEN.items():
            if await look(made, made.partners[OTHERS.get(fault, PARTNER)]):
                found.add(fault)
    return found


def test_each_fault_breaks_a_rule_of_its_own() -> None:
    """Each stands under its name, and is seen in a way of its own."""
    assert {name: fault.name for name, fault in PLANTED.items()} == {name: name for name in PLANTED}
    assert SEEN.keys() == PLANTED.keys()
    assert len({fault.rule for fault in PLANTED.values()}) == len(PLANTED)
