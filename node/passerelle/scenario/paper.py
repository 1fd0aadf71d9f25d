"""A stage without nodes: real records, signed by made-up agencies, judged and folded as a node does.

What it shows of a scenario in a second is what the rules say. What it does not show is anything
of the way between nodes: no feed is published, nothing is sealed, stored or transported; a visit
hands over everything at once. Real nodes (:mod:`.nodes`) say the same at the end.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Final, cast

from passerelle.desk import acts, board_rows
from passerelle.desk.drafting import Drafting
from passerelle.desk.ledger import UNJUDGED
from passerelle.errors import InputError, TransportError
from passerelle.exchange.fold import derive
from passerelle.exchange.growing import Growing
from passerelle.exchange.held import Held
from passerelle.exchange.state import State
from passerelle.exchange.statement import figures
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import FeedPosition, Record
from passerelle.scenario.author import Author
from passerelle.scenario.play import Play
from passerelle.sync.pen import Draft, origin_of

BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Place:
    """One agency: who it is, what it wrote, what it holds.

    Args:
        author: Who signs.
        drafting: Makes drafts of what is asked.
        feeds: Its records by feed.
        records: Every record that it holds, by digest.
        growing: The fold of what it holds.
        sizes: How many leaves of each feed it holds.
        cosigned: Of each partner's feed to it, how many leaves it had at the last visit.
    """

    author: Author
    drafting: Drafting
    feeds: dict[Origin, list[Record]] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    growing: Growing = field(default_factory=Growing)
    sizes: dict[Origin, int] = field(default_factory=dict)
    cosigned: dict[str, int] = field(default_factory=dict)
    _states: dict[date, State] = field(default_factory=dict)

    def take(self, origin: Origin, records: Sequence[Record]) -> None:
        """Holds what has come of a feed since the last time."""
        before = self.sizes.get(origin, 0)
        if origin in self.sizes and len(records) == before:
            return
        held = [Held(record, origin, before + at) for at, record in enumerate(records[before:])]
        self.sizes[origin] = len(records)
        self.records.update((record.digest, record) for record in records[before:])
        self.growing.grow(held, {origin: len(records)})
        self._states.clear()

    def judge(self, record: Record) -> Verdict:
        """The verdict that a record of ours would get, were it published now; accepted, it is to be taken next."""
        verdict = self.growing.propose(record)
        if not verdict.is_accepted:
            self.growing.retract()
        self._states.clear()
        return verdict

    def state(self, as_of: date) -> State:
        """The fold of everything held."""
        if as_of not in self._states:
            self._states[as_of] = derive(self.growing.judged(), as_of)
        return self._states[as_of]

    def find(self, name: str) -> Record:
        """The record of that digest, or the newest of that id."""
        found = [record for record in self.records.values() if name in {record.digest, record.id}]
        if not found:
            raise InputError("record.unknown", name=name)
        return max(found, key=lambda record: record.version)


class Paper:
    """Plays on records alone; see :class:`passerelle.scenario.stage.Stage`.

    Args:
        scenario: Who plays, and who knows whom.
        seed: From one seed come the same records.
    """

    def __init__(self, scenario: Play, seed: int = 1) -> None:
        source = random.Random(seed)  # noqa: S311  (made-up keys of a play, no secret)
        self._now = BEGAN
        self._places: dict[str, _Place] = {}
        self._cut: set[frozenset[str]] = set()
        self._agencies = scenario.header.agencies
        self._pairs = {frozenset(pair) for pair in scenario.header.partners}
        for name, agency in self._agencies.items():
            author = Author(agency.domain, source.randbytes, BEGAN)
            drafting = Drafting(
                own=author.scid,
                code=agency.code,
                fictitious=True,
                language=agency.languages[0],
                partner=self._partner,
            )
            self._places[name] = _Place(author, drafting)
        for first, second in (pair for names in self._pairs for pair in permutations(names)):
            place, other = self._places[first], self._places[second]
            for origin in (
                origin_of(place.author.scid, None),
                origin_of(place.author.scid, other.author.scid),
            ):
                place.feeds.setdefault(origin, [])
            place.take(origin_of(other.author.scid, place.author.scid), ())

    def _partner(self, name: str) -> str:
        for key, place in self._places.items():
            if name in {place.author.scid, self._agencies[key].code}:
                return place.author.scid
        raise InputError("peer.unknown", name=name)

    async def call(self, agency: str, method: str, **arguments: Json) -> Json:
        """Answer as the desk of that agency would."""
        place = self._places[agency]
        if method in {"publish", "nominate", "decide"}:
            return self._act(place, method, arguments)
        if method == "status":
            return self._status(agency, place)
        if method == "records_list":
            return [
                _listed(place, record)
                for record in place.records.values()
                if record.type == arguments["type"]
            ]
        if method == "records_show":
            record = place.find(str(arguments["name"]))
            return {**_listed(place, record), "record": dict(record.value)}
        state = place.state(date.fromisoformat(str(arguments["as_of"])))
        if method == "statement":
            return {"figures": figures(state, place.author.scid, str(arguments["partner"]))}
        if method == "board":
            return _board(state, place)
        raise InputError("desk.unknown-method", method=method)

    def _status(self, agency: str, place: _Place) -> JsonObject:
        details, identity = self._agencies[agency], place.author.identity
        return {
            "scid": identity.scid,
            "did": identity.did,
            "code": details.code,
            "country": details.country,
            "records_by_type": dict(Counter(record.type for record in place.records.values())),
        }

    def _act(self, place: _Place, method: str, arguments: Mapping[str, Json]) -> Json:
        """Publish what an act asks for; the answer has the form of the desk's."""
        given = dict(arguments)
        unchecked = given.pop("unchecked", None) is True
        if method == "publish":
            items = cast("Sequence[Mapping[str, object]]", given["items"])
        else:
            items = [_item(place, method, given)]
        drafts = place.drafting.drafts(items, unchecked=unchecked)
        for item, draft in zip(items, drafts, strict=True):
            place.drafting.refuse(item, draft)
        receipts: list[Json] = [self._publish(place, draft) for draft in drafts]
        return receipts if method == "publish" else receipts[0]

    def _publish(self, place: _Place, draft: Draft) -> JsonObject:
        own = place.author.scid
        partners: tuple[str | None, ...] = (None,) if isinstance(draft.audience, str) else draft.audience
        seen = {
            partner: place.growing.safe_seen(own, partner, FeedPosition(1, place.cosigned.get(partner, 0)))
            for partner in partners
            if partner is not None
        }
        previous = None if draft.revises is None else place.find(draft.revises)
        self._now += timedelta(seconds=1)
        record = place.author.pen.sign(draft, self._now, previous, seen or None)
        if not draft.unchecked and record.type not in UNJUDGED:
            verdict = place.judge(record)
            if not verdict.is_accepted:
                raise InputError(verdict.code or "rule.blocked", **verdict.params)
        for partner in partners:
            origin = origin_of(own, partner)
            place.feeds.setdefault(origin, []).append(record)
            place.take(origin, place.feeds[origin])
        return {"id": record.id, "digest": record.digest, "version": record.version}

    async def cut(self, first: str, second: str) -> None:
        """Refuses visits between the two."""
        self._cut.add(frozenset((first, second)))

    async def restore(self, first: str, second: str) -> None:
        """Lets them visit each other again."""
        self._cut.discard(frozenset((first, second)))

    async def start(self, agency: str) -> None:
        """Nothing runs here."""

    async def stop(self, agency: str) -> None:
        """Nothing runs here."""

    async def kill(self, agency: str) -> None:
        """Nothing runs here."""

    async def catch_up(self, agencies: Sequence[str]) -> None:
        """Everybody named takes what the partners among them have written for it, and confirms it.

        Raises:
            TransportError: ``scenario.link-is-cut``.
        """
        for reader, author in permutations(agencies, 2):
            if frozenset((reader, author)) not in self._pairs:
                continue
            if frozenset((reader, author)) in self._cut:
                raise TransportError("scenario.link-is-cut", agencies=[reader, author])
            here, there = self._places[reader], self._places[author]
            own, other = here.author.scid, there.author.scid
            for partner in (None, own):
                origin = origin_of(other, partner)
                here.take(origin, there.feeds.get(origin, []))
            here.cosigned[other] = here.sizes[origin_of(other, own)]


