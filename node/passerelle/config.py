"""The configuration of one node: ``passerelle.toml`` in its home, checked before anything starts.

Every setting has a meaning, a unit and a default; unknown names are refused, so that a
misspelt setting never goes unnoticed.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import tomli_w
from babel import Locale
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from yarl import URL

from passerelle.errors import ConfigError
from passerelle.protocol.keydocuments import encode_domain
from passerelle.storage.database import sqlite_url
from passerelle.storage.home import Paths
from passerelle.storage.postgresql import Access, check_address
from passerelle.storage.private import sync_folder

SQLITE = "sqlite"
FILE_NAME = "passerelle.toml"
AGENCY_CODE = r"^[A-Z]{2}-[A-Z0-9]{2,12}$"
"""The form of an agency's short code, ours or one that we bind to a partner: ``TG-ANVT``."""


_FORMS = {
    "public_address": "public-address",
    "code": "agency-code",
    "country": "country-of-code",
    "names": "lang-string",
    "languages": "language-tag",
    "kind": "agency-kind",
    "port": "port",
}
"""What a setting must look like, as the sentences name it, where its type does not say it."""

_LANGUAGE_TAG = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _public_address(value: str) -> str:
    """The address as partners are to write it: the host in IDNA's ASCII, no slash at the end.

    Its host and port become the domain of the identity, so they keep to the form of a DID (I-3).
    """
    if not value.isprintable() or " " in value:
        raise ValueError("an address holds no space and no control character")
    url = URL(value)  # ValueError where the port is none
    if url.scheme not in {"http", "https"} or url.raw_host is None:
        raise ValueError("an address begins with https:// and a host name")
    if url.raw_user is not None or url.raw_password is not None or "@" in url.raw_authority:
        raise ValueError("an address holds no user name and no password")
    if set(value) & set("?#"):
        raise ValueError("an address has no query and no fragment")
    port = "" if url.explicit_port in {None, url.with_port(None).port} else f":{url.explicit_port}"
    encode_domain(url.raw_host + port)
    return f"{url.scheme}://{url.raw_host.lower()}{port}{url.raw_path.rstrip('/')}"


def _language(value: str) -> str:
    if (
        _LANGUAGE_TAG.fullmatch(value) is None
        or value.split("-", maxsplit=1)[0] not in Locale("en").languages
    ):
        raise ValueError("not a language of BCP 47")
    return value


def _country(value: str) -> str:
    if len(value) != 2 or value not in Locale("en").territories or value in _NO_COUNTRIES:
        raise ValueError("not a country of ISO 3166-1")
    return value


_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""Codes of two letters that CLDR lists beside the countries."""

Language = Annotated[str, AfterValidator(_language)]
Country = Annotated[str, AfterValidator(_country)]


def _database(value: str) -> str:
    if value != SQLITE:
        check_address(value)
    return value


Address = Annotated[str, AfterValidator(_public_address)]
DatabaseAddress = Annotated[str, AfterValidator(_database)]


_LEAST_PREFIX = {4: 8, 6: 32}
"""By family: ``10.0.0.0/8`` may be one operator's own network, two halves of everything may not."""


def _not_everybody(value: IPvAnyNetwork) -> IPvAnyNetwork:
    mapped = value.network_address.ipv4_mapped if value.version == 6 else None
    if mapped is not None:
        raise ValueError("an IPv4 address is written as one")
    if value.prefixlen < _LEAST_PREFIX[value.version]:
        raise ValueError("a proxy has an address; this names everybody, or nearly")
    return value


Proxy = Annotated[IPvAnyNetwork, AfterValidator(_not_everybody)]


class _Section(BaseModel):
    # What was typed may be a secret at the wrong place, and an error goes to the log.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Agency(_Section):
    """Who this node is.

    Args:
        code: Short code such as ``TG-ANVT``; country, a hyphen, letters or digits.
        country: ISO 3166-1 alpha-2.
        names: Official name by language, one at least.
        acronym: Short name shown on screens.
        kind: A code of the list ``agency-kind``.
        languages: Working languages, BCP 47, the first is the one that screens fall back on.
        fictitious: True for demonstrations: every record carries ``synthetic: true``, and the
            node may send records past its own checks to show what a partner then does.
    """

    code: str = Field(pattern=AGENCY_CODE)
    country: Country
    names: dict[str, str] = Field(min_length=1)
    acronym: str = ""
    kind: str = Field(default="national-agency", pattern=r"^[a-z][a-z0-9-]{0,63}$")
    languages: tuple[Language, ...] = Field(default=("fr", "en"), min_length=1)
    fictitious: bool = False

    @field_validator("country")
    @classmethod
    def _begins_the_code(cls, value: str, info: ValidationInfo) -> str:
        code = info.data.get("code")
        if code is not None and not code.startswith(f"{value}-"):
            raise ValueError("the code begins with the country")
        return value


