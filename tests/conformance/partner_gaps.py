"""Faults in what a node makes of files that hold too much, and of an object that is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from passerelle.conformance import gaps
from passerelle.conformance.author import Feed
from passerelle.protocol.leaves import SealedLeaf, parse_leaf
from tests.conformance.partner_stage import PartnerFault, Stage, gets, is_receipt
from tests.conformance.proxy import Ask, Reply


def _once(test: Callable[[Stage, Feed], bool]) -> Callable[[Stage, Ask, Reply], Reply]:
    """From when a question is answered with yes it has cosigned what there was, and does not take it back."""

    def change(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
        feed = stage.agency.bilateral
        if test(stage, feed):
            stage.memory["given"] = stage.cosigned(feed, len(feed.leaves))
        given = stage.memory.get("given")
        return given if isinstance(given, Reply) and stage.read(given)[0] > stage.read(reply)[0] else reply

    return change


def _is_shown(what: str) -> Callable[[Stage, Feed], bool]:
    return lambda stage, _feed: any(one.__name__ == what for one in stage.partner.stand.overrides.values())


def _is_without(_stage: Stage, feed: Feed) -> bool:
    return feed.objects[-1] is None and isinstance(parse_leaf(feed.leaves[-1], feed.origin), SealedLeaf)


GAPS: Final = (
    *(
        PartnerFault(
            one.rule, f"takes {one.what}", "gaps", gets(is_receipt("to"), _once(_is_shown(one.what)))
        )
        for one in gaps.LONGER
    ),
    PartnerFault(
        "F-23",
        "takes an object of length 0 for an erased one",
        "gaps",
        gets(is_receipt("to"), _once(_is_without)),
    ),
)
