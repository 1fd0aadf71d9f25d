"""The parsers of ``passerelle.protocol`` and ``passerelle.exchange``: what a partner's bytes meet first."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from passerelle.errors import ProtocolError
from passerelle.exchange import edtf, views
from passerelle.protocol import (
    checkpoints,
    identity,
    identityentries,
    intake,
    keydocuments,
    keys,
    leaves,
    merkle,
    notes,
    objects,
    origins,
    profile,
    proofs,
    records,
    requests,
    schemas,
    seals,
    tiles,
)
from passerelle.protocol.notes import SignedNote, Verifier
from tests.fuzz import world
from tests.fuzz.engine import Target
from tests.vectors.loading import load

TOKENS: Final = (
    *(
        b'"proof"',
        b'"@context"',
        b'"seen"',
        b'"previous"',
        b'"version":1',
        b'"kind":"record"',
        b'"kind":"sealed"',
    ),
    *(b'"kind":"erased"', b'"kind":"opened"', b'"kind":"anchor"', b'"kind":"closed"', b"urn:passerelle:v1"),
)


# --- the JSON profile ----------------------------------------------------------------------


def _profile(data: bytes) -> None:
    value = profile.parse(data)
    assert profile.parse_canonical(profile.encode(value)) == value


def _canonical(data: bytes) -> None:
    value = profile.parse_canonical(data)
    assert profile.encode(value) == data
    assert profile.parse(data) == value


def _json_seeds() -> list[bytes]:
    found = vector("json.json", "valid", "hex:input") + vector("json.json", "invalid", "hex:input")
    return found + [world.signed(record) for record in world.sample_records()]


vector = world.vector_bytes

# --- records and leaves --------------------------------------------------------------------


def _record_seeds() -> list[bytes]:
    found = vector("records.json", "valid", "data") + vector("records.json", "malformed", "data")
    return found + [world.signed(record) for record in world.sample_records()]


def _record(data: bytes) -> None:
    record = records.Record.parse(data)
    assert record.data == data
    json.dumps(repr(record))


def _proven(tree: Any) -> None:
    records.check_proof(records.Record.parse(world.signed(tree)), world.agency(), world.NOW)


def _proof(tree: Any) -> None:
    document = profile.parse(world.loose(tree))
    if isinstance(document, dict):
        proofs.verify(document, world.RECORD.public)


def _incoming(tree: Any) -> None:
    record = profile.parse(world.loose(tree))
    if not isinstance(record, dict):
        return
    packaged = schemas.Schemas.packaged()
    packaged.residue(record)
    reading = packaged.check_incoming(record)
    packaged.explain(record)
    if reading in {"known", "newer-minor"}:
        _viewed(record)


def _viewed(record: dict[str, Any]) -> None:
    """A record that its schema lets in can be read by the fold: strict or by a newer minor version."""
    if record["type"] in _VIEWS:
        _VIEWS[record["type"]].from_body(record["body"])


_VIEWS: Final[dict[str, Any]] = {
    "agreement": views.AgreementView,
    "offer": views.OfferView,
    "dossier": views.DossierView,
    "nomination": views.NominationView,
    "decision": views.DecisionView,
    "placement": views.PlacementView,
    "event": views.EventView,
}


def _proven_trees() -> list[dict[str, Any]]:
    return [json.loads(world.signed(record)) for record in world.sample_records()]


def _newer(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "schema": record["schema"].removesuffix("0") + "7"}


def _outgoing(tree: Any) -> None:
    packaged = schemas.Schemas.packaged()
    value = profile.parse(world.loose(tree))
    if isinstance(value, dict):
        packaged.explain_stub(value)
        packaged.explain_body("offer", value.get("body"))
        packaged.explain(value, outgoing=True)
        packaged.check_outgoing(value)


def _leaf(data: bytes) -> None:
    """In the public feed, and where it does not belong there in a bilateral one."""
    try:
        leaf = leaves.parse_leaf(data, world.PUBLIC)
    except ProtocolError:
        leaf = leaves.parse_leaf(data, world.BILATERAL)
    assert leaves.encode_leaf(leaf) == data


# --- the whole of one leaf -----------------------------------------------------------------


def _examined(leaf: bytes, object_: bytes | None, origin: origins.Origin) -> None:
    """Alone, and between two that are good: neither changes what becomes of the other."""
    reader: dict[str, Any] = {
        "origin": origin,
        "me": world.agency(2).scid,
        "identity": world.agency(),
        "sealing_keys": {world.SEALING.key_id: world.SEALING},
        "now": world.NOW,
        "schemas": schemas.Schemas.packaged(),
    }
    good_leaf, good_object = _neighbour(origin)
    before, found, after = intake.Examination(**reader).examine(
        [good_leaf, leaf, good_leaf], [good_object, object_, good_object]
    )
    assert before.status == after.status == "accepted"
    alone = intake.examine(leaf, object_, **reader)
    assert (alone.status, alone.code) == (found.status, found.code)
    if found.code is not None:
        raise ProtocolError(found.code, **found.params)
    assert found.status in {"accepted", "empty", "passed-over"}


@cache
def _neighbour(origin: origins.Origin) -> tuple[bytes, bytes]:
    record = _of("public" if origin.is_public else "partner")[0]
    data = world.signed(record)
    if origin.is_public:
        return world.public_leaf(data, record), world.SALT + data
    return _sealed(data)


def _sealed(data: bytes) -> tuple[bytes, bytes]:
    commitment = objects.commitment(world.SALT, data)
    sealed = seals.seal(world.SALT, data, recipient_public=world.SEALING.public, origin=world.BILATERAL)
    return leaves.encode_leaf(leaves.SealedLeaf(commitment)), sealed


def _examined_bytes(data: bytes) -> None:
    """A leaf, a line feed, and what stands beside it."""
    leaf, _, object_ = data.partition(b"\n")
    _examined(leaf, object_ or None, world.PUBLIC)


def _examined_tree(tree: Any) -> None:
    data = world.signed(tree)
    _examined(
        world.public_leaf(data, tree if isinstance(tree, dict) else {}), world.SALT + data, world.PUBLIC
    )


def _examined_sealed(tree: Any) -> None:
    data = world.signed(tree)
    if len(data) > profile.MAX_RECORD_BYTES:
        raise ProtocolError("object.too-large")
    _examined(*_sealed(data), world.BILATERAL)


def _leaf_and_object() -> list[bytes]:
    cases = load("intake.json")["cases"]
    found = [case["leaf"].encode() + b"\n" + bytes.fromhex(case["object"] or "") for case in cases]
    for record in world.sample_records()[:6]:
        data = world.signed(record)
        found.append(world.public_leaf(data, record) + b"\n" + world.SALT + data)
    return found


def _of(audience: str) -> list[dict[str, Any]]:
    return [
        record
        for record in world.sample_records()
        if (record["audience"] == "public") == (audience == "public")
    ]


# --- identities ----------------------------------------------------------------------------


def _log(log: bytes) -> None:
    found = identity.parse_identity(log, now=world.NOW)
    assert identity.compare_logs(found.log, world.longer_log() if found.scid == world.agency().scid else log)


def _log_tree(bodies: Any) -> None:
    log = world.log_of(bodies)
    held = identity.parse_identity(log, now=None)
    assert identity.compare_logs(log, log) == "same"
    held.at(world.NOW)


def _document(tree: Any) -> None:
    value = profile.parse(world.loose(tree))
    keydocuments.parse_document(value, world.agency().scid)


def _multikey(text: str) -> None:
    public = keys.parse_multikey(text)
    assert keys.encode_multikey(public) == text
    assert not keys.verify_signature(public, b"", bytes(64))
    assert not keys.verify_signature(world.RECORD.public, b"", text.encode())


# --- notes and checkpoints -----------------------------------------------------------------


@cache
def _checkpoint_note() -> bytes:
    checkpoint = checkpoints.Checkpoint(world.PUBLIC.encode(), 600, bytes(range(32)))
    note = checkpoints.sign_checkpoint(checkpoint, world.LOG)
    name = origins.witness_name(world.agency(2).scid)
    return note.with_signatures(checkpoints.cosign(note, world.WITNESS, name, 1_700_000_000)).encode()


def _note_seeds() -> list[bytes]:
    found = vector("checkpoints.json", "valid", "note") + vector("checkpoints.json", "invalid", "note")
    return [*found, *vector("checkpoints.json", "cosignatures", "note"), _checkpoint_note()]


def _note(data: bytes) -> None:
    note = SignedNote.parse(data)
    assert note.encode() == data
    checkpoint = checkpoints.verify_checkpoint(data, world.PUBLIC.encode(), [world.LOG.public])
    assert checkpoint.encode() == note.text
    checkpoints.verify_cosignature(note, origins.witness_name(world.agency(2).scid), [world.WITNESS.public])


def _signed_text(text: str) -> None:
    """A checkpoint's text under a good signature, whatever it says."""
    line = notes.NoteSignature(
        world.PUBLIC.encode(),
        notes.key_id(world.PUBLIC.encode(), notes.ED25519, world.LOG.public),
        world.LOG.sign(text.encode("utf-8", "surrogatepass")),
    )
    data = text.encode("utf-8", "surrogatepass") + b"\n" + line.encode().encode()
    notes.verify_note(SignedNote.parse(data), [Verifier(world.PUBLIC.encode(), world.LOG.public)])
    checkpoints.verify_checkpoint(data, world.PUBLIC.encode(), [world.LOG.public])
    assert checkpoints.Checkpoint.parse(text).encode() == text