class Server(_Section):
    """Where the node answers.

    Args:
        public_address: The address in the identity document and the descriptor; signatures of
            requests cover it, so a wrong one makes every partner's request fail.
        host: Interface to bind. The default keeps the node on this machine until a proxy is set up.
        port: TCP port; 0 takes a free one.
        certificate: File of the node's certificate and those above it, PEM, absolute or from the home: the
            node then ends TLS itself. Read anew at SIGHUP, and when it has changed.
        certificate_key: File of its key, PEM, unlocked; for the node's account alone.
        behind_proxy: True where a proxy in front ends TLS. To bind another interface than loopback takes
            this and ``proxy_addresses``, or a certificate.
        proxy_addresses: Addresses or networks from which that proxy connects; nobody else is answered.
    """

    public_address: Address
    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535)
    certificate: str = ""
    certificate_key: str = ""
    behind_proxy: bool = False
    proxy_addresses: tuple[Proxy, ...] = ()


class Console(_Section):
    """Where staff look at the board. It shows bilateral records: keep it on this machine or behind a log-in.

    Args:
        host: Interface to bind.
        port: TCP port; 0 takes a free one.
        proxy_addresses: Addresses or networks from which a proxy with a log-in connects; needed to bind
            another interface than loopback, and nobody else is then answered.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8421, ge=0, le=65535)
    proxy_addresses: tuple[Proxy, ...] = ()


class Sync(_Section):
    """How the node follows its partners.

    Args:
        poll_seconds: Mean time between two looks at one partner; each wait is drawn around it.
        backoff_max_seconds: Longest wait after repeated failures, at most an hour (F-4).
        request_seconds: Deadline of one request.
        allow_private_addresses: Whether addresses named by partners' documents may lie in private
            networks. Leave it off on a server: on, a partner can make this node call its neighbours.
        notices: Whether partners are told at once of what is new.
        stale_after_days: How long a partner may be silent before its feeds count as stale, and what
            rests on them as incomplete.
    """

    poll_seconds: float = Field(default=300.0, gt=0)
    backoff_max_seconds: float = Field(default=3600.0, gt=0, le=3600.0)
    request_seconds: float = Field(default=30.0, gt=0)
    allow_private_addresses: bool = False
    notices: bool = True
    stale_after_days: float = Field(default=7.0, gt=0)


class Keys(_Section):
    """Who opens the keys. The secret itself never stands here.

    Args:
        secret_file: File of the secret, absolute or from the home, where it does not lie where
            ``passerelle init`` or ``passerelle keys rewrap`` put it. Readable by the node's account alone.
    """

    secret_file: str = ""


class Rules(_Section):
    """What the agency asks of itself beyond the law of the exchange: docs/operator/rules.md.

    Args:
        packs: Folder of its own scheme rule packs, absolute or from the home. One of the name of a packaged
            one takes its place. A pack that is wrong keeps the node from starting.
    """

    packs: str = "packs"


class Config(_Section):
    """The whole file.

    Args:
        database: ``sqlite`` (a file in the home), or the address of a database of PostgreSQL as
            ``psql`` takes it, ``postgresql://account@host/database?sslmode=verify-full``, without a
            password. Change it with ``passerelle database move``, which takes the rows along.
        database_password_file: A file that holds the password of that account and nothing else,
            readable by its owner alone; a path that is not absolute begins at the home. Without it
            the password comes from ``PGPASSFILE``, ``PGPASSWORD`` or a client certificate, as libpq has it.
    """

    agency: Agency
    server: Server
    console: Console = Console()
    sync: Sync = Sync()
    keys: Keys = Keys()
    rules: Rules = Rules()
    database: DatabaseAddress = SQLITE
    database_password_file: Path | None = None

    def place(self, paths: Paths) -> str | Access:
        """Where the rows of a home lie, as :class:`passerelle.storage.database.Database` takes it."""
        if self.database == SQLITE:
            return sqlite_url(paths.database)
        file = self.database_password_file
        return Access(self.database, None if file is None else paths.home / file)

    @field_validator("console")
    @classmethod
    def _ports_differ(cls, value: Console, info: ValidationInfo) -> Console:
        server = info.data.get("server")
        if server is not None and value.port and (value.host, value.port) == (server.host, server.port):
            raise ValueError("the board needs a port of its own")
        return value


def load(home: Path) -> Config:
    """Read the configuration of a home.

    Raises:
        ConfigError: ``config.missing`` where there is none, ``config.invalid`` with the setting's name.
    """
    path = home / FILE_NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError as exc:
        raise ConfigError("config.missing", path=str(path)) from exc
    except OSError as exc:
        raise ConfigError("config.unreadable", path=str(path)) from exc
    return parse(data, path)


def parse(data: bytes, path: Path) -> Config:
    """The configuration that the bytes of a file say.

    Args:
        data: TOML in UTF-8.
        path: Where they come from, for messages alone.

    Raises:
        ConfigError: ``config.unreadable``, ``config.syntax``, or ``config.invalid`` with the setting's name.
    """
    try:
        return Config.model_validate(_tables(data, path))
    except ValidationError as exc:
        raise ConfigError("config.invalid", path=str(path), **fault_of(exc)) from exc


def fault_of(error: ValidationError) -> dict[str, object]:
    """The first setting that is wrong: its name, what it must look like, and the exact fault.

    Returns:
        ``name``, such as ``server.port``; ``form``, a code of the sentences or None; ``detail``.
    """
    fault = error.errors(include_url=False, include_input=False)[0]
    location = [str(part) for part in fault["loc"]]
    named = next((_FORMS[part] for part in reversed(location) if part in _FORMS), None)
    form = named or _form_of_type(fault["type"])
    if location == ["console"]:
        location, form = ["console", "port"], "port-of-its-own"
    return {"name": ".".join(location), "form": form, "detail": fault["msg"]}


def _form_of_type(fault: str) -> str | None:
    """The form that pydantic's kind of fault tells, for settings without a name in ``_FORMS``."""
    known = {"extra_forbidden": "known-setting", "missing": "a-value", "greater_than": "positive"}
    for kind in ("bool", "int", "float", "string"):
        if fault.startswith(kind):
            return {"bool": "boolean", "int": "integer", "float": "positive", "string": "string"}[kind]
    return known.get(fault)


