"""Every fenced block of ``spec/`` is parsed, validated, computed anew or run; a block of another kind fails."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
import zlib
from collections.abc import Callable
from hashlib import sha256, sha512
from typing import Any, Final

import pytest

from passerelle.protocol import profile
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.leaves import UnknownLeaf, parse_leaf
from passerelle.protocol.merkle import Frontier
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.schemas import Schemas
from tests.vectors.loading import VECTORS, Case, load, moment
from tests.vectors.spec_examples import EXAMPLES, canonical
from tests.vectors.spec_text import DESIGNED, ROOT, Block, blocks, chapters, sections

_PAGES: Final = [*chapters(), VECTORS / "README.md", ROOT / "spec" / "README.md"]
_ALL: Final = [block for path in _PAGES for block in blocks(path)]


def _blocks(*beginning: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{block.chapter}:{block.line}")
        for block in _ALL
        if block.words[: len(beginning)] == beginning
    ]


def _named(prefix: str) -> list[tuple[str, Block]]:
    return [
        (word.removeprefix(prefix), block)
        for block in _ALL
        for word in block.words
        if word.startswith(prefix)
    ]


def _kind(block: Block) -> str:
    if len(block.words) == 2 and block.words[1].startswith(("example=", "algorithm=")):
        return block.words[1].partition("=")[0]
    return " ".join(block.words[:2])


def test_every_block_says_what_it_is() -> None:
    """spec/README.md: a block that no test knows what to do with is refused."""
    known = {
        "example",
        "algorithm",
        "json form",
        "json record",
        "json leaf",
        "json body",
        "text form",
        "sh form",
    }
    assert [f"{block.chapter}:{block.line}" for block in _ALL if _kind(block) not in known] == []
    assert len(_ALL) > 40


@pytest.mark.parametrize("block", _blocks("json"))
def test_json_is_inside_the_profile(block: Block) -> None:
    """J-1 to J-9: an example is no worse than what it is an example of; leaves stand one a line."""
    for text in block.text.splitlines() if block.words[1] == "leaf" else [block.text]:
        profile.parse(text.encode())


@pytest.mark.parametrize("block", _blocks("json", "record"))
def test_a_record_is_one(block: Block) -> None:
    """R-1 to R-13: form and proof, under the identity log of the vectors."""
    vectors = load("records.json")
    record = Record.parse(profile.encode(profile.parse(block.text.encode())))
    logs = [log.encode() for log in vectors["identities"].values() if record.issuer_scid in log]
    check_proof(record, parse_identity(logs[0], now=moment(vectors["now"])), moment(vectors["now"]))


@pytest.mark.parametrize("block", _blocks("json", "leaf"))
def test_a_leaf_is_one(block: Block) -> None:
    """L-19 to L-21: each line is the canonical bytes of a leaf of a known kind, in such a feed."""
    public, bilateral = (Origin.parse(case["origin"]) for case in load("origins.json")["valid"][:2])
    second = Origin(public.author, None, 2)
    origin = {"public": public, "bilateral": bilateral, "second": second}[block.words[2]]
    for line in block.text.splitlines():
        assert not isinstance(parse_leaf(line.encode(), origin), UnknownLeaf)


@pytest.mark.parametrize("block", _blocks("json", "body"))
def test_a_body_fits_its_schema(block: Block) -> None:
    """R-29: as soon as there is a schema; until then the section is a design."""
    record_type, body = block.words[2], json.loads(block.text)
    if not (ROOT / "schemas" / f"{record_type}.json").exists():
        path = next(path for path in chapters() if path.name == block.chapter)
        around = next(part for part in sections(path) if block.text in part.text + "\n")
        assert around.status == DESIGNED
        return
    sample = next((ROOT / "schemas" / "samples" / record_type).glob("valid-*.json"))
    record = json.loads(sample.read_text("utf-8")) | {"body": body}
    assert Schemas.packaged().check_incoming(record) == "known"


@pytest.mark.parametrize(("name", "block"), _named("example="), ids=lambda value: str(value)[:40])
def test_an_example_is_what_is_computed(name: str, block: Block) -> None:
    """spec/README.md: worked numbers are computed anew; `python -m tests.vectors.spec_examples` writes them."""
    assert block.text == EXAMPLES[name]()


def test_every_example_is_shown() -> None:
    """No example is computed that no chapter shows, and none is shown twice."""
    assert sorted(name for name, _ in _named("example=")) == sorted(EXAMPLES)


# --- algorithms --------------------------------------------------------------------------


def _namespace() -> dict[str, Any]:
    """All algorithms of all chapters, in one namespace, as a reader would have them."""
    names: dict[str, Any] = {
        "sha256": sha256,
        "sha512": sha512,
        "zlib": zlib,
        "base64": base64,
        "json": json,
        "unicodedata": unicodedata,
    }
    for _, block in _named("algorithm="):
        exec(block.text, names)  # the chapters' own text is what is tested
    return names


_SPEC: Final = _namespace()


def _entries(count: int) -> list[bytes]:
    return [f"entry {index}\n".encode() for index in range(count)]


def _check_canonical() -> None:
    for case in load("json.json")["valid"]:
        value = profile.parse(bytes.fromhex(case["input"]))
        assert _SPEC["canonical"](value).hex() == case["canonical"]


def _check_tree_hash() -> None:
    for size in (0, 1, 2, 3, 5, 255, 256, 257, 300):
        assert _SPEC["tree_hash"](_entries(size)).hex() == load("trees.json")["roots"][str(size)]


def _check_inclusion() -> None:
    trees = load("trees.json")
    for case in trees["inclusion"]:
        leaf = _SPEC["leaf_hash"](_entries(600)[case["index"]])
        proof = [bytes.fromhex(item) for item in case["proof"]]
        root = bytes.fromhex(trees["roots"][str(case["size"])])
        verify = _SPEC["inclusion_holds"]
        assert verify(leaf, case["index"], case["size"], proof, root)
        assert not verify(leaf, case["index"], case["size"], [*proof, root], root)
        assert not verify(leaf, case["size"], case["size"], proof, root)
        assert not (proof and verify(leaf, case["index"], case["size"], proof[1:], root))
    _check_mutations("inclusion")


def _check_consistency() -> None:
    trees = load("trees.json")
    for case in trees["consistency"]:
        ends = [bytes.fromhex(trees["roots"][str(case[end])]) for end in ("old", "new")]
        proof = [bytes.fromhex(item) for item in case["proof"]]
        verify = _SPEC["consistency_holds"]
        assert verify(case["old"], case["new"], ends[0], ends[1], proof)
        assert not verify(case["old"], case["new"], ends[0], ends[1], [*proof, ends[0]])
    _check_mutations("consistency")


def _check_mutations(kind: str) -> None:
    """Every mutation of the vectors fails the chapter's algorithm too."""
    for case in load("tree-proofs.json")["mutations"]:
        if case["kind"] == kind:
            assert not mutated_holds(case, _SPEC["inclusion_holds"], _SPEC["consistency_holds"]), case["name"]


