"""The worked examples of ``spec/``: what each fenced block with ``example=<name>`` holds.

Every value comes from the vectors, whose writer shares no code with the node, or from
``hashlib`` here. ``python -m tests.vectors.spec_examples`` writes the blocks of all chapters
anew; a test compares them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.vectors.loading import VECTORS, Case, load
from tests.vectors.spec_text import chapters

_BLOCK: Final = re.compile(r"^(```[a-z]+ example=([a-z0-9-]+)\n)(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEX_BYTES_A_LINE: Final = 48


def canonical(value: object) -> bytes:
    """Chapter 02, without the code of the node."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def named(cases: list[Case], name: str) -> Case:
    """The case of a list with that name."""
    return next(case for case in cases if case["name"] == name)


def hex_lines(data: bytes) -> str:
    """Hex, 48 bytes a line."""
    starts = range(0, len(data), _HEX_BYTES_A_LINE)
    return "".join(f"{data[at : at + _HEX_BYTES_A_LINE].hex()}\n" for at in starts)


# --- chapter 02 --------------------------------------------------------------------------

_SMALL: Final[Any] = {"b": 2, "a": ["é", "\n\u001f"], "A": None}


def canonical_form() -> str:
    return canonical(_SMALL).decode() + "\n"


def canonical_form_hex() -> str:
    return hex_lines(canonical(_SMALL))


def canonical_form_sha256() -> str:
    return f"bytes    {len(canonical(_SMALL))}\nSHA-256  {sha256(canonical(_SMALL)).hexdigest()}\n"


# --- chapter 03 --------------------------------------------------------------------------


def key_forms() -> str:
    case = load("multikeys.json")["valid"][0]
    hashed = load("identity.json")["steps"]["update_key"]
    return (
        f"seed           {case['seed']}\n"
        f"public key     {case['public']}\n"
        f"prefixed       ed01{case['public']}\n"
        f"multikey       {case['multikey']}\n"
        f"another multikey, and its hash of I-15\n"
        f"               {hashed['multikey']}\n"
        f"               {hashed['hash']}\n"
    )


def identity_steps() -> str:
    steps = load("identity.json")["steps"]
    scid_input, entry_input = steps["scid_input"], steps["entry_input"]
    return (
        f"input of I-9    {len(scid_input.encode())} bytes, begins\n"
        f"                {scid_input[:78]}\n"
        f"SHA-256         {sha256(scid_input.encode()).hexdigest()}\n"
        f"SCID            {steps['scid']}\n"
        f"input of I-10   {len(entry_input.encode())} bytes, ends\n"
        f"                {entry_input[-110:]}\n"
        f"SHA-256         {sha256(entry_input.encode()).hexdigest()}\n"
        f"versionId       {steps['version_id']}\n"
    )


def fingerprint() -> str:
    case = load("fingerprints.json")["cases"][0]
    return f"{case['scid']}\n{case['fingerprint']}\n"


# --- chapter 04 --------------------------------------------------------------------------


def _record() -> Case:
    case = named(load("records.json")["valid"], "for one partner")
    value: Case = json.loads(case["data"])
    return value


def record_digest() -> str:
    data = canonical(_record())
    return f"bytes   {len(data)}\ndigest  {sha256(data).hexdigest()}\n"


def proof_steps() -> str:
    case = load("proofs.json")["cases"][0]
    return (
        f"canonical form of the proof without proofValue\n{case['proof_canonical']}\n"
        f"canonical form of the document without proof\n{case['document_canonical']}\n"
        f"hashData: the SHA-256 of the one, then of the other\n"
        f"{case['hash_data'][:64]}\n{case['hash_data'][64:]}\n"
        f"proofValue\n{case['proof']['proofValue']}\n"
    )


# --- chapter 05 --------------------------------------------------------------------------


def _leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def _entry(index: int) -> bytes:
    return f"entry {index}\n".encode()


def worked_note() -> str:
    note: str = load("checkpoints.json")["example"]["note"]
    return note


def key_id() -> str:
    example = load("checkpoints.json")["example"]
    hashed = example["origin"].encode() + b"\n\x01" + bytes.fromhex(example["log_public"])
    return (
        f"name ‖ 0x0A ‖ type ‖ key\n{hex_lines(hashed)}"
        f"SHA-256\n{sha256(hashed).hexdigest()}\n"
        f"key id\n{sha256(hashed).hexdigest()[:8]}\n"
    )


def cosigned_message() -> str:
    example = load("checkpoints.json")["example"]
    text = example["note"].partition("\n\n")[0]
    return f"cosignature/v1\ntime {example['time']}\n{text}\n"


