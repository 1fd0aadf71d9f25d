"""Vectors of designs (chapters 14 to 16): held to their chapters by plain readings of the rules, written here.

No node does any of this yet. When one does, its own functions take the place of these.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from hashlib import sha256
from typing import Any

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, cosign
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import AnchorLeaf, ClosedLeaf, OpenedLeaf, parse_leaf
from passerelle.protocol.merkle import leaf_hash, root_of, verify_consistency
from passerelle.protocol.notes import SignedNote, Verifier, verify_note
from passerelle.protocol.origins import Origin
from tests.vectors.loading import Case, assert_code, cases, load
from tests.vectors.plain_policy import Policy
from tests.vectors.plain_zip import MalformedBundle, TooLargeBundle, files_of


def _leads_to_root(case: Case) -> bool:
    """A-20: the part's form, day and size; the leaf from nonce and text, then the siblings by the bits of the position."""
    part, leaf = case["part"], json.loads(case["leaf"])
    size = Checkpoint.parse(case["checkpoint_text"]).tree_size
    if part.keys() != {"epoch", "nonce", "path", "position", "size"} or not 0 <= part["position"] < 1024:
        return False
    if (part["epoch"], part["size"]) != (leaf["epoch"], size) or part["nonce"] != part["nonce"].lower():
        return False
    text = sha256(case["checkpoint_text"].encode()).digest()
    found = sha256(b"passerelle/anchor/v1\0" + bytes.fromhex(part["nonce"]) + text).digest()
    if len(part["path"]) != 10:
        return False
    for height, item in enumerate(part["path"]):
        sibling = bytes.fromhex(item)
        is_right = part["position"] >> height & 1
        found = sha256(b"\1" + (sibling + found if is_right else found + sibling)).digest()
    return bool(found.hex() == leaf["root"] == case["root"])


@pytest.mark.parametrize("case", cases("anchors.json", "valid"))
def test_anchors(case: Case) -> None:
    """A-20: the part leads from the checkpoint to the root that the leaf of the public feed anchors."""
    checkpoint = Checkpoint.parse(case["checkpoint_text"])
    origin = Origin.parse(checkpoint.origin)
    leaf = parse_leaf(case["leaf"].encode(), Origin(origin.author, None, 1))
    assert isinstance(leaf, AnchorLeaf)
    assert (leaf.root.hex(), leaf.epoch.isoformat()) == (case["root"], case["part"]["epoch"])
    assert checkpoint.tree_size == case["part"]["size"]
    assert _leads_to_root(case)


@pytest.mark.parametrize("case", cases("anchors.json", "invalid"))
def test_anchors_refused(case: Case) -> None:
    """A-20: anything else leads elsewhere."""
    assert not _leads_to_root(case)


def _succession(case: Case, origin: Origin) -> str:
    """The table of chapter 14, step by step."""
    if case["first_leaf"] is None:
        return "refused"
    try:
        opened = parse_leaf(case["first_leaf"].encode(), origin)
    except ProtocolError:
        return "refused"
    if not isinstance(opened, OpenedLeaf):
        return "refused"
    before = Origin(origin.author, origin.partner, opened.number)
    held = [leaf.encode() for leaf in case["held"]]
    if len(held) >= opened.size and opened.size:
        is_closed = isinstance(parse_leaf(held[opened.size - 1], before), ClosedLeaf)
        if is_closed and root_of(map(leaf_hash, held[: opened.size])) == opened.root:
            return "followed"
    text = Checkpoint(before.encode(), opened.size, opened.root).encode()
    if sha256(text.encode()).hexdigest() in case["successors"]:
        return "followed"
    return "waits" if len(held) < opened.size else "refused"


@pytest.mark.parametrize("case", cases("successions.json", "cases"))
def test_successions(case: Case) -> None:
    """L-28, L-29: a feed is followed after a closed one, or where the identity authorises it."""
    assert _succession(case, Origin.parse(load("successions.json")["origin"])) == case["verdict"]
    assert (case["code"] is None) == (case["verdict"] != "refused")


