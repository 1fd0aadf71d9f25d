"""Partners at the desk: first contact, codes, the road step by step; and looking at what is held."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from passerelle.errors import InputError, ProtocolError, StorageError, TransportError
from passerelle.node import utc_now
from passerelle.protocol import profile
from passerelle.protocol.fingerprints import fingerprint
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import parse_time
from passerelle.storage import feeds
from passerelle.storage import peers as peer_rows
from tests.unit.desk.story import Pair, offered, verdict
from tests.unit.federation.world import MALI, TOGO, Here, dossier, introduce
from tests.unit.sync.author import Agency, Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

UNKNOWN = "Qm" + "z" * 44


async def refused(here: Here, *arguments: Any, **more: Any) -> InputError:
    """The refusal of a partner, which leaves none behind."""
    before = await _named(here)
    with pytest.raises(InputError) as told:
        await here.node.desk.peer_add(*arguments, **more)
    assert await _named(here) == before
    return told.value


async def _named(here: Here) -> list[tuple[object, ...]]:
    """Partners by what adding decides on; how far their feeds are, the visits beside it decide."""
    partners: Any = await here.node.desk.peer_list()
    return [(item["scid"], item["code"], item["address"], item["fingerprint"]) for item in partners]


# --- adding --------------------------------------------------------------------------------


async def test_first_contact(fresh: Pair) -> None:
    """I-4, spec/03: what a node says of itself, with the fingerprint that two people compare."""
    told: Any = await fresh.togo.node.desk.peer_inspect(fresh.mali.url + "/")
    assert told["scid"] == fresh.mali.scid
    assert told["fingerprint"] == fingerprint(fresh.mali.scid)
    assert told["address"] == fresh.mali.public
    assert await fresh.togo.node.desk.peer_list() == []
    added: Any = await fresh.togo.node.desk.peer_add(fresh.mali.url, scid=fresh.mali.scid, code=MALI)
    assert (added["scid"], added["code"], added["connect"]) == (fresh.mali.scid, MALI, fresh.mali.url)
    origins = {feed["origin"] for feed in (await listed(fresh.togo))[0]["feeds"]}
    between = {
        f"passerelle/{fresh.mali.scid}/to/{fresh.togo.scid}/1",
        f"passerelle/{fresh.togo.scid}/to/{fresh.mali.scid}/1",
    }
    assert origins == between | {f"passerelle/{fresh.mali.scid}/public/1"}


async def test_half_a_partner_is_none(fresh: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """W-34: where our feed to it cannot be made nothing of it is kept, and it can be added when there is room."""
    node, theirs = fresh.togo.node, Origin(fresh.mali.scid, None, 1)

    async def full(*_given: object) -> None:
        raise StorageError("storage.disk-full")

    async def kept() -> tuple[list[object], object, object]:
        async with node.database.reading() as connection:
            logs = await peer_rows.identities(connection)
            partners = await peer_rows.every(connection)
            return [*partners], logs.get(fresh.mali.scid), await feeds.get(connection, theirs)

    with monkeypatch.context() as broken:
        broken.setattr(feeds, "put_checkpoint", full)
        with pytest.raises(StorageError, match=r"storage\.disk-full"):
            await node.desk.peer_add(fresh.mali.url, code=MALI)
    assert await kept() == ([], None, None)
    await node.desk.peer_add(fresh.mali.url, code=MALI)
    assert all(await kept())


async def listed(here: Here) -> Any:
    return await here.node.desk.peer_list()


async def test_us(fresh: Pair) -> None:
    """Desk: nobody is a partner of itself."""
    assert (await refused(fresh.togo, fresh.togo.url)).code == "peer.is-us"


async def test_another_identity(fresh: Pair) -> None:
    """spec/03: where another agency answers than the one whose fingerprint was compared, nothing is added."""
    error = await refused(fresh.togo, fresh.mali.url, scid=UNKNOWN)
    assert (error.code, error.params) == (
        "peer.another-identity",
        {"expected": UNKNOWN, "found": fresh.mali.scid},
    )


async def test_an_identity_that_is_not_verified(fresh: Pair) -> None:
    """I-40: who shows another agency's descriptor with a log that nobody signed is not added, and with the true log is."""
    log = fresh.mali.node.directory.own.log
    entry = json.loads(log)
    entry["proof"][0]["proofValue"] = entry["proof"][0]["proofValue"][:-3] + "111"
    site = Site(Agency("elsewhere"))
    await site.start()
    site.files["/.well-known/passerelle"] = fresh.mali.node.descriptor
    site.files["/.well-known/did.jsonl"] = profile.encode(entry) + b"\n"
    with pytest.raises(ProtocolError, match=r"identity\.proof"):
        await fresh.togo.node.desk.peer_add(site.address, code=MALI)
    assert await listed(fresh.togo) == []
    site.files["/.well-known/did.jsonl"] = log
    assert (await fresh.togo.node.desk.peer_add(site.address, code=MALI))["scid"] == fresh.mali.scid
    await site.stop()


