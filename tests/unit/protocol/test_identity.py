"""spec/ "Identity and keys": did:webvh logs.

Logs with a fault are built here, apart from the code under test and with another library
for canonical JSON, so that each is signed and hashed correctly but for its one fault.
"""

from __future__ import annotations

import copy
import itertools
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import base58
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import identity, profile
from passerelle.protocol.identityentries import multihash
from passerelle.protocol.keys import SigningKey

VECTORS = Path(__file__).parents[3] / "spec" / "vectors" / "published"

UPDATE = [SigningKey(bytes([n]) * 32) for n in range(5)]
RECORD, REQUEST, LOG, WITNESS, NEW_RECORD, NEW_LOG = (SigningKey(bytes([n]) * 32) for n in range(10, 16))
CREATED = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)
SEALING = [(datetime(2026, 1, 1, tzinfo=UTC), "ab" * 32), (datetime(2026, 4, 1, tzinfo=UTC), "cd" * 32)]
SMALL_ORDER = "z" + base58.b58encode(b"\xed\x01" + bytes(32)).decode()

Entry = dict[str, Any]
Change = Callable[[Entry], None]


def created() -> bytes:
    return identity.create_log(
        domain="anvt.example",
        update_key=UPDATE[0],
        next_update_multikeys=[UPDATE[1].multikey],
        record_key=RECORD.public,
        request_key=REQUEST.public,
        log_keys=[LOG.public],
        witness_keys=[WITNESS.public],
        sealing=SEALING,
        now=CREATED,
    )


def updated(log: bytes, number: int = 1, **changes: Any) -> bytes:
    """One more entry under ``UPDATE[number]``, 30 days after each other."""
    arguments: dict[str, Any] = {
        "update_key": UPDATE[number],
        "next_update_multikeys": [UPDATE[number + 1].multikey],
        "record_keys": [RECORD.public],
        "request_keys": [REQUEST.public],
        "log_keys": [LOG.public],
        "witness_keys": [WITNESS.public],
        "sealing": SEALING,
        "now": CREATED + timedelta(days=30 * number),
    }
    return identity.update_log(log, **{**arguments, **changes})


def multihash_of(data: bytes) -> str:
    return base58.b58encode(b"\x12\x20" + sha256(data).digest()).decode()


def prove(body: Entry, key: SigningKey) -> Entry:
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": body["versionTime"],
        "verificationMethod": f"did:key:{key.multikey}#{key.multikey}",
        "proofPurpose": "assertionMethod",
    }
    hashes = sha256(rfc8785.dumps(proof)).digest() + sha256(rfc8785.dumps(body)).digest()
    return {**proof, "proofValue": "z" + base58.b58encode(key.sign(hashes)).decode()}


def rebuilt(
    log: bytes,
    change: Change,
    *,
    at: int = -1,
    key: SigningKey | None = None,
    afterwards: Change | None = None,
) -> bytes:
    """The log with one entry changed, then named, hashed and signed again as a forger would.

    Args:
        log: A good log.
        change: What to change before hashing and signing.
        at: Which entry; those after it are dropped.
        key: Who signs, the proper update key unless said.
        afterwards: What to change when all is signed.
    """
    entries: list[Entry] = [json.loads(line) for line in log.splitlines()]
    at %= len(entries)
    entry = copy.deepcopy(entries[at])
    del entry["proof"]
    if at == 0:
        scid = entry["parameters"]["scid"]
        entry = json.loads(json.dumps({**entry, "versionId": scid}).replace(scid, "{SCID}"))
        change(entry)
        scid = multihash_of(rfc8785.dumps(entry))
        entry = json.loads(json.dumps(entry).replace("{SCID}", scid))
    else:
        entry["versionId"] = entries[at - 1]["versionId"]
        change(entry)
    entry["versionId"] = f"{at + 1}-{multihash_of(rfc8785.dumps(entry))}"
    entry["proof"] = [prove(entry, key or UPDATE[at])]
    if afterwards is not None:
        afterwards(entry)
    return b"".join(json.dumps(line).encode() + b"\n" for line in [*entries[:at], entry])


def nothing(_: Entry) -> None:
    """No change."""


def setting(*path: str | int, value: Any) -> Change:
    """Sets the member at a path; an Ellipsis removes it."""

    def change(entry: Entry) -> None:
        inner: Any = entry
        for step in path[:-1]:
            inner = inner[step]
        if value is ...:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value

    return change


