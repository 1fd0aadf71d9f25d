"""Who plays, and what was made so far: everything that a name in a scenario can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from passerelle.errors import InputError
from passerelle.protocol.profile import Json


@dataclass(frozen=True, slots=True)
class Published:
    """A record that a step made: what ``${name}`` gives, and whether everybody may read it."""

    agency: str
    id: str
    digest: str
    version: int
    public: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """An agency as its own node describes itself, so that bodies can name it."""

    scid: str
    did: str
    code: str
    country: str


@dataclass(slots=True)
class Cast:
    """Who plays and what was made so far: everything that a name in the file can stand for."""

    agencies: Mapping[str, Identity]
    records: dict[str, Published] = field(default_factory=dict)
    unnamed: list[Published] = field(default_factory=list)

    def look_up(self, name: str) -> Json:
        """Value of ``name`` in a ``${name}``; raises LookupError when there is none."""
        head, dot, member = name.partition(".")
        if head in self.records:
            record = self.records[head]
            members: dict[str, Json] = {"id": record.id, "digest": record.digest}
            return {**members, "version": record.version}[member] if dot else members
        agency = self.agencies[head]
        members = {
            "scid": agency.scid,
            "did": agency.did,
            "code": agency.code,
            "country": agency.country,
        }
        # `${anvt}` alone is a Party, the form in which bodies name an agency most often.
        return members[member] if dot else {"agency": agency.scid, "country": agency.country}

    def record(self, reference: str) -> Published:
        """The record that a text such as ``${offer1}`` names.

        Raises:
            InputError: ``scenario.not-a-record``.
        """
        for label, record in self.records.items():
            if reference == "${" + label + "}":
                return record
        raise InputError("scenario.not-a-record", name=reference)

    @property
    def bilateral(self) -> list[Published]:
        """Every record of the play that is not for everybody."""
        return [made for made in (*self.records.values(), *self.unnamed) if not made.public]
