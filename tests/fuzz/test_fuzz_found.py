"""What fuzzing found, each kept as the smallest input that showed it."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from passerelle import config
from passerelle.cli.intake import cells, files
from passerelle.cli.intake.faults import CellError
from passerelle.cli.intake.offers import Publisher
from passerelle.errors import ConfigError, InputError, ProtocolError
from passerelle.protocol import identityentries
from passerelle.protocol.notes import is_key_name, parse_vkey
from passerelle.protocol.records import Record
from passerelle.protocol.tiles import Tile
from passerelle.scenario.play import MAX_ENTRIES, build
from passerelle.scenario.source import Source, parse_source
from passerelle.sync.addresses import public_address
from tests.fuzz import world

DIGITS = "9" * 5_000


def test_a_verifier_key_with_half_a_surrogate_pair() -> None:
    """A name that has no bytes names no key; it was a UnicodeEncodeError."""
    assert not is_key_name("vol.example/\ud800")
    with pytest.raises(ProtocolError) as found:
        parse_vkey("vol.example/\ud800+50c687c8+AabSRV6jpXcaup/LA3kkEUyS+fMlBJ9rQmnnOdkEi7hp")
    assert found.value.code == "note.vkey"


def test_a_refusal_that_repeats_half_a_surrogate_pair() -> None:
    """The values of an error can be written as JSON in UTF-8, whatever a partner sent."""
    with pytest.raises(ProtocolError) as found:
        Tile.parse_path("tile\ud800")
    assert json.dumps(found.value.params, ensure_ascii=False).encode() == rb'{"path": "tile\\ud800"}'


@pytest.mark.parametrize(
    "address", ["https://.../", "https://./x", "http://..:80", "https://[v1.a]@", "//[v1.a]@"]
)
def test_an_address_without_a_host(address: str) -> None:
    """Dots alone were the empty host, the same for all; brackets before an @ ended as IndexError."""
    record = cast("Record", SimpleNamespace(body={"addresses": [address]}))
    with pytest.raises(ProtocolError) as found:
        public_address(record)
    assert found.value.code == "descriptor.wrong"


@pytest.mark.parametrize("text", [f'[{{"places":{DIGITS}}}]', "[" * 100_000], ids=["digits", "brackets"])
def test_offers_with_a_number_without_end(text: str) -> None:
    """A number that Python will not read is a fault of the file; it was a ValueError."""
    publisher = Publisher("Qm" + "H" * 44, "ML", "fr", {}, {}, {})
    with pytest.raises(InputError) as found:
        files._json("offres.json", text.encode(), publisher)
    assert found.value.code == "offers.json-syntax"


@pytest.mark.parametrize(
    "text", [r'[{"titre": "Club",\n "disp\ud800ositif": "vir"}]', r'[{"titre":\n  "\udc00Club"}]']
)
def test_offers_with_half_a_surrogate_pair(text: str) -> None:
    """The place is named; the sentence that would have repeated the name could not be written."""
    with pytest.raises(InputError) as found:
        files._parsed(text.replace(r"\n", "\n"))
    assert (found.value.code, found.value.params["line"]) == ("offers.json-syntax", 2)
    assert files._parsed(r'{"titre": "\ud83d\ude00"}') == {"titre": "\U0001f600"}


def test_a_cell_of_very_many_digits() -> None:
    """A number is kept as it was written, or is out of range; it was a ValueError."""
    assert cells.decimal(f"00{DIGITS},50") == f"{DIGITS}.5"
    assert cells.decimal("000") == "0"
    with pytest.raises(CellError) as found:
        cells.count(DIGITS)
    assert found.value.code == "offers.out-of-range"


class _Unsearchable(tuple[str, ...]):
    """Commitments that nobody goes through one by one."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        raise AssertionError("searched for every key: quadratic in a log of 1 MiB")


def test_ten_thousand_update_keys() -> None:
    """Keys are looked up among the commitments of the entry before, never searched for."""
    first, second = world.longer_log().splitlines()
    scid = world.agency().scid
    before = identityentries.verify_entry(identityentries.parse_entry(first), 1, scid, None)
    before = replace(before, next_key_hashes=_Unsearchable(before.next_key_hashes))
    found = identityentries.verify_entry(identityentries.parse_entry(second), 2, scid, before)
    assert found.version_id.startswith("2-")


@pytest.mark.parametrize("text", [f"a = {DIGITS}", "a = " + "[" * 50_000], ids=["digits", "brackets"])
def test_settings_with_a_number_without_end(text: str) -> None:
    """Settings that Python will not read are wrong settings; it was a ValueError, a RecursionError."""
    with pytest.raises(ConfigError) as found:
        config.parse(text.encode(), Path("passerelle.toml"))
    assert found.value.code == "config.syntax"


def test_a_scenario_that_sets_an_anchor_again() -> None:
    """YAML lets an anchor be set again; the library's warning went to the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_source("a: &x 1\nb: &x 2\nc: *x\n", name="s").value == {"a": 1, "b": 2, "c": 2}


def test_a_scenario_nested_without_end() -> None:
    """Brackets without end are nested too deep; it was a RecursionError."""
    with pytest.raises(InputError) as found:
        parse_source("[" * 20_000, name="s")
    assert found.value.code == "scenario.too-deep"


def test_a_scenario_of_aliases_to_aliases() -> None:
    """A billion values in ten lines are refused before they are made."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InputError) as found:
        parse_source("\n".join(lines), name="s")
    assert found.value.code == "scenario.too-long"


def test_a_scenario_of_loops_in_loops() -> None:
    """A hundred million steps are refused at the first too many, not when all are unrolled."""
    step: object = {"say": {"fr": "x"}}
    for _ in range(4):
        step = {"each": [{"a": "b"}] * 100, "steps": [step]}
    header = {
        "scenario": 1,
        "title": {"fr": "x"},
        "asOf": "2026-01-01",
        "agencies": {"a": {"code": "TG-A1", "country": "TG", "names": {"fr": "x"}, "domain": "a.example"}},
        "steps": [step],
    }
    with pytest.raises(InputError) as found:
        build(Source("s", json.loads(json.dumps(header)), {}))
    assert (found.value.code, found.value.params["limit"]) == ("scenario.too-long", MAX_ENTRIES)
