"""Chapter 24 of the law: certificates."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_CERTIFICATES: Final = "protocol/certificates.py"
_IDENTITY: Final = "protocol/identity.py"
_FORMS: Final = "protocol/certificateforms.py"
_PROOFS: Final = "protocol/proofs.py"
_VECTORS: Final = ("tests/vectors/test_vectors_certificates.py",)
_SIGNING: Final = "tests/unit/protocol/test_certificate_signing.py"
_CODES: Final = "tests/unit/paper/test_paper_codes.py"
_DESK: Final = "tests/unit/desk/test_desk_certificates.py"

CHAPTER: Final = Chapter(
    "24",
    mutants=(
        Mutant(
            "D-1",
            _CERTIFICATES,
            "value = profile.parse(data, max_bytes=MAX_BYTES)",
            "if len(data) > MAX_BYTES:\n        profile.parse(data, max_bytes=MAX_BYTES)\n"
            '    value = __import__("json").loads(data)',
            _VECTORS,
        ),
        Mutant("D-2", _CERTIFICATES, "max_bytes=MAX_BYTES", "max_bytes=2**40", _VECTORS),
        Mutant(
            "D-3",
            _FORMS,
            "not members <= value.keys() <= members | more:",
            "not members <= value.keys():",
            _VECTORS,
        ),
        Mutant(
            "D-4",
            _FORMS,
            "if not isinstance(value, str) or not pattern.fullmatch(value):",
            "if not isinstance(value, str):",
            _VECTORS,
        ),
        Mutant("D-5", _CERTIFICATES, "sha256(profile.encode_plain(value))", "sha256(data)", _VECTORS),
        Mutant("D-6", _PROOFS, "if proof.get(member) != expected:", "if False:", _VECTORS),
        Mutant(
            "D-7",
            _CERTIFICATES,
            '    if proof.get("@context") != document.value["@context"]:\n'
            '        raise ProtocolError("proof.context-mismatch")\n',
            # The suite asks for the same once more.
            '    proof = {**proof, "@context": document.value["@context"]}\n',
            _VECTORS,
        ),
        Mutant(
            "D-8",
            _CERTIFICATES,
            'if document.value["validFrom"] != document.created:',
            "if False:",
            _VECTORS,
        ),
        Mutant(
            "D-9",
            _IDENTITY,
            "if then is None or then.did != issuer:",
            "if then is None:",
            _VECTORS,
        ),
        Mutant(
            "D-10",
            _IDENTITY,
            "if method not in then.record_keys:\n"
            '            raise ProtocolError("key.not-valid-then", method=method)\n'
            "        return then.record_keys[method]",
            "return self.every_record_key_ever[method]",
            _VECTORS,
        ),
        Mutant(
            "D-11",
            _PROOFS,
            "if not verify_signature(public, hash_data(document, proof), signature):",
            "if False:",
            _VECTORS,
        ),
        Mutant("D-12", _CERTIFICATES, "if document.signed > now + AHEAD:", "if False:", _VECTORS),
        Mutant("D-13", _CERTIFICATES, "if not _NAME.fullmatch(name):", "if False:", _VECTORS),
        Mutant(
            "D-14", _CERTIFICATES, "if person.commitment != certificate.commitment:", "if False:", _VECTORS
        ),
        Mutant(
            "D-15",
            _CERTIFICATES,
            "if scid not in (leaf[0].author, leaf[0].partner):",
            "if False:",
            _VECTORS,
        ),
        Mutant(
            "D-16",
            _CERTIFICATES,
            'if leaf != profile.encode({"commitment": certificate.leaf_commitment, "kind": "sealed"}):',
            "if False:",
            _VECTORS,
        ),
        Mutant(
            "D-17",
            _CERTIFICATES,
            "if named != (record.id, record.digest, record.type, record.issuer_scid) or not is_between_them:",
            "if False:",
            _VECTORS,
        ),
        Mutant(
            "D-18", _CERTIFICATES, "if named != (certificate.id, certificate.digest):", "if False:", _VECTORS
        ),
        Mutant("D-19", _CERTIFICATES, "if endorsement.issuer_scid not in others:", "if False:", _VECTORS),
        Mutant("D-20", _CERTIFICATES, "if endorsement.signed < certificate.signed:", "if False:", _VECTORS),
        Mutant(
            "D-21",
            _CERTIFICATES,
            "if isinstance(document, Certificate) and document.valid_until and document.valid_until <= now:",
            "if False:",
            _VECTORS,
        ),
        Mutant(
            "D-22",
            _CERTIFICATES,
            'raise ProtocolError("certificate.revoked", record=record.id, issued=record.created)',
            "return",
            _VECTORS,
        ),
        Mutant(
            "D-23",
            _CERTIFICATES,
            "            and record.issuer_scid == document.issuer_scid\n",
            "",
            _VECTORS,
        ),
        Mutant(
            "D-24",
            _CERTIFICATES,
            "    for record in statuses:\n",
            "    for record in sorted(statuses, key=lambda record: record.created)[-1:]:\n",
            _VECTORS,
        ),
        Mutant(
            "D-25",
            "auditor/verify.html",
            '  if (seen.length === 0) steps.push(unchecked("certificate.no-status", "D-25"));\n',
            "",
            ("tests/verify/test_verify_certificates.py",),
        ),
        Mutant(
            "D-26",
            "protocol/certificatesigning.py",
            "data = profile.encode(signed)",
            'data = __import__("json").dumps(signed, ensure_ascii=False).encode()',
            (_SIGNING,),
        ),
        Mutant(
            "D-27",
            "cli/persons.py",
            "secrets.token_bytes(_SALT_BYTES).hex()",
            '"5a" * _SALT_BYTES',
            ("tests/unit/cli/test_cli_certificates.py",),
        ),
        Mutant(
            "D-28",
            "protocol/certificatenames.py",
            "        if (enough and len(sought & words) >= enough) or any(day in text for day in dates):",
            "        if False and any(day in text for day in dates):",
            (_SIGNING,),
        ),
        Mutant(
            "D-29",
            "exchange/service.py",
            "if placement.state not in _ENDED or placement.arrived_on is None:",
            "if placement.arrived_on is None:",
            (_DESK,),
        ),
        Mutant(
            "D-30",
            "desk/certificates.py",
            "        if isinstance(subject, dict) and subject.get(member) != value:",
            "        if False:",
            (_DESK,),
        ),
        Mutant("D-31", "desk/certificates.py", "        if standing:", "        if False:", (_DESK,)),
        Mutant(
            "D-32",
            "protocol/certificatecodes.py",
            'return f"{base}#{',
            'return f"{base}?{',
            (_CODES,),
        ),
        Mutant(
            "D-33",
            "protocol/certificatecodes.py",
            "packing = zlib.compressobj(9, zlib.DEFLATED, _RAW)",
            "packing = zlib.compressobj(9)",
            (_CODES,),
        ),
    ),
)
