"""Identity logs of the kit with one more entry that nobody may add: whether the node takes it.

A reader that finds a fault in one entry refuses the log, and looks at it again at most once a
minute (Q-11). So each log has one fault, or one for each of several hasty readers, and the
logs are shown one after another while other things are looked at. What the node took stands
under ``/mirrors``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from passerelle.conformance import chains, roads
from passerelle.conformance.asking import NoAnswer
from passerelle.conformance.author import Agency
from passerelle.conformance.partner import Partner
from passerelle.protocol import profile, proofs
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.identityentries import Entry, multihash
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import Json, JsonObject, format_time

ALWAYS: Final = 7
"""So many logs are shown in any case, the others while there is something else to look at."""
BEFORE: Final = timedelta(minutes=10)
"""Before now is the time of the entries: later than the last one that is held, earlier than the next true one."""


@dataclass(frozen=True, slots=True)
class Bench:
    """With what an entry is made.

    Args:
        agency: The kit's.
        entries: Those that the node holds.
        when: The time of the new one.
    """

    agency: Agency
    entries: tuple[Entry, ...]
    when: datetime

    @property
    def body(self) -> JsonObject:
        """A good entry, before it is numbered and signed."""
        agency, last = self.agency, self.entries[-1]
        following: list[Json] = [multihash(key.multikey.encode()) for key in agency.announced[1:]]
        told: JsonObject = {"updateKeys": [agency.announced[0].multikey], "nextKeyHashes": following}
        return {
            "versionId": last.version_id,
            "versionTime": format_time(self.when),
            "parameters": told,
            "state": dict(last.state),
        }

    @property
    def state(self) -> JsonObject:
        """The document in force."""
        return dict(self.entries[-1].state)

    @staticmethod
    def parsed(text: bytes) -> JsonObject:
        """A document of canonical bytes."""
        value = profile.parse(text)
        return value if isinstance(value, dict) else {}

    def with_parameters(self, **changed: Json) -> JsonObject:
        """That entry with other parameters."""
        body = self.body
        told = body["parameters"]
        return {**body, "parameters": {**(told if isinstance(told, dict) else {}), **changed}}

    def numbered(self, body: JsonObject) -> JsonObject:
        """With its number and hash."""
        return {**body, "versionId": f"{len(self.entries) + 1}-{multihash(profile.encode(body))}"}

    def line(self, body: JsonObject, key: SigningKey | None = None) -> bytes:
        """Numbered, and signed by the first announced key, or another."""
        return line(self.numbered(body), key or self.agency.announced[0])


def proof(versioned: JsonObject, key: SigningKey, named: SigningKey | None = None) -> Json:
    """A proof of an entry by a key, in the name of that key or another."""
    multikey = (named or key).multikey
    method, created = f"did:key:{multikey}#{multikey}", str(versioned["versionTime"])
    return proofs.sign(versioned, key, verification_method=method, created=created)["proof"]


def line(versioned: JsonObject, key: SigningKey) -> bytes:
    """An entry with its proof."""
    return _encoded(versioned, [proof(versioned, key)])


def _encoded(versioned: JsonObject, made: list[Json]) -> bytes:
    return profile.encode({**versioned, "proof": made}) + b"\n"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One log that must be refused.

    Args:
        rule: What the node breaks that takes it.
        what: What is wrong with its last entry.
        make: That entry.
    """

    rule: str
    what: str
    make: Callable[[Bench], bytes]


def _one_between(bench: Bench) -> bytes:
    """Signed by a key that was announced, first and last of three that are listed; the middle one was not."""
    first, second, *_ = bench.agency.announced
    return bench.line(bench.with_parameters(updateKeys=[first.multikey, _new().multikey, second.multikey]))


def _once_announced(bench: Bench) -> bytes:
    """By the key that signed the entry before: announced earlier, and by this entry itself, but not by the one before."""
    key = bench.agency.spent
    following = [multihash(one.multikey.encode()) for one in (key, bench.agency.announced[1])]
    return bench.line(bench.with_parameters(updateKeys=[key.multikey], nextKeyHashes=[*following]), key)


def _by_the_other(bench: Bench) -> bytes:
    """By a key that was announced, and that its own `updateKeys` do not name."""
    return bench.line(bench.body, bench.agency.announced[1])


