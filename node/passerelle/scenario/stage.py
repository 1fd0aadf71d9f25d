"""What a play is played on. :mod:`.nodes` has the real one; tests play on others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from passerelle.protocol.profile import Json


class Stage(Protocol):
    """Nodes, and the links between them, known by the names that the file gives them.

    A method returns only when what it names is true: a cut link refuses, a started node answers.
    """

    async def call(self, agency: str, method: str, **arguments: Json) -> Json:
        """Ask a node for something through its own desk; raises what the desk raises."""
        ...

    async def cut(self, first: str, second: str) -> None:
        """Close what is open between two nodes and refuse what comes, in both directions."""
        ...

    async def restore(self, first: str, second: str) -> None:
        """Let them reach each other again."""
        ...

    async def start(self, agency: str) -> None:
        """Start a node that was stopped or killed, in the same home and at the same address."""
        ...

    async def stop(self, agency: str) -> None:
        """Ask a node to end and wait until it has."""
        ...

    async def kill(self, agency: str) -> None:
        """End a node as a power cut would."""
        ...

    async def catch_up(self, agencies: Sequence[str]) -> None:
        """Let these nodes pull from each other until every feed between them is held and receipted.

        Raises:
            TransportError: ``scenario.not-caught-up`` when that takes longer than the stage allows.
        """
        ...
