"""Origins, leaves, trees, tiles, paths, checkpoints, commitments (chapters 05 to 07)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from makers.common import SELF, Tree, canonical, seed
from makers.signed_records import Actors, header, record_id, sign

EXAMPLE_ORIGIN: Final = "vol.example/agency-a/public"
EXAMPLE_WITNESS: Final = "vol.example/agency-b/w1"
EXAMPLE_TIME: Final = 1_700_000_000
DASH: Final = "\N{EM DASH}"


# --- origins and leaves ------------------------------------------------------------------


def make_origins() -> Tree:
    """Names of feeds."""
    actors = Actors()
    togo, mali = actors.scids["togo"], actors.scids["mali"]
    valid = [
        {
            "origin": f"passerelle/{togo}/public/1",
            "author": togo,
            "partner": None,
            "number": 1,
            "path": "feeds/public/1",
            "received": f"received/{togo}/public/1",
        },
        {
            "origin": f"passerelle/{togo}/to/{mali}/12",
            "author": togo,
            "partner": mali,
            "number": 12,
            "path": f"feeds/to/{mali}/12",
            "received": f"received/{togo}/to/12",
        },
        {
            "origin": f"passerelle/{mali}/public/9007199254740991",
            "author": mali,
            "partner": None,
            "number": 9007199254740991,
            "path": "feeds/public/9007199254740991",
            "received": f"received/{mali}/public/9007199254740991",
        },
    ]
    invalid = [
        "",
        "passerelle",
        f"passerelle/{togo}/public",
        f"passerelle/{togo}/public/0",
        f"passerelle/{togo}/public/01",
        f"passerelle/{togo}/public/+1",
        f"passerelle/{togo}/public/1/",
        f"/passerelle/{togo}/public/1",
        f"Passerelle/{togo}/public/1",
        f"passerelle/{togo}/private/1",
        f"passerelle/{togo}/to/1",
        f"passerelle/{togo}/to/{togo}/1",
        f"passerelle/{togo[:-1]}/public/1",
        f"passerelle/{togo[:-1]}0/public/1",
        f"passerelle/{togo}/public/9007199254740992",
        f"passerelle/{togo}/public/1\n",
        f"passerelle/{togo}/public/\u0661",
        f"passerelle/../{togo}/public/1",
    ]
    return {
        "chapter": "05",
        "about": "valid: the parts of an origin. invalid: refused with origin.malformed (L-1).",
        "made_by": SELF,
        "confirmed_by": [],
        "valid": valid,
        "invalid": invalid,
    }


def make_leaves() -> Tree:
    """Leaves of every kind, and the same with faults."""
    actors = Actors()
    public = f"passerelle/{actors.scids['togo']}/public/"
    pair = f"passerelle/{actors.scids['togo']}/to/{actors.scids['mali']}/"
    digest = seed("leaf").hex()
    record = {"commitment": digest, "id": record_id("offer"), "kind": "record", "type": "offer", "version": 1}
    sealed = {"commitment": digest, "kind": "sealed"}
    erased = {"index": 3, "kind": "erased", "reason": "consent-withdrawn"}
    closed = {"kind": "closed"}
    opened = {"kind": "opened", "previous": {"number": 1, "root": digest, "size": 118}}
    anchor = {"epoch": "2026-11-21", "kind": "anchor", "root": digest}
    unknown = {"anything": [1, {"a": None}], "kind": "tally"}

    def good(origin: str, leaf: Tree) -> Tree:
        data = canonical(leaf)
        return {
            "origin": origin,
            "kind": leaf["kind"],
            "leaf": data.decode(),
            "leaf_hash": sha256(b"\0" + data).hexdigest(),
        }

    def bad(name: str, rule: str, code: str, origin: str, leaf: Tree | str) -> Tree:
        text = leaf if isinstance(leaf, str) else canonical(leaf).decode()
        return {"name": name, "rule": rule, "code": code, "origin": origin, "leaf": text}

    valid = [
        good(public + "1", record),
        good(pair + "1", sealed),
        *(good(origin + "1", leaf) for leaf in (erased, closed, unknown) for origin in (public, pair)),
        good(public + "2", opened),
        good(pair + "2", opened),
        good(public + "1", anchor),
    ]
    malformed: dict[str, tuple[str, Tree | str]] = {
        "a commitment in capitals": (pair, {**sealed, "commitment": digest.upper()}),
        "a short commitment": (pair, {**sealed, "commitment": digest[2:]}),
        "no commitment": (pair, {"kind": "sealed"}),
        "a name beside the commitment": (pair, {**sealed, "to": "Awa"}),
        "a version as a string": (public, {**record, "version": "1"}),
        "version 0": (public, {**record, "version": 0}),
        "no type": (public, {name: value for name, value in record.items() if name != "type"}),
        "a negative index": (pair, {**erased, "index": -1}),
        "a reason in words": (pair, {**erased, "reason": "Asked for by A. K."}),
        "closed with a date": (pair, {**closed, "on": "2026-12-31"}),
        "opened without previous": (pair, {"kind": "opened"}),
        "an epoch that is no day": (public, {**anchor, "epoch": "2026-11-31"}),
        "an epoch in another form": (public, {**anchor, "epoch": "20261121"}),
        "no kind": (public, {"commitment": digest}),
        "a kind that is no string": (public, {"kind": 1}),
        "a list": (public, "[]"),
    }
    rules = {"a commitment in capitals": "J-17", "a name beside the commitment": "L-25"}
    invalid = [
        *(
            bad(name, rules.get(name, "L-20"), "leaf.malformed", origin + "1", leaf)
            for name, (origin, leaf) in malformed.items()
        ),
        bad("a record in a bilateral feed", "L-21", "leaf.misplaced", pair + "1", record),
        bad("a sealed leaf in a public feed", "L-21", "leaf.misplaced", public + "1", sealed),
        bad("an anchor in a bilateral feed", "L-21", "leaf.misplaced", pair + "1", anchor),
        bad("opened after another number", "L-28", "leaf.misplaced", pair + "3", opened),
        bad("opened in feed 1", "L-28", "leaf.misplaced", pair + "1", opened),
        bad("white space", "L-19", "json.not-canonical", pair + "1", '{"kind": "closed"}'),
        bad(
            "members out of order",
            "L-19",
            "json.not-canonical",
            pair + "1",
            f'{{"kind":"sealed","commitment":"{digest}"}}',
        ),
        bad(
            "a member twice", "L-19", "json.duplicate-member", pair + "1", '{"kind":"closed","kind":"closed"}'
        ),
        bad("4,097 bytes", "L-19", "leaf.too-large", pair + "1", {"fill": "x" * 4_074, "kind": "tally"}),
    ]
    return {
        "chapter": "05",
        "about": "valid: leaf in the feed origin is of kind; tally is a kind that nobody knows and is kept. invalid: refused "
        "with code.",
        "made_by": SELF,
        "confirmed_by": ["node:crypto (leaf_hash)"],
        "valid": valid,
        "invalid": invalid,
    }


# --- trees -------------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162 section 2.1.1."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 section 2.1.1."""
    return sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two less than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of leaf hashes, by the recursive definition."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162 section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), tree_hash(leaves[:k])]


