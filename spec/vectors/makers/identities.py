"""``identity.json``: identity logs, honest and attacked (chapter 03)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from makers.common import (
    DID_CONTEXT,
    SELF,
    Key,
    Tree,
    canonical,
    encode_multikey,
    hash_data,
    make_proof,
    multihash,
    seed,
)

PLACEHOLDER: Final = "{SCID}"
FIRST: Final = "2025-01-10T08:00:00Z"
SECOND: Final = "2025-06-10T08:00:00Z"
THIRD: Final = "2025-07-10T08:00:00Z"
FOURTH: Final = "2025-08-10T08:00:00Z"
NOW: Final = "2026-01-01T00:00:00Z"
NULL: Final = object()
"""A member that is there and null, where None takes it away."""


@dataclass(frozen=True)
class Keys:
    """The online keys that one version of a document names."""

    record: tuple[Key, ...]
    request: tuple[Key, ...]
    log: tuple[Key, ...]
    witness: tuple[Key, ...]

    @classmethod
    def of(cls, agency: str, generation: int = 1) -> Keys:
        """One key of each purpose."""
        names = ("record", "request", "log", "witness")
        return cls(*((Key(f"{agency}/{name}/{generation}"),) for name in names))


def update_key(agency: str, number: int) -> Key:
    """The key that signs entry ``number``."""
    return Key(f"{agency}/update/{number}")


def key_hash(key: Key) -> str:
    """What ``nextKeyHashes`` holds."""
    return multihash(key.multikey.encode())


def document(did: str, keys: Keys, agency: str) -> Tree:
    """The identity document of I-24 to I-27."""
    methods = list(dict.fromkeys(keys.record + keys.request))
    return {
        "@context": DID_CONTEXT,
        "id": did,
        "verificationMethod": [
            {
                "id": f"{did}#{k.multikey}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": k.multikey,
            }
            for k in methods
        ],
        "assertionMethod": [f"{did}#{k.multikey}" for k in keys.record],
        "authentication": [f"{did}#{k.multikey}" for k in keys.request],
        "passerelle": {
            "log": [k.multikey for k in keys.log],
            "sealing": [{"from": "2025-01-01T00:00:00Z", "sha256": seed(f"{agency}/sealing hash").hex()}],
            "successors": [],
            "witness": [k.multikey for k in keys.witness],
        },
    }


def finish(entry: Tree, number: int, key: Key, **proof_changes: Any) -> Tree:
    """Numbers, hashes and signs an entry whose ``versionId`` is its predecessor's."""
    done = {**entry, "versionId": f"{number}-{multihash(canonical(entry))}"}
    method = f"did:key:{key.multikey}#{key.multikey}"
    return {**done, "proof": [make_proof(done, key, method, done["versionTime"], **proof_changes)]}


def first_entry(
    agency: str,
    domain: str,
    keys: Keys,
    *,
    parameters: Tree | None = None,
    state: Tree | None = None,
    time: str = FIRST,
) -> Tree:
    """Entry 1; members of ``parameters`` and ``state`` replace the honest ones, None removes one."""
    own = {
        "method": "did:webvh:1.0",
        "scid": PLACEHOLDER,
        "portable": True,
        "updateKeys": [update_key(agency, 1).multikey],
        "nextKeyHashes": [key_hash(update_key(agency, 2))],
    }
    did = f"did:webvh:{PLACEHOLDER}:{domain}"
    template = {
        "versionId": PLACEHOLDER,
        "versionTime": time,
        "parameters": _changed(own, parameters),
        "state": _changed(document(did, keys, agency), state),
    }
    scid = multihash(canonical(template))
    filled: Tree = json.loads(canonical(template).decode().replace(PLACEHOLDER, scid))
    return finish({**filled, "versionId": scid}, 1, update_key(agency, 1))


