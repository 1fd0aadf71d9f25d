"""``certificate …``: who is asked for the name, where it goes, what is written, how it ends."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from passerelle.cli import persons
from passerelle.cli.exits import Exit
from passerelle.errors import InputError, TransportError
from passerelle.protocol import certificates
from passerelle.protocol.certificates import Certificate, Person
from passerelle.protocol.certificatesigning import sign_certificate
from passerelle.protocol.fingerprints import fingerprint
from tests.unit.protocol.test_certificate_signing import ENDORSEMENT, EXPECTED, KEY, LOGS, STATUSES, drafted

Desk = Any
Run = Callable[..., int]
TOGO = json.loads(EXPECTED)["issuer"]["id"].split(":")[2]
PLACEMENT = "urn:uuid:5f14d357-4833-4240-a86a-3d4210fb9a1d"
WHO = {"name": "Afi Akouvi Mensah-Kpodo", "birthDate": "1998-04-07"}


@pytest.fixture
def issuing(desk: Desk) -> Desk:
    """A desk that signs what it is asked for."""

    def issue(*, commitment: str, role: str | None = None, **_: Any) -> Any:
        data, found = sign_certificate(drafted(commitment=commitment, role=role), KEY)
        return {"id": found.id, "digest": found.digest, "document": json.loads(data), "event": {"id": "x"}}

    desk.told["certificate_draft"] = lambda *, role=None, narrative=None, **_: drafted(
        role=role, narrative=narrative
    )
    desk.told["certificate_issue"] = issue
    return desk


@pytest.fixture
def person(tmp_path: Path) -> Path:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(WHO), "utf-8")
    return path


def written(out: Path) -> tuple[Path, Path]:
    """The certificate and the volunteer's own file."""
    (holder,) = out.glob("*.holder.json")
    return holder.with_name(holder.name.replace(".holder", "")), holder


def test_two_files_and_a_commitment(issuing: Desk, passerelle: Run, person: Path, tmp_path: Path) -> None:
    """D-27, D-28: the desk is given a commitment alone; name, birth date and salt go into the volunteer's file."""
    out = tmp_path / "out"
    assert passerelle("certificate", "issue", PLACEMENT, "--person", person, "--out", out) == Exit.DONE
    asked = json.dumps(issuing.asked)
    assert not any(text in asked for text in ("Afi", "Mensah", "1998-04-07"))
    file, holder = written(out)
    found = certificates.parse(file.read_bytes())
    assert isinstance(found, Certificate)
    kept = json.loads(holder.read_text("utf-8"))
    assert {member: kept[member] for member in WHO} == WHO
    certificates.check_person(found, Person.parse(kept["name"], kept["birthDate"], kept["salt"]))
    assert kept["salt"] not in asked
    assert stat.S_IMODE(holder.stat().st_mode) == 0o600


def test_every_certificate_has_a_salt_of_its_own(
    issuing: Desk, passerelle: Run, person: Path, tmp_path: Path
) -> None:
    """D-27: two certificates of one person do not show that they are of one person."""
    for _ in range(2):
        assert passerelle("certificate", "issue", PLACEMENT, "--person", person, "--out", tmp_path / "o") == 0
    salts = {json.loads(path.read_text())["salt"] for path in (tmp_path / "o").glob("*.holder.json")}
    given = [asked["commitment"] for method, asked in issuing.asked if method == "certificate_issue"]
    assert len(salts) == len(set(given)) == 2


def test_the_volunteers_file_is_there_before_anything_is_signed(
    issuing: Desk, passerelle: Run, person: Path, tmp_path: Path
) -> None:
    """D-27: after a cut the salt is not lost; the same command with that file is answered with the same commitment."""
    out, sign = tmp_path / "out", issuing.told["certificate_issue"]
    issuing.told["certificate_issue"] = TransportError("node.stopped")
    assert passerelle("certificate", "issue", PLACEMENT, "--person", person, "--out", out) == Exit.PARTNER
    file, holder = written(out)
    assert not file.exists()
    issuing.told["certificate_issue"] = sign
    for _ in range(2):
        assert passerelle("certificate", "issue", PLACEMENT, "--person", holder, "--out", out) == Exit.DONE
    given = {asked["commitment"] for method, asked in issuing.asked if method == "certificate_issue"}
    assert len(given) == 1
    assert file.exists()


