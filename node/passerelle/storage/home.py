"""The home of a node: one folder, one owner, its keys and its lock.

HOME/passerelle.toml        configuration
HOME/keys/*.seed            one secret a file, 64 hex digits, readable by its owner alone
HOME/passerelle.sqlite      the rows
HOME/head.sqlite            the head store; left out of backups
HOME/packed/                compressed bundles, made from the rows; left out of backups
HOME/lock                   held by the process that owns the home
HOME/node.sock              where that process answers commands
HOME/offline-update-keys/   made by init; to be moved to paper or a stick, and away from the machine
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from passerelle.errors import ConfigError
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.seals import SealingKey

SEALING_KEYS = 5
_NAMES = ("record", "request", "log", "witness")


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

    def save(self, folder: Path) -> None:
        """Write each secret into a file of its own, durable on return; nothing is overwritten."""
        folder.mkdir(mode=0o700)
        for name in _NAMES:
            write_secret(folder / f"{name}.seed", getattr(self, name).seed)
        for number, key in enumerate(self.sealing, start=1):
            write_secret(folder / f"sealing-{number}.seed", key.seed)

    @classmethod
    def load(cls, folder: Path) -> Keys:
        """Read the secrets of a home.

        Raises:
            ConfigError: ``keys.missing``, ``keys.damaged``, or ``keys.readable-by-others``.
        """
        record, request, log, witness = (SigningKey(read_secret(folder / f"{name}.seed")) for name in _NAMES)
        sealing = sorted(folder.glob("sealing-*.seed"), key=_number)
        return cls(record, request, log, witness, tuple(SealingKey(read_secret(path)) for path in sealing))


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("sealing-"))


def write_secret(path: Path, seed: bytes) -> None:
    """Write 64 hex digits to a new file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(seed.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())


def read_secret(path: Path) -> bytes:
    """Read what :func:`write_secret` wrote, 32 bytes."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError("keys.readable-by-others", path=str(path))
        seed = bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError as exc:
        raise ConfigError("keys.missing", path=str(path)) from exc
    except (OSError, ValueError) as exc:
        raise ConfigError("keys.damaged", path=str(path)) from exc
    if len(seed) != 32:
        raise ConfigError("keys.damaged", path=str(path))
    return seed


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