def next_entry(
    log: list[Tree],
    agency: str,
    keys: Keys,
    time: str,
    *,
    signer: Key | None = None,
    parameters: Tree | None = None,
    state: Tree | None = None,
    domain: str | None = None,
) -> Tree:
    """The entry after ``log``, signed by the key that the last entry committed to."""
    number = len(log) + 1
    key = signer or update_key(agency, number)
    own = {"updateKeys": [key.multikey], "nextKeyHashes": [key_hash(update_key(agency, number + 1))]}
    former: str = log[-1]["state"]["id"]
    did = former if domain is None else f"{former.rsplit(':', 1)[0]}:{domain}"
    moved = {"alsoKnownAs": [former]} if did != former else {}
    entry = {
        "versionId": log[-1]["versionId"],
        "versionTime": time,
        "parameters": _changed(own, parameters),
        "state": _changed(document(did, keys, agency) | moved, state),
    }
    return finish(entry, number, key)


def _changed(own: Tree, changes: Tree | None) -> Tree:
    merged = own | (changes or {})
    kept = {name: value for name, value in merged.items() if value is not None}
    return {name: None if value is NULL else value for name, value in kept.items()}


def encode_log(entries: list[Tree]) -> str:
    """JSON Lines, each line canonical."""
    return "".join(canonical(entry).decode() + "\n" for entry in entries)


def scid_of(log: list[Tree]) -> str:
    """The SCID of a log."""
    scid: str = log[0]["parameters"]["scid"]
    return scid


def one_entry(agency: str) -> list[Tree]:
    """The log of an agency that has changed nothing yet."""
    return [first_entry(agency, f"{agency}.example", Keys.of(agency))]


def three_entries(agency: str = "togo") -> list[Tree]:
    """The record key is replaced in entry 2 after an overlap, all others in entry 3."""
    log = one_entry(agency)
    both = Keys.of(agency)
    both = Keys((Key(f"{agency}/record/2"), *both.record), both.request, both.log, both.witness)
    log.append(next_entry(log, agency, both, SECOND))
    log.append(next_entry(log, agency, Keys.of(agency, 2), THIRD))
    return log


def moved_entries(agency: str) -> list[Tree]:
    """The same keys under another domain in entry 2."""
    log = one_entry(agency)
    return [*log, next_entry(log, agency, Keys.of(agency), SECOND, domain=f"new.{agency}.example")]


def make_identity(more: list[Tree]) -> Tree:
    """Logs that are accepted, logs that are refused (``more`` of them after those made here), pairs that are compared."""
    return {
        "chapter": "03",
        "about": "valid: log is verified with the clock at now and gives scid, did of the newest entry in force, the "
        "number of entries in force and held, and the record keys valid at each time in at (null: no document yet). "
        "invalid: log is refused with code, found in the entry with number entry; webvh tells what a resolver of did:webvh "
        "1.0 without this profile does. compare: what offered is to held. steps: what is hashed for the SCID (I-9) and the "
        "first entry hash (I-10) of the first log in valid, what its proof signs, and an update key with its hash (I-15).",
        "made_by": SELF,
        "confirmed_by": ["didwebvh-ts (npm)"],
        "valid": _valid(),
        "invalid": [*_not_lines(), *_attacks_on_first(), *_attacks_on_later(), *more],
        "compare": _compare(),
        "steps": _steps(),
    }


def _steps() -> Tree:
    """The hashes of one first entry, each with what is hashed."""
    (entry,) = one_entry("togo")
    scid = entry["parameters"]["scid"]
    body = {name: value for name, value in entry.items() if name != "proof"}
    template = canonical({**body, "versionId": PLACEHOLDER}).decode().replace(scid, PLACEHOLDER)
    hashed = canonical({**body, "versionId": scid})
    proof = entry["proof"][0]
    key = update_key("togo", 1)
    return {
        "scid_input": template,
        "scid": multihash(template.encode()),
        "entry_input": hashed.decode(),
        "version_id": f"1-{multihash(hashed)}",
        "hash_data": hash_data(body, proof).hex(),
        "update_key": {"multikey": key.multikey, "hash": key_hash(key)},
    }


