"""spec/07: every path of the table, its type, its caching, its parts and its codings."""

from __future__ import annotations

import gzip
import json
import re
from hashlib import sha256

import pytest
import zstandard
from sqlalchemy import delete

from passerelle.protocol.checkpoints import verify_checkpoint
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, parse_leaf
from passerelle.protocol.objects import parse_public
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record
from passerelle.protocol.tiles import parse_entry_bundle, parse_objects, parse_tile
from passerelle.storage import feeds
from passerelle.storage.tables import checkpoint
from tests.unit.federation.conftest import Network
from tests.unit.federation.world import Here, Reply, ask, ask_signed, signed

pytestmark = pytest.mark.asyncio(loop_scope="package")

IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=5"
PRIVATE = "private, no-store"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"

PUBLIC = [
    ("/.well-known/did.jsonl", "text/jsonl", SHORT),
    ("/.well-known/passerelle", "application/json", SHORT),
    ("/feeds/public/latest", TEXT, SHORT),
    ("/feeds/public/1/checkpoint", TEXT, SHORT),
    ("/feeds/public/1/checkpoints/302", TEXT, IMMUTABLE),
    ("/feeds/public/1/tile/0/000", BYTES, IMMUTABLE),
    ("/feeds/public/1/tile/0/001.p/46", BYTES, IMMUTABLE),
    ("/feeds/public/1/tile/1/000.p/1", BYTES, IMMUTABLE),
    ("/feeds/public/1/tile/entries/000", BYTES, IMMUTABLE),
    ("/feeds/public/1/tile/entries/000.p/255", BYTES, IMMUTABLE),
    ("/feeds/public/1/tile/entries/001.p/46", BYTES, IMMUTABLE),
    ("/feeds/public/1/objects/000", BYTES, "no-cache"),
    ("/feeds/public/1/objects/001.p/1", BYTES, "no-cache"),
    ("/mirrors/{togo}/did.jsonl", "text/jsonl", SHORT),
]
BILATERAL = [
    ("/feeds/to/{mali}/latest", TEXT),
    ("/feeds/to/{mali}/1/checkpoint", TEXT),
    ("/feeds/to/{mali}/1/checkpoints/003", TEXT),
    ("/feeds/to/{mali}/1/tile/0/000.p/3", BYTES),
    ("/feeds/to/{mali}/1/tile/entries/000.p/2", BYTES),
    ("/feeds/to/{mali}/1/objects/000.p/3", BYTES),
]
RECEIVED = [
    ("/received/{togo}/public/1/checkpoint", TEXT),
    ("/received/{togo}/public/1/receipt", TEXT),
    ("/received/{togo}/public/1/tile/entries/001.p/46", BYTES),
    ("/received/{togo}/to/1/checkpoint", TEXT),
    ("/received/{togo}/to/1/receipt", TEXT),
    ("/received/{togo}/to/1/tile/entries/000.p/3", BYTES),
]
RANGED = [
    "/feeds/public/1/tile/0/000",
    "/feeds/public/1/tile/entries/000",
    "/feeds/public/1/objects/000",
    "/feeds/public/1/objects/001.p/46",
]


def is_strong(etag: str) -> bool:
    return re.fullmatch('"[!#-~]+"', etag) is not None


# --- the table -----------------------------------------------------------------------------


@pytest.mark.parametrize(("template", "kind", "caching"), PUBLIC)
async def test_public_paths_are_for_all(net: Network, template: str, kind: str, caching: str) -> None:
    """spec/07 table of paths, P-2, P-3, P-5: type, caching and a strong validator, without a signature."""
    reply = await ask(net.togo, net.path(template))
    assert reply.status == 200
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == (kind, caching)
    assert is_strong(reply.headers["etag"])
    assert "accept-encoding" in reply.headers["vary"].lower()


