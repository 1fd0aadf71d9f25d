"""A process that drafts and signs: ``python -m passerelle.desk.scribe``, started by the node and by nobody else.

It is given the record key once, over its standard input, and keeps it in memory alone;
nothing that a partner sent ever comes here (those bytes are examined by workers that hold
no secret). It is asked with the bytes of a call as they came, so that they are parsed
once, and signs new public records that stand alone, which is what comes in great numbers.
Whatever else there is, or is wrong, it declines, and the node does it.
"""

from __future__ import annotations

import pickle
import secrets
import uuid
from collections.abc import Sequence
from typing import Final

import orjson

from passerelle.desk.dictation import Answer, Group, Hello, Made, Question
from passerelle.desk.drafting import Drafting, digest_of
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.record import rests_on_others
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.schemas import Schemas
from passerelle.sync import pipes
from passerelle.sync.pen import Draft, Pen, Signed, stands_alone

_ARGUMENTS: Final = frozenset({"items", "key"})


class Declined(Exception):
    """What is asked is not for a scribe."""


class Scribe:
    """Answers the questions of the node that started it."""

    def __init__(self) -> None:
        self._hello: Hello | None = None
        self._key: SigningKey | None = None
        self._rules = Rulebook.packaged()

    def answer(self, data: bytes) -> Answer:
        """The answer to a pickled question."""
        try:
            asked: Hello | Question = pickle.loads(data)  # noqa: S301  from our own parent
            if isinstance(asked, Question):
                return self._group(asked)
            self._hello, self._key = asked, SigningKey(asked.seed)
            self._rules = Rulebook.packaged().with_own(asked.packs)
        except Exception as error:  # noqa: BLE001  told to the parent, which does it itself and finds the same
            return type(error).__name__
        return None

    def _group(self, asked: Question) -> Group:
        hello, key = self._hello, self._key
        if hello is None or key is None:
            raise Declined
        items, call_key = _arguments(asked.body)
        drafting = Drafting(hello.own, hello.code, hello.fictitious, hello.language, _decline)
        drafts = drafting.drafts(items, call_key)
        for item, made in zip(items, drafts, strict=True):
            drafting.refuse(item, made)
        request = "" if call_key is None else digest_of(items)
        if not all(
            stands_alone(item, hello.unjudged)
            and not item.waived
            and not rests_on_others(item.type, item.body)
            for item in drafts
        ):
            raise Declined
        pen = Pen(key, asked.did, Schemas.packaged(), secrets.token_bytes, _new_id, self._rules)
        signed = pen.sign_public(drafts, asked.issued)
        return Group(call_key, request, [*map(_made, drafts, signed)])


def _arguments(body: bytes) -> tuple[Sequence[dict[str, object]], str | None]:
    """Items and key of a call that asks for nothing else."""
    arguments = orjson.loads(body)
    if not isinstance(arguments, dict) or not arguments.keys() <= _ARGUMENTS:
        raise Declined
    items, key = arguments.get("items"), arguments.get("key")
    if not isinstance(items, list) or not items or not isinstance(key, str | None):
        raise Declined
    if not all(isinstance(item, dict) for item in items):
        raise Declined
    return items, key


def _made(item: Draft, signed: Signed) -> Made:
    (stand,) = signed.stands
    told = (*signed.heading,)  # without its class, which would cost more to pass than all else
    return item.key, item.request, told, signed.data, stand.salt, stand.commitment, stand.leaf


def _decline(_name: str) -> str:
    """Partners are known to the node alone."""
    raise Declined


def _new_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


if __name__ == "__main__":
    Schemas.packaged()
    pipes.main(Scribe().answer)