def _valid() -> list[Tree]:
    three = three_entries()
    moved = [*three, next_entry(three, "togo", Keys.of("togo", 2), FOURTH, domain="anvt.example%3A8443")]
    loose = [
        json.dumps(
            {name: three[0][name] for name in reversed(list(three[0]))}, ensure_ascii=True, indent=None
        ),
        *(json.dumps(entry, separators=(", ", ":")) for entry in three[1:]),
    ]
    other_time = one_entry("togo")
    other_time.append(next_entry(other_time, "togo", Keys.of("togo", 2), "2025-06-10T08:00:00.25+00:00"))
    late = NOW
    return [
        _accepted("one entry", one_entry("togo"), late, 1),
        _accepted("one entry, another agency", one_entry("mali"), late, 1),
        _accepted("three entries, record key replaced with an overlap", three, late, 3),
        _accepted("a change of domain", moved, late, 4),
        _accepted("lists as long as they may be", _long_lists(), late, 1),
        _accepted("lines that are not canonical", three, late, 3, text="\n".join(loose)),
        _accepted("a first proof with other members", [proved_again(three[0], SECOND, domain="x")], late, 1),
        _accepted(
            "a second entry a millisecond later", _milliseconds(first=".123Z", second=".124Z"), late, 2
        ),
        _accepted("lines that end in CR LF", three, late, 3, text=encode_log(three).replace("\n", "\r\n")),
        _accepted("a time with a fraction and an offset of zero", other_time, late, 2),
        *_named_oddly(),
        _accepted("the third entry 5 minutes ahead: in force", three, "2025-07-10T07:55:00Z", 3),
        _accepted("the third entry more than 5 minutes ahead: held", three, "2025-07-10T07:54:59Z", 2),
    ]


def _named_oddly() -> list[Tree]:
    """Names that only the pattern of I-3 judges, and other names that nobody reads."""
    keys = Keys.of("togo")
    domains = {
        "the largest port": "togo.example%3A65535",
        "hyphens at the ends of labels": "-togo-.example-",
        "a name longer than names may be": ".".join([*(letter * 63 for letter in "abcde"), "example"]),
    }
    logs = {name: [first_entry("togo", domain, keys)] for name, domain in domains.items()}
    also: Tree = {"alsoKnownAs": "https://togo.example/"}
    logs["other names that are no list, under the same DID"] = [
        first_entry("togo", "togo.example", keys, state=also)
    ]
    return [_accepted(name, log, NOW, 1) for name, log in logs.items()]


def _milliseconds(*, first: str, second: str) -> list[Tree]:
    """Two entries of one second."""
    at = "2025-01-10T07:59:58"
    log = [first_entry("togo", "togo.example", Keys.of("togo"), time=at + first)]
    return [*log, next_entry(log, "togo", Keys.of("togo", 2), at + second)]


def _collision() -> list[Tree]:
    """A first entry in which replacing the SCID makes one name of two; right where the last of them counts."""
    honest = one_entry("togo")[0]
    body = {name: value for name, value in honest.items() if name != "proof"}
    body["parameters"] |= {"watchers": {PLACEHOLDER: 1}}
    old = scid_of([honest])
    text = canonical({**body, "versionId": PLACEHOLDER}).decode().replace(old, PLACEHOLDER)
    scid = multihash(text.encode())
    entry: Tree = json.loads(text.replace(PLACEHOLDER, scid)) | {"versionId": scid}
    entry["parameters"]["watchers"] = {PLACEHOLDER: 1, scid: 2}
    return [finish(entry, 1, update_key("togo", 1))]


def _long_lists() -> list[Tree]:
    """One entry in which lists have 64 items."""
    own = one_entry("togo")[0]["state"]["passerelle"]
    lists = {
        "log": [Key(f"many/{n}").multikey for n in range(64)],
        "successors": [seed(f"successor/{n}").hex() for n in range(64)],
    }
    hashes = [key_hash(update_key("togo", 2)), *(key_hash(Key(f"next/{n}")) for n in range(63))]
    changed = {"parameters": {"nextKeyHashes": hashes}, "state": {"passerelle": {**own, **lists}}}
    return [first_entry("togo", "togo.example", Keys.of("togo"), **changed)]


