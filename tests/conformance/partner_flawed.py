"""Faults in what a node makes of flawed records: rejections, and its own feed to the kit, are made in its name."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.author import Feed
from passerelle.conformance.plan import Plan
from passerelle.conformance.probe import Probe
from passerelle.conformance.probes import PROBES
from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, encode
from tests.conformance.partner_stage import (
    Arm,
    PartnerFault,
    Stage,
    becomes,
    first_kept,
    gets,
    held_checkpoint,
    is_receipt,
)
from tests.conformance.proxy import Ask, Reply
from tests.conformance.world import later

Items = list[dict[str, Json]]


def rejecting(
    change: Callable[[Stage, Items], None] = lambda _s, _i: None,
    *,
    feed: Callable[[Stage, Feed, Items], None] | None = None,
) -> Arm:
    """The node's feed to the kit, made in its name: one rejection, right but for a change."""

    def arm(stage: Stage) -> None:
        def answer(ask: Ask, _reply: Reply) -> Reply | None:
            plan = stage.examination.plan
            if plan is None or not ask.path.startswith(f"/feeds/to/{stage.agency.scid}/1/"):
                return None
            if "feed" not in stage.memory:
                made = stage.memory["feed"] = Feed(
                    stage.world.author, Origin(stage.world.author.scid, stage.agency.scid, 1)
                )
                items = _expected(plan)
                change(stage, items)
                (feed or _one_rejection)(stage, made, items)
            own = stage.memory["feed"]
            assert isinstance(own, Feed)
            body = own.read(ask.path.removeprefix(f"/{own.origin.path}/"))
            return None if body is None else Reply(200, [("Cache-Control", "private, no-store")], body)

        stage.towards.changes.append(answer)

    return arm


def _expected(plan: Plan) -> Items:
    return [
        {"origin": origin, "index": index, "code": min(codes)} for origin, index, codes in plan.expected()
    ]


def _rejection(stage: Stage, items: Items, *, seen: int | None = None) -> bytes:
    plan = stage.examination.plan
    assert plan is not None
    at = plan.claims if seen is None else seen
    told: dict[str, Json] = {"items": [*items], "synthetic": True}
    author = stage.world.author
    return author.record_of(author.value("rejection", told, later(), to=[stage.agency.scid], seen=at)).data


def _one_rejection(stage: Stage, feed: Feed, items: Items) -> None:
    sealing(stage, feed, _rejection(stage, items))


def _bench(stage: Stage, feed: Feed, key: int = 1) -> flawed.Bench:
    agency = stage.agency
    recipient = agency.sealing[key].public
    return flawed.Bench(
        stage.world.author, feed.origin, agency.scid, recipient, agency.other, later(), later()
    )


def sealing(stage: Stage, feed: Feed, data: bytes, key: int = 1) -> None:
    """Append a record to the node's feed to the kit, sealed to a key of its."""
    feed.append(*flawed.in_bilateral(_bench(stage, feed, key), data))


def _without(test: Callable[[Stage, dict[str, Json]], bool]) -> Arm:
    def change(stage: Stage, items: Items) -> None:
        kept = [item for item in items if not test(stage, item)]
        assert len(kept) == len(items) - 1
        items[:] = kept

    return rejecting(change)


def _is_of(probe: Probe) -> Callable[[Stage, dict[str, Json]], bool]:
    def test(stage: Stage, item: dict[str, Json]) -> bool:
        plan = stage.examination.plan
        assert plan is not None
        one = next(placed for placed in plan.placed if placed.probe is probe)
        return (item["origin"], item["index"]) == (one.origin, one.index)

    return test


def _accusing(probe: Probe) -> Arm:
    def change(stage: Stage, items: Items) -> None:
        plan = stage.examination.plan
        assert plan is not None
        one = next(placed for placed in plan.placed if placed.probe is probe)
        items.append({"origin": one.origin, "index": one.index, "code": "record.malformed"})

    return rejecting(change)


