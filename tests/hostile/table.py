"""The form of the table: one behaviour of a hostile partner, what stops it, what it may cost, how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from passerelle.storage.peers import Peer
from tests.hostile.partner import Partner, as_it_is
from tests.hostile.scene import REQUEST_SECONDS, Outcome, Scene

KIB: Final = 2**10
MIB: Final = 2**20
IN_FLIGHT_BYTES: Final = 8 * MIB
"""What lies in buffers of the kernel when a reader hangs up: sent, never read."""
CROWD_SECONDS: Final = 60.0
"""What a visit may take besides, where a dozen other attacks run on the same two cores."""

Arm = Callable[[Partner], None]
Act = Callable[[Scene, Partner, Outcome], Awaitable[Any]]


async def visit(scene: Scene, partner: Partner, _outcome: Outcome) -> Any:
    """What most behaviours wait for: our node comes to look."""
    return await scene.visit(partner)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row.

    Args:
        name: Unique, with hyphens.
        does: What the partner does, a sentence.
        guard: What stops it, for the documents.
        arm: Makes an honest partner misbehave.
        state: State of the worst of its feeds afterwards.
        code: The stable code that says why; None where nothing is wrong.
        sent: Most bytes that our node reads from it in one visit.
        seconds: Most time that the visit takes on an idle machine.
        rows: Most rows that it adds.
        stored: Most bytes that it adds to the database.
        memory: By how much the peak of our memory may rise; 0 where it is not looked at.
        again: State after it was honest again.
        act: What happens; a visit unless the partner calls us.
        alone: Whether it is measured by itself.
        answers: Slowest answer of our node meanwhile, in seconds, where it is looked at; on a busy machine
            five times what it took just before, or half of the visit: who holds the loop holds it for longer.
        peer: Changes the way to the partner.
    """

    name: str
    does: str
    guard: str
    arm: Arm
    state: str = "syncing"
    code: str | None = None
    sent: int = 64 * KIB
    seconds: float = 2.0
    rows: int = 4
    stored: int = 16 * KIB
    memory: int = 0
    again: str = "current"
    act: Act = visit
    alone: bool = False
    answers: float = 0.0
    peer: Callable[[Peer], Peer] = as_it_is

    def check(self, outcome: Outcome) -> None:
        """Raises AssertionError where an outcome is not what the row says."""
        assert (outcome.state, outcome.code) == (self.state, self.code), outcome
        assert outcome.sent <= self.sent, outcome
        spare = 0.0 if self.alone else CROWD_SECONDS
        assert outcome.seconds <= self.seconds + spare, outcome
        assert outcome.rows <= self.rows, outcome
        assert outcome.stored <= self.stored, outcome
        assert not self.memory or outcome.memory <= self.memory, outcome
        assert outcome.served < self.seconds + spare, outcome
        busy = max(5 * outcome.calm, outcome.seconds / 2)
        assert not self.answers or outcome.served <= max(self.answers, busy), outcome
        assert outcome.published, outcome
        assert outcome.again == self.again, outcome


DEADLINE: Final = REQUEST_SECONDS
