"""``json.json``, ``multikeys.json``, ``fingerprints.json``: the profile, keys, fingerprints."""

from __future__ import annotations

import json
from hashlib import sha256, sha512
from typing import Final

from makers.common import SELF, Key, Tree, canonical, encode_multikey

P: Final = 2**255 - 19

# Any JSON text inside the profile, and what is special about it.
_VALID: Final = {
    "an empty object": "{}",
    "white space": ' { "b" : [ 1 , 2 ] ,\t"a"\n:\r null } ',
    "members out of order": '{"b":1,"a":2,"B":3,"":4,"a b":5,"a-b":6}',
    "a name that is the beginning of another": '{"ab":1,"a":2,"abc":3}',
    "escapes that canonical form resolves": '"\\u00e9\\/\\u0041\\ud83d\\ude00"',
    "escapes that canonical form keeps": '"\\"\\\\\\b\\t\\n\\f\\r\\u0000"'.replace(
        "\\u0000", "\\u0001\\u001F"
    ),
    "characters that look special and are not": '"\u007f\u0080\u2028\u2029\ufeff\uffff/<>&\'"',
    "beyond the basic plane": '"\U0001f600\U0010ffff"',
    "composed and decomposed are two strings": '["\u00e9","e\u0301"]',
    "the largest integers": "[9007199254740991,-9007199254740991,0,-1]",
    "minus zero": "[-0]",
    "literals": "[true,false,null]",
    "a string alone": '"Lomé"',
    "depth 32": "[" * 32 + "]" * 32,
    "depth 32, and a value in it": "[" * 31 + '{"a":1}' + "]" * 31,
    "an escaped backslash before u0000": '"\\\\u0000"',
}

_INVALID: Final[dict[str, tuple[str, bytes, str]]] = {
    "no UTF-8": ("J-1", b'"\xff"', "json.not-utf8"),
    "an overlong form": ("J-1", b'"\xc0\xaf"', "json.not-utf8"),
    "a surrogate in UTF-8": ("J-1", b'"\xed\xa0\x80"', "json.not-utf8"),
    "nothing": ("J-2", b"", "json.syntax"),
    "a byte order mark": ("J-2", b"\xef\xbb\xbf{}", "json.syntax"),
    "two values": ("J-2", b"{}{}", "json.syntax"),
    "a trailing comma": ("J-2", b"[1,]", "json.syntax"),
    "a comment": ("J-2", b"{}//", "json.syntax"),
    "single quotes": ("J-2", b"{'a':1}", "json.syntax"),
    "NaN": ("J-2", b"[NaN]", "json.syntax"),
    "Infinity": ("J-2", b"[-Infinity]", "json.syntax"),
    "a leading zero": ("J-2", b"[01]", "json.syntax"),
    "a plus sign": ("J-2", b"[+1]", "json.syntax"),
    "a raw control character": ("J-2", b'"\x1f"', "json.syntax"),
    "a raw zero": ("J-2", b'"\x00"', "json.syntax"),
    "two members of one name": ("J-3", b'{"a":1,"b":2,"a":1}', "json.duplicate-member"),
    "two members of one name, one escaped": ("J-3", b'{"a":1,"\\u0061":2}', "json.duplicate-member"),
    "two members of one name, deep inside": ("J-3", b'[{"x":{"a":1,"a":2}}]', "json.duplicate-member"),
    "a name beyond ASCII": ("J-4", '{"é":1}'.encode(), "json.member-name"),
    "a name beyond ASCII, escaped": ("J-4", b'{"\\u00e9":1}', "json.member-name"),
    "a fraction": ("J-5", b'{"a":1.5}', "json.not-an-integer"),
    "a fraction that is whole": ("J-5", b"[1.0]", "json.not-an-integer"),
    "an exponent": ("J-5", b"[1e2]", "json.not-an-integer"),
    "an exponent beyond doubles": ("J-5", b"[1e400]", "json.not-an-integer"),
    "one more than the largest": ("J-6", b"[9007199254740992]", "json.integer-range"),
    "one less than the smallest": ("J-6", b"[-9007199254740992]", "json.integer-range"),
    "five thousand digits": ("J-6", b"[" + b"9" * 5000 + b"]", "json.integer-range"),
    "a high surrogate alone": ("J-7", b'"\\ud83d"', "json.surrogate"),
    "a low surrogate alone": ("J-7", b'"\\ude00x"', "json.surrogate"),
    "surrogates in the wrong order": ("J-7", b'"\\ude00\\ud83d"', "json.surrogate"),
    "U+0000 in a string": ("J-8", b'["a\\u0000"]', "json.nul"),
    "U+0000 in a name": ("J-8", b'{"a\\u0000":1}', "json.nul"),
    "depth 33": ("J-9", b"[" * 33 + b"]" * 33, "json.too-deep"),
    "depth 33 by objects": ("J-9", b'{"a":' * 32 + b"{}" + b"}" * 32, "json.too-deep"),
    "depth 40,000": ("J-9", b"[" * 40_000 + b"]" * 40_000, "json.too-deep"),
}

