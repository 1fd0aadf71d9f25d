"""Deciding and nominating: who may, what the other side then sees, and what is refused with which values."""

from __future__ import annotations

from typing import Any

import pytest

from passerelle.errors import InputError
from passerelle.exchange.tables import MAY_DECIDE, WITHOUT_EFFECT
from tests.unit.desk.story import (
    DAY,
    Answer,
    Pair,
    decide,
    nominate,
    offered,
    placement_body,
    publish,
    ref,
    verdict,
)
from tests.unit.federation.world import MALI, TOGO, Here, dossier, offer, party

pytestmark = pytest.mark.asyncio(loop_scope="package")


class Stage:
    """What the decisions of this file are about: an agreement in force, an offer, and records in every state.

    Togo proposes, sends and writes dossiers; Mali is the other party, hosts and makes offers. The
    records are made together, so that a test costs its own decision and no more.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.agreement: Answer = {}
        self.offer: Answer = {}
        self.ready: dict[str, list[Answer]] = {}

    async def set(self) -> None:
        togo, mali = self.pair.togo, self.pair.mali
        self.agreement = await self.pair.agreed(quota=500)
        self.offer = await offered(mali, places=500)
        proposals = [await self.pair.proposed() for _ in range(14)]
        await self.pair.settle()
        cards = await togo.node.desk.publish([dossier(TOGO, MALI, togo.scid, mali.scid) for _ in range(60)])
        nominations = await self._all(
            togo, MALI, "nomination", [self._nomination(card) for card in cards[:40]]
        )
        await mali.hear(togo)
        await self._decided(mali, TOGO, "accept", agreement=proposals[:7], nomination=nominations[:16])
        await togo.hear(mali)
        await self._decided(togo, MALI, "confirm", nomination=nominations[:14])
        await mali.hear(togo)
        bodies = [placement_body(nomination, self.agreement, self.offer) for nomination in nominations[:14]]
        placements = await self._all(mali, TOGO, "placement", bodies)
        await togo.hear(mali)
        await self._decided(togo, MALI, "accept", placement=placements[:7])
        await mali.hear(togo)
        self.ready = {
            "agreement in force": proposals[:7],
            "agreement": proposals[7:],
            "nomination accepted": nominations[14:16],
            "nomination": nominations[16:],
            "placement accepted": placements[:7],
            "placement": placements[7:],
            "dossier": [dict(card) for card in cards[40:]],
        }

    def _nomination(self, card: Answer) -> Answer:
        return {
            "offer": ref(self.offer),
            "dossier": ref(card),
            "agreement": ref(self.agreement),
            "direction": {"from": party(TOGO), "to": party(MALI)},
            "nominatedOn": DAY,
        }

    async def _all(self, here: Here, to: str, record_type: str, bodies: list[Answer]) -> list[Answer]:
        return await here.node.desk.publish(
            [{"type": record_type, "to": [to], "body": body} for body in bodies]
        )

    async def _decided(self, here: Here, to: str, outcome: str, **subjects: list[Answer]) -> None:
        bodies = [
            {
                "about": ref(subject),
                "aboutType": record_type,
                "outcome": outcome,
                "effective": DAY,
                "actingFunction": "exchange-desk",
            }
            for record_type, records in subjects.items()
            for subject in records
        ]
        await self._all(here, to, "decision", bodies)

    async def subject(self, record_type: str, outcome: str) -> Answer:
        """A record that can be decided on like that, known to both."""
        if not self.ready:
            await self.set()
        if record_type == "offer":
            made = await offered(self.pair.mali)
            await self.pair.togo.hear(self.pair.mali)
            return made
        going = {"agreement": "agreement in force", "placement": "placement accepted"}
        state = (
            going.get(record_type, record_type)
            if outcome in {"suspend", "resume", "terminate"}
            else record_type
        )
        return self.ready[
            "nomination accepted" if (record_type, outcome) == ("nomination", "confirm") else state
        ].pop()

    def actor(self, record_type: str, role: str) -> Here:
        """Which agency has a role."""
        issuer = self.pair.mali if record_type == "offer" else self.pair.togo
        return {"issuer": issuer, "party": self.pair.mali, "sender": self.pair.togo, "host": self.pair.mali}[
            role
        ]

    def other(self, here: Here) -> Here:
        return self.pair.mali if here is self.pair.togo else self.pair.togo


ALLOWED = [
    (record_type, outcome, role)
    for record_type, outcomes in MAY_DECIDE.items()
    for outcome, roles in outcomes.items()
    for role in sorted(roles)
]
FORBIDDEN = [
    (record_type, outcome, role)
    for record_type, outcomes in MAY_DECIDE.items()
    for outcome, roles in outcomes.items()
    for role in {
        "agreement": ("issuer", "party"),
        "nomination": ("sender", "host"),
        "placement": ("sender", "host"),
    }.get(record_type, ())
    if role not in roles
]
_STAGES: dict[int, Stage] = {}


@pytest.fixture
def stage(pair: Pair) -> Stage:
    """The stage of the whole file."""
    return _STAGES.setdefault(id(pair), Stage(pair))


async def made(stage: Stage, record_type: str, outcome: str) -> Answer:
    return await stage.subject(record_type, outcome)


@pytest.mark.parametrize(("record_type", "outcome", "role"), ALLOWED)
async def test_every_outcome_that_the_table_allows(
    stage: Stage, record_type: str, outcome: str, role: str
) -> None:
    """spec/11, table of decisions: whoever may decide publishes it, and both sides count it."""
    subject = await made(stage, record_type, outcome)
    here = stage.actor(record_type, role)
    if outcome == "resume":
        await decide(here, subject, "suspend")
    published = await decide(here, subject, outcome)
    there = stage.other(here)
    await there.hear(here)
    assert await verdict(here, published) == await verdict(there, published) == ("accepted", None)


@pytest.mark.parametrize(("record_type", "outcome", "role"), FORBIDDEN)
async def test_an_outcome_that_is_another_s(stage: Stage, record_type: str, outcome: str, role: str) -> None:
    """spec/11, table of decisions: what is not ours to decide is refused before it is published."""
    subject = await made(stage, record_type, outcome)
    with pytest.raises(InputError) as told:
        await decide(stage.actor(record_type, role), subject, outcome)
    assert told.value.code == "decision.not-entitled"
    params = told.value.params
    assert (params["outcome"], params["aboutType"], params["about"]) == (outcome, record_type, subject["id"])


@pytest.mark.parametrize("outcome", sorted(WITHOUT_EFFECT))
async def test_an_outcome_without_effect(stage: Stage, outcome: str) -> None:
    """spec/11: endorsing, disputing and waiving are open to whom the record reaches, and move nothing."""
    subject = await made(stage, "dossier", outcome)
    published = await decide(stage.pair.mali, subject, outcome)
    await stage.pair.togo.hear(stage.pair.mali)
    assert await verdict(stage.pair.togo, published) == ("accepted", None)


@pytest.mark.parametrize(
    ("outcome", "code"), [("confirm", "decision.not-accepted"), ("suspend", "decision.not-applicable")]
)
async def test_an_outcome_out_of_place(stage: Stage, outcome: str, code: str) -> None:
    """spec/11: what has not been accepted is not confirmed, and some outcomes are for other types."""
    subject = await made(stage, "nomination", "shortlist")
    with pytest.raises(InputError) as told:
        await decide(stage.pair.togo, subject, outcome)
    assert told.value.code == code


async def test_what_has_ended_is_not_decided_on(stage: Stage) -> None:
    """spec/11: after an end in view nothing binds any more."""
    subject = await made(stage, "nomination", "decline")
    await decide(stage.pair.togo, subject, "decline")
    await stage.pair.settle()
    with pytest.raises(InputError) as told:
        await decide(stage.pair.mali, subject, "accept", effective="2027-03-02")
    assert told.value.code == "decision.subject-ended"
    assert told.value.params["outcome"] == "decline"


async def test_a_version_is_decided_on_by_digest(stage: Stage) -> None:
    """Desk: an id means the newest version held, a digest means that version."""
    first = await made(stage, "agreement", "accept")
    body: Any = (await stage.pair.togo.node.desk.records_show(first["digest"]))["record"]
    item = {
        "type": "agreement",
        "to": [MALI],
        "id": first["id"],
        "body": {**body["body"], "signedOn": "2027-01-01"},
    }
    second = await publish(stage.pair.togo, item)
    await stage.pair.settle()
    by_id = await decide(stage.pair.mali, first, "accept")
    by_digest: Any = await stage.pair.mali.node.desk.decide(first["digest"], "reject", effective="2027-03-01")

    async def about(published: Answer) -> Any:
        shown: Any = await stage.pair.mali.node.desk.records_show(published["digest"])
        return shown["record"]["body"]["about"]["digest"]

    assert [await about(by_id), await about(by_digest)] == [second["digest"], first["digest"]]


@pytest.mark.parametrize(
    ("effective", "code"),
    [
        ("2027-02-30", "decide.no-such-day"),
        ("2027-13-01", "decide.no-such-day"),
        ("demain", "schema.violation"),
        ("", "schema.violation"),
    ],
)
async def test_a_day_that_does_not_exist(stage: Stage, effective: str, code: str) -> None:
    """Desk: a slip of the calendar is told before anything is signed."""
    subject = await made(stage, "dossier", "withdraw")
    with pytest.raises(Exception, match=code):
        await decide(stage.pair.togo, subject, "withdraw", effective=effective)


async def test_what_a_decision_carries(stage: Stage) -> None:
    """spec/04: what it is about, what is decided, from when, by which function, and why."""
    subject = await made(stage, "dossier", "withdraw")
    published = await decide(
        stage.pair.togo,
        subject,
        "withdraw",
        effective="2027-03",
        reason="family",
        function="programme-manager",
        text={"fr": "À sa demande."},
    )
    shown: Any = await stage.pair.togo.node.desk.records_show(published["digest"])
    body = shown["record"]["body"]
    assert body["about"] == {"id": subject["id"], "digest": subject["digest"]}
    assert body["aboutType"] == "dossier"
    assert (body["outcome"], body["effective"]) == ("withdraw", "2027-03")
    assert (body["actingFunction"], body["reason"]) == ("programme-manager", "family")
    assert body["text"] == {"fr": "À sa demande."}
    assert shown["record"]["audience"] == [stage.pair.mali.scid]


async def test_a_decision_on_a_public_record_is_public(stage: Stage) -> None:
    """spec/11: on what everybody reads, one decides before everybody."""
    subject = await made(stage, "offer", "withdraw")
    published = await decide(stage.pair.mali, subject, "withdraw")
    assert published["places"][0]["origin"] == f"passerelle/{stage.pair.mali.scid}/public/1"


# --- nominations ---------------------------------------------------------------------------


async def test_the_direction_is_inferred(stage: Stage) -> None:
    """Desk: from us to the host of the offer, as the agreement has it; the host alone is addressed."""
    subject = await made(stage, "nomination", "accept")
    shown: Any = await stage.pair.togo.node.desk.records_show(subject["digest"])
    direction = shown["record"]["body"]["direction"]
    assert direction["from"] == {"agency": stage.pair.togo.scid, "country": "TG"}
    assert direction["to"] == {"agency": stage.pair.mali.scid, "country": "ML"}
    assert shown["record"]["audience"] == [stage.pair.mali.scid]


async def test_a_direction_that_the_agreement_has_not(stage: Stage) -> None:
    """Desk: nobody nominates for an offer of its own, or of an agency outside the agreement."""
    agreement = (await made(stage, "agreement", "terminate"))["id"]
    own = await publish(stage.pair.togo, offer("TG-ANVT"))
    card = await stage.pair.card()
    with pytest.raises(InputError) as told:
        await stage.pair.togo.node.desk.nominate(own["id"], card["id"], agreement)
    assert told.value.code == "nominate.no-direction"
    assert told.value.params == {"agreement": agreement, "host": stage.pair.togo.scid}


async def test_the_quota_is_named(pair: Pair) -> None:
    """V02: a refusal names the quota, how many stand, the direction; and nothing is published."""
    agreement, offer_ = await pair.agreed(quota=2), await offered(pair.mali)
    await pair.settle()
    for _ in range(2):
        await pair.nominated(agreement, offer_)
    card = await pair.card()
    before: Any = await pair.togo.node.desk.status()
    with pytest.raises(InputError) as told:
        await nominate(pair.togo, offer_, card, agreement)
    params = told.value.params
    assert told.value.code == "quota.reached"
    assert (params["of"], params["quota"], params["limit"], params["count"]) == ("nominations", 2, 2, 2)
    assert pair.togo.scid in params.values()
    assert pair.mali.scid in params.values()
    after: Any = await pair.togo.node.desk.status()
    assert after["feeds"] == before["feeds"]


async def test_a_place_given_back_is_free(pair: Pair) -> None:
    """V02: what has ended counts no more."""
    agreement, offer_ = await pair.agreed(quota=1), await offered(pair.mali)
    await pair.settle()
    first = await pair.nominated(agreement, offer_)
    await decide(pair.togo, first, "withdraw")
    assert await pair.nominated(agreement, offer_, nominated_on="2027-03-02")


async def test_past_its_own_check(pair: Pair) -> None:
    """V02: what is sent past the check of a fictitious home is shown as blocked, alike on both sides."""
    agreement, offer_ = await pair.agreed(quota=1), await offered(pair.mali)
    await pair.settle()
    await pair.nominated(agreement, offer_)
    over = await pair.nominated(agreement, offer_, unchecked=True)
    await pair.settle()
    shown: Any = [await here.node.desk.records_show(over["digest"]) for here in (pair.togo, pair.mali)]
    assert [told["verdict"] for told in shown] == ["blocked", "blocked"]
    assert shown[0]["code"] == "quota.reached"
    assert shown[0]["params"] == shown[1]["params"]


@pytest.mark.parametrize("status", ["suspended", "closed"])
async def test_a_direction_not_open(pair: Pair, status: str) -> None:
    """V01: a direction that is suspended or closed in the agreement takes no new nomination."""
    agreement = await pair.agreed(status=status, statusSince="2022-01-01")
    offer_ = await offered(pair.mali)
    await pair.settle()
    with pytest.raises(InputError) as told:
        await pair.nominated(agreement, offer_)
    assert told.value.code == f"direction.{status}"


async def test_a_direction_that_a_party_has_suspended(pair: Pair) -> None:
    """V01: after a suspension in view nothing new is nominated, until its author lifts it."""
    agreement, offer_ = await pair.agreed(), await offered(pair.mali)
    await pair.settle()
    await decide(pair.mali, agreement, "suspend", effective="2027-02-01")
    await pair.settle()
    with pytest.raises(InputError) as told:
        await pair.nominated(agreement, offer_)
    assert (told.value.code, told.value.params["by"]) == ("direction.suspended", pair.mali.scid)
    await decide(pair.mali, agreement, "resume", effective="2027-02-15")
    await pair.settle()
    assert await pair.nominated(agreement, offer_)


async def test_an_agreement_not_in_force(pair: Pair) -> None:
    """V01: before the other party has accepted, and outside its period, nobody is nominated."""
    proposed, agreed = await pair.proposed(), await pair.agreed()
    offer_ = await offered(pair.mali)
    await pair.settle()
    for agreement, day in ((proposed, "2027-03-01"), (agreed, "2041-01-01")):
        with pytest.raises(InputError) as told:
            await pair.nominated(agreement, offer_, nominated_on=day)
        assert told.value.code == "agreement.not-in-force"


@pytest.mark.parametrize("wrong", ["offer", "dossier", "agreement"])
async def test_what_is_not_what_it_is_called(stage: Stage, wrong: str) -> None:
    """Desk: an id of another type, or of nothing, is told by its name."""
    if not stage.ready:
        await stage.set()
    card = await stage.pair.card()
    names = {"offer": stage.offer["id"], "dossier": card["id"], "agreement": stage.agreement["id"]}
    another = names["dossier"] if wrong == "offer" else names["offer"]
    for name, code in (("urn:uuid:none", "record.unknown"), (another, "record.another-type")):
        with pytest.raises(InputError) as told:
            await stage.pair.togo.node.desk.nominate(**{**names, wrong: name})
        assert (told.value.code, told.value.params["name"]) == (code, name)


async def test_a_nomination_under_a_key(stage: Stage) -> None:
    """spec/08: nominating and deciding are retried as safely as publishing."""
    if not stage.ready:
        await stage.set()
    card = await stage.pair.card()
    again = [
        await nominate(stage.pair.togo, stage.offer, card, stage.agreement, key="nominate-1")
        for _ in range(2)
    ]
    assert again[0] == again[1]
    withdrawn = [await decide(stage.pair.togo, again[0], "withdraw", key="withdraw-1") for _ in range(2)]
    assert withdrawn[0] == withdrawn[1]
