"""Whether whoever asks knows the agency that signed, or has its word alone that it is that agency.

A log that came with a certificate proves that this identity signed, and not whose identity
it is: anybody can make one and call it the ministry. Only what came by another road tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from passerelle.protocol.certificateletters import on_one_line, text_at
from passerelle.protocol.fingerprints import fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from passerelle.protocol.certificates import Signed

_MOST_SHOWN: Final = 120
"""Characters of a name that a stranger chose."""


@dataclass(frozen=True, slots=True)
class Known:
    """By what whoever asks knows agencies, none of it taken from the files that are judged.

    Args:
        logs: Name and bytes of identity logs.
        fingerprints: As an agency publishes them; their digits count.
        scids: Identities that the asker's own node knows.
    """

    logs: Sequence[tuple[str, bytes]] = ()
    fingerprints: Sequence[str] = ()
    scids: Collection[str] = ()

    def by(self, scid: str, logs: Collection[str]) -> str | None:
        """``log``, ``fingerprint`` or ``node``, by what an agency is known; None where it is not.

        Args:
            scid: The agency.
            logs: The identities that :attr:`logs` turned out to be of.
        """
        if scid in logs:
            return "log"
        if digits_of(fingerprint(scid)) in {digits_of(given) for given in self.fingerprints}:
            return "fingerprint"
        return "node" if scid in self.scids else None


def digits_of(text: str) -> str:
    """The digits of a fingerprint, however it was typed."""
    return "".join(letter for letter in text if letter in "0123456789")


def called(document: Signed) -> str:
    """What the agency that signed calls itself there, on one line; a stranger chose it."""
    return on_one_line(text_at(document.value, ("issuer", "name")))[:_MOST_SHOWN]
