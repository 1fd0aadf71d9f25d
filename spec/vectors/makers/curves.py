"""``signatures.json``: Ed25519 signatures on which libraries differ (chapter 03).

Plain arithmetic of RFC 8032, made to be read; nothing here is meant for keys that matter.
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

from makers.common import SELF, Key, Tree, encode_multikey, seed

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
NEUTRAL: Final[Point] = (0, 1)


def add(one: Point, other: Point) -> Point:
    """The complete addition law of the twisted Edwards curve."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x, y


def times(scalar: int, point: Point) -> Point:
    """The point added to itself ``scalar`` times."""
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def encode(point: Point) -> bytes:
    """y in 255 bits, little-endian, and the lowest bit of x above it."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point:
    """The point that 32 bytes stand for."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        raise ValueError("no point")
    return (P - x if x & 1 != sign else x), y


BASE: Final = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
OF_ORDER_8: Final = decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))


def challenge(commitment: bytes, public: bytes, message: bytes) -> int:
    """SHA-512(R ‖ A ‖ M) as a number."""
    return int.from_bytes(sha512(commitment + public + message).digest(), "little") % L


def secret(key: Key) -> int:
    """The scalar of RFC 8032 section 5.1.5."""
    number = int.from_bytes(sha512(seed(key.name)).digest()[:32], "little")
    return number & (2**254 - 8) | 2**254


def make_signatures() -> Tree:
    """What verifies, and what some libraries verify and others do not."""
    key, message = Key("signatures/1"), b"passerelle"
    public, good = key.public, key.sign(b"passerelle")
    scalar = int.from_bytes(good[32:], "little")
    larger = good[:32] + (scalar + L).to_bytes(32, "little")
    cases = [
        _case("a signature", None, public, message, good),
        _case("a signature of nothing", None, public, b"", key.sign(b"")),
        _case("S and the order of the group", "I-47", public, message, larger),
        _case("another message", "I-47", public, b"Passerelle", good),
        _case("63 bytes", "I-47", public, message, good[:63]),
        _case("65 bytes", "I-47", public, message, good + b"\0"),
        _case("all zeros", "I-47", public, message, bytes(64)),
        *_mixed(key),
        _identity_commitment(key),
    ]
    return {
        "chapter": "03",
        "about": "Whether signature verifies under public over message by I-47: S below the order of the group, and the equation "
        "without cofactor, compared as bytes. with_cofactor: whether it would with the cofactor, where that differs.",
        "made_by": SELF,
        "confirmed_by": ["OpenSSL (PyPI cryptography)"],
        "cases": cases,
    }


def _case(name: str, rule: str | None, public: bytes, message: bytes, signature: bytes) -> Tree:
    return {
        "name": name,
        "rule": "I-47",
        "public": public.hex(),
        "multikey": encode_multikey(public),
        "message": message.hex(),
        "signature": signature.hex(),
        "verifies": rule is None,
        "with_cofactor": rule is None,
    }


def _mixed(key: Key) -> list[Tree]:
    """Under a key with a part of small order: of eight messages about one verifies without cofactor."""
    scalar = secret(key)
    public = encode(add(times(scalar, BASE), OF_ORDER_8))
    nonce = int.from_bytes(sha512(seed("signatures/nonce")).digest(), "little") % L
    commitment = encode(times(nonce, BASE))
    found: dict[bool, Tree] = {}
    number = 0
    while len(found) < 2:
        message = f"message {number}".encode()
        number += 1
        h = challenge(commitment, public, message)
        verifies = h % 8 == 0
        if verifies not in found:
            signature = commitment + ((nonce + h * scalar) % L).to_bytes(32, "little")
            name = f"a key with a part of order 8, h {'a' if verifies else 'no'} multiple of 8"
            found[verifies] = _case(name, None if verifies else "I-47", public, message, signature)
            found[verifies]["with_cofactor"] = True
    return [found[True], found[False]]


def _identity_commitment(key: Key) -> Tree:
    """R is the neutral point: canonical, of small order, and what RFC 8032 verifies."""
    message = b"neutral R"
    h = challenge(encode(NEUTRAL), key.public, message)
    signature = encode(NEUTRAL) + (h * secret(key) % L).to_bytes(32, "little")
    return _case("R is the neutral point", None, key.public, message, signature)
