"""The audit: a feed copied to a folder, and everything that can be wrong with it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from passerelle.audit import AuditReport, FeedReport, Receipt, audit_folder
from passerelle.audit import claims as claims_module
from passerelle.audit import report as report_module
from passerelle.audit.report import Finding
from passerelle.errors import InputError
from passerelle.protocol import checkpoints, identity, leaves, merkle, objects, recordsigning, tiles
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import ErasedLeaf, PublicRecordLeaf, SealedLeaf
from passerelle.protocol.merkle import leaf_hash
from passerelle.protocol.origins import Origin, witness_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.notes import SignedNote

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
FOUNDED = NOW - timedelta(days=30)
COSIGNED = int((NOW - timedelta(hours=1)).timestamp())


def key(number: int) -> SigningKey:
    return SigningKey(bytes([number]) * 32)


@cache
def agency(number: int) -> Identity:
    """Record key number+1, log key number+3, witness key number+4."""
    log = identity.create_log(
        domain=f"agency{number}.example",
        update_key=key(number),
        next_update_multikeys=[key(number + 9).multikey],
        record_key=key(number + 1).public,
        request_key=key(number + 2).public,
        log_keys=[key(number + 3).public],
        witness_keys=[key(number + 4).public],
        sealing=[(FOUNDED, "ab" * 32)],
        now=FOUNDED,
    )
    return identity.parse_identity(log, now=NOW)


TOGO, MALI = agency(10), agency(20)
PUBLIC = Origin(TOGO.scid, None, 1)
BILATERAL = Origin(TOGO.scid, MALI.scid, 1)

Item = tuple[bytes, bytes | None]


@cache
def public_item(number: int) -> Item:
    """A leaf and its object: a signed record of a type that no version knows."""
    value = recordsigning.draft(
        id=f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        type="greeting",
        schema="urn:passerelle:schema:greeting:1.0",
        nonce=bytes(16),
        issuer=TOGO.did,
        audience="public",
        issued=NOW,
        body={"number": number},
    )
    record = recordsigning.sign_record(value, key(11), f"{TOGO.did}#{key(11).multikey}")
    salt = hashlib.sha256(b"salt %d" % number).digest()
    commitment = objects.commitment(salt, record.data)
    leaf = PublicRecordLeaf(commitment, record.id, record.type, record.version)
    return leaves.encode_leaf(leaf), objects.encode_public(salt, record.data)


def sealed_item(number: int) -> Item:
    return leaves.encode_leaf(
        SealedLeaf(hashlib.sha256(b"%d" % number).digest())
    ), b"only the partner can open this"


def public_items(count: int) -> list[Item]:
    return [public_item(number) for number in range(count)]


def root_at(items: Sequence[Item], size: int) -> bytes:
    return merkle.root_of(leaf_hash(leaf) for leaf, _ in items[:size])


def signed(
    items: Sequence[Item], size: int, origin: Origin = PUBLIC, log_key: SigningKey | None = None
) -> SignedNote:
    checkpoint = Checkpoint(origin.encode(), size, root_at(items, size))
    return checkpoints.sign_checkpoint(checkpoint, log_key or key(13))


def cosigned(note: SignedNote) -> SignedNote:
    return note.with_signatures(checkpoints.cosign(note, key(24), witness_name(MALI.scid), COSIGNED))


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_feed(
    folder: Path,
    items: Sequence[Item],
    origin: Origin = PUBLIC,
    kept: Iterable[int] = (),
    *,
    bare: bool = False,
) -> None:
    """The files of a feed; ``bare`` leaves out tiles of hashes and objects, as a partner's copy does."""
    put(folder / "checkpoint", signed(items, len(items), origin).encode())
    for size in kept:
        put(folder / tiles.checkpoint_path(size), cosigned(signed(items, size, origin)).encode())
    for bundle in tiles.bundles_of("entries", 0, len(items)):
        part = items[bundle.first : bundle.end]
        put(folder / bundle.path, tiles.encode_entry_bundle([leaf for leaf, _ in part]))
        if not bare:
            put(
                folder / tiles.objects_path(bundle.index, bundle.width),
                tiles.encode_objects([it for _, it in part]),
            )
    row, level = [leaf_hash(leaf) for leaf, _ in items], 0
    while row and not bare:
        for start in range(0, len(row), 256):
            put(
                folder / tiles.tile_path(level, start // 256, len(row[start : start + 256])),
                b"".join(row[start : start + 256]),
            )
        row = [merkle.root_of(row[start : start + 256]) for start in range(0, len(row) - 255, 256)]
        level += 1


def write_identities(top: Path) -> None:
    put(top / ".well-known/did.jsonl", TOGO.log)
    put(top / f"mirrors/{MALI.scid}/did.jsonl", MALI.log)


def audited(top: Path) -> AuditReport:
    report = audit_folder(top, NOW)
    json.dumps(report.to_json())  # JSON-able, whatever was found
    return report


def only(top: Path) -> FeedReport:
    report = audited(top)
    assert len(report.feeds) == 1
    assert report.ok == (not report.feeds[0].findings)
    return report.feeds[0]


def found(top: Path) -> list[tuple[str, str | None, int | None]]:
    return [(item.code, item.path, item.index) for item in only(top).findings]


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A public feed of 600 leaves with two kept checkpoints, whole and good."""
    write_identities(tmp_path)
    write_feed(tmp_path / PUBLIC.path, public_items(600), kept=[3, 300])
    return tmp_path


def test_a_good_public_feed(feed: Path) -> None:
    """Everything is read, counted, and found as it must be; with the receipts under kept checkpoints."""
    calls: list[tuple[str, int, int]] = []
    report = audit_folder(feed, NOW, lambda *step: calls.append(step))
    when = "2026-11-21T09:00:00Z"
    assert report.feeds == (
        FeedReport(
            origin=PUBLIC.encode(),
            folder="feeds/public/1",
            size=600,
            root=root_at(public_items(600), 600).hex(),
            checkpoints=2,
            records=600,
            unreadable=600,
            receipts=(Receipt(MALI.scid, 3, when), Receipt(MALI.scid, 300, when)),
        ),
    )
    assert report.ok
    assert [call[1:] for call in calls] == [(256, 600), (512, 600), (600, 600)]


def test_a_good_sealed_feed(tmp_path: Path) -> None:
    """Of a bilateral feed leaves, tiles and checkpoints are checked, and no object is looked for."""
    items = [sealed_item(number) for number in range(300)]
    write_identities(tmp_path)
    write_feed(tmp_path / BILATERAL.path, items, BILATERAL, kept=[256])
    (tmp_path / BILATERAL.path / "objects/000").unlink()
    report = only(tmp_path)
    assert (report.ok, report.sealed, report.records, report.size) == (True, 300, 0, 300)


def test_an_empty_feed(tmp_path: Path) -> None:
    """A feed of size 0 is a checkpoint and nothing else."""
    write_identities(tmp_path)
    write_feed(tmp_path / BILATERAL.path, [], BILATERAL)
    assert only(tmp_path).ok


def test_a_third_level_of_tiles(tmp_path: Path) -> None:
    """256 full bundles make a full tile of level 1 and the first hash of level 2."""
    items = [(sealed_item(number)[0], None) for number in range(256 * 256 + 7)]
    write_identities(tmp_path)
    write_feed(tmp_path / BILATERAL.path, items, BILATERAL)
    assert only(tmp_path).ok
    tile = tmp_path / BILATERAL.path / "tile/2/000.p/1"
    tile.write_bytes(bytes(32))
    assert found(tmp_path) == [("audit.tile-mismatch", f"{BILATERAL.path}/tile/2/000.p/1", None)]


def test_the_identity_may_be_a_mirrored_one(tmp_path: Path) -> None:
    """A feed mirrored elsewhere lies beside the mirror's copy of its author's log."""
    put(tmp_path / ".well-known/did.jsonl", MALI.log)
    put(tmp_path / f"mirrors/{TOGO.scid}/did.jsonl", TOGO.log)
    write_feed(tmp_path / PUBLIC.mirror_path(), public_items(5))
    assert only(tmp_path).ok
    assert audit_folder(tmp_path / PUBLIC.mirror_path(), NOW).ok


def test_what_a_partner_holds(tmp_path: Path) -> None:
    """Entries, checkpoint and receipt alone, as a partner keeps them for the author."""
    items = [sealed_item(number) for number in range(300)]
    folder = tmp_path / BILATERAL.received_path()
    put(tmp_path / ".well-known/did.jsonl", MALI.log)
    put(tmp_path / f"mirrors/{TOGO.scid}/did.jsonl", TOGO.log)
    write_feed(folder, items, BILATERAL, bare=True)
    put(folder / "receipt", cosigned(signed(items, 299, BILATERAL)).encode())
    report = only(tmp_path)
    assert (report.ok, report.checkpoints) == (True, 1)
    assert report.receipts == (Receipt(MALI.scid, 299, "2026-11-21T09:00:00Z"),)


def test_a_receipt_of_an_unknown_witness(feed: Path) -> None:
    """Without the witness's log its line cannot be checked: said so, and no fault of the feed."""
    (feed / f"mirrors/{MALI.scid}/did.jsonl").unlink()
    report = only(feed)
    assert report.ok
    assert report.receipts == (Receipt(MALI.scid, 3, None), Receipt(MALI.scid, 300, None))


def test_a_forged_receipt(feed: Path) -> None:
    """Code cosignature.invalid: a line under a known witness key that is not the witness's."""
    folder = feed / PUBLIC.path
    good = signed(public_items(600), 299)
    line = checkpoints.cosign(signed(public_items(600), 300), key(24), witness_name(MALI.scid), COSIGNED)
    put(folder / tiles.checkpoint_path(299), good.with_signatures(line).encode())
    assert found(feed) == [("cosignature.invalid", "feeds/public/1/checkpoints/299", None)]


def change(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


def test_a_changed_entry(feed: Path) -> None:
    """An entry changed under unchanged tiles is found, with its index, and misses every root above it."""
    path = feed / PUBLIC.path / "tile/entries/000"
    leaf = public_item(7)[0]
    path.write_bytes(path.read_bytes().replace(leaf, leaf.replace(b'"version":1', b'"version":2')))
    assert found(feed) == [
        ("audit.tile-mismatch", "feeds/public/1/tile/0/000", 7),
        ("leaf.record-mismatch", None, 7),
        ("audit.tile-mismatch", "feeds/public/1/tile/1/000.p/2", None),
        ("audit.root-mismatch", "feeds/public/1/checkpoints/300", None),
        ("audit.root-mismatch", "feeds/public/1/checkpoint", None),
    ]


@pytest.mark.parametrize(
    ("name", "index"), [("tile/0/000", 1), ("tile/0/002.p/88", 513), ("tile/1/000.p/2", None)]
)
def test_a_changed_tile(feed: Path, name: str, index: int | None) -> None:
    """A tile that differs from what its entries give, at every level."""
    change(feed / PUBLIC.path / name, 40)
    assert found(feed) == [("audit.tile-mismatch", f"feeds/public/1/{name}", index)]


def test_a_changed_record(feed: Path) -> None:
    """An object that is not what its leaf commits to."""
    change(feed / PUBLIC.path / "objects/000", 60)
    assert found(feed) == [("object.commitment", None, 0)]


def test_a_record_with_a_bad_proof(tmp_path: Path) -> None:
    """A record is checked whole: a body changed and committed to anew."""
    leaf, object_ = public_item(0)
    assert object_ is not None
    data = object_[32:].replace(b'"number":0', b'"number":1')
    forged = PublicRecordLeaf(
        objects.commitment(bytes(32), data), "urn:uuid:00000000-0000-4000-8000-000000000000", "greeting", 1
    )
    write_identities(tmp_path)
    write_feed(tmp_path / PUBLIC.path, [(leaf, object_), (leaves.encode_leaf(forged), bytes(32) + data)])
    assert found(tmp_path) == [("proof.invalid", None, 1)]


@pytest.mark.parametrize("name", ["tile/0/001", "tile/1/000.p/2", "objects/001"])
def test_a_missing_file(feed: Path, name: str) -> None:
    """A file that the checkpoint's size requires."""
    (feed / PUBLIC.path / name).unlink()
    assert found(feed) == [("audit.file-missing", f"feeds/public/1/{name}", None)]


def test_missing_entries(feed: Path) -> None:
    """Without a bundle the tree goes on from the tile of its hashes; without both it cannot be rebuilt."""
    folder = feed / PUBLIC.path
    (folder / "tile/entries/001").unlink()
    entries = ("audit.file-missing", "feeds/public/1/tile/entries/001", None)
    assert found(feed) == [entries]
    (folder / "tile/0/001").unlink()
    assert found(feed) == [
        entries,
        ("audit.file-missing", "feeds/public/1/tile/0/001", None),
        ("audit.tree-incomplete", None, None),
    ]


def test_cut_and_oversized_files(feed: Path) -> None:
    """Codes tile.malformed and audit.file-too-large."""
    tile, objects_ = feed / PUBLIC.path / "tile/0/000", feed / PUBLIC.path / "objects/000"
    tile.write_bytes(tile.read_bytes()[:-32])
    objects_.write_bytes(objects_.read_bytes()[:-1])
    too_large = feed / PUBLIC.path / "tile/0/001"
    too_large.write_bytes(too_large.read_bytes() + b"\0")
    assert sorted(found(feed)) == [
        ("audit.file-too-large", "feeds/public/1/tile/0/001", None),
        ("tile.malformed", "feeds/public/1/objects/000", None),
        ("tile.malformed", "feeds/public/1/tile/0/000", None),
    ]


def test_wider_files_serve(tmp_path: Path) -> None:
    """A feed that grew while it was copied: the wider file holds the narrower one."""
    write_identities(tmp_path)
    folder = tmp_path / PUBLIC.path
    write_feed(folder, public_items(300))
    put(folder / "checkpoint", signed(public_items(300), 280).encode())
    assert only(tmp_path).ok
    write_feed(tmp_path / "again" / PUBLIC.path, public_items(600))
    put(tmp_path / "again" / PUBLIC.path / "checkpoint", signed(public_items(600), 280).encode())
    assert audited(tmp_path).ok


def test_a_checkpoint_of_a_stranger(feed: Path) -> None:
    """Code note.unsigned: not a log key of the author's."""
    note = signed(public_items(600), 600, log_key=key(99))
    put(feed / PUBLIC.path / "checkpoint", note.encode())
    assert found(feed) == [("note.unsigned", "feeds/public/1/checkpoint", None)]


def test_a_tampered_checkpoint(feed: Path) -> None:
    """Code note.signature: another size under the author's signature."""
    path = feed / PUBLIC.path / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n600\n", b"\n599\n"))
    assert found(feed) == [("note.signature", "feeds/public/1/checkpoint", None)]


def test_a_checkpoint_that_is_none(feed: Path) -> None:
    """Codes of the form: the feed is reported by its folder, and the audit goes on with others."""
    put(feed / "feeds/public/2/checkpoint", b"garbage")
    put(feed / "elsewhere/checkpoint", b"\xff" * 200_000)
    report = audited(feed)
    assert [(feed_.folder, feed_.ok) for feed_ in report.feeds] == [
        ("elsewhere", False),
        ("feeds/public/1", True),
        ("feeds/public/2", False),
    ]
    assert [item.code for feed_ in report.feeds for item in feed_.findings] == [
        "audit.file-too-large",
        "note.malformed",
    ]


def test_kept_checkpoints(feed: Path) -> None:
    """Codes audit.checkpoint-misfiled, audit.checkpoint-behind, tile.path, note.*: whatever lies in that folder."""
    folder = feed / PUBLIC.path
    put(folder / "checkpoints/007", signed(public_items(600), 8).encode())
    put(folder / "checkpoints/601", signed(public_items(601), 601).encode())
    put(folder / "checkpoints/old.txt", b"")
    put(folder / "checkpoints/009", b"")
    assert sorted(found(feed)) == [
        ("audit.checkpoint-behind", "feeds/public/1/checkpoints/601", None),
        ("audit.checkpoint-misfiled", "feeds/public/1/checkpoints/007", None),
        ("note.malformed", "feeds/public/1/checkpoints/009", None),
        ("tile.path", "feeds/public/1/checkpoints/old.txt", None),
    ]


def test_two_histories(feed: Path) -> None:
    """Code fork.inconsistent: an earlier signed root that these entries do not have."""
    other = [public_item(1000), *public_items(600)[1:]]
    put(feed / PUBLIC.path / "checkpoints/299", signed(other, 299).encode())
    assert found(feed) == [("fork.inconsistent", "feeds/public/1/checkpoints/299", None)]


def test_no_fork_is_claimed_on_half_a_tree(feed: Path) -> None:
    """Code audit.root-mismatch: where no larger signed root was reached, the files may be at fault."""
    other = [public_item(1000), *public_items(600)[1:]]
    put(feed / PUBLIC.path / "checkpoints/299", signed(other, 299).encode())
    for name in ("tile/entries/002.p/88", "tile/0/002.p/88"):
        (feed / PUBLIC.path / name).unlink()
    codes = ["audit.file-missing", "audit.file-missing", "fork.inconsistent", "audit.tree-incomplete"]
    assert [item.code for item in only(feed).findings] == codes  # the root of the kept one of 300 is reached
    (feed / PUBLIC.path / "checkpoints/300").unlink()
    codes[2] = "audit.root-mismatch"
    assert [item.code for item in only(feed).findings] == codes


def test_one_size_two_roots(feed: Path) -> None:
    """Code fork.two-roots: the copy that another agency holds shows another tree of the same size."""
    other = [public_item(1000), *public_items(600)[1:]]
    write_feed(feed / PUBLIC.mirror_path(), other)
    report = audited(feed)
    assert [(feed_.folder, feed_.findings[0].code, feed_.findings[0].path) for feed_ in report.feeds] == [
        ("feeds/public/1", "fork.two-roots", f"{PUBLIC.mirror_path()}/checkpoint"),
        (PUBLIC.mirror_path(), "fork.two-roots", "feeds/public/1/checkpoint"),
    ]


def test_an_older_copy_agrees(feed: Path) -> None:
    """A smaller copy of the same feed is old news."""
    write_feed(feed / PUBLIC.mirror_path(), public_items(250))
    report = audited(feed)
    assert report.ok
    assert [feed_.checkpoints for feed_ in report.feeds] == [3, 1]  # the checkpoint of size 3 is one of both


def test_no_identity(feed: Path) -> None:
    """Code audit.identity-missing: nothing to check signatures with."""
    (feed / ".well-known/did.jsonl").unlink()
    assert found(feed) == [("audit.identity-missing", None, None)]


def test_a_broken_identity(feed: Path) -> None:
    """The log's own code, unless another copy serves."""
    put(feed / ".well-known/did.jsonl", TOGO.log.replace(b"agency10.example", b"agency11.example"))
    ((code, path, _),) = found(feed)
    assert code.startswith("identity.")
    assert path == ".well-known/did.jsonl"
    put(feed / f"mirrors/{TOGO.scid}/did.jsonl", TOGO.log)
    assert only(feed).ok


def updated(number: int, domain: str, log_key: int = 13) -> bytes:
    return identity.update_log(
        TOGO.log,
        update_key=key(19),
        next_update_multikeys=[key(number).multikey],
        record_keys=[key(11).public],
        request_keys=[key(12).public],
        log_keys=[key(log_key).public],
        witness_keys=[key(14).public],
        sealing=[(FOUNDED, "ab" * 32)],
        domain=domain,
        now=FOUNDED + timedelta(days=40),
    )


def test_the_longest_identity_counts(feed: Path) -> None:
    """A shorter log is old news; a forked one, code audit.identity-forked, is not."""
    put(feed / f"mirrors/{TOGO.scid}/did.jsonl", TOGO.log)
    assert only(feed).ok
    report = audit_folder_at_later_time(feed, updated(70, "new.example"), TOGO.log)
    assert report.ok
    report = audit_folder_at_later_time(feed, updated(70, "new.example"), updated(71, "other.example"))
    assert [item.code for item in report.feeds[0].findings] == ["audit.identity-forked"]


def test_a_rotated_log_key(feed: Path) -> None:
    """The checkpoint is under a key of the newest document; kept ones may be under older keys."""
    put(feed / PUBLIC.path / "checkpoint", signed(public_items(600), 600, log_key=key(15)).encode())
    later = updated(70, "agency10.example", log_key=15)
    assert audit_folder_at_later_time(feed, later, TOGO.log).ok
    put(feed / PUBLIC.path / "checkpoint", signed(public_items(600), 600).encode())
    report = audit_folder_at_later_time(feed, later, TOGO.log)
    assert [item.code for item in report.feeds[0].findings] == ["note.unsigned"]


def audit_folder_at_later_time(feed: Path, own: bytes, mirrored: bytes) -> AuditReport:
    put(feed / ".well-known/did.jsonl", own)
    put(feed / f"mirrors/{TOGO.scid}/did.jsonl", mirrored)
    return audit_folder(feed, NOW + timedelta(days=60))


def test_erased_records(tmp_path: Path) -> None:
    """An erased leaf explains a missing object, and is belied by one that is still there."""
    gone = public_item(0)[0], None
    missing = public_item(1)[0], None
    kept = public_item(2)
    erasures: list[Item] = [(leaves.encode_leaf(ErasedLeaf(index, "request")), None) for index in (0, 2, 9)]
    write_identities(tmp_path)
    write_feed(tmp_path / PUBLIC.path, [gone, missing, kept, *erasures])
    assert found(tmp_path) == [
        ("audit.erased-ahead", None, 5),
        ("audit.object-missing", None, 1),
        ("audit.erased-object-present", None, 2),
    ]
    assert only(tmp_path).erased == 2


def test_a_commitment_twice(tmp_path: Path) -> None:
    """Code leaf.commitment-twice, with the place where it stood first; the same first bytes alone are no fault."""
    first = leaves.encode_leaf(SealedLeaf(bytes(32)))
    alike = leaves.encode_leaf(SealedLeaf(bytes(31) + b"\1"))
    items: list[Item] = [
        (first, None),
        *(sealed_item(number) for number in range(300)),
        (alike, None),
        (first, None),
    ]
    write_identities(tmp_path)
    write_feed(tmp_path / BILATERAL.path, items, BILATERAL)
    (finding,) = only(tmp_path).findings
    assert (finding.code, finding.index, finding.params) == ("leaf.commitment-twice", 302, {"first": 0})


def test_leaves_of_other_kinds(tmp_path: Path) -> None:
    """Unknown kinds are passed over and counted; malformed leaves are findings; the tree holds both."""
    items: list[Item] = [(b'{"kind":"merged"}', None), (b'{"kind":"closed"}', None), (b"no leaf", None)]
    write_identities(tmp_path)
    write_feed(tmp_path / PUBLIC.path, items)
    assert found(tmp_path) == [("json.syntax", None, 2)]
    assert only(tmp_path).passed_over == 2


def test_an_absurd_size_ends(tmp_path: Path) -> None:
    """A checkpoint can state any size; what is not there is not looked for without end."""
    write_identities(tmp_path)
    huge = Checkpoint(PUBLIC.encode(), 2**53 - 1, bytes(32))
    put(tmp_path / PUBLIC.path / "checkpoint", checkpoints.sign_checkpoint(huge, key(13)).encode())
    codes = [item.code for item in only(tmp_path).findings]
    assert codes == ["audit.file-missing"] * 32 + ["audit.tree-incomplete"]  # 16 bundles, each with its tile


def test_findings_are_bounded(feed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit faults are counted, not kept."""
    monkeypatch.setattr(report_module, "MAX_FINDINGS", 10)
    for index, width in ((0, 256), (1, 256), (2, 88)):
        put(feed / PUBLIC.path / tiles.objects_path(index, width), bytes(4 * width))
    report = only(feed)
    assert (len(report.findings), report.findings_left_out) == (10, 590)
    assert not report.ok


def test_a_fork_is_never_left_out(feed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """V-8: a thousand broken objects leave room for what the author signed against itself."""
    monkeypatch.setattr(report_module, "MAX_FINDINGS", 10)
    put(feed / PUBLIC.path / tiles.objects_path(0, 256), tiles.encode_objects([bytes(40)] * 256))
    other = [public_item(1000), *public_items(600)[1:]]
    for size in range(280, 292):
        put(feed / PUBLIC.path / tiles.checkpoint_path(size), signed(other, size).encode())
    report = only(feed)
    assert [item.code for item in report.findings] == ["fork.inconsistent"] * 10
    assert report.findings_left_out == 256 + 12 - 10


def test_an_absurd_size_ends_in_the_second_reading_too(tmp_path: Path) -> None:
    """A commitment that occurs twice is looked for where leaves were read, not up to the size that is stated."""
    items = [sealed_item(1), sealed_item(1), *(sealed_item(number) for number in range(2, 256))]
    write_identities(tmp_path)
    write_feed(tmp_path / BILATERAL.path, items, BILATERAL)
    huge = Checkpoint(BILATERAL.encode(), 2**53 - 1, bytes(32))
    put(tmp_path / BILATERAL.path / "checkpoint", checkpoints.sign_checkpoint(huge, key(13)).encode())
    assert ("leaf.commitment-twice", None, 1) in found(tmp_path)


def test_a_checkpoint_that_leads_nowhere(feed: Path) -> None:
    """A link that leads nowhere is a checkpoint that is missing; a folder of that name is none."""
    (feed / "feeds/public/2").mkdir()
    (feed / "feeds/public/2/checkpoint").symlink_to("gone")
    (feed / "feeds/public/3/checkpoint").mkdir(parents=True)
    report = audited(feed)
    assert [(feed_.folder, [item.code for item in feed_.findings]) for feed_ in report.feeds] == [
        ("feeds/public/1", []),
        ("feeds/public/2", ["audit.file-missing"]),
    ]


def test_a_folder_that_cannot_be_listed(feed: Path) -> None:
    """Code audit.file-unreadable, of no feed: a folder that may hide one. Here its path is longer than the system takes."""
    name, below = "x" * 200, os.open(feed, os.O_RDONLY)
    for _ in range(25):
        os.mkdir(name, dir_fd=below)
        inside = os.open(name, os.O_RDONLY, dir_fd=below)
        os.close(below)
        below = inside
    os.close(below)
    report = audited(feed)
    assert ([item.code for item in report.findings], report.ok) == (["audit.file-unreadable"], False)
    assert [feed_.ok for feed_ in report.feeds] == [True]


def test_nothing_to_audit(tmp_path: Path) -> None:
    """Code audit.no-feed: a folder without feeds is not in order; audit.no-folder: no folder at all."""
    report = audited(tmp_path)
    assert [item.code for item in report.findings] == ["audit.no-feed"]
    assert not report.ok
    with pytest.raises(InputError) as caught:
        audit_folder(tmp_path / "nowhere", NOW)
    assert caught.value.code == "audit.no-folder"


def test_the_report_as_json(feed: Path) -> None:
    """The report is JSON with stable names."""
    change(feed / PUBLIC.path / "objects/000", 60)
    value: Any = audited(feed).to_json()
    assert value["ok"] is False
    assert value["feeds"][0]["findings"] == [
        {"code": "object.commitment", "params": {}, "path": None, "index": 0}
    ]
    assert value["feeds"][0]["receipts"][0] == {
        "witness": MALI.scid,
        "size": 3,
        "time": "2026-11-21T09:00:00Z",
    }


def test_a_file_that_cannot_be_read(feed: Path) -> None:
    """What the system refuses to read is said, and the rest of the feed is still looked at."""
    tile = feed / PUBLIC.path / "tile/0/001"
    tile.unlink()
    tile.mkdir()
    assert found(feed) == [("audit.file-unreadable", "feeds/public/1/tile/0/001", None)]


@pytest.mark.parametrize(
    "name", ["checkpoint", "tile/0/001", "tile/entries/001", "../../../.well-known/did.jsonl"]
)
def test_a_pipe_is_never_opened(feed: Path, name: str) -> None:
    """Code audit.file-unreadable: a pipe in a folder that a stranger packed does not hold the audit up for ever."""
    path = feed / PUBLIC.path / name
    path.resolve().unlink()
    os.mkfifo(path)
    audit = [sys.executable, "-m", "passerelle", "audit", "--json", str(feed)]
    told = subprocess.run(audit, capture_output=True, check=False, timeout=60)
    assert b"audit.file-unreadable" in told.stdout


def test_many_forks_are_not_looked_through_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs: what an audit costs grows with what lies in the folder, not with its square."""
    asked: list[object] = []
    real = report_module._is_fork

    def is_fork(item: Finding) -> bool:
        asked.append(item)
        return real(item)

    monkeypatch.setattr(report_module, "_is_fork", is_fork)
    findings = report_module.Findings()
    for number in range(5_000):
        findings.add(Finding("fork.two-roots", {"size": number}))
    assert (len(findings.kept), findings.left_out) == (1_000, 4_000)
    assert len(asked) <= 2 * 5_000


def test_copies_of_a_note_are_verified_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs: of a feed that lies in many folders each is compared with all others, and no signature checked for each pair."""
    copies, items = 8, public_items(6)
    for number in range(copies):
        top = tmp_path / str(number)
        write_identities(top)
        write_feed(top / PUBLIC.path, items)
        for size in range(1, 6):
            put(top / PUBLIC.path / tiles.checkpoint_path(size), signed(items, size).encode())
    asked: list[bytes] = []
    real = checkpoints.verify_checkpoint

    def verify(note: bytes, origin: str, keys: Iterable[bytes]) -> Checkpoint:
        asked.append(note)
        return real(note, origin, keys)

    monkeypatch.setattr(claims_module, "verify_checkpoint", verify)
    report = audited(tmp_path)
    assert report.ok
    assert len(asked) <= copies * 2 * len(set(asked))
