"""What a certificate says: from the records held to a draft, with nothing of the person in it but a commitment.

The desk is given the commitment alone. Name, birth date and salt stay with whoever asks
(the command line), so no call, no row and no log of a node can hold them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.desk import publishing
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError, ProtocolError
from passerelle.exchange.service import service_of
from passerelle.exchange.state import PlacementState
from passerelle.protocol import certificateletters, certificatenames
from passerelle.protocol.certificatesigning import (
    Issuer,
    Programme,
    Service,
    Stand,
    check_draft,
    draft_certificate,
)
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from passerelle.storage import feeds
from passerelle.storage import records as record_rows
from passerelle.sync.signing import earliest

LANGUAGES: Final = ("fr", "en")
"""In which certificates can be issued: their fixed sentences stand below."""

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "certificate": {"fr": "Attestation de volontariat", "en": "Certificate of voluntary service"},
    "endorsement": {"fr": "Confirmation d’une attestation", "en": "Endorsement of a certificate"},
    "fictitious": {"fr": "{name} (exemple fictif)", "en": "{name} (fictitious example)"},
    "programme": {
        "fr": "Volontariat entre deux agences nationales, au titre du dispositif « {scheme} »",
        "en": "Volunteering between two national agencies, under the scheme “{scheme}”",
    },
    "completed": {"fr": "Mission accomplie jusqu’à son terme", "en": "Service completed to its end"},
    "ended-early": {
        "fr": "Mission accomplie jusqu’à sa fin anticipée",
        "en": "Service done up to its early end",
    },
}


@dataclass(frozen=True, slots=True)
class Served:
    """A placement that is over, with what a certificate about it stands on.

    Args:
        state: As of today.
        record: The version that counts.
        service: The days, as counted here.
    """

    state: PlacementState
    record: Record
    service: Service

    @property
    def pseudonym(self) -> str:
        """What its records call the volunteer."""
        return str(self.record.body["volunteer"])


async def served(context: Context, ledger: Ledger, name: str) -> Served:
    """The placement that a person means, where it is over and we are one end of it.

    Raises:
        InputError: ``record.unknown``, ``record.another-type``, ``record.erased``; ``certify.not-our-placement``;
            ``certify.placement-not-ended``.
    """
    newest = await publishing.newest(context, ledger, name, "placement")
    state = (await ledger.state(context.clock().date())).placement(newest.issuer_scid, newest.id)
    if state is None or context.own not in (state.sender, state.host):
        raise InputError("certify.not-our-placement", placement=newest.id)
    records = await ledger.records_of([state.digest])
    if state.digest not in records:
        raise InputError("record.erased", name=newest.id)
    service = service_of(state, records[state.digest].body)
    if service is None:
        raise InputError("certify.placement-not-ended", placement=state.id, state=state.state)
    return Served(state, records[state.digest], service)


async def draft(
    context: Context,
    ledger: Ledger,
    placement: Served,
    commitment: str,
    *,
    language: str,
    role: str | None,
    narrative: str | None,
) -> JsonObject:
    """A certificate as it would be signed now.

    Args:
        context: The node.
        ledger: The records held.
        placement: What it is about.
        commitment: To the person, 64 hex digits.
        language: Of its texts, one of `LANGUAGES`.
        role: As what the person served; the offer's title where there is none. Set on one line.
        narrative: Tasks, training; the offer's tasks where there are none. Its lines stay, without empty ones.

    Raises:
        InputError: ``certify.names-volunteer`` where a text holds the pseudonym, and as :func:`refuse_unfit`.
    """
    offer = await _offer(context, ledger, placement.state.offer)
    value = draft_certificate(
        id=context.tools.new_id(),
        name=_title(context, "certificate", language),
        issuer=issuer(context, language),
        commitment=commitment,
        programme=_programme(context, placement.state, language),
        service=placement.service,
        placement=await _stand(context, placement),
        role=_role(role) or _role(in_language(offer.get("title"), language)),
        narrative=_narrative(narrative) or _narrative(_tasks(offer, language)),
    )
    refuse_unfit(value)
    refuse_pseudonym(value, placement.pseudonym)
    return value


def refuse_unfit(value: JsonObject) -> None:
    """Refuse a draft that no reader would take, or no sheet could show, once it is signed.

    Raises:
        InputError: ``certify.too-long``; ``certify.unprintable`` with the ``member`` and its ``letters``;
            ``json.*`` for texts outside the JSON profile; ``certificate.malformed``.
    """
    try:
        check_draft(value)
    except ProtocolError as exc:
        if exc.code == "json.too-large":
            raise InputError("certify.too-long", **exc.params) from exc
        raise InputError(exc.code, **exc.params) from exc
    for member, letters in certificateletters.unprintable(value):
        raise InputError("certify.unprintable", member=member, letters=letters)


def _role(text: str | None) -> str | None:
    return certificateletters.on_one_line(text or "") or None


def _narrative(text: str | None) -> str | None:
    return "\n".join(certificateletters.lines_of(text or "")) or None


def refuse_pseudonym(value: Mapping[str, Json], pseudonym: str) -> None:
    """Refuse a document whose texts hold the volunteer's pseudonym (D-28): ``certify.names-volunteer``."""
    member = certificatenames.member_with_pseudonym(value, pseudonym)
    if member is not None:
        raise InputError("certify.names-volunteer", member=member)


