"""Keys at rest: sealed whole, opened by one secret, and every byte of the file counted."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from passerelle.errors import ConfigError, InputError
from passerelle.storage import keyring, paper, private
from passerelle.storage.home import Keys
from passerelle.storage.keyring import Keyring
from passerelle.storage.secret import PURPOSE, Given, Secret, in_files

KEYS = Keys.generate(secrets.token_bytes)
SINCE = {name: "2027-01-01T00:00:00Z" for name, *_ in KEYS.named()}
RANDOM = Secret.generate(secrets.token_bytes)
PHRASE = "pont de lianes sur la Kara"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "SCRYPT_LOG2_N", 14)


def sealed(secret: Secret = RANDOM, file: str | None = "secret") -> Keyring:
    return Keyring.seal(KEYS, SINCE, secret, random=secrets.token_bytes, file=file)


@pytest.mark.parametrize("secret", [RANDOM, Secret.parse(PHRASE)], ids=["random", "passphrase"])
def test_keys_are_read_as_they_were_sealed(secret: Secret) -> None:
    """One secret opens them all; nothing of a seed stands in the file."""
    data = sealed(secret).encode()
    assert Keyring.parse(data).open(secret) == KEYS
    for _, _, key_id, seed in KEYS.named():
        assert seed.hex().encode() not in data
        assert base64.b64encode(seed)[:40] not in data
        assert key_id.encode() in data


@pytest.mark.parametrize(
    "other", [Secret.generate(secrets.token_bytes), Secret.parse(PHRASE), Secret.parse("another passphrase")]
)
def test_another_secret_opens_nothing(other: Secret) -> None:
    """And it is told from a damaged file, for the two need different cures."""
    assert sealed().open(other) is None
    assert sealed(Secret.parse(f"{PHRASE}!")).open(other) is None


def test_a_guess_at_a_passphrase_costs_what_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    """2^17 blocks of 1 KiB, 128 MiB, as OWASP asks; the cost stands in the file and is bound to it."""
    monkeypatch.undo()
    assert keyring.SCRYPT_LOG2_N == 17
    assert json.loads(sealed(Secret.parse(PHRASE)).encode())["lock"] | {"salt": "", "check": ""} == {
        "kdf": "scrypt", "log2n": 17, "r": 8, "p": 1, "salt": "", "check": "", "file": "secret", "former": None,
    }  # fmt: skip


def test_no_change_of_the_file_goes_unseen() -> None:
    """Every member in the open is bound to the sealed part; what is not ours is refused."""
    good = json.loads(sealed().encode())
    spoilt = []
    for path in (("keys", 0, "id"), ("keys", 0, "since"), ("lock", "file")):
        document = json.loads(json.dumps(good))
        at = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = "x"
        spoilt.append(document)
    box = bytearray(base64.b64decode(good["sealed"]))
    for place in (0, 20, -1):
        flipped = bytearray(box)
        flipped[place] ^= 1
        spoilt.append(good | {"sealed": base64.b64encode(flipped).decode()})
    spoilt += [good | {"keys": good["keys"][1:]}, good | {"keys": good["keys"][::-1]}]
    for document in spoilt:
        with pytest.raises(ConfigError, match=r"keys\.damaged"):
            Keyring.parse(json.dumps(document).encode()).open(RANDOM)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "passerelle/keys/v2"},
        {"more": 1},
        {"keys": {}},
        {"keys": [{}]},
        {"lock": []},
        {"lock": {"kdf": "none"}},
        {"sealed": "!"},
        {"sealed": 1},
    ],
)
def test_what_is_no_keyring_is_damaged(change: dict[str, object]) -> None:
    """One code, however the file was spoilt."""
    document = json.loads(sealed().encode()) | change
    with pytest.raises(ConfigError, match=r"keys\.damaged"):
        Keyring.parse(json.dumps(document).encode())


@pytest.mark.parametrize("cost", [{"log2n": 1}, {"log2n": 40}, {"r": 64}, {"p": 9}, {"log2n": True}])
def test_a_file_does_not_choose_what_a_start_costs(cost: dict[str, object]) -> None:
    """Who can write the file could otherwise make a start take the memory of the machine."""
    document = json.loads(sealed(Secret.parse(PHRASE)).encode())
    document["lock"] |= cost
    with pytest.raises(ConfigError, match=r"keys\.damaged"):
        Keyring.parse(json.dumps(document).encode())


def test_nothing_secret_is_shown() -> None:
    """A traceback or a log line with one of these values in it tells nothing."""
    given = Given(typed="typed-text", environment="environment-text")
    shown = repr([RANDOM, Secret.parse(PHRASE), KEYS, sealed(), given])
    for hidden in (RANDOM.value.hex(), repr(RANDOM.value), PHRASE, "typed-text", "environment-text"):
        assert hidden not in shown
    for *_, seed in KEYS.named():
        assert seed.hex() not in shown
        assert repr(seed) not in shown


# --- on paper ----------------------------------------------------------------------------------------------


def test_a_secret_survives_paper() -> None:
    """Capitals, spaces for hyphens, line ends, and the digits that look like letters."""
    text = RANDOM.encode()
    assert len(text) == len(PURPOSE) + 14 * 5
    letters = text.removeprefix(PURPOSE)
    for typed in (
        text + "\n",
        text.upper(),
        PURPOSE + letters.replace("-", " "),
        PURPOSE + letters.replace("-", "\n"),
        PURPOSE + letters.replace("o", "0").replace("l", "1").replace("b", "8"),
    ):
        assert Secret.parse(typed) == RANDOM


def test_a_slip_is_told_from_a_wrong_secret() -> None:
    """Each letter of it: the person looks at the paper again, not for another paper."""
    text = RANDOM.encode()
    for place in range(len(PURPOSE) + 1, len(text)):
        if text[place] != "-":
            slip = text[:place] + ("a" if text[place] != "a" else "c") + text[place + 1 :]
            with pytest.raises(ConfigError, match=r"keys\.secret-malformed") as caught:
                Secret.parse(slip)
            assert caught.value.__cause__ is None
    for torn in (text[:-5], text + "-aaaa", PURPOSE, f"{PURPOSE}-é", "", "\n"):
        with pytest.raises(ConfigError, match=r"keys\.secret-malformed"):
            Secret.parse(torn)


def test_a_sheet_of_one_purpose_is_none_of_another() -> None:
    """An update key typed where the secret is asked for is not taken for it."""
    line = paper.encode("passerelle-update-key-1", bytes(32))
    with pytest.raises(ValueError, match="another purpose"):
        paper.parse(PURPOSE, line)


def test_a_passphrase_is_the_same_on_every_keyboard() -> None:
    """Accents typed as one sign or as two; the line end of a file is none of it."""
    assert Secret.parse("la for\u00eat d'\u00e9b\u00e8ne\r\n") == Secret.parse(
        "la fore\u0302t d'e\u0301be\u0300ne"
    )
    with pytest.raises(InputError, match=r"keys\.passphrase-too-short"):
        Secret.parse("onze signes").refuse_weak()
    Secret.parse("douze signes").refuse_weak()


# --- by which roads ------------------------------------------------------------------------------------------


def test_the_environment_is_read_once() -> None:
    """No child process inherits the secret."""
    environment = {
        "PASSERELLE_SECRET": "in the environment",
        "CREDENTIALS_DIRECTORY": "/run/x",
        "PATH": "/bin",
    }
    given = Given.take_from(environment)
    assert environment == {"CREDENTIALS_DIRECTORY": "/run/x", "PATH": "/bin"}
    assert (given.environment, given.credentials) == ("in the environment", Path("/run/x"))
    assert Given.take_from({"PASSERELLE_SECRET": ""}) == Given()


def test_the_most_direct_road_comes_first(tmp_path: Path) -> None:
    """Typed, environment, systemd's credentials (whose permissions are the manager's own care)."""
    (tmp_path / "passerelle-secret").write_text(RANDOM.encode() + "\n")
    (tmp_path / "passerelle-secret").chmod(0o440)
    given = Given("typed passphrase", "another passphrase", tmp_path)
    assert given.secrets() == [Secret.parse("typed passphrase"), Secret.parse("another passphrase"), RANDOM]
    assert Given(credentials=tmp_path / "absent").secrets() == []


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o666])
def test_a_secret_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Refused and not repaired: it may have been read."""
    path = tmp_path / "secret"
    private.write_new(path, RANDOM.encode().encode())
    assert path.stat().st_mode & 0o777 == 0o600
    assert in_files([path, tmp_path / "absent"]) == [RANDOM]
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"keys\.readable-by-others"):
        in_files([path])


