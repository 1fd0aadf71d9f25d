"""What a node says of itself: the bodies of its `agency` and `node` records."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from passerelle.config import Config
from passerelle.protocol.identity import Identity
from passerelle.protocol.profile import MAX_RECORD_BYTES, Json, format_time
from passerelle.protocol.records import Record
from passerelle.protocol.seals import SealingKey

PROTOCOL = "passerelle-v1"
VALID = timedelta(days=90)
RENEW_BEFORE = timedelta(days=30)
QUARTER = timedelta(days=91)

Body = dict[str, Json]


def agency_body(config: Config) -> Body:
    """The body of the `agency` record, at index 0 of the public feed."""
    agency = config.agency
    body: Body = {
        "code": agency.code,
        "names": dict(agency.names),
        "kind": agency.kind,
        "jurisdiction": {"country": agency.country},
        "languages": list(agency.languages),
        "roles": ["host", "sending"],
        "lang": agency.languages[0],
    }
    if agency.acronym:
        body["acronym"] = agency.acronym
    return _marked(body, config)


def node_body(
    config: Config, identity: Identity, sealing: Sequence[tuple[datetime, SealingKey]], now: datetime
) -> Body:
    """The body of the `node` record: where the node is, what it takes, to which keys to seal."""
    body: Body = {
        "code": config.agency.code,
        "names": dict(config.agency.names),
        "addresses": [config.server.public_address],
        "protocols": [PROTOCOL],
        "limits": {"maxRecordBytes": MAX_RECORD_BYTES},
        "identityVersion": identity.entries[-1].version_id,
        "validUntil": format_time(now + VALID),
        "sealing": [
            {"from": format_time(begins), "key": base64.urlsafe_b64encode(key.public).rstrip(b"=").decode()}
            for begins, key in sealing
        ],
    }
    return _marked(body, config)


def _marked(body: Body, config: Config) -> Body:
    return {**body, "synthetic": True} if config.agency.fictitious else body


def quarters(first: datetime, count: int) -> list[datetime]:
    """When each of the sealing keys begins: at once, then one a quarter."""
    return [first + number * QUARTER for number in range(count)]


def is_due(newest: Record, config: Config, identity: Identity, now: datetime) -> bool:
    """Whether the `node` record must be said anew: it ends soon, or is no longer true."""
    body: Mapping[str, object] = newest.body
    soon = str(body["validUntil"]) < format_time(now + RENEW_BEFORE)
    moved = body["addresses"] != [config.server.public_address]
    renamed = body.get("code") != config.agency.code
    return soon or moved or renamed or body["identityVersion"] != identity.entries[-1].version_id