@pytest.mark.parametrize(("template", "kind"), BILATERAL)
async def test_bilateral_paths_are_for_the_partner(net: Network, template: str, kind: str) -> None:
    """P-4: what is between two is private and never stored, and only the partner is answered."""
    path = net.path(template)
    reply = await ask_signed(net.mali, net.togo, path)
    assert (reply.status, reply.headers["content-type"], reply.headers["cache-control"]) == (
        200,
        kind,
        PRIVATE,
    )
    assert (await ask_signed(net.france, net.togo, path)).status == 404
    assert (await ask(net.togo, path)).status == 404


@pytest.mark.parametrize(("template", "kind"), RECEIVED)
async def test_received_paths_are_for_the_author(net: Network, template: str, kind: str) -> None:
    """P-14: what a node holds of a feed is for its author, and never stored on the way."""
    path = net.path(template)
    reply = await ask_signed(net.togo, net.mali, path)
    assert (reply.status, reply.headers["content-type"], reply.headers["cache-control"]) == (
        200,
        kind,
        PRIVATE,
    )
    assert (await ask(net.mali, path)).status == 404
    assert (await ask_signed(net.france, net.mali, path)).status == 404


@pytest.mark.parametrize("kind", ["public", "to"])
async def test_objects_are_not_given_back(net: Network, kind: str) -> None:
    """spec/07 status: objects under /received come later, and until then do not exist."""
    path = f"/received/{net.togo.scid}/{kind}/1/objects/000.p/3"
    assert (await ask_signed(net.togo, net.mali, path)).status == 404


async def test_what_was_received_is_what_was_sent(net: Network) -> None:
    """P-13: the author gets back its own checkpoint, and with the receipt its line and the reader's."""
    sent = await ask_signed(net.mali, net.togo, net.path("/feeds/to/{mali}/1/checkpoint"))
    kept = await ask_signed(net.togo, net.mali, net.path("/received/{togo}/to/1/checkpoint"))
    receipt = await ask_signed(net.togo, net.mali, net.path("/received/{togo}/to/1/receipt"))
    assert kept.body == sent.body
    assert receipt.body.startswith(sent.body)
    assert [line.split()[1] for line in receipt.body.decode().splitlines() if line.startswith("—")] == [
        f"passerelle/{net.togo.scid}/to/{net.mali.scid}/1",
        f"passerelle/{net.mali.scid}/witness",
    ]
    leaves = net.path("/tile/entries/000.p/3")
    theirs = await ask_signed(net.mali, net.togo, net.path("/feeds/to/{mali}/1") + leaves)
    ours = await ask_signed(net.togo, net.mali, net.path("/received/{togo}/to/1") + leaves)
    assert ours.body == theirs.body


async def test_no_more_is_named_than_is_held(net: Network) -> None:
    """P-13, F-37: the checkpoint of a pull still under way is not shown before its leaves are there."""
    path = net.path("/received/{togo}/public/1/checkpoint")
    before = await ask_signed(net.togo, net.mali, path)
    async with net.mali.node.database.writing() as connection:
        held = await feeds.get(connection, Origin(net.togo.scid, None, 1))
        assert held is not None
        ahead = feeds.SignedHead(held.size + 5, bytes(32), b"one that proves more than is here")
        await feeds.put_checkpoint(connection, held.id, ahead, 1)
    try:
        assert (await ask_signed(net.togo, net.mali, path)).body == before.body
    finally:
        async with net.mali.node.database.writing() as connection:
            await connection.execute(delete(checkpoint).where(checkpoint.c.size == ahead.size))


async def test_the_files_of_a_feed_fit_together(net: Network) -> None:
    """spec/05 to 07: checkpoint, tiles, entries and objects of a public feed tell one story."""
    origin = Origin(net.togo.scid, None, 1)
    bodies = {}
    for tail in ("checkpoint", "tile/0/001.p/46", "tile/entries/001.p/46", "objects/001.p/46"):
        bodies[tail] = (await ask(net.togo, f"/{origin.path}/{tail}")).body
    keys = net.togo.node.directory.own.newest.log_keys
    assert verify_checkpoint(bodies["checkpoint"], origin.encode(), keys).tree_size == 302
    hashes = parse_tile(bodies["tile/0/001.p/46"], 46)
    entries = parse_entry_bundle(bodies["tile/entries/001.p/46"], 46)
    assert [sha256(b"\0" + entry).digest() for entry in entries] == list(hashes)
    for entry, item in zip(entries, parse_objects(bodies["objects/001.p/46"], 46), strict=True):
        assert item is not None
        leaf, record = parse_leaf(entry, origin), Record.parse(parse_public(item)[1])
        assert isinstance(leaf, PublicRecordLeaf)
        assert (leaf.id, leaf.type, leaf.version) == (record.id, "offer", 1)