async def test_a_code_that_is_taken(trio: dict[str, Here], fresh: Pair) -> None:
    """spec/03: a code is one agency's here, our own included; a second claimant is not addressed by it."""
    await fresh.togo.node.desk.peer_add(fresh.mali.url, code=MALI)
    for code in (MALI, TOGO):
        error = await refused(fresh.togo, trio["FR-FV"].url, code=code)
        assert (error.code, error.params) == ("peer.code-taken", {"code": code})
    assert await fresh.togo.node.desk.peer_add(trio["FR-FV"].url, code="FR-FV")


@pytest.mark.parametrize(
    "code", ["", "ML", "ml-cnpv", "ML CNPV", "ML-C", "ML-CNPV\n", "MLI-CNPV", "ML-" + "C" * 13]
)
async def test_a_code_of_another_form(fresh: Pair, code: str) -> None:
    """Desk: a code is a country, a hyphen, letters or digits; another form is refused before anybody is asked."""
    error = await refused(fresh.togo, "http://nobody.invalid", code=code)
    assert (error.code, error.params) == ("peer.code-form", {"code": code})


async def test_a_partner_twice(fresh: Pair) -> None:
    """Desk: adding a partner again with nothing new changes nothing; the answer says which it is."""
    await fresh.togo.add(fresh.mali)
    error = await refused(fresh.togo, fresh.mali.url)
    assert (error.code, error.params) == ("peer.known", {"name": MALI})


async def test_a_code_given_later(fresh: Pair) -> None:
    """I-2: a partner added without a code gets one, or another one, unless it is somebody else's here."""
    desk: Any = fresh.togo.node.desk
    assert (await desk.peer_add(fresh.mali.url))["changed"] is False
    assert (await desk.peer_inspect(fresh.mali.url))["published"] == MALI
    changed = await desk.peer_add(fresh.mali.url, code=MALI)
    assert (changed["code"], changed["changed"]) == (MALI, True)
    again = await desk.peer_add(fresh.mali.url, code="ML-AUTRE")
    assert again["code"] == "ML-AUTRE"
    assert [item["code"] for item in await listed(fresh.togo)] == ["ML-AUTRE"]
    found = await desk.peer_inspect(fresh.mali.url)
    assert (found["known"], found["code"]) == (True, "ML-AUTRE")
    error = await refused(fresh.togo, fresh.mali.url, code=TOGO)
    assert error.code == "peer.code-taken"


async def test_an_address_given_later(fresh: Pair) -> None:
    """Desk: where to connect is the operator's word, and a changed one is used at once; the code stays."""
    desk: Any = fresh.togo.node.desk
    await desk.peer_add(fresh.mali.url, code=MALI, address="http://127.0.0.1:1")
    changed = await desk.peer_add(fresh.mali.url)
    assert (changed["connect"], changed["code"]) == (fresh.mali.url, MALI)
    (visit,) = await desk.sync(MALI)
    assert visit["error"] is None
    (partner,) = await listed(fresh.togo)
    assert (partner["address"], len(partner["feeds"])) == (fresh.mali.url, 3)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:1/x", "nonsense", "", "ftp://x"])
async def test_nobody_there(fresh: Pair, url: str) -> None:
    """Desk: an address where no node answers is told as such."""
    for ask in (fresh.togo.node.desk.peer_inspect, fresh.togo.node.desk.peer_add):
        with pytest.raises(TransportError) as told:
            await ask(url)
        assert told.value.code.startswith("road.")


