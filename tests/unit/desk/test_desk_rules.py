"""The rules of the field at the desk: what breaks one is refused with its place, and nothing of it is published."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from passerelle.errors import ConfigError, InputError, PasserelleError
from passerelle.node import open_node
from passerelle.storage.tables import answered
from tests.unit.desk.story import DAY, Answer, Pair, decide, nominate, offered, publish, ref, verdict
from tests.unit.federation.world import MALI, TOGO, Here, dossier, offer, party

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def refused(here: Here, item: Answer, **more: Any) -> InputError:
    """The refusal of one item, of which nothing is left."""
    before = await here.node.desk.records_list()
    with pytest.raises(InputError) as told:
        await publish(here, item, **more)
    assert await here.node.desk.records_list() == before
    return told.value


@pytest.mark.parametrize(
    ("more", "code", "rule", "path"),
    [
        ({"needExpressedOn": "2099-01"}, "rule.need-in-future", "V03", "/needExpressedOn"),
        ({"tutor": {"assigned": False}}, "rule.no-tutor", "V04", "/tutor/assigned"),
        ({"scheme": "scv", "durationMonths": "13"}, "rule.outside-scheme", "V06", "/durationMonths"),
        ({"period": "2027-07-31/2027-02-01"}, "rule.end-before-start", "V14", "/period"),
        ({"summary": {"fr": "Contact : Kossi Mensah"}}, "rule.personal-data", "V22", "/summary/fr"),
    ],
)
async def test_an_offer_that_breaks_a_rule_is_not_published(
    pair: Pair, more: dict[str, Any], code: str, rule: str, path: str
) -> None:
    """V03, V04, V06, V14, V22: refused with the rule and the place, never with what stood there."""
    error = await refused(pair.mali, offer(MALI, **more))
    assert (error.code, error.params["rule"], error.params["path"]) == (code, rule, path)
    assert "Mensah" not in str(error)


async def test_the_schema_is_asked_first(pair: Pair) -> None:
    """A member that has not its form is told before any rule, which then need not look at forms."""
    item = offer(MALI, places=0, tutor={"assigned": False})
    with pytest.raises(Exception, match=r"schema\.violation"):
        await publish(pair.mali, item)


async def test_a_group_stands_or_falls_by_its_rules(pair: Pair) -> None:
    """R-29: one offer that breaks a rule, and none of the call is published."""
    before = await pair.mali.node.desk.records_list()
    with pytest.raises(InputError) as told:
        await pair.mali.node.desk.publish([offer(MALI), offer(MALI, tutor={"assigned": False})])
    assert told.value.code == "rule.no-tutor"
    assert await pair.mali.node.desk.records_list() == before


async def test_a_dossier_goes_to_those_who_were_consented_to(pair: Pair) -> None:
    """V05: the recipients of a consent are agencies by name."""
    item = dossier(TOGO, MALI, pair.togo.scid, pair.togo.scid)
    error = await refused(pair.togo, item)
    assert (error.code, error.params["why"]) == ("rule.consent", "consent-recipient")


async def test_rules_are_skipped_only_where_all_is_made_up(pair: Pair) -> None:
    """A fictitious home shows what a partner does with what its own rules refuse: it keeps it."""
    made = await publish(pair.mali, offer(MALI, tutor={"assigned": False}), unchecked=True)
    await pair.togo.hear(pair.mali)
    shown: Any = await pair.togo.node.desk.records_show(made["id"])
    assert shown["record"]["body"]["tutor"] == {"assigned": False}, (
        "a partner's record is never refused for it"
    )


async def test_a_node_does_not_start_with_a_pack_that_is_wrong(
    homes: Mapping[str, Path], tmp_path: Path
) -> None:
    """docs/operator/rules.md: the file and the place are named."""
    home = tmp_path / "home"
    shutil.copytree(homes[TOGO], home)
    (home / "packs").mkdir()
    file = home / "packs" / "own.json"
    file.write_bytes(orjson.dumps({"pack": "own"}))
    with pytest.raises(ConfigError) as told:
        async with open_node(home):
            pass
    assert told.value.code == "pack.malformed"
    assert told.value.params.items() >= {"file": str(file), "path": "/editions"}.items()


# --- with the records that it names ----------------------------------------------------


async def organisation(here: Here, **more: object) -> Answer:
    """A host organisation."""
    body = {
        "names": {"fr": "Bibliothèque (fictive)"},
        "category": "association",
        "country": "ML",
        "vettedOn": "2026-05",
    }
    return await publish(here, {"type": "organisation", "body": body | more})


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, None),
        ({"status": "active"}, None),
        ({"status": "suspended"}, "host-suspended"),
        ({"status": "closed"}, "host-closed"),
        ({"vettedOn": None}, "host-unvetted"),
    ],
)
async def test_a_host_that_has_a_record_is_vetted(
    pair: Pair, more: dict[str, object], why: str | None
) -> None:
    """V03: vetted and active; the newest version of its record counts."""
    made = await organisation(pair.mali)
    body: Any = (await pair.mali.node.desk.records_show(made["id"]))["record"]
    changed = {name: value for name, value in (body["body"] | more).items() if value is not None}
    await publish(pair.mali, {"type": "organisation", "id": made["id"], "body": changed})
    item = offer(MALI, hostOrganisation={"id": made["id"]})
    if why is None:
        await publish(pair.mali, item)
    else:
        error = await refused(pair.mali, item)
        assert (error.code, error.params["why"]) == ("rule.host-not-vetted", why)


async def test_a_host_whose_record_nobody_holds(pair: Pair) -> None:
    """V03: what is not there is not vetted."""
    name = "urn:uuid:7e7a17a5-1e18-4f0a-8a9e-6a3c8f0d6b99"
    error = await refused(pair.mali, offer(MALI, hostOrganisation={"id": name}))
    assert (error.code, error.params["id"]) == ("rule.host-unknown", name)


CONSENT: dict[str, Any] = {
    "noticeVersion": "1",
    "purposes": ["nomination"],
    "tiersAllowed": ["T1"],
    "givenOn": "2026-03-20",
    "medium": "paper",
    "language": "fr",
    "expires": "2029-12-31",
}


async def presented(pair: Pair, card: dict[str, Any], offered_more: dict[str, Any], **more: Any) -> Answer:
    """A nomination of a card for an offer, under an agreement in force."""
    agreement = await pair.agreed(**more.pop("agreed", {}))
    made = await offered(pair.mali, **offered_more)
    await pair.togo.hear(pair.mali)
    return await nominate(pair.togo, made, await pair.card(**card), agreement, **more)


@pytest.mark.parametrize(
    ("card", "offered_more", "code", "params"),
    [
        ({"nationality": ["ML"]}, {}, "rule.nationality", {"rule": "V07", "country": "ML"}),
        ({"nationality": ["TG", "ML"]}, {"scheme": "vsi"}, "rule.nationality", {"rule": "V07"}),
        ({"residenceCountry": "ML"}, {"scheme": "vsi"}, "rule.resident", {"rule": "V07"}),
        ({"ageBand": "36-59"}, {}, "rule.outside-scheme", {"rule": "V06", "bound": "ageMax", "limit": 25}),
        ({"served": [{"scheme": "scv", "months": "8"}]}, {"scheme": "scv"}, "rule.served-before", {"rule": "V15", "limit": 1}),
        ({"served": [{"scheme": "vsi", "months": "61"}]}, {"scheme": "vsi", "durationMonths": "12"}, "rule.served-before", {"found": 73}),
        ({"consent": CONSENT | {"purposes": ["statistics"]}}, {}, "rule.consent", {"why": "consent-purpose"}),
        ({"consent": CONSENT | {"expires": "2027-02-28"}}, {}, "rule.consent", {"why": "consent-expired"}),
    ],
)  # fmt: skip
async def test_a_nomination_that_breaks_a_rule(
    pair: Pair, card: dict[str, Any], offered_more: dict[str, Any], code: str, params: dict[str, Any]
) -> None:
    """V05, V06, V07, V15: by the dossier and the offer that it names, on the day of the nomination."""
    if "consent" in card:
        card["consent"]["recipients"] = [pair.mali.scid]
    with pytest.raises(InputError) as told:
        await presented(pair, card, offered_more)
    assert told.value.code == code
    assert told.value.params.items() >= params.items()


@pytest.mark.parametrize(
    ("card", "offered_more"),
    [
        ({"nationality": ["TG", "ML"]}, {}),
        ({"ageBand": "26-30"}, {"scheme": "vsi"}),
        ({"served": [{"scheme": "vir", "months": "8"}]}, {"scheme": "scv"}),
        ({"served": [{"scheme": "vsi", "months": "60"}]}, {"scheme": "vsi", "durationMonths": "12"}),
    ],
)
async def test_a_nomination_that_only_warns(
    pair: Pair, card: dict[str, Any], offered_more: dict[str, Any]
) -> None:
    """V07: two nationalities are shown where the scheme asks for no other one; V15: to the month."""
    await presented(pair, card, offered_more)


async def test_an_agreement_changes_what_its_scheme_allows(pair: Pair) -> None:
    """V06: the terms of an agreement go before the pack, for its own placements."""
    made = await pair.proposed()
    shown: Any = await pair.togo.node.desk.records_show(made["id"])
    item = {
        "type": "agreement",
        "to": [MALI],
        "body": shown["record"]["body"] | {"terms": {"vir": {"ageMax": 40}}},
    }
    agreement = await publish(pair.togo, item)
    await pair.mali.hear(pair.togo)
    await decide(pair.mali, agreement, "accept", effective="2021-01-01")
    made = await offered(pair.mali)
    await pair.settle()
    card = await pair.card(ageBand="36-59")
    await nominate(pair.togo, made, card, agreement)
    longer = offer(MALI, scheme="scv", durationMonths="13")
    assert (await refused(pair.mali, longer)).code == "rule.outside-scheme"


async def amended(pair: Pair, agreement: Answer, **more: object) -> Answer:
    """A next version of Togo's agreement, which Mali holds and has not accepted."""
    shown: Any = await pair.togo.node.desk.records_show(agreement["digest"])
    item = {"type": "agreement", "to": [MALI], "id": agreement["id"], "body": shown["record"]["body"] | more}
    made = await publish(pair.togo, item)
    await pair.mali.hear(pair.togo)
    return made


