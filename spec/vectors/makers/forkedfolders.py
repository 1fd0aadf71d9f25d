"""Folders for ``feeds.json`` in which something was signed twice and something was lost: what still proves a fork."""

from __future__ import annotations

from makers.common import Tree, canonical
from makers.faultyfolders import LEFT, More
from makers.folders import (
    COSIGNED_AT_TEXT,
    NEW_LOG,
    OLD_LOG,
    OWN,
    Case,
    Feed,
    Folder,
    Item,
    finding,
    told,
    under,
)
from makers.identities import encode_log

MALI_KEY = "mali/witness/1"


def tally(number: int) -> Item:
    """A leaf of a kind that nobody knows, so that nothing but the tree is judged."""
    return Item(canonical({"kind": "tally", "n": number}))


class Forked(More):
    """Folders beside those of ``faultyfolders``."""

    def all(self) -> list[Case]:
        """In the order of the index."""
        return [
            self.forked_without_leaves(),
            self.forked_below_a_lost_end(),
            self.forked_below_a_lost_root(),
            self.forked_under_wrong_names(),
            self.forked_in_kept_ones(),
            self.logs_of_another_folder(),
            self.copied_over(),
            self.forked_beside_a_refused_one(),
            self.forked_under_false_receipts(),
        ]

    def tallies(self, size: int, *, number: int = 1, first: int = 0) -> Feed:
        """A public feed without a record; ``first`` is what its first leaf counts."""
        origin = f"passerelle/{self.togo}/public/{number}"
        return Feed(origin, [tally(first), *(tally(at) for at in range(1, size))])

    def mali_log(self) -> Folder:
        """The witness's log, where a feed's folder has it in reach."""
        return {f"mirrors/{self.mali}/did.jsonl": encode_log(self.actors.logs["mali"]).encode()}

    def cosigned(self, feed: Feed, size: int) -> bytes:
        """A checkpoint with Mali's receipt."""
        return feed.receipt(NEW_LOG, MALI_KEY, self.mali, size).encode()

    def received(self, size: int) -> Tree:
        """Mali's receipt, as a report shows it."""
        return {"witness": self.mali, "size": size, "time": COSIGNED_AT_TEXT}

    def missing(self, folder: str, name: str) -> list[Tree]:
        """A bundle and its hashes that are not there."""
        return [finding("audit.file-missing", f"{folder}/tile/{kind}/{name}") for kind in ("0", "entries")]

    def forked_without_leaves(self) -> Case:
        """Two notes, and not one leaf of either."""
        feed, other = self.tallies(5), self.tallies(5, first=9)
        mirror = f"mirrors/{self.togo}/public/1"
        files = self.log | {
            f"{OWN}/checkpoint": feed.note(NEW_LOG).encode(),
            f"{mirror}/checkpoint": other.note(NEW_LOG).encode(),
        }
        cases = []
        for mine, folder, contradicts in ((feed, OWN, mirror), (other, mirror, OWN)):
            faults = [*self.missing(folder, "000.p/5"), finding("audit.tree-incomplete")]
            fork = finding("fork.two-roots", f"{contradicts}/checkpoint")
            cases.append(told(mine, folder, fork, *faults, records=0, checkpoints=1))
        about = "Two checkpoints of size 5 with two roots, and no other file of either feed: the notes are enough."
        return Case("forked-without-leaves", "F-19", about, files, cases)

    def forked_below_a_lost_end(self) -> Case:
        """What is lost lies above both signed roots."""
        feed, other = self.tallies(257), self.tallies(3, first=9)
        lost = [f"{OWN}/tile/{kind}/001.p/1" for kind in ("0", "entries")]
        files = self.log | {path: data for path, data in self.copy(feed).items() if path not in lost}
        files[f"{OWN}/checkpoints/256"] = feed.note(NEW_LOG, 256).encode()
        files[f"{OWN}/checkpoints/003"] = other.note(NEW_LOG).encode()
        faults = [
            *self.missing(OWN, "001.p/1"),
            finding("fork.inconsistent", f"{OWN}/checkpoints/003"),
            finding("audit.tree-incomplete"),
        ]
        case = told(feed, OWN, *faults, checkpoints=2, records=0, passed_over=256)
        about = (
            "The last of 257 leaves is lost. The leaves give the root signed at size 256, and another than that signed at "
            "size 3: a fork, although the newest root cannot be reached."
        )
        return Case("forked-below-a-lost-end", "F-19", about, files, [case])

    def forked_below_a_lost_root(self) -> Case:
        """The newest root is missed; one that was signed before is met."""
        feed, other, wrong = self.tallies(5), self.tallies(3, first=9), self.tallies(5, first=8)
        files = self.log | self.copy(feed)
        files[f"{OWN}/checkpoint"] = wrong.note(NEW_LOG).encode()
        files[f"{OWN}/checkpoints/002"] = feed.note(NEW_LOG, 2).encode()
        files[f"{OWN}/checkpoints/003"] = other.note(NEW_LOG).encode()
        files[f"{OWN}/checkpoints/004"] = feed.note(NEW_LOG, 4).encode()
        faults = [
            finding("fork.inconsistent", f"{OWN}/checkpoints/003"),
            finding("audit.root-mismatch", f"{OWN}/checkpoint"),
        ]
        case = told(wrong, OWN, *faults, checkpoints=3, records=0, passed_over=5)
        about = (
            "The leaves give the roots signed at sizes 2 and 4, another than that at size 3, and another than the newest. "
            "Size 3 against size 4 is a fork; of the newest the files prove nothing."
        )
        return Case("forked-below-a-lost-root", "F-19", about, files, [case])

    def forked_under_wrong_names(self) -> Case:
        """Evidence is evidence wherever it was put; each of these is cosigned as well."""
        feed, longer, other = self.tallies(4), self.tallies(5), self.tallies(5, first=9)
        kept = {"checkpoints/002": (other, 3), "checkpoints/003": (longer, 5), "receipt": (other, 5)}
        files = self.log | self.copy(feed) | self.mali_log()
        files |= under(OWN, {name: self.cosigned(*signed) for name, signed in kept.items()})
        files[f"{OWN}/checkpoints/1"] = self.cosigned(longer, 1)
        faults = [
            finding("tile.path", f"{OWN}/checkpoints/1"),
            finding("audit.checkpoint-misfiled", f"{OWN}/checkpoints/002"),
            finding("fork.inconsistent", f"{OWN}/checkpoints/002"),
            finding("audit.checkpoint-misfiled", f"{OWN}/checkpoints/003"),
            finding("fork.two-roots", f"{OWN}/checkpoints/003"),
            finding("audit.checkpoint-behind", f"{OWN}/receipt"),
            finding("fork.two-roots", f"{OWN}/receipt"),
        ]
        receipts = [self.received(size) for size in (3, 5)]
        case = told(feed, OWN, *faults, records=0, passed_over=4, receipts=receipts)
        about = (
            "Size 4. Under the name of size 2 lies one of size 3 that the leaves contradict; under that of size 3 one of "
            "size 5, and as the receipt another of size 5. All are cosigned; what lies under a name that is no path is not read."
        )
        return Case("forked-under-wrong-names", "F-19", about, files, [case])

    def forked_in_kept_ones(self) -> Case:
        """Two folders agree in what is newest, and not in what each has kept."""
        feed, other = self.tallies(5), self.tallies(3, first=9)
        mirror, spoilt = f"mirrors/{self.togo}/public/1", "spoilt"
        files = self.log | self.copy(feed) | self.mali_log()
        files[f"{OWN}/checkpoint"] = self.cosigned(feed, 5)
        files[f"{OWN}/checkpoints/003"] = feed.note(NEW_LOG, 3).encode()
        files[f"{mirror}/checkpoint"] = feed.note(NEW_LOG, 4).encode()
        files[f"{mirror}/checkpoints/003"] = other.note(NEW_LOG).encode()
        files[f"{mirror}/checkpoints/3"] = b"no note\n"
        line_of_five = self.cosigned(feed, 5).decode().splitlines()[-1] + "\n"
        files[f"{spoilt}/checkpoint"] = (feed.note(NEW_LOG, 2) + line_of_five).encode()
        forks = [finding("fork.two-roots", f"{folder}/checkpoints/003") for folder in (OWN, mirror)]
        gone = [*self.missing(mirror, "000.p/4"), finding("audit.tree-incomplete")]
        named = [finding("tile.path", f"{mirror}/checkpoints/3"), *forks, *gone]
        refused = finding("cosignature.invalid", f"{spoilt}/checkpoint")
        about = (
            "A copy of size 5 and one of size 4 without leaves; each has kept a checkpoint of size 3, with two roots. The "
            "receipt of size 5 is none of the smaller copy. A third copy bears a false receipt: no claim on the others."
        )
        cases = [
            told(feed, OWN, *forks, checkpoints=3, records=0, passed_over=5, receipts=[self.received(5)]),
            told(feed, mirror, *named, size=4, root=feed.root(4).hex(), checkpoints=2, records=0),
            told(feed, spoilt, refused, *forks, **LEFT),
        ]
        return Case("forked-in-kept-ones", "F-19", about, files, cases)

    def logs_of_another_folder(self) -> Case:
        """A witness's log that only one of two copies has beside it."""
        feed, elsewhere = self.tallies(5), "elsewhere"
        files = self.log | self.copy(feed)
        files |= under(elsewhere, self.mali_log() | {"checkpoint": self.cosigned(feed, 3)})
        unseen = self.received(3) | {"time": None}
        gone = [*self.missing(elsewhere, "000.p/3"), finding("audit.tree-incomplete")]
        counted: Tree = {"size": 3, "root": feed.root(3).hex(), "records": 0}
        about = (
            "A smaller copy is cosigned, and the witness's log lies in its folder: for the larger, whose folder sees no such "
            "log, the receipt has no time."
        )
        cases = [
            told(feed, elsewhere, *gone, **counted, receipts=[self.received(3)]),
            told(feed, OWN, checkpoints=1, records=0, passed_over=5, receipts=[unseen]),
        ]
        return Case("logs-of-another-folder", "V-4", about, files, cases)

    def copied_over(self) -> Case:
        """A newest checkpoint of another history over the files of the first."""
        feed, other = self.tallies(5), self.tallies(5, first=9)
        files = self.log | self.copy(feed)
        files[f"{OWN}/checkpoint"] = other.note(NEW_LOG).encode()
        files[f"{OWN}/checkpoints/005"] = feed.note(NEW_LOG).encode()
        faults = [
            finding("fork.two-roots", f"{OWN}/checkpoints/005"),
            finding("audit.root-mismatch", f"{OWN}/checkpoint"),
        ]
        case = told(other, OWN, *faults, checkpoints=1, records=0, passed_over=5)
        about = "The files give the root of the kept checkpoint of size 5; the newest has this size and another root."
        return Case("copied-over", "F-19", about, files, [case])

    def forked_beside_a_refused_one(self) -> Case:
        """The newest checkpoint is under a retired key, so the feed is left; not so what the notes prove."""
        feed, other = self.tallies(5), self.tallies(5, first=9)
        files = self.log | self.copy(feed)
        files[f"{OWN}/checkpoint"] = feed.note(OLD_LOG).encode()
        files[f"{OWN}/receipt"] = other.note(NEW_LOG).encode()
        files[f"{OWN}/checkpoints/003"] = b"no note\n"
        paths = [f"{OWN}/checkpoint", f"{OWN}/receipt"]
        faults = [finding("note.unsigned", paths[0]), *(finding("fork.two-roots", path) for path in paths)]
        about = (
            "The checkpoint is signed by a retired log key and therefore none to begin with; the receipt beside it has its "
            "size and another root. Nothing else of the feed is judged."
        )
        return Case("forked-beside-a-refused-one", "V-7", about, files, [told(feed, OWN, *faults, **LEFT)])

    def forked_under_false_receipts(self) -> Case:
        """Somebody has spoilt the notes by a line of a witness; the author's signatures stand."""
        feed, same, smaller = self.tallies(5), self.tallies(5, first=9), self.tallies(3, first=9)
        files = self.log | self.copy(feed) | self.mali_log()
        false = self.cosigned(feed, 4).decode().splitlines()[-1] + "\n"
        for name, note in (("005", same.note(NEW_LOG)), ("003", smaller.note(NEW_LOG))):
            files[f"{OWN}/checkpoints/{name}"] = (note + false).encode()
        faults = [
            finding("cosignature.invalid", f"{OWN}/checkpoints/005"),
            finding("fork.two-roots", f"{OWN}/checkpoints/005"),
            finding("cosignature.invalid", f"{OWN}/checkpoints/003"),
            finding("fork.inconsistent", f"{OWN}/checkpoints/003"),
        ]
        about = "Kept checkpoints of sizes 3 and 5 with other roots than the leaves give, each with a false receipt."
        case = told(feed, OWN, *faults, records=0, passed_over=5)
        return Case("forked-under-false-receipts", "V-7", about, files, [case])