def _vkey(text: str) -> None:
    assert notes.encode_vkey(notes.parse_vkey(text)) == text


# --- trees, tiles, paths -------------------------------------------------------------------


def _framed(data: bytes) -> None:
    """The first byte says which of the files it is; the second, which width is asked for."""
    kind, width, body = data[:1], data[1:2], data[2:]
    wanted = width[0] if width and width[0] else None
    if kind == b"t":
        assert tiles.encode_tile(tiles.parse_tile(body, wanted)) == body
    elif kind == b"o":
        assert tiles.encode_objects(tiles.parse_objects(body, wanted)) == body
    else:
        assert tiles.encode_entry_bundle(tiles.parse_entry_bundle(body, wanted)) == body


def _framed_seeds() -> list[bytes]:
    entries = tiles.encode_entry_bundle([b"one", b"", b"three"])
    beside = tiles.encode_objects([b"one", None, b"three"])
    malformed = [bytes.fromhex(case["file"]) for case in load("tiles.json")["malformed"]]
    return [b"e\0" + entries, b"o\0" + beside, b"t\0" + bytes(64), *(b"e\3" + data for data in malformed)]


def _path(text: str) -> None:
    if text.startswith("checkpoints"):
        assert tiles.checkpoint_path(tiles.parse_checkpoint_path(text)) == text
    else:
        assert tiles.Tile.parse_path(text).path == text