def of_probe(probe: Probe) -> PartnerFault:
    """A node that makes the wrong thing of a flawed record: takes what it must refuse, or refuses what it must take."""
    if probe.codes:
        return PartnerFault(probe.rules[0], f"takes {probe.what}", "flawed", _without(_is_of(probe)))
    return PartnerFault(probe.rules[0], f"refuses {probe.what}", "flawed", _accusing(probe))


def _is_repeated(number: int) -> Callable[[Stage, dict[str, Json]], bool]:
    def test(stage: Stage, item: dict[str, Json]) -> bool:
        plan = stage.examination.plan
        assert plan is not None
        return (item["origin"], item["index"]) == plan.repeated[number]

    return test


def _miscoded(_stage: Stage, items: Items) -> None:
    items[0]["code"] = "record.malformed"


def _the_first(_stage: Stage, items: Items) -> None:
    del items[1:]


def _own_words(_stage: Stage, items: Items) -> None:
    items[0]["code"] = "record.not-to-our-liking"


def _two(stage: Stage, feed: Feed, items: Items) -> None:
    sealing(stage, feed, _rejection(stage, items[:1]))
    sealing(stage, feed, _rejection(stage, items[1:]))


def _seeing(size: Callable[[Stage], int]) -> Callable[[Stage, Feed, Items], None]:
    return lambda stage, feed, items: sealing(stage, feed, _rejection(stage, items, seen=size(stage)))


def _claim(stage: Stage, number: int) -> int:
    """Where the kit's record stands with one of its claims."""
    plan = stage.examination.plan
    assert plan is not None
    return [placed.index for placed in plan.placed if placed.probe.rules == ("S-15",)][number]


def _going_back(stage: Stage, feed: Feed, items: Items) -> None:
    sealing(stage, feed, _rejection(stage, items, seen=1))
    author = stage.world.author
    body = flawed.agreement(author, stage.agency.scid)
    sealing(
        stage,
        feed,
        author.record_of(author.value("agreement", body, later(), to=[stage.agency.scid], seen=0)).data,
    )


def _withdrawing(stage: Stage, feed: Feed, items: Items) -> None:
    """A good rejection, and after it the withdrawal of an offer of its own, said to the kit alone."""
    _one_rejection(stage, feed, items)
    author, reader = stage.world.author, stage.agency.scid
    about: dict[str, Json] = {"id": f"urn:uuid:{uuid.uuid4()}", "digest": "0" * 64}
    body: dict[str, Json] = {
        "lang": "fr",
        "about": about,
        "aboutType": "offer",
        "outcome": "withdraw",
        "effective": "2027-01-01",
        "actingFunction": "exchange-desk",
        "synthetic": True,
    }
    plan = stage.examination.plan
    assert plan is not None
    value = author.value("decision", body, later(), to=[reader], seen=plan.claims)
    sealing(stage, feed, author.record_of(value).data)


def _to_two(stage: Stage, feed: Feed, items: Items) -> None:
    author, told = stage.world.author, [stage.agency.scid, stage.agency.other.scid]
    body: dict[str, Json] = {"items": [*items], "synthetic": True}
    sealing(stage, feed, author.record_of(author.value("rejection", body, later(), to=told, seen=0)).data)


def _to_key(number: int) -> Callable[[Stage, Feed, Items], None]:
    return lambda stage, feed, items: sealing(stage, feed, _rejection(stage, items), number)


def _talking(stage: Stage, feed: Feed, items: Items) -> None:
    _one_rejection(stage, feed, items)
    feed.append(encode_leaf(SealedLeaf(bytes(32)))[:-1] + b',"type":"rejection"}')


def _spoilt(make: Callable[[bytes, bytes], bytes]) -> Callable[[Stage, Feed, Items], None]:
    """A good rejection, and after it a sealed object of another form."""

    def build(stage: Stage, feed: Feed, items: Items) -> None:
        _one_rejection(stage, feed, items)
        data, salt = encode({"a": 1}), bytes(32)
        feed.append(*flawed.sealed(_bench(stage, feed), make(salt, data), commitment(salt, data)))

    return build


