"""A plain reading of the policies of chapter 16, for their vectors: no node reads them yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from passerelle.protocol.checkpoints import Checkpoint, verify_cosignature
from passerelle.protocol.notes import COSIGNATURE_V1, ED25519, SignedNote, Verifier, parse_vkey, verify_note


@dataclass
class Policy:
    """Who has to have signed: logs, witnesses by name, groups as how many of whom, and the quorum."""

    logs: list[Verifier] = field(default_factory=list)
    witnesses: dict[str, Verifier] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Raises ValueError, or ProtocolError of a key, on any other form (T-7)."""
        if not text.endswith("\n") or re.search("[\x00-\x08\x0b-\x1f\x7f]", text):
            raise ValueError("control characters")
        policy = cls()
        for line in text.split("\n"):
            words = [word for word in re.split("[ \t]+", line) if word]
            if words and not words[0].startswith("#"):
                policy._take(*words)
        if not policy.quorum:
            raise ValueError("no quorum")
        return policy

    def _take(self, word: str, *rest: str) -> None:
        if word == "log" and len(rest) in {1, 2}:
            self.logs.append(self._key(rest[0], ED25519))
        elif word == "witness" and len(rest) in {2, 3}:
            self.witnesses[self._new(rest[0])] = self._key(rest[1], COSIGNATURE_V1)
        elif word == "group" and len(rest) > 2:
            self.groups[self._new(rest[0])] = self._group(rest[1], list(rest[2:]))
        elif word == "quorum" and len(rest) == 1 and not self.quorum and self._is_known(rest[0]):
            self.quorum = rest[0]
        else:
            raise ValueError(word)

    def _is_known(self, name: str) -> bool:
        return name in {*self.witnesses, *self.groups, "none"}

    def _new(self, name: str) -> str:
        if self._is_known(name):
            raise ValueError(name)
        return name

    def _key(self, text: str, kind: int) -> Verifier:
        key = parse_vkey(text)
        known = [*self.logs, *self.witnesses.values()]
        if key.type != kind or any((key.type, key.public) == (one.type, one.public) for one in known):
            raise ValueError(text)
        return key

    def _group(self, count: str, members: list[str]) -> tuple[int, list[str]]:
        taken = [member for _, names in self.groups.values() for member in names]
        if not all(self._is_known(member) for member in members) or "none" in members:
            raise ValueError("members")
        if len({*taken, *members}) < len(taken) + len(members):
            raise ValueError("members")
        words = {"any": 1, "all": len(members)}
        if count not in words and not re.fullmatch("[1-9][0-9]*", count):
            raise ValueError(count)
        needed = words.get(count) or int(count)
        if needed > len(members):
            raise ValueError(count)
        return needed, members

    def time_of(self, note: SignedNote) -> int | None:
        """T-9: the earliest time at which the quorum had signed; ProtocolError where the checkpoint is refused."""
        origin = Checkpoint.parse(note.text).origin
        if self.logs:
            verify_note(note, [log for log in self.logs if log.name == origin])
        times = {
            name: time for name, key in self.witnesses.items() if (time := _earliest(note, key)) is not None
        }

        def holds(name: str, by: int) -> bool:
            if name in self.groups:
                count, members = self.groups[name]
                return sum(holds(member, by) for member in members) >= count
            return name in times and times[name] <= by

        return next((by for by in sorted(times.values()) if holds(self.quorum, by)), None)


def _earliest(note: SignedNote, key: Verifier) -> int | None:
    """Of several lines of one witness the earliest; ProtocolError where one fails."""
    lines = [SignedNote(note.text, (line,)) for line in note.signatures if key.made(line)]
    return min((verify_cosignature(line, key.name, [key.public]) for line in lines), default=None)