def _accepted(name: str, log: list[Tree], now: str, in_force: int, *, text: str | None = None) -> Tree:
    times = ["2025-01-10T07:59:59Z", FIRST, "2025-06-10T07:59:59Z", "2025-06-11T00:00:00Z", THIRD]
    if in_force < 3 <= len(log):
        times.pop()
    return {
        "name": name,
        "now": now,
        "log": text or encode_log(log),
        "scid": scid_of(log),
        "did": log[in_force - 1]["state"]["id"],
        "in_force": in_force,
        "held": len(log) - in_force,
        "at": {time: _record_keys_at(log, time) for time in times},
    }


def _record_keys_at(log: list[Tree], time: str) -> list[str] | None:
    valid = [entry for entry in log if entry["versionTime"][:19] <= time[:19]]
    return sorted(valid[-1]["state"]["assertionMethod"]) if valid else None


def refused(
    name: str,
    rule: str,
    code: str,
    entries: list[Tree],
    *,
    webvh: str,
    entry: int | None = 1,
    text: str | None = None,
) -> Tree:
    """A log that is refused, in one of its entries or as a whole."""
    return {
        "name": name,
        "rule": rule,
        "code": code,
        "entry": entry,
        "webvh": webvh,
        "now": NOW,
        "log": encode_log(entries) if text is None else text,
    }


def _not_lines() -> list[Tree]:
    """Files that are no list of entries."""
    one, three = encode_log(one_entry("togo")), encode_log(three_entries())
    files: dict[str, tuple[int, str]] = {
        "an empty file": (1, ""),
        "a line feed alone": (1, "\n"),
        "an empty line at the end": (2, one + "\n"),
        "an empty line in the middle": (2, three.replace("\n", "\n\n", 1)),
        "a list around the entries": (1, "[" + one.rstrip("\n") + "]"),
        "two entries on one line": (1, three.replace("\n", " ", 1)),
    }
    return [
        refused(name, "I-7", "identity.malformed", [], webvh="any", entry=entry, text=text)
        for name, (entry, text) in files.items()
    ]


