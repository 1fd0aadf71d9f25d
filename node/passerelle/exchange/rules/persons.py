"""V22: a person in a public record: a name, an e-mail address, a telephone, the number of an account.

Every member is looked at, whatever it is called and whether or not we know it, so that nothing hides in free text
or in a member of a newer version. What stands in a member of its own kind is no finding: the mailbox and the
telephone of a function, an address of a page, an identifier.

A name is recognised by what stands before it, or as a frequent given name with another word in capitals; the words
are data, ``schemas/rules/persons.json``. That is a net and no proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from passerelle.protocol.profile import Json

MAILBOXES: Final = frozenset({"contact", "contactDpo", "mailbox"})
"""Members for the mailbox of a function; one that a person is named in is a finding all the same."""

_STRUCTURED: Final = frozenset(
    {
        *("agency", "at", "bytes", "capacity", "did", "digest", "escoUri", "id", "keys", "orgIds"),
        *("addresses", "number", "sealing", "url", "website", "period", "planned", "actual", "lat", "lon"),
        *(
            "amount",
            "closesOn",
            "decisionBy",
            "durationMonths",
            "needExpressedOn",
            "publishFrom",
            "weeklyHours",
        ),
        *("schema", "proof", "issuer", "nonce", "previous", "issued", "seen", "@context"),
    }
)
"""Members whose values have a form of their own, in which digits and signs mean something else."""

_ADDRESSES: Final = frozenset({"escoUri", "url", "website"})
"""Those of them in which a sign ``@`` is nothing particular."""

_NAMES: Final = frozenset({"name", "names", "aliases", "acronym", "city", "publisher"})
"""Members that hold the name of an institution or a place, which may be that of a person long dead."""

# A text is looked at in one go: each character becomes one of its kind, or nothing.
_KINDS: Final = bytes(
    0x30 if chr(byte).isdecimal() else 0x41 if chr(byte).isupper() else 0x20 if byte in b" \xa0" else byte
    for byte in range(256)
)
_PASSED_OVER: Final = bytes(byte for byte in range(256) if chr(byte).islower() or byte in b".'-?")
_TWO_CAPITALS: Final = b"A A"
_TWO_DIGITS: Final = b"00"

_DIGITS: Final = re.compile(r"[0-9](?:[ .()/\xa0\u202f-]{0,2}[0-9]){7}")
# Every repeat is bounded, or begins where no other can: a partner's text may have 20,000 letters and no space.
_CAPITALS: Final = re.compile(r"(?<!\w)[A-ZÀ-Þ][\w’'.-]{0,64}[ \xa0\u202f]{1,8}[A-ZÀ-Þ]")

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w.+-])[\w.+-]+ ?(?:\(at\)|\[at\]|\(arobase\)) ?[\w-]+(?:\.[\w-]+)+"
)
_PHONE: Final = re.compile(
    r"(?<![\w+])(?:\+|00)[1-9](?:[ .()/\xa0\u202f-]{0,2}[0-9]){7,14}(?![0-9])"
    r"|(?<![0-9.,/-])[0-9]{2}(?P<gap>[ .\xa0\u202f-])(?:[0-9]{2}(?P=gap)){2,3}[0-9]{2}(?![0-9]|[.,/-][0-9])"
    r"|(?<![0-9.,/-])(?!(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9](?![0-9]))[0-9]{8,10}(?![0-9]|[.,/-][0-9])"
)
_ACCOUNT: Final = re.compile(
    r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"
    r"|(?<![0-9.,/+-])(?![0-9]{1,3}(?:[ \xa0\u202f][0-9]{3}){1,10}(?![0-9 ]))[0-9](?:[ -]?[0-9]){10,29}(?![0-9])"
)
_SCID: Final = r"Qm[1-9A-HJ-NP-Za-km-z]{44}"
_IDENTIFIER: Final = re.compile(
    rf"{_SCID}|passerelle/{_SCID}/(?:public|to/{_SCID})/[0-9]{{1,10}}|did:webvh:{_SCID}:[\w.%:-]+"
    r"|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}"
)
"""A text that is one of the protocol's own names and nothing else: digits in it count nothing."""
_WORD: Final = r"[A-ZÀ-Þ][\w’'-]{1,64}"


def _has_at(text: str) -> bool:
    return "@" in text or "(at)" in text or "[at]" in text or "(arobase)" in text


class Words(NamedTuple):
    """What persons are recognised by.

    Args:
        honorifics: Words before a name: ``Mme``.
        introducing: Words that a name follows, perhaps after a colon: ``contact``.
        institutions: Words that make what follows the name of an institution: ``lycée``; small.
        given_names: Frequent given names.
        members: Names of members that only a record about a person has.
    """

    honorifics: frozenset[str]
    introducing: frozenset[str]
    institutions: frozenset[str]
    given_names: frozenset[str]
    members: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Json]) -> Words:
        """Reads ``persons.json``."""

        def words(name: str) -> frozenset[str]:
            found = document[name]
            return frozenset(map(str, found)) if isinstance(found, list) else frozenset()

        return cls(*map(words, ("honorifics", "introducing", "institutions", "givenNames", "members")))


class Found(NamedTuple):
    """A person in a record.

    Args:
        path: Where, ``/description/fr``.
        what: ``email``, ``phone``, ``account``, ``name``, ``mailbox`` or ``member``. What was found is not repeated.
    """

    path: str
    what: str