def _whole_bilateral(stage: Stage, _ask: Ask, _reply: Reply) -> Reply:
    feed = stage.agency.bilateral
    return stage.cosigned(feed, len(feed.leaves))


def _held_entries(stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith(f"/received/{stage.agency.scid}/public/1/tile/entries/")


def _held_bilateral(stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith(f"/received/{stage.agency.scid}/to/1/tile/entries/")


FLAWED: Final = (
    *(of_probe(probe) for probe in PROBES if probe.rules[0] != "F-11"),
    PartnerFault("L-24", "takes a leaf of before once more", "flawed", _without(_is_repeated(0))),
    PartnerFault("L-24", "takes one leaf twice in one visit", "flawed", _without(_is_repeated(1))),
    PartnerFault("F-11", "refuses by another code", "flawed", rejecting(_miscoded)),
    PartnerFault("C-3", "refuses by a code of its own", "flawed", rejecting(_own_words)),
    PartnerFault("F-17", "reports the first alone", "flawed", rejecting(_the_first)),
    PartnerFault("F-17", "reports twice in a day", "flawed", rejecting(feed=_two)),
    PartnerFault(
        "S-15",
        "claims to have seen beyond a lie",
        "flawed",
        rejecting(feed=_seeing(lambda s: len(s.agency.bilateral.leaves))),
    ),
    PartnerFault(
        "S-15",
        "takes a feed that it never opened for one that was seen",
        "flawed",
        rejecting(feed=_seeing(lambda s: _claim(s, 3))),
    ),
    PartnerFault(
        "S-15",
        "takes nothing of a feed that it never opened for less than there is",
        "flawed",
        rejecting(feed=_seeing(lambda s: _claim(s, 1))),
    ),
    PartnerFault(
        "R-28", "claims to have seen what is not there", "flawed", rejecting(feed=_seeing(lambda _s: 10_000))
    ),
    PartnerFault("R-27", "has seen less than before", "flawed", rejecting(feed=_going_back)),
    PartnerFault(
        "R-26", "addresses two in a feed of one", "flawed", rejecting(feed=_to_two), frozenset({"R-25"})
    ),
    PartnerFault(
        "S-46", "withdraws an offer towards its partner alone", "flawed", rejecting(feed=_withdrawing)
    ),
    PartnerFault(
        "I-36", "seals to a key that no identity document names", "flawed", rejecting(feed=_to_key(3))
    ),
    PartnerFault("I-37", "seals to a key of before", "flawed", rejecting(feed=_to_key(0))),
    PartnerFault("I-37", "seals to a key that has not begun", "flawed", rejecting(feed=_to_key(2))),
    PartnerFault("L-25", "says in a leaf what it seals", "flawed", rejecting(feed=_talking)),
    PartnerFault(
        "O-7",
        "seals a stream that does not end",
        "flawed",
        rejecting(feed=_spoilt(lambda s, d: flawed.padded(s, flawed.deflated(d) + b"\0"))),
    ),
    PartnerFault(
        "O-9",
        "seals something after the stream",
        "flawed",
        rejecting(feed=_spoilt(lambda s, d: flawed.padded(s, flawed.deflated(d))[:-1] + b"\1")),
    ),
    PartnerFault(
        "F-23",
        "gives a receipt for what it could not open",
        "flawed",
        gets(is_receipt("to"), _whole_bilateral),
    ),
    PartnerFault(
        "P-13",
        "serves other leaves than it was shown",
        "flawed",
        gets(_held_entries, lambda _s, _a, r: replace(r, body=r.body[:-1] + b"?")),
    ),
    PartnerFault(
        "P-13",
        "serves other leaves of a feed to it than it was shown",
        "flawed",
        gets(_held_bilateral, lambda _s, _a, r: replace(r, body=r.body[:-1] + b"?")),
    ),
    PartnerFault("F-13", "stops at a record with a fault", "flawed", gets(held_checkpoint, becomes(404))),
    PartnerFault("L-26", "stops at a leaf with a fault", "flawed", gets(is_receipt("public"), first_kept)),
)