async def test_terms_count_once_both_have_accepted_them(pair: Pair) -> None:
    """V06: a version of an agreement that one party alone proposes changes nothing, for neither of the two."""
    agreement = await pair.agreed()
    terms: dict[str, Any] = {"schemes": ["vir", "scv"], "terms": {"scv": {"monthsMax": 24}}}
    proposal = await amended(pair, agreement, **terms)
    longer: dict[str, Any] = {"scheme": "scv", "durationMonths": "13", "agreement": {"id": agreement["id"]}}
    assert (await refused(pair.mali, offer(MALI, **longer))).code == "rule.outside-scheme"
    assert (await refused(pair.togo, offer(TOGO, **longer))).code == "rule.outside-scheme"
    await decide(pair.mali, proposal, "accept", effective="2021-01-01")
    await publish(pair.mali, offer(MALI, **longer))
    stricter = await amended(pair, proposal, **terms | {"terms": {"scv": {"monthsMax": 6}}})
    await publish(pair.mali, offer(MALI, **longer))
    await decide(pair.mali, stricter, "accept", effective="2021-01-01")
    assert (await refused(pair.mali, offer(MALI, **longer))).code == "rule.outside-scheme"


async def test_a_nomination_is_made_under_what_governs(pair: Pair) -> None:
    """S-33: a proposed amendment keeps nobody from nominating by the agreement's id, and lifts no limit."""
    agreement = await pair.agreed()
    made = await offered(pair.mali)
    await pair.togo.hear(pair.mali)
    await amended(pair, agreement, terms={"vir": {"ageMax": 60}})
    nomination = await pair.nominated(agreement, made)
    shown: Any = await pair.togo.node.desk.records_show(nomination["digest"])
    assert shown["record"]["body"]["agreement"] == ref(agreement)
    with pytest.raises(InputError) as told:
        await nominate(pair.togo, made, await pair.card(ageBand="36-59"), agreement)
    assert told.value.code == "rule.outside-scheme"


