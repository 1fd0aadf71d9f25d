"""Sealed objects: a record that one partner can open (protocol, section 4).

    object    = 0x01 || 0x20 || key id || enc || ciphertext
    key id    = SHA-256 of the recipient's public key of 1,216 bytes
    suite     = HPKE 647a-0001-0002: X-Wing, HKDF-SHA256, AES-256-GCM; base mode, one shot
    info      = canonical JSON of {"commitment":hex,"key":hex,"origin":...,"use":"passerelle/seal/v1"}
    plaintext = salt || u32 length of the stream || raw DEFLATE of the record || zeros,
                the whole a power of two of at least 1,024 bytes

Base mode authenticates nobody, and AES-GCM does not commit to its key: after opening,
the commitment in the leaf is checked here, and issuer and audience of the record by
``intake``. An object may be sealed anew to a newer key of the recipient; the leaf does
not move. What this module does not do: it never says *who* sealed.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from passerelle.errors import ProtocolError
from passerelle.protocol import objects, profile
from passerelle.protocol.objects import SALT_BYTES
from passerelle.protocol.profile import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from passerelle.protocol.origins import Origin

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 1216
ENC_BYTES: Final = 1120

LEAST_PLAINTEXT_BYTES: Final = 1024
MOST_PLAINTEXT_BYTES: Final = 524_288
"""Holds a record of 256 KiB that does not compress at all."""

_HEADER: Final = b"\x01\x20"  # version 1, and the length of the key id that follows
_KEY_ID_BYTES: Final = 32
_BOX_START: Final = len(_HEADER) + _KEY_ID_BYTES
_TAG_BYTES: Final = 16
_LENGTH_BYTES: Final = 4
_STREAM_START: Final = SALT_BYTES + _LENGTH_BYTES
_MOST_BYTES: Final = _BOX_START + ENC_BYTES + MOST_PLAINTEXT_BYTES + _TAG_BYTES

_MLKEM_PUBLIC_BYTES: Final = 1184
_MLKEM_SEED_BYTES: Final = 64
_RAW_DEFLATE: Final = -15
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """An X-Wing private key, with which its owner opens what was sealed to it.

    Args:
        seed: 32 secret bytes. Kept out of ``repr``.
        public: 1,216 bytes, derived: an ML-KEM-768 key, then an X25519 key.
        key_id: SHA-256 of ``public`` as hex, derived.
    """

    seed: bytes = field(repr=False)
    public: bytes = field(init=False, repr=False)
    key_id: str = field(init=False)
    _private: MLKEM768X25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derives both halves once; raises ValueError unless the seed has 32 bytes."""
        if len(self.seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(self.seed)}")
        expanded = shake_256(self.seed).digest(_MLKEM_SEED_BYTES + 32)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
        curve = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
        public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        object.__setattr__(self, "public", public)
        object.__setattr__(self, "key_id", key_id_of(public))
        object.__setattr__(self, "_private", MLKEM768X25519PrivateKey(lattice, curve))

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> SealingKey:
        """A new key from ``random(32)``; production passes ``secrets.token_bytes``."""
        return cls(random(SEED_BYTES))

    def open(self, box: bytes, info: bytes) -> bytes:
        """Decrypts ``enc || ciphertext``.

        Raises:
            ProtocolError: ``object.unopened`` where it was not sealed to this key with this info,
                or was changed since.
        """
        try:
            return _SUITE.decrypt(box, self._private, info)
        except InvalidTag as exc:
            raise ProtocolError("object.unopened", key=self.key_id) from exc


def key_id_of(public: bytes) -> str:
    """The id of a recipient's public key: SHA-256 as hex."""
    return sha256(public).hexdigest()


def seal(salt: bytes, data: bytes, *, recipient_public: bytes, origin: Origin) -> bytes:
    """The object beside a ``sealed`` leaf. Two calls never give the same bytes: HPKE draws a fresh key.

    Args:
        salt: 32 bytes, new for this record and recipient.
        data: The record's canonical bytes.
        recipient_public: The recipient's key from its descriptor, whose hash its identity names.
        origin: The feed that the leaf stands in.

    Raises:
        ProtocolError: ``seal.key-malformed`` where the recipient published what is no key.
    """
    public = _parse_public(recipient_public)
    key = key_id_of(recipient_public)
    info = _info(objects.commitment(salt, data), key, origin)
    plaintext = _pad(salt, data)
    try:
        box = _SUITE.encrypt(plaintext, public, info)
    except ValueError as exc:  # an X25519 half of small order
        raise ProtocolError("seal.key-malformed", key=key) from exc
    return _HEADER + bytes.fromhex(key) + box


