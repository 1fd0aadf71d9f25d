"""What each step costs for one record, in processor time and as a part of one signature check.

Machines differ and are busy; the parts differ little. Run by ``make bench ARGS=--steps``.
"""

from __future__ import annotations

import pickle
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from passerelle.desk.dictation import Hello, Question
from passerelle.desk.scribe import Scribe
from passerelle.protocol import intake, proofs, records, recordsigning
from passerelle.protocol.keys import verify_signature
from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf, parse_leaf
from passerelle.protocol.merkle import leaf_hash
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import JsonObject, encode_plain
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.tiles import TILE_WIDTH
from passerelle.scenario.author import Author
from passerelle.scenario.bench.offers import offers

RECORDS: Final = 2_000
ROUNDS: Final = 3
CALL: Final = 250


@dataclass(frozen=True, slots=True)
class Step:
    """A step and what it costs.

    Args:
        name: What is done.
        microseconds: Processor time for one record, of the quickest of some rounds.
    """

    name: str
    microseconds: float


def measure() -> list[Step]:
    """Every step of following and of signing; the first is the check of one signature."""
    own = _Author()
    signed = [own.sign(item) for item in offers(RECORDS, 1, {"agency": own.identity.scid, "country": "ML"})]
    salts = [secrets.token_bytes(32) for _ in signed]
    origin = Origin(own.identity.scid, None, 1)
    leaves = [_leaf(record, salt) for record, salt in zip(signed, salts, strict=True)]
    objects = [encode_public(salt, record.data) for record, salt in zip(signed, salts, strict=True)]
    hashed = [proofs.hash_data(record.value, _proof(record)) for record in signed]
    signatures = [own.keys[0].sign(message) for message in hashed]
    schemas, now = Schemas.packaged(), own.now

    examination = intake.Examination(
        origin=origin,
        me=own.identity.scid,
        identity=own.identity,
        sealing_keys={},
        now=now,
        schemas=schemas,
    )

    def examine(at: int) -> object:
        if at % TILE_WIDTH:  # with those before it, as a follower does
            return None
        return examination.examine(leaves[at : at + TILE_WIDTH], objects[at : at + TILE_WIDTH])

    public = own.keys[0].public
    return [
        _timed("one signature checked", lambda at: verify_signature(public, hashed[at], signatures[at])),
        _timed("a leaf read", lambda at: parse_leaf(leaves[at], origin)),
        _timed("a leaf hashed", lambda at: leaf_hash(leaves[at])),
        _timed("a record read", lambda at: Record.parse(signed[at].data)),
        _timed("a record hashed for its proof", lambda at: proofs.hash_data(signed[at].value, _proof(signed[at]))),
        _timed("a proof checked, signature included", lambda at: records.check_proof(signed[at], own.identity, now)),
        _timed("a schema checked", lambda at: schemas.check_incoming(signed[at].value)),
        _timed("all checks on a record, in bundles", examine),
        _timed("a record signed", lambda at: own.sign_again(signed[at])),
        _timed("a record of a call to the scribe, answered", own.scribe()),
    ]  # fmt: skip


def _timed(name: str, step: Callable[[int], object]) -> Step:
    best = min(_once(step) for _ in range(ROUNDS))
    return Step(name, best / RECORDS * 1e6)


def _once(step: Callable[[int], object]) -> float:
    began = time.process_time()
    for at in range(RECORDS):
        step(at)
    return time.process_time() - began


def _proof(record: Record) -> JsonObject:
    proof = record.value["proof"]
    if not isinstance(proof, dict):
        raise TypeError("a record has a proof")
    return proof


def _leaf(record: Record, salt: bytes) -> bytes:
    return encode_leaf(
        PublicRecordLeaf(commitment(salt, record.data), record.id, record.type, record.version)
    )


class _Author(Author):
    """A made-up agency that signs offers."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        super().__init__("author.example", secrets.token_bytes, self.now)
        self._method = f"{self.identity.did}#{self.keys[0].multikey}"

    def sign(self, item: JsonObject) -> Record:
        body = item["body"]
        if not isinstance(body, dict):
            raise TypeError("an offer has a body")
        draft = recordsigning.draft(
            id=f"urn:uuid:{uuid.uuid4()}",
            type="offer",
            schema=Schemas.packaged().newest("offer"),
            nonce=secrets.token_bytes(16),
            issuer=self.identity.did,
            audience="public",
            issued=self.now,
            body=body,
        )
        return recordsigning.sign_record(draft, self.keys[0], self._method)

    def scribe(self) -> Callable[[int], object]:
        """What a scribe does with calls of `CALL` offers, from the question that it is sent to the bytes of its answer."""
        scribe = Scribe()
        hello = Hello(self.keys[0].seed, self.identity.scid, "ML-PUB", True, "fr", frozenset({"offer"}))
        scribe.answer(pickle.dumps(hello))
        items = [*offers(RECORDS, 1, {"agency": self.identity.scid, "country": "ML"})]
        calls = [encode_plain({"items": items[at : at + CALL]}) for at in range(0, RECORDS, CALL)]
        questions = [pickle.dumps(Question(call, self.identity.did, self.now)) for call in calls]

        def answer(at: int) -> object:
            if at % CALL:  # with those before it
                return None
            told = scribe.answer(questions[at // CALL])
            if isinstance(told, str):
                raise TypeError(told)
            return pickle.dumps(told)

        return answer

    def sign_again(self, record: Record) -> Record:
        draft = {name: value for name, value in record.value.items() if name != "proof"}
        return recordsigning.sign_record(draft, self.keys[0], self._method)
