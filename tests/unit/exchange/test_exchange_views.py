"""Every view reads every valid sample of its schema, and a stub's residue as the body."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from passerelle.exchange.reading import READERS
from passerelle.protocol.profile import JsonObject
from passerelle.protocol.schemas import Schemas
from tests.unit.exchange.world import RESIDUE, TG, World

_FOLDER = files("schemas") / "samples"
_SAMPLES = sorted(
    (record_type, sample.name)
    for record_type in READERS
    for sample in (_FOLDER / record_type).iterdir()
    if sample.name.startswith("valid-")
)


def _sample(record_type: str, name: str) -> JsonObject:
    value = json.loads((_FOLDER / record_type / name).read_text("utf-8"))
    assert isinstance(value, dict)
    return value


def _body(value: JsonObject) -> JsonObject:
    body = value["body"]
    assert isinstance(body, dict)
    return body


def test_there_are_samples_of_every_type_that_is_read() -> None:
    """Two of each at least."""
    assert all(sum(found == record_type for found, _ in _SAMPLES) >= 2 for record_type in READERS)


@pytest.mark.parametrize(("record_type", "name"), _SAMPLES)
def test_views_read_valid_samples(record_type: str, name: str) -> None:
    """What the schema allows, the fold can read."""
    assert READERS[record_type](_body(_sample(record_type, name))) is not None


@pytest.mark.parametrize(("record_type", "name"), [item for item in _SAMPLES if item[0] in RESIDUE])
def test_a_residue_reads_like_its_body(record_type: str, name: str) -> None:
    """S-6: the schemas keep every member that the fold reads."""
    value = _sample(record_type, name)
    residue = Schemas.packaged().residue(value)
    assert READERS[record_type](residue) == READERS[record_type](_body(value))


@pytest.mark.parametrize("record_type", sorted(RESIDUE))
def test_the_stubs_of_these_tests_are_those_of_the_schemas(record_type: str) -> None:
    """``world.erase`` keeps what the schemas keep."""
    body: JsonObject = dict.fromkeys(RESIDUE[record_type], "x")
    kept = Schemas.packaged().residue({"type": record_type, "body": {**body, "motivation": "x", "text": "x"}})
    assert kept == body


@pytest.mark.parametrize("record_type", sorted(READERS))
def test_what_cannot_be_read_is_blocked_and_fails_nothing(record_type: str) -> None:
    """S-26: a body at odds with its schema."""
    world = World()
    bodies: list[JsonObject] = [{}, dict.fromkeys(("about", "parties", "kind", "scheme", "direction"), 1)]
    for body in bodies:
        record = world.publish(TG, "public", record_type, body)
        verdict = world.verdict(record)
        assert (verdict.status, verdict.code) == ("blocked", "body.unreadable")
