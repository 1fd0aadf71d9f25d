"""Signed requests, right and wrong: RFC 9421 written by hand, so that any part of it can be another."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from passerelle.protocol.keys import SigningKey

LIFE: Final = 300
TAG: Final = "passerelle-v1"
_BODYLESS: Final = ("@method", "@target-uri")
_WITH_BODY: Final = (*_BODYLESS, "content-type", "content-digest")


@dataclass(frozen=True, slots=True)
class Signature:
    """One request to be signed, with everything that can be said of it.

    Args:
        method: ``GET`` or ``POST``.
        target: What is signed as the address.
        key: Signs.
        key_id: What the signature says of it.
        now: When it says that it was made.
        body: Sent with it.
        life: Seconds until it expires.
        nonce: 22 characters; fresh where empty.
        components: What it covers; what the profile says where empty.
        without: Parameters that are left out.
        digest: The field ``Content-Digest``; the true one where empty.
        more: Parameters that are put in beside those of the profile, or in their place, with their values as sent.
        signs: Makes the signature, from the key and the signature base.
    """

    method: str
    target: str
    key: SigningKey
    key_id: str
    now: datetime
    body: bytes = b""
    life: int = LIFE
    nonce: str = ""
    components: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    digest: str = ""
    more: tuple[tuple[str, str], ...] = ()
    signs: Callable[[SigningKey, bytes], bytes] = SigningKey.sign

    def headers(self, label: str = "sig1") -> dict[str, str]:
        """The header fields."""
        fields = {"@method": self.method, "@target-uri": self.target}
        sent: dict[str, str] = {}
        if self.body:
            told = base64.b64encode(sha256(self.body).digest()).decode()
            sent = {"Content-Type": "application/json", "Content-Digest": self.digest or f"sha-256=:{told}:"}
            fields |= {name.lower(): value for name, value in sent.items()}
        covered = self.covered
        named = " ".join(f'"{name}"' for name in covered)
        params = f"({named}){self._parameters()}"
        lines = [f'"{name}": {fields[name]}' for name in covered]
        base = "\n".join([*lines, f'"@signature-params": {params}'])
        made = base64.b64encode(self.signs(self.key, base.encode())).decode()
        return {**sent, "Signature-Input": f"{label}={params}", "Signature": f"{label}=:{made}:"}

    @property
    def covered(self) -> tuple[str, ...]:
        """The components that it covers."""
        return self.components or (_WITH_BODY if self.body else _BODYLESS)

    def _parameters(self) -> str:
        created = int(self.now.timestamp())
        told = {
            "created": str(created),
            "keyid": f'"{self.key_id}"',
            "alg": '"ed25519"',
            "expires": str(created + self.life),
            "nonce": f'"{self.nonce or fresh_nonce()}"',
            "tag": f'"{TAG}"',
            **dict(self.more),
        }
        return "".join(f";{name}={value}" for name, value in told.items() if name not in self.without)

    def at(self, seconds: float) -> Signature:
        """The same, made at another time."""
        return replace(self, now=self.now + timedelta(seconds=seconds))


def fresh_nonce() -> str:
    """16 random bytes in base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()


def twice(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Two signatures on one request."""
    both = {name: f"{first[name]}, {second[name]}" for name in ("Signature-Input", "Signature")}
    return {**first, **both}
