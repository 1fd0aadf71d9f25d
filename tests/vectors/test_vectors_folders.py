"""Vectors of whole feeds: what an audit finds in folders that others made (chapters 05 to 07, 09)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from passerelle.audit import audit_folder
from tests.vectors.loading import VECTORS, Case, cases, load, moment

Fault = tuple[str, str | None, int | None]


def _audited(case: Case) -> Any:
    return audit_folder(VECTORS / "feeds" / case["name"], moment(load("feeds.json")["now"])).to_json()


def _faults(feed: Case) -> list[Fault]:
    found: list[Fault] = [(fault["code"], fault["path"], fault["index"]) for fault in feed["findings"]]
    return sorted(found, key=str)


@pytest.mark.parametrize("case", cases("feeds.json", "cases"))
def test_folders_are_audited_alike(case: Case) -> None:
    """L-15 to L-26, O-2, P-13, F-19, F-28: every fault by code, file and leaf, and no other."""
    report = _audited(case)
    assert report["ok"] == case["ok"]
    assert _faults(report) == _faults({"findings": case.get("findings", [])})
    found = {feed["folder"]: feed for feed in report["feeds"]}
    expected = {feed["folder"]: feed for feed in case["feeds"]}
    assert {folder: _faults(feed) for folder, feed in found.items()} == {
        folder: _faults(feed) for folder, feed in expected.items()
    }
    for folder, feed in expected.items():
        counted = {name: value for name, value in feed.items() if name != "findings"}
        assert {name: found[folder][name] for name in counted} == counted


def test_an_older_copy_says_how_far_it_goes_and_no_more() -> None:
    """V-5: files beyond the checkpoint are no fault and not counted; nothing says that the copy is the newest."""
    case = next(case for case in load("feeds.json")["cases"] if case["name"] == "wider-files")
    (feed,) = _audited(case)["feeds"]
    assert (feed["ok"], feed["size"], feed["records"]) == (True, 5, 5)


def test_no_file_is_read_beyond_its_limit(tmp_path: Path) -> None:
    """V-2: a checkpoint of 131,073 bytes, an entry bundle of one byte more than 256 leaves can have, a log of 1 MiB and one byte."""
    folder = tmp_path / "lost-object"
    shutil.copytree(VECTORS / "feeds" / "lost-object", folder)
    now = moment(load("feeds.json")["now"])
    (folder / "feeds/public/1/tile/entries/000.p/12").write_bytes(bytes(1_049_089))
    report: Any = audit_folder(folder, now).to_json()
    (feed,) = report["feeds"]
    assert ("audit.file-too-large", "feeds/public/1/tile/entries/000.p/12", None) in _faults(feed)
    (folder / "feeds/public/1/checkpoint").write_bytes(bytes(131_073))
    report = audit_folder(folder, now).to_json()
    (feed,) = report["feeds"]
    assert _faults(feed) == [("audit.file-too-large", "feeds/public/1/checkpoint", None)]
    shutil.copy(VECTORS / "feeds/lost-object/feeds/public/1/checkpoint", folder / "feeds/public/1/checkpoint")
    (folder / ".well-known/did.jsonl").write_bytes(b"\n" * 1_048_577)
    report = audit_folder(folder, now).to_json()
    (feed,) = report["feeds"]
    assert _faults(feed) == [("audit.file-too-large", ".well-known/did.jsonl", None)]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("forked-at-one-size", ["mirrors/{}/public/1/checkpoint", "feeds/public/1/checkpoint"]),
        ("forked-without-leaves", ["mirrors/{}/public/1/checkpoint", "feeds/public/1/checkpoint"]),
        ("forked-under-wrong-names", ["feeds/public/1/checkpoints/003", "feeds/public/1/receipt"]),
        ("copied-over", ["feeds/public/1/checkpoints/005"]),
    ],
)
def test_two_signed_roots_of_one_size_are_always_said(name: str, paths: list[str]) -> None:
    """V-7: with all leaves, with none, in the wrong place, and where the newest root is not that of the files."""
    case = next(case for case in load("feeds.json")["cases"] if case["name"] == name)
    author = case["feeds"][0]["origin"].split("/")[1]
    found = [
        path
        for feed in _audited(case)["feeds"]
        for code, path, _ in _faults(feed)
        if code == "fork.two-roots"
    ]
    assert found == [path.format(author) for path in paths]


def test_the_good_feed_has_three_types() -> None:
    """spec/vectors/README.md: the large feed is one of the sort that agencies publish."""
    entries = (VECTORS / "feeds/good/feeds/public/1/tile/entries/000").read_bytes()
    types = {name for name in ("agency", "organisation", "offer") if f'"type":"{name}"'.encode() in entries}
    assert len(types) == 3


def test_the_folders_stay_small() -> None:
    """spec/vectors/README.md: at most 1.75 MB, for they are part of every clone."""
    sizes = [path.stat().st_size for path in (VECTORS / "feeds").rglob("*") if path.is_file()]
    assert 50 < len(sizes) < 400
    assert sum(sizes) < 1_750_000
