"""Everything that the rules take from data: the table, the packs, the words for persons, the deadlines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import orjson

from passerelle.exchange.rules.packs import Pack, Packs, parse_pack
from passerelle.exchange.rules.persons import PersonFinder, Words
from passerelle.exchange.rules.steps import Step, parse_steps
from passerelle.exchange.rules.table import Rule, parse_rules
from passerelle.protocol.profile import Json
from passerelle.protocol.schemas import Schemas


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one node.

    Args:
        rules: By number.
        packs: Ours in the place of the packaged ones of the same name.
        persons: What V22 looks for.
        steps: What is due, by step.
        own: Our own packs as they were read, to hand them on to a process that works for us.
    """

    rules: Mapping[str, Rule]
    packs: Packs
    persons: PersonFinder
    steps: Mapping[str, Step]
    own: tuple[Json, ...] = ()

    @staticmethod
    @cache
    def packaged() -> Rulebook:
        """The rules that came with this version."""
        root = _rules()
        packs = Packs(read_pack(_read(entry)) for entry in _json_files(root / "packs"))
        rules = parse_rules(_read(root / "rules.json"))
        persons = _read(root / "persons.json")
        if not isinstance(persons, dict):
            raise ValueError("persons.json is no object")  # noqa: TRY004 - own mistakes are ValueError
        return Rulebook(rules, packs, PersonFinder(Words.parse(persons)), _steps())

    def with_own(self, documents: Iterable[Json]) -> Rulebook:
        """The same with packs of an agency's own.

        Raises:
            ConfigError: As `read_pack`, and ``pack.ambiguous``.
        """
        own = tuple(documents)
        if not own:
            return self
        packs = {**self.packs.by_name, **{pack.name: pack for pack in map(read_pack, own)}}
        return Rulebook(self.rules, Packs(packs.values()), self.persons, self.steps, own)


def read_pack(document: Json) -> Pack:
    """Reads a pack of schemes that the code list has, with deadlines of steps that the table has.

    Raises:
        ConfigError: As :func:`passerelle.exchange.rules.packs.parse_pack`.
    """
    return parse_pack(document, schemes=Schemas.packaged().code_lists()["scheme"], deadlines=_deadline_keys())


@cache
def _steps() -> Mapping[str, Step]:
    return parse_steps(_read(_rules() / "deadlines.json"))


@cache
def _deadline_keys() -> frozenset[str]:
    return frozenset(step.key for step in _steps().values())


def _rules() -> Traversable:
    return files("passerelle.schemas") / "rules"


def _json_files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name
    )


def _read(entry: Traversable) -> Json:
    found: Json = orjson.loads(entry.read_bytes())
    return found
