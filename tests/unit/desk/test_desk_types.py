"""Types of which the fold reads nothing: anybody publishes them from a file, a follower holds them, no figure moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from passerelle.cli.intake.files import read_files
from passerelle.cli.intake.offers import Publisher
from passerelle.desk.ledger import BULK
from passerelle.errors import PasserelleError
from passerelle.protocol.schemas import Schemas
from tests.unit.desk.story import Answer, Pair, decide, verdict
from tests.unit.federation.world import MALI, introduce

pytestmark = pytest.mark.asyncio(loop_scope="package")

SAMPLES = Path(__file__).parents[3] / "schemas" / "samples"
PASSED_OVER = ("certificate-status", "erasure", "evaluation", "programme", "statistic")


def items_of(record_type: str) -> list[Answer]:
    """What a person writes into a file to publish each valid sample of a type."""
    found = []
    for path in sorted((SAMPLES / record_type).glob("valid-*.json")):
        sample = json.loads(path.read_text("utf-8"))
        to = "public" if sample["audience"] == "public" else [MALI]
        found.append({"type": record_type, "to": to, "body": sample["body"]})
    return found


async def figures(pair: Pair) -> Any:
    told: Any = await pair.mali.node.desk.statement(pair.togo.scid, "2027-06-30")
    return told["figures"]


async def test_every_type_goes_from_a_file_to_a_follower(fresh: Pair, tmp_path: Path) -> None:
    """S-1, R-29, R-31: taken as known, readable, accepted by the fold, which passes over it."""
    await introduce(fresh.togo, fresh.mali)
    await fresh.agreed()
    await fresh.agree()
    before = await figures(fresh)
    items = [item for record_type in PASSED_OVER for item in items_of(record_type)]
    file = tmp_path / "records.json"
    file.write_text(json.dumps(items), "utf-8")
    read = read_files([file], Publisher(fresh.togo.scid, "TG", "fr", {}, {}, {}))
    assert (read.faults, len(read.wishes)) == ((), len(items))
    published: Any = await fresh.togo.node.desk.publish([wish.item for wish in read.wishes])
    await fresh.agree()
    for item, answer in zip(items, published, strict=True):
        shown: Any = await fresh.mali.node.desk.records_show(answer["digest"])
        assert (shown["type"], shown["readable"]) == (item["type"], True)
        assert shown["record"]["body"] == {"lang": "fr"} | item["body"]
        # What the fold reads only where another record names it is shown without a verdict.
        assert shown.get("verdict") == (None if item["type"] in BULK else "accepted")
    assert await figures(fresh) == before


@pytest.mark.parametrize("record_type", ["agreement", "dossier", "nomination", "placement"])
async def test_a_public_evaluation_names_nothing_that_is_never_public(pair: Pair, record_type: str) -> None:
    """E-1: an id alone would tell everybody who deals with whom; to the partner the same may be said."""
    about = [{"id": "urn:uuid:7e7a17a5-1e18-4f0a-8a9e-6a3c8f0d6b11", "type": record_type}]
    item = {"type": "evaluation", "body": {"kind": "audit", "about": about}}
    with pytest.raises(PasserelleError) as told:
        await pair.togo.node.desk.publish([item | {"to": "public"}])
    assert (told.value.code, told.value.params["path"]) == ("schema.violation", "/body/about/0/type")
    await pair.togo.node.desk.publish([item | {"to": [MALI]}])


@pytest.mark.parametrize("record_type", ["certificate-status", "programme", "statistic"])
async def test_what_is_for_everybody_needs_no_addressee(pair: Pair, record_type: str) -> None:
    """Left out it is public; addressed to a partner it is refused, in a sentence and not by a schema."""
    (item, *_) = items_of(record_type)
    with pytest.raises(PasserelleError) as told:
        await pair.togo.node.desk.publish([item | {"to": [MALI]}])
    assert told.value.code == "publish.always-public"
    del item["to"]
    (answer,) = await pair.togo.node.desk.publish([item])
    assert Schemas.packaged().newest(record_type).endswith(f"{record_type}:1.0")
    assert answer["digest"]


async def test_the_other_agency_answers_in_its_own_words(pair: Pair) -> None:
    """E-19, S-45: an evaluation is endorsed, an erasure is answered, a kept copy names the law that keeps it."""
    joint, ordered = items_of("evaluation")[0], items_of("erasure")[0]
    assert (joint["to"], ordered["to"]) == ([MALI], [MALI])
    evaluation, erasure = await pair.togo.node.desk.publish([joint, ordered])
    await pair.mali.hear(pair.togo)
    given = [
        await decide(pair.mali, evaluation, "endorse"),
        await decide(pair.mali, erasure, "dispute", reason="legal-hold", text={"fr": "Loi de l'Exemple"}),
        await decide(pair.mali, erasure, "accept", function="dpo"),
    ]
    await pair.togo.hear(pair.mali)
    for answer in given:
        assert await verdict(pair.togo, answer) == ("accepted", None)
