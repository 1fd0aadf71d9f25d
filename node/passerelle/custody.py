"""Who can open the keys of a home: finding the secret, changing it, telling which keys there are.

A secret is looked for where it was given most directly first: typed at the terminal, the
variable PASSERELLE_SECRET, the folder of systemd's credentials, the file that the setting
``keys.secret_file`` names, the file that the keyring itself names.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from passerelle import config as settings
from passerelle.config import Config
from passerelle.errors import ConfigError, InputError
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import Json, JsonObject, format_time
from passerelle.storage import paper, plainkeys, private
from passerelle.storage.home import HomeLock, Keys, Paths
from passerelle.storage.keyring import Keyring
from passerelle.storage.secret import Given, Secret, in_files

UPDATE_KEY = "passerelle-update-key-1"
"""Purpose of an offline key, on its paper."""

FICTITIOUS_SECRET = "secret"  # noqa: S105  (a file's name)
"""Beside the keys that it opens: a demonstration protects nobody, and is copied as one folder."""


def unlock(paths: Paths, config: Config, given: Given) -> Keys:
    """The online keys of a home; what a crash left of a change of secret is tidied away.

    Raises:
        ConfigError: ``keys.missing``, ``keys.damaged``, ``keys.readable-by-others``,
            ``keys.another-owner``, ``keys.not-encrypted``, ``keys.locked``, ``keys.secret-missing``,
            ``keys.secret-malformed``, ``keys.wrong-secret``.
    """
    keys, ring = _open(paths, config, given, plain=config.agency.fictitious)
    if ring is not None:
        _tidy(paths, ring, keys)
    return keys


def _open(paths: Paths, config: Config, given: Given, *, plain: bool) -> tuple[Keys, Keyring | None]:
    """Keys, and the file that they came from, None where they lie in plain hex."""
    if not paths.keyring.exists():
        if not plainkeys.are_there(paths.keys):
            raise ConfigError("keys.missing", path=str(paths.keyring))
        if not plain:
            raise ConfigError("keys.not-encrypted", path=str(paths.keys))
        return plainkeys.read(paths.keys), None
    ring = read_keyring(paths)
    places = [paths.home / named for named in (config.keys.secret_file, ring.lock.file) if named]
    direct, kept = given.secrets(), in_files(places)
    for secret in dict.fromkeys([*direct, *kept]):
        keys = ring.open(secret)
        if keys is not None:
            return keys, ring
    if not direct and not any(ring.fits(secret) for secret in kept):
        if places and not ring.lock.by_passphrase:
            raise ConfigError("keys.secret-missing", path=str(places[0]))
        raise ConfigError("keys.locked")
    raise ConfigError("keys.wrong-secret")


def read_keyring(paths: Paths) -> Keyring:
    """The sealed file of a home, still closed."""
    private.refuse_open_file(paths.keyring)
    try:
        return Keyring.parse(paths.keyring.read_bytes())
    except OSError as exc:
        raise ConfigError("keys.missing", path=str(paths.keyring)) from exc


def _tidy(paths: Paths, ring: Keyring, keys: Keys) -> None:
    """Finish a change of secret: the old secret's file and the plain keys go, once the new ones open."""
    if ring.lock.former:
        _forget(paths.home / ring.lock.former, paths.home.absolute(), ring)
    if plainkeys.are_there(paths.keys):
        if (
            not plainkeys.seeds(paths.keys).items()
            <= {name: seed for name, _, _, seed in keys.named()}.items()
        ):
            raise ConfigError("keys.two-sets", path=str(paths.keys))
        plainkeys.remove(paths.keys)
    private.drop_unfinished(paths.keys)


def _forget(path: Path, home: Path, ring: Keyring) -> None:
    """Delete the file of a secret that was made for this home, and opens its keys no more.

    Another secret may have come to lie there since; and where this home is a copy, the file
    still opens the keys of the one that it was copied from.
    """
    try:
        found = in_files([path])
        made_for = path.read_text("utf-8").splitlines()[:1] if found else []
    except (ConfigError, OSError):
        return
    if made_for == [_made_for(home)] and ring.open(found[0]) is None:
        path.unlink(missing_ok=True)


def _made_for(home: Path) -> str:
    return f"# {home}"


# --- making and changing -----------------------------------------------------------------------------------