def refused(log: bytes, **expected: object) -> str:
    with pytest.raises(ProtocolError) as caught:
        identity.parse_identity(log, now=None)
    for name, value in expected.items():
        assert caught.value.params[name] == value
    return caught.value.code


# --- what is accepted --------------------------------------------------------------------


def test_published_entry_hash() -> None:
    """The example of the did:webvh specification."""
    vector = json.loads((VECTORS / "didwebvh-1.0-entry-hash.json").read_text("utf-8"))
    assert multihash(profile.encode(vector["entry"])) == vector["entryHash"]


def test_a_created_log_says_what_it_was_given() -> None:
    found = identity.parse_identity(created(), now=CREATED)
    document = found.newest
    assert found.scid == identity.scid_of(found.did)
    assert found.did == document.did == f"did:webvh:{found.scid}:anvt.example"
    assert document.record_keys == {f"{found.did}#{RECORD.multikey}": RECORD.public}
    assert document.request_keys == {f"{found.did}#{REQUEST.multikey}": REQUEST.public}
    assert document.log_keys == (LOG.public,)
    assert document.witness_keys == (WITNESS.public,)
    assert document.sealing == tuple(SEALING)
    assert document.successors == ()
    assert found.every_record_key_ever == document.record_keys
    assert (found.held, len(found.entries), found.log) == (0, 1, created())
    assert found.entries[0].version_time == CREATED


def test_the_log_is_what_an_independent_builder_makes() -> None:
    """Same members, hashes, signature: byte for byte once both are canonical."""
    again = rebuilt(created(), nothing)
    assert rfc8785.dumps(json.loads(again)) == created().rstrip(b"\n")


def test_lines_of_outside_tools_need_not_be_canonical() -> None:
    """I-8: spaces and order are theirs; the bytes are kept as received."""
    log = rebuilt(updated(created()), nothing)
    assert log != updated(created())
    found = identity.parse_identity(log, now=None)
    assert found.log == log
    assert identity.parse_identity(log.removesuffix(b"\n"), now=None).scid == found.scid


def test_unknown_members_of_the_document_are_let_through() -> None:
    """J-14: a service, a flag on a key, a member of ours that a later version adds; the hash is of the tree with them."""

    def change(entry: Entry) -> None:
        entry["state"]["service"] = [{"id": "#s", "type": "T", "serviceEndpoint": "https://x.example"}]
        entry["state"]["verificationMethod"][0]["revoked"] = "2027-01-01T00:00:00Z"
        entry["state"]["passerelle"]["more"] = 1

    assert identity.parse_identity(rebuilt(created(), change), now=None).newest.log_keys == (LOG.public,)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-01-05T09:00:01+00:00", 0),
        ("2026-01-05T09:00:01.5Z", 500_000),
        ("2026-01-05T09:00:01.123Z", 123_000),
    ],
)
def test_version_time_keeps_the_encodings_of_did_webvh(text: str, microsecond: int) -> None:
    log = rebuilt(created(), setting("versionTime", value=text))
    moment = identity.parse_identity(log, now=None).entries[0].version_time
    assert moment == datetime(2026, 1, 5, 9, 0, 1, microsecond, tzinfo=UTC)


def test_an_identity_crosses_to_a_worker_process() -> None:
    found = identity.parse_identity(updated(created()), now=None)
    assert pickle.loads(pickle.dumps(found)) == found


# --- updates -----------------------------------------------------------------------------


def test_the_document_valid_at_a_time() -> None:
    """The last entry at or before it; before the first, none."""
    log = updated(
        updated(created(), 1, record_keys=[RECORD.public, NEW_RECORD.public]),
        2,
        record_keys=[NEW_RECORD.public],
    )
    found = identity.parse_identity(log, now=None)
    second = timedelta(seconds=1)
    days = [CREATED + timedelta(days=30 * n) for n in range(3)]

    def keys(when: datetime) -> list[bytes]:
        document = found.at(when)
        return [] if document is None else list(document.record_keys.values())

    assert keys(days[0] - second) == []
    assert keys(days[0]) == keys(days[1] - second) == [RECORD.public]
    assert keys(days[1]) == keys(days[2] - second) == [RECORD.public, NEW_RECORD.public]
    assert keys(days[2]) == [NEW_RECORD.public]
    assert set(found.every_record_key_ever.values()) == {RECORD.public, NEW_RECORD.public}