def _paths() -> list[str]:
    texts = [case["path"] for case in load("paths.json")["parsed"]]
    return [*texts, *load("paths.json")["invalid"], "checkpoints/x001/234", "objects/000.p/7"]


def _frontier(data: bytes) -> None:
    frontier = merkle.Frontier.parse(data)
    assert frontier.encode() == data
    frontier.append(bytes(32)).root()


def _merkle(tree: Any) -> None:
    """Proofs as a reader gets them: two numbers, and hashes that need not be any."""
    numbers = [item for item in tree if isinstance(item, int)] if isinstance(tree, list) else []
    hashes = [_hex(item) for item in tree if isinstance(item, str)] if isinstance(tree, list) else []
    first, second = (*numbers, 1, 1)[:2]
    root = hashes[-1] if hashes else bytes(32)
    try:
        merkle.verify_inclusion(second, first, hashes[0] if hashes else root, hashes[1:-1], root)
    except ProtocolError:
        merkle.verify_consistency(first, second, hashes[1:-1], hashes[0] if hashes else root, root)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode("utf-8", "surrogatepass")


def _proof_trees() -> list[Any]:
    vectors = load("trees.json")
    leaf = merkle.leaf_hash(b"entry 0\n").hex()
    first = [
        [case["index"], case["size"], leaf, *case["proof"], vectors["roots"][str(case["size"])]]
        for case in vectors["inclusion"]
        if str(case["size"]) in vectors["roots"]
    ]
    return first + [
        [
            case["old"],
            case["new"],
            vectors["roots"][str(case["old"])],
            *case["proof"],
            vectors["roots"][str(case["new"])],
        ]
        for case in vectors["consistency"]
        if str(case["new"]) in vectors["roots"] and str(case["old"]) in vectors["roots"]
    ]


# --- objects -------------------------------------------------------------------------------


def _open_sealed(data: bytes) -> None:
    seals.sealed_to(data)
    vectors = load_once("sealed-objects.json")
    seals.open_sealed(
        data,
        {vectors["key"]: _vector_key()},
        origin=origins.Origin.parse(vectors["origin"]),
        commitment=bytes.fromhex(vectors["valid"][0]["commitment"]),
    )


