"""A made-up agency that signs records without a node: for measures, generated data and plays on paper."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from passerelle.exchange.rules.book import Rulebook
from passerelle.protocol.identity import Identity, create_log, parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.seals import SealingKey
from passerelle.sync.pen import Pen

_UUID_BYTES: Final = 16


class Author:
    """An agency with keys and an identity, whose log is published nowhere.

    Args:
        domain: Where its identity would lie.
        random: So many random bytes. From one seed come the same agency and the same records.
        now: When the identity began; the records are to be issued then or later.
    """

    def __init__(self, domain: str, random: Callable[[int], bytes], now: datetime) -> None:
        self.keys: Sequence[SigningKey] = [SigningKey.generate(random) for _ in range(6)]
        record, update, following, request, log, witness = self.keys
        sealing = SealingKey.generate(random)
        self.log = create_log(
            domain=domain,
            update_key=update,
            next_update_multikeys=[following.multikey],
            record_key=record.public,
            request_key=request.public,
            log_keys=[log.public],
            witness_keys=[witness.public],
            sealing=[(now, sha256(sealing.public).hexdigest())],
            now=now - timedelta(seconds=1),
        )
        self.identity: Identity = parse_identity(self.log, now=now)
        self.pen = Pen(
            record,
            self.identity.did,
            Schemas.packaged(),
            random,
            lambda: _new_id(random),
            Rulebook.packaged(),
        )

    @property
    def scid(self) -> str:
        """What names the agency everywhere."""
        return self.identity.scid


def _new_id(random: Callable[[int], bytes]) -> str:
    return f"urn:uuid:{uuid.UUID(bytes=random(_UUID_BYTES), version=4)}"
