"""What a scenario may contain. Unknown keys are refused; examples/README.md explains each.

    scenario: 1
    title: {fr: ..., en: ...}
    agencies: {anvt: {code: TG-ANVT, country: TG, names: {fr: ...}, domain: anvt.example}}
    partners: [[anvt, cnpv]]
    steps: [{at: cnpv, publish: {type: offer, to: public, body: {...}}, as: offer1}]
    expect: [{at: [anvt, cnpv], pair: [anvt, cnpv], figures: {index: "0.500"}}]

A step or an expectation is one mapping that holds exactly one of the verbs of its table
(``STEPS``, ``EXPECTATIONS``) beside the keys that go with it. Bodies of records are not
looked into here: the node that publishes them does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""Name of an agency in the file."""

Label = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,59}$")]
"""Name that a step gives to the record that it makes."""

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
EdtfDay = Annotated[str, Field(min_length=4, max_length=40)]
Sentence = Annotated[dict[str, str], Field(min_length=1)]
"""A sentence by language: ``{fr: ..., en: ...}``."""

File = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*\.(yaml|json)$")]
"""Another file, by its path from the folder of the one that names it; never out of that folder."""

Member = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]
"""A member of a record's body: ``kind``, ``targets.quantity.value``. A number counts through a list, from 0."""

Value: TypeAlias = Any  # a value of the JSON profile; the publishing node checks it


class Part(BaseModel):
    """Base of every mapping of the file: keys in camelCase, unknown ones refused, no coercion."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=False
    )


class Agency(Part):
    """A node to start. ``domain`` is where its identity lives; nothing is ever looked up there."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2}-[A-Z0-9]{2,12}$")]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    names: Sentence
    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*\.example$")]
    languages: Annotated[list[str], Field(min_length=1)] = ["fr"]


class Defaults(Part):
    """Members that every body gets unless it has them itself."""

    body: dict[str, Value] = {}


class Header(Part):
    """The whole file. Steps and expectations stay raw until ``play`` has unrolled them."""

    scenario: Literal[1]
    title: Sentence
    summary: Sentence | None = None
    as_of: Day
    agencies: Annotated[dict[Name, Agency], Field(max_length=12)] = {}
    partners: list[Annotated[list[Name], Field(min_length=2, max_length=2)]] = []
    defaults: Defaults = Defaults()
    before: list[File] = []
    """Scenarios whose agencies, partners and steps come first; what they expect at their end is left out."""
    facts: dict[Name, File] = {}
    blocks: dict[Name, File] = {}
    steps: Annotated[list[Any], Field(min_length=1)]
    expect: list[Any] = []


class Refusal(Part):
    """The step must be refused with this code; of the parameters, those named must be equal."""

    code: str
    params: dict[str, Value] = {}


class Act(Part):
    """Something that one agency does through its own desk."""

    at: Name
    label: Annotated[Label | None, Field(alias="as")] = None
    unchecked: bool = False
    """Sent past the agency's own check of the rules. Works only in the fictitious homes made here."""
    refused: Refusal | None = None

    @model_validator(mode="after")
    def _a_refused_act_makes_nothing(self) -> Act:
        if self.refused and self.label:
            raise ValueError("a step that is to be refused makes no record to name")
        return self


class Publication(Part):
    """One record. ``to`` is ``public``, an agency of the file, or several."""

    type: str
    to: str | list[str] = "public"
    body: dict[str, Value]
    previous: str | None = None


class Nomination(Part):
    """A dossier proposed for an offer under an agreement. Each names a record of an earlier step."""

    offer: str
    dossier: str
    agreement: str
    nominated_on: Day
    rank: int | None = None


class Decision(Part):
    """An outcome on a record of an earlier step."""

    about: str
    outcome: str
    effective: EdtfDay
    reason: str | None = None
    function: str | None = None
    scope: dict[str, Value] | None = None


class PublishStep(Act):
    """An agency publishes a record of any type."""

    publish: Publication


class NominateStep(Act):
    """An agency proposes a volunteer."""

    nominate: Nomination


class DecideStep(Act):
    """An agency decides on a record."""

    decide: Decision


class LinkStep(Part):
    """Cut or restore the link between two nodes, in both directions."""

    cut: Annotated[list[Name], Field(min_length=2, max_length=2)] | None = None
    restore: Annotated[list[Name], Field(min_length=2, max_length=2)] | None = None


class SyncStep(Part):
    """Let these nodes (or ``all``) pull from each other until every one is caught up."""

    sync: Literal["all"] | Annotated[list[Name], Field(min_length=2)]


class NodeStep(Part):
    """Stop a node cleanly, kill it as a power cut would, or start it again."""

    stop: Name | None = None
    kill: Name | None = None
    start: Name | None = None


class SayStep(Part):
    """A sentence for whoever watches."""

    say: Sentence


class Expectation(Part):
    """Something that each node named must say."""

    at: Annotated[list[Name], Field(min_length=1)]


class DirectionFigures(Part):
    """Figures of one direction. Only those given are compared."""

    from_: Annotated[Name, Field(alias="from")]
    to: Name
    status: str | None = None
    since: str | None = None
    quota: int | None = None
    nominated: int | None = None
    accepted: int | None = None
    planned: int | None = None
    realised: int | None = None
    fulfilment: str | None = None