async def test_an_acceptance_needs_a_place(pair: Pair) -> None:
    """V17: no more acceptances than places, in one call too; a waiting list is always open."""
    agreement = await pair.agreed()
    made = await offered(pair.mali, places=1)
    await pair.togo.hear(pair.mali)
    one, two = [await pair.nominated(agreement, made) for _ in range(2)]
    await pair.mali.hear(pair.togo)
    body = {
        "aboutType": "nomination",
        "outcome": "accept",
        "effective": DAY,
        "actingFunction": "exchange-desk",
    }
    both = [{"type": "decision", "to": [TOGO], "body": body | {"about": ref(item)}} for item in (one, two)]
    with pytest.raises(InputError) as told:
        await pair.mali.node.desk.publish(both)
    assert told.value.code == "rule.places"
    await decide(pair.mali, one, "accept")
    with pytest.raises(InputError) as told:
        await decide(pair.mali, two, "accept")
    assert told.value.params.items() >= {"rule": "V17", "places": 1, "taken": 1}.items()
    await decide(pair.mali, two, "waitlist")


async def test_a_dossier_is_accepted_once_unless_somebody_answers_for_it(pair: Pair) -> None:
    """V23: refused for the same days; a named function may waive it with a reason, on either of the records."""
    agreement = await pair.agreed()
    card = await pair.card()
    offers = [
        await offered(pair.mali, period=period) for period in ("2027-02/2027-07", "2027-07/2027-12", "2028")
    ]
    await pair.togo.hear(pair.mali)
    first, second, later = [await nominate(pair.togo, made, card, agreement) for made in offers]
    await pair.mali.hear(pair.togo)
    await decide(pair.mali, first, "accept")
    await decide(pair.mali, later, "accept")
    with pytest.raises(InputError) as told:
        await decide(pair.mali, second, "accept")
    assert told.value.code == "rule.dossier-twice"
    assert told.value.params.items() >= {"rule": "V23", "dossier": card["id"], "other": first["id"]}.items()
    with pytest.raises(InputError, match=r"publish\.waiver-without-reason"):
        await decide(pair.mali, second, "waive", rule="V23")
    await decide(
        pair.mali, second, "waive", rule="V23", function="programme-manager", text={"fr": "Deux mi-temps."}
    )
    await decide(pair.mali, second, "accept")


