"""Compare what each node says with what the file expects.

Every figure is read through the node's own desk, the way a person at that agency would
read it. A comparison is a ``Finding``, right or wrong; nothing here raises because a
figure is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Final, NamedTuple

from passerelle.errors import InputError, PasserelleError
from passerelle.exchange.statement import index_of
from passerelle.protocol.profile import Json, JsonObject, encode
from passerelle.scenario import readings
from passerelle.scenario.cast import Cast
from passerelle.scenario.model import (
    BlockedExpectation,
    CountsExpectation,
    DirectionFigures,
    Expectation,
    Figures,
    FiguresExpectation,
    FlowsExpectation,
    HeldExpectation,
    IdenticalExpectation,
    Part,
    PersonMonths,
    Refusal,
    ShowsExpectation,
    StateExpectation,
    UnreadableExpectation,
)
from passerelle.scenario.play import Entry
from passerelle.scenario.references import resolve
from passerelle.scenario.stage import Stage

ABSENT: Final = "absent"
"""Found where a node has nothing to say."""


class Comparison(NamedTuple):
    """What the file says and what the node said about one subject."""

    subject: str
    expected: Json
    found: Json


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison at one node, with its place in the play.

    Args:
        number: Entry of the play.
        line: Its line in the file.
        agency: Whose node was asked.
        subject: What was compared, in words of the file: ``anvt → cnpv · realised``.
        expected: What the file says.
        found: What the node said.
    """

    number: int
    line: int
    agency: str
    subject: str
    expected: Json
    found: Json

    @property
    def ok(self) -> bool:
        """Whether both are the same value of the same kind (``True`` is not ``1``)."""
        return type(self.expected) is type(self.found) and self.expected == self.found


@dataclass(frozen=True, slots=True)
class Scene:
    """What an expectation is checked against."""

    as_of: str
    stage: Stage
    cast: Cast

    def partner(self, pair: list[str], agency: str) -> str:
        """SCID of the other party of a pair; raises ``scenario.not-a-party`` for an outsider."""
        others = [name for name in pair if name != agency]
        if len(others) != 1:
            raise InputError("scenario.not-a-party", agency=agency, pair=pair)
        return self.cast.agencies[others[0]].scid


def of_refusal(
    entry: Entry, agency: str, method: str, wanted: Refusal | None, error: PasserelleError
) -> Finding:
    """What came of a step that was refused: wrong, unless the step wanted this very refusal."""
    expected = "accepted" if wanted is None else described(wanted.code, wanted.params)
    named = error.params if wanted is None else {name: error.params.get(name) for name in wanted.params}
    return Finding(entry.number, entry.line, agency, method, expected, described(error.code, named))


def described(code: str, params: Mapping[str, object]) -> str:
    """A code with its values, in one order on both sides of a comparison."""
    values = ", ".join(f"{name}={params[name]}" for name in sorted(params))
    return f"{code} ({values})" if values else code


async def check(entry: Entry, scene: Scene) -> list[Finding]:
    """All comparisons that an expectation asks for, at every node that it names."""
    part = entry.part
    if isinstance(part, IdenticalExpectation):
        compared = await _identical(part, scene)
    elif isinstance(part, FlowsExpectation):
        compared = [(part.at[0], item) for item in await _flows(part, scene)]
    elif isinstance(part, Expectation):
        compared = [(agency, item) for agency in part.at for item in await _compare(part, agency, scene)]
    else:
        raise TypeError(type(part).__name__)
    return [Finding(entry.number, entry.line, agency, *item) for agency, item in compared]


async def _compare(part: Part, agency: str, scene: Scene) -> list[Comparison]:
    if isinstance(part, FiguresExpectation):
        return await _figures(part, agency, scene)
    if isinstance(part, BlockedExpectation):
        return [await _blocked(part, agency, scene)]
    if isinstance(part, StateExpectation):
        record = scene.cast.record(part.state_of)
        found = await readings.state_of(scene.stage, agency, record.id, scene.as_of)
        return [Comparison(f"{_bare(part.state_of)} · state", part.is_, found)]
    if isinstance(part, HeldExpectation):
        counts = await readings.held_counts(scene.stage, agency)
        return [
            Comparison(f"holds · {kind}", number, counts.get(kind, 0)) for kind, number in part.holds.items()
        ]
    if isinstance(part, UnreadableExpectation):
        return [await _unreadable(part, agency, scene)]
    if isinstance(part, CountsExpectation):
        return await _counts(part, agency, scene)
    if isinstance(part, ShowsExpectation):
        return await _shows(part, agency, scene)
    raise TypeError(type(part).__name__)


async def _figures(part: FiguresExpectation, agency: str, scene: Scene) -> list[Comparison]:
    partner = scene.partner(part.pair, agency)
    said = await readings.figures_of(scene.stage, agency, partner, part.as_of or scene.as_of)
    return list(compare_figures(part.figures, said, scene.cast))


def compare_figures(expected: Figures, said: JsonObject, cast: Cast) -> Iterator[Comparison]:
    """Each figure that is expected, beside what the node's ``figures`` say."""
    for wanted in expected.directions:
        yield from _direction(wanted, said, cast)
    balance = said.get("balance")
    for name, number in expected.balance.items():
        found = balance.get(cast.agencies[name].scid, ABSENT) if isinstance(balance, dict) else ABSENT
        yield Comparison(f"{name} · balance", number, found)
    if expected.index is not None:
        yield Comparison("index", expected.index, said.get("index", ABSENT))
    for months in expected.person_months:
        yield from _months(months, said, cast)


