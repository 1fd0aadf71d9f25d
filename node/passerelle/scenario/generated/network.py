"""Agencies that publish into feeds without nodes: what is written, in which order, and where it stands.

Everybody sees at once what is meant for it, so ``seen`` is always as new as it can be. Every record is signed
and held to its schema, as a node does; whether the rules let it count is for the fold to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from passerelle.exchange.held import Held
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import FeedPosition, Record
from passerelle.scenario.author import Author
from passerelle.scenario.generated.draws import Draws, words
from passerelle.sync.pen import Audience, Draft, origin_of

BEGAN: Final = datetime(2019, 1, 1, tzinfo=UTC)

Sink = Callable[[Held], None]
"""Takes each record at each of its places, in the order of each feed."""


@dataclass(frozen=True, slots=True)
class Agency:
    """A made-up agency.

    Args:
        author: Who signs.
        code: ``TG-DEMO``.
        country: ISO 3166-1.
        city: Of its hosts.
        lang: Language of its records.
        languages: That volunteers from there speak.
        is_north: Which side of the flows it is on.
    """

    author: Author
    code: str
    country: str
    city: str
    lang: str
    languages: Sequence[str]
    is_north: bool

    @property
    def scid(self) -> str:
        """What names it."""
        return self.author.scid

    @property
    def party(self) -> JsonObject:
        """As bodies name it."""
        return {"agency": self.scid, "country": self.country}


@dataclass(slots=True)
class Network:
    """Feeds and what stands in them.

    Args:
        draws: Where chance comes from.
        sink: Is given every record.
    """

    draws: Draws
    sink: Sink
    agencies: list[Agency] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    oddities: dict[str, str] = field(default_factory=dict)
    """Id of the record that shows each unusual thing, by the name of that."""
    _sizes: Counter[Origin] = field(default_factory=Counter)
    _now: datetime = BEGAN

    def found(self, count: int) -> None:
        """Make the agencies, each with a public sheet."""
        places = words()["countries"]
        for number in range(count):
            place, again = places[number % len(places)], number // len(places)
            code = f"{place['code']}-DEMO{again + 1 if again else ''}"
            author = Author(f"{code.lower()}.example", self.draws.bytes, BEGAN)
            self.agencies.append(
                Agency(
                    author,
                    code,
                    place["code"],
                    place["city"],
                    place["lang"],
                    place["languages"],
                    place["north"],
                )
            )

    def publish(
        self,
        agency: Agency,
        record_type: str,
        to: Sequence[Agency] | None,
        body: Mapping[str, Json],
        *,
        previous: Record | None = None,
        hours_late: int = 0,
    ) -> Record:
        """Sign a record and put it into its feeds.

        Args:
            agency: Who says it.
            record_type: What it is.
            to: Who may read it; everybody where None.
            body: What it says; it gets its language and its mark as synthetic.
            previous: The version before it.
            hours_late: How far the clock of the agency is behind.
        """
        audience: Audience = "public" if to is None else tuple(sorted(other.scid for other in to))
        partners: tuple[str | None, ...] = (None,) if isinstance(audience, str) else audience
        seen = {
            partner: FeedPosition(1, self._sizes[origin_of(partner, agency.scid)])
            for partner in partners
            if partner is not None
        }
        self._now += timedelta(seconds=30)
        issued = self._now - timedelta(hours=hours_late)
        # What is not as it should be belongs to the set: our own rules are not asked.
        draft = Draft(record_type, audience, {"lang": agency.lang, "synthetic": True, **body}, unchecked=True)
        record = agency.author.pen.sign(draft, max(issued, BEGAN), previous, seen or None)
        for partner in partners:
            origin = origin_of(agency.scid, partner)
            self.sink(Held(record, origin, self._sizes[origin]))
            self._sizes[origin] += 1
        self.counts[record_type] += 1
        return record

    @property
    def sizes(self) -> Mapping[Origin, int]:
        """Leaves of each feed."""
        return self._sizes

    def note(self, name: str, record: Record) -> None:
        """Remember which record shows something unusual; the first one does."""
        self.oddities.setdefault(name, record.id)


def ref(record: Record) -> JsonObject:
    """The very version."""
    return {"id": record.id, "digest": record.digest}