async def test_two_acceptances_at_one_time(pair: Pair) -> None:
    """V17, V23: who is judged second sees what the first took, though both were asked at once."""
    agreement = await pair.agreed(candidates=2)
    made = await offered(pair.mali, places=1)
    both = [await offered(pair.mali, period=period) for period in ("2027-02/2027-07", "2027-07/2027-12")]
    await pair.togo.hear(pair.mali)
    card = await pair.card()
    rivals = [await pair.nominated(agreement, made) for _ in range(2)]
    twice = [await nominate(pair.togo, one, card, agreement) for one in both]
    await pair.mali.hear(pair.togo)
    for nominations, code in ((rivals, "rule.places"), (twice, "rule.dossier-twice")):
        asked = (decide(pair.mali, nomination, "accept") for nomination in nominations)
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(item, dict) for item in told].count(True) == 1
        (error,) = [item for item in told if isinstance(item, InputError)]
        assert error.code == code


async def test_who_gave_up_waiting_has_taken_a_place_all_the_same(pair: Pair) -> None:
    """V17: an acceptance that is on its way to the writer is seen by the next, whether or not anybody waits for it."""
    agreement = await pair.agreed(candidates=2)
    made = await offered(pair.mali, places=1)
    await pair.togo.hear(pair.mali)
    rivals = [await pair.nominated(agreement, made) for _ in range(2)]
    await pair.mali.hear(pair.togo)
    first = asyncio.ensure_future(decide(pair.mali, rivals[0], "accept"))
    while not pair.mali.node.desk.ledger.deciding.locked():  # noqa: ASYNC110 - a lock tells nobody that it is taken
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(InputError) as told:
        await decide(pair.mali, rivals[1], "accept")
    assert told.value.code == "rule.places"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_nothing_is_decided_before_it_is_there(pair: Pair) -> None:
    """A decision cannot take effect before the day of the nomination; a month that holds the day may."""
    agreement = await pair.agreed()
    made = await offered(pair.mali)
    await pair.togo.hear(pair.mali)
    nomination = await pair.nominated(agreement, made)
    await pair.mali.hear(pair.togo)
    with pytest.raises(InputError) as told:
        await decide(pair.mali, nomination, "accept", effective="2027-02-28")
    assert (told.value.code, told.value.params["subject"]) == ("rule.decided-before", DAY)
    await decide(pair.mali, nomination, "accept", effective="2027-03")


# --- waivers ---------------------------------------------------------------------------

WAIVER = {"rule": "V06", "function": "programme-manager", "text": {"fr": "Prolongation pour fin de projet."}}


