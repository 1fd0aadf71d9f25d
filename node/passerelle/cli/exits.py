"""Exit codes: what a script learns from a command. The table stands in ``--help`` and in README.md beside this."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from passerelle.errors import (
    ConfigError,
    InputError,
    PasserelleError,
    ProtocolError,
    StorageError,
    TransportError,
)


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    """What was asked is done."""
    FAULT = 1
    """A fault of Passerelle itself."""
    USAGE = 2
    """The command line is wrong."""
    REFUSED = 3
    """Refused by a rule, or what was given cannot be used."""
    PARTNER = 4
    """A partner or the road to it."""
    STORAGE = 5
    """The disk or the database, or the node is read-only."""
    CONFIGURATION = 6
    """The node is not set up as it must be."""
    FAILED = 7
    """A check was made and something is not as it must be: audit, scenario, peer test."""
    INTERRUPTED = 130
    """Stopped from the keyboard."""


_BY_KIND: Final[tuple[tuple[type[PasserelleError], Exit], ...]] = (
    (InputError, Exit.REFUSED),
    (TransportError, Exit.PARTNER),
    (ProtocolError, Exit.PARTNER),
    (StorageError, Exit.STORAGE),
    (ConfigError, Exit.CONFIGURATION),
)


def exit_of(error: PasserelleError) -> Exit:
    """The exit code of an error, by whose fault it is."""
    for kind, code in _BY_KIND:
        if isinstance(error, kind):
            return code
    return Exit.FAULT
