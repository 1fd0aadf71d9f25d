"""Guards taken out, by behaviour: with its mutant a behaviour must be seen to do harm.

A mutant patches the node before it starts, in its own process (``launch.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Mutant = Callable[[], None]


def apply(name: str) -> None:
    """Take the guard out of this process."""
    MUTANTS[name]()


def _patch(target: Any, name: str, value: Any) -> None:
    setattr(target, name, value)


def no_byte_limit() -> None:
    """Whatever length an answer has, it is read."""
    from passerelle.sync import client  # noqa: PLC0415

    async def read(response: Any, _max_bytes: int) -> bytes:
        return bytes(await response.content.read())

    _patch(client, "_read", read)


def no_deadline() -> None:
    """A request may last for ever; a minute, here."""
    from datetime import timedelta  # noqa: PLC0415

    from passerelle.sync import client  # noqa: PLC0415

    made = client.Client.__init__

    def patient(self: Any, *args: Any, **named: Any) -> None:
        made(self, *args, **{**named, "deadline": timedelta(seconds=60)})

    _patch(client.Client, "__init__", patient)


MUTANTS: Final[Mapping[str, Mutant]] = {
    "no-byte-limit": no_byte_limit,
    "no-deadline": no_deadline,
}
