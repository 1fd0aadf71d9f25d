"""Faults of the node's feed to the kit, which is made in its name and served in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.author import Feed
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import encode
from passerelle.protocol.tiles import Tile
from tests.conformance.partner_stage import Arm, PartnerFault, Stage
from tests.conformance.proxy import Ask, Reply, etag_of
from tests.conformance.world import later

Change = Callable[[Feed, Ask, Reply], Reply | None]
LEAVES: Final = 4


def _nothing(_feed: Feed, _ask: Ask, _reply: Reply) -> None:
    return None


def _own(change: Change = _nothing, *, build: Callable[[Feed], None] = lambda _feed: None) -> Arm:
    """A feed of some good records, right but for a change of it or of what is answered."""

    def arm(stage: Stage) -> None:
        author, agency = stage.world.author, stage.agency
        feed = Feed(author, Origin(author.scid, agency.scid, 1))
        recipient = agency.sealing[1].public
        for _ in range(LEAVES):
            bench = flawed.Bench(author, feed.origin, agency.scid, recipient, agency.other, later(), later())
            feed.append(*flawed.in_bilateral(bench, encode(author.signed(flawed.bilateral_value(bench)))))
        build(feed)
        stage.towards.feeds.append(feed)
        folder = f"/{feed.origin.path}/"
        stage.towards.changes.append(
            lambda ask, reply: change(feed, ask, reply) if ask.path.startswith(folder) else None
        )

    return arm


def _whole(kind: str) -> Change:
    """The newest file of a kind under a narrower width too."""

    def change(feed: Feed, ask: Ask, reply: Reply) -> Reply | None:
        if not ask.path.endswith(f"/{Tile(kind, 0, 0, 2).path}"):  # type: ignore[arg-type]  # one of its kinds
            return None
        newest = feed.read(Tile(kind, 0, 0, len(feed.leaves)).path)  # type: ignore[arg-type]  # likewise
        return Reply(200, reply.headers, newest or b"")

    return change


def _no_parts(_feed: Feed, _ask: Ask, reply: Reply) -> Reply | None:
    return Reply(200, reply.put("Content-Range", None).headers, reply.body) if reply.status == 206 else None


def _never_known(feed: Feed, ask: Ask, reply: Reply) -> Reply | None:
    is_known = reply.status == 304 and ask.path.endswith("/checkpoint")
    return Reply(200, reply.headers, feed.checkpoint()) if is_known else None


def _one_etag(_feed: Feed, ask: Ask, reply: Reply) -> Reply | None:
    return reply.put("ETag", etag_of(b"1")) if "/objects/" in ask.path and ask.path.endswith(".p/1") else None


def _another_root(feed: Feed) -> None:
    feed.note = feed.claim(len(feed.leaves), bytes(32))


def _another_tile(feed: Feed, ask: Ask, reply: Reply) -> Reply | None:
    is_newest = ask.path.endswith(f"/{Tile('hashes', 0, 0, len(feed.leaves)).path}")
    return (
        Reply(reply.status, reply.headers, bytes(len(reply.body)))
        if is_newest and not reply.get("Content-Encoding")
        else None
    )


def _second_root(feed: Feed, ask: Ask, reply: Reply) -> Reply | None:
    """Once all of the feed has been looked at, another root of the same size is signed."""
    if ask.path.endswith("/checkpoint/"):
        feed.note = feed.claim(len(feed.leaves), bytes(32))
    return None


OWN: Final = tuple(
    PartnerFault(rule, name, "private", arm)
    for rule, name, arm in (
        ("L-16", "signs a root to its partner that its leaves do not give", _own(build=_another_root)),
        ("L-17", "serves one bundle to its partner for two widths", _own(_whole("entries"))),
        ("O-16", "serves one object file to its partner for two widths", _own(_whole("objects"))),
        ("P-6", "serves no parts to its partner", _own(_no_parts)),
        ("P-8", "serves a known checkpoint to its partner again", _own(_never_known)),
        ("P-22", "tells its partner another validator for one width", _own(_one_etag)),
        ("L-15", "signs two roots of one size to its partner", _own(_second_root)),
        ("L-16", "serves a tile of other hashes to its partner", _own(_another_tile)),
    )
)
