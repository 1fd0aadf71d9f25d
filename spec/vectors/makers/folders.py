"""``feeds.json`` and ``feeds/``: whole feeds as files, good and bad (chapters 05, 06, 07).

Each folder is what somebody would have copied from a node, from a mirror, or from a partner
that holds it. What an audit says of it stands in the index, written here from what was built,
never from what the node's audit answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from makers.common import SELF, Tree, canonical, seed
from makers.feeds import cosign, groups, leaf_hash, line, text_of, tree_hash
from makers.identities import NOW, encode_log
from makers.signed_records import ISSUED, NEW, OLD, Actors, header, record_id, sign

ROTATED: Final = "2025-09-01T10:00:00Z"
"""From here on Togo signs under its second keys."""

COSIGNED_AT: Final = 1_758_000_000
COSIGNED_AT_TEXT: Final = "2025-09-16T05:20:00Z"
OLD_LOG: Final = "togo/log/1"
NEW_LOG: Final = "togo/log/2"

Folder = dict[str, bytes]


@dataclass
class Item:
    """A leaf and what lies beside it, None for nothing."""

    leaf: bytes
    object: bytes | None = None


@dataclass
class Feed:
    """A feed while it is made.

    Args:
        origin: Its name.
        items: Its leaves, in order.
    """

    origin: str
    items: list[Item] = field(default_factory=list)

    def root(self, size: int | None = None) -> bytes:
        """Root of the first leaves, of all where no size is given."""
        return tree_hash([leaf_hash(item.leaf) for item in self.items[:size]])

    def note(self, log_key: str, size: int | None = None) -> str:
        """A signed checkpoint."""
        count = len(self.items) if size is None else size
        text = text_of(self.origin, count, self.root(count))
        return text + "\n" + line(self.origin, 1, seed(log_key), text.encode())

    def receipt(self, log_key: str, witness: str, scid: str, size: int | None = None) -> str:
        """A signed checkpoint with a cosignature under it."""
        note = self.note(log_key, size)
        text = note.partition("\n\n")[0] + "\n"
        return note + cosign(text, f"passerelle/{scid}/witness", seed(witness), COSIGNED_AT)

    def files(self, *, tiles: bool = True) -> Folder:
        """Tiles, entry bundles and object files; a partner's copy has entry bundles alone."""
        found: Folder = {}
        hashes = [leaf_hash(item.leaf) for item in self.items]
        for at in range(0, len(self.items), 256):
            part = self.items[at : at + 256]
            name = _name(at // 256, len(part))
            found[f"tile/entries/{name}"] = b"".join(_u(2, item.leaf) for item in part)
            if tiles:
                found[f"objects/{name}"] = b"".join(_u(4, item.object or b"") for item in part)
        level = 0
        while hashes and tiles:
            for at in range(0, len(hashes), 256):
                found[f"tile/{level}/{_name(at // 256, len(hashes[at : at + 256]))}"] = b"".join(
                    hashes[at : at + 256]
                )
            hashes = [tree_hash(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
            level += 1
        return found


def _u(length_bytes: int, data: bytes) -> bytes:
    return len(data).to_bytes(length_bytes, "big") + data


def _name(number: int, width: int) -> str:
    return groups(number) + ("" if width == 256 else f".p/{width}")


# --- records -----------------------------------------------------------------------------


def item(record: Tree, salt: bytes) -> Item:
    """The leaf and the object of a public record."""
    data = canonical(record)
    committed = sha256(b"passerelle/commitment/v1\0" + salt + data).hexdigest()
    own = {name: record[name] for name in ("id", "type", "version")}
    return Item(canonical({"commitment": committed, "kind": "record"} | own), salt + data)


def agency_body() -> Tree:
    """The first record of a public feed says who its author is."""
    return {
        "lang": "fr",
        "code": "TG-TEST",
        "names": {"fr": "Agence fictive du Togo"},
        "kind": "national-agency",
        "jurisdiction": {"country": "TG"},
        "synthetic": True,
    }


def organisation_body(number: int) -> Tree:
    """A host organisation."""
    return {
        "lang": "fr",
        "names": {"fr": f"Bibliothèque fictive n° {number}"},
        "category": "association",
        "country": "TG",
        "synthetic": True,
    }


def offer_body(actors: Actors, number: int) -> Tree:
    """An offer of one of the first twenty organisations."""
    city = ("Lomé", "Kara", "Sokodé", "Atakpamé", "Dapaong")[number % 5]
    return {
        "lang": "fr",
        "title": {"fr": f"Animation d'un club de lecture, {city}, n° {number}"},
        "description": {"fr": "Ateliers de lecture après la classe; exemple fictif."},
        "scheme": "vir",
        "hostOrganisation": {"id": record_id(f"feeds/organisation {number % 20 + 1}")},
        "host": {"agency": actors.scids["togo"], "country": "TG"},
        "place": {"country": "TG", "city": city},
        "places": number % 4 + 1,
        "period": "2026-01/2026-08",
        "synthetic": True,
    }


class Writer:
    """Makes Togo's records one after the other, each a minute later."""

    def __init__(self, actors: Actors) -> None:
        self._actors = actors
        self._clock = datetime.fromisoformat(ISSUED)
        self._key = OLD

    def rotate(self) -> None:
        """From now on under the second record key."""
        self._clock, self._key = datetime.fromisoformat(ROTATED), NEW

    def record(self, name: str, record_type: str, body: Tree, **changes: Any) -> Tree:
        """The next record."""
        self._clock += timedelta(minutes=1)
        issued = self._clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        schema = f"urn:passerelle:schema:{record_type}:1.0"
        made = header(
            self._actors, name, type=record_type, schema=schema, body=body, issued=issued, **changes
        )
        return sign(made, self._key)


def public_feed(actors: Actors, size: int, *, rotated_at: int = 1) -> Feed:
    """An agency, up to twenty organisations, offers; every tenth offer has a second version."""
    writer = Writer(actors)
    feed = Feed(f"passerelle/{actors.scids['togo']}/public/1")
    last: Tree = {}
    for index in range(size):
        if index == rotated_at:
            writer.rotate()
        if index == 0:
            last = writer.record("feeds/agency", "agency", agency_body())
        elif index <= min(20, size // 2):
            last = writer.record(f"feeds/organisation {index}", "organisation", organisation_body(index))
        elif index % 10 == 5 and last["type"] == "offer":
            again = {"id": last["id"], "version": 2, "previous": sha256(canonical(last)).hexdigest()}
            body = last["body"] | {"places": last["body"]["places"] + 1}
            last = writer.record(f"feeds/offer {index}", "offer", body, **again)
        else:
            last = writer.record(f"feeds/offer {index}", "offer", offer_body(actors, index))
        feed.items.append(item(last, seed(f"feeds/salt {index}")))
    return feed


# --- cases -------------------------------------------------------------------------------


@dataclass
class Case:
    """A folder with what is to be said of it.

    Args:
        name: Name of the folder.
        rule: The rule that it keeps or breaks.
        about: What was done to it.
        files: By path below it.
        feeds: What an audit says of each feed.
        findings: What it says of the folder as a whole.
    """

    name: str
    rule: str
    about: str
    files: Folder
    feeds: list[Tree]
    findings: list[Tree] = field(default_factory=list)

    @property
    def index(self) -> Tree:
        """Its entry in the index."""
        ok = not self.findings and not any(feed["findings"] for feed in self.feeds)
        told = {"name": self.name, "rule": self.rule, "about": self.about, "ok": ok, "feeds": self.feeds}
        return told | ({"findings": self.findings} if self.findings else {})


OWN: Final = "feeds/public/1"


def under(folder: str, files: Folder) -> Folder:
    """The same files one folder down."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def told(feed: Feed, folder: str = OWN, *findings: Tree, **counts: Any) -> Tree:
    """What an audit says of a feed: its counts are those of the leaves, unless told otherwise."""
    counted: Tree = {
        "folder": folder,
        "origin": feed.origin,
        "size": len(feed.items),
        "root": feed.root().hex(),
        "checkpoints": 0,
        "records": len(feed.items),
        "sealed": 0,
        "erased": 0,
        "passed_over": 0,
        "receipts": [],
        "findings": list(findings),
    }
    return counted | counts


def finding(code: str, path: str | None = None, index: int | None = None) -> Tree:
    """One fault: the file, the leaf, or both, where there is one."""
    return {"code": code, "path": path, "index": index}


class Cases:
    """Every folder."""

    def __init__(self) -> None:
        self.actors = Actors()
        self.togo, self.mali = (self.actors.scids[name] for name in ("togo", "mali"))
        self.log = {".well-known/did.jsonl": encode_log(self.actors.togo).encode()}

    def all(self) -> list[Case]:
        """In the order of the index."""
        big = public_feed(self.actors, 300, rotated_at=200)
        return [
            self.good(big),
            self.empty(),
            self.truncated(big),
            self.tampered_leaf(),
            self.tampered_record(),
            self.committed_forgery(),
            self.lost_object(),
            self.forked_at_one_size(),
            self.forked_at_two_sizes(),
            self.other_leaves(),
            self.held_by_a_partner(),
        ]

    def copy(self, feed: Feed, folder: str = OWN) -> Folder:
        """A feed with its newest checkpoint."""
        return under(folder, {"checkpoint": feed.note(NEW_LOG).encode(), **feed.files()})

    def good(self, big: Feed) -> Case:
        """Two earlier checkpoints: one under a log key of before, one with a partner's receipt."""
        earlier = {
            "150": big.note(OLD_LOG, 150),
            "256": big.receipt(NEW_LOG, "mali/witness/1", self.mali, 256),
        }
        files = self.log | self.copy(big)
        files |= under(f"{OWN}/checkpoints", {size: note.encode() for size, note in earlier.items()})
        files[f"mirrors/{self.mali}/did.jsonl"] = encode_log(self.actors.logs["mali"]).encode()
        receipt = {"witness": self.mali, "size": 256, "time": COSIGNED_AT_TEXT}
        about = "300 leaves of three types, signed under two record keys; earlier checkpoints, one cosigned."
        return Case("good", "L-16", about, files, [told(big, checkpoints=2, receipts=[receipt])])

    def empty(self) -> Case:
        """What a feed is from the moment that a partner is added."""
        feed = public_feed(self.actors, 0)
        return Case("empty", "L-12", "A feed without a leaf.", self.log | self.copy(feed), [told(feed)])

    def truncated(self, big: Feed) -> Case:
        """The second bundle never came."""
        gone = [f"{OWN}/{kind}/001.p/44" for kind in ("tile/0", "tile/entries", "objects")]
        files = {path: data for path, data in (self.log | self.copy(big)).items() if path not in gone}
        faults = [finding("audit.file-missing", path) for path in gone[:2]]
        case = told(big, OWN, *faults, finding("audit.tree-incomplete"), records=256)
        about = (
            "The leaves from 256 on are missing, with their hashes and objects: the tree cannot be rebuilt."
        )
        return Case("truncated", "L-16", about, files, [case])

    def tampered_leaf(self) -> Case:
        """One digit of a commitment, in the entry bundle alone."""
        feed = public_feed(self.actors, 12)
        files = self.log | self.copy(feed)
        path, leaf = f"{OWN}/tile/entries/000.p/12", feed.items[5].leaf
        digit = leaf.index(b':"') + 2
        changed = leaf[:digit] + (b"1" if leaf[digit : digit + 1] == b"0" else b"0") + leaf[digit + 1 :]
        files[path] = files[path].replace(leaf, changed)
        faults = [
            finding("audit.tile-mismatch", f"{OWN}/tile/0/000.p/12", 5),
            finding("object.commitment", None, 5),
            finding("audit.root-mismatch", f"{OWN}/checkpoint"),
        ]
        about = "One digit of the commitment in leaf 5 was changed; hashes, objects and checkpoint were not."
        return Case("tampered-leaf", "L-18", about, files, [told(feed, OWN, *faults, records=11)])

    def tampered_record(self) -> Case:
        """The object says more places than the record that was signed."""
        feed = public_feed(self.actors, 12)
        files = self.log | self.copy(feed)
        path, object_ = f"{OWN}/objects/000.p/12", feed.items[7].object or b""
        files[path] = files[path].replace(object_, object_.replace(b'"places":4', b'"places":9'))
        about = "In the object beside leaf 7 the number of places was changed."
        case = told(feed, OWN, finding("object.commitment", None, 7), records=11)
        return Case("tampered-record", "O-2", about, files, [case])

    def committed_forgery(self) -> Case:
        """Whoever holds the log key alone can commit to anything, and sign nothing."""
        feed = public_feed(self.actors, 12)
        object_ = (feed.items[7].object or b"").replace(b'"places":4', b'"places":9')
        leaf = feed.items[7].leaf
        salt, data = object_[:32], object_[32:]
        committed = sha256(b"passerelle/commitment/v1\0" + salt + data).hexdigest().encode()
        at = leaf.index(b':"') + 2
        feed.items[7] = Item(leaf[:at] + committed + leaf[at + 64 :], object_)
        about = (
            "The same change, committed to by the leaf and signed with the log key: the proof still fails."
        )
        case = told(feed, OWN, finding("proof.invalid", None, 7), records=11)
        return Case("committed-forgery", "R-13", about, self.log | self.copy(feed), [case])

    def lost_object(self) -> Case:
        """An object is missing, and no leaf says why."""
        feed = public_feed(self.actors, 12)
        feed.items[9].object = None
        about = "The object beside leaf 9 has the length 0, and no erased leaf names it."
        case = told(feed, OWN, finding("audit.object-missing", None, 9), records=11)
        return Case("lost-object", "O-16", about, self.log | self.copy(feed), [case])

    def forked_at_one_size(self) -> Case:
        """The author shows one reader another last leaf."""
        feed, other = public_feed(self.actors, 12), public_feed(self.actors, 12)
        self._diverge(other)
        mirror = f"mirrors/{self.togo}/public/1"
        cases = [
            told(feed, OWN, finding("fork.two-roots", f"{mirror}/checkpoint"), checkpoints=1),
            told(other, mirror, finding("fork.two-roots", f"{OWN}/checkpoint"), checkpoints=1),
        ]
        files = self.log | self.copy(feed) | self.copy(other, mirror)
        about = "Two checkpoints of size 12 with two roots, both rightly signed: leaf 11 differs."
        return Case("forked-at-one-size", "F-19", about, files, cases)

    def forked_at_two_sizes(self) -> Case:
        """The longer feed does not begin with the shorter."""
        feed, other = public_feed(self.actors, 12), public_feed(self.actors, 12)
        self._diverge(other)
        other.items += public_feed(self.actors, 14).items[12:]
        mirror = f"mirrors/{self.togo}/public/1"
        cases = [
            told(feed, OWN),
            told(other, mirror, finding("fork.inconsistent", f"{OWN}/checkpoint"), checkpoints=1),
        ]
        files = self.log | self.copy(feed) | self.copy(other, mirror)
        about = "Checkpoints of sizes 12 and 14, both rightly signed; the first 12 leaves of the larger are others."
        return Case("forked-at-two-sizes", "F-19", about, files, cases)

    def _diverge(self, feed: Feed) -> None:
        """Another record as leaf 11."""
        record = Writer(self.actors)
        record.rotate()
        feed.items[11] = item(
            record.record("feeds/another", "offer", offer_body(self.actors, 99)), seed("feeds/another salt")
        )

    def other_leaves(self) -> Case:
        """Kinds of leaves whose behaviour comes later, and one of which nobody knows."""
        feed = public_feed(self.actors, 4)
        for index in (4, 5):  # two public events, erased since: no byte of them is left
            event = {"id": record_id(f"feeds/event {index}"), "type": "event", "version": 1}
            committed = {"commitment": seed(f"feeds/event {index}").hex(), "kind": "record"}
            feed.items.append(Item(canonical(committed | event)))
        for leaf in (
            {"epoch": "2025-10-01", "kind": "anchor", "root": seed("feeds/anchor").hex()},
            {"anything": [1, {"a": None}], "kind": "tally"},
            {"index": 4, "kind": "erased", "reason": "consent-withdrawn"},
            {"kind": "closed"},
            {"index": 5, "kind": "erased", "reason": "retention-end"},
        ):
            feed.items.append(Item(canonical(leaf)))
        about = (
            "An anchor, a leaf of an unknown kind, closed; two records are erased, one of them after closing."
        )
        case = told(feed, records=4, erased=2, passed_over=3)
        return Case("other-leaves", "L-22", about, self.log | self.copy(feed), [case])

    def held_by_a_partner(self) -> Case:
        """What Mali holds of Togo's feed to it: leaves, checkpoint, receipt; nothing that opens."""
        feed = Feed(f"passerelle/{self.togo}/to/{self.mali}/1")
        for index in range(10):
            committed = seed(f"feeds/sealed {index}").hex()
            feed.items.append(Item(canonical({"commitment": committed, "kind": "sealed"})))
        folder = f"received/{self.togo}/to/1"
        files = {
            ".well-known/did.jsonl": encode_log(self.actors.logs["mali"]).encode(),
            f"mirrors/{self.togo}/did.jsonl": encode_log(self.actors.togo).encode(),
            f"{folder}/checkpoint": feed.note(NEW_LOG).encode(),
            f"{folder}/receipt": feed.receipt(NEW_LOG, "mali/witness/1", self.mali, 8).encode(),
            **under(folder, feed.files(tiles=False)),
        }
        receipt = {"witness": self.mali, "size": 8, "time": COSIGNED_AT_TEXT}
        about = "A bilateral feed of ten sealed leaves in its partner's folder, cosigned up to 8."
        case = told(feed, folder, records=0, sealed=10, checkpoints=1, receipts=[receipt])
        return Case("held-by-a-partner", "P-13", about, files, [case])


def make_feeds(cases: list[Case]) -> tuple[Tree, Folder]:
    """The index, and the files of all folders."""
    files = {f"{case.name}/{path}": data for case in cases for path, data in case.files.items()}
    index = {
        "chapter": "23",
        "about": "Each case is a folder below feeds/, laid out by the paths of chapter 07, audited with the clock at now. "
        "ok: nothing is wrong. feeds: each folder with a checkpoint, with the counts of its leaves (records: public records "
        "that pass every check; erased: records that an erased leaf names; checkpoints: further checkpoints compared with the "
        "tree) and with its faults, in any order; path is below the case's folder, index the leaf. findings: faults that belong "
        "to no feed. No node record: nothing here is sealed to anybody.",
        "made_by": SELF,
        "confirmed_by": [],
        "now": NOW,
        "cases": [case.index for case in cases],
    }
    return index, files