def signature_lines() -> str:
    example = load("checkpoints.json")["example"]
    log, witness = (
        base64.b64decode(line.rsplit(" ", 1)[1]) for line in example["note"].partition("\n\n")[2].splitlines()
    )
    return (
        f"the log's line, type 0x01: {len(log)} bytes\n"
        f"key id     {log[:4].hex()}\n"
        f"signature  {log[4:36].hex()}\n"
        f"           {log[36:].hex()}\n"
        f"the witness's line, type 0x04: {len(witness)} bytes\n"
        f"key id     {witness[:4].hex()}\n"
        f"time       {witness[4:12].hex()}  {int.from_bytes(witness[4:12], 'big')}\n"
        f"signature  {witness[12:44].hex()}\n"
        f"           {witness[44:].hex()}\n"
    )


def small_trees() -> str:
    roots = load("trees.json")["roots"]
    first, second = _leaf_hash(_entry(0)), _leaf_hash(_entry(1))
    return (
        f"root of size 0  {roots['0']}\n"
        f"leaf 0          {_entry(0).hex()}\n"
        f"its hash        {first.hex()}\n"
        f"leaf 1          {_entry(1).hex()}\n"
        f"its hash        {second.hex()}\n"
        f"root of size 1  {roots['1']}\n"
        f"root of size 2  {sha256(bytes([1]) + first + second).hexdigest()}\n"
        f"root of size 3  {roots['3']}\n"
    )


def proofs_of_trees() -> str:
    trees = load("trees.json")
    inclusion = next(p for p in trees["inclusion"] if (p["size"], p["index"]) == (5, 2))
    consistency = next(p for p in trees["consistency"] if (p["old"], p["new"]) == (3, 5))
    return (
        "inclusion of leaf 2 in size 5\n"
        + "".join(f"{item}\n" for item in inclusion["proof"])
        + "consistency of size 3 with size 5\n"
        + "".join(f"{item}\n" for item in consistency["proof"])
    )


def entry_bundle() -> str:
    return hex_lines(bytes.fromhex(load("tiles.json")["bundle"]["file"]))


def files_of_600() -> str:
    files = load("tiles.json")["trees"]["600"]
    return "".join(f"{path:24}{told['bytes']:>6,} bytes\n" for path, told in sorted(files.items()))


def sealed_leaf() -> str:
    leaf = canonical({"commitment": "ab" * 32, "kind": "sealed"})
    return f"{leaf.decode()}\n{_leaf_hash(leaf).hex()}\n"


# --- chapter 06 --------------------------------------------------------------------------


def public_object() -> str:
    case = named(load("commitments.json")["cases"], "offer")
    salt, record = bytes.fromhex(case["salt"]), case["record"].encode()
    prefix = b"passerelle/commitment/v1\0"
    return (
        f"prefix      {prefix.hex()}\n"
        f"salt        {salt.hex()}\n"
        f"record      {len(record)} bytes, begins {record[:24].hex()}\n"
        f"hashed      {len(prefix) + 32 + len(record)} bytes\n"
        f"commitment  {sha256(prefix + salt + record).hexdigest()}\n"
        f"object      {32 + len(record)} bytes, SHA-256 {sha256(salt + record).hexdigest()}\n"
    )


def object_file() -> str:
    objects = load("tiles.json")["objects"]
    told = ", ".join("none" if item is None else item for item in objects["objects"])
    return f"objects  {told}\nfile     {objects['file']}\n"


def sealed_object() -> str:
    vectors = load("sealed-objects.json")
    case = vectors["valid"][0]
    object_ = bytes.fromhex(case["object"])
    info = canonical(
        {
            "commitment": case["commitment"],
            "key": vectors["key"],
            "origin": vectors["origin"],
            "use": "passerelle/seal/v1",
        }
    )
    return (
        f"offset 0     {object_[:2].hex()}\n"
        f"offset 2     {object_[2:34].hex()}\n"
        f"offset 34    {object_[34:58].hex()}…\n"
        f"offset 1154  {object_[1154:1178].hex()}…\n"
        f"length       {len(object_)} = 34 + 1120 + {case['plaintext_bytes']} + 16\n"
        f"info         {info.decode()}\n"
        f"salt         {case['salt']}\n"
        f"record       {case['record_bytes']} bytes, SHA-256 {case['record_sha256']}\n"
    )


# --- chapter 10 --------------------------------------------------------------------------


def signature_base() -> str:
    base: str = named(load("requests.json")["valid"], "POST")["base"]
    return base + "\n"