async def test_a_waived_offer_is_published_with_the_decision_that_says_so(pair: Pair) -> None:
    """V06: who waived it and why stands in a record beside it, once, however often the call is repeated."""
    item = offer(MALI, scheme="scv", durationMonths="13") | {"waive": [WAIVER], "key": "prolonged"}
    made = await publish(pair.mali, item)
    again = await publish(pair.mali, item)
    assert again["digest"] == made["digest"]
    (decision,) = await decisions_on(pair.mali, made)
    assert (decision["outcome"], decision["rule"], decision["actingFunction"]) == (
        "waive",
        "V06",
        "programme-manager",
    )


@pytest.mark.parametrize(
    ("waiver", "code"),
    [
        (WAIVER | {"rule": "V04"}, "publish.not-waivable"),
        (WAIVER | {"rule": "V99"}, "publish.not-waivable"),
        ({"rule": "V06", "function": "programme-manager"}, "publish.waiver-without-reason"),
        ({"rule": "V06", "text": {"fr": "Prolongation"}}, "publish.malformed-waiver"),
        (WAIVER | {"by": "moi"}, "publish.malformed-waiver"),
        ("V06", "publish.malformed-waiver"),
    ],
)
async def test_a_waiver_names_its_rule_its_function_and_its_reason(
    pair: Pair, waiver: object, code: str
) -> None:
    """Only a rule that the table says may be waived, by a named function, with a reason."""
    item = offer(MALI, tutor={"assigned": False}) | {"waive": [waiver]}
    assert (await refused(pair.mali, item)).code == code


async def test_a_rule_is_waived_once(pair: Pair) -> None:
    """Two waivers of one rule would be two answers for one question; nor has a record the key of another's waiver."""
    item = offer(MALI, scheme="scv", durationMonths="13")
    twice = item | {"waive": [WAIVER, WAIVER | {"function": "dpo"}]}
    assert (await refused(pair.mali, twice)).code == "publish.malformed-waiver"
    items = [item | {"waive": [WAIVER], "key": "one"}, offer(MALI) | {"key": "waive-V06-one"}]
    with pytest.raises(InputError, match=r"publish\.key-reused"):
        await pair.mali.node.desk.publish(items)


async def test_the_longest_key_leaves_room_for_its_waiver(pair: Pair) -> None:
    """PostgreSQL refuses a key of more than its 200 characters, and with it whatever else is written beside it."""
    item = offer(MALI, scheme="scv", durationMonths="13") | {"waive": [WAIVER], "key": "k" * 200}
    made = await publish(pair.mali, item)
    assert (await publish(pair.mali, item))["digest"] == made["digest"]
    async with pair.mali.node.database.reading() as connection:
        longest = (await connection.execute(select(func.max(func.length(answered.c.key))))).scalar_one()
    assert longest <= 200


async def test_a_waiver_of_one_rule_is_none_of_another(pair: Pair) -> None:
    """V06 waived, V04 still asked."""
    item = offer(MALI, scheme="scv", durationMonths="13", tutor={"assigned": False}) | {"waive": [WAIVER]}
    assert (await refused(pair.mali, item)).code == "rule.no-tutor"


async def test_a_waiver_covers_the_version_that_it_names(pair: Pair) -> None:
    """V23: the next version of a nomination says something else, so somebody answers for it anew."""
    agreement = await pair.agreed()
    card = await pair.card()
    offers = [await offered(pair.mali, period="2027-02/2027-07") for _ in range(2)]
    await pair.togo.hear(pair.mali)
    first, second = [await nominate(pair.togo, made, card, agreement) for made in offers]
    await pair.mali.hear(pair.togo)
    await decide(pair.mali, first, "accept")
    waiver = {"rule": "V23", "function": "programme-manager", "text": {"fr": "Deux mi-temps."}}
    await decide(pair.mali, second, "waive", **waiver)
    shown: Any = await pair.togo.node.desk.records_show(second["digest"])
    item = {
        "type": "nomination",
        "to": [MALI],
        "id": second["id"],
        "body": shown["record"]["body"] | {"rank": 2},
    }
    await publish(pair.togo, item)
    await pair.mali.hear(pair.togo)
    with pytest.raises(InputError) as told:
        await decide(pair.mali, second, "accept")
    assert told.value.code == "rule.dossier-twice"
    await decide(pair.mali, second, "waive", **waiver)
    await decide(pair.mali, second, "accept")