def keep_secret(path: Path, secret: Secret, home: Path) -> None:
    """Write a random secret into a new file, below the home whose keys it opens; durable on return.

    Raises:
        InputError: ``keys.secret-file-exists``.
        ConfigError: ``home.not-writable``.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private.write_new(path, f"{_made_for(home)}\n{secret.encode()}\n".encode())
    except FileExistsError as exc:
        raise InputError("keys.secret-file-exists", path=str(path)) from exc
    except OSError as exc:
        raise ConfigError("home.not-writable", path=str(path.parent)) from exc


def make_keyring(paths: Paths, keys: Keys, secret: Secret, *, file: str | None, now: datetime) -> None:
    """Write the keys of a new home."""
    since = {name: format_time(now) for name, *_ in keys.named()}
    ring = Keyring.seal(keys, since, secret, random=secrets.token_bytes, file=file)
    paths.keys.mkdir(mode=0o700)
    private.write_new(paths.keyring, ring.encode())


def rewrap(
    home: Path, given: Given, *, passphrase: str | None = None, secret_file: Path | None = None
) -> JsonObject:
    """Lock the keys of a home with a new secret; plain ones are locked for the first time.

    The order is the safety: the new secret is durable before anything is locked with it, the
    file of keys changes as one, and only then the old secret goes. Cut anywhere, the home
    opens with the old secret or the new one, both of which are where they were said to be;
    the next start takes away what is left over.

    Args:
        home: No process may own it.
        given: What opens it now.
        passphrase: What is to open it; a random secret in a file where None.
        secret_file: That file, not there yet; one in the user's folder of states where None.

    Returns:
        ``secret_file`` or None, and ``former``, the file that is no more, or None.
    """
    home = home.absolute()
    private.refuse_open_home(home)
    paths, config = Paths(home), settings.load(home)
    secret = Secret.generate(secrets.token_bytes) if passphrase is None else Secret.parse(passphrase)
    secret.refuse_weak()
    lock = HomeLock(paths.lock)
    lock.take()
    try:
        keys, ring = _open(paths, config, given, plain=True)
        file = None if passphrase is not None else _place(paths, config, secret_file, keys)
        since = (
            plainkeys.since(paths.keys) if ring is None else {fact.name: fact.since for fact in ring.facts}
        )
        former = None if ring is None else ring.lock.file
        if file is not None:
            keep_secret(home / file, secret, home)
        sealed = Keyring.seal(keys, since, secret, random=secrets.token_bytes, file=file, former=former)
        _replace(paths, sealed)
        _tidy(paths, sealed, keys)
    finally:
        lock.release()
    return {"secret_file": None if file is None else str(home / file), "former": former}


def _replace(paths: Paths, sealed: Keyring) -> None:
    """Put the newly locked file in its place; where that fails, the new secret goes unless it is needed."""
    data = sealed.encode()
    try:
        private.replace(paths.keyring, data)
    except OSError as exc:
        in_place = paths.keyring.exists() and paths.keyring.read_bytes() == data
        if sealed.lock.file and not in_place:  # where only the last flush failed, nothing else opens the keys
            (paths.home / sealed.lock.file).unlink(missing_ok=True)
        raise ConfigError("home.not-writable", path=str(paths.keys)) from exc


def _place(paths: Paths, config: Config, wanted: Path | None, keys: Keys) -> str:
    """Where a new secret goes: never over another."""
    if wanted is not None:
        return outside(paths.home, wanted, fictitious=config.agency.fictitious)
    number = secrets.token_hex(4)
    if config.agency.fictitious:
        return f"{FICTITIOUS_SECRET}-{number}"
    return str(settings.state_folder() / f"{keys.log.multikey[-12:]}-{number}.secret")


def outside(home: Path, wanted: Path, *, fictitious: bool) -> str:
    """The absolute path of a secret, which does not lie in the home whose keys it opens.

    Raises:
        InputError: ``keys.secret-inside-home``.
    """
    wanted = wanted.absolute()
    if not fictitious and wanted.resolve().is_relative_to(home.resolve()):
        raise InputError("keys.secret-inside-home", path=str(wanted))
    return str(wanted)


# --- telling -----------------------------------------------------------------------------------------------


def show(home: Path) -> JsonObject:
    """Which keys a home has: never a secret, and none is needed to ask.

    Returns:
        ``locked_by`` (``passphrase``, ``secret``, ``given`` at the start, or ``nothing``), ``secret_file``, ``keys`` with
        ``name``, ``kind``, ``id`` and ``since``, and ``offline``: keys that should not be here any more.
    """
    home = home.absolute()
    paths = Paths(home)
    settings.load(home)
    private.refuse_open_home(home)
    told: list[Json]
    if paths.keyring.exists() or not plainkeys.are_there(paths.keys):
        ring = read_keyring(paths)
        told = [
            {"name": fact.name, "kind": fact.kind, "id": fact.id, "since": fact.since} for fact in ring.facts
        ]
        file = ring.lock.file
        locked = "passphrase" if ring.lock.by_passphrase else "given" if file is None else "secret"
    else:
        since = plainkeys.since(paths.keys)
        keys = plainkeys.read(paths.keys)
        told = [
            {"name": name, "kind": kind, "id": key_id, "since": since[name]}
            for name, kind, key_id, _ in keys.named()
        ]
        locked, file = "nothing", None
    return {
        "locked_by": locked,
        "secret_file": None if file is None else str(home / file),
        "keys": told,
        "offline": [
            {"file": str(path), "id": _public_of(path)} for path in sorted(paths.offline.glob("*.txt"))
        ],
    }


def write_update_key(path: Path, key: SigningKey, explained: str) -> None:
    """Write an offline key as a sheet that a person can read, print, and type again.

    Args:
        path: A new file.
        key: The key.
        explained: What it is, for whoever finds the sheet in ten years.
    """
    head = "".join(f"# {line}\n" if line else "#\n" for line in [*explained.splitlines(), "", key.multikey])
    private.write_new(path, f"{head}{paper.encode(UPDATE_KEY, key.seed)}\n".encode())


def read_update_key(path: Path) -> SigningKey:
    """What :func:`write_update_key` wrote.

    Raises:
        ConfigError: ``keys.sheet-unreadable``.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        return SigningKey(
            paper.parse(UPDATE_KEY, "".join(line for line in lines if not line.startswith("#")))
        )
    except (OSError, ValueError):
        raise ConfigError("keys.sheet-unreadable", path=str(path)) from None  # its text is the secret


def _public_of(path: Path) -> str:
    try:
        return read_update_key(path).multikey
    except ConfigError:
        return ""
