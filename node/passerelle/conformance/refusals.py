"""Signed requests with one fault each: by which rule and code they must be refused."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256, sha512
from typing import Final
from urllib.parse import urlsplit

from passerelle.conformance import curve
from passerelle.conformance.author import Agency
from passerelle.conformance.signing import Signature, fresh_nonce, twice
from passerelle.protocol.keys import SigningKey

_MALFORMED: Final = frozenset({"request.malformed"})
_SIGNATURE: Final = frozenset({"request.signature"})
_TIME: Final = frozenset({"request.time"})
_DIGEST: Final = frozenset({"request.digest"})
ELSEWHERE: Final = "https://another.example"
"""Where the node is not."""
Make = Callable[[Signature], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One request that must be refused.

    Args:
        rule: What the node breaks that takes it.
        what: What is wrong with it.
        make: Its header fields, from a good signature.
        codes: By which it may be refused.
        of_body: Whether it is wrong only where there is a body.
    """

    rule: str
    what: str
    make: Make
    codes: frozenset[str]
    of_body: bool = False


def _other_digest(good: Signature) -> Mapping[str, str]:
    wrong = base64.b64encode(sha256(b"another body").digest()).decode()
    return replace(good, digest=f"sha-256=:{wrong}:").headers()


def _elsewhere(good: Signature) -> Mapping[str, str]:
    return replace(good, target=f"{ELSEWHERE}{urlsplit(good.target).path}").headers()


def _by_host(good: Signature) -> Mapping[str, str]:
    """For another node, as which the request names this one."""
    return {**_elsewhere(good), "Host": urlsplit(ELSEWHERE).netloc}


def _other_path(good: Signature) -> Mapping[str, str]:
    return replace(good, target=good.target.rpartition("/")[0] + "/inbox").headers()


def _other_method(good: Signature) -> Mapping[str, str]:
    return replace(good, method="GET" if good.method == "POST" else "POST").headers()


def _without(name: str) -> Make:
    return lambda good: replace(good, without=frozenset({name})).headers()


def _digests(*kinds: str) -> Make:
    def make(good: Signature) -> Mapping[str, str]:
        told = {"sha-256": sha256(good.body), "sha-512": sha512(good.body)}
        return replace(
            good,
            digest=", ".join(f"{kind}=:{base64.b64encode(told[kind].digest()).decode()}:" for kind in kinds),
        ).headers()

    return make


def _by_another(good: Signature) -> Mapping[str, str]:
    key = SigningKey.generate(secrets.token_bytes)
    return replace(good, signs=lambda _named, base: key.sign(base)).headers()


def _by_stranger(good: Signature) -> Mapping[str, str]:
    key = SigningKey.generate(secrets.token_bytes)
    return replace(good, key=key, key_id=f"{good.key_id.partition('#')[0]}#{key.multikey}").headers()


WRONG: Final = (
    Wrong(
        "Q-2",
        "no signature",
        lambda _s: {"Content-Type": "application/json"},
        frozenset({"request.unsigned"}),
    ),
    Wrong(
        "Q-2",
        "two signatures",
        lambda s: twice(s.headers(), replace(s, nonce=fresh_nonce()).headers("sig2")),
        _MALFORMED,
    ),
    Wrong(
        "Q-3",
        "a signature that does not cover the body",
        lambda s: replace(s, components=("@method", "@target-uri")).headers(),
        _MALFORMED,
        of_body=True,
    ),
    Wrong(
        "Q-3",
        "a signature that covers the same in another order",
        lambda s: replace(s, components=tuple(reversed(s.covered))).headers(),
        _MALFORMED,
    ),
    Wrong(
        "Q-3",
        "a signature that does not cover the method",
        lambda s: replace(s, components=s.covered[1:]).headers(),
        _MALFORMED,
    ),
    Wrong(
        "Q-2",
        "a signature of another tag",
        lambda s: replace(s, more=(("tag", '"another"'),)).headers(),
        _MALFORMED | {"request.unsigned"},
    ),
    *(
        Wrong(
            "Q-4",
            f"a signature without {name}",
            _without(name),
            _MALFORMED,
        )
        for name in ("alg", "created", "expires")
    ),
    Wrong(
        "Q-4",
        "a signature with a parameter too many",
        lambda s: replace(s, more=(("surprise", "1"),)).headers(),
        _MALFORMED,
    ),
    Wrong(
        "Q-4",
        "a signature that names another algorithm",
        lambda s: replace(s, more=(("alg", '"hmac-sha256"'),)).headers(),
        _MALFORMED,
    ),
    Wrong("Q-4", "a nonce of three characters", lambda s: replace(s, nonce="abc").headers(), _MALFORMED),
    Wrong("Q-5", "a signature for 301 seconds", lambda s: replace(s, life=301).headers(), _MALFORMED),
    Wrong("Q-5", "a signature for no time at all", lambda s: replace(s, life=0).headers(), _MALFORMED),
    Wrong(
        "Q-4",
        "a signature without a nonce",
        lambda s: replace(s, without=frozenset({"nonce"})).headers(),
        _MALFORMED,
    ),
    Wrong("Q-5", "a signature for an hour", lambda s: replace(s, life=3_600).headers(), _MALFORMED),
    Wrong("Q-6", "a signature that has expired", lambda s: s.at(-3_600).headers(), _TIME),
    Wrong("Q-6", "a signature of the future", lambda s: s.at(3_600).headers(), _TIME),
    Wrong("Q-7", "the digest of another body", _other_digest, _DIGEST, of_body=True),
    Wrong("Q-7", "a digest of another kind", _digests("sha-512"), _DIGEST, of_body=True),
    Wrong("Q-7", "two digests", _digests("sha-256", "sha-512"), _DIGEST, of_body=True),
    Wrong(
        "Q-8",
        "a content coding",
        lambda s: {**s.headers(), "Content-Encoding": "gzip"},
        _MALFORMED,
        of_body=True,
    ),
    Wrong("Q-9", "a signature for another node", _elsewhere, _SIGNATURE),
    Wrong("Q-9", "a signature for the node that the field Host names", _by_host, _SIGNATURE),
    Wrong("Q-9", "a signature for another path", _other_path, _SIGNATURE),
    Wrong("Q-35", "a signature for another method", _other_method, _SIGNATURE),
    Wrong(
        "Q-10", "a key that the identity log does not name", _by_stranger, frozenset({"request.key-unknown"})
    ),
    Wrong("Q-35", "a signature by another key than it names", _by_another, _SIGNATURE),
    Wrong(
        "I-47",
        "a signature whose number is beyond the order",
        lambda s: replace(s, signs=curve.beyond_order).headers(),
        _SIGNATURE,
    ),
)


def by_record_key(agency: Agency) -> Wrong:
    """A key of the newest document that signs records, and no requests (Q-10)."""

    def make(good: Signature) -> Mapping[str, str]:
        return replace(good, key=agency.record, key_id=agency.author.method()).headers()

    return Wrong("Q-10", "a signature by its record key", make, frozenset({"request.key-unknown"}))