def signed_headers() -> str:
    case = named(load("requests.json")["valid"], "POST")
    lines = "".join(f"{name}: {value}\n" for name, value in sorted(_pairs(case["headers"])))
    return f"POST {case['target_uri']}\n{lines}\n{bytes.fromhex(case['body']).decode()}\n"


def _pairs(headers: Any) -> list[tuple[str, str]]:
    items = headers.items() if isinstance(headers, dict) else headers
    return [(str(name), str(value)) for name, value in items]


# --- chapters 14, 16, 23 ---------------------------------------------------------------


def successor_hash() -> str:
    checkpoint = load("successions.json")["checkpoint"]
    return f"{checkpoint['text']}SHA-256  {sha256(checkpoint['text'].encode()).hexdigest()}\n"


def anchor() -> str:
    case = load("anchors.json")["valid"][0]
    part = case["part"]
    text_hash = sha256(case["checkpoint_text"].encode()).digest()
    leaf = sha256(b"passerelle/anchor/v1\0" + bytes.fromhex(part["nonce"]) + text_hash).hexdigest()
    return (
        f"nonce           {part['nonce']}\n"
        f"SHA-256 of the checkpoint's text\n"
        f"                {text_hash.hex()}\n"
        f"leaf {part['position']}          {leaf}\n"
        f"its sibling     {part['path'][0]}\n"
        f"root            {case['root']}\n"
        f"anchor leaf     {case['leaf']}\n"
    )


def anchor_part() -> str:
    return canonical(load("anchors.json")["valid"][0]["part"]).decode() + "\n"


def evidence() -> str:
    case = named(load("forks.json")["cases"], "two roots of one size")
    members = {
        "form": "passerelle/evidence/v1",
        "kind": "fork",
        "identities": [],
        "notes": [case["first"], case["second"]],
        "proofs": [],
        "leaves": [],
        "objects": [],
    }
    told = ",\n ".join(f"{json.dumps(name)}:{canonical(value).decode()}" for name, value in members.items())
    return "{" + told + "}\n"


def policy() -> str:
    text: str = load("policies.json")["policy"]
    return text


def report() -> str:
    case = named(load("feeds.json")["cases"], "lost-object")
    (feed,) = case["feeds"]
    members = ",\n ".join(f"{json.dumps(name)}:{canonical(value).decode()}" for name, value in feed.items())
    return "{" + members + "}\n"


# --- chapter 24 --------------------------------------------------------------------------


def _members(document: Case) -> str:
    """One member a line, so that it can be read."""
    lines = ",\n ".join(f"{json.dumps(name)}:{canonical(value).decode()}" for name, value in document.items())
    return "{" + lines + "}\n"


def certificate() -> str:
    return _members(json.loads(load("certificates.json")["valid"][0]["data"]))


def certificate_digest() -> str:
    vectors = load("certificates.json")
    data, person = vectors["valid"][0]["data"].encode(), vectors["persons"][0]
    named = next(case["form"] for case in vectors["names"] if case["text"] == person["person"])
    hashed = bytes.fromhex(person["salt"]) + person["birth_date"].encode() + b"\n" + named.encode()
    return (
        f"canonical   {len(data)} bytes\n"
        f"digest      {sha256(data).hexdigest()}\n"
        f"salt        {person['salt']}\n"
        f"birth date  {person['birth_date']}\n"
        f"typed       {person['person']}\n"
        f"name        {named}\n"
        f"commitment  {sha256(b'passerelle/person/v1' + bytes(1) + hashed).hexdigest()}\n"
    )


def endorsement() -> str:
    return _members(json.loads(load("certificates.json")["endorsed"][0]["data"]))


# --- all ---------------------------------------------------------------------------------

EXAMPLES: Final[dict[str, Callable[[], str]]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        canonical_form,
        canonical_form_hex,
        canonical_form_sha256,
        key_forms,
        identity_steps,
        fingerprint,
        record_digest,
        proof_steps,
        worked_note,
        key_id,
        cosigned_message,
        signature_lines,
        small_trees,
        proofs_of_trees,
        entry_bundle,
        files_of_600,
        sealed_leaf,
        public_object,
        object_file,
        sealed_object,
        signature_base,
        signed_headers,
        successor_hash,
        anchor,
        anchor_part,
        evidence,
        policy,
        report,
        certificate,
        certificate_digest,
        endorsement,
    )
}


def rewrite(path: Path) -> None:
    """Writes the examples of one chapter anew."""
    text = path.read_text("utf-8")
    path.write_text(_BLOCK.sub(lambda found: f"{found[1]}{EXAMPLES[found[2]]()}```", text), "utf-8")


if __name__ == "__main__":
    for chapter in [*chapters(), VECTORS / "README.md"]:
        rewrite(chapter)
