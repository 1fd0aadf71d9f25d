"""Publishing: all or none, once, to whom it may concern, by agencies' codes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from passerelle.errors import InputError, PasserelleError, ProtocolError
from passerelle.node import utc_now
from passerelle.protocol.profile import parse_time
from passerelle.storage import records as record_rows
from passerelle.storage import vault
from tests.unit.desk.story import Answer, Pair, decide, offered, publish, ref
from tests.unit.federation.world import FRANCE, MALI, TOGO, Here, agencies, dossier, offer, party

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def sizes(here: Here) -> dict[str, int]:
    told: Any = await here.node.desk.status()
    return {feed["origin"]: feed["size"] for feed in told["feeds"]}


async def body_of(here: Here, published: Answer) -> dict[str, Any]:
    shown: Any = await here.node.desk.records_show(published["digest"])
    return dict(shown["record"]["body"])


async def refused(here: Here, *items: object, **more: Any) -> PasserelleError:
    """The refusal of a call, which has published nothing."""
    before = await sizes(here)
    with pytest.raises(PasserelleError) as told:
        await here.node.desk.publish(list(items), **more)  # type: ignore[arg-type]
    assert await sizes(here) == before
    return told.value


def event(**more: object) -> Answer:
    body = {
        "kind": "training",
        "about": [{"id": "urn:uuid:7e7a17a5-1e18-4f0a-8a9e-6a3c8f0d6b11", "type": "offer"}],
        "planned": "2027-06-01",
        "status": "planned",
    }
    return {"type": "event", "body": body | more}


# --- all or none ---------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_all_or_none(pair: Pair, place: int) -> None:
    """R-29, spec/08: a group is published whole or not at all, wherever in it the fault stands."""
    items = [offer(TOGO, f"Mission {number}") for number in range(2)]
    items.insert(place, offer(TOGO, places=0))
    error = await refused(pair.togo, *items)
    assert isinstance(error, ProtocolError)
    assert error.code == "schema.violation"


async def test_a_rule_stops_the_whole_group(pair: Pair) -> None:
    """S-3, W-4: what the fold would block is refused with all that came with it."""
    made = await pair.proposed()
    nonsense = {
        "type": "decision",
        "to": [MALI],
        "body": {
            "about": ref(made),
            "aboutType": "agreement",
            "outcome": "accept",
            "effective": "2027-01-01",
            "actingFunction": "exchange-desk",
        },
    }
    assert (await refused(pair.togo, offer(TOGO), nonsense)).code == "decision.not-entitled"


async def test_a_group_builds_on_itself(pair: Pair) -> None:
    """spec/08: a record of a group may be the next version of one before it, and they stand in that order."""
    first = await offered(pair.togo, TOGO)
    answers: Any = await pair.togo.node.desk.publish(
        [{**offer(TOGO, "Deuxième"), "id": first["id"]}, {**offer(TOGO, "Troisième"), "id": first["id"]}]
    )
    second, third = answers
    assert [item["version"] for item in (first, second, third)] == [1, 2, 3]
    assert {first["id"], second["id"], third["id"]} == {first["id"]}
    places: Any = [item["places"][0]["index"] for item in (first, second, third)]
    assert places == sorted(places)


async def test_an_answer_says_where_it_stands(pair: Pair) -> None:
    """spec/08: what is answered is durable, served and found again by id and by digest."""
    made = await offered(pair.togo, TOGO)
    (place,) = made["places"]
    assert place["origin"] == f"passerelle/{pair.togo.scid}/public/1"
    assert place["index"] == (await sizes(pair.togo))[place["origin"]] - 1
    for name in (made["id"], made["digest"]):
        shown: Any = await pair.togo.node.desk.records_show(name)
        assert (shown["digest"], shown["places"]) == (made["digest"], made["places"])


# --- once ----------------------------------------------------------------------------------


async def test_a_key_makes_a_retry_safe(pair: Pair) -> None:
    """W-11: the same call under the same key gives the same answer, and nothing new."""
    item = offer(TOGO, "Une fois")
    first = await pair.togo.node.desk.publish([item], key="k-1")
    before = await sizes(pair.togo)
    assert await pair.togo.node.desk.publish([item], key="k-1") == first
    assert await sizes(pair.togo) == before


async def test_a_call_and_its_record_have_different_keys(pair: Pair) -> None:
    """Desk: one key for both is refused, and whoever publishes beside it is not."""
    desk = pair.togo.node.desk
    both = desk.publish([{**offer(TOGO, "one key for two"), "key": "k-3"}], key="k-3")
    told = await asyncio.gather(both, desk.publish([offer(TOGO, "beside it")]), return_exceptions=True)
    assert isinstance(told[0], InputError)
    assert (told[0].code, told[0].params) == ("publish.key-reused", {"key": "k-3"})
    assert isinstance(told[1], list)


async def test_a_key_is_for_one_request(pair: Pair) -> None:
    """spec/08: another request under a key that was used is refused, never answered with the first."""
    await pair.togo.node.desk.publish([offer(TOGO, "A")], key="k-2")
    error = await refused(pair.togo, offer(TOGO, "B"), key="k-2")
    assert (error.code, error.params) == ("publish.key-reused", {"key": "k-2"})


async def test_a_retry_beside_the_first(pair: Pair) -> None:
    """spec/08: even calls at one time under one key publish once."""
    item = offer(TOGO, "Ensemble")
    before = sum((await sizes(pair.togo)).values())
    answers = await asyncio.gather(*(pair.togo.node.desk.publish([item], key="k-3") for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert sum((await sizes(pair.togo)).values()) == before + 1


async def test_a_failure_uses_up_no_key(pair: Pair) -> None:
    """spec/08: a call that published nothing may be made again, put right, under its key."""
    await refused(pair.togo, offer(TOGO, places=0), key="k-4")
    assert await pair.togo.node.desk.publish([offer(TOGO)], key="k-4")


# --- codes ---------------------------------------------------------------------------------


async def test_agencies_are_named_by_code(pair: Pair) -> None:
    """Desk: wherever a body names an agency, our own code and partners' stand for their SCIDs."""
    made = await publish(pair.togo, offer(TOGO, origins=[party(MALI), party(TOGO)]))
    body = await body_of(pair.togo, made)
    assert body["host"]["agency"] == pair.togo.scid
    assert [end["agency"] for end in body["origins"]] == [pair.mali.scid, pair.togo.scid]
    again = await publish(pair.togo, offer(TOGO, host={"agency": pair.togo.scid, "country": "TG"}))
    assert (await body_of(pair.togo, again))["host"]["agency"] == pair.togo.scid


