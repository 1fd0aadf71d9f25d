"""The parsers of what a person carries: certificates, endorsements, and what somebody types beside them."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from functools import cache
from typing import Any, Final

from pypdf import PdfWriter

from passerelle.audit import Known, inspect_certificates
from passerelle.errors import InputError, ProtocolError
from passerelle.paper import attachments_of
from passerelle.protocol import certificatecodes, certificateletters, certificates, profile, proofs, records
from passerelle.protocol.certificates import Certificate, Endorsement, Person
from passerelle.protocol.certificatesigning import check_draft
from tests.fuzz import world
from tests.fuzz.engine import Target
from tests.vectors.loading import load

_TOKENS: Final = (
    *(b'"proof"', b'"validUntil"', b'"result"', b'"alignment"', b'"identifier"', b"sha256$", b"sha256-"),
    *(b"EndorsementCredential", b"urn:passerelle:leaf:", b"urn:passerelle:scheme:", b"T00:00:00Z"),
)


def _document_seeds() -> list[bytes]:
    return [
        *world.vector_bytes("certificates.json", "valid", "data"),
        *world.vector_bytes("certificates.json", "refused", "data"),
        *world.vector_bytes("certificates.json", "malformed", "data")[:40],
    ]


def _document(data: bytes) -> None:
    document = certificates.parse(data)
    again = certificates.parse(profile.encode(document.value))
    assert again == document
    json.dumps(repr(document))


def _bare(name: str) -> dict[str, Any]:
    """A document of the vectors as if the first agency of this world had issued it, without proof."""
    case = next(case for case in load("certificates.json")["valid"] if case["name"] == name)
    document: dict[str, Any] = json.loads(case["data"])
    del document["proof"]
    document["issuer"]["id"] = world.agency().did
    document["validFrom"] = profile.format_time(world.NOW)
    if "evidence" in document:
        leaf = f"urn:passerelle:leaf:{world.BILATERAL.encode()}/3/{'a' * 64}"
        document["evidence"] = [{"id": leaf, "type": ["Evidence"]}]
    return document


def _signed(tree: Any) -> bytes:
    """The tree with a good proof of the first agency, whatever it says."""
    if not isinstance(tree, dict) or "proof" in tree:
        return world.loose(tree)
    created = tree.get("validFrom")
    try:
        whole = proofs.sign(
            tree,
            world.RECORD,
            verification_method=world.METHOD,
            created=created if isinstance(created, str) else "",
        )
        return profile.encode(whole)
    except ValueError:
        return world.loose({**tree, "proof": {}})


@cache
def _neighbour() -> Certificate:
    certificate = certificates.parse(_signed(_bare("every member")))
    assert isinstance(certificate, Certificate)
    return certificate


def _behind(tree: Any) -> None:
    """All that is asked of a document that is signed."""
    document = certificates.parse(_signed(tree))
    certificates.verify(document, world.agency(), world.NOW)
    with suppress(ProtocolError):
        _beside(document)


def _beside(document: Certificate | Endorsement) -> None:
    if isinstance(document, Endorsement):
        certificates.check_endorses(document, _neighbour())
        return
    sealed = profile.encode({"commitment": document.leaf_commitment, "kind": "sealed"})
    certificates.check_leaf(document, sealed)
    certificates.check_placement(document, records.Record.parse(world.signed(world.sample_records()[0])))


def _status(body: Any) -> None:
    """What a record of the issuer may say of a certificate."""
    named = {"type": "certificate-status", "schema": "urn:passerelle:schema:certificate-status:1.0"}
    record = next(one for one in world.sample_records() if one["audience"] == "public")
    data = world.signed({**record, **named, "body": body})
    certificates.check_status(_neighbour(), [records.Record.parse(data)])


def _statuses() -> list[dict[str, Any]]:
    digest = _neighbour().digest
    return [
        {"items": [{"digest": digest, "status": "confirmed"}, {"digest": "0" * 64, "status": "revoked"}]},
        {"items": [{"digest": digest, "status": "revoked"}]},
    ]


def _typed(tree: Any) -> None:
    texts = [tree.get(name) for name in ("name", "born", "salt")] if isinstance(tree, dict) else []
    name, born, salt = (text if isinstance(text, str) else "" for text in (*texts, "", "", "")[:3])
    person = Person.parse(name, born, salt)
    assert certificates.parse_name(person.name) == person.name
    with suppress(ProtocolError):
        certificates.check_person(_neighbour(), person)


def _persons() -> list[dict[str, str]]:
    return [
        {"name": case["person"], "born": case["birth_date"], "salt": case["salt"]}
        for case in load("certificates.json")["persons"]
    ]


_FORMS: Final = tuple(
    f"certificateforms.{name}"
    for name in (
        *("check_members", "parse_issuer", "parse_moment", "parse_subject", "parse_resource"),
        *("parse_evidence", "parse_endorsed", "parse_text", "parse_matching"),
    )
)


def _codes() -> list[str]:
    """What a reader of codes may see on a sheet: whole certificates, and what is nearly one."""
    whole = [certificatecodes.encode_whole(data) for data in _document_seeds()[:6]]
    return [*(text for text in whole if text is not None), "", "BB8", "GGW"]


def _drafted(tree: Any) -> None:
    """What is let through before it is signed is what a reader takes once it is."""
    if not isinstance(tree, dict) or not isinstance(tree.get("issuer"), dict) or "validFrom" not in tree:
        return
    if "proof" in tree:  # no draft has one
        return
    tree = {"@context": [], **tree, "issuer": {"id": "", **tree["issuer"]}}
    check_draft(tree)
    try:
        certificates.parse(_signed(tree))
    except ProtocolError as error:
        raise AssertionError("a draft was let through that no reader takes") from error
    for member, letters in certificateletters.unprintable(tree):
        json.dumps([member, letters], ensure_ascii=False).encode()


def _given(data: bytes) -> None:
    """Any file beside a good certificate and the log of its agency, and the same file as a log from elsewhere."""
    log = world.agency().log
    files = [("certificate.json", _signed(_bare("every member"))), ("did.jsonl", log), ("given", data)]
    elsewhere = Known(logs=[("log", data)], fingerprints=["1"])
    report, beside = (
        inspect_certificates(files, [], world.NOW, known=known) for known in (Known(), elsewhere)
    )
    for told in (report, beside):
        json.dumps(told.to_json(), ensure_ascii=False).encode()
    if report.faults:
        raise ProtocolError(report.faults[0].code, **report.faults[0].params)


def _files() -> list[bytes]:
    body = {"items": [{"digest": _neighbour().digest, "status": "revoked"}]}
    named = {"type": "certificate-status", "schema": "urn:passerelle:schema:certificate-status:1.0"}
    record = next(one for one in world.sample_records() if one["audience"] == "public")
    return [
        *_document_seeds()[:8],
        world.signed({**record, **named, "body": body}),
        world.agency().log,
        _signed(_bare("an endorsement")),
    ]


@cache
def _sheets() -> tuple[bytes, ...]:
    """PDFs with files in them: small ones, for most bytes of a printed sheet are fonts."""
    found = []
    for names in (["certificate.json"], ["certificate.json", "endorsement.json", "x.did.jsonl"]):
        writer = PdfWriter()
        writer.add_blank_page(10, 10)
        for name in names:
            writer.add_attachment(name, _document_seeds()[0])
        data = io.BytesIO()
        writer.write(data)
        found.append(data.getvalue())
    return tuple(found)


_PDF: Final = (
    *(b"/EmbeddedFiles", b"/Names", b"/Kids", b"/EF", b"/F", b"/UF", b"/Filter /FlateDecode", b"/LZWDecode"),
    *(b"/Length 99999999", b"1 0 R", b"2 0 R", b"9 0 R", b"obj", b"endobj", b"stream", b"endstream", b"xref"),
    *(
        b"trailer",
        b"startxref",
        b"/Prev 0",
        b"/Encrypt",
        b"/ObjStm",
        b"/XRef",
        b"<<",
        b">>",
        b"[",
        b"]",
        b"(",
    ),
)

PAPERS: Final[tuple[Target, ...]] = (
    Target(
        "attachments_of",
        "bytes",
        _sheets,
        lambda data: attachments_of(data, "sheet.pdf"),
        allowed=(InputError,),
        tokens=_PDF,
        max_bytes=30_000,
        share=0.3,
    ),
    Target(
        "inspect_certificates",
        "bytes",
        _files,
        _given,
        tokens=(*_TOKENS, b'"versionId"', b'"urn:passerelle:v1"', b"certificate-status", b"\n"),
        max_bytes=certificates.MAX_BYTES,
        share=0.3,
    ),
    Target(
        "certificatesigning.check_draft",
        "tree",
        lambda: [_bare("every member"), _bare("an endorsement")],
        _drafted,
        ("certificatesigning.check_draft", "profile.check"),
        tokens=("role", "narrative", "name", "مكتبة", "\0", "\ud800", "x" * 70_000),
    ),
    Target(
        "certificatecodes.parse_whole",
        "text",
        _codes,
        certificatecodes.parse_whole,
        ("certificatecodes.parse_whole",),
        tokens=("%", ":::", "000"),
    ),
    Target(
        "certificates.parse",
        "bytes",
        _document_seeds,
        _document,
        ("certificates.parse", *_FORMS),
        tokens=_TOKENS,
        max_bytes=certificates.MAX_BYTES,
    ),
    Target(
        "certificates behind the signature",
        "tree",
        lambda: [_bare("every member"), _bare("a certificate"), _bare("an endorsement")],
        _behind,
        (
            *("certificates.verify", "certificates.verify_proof", "certificates.check_time"),
            *("certificates.check_endorses", "certificates.check_leaf", "certificates.check_placement"),
        ),
        tokens=("validUntil", "result", "alignment", "role", "narrative", "evidence"),
    ),
    Target(
        "certificates: statuses",
        "tree",
        _statuses,
        _status,
        ("certificates.check_status",),
        tokens=("items", "digest", "status", "revoked"),
    ),
    Target(
        "certificates: persons",
        "tree",
        _persons,
        _typed,
        ("certificates.Person.parse", "certificates.check_person", "certificates.parse_name"),
        tokens=("name", "born", "salt"),
    ),
)
