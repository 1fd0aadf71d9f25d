"""The doors of the public listener: places, patience and rates, and that partners are never kept out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from passerelle.server.federation import doorman as doors
from passerelle.server.federation.doorman import Door, Doorman
from passerelle.server.federation.errors import Refusal


class Wire(asyncio.Transport):
    """A connection that notes when it is broken, with so many bytes unsent."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.broken = False
        self.unsent = 0

    def abort(self) -> None:
        self.broken = True

    def get_write_buffer_size(self) -> int:
        return self.unsent


def come(doorman: Doorman, address: str = "192.0.2.1") -> tuple[Door, Wire]:
    """A new connection."""
    door, wire = Door(doorman, asyncio.Protocol()), Wire(address)
    door.connection_made(wire)
    return door, wire


def test_one_address_takes_a_part_of_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chapter 10, limits: who has come too often is turned away, others are not; a place left is free again."""
    monkeypatch.setattr(doors, "MAX_CONNECTIONS_OF_ADDRESS", 2)
    doorman = Doorman(by_address=True)
    first, _ = come(doorman)
    assert [come(doorman)[1].broken for _ in range(2)] == [False, True]
    assert not come(doorman, "192.0.2.2")[1].broken
    first.connection_lost(None)
    assert not come(doorman)[1].broken
    assert not any(come(Doorman(by_address=False))[1].broken for _ in range(5))


def test_a_stranger_makes_room_and_a_partner_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Q-32: the one who has been silent for longest among those who never signed."""
    monkeypatch.setattr(doors, "MAX_CONNECTIONS", 3)
    doorman = Doorman(by_address=True)
    (partner, kept), (busy, working), (_, silent) = (come(doorman) for _ in range(3))
    partner.signed = True
    partner.since = busy.since = 0.0
    busy.asked()
    _, new = come(doorman)
    assert [wire.broken for wire in (kept, working, silent, new)] == [False, False, True, False]


@pytest.mark.parametrize(
    ("asked", "seconds"), [(False, doors.HEAD_SECONDS), (True, doors.IDLE_SECONDS)], ids=["head", "idle"]
)
def test_silence_has_an_end(asked: bool, seconds: float) -> None:
    """Q-31: a header must come in time, and after an answer the next question."""
    door, _ = come(Doorman(by_address=True))
    if asked:
        door.asked()
        assert not door.is_overdue(door.since + 1e6)
        door.answered()
    assert not door.is_overdue(door.since + seconds - 1)
    assert door.is_overdue(door.since + seconds + 1)


def test_a_reader_takes_its_answer() -> None:
    """Q-31: one who takes a little at a time is waited for, one who takes nothing is not."""
    door, wire = come(Doorman(by_address=True))
    door.asked()
    door.answered()
    wire.unsent, now = 10 * doors.STALL_BYTES, door.since
    assert not door.is_overdue(now)
    for _ in range(4):
        wire.unsent -= doors.STALL_BYTES
        now += doors.STALL_SECONDS - 1
        assert not door.is_overdue(now)
    wire.unsent -= 1
    assert door.is_overdue(now + doors.STALL_SECONDS + 1)


def test_questions_of_one_address_have_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chapter 10, limits: a burst, then as time brings; others are not concerned, and few addresses are remembered."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(doors, "MAX_ADDRESSES", 2)
    doorman = Doorman(by_address=True)
    assert all(doorman._spend("a") for _ in range(doors.REQUESTS_AT_ONCE))
    assert not doorman._spend("a")
    assert doorman._spend("b")
    now[0] = 2.5 / doors.REQUESTS_PER_SECOND
    assert [doorman._spend("a") for _ in range(3)] == [True, True, False]
    assert doorman._spend("c")
    assert list(doorman._rates) == ["a", "c"]


async def test_strangers_wait_their_turn_and_partners_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Q-32: unsigned requests under way are counted, what is asked with a signature is not."""
    monkeypatch.setattr(doors, "ANONYMOUS_IN_FLIGHT", 1)
    monkeypatch.setattr(doors, "REFUSAL_SECONDS", 0.01)
    doorman, gate = Doorman(by_address=True), asyncio.Event()

    class Asked:
        remote = "192.0.2.1"
        transport = None
        headers: Mapping[str, str] = {}

        def __init__(self, path: str) -> None:
            self.path = path

    async def slow(_request: Any) -> Any:
        await gate.wait()
        return "answered"

    async def nobody(_request: Any) -> bool:
        return False

    middleware: Any = doorman.middleware(nobody)

    def ask(path: str) -> asyncio.Task[Any]:
        return asyncio.ensure_future(middleware(Asked(path), slow))

    first, partner = ask("/feeds/public/1/checkpoint"), ask("/feeds/to/x/1/checkpoint")
    await asyncio.sleep(0)
    with pytest.raises(Refusal, match=r"request\.too-many"):
        await ask("/.well-known/passerelle")
    gate.set()
    assert await first == await partner == await ask("/.well-known/passerelle") == "answered"