async def decisions_on(here: Here, made: Answer) -> list[dict[str, Any]]:
    """Bodies of the decisions of one desk on a record of its own."""
    shown: list[Any] = [
        await here.node.desk.records_show(str(row["digest"]))
        for row in await here.node.desk.records_list(type="decision")
    ]
    return [item["record"]["body"] for item in shown if item["record"]["body"]["about"] == ref(made)]


async def test_a_waiver_that_cannot_be_published_leaves_nothing(pair: Pair) -> None:
    """Decision 0034: the record and the decision that waives a rule for it are published together or not at all."""
    item = offer(MALI, scheme="scv", durationMonths="13")
    named = WAIVER | {"text": {"fr": "Contact : Kossi Mensah"}}
    before = await pair.mali.node.desk.records_list()
    for wrong, code in ((named, "rule.personal-data"), (WAIVER | {"text": "Mot"}, "schema.violation")):
        with pytest.raises(PasserelleError) as told:
            await publish(pair.mali, item | {"waive": [wrong], "key": "row-of-13"}, key="call-of-13")
        assert told.value.code == code
        assert await pair.mali.node.desk.records_list() == before
    both = [item | {"waive": [WAIVER], "key": "row-of-13"}, offer(MALI, tutor={"assigned": False})]
    with pytest.raises(InputError, match=r"rule\.no-tutor"):
        await pair.mali.node.desk.publish(both, key="call-of-13")
    # Nothing stands, nothing is answered: both keys are free still.
    made = await publish(pair.mali, item | {"waive": [WAIVER], "key": "row-of-13"}, key="call-of-13")
    assert "already" not in made
    assert [decision["rule"] for decision in await decisions_on(pair.mali, made)] == ["V06"]


async def test_a_waived_nomination_of_a_later_day(pair: Pair) -> None:
    """V06: the waiver takes effect with the nomination, never before it."""
    agreement = await pair.agreed()
    made = await offered(pair.mali)
    await pair.togo.hear(pair.mali)
    body = {
        "offer": ref(made),
        "dossier": ref(await pair.card(ageBand="36-59")),
        "agreement": ref(agreement),
        "direction": {"from": party(TOGO), "to": party(MALI)},
        "nominatedOn": DAY,
    }
    item = {"type": "nomination", "to": [MALI], "body": body}
    assert (await refused(pair.togo, item)).code == "rule.outside-scheme"
    nomination = await publish(pair.togo, item | {"waive": [WAIVER]})
    (decision,) = await decisions_on(pair.togo, nomination)
    assert (decision["aboutType"], decision["effective"]) == ("nomination", DAY)
    await pair.mali.hear(pair.togo)
    assert await verdict(pair.mali, nomination) == ("accepted", None)


# --- asked again -----------------------------------------------------------------------


async def test_a_retry_is_answered_whatever_the_rules_say_by_then(pair: Pair) -> None:
    """W-11: what was published under a key is answered as it was, though today a rule would refuse it."""
    host = await organisation(pair.mali)
    item = offer(MALI, hostOrganisation={"id": host["id"]})
    of_call = await publish(pair.mali, item, key="vetted-call")
    of_row = await publish(pair.mali, item | {"key": "vetted-row"})
    shown: Any = await pair.mali.node.desk.records_show(host["id"])
    suspended = shown["record"]["body"] | {"status": "suspended"}
    await publish(pair.mali, {"type": "organisation", "id": host["id"], "body": suspended})
    assert (await refused(pair.mali, item)).code == "rule.host-not-vetted"
    assert await publish(pair.mali, item, key="vetted-call") == of_call
    assert await publish(pair.mali, item | {"key": "vetted-row"}) == of_row | {"already": True}
    other = offer(MALI, "Autre chose", hostOrganisation={"id": host["id"]})
    assert (await refused(pair.mali, other, key="vetted-call")).code == "publish.key-reused"
    assert (await refused(pair.mali, other | {"key": "vetted-row"})).code == "publish.key-reused"


