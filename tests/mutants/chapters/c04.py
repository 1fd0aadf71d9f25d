"""Chapter 04 of the law: records and proofs."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_RECORD: Final = "protocol/records.py"
_IDENTITY: Final = "protocol/identity.py"
_HEADER: Final = "protocol/recordheaders.py"
_PROOF: Final = "protocol/proofs.py"
_SIGNING: Final = "sync/signing.py"
_PEN: Final = "sync/pen.py"
_SCHEMAS: Final = "protocol/schemas.py"
_JUDGING: Final = "exchange/judging.py"
_SEEN: Final = "exchange/causality.py"

CHAPTER: Final = Chapter(
    "04",
    mutants=(
        Mutant("R-1", _HEADER, "if value.keys() != _MEMBERS_OF[", "if not value.keys() >= _MEMBERS_OF["),
        Mutant(
            "R-2",
            _HEADER,
            "if not isinstance(value, str) or not pattern.fullmatch(value):",
            "if not isinstance(value, str):",
        ),
        Mutant(
            "R-3",
            _HEADER,
            'if _type_named(parse_text(schema, "schema")) != record_type:',
            'if not _type_named(parse_text(schema, "schema")):',
        ),
        Mutant("R-4", _HEADER, "if list(scids) != sorted(set(scids)) or issuer_scid in scids:", "if False:"),
        Mutant(
            "R-5",
            _PEN,
            "nonce=self.random(NONCE_BYTES),",
            "nonce=self.random(NONCE_BYTES) if previous is None else bytes.fromhex(previous.nonce),",
        ),
        Mutant(
            "R-6",
            _RECORD,
            "digest=sha256(data).hexdigest(),",
            'digest=sha256(profile.encode_plain({**value, "proof": None})).hexdigest(),',
        ),
        Mutant(
            "R-7",
            _PEN,
            "previous=None if previous is None else previous.digest,",
            'previous=previous and __import__("hashlib").sha256(previous.data.partition(b\',"proof":\')[0]).hexdigest(),',
        ),
        Mutant("R-8", _HEADER, "value.keys() != _PROOF_MEMBERS:", "not value.keys() >= _PROOF_MEMBERS:"),
        Mutant("R-9", _PROOF, "if proof.get(member) != expected:", "if False:"),
        Mutant("R-10", _RECORD, 'if proof["@context"] != record.value["@context"]:', "if False:"),
        Mutant("R-11", _RECORD, 'if record.value["issued"] != record.created:', "if False:"),
        Mutant("R-12", _PROOF, "if len(signature) != SIGNATURE_BYTES:", "if False:"),
        Mutant("R-13", _RECORD, "if not verify_signature(*self):", "if False:"),
        Mutant("R-14", _IDENTITY, "if then is None or then.did != issuer:", "if then is None:"),
        Mutant(
            "R-15",
            _IDENTITY,
            "if method not in then.record_keys:\n"
            '            raise ProtocolError("key.not-valid-then", method=method)\n'
            "        return then.record_keys[method]",
            "return self.every_record_key_ever[method]",
        ),
        Mutant("R-16", "protocol/intake.py", '"key.unknown": "pending",', ""),
        Mutant(
            "R-17", "exchange/held.py", "issuer=record.issuer_scid,", 'issuer=getattr(record, "issuer", ""),'
        ),
        Mutant(
            "R-18",
            "exchange/held.py",
            "place=(held.origin.number, held.index),",
            "place=(held.origin.number, held.index + int(record.issued.timestamp())"
            ' if hasattr(record, "issued") else held.index),',
        ),
        Mutant(
            "R-19",
            _SIGNING,
            "return least if last_issued is None else max(least, last_issued)",
            "return least",
        ),
        Mutant(
            "R-36",
            _SIGNING,
            "least = max(tools.clock().replace(microsecond=0), entry.version_time + SECOND)",
            "least = max(tools.clock().replace(microsecond=0), entry.version_time)",
        ),
        Mutant("R-20", _RECORD, "if record.issued > now + AHEAD:", "if False:"),
        Mutant("R-21", _JUDGING, "if before.issuer != entry.issuer:", "if False:"),
        Mutant("R-22", _JUDGING, "if own and own[0].type != entry.type:", "if False:"),
        Mutant(
            "R-23",
            _JUDGING,
            "if not entry.is_public and (before.is_public or not before.reaches <= entry.reaches):",
            "if False:",
        ),
        Mutant("R-24", _JUDGING, "if other.version == entry.version:", "if False:"),
        Mutant(
            "R-25",
            "protocol/intake.py",
            "record.is_public != origin.is_public or not (record.is_public or me in record.addressees):",
            "record.is_public != origin.is_public:",
        ),
        Mutant("R-26", _HEADER, "if seen.keys() != set(audience):", "if False:"),
        Mutant("R-27", _SEEN, "if said < before:", "if False:"),
        Mutant("R-28", _SEEN, "if not other.holds(said):", "if False:"),
        Mutant("R-29", _PEN, "self.schemas.check_outgoing(record)", "pass"),
        Mutant(
            "R-30", _SCHEMAS, 'if reading == "relaxed" else', 'if reading in {"relaxed", "outgoing"} else'
        ),
        Mutant(
            "R-31",
            _SCHEMAS,
            'self._require("strict", str(schema), record)',
            'self._require("relaxed", str(schema), record)',
        ),
        Mutant(
            "R-32",
            "desk/board_rows.py",
            'return {"und": str(value["name"])}',
            "return {str(member): str(text) for member, text in value.items()}",
        ),
        Mutant("R-33", _SCHEMAS, 'if record.get("type") != name.type:', "if True:"),
    ),
)
