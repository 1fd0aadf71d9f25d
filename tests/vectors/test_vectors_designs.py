"""Vectors of designs (chapters 14 to 16): held to their chapters by plain readings of the rules, written here.

No node does any of this yet. When one does, its own functions take the place of these.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from hashlib import sha256
from typing import Any

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, cosign, verify_checkpoint, verify_cosignature
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import AnchorLeaf, ClosedLeaf, OpenedLeaf, parse_leaf
from passerelle.protocol.merkle import leaf_hash, root_of, verify_consistency
from passerelle.protocol.notes import COSIGNATURE_V1, SignedNote, parse_vkey
from passerelle.protocol.origins import Origin
from tests.vectors.loading import Case, cases, load


def _leads_to_root(case: Case) -> bool:
    """A-20: the leaf from nonce and text, then the siblings by the bits of the position."""
    part = case["part"]
    text = sha256(case["checkpoint_text"].encode()).digest()
    found = sha256(b"passerelle/anchor/v1\0" + bytes.fromhex(part["nonce"]) + text).digest()
    if len(part["path"]) != 10:
        return False
    for height, item in enumerate(part["path"]):
        sibling = bytes.fromhex(item)
        is_right = part["position"] >> height & 1
        found = sha256(b"\1" + (sibling + found if is_right else found + sibling)).digest()
    return found.hex() == str(case["root"])


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


def _answered(case: Case) -> tuple[int, str]:
    """The table of chapter 16, step by step."""
    vectors = load("witness.json")
    try:
        old, proof, note = _parsed_submission(case["body"])
        claimed = Checkpoint.parse(SignedNote.parse(note).text)
    except ProtocolError as error:
        return (422 if error.code == "checkpoint.empty-root" else 400), ""
    except ValueError:
        return 400, ""
    if old > claimed.tree_size:
        return 400, ""
    if claimed.origin != vectors["origin"]:
        return 404, ""
    try:
        verify_checkpoint(note, vectors["origin"], [bytes.fromhex(key) for key in vectors["log_keys"]])
    except ProtocolError:
        return 403, ""
    last = case["last"] or {"size": 0, "root": sha256().hexdigest()}
    if old != last["size"]:
        return 409, f"{last['size']}\n"
    try:
        verify_consistency(old, claimed.tree_size, proof, bytes.fromhex(last["root"]), claimed.root_hash)
    except ProtocolError:
        return 422, ""
    key = SigningKey(bytes.fromhex(vectors["witness_seed"]))
    return 200, cosign(SignedNote.parse(note), key, vectors["witness"], vectors["time"]).encode()


@pytest.mark.parametrize("case", cases("witness.json", "cases"))
def test_witness(case: Case) -> None:
    """F-30: what a witness answers, and what it has cosigned after that."""
    status, answer = _answered(case)
    assert (status, answer) == (case["status"], case["answer"])
    assert (case["then"] == case["last"]) or status == 200


def _policy(text: str) -> tuple[dict[str, str], str, dict[str, tuple[int, list[str]]]]:
    """Witnesses, quorum and groups of a policy; ValueError on any other form (T-7)."""
    witnesses: dict[str, str] = {}
    groups: dict[str, tuple[int, list[str]]] = {}
    quorum: list[str] = []
    for line in text.splitlines():
        word, *rest = line.split(" ")
        if word == "log":
            parse_vkey(rest[0])
        elif word == "witness" and rest[0] not in {*witnesses, *groups}:
            if parse_vkey(rest[1]).type != COSIGNATURE_V1:
                raise ValueError(line)
            witnesses[rest[0]] = rest[1]
        elif word == "group" and rest[0] not in {*witnesses, *groups}:
            members = rest[2:]
            count = {"any": 1, "all": len(members)}.get(rest[1]) or int(rest[1])
            if not set(members) <= {*witnesses, *groups} or not 0 < count <= len(set(members)) == len(
                members
            ):
                raise ValueError(line)
            groups[rest[0]] = (count, members)
        elif word == "quorum" and not quorum and rest[0] in {*witnesses, *groups, "none"}:
            quorum.append(rest[0])
        else:
            raise ValueError(line)
    if not quorum:
        raise ValueError("no quorum")
    return witnesses, quorum[0], groups


def _time(text: str, note: SignedNote) -> int | None:
    """T-9: the earliest time at which the quorum had signed."""
    witnesses, quorum, groups = _policy(text)
    times: dict[str, int] = {}
    for name, vkey in witnesses.items():
        verifier = parse_vkey(vkey)
        stamps = []
        for line in note.signatures:
            if verifier.made(line):
                alone = SignedNote(note.text, (line,))
                stamps.append(verify_cosignature(alone, verifier.name, [verifier.public]))
        if stamps:
            times[name] = min(stamps)

    def held(name: str, by: int) -> bool:
        if name in groups:
            count, members = groups[name]
            return sum(held(member, by) for member in members) >= count
        return name in times and times[name] <= by

    return next((by for by in sorted(times.values()) if held(quorum, by)), None)


@pytest.mark.parametrize("case", cases("policies.json", "cases"))
def test_policies(case: Case) -> None:
    """T-8, T-9: each witness once, and the time by which the quorum had signed."""
    assert _time(load("policies.json")["policy"], SignedNote.parse(case["note"].encode())) == case["time"]


@pytest.mark.parametrize("case", cases("policies.json", "malformed"))
def test_policies_refused(case: Case) -> None:
    """T-7: no policy that says two things, or nothing."""
    with pytest.raises((ValueError, ProtocolError)):
        _policy(case["policy"])


_NAME = re.compile(
    r"(\.well-known/(did\.jsonl|passerelle)|mirrors/Qm\w{44}/did\.jsonl"
    r"|(feeds|received/Qm\w{44}|mirrors/Qm\w{44})/(public|to/Qm\w{44}|to)/[1-9][0-9]*/"
    r"(checkpoint|receipt|checkpoints/.+|tile/.+|objects/.+|anchors/[0-9-]{10}))",
    re.ASCII,
)


def _files(data: bytes) -> dict[str, bytes]:
    """B-1, B-2 as far as a library goes; ValueError where the archive is none of chapter 15."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            offsets = [entry.header_offset for entry in entries]
            allowed = all(entry.compress_type in {0, 8} and not entry.flag_bits & 1 for entry in entries)
            if not allowed or len({*names}) < len(names) or len({*offsets}) < len(offsets):
                raise ValueError("form")
            if not all(map(_NAME.fullmatch, names)):
                raise ValueError("name")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as exc:
        raise ValueError("zip") from exc


@pytest.mark.parametrize("case", cases("bundles.json", "valid"))
def test_bundles(case: Case) -> None:
    """P-19, B-1: what is in the archive, whatever order and comment it has."""
    assert {name: data.hex() for name, data in _files(bytes.fromhex(case["zip"])).items()} == case["files"]


@pytest.mark.parametrize("case", cases("bundles.json", "refused"))
def test_bundles_refused(case: Case) -> None:
    """B-1, B-2: archives that two readers would read in two ways, or that leave the folder."""
    with pytest.raises(ValueError, match=r"form|name|zip"):
        _files(bytes.fromhex(case["zip"]))


def test_padding_of_sealed_bundles() -> None:
    """P-21: the smallest power of two, from 64 KiB on, that holds the length and the zip."""
    told: dict[str, Any] = load("bundles.json")["padded"]
    assert len(told) > 3
    for length, padded in told.items():
        assert padded == max(65_536, 1 << (int(length) + 4 - 1).bit_length())