async def test_a_retry_asks_what_was_asked(pair: Pair) -> None:
    """W-11: to nominate and to decide again under a key is the same call, whatever version is the newest by then."""
    agreement = await pair.agreed()
    made = await offered(pair.mali)
    await pair.togo.hear(pair.mali)
    card = await pair.card()
    nomination = await nominate(pair.togo, made, card, agreement, key="nominate-again")
    await pair.mali.hear(pair.togo)
    accepted = await decide(pair.mali, nomination, "accept", key="accept-again")
    shown: Any = await pair.togo.node.desk.records_show(nomination["digest"])
    body = shown["record"]["body"] | {"rank": 3}
    await publish(pair.togo, {"type": "nomination", "to": [MALI], "id": nomination["id"], "body": body})
    shown = await pair.togo.node.desk.records_show(card["digest"])
    body = shown["record"]["body"] | {"ageBand": "26-30"}
    await publish(pair.togo, {"type": "dossier", "to": [MALI], "id": card["id"], "body": body})
    await pair.mali.hear(pair.togo)
    assert await nominate(pair.togo, made, card, agreement, key="nominate-again") == nomination
    assert await decide(pair.mali, nomination, "accept", key="accept-again") == accepted
    with pytest.raises(InputError, match=r"publish\.key-reused"):
        await decide(pair.mali, nomination, "waitlist", key="accept-again")


# --- findings --------------------------------------------------------------------------


async def test_whose_proof_is_missing_is_told_by_code(pair: Pair) -> None:
    """V30: people know agencies by their codes, also where a finding lists several."""
    agreement = await pair.proposed()
    body = {
        "targets": [{"id": agreement["id"], "places": agreement["places"]}],
        "reason": "authority-order",
        "authority": "Autorité de l'Exemple (fictive)",
        "actingFunction": "legal-service",
        "due": "2027-03-31",
    }
    made = await publish(pair.togo, {"type": "erasure", "to": [MALI], "body": body})
    told: Any = await pair.togo.node.desk.findings("2027-04-01")
    (finding,) = [item for item in told if item["id"] == made["id"]]
    assert finding["params"]["missing"] == [pair.mali.scid]
    assert finding["agencies"] == {pair.mali.scid: MALI}


# --- departures ------------------------------------------------------------------------


async def test_nobody_leaves_without_papers_and_insurance(pair: Pair) -> None:
    """V09, V10: contract, visa or exemption, medical check, and an insurance from departure to return."""
    agreement = await pair.agreed()
    made = await offered(pair.mali)
    await pair.togo.hear(pair.mali)
    nomination = await pair.nominated(agreement, made)
    await pair.mali.hear(pair.togo)
    placement = await pair.placed(nomination, agreement, made)
    await pair.togo.hear(pair.mali)
    body = {
        "kind": "departure",
        "about": [{"id": placement["id"], "type": "placement"}],
        "actual": "2027-04-30",
        "status": "done",
    }
    item = {"type": "event", "to": [MALI], "body": body}
    error = await refused(pair.togo, item)
    assert (error.code, error.params["missing"]) == (
        "rule.departure-papers",
        ["contract", "visa", "medical-certificate"],
    )
    paper = {"checkedBy": pair.togo.scid, "checkedOn": "2027-04-01"}
    papers = [
        {"kind": "contract", "outcome": "valid"} | paper,
        {"kind": "visa", "outcome": "not-required"} | paper,
        {"kind": "medical-certificate", "outcome": "with-adjustments"} | paper,
    ]
    error = await refused(pair.togo, {**item, "body": body | {"attestations": papers}})
    assert error.code == "rule.departure-papers", "what the departure itself says comes too late"
    signed = {**body, "kind": "contract-signed", "actual": "2027-04-02", "attestations": papers}
    await publish(pair.togo, {**item, "body": signed})
    error = await refused(pair.togo, item)
    assert (error.code, error.params["first"], error.params["last"]) == (
        "rule.insurance",
        "2027-04-30",
        "2027-10-31",
    )
    insured = {
        "kind": "insurance",
        "outcome": "valid",
        "validFrom": "2027-04-30",
        "validUntil": "2027-10-31",
    } | paper
    short = {**insured, "validUntil": "2027-10-30"}
    await publish(pair.togo, {**item, "body": {**signed, "kind": "insurance-start", "attestations": [short]}})
    assert (await refused(pair.togo, item)).code == "rule.insurance"
    await publish(
        pair.togo, {**item, "body": {**signed, "kind": "insurance-start", "attestations": [insured]}}
    )
    await publish(pair.togo, item)
