"""Scheme rule packs: what the law or the custom of a scheme allows, by date, each value with its source.

A pack is data, ``schemas/rules/packs/<pack>.json`` or a file of an agency's own::

    {"pack": "vsi-fr", "title": {"fr": …, "en": …}, "schemes": ["vsi"], "hosts": ["FR"], "origins": ["TG"],
     "sources": {"R44": "Loi n° 2005-159 …"},
     "editions": [{"from": "2022-07-28", "to": "..", "basis": [{"text": {…}, "source": ["R67"], "confidence": "read"}],
                   "values": {"ageMin": {"value": 18, "source": ["R44"], "confidence": "read"}}}]}

``hosts`` and ``origins`` are countries that it is limited to. An edition holds from its first day to its last, both
included; ``..`` says that an end is open. ``docs/operator/rules.md`` has every member. What is wrong with a pack is
refused with its place; nothing that is wrong is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Final

from passerelle.errors import ConfigError
from passerelle.protocol.profile import Json

VALUES: Final = frozenset(
    {
        *(
            "ageMin",
            "ageMax",
            "ageMaxDisability",
            "monthsMin",
            "monthsMax",
            "monthsTypical",
            "weeksMin",
            "weeksMax",
        ),
        *(
            "hoursMin",
            "hoursMax",
            "hoursMaxMinor",
            "cumulatedMonthsMax",
            "timesMax",
            "aidMonthsMin",
            "noticeMonths",
        ),
        *("leaveDaysPerMonth", "teamMin", "teamMax", "countriesMin", "volunteeringMonthsMin"),
        *("experienceMonthsMin", "residenceYearsMin"),
    }
)
"""What a pack can say in whole numbers; ages in years, at the start."""

CONDITIONS: Final = frozenset({"nationality-differs", "not-resident"})
CONFIDENCES: Final = ("read", "memory", "uncertain")
"""Only what was read stops anything; what is recalled or uncertain is shown as a warning."""

_PACK: Final = frozenset({"pack", "title", "schemes", "hosts", "origins", "sources", "editions"})
_EDITION: Final = frozenset(
    {
        "from",
        "to",
        "basis",
        "values",
        "duties",
        "conditions",
        "amounts",
        "notes",
        "frozen",
        "doubt",
        "deadlines",
    }
)
_SOURCED: Final = frozenset({"source", "confidence"})
_LISTS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "basis": (frozenset({"text"}), frozenset()),
    "duties": (frozenset({"duty", "text"}), frozenset()),
    "conditions": (frozenset({"condition"}), frozenset()),
    "amounts": (frozenset({"item", "amount", "currency", "per"}), frozenset({"from", "to"})),
    "notes": (frozenset({"text"}), frozenset()),
    "frozen": (frozenset({"text", "from", "to"}), frozenset()),
}
"""Lists of an edition: members that each item has besides source and confidence, and those it may have."""

OPEN: Final = ".."


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a pack.

    Args:
        value: 0 or more.
        confidence: ``read``, ``memory`` or ``uncertain``.
    """

    value: int
    confidence: str

    @property
    def is_read(self) -> bool:
        """Whether it was read in its source, and so may stop something."""
        return self.confidence == "read"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Days on which no new contract may be signed under a scheme; ``last`` None where its end is not known."""

    first: date
    last: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day, as far as is known."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Edition:
    """What a pack says for some time.

    Args:
        first: First day, ``date.min`` where the beginning is open.
        last: Last day, ``date.max`` where the end is open.
        values: By name.
        conditions: With whether each was read.
        frozen: Times without new contracts.
        deadlines: Days by step, which go before the general ones.
        duties: Codes of what it asks.
        is_doubtful: Whether the sources differ on whether the scheme existed.
    """

    first: date
    last: date
    values: Mapping[str, Value]
    conditions: Mapping[str, bool]
    frozen: tuple[Frozen, ...]
    deadlines: Mapping[str, int]
    duties: frozenset[str]
    is_doubtful: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack.

    Args:
        name: Its name; a pack of an agency's own replaces the packaged one of the same name.
        schemes: Codes of the list ``scheme``.
        hosts: Host countries that it is limited to; empty for all.
        origins: Sending countries that it is limited to; empty for all.
        editions: By first day.
    """

    name: str
    schemes: frozenset[str]
    hosts: frozenset[str]
    origins: frozenset[str]
    editions: tuple[Edition, ...]

    def edition(self, day: date) -> Edition | None:
        """The edition in force on a day."""
        return next((item for item in self.editions if item.first <= day <= item.last), None)

    @property
    def first_day(self) -> date:
        """From when the scheme exists at all."""
        return self.editions[0].first