_LIBSODIUM_SMALL_ORDER: Final = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)

# RFC 8032 section 7.1, tests 1 to 3: seed, public key.
_RFC_8032: Final = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    ),
)


def make_json() -> Tree:
    """Texts inside the profile with their canonical bytes, and texts outside it with the code."""
    valid = []
    for name, text in _VALID.items():
        form = canonical(json.loads(text))
        valid.append(
            {
                "name": name,
                "input": text.encode().hex(),
                "canonical": form.hex(),
                "sha256": sha256(form).hexdigest(),
            }
        )
    invalid = [
        {"name": name, "rule": rule, "input": data.hex(), "code": code}
        for name, (rule, data, code) in _INVALID.items()
        if len(data) < 10_000
    ]
    built = [
        {
            "name": "depth 40,000",
            "rule": "J-9",
            "code": "json.too-deep",
            "parts": [["5b", 40_000], ["5d", 40_000]],
        },
        {
            "name": "262,145 bytes",
            "rule": "J-10",
            "code": "json.too-large",
            "parts": [["22", 1], ["61", 262_143], ["22", 1]],
        },
        {
            "name": "262,144 bytes",
            "rule": "J-10",
            "code": None,
            "parts": [["22", 1], ["61", 262_142], ["22", 1]],
        },
    ]
    return {
        "chapter": "02",
        "about": "valid: input (hex) parses, and canonical is its canonical form; input is itself canonical exactly "
        "where the two are equal, and elsewhere refused with json.not-canonical where canonical bytes are "
        "required (J-12). invalid: refused with code. built: input is the parts, hex repeated so often; "
        "code null means accepted.",
        "made_by": SELF,
        "confirmed_by": ["rfc8785 (PyPI)", "canonicalize (npm)"],
        "valid": valid,
        "invalid": invalid,
        "built": built,
    }


def make_multikeys() -> Tree:
    """Multikeys of published keys, and every encoding that is refused."""
    valid = [
        {"seed": secret, "public": public, "multikey": encode_multikey(bytes.fromhex(public))}
        for secret, public in _RFC_8032
    ]
    key = Key("multikeys/any")
    invalid = [
        {
            "name": "another prefix: X25519",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": encode_multikey(key.public, b"\xec\x01"),
        },
        {
            "name": "a secret key's prefix",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": encode_multikey(key.public, b"\x80\x26"),
        },
        {
            "name": "31 bytes",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": encode_multikey(key.public[:31]),
        },
        {
            "name": "33 bytes",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": encode_multikey(key.public + b"\0"),
        },
        {
            "name": "another multibase",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": "u" + key.multikey[1:],
        },
        {
            "name": "a letter outside base58btc",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": key.multikey[:-1] + "0",
        },
        {
            "name": "white space after it",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": key.multikey + " ",
        },
        {
            "name": "a leading 1, which stands for a zero byte",
            "rule": "I-29",
            "code": "key.malformed",
            "multikey": "z1" + key.multikey[1:],
        },
        {"name": "empty", "rule": "I-29", "code": "key.malformed", "multikey": ""},
    ]
    for encoding in _LIBSODIUM_SMALL_ORDER:
        for sign in (0, 0x80):
            point = bytes.fromhex(encoding)
            point = point[:31] + bytes([point[31] | sign])
            invalid.append(
                {
                    "name": f"small order {point.hex()}",
                    "rule": "I-30",
                    "code": "key.small-order",
                    "multikey": encode_multikey(point),
                }
            )
    for y, code in ((3, "key.non-canonical"), (4, "key.non-canonical")):
        point = (P + y).to_bytes(32, "little")
        invalid.append(
            {"name": f"y = p + {y}", "rule": "I-31", "code": code, "multikey": encode_multikey(point)}
        )
    invalid.append(
        {
            "name": "y = 2, no point of the curve",
            "rule": "I-31",
            "code": "key.malformed",
            "multikey": encode_multikey((2).to_bytes(32, "little")),
        }
    )
    return {
        "chapter": "03",
        "about": "valid: the multikey of a public key and its seed. invalid: refused with code.",
        "made_by": SELF,
        "confirmed_by": [
            "RFC 8032 section 7.1 (keys)",
            "libsodium, ge25519_has_small_order (points of small order, with both signs of x)",
            "@digitalbazaar/ed25519-multikey (npm; valid)",
        ],
        "valid": valid,
        "invalid": invalid,
    }


def make_fingerprints(scids: list[str]) -> Tree:
    """The fingerprint of each SCID."""
    cases = []
    for scid in scids:
        digest = sha512(b"passerelle/fingerprint/v1\0" + scid.encode()).digest()
        groups = [int.from_bytes(digest[5 * i : 5 * i + 5], "big") % 100_000 for i in range(12)]
        cases.append({"scid": scid, "fingerprint": " ".join(f"{group:05d}" for group in groups)})
    return {
        "chapter": "03",
        "about": "I-39.",
        "made_by": SELF,
        "confirmed_by": ["node:crypto"],
        "cases": cases,
    }