async def test_well_known_documents_are_the_node_s_own(net: Network) -> None:
    """I-5, spec/07 table: the identity log resolves to the node, here and at a partner's; the descriptor is its newest node record."""
    log = (await ask(net.togo, "/.well-known/did.jsonl")).body
    descriptor = Record.parse((await ask(net.togo, "/.well-known/passerelle")).body)
    assert parse_identity(log, now=None).scid == net.togo.scid == descriptor.issuer_scid
    assert (descriptor.type, descriptor.audience) == ("node", "public")
    mirrored = await ask_signed(net.togo, net.mali, net.path("/mirrors/{togo}/did.jsonl"))
    assert mirrored.body == log


async def test_a_sealed_feed_shows_no_more_than_commitments(net: Network) -> None:
    """spec/05: the leaves of a bilateral feed say nothing but a commitment, even to the partner."""
    origin = Origin(net.togo.scid, net.mali.scid, 1)
    reply = await ask_signed(net.mali, net.togo, f"/{origin.path}/tile/entries/000.p/3")
    assert all(
        isinstance(parse_leaf(entry, origin), SealedLeaf) for entry in parse_entry_bundle(reply.body, 3)
    )


# --- paths that do not exist ---------------------------------------------------------------

NOWHERE = [
    *("/", "/feeds", "/feeds/", "/feeds/public", "/feeds/public/1", "/feeds/public/1/", "/feeds/public/1/x"),
    *("/feeds/public/0/checkpoint", "/feeds/public/01/checkpoint", "/feeds/public/2/checkpoint"),
    *("/feeds/public/1/checkpoint/", "/feeds/public/1//checkpoint", "//feeds/public/1/checkpoint"),
    *("/feeds/public/1/Checkpoint", "/Feeds/public/1/checkpoint", "/feeds/public/+1/checkpoint"),
    *("/feeds/public/1/tile/0/0", "/feeds/public/1/tile/0/00", "/feeds/public/1/tile/0/0000"),
    *("/feeds/public/1/tile/0/x000/000", "/feeds/public/1/tile/00/000", "/feeds/public/1/tile/-1/000"),
    *("/feeds/public/1/tile/7/000", "/feeds/public/1/tile/0/000.p/0", "/feeds/public/1/tile/0/000.p/256"),
    *("/feeds/public/1/tile/0/000.p/01", "/feeds/public/1/tile/0/000.p/+1", "/feeds/public/1/tile/0/000.p/"),
    *("/feeds/public/1/tile/0/000.p", "/feeds/public/1/tile/0/000/", "/feeds/public/1/tile/0/000.p/1/"),
    *("/feeds/public/1/tile/0/001", "/feeds/public/1/tile/0/001.p/47", "/feeds/public/1/tile/0/002.p/1"),
    *("/feeds/public/1/tile/1/000.p/2", "/feeds/public/1/tile/1/000", "/feeds/public/1/tile/2/000.p/1"),
    *("/feeds/public/1/tile/entries/001", "/feeds/public/1/tile/entries/001.p/47"),
    *("/feeds/public/1/tile/entries/x999/x999/x999/x999/x999/999", "/feeds/public/1/tile/entries/1"),
    *("/feeds/public/1/objects/001", "/feeds/public/1/objects/001.p/47", "/feeds/public/1/objects/000.P/1"),
    *("/feeds/public/1/checkpoints/1", "/feeds/public/1/checkpoints/301", "/feeds/public/1/checkpoints/303"),
    *("/feeds/public/1/checkpoints/0302", "/feeds/public/1/checkpoints/x000/302"),
    *("/feeds/public/1/../1/checkpoint", "/feeds/./public/1/checkpoint", "/feeds/public/1/tile/../checkpoint"),
    *("/feeds/public/1/%2e%2e/1/checkpoint", "/feeds/public/1/tile%2F0%2F000", "/feeds/public/1/tile%2f0/000"),
    *("/feeds/public/1/checkpoin%74", "/feeds/public/1/tile/0/%30%30%30", "/feeds/public/%31/checkpoint"),
    *("/%66eeds/public/1/checkpoint", "/feeds/public/1/checkpoint%00", "/feeds/public/1/checkpoint%0a"),
    *("/feeds/public/latest/", "/feeds/publi%63/latest", "/.well-known/did.json", "/.well-known/passerell%65"),
    *("/mirrors/{burkina}/did.jsonl", "/mirrors/x/did.jsonl", "/mirrors/{mali}/public/1/checkpoint"),
    *("/mirrors/{mali}/../{mali}/did.jsonl", "/notices/x", "/inbox", "/received/x", "/etc/passwd"),
    *("/feeds/public/1/" + "a" * 6_000, "/feeds/public/%D9%A1/checkpoint"),
    *("/feeds/public/99999999999999999999/checkpoint", "/feeds/public/999999999/checkpoint"),
    *("/feeds/public/9999999999999999/checkpoint", "/feeds/public/9007199254740991/checkpoint"),
    *("/feeds/public/1/checkpoint?x=1", "/feeds/public/1/checkpoint?", "/feeds/public/1/tile/0/000?x=1"),
    *("/feeds/public/1/objects/000?", "/feeds/public/latest?", "/.well-known/did.jsonl?x=1"),
    *("/.well-known/passerelle?", "/mirrors/{togo}/did.jsonl?x", "/feeds/public/1/checkpoint#x"),
    *("http://elsewhere.example/feeds/public/1/checkpoint?", "/feeds/public/1/checkpoint??", "/?", "/x?"),
]  # fmt: skip


