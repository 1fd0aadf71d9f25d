"""Folders for ``feeds.json`` on which two careful readers could differ: what is asked, in which order, and what it proves."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

from makers.common import Tree, canonical, seed
from makers.faultyfolders import LEFT
from makers.feeds import cosign, leaf_hash, line, text_of, tree_hash
from makers.folders import (
    COSIGNED_AT,
    COSIGNED_AT_TEXT,
    NEW_LOG,
    OWN,
    Case,
    Feed,
    Item,
    finding,
    told,
    under,
)
from makers.forkedfolders import MALI_KEY, Forked, tally
from makers.identities import Keys, encode_log, next_entry


class Doubtful(Forked):
    """Folders beside those of ``forkedfolders``."""

    def all(self) -> list[Case]:
        """In the order of the index."""
        return [
            self.two_lines_of_one_witness(),
            self.short_cosignature(),
            self.witness_forked(),
            self.identity_forked_twice(),
            self.identity_forked_ahead(),
            self.broken_log(),
            self.hashes_of_lost_leaves(),
            self.many_lost_bundles(),
            self.false_widths(),
            self.beside_other_leaves(),
            self.held_with_objects(),
        ]

    def two_lines_of_one_witness(self) -> Case:
        """Each line is a receipt."""
        feed = self.tallies(5)
        text, name = text_of(feed.origin, 5, feed.root()), f"passerelle/{self.mali}/witness"
        lines = [
            cosign(text, name, seed(MALI_KEY), COSIGNED_AT + 60),
            cosign(text, name, seed(MALI_KEY), COSIGNED_AT),
            cosign(text, name, seed("mali/witness/7"), COSIGNED_AT + 90),
            cosign(text, name, seed("mali/witness/8"), COSIGNED_AT + 120),
        ]
        files = self.log | self.copy(feed) | self.mali_log()
        files[f"{OWN}/checkpoint"] = (feed.note(NEW_LOG) + "".join(lines)).encode()
        times = [None, COSIGNED_AT_TEXT, COSIGNED_AT_TEXT.replace("20:00", "21:00")]
        receipts = [{"witness": self.mali, "size": 5, "time": time} for time in times]
        case = told(feed, OWN, records=0, passed_over=5, receipts=receipts)
        about = "Four lines under one name: two of a known key, at two times, and two of keys that its log does not name."
        return Case("two-lines-of-one-witness", "V-4", about, files, [case])

    def short_cosignature(self) -> Case:
        """A key that is known, and a blob that is too short for any cosignature."""
        feed, name = self.tallies(5), f"passerelle/{self.mali}/witness"
        files = self.log | self.copy(feed) | self.mali_log()
        whole = cosign(text_of(feed.origin, 3, feed.root(3)), name, seed(MALI_KEY), COSIGNED_AT)
        files[f"{OWN}/checkpoints/003"] = (feed.note(NEW_LOG, 3) + _shortened(whole)).encode()
        case = told(
            feed, OWN, finding("cosignature.invalid", f"{OWN}/checkpoints/003"), records=0, passed_over=5
        )
        about = (
            "Under a kept checkpoint stands a line of a known witness key whose signature is one byte short."
        )
        return Case("short-cosignature", "F-28", about, files, [case])

    def witness_forked(self) -> Case:
        """Two logs of the witness that part: the one met first is used, and nothing is said of it."""
        feed, one = self.tallies(5), self.actors.logs["mali"]
        text, name = text_of(feed.origin, 5, feed.root()), f"passerelle/{self.mali}/witness"
        files = self.log | self.copy(feed)
        for folder, generation in (("feeds", 2), ("", 3)):
            branch = [*one, next_entry(one, "mali", Keys.of("mali", generation), "2025-07-11T08:00:00Z")]
            path = f"mirrors/{self.mali}/did.jsonl"
            files[f"{folder}/{path}" if folder else path] = encode_log(branch).encode()
        lines = [cosign(text, name, seed(f"mali/witness/{number}"), COSIGNED_AT) for number in (2, 3)]
        files[f"{OWN}/checkpoint"] = (feed.note(NEW_LOG) + "".join(lines)).encode()
        receipts = [{"witness": self.mali, "size": 5, "time": time} for time in (None, COSIGNED_AT_TEXT)]
        case = told(feed, OWN, records=0, passed_over=5, receipts=receipts)
        about = "Two logs of the witness part at the second entry; a line by a key of each. The nearer log is used."
        return Case("witness-forked", "V-4", about, files, [case])

    def identity_forked_twice(self) -> Case:
        """Five logs of one SCID; two part from the one that is in use, which a third goes on."""
        feed, three = self.tallies(5), self.actors.togo
        late = "2025-10-10T08:00:00Z"
        longest = [*three, next_entry(three, "togo", Keys.of("togo", 4), late)]
        first, second = (
            [*three[:2], next_entry(three[:2], "togo", Keys.of("togo", generation), "2025-07-11T08:00:00Z")]
            for generation in (5, 6)
        )
        second = [*second, next_entry(second, "togo", Keys.of("togo", 7), late)]
        at = [f"mirrors/{self.togo}/did.jsonl", ".well-known/did.jsonl"]
        places: dict[str, Any] = {
            f"{OWN}/{at[1]}": three,
            f"{OWN}/{at[0]}": first,
            f"feeds/public/{at[1]}": three[:2],
            f"feeds/public/{at[0]}": second,
            f"feeds/{at[1]}": longest,
        }
        files = self.copy(feed) | {path: encode_log(log).encode() for path, log in places.items()}
        files[f"{OWN}/checkpoint"] = feed.note("togo/log/4").encode()
        faults = [finding("audit.identity-forked", f"{folder}/{at[0]}") for folder in (OWN, "feeds/public")]
        case = told(feed, OWN, *faults, records=0, passed_over=5)
        about = (
            "From the nearest on: three entries; another third; two; another third with a fourth, the longest so far; and the "
            "first three with a fourth, under whose log key the checkpoint is signed. Each is compared with the one in use."
        )
        return Case("identity-forked-twice", "I-22", about, files, [case])

    def identity_forked_ahead(self) -> Case:
        """Two logs that part at an entry that is not in force yet."""
        feed, three = self.tallies(5), self.actors.togo
        other, files = f"mirrors/{self.togo}/did.jsonl", self.copy(feed)
        for path, generation in ((".well-known/did.jsonl", 4), (other, 5)):
            log = [*three, next_entry(three, "togo", Keys.of("togo", generation), "2125-01-02T00:00:00Z")]
            files[path] = encode_log(log).encode()
        case = told(feed, OWN, finding("audit.identity-forked", other), records=0, passed_over=5)
        about = "Two logs of the author differ in their fourth entry alone, a century ahead of the verifier's clock."
        return Case("identity-forked-ahead", "I-22", about, files, [case])

    def broken_log(self) -> Case:
        """Whose log it was, nobody can tell."""
        feed = self.tallies(5)
        broken = encode_log(self.actors.logs["mali"]).replace("mali.example", "niger.example")
        files = self.copy(feed) | {
            "feeds/.well-known/did.jsonl": broken.encode(),
            ".well-known/did.jsonl": b"\n",
        }
        fault = finding("identity.scid", "feeds/.well-known/did.jsonl")
        about = (
            "No log of the author; two that cannot be taken, one of which was another agency's: the nearer is named, and "
            "not that a log is missing."
        )
        return Case("broken-log", "V-4", about, files, [told(feed, OWN, fault, **LEFT)])

    def hashes_of_lost_leaves(self) -> Case:
        """Hashes of a tile in place of leaves, at every level."""
        feed = self.tallies(300)
        files = self.log | self.copy(feed)
        lost, rotten = f"{OWN}/tile/entries/000", f"{OWN}/tile/1/000.p/1"
        del files[lost]
        files[rotten] = bytes([files[rotten][0] ^ 1]) + files[rotten][1:]
        faults = [finding("audit.file-missing", lost), finding("audit.tile-mismatch", rotten)]
        case = told(feed, OWN, *faults, records=0, passed_over=44)
        about = (
            "The leaves from 0 to 255 are lost, their tile is there: it gives the newest root together with the other leaves, "
            "and shows that the tile of level 1 is wrong."
        )
        return Case("hashes-of-lost-leaves", "V-6", about, files, [case])

    def many_lost_bundles(self) -> Case:
        """A row of bundles without a file does not end the search where their hashes are there."""
        size, leaf = 17 * 256 + 1, tally(0).leaf
        hashes = [leaf_hash(leaf)] * size
        origin, root = f"passerelle/{self.togo}/public/1", tree_hash(hashes)
        text = text_of(origin, size, root)
        files = {"checkpoint": (text + "\n" + line(origin, 1, seed(NEW_LOG), text.encode())).encode()}
        files |= {f"tile/0/{number:03}": b"".join(hashes[:256]) for number in range(17)}
        files |= {"tile/0/017.p/1": hashes[0], "tile/1/000.p/17": tree_hash(hashes[:256]) * 17}
        files |= {"tile/entries/017.p/1": len(leaf).to_bytes(2, "big") + leaf, "objects/017.p/1": bytes(4)}
        lost = [finding("audit.file-missing", f"{OWN}/tile/entries/{number:03}") for number in range(17)]
        other = text_of(origin, 256, sha256(b"another root").digest())
        files["checkpoints/256"] = (other + "\n" + line(origin, 1, seed(NEW_LOG), other.encode())).encode()
        fork = finding("fork.inconsistent", f"{OWN}/checkpoints/256")
        about = (
            "Of 4,353 leaves all but the last are lost, seventeen bundles in a row; their hashes are there, give the newest "
            "root, and prove a fork."
        )
        counted: Tree = {"size": size, "root": root.hex(), "records": 0, "passed_over": 1, "checkpoints": 1}
        case = told(Feed(origin), OWN, *lost, fork, **counted)
        return Case("many-lost-bundles", "V-4", about, self.log | under(OWN, files), [case])

    def false_widths(self) -> Case:
        """Files that hold another number of items than their paths say."""
        feeds = [self.tallies(5, number=number) for number in (1, 2, 3)]
        files, six = dict(self.log), {number: self.tallies(6, number=number).files() for number in (1, 2)}
        for number, feed in enumerate(feeds, start=1):
            files |= self.copy(feed, f"feeds/public/{number}")
        paths = [f"feeds/public/{number}/tile/entries/000.p/{width}" for number, width in ((1, 7), (2, 5))]
        del files["feeds/public/1/tile/entries/000.p/5"]
        for number, path in enumerate(paths, start=1):
            files[path] = six[number]["tile/entries/000.p/6"]
        paths.append("feeds/public/3/tile/0/000.p/5")
        files[paths[2]] = files[paths[2]][:-1]
        cases = [
            told(
                feed,
                f"feeds/public/{at + 1}",
                finding("tile.malformed", paths[at]),
                records=0,
                passed_over=5 if at == 2 else 0,
            )
            for at, feed in enumerate(feeds)
        ]
        about = (
            "Three feeds of five leaves: the bundle of width 7 that serves one holds six leaves; that of width 5 of the second "
            "holds six; the tile of the third is one byte short."
        )
        return Case("false-widths", "L-17", about, files, cases)

    def beside_other_leaves(self) -> Case:
        """Objects where none belongs, and commitments that occur in leaves of other forms."""
        feed, sealed = self.small(2), Feed(f"passerelle/{self.togo}/to/{self.mali}/1")
        committed = seed("feeds/repeated").hex()
        own = {"id": "urn:uuid:1", "kind": "record", "type": "event", "version": 1}
        leaves: list[Tree] = [
            {"kind": "tally", "n": 0},
            {"commitment": committed, **own, "version": 0},
            {"commitment": committed, **own},
            *({"index": index, "kind": "erased", "reason": "error"} for index in (2, 3, 4)),
        ]
        feed.items += [Item(canonical(leaf)) for leaf in leaves]
        feed.items[2].object = feed.items[3].object = bytes(40)
        for name in ("one", "two", "one"):
            leaf = {"commitment": seed(f"feeds/sealed {name}").hex(), "kind": "sealed"}
            sealed.items.append(Item(canonical(leaf)))
        folder = f"feeds/to/{self.mali}/1"
        files = self.log | self.copy(feed) | self.copy(sealed, folder)
        about = (
            "Objects lie beside a leaf of an unknown kind and beside one that is malformed, both named as erased; a good leaf "
            "has the malformed one's commitment. Of three sealed leaves one is there twice."
        )
        cases = [
            told(feed, OWN, finding("leaf.malformed", None, 3), records=2, erased=3, passed_over=1),
            told(sealed, folder, finding("leaf.commitment-twice", None, 2), records=0, sealed=3),
        ]
        return Case("beside-other-leaves", "L-24", about, files, cases)

    def held_with_objects(self) -> Case:
        """A public feed in its partner's folder, with what does not belong there."""
        feed, folder = self.small(), f"received/{self.togo}/public/1"
        feed.items[2].object = b"broken"
        files = self.log | self.copy(feed, folder)
        rotten = f"{folder}/tile/0/000.p/5"
        files[rotten] = files[rotten][::-1]
        about = "What a partner holds of a public feed: objects and tiles in its folder are passed over, broken as they are."
        return Case("held-with-objects", "P-13", about, files, [told(feed, folder, records=0)])


def _shortened(cosignature: str) -> str:
    """The same line with the last byte of its signature cut off."""
    dash, name, blob = cosignature.split()
    return f"{dash} {name} {b64encode(b64decode(blob)[:-1]).decode()}\n"
