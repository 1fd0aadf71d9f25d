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
    """The whole file. Steps and expectations stay raw until ``expand`` has unrolled them."""

    scenario: Literal[1]
    title: Sentence
    summary: Sentence | None = None
    as_of: Day
    agencies: Annotated[dict[Name, Agency], Field(min_length=1, max_length=12)]
    partners: list[Annotated[list[Name], Field(min_length=2, max_length=2)]] = []
    defaults: Defaults = Defaults()
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
    quota: int | None = None
    nominated: int | None = None
    accepted: int | None = None
    planned: int | None = None
    realised: int | None = None
    fulfilment: str | None = None


class Figures(Part):
    """Figures of a pair. Only those given are compared."""

    directions: list[DirectionFigures] = []
    balance: dict[Name, int] = {}
    index: str | None = None


class FiguresExpectation(Expectation):
    """The statement of the pair, read at each node named, which must be one of the two."""

    pair: Annotated[list[Name], Field(min_length=2, max_length=2)]
    as_of: Day | None = None
    figures: Figures


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
"""Each verb of a step and the form of its mapping. ``expect`` and ``each`` are unrolled by ``expand``."""

EXPECTATIONS: Final[Mapping[str, type[Part]]] = {
    "figures": FiguresExpectation,
    "identical": IdenticalExpectation,
    "blocked": BlockedExpectation,
    "stateOf": StateExpectation,
    "holds": HeldExpectation,
    "unreadable": UnreadableExpectation,
}