@pytest.mark.parametrize("template", NOWHERE, ids=lambda path: path[:60])
async def test_a_path_in_another_form_does_not_exist(net: Network, template: str) -> None:
    """P-1: whatever is not exactly in the form of the table is answered as a path that does not exist."""
    reply = await ask(net.togo, net.path(template))
    assert (reply.status, reply.code) == (404, "path.not-found")
    assert reply.undated == (await ask(net.togo, "/nothing/here")).undated


@pytest.mark.parametrize(
    "index", ["0000", "0", "000.p/0", "000.p/256", "000.p/4", "%30%30%30.p/3", "001.p/1"]
)
@pytest.mark.parametrize("folder", ["tile/0", "tile/entries", "objects"])
async def test_a_bilateral_path_in_another_form_does_not_exist(net: Network, folder: str, index: str) -> None:
    """P-1 for what is between two: the partner too reads exact paths only."""
    path = net.path("/feeds/to/{mali}/1/") + f"{folder}/{index}"
    reply = await ask_signed(net.mali, net.togo, path)
    assert (reply.status, reply.code) == (404, "path.not-found")


@pytest.mark.parametrize("query", ["?", "?x=1"])
async def test_a_signed_request_with_a_query_finds_nothing(net: Network, query: str) -> None:
    """P-1: that the signature covers the query (Q-9) does not make it a path."""
    for template in (
        *("/feeds/to/{mali}/1/checkpoint", "/feeds/to/{mali}/latest"),
        *("/received/{mali}/public/1/receipt", "/mirrors/{mali}/did.jsonl"),
    ):
        path = net.path(template)
        assert (await ask_signed(net.mali, net.togo, path)).status == 200
        reply = await ask_signed(net.mali, net.togo, path + query)
        assert (reply.status, reply.code) == (404, "path.not-found")
    body = json.dumps({"origin": f"passerelle/{net.mali.scid}/public/1", "size": 1}).encode()
    assert (await ask_signed(net.mali, net.togo, "/notices", method="POST", body=body)).status == 202
    posted = await ask_signed(net.mali, net.togo, f"/notices{query}", method="POST", body=body)
    assert (posted.status, posted.code) == (404, "path.not-found")


