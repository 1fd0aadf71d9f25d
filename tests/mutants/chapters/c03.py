"""Chapter 03 of the law: identity and keys."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_LOG: Final = "protocol/identity.py"
_ENTRY: Final = "protocol/identityentries.py"
_DOCUMENT: Final = "protocol/keydocuments.py"
_KEYS: Final = "protocol/keys.py"
_DIRECTORY: Final = "sync/directory.py"
_TAKING: Final = "sync/identities.py"
_SERVED: Final = "server/federation/app.py"
_FIRST_CONTACT: Final = ("tests/unit/desk/test_desk_peers.py",)

_SEALING_KEY_OF_THE_DESCRIPTOR: Final = (
    "confirmed.get(sha256(read[1]).hexdigest())",
    "confirmed.get(sha256(read[1]).hexdigest(), read[0])",
)
"""The descriptor, which a record key signs, is the one road but the log by which a key could change."""

CHAPTER: Final = Chapter(
    "03",
    mutants=(
        Mutant(
            "I-1",
            "protocol/records.py",
            "self.type, self.issuer_scid, self.is_public",
            "self.type, self.issuer, self.is_public",
        ),
        Mutant("I-2", "desk/partners.py", "if code is not None and code in taken:", "if False:"),
        Mutant("I-3", _DOCUMENT, '({_SCID}):({_DOMAIN})")', '({_SCID}):(.+)")'),
        Mutant("I-4", _SERVED, 'web.get("/.well-known/did.jsonl", self.identity),', "", _FIRST_CONTACT),
        Mutant("I-5", _SERVED, 'web.get("/mirrors/{scid}/did.jsonl", self.mirrored_identity),', ""),
        Mutant("I-6", _LOG, "if len(log) > MAX_LOG_BYTES:", "if False:"),
        Mutant(
            "I-44",
            _LOG,
            '.split(b"\\n", MAX_ENTRIES)\n    if len(lines) > MAX_ENTRIES:',
            '.split(b"\\n")\n    if False:',
        ),
        Mutant("I-45", _DOCUMENT, "if len(items) > MAX_LISTED:", "if False:"),
        Mutant("I-46", _LOG, "if len(seen) > MAX_KEYS:", "if False:"),
        Mutant("I-7", _ENTRY, "if set(entry) != _ENTRY_MEMBERS:", "if not set(entry) >= _ENTRY_MEMBERS:"),
        Mutant(
            "I-8",
            _LOG,
            "return Identity(scid, log, tuple(in_force),",
            'log = b"".join(profile.encode(parse_entry(line)) + b"\\n" for line in _lines(log))\n'
            "    return Identity(scid, log, tuple(in_force),",
        ),
        Mutant("I-9", _ENTRY, "if multihash(profile.encode(replaced)) != scid:", "if False:"),
        Mutant("I-10", _ENTRY, 'if body["versionId"] != version_id:', "if False:"),
        Mutant("I-11", _ENTRY, "if previous and version_time <= previous.version_time:", "if False:"),
        Mutant("I-12", _LOG, "if now is None or entry.version_time <= now + TOLERANCE]", "]"),
        Mutant("I-41", _DIRECTORY, "now=max(now, taken[scid])", "now=now"),
        Mutant("I-13", _ENTRY, "if first and name in _IN_THE_FIRST:", "if False:"),
        Mutant("I-14", _ENTRY, "if not strings or len(strings)", "if len(strings)"),
        Mutant(
            "I-15",
            _ENTRY,
            'if previous and multihash(multikey.encode("ascii")) not in committed:',
            "if False:",
        ),
        Mutant("I-16", _ENTRY, "proofs.verify_proof(body, only, parse_multikey(multikey))", "pass"),
        Mutant("I-17", _ENTRY, "if not set(parameters) <= _PARAMETERS:", "if False:"),
        Mutant("I-18", _DOCUMENT, "or match is None or match[1] != scid:", "or match is None:"),
        Mutant("I-19", _ENTRY, "_check_move(state, previous.document.did)", "pass"),
        Mutant("I-20", _LOG, "if entry.version_time <= when:", "if True:"),
        Mutant("I-21", _LOG, 'len(theirs) > len(ours) else "older"', 'len(theirs) > len(ours) else "forked"'),
        Mutant("I-22", _LOG, "if ours[:common] != theirs[:common]:", "if False:"),
        Mutant(
            "I-23",
            _TAKING,
            'await feeds.block_author(connection, held.scid, "identity.forked")\n        ',
            "",
        ),
        Mutant(
            "I-42",
            _TAKING,
            "held.scid, held.log, offered.log, now)",
            "held.scid, offered.log, offered.log, now)",
        ),
        Mutant(
            "I-43",
            _TAKING,
            "if _set_aside(await identityforks.every(connection, held.scid), offered.log):",
            "if False:",
        ),
        Mutant(
            "I-48",
            _DOCUMENT,
            'own.get("successors"), "successors")',
            'own.get("successors", []), "successors")',
        ),
        Mutant("I-24", _DOCUMENT, 'if state.get("@context") != list(CONTEXT):', "if False:"),
        Mutant("I-25", _DOCUMENT, 'method.get("id") == f"{did}#{multikey}" and ', ""),
        Mutant(
            "I-26",
            _DOCUMENT,
            "if not ids or not methods.keys() >= set(ids):\n"
            '        raise ProtocolError("identity.document", member=relationship)\n'
            "    return {method: methods[method] for method in ids}",
            "if not ids:\n"
            '        raise ProtocolError("identity.document", member=relationship)\n'
            "    return {method: methods[method] for method in ids if method in methods}",
        ),
        Mutant("I-27", _DOCUMENT, "if not multikeys:", "if False:"),
        Mutant("I-28", _DOCUMENT, "if len({*record, *request, *log, *witness}) <", "if 4 <"),
        Mutant(
            "I-29",
            _KEYS,
            "if prefix != _MULTICODEC_ED25519 or len(public) != PUBLIC_BYTES:\n"
            '        raise ProtocolError("key.malformed")\n'
            "    if encode_multikey(public) != text:",
            "if False:",
        ),
        Mutant("I-30", _KEYS, "if y % _P in _SMALL_ORDER_Y:", "if False:"),
        Mutant("I-31", _KEYS, "if y >= _P:", "if False:"),
        Mutant(
            "I-47",
            _KEYS,
            "_public_key(public).verify(signature, message)",
            "order = 2**252 + 27742317777372353535851937790883648493\n"
            '        least = int.from_bytes(signature[32:], "little") % order\n'
            '        _public_key(public).verify(signature[:32] + least.to_bytes(32, "little"), message)',
        ),
        Mutant("I-33", _DIRECTORY, *_SEALING_KEY_OF_THE_DESCRIPTOR),
        Mutant("I-34", "descriptor.py", "VALID = timedelta(days=90)", "VALID = timedelta(days=91)"),
        Mutant(
            "I-35",
            _DIRECTORY,
            "        keys = begun_keys(Record.parse(partner.descriptor).body,",
            "        told = Record.parse(partner.descriptor).body\n"
            '        if parse_time(str(told["validUntil"])) < self.clock():\n'
            '            raise InputError("peer.no-sealing-key", name=scid)\n'
            "        keys = begun_keys(told,",
        ),
        Mutant("I-36", _DIRECTORY, *_SEALING_KEY_OF_THE_DESCRIPTOR),
        Mutant("I-37", _DIRECTORY, "return keys[-1]", "return keys[0]"),
        Mutant("I-38", "node.py", 'if await self._newest_own("agency") is None:', "if False:"),
        Mutant("I-39", "protocol/fingerprints.py", "{group:05d}", "{group}"),
        Mutant(
            "I-40",
            _ENTRY,
            "proofs.verify_proof(body, only, parse_multikey(multikey))",
            "pass",
            _FIRST_CONTACT,
        ),
    ),
    people={
        "I-32": "where the sheets of the update keys are kept is for an agency's people; tests/unit/custody has the sheets",
    },
)