async def test_a_new_partner_has_a_statement_at_once(fresh: Pair) -> None:
    """Desk: adding a partner changes what is folded, though nothing has arrived."""
    desk: Any = fresh.togo.node.desk
    assert (await desk.board())["partners"] == []
    await fresh.togo.add(fresh.mali)
    told = await desk.statement(MALI)
    assert (told["figures"]["balance"], told["basis"]["complete"]) == (
        {fresh.togo.scid: 0, fresh.mali.scid: 0},
        False,
    )
    assert [item["scid"] for item in (await desk.board())["partners"]] == [fresh.mali.scid]


# --- the road ------------------------------------------------------------------------------


async def test_the_road_step_by_step(fresh: Pair) -> None:
    """Desk: each step to a partner by itself; before the other side has added us, its feed to us waits."""
    await fresh.togo.add(fresh.mali)
    steps: Any = await fresh.togo.node.desk.peer_test(MALI)
    assert [step["step"] for step in steps] == ["identity", "descriptor", "public-feed", "feed-to-us"]
    assert [step["ok"] for step in steps] == [True, True, True, False]
    assert (steps[3]["status"], steps[3]["code"]) == (404, "feed.waiting")
    await fresh.mali.add(fresh.togo)
    again: Any = await fresh.togo.node.desk.peer_test(fresh.mali.scid)
    assert all(step["ok"] and step["milliseconds"] >= 0 for step in again)


async def test_a_road_that_ends(fresh: Pair) -> None:
    """Desk: where nobody answers, every step says so, and none raises."""
    await fresh.togo.node.desk.peer_add(fresh.mali.url, code=MALI, address="http://127.0.0.1:1")
    steps: Any = await fresh.togo.node.desk.peer_test(MALI)
    assert {step["code"] for step in steps} == {"road.unreachable"}
    (visit,) = await fresh.togo.node.desk.sync()
    assert (visit["ok"], visit["error"]["code"]) == (False, "road.unreachable")  # type: ignore[index]


@pytest.mark.parametrize("name", ["BJ-ONV", UNKNOWN, ""])
async def test_who_is_nobody_here(pair: Pair, name: str) -> None:
    """Desk: whoever is not a partner is told by the name that was given."""
    desk = pair.togo.node.desk
    for ask in (desk.peer_test, desk.sync, desk.statement):
        with pytest.raises(InputError) as told:
            await ask(name)
        assert (told.value.code, told.value.params) == ("peer.unknown", {"name": name})


# --- looking -------------------------------------------------------------------------------


async def test_status(fresh: Pair) -> None:
    """Desk: who we are, how far each feed is, how each partner stands."""
    desk: Any = fresh.togo.node.desk
    told = await desk.status()
    assert (told["code"], told["country"], told["scid"]) == (TOGO, "TG", fresh.togo.scid)
    assert (told["read_only"], told["fictitious"], told["partners"]) == (None, True, [])
    assert told["records_by_type"] == {"agency": 1, "node": 1}
    assert [feed["size"] for feed in told["feeds"]] == [2]
    await fresh.togo.add(fresh.mali)
    await fresh.togo.node.desk.sync()
    assert [item["state"] for item in (await desk.status())["partners"]] == ["waiting"]
    await introduced(fresh)
    told = await desk.status()
    assert [(item["code"], item["state"]) for item in told["partners"]] == [(MALI, "current")]
    assert told["records_by_type"] == {"agency": 2, "node": 2}


async def introduced(pair: Pair) -> None:
    if not await pair.mali.node.desk.peer_list():
        await pair.mali.add(pair.togo)
    for here in (pair.togo, pair.mali, pair.togo):
        await here.sync()