async def test_the_whole_address_may_stand_in_the_request_line(net: Network) -> None:
    """RFC 9112 3.2.2: a server takes the absolute form; the authority written there decides nothing (Q-9)."""
    reply = await ask(net.togo, "http://elsewhere.example/feeds/public/1/checkpoint")
    assert reply.status == 200
    path = net.path("/feeds/to/{mali}/1/checkpoint")
    fields = signed(net.mali, net.togo, path)
    assert (await ask(net.togo, f"https://elsewhere.example{path}", headers=fields)).status == 200


# --- HEAD, validators ----------------------------------------------------------------------


@pytest.mark.parametrize(("template", "kind", "caching"), PUBLIC)
async def test_head_is_get_without_the_bytes(net: Network, template: str, kind: str, caching: str) -> None:
    """RFC 9110 9.3.2: HEAD has the fields of GET, its length included, and no content."""
    path = net.path(template)
    whole, head = await ask(net.togo, path), await ask(net.togo, path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert dict(head.headers) | {"date": ""} == dict(whole.headers) | {"date": ""}


async def test_head_takes_no_part(net: Network) -> None:
    """RFC 9110 14.2: a range is defined for GET alone."""
    headers = {"Range": "bytes=0-9"}
    reply = await ask(net.togo, "/feeds/public/1/tile/0/000", method="HEAD", headers=headers)
    assert (reply.status, reply.headers["content-length"]) == (200, "8192")


async def test_head_is_signed_as_head(net: Network) -> None:
    """Q-3: a GET's signature is worth nothing for a HEAD."""
    path = net.path("/feeds/to/{mali}/1/checkpoint")
    assert (await ask_signed(net.mali, net.togo, path, method="HEAD")).status == 200
    assert (await ask(net.togo, path, method="HEAD", headers=signed(net.mali, net.togo, path))).status == 404


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize(("template", "kind", "caching"), PUBLIC)
async def test_what_is_known_is_not_sent_again(
    net: Network, template: str, kind: str, caching: str, coding: str
) -> None:
    """P-8: If-None-Match with the current validator is 304, under whatever coding it came."""
    path, accept = net.path(template), {"Accept-Encoding": coding}
    known = (await ask(net.togo, path, headers=accept)).headers["etag"]
    for named in (known, f'"x", {known}', f"W/{known}", "*"):
        reply = await ask(net.togo, path, headers={**accept, "If-None-Match": named})
        assert (reply.status, reply.body) == (304, b"")
        assert (reply.headers["etag"], reply.headers["cache-control"]) == (known, caching)
    other = await ask(net.togo, path, headers={**accept, "If-None-Match": '"other"'})
    assert other.status == 200


async def test_a_bilateral_checkpoint_has_its_304(net: Network) -> None:
    """P-8, P-4: an idle look at a partner's feed costs one small answer, still never stored."""
    path = net.path("/feeds/to/{mali}/1/checkpoint")
    known = (await ask_signed(net.mali, net.togo, path)).headers["etag"]
    reply = await ask_signed(net.mali, net.togo, path, headers={"If-None-Match": known})
    assert (reply.status, reply.headers["cache-control"]) == (304, PRIVATE)


async def test_codings_have_validators_of_their_own(net: Network) -> None:
    """RFC 9110 8.8.3.3: a strong validator names the bytes of one coding."""
    codings = ("identity", "gzip", "zstd")
    path = "/feeds/public/1/tile/entries/000"
    replies = [await ask(net.togo, path, headers={"Accept-Encoding": coding}) for coding in codings]
    assert len({reply.headers["etag"] for reply in replies}) == 3


# --- ranges --------------------------------------------------------------------------------


def is_part(reply: Reply, whole: bytes, first: int, end: int) -> bool:
    told = reply.headers.get("content-range")
    return (reply.status, told, reply.body) == (
        206,
        f"bytes {first}-{end - 1}/{len(whole)}",
        whole[first:end],
    ) and "content-encoding" not in reply.headers


@pytest.mark.parametrize("path", RANGED)
async def test_one_range(net: Network, path: str) -> None:
    """P-6: one range of a tile, an entry bundle or an object file, in identity coding whatever is accepted."""
    whole = (await ask(net.togo, path)).body
    size = len(whole)
    asked = {
        "bytes=0-0": (0, 1),
        "bytes=0-": (0, size),
        "bytes=7-99": (7, 100),
        f"bytes={size - 1}-": (size - 1, size),
        f"bytes=5-{size + 10}": (5, size),
        "bytes=5-99999999999999999999": (5, size),
        "bytes=-1": (size - 1, size),
        "bytes=-40": (size - 40, size),
        f"bytes=-{size * 2}": (0, size),
        "Bytes=3-4": (3, 5),
    }
    for header, (first, end) in asked.items():
        reply = await ask(net.togo, path, headers={"Range": header, "Accept-Encoding": "zstd, gzip"})
        assert is_part(reply, whole, first, end), header


@pytest.mark.parametrize(
    "header", ["bytes={size}-", "bytes={more}-", "bytes=99999999999999999999-", "bytes=-0"]
)
@pytest.mark.parametrize("path", RANGED)
async def test_a_range_that_cannot_be_met(net: Network, path: str, header: str) -> None:
    """spec/10 status table: 416 `request.range`, and RFC 9110 15.5.17: with the length there is."""
    size = len((await ask(net.togo, path)).body)
    reply = await ask(net.togo, path, headers={"Range": header.format(size=size, more=size + 1)})
    assert (reply.status, reply.code) == (416, "request.range")
    assert reply.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "header",
    ["bytes=0-1,5-9", "bytes=0-1, -3", "lines=1-2", "bytes=", "bytes=a-b", "bytes=--1", "0-1", "bytes=5-2"],
)
async def test_a_range_that_is_not_one_is_left_aside(net: Network, header: str) -> None:
    """P-6, RFC 9110 14.2: several ranges, another unit or none at all: the whole file."""
    reply = await ask(net.togo, "/feeds/public/1/tile/0/000", headers={"Range": header})
    assert (reply.status, len(reply.body)) == (200, 8_192)


