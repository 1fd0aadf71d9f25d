"""The home of a node: one folder, one owner, its keys and its lock.

HOME/passerelle.toml        configuration
HOME/keys/keyring.json      the online keys, sealed; readable by the owner alone all the same
HOME/keys/*.seed            the same in plain hex, as the first homes had them
HOME/secret                 what opens the keys of a fictitious home; a real home's lies elsewhere
HOME/passerelle.sqlite      the rows
HOME/head.sqlite            the head store; left out of backups
HOME/packs/                 scheme rule packs of the agency's own, if it has any
HOME/packed/                compressed bundles, made from the rows; left out of backups
HOME/lock                   held by the process that owns the home
HOME/node.sock              where that process answers commands
HOME/offline-update-keys/   made by init; to be moved to paper or a stick, and away from the machine
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from passerelle.errors import ConfigError
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.seals import SealingKey

SEALING_KEYS = 5
_NAMES = ("record", "request", "log", "witness")
_SEALING = "sealing-"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things lie in a home."""

    home: Path

    @property
    def database(self) -> Path:
        """The rows."""
        return self.home / "passerelle.sqlite"

    @property
    def heads(self) -> Path:
        """The head store."""
        return self.home / "head.sqlite"

    @property
    def packed(self) -> Path:
        """The folder of compressed bundles, made from the rows; left out of backups."""
        return self.home / "packed"

    @property
    def keys(self) -> Path:
        """The folder of secrets that the running node needs."""
        return self.home / "keys"

    @property
    def keyring(self) -> Path:
        """The sealed file of those secrets."""
        return self.keys / "keyring.json"

    @property
    def offline(self) -> Path:
        """The folder of secrets that the running node must not have."""
        return self.home / "offline-update-keys"

    @property
    def socket(self) -> Path:
        """Where the running node answers commands."""
        return self.home / "node.sock"

    @property
    def lock(self) -> Path:
        """The file whose lock means: this home has an owner."""
        return self.home / "lock"


@dataclass(frozen=True, slots=True)
class Keys:
    """The online secrets of a node, one for each use."""

    record: SigningKey
    request: SigningKey
    log: SigningKey
    witness: SigningKey
    sealing: tuple[SealingKey, ...]

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> Keys:
        """New keys for a new home."""
        record, request, log, witness = (SigningKey.generate(random) for _ in _NAMES)
        sealing = tuple(SealingKey.generate(random) for _ in range(SEALING_KEYS))
        return cls(record, request, log, witness, sealing)

    def named(self) -> list[tuple[str, str, str, bytes]]:
        """Name, kind, public id and seed of each, in their order."""
        signing = ((name, getattr(self, name)) for name in _NAMES)
        return [
            *((name, "ed25519", key.multikey, key.seed) for name, key in signing),
            *(
                (f"{_SEALING}{number}", "x-wing", key.key_id, key.seed)
                for number, key in enumerate(self.sealing, start=1)
            ),
        ]

    @classmethod
    def from_seeds(cls, seeds: Mapping[str, bytes]) -> Keys:
        """What :func:`named` told. Raises KeyError or ValueError where a seed is missing or none."""
        record, request, log, witness = (SigningKey(seeds[name]) for name in _NAMES)
        sealing = sorted(
            (name for name in seeds if name.startswith(_SEALING)),
            key=lambda name: int(name.removeprefix(_SEALING)),
        )
        return cls(record, request, log, witness, tuple(SealingKey(seeds[name]) for name in sealing))


class HomeLock:
    """The right to own a home, held from `take` to `release` or the end of the process.

    The lock is the kernel's, on an open file: it cannot outlive its process, so a
    killed node never leaves a home locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Own the home, or raise ConfigError ``home.in-use`` where another process does."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as exc:
            raise ConfigError("config.missing", path=str(self._path.parent)) from exc
        except OSError as exc:
            raise ConfigError("home.not-writable", path=str(self._path.parent)) from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(descriptor)
            raise ConfigError("home.in-use", path=str(self._path.parent)) from exc
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the home up."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
