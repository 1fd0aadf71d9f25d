"""From the options of ``init`` to the sections of a configuration; what is wrong names its option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from passerelle.config import Agency, Console, Server
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
        return agency, server, Console(port=console_port)
    except ValidationError as exc:
        fault = exc.errors(include_url=False)[0]
        option = {"public_address": "address"}.get(str(fault["loc"][0]), str(fault["loc"][0]))
        raise InputError("init.invalid", option=f"--{option}", problem=fault["msg"]) from exc