def test_a_new_domain_changes_the_did_and_not_the_scid() -> None:
    """The document names the DID that it had, and goes on naming it."""
    first = identity.parse_identity(created(), now=None)
    moved = identity.parse_identity(updated(created(), 1, domain="anvt.example:8443"), now=None)
    assert moved.scid == first.scid
    assert moved.did == f"did:webvh:{first.scid}:anvt.example%3A8443"
    assert moved.entries[1].state["alsoKnownAs"] == [first.did]
    later = identity.parse_identity(updated(moved.log, 2), now=None)
    assert later.did == moved.did
    assert later.entries[2].state["alsoKnownAs"] == [first.did]
    assert set(later.every_record_key_ever) == {
        f"{first.did}#{RECORD.multikey}",
        f"{moved.did}#{RECORD.multikey}",
    }


def test_two_updates_in_one_second() -> None:
    """Times rise strictly, also where the clock does not."""
    log = updated(created(), 1, now=CREATED - timedelta(days=1))
    assert identity.parse_identity(log, now=None).entries[1].version_time == CREATED + timedelta(seconds=1)


def test_successors_are_named() -> None:
    log = updated(created(), 1, successors=["ef" * 32])
    assert identity.parse_identity(log, now=None).newest.successors == ("ef" * 32,)


@pytest.mark.parametrize(
    "change",
    [
        {"update_key": UPDATE[2]},
        {"update_key": UPDATE[0]},
        {"next_update_multikeys": []},
        {"record_keys": []},
        {"log_keys": []},
        {"request_keys": [RECORD.public]},
        {"witness_keys": [LOG.public]},
        {"record_keys": [b"short"]},
        {"domain": "127.0.0.1"},
        {"domain": "localhost"},
        {"domain": "a b.example"},
        {"domain": "anvt.example/path"},
    ],
)
def test_our_own_mistakes_are_value_errors(change: dict[str, Any]) -> None:
    """Among them: a used or uncommitted update key, no next key, one key for two uses."""
    with pytest.raises(ValueError):
        updated(created(), 1, **change)


@pytest.mark.parametrize(
    "uses", [*itertools.combinations(("record_keys", "request_keys", "log_keys", "witness_keys"), 2)]
)
def test_one_key_has_one_use(uses: tuple[str, str]) -> None:
    """I-28: no entry of ours names a key for two purposes."""
    changes: dict[str, Any] = {use: [NEW_LOG.public] for use in uses}
    with pytest.raises(ValueError, match="one use"):
        updated(created(), **changes)


# --- what is refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("scid",), ...),
        (("method",), ...),
        (("method",), "did:webvh:0.5"),
        (("method",), "did:webvh:1.1"),
        (("portable",), ...),
        (("portable",), False),
        (("portable",), 1),
        (("updateKeys",), ...),
        (("updateKeys",), []),
        (("updateKeys",), [1]),
        (("updateKeys",), UPDATE[0].multikey),
        (("nextKeyHashes",), ...),
        (("nextKeyHashes",), []),
        (("nextKeyHashes",), ["Qm"]),
        (("nextKeyHashes",), None),
        (("witness",), {"threshold": 1, "witnesses": [{"id": "did:key:z"}]}),
        (("witness",), []),
        (("witness",), None),
        (("deactivated",), True),
        (("deactivated",), 0),
        (("deactivated",), None),
        (("invented",), 1),
    ],
)
def test_parameters_outside_our_narrowing(path: tuple[str, ...], value: object) -> None:
    """I-13, I-14, I-17: what is missing, emptied, of another kind or unknown is refused."""
    log = rebuilt(created(), setting("parameters", *path, value=value))
    assert refused(log, entry=1) == "identity.unsupported"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scid", "{SCID}"),
        ("method", "did:webvh:0.5"),
        ("method", None),
        ("portable", False),
        ("portable", None),
        ("witness", None),
        ("deactivated", None),
        ("nextKeyHashes", ...),
    ],
)
def test_parameters_of_later_entries(name: str, value: object) -> None:
    """I-13, I-14, I-17: no second SCID, no other method, never less than portable and pre-rotated; null is not absent."""
    log = rebuilt(updated(created()), setting("parameters", name, value=value))
    assert refused(log, entry=2) == "identity.unsupported"