@pytest.mark.parametrize(
    "item",
    [
        offer(TOGO, origins=[{"agency": "BJ-ONV", "country": "BJ"}]),
        offer(TOGO, host={"agency": "tg-anvt", "country": "TG"}),
        {**event(), "to": ["BJ-ONV"]},
        {**event(), "to": "BJ-ONV"},
        {**event(), "to": [MALI, "BJ-ONV"]},
        {**event(), "to": [TOGO]},
    ],
)
async def test_an_unknown_code_is_refused(pair: Pair, item: Answer) -> None:
    """Desk: a code that is nobody's here is told by its name; and nobody writes to itself."""
    error = await refused(pair.togo, item)
    assert error.code == "peer.unknown"
    assert error.params["name"] in {"BJ-ONV", "tg-anvt", TOGO}


# --- audience ------------------------------------------------------------------------------


@pytest.mark.parametrize("record_type", ["agency", "node", "organisation", "offer"])
async def test_some_types_are_always_public(pair: Pair, record_type: str) -> None:
    """spec/04: an offer, an organisation, who we are: everybody may read them."""
    item = {"type": record_type, "to": [MALI], "body": {}}
    error = await refused(pair.togo, item)
    assert (error.code, error.params) == ("publish.always-public", {"type": record_type})


@pytest.mark.parametrize("record_type", ["agreement", "dossier", "nomination", "placement", "rejection"])
async def test_some_types_are_never_public(pair: Pair, record_type: str) -> None:
    """spec/04: what is about a person, or between two, is never published to all."""
    error = await refused(pair.togo, {"type": record_type, "to": "public", "body": {}})
    assert (error.code, error.params) == ("publish.never-public", {"type": record_type})