@cache
def _vector_key() -> seals.SealingKey:
    return seals.SealingKey(bytes.fromhex(load_once("sealed-objects.json")["seed"]))


load_once = cache(load)
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _behind_the_box(plaintext: bytes) -> None:
    """What only opens after decryption: any plaintext, in a box made with the library alone."""
    commitment = objects.commitment(world.SALT, b"{}")
    info = profile.encode(
        {
            "commitment": commitment.hex(),
            "key": world.SEALING.key_id,
            "origin": world.BILATERAL.encode(),
            "use": "passerelle/seal/v1",
        }
    )
    box = _SUITE.encrypt(plaintext, world.SEALING._private.public_key(), info)
    seals.open_sealed(
        b"\x01\x20" + bytes.fromhex(world.SEALING.key_id) + box,
        {world.SEALING.key_id: world.SEALING},
        origin=world.BILATERAL,
        commitment=commitment,
    )


def _plaintexts() -> list[bytes]:
    found = []
    for data in (b"{}", b"a" * 100_000, bytes(range(256)) * 8):
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        stream = deflate.compress(data) + deflate.flush()
        found.append((world.SALT + len(stream).to_bytes(4, "big") + stream).ljust(4096, b"\0"))
    return found


def _sealed_for(public: bytes) -> None:
    """A partner's descriptor gives the key that we seal to."""
    seals.seal(world.SALT, b"{}", recipient_public=public, origin=world.BILATERAL)


def _public_object(data: bytes) -> None:
    salt, record = objects.parse_public(data)
    assert objects.encode_public(salt, record) == data
    leaf = leaves.PublicRecordLeaf(objects.commitment(world.SALT, b"{}"), "a", "b", 1)
    intake.open_public(leaf, data)


# --- requests ------------------------------------------------------------------------------

_KEY_ID: Final = f"{world.agency().did}#{world.REQUEST.multikey}"


def _request_seeds() -> list[Any]:
    vectors = load("requests.json")
    found = [
        {
            "method": case["method"],
            "uri": case["target_uri"],
            "fields": [*case["headers"].items()],
            "body": case["body"],
        }
        for case in (*vectors["valid"], *vectors["refused"])
    ]
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


