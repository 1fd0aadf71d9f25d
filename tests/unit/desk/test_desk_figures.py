"""Figures of all pairs at one look: what is counted, what it rests on, and how a programme is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from passerelle.errors import InputError
from passerelle.protocol.profile import encode
from tests.unit.desk.story import Pair, decide, offered, publish
from tests.unit.federation.world import MALI, TOGO, Here, introduce

pytestmark = pytest.mark.asyncio(loop_scope="package")

LAST = "2027-12-31"


async def programme(here: Here, acronym: str, above: Any = None) -> Any:
    """A programme, or a part of one."""
    body = {"names": {"fr": f"Programme {acronym} (fictif)"}, "acronym": acronym, "kind": "exchange"}
    part = {} if above is None else {"partOf": {"id": above["id"]}}
    return await publish(here, {"type": "programme", "body": body | {"status": "open"} | part})


async def hosted(pair: Pair, day: str = "2027-05-02", **offer: Any) -> None:
    """One Togolese who arrives in Mali."""
    agreement, made = await pair.agreed(), await offered(pair.mali, places=9, **offer)
    await pair.settle()
    nomination = await pair.nominated(agreement, made)
    await pair.settle()
    placement = await pair.placed(nomination, agreement, made)
    await pair.togo.hear(pair.mali)
    await decide(pair.togo, placement, "accept", effective="2027-04-01")
    await pair.arrived(placement, day)
    await pair.agree()


async def told(here: Here, as_of: str = LAST, **more: Any) -> Any:
    """What a desk answers."""
    return await here.node.desk.figures(as_of=as_of, **more)


async def test_both_parties_tell_the_same_flows(fresh: Pair) -> None:
    """S-101 to S-103: by year, scheme and programme, byte for byte, whoever of the two is asked."""
    await introduce(fresh.togo, fresh.mali)
    edition = await programme(fresh.mali, "WECCEE")
    await hosted(fresh, programme={"id": edition["id"]})
    one, other = await told(fresh.togo), await told(fresh.mali)
    assert encode(one["pairs"][0]["flows"]) == encode(other["pairs"][0]["flows"])
    assert one["pairs"][0]["figures"] == other["pairs"][0]["figures"]
    assert [row["programme"] for row in one["pairs"][0]["flows"]["rows"]] == [edition["id"]]
    assert (one["position"]["position"], other["position"]["position"]) == (1, -1)
    assert one["schemes"]["vir"]["en"]
    assert one["programmes"][edition["id"]]["acronym"] == "WECCEE"


async def test_a_programme_is_asked_for_by_name_with_its_parts(fresh: Pair) -> None:
    """An acronym in any case, a name or an id; what is part of it counts with it, a circle too."""
    await introduce(fresh.togo, fresh.mali)
    whole = await programme(fresh.mali, "WECCEE")
    edition = await programme(fresh.mali, "WECCEE 2", whole)
    await hosted(fresh, programme={"id": edition["id"]})
    for name in ("weccee", "programme weccee (fictif)", whole["id"], "WECCEE 2"):
        (pair,) = (await told(fresh.togo, programme=name))["pairs"]
        assert abs(pair["selected"]["balance"][fresh.togo.scid]) == 1
    (pair,) = (await told(fresh.togo, year=2026, scheme="vir"))["pairs"]
    assert pair["selected"]["index"] is None
    other = await programme(fresh.mali, "Autre")
    (pair,) = (await told(fresh.mali, programme=other["id"]))["pairs"]
    assert pair["selected"]["index"] is None


async def test_a_programme_that_nobody_knows_and_one_of_two(fresh: Pair) -> None:
    """What a name means is never guessed."""
    with pytest.raises(InputError) as refused:
        await told(fresh.mali, programme="Personne")
    assert refused.value.code == "figures.unknown-programme"
    for _ in range(2):
        await programme(fresh.mali, "Deux")
    with pytest.raises(InputError) as refused:
        await told(fresh.mali, programme="deux")
    assert refused.value.code == "figures.ambiguous-programme"


async def test_whom_the_figures_were_not_heard_from(fresh: Pair) -> None:
    """Each number says what it rests on: a partner that has not cosigned all is named."""
    await introduce(fresh.togo, fresh.mali)
    await fresh.agree()
    answer = await told(fresh.togo)
    assert (answer["asOf"], answer["basis"], answer["notHeard"]) == (LAST, "recorded", [])
    await fresh.card()
    assert (await told(fresh.togo))["notHeard"] == [fresh.mali.scid]
    (pair,) = (await told(fresh.togo, partner=MALI))["pairs"]
    assert pair["basis"]["complete"] is False
    assert [pair["partner"] for pair in (await told(fresh.mali, partner=TOGO))["pairs"]] == [fresh.togo.scid]


def statistic(number: int, **more: Any) -> Any:
    """Somebody declares a number of 2027."""
    values = [{"indicator": "placements", "quantity": {"value": number, "qualifier": "exact"}}]
    body = {"lang": "fr", "period": "2027", "method": "declared", "values": values}
    return {"type": "statistic", "body": body | more}


async def test_a_declared_number_stands_beside_the_recorded_one(fresh: Pair) -> None:
    """Rule V24: 251 declared, one recorded here, and the gap; nothing of it moves a figure."""
    await introduce(fresh.togo, fresh.mali)
    await hosted(fresh)
    before = (await told(fresh.togo))["pairs"]
    await publish(fresh.mali, statistic(251, perimeter={"to": {"country": "ML"}}))
    await fresh.agree()
    after = await told(fresh.togo)
    (row,) = after["declared"]
    assert (row["declared"], row["recorded"], row["gap"], row["outside"]) == (251, 1, 250, False)
    assert row["issuer"] == fresh.mali.scid
    assert [pair["figures"] for pair in after["pairs"]] == [pair["figures"] for pair in before]


async def test_a_partner_without_a_node_confirms_once_it_has_one(fresh: Pair) -> None:
    """What one side declares of an exchange with an outsider is unconfirmed until the outsider endorses it."""
    ends = {"from": {"agency": fresh.togo.scid, "country": "TG"}, "to": {"country": "ML"}}
    declared = await publish(fresh.togo, statistic(3, perimeter=ends))
    (row,) = (await told(fresh.togo))["declared"]
    assert (row["outside"], row["confirmedBy"], row["recorded"]) == (True, [], 0)
    await introduce(fresh.togo, fresh.mali)
    await fresh.agree()
    await decide(fresh.mali, declared, "endorse")
    await fresh.agree()
    for here in (fresh.togo, fresh.mali):
        (row,) = (await told(here))["declared"]
        assert row["confirmedBy"] == [fresh.mali.scid]


async def test_the_roll_says_who_is_where_and_whom_to_call(fresh: Pair) -> None:
    """Present from the arrival on, by pseudonym, with the host organisation and the agency's emergency number."""
    await introduce(fresh.togo, fresh.mali)
    await hosted(fresh)
    called = {"function": "duty-of-care-24h", "mailbox": "urgence@cnpv.example", "phone": "+22370000000"}
    agency = {
        "lang": "fr",
        "code": MALI,
        "names": {"fr": "CNPV (fictif)"},
        "kind": "national-agency",
        "jurisdiction": {"country": "ML"},
        "contacts": [{"function": "exchange-desk", "mailbox": "desk@cnpv.example"}, called],
    }
    await publish(fresh.mali, {"type": "agency", "body": agency})
    await fresh.agree()
    answer: Any = await fresh.togo.node.desk.roll(as_of="2027-06-01")
    (row,) = answer["people"]
    assert (row["volunteer"], row["situation"], row["since"]) == ("TG-VIR-77", "present", "2027-05-02")
    assert (row["until"], row["country"]) == ("2027-10-31", "ML")
    assert row["organisation"] == {"und": "Bibliothèque (fictive)"}
    assert answer["contacts"] == {fresh.mali.scid: called}
    late: Any = await fresh.togo.node.desk.roll(as_of="2027-11-01")
    assert [row["situation"] for row in late["people"]] == ["return-unreported"]
    before: Any = await fresh.togo.node.desk.roll(as_of="2027-04-30")
    assert (before["people"], before["contacts"]) == ([], {})


