"""Making a home: keys, identity, database, head store, and the first two records.

Everything is made in a folder beside the home and renamed at the end, so a home is
there whole or not at all.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from passerelle import config as settings
from passerelle.config import Agency, Config, Console, Server, Sync
from passerelle.custody import FICTITIOUS_SECRET, keep_secret, make_keyring, outside, write_update_key
from passerelle.descriptor import quarters
from passerelle.errors import ConfigError, InputError, PasserelleError, StorageError
from passerelle.node import open_node
from passerelle.protocol.fingerprints import fingerprint
from passerelle.protocol.identity import create_log, parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.origins import Origin
from passerelle.storage import moving
from passerelle.storage import peers as peer_rows
from passerelle.storage import records as record_rows
from passerelle.storage.crash import CrashPoints
from passerelle.storage.database import Database, name_of
from passerelle.storage.disk import disk_error
from passerelle.storage.heads import HeadStore
from passerelle.storage.home import Keys, Paths
from passerelle.storage.postgresql import Access
from passerelle.storage.private import create_empty, sync_folder
from passerelle.storage.secret import Secret
from passerelle.words import LANGUAGES, Words

NEXT_UPDATE_KEYS = 2
"""Update keys committed to beforehand: the next one, and one in reserve."""


async def init_home(
    home: Path,
    *,
    agency: Agency,
    server: Server,
    console: Console | None = None,
    sync: Sync | None = None,
    secret: Secret | None = None,
    secret_file: Path | None = None,
    database: str = settings.SQLITE,
    database_password_file: Path | None = None,
) -> dict[str, object]:
    """Make a home that was not there.

    Args:
        home: The folder; absent, or empty.
        agency: Who the node is.
        server: Where it will answer; its host name becomes part of the identity.
        console: Where staff look; the default is this machine alone.
        sync: How it follows; the defaults suit an agency.
        secret: What is to open the keys, known to whoever asks; a new one in a file where None.
        secret_file: That file, outside the home and not there yet; one in the account's folder of
            states where None. A fictitious home keeps it within, to be copied as one.
        database: ``sqlite``, or the address of an empty database of PostgreSQL.
        database_password_file: See :class:`passerelle.config.Config`.

    Returns:
        ``scid``, ``did``, ``fingerprint``, where the offline keys lie, and ``secret_file`` or None.

    Raises:
        InputError: ``home.not-empty``, ``keys.passphrase-too-short``, ``keys.secret-inside-home``,
            ``keys.secret-file-exists``.
        ConfigError: ``home.not-writable``, ``config.*`` where the address or the password cannot be used.
        StorageError: ``storage.not-empty``, what opening a database raises, or the disk is full or fails.
            Where it failed last of all the home may be there, whole.
    """
    home = _free(home)
    config = Config(
        agency=agency,
        server=server,
        console=console or Console(),
        sync=sync or Sync(),
        database=database,
        database_password_file=database_password_file,
    )
    if secret is not None:
        secret.refuse_weak()
    if secret_file is not None:
        outside(home, secret_file, fictitious=agency.fictitious)
    building = _beside(home)
    try:
        made = await _build(home, Paths(building), config, secret, secret_file)
        _put_in_place(building, home, CrashPoints.from_environment(fictitious=agency.fictitious))
    except OSError as exc:
        shutil.rmtree(building, ignore_errors=True)
        raise disk_error(exc) from exc
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return {
        "home": str(home),
        "scid": made.scid,
        "did": made.did,
        "fingerprint": fingerprint(made.scid),
        "offline_keys": str(Paths(home).offline),
        "secret_file": None if made.secret_file is None else str(home / made.secret_file),
    }


@dataclass(frozen=True, slots=True)
class _Made:
    """What a new home is called, and where its secret lies, absolute or from the home."""

    scid: str
    did: str
    secret_file: str | None


def _beside(home: Path) -> Path:
    """A new folder in which a home is built."""
    building = home.with_name(f".{home.name}.init-{secrets.token_hex(4)}")
    try:
        building.mkdir(mode=0o700, parents=True)
    except OSError as exc:
        raise ConfigError("home.not-writable", path=str(home.parent)) from exc
    return building


def _put_in_place(building: Path, home: Path, crash: CrashPoints) -> None:
    """Let a whole home appear at once."""
    if home.exists():
        home.rmdir()
    crash.reach("before-init-home")
    building.rename(home)
    sync_folder(home.parent)
    crash.reach("after-init-home")


def _free(home: Path) -> Path:
    """The absolute path of a folder that is absent or empty."""
    home = home.absolute()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise InputError("home.not-empty", path=str(home))
    return home


async def _build(
    home: Path, paths: Paths, config: Config, secret: Secret | None, secret_file: Path | None
) -> _Made:
    now = datetime.now(UTC).replace(microsecond=0)
    keys = Keys.generate(secrets.token_bytes)
    log = _identity_log(paths, config, keys, now)
    identity = parse_identity(log, now=now)
    settings.save(paths.home, config)
    for rows in (*([paths.database] if config.database == settings.SQLITE else []), paths.heads):
        create_empty(rows)
    opens = secret or Secret.generate(secrets.token_bytes)
    file = None if secret is not None else _place(config, identity.scid, secret_file)
    async with _new_rows(config.place(paths)) as database:
        async with database.writing() as connection:
            await record_rows.put_fact(connection, "own-scid", identity.scid)
            await peer_rows.put_identity(connection, identity.scid, log, int(now.timestamp()))
        await database.close()
        heads = HeadStore(paths.heads)
        await heads.create()
        await heads.close()
        make_keyring(paths, keys, opens, file=file, now=now)
        async with open_node(paths.home, keys=keys) as node:
            await node.publisher.open_feed(Origin(identity.scid, None, 1))
            await node.say_who_we_are()
        if file is not None:  # last, so that no failure above leaves it behind
            keep_secret(paths.home / file, opens, home)
    return _Made(identity.scid, identity.did, file)


def _place(config: Config, scid: str, wanted: Path | None) -> str:
    """Where the secret of a new home goes."""
    if wanted is not None:
        return str(wanted.absolute())
    return FICTITIOUS_SECRET if config.agency.fictitious else str(settings.state_folder() / f"{scid}.secret")


@asynccontextmanager
async def _new_rows(place: str | Access) -> AsyncIterator[Database]:
    """An empty database, open; emptied again where the block fails, for a server keeps what a folder loses."""
    database = Database(place)
    try:
        await database.open()
        async with database.reading() as connection:
            if not await moving.is_empty(connection):
                raise StorageError("storage.not-empty", database=name_of(place))
        try:
            yield database
        except BaseException:
            if isinstance(place, Access):
                with suppress(PasserelleError):  # why it failed is what is told
                    async with database.writing() as connection:
                        await moving.empty(connection)
            raise
    finally:
        await database.close()


def _identity_log(paths: Paths, config: Config, keys: Keys, now: datetime) -> bytes:
    """The first entry; its key is used once and kept with the next ones, to be taken offline."""
    update = SigningKey.generate(secrets.token_bytes)
    coming = [SigningKey.generate(secrets.token_bytes) for _ in range(NEXT_UPDATE_KEYS)]
    paths.offline.mkdir(mode=0o700)
    domain = urlsplit(config.server.public_address).netloc
    # One second before anything that the new keys sign: resolvers differ on an entry's own second.
    made = now - timedelta(seconds=1)
    begins = quarters(made, len(keys.sealing))
    log = create_log(
        domain=domain,
        update_key=update,
        next_update_multikeys=[key.multikey for key in coming],
        record_key=keys.record.public,
        request_key=keys.request.public,
        log_keys=[keys.log.public],
        witness_keys=[keys.witness.public],
        sealing=[
            (when, sha256(key.public).hexdigest()) for when, key in zip(begins, keys.sealing, strict=True)
        ],
        now=made,
    )
    did = parse_identity(log, now=now).did
    for number, key in enumerate(coming, start=2):
        write_update_key(paths.offline / f"update-{number}.txt", key, _explained(config, did, number))
    return log


def _explained(config: Config, did: str, number: int) -> str:
    """What a sheet with an offline key is, in every language of the house."""
    said = (
        Words(lang).text("cli.sheet.update-key", code=config.agency.code, number=number) for lang in LANGUAGES
    )
    return "\n\n".join([*said, did])