@pytest.mark.parametrize(
    ("name", "value"), [("method", "did:webvh:1.0"), ("portable", True), ("watchers", [])]
)
def test_parameters_may_be_repeated(name: str, value: object) -> None:
    log = rebuilt(updated(created()), setting("parameters", name, value=value))
    assert len(identity.parse_identity(log, now=None).entries) == 2


def test_an_update_key_that_was_not_committed_to_is_refused() -> None:
    """A thief of the current update key and of every online key still changes nothing."""
    log = updated(created())
    for thief in (UPDATE[0], UPDATE[3], RECORD):
        forged = rebuilt(log, setting("parameters", "updateKeys", value=[thief.multikey]), key=thief)
        assert refused(forged, entry=2) == "identity.pre-rotation"


def test_every_update_key_must_be_committed_to() -> None:
    both = [UPDATE[1].multikey, UPDATE[3].multikey]
    forged = rebuilt(updated(created()), setting("parameters", "updateKeys", value=both))
    assert refused(forged, entry=2) == "identity.pre-rotation"


def test_an_entry_is_signed_by_its_own_update_key() -> None:
    """Not by the key of the entry before, nor by a record key."""
    for other in (UPDATE[0], RECORD):
        assert (
            refused(rebuilt(updated(created()), nothing, key=other), fault="key.unknown") == "identity.proof"
        )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (setting("proof", value=[]), "proof.malformed"),
        (setting("proof", 0, "proofValue", value="z" + "1" * 64), "proof.invalid"),
        (setting("proof", 0, "created", value="2026-01-05T09:00:01Z"), "proof.invalid"),
        (setting("proof", 0, "cryptosuite", value="ecdsa-jcs-2019"), "proof.malformed"),
        (setting("proof", 0, "proofPurpose", value="authentication"), "proof.malformed"),
        (setting("proof", 0, "verificationMethod", value=f"did:key:{UPDATE[0].multikey}"), "key.unknown"),
        (lambda entry: entry["proof"].append(entry["proof"][0]), "proof.malformed"),
        (lambda entry: entry.update(proof=entry["proof"][0]), "proof.malformed"),
    ],
)
def test_one_good_proof(change: Change, fault: str) -> None:
    assert refused(rebuilt(created(), nothing, afterwards=change), entry=1, fault=fault) == "identity.proof"


def resigned(entry: Entry) -> None:
    """Signs the entry as it stands now."""
    del entry["proof"]
    entry["proof"] = [prove(entry, UPDATE[0])]


def test_an_entry_changed_and_signed_again_misses_its_hash() -> None:
    """Signatures are the update key's; the hash chain is everybody's."""

    def change(entry: Entry) -> None:
        entry["versionTime"] = "2026-01-05T09:00:02Z"
        resigned(entry)

    log = updated(created())
    forged = rebuilt(log, nothing, at=0, afterwards=change)
    assert refused(forged, entry=1) == "identity.scid"

    def renumber(entry: Entry) -> None:
        entry["versionId"] = entry["versionId"].replace("1-", "2-", 1)
        resigned(entry)

    assert refused(rebuilt(created(), nothing, afterwards=renumber), entry=1) == "identity.version"


def test_an_entry_follows_the_one_before() -> None:
    """No gap, no swap, and no entry hung onto another predecessor."""
    lines = updated(updated(created()), 2).splitlines(keepends=True)
    assert refused(lines[0] + lines[2], entry=2) == "identity.pre-rotation"
    assert refused(lines[1] + lines[0], entry=1) == "identity.unsupported"
    orphan = rebuilt(updated(created()), setting("versionId", value="1-Qm" + "1" * 44))
    assert refused(orphan, entry=2) == "identity.version"