def _tables(data: bytes, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise ConfigError("config.unreadable", path=str(path)) from exc
    except (
        ValueError,
        RecursionError,
    ) as exc:  # besides bad TOML: a number of 4300 digits, brackets without end
        raise ConfigError("config.syntax", path=str(path), detail=str(exc)) from exc


def save(home: Path, config: Config) -> None:
    """Write the configuration of a new home; a file that is there is not touched."""
    with (home / FILE_NAME).open("xb") as out:
        tomli_w.dump(config.model_dump(mode="json", exclude_defaults=True), out)
        out.flush()
        os.fsync(out.fileno())


def state_folder() -> Path:
    """Where this account's programs keep what is no configuration (XDG): secrets, outside every home."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "state"
    return base / "passerelle"


def switch_database(home: Path, config: Config) -> None:
    """Let the file name another database, all or nothing; what a person wrote beside it stays as it is."""
    path = home / FILE_NAME
    old = path.read_text("utf-8")
    given = config.model_dump(mode="json", include={"database", "database_password_file"}, exclude_none=True)
    new = tomli_w.dumps(given) + "".join(_without(old.splitlines(keepends=True)))
    wanted = {name: value for name, value in tomllib.loads(old).items() if name not in _DATABASE} | given
    if not _says(new, wanted):  # written in a way that was not foreseen: the comments go, the settings stay
        new = tomli_w.dumps(wanted)
    beside = path.with_name(f".{FILE_NAME}.new")
    with beside.open("w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), path.stat().st_mode & 0o777)
        out.write(new)
        out.flush()
        os.fsync(out.fileno())
    beside.rename(path)
    sync_folder(home)


_DATABASE = ("database", "database_password_file")


def _without(lines: Sequence[str]) -> Iterator[str]:
    """The lines but those of the two settings, which stand before the first section."""
    before_sections = True
    for line in lines:
        before_sections = before_sections and not line.lstrip().startswith("[")
        if not (before_sections and line.partition("=")[0].strip().strip("\"'") in _DATABASE):
            yield line


def _says(text: str, wanted: Mapping[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False