def consistency(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162 section 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*consistency(old, leaves[:k], whole=whole), tree_hash(leaves[k:])]
    return [*consistency(old - k, leaves[k:], whole=False), tree_hash(leaves[:k])]


def entry(index: int) -> bytes:
    """Leaf ``index`` of the worked example."""
    return f"entry {index}\n".encode()


def make_trees() -> Tree:
    """Roots of all sizes to 300, proofs of some."""
    leaves = [leaf_hash(entry(index)) for index in range(600)]
    points = [
        (1, 0),
        (2, 0),
        (2, 1),
        (3, 2),
        (5, 2),
        (7, 0),
        (7, 6),
        (8, 3),
        (13, 12),
        (100, 64),
        (255, 254),
        (256, 0),
        (257, 256),
        (300, 17),
        (600, 0),
        (600, 255),
        (600, 512),
        (600, 599),
    ]
    pairs = [
        (0, 0),
        (0, 5),
        (1, 1),
        (1, 2),
        (1, 600),
        (2, 3),
        (3, 5),
        (4, 8),
        (6, 8),
        (7, 13),
        (255, 256),
        (256, 257),
        (256, 512),
        (300, 600),
        (511, 600),
        (599, 600),
        (600, 600),
    ]
    sizes = [*range(301), 511, 512, 599, 600]
    return {
        "chapter": "05",
        "about": "Leaf i is the ASCII text `entry i` and a line feed. roots: root hash by size. inclusion and consistency: "
        "proofs that hold.",
        "made_by": SELF,
        "confirmed_by": [
            "golang.org/x/mod/sumdb/tlog, transparency-dev/merkle and two others (roots of 1, 2, 3, 5, 256, 257, 600)",
            "node:crypto (all roots)",
        ],
        "roots": {str(size): tree_hash(leaves[:size]).hex() for size in sizes},
        "inclusion": [
            {"size": size, "index": index, "proof": [h.hex() for h in inclusion(index, leaves[:size])]}
            for size, index in points
        ],
        "consistency": [
            {
                "old": old,
                "new": new,
                "proof": [h.hex() for h in consistency(old, leaves[:new])] if old else [],
            }
            for old, new in pairs
        ],
    }