def sealed_to(object_: bytes) -> str:
    """Id of the key that an object says it is sealed to.

    Raises:
        ProtocolError: ``object.malformed``, ``object.too-large``.
    """
    if len(object_) > _MOST_BYTES:
        raise ProtocolError("object.too-large", size=len(object_), max=_MOST_BYTES)
    least = _BOX_START + ENC_BYTES + LEAST_PLAINTEXT_BYTES + _TAG_BYTES
    if len(object_) < least or not object_.startswith(_HEADER):
        raise ProtocolError("object.malformed", size=len(object_))
    return object_[len(_HEADER) : _BOX_START].hex()


def open_sealed(
    object_: bytes, keys: Mapping[str, SealingKey], *, origin: Origin, commitment: bytes
) -> tuple[bytes, bytes]:
    """Salt and record bytes of a sealed object; they match the commitment, the record is not looked at.

    Args:
        object_: The object, as received.
        keys: Our sealing keys by key id, old ones included.
        origin: The feed that the leaf stands in.
        commitment: The leaf's, 32 bytes.

    Raises:
        ProtocolError: ``object.unopened`` where the key is not among ours, or does not open it;
            ``object.malformed``, ``object.too-large``, ``object.stream``, ``object.padding``
            (the form, outside and inside); ``object.commitment`` (another record than the
            leaf commits to).
    """
    key_id = sealed_to(object_)
    key = keys.get(key_id)
    if key is None:
        raise ProtocolError("object.unopened", key=key_id)
    salt, data = _unpad(key.open(object_[_BOX_START:], _info(commitment, key_id, origin)))
    if objects.commitment(salt, data) != commitment:
        raise ProtocolError("object.commitment")
    return salt, data


def _info(commitment: bytes, key_id: str, origin: Origin) -> bytes:
    """What the box is bound to: it opens beside no other leaf, in no other feed, for no other use."""
    use = "passerelle/seal/v1"
    return profile.encode(
        {"commitment": commitment.hex(), "key": key_id, "origin": origin.encode(), "use": use}
    )


def _pad(salt: bytes, data: bytes) -> bytes:
    if not 1 <= len(data) <= MAX_RECORD_BYTES:
        raise ValueError("not a record")
    deflate = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE)
    stream = deflate.compress(data) + deflate.flush()
    plaintext = salt + len(stream).to_bytes(_LENGTH_BYTES, "big") + stream
    size = max(LEAST_PLAINTEXT_BYTES, 1 << (len(plaintext) - 1).bit_length())
    return plaintext.ljust(size, b"\0")


def _unpad(plaintext: bytes) -> tuple[bytes, bytes]:
    if len(plaintext).bit_count() != 1:
        raise ProtocolError("object.malformed", size=len(plaintext))
    stream_end = _STREAM_START + int.from_bytes(plaintext[SALT_BYTES:_STREAM_START], "big")
    if stream_end > len(plaintext):
        raise ProtocolError("object.stream")
    data = _inflate(plaintext[_STREAM_START:stream_end])
    if any(plaintext[stream_end:]):
        raise ProtocolError("object.padding")
    return plaintext[:SALT_BYTES], data


def _inflate(stream: bytes) -> bytes:
    """The record's bytes, never more than the limit and one, whatever the stream would give."""
    inflate = zlib.decompressobj(_RAW_DEFLATE)
    try:
        data = inflate.decompress(stream, MAX_RECORD_BYTES + 1)
    except zlib.error as exc:
        raise ProtocolError("object.stream") from exc
    if len(data) > MAX_RECORD_BYTES:
        raise ProtocolError("object.too-large", max=MAX_RECORD_BYTES)
    if not inflate.eof or inflate.unused_data or inflate.unconsumed_tail:
        raise ProtocolError("object.stream")
    return data


def _parse_public(raw: bytes) -> MLKEM768X25519PublicKey:
    if len(raw) != PUBLIC_BYTES:
        raise ProtocolError("seal.key-malformed", key=key_id_of(raw))
    try:
        lattice = MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES])
        curve = X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:])
    except ValueError as exc:
        raise ProtocolError("seal.key-malformed", key=key_id_of(raw)) from exc
    return MLKEM768X25519PublicKey(lattice, curve)