def _in_its_name(bench: Bench) -> bytes:
    versioned = bench.numbered(bench.body)
    return _encoded(versioned, [proof(versioned, _new(), bench.agency.announced[0])])


def _two_proofs(bench: Bench) -> bytes:
    first, second, *_ = bench.agency.announced
    versioned = bench.numbered(bench.with_parameters(updateKeys=[first.multikey, second.multikey]))
    return _encoded(versioned, [proof(versioned, first), proof(versioned, second)])


def _of_another_entry(bench: Bench) -> bytes:
    """Its hash is of a body that rests on the first entry, not on the one before."""
    return bench.line({**bench.body, "versionId": bench.entries[0].version_id})


def _misnumbered(bench: Bench) -> bytes:
    body = bench.body
    versioned = {**body, "versionId": f"{len(bench.entries) + 2}-{multihash(profile.encode(body))}"}
    return line(versioned, bench.agency.announced[0])


def _at_the_same_time(bench: Bench) -> bytes:
    same = replace(bench, when=bench.entries[-1].version_time)
    return same.line(same.body)


def _of_somebody_else(bench: Bench) -> bytes:
    """Its document is that of another SCID."""
    agency = bench.agency
    text = profile.encode(bench.body["state"]).replace(agency.scid.encode(), agency.other.scid.encode())
    return bench.line({**bench.body, "state": profile.parse(text)})


def _moved(bench: Bench) -> bytes:
    """Under another domain, without the DID that it had."""
    domain = bench.agency.did.rpartition(":")[2].encode()
    text = profile.encode(bench.body["state"]).replace(domain, b"moved-" + domain)
    return bench.line({**bench.body, "state": profile.parse(text)})


def _new() -> SigningKey:
    return SigningKey.generate(secrets.token_bytes)


WRONG: Final = (
    Wrong("I-15", "lists an unannounced key among announced ones, one of which signs it", _one_between),
    Wrong("I-15", "is by a key that other entries announce, and not the one before", _once_announced),
    Wrong("I-16", "is by an announced key that it does not list", _by_the_other),
    Wrong("I-16", "names its key, and is signed by another", _in_its_name),
    Wrong("I-10", "has a hash that rests on the first entry", _of_another_entry),
    Wrong("I-14", "announces no key", lambda b: b.line(b.with_parameters(nextKeyHashes=[]))),
    Wrong("I-17", "is an end", lambda b: b.line(b.with_parameters(deactivated=True))),
    Wrong("I-11", "is not later than the one before", _at_the_same_time),
    Wrong("I-16", "has two proofs, both good", _two_proofs),
    Wrong("I-10", "leaves out a number", _misnumbered),
    Wrong("I-18", "has the document of somebody else", _of_somebody_else),
    Wrong("I-19", "has moved, and does not say from where", _moved),
)
"""The first of them are those of whoever steals a key; others stand in `badkeys`."""


@dataclass
class Showing:
    """Shows them one after another.

    Args:
        partner: The kit as a partner.
        logs: What is shown.
        always: So many in any case.
        over: Set where nothing else is looked at any more.
        taken: Whether the node has taken one: it holds then another log than the kit has.
    """

    partner: Partner
    logs: Sequence[Wrong]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    taken: bool = False
    always: int = ALWAYS

    async def run(self) -> None:
        """Show each, until one is taken, or nothing else is looked at and the first were shown."""
        for number, wrong in enumerate(self.logs):
            if number >= self.always and self.over.is_set():
                return
            try:
                await self._show(wrong)
            except NoAnswer:
                return
            if self.taken:
                return

    async def _show(self, wrong: Wrong) -> None:
        partner, agency = self.partner, self.partner.agency
        entries = parse_identity(agency.log, now=None).entries
        bad = agency.log + wrong.make(Bench(agency, entries, agency.now - BEFORE))
        for _ in range(2):  # a node may count looks for another reason too
            await roads.gap(partner)
            partner.stand.log = bad
            looked = await chains.looks(partner)
            await asyncio.sleep(0.1)  # it is being answered
            partner.stand.log = None
            if looked:
                break
        else:
            partner.notes.unseen(wrong.rule, why="no-answer")
            return
        self.taken = await chains.is_mirrored(partner, bad)
        sent = f"an identity log whose last entry {wrong.what}"
        if not partner.notes.judge(
            not self.taken, wrong.rule, sent=sent, got="it serves that log as its mirror"
        ):
            partner.stand.log = bad
