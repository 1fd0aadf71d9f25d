"""Origins: the names of feeds, and the folders that they lie in (protocol, sections 4 and 5).

    passerelle/<SCID of the author>/public/<n>
    passerelle/<SCID of the author>/to/<SCID of the partner>/<n>

A SCID is the self-certifying identifier of a did:webvh identity. An origin never
changes and is never used again; a feed that ends is followed by number ``n + 1``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from passerelle.errors import ProtocolError

MAX_NUMBER: Final = 2**53 - 1
"""Numbers of feeds stand in records, so they keep to the range of the JSON profile."""

_SCID: Final = "Qm[1-9A-HJ-NP-Za-km-z]{44}"  # base58btc of a SHA-256 multihash
_NUMBER: Final = "[1-9][0-9]{0,15}"
_ORIGIN: Final = re.compile(f"passerelle/({_SCID})/(?:public|to/({_SCID}))/({_NUMBER})")
_IS_SCID: Final = re.compile(_SCID)


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """The name of one feed.

    Args:
        author: SCID of the agency that writes the feed.
        partner: SCID of the only reader, or None where the feed is public.
        number: 1 for the first feed of its kind, rising by one at each succession.
    """

    author: str
    partner: str | None
    number: int

    def __post_init__(self) -> None:
        """Raises ValueError on what is no origin: inside, one that exists is valid."""
        scids = (self.author,) if self.partner is None else (self.author, self.partner)
        if not all(_IS_SCID.fullmatch(scid) for scid in scids):
            raise ValueError("not a SCID")
        if self.partner == self.author:
            raise ValueError("an agency has no feed to itself")
        if not 1 <= self.number <= MAX_NUMBER:
            raise ValueError("feeds are numbered from 1")

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Inverse of ``encode``.

        Raises:
            ProtocolError: ``origin.malformed`` unless ``text`` is exactly what ``encode`` writes.
        """
        match = _ORIGIN.fullmatch(text)
        if match is None:
            raise ProtocolError("origin.malformed", origin=text[:200])
        try:
            return cls(match[1], match[2], int(match[3]))
        except ValueError as exc:
            raise ProtocolError("origin.malformed", origin=text[:200]) from exc

    def encode(self) -> str:
        """The origin line of the feed's checkpoints, also the name of the key that signs them."""
        return f"passerelle/{self.author}/{self._kind}/{self.number}"

    @property
    def is_public(self) -> bool:
        """Whether everybody may read the feed."""
        return self.partner is None

    @property
    def path(self) -> str:
        """Folder of the feed at its author: ``feeds/public/1`` or ``feeds/to/<SCID>/1``."""
        return f"feeds/{self._kind}/{self.number}"

    def received_path(self) -> str:
        """Folder of the feed at a reader that holds it: ``received/<SCID of the author>/to/1``.

        Asked for by the author alone, so the reader's own SCID does not stand in it.
        """
        return f"received/{self.author}/{'public' if self.is_public else 'to'}/{self.number}"

    def mirror_path(self) -> str:
        """Folder of a public feed at an agency that mirrors it: ``mirrors/<SCID>/public/1``."""
        if not self.is_public:
            raise ValueError("bilateral feeds are not mirrored")
        return f"mirrors/{self.author}/public/{self.number}"

    @property
    def _kind(self) -> str:
        return "public" if self.partner is None else f"to/{self.partner}"


def is_scid(text: str) -> bool:
    """Whether ``text`` has the form of a SCID: 46 characters of base58btc that begin with ``Qm``."""
    return _IS_SCID.fullmatch(text) is not None


def witness_name(scid: str) -> str:
    """Name of the key with which an agency cosigns checkpoints (protocol, section 8)."""
    return f"passerelle/{scid}/witness"
