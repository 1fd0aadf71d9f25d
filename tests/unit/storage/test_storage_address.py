"""The address of a database: what is refused before anything is connected, and what is never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerelle.config import Agency, Config, Server, load, save
from passerelle.errors import ConfigError
from passerelle.storage.database import sqlite_url
from passerelle.storage.home import Paths
from passerelle.storage.postgresql import Access, check_address, refuse_open_road

SECRET = "hunter2-canary"
AGENCY = Agency(code="TG-FICT", country="TG", names={"fr": "Agence"})
SERVER = Server(public_address="https://tg.example")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"postgresql://passerelle:{SECRET}@db.example/rows", "config.password-in-address"),
        (f"postgresql://passerelle@db.example/rows?password={SECRET}", "config.password-in-address"),
        (f"postgresql://passerelle@db.example/rows?sslpassword={SECRET}", "config.password-in-address"),
        (f"mysql://passerelle:{SECRET}@db.example/rows", "config.password-in-address"),
        ("mysql://passerelle@db.example/rows", "config.database-address"),
        ("postgresql+asyncpg://db.example/rows", "config.database-address"),
        ("postgresql://db.example/rows#part", "config.database-address"),
        ("postgresql://[::1/rows", "config.database-address"),
        ("postgresql://db/rows?sslmode", "config.database-address"),
        ("rows.sqlite", "config.database-address"),
        ("", "config.database-address"),
    ],
)
def test_an_address_with_a_secret_or_of_another_kind_is_refused(home: Path, address: str, code: str) -> None:
    """And what was typed is not told: it may be the secret."""
    with pytest.raises(ConfigError) as caught:
        Config(agency=AGENCY, server=SERVER, database=address)
    assert caught.value.code == code
    assert SECRET not in str(caught.value)
    home.mkdir()
    save(home, Config(agency=AGENCY, server=SERVER))
    with (home / "passerelle.toml").open("r+") as file:
        rest = file.read()
        file.seek(0)
        file.write(f'database = "{address}"\n{rest}')
    with pytest.raises(ConfigError) as read:
        load(home)
    assert read.value.code == code


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///rows",
        "postgres:///rows",
        "postgresql://passerelle@localhost/rows",
        "postgresql://passerelle@127.0.0.1:5433/rows",
        "postgresql://passerelle@[::1]:5433/rows",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/rows",
        "postgresql:///rows?host=/var/run/postgresql",
        "postgresql://db.example/rows?sslmode=verify-full",
        "postgresql://one.example,two.example:5433/rows?sslmode=verify-full&target_session_attrs=read-write",
        "postgresql://db.example/rows?sslmode=disable",
    ],
)
def test_what_psql_takes_is_taken(address: str) -> None:
    check_address(address)
    refuse_open_road(address)


@pytest.mark.parametrize(
    ("address", "environment"),
    [
        ("postgresql://db.example/rows", {}),
        ("postgresql://192.0.2.7/rows", {}),
        ("postgresql://[2001:db8::1]:5432/rows", {}),
        ("postgresql:///rows?host=db.example", {}),
        ("postgresql://localhost,db.example/rows", {}),
        ("postgresql:///rows", {"PGHOST": "db.example"}),
        ("postgresql:///rows?service=elsewhere", {}),
    ],
)
def test_a_road_to_another_machine_says_how_it_is_protected(
    monkeypatch: pytest.MonkeyPatch, address: str, environment: dict[str, str]
) -> None:
    """The driver would go without TLS where the server, or somebody between, offers none."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        refuse_open_road(address)
    assert caught.value.code == "config.database-without-tls"
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    refuse_open_road(address)


def test_one_setting_says_where_the_rows_are(tmp_path: Path) -> None:
    """And the file with the password lies beside the setting, or where its absolute path says."""
    paths = Paths(tmp_path)
    address = "postgresql://passerelle@db.example/rows?sslmode=verify-full"
    config = Config(agency=AGENCY, server=SERVER)
    assert config.place(paths) == sqlite_url(tmp_path / "passerelle.sqlite")
    config = Config(agency=AGENCY, server=SERVER, database=address)
    assert config.place(paths) == Access(address)
    config = Config(agency=AGENCY, server=SERVER, database=address, database_password_file=Path("db.secret"))
    assert config.place(paths) == Access(address, tmp_path / "db.secret")
    config = Config(agency=AGENCY, server=SERVER, database=address, database_password_file=Path("/run/x"))
    assert config.place(paths) == Access(address, Path("/run/x"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://somebody@db.example:5433/rows?sslmode=require", "db.example:5433/rows"),
        ("postgresql://somebody@/rows?host=/var/run/postgresql", "/var/run/postgresql/rows"),
        ("postgresql:///rows", "local/rows"),
    ],
)
def test_a_database_is_called_by_where_it_is(address: str, name: str) -> None:
    """Before people and in logs: no account, no setting."""
    assert Access(address).name == name


def test_the_password_comes_from_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    """Read anew at each connection, its last line end left out."""
    path = tmp_path / "db.secret"
    access = Access("postgresql:///rows", path)
    with pytest.raises(ConfigError, match=r"config\.secret-unreadable"):
        access.password()
    path.write_text(f"{SECRET} \n")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match=r"config\.secret-readable-by-others"):
        access.password()
    path.chmod(0o400)
    assert access.password() == f"{SECRET} "
    assert Access("postgresql:///rows").password() is None
