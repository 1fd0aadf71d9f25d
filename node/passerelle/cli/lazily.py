"""The commands by name, each imported when it is asked for.

A node that starts, and each of a thousand calls of a script, needs one of them: not the player of scenarios, the
printer of certificates and the examiner of nodes beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Final

import click

MODULES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("init", "serve", "status"), "node"),
    **dict.fromkeys(("publish", "nominate", "decide"), "publishing"),
    **dict.fromkeys(("sync", "statement", "copy", "audit"), "exchange"),
    **dict.fromkeys(("board", "figures", "reconcile", "roll"), "figures"),
    **dict.fromkeys(("due", "findings"), "worklists"),
    **dict.fromkeys(("scenario", "demo"), "scenarios"),
    "certificate": "certificates",
    "conformance": "conformance",
    "database": "database",
    "fence": "fence",
    "keys": "keys",
    "peer": "peers",
    "records": "records",
}
"""The module of ``passerelle.cli.commands`` in which each command stands, under its own name."""


class Commands(MutableMapping[str, click.Command]):
    """What a :class:`click.Group` takes as its commands."""

    def __init__(self, modules: Mapping[str, str] = MODULES) -> None:
        self._modules = dict(modules)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module = import_module(f"passerelle.cli.commands.{self._modules[name]}")
            self._loaded[name] = getattr(module, name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._modules[name] = ""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._modules[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)