# --- files -------------------------------------------------------------------------------


def groups(number: int) -> str:
    """A number in a path."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join(["x" + part for part in parts[:-1]] + parts[-1:])


def files(size: int) -> dict[str, bytes]:
    """Tiles and entry bundles of the worked example."""
    found: dict[str, bytes] = {}
    items = [leaf_hash(entry(index)) for index in range(size)]
    level = 0
    while items:
        for at in range(0, len(items), 256):
            width = min(256, len(items) - at)
            part = f"{groups(at // 256)}{'' if width == 256 else f'.p/{width}'}"
            found[f"tile/{level}/{part}"] = b"".join(items[at : at + width])
            if level == 0:
                bodies = [entry(index) for index in range(at, at + width)]
                found[f"tile/entries/{part}"] = b"".join(len(b).to_bytes(2, "big") + b for b in bodies)
        items = [tree_hash(items[at : at + 256]) for at in range(0, len(items) - 255, 256)]
        level += 1
    return found


def make_tiles() -> Tree:
    """Files of trees of the worked example."""
    five = files(5)["tile/entries/000.p/5"]
    objects = [b"first", b"", b"\xff" * 3]
    return {
        "chapter": "05",
        "about": "Leaf i is the ASCII text `entry i` and a line feed. trees: path, length and SHA-256 of every tile and entry "
        "bundle by size. bundle, objects: the bytes of one file; null is a leaf without object. malformed: refused with "
        "tile.malformed as a file of width.",
        "made_by": SELF,
        "confirmed_by": ["golang.org/x/mod/sumdb/tlog and tessera (lengths of size 600, bundle of 0 to 4)"],
        "trees": {
            str(size): {
                path: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
                for path, data in files(size).items()
            }
            for size in (0, 1, 5, 255, 256, 257, 600)
        },
        "bundle": {"width": 5, "file": five.hex(), "entries": [entry(index).hex() for index in range(5)]},
        "objects": {
            "width": 3,
            "file": b"".join(len(o).to_bytes(4, "big") + o for o in objects).hex(),
            "objects": [o.hex() or None for o in objects],
        },
        "malformed": [
            {"name": "one entry less", "width": 6, "file": five.hex()},
            {"name": "one entry more", "width": 4, "file": five.hex()},
            {"name": "cut in an entry", "width": 5, "file": five[:-1].hex()},
            {"name": "cut in a length", "width": 6, "file": (five + b"\0").hex()},
            {"name": "a length beyond the end", "width": 1, "file": "ffff00"},
            {"name": "empty", "width": 1, "file": ""},
        ],
    }


def make_paths() -> Tree:
    """Paths of tiles, bundles, objects, checkpoints."""
    numbers = [0, 1, 67, 255, 999, 1000, 1001, 70_000, 999_999, 1_000_000, 1_234_067]
    return {
        "chapter": "07",
        "about": "groups: a number in a path. parsed: what a path names. invalid: refused with tile.path (P-1).",
        "made_by": SELF,
        "confirmed_by": ["C2SP tlog-tiles (1234067)"],
        "groups": {str(number): groups(number) for number in numbers},
        "parsed": [
            {"path": "tile/0/000", "kind": "hashes", "level": 0, "index": 0, "width": 256},
            {
                "path": "tile/1/x001/x234/067.p/8",
                "kind": "hashes",
                "level": 1,
                "index": 1_234_067,
                "width": 8,
            },
            {"path": "tile/entries/002.p/88", "kind": "entries", "level": 0, "index": 2, "width": 88},
            {"path": "objects/x001/000", "kind": "objects", "level": 0, "index": 1000, "width": 256},
            {
                "path": "tile/entries/x035/x184/x372/x088/831",
                "kind": "entries",
                "level": 0,
                "index": 35_184_372_088_831,
                "width": 256,
            },
        ],
        "invalid": [
            "",
            "tile",
            "tile/0",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/1000",
            "tile/0/x000/001",
            "tile/0/001/234",
            "tile/0/x001/x234",
            "tile/0/X001/234",
            "tile/00/000",
            "tile/-1/000",
            "tile/64/000",
            "tile/7/000",
            "tile/entries/x035/x184/x372/x088/832",
            "tile/6/001",
            "checkpoints/x009/x007/x199/x254/x740/992",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/08",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000/p/8",
            "tile/data/000",
            "tile/8/0/000",
            "/tile/0/000",
            "tile/0/000/",
            "tile//0/000",
            "tile/0/../0/000",
            "tile/0/000%2Ep/8",
            "tile/0/000?",
            "tile/0/000?x=1",
            "tile/0/000#x",
            "objects/0/000",
            "tile/0/\u0660\u0660\u0660",
        ],
    }


# --- notes -------------------------------------------------------------------------------


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The first four bytes that name a key in a note."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def line(name: str, kind: int, secret: bytes, message: bytes, prefix: bytes = b"") -> str:
    """One signature line."""
    private = Ed25519PrivateKey.from_private_bytes(secret)
    identifier = key_id(name, kind, private.public_key().public_bytes_raw())
    return f"{DASH} {name} {b64encode(identifier + prefix + private.sign(message)).decode()}\n"


def text_of(origin: str, size: int, root: bytes) -> str:
    """The three lines that are signed."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def cosign(text: str, name: str, secret: bytes, time: int) -> str:
    """A line of cosignature/v1."""
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    return line(name, 4, secret, message, time.to_bytes(8, "big"))


