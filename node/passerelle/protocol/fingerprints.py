"""The fingerprint of an identity: what two people read to each other on the telephone.

Twelve groups of five digits stand for the SCID (spec/ "Identity and keys"). They are
compared once, when a partner is added; no program ever reads one.
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

_PREFIX: Final = b"passerelle/fingerprint/v1\0"
_GROUPS: Final = 12
_BYTES_PER_GROUP: Final = 5
_GROUP_MODULUS: Final = 100_000


def fingerprint(scid: str) -> str:
    r"""Twelve groups of five digits, joined by spaces.

    Group i is bytes 5i to 5i+4 of SHA-512(``"passerelle/fingerprint/v1\0"`` ‖ SCID), big-endian,
    modulo 100000. The modulus leans by 2^40 mod 100000 in 2^40: nothing worth a longer group.
    """
    digest = sha512(_PREFIX + scid.encode("ascii")).digest()
    groups = (
        int.from_bytes(digest[at : at + _BYTES_PER_GROUP], "big") % _GROUP_MODULUS
        for at in range(0, _GROUPS * _BYTES_PER_GROUP, _BYTES_PER_GROUP)
    )
    return " ".join(f"{group:05d}" for group in groups)