async def test_two_agencies_that_tell_one_arrival_otherwise(fresh: Pair) -> None:
    """Both sides with their sources, alike at both; only of the partner who is asked for."""
    await introduce(fresh.togo, fresh.mali)
    await hosted(fresh)
    before: Any = await fresh.togo.node.desk.reconcile()
    assert before["divergences"] == []
    rolled: Any = await fresh.togo.node.desk.roll(as_of="2027-06-01")
    (row,) = rolled["people"]
    about = [{"id": row["placement"], "type": "placement"}]
    body = {"kind": "arrival", "about": about, "actual": "2027-05-03", "status": "done"}
    await publish(fresh.togo, {"type": "event", "to": [MALI], "body": body})
    await fresh.agree()
    one: Any = await fresh.togo.node.desk.reconcile(MALI)
    other: Any = await fresh.mali.node.desk.reconcile()
    assert one["divergences"] == other["divergences"]
    ((detail, sides),) = [(item["detail"], item["sides"]) for item in one["divergences"]]
    said = {side["agency"]: side["value"] for side in sides}
    assert (detail, said) == ("arrival", {fresh.togo.scid: "2027-05-03", fresh.mali.scid: "2027-05-02"})
    assert one["people"][row["placement"]] == "TG-VIR-77"


async def test_half_a_pair_is_shown_at_both(fresh: Pair) -> None:
    """A placement is in the crossed pair of its offer; alone it is half of one, at either agency."""
    await introduce(fresh.togo, fresh.mali)
    shared = {"kind": "crossed-pair", "id": "urn:uuid:4fd2f3cc-5d1c-4a3e-8f57-0f4f0b1f6a01"}
    await hosted(fresh, group=shared)
    one: Any = await fresh.togo.node.desk.groups(LAST)
    other: Any = await fresh.mali.node.desk.groups(LAST)
    assert one["groups"] == other["groups"]
    (group,) = one["groups"]
    assert (group["id"], group["state"], len(group["members"])) == (shared["id"], "half", 1)
    assert one["counts"] == [{"programme": None, "kind": "crossed-pair", "state": "half", "groups": 1}]
    assert one["inSeveral"] == []


async def test_a_number_of_too_few_persons_is_not_published(fresh: Pair) -> None:
    """LR22: by two personal traits at least five, and none that the totals give away; what to withhold is said."""

    def cell(number: int | None, **dims: str) -> Any:
        said: Any = (
            {"suppressed": True} if number is None else {"quantity": {"value": number, "qualifier": "exact"}}
        )
        return {"indicator": "placements"} | said | ({"dims": dims} if dims else {})

    young, old = {"gender": "f", "ageBand": "16-17"}, {"gender": "f", "ageBand": "18-25"}
    small = [cell(12, gender="f"), cell(2, **young), cell(10, **old)]
    away = [cell(12, gender="f"), cell(None, **young), cell(10, **old)]
    for values, code in ((small, "statistic.small-cell"), (away, "statistic.cell-given-away")):
        with pytest.raises(InputError) as refused:
            await publish(fresh.mali, statistic(1, values=values))
        withheld: Any = refused.value.params["withhold"]
        assert (refused.value.code, withheld[-1]) == (code, 3)
    await publish(fresh.mali, statistic(1, values=[away[0], away[1], cell(None, **old)]))
    await publish(fresh.mali, statistic(1, values=small, sources=[{"title": "Rapport 2019 (fictif)"}]))
