"""Play a scenario: steps in order through each agency's own desk, then what must be true.

A step that is refused though nothing says so, or accepted though ``refused`` says
otherwise, and an expectation that does not hold are *findings*. An expected figure that
is wrong does not end the play; an act that fails does, because what follows builds on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from passerelle.errors import PasserelleError
from passerelle.protocol.profile import Json, JsonObject
from passerelle.scenario.cast import Cast, Published
from passerelle.scenario.expectations import Finding, Scene, check, described, of_refusal
from passerelle.scenario.model import (
    Act,
    DecideStep,
    LinkStep,
    NodeStep,
    NominateStep,
    Part,
    PublishStep,
    SayStep,
    SyncStep,
)
from passerelle.scenario.play import Entry, Play
from passerelle.scenario.readings import identity_of
from passerelle.scenario.references import resolve
from passerelle.scenario.stage import Stage

Watch = Callable[[Entry], None]
"""Told of each entry before it is played."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a play went.

    Args:
        findings: What was compared, in order, right or wrong.
        cast: The agencies and the records made.
        played: Entries played; fewer than the play has when an act failed.
    """

    findings: tuple[Finding, ...]
    cast: Cast
    played: int

    @property
    def ok(self) -> bool:
        """Whether everything held. A play without a single finding has shown nothing."""
        return bool(self.findings) and all(finding.ok for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Request:
    """A call on an agency's desk, and whether the record that it makes is for everybody."""

    method: str
    arguments: JsonObject
    public: bool


async def play(scenario: Play, stage: Stage, *, watch: Watch) -> Outcome:
    """Play every entry. The agencies' nodes run and know their partners already.

    Raises:
        PasserelleError: The stage itself failed (a node did not start, a link could not be cut).
    """
    cast = await introduce(scenario, stage)
    findings: list[Finding] = []
    for entry in scenario.entries:
        watch(entry)
        made = await play_entry(entry, scenario, stage, cast)
        findings += made
        if not entry.is_expectation and not all(finding.ok for finding in made):
            return Outcome(tuple(findings), cast, entry.number - 1)
    return Outcome(tuple(findings), cast, len(scenario.entries))


async def introduce(scenario: Play, stage: Stage) -> Cast:
    """Who plays, as each node says of itself; nothing is made yet."""
    return Cast({name: await identity_of(stage, name) for name in scenario.header.agencies})


async def play_entry(entry: Entry, scenario: Play, stage: Stage, cast: Cast) -> list[Finding]:
    """One entry; what was compared."""
    part = entry.part
    if isinstance(part, Act):
        return await attempt(entry, scenario, stage, cast)
    if entry.is_expectation:
        return await check(entry, Scene(scenario.header.as_of, stage, cast))
    await _move(part, scenario, stage)
    return []


async def _move(part: Part, scenario: Play, stage: Stage) -> None:
    """Links, nodes and waiting: what the world does, not an agency."""
    if isinstance(part, LinkStep):
        if part.cut:
            await stage.cut(*part.cut)
        if part.restore:
            await stage.restore(*part.restore)
    elif isinstance(part, NodeStep):
        for verb, agency in (("stop", part.stop), ("kill", part.kill), ("start", part.start)):
            if agency:
                await getattr(stage, verb)(agency)
    elif isinstance(part, SyncStep):
        await stage.catch_up(list(scenario.header.agencies) if part.sync == "all" else part.sync)
    elif not isinstance(part, SayStep):
        raise TypeError(type(part).__name__)


async def attempt(entry: Entry, scenario: Play, stage: Stage, cast: Cast) -> list[Finding]:
    """One agency does something; a finding when a refusal was expected or came unexpected."""
    act = entry.part
    if not isinstance(act, Act):
        raise TypeError(type(act).__name__)
    request = request_of(act, scenario, cast)
    try:
        answer = await stage.call(act.at, request.method, **request.arguments)
    except PasserelleError as exc:
        return [of_refusal(entry, act.at, request.method, act.refused, exc)]
    if act.refused:
        wanted = described(act.refused.code, act.refused.params)
        return [Finding(entry.number, entry.line, act.at, request.method, wanted, "accepted")]
    made = _published(act.at, answer, public=request.public)
    if act.label:
        cast.records[act.label] = made
    else:
        cast.unnamed.append(made)
    return []


def request_of(act: Act, scenario: Play, cast: Cast) -> Request:
    """The call on the desk that an act is. Records are named by digest: the very version of that step."""
    if isinstance(act, PublishStep):
        item = _item(act, scenario, cast)
        return Request("publish", {"items": [item], "unchecked": act.unchecked}, item["to"] == "public")
    if isinstance(act, NominateStep):
        return Request("nominate", _nomination(act, cast), public=False)
    if isinstance(act, DecideStep):
        return Request("decide", _decision(act, cast), cast.record(act.decide.about).public)
    raise TypeError(type(act).__name__)


def _nomination(act: NominateStep, cast: Cast) -> JsonObject:
    wish = act.nominate
    return _given(
        offer=cast.record(wish.offer).digest,
        dossier=cast.record(wish.dossier).digest,
        agreement=cast.record(wish.agreement).digest,
        nominated_on=wish.nominated_on,
        rank=wish.rank,
        unchecked=act.unchecked or None,
    )


def _decision(act: DecideStep, cast: Cast) -> JsonObject:
    choice = act.decide
    return _given(
        about=cast.record(choice.about).digest,
        outcome=choice.outcome,
        effective=choice.effective,
        reason=choice.reason,
        function=choice.function or _DEFAULT_FUNCTION,
        scope=resolve(choice.scope, cast.look_up),
        unchecked=act.unchecked or None,
    )


# A function, never a name: who acts in a scenario is the agency's desk.
_DEFAULT_FUNCTION: Final = "exchange-desk"


def _item(act: PublishStep, scenario: Play, cast: Cast) -> JsonObject:
    wish = act.publish
    body = resolve({**scenario.header.defaults.body, **_given(**wish.body)}, cast.look_up)
    to = wish.to if isinstance(wish.to, list) else [wish.to]
    addressed: Json = "public" if to == ["public"] else [cast.agencies[name].scid for name in to]
    item: JsonObject = {"type": wish.type, "to": addressed, "body": body}
    if wish.previous:
        item["id"] = cast.record(wish.previous).id
    return item


def _given(**arguments: Json) -> JsonObject:
    """What was given: an argument that is null is left to the desk's default, a member of a body is left out."""
    return {name: value for name, value in arguments.items() if value is not None}


def _published(agency: str, answer: Json, *, public: bool) -> Published:
    """The record in the answer of ``publish`` (a list of one), ``nominate`` or ``decide``."""
    receipt = answer[0] if isinstance(answer, list) else answer
    if not isinstance(receipt, dict) or not isinstance(version := receipt["version"], int):
        raise TypeError("publishing answers with id, digest and version")
    return Published(agency, str(receipt["id"]), str(receipt["digest"]), version, public)
