"""From what was asked to drafts, with what little has to be known of the node for that.

It loads nothing of the node, for it is done in a process of its own too (:mod:`passerelle.desk.scribe`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from passerelle.errors import InputError
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.waivers import is_waived
from passerelle.exchange.suppression import refuse_small
from passerelle.protocol.origins import is_scid
from passerelle.protocol.profile import Json, encode_plain
from passerelle.sync.pen import Audience, Draft

KEY_SHOWN = 150
"""Characters of a record's key that stand in the key of its waiver; of a longer one its digest does."""

PUBLIC_ONLY = frozenset(
    {"agency", "certificate-status", "node", "offer", "organisation", "programme", "statistic"}
)
BILATERAL_ONLY = frozenset({"agreement", "dossier", "nomination", "placement", "rejection"})
_AGENCY_MEMBERS = frozenset({"agency", "sendingAgency"})
_WAIVER_MEMBERS = frozenset({"rule", "function", "reason", "text"})
_PLAIN = frozenset({str, int, bool})
_KEY_CHARACTERS = 200
_ITEM_MEMBERS = frozenset({"type", "to", "body", "id", "key", "waive"})


@dataclass(frozen=True, slots=True)
class Drafting:
    """What drafts are made with.

    Args:
        own: Our SCID.
        code: Our short code.
        fictitious: Whether this home is for demonstrations: all that it says is marked so.
        language: Of a body that names none.
        partner: The SCID of a partner by its code or SCID; raises where there is none.
    """

    own: str
    code: str
    fictitious: bool
    language: str
    partner: Callable[[str], str]

    def drafts(
        self, items: Sequence[Mapping[str, object]], key: str | None = None, *, unchecked: bool = False
    ) -> list[Draft]:
        """The drafts of one call; what has not been published before is still to be passed by `refuse`.

        Args:
            items: See :func:`passerelle.desk.publishing.publish`.
            key: Idempotency key of the call.
            unchecked: Skip our own rules.

        Raises:
            InputError: ``publish.*``.
        """
        drafts = [
            self._draft(item, number, unchecked=unchecked) for number, item in enumerate(items, start=1)
        ]
        refuse_twice(key, drafts)
        return drafts

    @staticmethod
    def refuse(item: Mapping[str, object], draft: Draft) -> None:
        """Refuse what we would not publish today: persons that can be told from a figure, a rule that nobody waives.

        What was published before, under its key, is past that.

        Raises:
            InputError: ``statistic.*``, ``publish.not-waivable``, ``publish.waiver-without-reason``.
        """
        if draft.type == "statistic" and not draft.unchecked:
            refuse_small(draft.body)
        for waiver in _waivers(item):
            refuse_waiver(str(waiver["rule"]), waiver.get("reason") or waiver.get("text"))

    def waivers(self, item: Mapping[str, object], draft: Draft) -> list[Draft]:
        """The decisions by which rules are waived for a draft, to be published with it: none without the other."""
        found = []
        for waiver in _waivers(item):
            said = {name: waiver[name] for name in ("rule", "reason", "text") if waiver.get(name) is not None}
            body = {"aboutType": draft.type, "outcome": "waive", "actingFunction": waiver["function"], **said}
            key = None if draft.key is None else f"waive-{waiver['rule']}-{_short(draft.key)}"
            found.append(
                Draft(
                    "decision",
                    draft.audience,
                    self._filled(body),
                    unchecked=draft.unchecked,
                    key=key,
                    request=draft.request,
                    about=draft,
                )
            )
        return found

    def _draft(self, item: Mapping[str, object], number: int, *, unchecked: bool) -> Draft:
        record_type, body, revises = item.get("type"), item.get("body"), item.get("id")
        if (
            not isinstance(record_type, str)
            or not isinstance(body, Mapping)
            or not set(item) <= _ITEM_MEMBERS
        ):
            raise InputError("publish.malformed-item", number=number)
        if revises is not None and not isinstance(revises, str):
            raise InputError("publish.malformed-item", number=number)
        key = item.get("key")
        if key is not None and not (isinstance(key, str) and 0 < len(key) <= _KEY_CHARACTERS):
            raise InputError("publish.malformed-item", number=number)
        audience = self._audience(record_type, item.get("to"))
        if record_type == "event" and audience == "public" and body.get("placements"):
            # The rest of an event is the fold's to judge.
            raise InputError("event.audience", type="placement")
        filled = self._filled(body)
        request = "" if key is None else digest_of([filled], first=number)
        waived = frozenset(str(waiver["rule"]) for waiver in _waivers(item))
        waived |= waived_in(record_type, filled)
        return Draft(record_type, audience, filled, revises, unchecked, key, request, waived)

    def _filled(self, body: Mapping[str, object]) -> dict[str, Json]:
        filled = self._members_with_scids(body)
        if self.fictitious:
            filled["synthetic"] = True
        filled.setdefault("lang", self.language)
        return filled

    def _audience(self, record_type: str, asked: object) -> Audience:
        if record_type in PUBLIC_ONLY:
            if asked not in (None, "public"):
                raise InputError("publish.always-public", type=record_type)
            return "public"
        if asked == "public":
            if record_type in BILATERAL_ONLY:
                raise InputError("publish.never-public", type=record_type)
            return "public"
        names = [asked] if isinstance(asked, str) else asked
        if not isinstance(names, list | tuple) or not names:
            raise InputError("publish.no-audience", type=record_type)
        return tuple(sorted({self.partner(str(name)) for name in names}))

    def _members_with_scids(self, body: Mapping[str, object]) -> dict[str, Json]:
        """A body in which agencies named by code are named by SCID; most name none so."""
        return self._rewritten(body) if _is_to_be_rewritten(body) else {**body}  # type: ignore[dict-item]  # plain

    def _rewritten(self, body: Mapping[str, object]) -> dict[str, Json]:
        """An object in which agencies named by code are named by SCID."""
        return {
            str(name): self._scid(item)
            if name in _AGENCY_MEMBERS and isinstance(item, str)
            else self._with_scids(item)
            for name, item in body.items()
        }

    def _with_scids(self, value: object) -> Json:
        if value is None or type(value) in _PLAIN:
            return value  # type: ignore[return-value]  # of a plain kind
        if isinstance(value, Mapping):
            return self._rewritten(value)
        if isinstance(value, list | tuple):
            return [self._with_scids(item) for item in value]
        raise InputError("publish.not-in-profile", number=0, detail=type(value).__name__)

    def _scid(self, name: str) -> str:
        if is_scid(name):
            return name
        return self.own if name == self.code else self.partner(name)