async def test_records_are_listed(fresh: Pair) -> None:
    """Desk: newest first, by type and issuer, with who wrote it under which code."""
    await introduce(fresh.togo, fresh.mali)
    made = [await offered(fresh.mali), await offered(fresh.togo, TOGO)]
    await fresh.settle()
    desk: Any = fresh.togo.node.desk
    offers = await desk.records_list(type="offer")
    assert {item["id"] for item in offers} == {item["id"] for item in made}
    assert {item["issuer_code"] for item in offers} == {TOGO, MALI}
    assert [item["issued"] for item in offers] == sorted((item["issued"] for item in offers), reverse=True)
    assert all(parse_time(item["issued"]) <= utc_now() for item in offers), "as text, YYYY-MM-DDThh:mm:ssZ"
    (partner,) = (await desk.status())["partners"]
    assert parse_time(partner["last_heard"]) == parse_time((await listed(fresh.togo))[0]["last_heard"])
    for issuer in (MALI, fresh.mali.scid):
        assert [item["id"] for item in await desk.records_list(type="offer", issuer=issuer)] == [
            made[0]["id"]
        ]
    assert len(await desk.records_list(issuer=TOGO)) == 3
    pages = [await desk.records_list(limit=1, offset=number) for number in range(7)]
    assert [item for page in pages for item in page] == await desk.records_list()
    assert pages[6] == []


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (1_001, 0), (-1, 0), (1, -1)])
async def test_a_page_that_is_none(pair: Pair, limit: int, offset: int) -> None:
    """Desk: a page has 1 to 1,000 records and begins at the first or later."""
    with pytest.raises(InputError) as told:
        await pair.togo.node.desk.records_list(limit=limit, offset=offset)
    assert told.value.code == "records.range"


async def test_a_verdict_stands_beside_its_record(pair: Pair) -> None:
    """spec/11: what counts and what does not is shown with its reason, alike in the list and alone."""
    agreement = await pair.agreed(quota=1)
    offer = await offered(pair.mali)
    await pair.settle()
    good = await pair.nominated(agreement, offer)
    over = await pair.nominated(agreement, offer, unchecked=True)
    assert await verdict(pair.togo, good) == ("accepted", None)
    assert await verdict(pair.togo, over) == ("blocked", "quota.reached")
    rows: Any = await pair.togo.node.desk.records_list(type="nomination")
    found = {row["digest"]: row for row in rows}
    assert found[over["digest"]]["verdict"] == "blocked"
    shown: Any = await pair.togo.node.desk.records_show(over["digest"])
    assert found[over["digest"]].items() <= shown.items()
    organisation: Any = await pair.togo.node.desk.records_show((await offered(pair.togo, TOGO))["id"])
    assert "verdict" not in organisation or organisation["verdict"] == "accepted"


async def test_a_record_by_its_versions(pair: Pair) -> None:
    """Desk: an id shows the newest version and all that are held, a digest shows that version."""
    first = await offered(pair.togo, TOGO)
    item: Any = {"type": "offer", "id": first["id"], "body": {}}
    body: Any = (await pair.togo.node.desk.records_show(first["id"]))["record"]
    item["body"] = {**body["body"], "places": 3}
    (second,) = await pair.togo.node.desk.publish([item])
    newest: Any = await pair.togo.node.desk.records_show(first["id"])
    oldest: Any = await pair.togo.node.desk.records_show(first["digest"])
    assert (newest["digest"], oldest["digest"]) == (second["digest"], first["digest"])
    assert newest["versions"] == oldest["versions"]
    assert [version["version"] for version in newest["versions"]] == [2, 1]
    with pytest.raises(InputError) as told:
        await pair.togo.node.desk.records_show("urn:uuid:none")
    assert told.value.code == "record.unknown"


async def test_a_sealed_record_is_read_by_two(trio: dict[str, Here], pair: Pair) -> None:
    """spec/06: what is for Mali is read at Mali and at nobody else's."""
    (card,) = await pair.togo.node.desk.publish([dossier(TOGO, MALI, pair.togo.scid, pair.mali.scid)])
    france = trio["FR-FV"]
    await pair.settle()
    await france.sync()
    assert await pair.mali.node.desk.records_show(str(card["id"]))
    with pytest.raises(InputError):
        await france.node.desk.records_show(str(card["id"]))


async def test_visits_side_by_side(pair: Pair) -> None:
    """spec/09: whoever asks for a visit gets one that began after the question."""
    made = await offered(pair.mali)
    answers = await asyncio.gather(*(pair.togo.node.desk.sync(MALI) for _ in range(3)))
    assert all(visit["ok"] for (visit,) in answers)
    assert await pair.togo.node.desk.records_show(made["id"])