def test_the_scid_is_the_hash_of_the_first_entry() -> None:
    other = "Qm" + "1" * 44
    log = created()
    scid = identity.parse_identity(log, now=None).scid
    assert refused(log.replace(scid.encode(), other.encode()), entry=1) == "identity.scid"
    for value in ("Qm", 1, "xm" + "1" * 44):
        found = refused(rebuilt(log, setting("parameters", "scid", value=value)), entry=1)
        assert found == "identity.unsupported"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T09:00:00Z",
        "2026-01-05T08:59:59Z",
        "2026-02-30T09:00:00Z",
        "2026-03-01T09:00:00",
        "2026-03-01T09:00:00+01:00",
        "2026-03-01",
        "2026-03-01T09:00:00.Z",
        5,
    ],
)
def test_times_rise_strictly_and_are_in_utc(text: object) -> None:
    """I-11: an entry is later than the one before, by a time in UTC."""
    assert (
        refused(rebuilt(updated(created()), setting("versionTime", value=text)), entry=2) == "identity.time"
    )


DID = "did:webvh:{SCID}:anvt.example"


@pytest.mark.parametrize(
    ("member", "change"),
    [
        ("id", setting("state", "id", value="did:web:anvt.example")),
        ("id", setting("state", "id", value=...)),
        ("id", setting("state", "id", value=DID + ":path")),
        ("id", setting("state", "id", value="did:webvh:{SCID}:ANVT.example")),
        ("id", setting("state", "id", value="did:webvh:{SCID}:127.0.0.1")),
        ("id", setting("state", "id", value=f"did:webvh:Qm{'1' * 44}:anvt.example")),
        ("@context", setting("state", "@context", value=["https://www.w3.org/ns/did/v1"])),
        ("@context", setting("state", "@context", value=...)),
        ("verificationMethod", setting("state", "verificationMethod", 0, "id", value=DID + "#key-1")),
        ("verificationMethod", setting("state", "verificationMethod", 0, "type", value="JsonWebKey")),
        ("verificationMethod", setting("state", "verificationMethod", 0, "controller", value="did:x")),
        ("verificationMethod", setting("state", "verificationMethod", 0, "publicKeyMultibase", value=...)),
        ("verificationMethod", setting("state", "verificationMethod", 0, value="#key")),
        ("assertionMethod", setting("state", "verificationMethod", value=...)),
        ("assertionMethod", setting("state", "assertionMethod", value=[])),
        ("assertionMethod", setting("state", "assertionMethod", value=...)),
        ("assertionMethod", setting("state", "assertionMethod", 0, value=DID + "#" + NEW_RECORD.multikey)),
        ("assertionMethod", setting("state", "assertionMethod", 0, value={"id": "#key"})),
        ("authentication", setting("state", "authentication", value=[])),
        ("passerelle", setting("state", "passerelle", value=...)),
        ("log", setting("state", "passerelle", "log", value=[])),
        ("log", setting("state", "passerelle", "log", value=...)),
        ("witness", setting("state", "passerelle", "witness", value=[])),
        ("sealing", setting("state", "passerelle", "sealing", value=...)),
        ("sealing", setting("state", "passerelle", "sealing", 0, "from", value="2026")),
        ("sealing", setting("state", "passerelle", "sealing", 0, "from", value=2026)),
        ("sealing", setting("state", "passerelle", "sealing", 0, "sha256", value="AB" * 32)),
        ("successors", setting("state", "passerelle", "successors", value=...)),
        ("successors", setting("state", "passerelle", "successors", value=["ab"])),
    ],
)
def test_the_key_document(member: str, change: Change) -> None:
    """I-18, I-25, I-26: each member has one form; the error names the member."""
    assert refused(rebuilt(created(), change), entry=1, member=member) == "identity.document"


@pytest.mark.parametrize(
    "change",
    [
        setting("state", "passerelle", "log", 0, value=SMALL_ORDER),
        setting("state", "passerelle", "witness", 0, value=SMALL_ORDER),
        setting(
            "state",
            "verificationMethod",
            0,
            value={
                "id": f"{DID}#{SMALL_ORDER}",
                "type": "Multikey",
                "controller": DID,
                "publicKeyMultibase": SMALL_ORDER,
            },
        ),
        setting("parameters", "updateKeys", value=[SMALL_ORDER]),
    ],
)
def test_a_key_of_small_order_is_refused_wherever_it_enters(change: Change) -> None:
    assert refused(rebuilt(created(), change), entry=1, fault="key.small-order") == "identity.key-refused"