async def test_parts_of_small_texts_are_not_offered(net: Network) -> None:
    """P-6: ranges are for tiles, entries and objects."""
    reply = await ask(net.togo, "/feeds/public/1/checkpoint", headers={"Range": "bytes=0-3"})
    assert reply.status == 200
    assert "accept-ranges" not in reply.headers
    assert (await ask(net.togo, RANGED[0])).headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("path", RANGED)
async def test_a_range_under_the_validator_of_before(net: Network, path: str, coding: str) -> None:
    """P-7: If-Range with the validator under which the bytes came gives the rest, in identity coding."""
    known = (await ask(net.togo, path, headers={"Accept-Encoding": coding})).headers["etag"]
    whole = (await ask(net.togo, path)).body
    reply = await ask(net.togo, path, headers={"Range": "bytes=100-", "If-Range": known})
    assert is_part(reply, whole, 100, len(whole))
    assert reply.headers["etag"] == (await ask(net.togo, path)).headers["etag"]


@pytest.mark.parametrize("condition", ['"other"', 'W/"whole"', "Sat, 01 Jan 2028 00:00:00 GMT", "whole"])
async def test_a_range_under_another_validator_is_the_whole(net: Network, condition: str) -> None:
    """P-7: where the file is another than before, or nobody can tell, all of it is sent."""
    headers = {"Range": "bytes=100-", "If-Range": condition}
    reply = await ask(net.togo, "/feeds/public/1/objects/000", headers=headers)
    assert (reply.status, reply.body) == (200, (await ask(net.togo, "/feeds/public/1/objects/000")).body)