class PersonMonths(Part):
    """Person-months of one direction, with three decimals."""

    from_: Annotated[Name, Field(alias="from")]
    to: Name
    planned: str | None = None
    realised: str | None = None
    undated: int | None = None


class Figures(Part):
    """Figures of a pair. Only those given are compared."""

    directions: list[DirectionFigures] = []
    balance: dict[Name, int] = {}
    index: str | None = None
    person_months: list[PersonMonths] = []


class FiguresExpectation(Expectation):
    """The statement of the pair, read at each node named, which must be one of the two."""

    pair: Annotated[list[Name], Field(min_length=2, max_length=2)]
    as_of: Day | None = None
    figures: Figures


class Flow(Part):
    """Realised placements from one group of countries to another, by the names of the groups."""

    from_: Annotated[Name, Field(alias="from")]
    to: Name
    realised: int


class FlowsIndex(Part):
    """The smaller of the two flows between two groups over the larger, with three decimals."""

    between: Annotated[list[Name], Field(min_length=2, max_length=2)]
    is_: Annotated[str, Field(alias="is")]


class FlowsExpectation(Expectation):
    """Realised placements between groups of countries, over the boards of all nodes named.

    Each direction of each agreement counts once; the nodes that have it must say the same.
    """

    groups: Annotated[dict[Name, Annotated[list[str], Field(min_length=1)]], Field(min_length=1)]
    under: Annotated[list[str], Field(min_length=1)] | None = None
    """The agreements that count; all where absent."""
    flows: Annotated[list[Flow], Field(min_length=1)]
    total: int | None = None
    """Over every direction, whatever group its ends are in."""
    index: FlowsIndex | None = None

    @model_validator(mode="after")
    def _flows_name_groups(self) -> FlowsExpectation:
        ends = [end for flow in self.flows for end in (flow.from_, flow.to)]
        for name in (*ends, *(self.index.between if self.index else ())):
            if name not in self.groups:
                raise ValueError(f"no group is called {name}")
        return self


class CountsExpectation(Expectation):
    """How many records of a type the node holds that count and are as ``where`` says.

    With ``each`` the members of that list are counted, each beside the rest of its record; with
    ``by`` they are counted for each value of a member; with ``add`` a number in them is added up.
    ``times`` counts the values themselves: how many of them occur once, twice...
    """

    counts: str
    where: dict[Member, Value] = {}
    each: Member | None = None
    on: Day | None = None
    """Only those whose ``from`` and ``to`` reach over this day."""
    by: Member | None = None
    add: Member | None = None
    times: bool = False
    is_: Annotated[int | dict[str, int], Field(alias="is")]

    @model_validator(mode="after")
    def _counts_as_asked(self) -> CountsExpectation:
        if isinstance(self.is_, dict) is (self.by is None):
            raise ValueError("with by, is holds a number for each value; without, one number")
        if self.times and self.by is None:
            raise ValueError("times counts the values of by")
        return self


class ShowsExpectation(Expectation):
    """Members of a record as the node shows it."""

    shows: str
    members: Annotated[dict[Member, Value], Field(min_length=1)]


class IdenticalExpectation(Expectation):
    """The ``figures`` of the pair are the same bytes at every node named."""

    identical: Annotated[list[Name], Field(min_length=2, max_length=2)]
    as_of: Day | None = None


class BlockedExpectation(Expectation):
    """The record is held and blocked with this code; of the parameters, those named must be equal."""

    blocked: str
    code: str
    params: dict[str, Value] = {}


class StateExpectation(Expectation):
    """State of the subject that a record opened: ``in-force``, ``confirmed``, ``realised``..."""

    state_of: str
    is_: Annotated[str, Field(alias="is")]


class HeldExpectation(Expectation):
    """How many records of each type the node can read, its own and its partners'."""

    holds: Annotated[dict[str, int], Field(min_length=1)]


class UnreadableExpectation(Expectation):
    """The node can show none of these records. ``bilateral`` means every one of the play that is."""

    unreadable: Literal["bilateral"] | Annotated[list[str], Field(min_length=1)]


STEPS: Final[Mapping[str, type[Part]]] = {
    "publish": PublishStep,
    "nominate": NominateStep,
    "decide": DecideStep,
    "cut": LinkStep,
    "restore": LinkStep,
    "sync": SyncStep,
    "stop": NodeStep,
    "kill": NodeStep,
    "start": NodeStep,
    "say": SayStep,
}
"""Each verb of a step and the form of its mapping. ``expect``, ``each`` and ``block`` are unrolled by ``play``."""

EXPECTATIONS: Final[Mapping[str, type[Part]]] = {
    "figures": FiguresExpectation,
    "identical": IdenticalExpectation,
    "blocked": BlockedExpectation,
    "stateOf": StateExpectation,
    "holds": HeldExpectation,
    "flows": FlowsExpectation,
    "counts": CountsExpectation,
    "shows": ShowsExpectation,
    "unreadable": UnreadableExpectation,
}
