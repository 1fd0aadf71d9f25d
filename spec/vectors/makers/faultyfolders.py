"""More folders for ``feeds.json``: one for each finding of chapter 23, and feeds that end and go on."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from makers.common import Tree, canonical, seed
from makers.feeds import line, text_of
from makers.folders import (
    COSIGNED_AT_TEXT,
    NEW_LOG,
    OLD_LOG,
    OWN,
    Case,
    Cases,
    Feed,
    Item,
    finding,
    public_feed,
    told,
    under,
)
from makers.identities import Keys, encode_log, next_entry

SMALL: Final = 5
LEFT: Final[Tree] = {"size": 0, "root": None, "records": 0}
"""What is counted of a feed whose checkpoint could not be taken."""


class More(Cases):
    """Folders beside those of ``folders``."""

    def all(self) -> list[Case]:
        """In the order of the index."""
        return [
            self.identity_missing(),
            self.identity_forked(),
            self.no_feed(),
            self.unsigned(),
            self.misfiled(),
            self.false_receipt(),
            self.rotten_tile(),
            self.broken_bundle(),
            self.wider_files(),
            self.of_no_use(),
            self.erasures(),
            self.repeated(),
            self.closed_and_succeeded(),
            self.succeeded_after_a_fork(),
            self.at_the_top(),
            self.two_copies(),
            self.torn(),
            self.boundless(),
        ]

    def small(self, size: int = SMALL) -> Feed:
        """A few leaves."""
        return public_feed(self.actors, size)

    def identity_missing(self) -> Case:
        """Nobody can tell whose keys count."""
        feed = self.small()
        about = "No identity log of the author lies beside the feed: nothing can be checked."
        case = told(feed, OWN, finding("audit.identity-missing"), **LEFT)
        return Case("identity-missing", "V-4", about, self.copy(feed), [case])

    def identity_forked(self) -> Case:
        """Two logs of one SCID that part at the third entry."""
        feed, two = self.small(), self.actors.togo[:2]
        branch = [*two, next_entry(two, "togo", Keys.of("togo", 3), "2025-07-11T08:00:00Z")]
        other = f"mirrors/{self.togo}/did.jsonl"
        files = self.log | self.copy(feed) | {other: encode_log(branch).encode()}
        about = "A second identity log of the author, with another third entry, lies beside the feed."
        case = told(feed, OWN, finding("audit.identity-forked", other))
        return Case("identity-forked", "I-22", about, files, [case])

    def no_feed(self) -> Case:
        """An identity log and nothing else."""
        about = "A folder with an identity log and no checkpoint."
        return Case("no-feed", "V-1", about, dict(self.log), [], [finding("audit.no-feed")])

    def unsigned(self) -> Case:
        """Signed with a log key that the newest document names no more."""
        feed = self.small()
        files = self.log | self.copy(feed)
        files[f"{OWN}/checkpoint"] = feed.note("stranger").encode()
        about = "The newest checkpoint is signed by nobody whom the identity log names."
        case = told(feed, OWN, finding("note.unsigned", f"{OWN}/checkpoint"), **LEFT)
        return Case("unsigned", "L-8", about, files, [case])

    def misfiled(self) -> Case:
        """Earlier checkpoints that are not what their paths say."""
        feed = self.small()
        files = self.log | self.copy(self.small(4))
        kept = {"checkpoints/003": feed.note(NEW_LOG, 2), "checkpoints/005": feed.note(NEW_LOG)}
        kept["checkpoints/2"] = feed.note(NEW_LOG, 2)
        files |= under(OWN, {name: note.encode() for name, note in kept.items()})
        faults = [
            finding("audit.checkpoint-misfiled", f"{OWN}/checkpoints/003"),
            finding("audit.checkpoint-behind", f"{OWN}/checkpoints/005"),
            finding("tile.path", f"{OWN}/checkpoints/2"),
        ]
        about = "Size 4 with earlier checkpoints: one under another size, one larger, one under a name that is no path."
        case = told(self.small(4), OWN, *faults, checkpoints=0)
        return Case("misfiled", "V-4", about, files, [case])

    def false_receipt(self) -> Case:
        """A cosignature of another text under the witness's name."""
        feed = self.small()
        files = self.log | self.copy(feed)
        other = feed.receipt(NEW_LOG, "mali/witness/1", self.mali, 4).splitlines()[-1] + "\n"
        files[f"{OWN}/checkpoint"] = (feed.note(NEW_LOG) + other).encode()
        files[f"mirrors/{self.mali}/did.jsonl"] = encode_log(self.actors.logs["mali"]).encode()
        about = "Under the newest checkpoint stands the receipt of an earlier one."
        case = told(feed, OWN, finding("cosignature.invalid", f"{OWN}/checkpoint"), **LEFT)
        return Case("false-receipt", "F-28", about, files, [case])

    def rotten_tile(self) -> Case:
        """One hash in a tile, and nothing else."""
        feed = self.small()
        files = self.log | self.copy(feed)
        path = f"{OWN}/tile/0/000.p/{SMALL}"
        files[path] = files[path][:64] + bytes([files[path][64] ^ 1]) + files[path][65:]
        about = "One bit of the hash of leaf 2 in the tile was changed; the leaves give the signed root."
        case = told(feed, OWN, finding("audit.tile-mismatch", path, 2))
        return Case("rotten-tile", "V-6", about, files, [case])

    def broken_bundle(self) -> Case:
        """Leaves that end in the middle of one; the hashes are whole."""
        feed = self.small()
        files = self.log | self.copy(feed)
        path = f"{OWN}/tile/entries/000.p/{SMALL}"
        files[path] = files[path][:-1]
        about = (
            "The entry bundle ends one byte early: the root is proven by the tile, the leaves are not read."
        )
        case = told(feed, OWN, finding("tile.malformed", path), records=0)
        return Case("broken-bundle", "L-17", about, files, [case])

    def wider_files(self) -> Case:
        """The feed grew while it was copied: the checkpoint is older than the files."""
        longer = self.small(7)
        files = self.log | self.copy(longer)
        files[f"{OWN}/checkpoint"] = longer.note(NEW_LOG, SMALL).encode()
        about = "A checkpoint of size 5 with files of width 7, of which it covers the beginning."
        case = told(longer, OWN, size=SMALL, root=longer.root(SMALL).hex(), records=SMALL)
        return Case("wider-files", "V-3", about, files, [case])

    def of_no_use(self) -> Case:
        """Whatever lies about in a folder that people have used."""
        feed, no_use = self.small(), b"of no use\n"
        others = ("tile/entries/000.p/3", "tile/entries/000.p/7", "tile/entries/001", "tile/0/000.p/7")
        others += ("tile/1/000.p/1", "objects/000.p/7", "objects/notes.txt", "checkpoint.old", "tree")
        files = self.log | self.copy(feed) | under(OWN, dict.fromkeys(others, no_use))
        files |= dict.fromkeys((".well-known/passerelle", f"mirrors/{self.mali}/did.jsonl", "README"), no_use)
        files["feeds/.well-known/did.jsonl"] = encode_log(self.actors.logs["mali"]).encode()
        about = (
            "Beside every file that is asked for lie others: wider and narrower ones, tiles and bundles beyond the size, "
            "a descriptor, the broken log of an agency that is not concerned, the good log of another, and what has no place at all."
        )
        return Case("of-no-use", "V-3", about, files, [told(feed, OWN)])

    def erasures(self) -> Case:
        """Objects that should be gone, and an erasure of what comes later."""
        feed = self.small()
        for leaf in (
            {"index": 2, "kind": "erased", "reason": "error"},
            {"index": 3, "kind": "erased", "reason": "error"},
            {"index": 9, "kind": "erased", "reason": "error"},
        ):
            feed.items.append(Item(canonical(leaf)))
        feed.items[3].object = None
        faults = [
            finding("audit.erased-ahead", None, 7),
            finding("audit.erased-object-present", None, 2),
        ]
        about = "Leaf 5 says that 2 is erased, and its object is there; leaf 6 names 3, which is gone; leaf 7 names 9."
        case = told(feed, OWN, *faults, records=4, erased=2)
        return Case("erasures", "V-4", about, self.log | self.copy(feed), [case])

    def repeated(self) -> Case:
        """One leaf twice."""
        feed = self.small()
        feed.items.append(feed.items[3])
        about = "Leaf 5 is leaf 3 again, with the same object."
        case = told(feed, OWN, finding("leaf.commitment-twice", None, 5))
        return Case("repeated", "L-24", about, self.log | self.copy(feed), [case])

    def _next(self, previous: Feed, size: int) -> Feed:
        """Feed 2, which names a size of feed 1."""
        feed = Feed(previous.origin[:-1] + "2")
        named = {"number": 1, "root": previous.root(size).hex(), "size": size}
        feed.items.append(Item(canonical({"kind": "opened", "previous": named})))
        return feed

    def closed_and_succeeded(self) -> Case:
        """Feed 1 ends, feed 2 names its end; an erasure comes to feed 1 later."""
        first = self.small()
        first.items.append(Item(canonical({"kind": "closed"})))
        second = self._next(first, 6)
        first.items[4].object = None
        first.items.append(Item(canonical({"index": 4, "kind": "erased", "reason": "retention-end"})))
        folder = "feeds/public/2"
        files = self.log | self.copy(first) | self.copy(second, folder)
        about = "Feed 1 is closed at index 5, feed 2 opens with its size and root; later a record of feed 1 is erased."
        cases = [
            told(first, OWN, records=4, erased=1, passed_over=1),
            told(second, folder, records=0, passed_over=1),
        ]
        return Case("closed-and-succeeded", "L-28", about, files, cases)

    def succeeded_after_a_fork(self) -> Case:
        """The identity names the last common checkpoint of feed 1; feed 2 goes on from there."""
        first = self.small()
        named = sha256(text_of(first.origin, 4, first.root(4)).encode()).hexdigest()
        three: Any = self.actors.togo
        own = three[-1]["state"]["passerelle"] | {"successors": [named]}
        entry = next_entry(
            three, "togo", Keys.of("togo", 2), "2025-10-10T08:00:00Z", state={"passerelle": own}
        )
        second, folder = self._next(first, 4), "feeds/public/2"
        files = {".well-known/did.jsonl": encode_log([*three, entry]).encode()}
        files |= self.copy(first) | self.copy(second, folder)
        about = "Feed 1 was forked after leaf 3; the identity authorises the checkpoint of size 4, and feed 2 opens with it."
        cases = [told(first, OWN), told(second, folder, records=0, passed_over=1)]
        return Case("succeeded-after-a-fork", "L-29", about, files, cases)

    def at_the_top(self) -> Case:
        """A feed that is the folder itself, and two files named checkpoint further down."""
        feed = self.small()
        files = self.log | {"checkpoint": feed.note(NEW_LOG).encode(), **feed.files()}
        files |= dict.fromkeys(("tile/0/checkpoint", "old/tile/checkpoint"), b"no note\n")
        about = "The folder itself is a feed. Its own tile folder is not searched for feeds; one of that name elsewhere is."
        broken = told(feed, "old/tile", finding("note.malformed", "old/tile/checkpoint"), origin=None, **LEFT)
        return Case("at-the-top", "V-1", about, files, [told(feed, "."), broken])

    def two_copies(self) -> Case:
        """Two more folders say that they are this feed; one of them is nobody's."""
        feed = self.small()
        mirror, forged = f"mirrors/{self.togo}/public/1", "forged"
        files = self.log | self.copy(feed)
        files[f"{mirror}/checkpoint"] = feed.receipt(OLD_LOG, "mali/witness/1", self.mali, 3).encode()
        files[f"{forged}/checkpoint"] = feed.note("stranger", 4).encode()
        files[f"mirrors/{self.mali}/did.jsonl"] = encode_log(self.actors.logs["mali"]).encode()
        receipt = {"witness": self.mali, "size": 3, "time": COSIGNED_AT_TEXT}
        cases = [
            told(feed, OWN, checkpoints=1, receipts=[receipt]),
            told(feed, mirror, finding("note.unsigned", f"{mirror}/checkpoint"), **LEFT),
            told(feed, forged, finding("note.unsigned", f"{forged}/checkpoint"), **LEFT),
        ]
        about = (
            "A mirror's checkpoint under a retired log key, cosigned: a claim on the feed, and no newest checkpoint. "
            "A stranger's checkpoint elsewhere: no fault of the feed."
        )
        return Case("two-copies", "V-4", about, files, sorted(cases, key=lambda case: case["folder"]))

    def torn(self) -> Case:
        """The tree ends early; what comes before is judged."""
        feed = Feed(f"passerelle/{self.togo}/public/1")
        feed.items += [Item(canonical({"kind": "tally", "n": number})) for number in range(257)]
        files = self.log | self.copy(feed)
        gone = [f"{OWN}/tile/0/001.p/1", f"{OWN}/tile/entries/001.p/1"]
        files = {path: data for path, data in files.items() if path not in gone}
        rotten, earlier = f"{OWN}/tile/1/000.p/1", f"{OWN}/checkpoints/003"
        files[rotten] = bytes([files[rotten][0] ^ 1]) + files[rotten][1:]
        text = text_of(feed.origin, 3, sha256(b"another root").digest())
        files[earlier] = (text + "\n" + line(feed.origin, 1, seed(NEW_LOG), text.encode())).encode()
        faults = [
            *(finding("audit.file-missing", path) for path in gone),
            finding("audit.tile-mismatch", rotten),
            finding("audit.root-mismatch", earlier),
            finding("audit.tree-incomplete"),
        ]
        about = (
            "The last of 257 leaves is missing with its hash. Another root was signed at size 3, which is no fork where "
            "the newest root is not met; and the tile of level 1, all of whose hashes are known, is wrong."
        )
        case = told(feed, OWN, *faults, checkpoints=1, records=0, passed_over=256)
        return Case("torn", "V-4", about, files, [case])

    def boundless(self) -> Case:
        """A size that nobody can have."""
        origin, root, size = f"passerelle/{self.togo}/public/1", seed("boundless"), 2**53 - 1
        text = text_of(origin, size, root)
        note = text + "\n" + line(origin, 1, seed(NEW_LOG), text.encode())
        gone = [f"{OWN}/tile/{kind}/{number:03}" for kind in ("0", "entries") for number in range(16)]
        faults = [*(finding("audit.file-missing", path) for path in gone), finding("audit.tree-incomplete")]
        about = (
            "A checkpoint of size 2^53 - 1 and no other file: sixteen bundles and their tiles are looked for."
        )
        case = told(Feed(origin), OWN, *faults, size=size, root=root.hex(), records=0)
        return Case("boundless", "V-4", about, self.log | {f"{OWN}/checkpoint": note.encode()}, [case])
