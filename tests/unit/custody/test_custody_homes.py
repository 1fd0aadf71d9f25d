"""Homes whose keys are locked: made, opened, refused, locked anew, and cut short at every step of that."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import tomllib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from passerelle import app, custody
from passerelle import config as settings
from passerelle.config import Agency, Server
from passerelle.errors import ConfigError, InputError, PasserelleError, StorageError
from passerelle.initialise import init_home
from passerelle.node import open_node
from passerelle.protocol.identityentries import multihash
from passerelle.storage import keyring
from passerelle.storage.home import HomeLock, Keys, Paths
from passerelle.storage.secret import Given, Secret

REAL = Agency(code="TG-ANVT", country="TG", names={"fr": "Agence"})
SERVER = Server(public_address="https://anvt.example", port=0)
PHRASE = "pont de lianes sur la Kara"
TYPED = Given(typed=PHRASE)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keyring, "SCRYPT_LOG2_N", 14)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def init(home: Path, agency: Agency = REAL, **choices: Any) -> dict[str, object]:
    """Make a home."""
    return asyncio.run(init_home(home, agency=agency, server=SERVER, **choices))


def test_a_home_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W-33: a disk that is full in the midst of it leaves nothing, and the next attempt finds room."""
    home, secret = tmp_path / "home", tmp_path / "secret"

    def full(*_given: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as broken:
        broken.setattr("passerelle.initialise.make_keyring", full)
        with pytest.raises(StorageError, match=r"storage\.disk-full"):
            init(home, secret_file=secret)
    assert list(tmp_path.iterdir()) == []
    init(home, secret_file=secret)
    assert home.exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real home and its secret, ``home`` and ``secret``, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    init(folder / "home", secret_file=folder / "secret")
    return folder


@pytest.fixture
def node(made: Path, tmp_path: Path) -> Paths:
    """A copy, locked by a secret of its own at ``secret`` beside it."""
    shutil.copytree(made / "home", tmp_path / "home")
    custody.rewrap(tmp_path / "home", Given(), secret_file=tmp_path / "secret")
    assert (made / "secret").exists(), "it opens the keys of the home from which this one was copied"
    return Paths(tmp_path / "home")


def change(home: Path, **sections: dict[str, object]) -> None:
    """Change settings by section."""
    path = home / settings.FILE_NAME
    told: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    for name, values in sections.items():
        told.setdefault(name, {}).update(values)
    path.write_bytes(tomli_w.dumps(told).encode())


def opened(paths: Paths, given: Given | None = None) -> Keys:
    """The keys as a start gets them."""
    return custody.unlock(paths, settings.load(paths.home), given or Given())


def refused(act: Callable[[], object]) -> str:
    """The code with which something is refused."""
    with pytest.raises(PasserelleError) as caught:
        act()
    return caught.value.code


def tree(folder: Path) -> dict[str, str]:
    """Every file, with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def unlocked(paths: Paths) -> Keys:
    """Give a home its keys in plain hex, as an older version left it."""
    keys = opened(paths)
    for name, _, _, seed in keys.named():
        path = paths.keys / f"{name}.seed"
        path.write_text(seed.hex() + "\n")
        path.chmod(0o600)
    paths.keyring.unlink()
    return keys


# --- made ----------------------------------------------------------------------------------------------------


def test_a_real_home_keeps_its_secret_elsewhere(tmp_path: Path) -> None:
    """No seed in any file of the home; the secret outside, for its owner alone; together they open."""
    told = init(tmp_path / "home")
    secret = Path(str(told["secret_file"]))
    assert secret.parent == tmp_path / "state" / "passerelle"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.parent.stat().st_mode & 0o077 == 0
    paths = Paths(tmp_path / "home")
    keys = opened(paths)
    whole = b"".join(path.read_bytes() for path in paths.home.rglob("*") if path.is_file())
    assert {path.name for path in paths.keys.iterdir()} == {"keyring.json"}
    for *_, seed in keys.named():
        assert seed not in whole
        assert seed.hex().encode() not in whole


def test_a_given_secret_is_written_nowhere(tmp_path: Path) -> None:
    """A passphrase opens what it locked; a weak one makes no home."""
    with pytest.raises(InputError, match=r"keys\.passphrase-too-short"):
        init(tmp_path / "home", secret=Secret.parse("court"))
    assert list(tmp_path.iterdir()) == []
    told = init(tmp_path / "home", secret=Secret.parse(PHRASE))
    assert told["secret_file"] is None
    assert not (tmp_path / "state").exists()
    paths = Paths(tmp_path / "home")
    assert PHRASE.encode() not in b"".join(p.read_bytes() for p in paths.home.rglob("*") if p.is_file())
    assert refused(lambda: opened(paths)) == "keys.locked"
    assert opened(paths, TYPED) == opened(paths, Given(environment=PHRASE))


def test_a_demonstration_is_copied_as_one_folder(tmp_path: Path) -> None:
    """The code is the same: locked, with its secret in the home, where it protects nobody."""
    told = init(tmp_path / "first", REAL.model_copy(update={"fictitious": True}))
    assert told["secret_file"] == str(tmp_path / "first" / "secret")
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    shutil.rmtree(tmp_path / "first")
    opened(Paths(tmp_path / "copy"))
    (tmp_path / "copy" / "secret").unlink()
    assert refused(lambda: opened(Paths(tmp_path / "copy"))) == "keys.secret-missing"


def test_a_secret_does_not_lie_with_what_it_opens(tmp_path: Path, made: Path) -> None:
    """Whoever takes the home must not have both; and no secret is written over another."""
    inside = tmp_path / "home" / "secret"
    with pytest.raises(InputError, match=r"keys\.secret-inside-home"):
        init(tmp_path / "home", secret_file=inside)
    with pytest.raises(InputError, match=r"keys\.secret-file-exists"):
        init(tmp_path / "home", secret_file=made / "secret")
    assert list(tmp_path.iterdir()) == []


async def test_update_keys_are_sheets_that_a_person_can_type(node: Paths) -> None:
    """I-32: kept offline, so readable on paper; each is the key to which the identity is bound."""
    async with open_node(node.home) as opened_node:
        bound = opened_node.directory.own.entries[-1].next_key_hashes
    sheets = sorted(node.offline.iterdir())
    keys = [custody.read_update_key(sheet) for sheet in sheets]
    assert {multihash(key.multikey.encode()) for key in keys} == set(bound)
    for sheet, key in zip(sheets, keys, strict=True):
        text = sheet.read_text("utf-8")
        assert key.multikey in text
        assert "TG-ANVT" in text
        sheet.write_text(text.replace("passerelle-update-key-1-", "passerelle-update-key-1-a"))
        assert refused(lambda sheet=sheet: custody.read_update_key(sheet)) == "keys.sheet-unreadable"  # type: ignore[misc]


# --- opened and refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "given", "code"),
    [
        (lambda _: None, Given(typed="not the passphrase"), None),
        (lambda node: (node.home / "../secret").unlink(), None, "keys.secret-missing"),
        (lambda node: (node.home / "../secret").chmod(0o644), None, "keys.readable-by-others"),
        (lambda node: (node.home / "../secret").write_text(""), None, "keys.secret-malformed"),
        (
            lambda node: (node.home / "../secret").write_text(Secret.generate(secrets.token_bytes).encode()),
            None,
            "keys.wrong-secret",
        ),
        (
            lambda node: (node.home / "../secret").unlink(),
            Given(environment="wrong one"),
            "keys.wrong-secret",
        ),
        (lambda node: node.keyring.unlink(), None, "keys.missing"),
        (lambda node: node.keyring.chmod(0o644), None, "keys.readable-by-others"),
        (lambda node: node.keyring.write_bytes(b"{"), None, "keys.damaged"),
        (lambda node: node.keyring.write_bytes(b""), None, "keys.damaged"),
        (lambda node: node.home.chmod(0o750), None, "home.open-to-others"),
        (lambda node: node.home.chmod(0o701), None, "home.open-to-others"),
        (lambda node: node.home.chmod(0o722), None, "home.open-to-others"),
    ],
)
async def test_an_unsafe_or_wrong_start_damages_nothing(
    node: Paths, spoil: Callable[[Paths], object], given: Given | None, code: str | None
) -> None:
    """A stable code, a sentence without the secret, and every byte as it was."""
    spoil(node)
    before = tree(node.home)
    if code is None:
        assert opened(node, given) == opened(node)
        return
    with pytest.raises(ConfigError) as caught:
        async with open_node(node.home, given):
            pass
    assert caught.value.code == code
    assert "wrong one" not in f"{caught.value} {caught.value.__cause__} {caught.value.params}"
    assert tree(node.home) == before


async def test_a_home_of_another_account_is_refused(node: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even to root, whose files in it the node could not read later; root may ask a running node."""
    monkeypatch.setattr("os.geteuid", lambda: node.home.stat().st_uid + 1)
    with pytest.raises(ConfigError, match=r"home\.another-owner"):
        await app.call(node.home, "status")
    with pytest.raises(ConfigError, match=r"home\.another-owner"):
        async with open_node(node.home):
            pass


def test_keys_are_told_without_a_secret(node: Paths) -> None:
    """Names, kinds, since when, public halves; and what should not be on the machine any more."""
    keys = opened(node)
    (node.home / "../secret").unlink()
    told = custody.show(node.home)
    listed: Any = told["keys"]
    assert [(key["name"], key["kind"], key["id"]) for key in listed] == [key[:3] for key in keys.named()]
    assert {key["since"][:2] for key in listed} == {"20"}
    assert told["locked_by"] == "secret"
    offline: Any = told["offline"]
    assert [Path(sheet["file"]).name for sheet in offline] == ["update-2.txt", "update-3.txt"]
    for *_, seed in keys.named():
        assert seed.hex() not in repr(told)


# --- locked anew ---------------------------------------------------------------------------------------------------


def test_from_one_file_to_another_to_a_passphrase_and_back(node: Paths, tmp_path: Path) -> None:
    """Each time the keys are the same, the new secret opens, the old one does not, and its file is gone."""
    keys, first = opened(node), (tmp_path / "secret").read_text().splitlines()[1]
    since = custody.show(node.home)["keys"]
    second = tmp_path / "elsewhere" / "secret"
    assert custody.rewrap(node.home, Given(), secret_file=second)["secret_file"] == str(second)
    assert opened(node) == keys
    assert not (tmp_path / "secret").exists()
    second_text = second.read_text().splitlines()[1]
    custody.rewrap(node.home, Given(), passphrase=PHRASE)
    assert not second.exists()
    assert refused(lambda: opened(node)) == "keys.locked"
    for old in (first, second_text):
        assert refused(lambda old=old: opened(node, Given(typed=old))) == "keys.wrong-secret"  # type: ignore[misc]
    third = Path(str(custody.rewrap(node.home, TYPED)["secret_file"]))
    assert third.parent == tmp_path / "state" / "passerelle"
    assert opened(node) == keys
    assert refused(lambda: custody.rewrap(node.home, Given(), secret_file=third)) == "keys.secret-file-exists"
    assert opened(node) == keys
    assert custody.show(node.home)["keys"] == since


def test_a_secret_put_where_the_old_one_lay_stays(node: Paths, tmp_path: Path) -> None:
    """What is tidied away after a change is the old secret, never the one that opens the keys."""
    second, third = tmp_path / "second", tmp_path / "third"
    custody.rewrap(node.home, Given(), secret_file=second)
    custody.rewrap(node.home, Given(), secret_file=third)
    assert not second.exists()
    third.rename(second)
    change(node.home, keys={"secret_file": "../second"})
    for _ in range(2):
        opened(node)
    assert second.exists()


def test_keys_in_plain_hex(node: Paths, tmp_path: Path) -> None:
    """An older home: a demonstration opens as it is, a real one says what to do, and is locked by it."""
    keys = unlocked(node)
    assert refused(lambda: opened(node)) == "keys.not-encrypted"
    assert custody.show(node.home)["locked_by"] == "nothing"
    change(node.home, agency={"fictitious": True})
    assert opened(node) == keys
    change(node.home, agency={"fictitious": False})
    custody.rewrap(node.home, Given(), secret_file=tmp_path / "new")
    assert {path.name for path in node.keys.iterdir()} == {"keyring.json"}
    assert opened(node) == keys
    stray = node.keys / "log.seed"
    stray.write_text("00" * 32)
    stray.chmod(0o600)
    assert refused(lambda: opened(node)) == "keys.two-sets"
    assert stray.exists()
    stray.write_text("half a key")
    assert refused(lambda: opened(node)) == "keys.damaged"


def test_a_home_in_use_is_not_locked_anew(node: Paths) -> None:
    """The process that owns it is asked to end first; the next start then shows that the new secret opens."""
    lock = HomeLock(node.lock)
    lock.take()
    before = tree(node.keys)
    assert refused(lambda: custody.rewrap(node.home, Given(), passphrase=PHRASE)) == "home.in-use"
    lock.release()
    assert tree(node.keys) == before


class Killed(BaseException):
    """The process is no more: nothing after it runs, no tidying either."""


def kill_at(patch: pytest.MonkeyPatch, step: int) -> list[str]:
    """End the process at its n-th durable act, before it is done; gives what was asked of the system."""
    done: list[str] = []

    def dying(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            done.append(name)
            if len(done) >= step:
                raise Killed
            return real(*args, **kwargs)

        return act

    for name in ("fsync", "replace", "unlink"):
        patch.setattr(os, name, dying(name, getattr(os, name)))
    return done


@pytest.mark.parametrize("kind", ["file", "passphrase", "plain"])
def test_cut_short_anywhere_a_home_opens_as_before_or_as_meant(
    node: Paths, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at every act: the old secret or the new one opens, and the next start leaves nothing of the other."""
    custody.rewrap(node.home, Given(), secret_file=tmp_path / "old")
    keys = opened(node)
    if kind == "plain":
        unlocked(node)
        change(node.home, agency={"fictitious": True})
    shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-kept"))
    kept, steps = tmp_path.with_name(f"{tmp_path.name}-kept"), 0
    ring = keyring.Keyring.parse(node.keyring.read_bytes()) if kind != "plain" else None
    while True:
        steps += 1
        with monkeypatch.context() as patch:
            done = kill_at(patch, steps)
            try:
                custody.rewrap(
                    node.home,
                    Given(),
                    passphrase=PHRASE if kind == "passphrase" else None,
                    secret_file=None if kind == "passphrase" else tmp_path / "new",
                )
            except Killed:
                died = True
            else:
                died = False
        assert opened(node, TYPED if kind == "passphrase" else None) == keys
        left = {path.name for path in node.keys.iterdir()}
        if node.keyring.exists() and (ring is None or node.keyring.read_bytes() != ring.encode()):
            assert left == {"keyring.json"}
            assert kind == "plain" or not (tmp_path / "old").exists()
        else:
            assert kind == "plain" or (tmp_path / "old").exists()
        if not died:
            break
        for path in tmp_path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    assert steps > 4, done
