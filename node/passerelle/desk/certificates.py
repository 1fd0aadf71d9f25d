"""Certificates: issuing and endorsing them, revoking them, saying which there are.

What is signed goes into the rows together with the event that tells the other agency of
it, in one transaction: after a crash there is both or neither, and whoever asks again with
the same commitment is given what was signed then.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.desk import certifying, publishing
from passerelle.desk.certifying import Served
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.desk.revocations import revocations, revoking
from passerelle.errors import InputError, ProtocolError
from passerelle.protocol import certificates as reading
from passerelle.protocol.certificates import STATUS_TYPE, Certificate, Endorsement, Signed
from passerelle.protocol.certificatesigning import (
    draft_endorsement,
    results_of,
    sign_certificate,
    sign_endorsement,
)
from passerelle.protocol.identity import Identity
from passerelle.protocol.profile import Json, JsonObject, parse
from passerelle.protocol.records import Record
from passerelle.storage import certificates as rows
from passerelle.storage.certificates import Issued
from passerelle.sync.signing import Draft

Answer = dict[str, object]

_COMMITMENT: Final = re.compile("[0-9a-f]{64}")

_Parsed = TypeVar("_Parsed", bound=Signed)


class Certificates:
    """The certificates of this node.

    Args:
        context: The node.
        ledger: The records held.
    """

    def __init__(self, context: Context, ledger: Ledger) -> None:
        self._context = context
        self._ledger = ledger
        self._turn = asyncio.Lock()
        """Held from looking whether there is one already until it is there: a placement gets one."""

    async def draft(
        self, placement: str, *, language: str, role: str | None = None, narrative: str | None = None
    ) -> JsonObject:
        """A certificate as it would be signed now, about nobody yet, for a person to look at.

        Raises:
            InputError: As :meth:`issue`.
        """
        _check_language(language)
        served = await certifying.served(self._context, self._ledger, placement)
        return await certifying.draft(
            self._context, self._ledger, served, "0" * 64, language=language, role=role, narrative=narrative
        )

    async def issue(
        self,
        placement: str,
        commitment: str,
        *,
        language: str,
        role: str | None = None,
        narrative: str | None = None,
    ) -> Answer:
        """Sign a certificate for a placement that is over, keep it, and tell the other agency.

        Args:
            placement: Id or digest of its record.
            commitment: To the person, 64 hex digits, made with a salt of this certificate alone.
            language: Of its texts, ``fr`` or ``en``.
            role: As what the person served; the offer's title where None.
            narrative: Tasks, training; the offer's tasks where None.

        Returns:
            ``certificate``, its ``id`` and ``digest``, the ``event``; ``already`` where it was signed before.

        Raises:
            InputError: ``record.*``, ``certificate.*``.
            StorageError: The node signs nothing, or the disk failed.
        """
        _check_language(language)
        if not _COMMITMENT.fullmatch(commitment):
            raise InputError("certify.commitment-malformed")
        served = await certifying.served(self._context, self._ledger, placement)
        async with self._turn:
            known = await self._known(served, commitment)
            if known is not None:
                return _told(known, already=True)
            self._context.publisher.refuse_closed()
            value = await certifying.draft(
                self._context,
                self._ledger,
                served,
                commitment,
                language=language,
                role=role,
                narrative=narrative,
            )
            data, signed = sign_certificate(value, self._context.tools.keys.record)
            return await self._keep(served, signed, commitment, data)

    async def endorse(self, document: str, *, language: str) -> Answer:
        """Sign an endorsement of a partner's certificate, where our node counts the same days and hours.

        Args:
            document: The certificate's file.
            language: Of what the endorsement is called.

        Raises:
            InputError: ``json.*``, ``proof.*``, ``key.*``, ``certificate.*``, ``record.*``;
                ``certify.endorsement-revoked`` where ours of this certificate was revoked: that is for good.
            StorageError: As :meth:`issue`.
        """
        _check_language(language)
        certificate = _parsed(document, Certificate)
        served = await self._of_partner(certificate)
        async with self._turn:
            known = await self._endorsed(certificate)
            if known is not None:
                return _told(known, already=True)
            self._context.publisher.refuse_closed()
            value = draft_endorsement(
                id=self._context.tools.new_id(),
                name=certifying.title_of_endorsement(self._context, language),
                issuer=certifying.issuer(self._context, language),
                certificate=certificate,
            )
            certifying.refuse_unfit(value)
            data, signed = sign_endorsement(value, self._context.tools.keys.record)
            _as_input(lambda: reading.check_endorses(signed, certificate))
            return await self._keep(served, signed, certificate.digest, data)

    async def revoke(self, *, name: str | None = None, document: str | None = None) -> Answer:
        """Revoke a certificate or an endorsement of ours, for everybody and for good.

        Args:
            name: Id or digest, of one that this node signed.
            document: Its file: also of one that is in no row here.

        Raises:
            InputError: ``certify.unknown``, ``certify.not-ours``, ``certify.already-revoked``.
        """
        digest = await self._ours(name, document)
        async with self._turn:
            revoked = await self._revoked([digest])
            if digest in revoked:
                raise InputError("certify.already-revoked", issued=revoked[digest])
            item = {"type": STATUS_TYPE, "body": {"items": [{"digest": digest, "status": "revoked"}]}}
            (published,) = await publishing.publish(self._context, self._ledger, [item])
        return {"digest": digest, "record": published}

    async def listing(self) -> list[Answer]:
        """Every certificate and endorsement that this node signed, newest first, and which are revoked."""
        async with self._context.database.reading() as connection:
            held = await rows.every(connection)
        revoked = await self._revoked([item.digest for item in held])
        return [_listed(item) | {"revoked": revoked.get(item.digest)} for item in held]

    async def show(self, name: str) -> Answer:
        """One that this node signed, by id or digest.

        Raises:
            InputError: ``certify.unknown``.
        """
        async with self._context.database.reading() as connection:
            held = await rows.by_name(connection, name)
        if held is None:
            raise InputError("certify.unknown", name=name)
        revoked = await self._revoked([held.digest])
        return _told(held) | {"revoked": revoked.get(held.digest)}

    async def sheet(self, document: str, endorsement: str | None = None) -> Answer:
        """What a printed sheet needs besides the files: the issuer's address, and the logs by which both are checked.

        Args:
            document: The file of a certificate, ours or a partner's.
            endorsement: The file of the other agency's, or None.

        Returns:
            ``address``, None where the issuer is known to say none; ``logs`` by SCID.

        Raises:
            InputError: ``json.*``, ``proof.*``, ``key.*``, ``certificate.*``, ``peer.unknown``: what cannot be proven is not printed.
        """
        certificate = _parsed(document, Certificate)
        await self._check_now(certificate)
        signed: list[Signed] = [certificate]
        if endorsement is not None:
            given = _parsed(endorsement, Endorsement)
            _as_input(lambda: reading.check_endorses(given, certificate))
            await self._check_now(given)
            signed.append(given)
        identities = [self._identity(item.issuer_scid) for item in signed]
        return {
            "address": self._address(certificate.issuer_scid),
            "logs": {identity.scid: identity.log.decode() for identity in identities},
        }

    # --- parts ---------------------------------------------------------------------------

    async def _revoked(self, digests: Collection[str]) -> dict[str, str]:
        """Since when each of some documents of ours is revoked."""
        return await revocations(self._context, self._context.own, digests)

    async def _known(self, served: Served, commitment: str) -> Issued | None:
        """What was signed before for the same person and placement.

        Raises:
            InputError: ``certify.already-issued`` where another one stands,
                ``certify.commitment-used`` where this person's salt was used before.
        """
        async with self._context.database.reading() as connection:
            same = await rows.by_subject(connection, commitment)
            before = await rows.of_placement(connection, served.state.id)
        revoked = await self._revoked([item.digest for item in (*before, same) if item is not None])
        if same is not None and (same.placement != served.state.id or same.digest in revoked):
            raise InputError("certify.commitment-used", certificate=same.id)
        standing = [item for item in before if item.digest not in revoked and item != same]
        if standing:
            raise InputError("certify.already-issued", certificate=standing[-1].id, placement=served.state.id)
        return same

    async def _endorsed(self, certificate: Certificate) -> Issued | None:
        """Our endorsement of a certificate, where there is one.

        Raises:
            InputError: ``certify.endorsement-revoked``. A second one beside it would take back, for whoever is
                shown that one alone, what holds for everybody and for good (D-24).
        """
        async with self._context.database.reading() as connection:
            known = await rows.by_subject(connection, certificate.digest)
        since = None if known is None else (await self._revoked([known.digest])).get(known.digest)
        if known is not None and since is not None:
            told = {"endorsement": known.id, "issued": since, "certificate": certificate.id}
            raise InputError("certify.endorsement-revoked", **told)
        return known

    async def _of_partner(self, certificate: Certificate) -> Served:
        """The placement of a partner's certificate that we may endorse."""
        own = self._context.own
        ends = {certificate.origin.author, certificate.origin.partner}
        if own not in ends or certificate.issuer_scid == own:
            raise InputError("certificate.not-a-party", issuer=self._context.directory.own.did)
        await self._check_now(certificate)
        served = await certifying.served(self._context, self._ledger, certificate.placement_id)
        _as_input(lambda: reading.check_placement(certificate, served.record))
        await self._check_leaf(certificate)
        _check_days(certificate, served)
        certifying.refuse_pseudonym(certificate.value, served.pseudonym)
        return served

    async def _check_now(self, document: Signed) -> None:
        """Signed by its issuer, not revoked as far as this node has seen, and in force."""
        identity = self._identity(document.issuer_scid)
        _as_input(lambda: reading.verify_proof(document, identity))  # a forger has nobody's records read
        statuses = await revoking(self._context, document)
        now = self._context.clock()
        _as_input(lambda: reading.verify(document, identity, now, statuses=statuses))

    def _identity(self, scid: str) -> Identity:
        identity = self._context.directory.identity(scid)
        if identity is None:
            raise InputError("peer.unknown", name=scid)
        return identity

    def _address(self, scid: str) -> str | None:
        """Where an agency says that it can be reached; None where nothing that it signed says so here.

        Not where we connect to it: that may be an address of our own operator's.
        """
        if scid == self._context.own:
            return self._context.config.server.public_address
        partner = self._context.directory.peer(scid)
        said = None if partner is None else Record.parse(partner.descriptor).body.get("addresses")
        return str(said[0]) if isinstance(said, list) and said else None

    async def _check_leaf(self, certificate: Certificate) -> None:
        async with self._context.database.reading() as connection:
            leaf = await certifying.leaf_at(connection, certificate.origin, certificate.leaf_index)
        _as_input(lambda: reading.check_leaf(certificate, leaf))

    async def _ours(self, name: str | None, document: str | None) -> str:
        """The digest of a document of ours."""
        if document is not None:
            given = _parsed(document, Signed)
            if given.issuer_scid != self._context.own:
                raise InputError("certify.not-ours", issuer=given.issuer)
            _as_input(lambda: reading.verify_proof(given, self._context.directory.own))
            return given.digest
        async with self._context.database.reading() as connection:
            held = await rows.by_name(connection, name or "")
        if held is None:
            raise InputError("certify.unknown", name=name or "")
        return held.digest

    async def _keep(self, served: Served, signed: Signed, subject: str, data: bytes) -> Answer:
        """Publish the event, and keep what was signed, in one transaction."""
        kind = "certificate" if isinstance(signed, Certificate) else "endorsement"
        issued = Issued(
            signed.digest,
            signed.id,
            kind,
            served.state.id,
            subject,
            int(signed.signed.timestamp()),
            data,
        )

        async def also(connection: AsyncConnection) -> None:
            await rows.put(connection, issued)

        other = ({served.state.host, served.state.sender} - {self._context.own}).pop()
        body: dict[str, Json] = {
            "kind": "recognition",
            "about": [{"id": served.state.id, "type": "placement"}],
            "actual": signed.created[:10],
            "status": "done",
            "certificates": [signed.digest],
            "lang": self._context.config.agency.languages[0],
        }
        if self._context.config.agency.fictitious:
            body["synthetic"] = True
        (event,) = await self._context.publisher.publish([Draft("event", (other,), body)], also=also)
        return _told(issued) | {"event": event}


