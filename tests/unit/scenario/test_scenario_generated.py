"""Generated data: the same bytes from the same seed, as much as asked, kept by the rules, and nobody in it exists."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from passerelle.errors import InputError
from passerelle.exchange.fold import derive, judge_all
from passerelle.exchange.growing import Growing, Judged
from passerelle.exchange.held import Held
from passerelle.exchange.statement import figures, tally
from passerelle.protocol.profile import encode
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.scenario.generated.draws import words
from passerelle.scenario.generated.making import make
from passerelle.scenario.generated.network import Network
from passerelle.scenario.generated.sizes import SIZES
from passerelle.scenario.generated.writing import write

LATER = date(2026, 12, 31)
LITTLE = SIZES["S"].of_records(600)
ODDITIES = 27


class World:
    """A set in memory, with what came of it."""

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.network: Network = make(SIZES["S"], 1, self.held.append)
        self.judged: Judged = judge_all(self.held, self.network.sizes)
        self.state = derive(self.judged, LATER)

    @property
    def records(self) -> list[Record]:
        return [
            *{
                item.record.digest: item.record for item in self.held if isinstance(item.record, Record)
            }.values()
        ]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def read(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("again", 7), ("other", 8)):
        write(tmp_path / name, LITTLE, seed, name="little")
    one, again, other = (read(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert {name for name in one if one[name] == other.get(name)} == set()


def test_every_line_of_a_feed_is_a_record_in_its_place(tmp_path: Path) -> None:
    """summary.json says what is in the folder."""
    summary: Any = write(tmp_path, LITTLE, 1, name="little")
    assert json.loads((tmp_path / "summary.json").read_text("utf-8")) == summary
    met: dict[str, Record] = {}
    for path in sorted((tmp_path / "feeds").rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            record = Record.parse(line)
            Schemas.packaged().check_incoming(record.value)
            assert record.is_public is (path.name == "public.jsonl")
            met[record.digest] = record
    assert dict(Counter(record.type for record in met.values())) == summary["records"]
    ids = {record.id for record in met.values()}
    assert set(summary["unusual"].values()) <= ids
    assert sorted(path.stem for path in (tmp_path / "identities").iterdir()) == sorted(
        agency["code"] for agency in summary["agencies"]
    )


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match=r"copy\.not-empty"):
        write(tmp_path, LITTLE, 1, name="little")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("name", "agreements", "directions"), [("S", 9, 20), ("M", 70, 160), ("L", 400, 900)]
)
def test_the_sizes_are_those_of_a_demonstration_a_network_a_stress(
    name: str, agreements: int, directions: int
) -> None:
    size = SIZES[name]
    assert size.pairs + size.trios + size.charters == agreements
    assert 2 * size.pairs + 6 * size.trios == directions
    assert abs(size.of_records(size.records * 2).records - size.records * 2) < 20


def test_there_is_as_much_as_the_size_says(world: World) -> None:
    """Of each type what the table has, and a little for what is unusual."""
    size, counts = SIZES["S"], world.network.counts
    wanted = {
        "agency": size.agencies,
        "organisation": size.organisations,
        "agreement": size.pairs + size.trios + size.charters,
        "programme": size.programmes,
        "offer": size.offers,
        "dossier": size.cards + size.placements,
        "nomination": size.nominations,
        "decision": size.decisions,
        "placement": size.placements,
        "event": size.events,
        "evaluation": size.evaluations,
        "certificate-status": size.certificates,
        "statistic": size.statistics,
    }
    assert counts.keys() == wanted.keys()
    assert {
        kind: number for kind, number in wanted.items() if not number <= counts[kind] <= number + 20
    } == {}


def test_only_what_is_too_much_is_blocked(world: World) -> None:
    blocked = {digest: item for digest, item in world.judged.verdicts.items() if not item.is_accepted}
    assert blocked
    assert {item.code for item in blocked.values()} == {"quota.reached"}
    assert world.network.oddities["nomination past the quota"] in {
        record.id for record in world.records if record.digest in blocked
    }


def test_directions_add_up_and_quotas_hold(world: World) -> None:
    """I1, I4, I5: all placements are in some direction; none has more than was agreed."""
    summed = 0
    for ends, pair in world.state.pairs.items():
        for agreement in pair.agreements.values():
            for row in agreement.directions:
                if row.direction.ends != ends:
                    continue  # of an agreement of three: another pair's
                counted = tally(pair, row.direction, agreement=agreement.id)
                assert row.quota_to_date is None or counted.accepted <= row.quota_to_date
                assert counted.realised <= counted.accepted
                summed += counted.realised
    assert summed == sum(item.is_realised for item in world.state.placements.values())
    assert summed > SIZES["S"].placements * 3 // 4


def test_both_parties_compute_the_same(world: World) -> None:
    """I2, I3: each holds what is public or meant for it, and folds it to the same figures of their pair."""
    agencies = [agency.scid for agency in world.network.agencies]
    at_home: dict[str, Any] = {}
    for own in agencies:
        growing = Growing()
        mine = [
            item
            for item in world.held
            if item.origin.is_public or own in {item.origin.author, item.origin.partner}
        ]
        growing.grow(mine, {})
        at_home[own] = derive(growing.judged(), LATER)
    compared = 0
    for first, second in combinations(agencies, 2):
        if frozenset((first, second)) in at_home[first].pairs:
            compared += 1
            assert encode(figures(at_home[first], first, second)) == encode(
                figures(at_home[second], second, first)
            )
    assert compared >= SIZES["S"].pairs


def test_a_record_stands_in_the_feeds_to_those_addressed_and_nowhere_else(world: World) -> None:
    """I2: what is for one partner lies in the feed to that partner alone."""
    places: dict[str, set[str | None]] = {}
    for item in world.held:
        places.setdefault(item.record.digest, set()).add(item.origin.partner)
    for record in world.records:
        assert places[record.digest] == ({None} if record.is_public else set(record.addressees))


def test_nothing_public_names_anybody(world: World) -> None:
    """I6: no telephone, no mailbox of a person, no given name beside a family name."""
    given = "|".join(re.escape(name) for names in words()["given"].values() for name in names)
    family = "|".join(re.escape(name) for name in words()["family"])
    person = re.compile(rf"\b({given})\s+({family})\b")
    for record in world.records:
        text = record.data.decode()
        assert record.body["synthetic"] is True
        assert set(re.findall(r"[\w.+-]+@[\w.-]+", text)) <= {
            *re.findall(r"[\w.+-]+@(?:[\w-]+\.)*example\.org", text)
        }
        if record.is_public:
            assert not person.search(text)
            assert "volontaire" not in " ".join(re.findall(r"[\w.+-]+@", text))
            assert "passport" not in text


def test_identities_are_of_nobody(world: World) -> None:
    identities: list[Any] = [record.body for record in world.records if record.body.get("part") == "identity"]
    assert len(identities) == SIZES["S"].placements
    for body in identities:
        assert body["passport"]["country"] == "UTO"
        assert re.fullmatch("SYN[0-9]{6}", body["passport"]["number"])
        assert body["names"]["family"] in words()["family"]
        assert body["birth"]["date"].endswith("-15")


def test_every_offer_has_a_need_a_tutor_and_a_vetted_host(world: World) -> None:
    """I10."""
    hosts = {record.id: record.body for record in world.records if record.type == "organisation"}
    offers = [record.body for record in world.records if record.type == "offer"]
    for body in offers:
        named: Any = body["hostOrganisation"]
        tutor: Any = body["tutor"]
        assert body["needExpressedOn"]
        assert tutor["assigned"] is True
        assert hosts[named["id"]]["vettedOn"]
    marked = [str(body["title"]) for body in offers]
    assert all(
        re.search("Exemple fictif|Fictitious example|Ejemplo ficticio|Exemplo fictício|مثال خيالي", text)
        for text in marked
    )


def test_every_unusual_thing_is_there_and_noted(world: World) -> None:
    assert len(world.network.oddities) == ODDITIES
    assert set(world.network.oddities.values()) <= {record.id for record in world.records}