def _parsed_submission(body: str) -> tuple[int, list[bytes], bytes]:
    head, _, note = body.partition("\n\n")
    first, *lines = head.split("\n")
    match = re.fullmatch("old (0|[1-9][0-9]*)", first)
    if match is None or len(lines) > 63:
        raise ValueError("form")
    return int(match[1]), [base64.b64decode(line, validate=True) for line in lines], note.encode()


def _claimed(note: SignedNote) -> tuple[str, int, bytes]:
    """Origin, size and root, whether or not they are of a checkpoint that there can be (L-12)."""
    try:
        checkpoint = Checkpoint.parse(note.text)
    except ProtocolError as error:
        if error.code != "checkpoint.empty-root":
            raise
        origin, _, root = note.text.splitlines()
        return origin, 0, base64.b64decode(root)
    return checkpoint.origin, checkpoint.tree_size, checkpoint.root_hash


def _answered(case: Case) -> tuple[int, str]:
    """The table of chapter 16, step by step."""
    vectors = load("witness.json")
    try:
        old, proof, data = _parsed_submission(case["body"])
        note = SignedNote.parse(data)
        origin, size, root = _claimed(note)
    except (ProtocolError, ValueError):
        return 400, ""
    if old > size:
        return 400, ""
    if origin != vectors["origin"]:
        return 404, ""
    try:
        verify_note(note, [Verifier(origin, bytes.fromhex(key)) for key in vectors["log_keys"]])
    except ProtocolError:
        return 403, ""
    last = case["last"] or {"size": 0, "root": sha256().hexdigest()}
    if old != last["size"]:
        return 409, f"{last['size']}\n"
    if size == 0 and root != sha256().digest():
        return 422, ""
    try:
        verify_consistency(old, size, proof, bytes.fromhex(last["root"]), root)
    except ProtocolError:
        return 422, ""
    key = SigningKey(bytes.fromhex(vectors["witness_seed"]))
    return 200, cosign(note, key, vectors["witness"], vectors["time"]).encode()


@pytest.mark.parametrize("case", cases("witness.json", "cases"))
def test_witness(case: Case) -> None:
    """F-30: what a witness answers, and what it has cosigned after that."""
    status, answer = _answered(case)
    assert (status, answer) == (case["status"], case["answer"])
    assert (case["then"] == case["last"]) or status == 200


@pytest.mark.parametrize("case", cases("policies.json", "cases"))
def test_policies(case: Case) -> None:
    """T-8, T-9, F-28: each witness once, the time by which the quorum had signed, and no line that fails."""
    policy = Policy.parse(case.get("policy") or load("policies.json")["policy"])
    note = SignedNote.parse(case["note"].encode())
    if case["code"] is None:
        assert policy.time_of(note) == case["time"]
        return
    with pytest.raises(ProtocolError) as found:
        policy.time_of(note)
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("policies.json", "malformed"))
def test_policies_refused(case: Case) -> None:
    """T-7: no policy that says two things, or nothing."""
    with pytest.raises((ValueError, ProtocolError)):
        Policy.parse(case["policy"])


@pytest.mark.parametrize("case", cases("bundles.json", "valid"))
def test_bundles(case: Case) -> None:
    """P-19, B-1: what is in the archive, and which of it is damaged; a library finds the same files."""
    data = bytes.fromhex(case["zip"])
    found = files_of(data)
    told = {name: None if held is None else held.hex() for name, held in found.items()}
    assert told == case["files"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert sorted(archive.namelist()) == sorted(found)
        assert all(archive.read(name) == held for name, held in found.items() if held is not None)


@pytest.mark.parametrize("case", cases("bundles.json", "refused"))
def test_bundles_refused(case: Case) -> None:
    """B-1 to B-3: archives that two readers would read in two ways, that leave the folder, or that are too large."""
    fault = {"bundle.malformed": MalformedBundle, "bundle.too-large": TooLargeBundle}[case["code"]]
    with pytest.raises(fault):
        files_of(bytes.fromhex(case["zip"]))


def test_padding_of_sealed_bundles() -> None:
    """P-21: the smallest power of two, from 64 KiB on, that holds the length and the zip."""
    told: dict[str, Any] = load("bundles.json")["padded"]
    assert len(told) > 3
    for length, padded in told.items():
        assert padded == max(65_536, 1 << (int(length) + 4 - 1).bit_length())
