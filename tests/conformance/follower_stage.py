"""How a fault that a follower sees is written down, and small changes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from passerelle.protocol.profile import Json
from tests.conformance.proxy import Ask, Proxy, Reply
from tests.conformance.world import World

IDENTITY = "/.well-known/did.jsonl"
DESCRIPTOR = "/.well-known/passerelle"
Arm = Callable[[Proxy, World], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break one rule.

    Args:
        rule: Which.
        name: What is done.
        arm: Sets the proxy up.
        also: Rules that are broken with it, whatever one does.
    """

    rule: str
    name: str
    arm: Arm
    also: frozenset[str] = frozenset()

    @property
    def named(self) -> set[str]:
        """What the kit must name, no more and no less."""
        return {self.rule, *self.also}


def at(path: str, change: Callable[[Ask, Reply], Reply]) -> Callable[[Ask, Reply], Reply | None]:
    return lambda ask, reply: change(ask, reply) if (ask.method, ask.path) == ("GET", path) else None


def where(test: Callable[[Ask], bool], change: Callable[[Ask, Reply], Reply]) -> Arm:
    def arm(proxy: Proxy, _world: World) -> None:
        proxy.changes.append(lambda ask, reply: change(ask, reply) if test(ask) else None)

    return arm


def missing(_ask: Ask, _reply: Reply) -> Reply:
    return problem(404, "path.not-found")


def problem(status: int, code: str, **more: Json) -> Reply:
    """An error as the law has it."""
    body = json.dumps({"code": code, "status": status, **more}).encode()
    return Reply(status, [("Content-Type", "application/problem+json")], body)
