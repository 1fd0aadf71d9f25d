"""Behaviours of a log: claims about trees that are false, absurd, or change with who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf
from passerelle.protocol.objects import commitment, encode_public
from tests.hostile.floods import garbage
from tests.hostile.partner import Ask, Partner, Twist, Wire, honest
from tests.hostile.roads import grown, whole
from tests.hostile.scene import Outcome, Scene
from tests.hostile.table import KIB, MIB, Arm, Behaviour
from tests.unit.sync.author import flipped

PAD: Final = 600
"""Leaves that fill two bundles and begin a third."""


def claiming(size: int) -> Arm:
    """A signed size with a root of nothing."""

    def arm(partner: Partner) -> None:
        partner.public.note = partner.public.checkpoint(size, root=bytes(32))

    return arm


def padded(file: str, twist: Twist) -> Arm:
    """Leaves for more than two bundles, and a twist for one kind of file."""

    def arm(partner: Partner) -> None:
        partner.public.pad(PAD)
        partner.twists[f"public {file}"] = twist

    return arm


def changed(change: Callable[[bytes], bytes]) -> Twist:
    """The honest bytes, changed."""

    async def twist(ask: Ask, wire: Wire, data: bytes) -> None:
        await honest(ask, wire, change(data))

    return twist


def only(path: str, twist: Twist) -> Twist:
    """A twist for one path, honest for the others of its kind."""

    async def some(ask: Ask, wire: Wire, data: bytes) -> None:
        await (twist if ask.target.endswith(path) else honest)(ask, wire, data)

    return some


def unknown_kinds(partner: Partner) -> None:
    """Leaves of a kind that nobody knows."""
    partner.public.pad(2_000)


def large_leaves(partner: Partner) -> None:
    """Leaves that are larger than any may be; an entry bundle could hold them."""
    for _ in range(8):
        partner.public.append(b'{"kind":"later","x":"%s"}' % (b"x" * 4_500))


def mislabelled(partner: Partner) -> None:
    """A leaf that says another type than its record."""
    record, salt = partner.agency.record(issued=partner.now), partner.random(32)
    leaf = PublicRecordLeaf(commitment(salt, record.data), record.id, "event", record.version)
    partner.public.append(encode_leaf(leaf), encode_public(salt, record.data))


def repeated(partner: Partner) -> None:
    """One leaf with its object, two hundred times."""
    for _ in range(200):
        partner.public.append(partner.public.leaves[0], partner.public.objects[0])


def two_roots(partner: Partner) -> None:
    """Another tree of the size that was signed before."""
    other = partner.public.copy(partner.records - 1)
    other.add(partner.agency.record(issued=partner.now))
    partner.public = other


def another_prefix(partner: Partner) -> None:
    """A larger tree that does not begin with the one that was signed before."""
    two_roots(partner)
    partner.add_public(2)


def alternating(partner: Partner) -> None:
    """Each asking is shown the other of two histories."""
    first, second = partner.public, partner.public.copy(partner.records - 1)
    second.add(partner.agency.record(issued=partner.now))
    views = [second, first]  # turned round at each asking

    async def twist(ask: Ask, wire: Wire, _data: bytes) -> None:
        views.reverse()
        partner.public = views[0]
        await wire.answer(200, views[0].checkpoint())

    partner.twists["public checkpoint"] = twist


def old_news(partner: Partner) -> None:
    """The checkpoint of a smaller tree, once signed in earnest."""
    partner.public.note = partner.public.checkpoint(partner.records - 1)


def of_another_feed(partner: Partner) -> None:
    """The checkpoint of its feed to us in the place of the public one."""
    partner.public.note = partner.bilateral.checkpoint()


def by_another_key(partner: Partner) -> None:
    """A checkpoint that a key signed which no document names."""
    partner.add_public(1)
    partner.public.note = partner.public.checkpoint(key=partner.agency.keys.request)


def new_validators(partner: Partner) -> None:
    """Large object files whose validator is another for each request, so that none is ever taken in part."""
    garbage(10, 200_000)(partner)
    count = iter(range(10_000))

    async def twist(_ask: Ask, wire: Wire, data: bytes) -> None:
        await wire.answer(200, data, ETag=f'"{next(count)}"')

    partner.twists["public objects"] = twist


async def _visits(scene: Scene, partner: Partner, _outcome: Outcome) -> Any:
    """Visits, each after one more record."""
    found = None
    for _ in range(9):
        partner.add_public(1)
        found = await scene.visit(partner)
    return found


async def _twice(scene: Scene, partner: Partner, _outcome: Outcome) -> Any:
    """Two visits."""
    await scene.visit(partner)
    return await scene.visit(partner)


TREES: Final = (
    Behaviour(
        name="size-of-2-to-the-53",
        does="signs a tree of 2^53 - 1 leaves",
        guard="a pull takes 2^20 leaves, proven by 63 hashes beyond (F-41)",
        arm=claiming(2**53 - 1),
        code="road.status",
    ),
    Behaviour(
        name="size-jump",
        does="signs a tree of a million and one leaves more than there are",
        guard="the root is proven before a leaf is kept (F-34)",
        arm=claiming(2 + 1_000_001),
        code="road.status",
    ),
    Behaviour(
        name="bundle-too-narrow",
        does="serves an entry bundle with fewer entries than its path says",
        guard="a file has the width of its path (F-8)",
        arm=padded("entries", changed(lambda data: data[: len(data) // 2])),
        code="road.damaged",
    ),
    Behaviour(
        name="bundle-too-wide",
        does="serves an entry bundle with more entries than its path says",
        guard="a file has the width of its path (F-8)",
        arm=padded("entries", changed(lambda data: data + b"\x00\x02{}")),
        code="road.damaged",
    ),
    Behaviour(
        name="tile-of-wrong-width",
        does="serves a tile of level 1 with one hash more",
        guard="a file has the width of its path (F-8)",
        arm=padded("tile", changed(lambda data: data + bytes(32))),
        code="road.damaged",
    ),
    Behaviour(
        name="tile-that-lies",
        does="serves hashes of level 1 that are not those of its leaves",
        guard="the root is proven before a leaf is kept (F-34)",
        arm=padded("tile", changed(flipped)),
        code="road.root-missed",
    ),
    Behaviour(
        name="bundle-that-lies",
        does="serves, in the middle, entries that are not those of the hashes proven",
        guard="each full bundle against its proven hash (F-35)",
        arm=padded("entries", only("/001", changed(flipped))),
        code="road.bundle-missed",
        rows=260,
        stored=32 * KIB,
    ),
    Behaviour(
        name="unknown-kinds",
        does="publishes two thousand leaves of a kind that nobody knows",
        guard="hashed, kept and passed over (L-22)",
        arm=unknown_kinds,
        state="current",
        sent=512 * KIB,
        rows=2_010,
        stored=256 * KIB,
    ),
    Behaviour(
        name="leaves-too-large",
        does="publishes leaves of 4,500 bytes",
        guard="limit of a leaf: the bundle is refused, or the leaf quarantined",
        arm=large_leaves,
        state="current",
        code="leaf.too-large",
        rows=20,
        stored=64 * KIB,
    ),
    Behaviour(
        name="mislabelled-leaf",
        does="names another type in the leaf than in the record",
        guard="quarantine, each by its code (F-11)",
        arm=mislabelled,
        state="current",
        code="leaf.record-mismatch",
    ),
    Behaviour(
        name="commitment-repeated",
        does="publishes one leaf two hundred times",
        guard="a commitment counts once (L-24)",
        arm=repeated,
        state="current",
        code="leaf.commitment-twice",
        sent=512 * KIB,
        rows=410,
        stored=512 * KIB,
    ),
    Behaviour(
        name="fork-of-one-size",
        does="signs two roots of one size",
        guard="both notes kept as evidence, the feed stops (F-19 to F-21)",
        arm=two_roots,
        state="forked",
        code="fork.two-roots",
        again="forked",
    ),
    Behaviour(
        name="fork-of-two-sizes",
        does="signs a larger tree with another beginning",
        guard="both notes and the hashes between kept as evidence, the feed stops (F-19 to F-21)",
        arm=another_prefix,
        state="forked",
        code="fork.inconsistent",
        again="forked",
    ),
    Behaviour(
        name="alternating-views",
        does="shows each visitor the other of two histories",
        guard="the second view is a fork for whoever saw the first (F-19)",
        arm=alternating,
        act=_twice,
        state="forked",
        code="fork.two-roots",
        again="forked",
    ),
    Behaviour(
        name="rollback",
        does="serves an old checkpoint of its own",
        guard="a smaller tree is old news (F-7)",
        arm=old_news,
        state="current",
    ),
    Behaviour(
        name="checkpoint-of-another-feed",
        does="serves the checkpoint of its feed to us as the public one",
        guard="the origin is in the signed text (L-14)",
        arm=of_another_feed,
        state="blocked",
        code="checkpoint.origin",
    ),
    Behaviour(
        name="checkpoint-by-another-key",
        does="serves a checkpoint signed with its request key",
        guard="log keys sign checkpoints and nothing else does (L-5 to L-9)",
        arm=by_another_key,
        state="blocked",
        code="note.unsigned",
    ),
    Behaviour(
        name="not-modified-for-ever",
        does="answers 304 to every question for its checkpoint",
        guard="what is held stays true; no more is learnt than the partner says (F-7)",
        arm=grown("checkpoint", whole(b"", 304)),
        state="current",
    ),
    Behaviour(
        name="not-modified-unasked",
        does="answers 304 where nobody named a validator",
        guard="another status than was asked for is a fault of the road (F-8)",
        arm=grown("entries", whole(b"", 304)),
        code="road.status",
    ),
    Behaviour(
        name="validator-of-the-moment",
        does="changes the validator of its object files at each request, so that each is read whole",
        guard="bytes that one partner may cost (F-62)",
        arm=new_validators,
        act=_visits,
        state="current",
        code="road.allowance-spent",
        sent=16 * MIB,
        seconds=10.0,
        rows=100,
        stored=3 * MIB,
    ),
)