@pytest.mark.parametrize("to", [None, [], 5, {}, ""])
async def test_somebody_must_be_addressed(pair: Pair, to: object) -> None:
    """Desk: a record between two needs a partner; none is guessed."""
    error = await refused(pair.togo, {**event(), "to": to})
    assert error.code in {"publish.no-audience", "peer.unknown"}
    assert error.code == "publish.no-audience" or to == ""


async def test_an_event_may_be_either(pair: Pair) -> None:
    """spec/04: an event is published as it is asked for."""
    public = await publish(pair.togo, {**event(), "to": "public"})
    sealed = await publish(pair.togo, {**event(), "to": [MALI]})
    assert public["places"][0]["origin"].endswith("/public/1")
    assert sealed["places"][0]["origin"].endswith(f"/to/{pair.mali.scid}/1")


async def test_a_public_event_tells_nothing_of_two(pair: Pair) -> None:
    """S-70, S-71: refused on the way out, by what it is about and by the placements that it lists."""
    named = {"id": "urn:uuid:7e7a17a5-1e18-4f0a-8a9e-6a3c8f0d6b11"}
    for more in ({"about": [{**named, "type": "placement"}]}, {"placements": [named]}):
        error = await refused(pair.togo, {**event(**more), "to": "public"})
        assert (error.code, error.params) == ("event.audience", {"type": "placement"})
        await publish(pair.togo, {**event(**more), "to": [MALI]})


async def test_several_addressees_have_one_order(pair: Pair) -> None:
    """W-3: a record to several stands in each of their feeds, in one order."""
    items = [{**event(planned=f"2027-06-0{day}"), "to": [FRANCE, MALI]} for day in range(1, 6)]
    made = await pair.togo.node.desk.publish(items)
    by_feed: dict[str, list[int]] = {}
    for item in made:
        places: Any = item["places"]
        shown: Any = await pair.togo.node.desk.records_show(str(item["digest"]))
        assert (shown["places"], len(places)) == (places, 2)
        for place in places:
            by_feed.setdefault(place["origin"], []).append(place["index"])
    assert all(indexes == sorted(set(indexes)) for indexes in by_feed.values())


async def test_each_reader_has_one_feed(pair: Pair) -> None:
    """L-3: all that goes to one partner stands in one feed, and all that is public in another, next versions too."""
    numbers: dict[str, list[int]] = {}
    for item, to in ((event(), [MALI]), (offer(TOGO), "public"), (event(), [FRANCE])):
        first = await publish(pair.togo, {**item, "to": to})
        for made in (first, await publish(pair.togo, {**item, "to": to, "id": first["id"]})):
            ((origin, index),) = [(place["origin"], place["index"]) for place in made["places"]]
            numbers.setdefault(origin, []).append(index)
    assert len(numbers) == 3
    assert all(later == earlier + 1 for earlier, later in numbers.values())


# --- versions ------------------------------------------------------------------------------


async def test_each_version_has_a_nonce_of_its_own(pair: Pair) -> None:
    """R-5: 16 bytes, in the next version too, so that nobody finds a text by guessing it."""
    first = await offered(pair.togo, TOGO)
    body: Any = (await pair.togo.node.desk.records_show(first["digest"]))["record"]
    item = {"type": "offer", "id": first["id"], "body": body["body"]}
    second = await publish(pair.togo, item)
    shown: Any = await pair.togo.node.desk.records_show(second["digest"])
    nonces = {body["nonce"], shown["record"]["nonce"]}
    assert [len(bytes.fromhex(nonce)) for nonce in nonces] == [16, 16]


async def test_a_next_version_may_widen(pair: Pair) -> None:
    """R-7, R-23: a next version keeps or widens its audience; the one hash that it writes of the one before is the digest."""
    first = await publish(pair.togo, {**event(), "to": [MALI]})
    same = await publish(pair.togo, {**event(), "to": [MALI], "id": first["id"]})
    wider = await publish(pair.togo, {**event(), "to": [MALI, FRANCE], "id": first["id"]})
    assert [same["version"], wider["version"]] == [2, 3]
    shown: Any = await pair.togo.node.desk.records_show(wider["digest"])
    assert shown["record"]["previous"] == same["digest"]