def mutated_holds(case: Case, inclusion: Callable[..., bool], consistency: Callable[..., bool]) -> bool:
    """Whether a mutated proof passes a verifier."""
    proof = [bytes.fromhex(item) for item in case["proof"]]
    if case["kind"] == "inclusion":
        leaf, root = bytes.fromhex(case["leaf_hash"]), bytes.fromhex(case["root"])
        return inclusion(leaf, case["index"], case["size"], proof, root)
    ends = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
    return consistency(case["old"], case["new"], ends[0], ends[1], proof)


def _check_frontier() -> None:
    held: tuple[int, list[bytes]] = (0, [])
    for size in range(301):
        assert _SPEC["frontier_root"](*held).hex() == load("trees.json")["roots"][str(size)]
        assert list(Frontier().extend(map(_SPEC["leaf_hash"], _entries(size))).hashes) == held[1]
        held = _SPEC["append_leaf"](*held, _SPEC["leaf_hash"](f"entry {size}\n".encode()))


def _check_files() -> None:
    for size, files in load("tiles.json")["trees"].items():
        assert set(_SPEC["files_of"](int(size))) == set(files)


def _check_numbers() -> None:
    for number, groups in load("paths.json")["groups"].items():
        assert _SPEC["number_in_path"](int(number)) == groups


def _check_note() -> None:
    vectors = load("checkpoints.json")
    for case in vectors["valid"]:
        text, lines = _SPEC["parse_note"](case["note"].encode())
        size, root = _SPEC["parse_checkpoint"](text, vectors["origin"])
        assert (size, root.hex()) == (case["size"], case["root"])
        assert lines
    for case in vectors["invalid"]:
        if case["code"].startswith(("note.malformed", "checkpoint.")):
            with pytest.raises(ValueError, match=re.escape(case["code"])):
                _SPEC["parse_checkpoint"](_SPEC["parse_note"](case["note"].encode())[0], vectors["origin"])


def _check_key_id() -> None:
    example = load("checkpoints.json")["example"]
    found = _SPEC["key_id"](example["origin"], 1, bytes.fromhex(example["log_public"]))
    assert f"+{found.hex()}+" in example["log_vkey"]
    found = _SPEC["key_id"](example["witness"], 4, bytes.fromhex(example["witness_public"]))
    assert f"+{found.hex()}+" in example["witness_vkey"]