def _attacks_on_first() -> list[Tree]:
    keys = Keys.of("togo")
    small = encode_multikey(b"\x01" + bytes(31))

    def first(**changes: Tree) -> list[Tree]:
        return [first_entry("togo", "togo.example", keys, **changes)]

    honest = one_entry("togo")[0]
    other = scid_of(one_entry("mali"))
    methods = honest["state"]["verificationMethod"]
    renamed = [
        {
            **methods[0],
            "id": f"did:webvh:{PLACEHOLDER}:togo.example#key-1",
            "controller": f"did:webvh:{PLACEHOLDER}:togo.example",
        }
    ]
    own = honest["state"]["passerelle"]
    swapped = json.loads(canonical(honest).decode().replace(scid_of([honest]), other))
    address = [first_entry("togo", "192.0.2.7", keys)]
    return [
        refused("the SCID of another agency", "I-9", "identity.scid", [swapped], webvh="rejects"),
        refused("two names that the SCID makes one", "I-9", "identity.scid", _collision(), webvh="any"),
        refused(
            "a scid that is none",
            "I-9",
            "identity.unsupported",
            first(parameters={"scid": "anvt"}),
            webvh="rejects",
        ),
        refused(
            "no successors",
            "I-48",
            "identity.document",
            first(state={"passerelle": {name: own[name] for name in own if name != "successors"}}),
            webvh="any",
        ),
        refused(
            "no request key",
            "I-48",
            "identity.document",
            first(state={"authentication": []}),
            webvh="any",
        ),
        refused(
            "a log key that is no string",
            "I-48",
            "identity.document",
            first(state={"passerelle": {**own, "log": [1]}}),
            webvh="any",
        ),
        refused(
            "a context in the proof",
            "I-16",
            "identity.proof",
            [proved_again(honest, **{"@context": None})],
            webvh="any",
        ),
        refused(
            "a time with a comma",
            "I-7",
            "identity.time",
            [first_entry("togo", "togo.example", keys, time=FIRST.replace("Z", ",5Z"))],
            webvh="any",
        ),
        refused(
            "not portable",
            "I-13",
            "identity.unsupported",
            first(parameters={"portable": False}),
            webvh="accepts",
        ),
        refused(
            "no pre-rotation",
            "I-14",
            "identity.unsupported",
            first(parameters={"nextKeyHashes": []}),
            webvh="accepts",
        ),
        refused(
            "a later method",
            "I-13",
            "identity.unsupported",
            first(parameters={"method": "did:webvh:2.0"}),
            webvh="any",
        ),
        refused(
            "an unknown parameter",
            "I-17",
            "identity.unsupported",
            first(parameters={"quorum": 2}),
            webvh="any",
        ),
        refused(
            "deactivated",
            "I-17",
            "identity.unsupported",
            first(parameters={"deactivated": True}),
            webvh="any",
        ),
        refused(
            "a null where false belongs",
            "I-17",
            "identity.unsupported",
            first(parameters={"deactivated": NULL}),
            webvh="any",
        ),
        refused(
            "null witnesses",
            "I-17",
            "identity.unsupported",
            first(parameters={"witness": NULL}),
            webvh="any",
        ),
        refused(
            "portable as a number",
            "I-13",
            "identity.unsupported",
            first(parameters={"portable": 1}),
            webvh="any",
        ),
        refused(
            "contexts in another order",
            "I-24",
            "identity.document",
            first(state={"@context": [DID_CONTEXT[0], DID_CONTEXT[2], DID_CONTEXT[1]]}),
            webvh="any",
        ),
        refused(
            "a key id that is not its key",
            "I-25",
            "identity.document",
            first(state={"verificationMethod": renamed}),
            webvh="any",
        ),
        refused(
            "a record key that no method names",
            "I-26",
            "identity.document",
            first(
                state={
                    "assertionMethod": [f"did:webvh:{PLACEHOLDER}:togo.example#{Key('stranger').multikey}"]
                }
            ),
            webvh="any",
        ),
        refused(
            "no log key",
            "I-27",
            "identity.document",
            first(state={"passerelle": {**own, "log": []}}),
            webvh="any",
        ),
        refused(
            "a log key of small order",
            "I-30",
            "identity.key-refused",
            first(state={"passerelle": {**own, "log": [small]}}),
            webvh="any",
        ),
        refused("an address in place of a domain", "I-3", "identity.document", address, webvh="any"),
        refused(
            "a signature of another key",
            "I-16",
            "identity.proof",
            [_signed_by(honest, Key("stranger"))],
            webvh="rejects",
        ),
        refused(
            "two proofs", "I-16", "identity.proof", [{**honest, "proof": honest["proof"] * 2}], webvh="any"
        ),
        refused("no proof", "I-16", "identity.proof", [{**honest, "proof": []}], webvh="any"),
        refused(
            "another purpose",
            "I-16",
            "identity.proof",
            [proved_again(honest, proofPurpose="authentication")],
            webvh="rejects",
        ),
        refused(
            "sixty-five log keys",
            "I-45",
            "identity.too-many",
            first(state={"passerelle": {**own, "log": [Key(f"many/{n}").multikey for n in range(65)]}}),
            webvh="any",
        ),
        refused(
            "sixty-five hashes of next keys",
            "I-45",
            "identity.too-many",
            first(parameters={"nextKeyHashes": [key_hash(update_key("togo", 2))] * 65}),
            webvh="accepts",
        ),
        refused("a sixth member", "I-7", "identity.malformed", [{**honest, "note": "x"}], webvh="any"),
    ]