def public_of(secret: bytes) -> str:
    """Public key of a seed, hex."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()


def make_checkpoints() -> Tree:
    """Checkpoints, notes and cosignatures."""
    log, witness = bytes(range(32)), bytes(range(32, 64))
    root = tree_hash([leaf_hash(entry(index)) for index in range(600)])
    text = text_of(EXAMPLE_ORIGIN, 600, root)
    signed = text + "\n" + line(EXAMPLE_ORIGIN, 1, log, text.encode())
    example = signed + cosign(text, EXAMPLE_WITNESS, witness, EXAMPLE_TIME)

    actors = Actors()
    togo, mali = actors.scids["togo"], actors.scids["mali"]
    origin = f"passerelle/{togo}/to/{mali}/1"
    own, theirs, next_log = seed("togo/log/1"), seed("mali/witness/1"), seed("togo/log/2")
    receipt_name = f"passerelle/{mali}/witness"
    pair = text_of(origin, 118, seed("root"))
    empty = text_of(origin, 0, sha256(b"").digest())
    by_log = line(origin, 1, own, pair.encode())
    note = pair + "\n" + by_log
    receipt = cosign(pair, receipt_name, theirs, 1_795_255_200)
    other = line(EXAMPLE_ORIGIN, 1, log, pair.encode())

    def resigned(changed: str) -> str:
        return changed + "\n" + line(origin, 1, own, changed.encode())

    def refused(name: str, rule: str, code: str, data: str) -> Tree:
        return {"name": name, "rule": rule, "code": code, "note": data}

    raw = by_log.rstrip("\n").rsplit(" ", 1)[1]
    return {
        "chapter": "05, 09",
        "about": "example: the worked example; its keys are the seeds 00..1f and 20..3f. valid and invalid are read as a "
        "checkpoint of origin with the keys of log_keys, invalid refused with code. cosignatures: time of the latest line of "
        "the witness with witness_keys, or code.",
        "made_by": SELF,
        "confirmed_by": [
            "golang.org/x/mod/sumdb/note, torchwood, tessera and sigsum tools (example)",
            "node:crypto (signatures of valid, cosignatures)",
        ],
        "example": {
            "origin": EXAMPLE_ORIGIN,
            "size": 600,
            "root": root.hex(),
            "note": example,
            "log_seed": log.hex(),
            "log_public": public_of(log),
            "log_vkey": f"{EXAMPLE_ORIGIN}+93c19002+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
            "witness": EXAMPLE_WITNESS,
            "witness_seed": witness.hex(),
            "witness_public": public_of(witness),
            "witness_vkey": f"{EXAMPLE_WITNESS}+1d432d4a+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X",
            "time": EXAMPLE_TIME,
        },
        "origin": origin,
        "log_keys": [public_of(own), public_of(next_log)],
        "valid": [
            {"name": "one signature", "size": 118, "root": seed("root").hex(), "note": note},
            {"name": "size 0", "size": 0, "root": sha256(b"").hexdigest(), "note": resigned(empty)},
            {"name": "with a cosignature", "size": 118, "root": seed("root").hex(), "note": note + receipt},
            {
                "name": "with a line of an unknown key",
                "size": 118,
                "root": seed("root").hex(),
                "note": pair + "\n" + other + by_log,
            },
            {
                "name": "with key names that are strange and allowed",
                "size": 118,
                "root": seed("root").hex(),
                "note": note
                + "".join(line(f"a{char}b", 1, log, pair.encode()) for char in "\x7f\u200b\u0080"),
            },
            {
                "name": "by the second log key",
                "size": 118,
                "root": seed("root").hex(),
                "note": pair + "\n" + line(origin, 1, next_log, pair.encode()),
            },
            {
                "name": "by both log keys",
                "size": 118,
                "root": seed("root").hex(),
                "note": note + line(origin, 1, next_log, pair.encode()),
            },
        ],
        "invalid": [
            refused("nobody known has signed", "L-8", "note.unsigned", pair + "\n" + other),
            refused(
                "a known key's signature of another text",
                "L-7",
                "note.signature",
                pair + "\n" + line(origin, 1, own, b"x"),
            ),
            refused(
                "one good signature and one bad of known keys",
                "L-7",
                "note.signature",
                note + line(origin, 1, next_log, b"x"),
            ),
            refused("the size changed", "L-7", "note.signature", note.replace("\n118\n", "\n119\n")),
            refused(
                "the checkpoint of another feed",
                "L-14",
                "checkpoint.origin",
                resigned(pair.replace("/1\n", "/2\n", 1)),
            ),
            refused("a fourth line", "L-10", "checkpoint.malformed", resigned(pair + "extension\n")),
            refused(
                "a size with a zero before it",
                "L-11",
                "checkpoint.malformed",
                resigned(pair.replace("\n118\n", "\n0118\n")),
            ),
            refused(
                "a size with a sign",
                "L-11",
                "checkpoint.malformed",
                resigned(pair.replace("\n118\n", "\n+118\n")),
            ),
            refused(
                "a size beyond 2^53 - 1",
                "L-11",
                "checkpoint.malformed",
                resigned(pair.replace("\n118\n", "\n9007199254740992\n")),
            ),
            refused(
                "a root of 31 bytes",
                "L-10",
                "checkpoint.malformed",
                resigned(text_of(origin, 118, seed("root")[:31])),
            ),
            refused(
                "a root in base64url",
                "L-10",
                "checkpoint.malformed",
                resigned(f"{origin}\n118\n{'_' * 42}8=\n"),
            ),
            refused(
                "size 0 with another root",
                "L-12",
                "checkpoint.empty-root",
                resigned(text_of(origin, 0, seed("root"))),
            ),
            refused("no signature line", "L-5", "note.malformed", pair),
            refused(
                "a key name with U+0001",
                "L-5",
                "note.malformed",
                note + line("a\u0001b", 1, log, pair.encode()),
            ),
            refused(
                "a key name with U+3000",
                "L-5",
                "note.malformed",
                note + line("a\u3000b", 1, log, pair.encode()),
            ),
            refused("65 lines, one of them none", "L-5", "note.too-large", note + other * 63 + "x\n"),
            refused("no empty line", "L-5", "note.malformed", pair + by_log),
            refused("no line feed at the end", "L-5", "note.malformed", note[:-1]),
            refused("a carriage return", "L-5", "note.malformed", note.replace("\n", "\r\n")),
            refused("a hyphen in place of the dash", "L-5", "note.malformed", note.replace(DASH, "-")),
            refused("base64 without padding", "L-5", "note.malformed", note.replace(raw, raw.rstrip("="))),
            refused(
                "base64 with bits left over", "L-5", "note.malformed", note.replace(raw, _stray_bits(raw))
            ),
        ],
        "cosignatures": [
            {
                "name": "one line",
                "witness": receipt_name,
                "witness_keys": [public_of(theirs)],
                "time": 1_795_255_200,
                "code": None,
                "note": note + receipt,
            },
            {
                "name": "two lines, the later counts",
                "witness": receipt_name,
                "witness_keys": [public_of(theirs)],
                "time": 1_795_255_900,
                "code": None,
                "note": note + cosign(pair, receipt_name, theirs, 1_795_255_900) + receipt,
            },
            {
                "name": "none",
                "witness": receipt_name,
                "witness_keys": [public_of(theirs)],
                "time": None,
                "code": "cosignature.missing",
                "note": note,
            },
            {
                "name": "by another key",
                "witness": receipt_name,
                "witness_keys": [public_of(own)],
                "time": None,
                "code": "cosignature.missing",
                "note": note + receipt,
            },
            {
                "name": "of another text",
                "witness": receipt_name,
                "witness_keys": [public_of(theirs)],
                "time": None,
                "code": "cosignature.invalid",
                "note": note + cosign(empty, receipt_name, theirs, 1_795_255_200),
            },
            {
                "name": "a signature of type 0x01 in its place",
                "witness": receipt_name,
                "witness_keys": [public_of(theirs)],
                "time": None,
                "code": "cosignature.missing",
                "note": note + line(receipt_name, 1, theirs, pair.encode()),
            },
        ],
    }


def _stray_bits(encoded: str) -> str:
    """The same bytes by a decoder that forgives: the unused bits of the last digit set."""
    body = encoded.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + "=" * (len(encoded) - len(body))


# --- commitments -------------------------------------------------------------------------


def make_commitments() -> Tree:
    """Commitments and public objects."""
    actors = Actors()
    cases = []
    for name, salt in (("offer", seed("salt")), ("zero salt", bytes(32))):
        record = canonical(sign(header(actors, "offer")))
        cases.append(
            {
                "name": name,
                "salt": salt.hex(),
                "record": record.decode(),
                "commitment": sha256(b"passerelle/commitment/v1\0" + salt + record).hexdigest(),
                "object_sha256": sha256(salt + record).hexdigest(),
            }
        )
    return {
        "chapter": "06",
        "about": "The commitment of a record under a salt, and SHA-256 of its public object.",
        "made_by": SELF,
        "confirmed_by": ["node:crypto"],
        "cases": cases,
    }