def _check_fingerprint() -> None:
    for case in load("fingerprints.json")["cases"]:
        assert _SPEC["fingerprint"](case["scid"]) == case["fingerprint"]


def _check_commitment() -> None:
    for case in load("commitments.json")["cases"]:
        found = _SPEC["commitment"](bytes.fromhex(case["salt"]), case["record"].encode())
        assert found.hex() == case["commitment"]


def _check_unpad() -> None:
    salt, record = b"s" * 32, canonical({"a": ["é"] * 40})
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = deflate.compress(record) + deflate.flush()
    plain = (salt + len(stream).to_bytes(4, "big") + stream).ljust(1024, b"\0")
    assert _SPEC["unpad"](plain) == (salt, record)
    longer = plain[:32] + (len(stream) + 1).to_bytes(4, "big") + plain[36:]
    wrong = {
        "object.malformed": plain + b"\0",
        "object.padding": plain[:-1] + b"\1",
        "object.stream": longer,
    }
    for code, data in wrong.items():
        with pytest.raises(ValueError, match=re.escape(code)):
            _SPEC["unpad"](data)


def _check_decimal() -> None:
    told = {(2, 3): "0.667", (1, 2000): "0.001", (1, 2001): "0.000", (70, 1): "70.000", (1, 2): "0.500"}
    assert {pair: _SPEC["decimal"](*pair) for pair in told} == told


def _check_anchor() -> None:
    for case in load("anchors.json")["valid"]:
        part = case["part"]
        path = [bytes.fromhex(item) for item in part["path"]]
        nonce, text = bytes.fromhex(part["nonce"]), case["checkpoint_text"].encode()
        assert _SPEC["anchor_root"](nonce, text, part["position"], path).hex() == case["root"]


def _check_scid() -> None:
    for case in load("identity.json")["valid"]:
        first = json.loads(case["log"].splitlines()[0])
        assert _SPEC["scid_of_first"](first) == case["scid"]


def _check_entry_hash() -> None:
    for case in load("identity.json")["valid"]:
        before = case["scid"]
        for number, line in enumerate(case["log"].splitlines(), start=1):
            entry = json.loads(line)
            assert entry["versionId"] == f"{number}-{_SPEC['entry_hash'](entry, before)}"
            before = entry["versionId"]


def _check_histories() -> None:
    for case in load("forks.json")["cases"]:
        if case["kind"] == "two-sizes":
            lower, upper = ([bytes.fromhex(item) for item in case[part]] for part in ("lower", "upper"))
            roots = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
            assert _SPEC["two_histories"](case["old"], case["new"], *roots, lower, upper) == case["proven"]


def _check_person() -> None:
    vectors = load("certificates.json")
    for case in vectors["names"]:
        if case["form"] is not None:
            assert _SPEC["name_form"](case["text"]) == case["form"]
    tag = json.loads(vectors["valid"][0]["data"])["credentialSubject"]["identifier"][0]
    for case in vectors["persons"]:
        if case["rule"] == "D-14" and "-" not in case["salt"] and " " not in case["salt"]:
            salt = bytes.fromhex(case["salt"])
            found = _SPEC["person_commitment"](case["person"], case["birth_date"], salt)
            assert (f"sha256${found}" == tag["identityHash"]) == (case["code"] is None)


_CHECKS: Final[dict[str, Callable[[], None]]] = {
    "canonical": _check_canonical,
    "tree-hash": _check_tree_hash,
    "inclusion": _check_inclusion,
    "consistency": _check_consistency,
    "frontier": _check_frontier,
    "files-of-a-size": _check_files,
    "number-in-path": _check_numbers,
    "parse-note": _check_note,
    "key-id": _check_key_id,
    "fingerprint": _check_fingerprint,
    "commitment": _check_commitment,
    "unpad": _check_unpad,
    "decimal": _check_decimal,
    "anchor-root": _check_anchor,
    "scid": _check_scid,
    "entry-hash": _check_entry_hash,
    "two-histories": _check_histories,
    "person": _check_person,
}


@pytest.mark.parametrize("name", sorted({name for name, _ in _named("algorithm=")}))
def test_an_algorithm_does_what_the_vectors_say(name: str) -> None:
    """spec/README.md: the algorithms of the chapters are run."""
    _CHECKS[name]()


def test_every_algorithm_is_shown() -> None:
    """No check without an algorithm, no algorithm twice."""
    assert sorted(name for name, _ in _named("algorithm=")) == sorted(_CHECKS)
