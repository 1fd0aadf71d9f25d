"""Checking a certificate from files alone: what is proven by what is at hand, and what is not looked at.

Nobody is asked and nothing is fetched. A certificate and its issuer's identity log are
enough to know who signed it; each further thing that is given (the other agency's
endorsement, a folder with feeds, the placement's record, what the volunteer's copy has in
print) proves one thing more, and what is not given is said not to have been checked.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from passerelle.audit.acquaintance import Known, called, digits_of
from passerelle.audit.certificatereport import CertificateReport, DocumentReport, Step
from passerelle.audit.folder import audit_folder
from passerelle.audit.gathering import Gathering
from passerelle.audit.report import AuditReport, FeedReport, Finding
from passerelle.audit.shelf import FileFault, read
from passerelle.errors import ProtocolError
from passerelle.protocol import certificates
from passerelle.protocol.certificates import STATUS_TYPE, Certificate, Endorsement, Person, Signed
from passerelle.protocol.fingerprints import fingerprint
from passerelle.protocol.identity import MAX_LOG_BYTES, Identity, compare_logs, parse_identity
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

NOBODY: Final = Known()
"""What somebody knows who was given nothing but the files."""


def inspect_certificates(
    files: Sequence[tuple[str, bytes]],
    folders: Sequence[Path],
    now: datetime,
    person: Person | None = None,
    known: Known = NOBODY,
) -> CertificateReport:
    """Judges every certificate and endorsement among some files by everything else among them.

    Args:
        files: Name and bytes each: certificates, endorsements, identity logs, records, in any order.
        folders: With feeds in them, as ``passerelle copy`` writes one.
        now: The clock of whoever asks.
        person: Of whom a certificate is said to speak.
        known: By what the agencies that signed are known. Its logs prove signatures like those among the files.

    Raises:
        InputError: ``audit.no-folder``.
    """
    given = _Given(now, person, known)
    for name, data in files:
        given.sort(name, data)
    given.read_folders(folders)
    return CertificateReport(tuple(given.judge()), given.folders, tuple(given.faults))


class _Given:
    """What is at hand.

    Args:
        now: The clock.
        person: Of whom a certificate is said to speak.
        known: By what agencies are known.
    """

    def __init__(self, now: datetime, person: Person | None, known: Known) -> None:
        self._now: Final = now
        self._person: Final = person
        self._known: Final = known
        self._schemas: Final = Schemas.packaged()
        self._identities: Final[dict[str, Identity]] = {}
        self._records: Final[list[Record]] = []
        self._parsed: Final[list[tuple[str, Certificate | Endorsement | ProtocolError]]] = []
        self._folders: Final[list[tuple[AuditReport, Gathering]]] = []
        self.faults: Final[list[Finding]] = []
        for (
            name,
            data,
        ) in known.logs:  # first: a log among the files that parts from one of these is the fault
            self._take_known(name, data)
        self._logs: Final = frozenset(self._identities)

    def _take_known(self, name: str, data: bytes) -> None:
        try:
            self._take_identity(parse_identity(data, now=self._now))
        except ProtocolError as error:
            self.faults.append(Finding(error.code, error.params, name))

    def sort(self, name: str, data: bytes) -> None:
        """Says what a file is, by its content."""
        try:
            if b'"versionId"' in data[:MAX_LOG_BYTES] and b'"credentialSubject"' not in data:
                self._take_identity(parse_identity(data, now=self._now))
            elif b'"urn:passerelle:v1"' in data and b'"credentialSubject"' not in data:
                self._records.append(Record.parse(data))
            else:
                self._take_document(name, data)
        except ProtocolError as error:
            self.faults.append(Finding(error.code, error.params, name))

    def _take_document(self, name: str, data: bytes) -> None:
        found: Certificate | Endorsement | ProtocolError
        try:
            found = certificates.parse(data)
        except ProtocolError as error:
            found = error
        self._parsed.append((name, found))

    def _take_identity(self, identity: Identity) -> None:
        """The longer of two logs of one agency; two that part from each other prove nothing.

        Raises:
            ProtocolError: ``audit.identity-forked``.
        """
        held = self._identities.get(identity.scid)
        relation = "newer" if held is None else compare_logs(held.log, identity.log)
        if relation == "forked":
            raise ProtocolError("audit.identity-forked", scid=identity.scid)
        if relation == "newer":
            self._identities[identity.scid] = identity

    @property
    def folders(self) -> tuple[AuditReport, ...]:
        """The reports on the folders."""
        return tuple(report for report, _ in self._folders)

    def read_folders(self, folders: Sequence[Path]) -> None:
        """Audits each folder, and takes the identity logs that lie in it."""
        wanted = {(item.origin, item.leaf_index) for item in self._certificates()}
        for folder in folders:
            gathering = Gathering(wanted)
            self._folders.append((audit_folder(folder, self._now, gathering=gathering), gathering))
            for path in sorted(folder.rglob("*did.jsonl")):
                try:
                    self._take_identity(parse_identity(read(path, MAX_LOG_BYTES), now=self._now))
                except FileFault as fault:
                    self.faults.append(Finding(fault.code, {}, path.as_posix()))
                except ProtocolError as error:
                    self.faults.append(Finding(error.code, error.params, path.as_posix()))

    def _certificates(self) -> Iterator[Certificate]:
        yield from (found for _, found in self._parsed if isinstance(found, Certificate))

    # --- judging -------------------------------------------------------------------------

    def judge(self) -> Iterator[DocumentReport]:
        """A report on each document."""
        statuses = [item for _, gathering in self._folders for item in gathering.statuses]
        statuses += self._good_statuses()
        self._look_for_fingerprints()
        for name, found in self._parsed:
            if isinstance(found, ProtocolError):
                yield DocumentReport(None, name, (_failed("form", found),))
                continue
            steps = [Step("form", True, params={"digest": found.digest})]
            if isinstance(found, Endorsement):
                steps.append(self._endorsed(found))
            steps += self._signed(found)
            steps += self._revoked(found, statuses)
            steps += self._in_time(found)
            if isinstance(found, Certificate):
                steps += self._leaf(found)
                steps += self._placement(found)
                steps.append(self._about(found))
            yield DocumentReport(found, name, tuple(steps))

    def _good_statuses(self) -> Iterator[Record]:
        """Loose records on certificates that their issuers signed; of the others it is said what is wrong."""
        for record in self._records:
            if record.type != STATUS_TYPE:
                continue
            try:
                check_proof(record, self._identity(record.issuer_scid), self._now)
                self._schemas.check_incoming(record.value)
            except ProtocolError as error:
                self.faults.append(Finding(error.code, error.params, record.id))
                continue
            if record.issuer_scid not in {
                found.issuer_scid for _, found in self._parsed if isinstance(found, Signed)
            }:
                fault = {"record": record.id, "issuer": record.issuer}
                self.faults.append(Finding("certify.status-of-another", fault, record.id))
            yield record

    def _endorsed(self, endorsement: Endorsement) -> Step:
        meant = [
            item
            for item in self._certificates()
            if endorsement.certificate_id == item.id or endorsement.certificate_digest == item.digest
        ]
        named = {"id": endorsement.certificate_id, "digest": endorsement.certificate_digest}
        if not meant:
            others = any(True for _ in self._certificates())
            if others:
                error = ProtocolError("certificate.endorses-another", certificate=endorsement.certificate_id)
                return _failed("endorses", error)
            return Step("no-certificate", None, params=named)
        exact = next((item for item in meant if item.digest == endorsement.certificate_digest), meant[0])
        return _attempt("endorses", lambda: certificates.check_endorses(endorsement, exact), **named)

    def _identity(self, scid: str) -> Identity:
        """The log of an agency. Raises ProtocolError (``identity.unknown``) where it is not here."""
        if scid not in self._identities:
            raise ProtocolError("identity.unknown", scid=scid)
        return self._identities[scid]

    def _signed(self, document: Signed) -> Iterator[Step]:
        try:
            identity = self._identity(document.issuer_scid)
        except ProtocolError as error:
            yield _failed("identity", error)
            return
        told = {"did": identity.did, "entries": len(identity.entries)}
        yield Step("identity", True, params=told)
        signature = _attempt(
            "signature",
            lambda: certificates.verify_proof(document, identity),
            method=document.verification_method,
            signed=document.created,
        )
        yield signature
        if signature.ok:
            yield self._known_as(document)

    def _known_as(self, document: Signed) -> Step:
        """Whether the agency that signed is known by another road than the files."""
        told = {"name": called(document), "fingerprint": fingerprint(document.issuer_scid)}
        by = self._known.by(document.issuer_scid, self._logs)
        return (
            Step("no-agency", None, params=told)
            if by is None
            else Step("agency", True, params={**told, "by": by})
        )

    def _look_for_fingerprints(self) -> None:
        """A fingerprint that no issuer has is a fault: whoever gave it expected another agency."""
        found = {
            digits_of(fingerprint(found.issuer_scid))
            for _, found in self._parsed
            if isinstance(found, Signed)
        }
        for given in self._known.fingerprints:
            if found and digits_of(given) not in found:
                self.faults.append(
                    Finding("certify.fingerprint-of-another", {"given": given[:200]}, "--fingerprint")
                )

    def _revoked(self, document: Signed, statuses: Iterable[Record]) -> Iterator[Step]:
        step = _attempt("status", lambda: certificates.check_status(document, statuses))
        if not step.ok:
            yield step
            return
        looked = {
            (item.origin, item.size)
            for _, gathering in self._folders
            for item in gathering.looked
            if item.origin.author == document.issuer_scid
        }
        for origin, size in sorted(looked, key=lambda item: (item[0].number, item[1])):
            yield Step("not-revoked", True, params={"origin": origin.encode(), "size": size})
        if not looked:
            yield Step("no-status", None)

    def _in_time(self, document: Signed) -> Iterator[Step]:
        until = document.value.get("validUntil")
        told = {"signed": document.created} | ({} if until is None else {"until": until})
        yield _attempt("time", lambda: certificates.check_time(document, self._now), **told)

    def _leaf(self, certificate: Certificate) -> Iterator[Step]:
        named = {"origin": certificate.origin.encode(), "index": certificate.leaf_index}
        place = (certificate.origin, certificate.leaf_index)
        copies = [
            (report, item)
            for report, gathering in self._folders
            for item in gathering.kept
            if (item.origin, item.index) == place
        ]
        if not copies:
            yield Step("no-feed", None, params=named)
        for report, item in copies:
            yield _attempt("leaf", partial(certificates.check_leaf, certificate, item.leaf), **named)
            yield from (_tree(feed, named) for feed in report.feeds if feed.folder == item.folder)

    def _placement(self, certificate: Certificate) -> Iterator[Step]:
        named = {"id": certificate.placement_id, "digest": certificate.placement_digest}
        given = [
            item
            for item in self._records
            if certificate.placement_id == item.id or certificate.placement_digest == item.digest
        ]
        for record in given:
            check = partial(certificates.check_placement, certificate, record)
            yield _attempt("placement", check, **named)
        if not given:
            yield Step("no-placement", None, params=named)

    def _about(self, certificate: Certificate) -> Step:
        person = self._person
        if person is None:
            return Step("no-person", None)
        return _attempt("person", lambda: certificates.check_person(certificate, person))


def _attempt(step: str, check: Callable[[], None], **params: object) -> Step:
    try:
        check()
    except ProtocolError as error:
        return _failed(step, error)
    return Step(step, True, params=params)


def _failed(step: str, error: ProtocolError) -> Step:
    return Step(step, False, error.code, error.params)


def _tree(feed: FeedReport, named: Mapping[str, object]) -> Step:
    """Whether a copy of a feed is as its author signed it."""
    told = {**named, "size": feed.size, "receipts": len(feed.receipts)}
    if feed.ok:
        return Step("tree", True, params=told)
    return Step("tree", False, feed.findings[0].code, {**feed.findings[0].params, **told})