class PersonFinder:
    """Looks for persons in public records.

    Args:
        words: What they are recognised by.
    """

    def __init__(self, words: Words) -> None:
        self._members: Final = words.members
        self._given: Final = frozenset(name.lower() for name in words.given_names)
        self._institutions: Final = words.institutions
        honorifics = "|".join(sorted(map(re.escape, words.honorifics), key=len, reverse=True))
        introducing = "|".join(sorted(map(re.escape, words.introducing), key=len, reverse=True))
        self._called: Final = re.compile(
            rf"(?<!\w)(?:{honorifics})[ \xa0\u202f]{{1,8}}(?P<name>{_WORD})"
            rf"|(?<!\w)(?:(?i:{introducing}))[ \xa0\u202f]{{0,8}}(?::|,|-|est|is)?[ \xa0\u202f]{{0,8}}(?P<first>{_WORD})[ \xa0\u202f]{{1,8}}(?P<second>{_WORD})"
        )
        self._pair: Final = re.compile(rf"(?P<first>{_WORD})[ \xa0\u202f]{{1,8}}(?P<second>{_WORD})")

    def first(self, body: Mapping[str, Json]) -> Found | None:
        """The first person in a body; None for nearly every record, which is told from one look at all of its text."""
        texts: list[str] = []
        if not self._gather(body, texts):
            text = "\n".join(texts)
            kinds = text.encode("latin-1", "replace").translate(_KINDS, _PASSED_OVER)
            if not (
                _TWO_CAPITALS in kinds or (_TWO_DIGITS in kinds and _DIGITS.search(text)) or _has_at(text)
            ):
                return None
        return next(self.all(body), None)

    def _gather(self, node: Mapping[str, Json], texts: list[str]) -> bool:
        """Collects the texts that are looked at; True where a member alone says enough to look closer."""
        if not self._members.isdisjoint(node):
            return True
        for name, item in node.items():
            if type(item) is str:
                if name not in _STRUCTURED and name not in MAILBOXES:
                    texts.append(item)
                elif "@" in item and self._is_told_by(name, item):
                    return True
            elif type(item) is dict:
                if self._gather(item, texts):
                    return True
            elif type(item) is list and self._gather_list(item, texts):
                return True
        return False

    def _is_told_by(self, name: str, text: str) -> bool:
        """Whether a sign ``@`` in a member with a form of its own is more than that form."""
        return self._is_personal(text) if name in MAILBOXES else name not in _ADDRESSES

    def _gather_list(self, items: list[Json], texts: list[str]) -> bool:
        for item in items:
            if type(item) is str:
                texts.append(item)
            elif (type(item) is dict and self._gather(item, texts)) or (
                type(item) is list and self._gather_list(item, texts)
            ):
                return True
        return False

    def all(
        self, body: Json | Mapping[str, Json], path: str = "", name: str = "", *, is_name: bool = False
    ) -> Iterator[Found]:
        """Every person in a body, each place once."""
        if isinstance(body, dict):
            for member, item in body.items():
                yield from self._member(body, member, item, f"{path}/{member}", is_name=is_name)
        elif isinstance(body, list):
            for number, item in enumerate(body):
                yield from self.all(item, f"{path}/{number}", name, is_name=is_name)
        elif isinstance(body, str):
            what = self._mailbox(body) if name in MAILBOXES else self._text(body, is_name=is_name)
            if what is not None:
                yield Found(path, what)

    def _member(
        self, body: Mapping[str, Json], member: str, item: Json, path: str, *, is_name: bool
    ) -> Iterator[Found]:
        if member in self._members:
            if not (member == "phone" and "function" in body):  # that of a function
                yield Found(path, "member")
        elif member in _STRUCTURED and isinstance(item, str):
            if member not in _ADDRESSES and _EMAIL.search(item):
                yield Found(path, "email")
        else:
            yield from self.all(item, path, member, is_name=is_name or member in _NAMES)

    def _mailbox(self, text: str) -> str | None:
        return "mailbox" if self._is_personal(text) else None

    def _is_personal(self, mailbox: str) -> bool:
        """Whether a mailbox begins with a given name and a dot: ``awa.exemple@…``."""
        first, dot, _ = mailbox.partition("@")[0].partition(".")
        return bool(dot) and first.lower() in self._given

    def _text(self, text: str, *, is_name: bool) -> str | None:
        if _has_at(text) and _EMAIL.search(text):
            return "email"
        if _DIGITS.search(text) and not _IDENTIFIER.fullmatch(text):
            if _PHONE.search(text):
                return "phone"
            if _ACCOUNT.search(text):
                return "account"
        if not is_name and _CAPITALS.search(text) and self._names_a_person(text):
            return "name"
        return None

    def _names_a_person(self, text: str) -> bool:
        for called in self._called.finditer(text):
            words = [word for word in (called["name"], called["first"], called["second"]) if word]
            if not self._is_institution(text, called.start(), words):
                return True
        position = 0
        while match := self._pair.search(text, position):
            position = match.start("second")  # the second word of one pair may be the first of the next
            first, second = match["first"], match["second"]
            if (first.lower() in self._given or (second.isupper() and second.lower() in self._given)) and (
                not self._is_institution(text, match.start(), [second])
            ):
                return True
        return False

    def _is_institution(self, text: str, start: int, words: list[str]) -> bool:
        """Whether one of the three words before, or of the words themselves, makes it the name of an institution."""
        before = re.findall(r"[\w’'-]+", text[max(0, start - 60) : start])[-3:]
        return any(
            word.lower().removeprefix("l’").removeprefix("l'") in self._institutions
            for word in (*before, *words)
        )