async def test_a_known_file_is_304_before_any_range(net: Network) -> None:
    """RFC 9110 13.2.2: If-None-Match is answered before Range is looked at."""
    path = "/feeds/public/1/objects/000"
    known = (await ask(net.togo, path)).headers["etag"]
    headers = {"If-None-Match": known, "Range": "bytes=999999999-"}
    assert (await ask(net.togo, path, headers=headers)).status == 304


async def test_a_partial_file_is_a_prefix_of_every_later_one(net: Network) -> None:
    """L-16, P-6: files of earlier sizes are still served; what was read of a narrower file is the beginning of the wider one, so only the rest is fetched."""
    for folder in ("tile/0", "tile/entries", "objects"):
        whole = (await ask(net.togo, f"/feeds/public/1/{folder}/001.p/46")).body
        for width in (1, 2, 45):
            part = (await ask(net.togo, f"/feeds/public/1/{folder}/001.p/{width}")).body
            assert whole.startswith(part)
            assert 0 < len(part) < len(whole)


async def test_the_validator_of_objects_holds_over_widths(net: Network) -> None:
    """P-22, P-7: the file of a narrower width and of a wider one have one validator as long as none is erased."""
    etags = {
        (await ask(net.togo, f"/feeds/public/1/objects/001.p/{width}")).headers["etag"] for width in (1, 46)
    }
    assert len(etags) == 1


# --- codings -------------------------------------------------------------------------------

BIG = "/feeds/public/1/tile/entries/000"


def inflated(reply: Reply) -> bytes:
    coding = reply.headers.get("content-encoding", "identity")
    if coding == "gzip":
        return gzip.decompress(reply.body)
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompress(reply.body)
    assert coding == "identity"
    return reply.body


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("GZIP", "gzip"),
        ("zstd, gzip", "zstd"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip; q=0.000", "identity"),
        ("gzip;Q=0", "identity"),
        ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=0, zstd;q=0", "identity"),
        ("br, deflate", "identity"),
        ("*", "gzip"),
        ("*;q=0", "identity"),
        ("zstd;q=0, *", "gzip"),
        ("gzip;q=0.1, identity;q=0.9", "identity"),
        ("gzip;q=nonsense", "identity"),
        ("x-gzip", "identity"),
    ],
)
async def test_a_coding_is_the_one_that_is_asked_for(net: Network, accept: str | None, coding: str) -> None:
    """P-9: gzip and zstd where they are accepted, q=0 means never."""
    plain = (await ask(net.togo, BIG)).body
    reply = await ask(net.togo, BIG, headers={} if accept is None else {"Accept-Encoding": accept})
    assert reply.status == 200
    assert reply.headers.get("content-encoding", "identity") == coding
    assert inflated(reply) == plain
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert coding == "identity" or len(reply.body) < len(plain)


@pytest.mark.parametrize("template", [row[0] for row in PUBLIC])
async def test_every_public_file_comes_in_every_coding(net: Network, template: str) -> None:
    """P-9: what is inflated is the same bytes."""
    path = net.path(template)
    plain = (await ask(net.togo, path)).body
    for accept in ("gzip", "zstd"):
        for _again in range(2):  # the second comes from the memory of codings
            assert inflated(await ask(net.togo, path, headers={"Accept-Encoding": accept})) == plain


async def test_a_bilateral_file_comes_coded_too(net: Network) -> None:
    """P-9, P-4: coded or not, private and not stored."""
    path = net.path("/feeds/to/{mali}/1/tile/entries/000.p/3")
    plain = await ask_signed(net.mali, net.togo, path)
    reply = await ask_signed(net.mali, net.togo, path, headers={"Accept-Encoding": "gzip"})
    assert inflated(reply) == plain.body
    assert reply.headers["cache-control"] == PRIVATE


async def test_the_public_feed_of_a_node_is_its_own(net: Network) -> None:
    """spec/07: one node's feed is not another's."""
    answers: dict[str, Here] = {"togo": net.togo, "mali": net.mali}
    first = {name: (await ask(here, "/feeds/public/1/checkpoint")).body for name, here in answers.items()}
    assert first["togo"] != first["mali"]
    assert (await ask(net.togo, "/feeds/public/latest")).body == b"1\n"