def _item(place: _Place, method: str, given: Mapping[str, Json]) -> acts.Item:
    more = {
        name: value for name, value in given.items() if name not in {"offer", "dossier", "agreement", "about"}
    }
    if method == "nominate":
        named = [place.find(str(given[name])) for name in ("offer", "dossier", "agreement")]
        return acts.nomination(place.author.scid, *named, **more)  # type: ignore[arg-type]  # as the desk takes them
    return acts.decision(place.author.scid, place.find(str(given["about"])), **more)  # type: ignore[arg-type]  # likewise


def _listed(place: _Place, record: Record) -> JsonObject:
    verdict = place.state(BEGAN.date()).verdicts.get(record.digest)
    told: JsonObject = {} if verdict is None else {
        "verdict": verdict.status, "code": verdict.code, "params": cast("JsonObject", dict(verdict.params))
    }  # fmt: skip
    return {
        "id": record.id,
        "version": record.version,
        "digest": record.digest,
        "type": record.type,
        "issuer": record.issuer_scid,
        **told,
    }


def _board(state: State, place: _Place) -> JsonObject:
    bodies = {digest: record.body for digest, record in place.records.items()}
    views = [board_rows.agreement_view(item, bodies, state) for item in state.agreements.values()]
    return {
        "agreements": cast("list[Json]", views),
        "offers": [{"id": item.id, "state": item.state} for item in state.offers.values()],
        "placements": [{"id": item.id, "state": item.state} for item in state.placements.values()],
    }