def _check_language(language: str) -> None:
    if language not in certifying.LANGUAGES:
        raise InputError("certify.language", language=language[:20])


def _parsed(document: str, kind: type[_Parsed]) -> _Parsed:
    """A document of that kind, from a file of our own user's.

    Raises:
        InputError: ``json.*``, ``proof.malformed``, ``certificate.*``.
    """
    found: Certificate | Endorsement | None = None
    try:
        found = reading.parse(document.encode("utf-8", "surrogatepass"))
    except ProtocolError as exc:
        raise InputError(exc.code, **exc.params) from exc
    if not isinstance(found, kind):
        raise InputError("certificate.malformed", member="type")
    return found


def _check_days(certificate: Certificate, served: Served) -> None:
    """D-30: the days and sums are those that this node counts."""
    subject = certificate.value["credentialSubject"]
    service = served.service
    counted: Mapping[str, Json] = {
        "activityStartDate": f"{service.first.isoformat()}T00:00:00Z",
        "activityEndDate": f"{service.last.isoformat()}T00:00:00Z",
        "result": results_of(service) or None,
    }
    for member, value in counted.items():
        if isinstance(subject, dict) and subject.get(member) != value:
            raise InputError("certify.days-differ", member=member, placement=served.state.id)


def _as_input(check: Callable[[], None]) -> None:
    """Run a check of the protocol on a file of our own user's: what it refuses is what was given to us."""
    try:
        check()
    except ProtocolError as exc:
        raise InputError(exc.code, **exc.params) from exc


def _listed(item: Issued) -> Answer:
    signed = reading.parse(item.data)
    return {
        "digest": item.digest,
        "id": item.id,
        "kind": item.kind,
        "placement": item.placement,
        "signed": signed.created,
    }


def _told(item: Issued, *, already: bool = False) -> Answer:
    told = _listed(item) | {"document": parse(item.data)}
    return told | {"already": True} if already else told
