"""One tree of errors, split by whose fault it is.

An error carries a stable ``code`` (``area.kebab-case``, listed in the registry of
codes) and the values that a sentence needs. Sentences for people are not made here:
they live in the catalogues of ``passerelle.words``, keyed by code, one for the user
and one for the developer. Own mistakes are ``ValueError`` or ``RuntimeError`` and stay
outside the tree, so that nothing hides them.
"""

from __future__ import annotations

import errno
from typing import Final

MAX_FOREIGN_CHARACTERS: Final = 200
"""Of a text that a partner chose, in the values of an error."""


def reason_of(error: OSError) -> str:
    """What the operating system refused, as a word that the sentences know: ``enoent``, ``eacces``."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__).lower()


class PasserelleError(Exception):
    """Something that this node can name, report and survive.

    Args:
        code: Stable identifier, ``area.kebab-case``. Never reused with another meaning.
        params: Values for the sentence, JSON-able. Never a key, a salt or personal data.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code)
        self.code: Final = code
        self.params: Final = params

    def __str__(self) -> str:
        """The code and its values, for logs and tracebacks."""
        values = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code} ({values})" if values else self.code


def _cut(value: object) -> object:
    """A partner's text made short, and such that every encoding can carry it: half a surrogate pair is shown."""
    if isinstance(value, str):
        return value[:MAX_FOREIGN_CHARACTERS].encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [_cut(item) for item in value]
    return value


class ProtocolError(PasserelleError):
    """A partner's bytes break the protocol. Never retried; the bytes are kept where they are evidence.

    Texts among its values are cut: a partner chose them, and they go to logs, rows and screens.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, **{name: _cut(value) for name, value in params.items()})


class InconsistentLog(ProtocolError):
    """One author signed two histories of one feed.

    Args:
        code: ``fork.two-roots`` or ``fork.inconsistent``.
        first_note: The signed checkpoint held before, as received.
        second_note: The signed checkpoint that contradicts it, as received.
        proof: The failing consistency proof, empty where the sizes are equal.
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        first_note: bytes,
        second_note: bytes,
        proof: tuple[bytes, ...] = (),
        **params: object,
    ) -> None:
        super().__init__(code, **params)
        self.first_note: Final = first_note
        self.second_note: Final = second_note
        self.proof: Final = proof


class TransportError(PasserelleError):
    """The road failed: no answer, a wrong answer, bytes that miss the signed root. Worth a retry."""


class StorageError(PasserelleError):
    """The disk or the database failed, or holds what it must not.

    Args:
        code: Stable identifier.
        fatal: True where the state on disk is unknown, so that the process must stop and start again.
    """

    def __init__(self, code: str, /, *, fatal: bool = False, **params: object) -> None:
        super().__init__(code, **params)
        self.fatal: Final = fatal


class ConfigError(PasserelleError):
    """The node cannot start as it is set up."""


class InputError(PasserelleError):
    """What our own user gave or asked for cannot be done as it stands."""