class Fields(dict[str, str]):
    """Header fields that may stand twice, as a server gives them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Any:
        return list(self._pairs)


def _request(tree: Any) -> None:
    vectors = load_once("requests.json")
    parts = tree if isinstance(tree, dict) else {}
    given = parts.get("fields")
    pairs = [
        (str(pair[0]), str(pair[1]))
        for pair in (given if isinstance(given, list) else [])
        if isinstance(pair, list) and len(pair) >= 2
    ]
    requests.verify_request(
        str(parts.get("method")),
        str(parts.get("uri")),
        Fields(pairs),
        _hex(str(parts.get("body") or "")),
        resolve_key={vectors["key_id"]: bytes.fromhex(vectors["public"])}.get,
        now=datetime.fromtimestamp(vectors["valid"][0]["now"], UTC),
    )


def _request_signed(text: str) -> None:
    """A good signature over whatever parameters: the text is the member of Signature-Input."""
    uri = "https://togo.example/feeds/public/1/checkpoint"
    base = f'"@method": GET\n"@target-uri": {uri}\n"@signature-params": {text}'
    signature = world.REQUEST.sign(base.encode("utf-8", "surrogatepass"))
    fields = [
        ("Signature-Input", f"sig1={text}"),
        ("Signature", f"sig1=:{b64encode(signature).decode()}:"),
    ]
    requests.verify_request(
        "GET", uri, Fields(fields), None, resolve_key={_KEY_ID: world.REQUEST.public}.get, now=world.NOW
    )


def _signature_inputs() -> list[str]:
    created = int(world.NOW.timestamp())
    nonce = "A" * 22
    return [
        f'("@method" "@target-uri");created={created};keyid="{_KEY_ID}";alg="ed25519";'
        f'expires={created + life};nonce="{nonce}";tag="passerelle-v1"'
        for life in (300, 1, 301)
    ]


_SIGNED_WORDS: Final = (
    *(";created=", ";expires=", ";nonce=", ";tag=", ";keyid=", ";sf", ";bs", ';key="a"', ";req", ";name"),
    *(
        '"@query-param"',
        '"@status"',
        '"@query"',
        '"content-digest"',
        "?1",
        "?0",
        "999999999999999",
        "-999999999999999",
    ),
    *(
        "999999999999999999",
        "1.5",
        "@1",
        ":AA==:",
        ":=:",
        "253402300800",
        '%"f%c3%bc"',
        "()",
        "(",
        ")",
        "*",
        "\t",
    ),
)


# --- the registry --------------------------------------------------------------------------

_RECORD = profile.MAX_RECORD_BYTES
_HEADER: Final = tuple(
    f"recordheaders.{name}"
    for name in (
        *("check_members", "parse_issuer", "parse_schema", "parse_proof", "parse_audience", "parse_issued"),
        *("parse_seen", "parse_object", "parse_text", "parse_matching", "parse_natural"),
    )
)
_INTAKE: Final = ("intake.examine", "intake.Examination.examine", "records.Claim.check", "records.check_time")
CORE: Final = (
    Target(
        "profile.parse", "json", _json_seeds, _profile, ("profile.parse",), tokens=TOKENS, max_bytes=_RECORD
    ),
    Target(
        "profile.parse_canonical",
        "json",
        _json_seeds,
        _canonical,
        ("profile.parse_canonical",),
        tokens=TOKENS,
        max_bytes=_RECORD,
    ),
    Target(
        "profile.parse_time",
        "text",
        lambda: ["2026-11-22T10:00:00Z", "0001-01-01T00:00:00Z"],
        profile.parse_time,
        ("profile.parse_time",),
    ),
    Target(
        "records.Record",
        "json",
        _record_seeds,
        _record,
        ("records.Record.parse", *_HEADER),
        tokens=TOKENS,
        max_bytes=_RECORD,
    ),
    Target(
        "records behind the signature",
        "tree",
        world.sample_records,
        _proven,
        ("records.check_proof", "records.check_time"),
    ),
    Target(
        "proofs",
        "tree",
        lambda: _proven_trees()[:8],
        _proof,
        ("proofs.verify", "proofs.verify_proof"),
    ),
    Target(
        "schemas.check_incoming",
        "tree",
        lambda: [*_proven_trees(), *map(_newer, _proven_trees())],
        _incoming,
        ("schemas.Schemas.check_incoming", "schemas.Schemas.explain", "schemas.SchemaName.parse"),
        share=0.5,
    ),
    Target(
        "schemas.explain",
        "tree",
        lambda: [*_proven_trees()[::4], *world.stubs()],
        _outgoing,
        ("schemas.Schemas.check_outgoing", "schemas.Schemas.explain_body", "schemas.Schemas.explain_stub"),
        share=0.2,
    ),
    Target(
        "leaves.parse_leaf",
        "json",
        lambda: vector("leaves.json", "valid", "leaf") + vector("leaves.json", "invalid", "leaf"),
        _leaf,
        ("leaves.parse_leaf",),
        tokens=TOKENS,
        max_bytes=5_000,
    ),
    Target(
        "intake.examine",
        "bytes",
        _leaf_and_object,
        _examined_bytes,
        _INTAKE,
        tokens=TOKENS,
        max_bytes=_RECORD,
    ),
    Target(
        "intake behind the signature",
        "tree",
        lambda: _of("public"),
        _examined_tree,
        _INTAKE,
        share=0.5,
    ),
    Target(
        "intake behind the seal",
        "tree",
        lambda: _of("partner"),
        _examined_sealed,
        _INTAKE,
        share=0.3,
    ),
    Target(
        "identity.parse_identity",
        "bytes",
        lambda: [
            *vector("identity.json", "valid", "log"),
            *vector("identity.json", "invalid", "log"),
            world.longer_log(),
        ],
        _log,
        ("identity.parse_identity", "identity.compare_logs", "identityentries.parse_entry"),
        tokens=TOKENS,
        max_bytes=identity.MAX_LOG_BYTES,
        share=0.5,
    ),
    Target(
        "identity behind the signature",
        "tree",
        world.log_bodies,
        _log_tree,
        ("identityentries.verify_entry", "identityentries.check_scid", "identity.parse_identity"),
        tokens=("updateKeys", "nextKeyHashes", "ttl", "watchers", "alsoKnownAs", identityentries.PLACEHOLDER),
        share=0.5,
    ),
    Target(
        "keydocuments.parse_document",
        "tree",
        lambda: [json.loads(world.agency().log)["state"]],
        _document,
        ("keydocuments.parse_document",),
    ),
    Target(
        "keydocuments.scid_of",
        "text",
        lambda: [world.agency().did, "did:webvh:" + world.agency().scid + ":a.example%3A8443"],
        keydocuments.scid_of,
        ("keydocuments.scid_of",),
        tokens=("%3A", ":", "."),
    ),
    Target(
        "keys.parse_multikey",
        "text",
        lambda: [
            *world.vector_texts("multikeys.json", "valid", "multikey"),
            *world.vector_texts("multikeys.json", "invalid", "multikey"),
        ],
        _multikey,
        ("keys.parse_multikey", "keys.verify_signature"),
    ),
    Target(
        "notes",
        "bytes",
        _note_seeds,
        _note,
        ("notes.SignedNote.parse", "checkpoints.verify_cosignature"),
        max_bytes=notes.MAX_NOTE_BYTES,
    ),
    Target(
        "checkpoints behind the signature",
        "text",
        lambda: [SignedNote.parse(_checkpoint_note()).text],
        _signed_text,
        ("notes.verify_note", "checkpoints.verify_checkpoint", "checkpoints.Checkpoint.parse"),
    ),
    Target(
        "notes.parse_vkey",
        "text",
        lambda: [notes.encode_vkey(Verifier("vol.example/a", world.LOG.public))],
        _vkey,
        ("notes.parse_vkey",),
    ),
    Target(
        "origins.Origin",
        "text",
        lambda: [*world.vector_texts("origins.json", "valid", "origin"), *load("origins.json")["invalid"]],
        lambda text: origins.Origin.parse(text).encode() == text or 1 / 0,
        ("origins.Origin.parse",),
        tokens=("/to/", "/public/", "passerelle/", "9007199254740993"),
    ),
    Target(
        "tiles: files",
        "bytes",
        _framed_seeds,
        _framed,
        ("tiles.parse_tile", "tiles.parse_entry_bundle", "tiles.parse_objects"),
        max_bytes=300_000,
    ),
    Target(
        "tiles: paths",
        "text",
        _paths,
        _path,
        ("tiles.Tile.parse_path", "tiles.parse_checkpoint_path"),
        tokens=("x999/", ".p/", "256", "/000"),
    ),
    Target(
        "merkle.Frontier",
        "bytes",
        lambda: [merkle.Frontier().extend([bytes(32)] * size).encode() for size in (0, 1, 7, 256)],
        _frontier,
        ("merkle.Frontier.parse",),
        max_bytes=3_000,
    ),
    Target(
        "merkle proofs",
        "tree",
        _proof_trees,
        _merkle,
        ("merkle.verify_inclusion", "merkle.verify_consistency"),
    ),
    Target(
        "seals.open_sealed",
        "bytes",
        lambda: (
            vector("sealed-objects.json", "valid", "hex:object")[:3]
            + vector("sealed-objects.json", "refused", "hex:object")[:6]
        ),
        _open_sealed,
        ("seals.open_sealed", "seals.sealed_to"),
        share=0.3,
    ),
    Target(
        "seals behind the box",
        "bytes",
        _plaintexts,
        _behind_the_box,
        ("seals.open_sealed", "seals.SealingKey.open"),
        share=0.3,
    ),
    Target("seals.seal", "bytes", lambda: [world.SEALING.public], _sealed_for, share=0.2),
    Target(
        "objects.parse_public",
        "bytes",
        lambda: [world.SALT + b"{}"],
        _public_object,
        ("objects.parse_public", "intake.open_public"),
        max_bytes=_RECORD + 100,
    ),
    Target(
        "requests.verify_request",
        "tree",
        _request_seeds,
        _request,
        ("requests.verify_request",),
        tokens=_SIGNED_WORDS,
        share=0.5,
    ),
    Target(
        "requests behind the signature",
        "text",
        _signature_inputs,
        _request_signed,
        ("requests.verify_request",),
        tokens=_SIGNED_WORDS,
        share=0.5,
    ),
    Target(
        "edtf.parse",
        "text",
        lambda: [
            "2016-10-24",
            "2012-05",
            "2019~",
            "201X",
            "2001-21",
            "2012-07/2013-04",
            "2017/..",
            "../2017",
        ],
        edtf.parse,
    ),
)