def issuer(context: Context, language: str) -> Issuer:
    """Us, now."""
    names = context.config.agency.names
    name = names.get(language) or next(iter(names.values()))
    return Issuer(context.directory.own.did, name, earliest(context.tools, context.publisher.last_issued))


def title_of_endorsement(context: Context, language: str) -> str:
    """What an endorsement is called."""
    return _title(context, "endorsement", language)


def _title(context: Context, kind: str, language: str) -> str:
    name = _WORDS[kind][language]
    return _WORDS["fictitious"][language].format(name=name) if context.config.agency.fictitious else name


def _programme(context: Context, state: PlacementState, language: str) -> Programme:
    scheme = context.schemas.code_list("scheme").label(state.scheme, language)
    description = _WORDS["programme"][language].format(scheme=scheme)
    return Programme(state.scheme, language, scheme, description, _WORDS[state.state][language])


async def _offer(context: Context, ledger: Ledger, offer: str | None) -> Mapping[str, Json]:
    """The body of the offer that was filled; empty where it is not held any more."""
    if offer is not None:
        with contextlib.suppress(InputError):
            return (await publishing.newest(context, ledger, offer, "offer")).body
    return {}


def in_language(value: Json, language: str) -> str | None:
    """A text by language in one of them, or in the first there is."""
    if not isinstance(value, dict) or not value:
        return None
    return str(value.get(language) or next(iter(value.values())))


def _tasks(offer: Mapping[str, Json], language: str) -> str | None:
    tasks = offer.get("tasks")
    listed = [in_language(task, language) for task in tasks] if isinstance(tasks, list) else []
    return " · ".join(certificateletters.on_one_line(task) for task in listed if task) or None


async def _stand(context: Context, placement: Served) -> Stand:
    """The record of a placement in the feed from host to sender, where it first stood."""
    between = (placement.state.host, placement.state.sender)
    async with context.database.reading() as connection:
        places = await record_rows.places_of(connection, placement.record.digest)
        found = [(Origin.parse(origin), index) for origin, index in places]
        at = [(origin, index) for origin, index in found if (origin.author, origin.partner) == between]
        origin, index = min(at, key=lambda place: (place[0].number, place[1]))
        commitment = feeds.commitment_in(await leaf_at(connection, origin, index), origin)
    if commitment is None:
        raise RuntimeError("a record stands at a leaf that commits to it")
    return Stand(placement.record.id, placement.record.digest, origin, index, commitment.hex())


async def leaf_at(connection: AsyncConnection, origin: Origin, index: int) -> bytes:
    """A leaf as hashed; nothing where it is not held."""
    held = await feeds.get(connection, origin)
    found = [] if held is None else await feeds.leaves(connection, held.id, index, index + 1)
    return found[0] if found else b""