def test_a_move_that_hides_the_former_did() -> None:
    log = updated(created(), 1, domain="new.example")
    for value in (..., [], ["did:x"]):
        forged = rebuilt(log, setting("state", "alsoKnownAs", value=value))
        assert refused(forged, entry=2, member="alsoKnownAs") == "identity.document"


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (b"", "json.syntax"),
        (b"\n", "json.syntax"),
        (b"{}\n\n", "json.syntax"),
        (b"{\n", "json.syntax"),
        (b'{"a":1,"a":2}\n', "json.duplicate-member"),
        (b'{"a":1.5}\n', "json.not-an-integer"),
    ],
)
def test_lines_meet_the_profile(log: bytes, fault: str) -> None:
    whole = created() + log if log.startswith(b"{}") else log
    with pytest.raises(ProtocolError) as caught:
        identity.parse_identity(whole, now=None)
    assert caught.value.code == "identity.malformed"
    assert caught.value.params.get("fault", fault) == fault


@pytest.mark.parametrize(
    "change",
    [
        setting("more", value=1),
        setting("proof", value=...),
        setting("parameters", value=[]),
        setting("proof", 0, value="z"),
    ],
)
def test_the_form_of_an_entry(change: Change) -> None:
    assert refused(rebuilt(created(), nothing, afterwards=change), entry=1) == "identity.malformed"


@pytest.mark.parametrize("member", ["state", "parameters"])
def test_parts_that_are_no_objects(member: str) -> None:
    assert refused(rebuilt(updated(created()), setting(member, value=[])), entry=2) == "identity.malformed"


def test_a_log_has_at_most_one_mebibyte() -> None:
    """I-6: 1,048,576 bytes are read, one more is not."""
    log = created()
    padding = b" " * (identity.MAX_LOG_BYTES - len(log))
    assert identity.parse_identity(log.removesuffix(b"\n") + padding + b"\n", now=None).held == 0
    assert refused(log.removesuffix(b"\n") + padding + b" \n") == "identity.too-large"


LISTS = [
    *(("parameters", name) for name in ("updateKeys", "nextKeyHashes")),
    *(("state", name) for name in ("alsoKnownAs", "verificationMethod", "assertionMethod", "authentication")),
    *(("state", "passerelle", name) for name in ("log", "witness", "sealing", "successors")),
]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path[-1])
def test_a_list_has_at_most_64_items(path: tuple[str, ...]) -> None:
    """I-45: counted before an item is looked at, so that what stands in it costs nothing."""

    def filled(count: int) -> bytes:
        def change(entry: Entry) -> None:
            inner = entry
            for step in path[:-1]:
                inner = inner[step]
            given = inner.get(path[-1]) or ["ab" * 32]
            inner[path[-1]] = [*given, *([given[-1]] * (count - len(given)))]

        return rebuilt(created(), change)

    assert identity.parse_identity(filled(64), now=None).held == 0
    assert refused(filled(65), what=path[-1], count=65, max=64, entry=1) == "identity.too-many"


def test_a_log_has_a_bounded_number_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """I-44: 512 entries; counted before one is looked at."""
    assert identity.MAX_ENTRIES == 512
    log = updated(updated(created()), 2)
    assert refused(b"{}\n" * 513, what="entries", max=512) == "identity.too-many"
    assert refused(b"{}\n" * 512, entry=1) == "identity.malformed"
    monkeypatch.setattr(identity, "MAX_ENTRIES", 3)
    assert len(identity.parse_identity(log, now=None).entries) == 3
    assert len(identity.version_ids(log)) == 3
    monkeypatch.setattr(identity, "MAX_ENTRIES", 2)
    assert refused(log, what="entries", count=3) == "identity.too-many"


def test_a_log_names_a_bounded_number_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """I-46: of every use and in all entries together, each key once."""
    assert identity.MAX_KEYS == 4_096
    log = updated(updated(created()), 2, record_keys=[RECORD.public, NEW_RECORD.public])
    different = 3 + 4 + 1  # update keys, one key of each use, the new record key
    monkeypatch.setattr(identity, "MAX_KEYS", different)
    assert len(identity.parse_identity(log, now=None).entries) == 3
    monkeypatch.setattr(identity, "MAX_KEYS", different - 1)
    assert refused(log, what="keys", count=different, entry=3) == "identity.too-many"


def test_keys_that_no_use_names_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """I-46: a method is checked whether or not it is used."""

    def change(entry: Entry) -> None:
        method = dict(entry["state"]["verificationMethod"][0])
        method["publicKeyMultibase"] = NEW_LOG.multikey
        method["id"] = f"{method['controller']}#{NEW_LOG.multikey}"
        entry["state"]["verificationMethod"].append(method)

    monkeypatch.setattr(identity, "MAX_KEYS", 5)
    assert refused(rebuilt(created(), change), what="keys", count=6) == "identity.too-many"


