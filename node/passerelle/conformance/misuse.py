"""More requests that are wrong in one way, each nearer to a good one than those of `refusals`.

A verifier that was tried with another host or a stranger's key may still take another scheme,
or a key of the same agency that is for something else.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Final

from passerelle.conformance import curve
from passerelle.conformance.author import Agency
from passerelle.conformance.partner import Partner
from passerelle.conformance.posting import refused
from passerelle.conformance.refusals import Wrong
from passerelle.conformance.signing import Signature
from passerelle.protocol.keys import SigningKey

_MALFORMED: Final = frozenset({"request.malformed"})
_UNSIGNED: Final = frozenset({"request.unsigned"})
_DIGEST: Final = frozenset({"request.digest", "request.malformed"})
_SIGNATURE: Final = frozenset({"request.signature"})
_UNKNOWN: Final = frozenset({"request.key-unknown"})


def nonce_for(what: str) -> str:
    """A fresh nonce by which a request of the table is known again, for those who stand in between."""
    mark = sha256(what.encode()).digest()[:8]
    return base64.urlsafe_b64encode(secrets.token_bytes(8) + mark).rstrip(b"=").decode()


def is_for(nonce: str, what: str) -> bool:
    """Whether a nonce was made for a request of the table."""
    try:
        return base64.urlsafe_b64decode(f"{nonce}==")[8:] == sha256(what.encode()).digest()[:8]
    except ValueError:
        return False


def _other(**changed: object) -> Callable[[Signature], Mapping[str, str]]:
    return lambda good: replace(good, **changed).headers()  # type: ignore[arg-type]  # named in the table below


def _digest(make: Callable[[bytes], str]) -> Callable[[Signature], Mapping[str, str]]:
    return lambda good: replace(good, digest=make(good.body)).headers()


def _coded(digest: bytes) -> str:
    return f"sha-256=:{base64.b64encode(digest).decode()}:"


def _target(change: Callable[[str], str]) -> Callable[[Signature], Mapping[str, str]]:
    return lambda good: replace(good, target=change(good.target)).headers()


def _scheme(target: str) -> str:
    scheme, _, rest = target.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"


WRONG: Final = (
    Wrong("Q-2", "a signature for no profile", _other(without=frozenset({"tag"})), _UNSIGNED),
    Wrong(
        "Q-3",
        "a signature that leaves out the content type",
        _other(components=("@method", "@target-uri", "content-digest")),
        _MALFORMED,
    ),
    Wrong(
        "Q-7",
        "a good digest beside that of another body",
        _digest(lambda body: f"{_coded(sha256(body).digest())}, {_coded(bytes(32))}"),
        _DIGEST,
    ),
    Wrong("Q-9", "a signature for another scheme", _target(_scheme), _SIGNATURE),
    Wrong("Q-9", "a signature for another query", _target(lambda target: f"{target}?x=1"), _SIGNATURE),
    Wrong(
        "I-47", "a signature that holds only with the cofactor", _other(signs=curve.by_cofactor), _SIGNATURE
    ),
)
"""Beside those of `refusals`; each is sent under a nonce of its own (`nonce_for`)."""


def by_other_keys(agency: Agency) -> tuple[Wrong, ...]:
    """Requests by keys that the agency's newest document names for something else, or that an older one named."""
    keys = {
        "the key that signs its checkpoints": agency.log_key,
        "the key that signs its cosignatures": agency.witness,
        "the key that signed its records before": agency.retired,
    }
    return tuple(Wrong("Q-10", what, _by(agency, key), _UNKNOWN) for what, key in keys.items())


def _by(agency: Agency, key: SigningKey) -> Callable[[Signature], Mapping[str, str]]:
    return lambda good: replace(good, key=key, key_id=agency.request_key_id(key)).headers()


async def examine(partner: Partner) -> None:
    """Every one of them."""
    for wrong in (*WRONG, *by_other_keys(partner.agency)):
        await refused(partner, wrong, partial(nonce_for, wrong.what))