@pytest.mark.parametrize(
    ("first", "then"),
    [([MALI, FRANCE], [MALI]), ([MALI], [FRANCE]), ("public", [MALI]), ([MALI], "public")],
)
async def test_a_next_version_never_narrows(pair: Pair, first: object, then: object) -> None:
    """spec/04: whoever has read a record reads its next version; and what was between two stays there."""
    made = await publish(pair.togo, {**event(), "to": first})
    error = await refused(pair.togo, {**event(), "to": then, "id": made["id"]})
    assert (error.code, error.params) == ("publish.audience-narrowed", {"id": made["id"]})


async def test_a_next_version_is_of_one_type(pair: Pair) -> None:
    """spec/04: an offer does not become an event."""
    made = await offered(pair.togo, TOGO)
    assert (
        await refused(pair.togo, {**event(), "to": "public", "id": made["id"]})
    ).code == "publish.type-changed"


async def test_only_what_is_ours_has_a_next_version(pair: Pair) -> None:
    """spec/04: the issuer alone publishes a next version."""
    theirs = await offered(pair.mali)
    await pair.settle()
    unknown = "urn:uuid:00000000-0000-4000-8000-000000000000"
    for name in (theirs["id"], unknown, "nonsense"):
        error = await refused(pair.togo, {**offer(TOGO), "id": name})
        assert (error.code, error.params) == ("publish.not-ours", {"id": name})


async def test_what_was_erased_has_none(pair: Pair) -> None:
    """spec/04: of an erased record there is nothing to say anew."""
    card = await pair.card()
    async with pair.togo.node.database.writing() as connection:
        await connection.exec_driver_sql(
            "delete from vault_record where record = (select number from record where digest = ?)",
            (card["digest"],),
        )
    item = {**dossier(TOGO, MALI, pair.togo.scid, pair.mali.scid), "id": card["id"]}
    assert (await refused(pair.togo, item)).code == "publish.erased"
    with pytest.raises(InputError) as told:
        await decide(pair.togo, card, "withdraw")
    assert told.value.code == "record.erased"
    shown: Any = await pair.togo.node.desk.records_show(card["id"])
    assert shown["record"] is None


# --- what is given -------------------------------------------------------------------------


async def test_nothing_to_publish(pair: Pair) -> None:
    """Desk: an empty call is a mistake."""
    assert (await refused(pair.togo)).code == "publish.nothing"


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"type": "offer"},
        {"type": "offer", "body": []},
        {"type": 5, "body": {}},
        {"type": "offer", "body": {}, "id": 5},
        {"type": "offer", "body": {}, "issuer": "x"},
    ],
)
async def test_an_item_of_another_form(pair: Pair, item: Answer) -> None:
    """Desk: an item has a type, an audience, a body and perhaps an id, nothing else."""
    error = await refused(pair.togo, offer(TOGO), item)
    assert (error.code, error.params) == ("publish.malformed-item", {"number": 2})


@pytest.mark.parametrize("value", [1.5, float("nan"), "a\0b", "\ud800", 2**60, object(), b"bytes"])
async def test_a_value_beyond_the_profile(pair: Pair, value: object) -> None:
    """spec/02: what JSON of the profile cannot say is refused before anything is signed."""
    error = await refused(pair.togo, offer(TOGO, summary={"fr": value}), key="k-profile")
    assert error.code == "publish.not-in-profile"


async def test_an_unknown_type_or_member(pair: Pair) -> None:
    """R-30: outgoing, what the schema does not know is refused."""
    assert (await refused(pair.togo, {"type": "poem", "to": "public", "body": {}})).code.startswith("schema.")
    assert (await refused(pair.togo, offer(TOGO, surprise=True))).code == "schema.violation"