class Packs:
    """All packs of a node, by scheme.

    Args:
        packs: Each of another name.

    Raises:
        ConfigError: ``pack.ambiguous``: two of them would speak of the same placement.
    """

    def __init__(self, packs: Iterable[Pack]) -> None:
        self.by_name: Final = {pack.name: pack for pack in packs}
        self._by_scheme: Final[dict[str, list[Pack]]] = {}
        for pack in self.by_name.values():
            for scheme in pack.schemes:
                self._by_scheme.setdefault(scheme, []).append(pack)
        for scheme, found in self._by_scheme.items():
            found.sort(key=lambda pack: (-_weight(pack), pack.name))
            for one, other in combinations(found, 2):
                if _weight(one) == _weight(other) and _meet(one, other):
                    raise ConfigError("pack.ambiguous", scheme=scheme, packs=[one.name, other.name])

    def find(self, scheme: str, origin: str | None, host: str | None) -> Pack | None:
        """The pack for a placement: of those that fit, the one that is limited most.

        Args:
            scheme: Code.
            origin: Sending country; None where it is not known, then no pack of one origin fits.
            host: Host country, the same.
        """
        for pack in self._by_scheme.get(scheme, ()):
            if (not pack.hosts or host in pack.hosts) and (not pack.origins or origin in pack.origins):
                return pack
        return None


def _weight(pack: Pack) -> int:
    return 2 * bool(pack.hosts) + bool(pack.origins)


def _meet(one: Pack, other: Pack) -> bool:
    hosts = not one.hosts or not other.hosts or one.hosts & other.hosts
    return bool(hosts and (not one.origins or not other.origins or one.origins & other.origins))


# --- reading ---------------------------------------------------------------------------


def parse_pack(document: Json, *, schemes: Iterable[str], deadlines: Iterable[str]) -> Pack:
    """Reads a pack.

    Args:
        document: Parsed JSON.
        schemes: Codes of schemes that there are.
        deadlines: Names under which other days can be set for a step.

    Raises:
        ConfigError: ``pack.malformed``, ``pack.unknown-key``, ``pack.no-date``, ``pack.dates``, ``pack.overlap``,
            ``pack.gap``; ``path`` is the place in the document, ``/editions/0/from``.
    """
    members = _members(document, "", _PACK, needed={"pack", "title", "schemes", "sources", "editions"})
    known, sources = frozenset(schemes), _members(members["sources"], "/sources", None)
    steps = frozenset(deadlines)
    _words(members["title"], "/title")
    for name, title in sources.items():
        _text(title, f"/sources/{name}")
    named = _texts(members["schemes"], "/schemes")
    for number, scheme in enumerate(named):
        if scheme not in known:
            raise ConfigError("pack.malformed", path=f"/schemes/{number}", wanted="scheme", found=scheme)
    editions = sorted(
        (
            _edition(item, f"/editions/{number}", frozenset(sources), steps)
            for number, item in enumerate(_list(members["editions"], "/editions"))
        ),
        key=lambda edition: edition.first,
    )
    for before, after in pairwise(editions):
        if after.first <= before.last:
            raise ConfigError("pack.overlap", path="/editions", day=after.first.isoformat())
        if after.first > before.last + timedelta(days=1):
            raise ConfigError("pack.gap", path="/editions", day=(before.last + timedelta(days=1)).isoformat())
    return Pack(
        name=_text(members["pack"], "/pack"),
        schemes=frozenset(named),
        hosts=frozenset(_texts(members.get("hosts", []), "/hosts", least=0)),
        origins=frozenset(_texts(members.get("origins", []), "/origins", least=0)),
        editions=tuple(editions),
    )