def _direction(wanted: DirectionFigures, said: JsonObject, cast: Cast) -> Iterator[Comparison]:
    ends = (cast.agencies[wanted.from_].scid, cast.agencies[wanted.to].scid)
    found = readings.direction(said, *ends)
    for key, value in wanted.model_dump(exclude={"from_", "to"}, exclude_none=True).items():
        yield Comparison(f"{wanted.from_} → {wanted.to} · {key}", value, found.get(key, ABSENT))


def _months(wanted: PersonMonths, said: JsonObject, cast: Cast) -> Iterator[Comparison]:
    ends = (cast.agencies[wanted.from_].scid, cast.agencies[wanted.to].scid)
    months = said.get("personMonths")
    found = readings.direction(months, *ends) if isinstance(months, dict) else {}
    for key, value in wanted.model_dump(exclude={"from_", "to"}, exclude_none=True).items():
        yield Comparison(f"{wanted.from_} → {wanted.to} · person-months {key}", value, found.get(key, ABSENT))


async def _counts(part: CountsExpectation, agency: str, scene: Scene) -> list[Comparison]:
    """The number, or the number of each value; a value that is not expected is a difference too."""
    where = {path: resolve(value, scene.cast.look_up) for path, value in part.where.items()}
    query = readings.Query(part.counts, where, part.each, part.on, part.by, part.add)
    found = await readings.counts_of(scene.stage, agency, query)
    if part.times:
        found = dict(Counter(str(number) for number in found.values()))
    subject = " · ".join(filter(None, (part.counts, part.each, part.add, part.by)))
    if isinstance(part.is_, int):
        return [Comparison(subject, part.is_, sum(found.values()))]
    return [
        Comparison(f"{subject} {value}", part.is_.get(value, ABSENT), found.get(value, ABSENT))
        for value in sorted({*part.is_, *found})
    ]


async def _shows(part: ShowsExpectation, agency: str, scene: Scene) -> list[Comparison]:
    record = scene.cast.record(part.shows)
    body = await readings.body_of(scene.stage, agency, record.id)
    return [
        Comparison(
            f"{_bare(part.shows)} · {path}", resolve(value, scene.cast.look_up), readings.at(body, path)
        )
        for path, value in part.members.items()
    ]


async def _flows(part: FlowsExpectation, scene: Scene) -> list[Comparison]:
    """Over all nodes asked, each direction of each agreement once."""
    under = None if part.under is None else {scene.cast.record(name).id for name in part.under}
    rows: dict[tuple[str, str, str], readings.Flow] = {}
    unlike: list[Comparison] = []
    for agency in part.at:
        for row in await readings.flows_of(scene.stage, agency, scene.as_of):
            if under is not None and row.agreement not in under:
                continue
            known = rows.setdefault((row.agreement, row.sender, row.host), row)
            if known.realised != row.realised:
                unlike.append(Comparison(f"{agency} · {row.ends} · realised", known.realised, row.realised))

    def between(sender: str, host: str) -> int:
        ends = part.groups[sender], part.groups[host]
        return sum(
            row.realised
            for row in rows.values()
            if row.sender_country in ends[0] and row.host_country in ends[1]
        )

    told = [
        Comparison(f"{flow.from_} → {flow.to} · realised", flow.realised, between(flow.from_, flow.to))
        for flow in part.flows
    ]
    if part.index is not None:
        first, second = part.index.between
        found = index_of(Fraction(between(first, second)), Fraction(between(second, first)))
        told.append(Comparison(f"{first} ↔ {second} · index", part.index.is_, found or ABSENT))
    if part.total is not None:
        told.append(Comparison("total · realised", part.total, sum(row.realised for row in rows.values())))
    return told + unlike


async def _blocked(part: BlockedExpectation, agency: str, scene: Scene) -> Comparison:
    subject = f"{_bare(part.blocked)} · blocked"
    expected = described(part.code, part.params)
    try:
        verdict = await readings.verdict_of(scene.stage, agency, scene.cast.record(part.blocked).id)
    except InputError as exc:
        return Comparison(subject, expected, exc.code)
    if verdict.status != "blocked" or verdict.code is None:
        return Comparison(subject, expected, verdict.status)
    return Comparison(
        subject, expected, described(verdict.code, {name: verdict.params.get(name) for name in part.params})
    )


async def _unreadable(part: UnreadableExpectation, agency: str, scene: Scene) -> Comparison:
    """No record may be readable; the finding counts those that are."""
    cast = scene.cast
    named = (
        cast.bilateral if part.unreadable == "bilateral" else [cast.record(name) for name in part.unreadable]
    )
    readable = [record for record in named if await readings.is_readable(scene.stage, agency, record.id)]
    return Comparison(f"{len(named)} records of others · readable", 0, len(readable))


async def _identical(part: IdenticalExpectation, scene: Scene) -> list[tuple[str, Comparison]]:
    """The canonical bytes at the first node are what every node must have. Compared by their SHA-256."""
    as_of = part.as_of or scene.as_of
    said = {
        agency: await readings.figures_of(scene.stage, agency, scene.partner(part.identical, agency), as_of)
        for agency in part.at
    }
    hashes = {agency: sha256(encode(figures)).hexdigest() for agency, figures in said.items()}
    first = hashes[part.at[0]]
    return [(agency, Comparison("figures · sha-256", first, found)) for agency, found in hashes.items()]


def _bare(reference: str) -> str:
    return reference.removeprefix("${").removesuffix("}")
