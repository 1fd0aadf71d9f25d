"""The online keys of a home at rest: one file, sealed whole under a secret.

    {"format": "passerelle/keys/v1",
     "keys":   [{"id", "kind", "name", "since"}, …]         public
     "lock":   {"check", "file", "former", "kdf", "salt", …} how the secret opens it
     "sealed": base64(12 bytes of nonce ‖ AES-256-GCM of {"<name>": "<seed as hex>", …})}

Everything but ``sealed`` is associated data, so no public part, place or cost can be
changed unseen. The file is replaced as one: a change of the secret, or of a key, is
there whole or not at all. docs/decisions/0017 weighs this form against others.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from passerelle.errors import ConfigError, ProtocolError
from passerelle.protocol import profile
from passerelle.protocol.profile import Json, JsonObject
from passerelle.storage.home import Keys
from passerelle.storage.secret import Secret

FORMAT: Final = "passerelle/keys/v1"
MAX_BYTES: Final = 65_536
SCRYPT_LOG2_N: Final = 17
"""128 MiB and a third of a second for one guess, once at a start."""

_SCRYPT_LOG2_N_READ: Final = range(14, 21)
_SCRYPT_R, _SCRYPT_P = 8, 1
_HKDF, _SCRYPT = "hkdf-sha256", "scrypt"
_SALT_BYTES, _NONCE_BYTES, _CHECK_BYTES = 32, 12, 16


@dataclass(frozen=True, slots=True)
class KeyFact:
    """What may be known of a key.

    Args:
        name: ``record``, ``request``, ``log``, ``witness``, ``sealing-1`` …
        kind: ``ed25519`` or ``x-wing``.
        id: Its public half as the identity document has it: a multikey, or the SHA-256 of it as hex.
        since: When it was made, ``YYYY-MM-DDThh:mm:ssZ``.
    """

    name: str
    kind: str
    id: str
    since: str


@dataclass(frozen=True, slots=True)
class Lock:
    """How a secret becomes the key of the sealed part.

    Args:
        salt: 32 bytes, new at every sealing; so the derived key, and its nonce, are used once.
        log2_n: Cost of scrypt for a passphrase; None for a random secret, which HKDF serves.
        check: 16 bytes by which a wrong secret is told from a damaged file.
        file: Where the secret lies, absolute or from the home; None where it lies nowhere.
        former: The file of the secret before, to be deleted.
    """

    salt: bytes
    log2_n: int | None
    check: bytes = b""
    file: str | None = None
    former: str | None = None

    @property
    def by_passphrase(self) -> bool:
        """Whether a person types the secret."""
        return self.log2_n is not None

    def derive(self, secret: Secret) -> tuple[bytes, bytes]:
        """The key, 32 bytes, and the check, 16."""
        root = secret.value
        if self.log2_n is not None:
            root = Scrypt(self.salt, 32, 2**self.log2_n, _SCRYPT_R, _SCRYPT_P).derive(root)
        whole = HKDF(SHA256(), 32 + _CHECK_BYTES, self.salt, FORMAT.encode()).derive(root)
        return whole[:32], whole[32:]

    def document(self) -> JsonObject:
        """Its part of the file."""
        cost: JsonObject = {"kdf": _HKDF}
        if self.log2_n is not None:
            cost = {"kdf": _SCRYPT, "log2n": self.log2_n, "p": _SCRYPT_P, "r": _SCRYPT_R}
        return {
            **cost,
            "check": self.check.hex(),
            "file": self.file,
            "former": self.former,
            "salt": self.salt.hex(),
        }

    @classmethod
    def parse(cls, told: Mapping[str, Json]) -> Lock:
        """Its part of the file. Raises ValueError, KeyError or TypeError for any other."""
        log2_n = None
        if told["kdf"] == _SCRYPT:
            log2_n = told["log2n"]
            if log2_n not in _SCRYPT_LOG2_N_READ or (told["r"], told["p"]) != (_SCRYPT_R, _SCRYPT_P):
                raise ValueError("a cost that this program does not pay")
        elif told["kdf"] != _HKDF:
            raise ValueError("an unknown derivation")
        parsed = cls(
            bytes.fromhex(_text(told["salt"])),
            log2_n if isinstance(log2_n, int) else None,
            bytes.fromhex(_text(told["check"])),
            *(None if told[name] is None else _text(told[name]) for name in ("file", "former")),
        )
        if parsed.document() != told:
            raise ValueError("more or other than a lock has")
        return parsed


@dataclass(frozen=True, slots=True)
class Keyring:
    """The file.

    Args:
        facts: What may be known of each key.
        lock: How it opens.
        sealed: Nonce and ciphertext.
    """

    facts: tuple[KeyFact, ...]
    lock: Lock
    sealed: bytes = field(repr=False)

    @classmethod
    def seal(
        cls,
        keys: Keys,
        since: Mapping[str, str],
        secret: Secret,
        *,
        random: Callable[[int], bytes],
        file: str | None,
        former: str | None = None,
    ) -> Keyring:
        """Lock keys with a secret.

        Args:
            keys: All of them.
            since: When each was made, by name.
            secret: What is to open them.
            random: Gives fresh bytes.
            file: Where the secret lies.
            former: Where the secret before lay.
        """
        facts = tuple(KeyFact(name, kind, key_id, since[name]) for name, kind, key_id, _ in keys.named())
        lock = Lock(
            random(_SALT_BYTES), None if secret.is_random else SCRYPT_LOG2_N, file=file, former=former
        )
        key, check = lock.derive(secret)
        open_ring = cls(facts, replace(lock, check=check), b"")
        seeds = profile.encode({name: seed.hex() for name, _, _, seed in keys.named()})
        nonce = random(_NONCE_BYTES)
        return replace(open_ring, sealed=nonce + AESGCM(key).encrypt(nonce, seeds, open_ring._bound()))

    def fits(self, secret: Secret) -> bool:
        """Whether a secret is of the kind that locks it; if not, no cost is paid to try it."""
        return secret.is_random is not self.lock.by_passphrase

    def open(self, secret: Secret) -> Keys | None:
        """The keys, or None where the secret is another.

        Raises:
            ConfigError: ``keys.damaged``: the secret is right, and the file is not what was written.
        """
        if not self.fits(secret):
            return None
        key, check = self.lock.derive(secret)
        if not hmac.compare_digest(check, self.lock.check):
            return None
        try:
            seeds = AESGCM(key).decrypt(self.sealed[:_NONCE_BYTES], self.sealed[_NONCE_BYTES:], self._bound())
            told = _members(profile.parse(seeds))
            return Keys.from_seeds({name: bytes.fromhex(_text(seed)) for name, seed in told.items()})
        except (InvalidTag, ProtocolError, ValueError, KeyError, TypeError):
            raise ConfigError("keys.damaged") from None  # what could not be read may hold a seed

    def encode(self) -> bytes:
        """The bytes of the file."""
        return profile.encode({**self._open_part(), "sealed": base64.b64encode(self.sealed).decode()}) + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> Keyring:
        """What :func:`encode` wrote.

        Raises:
            ConfigError: ``keys.damaged``.
        """
        try:
            told = _members(profile.parse(data, max_bytes=MAX_BYTES))
            facts = tuple(_fact(item) for item in _items(told["keys"]))
            sealed = base64.b64decode(_text(told.pop("sealed")), validate=True)
            parsed = cls(facts, Lock.parse(_members(told["lock"])), sealed)
        except (ProtocolError, ValueError, KeyError, TypeError) as exc:
            raise ConfigError("keys.damaged") from exc
        if parsed._open_part() != told:  # another format, or members that nothing here would bind
            raise ConfigError("keys.damaged")
        return parsed

    def _open_part(self) -> JsonObject:
        listed: list[Json] = [
            {"id": fact.id, "kind": fact.kind, "name": fact.name, "since": fact.since} for fact in self.facts
        ]
        return {"format": FORMAT, "keys": listed, "lock": self.lock.document()}

    def _bound(self) -> bytes:
        """What the ciphertext is bound to: everything in the open."""
        return profile.encode(self._open_part())


def _fact(told: Json) -> KeyFact:
    members = _members(told)
    return KeyFact(*(_text(members[name]) for name in ("name", "kind", "id", "since")))


def _members(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("an object")
    return value


def _items(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("a list")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value
