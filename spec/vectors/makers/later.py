"""Vectors of designs that no node has built yet: successions, anchors, witnesses, policies (chapters 14 and 16)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from makers.common import SELF, Key, Tree, canonical, seed
from makers.feeds import cosign, line, node_hash, text_of, tree_hash
from makers.signed_records import Actors
from makers.treeproofs import root, subproof

ACTORS: Final = Actors()
TOGO: Final = ACTORS.scids["togo"]
MALI: Final = ACTORS.scids["mali"]
LOG: Final = "togo/log/1"
TIME: Final = 1_758_000_000


def note(origin: str, size: int, root_hash: bytes, key: str = LOG) -> str:
    """A signed checkpoint."""
    text = text_of(origin, size, root_hash)
    return text + "\n" + line(origin, 1, seed(key), text.encode())


# --- chapter 14 --------------------------------------------------------------------------

_WIDTH: Final = 1024


def _anchor_tree(feeds: dict[int, str], day: str) -> tuple[list[bytes], dict[int, bytes]]:
    """1,024 leaves, with the nonce of each that stands for a checkpoint."""
    leaves = [seed(f"anchors/{day}/{position}") for position in range(_WIDTH)]
    nonces = {position: seed(f"anchors/{day}/nonce {position}") for position in feeds}
    for position, text in feeds.items():
        committed = sha256(text.encode()).digest()
        leaves[position] = sha256(b"passerelle/anchor/v1\0" + nonces[position] + committed).digest()
    return leaves, nonces


def _siblings(leaves: list[bytes], position: int) -> list[bytes]:
    found: list[bytes] = []
    row = leaves
    while len(row) > 1:
        found.append(row[position ^ 1])
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        position //= 2
    return found


def _top(leaves: list[bytes]) -> bytes:
    return tree_hash(leaves)  # 1,024 is a power of two: the tree of chapter 05 is the plain one


def make_anchors() -> Tree:
    """Trees of anchors, each with the parts of its feeds."""
    day = "2025-10-01"
    texts = {
        5: text_of(f"passerelle/{TOGO}/to/{MALI}/1", 118, root(0, 118)),
        1023: text_of(f"passerelle/{TOGO}/to/{ACTORS.scids['france']}/1", 0, sha256(b"").digest()),
    }
    leaves, nonces = _anchor_tree(texts, day)
    top = _top(leaves)
    parts: dict[int, Tree] = {
        position: {
            "epoch": day,
            "nonce": nonces[position].hex(),
            "path": [item.hex() for item in _siblings(leaves, position)],
            "position": position,
            "size": int(text.split("\n")[1]),
        }
        for position, text in texts.items()
    }
    good, stranger = parts[5], seed("anchors/stranger").hex()
    leaf = canonical({"epoch": day, "kind": "anchor", "root": top.hex()}).decode()
    wrong: dict[str, Tree] = {
        "another nonce": good | {"nonce": stranger},
        "another position": good | {"position": 4},
        "a sibling changed": good | {"path": [stranger, *good["path"][1:]]},
        "two siblings exchanged": good | {"path": [good["path"][1], good["path"][0], *good["path"][2:]]},
        "nine hashes": good | {"path": good["path"][:9]},
        "eleven hashes": good | {"path": [*good["path"], stranger]},
        "a position beyond the tree, with the same ten bits": good | {"position": 1024 + 5},
        "another size": good | {"size": 117},
        "another day": good | {"epoch": "2025-10-02"},
        "a member more": good | {"root": top.hex()},
        "no size": {name: value for name, value in good.items() if name != "size"},
        "a nonce in capitals": good | {"nonce": good["nonce"].upper()},
    }
    return {
        "chapter": "14",
        "about": "valid: part, as it lies at anchors/<epoch>, leads from the checkpoint with the text checkpoint_text to root, "
        "which the leaf anchors. invalid: part does not lead from that text to root, or is not the part of that leaf and that text.",
        "made_by": SELF,
        "confirmed_by": [],
        "valid": [
            {
                "name": f"position {position}",
                "checkpoint_text": text,
                "part": parts[position],
                "root": top.hex(),
                "leaf": leaf,
            }
            for position, text in texts.items()
        ],
        "invalid": [
            *(
                {
                    "name": name,
                    "rule": "A-20",
                    "code": "anchor.mismatch",
                    "checkpoint_text": texts[5],
                    "part": part,
                }
                | {"root": top.hex(), "leaf": leaf}
                for name, part in wrong.items()
            ),
            {
                "name": "another checkpoint",
                "rule": "A-20",
                "code": "anchor.mismatch",
                "checkpoint_text": texts[5].replace("\n118\n", "\n117\n"),
                "part": good,
                "root": top.hex(),
                "leaf": leaf,
            },
        ],
    }


def make_successions() -> Tree:
    """Feeds that follow a feed, rightly and not."""
    origin = f"passerelle/{TOGO}/to/{MALI}/"
    leaves = [
        canonical({"commitment": seed(f"successions/{index}").hex(), "kind": "sealed"}) for index in range(9)
    ]
    closed = [*leaves, canonical({"kind": "closed"})]

    def hash_of(entries: list[bytes]) -> bytes:
        return tree_hash([sha256(b"\0" + item).digest() for item in entries])

    def opened(entries: list[bytes], number: int = 1) -> str:
        previous = {"number": number, "root": hash_of(entries).hex(), "size": len(entries)}
        return canonical({"kind": "opened", "previous": previous}).decode()

    def text(entries: list[bytes]) -> str:
        return text_of(f"{origin}1", len(entries), hash_of(entries))

    authorised = sha256(text(leaves[:6]).encode()).hexdigest()

    def case(
        name: str, rule: str, held: list[bytes], leaf: str | None, verdict: str, *successors: str
    ) -> Tree:
        code = {"refused": "feed.not-succeeded"}.get(verdict)
        return {
            "name": name,
            "rule": rule,
            "code": code,
            "held": [item.decode() for item in held],
            "successors": list(successors),
            "first_leaf": leaf,
            "verdict": verdict,
        }

    return {
        "chapter": "14",
        "about": "held: leaves of feed 1 that a follower holds. successors: of the newest identity document. first_leaf: of feed 2, null for none. "
        "verdict: followed, waits, or refused with code. checkpoint: the text that previous of an authorised successor names, and "
        "its SHA-256.",
        "made_by": SELF,
        "confirmed_by": [],
        "origin": f"{origin}2",
        "checkpoint": {"text": text(leaves[:6]), "sha256": authorised},
        "cases": [
            case("after closing", "L-29", closed, opened(closed), "followed"),
            case(
                "after closing, and an erasure since",
                "L-29",
                [*closed, _erased(3)],
                opened(closed),
                "followed",
            ),
            case("authorised by the identity", "L-29", leaves, opened(leaves[:6]), "followed", authorised),
            case("authorised, held shorter", "L-29", leaves[:4], opened(leaves[:6]), "followed", authorised),
            case("not all of feed 1 is held", "L-29", closed[:7], opened(closed), "waits"),
            case("neither closed nor authorised", "L-29", leaves, opened(leaves), "refused"),
            case(
                "another checkpoint is authorised", "L-29", leaves, opened(leaves[:5]), "refused", authorised
            ),
            case("closed, and another root named", "L-29", closed, opened([*leaves, leaves[0]]), "refused"),
            case("closed, and a smaller size named", "L-29", closed, opened(closed[:9]), "refused"),
            case("a feed that begins with a record", "L-28", closed, leaves[0].decode(), "refused"),
            case("a feed without a leaf", "L-29", closed, None, "refused"),
            case("a feed that opens after another", "L-28", closed, opened(closed, 2), "refused"),
            case(
                "a first leaf that is malformed",
                "L-28",
                closed,
                opened(closed).replace("{", '{"by":1,', 1),
                "refused",
            ),
        ],
    }


def _erased(index: int) -> bytes:
    return canonical({"index": index, "kind": "erased", "reason": "retention-end"})


# --- chapter 16 --------------------------------------------------------------------------


def make_witness() -> Tree:
    """What a witness answers, by what it cosigned last."""
    origin = f"passerelle/{TOGO}/public/1"
    name = f"passerelle/{MALI}/witness"
    other = seed("witness/other root")

    def body(old: int, size: int, *, proof: list[bytes] | None = None, **signed: Any) -> str:
        given = subproof(old, 0, size) if proof is None and 0 < old <= size else proof or []
        lines = "".join(f"{b64encode(item).decode()}\n" for item in given)
        whole = note(
            signed.get("origin", origin), size, signed.get("root", root(0, size)), signed.get("key", LOG)
        )
        return f"old {old}\n{lines}\n{whole}"

    def case(
        what: str, last: int | None, sent: str, status: int, answer: str = "", size: int | None = None
    ) -> Tree:
        now = size if status == 200 else last
        return {
            "name": what,
            "rule": "F-30",
            "last": _seen(last),
            "body": sent,
            "status": status,
            "answer": answer,
            "then": _seen(now),
        }

    def signed(size: int) -> str:
        return cosign(text_of(origin, size, root(0, size)), name, seed("mali/witness/1"), TIME)

    spoilt = [*subproof(3, 0, 5)[:-1], other]
    empty = sha256(b"").digest()
    return {
        "chapter": "16",
        "about": "A witness of origin with the clock at time. last: size and root that it cosigned last, null for none. body: of "
        "POST /witness/add-checkpoint. status, answer: what it answers. then: what it has cosigned last after that.",
        "made_by": SELF,
        "confirmed_by": [],
        "origin": origin,
        "log_keys": [Key(LOG).public.hex()],
        "witness": name,
        "witness_public": Key("mali/witness/1").public.hex(),
        "witness_seed": seed("mali/witness/1").hex(),
        "time": TIME,
        "cases": [
            case("the first checkpoint", None, body(0, 3), 200, signed(3), 3),
            case("growth", 3, body(3, 5), 200, signed(5), 5),
            case("the same size again", 5, body(5, 5), 200, signed(5), 5),
            case("size 0", None, body(0, 0, root=empty), 200, signed(0), 0),
            case("no old line", 3, body(3, 5).replace("old 3\n", ""), 400),
            case("a size with a zero before it", 3, body(3, 5).replace("old 3", "old 03"), 400),
            case("old beyond the checkpoint", 5, body(6, 5), 400),
            case("64 hashes", 3, body(3, 5, proof=[other] * 64), 400),
            case("a root of 31 bytes", None, body(0, 3, root=other[:31]), 400),
            case(
                "no form, in a feed that is not followed",
                None,
                body(0, 3, origin=f"passerelle/{MALI}/public/1")[:-2],
                400,
            ),
            case(
                "size 0 with another root, in a feed that is not followed",
                None,
                body(0, 0, root=other, origin=f"passerelle/{MALI}/public/1"),
                404,
            ),
            case(
                "size 0 with another root, by nobody known",
                None,
                body(0, 0, root=other, key="mali/log/1"),
                403,
            ),
            case("size 0 with another root, after a larger one", 3, body(0, 0, root=other), 409, "3\n"),
            case("another feed", None, body(0, 3, origin=f"passerelle/{MALI}/public/1"), 404),
            case("signed by nobody known", 3, body(3, 5, key="mali/log/1"), 403),
            case("old is not the last", 4, body(3, 5), 409, "4\n"),
            case("nothing was cosigned yet", None, body(3, 5), 409, "0\n"),
            case("one size, two roots", 5, body(5, 5, root=other), 422),
            case("a proof that fails", 3, body(3, 5, proof=spoilt), 422),
            case("no proof", 3, body(3, 5, proof=[]), 422),
            case("a proof from nothing", None, body(0, 5, proof=[other]), 422),
            case("size 0 with another root", None, body(0, 0, root=other), 422),
        ],
    }


def _seen(size: int | None) -> Tree | None:
    return None if size is None else {"size": size, "root": root(0, size).hex()}


_HOUSES: Final = ("north", "south", "east", "west")


def _vkey(name: str, kind: int, public: bytes) -> str:
    identifier = sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
    return f"{name}+{identifier.hex()}+{b64encode(bytes([kind]) + public).decode()}"


def policy_text() -> str:
    """Three of four houses, one of them the university."""
    origin = f"passerelle/{TOGO}/public/1"
    lines = [f"log {_vkey(origin, 1, Key(LOG).public)}"]
    lines += [
        f"witness {house} {_vkey(f'{house}.example/witness', 4, Key(f'witness/{house}').public)}"
        for house in _HOUSES
    ]
    lines += ["group houses 3 north south east west", "quorum houses"]
    return "".join(f"{item}\n" for item in lines)


def make_policies() -> Tree:
    """Who has to have signed, and checkpoints that some have signed."""
    good = policy_text()
    return {
        "chapter": "16",
        "about": "policy: who has to have signed. cases: time is the time of the checkpoint under that policy, or under the policy "
        "of the case (T-9), null where it is not satisfied or gives none; code where the checkpoint is refused. malformed: refused "
        "with policy.malformed.",
        "made_by": SELF,
        "confirmed_by": [],
        "policy": good,
        "cases": _policy_cases(good),
        "malformed": [
            {"name": name, "rule": "T-7", "code": "policy.malformed", "policy": text}
            for name, text in _wrong_policies(good).items()
        ],
    }


def _policy_cases(good: str) -> list[Tree]:
    origin = f"passerelle/{TOGO}/public/1"
    text = text_of(origin, 5, root(0, 5))

    def signed(*times: tuple[str, int], log: str = LOG) -> str:
        lines = (
            cosign(text, f"{house}.example/witness", seed(f"witness/{house}"), time) for house, time in times
        )
        return note(origin, 5, root(0, 5), log) + "".join(lines)

    def case(name: str, rule: str, time: int | None, *times: tuple[str, int], **more: Any) -> Tree:
        return {"name": name, "rule": rule, "code": None, "note": signed(*times), "time": time} | more

    three = (("north", 100), ("east", 300), ("south", 200))
    failing = signed(*three) + cosign("another text\n", "west.example/witness", seed("witness/west"), 400)
    loose = (
        good.replace(" ", " \t  ")
        .replace("witness ", "\t witness ")
        .replace("quorum", "\n \t\n  # who\nquorum")
    )
    no_log = "".join(line for line in good.splitlines(keepends=True) if not line.startswith("log"))
    nobody = no_log.replace("quorum houses", "quorum none")
    nested = good.replace(
        "group houses 3 north south east west", "group old 2 north south\ngroup houses all old east"
    )
    return [
        case("nobody", "T-9", None),
        case("two of four", "T-9", None, ("north", 100), ("south", 200)),
        case("three of four: the latest of the three earliest", "T-9", 300, *three),
        case("all four: one with a late clock changes nothing", "T-9", 300, *_four(900)),
        case("all four: one with an early clock changes nothing", "T-9", 300, *_four(1)),
        case("one house twice", "T-8", None, ("north", 100), ("north", 110), ("south", 200)),
        case("a stranger", "T-9", None, ("north", 100), ("south", 200), ("centre", 300)),
        case("a line of a fourth that fails", "T-9", None, code="cosignature.invalid", note=failing),
        case("signed by another log", "T-9", None, code="note.unsigned", note=signed(*three, log="mali/log/1")),
        case("signed by another log, and the policy names none", "T-9", 300, policy=no_log, note=signed(*three, log="mali/log/1")),
        case("no quorum is asked for", "T-9", None, *three, policy=nobody),
        case("one house is the quorum", "T-9", 200, *three, policy=good.replace("quorum houses", "quorum south")),
        case("a group in a group", "T-9", 300, *three, policy=nested),
        case("other spaces, tabs, and a comment set in", "T-9", 300, *three, policy=loose),
        case("an address behind a key", "T-9", 300, *three, policy=good.replace("\nwitness south", " https://north.example/\nwitness south")),
    ]  # fmt: skip


def _wrong_policies(good: str) -> dict[str, str]:
    north = _vkey("north.example/witness", 4, Key("witness/north").public)
    again = _vkey("again.example/witness", 4, Key("witness/north").public)
    log = good.splitlines()[0]
    return {
        "no quorum": good.replace("quorum houses\n", ""),
        "two quorums": good + "quorum north\n",
        "a member that is not defined": good.replace("south east", "centre east"),
        "a name used twice": good.replace("witness south", "witness north"),
        "an unknown line": good + "weight north 2\n",
        "more than there are": good.replace("houses 3", "houses 5"),
        "a key id of another key": good.replace("example/witness+", "example/witness+0", 1),
        "a group without members": good.replace("houses 3 north south east west", "houses all"),
        "none of a group": good.replace("houses 3", "houses 0"),
        "a number with a zero before it": good.replace("houses 3", "houses 03"),
        "a member twice in a group": good.replace("north south", "north north"),
        "a member of two groups": good.replace("quorum", "group two any north\nquorum"),
        "a group named before it is defined": "".join(sorted(good.splitlines(keepends=True))),
        "a group by the name none": good.replace("houses", "none"),
        "none as a member": good.replace("north south", "none south"),
        "a witness under two names": good.replace("group", f"witness again {north}\ngroup"),
        "a key of a witness under two names of keys": good.replace("group", f"witness again {again}\ngroup"),
        "a log twice": f"{log}\n{good}",
        "a log key as a witness": good.replace("group", f"witness log {log.split(' ')[1]}\ngroup"),
        "two quorums on one line": good.replace("quorum houses", "quorum houses north"),
        "carriage returns": good.replace("\n", "\r\n"),
        "no line feed at the end": good[:-1],
        "nothing": "",
    }


def _four(west: int) -> Iterator[tuple[str, int]]:
    yield from (
        ("north", 100 if west > 300 else 200),
        ("south", 200 if west > 300 else 300),
        ("east", 300),
        ("west", west),
    )


# --- worked examples ---------------------------------------------------------------------
