"""Ed25519 keys: signing, verifying, and the Multikey form in which they are published.

A public key is 32 bytes inside this package and a Multikey at its edge:
``"z" + base58btc(0xed 0x01 ‖ 32 bytes)`` (W3C Controlled Identifiers 1.0). Every key of
a partner enters through :func:`parse_multikey`, which is therefore the one place that
refuses the encodings on whose signatures Ed25519 libraries disagree. Points that mix a
prime-order part with a small-order part are let through: nobody but the key's owner can
make them, and they gain the owner nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from passerelle.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_MULTICODEC_ED25519: Final = b"\xed\x01"
MULTIKEY_CHARS: Final = 48  # "z" and 47 base58 digits; 34 bytes that begin with 0xed never need fewer
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P

# The y of the points of order 8; with 0 (order 4), 1 (order 1) and -1 (order 2), and the
# two signs of x, all eight points of small order.
_Y_OF_ORDER_8: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key, as the 32-byte seed of RFC 8032.

    Args:
        seed: 32 secret bytes. Kept out of ``repr``.
        public: 32 bytes, derived.
        multikey: The published form of ``public``, derived.
    """

    seed: bytes = field(repr=False)
    public: bytes = field(init=False)
    multikey: str = field(init=False)
    _private: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derives the public half once; raises ValueError unless the seed has 32 bytes."""
        if len(self.seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(self.seed)}")
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "_private", private)
        object.__setattr__(self, "public", private.public_key().public_bytes_raw())
        object.__setattr__(self, "multikey", encode_multikey(self.public))

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> SigningKey:
        """A new key from ``random(32)``; production passes ``secrets.token_bytes``."""
        return cls(random(SEED_BYTES))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of RFC 8032 Ed25519 (pure, no context); deterministic."""
        return self._private.sign(message)


def verify_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is the owner's over ``message``.

    Args:
        public: 32 bytes that came through :func:`parse_multikey` or from a SigningKey.
        message: The bytes signed.
        signature: Any bytes; other lengths than 64 are simply not a signature.
    """
    try:
        _public_key(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)  # a feed is signed with few keys; decoding a point costs a tenth of a verification
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def encode_multikey(public: bytes) -> str:
    """The Multikey ``z6Mk…`` of 32 public bytes.

    Raises:
        ValueError: ``public`` does not have 32 bytes.
    """
    if len(public) != PUBLIC_BYTES:
        raise ValueError(f"a public key has {PUBLIC_BYTES} bytes, not {len(public)}")
    return "z" + base58.b58encode(_MULTICODEC_ED25519 + public).decode("ascii")


@lru_cache(maxsize=4096)  # a log repeats its keys in every entry; checking a point costs a power
def parse_multikey(text: str) -> bytes:
    """The 32 public bytes of a Multikey that may be trusted to name one key only.

    Args:
        text: ``z6Mk…``, 48 characters.

    Raises:
        ProtocolError: ``key.malformed`` for another prefix, length or alphabet, or bytes
            that are no point of the curve; ``key.small-order`` for the eight points of
            small order in any encoding; ``key.non-canonical`` for y of p or more.
    """
    if len(text) != MULTIKEY_CHARS or text[0] != "z":
        raise ProtocolError("key.malformed")
    try:
        raw = base58.b58decode(text[1:].encode("ascii"))
    except ValueError as exc:
        raise ProtocolError("key.malformed") from exc
    prefix, public = raw[: len(_MULTICODEC_ED25519)], raw[len(_MULTICODEC_ED25519) :]
    if prefix != _MULTICODEC_ED25519 or len(public) != PUBLIC_BYTES:
        raise ProtocolError("key.malformed")
    if encode_multikey(public) != text:  # the decoder forgives white space at the end
        raise ProtocolError("key.malformed")
    _check_point(public)
    return public


def _check_point(public: bytes) -> None:
    """Raises ProtocolError unless the bytes are the one encoding of a point of large order."""
    y = int.from_bytes(public, "little") & (2**255 - 1)  # the top bit is the sign of x
    if y % _P in _SMALL_ORDER_Y:
        raise ProtocolError("key.small-order")
    if y >= _P:
        raise ProtocolError("key.non-canonical")
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square. Times the square of the denominator
    # that is the same question without a division; Euler's criterion answers it.
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) != 1:
        raise ProtocolError("key.malformed")
