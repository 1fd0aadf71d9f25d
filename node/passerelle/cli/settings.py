"""From the options of ``init`` to the sections of a configuration; what is wrong names its option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from passerelle.config import Agency, Config, Console, Server, fault_of
from passerelle.errors import InputError


def home_settings(
    *,
    code: str,
    country: str,
    names: Mapping[str, str],
    acronym: str,
    languages: Sequence[str],
    fictitious: bool,
    address: str,
    port: int,
    console_port: int,
) -> tuple[Agency, Server, Console]:
    """The sections that ``init`` writes.

    Raises:
        InputError: ``init.invalid`` with the option and what it may be.
    """
    try:
        agency = Agency(
            code=code.upper(),
            country=country.upper(),
            names=dict(names),
            acronym=acronym,
            languages=tuple(languages),
            fictitious=fictitious,
        )
        server = Server(public_address=address, port=port)
        console = Console(port=console_port)
        Config(agency=agency, server=server, console=console)  # what concerns two sections at once
    except ValidationError as exc:
        fault = fault_of(exc)
        name = str(fault["name"])
        option = _OPTIONS.get(name) or _OPTIONS.get(name.partition(".")[0]) or name
        raise InputError("init.invalid", **{**fault, "option": f"--{option}"}) from exc
    return agency, server, console


_OPTIONS = {"public_address": "address", "names": "name", "languages": "language", "console": "console-port"}
"""Options of ``init`` by the setting that they write, where the names differ."""