def _short(key: str) -> str:
    """A key that leaves room for a word before it, in a column of 200 characters."""
    return key if len(key) <= KEY_SHOWN else sha256(key.encode()).hexdigest()


def _waivers(item: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """What an item to publish waives: each a rule, once, a function, and a reason or a text.

    Raises:
        InputError: ``publish.malformed-waiver``.
    """
    given = item.get("waive", [])
    if not isinstance(given, list | tuple) or not all(isinstance(waiver, Mapping) for waiver in given):
        raise InputError("publish.malformed-waiver")
    for waiver in given:
        rule, function = waiver.get("rule"), waiver.get("function")
        if not isinstance(rule, str) or not isinstance(function, str) or not set(waiver) <= _WAIVER_MEMBERS:
            raise InputError("publish.malformed-waiver")
    if len({waiver["rule"] for waiver in given}) < len(given):
        raise InputError("publish.malformed-waiver")
    return given


def refuse_waiver(rule: str, reason: object) -> None:
    """Refuse a waiver of a rule that nobody may waive, or without a reason.

    Raises:
        InputError: ``publish.not-waivable``, ``publish.waiver-without-reason``.
    """
    rules = Rulebook.packaged().rules
    if rule not in rules or not rules[rule].is_waivable:
        allowed = sorted(number for number, found in rules.items() if found.is_waivable)
        raise InputError("publish.not-waivable", rule=rule, allowed=allowed)
    if not reason:
        raise InputError("publish.waiver-without-reason", rule=rule)


def waived_in(record_type: str, body: Mapping[str, Json]) -> frozenset[str]:
    """The rules that a nomination says were waived in our own check of it."""
    checks = body.get("checks") if record_type == "nomination" else None
    rules = Rulebook.packaged().rules
    return frozenset(
        rule
        for rule, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and is_waived(check) and rule in rules and rules[rule].is_waivable
    )


def refuse_twice(key: str | None, drafts: Sequence[Draft]) -> None:
    """Refuse a key that a call gives twice, itself or for its records.

    Raises:
        InputError: ``publish.key-reused``.
    """
    keys = Counter(given for given in (key, *(draft.key for draft in drafts)) if given is not None)
    for given, count in keys.items():
        if count > 1:
            raise InputError("publish.key-reused", key=given)


def digest_of(items: Sequence[Mapping[str, object]], *, first: int = 1) -> str:
    """Of what is asked under an idempotency key, whatever it is; `first` is the number of the first item."""
    asked = sha256()
    for number, item in enumerate(items, start=first):
        try:
            asked.update(encode_plain(dict(item)) + b"\n")
        except ValueError as exc:
            raise InputError("publish.not-in-profile", number=number, detail=str(exc)[:200]) from exc
    return asked.hexdigest()


def _is_to_be_rewritten(body: Mapping[str, object]) -> bool:
    """Whether anything in it is named by code, or is not of a plain kind; it looks at every member of every record."""
    if type(body) is not dict:
        return True
    left: list[object] = [body]
    while left:
        node = left.pop()
        for name, item in node.items() if type(node) is dict else enumerate(node):  # type: ignore[arg-type]
            kind = type(item)
            if kind is str:
                if name in _AGENCY_MEMBERS and not is_scid(item):
                    return True
            elif kind is dict or kind is list:
                left.append(item)
            elif item is not None and kind not in _PLAIN:
                return True
    return False