@given(st.binary(max_size=60), st.integers(0, 3000), st.integers(0, 40))
def test_foreign_bytes_raise_protocol_errors_only(noise: bytes, at: int, cut: int) -> None:
    """Noise anywhere in a good log is refused, unless it was white space."""
    log = created()
    at %= len(log)
    forged = log[:at] + noise + log[at + cut :]
    try:
        found = identity.parse_identity(forged, now=None)
    except ProtocolError as exc:
        assert exc.code.startswith("identity.")  # noqa: PT017  # either outcome is right
    else:
        assert found.entries == identity.parse_identity(log, now=None).entries


# --- ahead of our clock ------------------------------------------------------------------


def test_entries_ahead_of_our_clock_are_held() -> None:
    """Five minutes are forgiven; beyond, an entry is verified, left out and counted."""
    log = updated(created(), 1, record_keys=[NEW_RECORD.public])
    second = CREATED + timedelta(days=30)
    on_time = identity.parse_identity(log, now=second - timedelta(minutes=5))
    assert (on_time.held, len(on_time.entries)) == (0, 2)
    early = identity.parse_identity(log, now=second - timedelta(minutes=5, seconds=1))
    assert (early.held, len(early.entries), early.log) == (1, 1, log)
    assert list(early.every_record_key_ever.values()) == [RECORD.public]
    assert early.newest.record_keys == early.entries[0].document.record_keys


def test_an_identity_that_lies_ahead_as_a_whole() -> None:
    with pytest.raises(ProtocolError, match=r"identity\.ahead"):
        identity.parse_identity(created(), now=CREATED - timedelta(minutes=6))


def test_held_entries_are_verified_all_the_same() -> None:
    forged = rebuilt(updated(created()), nothing, key=RECORD)
    with pytest.raises(ProtocolError, match=r"identity\.proof"):
        identity.parse_identity(forged, now=CREATED)


# --- comparing ---------------------------------------------------------------------------


def test_comparing_logs() -> None:
    """Longer is newer, shorter is old news, two entries of one number are a fork."""
    first = created()
    second = updated(first)
    other = updated(first, 1, log_keys=[NEW_LOG.public])
    assert identity.compare_logs(first, first) == "same"
    assert identity.compare_logs(second, rebuilt(second, nothing)) == "same"
    assert identity.compare_logs(first, second) == "newer"
    assert identity.compare_logs(second, first) == "older"
    assert identity.compare_logs(second, other) == "forked"
    assert identity.compare_logs(updated(second, 2), other) == "forked"
    assert identity.compare_logs(second, updated(other, 2)) == "forked"


def test_logs_of_two_identities_are_not_compared() -> None:
    another = identity.create_log(
        domain="cnpv.example",
        update_key=UPDATE[3],
        next_update_multikeys=[UPDATE[4].multikey],
        record_key=RECORD.public,
        request_key=REQUEST.public,
        log_keys=[LOG.public],
        witness_keys=[WITNESS.public],
        sealing=[],
        now=CREATED,
    )
    with pytest.raises(ProtocolError, match=r"identity\.another-scid"):
        identity.compare_logs(created(), another)


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:anvt.example",
        f"did:webvh:Qm{'1' * 43}:anvt.example",
        f"did:webvh:Qm{'0' * 44}:anvt.example",
        f"did:webvh:Qm{'1' * 44}",
        f"did:webvh:Qm{'1' * 44}:anvt.example#key",
        f"did:webvh:Qm{'1' * 44}:anvt.example:dids",
        f"did:webvh:Qm{'1' * 44}:anvt.example%3A0",
        f"did:webvh:Qm{'1' * 44}:10.0.0.1",
        f" did:webvh:Qm{'1' * 44}:anvt.example",
    ],
)
def test_the_form_of_a_did(did: str) -> None:
    assert identity.scid_of(f"did:webvh:Qm{'1' * 44}:anvt.example%3A8443") == "Qm" + "1" * 44
    with pytest.raises(ProtocolError, match=r"identity\.did-malformed"):
        identity.scid_of(did)
