"""What opens the keys of a home, and the roads by which it is given.

Two kinds: 32 random bytes in a file, which a machine reads, and a passphrase, which a
person types. They are told apart by the form of the text; a passphrase is stretched by
scrypt, random bytes need no stretching. Neither stands in a configuration, a command
line or a log.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from passerelle.errors import ConfigError, InputError
from passerelle.storage import paper
from passerelle.storage.private import refuse_open_file

PURPOSE = "passerelle-secret-1"
MIN_PASSPHRASE = 12
"""Characters. Scrypt makes a guess cost a third of a second; it makes a short one no better."""

VARIABLE = "PASSERELLE_SECRET"
CREDENTIAL = "passerelle-secret"
"""Name of the file in the folder that systemd gives a service."""

_MAX_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret, of either kind.

    Args:
        value: 32 random bytes, or the passphrase in UTF-8, NFC. Kept out of ``repr``.
        is_random: Which of the two.
    """

    value: bytes = field(repr=False)
    is_random: bool

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> Secret:
        """A random one."""
        return cls(random(paper.SECRET_BYTES), is_random=True)

    @classmethod
    def parse(cls, text: str) -> Secret:
        """A secret as it is written or typed; a line end behind it is none of it.

        Raises:
            ConfigError: ``keys.secret-malformed``: nothing, or a random one with a slip in it.
        """
        if paper.is_of(PURPOSE, text):
            try:
                return cls(paper.parse(PURPOSE, text), is_random=True)
            except ValueError:
                raise ConfigError("keys.secret-malformed") from None  # its text is near the secret
        passphrase = unicodedata.normalize("NFC", text.rstrip("\r\n"))
        if not passphrase:
            raise ConfigError("keys.secret-malformed")
        return cls(passphrase.encode(), is_random=False)

    def encode(self) -> str:
        """The text of a random secret."""
        if not self.is_random:
            raise ValueError("a passphrase is written nowhere")
        return paper.encode(PURPOSE, self.value)

    def refuse_weak(self) -> None:
        """Raise InputError ``keys.passphrase-too-short`` before anything is locked with it."""
        if not self.is_random and len(self.value.decode()) < MIN_PASSPHRASE:
            raise InputError("keys.passphrase-too-short", least=MIN_PASSPHRASE)


@dataclass(frozen=True, slots=True)
class Given:
    """What this process was given at its start, the most direct road first.

    Args:
        typed: By a person at the terminal.
        environment: The variable ``PASSERELLE_SECRET``.
        credentials: The folder of ``$CREDENTIALS_DIRECTORY``, kept by the service manager.
    """

    typed: str | None = field(default=None, repr=False)
    environment: str | None = field(default=None, repr=False)
    credentials: Path | None = None

    @classmethod
    def take_from(cls, environment: MutableMapping[str, str]) -> Given:
        """Read the environment, and take the secret out of it: no child process is to inherit it."""
        folder = environment.get("CREDENTIALS_DIRECTORY")
        return cls(
            environment=environment.pop(VARIABLE, None) or None,
            credentials=Path(folder) if folder else None,
        )

    def secrets(self) -> list[Secret]:
        """What was given directly, in order."""
        texts = [text for text in (self.typed, self.environment) if text is not None]
        if self.credentials is not None and (self.credentials / CREDENTIAL).exists():
            # Its permissions are the service manager's care: it may use lists that a mode shows as a group.
            texts.append(_without_comments(_text(self.credentials / CREDENTIAL)))
        return [Secret.parse(text) for text in texts]


def in_files(places: Iterable[Path]) -> list[Secret]:
    """The secrets in those of the files that are there.

    Raises:
        ConfigError: ``keys.readable-by-others``, ``keys.another-owner``, ``keys.secret-malformed``.
    """
    found = []
    for path in places:
        try:
            path.stat()
        except OSError:  # not there, or in a folder that is closed to us: the same to whoever starts
            continue
        refuse_open_file(path)
        found.append(Secret.parse(_without_comments(_text(path))))
    return found


def _without_comments(text: str) -> str:
    """The line of a random secret, without what stands above it; a passphrase may begin as it likes."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    bare = "\n".join(lines)
    return bare if paper.is_of(PURPOSE, bare) else text


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        raise ConfigError("keys.secret-malformed") from None
