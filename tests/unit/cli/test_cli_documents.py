"""What documents tell people to type and to write is what the node takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from passerelle import config
from passerelle.cli.main import cli
from passerelle.cli.session import Session
from passerelle.errors import ConfigError
from passerelle.words import Words

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    if not name.startswith("docs/decisions/")
)


def blocks(document: Path, language: str) -> list[str]:
    """The blocks of a document in one language."""
    return re.findall(rf"```{language}\n(.*?)```", document.read_text("utf-8"), re.DOTALL)


def in_blocks(document: Path) -> Iterator[list[str]]:
    """Whole commands, as somebody copies them."""
    for block in blocks(document, "sh"):
        for line in block.replace("\\\n", "").splitlines():
            words = shlex.split(line, comments=True) if line.startswith("passerelle ") else []
            if words:
                yield words[1:]


def in_text(document: Path) -> Iterator[list[str]]:
    """Commands that a sentence names, perhaps without what goes with them."""
    for line in re.findall(r"`passerelle ([^`]+)`", document.read_text("utf-8")):
        yield shlex.split(line)


def take(words: list[str]) -> None:
    """Parse a command as the command line does, and run nothing.

    Raises:
        click.UsageError: It would be refused.
    """
    command: click.Command = cli
    context: click.Context | None = None
    rest = words
    while True:
        try:
            context = command.make_context(command.name, list(rest), parent=context, obj=Session(Words("en")))
        except click.exceptions.Exit:  # --help
            return
        if not isinstance(command, click.Group):
            return
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found


COMMANDS = [
    pytest.param(
        [word for word in words if word != "…"],
        whole and "…" not in words,
        id=f"{document.relative_to(ROOT)}: {' '.join(words)}"[:90],
    )
    for document in DOCUMENTS
    for whole, found in ((True, in_blocks(document)), (False, in_text(document)))
    for words in found
    if words != ["COMMAND", "--help"]
]


@pytest.mark.parametrize(("words", "whole"), COMMANDS)
def test_a_command_in_a_document_is_one(words: list[str], whole: bool) -> None:
    """No document names a command, an option or an argument that is not there, or leaves out one that is needed."""
    try:
        take(words)
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        assert not whole, words


def test_there_are_commands_to_look_at() -> None:
    """The README's and the operator's are among them."""
    named = [str(one.id).partition(":")[0] for one in COMMANDS]
    assert len(named) > 40
    assert {"README.md", "docs/operator/database.md", "docs/operator/keys.md"} <= set(named)


@pytest.mark.parametrize(
    "words", [["fence", "reopen"], ["publish", "--wrong", "x.csv"], ["database", "move", "sqlite", "twice"]]
)
def test_a_command_that_is_none_is_seen(words: list[str]) -> None:
    """The check refuses what the command line refuses."""
    with pytest.raises(click.UsageError):
        take(words)


AGENCY = b"""[agency]
code = "TG-ESSAI"
country = "TG"
names = { fr = "Essai" }
"""
SERVER = b"""[server]
public_address = "https://exchange.agency.example"
"""
SETTINGS = [
    pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(blocks(document, "toml"))
]


@pytest.mark.parametrize("block", SETTINGS)
def test_settings_in_a_document_are_taken(block: str, tmp_path: Path) -> None:
    """A block of TOML is part of a `passerelle.toml` that the node takes: no name is unknown, no value refused."""
    assert tomllib.loads(block)
    rest = AGENCY if "[server]" in block else AGENCY + SERVER
    taken = config.parse(block.encode() + b"\n" + rest, tmp_path / "passerelle.toml")
    assert taken.agency.code == "TG-ESSAI"


def test_a_setting_that_is_none_is_seen(tmp_path: Path) -> None:
    """The check refuses what a node refuses to start with."""
    with pytest.raises(ConfigError, match=r"config\.invalid"):
        config.parse(b"[server]\nbehind_a_proxy = true\n" + AGENCY, tmp_path / "passerelle.toml")
