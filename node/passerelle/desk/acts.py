"""What the desk publishes when it nominates or decides: items made of the records that they name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from passerelle.errors import InputError
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record

Item = dict[str, object]
"""As :func:`passerelle.desk.publishing.publish` takes it."""


def nomination(
    own: str,
    offered: Record,
    presented: Record,
    agreed: Record,
    *,
    nominated_on: str,
    rank: int | None = None,
    motivation: Mapping[str, object] | None = None,
) -> Item:
    """A volunteer for an offer, under an agreement.

    Args:
        own: Our SCID.
        offered: The host's offer.
        presented: Our dossier's card.
        agreed: The agreement.
        nominated_on: Day, ``YYYY-MM-DD``.
        rank: Our order of preference, from 1.
        motivation: A few words by language.

    Raises:
        InputError: ``nominate.no-direction`` where the agreement has none from us to the host.
    """
    body: dict[str, object] = {
        "offer": _ref(offered),
        "dossier": _ref(presented),
        "agreement": _ref(agreed),
        "direction": _direction(agreed, own, offered.issuer_scid),
        "nominatedOn": nominated_on,
    }
    if rank is not None:
        body["rank"] = rank
    if motivation is not None:
        body["motivation"] = dict(motivation)
    return {"type": "nomination", "to": [offered.issuer_scid], "body": body}


def decision(
    own: str,
    subject: Record,
    outcome: str,
    *,
    effective: str,
    function: str,
    reason: str | None = None,
    scope: Mapping[str, object] | None = None,
    text: Mapping[str, object] | None = None,
    rule: str | None = None,
) -> Item:
    """A decision on a record, for everybody whom the record is for.

    Args:
        own: Our SCID.
        subject: The very version decided on.
        outcome: A code of the list ``outcome``.
        effective: EDTF date.
        function: The function that acted, never a name.
        reason: A code of the list of reasons.
        scope: For suspend and resume: one direction, scheme or programme.
        text: A few words by language.
        rule: To waive: the rule of the field, ``V06``.

    Raises:
        InputError: ``decide.no-such-day``.
    """
    _check_day(effective)
    body: dict[str, object] = {
        "about": _ref(subject),
        "aboutType": subject.type,
        "outcome": outcome,
        "effective": effective,
        "actingFunction": function,
    }
    more = {"reason": reason, "scope": scope, "text": text, "rule": rule}
    body |= {name: value for name, value in more.items() if value is not None}
    parties = {subject.issuer_scid, *subject.addressees} - {own}
    to: object = "public" if subject.is_public else sorted(parties)
    return {"type": "decision", "to": to, "body": body}


def _ref(record: Record) -> dict[str, Json]:
    return {"id": record.id, "digest": record.digest}


def _direction(agreement: Record, sender: str, host: str) -> Json:
    rows = agreement.body.get("directions")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and _agency(row.get("from")) == sender and _agency(row.get("to")) == host:
            return {"from": row["from"], "to": row["to"]}
    raise InputError("nominate.no-direction", agreement=agreement.id, host=host)


def _agency(party: Json) -> Json:
    return party.get("agency") if isinstance(party, dict) else None


def _check_day(value: str) -> None:
    """A calendar slip such as 30 February is caught here, with the value, before the schema speaks of patterns."""
    if len(value) == len("2026-11-22"):
        try:
            date.fromisoformat(value)
        except ValueError as exc:
            raise InputError("decide.no-such-day", value=value) from exc