@pytest.mark.parametrize(
    ("mode", "uid", "me", "code"),
    [
        (0o600, 1000, 1000, None),
        (0o400, 1000, 1000, None),
        (0o640, 0, 1000, None),
        (0o600, 0, 1000, None),
        (0o640, 1000, 1000, "keys.readable-by-others"),
        (0o604, 0, 1000, "keys.readable-by-others"),
        (0o620, 0, 1000, "keys.readable-by-others"),
        (0o600, 1001, 1000, "keys.another-owner"),
        (0o600, 1001, 0, "keys.another-owner"),
    ],
)
def test_whose_key_file_may_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int, uid: int, me: int, code: str | None
) -> None:
    """As ssh and PostgreSQL have it: our own for us alone, or root's, which one group may read."""
    path = tmp_path / "key"
    path.touch()
    monkeypatch.setattr("os.geteuid", lambda: me)
    told = SimpleNamespace(st_mode=0o100000 | mode, st_uid=uid)
    monkeypatch.setattr(Path, "stat", lambda *_args, **_kwargs: told)
    if code is None:
        private.refuse_open_file(path)
        return
    with pytest.raises(ConfigError) as caught:
        private.refuse_open_file(path)
    assert caught.value.code == code


def test_a_replaced_file_is_the_old_one_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing disk leaves the old bytes, and nothing beside them."""
    path = tmp_path / "keyring.json"
    private.write_new(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="no space"):
            private.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / ".keyring.json.1.new").write_bytes(b"half")
    private.drop_unfinished(tmp_path)
    private.replace(path, b"new")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("keyring.json", b"new")]


def test_a_key_more_or_less_is_no_set_of_keys() -> None:
    """What opens must be the keys of a node."""
    ring = sealed()
    with pytest.raises(ConfigError, match=r"keys\.damaged"):
        replace(ring, facts=ring.facts[:-1]).open(RANDOM)