def _edition(value: Json, path: str, sources: frozenset[str], steps: frozenset[str]) -> Edition:
    if isinstance(value, dict):
        for end in ("from", "to"):
            if end not in value:
                raise ConfigError("pack.no-date", path=f"{path}/{end}")
    members = _members(value, path, _EDITION, needed={"from", "to", "basis", "values"})
    first = date.min if members["from"] == OPEN else _day(members["from"], f"{path}/from")
    last = date.max if members["to"] == OPEN else _day(members["to"], f"{path}/to")
    _day_after(first, last, f"{path}/to")
    lists = {name: _items(members.get(name, []), f"{path}/{name}", name, sources) for name in _LISTS}
    if "doubt" in members:
        _words(members["doubt"], f"{path}/doubt")
    for number, item in enumerate(lists["conditions"]):
        if item["condition"] not in CONDITIONS:
            raise ConfigError(
                "pack.unknown-key", path=f"{path}/conditions/{number}/condition", key=item["condition"]
            )
    return Edition(
        first=first,
        last=last,
        values=_values(members["values"], f"{path}/values", sources),
        conditions={str(item["condition"]): item["confidence"] == "read" for item in lists["conditions"]},
        frozen=tuple(_frozen(item, f"{path}/frozen/{number}") for number, item in enumerate(lists["frozen"])),
        deadlines=_deadlines(members.get("deadlines", {}), f"{path}/deadlines", steps),
        duties=frozenset(str(item["duty"]) for item in lists["duties"]),
        is_doubtful="doubt" in members,
    )


def _values(value: Json, path: str, sources: frozenset[str]) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    for name, item in _members(value, path, VALUES).items():
        members = _members(item, f"{path}/{name}", _SOURCED | {"value"}, needed=_SOURCED | {"value"})
        _sourced(members, f"{path}/{name}", sources)
        found[name] = Value(_number(members["value"], f"{path}/{name}/value"), str(members["confidence"]))
    return found


def _frozen(item: Mapping[str, Json], path: str) -> Frozen:
    first, last = _day(item["from"], f"{path}/from"), item["to"]
    if last is None:
        return Frozen(first, None)
    return Frozen(first, _day_after(first, _day(last, f"{path}/to"), f"{path}/to"))


def _deadlines(value: Json, path: str, steps: frozenset[str]) -> Mapping[str, int]:
    return {name: _number(days, f"{path}/{name}") for name, days in _members(value, path, steps).items()}


def _items(value: Json, path: str, name: str, sources: frozenset[str]) -> Sequence[Mapping[str, Json]]:
    needed, more = _LISTS[name]
    found = []
    for number, item in enumerate(_list(value, path, least=0)):
        at = f"{path}/{number}"
        members = _members(item, at, needed | more | _SOURCED, needed=needed | _SOURCED)
        _sourced(members, at, sources)
        if "text" in members:
            _words(members["text"], f"{at}/text")
        found.append(members)
    return found


def _sourced(members: Mapping[str, Json], path: str, sources: frozenset[str]) -> None:
    for number, name in enumerate(_texts(members["source"], f"{path}/source")):
        if name not in sources:
            raise ConfigError("pack.malformed", path=f"{path}/source/{number}", wanted="source", found=name)
    if members["confidence"] not in CONFIDENCES:
        raise ConfigError(
            "pack.malformed", path=f"{path}/confidence", wanted="confidence", found=members["confidence"]
        )


def _members(
    value: Json, path: str, known: frozenset[str] | None, *, needed: Iterable[str] = ()
) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise ConfigError("pack.malformed", path=path or "/", wanted="object", found=type(value).__name__)
    for name in value:
        if known is not None and name not in known:
            raise ConfigError("pack.unknown-key", path=f"{path}/{name}", key=name)
    for name in sorted(needed):
        if name not in value:
            raise ConfigError("pack.malformed", path=f"{path}/{name}", wanted="member", found=None)
    return value


def _list(value: Json, path: str, *, least: int = 1) -> Sequence[Json]:
    if not isinstance(value, list) or len(value) < least:
        raise ConfigError("pack.malformed", path=path or "/", wanted="list", found=type(value).__name__)
    return value


def _texts(value: Json, path: str, *, least: int = 1) -> list[str]:
    return [_text(item, f"{path}/{number}") for number, item in enumerate(_list(value, path, least=least))]


def _text(value: Json, path: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError("pack.malformed", path=path or "/", wanted="text", found=type(value).__name__)
    return value


def _words(value: Json, path: str) -> None:
    """A text for people, in French and English."""
    for language in ("fr", "en"):
        _text(_members(value, path, None, needed={"fr", "en"})[language], f"{path}/{language}")


def _number(value: Json, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError("pack.malformed", path=path or "/", wanted="number", found=type(value).__name__)
    return value


def _day_after(first: date, last: date, path: str) -> date:
    """The last day of an interval, not before its first."""
    if last < first:
        raise ConfigError("pack.dates", path=path, first=first.isoformat(), last=last.isoformat())
    return last


def _day(value: Json, path: str) -> date:
    try:
        return date.fromisoformat(_text(value, path))
    except ValueError as exc:
        raise ConfigError("pack.malformed", path=path or "/", wanted="day", found=value) from exc