def _attacks_on_later() -> list[Tree]:
    three = three_entries()
    thief = Keys.of("thief")
    stolen = next_entry(three, "togo", thief, FOURTH, signer=update_key("togo", 3))
    changed = json.loads(canonical(three[1]).decode().replace(SECOND, "2025-06-11T08:00:00Z"))
    back = [*three[:1], next_entry(three[:1], "togo", Keys.of("togo"), FIRST)]
    unnamed = [
        *three,
        next_entry(
            three, "togo", Keys.of("togo", 2), FOURTH, domain="evil.example", state={"alsoKnownAs": None}
        ),
    ]
    renumbered = finish(
        {**{k: v for k, v in three[1].items() if k != "proof"}, "versionId": three[0]["versionId"]},
        3,
        update_key("togo", 2),
    )
    unrotated = next_entry(three[:1], "togo", Keys.of("togo"), SECOND, parameters={"nextKeyHashes": None})
    return [
        refused(
            "a stolen update key that was used before",
            "I-15",
            "identity.pre-rotation",
            [*three, stolen],
            webvh="rejects",
            entry=4,
        ),
        refused(
            "a key that nobody committed to",
            "I-15",
            "identity.pre-rotation",
            [*three, next_entry(three, "togo", thief, FOURTH, signer=Key("stranger"))],
            webvh="rejects",
            entry=4,
        ),
        refused(
            "a line changed after signing",
            "I-16",
            "identity.proof",
            [three[0], changed, three[2]],
            webvh="rejects",
            entry=2,
        ),
        refused(
            "a line taken out of the middle",
            "I-15",
            "identity.pre-rotation",
            [three[0], three[2]],
            webvh="rejects",
            entry=2,
        ),
        refused(
            "two entries exchanged",
            "I-15",
            "identity.pre-rotation",
            [three[0], three[2], three[1]],
            webvh="rejects",
            entry=2,
        ),
        refused(
            "a number left out", "I-10", "identity.version", [three[0], renumbered], webvh="rejects", entry=2
        ),
        refused(
            "a fraction of four digits",
            "I-11",
            "identity.time",
            _milliseconds(first=".123Z", second=".1234Z"),
            webvh="any",
            entry=2,
        ),
        refused("no later than the entry before", "I-11", "identity.time", back, webvh="rejects", entry=2),
        refused(
            "a change of domain that hides the former DID",
            "I-19",
            "identity.document",
            unnamed,
            webvh="any",
            entry=4,
        ),
        refused(
            "pre-rotation left off",
            "I-14",
            "identity.unsupported",
            [three[0], unrotated],
            webvh="any",
            entry=2,
        ),
    ]


def _signed_by(entry: Tree, key: Key) -> Tree:
    """The entry signed anew by a key that it does not name."""
    bare = {name: value for name, value in entry.items() if name != "proof"}
    return {**bare, "proof": [make_proof(bare, key, f"did:key:{key.multikey}#{key.multikey}", FIRST)]}


def proved_again(entry: Tree, at: str = FIRST, **changes: Any) -> Tree:
    """The entry with another proof by its own key."""
    bare = {name: value for name, value in entry.items() if name != "proof"}
    key = update_key("togo", 1)
    return {
        **bare,
        "proof": [make_proof(bare, key, f"did:key:{key.multikey}#{key.multikey}", at, **changes)],
    }


def _compare() -> list[Tree]:
    three = three_entries()
    branch = [*three[:2], next_entry(three[:2], "togo", Keys.of("togo", 3), "2025-07-11T08:00:00Z")]
    held = encode_log(three)
    loose = "\n".join(json.dumps(entry) for entry in three)
    pairs = {
        "the same": ("same", held),
        "the same with other white space": ("same", loose),
        "shorter": ("older", encode_log(three[:2])),
        "longer": ("newer", encode_log([*three, next_entry(three, "togo", Keys.of("togo", 2), FOURTH)])),
        "another third entry": ("forked", encode_log(branch)),
        "another third entry, and a fourth": (
            "forked",
            encode_log([*branch, next_entry(branch, "togo", Keys.of("togo", 3), FOURTH)]),
        ),
    }
    return [
        {"name": name, "held": held, "offered": offered, "result": result}
        for name, (result, offered) in pairs.items()
    ]
