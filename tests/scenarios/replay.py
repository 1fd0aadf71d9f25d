"""A stage without processes: the records that real nodes made, folded anew without some of them.

It answers as desks do, with the real fold over the real records of a play that was
recorded. A step publishes again the record that it made then, unless our own rules, the
same function as in a node, now refuse it. A decision that is left out leaves its place in
the feed empty, so every ``seen`` still means what it meant.

This is how hundreds of changed plays are played in seconds. That real nodes do the same is
held for some of them by ``test_scenario_pilot`` and for all of them by ``tests/soak``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from passerelle.errors import InputError
from passerelle.exchange.fold import fold, judge
from passerelle.exchange.held import Held
from passerelle.exchange.statement import figures
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject, encode
from passerelle.protocol.records import Record
from passerelle.scenario.model import Act
from passerelle.scenario.nodes import Nodes
from passerelle.scenario.play import Entry, Play
from passerelle.scenario.player import Outcome


@dataclass(frozen=True, slots=True)
class Recording:
    """What a play on real nodes made.

    Args:
        made: The record of each act that made one, by number of entry, with its places.
        statuses: What each node said of itself.
        sizes: Size of every feed at the end.
    """

    made: dict[int, tuple[Held, ...]]
    statuses: dict[str, JsonObject]
    sizes: dict[Origin, int]


async def record(scenario: Play, nodes: Nodes, outcome: Outcome) -> Recording:
    """Read every record of a play from the node of its author."""
    labels = outcome.cast.records
    made = {}
    for entry in scenario.entries:
        if isinstance(entry.part, Act) and entry.part.label:
            published = labels[entry.part.label]
            shown: Any = await nodes.call(published.agency, "records_show", name=published.digest)
            value = Record.parse(encode(shown["record"]))
            made[entry.number] = tuple(
                Held(value, Origin.parse(place["origin"]), place["index"]) for place in shown["places"]
            )
    statuses: dict[str, Any] = {name: await nodes.call(name, "status") for name in scenario.header.agencies}
    sizes = {
        Origin.parse(feed["origin"]): feed["size"] for status in statuses.values() for feed in status["feeds"]
    }
    return Recording(made, statuses, sizes)


class Replay:
    """Plays a recording again; see :class:`passerelle.scenario.stage.Stage`.

    Args:
        recording: What the real nodes made.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._held: list[Held] = []
        self._entry: Entry | None = None

    def watch(self, entry: Entry) -> None:
        """Told by the player which entry comes next."""
        self._entry = entry

    async def call(self, agency: str, method: str, **arguments: Json) -> Json:
        """Answer as the desk of that agency would, were it to hold everything that it may read."""
        if method == "status":
            held = self._readable(agency)
            counts: dict[str, Json] = {}
            for digest, kind in {item.record.digest: item.record.type for item in held}.items():
                counts[kind] = int(str(counts.get(kind, 0))) + 1
                assert digest
            return {**self._recording.statuses[agency], "records_by_type": counts}
        if method in {"publish", "nominate", "decide"}:
            return self._publish()
        return self._look(agency, method, arguments)

    def _look(self, agency: str, method: str, arguments: dict[str, Json]) -> Json:
        held = self._readable(agency)
        as_of = date.fromisoformat(str(arguments.get("as_of", "2018-12-31")))
        sizes = {origin: size for origin, size in self._recording.sizes.items() if self._sees(agency, origin)}
        state = fold(held, as_of=as_of, sizes=sizes)
        if method == "statement":
            return {"figures": figures(state, self._scid(agency), str(arguments["partner"]))}
        if method == "board":
            agreements: list[Json] = [
                {"id": found.id, "state": found.state} for found in state.agreements.values()
            ]
            return {"agreements": agreements, "offers": [], "placements": []}
        assert method == "records_show", method
        name = arguments["name"]
        digests = [item.record.digest for item in held if name in {item.record.id, item.record.digest}]
        if not digests:
            raise InputError("record.unknown", name=name)
        verdict = state.verdicts[digests[0]]
        params: Any = dict(verdict.params)
        return {"verdict": verdict.status, "code": verdict.code, "params": params}

    def _publish(self) -> Json:
        """The record that this step made then. The refused fifth nomination is judged as the sixth, its twin."""
        entry = self._entry
        assert entry is not None
        assert isinstance(entry.part, Act)
        number = entry.number if entry.number in self._recording.made else self._next_made(entry.number)
        places = self._recording.made[number]
        made = places[0].record
        assert isinstance(made, Record)
        if not entry.part.unchecked and made.type not in {"offer", "organisation"}:
            verdict = judge(made, self._held, sizes=self._recording.sizes)
            if not verdict.is_accepted:
                raise InputError(verdict.code or "rule.blocked", **verdict.params)
        self._held += places
        receipt: JsonObject = {"id": made.id, "digest": made.digest, "version": made.version}
        return [receipt]

    def _next_made(self, number: int) -> int:
        return min(other for other in self._recording.made if other > number)

    def _readable(self, agency: str) -> list[Held]:
        return [item for item in self._held if self._sees(agency, item.origin)]

    def _sees(self, agency: str, origin: Origin) -> bool:
        return origin.is_public or self._scid(agency) in {origin.author, origin.partner}

    def _scid(self, agency: str) -> str:
        return str(self._recording.statuses[agency]["scid"])

    async def cut(self, first: str, second: str) -> None:
        """Nothing is transported here."""

    async def restore(self, first: str, second: str) -> None:
        """Nothing is transported here."""

    async def start(self, agency: str) -> None:
        """Nothing runs here."""

    async def stop(self, agency: str) -> None:
        """Nothing runs here."""

    async def kill(self, agency: str) -> None:
        """Nothing runs here."""

    async def catch_up(self, agencies: Sequence[str]) -> None:
        """Everybody holds at once what it may read."""