def test_a_refusal_leaves_no_name_behind(
    issuing: Desk, passerelle: Run, person: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue: where the desk refuses, no file of a person lies about."""
    issuing.told["certificate_issue"] = InputError(
        "certify.already-issued", certificate="urn:uuid:1", placement=PLACEMENT
    )
    out = tmp_path / "out"
    assert passerelle("certificate", "issue", PLACEMENT, "--person", person, "--out", out) == Exit.REFUSED
    assert [*out.iterdir()] == []
    assert "[certify.already-issued]" in capsys.readouterr().err


@pytest.mark.parametrize("member", ["--role", "--narrative"])
def test_a_text_with_the_name_is_refused_before_it_is_signed(
    issuing: Desk,
    passerelle: Run,
    person: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    member: str,
) -> None:
    """D-28: the sentence says which text it is, and does not repeat it."""
    named = ("certificate", "issue", PLACEMENT, "--person", person, "--out", tmp_path, member, "Afi Mensah")
    assert passerelle(*named) == Exit.REFUSED
    error = capsys.readouterr().err
    assert "[certify.names-volunteer]" in error
    assert "Mensah" not in error
    assert "certificate_issue" not in [method for method, _ in issuing.asked]


def test_a_name_that_no_sheet_can_show(
    issuing: Desk, passerelle: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue: refused before the volunteer's file is written, for no certificate about that name could be printed."""
    path, out = tmp_path / "person.json", tmp_path / "out"
    path.write_text(json.dumps({**WHO, "name": "Afi\u0363 Mensah"}), "utf-8")
    assert passerelle("certificate", "issue", PLACEMENT, "--person", path, "--out", out) == Exit.REFUSED
    assert "[certify.unprintable]" in capsys.readouterr().err
    assert not out.exists()
    assert [method for method, _ in issuing.asked] == ["certificate_draft"]


def test_a_file_in_the_way_is_seen_before_anything_is_signed(
    issuing: Desk, passerelle: Run, tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue, endorse: another file of that name stays as it is, and no document is signed that could not be written."""
    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps({**WHO, "salt": SALT}), "utf-8")
    (tmp_path / "certificate-03502ab5bbd0.json").write_text("something else")
    issued = ("certificate", "issue", PLACEMENT, "--person", holder, "--out", tmp_path)
    (tmp_path / "certificate.endorsement.json").write_text(EXPECTED, "utf-8")
    for command in (issued, ("certificate", "endorse", folder / "certificate.json", "--out", tmp_path)):
        assert passerelle(*command) == Exit.REFUSED
        assert "[certify.file-exists]" in capsys.readouterr().err
    assert [method for method, _ in issuing.asked] == ["certificate_draft"]
    assert not [*tmp_path.glob("certificate-*.holder.json")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"name":"Afi Mensah","birthDate":"07/04/1998"}', "certificate.person-unreadable"),
        ('{"name":"Afi Mensah","birthDate":"1998-02-30"}', "certificate.person-unreadable"),
        ('{"name":"Ŋgozi","birthDate":"1998-04-07"}', "certificate.person-unreadable"),
        ('{"name":"Afi Mensah"}', "certify.person-file"),
        ('{"name":"Afi Mensah","birthDate":"1998-04-07","photo":"x"}', "certify.person-file"),
        ('{"name":"Afi Mensah","birthDate":1998}', "certify.person-file"),
        ("Afi Mensah;1998-04-07", "certify.person-file"),
    ],
)
def test_a_person_that_cannot_be_read(
    issuing: Desk,
    passerelle: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    code: str,
) -> None:
    """D-13: refused before anything is written or signed; what was in it is not repeated."""
    path = tmp_path / "person.json"
    path.write_text(content, "utf-8")
    out = tmp_path / "out"
    assert passerelle("certificate", "issue", PLACEMENT, "--person", path, "--out", out) == Exit.REFUSED
    error = capsys.readouterr().err
    assert f"[{code}]" in error
    assert "Afi" not in error
    assert not out.exists()


def test_nobody_can_be_asked_in_a_pipe(
    issuing: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: without a terminal and without a file there is no person."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert passerelle("certificate", "issue", PLACEMENT) == Exit.REFUSED
    assert "[certify.no-person]" in capsys.readouterr().err
    assert "certificate_issue" not in [method for method, _ in issuing.asked]


def test_the_person_comes_from_standard_input(
    issuing: Desk, passerelle: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: `--person -`, as a national system would give it."""
    stdin = SimpleNamespace(buffer=io.BytesIO(json.dumps(WHO).encode()), isatty=lambda: False)
    monkeypatch.setattr(persons, "sys", SimpleNamespace(stdin=stdin))
    assert (
        passerelle("certificate", "issue", PLACEMENT, "--person", "-", "--out", tmp_path / "o") == Exit.DONE
    )
    assert json.loads(written(tmp_path / "o")[1].read_text())["name"] == WHO["name"]


def test_a_person_at_the_terminal_is_asked(
    issuing: Desk, passerelle: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: name and birth date are typed, in no argument and in no history."""
    answers = iter(WHO.values())
    monkeypatch.setattr(persons, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))
    assert passerelle("certificate", "issue", PLACEMENT, "--out", tmp_path / "o") == Exit.DONE
    assert json.loads(written(tmp_path / "o")[1].read_text())["birthDate"] == WHO["birthDate"]


def test_nothing_is_written_over(
    issuing: Desk, passerelle: Run, person: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue: a file of that name with something else in it stays as it is."""
    out = tmp_path / "out"
    passerelle("certificate", "issue", PLACEMENT, "--person", person, "--out", out)
    file, holder = written(out)
    file.write_text("something else")
    assert passerelle("certificate", "issue", PLACEMENT, "--person", holder, "--out", out) == Exit.REFUSED
    assert file.read_text() == "something else"
    assert "[certify.file-exists]" in capsys.readouterr().err
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    assert (
        passerelle("certificate", "issue", PLACEMENT, "--person", person, "--out", blocked / "x")
        == Exit.REFUSED
    )
    assert "[certify.file-unwritable]" in capsys.readouterr().err


# --- the others --------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A certificate, its endorsement and both logs."""
    place = tmp_path / "given"
    place.mkdir()
    for name, text in {"certificate.json": EXPECTED, "endorsement.json": ENDORSEMENT, **LOGS}.items():
        (place / name).write_text(text, "utf-8")
    return place


def test_endorsing_writes_a_file_beside(desk: Desk, passerelle: Run, folder: Path, tmp_path: Path) -> None:
    """D-18: the file is given whole to the desk, and what it signs is written."""
    document = json.loads(ENDORSEMENT)
    desk.told["certificate_endorse"] = {"id": document["id"], "digest": "ab" * 32, "document": document}
    assert passerelle("certificate", "endorse", folder / "certificate.json", "--out", tmp_path) == Exit.DONE
    assert desk.last("certificate_endorse") == {"document": EXPECTED, "language": "fr"}
    assert (tmp_path / "certificate.endorsement.json").read_text("utf-8") == ENDORSEMENT
    assert passerelle("certificate", "endorse", tmp_path / "nothing.json") == Exit.REFUSED


def test_revoking_is_asked_for_twice(
    desk: Desk,
    passerelle: Run,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D-24: it cannot be taken back, so nobody does it by a slip."""
    desk.told["certificate_revoke"] = {"digest": "ab" * 32, "record": {}}
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert passerelle("certificate", "revoke", "urn:uuid:1") == Exit.REFUSED
    assert "[certify.revoke-unconfirmed]" in capsys.readouterr().err
    assert passerelle("certificate", "revoke", "urn:uuid:1", "--yes") == Exit.DONE
    assert desk.last("certificate_revoke") == {"name": "urn:uuid:1"}
    assert passerelle("certificate", "revoke", folder / "certificate.json", "--yes") == Exit.DONE
    assert desk.last("certificate_revoke") == {"document": EXPECTED}


def test_the_list_says_what_is_revoked(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """D-22: with the day."""
    desk.told["certificate_list"] = []
    assert passerelle("certificate", "list") == Exit.DONE
    row = {"digest": "ab" * 32, "id": "urn:uuid:1", "kind": "certificate", "placement": PLACEMENT}
    desk.told["certificate_list"] = [
        row | {"signed": "2025-06-01T09:00:00Z", "revoked": "2025-07-02T09:00:00Z"},
        row | {"signed": "2025-06-01T09:00:00Z", "revoked": None, "kind": "endorsement"},
    ]
    assert passerelle("certificate", "list", lang="en") == Exit.DONE
    out = capsys.readouterr().out
    assert "July 2, 2025" in out or "2 July 2025" in out
    assert "endorsement" in out


def test_one_that_was_signed_is_shown_as_its_file(
    desk: Desk, passerelle: Run, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """D-26: the canonical bytes, for whoever lost the file."""
    desk.told["certificate_show"] = {"document": json.loads(EXPECTED)}
    assert passerelle("certificate", "show", "ab" * 32) == Exit.DONE
    assert capfdbinary.readouterr().out == EXPECTED.encode() + b"\n"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_verifying_explains_each_step(
    passerelle: Run, folder: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    """D-11, D-25: every line is a sentence of the language, and what was not looked at is said."""
    assert passerelle("certificate", "verify", *sorted(folder.iterdir()), lang=lang) == Exit.DONE
    out = capsys.readouterr().out
    unknown = "Whether that is {} was NOT checked." if lang == "en" else "Que ce soit {} n’a PAS été vérifié."
    for name in ("Agence du volontariat (fictive)", "Centre du volontariat (fictif)"):
        assert unknown.format(name) in out
    assert "cli." not in out
    assert out.count("✓") == 9
    assert "Agence du volontariat (fictive)" in out
    assert out.count(fingerprint(TOGO)) == 1
    assert ("whether it was revoked" if lang == "en" else "s’il a été révoqué") in out


def test_verifying_an_agency_that_is_known(
    desk: Desk, passerelle: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """D-9: by a log, a fingerprint or a node of one's own; then it simply holds, and the exit code is what it was."""
    files = (folder / "certificate.json", folder / "togo.jsonl")
    log = tmp_path / "own.jsonl"
    log.write_text(LOGS["togo.jsonl"], "utf-8")
    desk.told["status"] = desk.told["status"] | {"scid": TOGO}
    for more in (("--log", log), ("--fingerprint", fingerprint(TOGO)), ("--partners",)):
        assert passerelle("certificate", "verify", *files, *more, lang="en") == Exit.DONE
        out = capsys.readouterr().out
        assert "What was checked holds." in out
        assert f"one that you know: Agence du volontariat (fictive), fingerprint {fingerprint(TOGO)}" in out
        assert "NOT" not in out
    other = fingerprint("Qm" + "P" * 44)
    assert passerelle("certificate", "verify", *files, "--fingerprint", other) == Exit.FAILED
    assert "[certify.fingerprint-of-another]" in capsys.readouterr().out
    assert passerelle("certificate", "verify", *files, "--log", tmp_path / "none") == Exit.REFUSED


def test_verifying_asks_no_node_unless_told(desk: Desk, passerelle: Run, folder: Path) -> None:
    """Verify: with the files alone nobody is asked; which partners there are is asked only where that is wanted."""
    assert passerelle("certificate", "verify", *sorted(folder.iterdir())) == Exit.DONE
    assert desk.asked == []


def test_verifying_a_revoked_one(passerelle: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """D-22: exit code 7, the day of the revocation, and not the word false."""
    (folder / "status.json").write_text(STATUSES["revoked"], "utf-8")
    assert passerelle("certificate", "verify", *sorted(folder.iterdir())) == Exit.FAILED
    out = capsys.readouterr().out
    assert "RÉVOQUÉE" in out
    assert "[certificate.revoked]" in out


def test_verifying_whose_it_is(
    passerelle: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """D-14: with the volunteer's own file; without a salt nothing can be compared."""
    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps({**WHO, "salt": "bedfb12f0a23ace81c13f06eeb02fc46"}), "utf-8")
    files = sorted(folder.iterdir())
    assert passerelle("certificate", "verify", *files, "--person", holder) == Exit.DONE
    holder.write_text(json.dumps({**WHO, "name": "Ama Mensah", "salt": "00" * 16}), "utf-8")
    assert passerelle("certificate", "verify", *files, "--person", holder) == Exit.FAILED
    assert "[certificate.person-mismatch]" in capsys.readouterr().out
    holder.write_text(json.dumps(WHO), "utf-8")
    assert passerelle("certificate", "verify", *files, "--person", holder) == Exit.REFUSED


def test_verifying_as_json(passerelle: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verify: the same as data, without sentences."""
    given = (folder / "certificate.json", folder / "togo.jsonl")
    assert passerelle("certificate", "verify", *given, "--json") == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    (document,) = told["documents"]
    assert (told["ok"], document["outcome"], document["known"]) == (True, "good", None)
    assert document["fingerprint"] == fingerprint(TOGO)
    assert passerelle("certificate", "verify", folder / "nothing") == Exit.REFUSED
    assert "[certify.file-unreadable]" in capsys.readouterr().err


# --- on paper ----------------------------------------------------------------------------

SALT = "bedfb12f0a23ace81c13f06eeb02fc46"


@pytest.fixture
def printing(desk: Desk, folder: Path) -> Path:
    """The volunteer's own file, and a desk that has proven the certificate."""
    logs = {name: LOGS[f"{name}.jsonl"] for name in ("togo", "mali")}
    desk.told["certificate_sheet"] = {"address": "https://togo.example/", "logs": logs}
    holder = folder / "holder.json"
    holder.write_text(json.dumps({**WHO, "salt": SALT}), "utf-8")
    return holder


def test_a_sheet_is_printed_and_proves_itself(
    passerelle: Run, folder: Path, printing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """D-32, D-33: the PDF is for its owner alone, and `verify` needs nothing beside it."""
    files = (folder / "certificate.json", "--endorsement", folder / "endorsement.json")
    assert passerelle("certificate", "print", *files, "--person", printing) == Exit.DONE
    pdf = folder / "certificate.holder.pdf"
    assert stat.S_IMODE(pdf.stat().st_mode) == 0o600
    assert passerelle("certificate", "verify", pdf, "--person", printing, "--json") == Exit.DONE
    out = capsys.readouterr().out
    told = json.loads(out[out.index("{") :])
    assert [document["outcome"] for document in told["documents"]] == ["good", "good"]
    assert passerelle("certificate", "print", *files, "--person", printing) == Exit.REFUSED
    assert "[certify.file-exists]" in capsys.readouterr().err


def test_a_sheet_for_another_person_is_not_printed(
    passerelle: Run, folder: Path, printing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """D-14: a name over somebody else's certificate; and a code that would lead nowhere."""
    printing.write_text(json.dumps({**WHO, "name": "Ama Mensah", "salt": SALT}), "utf-8")
    out = folder / "x.pdf"
    command = ("certificate", "print", folder / "certificate.json", "--person", printing, "--out", out)
    assert passerelle(*command) == Exit.REFUSED
    assert "[certificate.person-mismatch]" in capsys.readouterr().err
    printing.write_text(json.dumps({**WHO, "salt": SALT}), "utf-8")
    for address in ("http://togo.example", "https://togo.example/#x", "https://togo.example/" + "x" * 300):
        assert passerelle(*command, "--address", address) == Exit.REFUSED
        assert "[certify.address]" in capsys.readouterr().err
    assert not out.exists()


def test_an_issuer_without_an_address_has_no_code_for_phones(
    desk: Desk, passerelle: Run, folder: Path, printing: Path
) -> None:
    """D-32: the sheet is printed all the same."""
    desk.told["certificate_sheet"] = desk.told["certificate_sheet"] | {"address": None}
    out = folder / "x.pdf"
    command = ("certificate", "print", folder / "certificate.json", "--person", printing, "--out", out)
    assert passerelle(*command) == Exit.DONE
    assert out.stat().st_size > 0


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("certificate.revoked", {"record": "urn:uuid:1", "issued": "2025-07-02T09:00:00Z"}),
        ("certificate.endorses-another", {"certificate": "urn:uuid:1"}),
    ],
)
def test_what_is_not_proven_is_not_printed(
    desk: Desk,
    passerelle: Run,
    folder: Path,
    printing: Path,
    capsys: pytest.CaptureFixture[str],
    code: str,
    params: dict[str, str],
) -> None:
    """D-18, D-22: a revoked certificate, and an endorsement of another, leave no sheet."""
    desk.told["certificate_sheet"] = InputError(code, **params)
    out = folder / "x.pdf"
    command = ("certificate", "print", folder / "certificate.json", "--person", printing, "--out", out)
    assert passerelle(*command) == Exit.REFUSED
    assert f"[{code}]" in capsys.readouterr().err
    assert not out.exists()
