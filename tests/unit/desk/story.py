"""Two agencies and what they do with each other, told through their desks."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from tests.unit.federation.world import COUNTRIES, MALI, TOGO, Here, dossier, offer, party

DAY = "2027-03-01"
"""When things happen, where a test does not say otherwise."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Togo and Mali, partners of each other.

    Args:
        togo: Sends, in most stories.
        mali: Hosts.
    """

    togo: Here
    mali: Here

    async def settle(self) -> None:
        """Each visits the other, and so holds and has cosigned what it wrote."""
        await self.mali.hear(self.togo)
        await self.togo.hear(self.mali)

    async def agree(self) -> None:
        """Until each also knows that the other has cosigned all."""
        for _ in range(2):
            await self.settle()

    async def proposed(self, *, quota: int = 50, candidates: int = 1, **row: object) -> Answer:
        """An agreement that Togo proposes, Togo to Mali and back."""
        there = {
            "from": party(TOGO),
            "to": party(MALI),
            "quota": {"persons": quota, "perPeriod": "total"},
            "candidatesPerPlace": candidates,
        }
        back = {"from": party(MALI), "to": party(TOGO), "quota": {"persons": quota, "perPeriod": "total"}}
        body = {
            "kind": "exchange-protocol",
            "names": {"fr": "Réciprocité Togo-Mali"},
            "parties": [party(TOGO), party(MALI)],
            "period": "2020/2035",
            "schemes": ["vir"],
            "directions": [there | row, back],
        }
        return await publish(self.togo, {"type": "agreement", "to": [MALI], "body": body})

    async def agreed(self, *, quota: int = 50, candidates: int = 1, **row: object) -> Answer:
        """An agreement in force, and both know it."""
        made = await self.proposed(quota=quota, candidates=candidates, **row)
        await self.mali.hear(self.togo)
        await decide(self.mali, made, "accept", effective="2021-01-01")
        await self.togo.hear(self.mali)
        return made

    async def card(self, here: Here | None = None, **more: object) -> Answer:
        """A dossier of one side, for the other."""
        one = here or self.togo
        other = self.mali if one is self.togo else self.togo
        code, to = (TOGO, MALI) if one is self.togo else (MALI, TOGO)
        pseudonym = f"{COUNTRIES[code]}-VIR-{secrets.randbelow(10**6):06d}"
        return await publish(one, dossier(code, to, one.scid, other.scid, pseudonym, **more))

    async def nominated(self, agreement: Answer, offered: Answer, **more: object) -> Answer:
        """A nomination of Togo's for an offer of Mali's that Togo holds."""
        card = await self.card()
        return await nominate(self.togo, offered, card, agreement, **more)

    async def placed(self, nomination: Answer, agreement: Answer, offered: Answer) -> Answer:
        """A placement that Mali publishes for an accepted and confirmed nomination."""
        await decide(self.mali, nomination, "accept")
        await self.togo.hear(self.mali)
        await decide(self.togo, nomination, "confirm")
        await self.mali.hear(self.togo)
        body = placement_body(nomination, agreement, offered)
        return await publish(self.mali, {"type": "placement", "to": [TOGO], "body": body})

    async def arrived(self, placement: Answer, day: str = "2027-05-02") -> Answer:
        """The arrival that Mali notes."""
        body = {
            "kind": "arrival",
            "about": [{"id": placement["id"], "type": "placement"}],
            "actual": day,
            "status": "done",
        }
        return await publish(self.mali, {"type": "event", "to": [TOGO], "body": body})


def placement_body(nomination: Answer, agreement: Answer, offered: Answer) -> Answer:
    """A placement in Mali, Togo's volunteer."""
    return {
        "nomination": ref(nomination),
        "offer": ref(offered),
        "agreement": ref(agreement),
        "direction": {"from": party(TOGO), "to": party(MALI)},
        "scheme": "vir",
        "volunteer": "TG-VIR-77",
        "postings": [{"organisation": {"name": "Bibliothèque (fictive)"}, "share": 100, "order": 1}],
        "planned": "2027-05-01/2027-10-31",
    }


def ref(published: Answer) -> Answer:
    """How another record names what was published."""
    return {"id": published["id"], "digest": published["digest"]}


async def publish(here: Here, item: Answer, **more: Any) -> Answer:
    """Publish one record."""
    (answer,) = await here.node.desk.publish([item], **more)
    return answer


async def offered(here: Here, code: str = MALI, title: str = "Club de lecture", **more: object) -> Answer:
    """An offer of an agency."""
    return await publish(here, offer(code, title, **more))


async def nominate(here: Here, for_: Answer, card: Answer, under: Answer, **more: Any) -> Answer:
    """Nominate, on the story's day where no other is given."""
    given = {"nominated_on": DAY} | more
    return await here.node.desk.nominate(for_["id"], card["id"], under["id"], **given)


async def decide(here: Here, about: Answer, outcome: str, **more: Any) -> Answer:
    """Decide, on the story's day where no other is given."""
    return await here.node.desk.decide(about["id"], outcome, **({"effective": DAY} | more))


async def verdict(here: Here, published: Answer) -> tuple[str, str | None]:
    """How a desk shows a record: its verdict and why."""
    shown: Any = await here.node.desk.records_show(published["digest"])
    return shown["verdict"], shown["code"]