async def test_what_is_filled_in(pair: Pair) -> None:
    """Desk: a fictitious home marks every record; a language that is not given is the agency's first."""
    plain = await body_of(pair.togo, await offered(pair.togo, TOGO))
    assert (plain["synthetic"], plain["lang"]) == (True, "fr")
    own = await body_of(pair.togo, await publish(pair.togo, offer(TOGO, lang="en", synthetic=False)))
    assert (own["synthetic"], own["lang"]) == (True, "en")


async def test_a_real_home_is_always_checked(homes: Mapping[str, Path], tmp_path: Path) -> None:
    """Desk: only a fictitious home may send a record past its own rules, and only its records are marked."""
    home = tmp_path / "home"
    shutil.copytree(homes[TOGO], home)
    config = home / "passerelle.toml"
    config.write_text(config.read_text("utf-8").replace("fictitious = true\n", ""), "utf-8")
    async with agencies({TOGO: home}, tmp_path / "copies") as found:
        error = await refused(found[TOGO], offer(TOGO), unchecked=True)
        assert error.code == "publish.unchecked-not-fictitious"
        made = await publish(found[TOGO], offer(TOGO))
        assert "synthetic" not in await body_of(found[TOGO], made)


async def test_records_are_kept_as_they_are_sealed(pair: Pair) -> None:
    """O-1: one record to two partners is one record, sealed twice with two salts."""
    made = await publish(pair.togo, {**event(), "to": [MALI, FRANCE]})
    async with pair.togo.node.database.reading() as connection:
        data = await vault.get_record(connection, made["digest"])
        rows = await record_rows.by_name(connection, made["digest"])
        found = await connection.exec_driver_sql(
            "select s.salt from vault_salt s join place p on p.feed_id = s.feed_id and p.idx = s.idx"
            " join record r on r.number = p.record where r.digest = ?",
            (made["digest"],),
        )
        salts = [row[0] for row in found]
    assert data is not None
    assert len(rows) == 1
    assert len(set(salts)) == 2


# --- time ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [-3_600, 0, 2, 240])
async def test_a_record_is_dated_after_its_key(fresh: Pair, ahead: int) -> None:
    """spec/04 R-36: `issued` is later than the newest identity entry, even just after a rotation or by a slow clock."""
    directory = fresh.togo.node.directory
    when = utc_now().replace(microsecond=0) + timedelta(seconds=ahead)
    *before, newest = directory.own.entries
    directory.keep_identity(replace(directory.own, entries=(*before, replace(newest, version_time=when))))
    for _ in range(2):
        made = await publish(fresh.togo, offer(TOGO))
        shown: Any = await fresh.togo.node.desk.records_show(made["digest"])
        issued = parse_time(shown["record"]["issued"])
        assert issued > when
        assert issued <= max(when + timedelta(seconds=1), utc_now())


async def test_records_with_keys_of_their_own(pair: Pair) -> None:
    """Desk: one record, one key, whatever it was published beside; the answer says which were there."""
    desk = pair.togo.node.desk
    items = [{**offer(TOGO, f"own key {number}"), "key": f"row-{number}"} for number in range(4)]
    first: Any = await desk.publish(items[:2])
    assert all("already" not in answer for answer in first)
    both: Any = await desk.publish([items[2], items[0], items[3], items[1]])
    assert [answer.get("already", False) for answer in both] == [False, True, False, True]
    assert [both[1]["id"], both[3]["id"]] == [answer["id"] for answer in first]
    assert len({answer["id"] for answer in both}) == 4
    for wrong in ([{**offer(TOGO, "another"), "key": "row-0"}], [{**offer(TOGO), "key": "two"}] * 2):
        assert (await refused(pair.togo, *wrong)).code == "publish.key-reused"
    await refused(pair.togo, {**offer(TOGO), "key": ""})
    await refused(pair.togo, {**offer(TOGO), "key": "x" * 201})


async def test_a_key_of_a_record_that_was_refused_is_free(pair: Pair) -> None:
    """Desk: all or none, keys as well."""
    desk, good = pair.togo.node.desk, {**offer(TOGO, "free"), "key": "free-1"}
    with pytest.raises(PasserelleError):
        await desk.publish([good, {**offer(TOGO, places=0), "key": "free-2"}])
    (answer,) = await desk.publish([good])
    assert "already" not in answer
