"""spec "Objects and seals": what is sealed to a partner opens there, beside its leaf, and nowhere else."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import objects, seals
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import MAX_RECORD_BYTES
from passerelle.protocol.seals import SealingKey

PUBLISHED = json.loads(
    (Path(__file__).parents[3] / "spec/vectors/published/x-wing-keys.json").read_text(encoding="utf-8")
)
ORIGIN = Origin(
    "QmTogoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "QmMaLiBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", 1
)
KEY = SealingKey(bytes(range(32)))
OTHER = SealingKey(bytes(32))
KEYS = {KEY.key_id: KEY}
SALT = bytes(range(100, 132))
RECORD = b'{"body":{"text":"' + b"two volunteers, " * 40 + b'"}}'
COMMITMENT = objects.commitment(SALT, RECORD)


def sealed(data: bytes = RECORD) -> bytes:
    return seals.seal(SALT, data, recipient_public=KEY.public, origin=ORIGIN)


def boxed(plaintext: bytes, commitment: bytes = COMMITMENT) -> bytes:
    """An object with any plaintext, made as a hostile author would: with the library alone."""
    info = (
        f'{{"commitment":"{commitment.hex()}","key":"{KEY.key_id}",'
        f'"origin":"{ORIGIN.encode()}","use":"passerelle/seal/v1"}}'
    )
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    public: MLKEM768X25519PublicKey = KEY._private.public_key()
    return b"\x01\x20" + bytes.fromhex(KEY.key_id) + suite.encrypt(plaintext, public, info.encode())


def plaintext_of(stream: bytes, *, size: int = 1024, length: int | None = None, tail: bytes = b"") -> bytes:
    """Salt, stated length, stream, tail and zeros up to ``size``."""
    stated = (len(stream) if length is None else length).to_bytes(4, "big")
    return (SALT + stated + stream + tail).ljust(size, b"\0")


def deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


def opened(object_: bytes, *, commitment: bytes = COMMITMENT, origin: Origin = ORIGIN) -> tuple[bytes, bytes]:
    return seals.open_sealed(object_, KEYS, origin=origin, commitment=commitment)


def code_of(object_: bytes, *, commitment: bytes = COMMITMENT, origin: Origin = ORIGIN) -> str:
    with pytest.raises(ProtocolError) as caught:
        opened(object_, commitment=commitment, origin=origin)
    return caught.value.code


@pytest.mark.parametrize("pair", PUBLISHED["keys"])
def test_published_keys(pair: dict[str, str]) -> None:
    """X-Wing: the seed gives the public key of the published vectors."""
    assert SealingKey(bytes.fromhex(pair["seed"])).public.hex() == pair["public"]


def test_sealed_object_opens() -> None:
    """What was sealed is what opens, and it names the key that opens it."""
    object_ = sealed()
    assert opened(object_) == (SALT, RECORD)
    assert seals.sealed_to(object_) == KEY.key_id == seals.key_id_of(KEY.public)
    assert object_ != sealed()


def test_an_outside_writer_is_read() -> None:
    """An object built from the words of the spec opens."""
    assert opened(boxed(plaintext_of(deflated(RECORD)))) == (SALT, RECORD)


@pytest.mark.parametrize(("stream_bytes", "object_bytes"), [(430, 2194), (988, 2194), (989, 3218)])
def test_worked_sizes(stream_bytes: int, object_bytes: int) -> None:
    """O-6, spec "Objects and seals": the sizes of the worked example, on both sides of a power of two."""
    data = record_with_stream_of(stream_bytes)
    assert len(sealed(data)) == object_bytes


def record_with_stream_of(stream_bytes: int) -> bytes:
    """Bytes that deflate to exactly this many."""
    noise = bytes(pow(3, place, 65_537) % 256 for place in range(2000))
    return next(noise[:n] for n in range(2000) if len(deflated(noise[:n])) == stream_bytes)


def test_the_largest_record() -> None:
    """256 KiB that do not compress fit into the largest plaintext."""
    noise = bytes(value >> 3 & 255 for value in _lcg(MAX_RECORD_BYTES))
    object_ = sealed(noise)
    assert len(object_) == 34 + 1120 + 524_288 + 16
    assert opened(object_, commitment=objects.commitment(SALT, noise)) == (SALT, noise)


def _lcg(count: int) -> list[int]:
    state, values = 1, []
    for _ in range(count):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        values.append(state >> 8)
    return values


def test_it_opens_nowhere_else() -> None:
    """Code object.unopened: beside another leaf, in another feed, with another key."""
    object_ = sealed()
    assert code_of(object_, commitment=bytes(32)) == "object.unopened"
    assert ORIGIN.partner is not None
    reverse = Origin(ORIGIN.partner, ORIGIN.author, 1)
    for origin in (reverse, Origin(ORIGIN.author, ORIGIN.partner, 2)):
        assert code_of(object_, origin=origin) == "object.unopened"
    moved = object_[:2] + bytes.fromhex(OTHER.key_id) + object_[34:]
    with pytest.raises(ProtocolError) as caught:
        seals.open_sealed(moved, {OTHER.key_id: OTHER}, origin=ORIGIN, commitment=COMMITMENT)
    assert caught.value.code == "object.unopened"


def test_unknown_key() -> None:
    """Code object.unopened: sealed to a key that this node does not have."""
    with pytest.raises(ProtocolError) as caught:
        seals.open_sealed(sealed(), {OTHER.key_id: OTHER}, origin=ORIGIN, commitment=COMMITMENT)
    assert (caught.value.code, caught.value.params) == ("object.unopened", {"key": KEY.key_id})


def test_every_byte_is_protected() -> None:
    """Codes object.malformed and object.unopened: one bit of each byte of an object changed."""
    object_ = sealed()
    for place in range(len(object_)):
        changed = bytearray(object_)
        changed[place] ^= 1 << place % 8
        assert code_of(bytes(changed)) == ("object.malformed" if place < 2 else "object.unopened")


@pytest.mark.parametrize(
    "object_",
    [b"", b"\x01\x20", sealed()[:-1025], b"\x02" + sealed()[1:], b"\x01\x21" + sealed()[2:]],
    ids=["empty", "header", "short", "version", "id-length"],
)
def test_malformed_frame(object_: bytes) -> None:
    """Code object.malformed: no frame of version 1."""
    assert code_of(object_) == "object.malformed"


def test_truncated_or_continued() -> None:
    """Code object.unopened: bytes missing or added at the end."""
    assert code_of(boxed(bytes(2048))[:-1]) == "object.unopened"
    assert code_of(sealed() + b"\0") == "object.unopened"


@pytest.mark.parametrize("size", [1025, 1536, 2047])
def test_plaintext_of_another_size(size: int) -> None:
    """Code object.malformed: the length of an object tells nothing but a power of two."""
    assert code_of(boxed(plaintext_of(deflated(RECORD), size=size))) == "object.malformed"


def test_small_plaintext() -> None:
    """Code object.malformed: a power of two, but below 1,024."""
    assert code_of(boxed(plaintext_of(deflated(RECORD), size=512))) == "object.malformed"


def test_stream_that_does_not_end_there() -> None:
    """Code object.stream: bytes left over, bytes missing, no stream at all, a length beyond the end."""
    stream = deflated(RECORD)
    assert code_of(boxed(plaintext_of(stream + b"\0"))) == "object.stream"
    assert code_of(boxed(plaintext_of(stream, length=len(stream) - 1))) == "object.stream"
    assert code_of(boxed(plaintext_of(b""))) == "object.stream"
    assert code_of(boxed(plaintext_of(b"\xff\xff"))) == "object.stream"
    assert code_of(boxed(plaintext_of(stream, length=1024 - 35))) == "object.stream"
    assert code_of(boxed(plaintext_of(stream, length=2**32 - 1))) == "object.stream"
    to_the_end = deflated(record_with_stream_of(988))
    assert code_of(boxed(plaintext_of(to_the_end, length=989))) == "object.stream"
    assert code_of(boxed(plaintext_of(zlib.compress(RECORD)))) == "object.stream"


def test_only_zeros_follow() -> None:
    """Code object.padding: a byte after the stream, and the last byte of all."""
    stream = deflated(RECORD)
    assert code_of(boxed(plaintext_of(stream, tail=b"\x01"))) == "object.padding"
    assert code_of(boxed(plaintext_of(stream)[:-1] + b"\x01")) == "object.padding"


def test_inflation_is_bounded() -> None:
    """Code object.too-large: one byte over the limit, and a gigabyte that is never made."""
    limit = bytes(MAX_RECORD_BYTES)
    just = objects.commitment(SALT, limit)
    assert opened(boxed(plaintext_of(deflated(limit)), just), commitment=just) == (SALT, limit)
    assert code_of(boxed(plaintext_of(deflated(limit + b"\0")))) == "object.too-large"
    bomb = deflated(bytes(2**28))
    assert code_of(boxed(plaintext_of(bomb, size=524_288))) == "object.too-large"


def test_object_too_large() -> None:
    """Code object.too-large: longer than the largest plaintext gives."""
    assert code_of(b"\x01\x20" + bytes(600_000)) == "object.too-large"


def test_another_record() -> None:
    """Code object.commitment: it opens, and is not what the leaf commits to."""
    assert code_of(boxed(plaintext_of(deflated(b"another record")))) == "object.commitment"


@pytest.mark.parametrize(
    "public",
    [
        b"",
        KEY.public + b"\0",
        b"\xff" * 1216,
        KEY.public[:1184] + bytes(32),
        KEY.public[:1184] + b"\1" + bytes(31),
    ],
    ids=["empty", "long", "no-lattice-key", "order-4", "order-1"],
)
def test_recipient_key_that_is_none(public: bytes) -> None:
    """Code seal.key-malformed: a partner published what is no key, or one of small order."""
    with pytest.raises(ProtocolError) as caught:
        seals.seal(SALT, RECORD, recipient_public=public, origin=ORIGIN)
    assert caught.value.code == "seal.key-malformed"


def test_own_mistakes() -> None:
    """No short salts and seeds, no empty or oversized records."""
    with pytest.raises(ValueError, match="salt"):
        seals.seal(b"short", RECORD, recipient_public=KEY.public, origin=ORIGIN)
    for data in (b"", bytes(MAX_RECORD_BYTES + 1)):
        with pytest.raises(ValueError, match="record"):
            sealed(data)
    with pytest.raises(ValueError, match="seed"):
        SealingKey(b"short")


def test_a_key_keeps_its_secret() -> None:
    """A key in a log line shows its id alone; a generated one asks for 32 bytes."""
    assert repr(KEY) == f"SealingKey(key_id={KEY.key_id!r})"
    assert SealingKey.generate(bytes) == OTHER


@given(st.binary(min_size=1, max_size=3000))
def test_round_trip(data: bytes) -> None:
    """open_sealed(seal(x)) == x."""
    assert opened(sealed(data), commitment=objects.commitment(SALT, data)) == (SALT, data)


@given(st.binary(max_size=100) | st.binary(max_size=1300).map(lambda tail: b"\x01\x20" + bytes(2200) + tail))
def test_any_bytes(data: bytes) -> None:
    """Any bytes raise ProtocolError and nothing else."""
    with pytest.raises(ProtocolError):
        opened(data)


@given(st.binary(max_size=988))
def test_any_plaintext(plaintext: bytes) -> None:
    """Any plaintext under a good seal raises ProtocolError and nothing else."""
    with pytest.raises(ProtocolError):
        opened(boxed((SALT + plaintext).ljust(1024, b"\0")))
