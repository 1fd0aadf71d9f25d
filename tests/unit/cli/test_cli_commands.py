"""Commands against a desk that answers from a table: what is asked, what is printed, how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from passerelle.cli.exits import Exit
from passerelle.cli.main import asked_language, cli, main
from passerelle.cli.output import clean
from passerelle.config import Server, load
from passerelle.errors import (
    ConfigError,
    InputError,
    PasserelleError,
    ProtocolError,
    StorageError,
    TransportError,
)
from passerelle.words import Words

FINGERPRINT = " ".join(f"{group:05d}" for group in range(12))
SCID, PARTNER = "Qm" + "H" * 44, "Qm" + "P" * 44
Desk = Any
Run = Callable[..., int]

CSV = (
    "titre;description;dispositif;structure d'accueil;ville;nombre de places;date de début;date de fin;"
    "besoin exprimé le;tuteur désigné\n"
    "Exemple fictif - Club;Ateliers;vir;Bibliothèque (fictive);Ségou;2;04/09/2017;04/05/2018;18/11/2016;oui\n"
)


@pytest.fixture
def offers(tmp_path: Path) -> Path:
    path = tmp_path / "offres.csv"
    path.write_text(CSV, "utf-8")
    return path


def test_publish_sends_all_rows_in_one_call(desk: Desk, passerelle: Run, offers: Path) -> None:
    offers.write_text(CSV + CSV.splitlines()[1].replace("Club", "Autre club") + "\n", "utf-8")
    assert passerelle("publish", offers) == Exit.DONE
    assert [method for method, _ in desk.asked].count("publish") == 1
    items = desk.last("publish")["items"]
    assert [item["body"]["title"]["fr"] for item in items] == [
        "Exemple fictif - Club",
        "Exemple fictif - Autre club",
    ]
    assert items[0]["to"] == "public"
    assert items[0]["body"]["host"] == {"agency": SCID, "country": "ML"}


def test_a_row_that_breaks_a_rule_is_named_by_row_and_column(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """V04: the desk would refuse the whole file for it; a file without the column is told the member."""
    offers.write_text(CSV.replace(";oui", ";non"), "utf-8")
    assert passerelle("publish", offers, "--check", "--json") == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)["faults"]
    assert [(fault["row"], fault["column"], fault["code"]) for fault in told] == [
        (2, "tuteur désigné", "rule.no-tutor")
    ]
    offers.write_text(CSV.replace("besoin exprimé le;", "").replace(";18/11/2016", ""), "utf-8")
    assert passerelle("publish", offers, "--json") == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)["faults"]
    assert [(fault["column"], fault["code"]) for fault in told] == [
        ("/needExpressedOn", "rule.need-not-expressed")
    ]
    assert "publish" not in [method for method, _ in desk.asked]


def row_keys(desk: Desk) -> list[Any]:
    """The idempotency keys of all rows given to the desk, in order."""
    asked = [arguments["items"] for method, arguments in desk.asked if method == "publish"]
    return [item.get("key") for items in asked for item in items]


def test_a_row_has_the_key_of_its_content(desk: Desk, passerelle: Run, offers: Path) -> None:
    """Whatever stands beside it in the file and whether or not the file was right; --again gives no key."""
    good = CSV.splitlines()[1]
    for lines in ([good], [good, good.replace(";2;", ";deux;")], [good.replace(";2;", ";3;"), good]):
        offers.write_text("\n".join([CSV.splitlines()[0], *lines]) + "\n", "utf-8")
        passerelle("publish", offers, "--keep-going")
    one, after_a_wrong_one, another, as_second = row_keys(desk)
    assert one == after_a_wrong_one == as_second
    assert another != one
    passerelle("publish", offers, "--again")
    assert row_keys(desk)[4:] == [None, None]


def test_a_row_that_stands_twice_is_meant_twice(desk: Desk, passerelle: Run, offers: Path) -> None:
    """Two equal rows are two offers, and stay these two when the file is published again."""
    offers.write_text(CSV + CSV.splitlines()[1] + "\n", "utf-8")
    passerelle("publish", offers)
    passerelle("publish", offers)
    first, second, *again = row_keys(desk)
    assert first != second
    assert again == [first, second]


def test_what_was_published_before_is_counted_apart(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who put one row right sees that the others were left alone."""
    (made,) = desk.told["publish"]
    desk.told["publish"] = [{**made, "already": True}, {**made, "id": "urn:uuid:9"}]
    assert passerelle("publish", offers) == Exit.DONE
    told = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    assert "Offres déjà publiées, laissées telles quelles : 1" in told
    assert "Offres nouvellement publiées : 1." in told
    passerelle("publish", offers, "--json")
    told = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in told["published"]] == ["urn:uuid:9"]
    assert [row["id"] for row in told["already"]] == ["urn:uuid:1"]


@pytest.mark.parametrize(
    ("more", "code"), [((), "publish.interrupted"), (("--again",), "publish.interrupted-again")]
)
def test_ctrl_c_while_publishing(
    desk: Desk,
    passerelle: Run,
    offers: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    code: str,
) -> None:
    """Nobody knows how far it came; the sentence says whether the command can be repeated."""

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    desk.told["publish"] = interrupt
    assert passerelle("publish", offers, *more) == Exit.INTERRUPTED
    assert code in capsys.readouterr().err


def test_one_wrong_row_keeps_everything_back(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offers.write_text(CSV + CSV.splitlines()[1].replace(";2;", ";deux;") + "\n", "utf-8")
    assert passerelle("publish", offers) == Exit.REFUSED
    assert "publish" not in [method for method, _ in desk.asked]
    told = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    assert f"{offers}, ligne 3, « nombre de places »" in told
    assert "deux" in told
    assert "Rien n’est publié" in told


def test_keep_going_publishes_what_is_good(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offers.write_text(CSV + CSV.splitlines()[1].replace(";2;", ";deux;") + "\n", "utf-8")
    assert passerelle("publish", offers, "--keep-going", "--json") == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in told["published"]] == ["urn:uuid:1"]
    assert [(fault["row"], fault["column"], fault["code"]) for fault in told["faults"]] == [
        (3, "nombre de places", "offers.not-a-number")
    ]


def test_keep_going_tells_which_row_the_desk_refused(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.told["publish"] = InputError("publish.malformed-item", number=1)
    assert passerelle("publish", offers, "--keep-going", "--json") == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)
    assert told["published"] == []
    assert [(fault["row"], fault["code"]) for fault in told["faults"]] == [(2, "publish.malformed-item")]


def test_what_the_schema_refuses_is_told_with_its_row(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All or nothing: the desk names no row, so the schema is asked before it."""
    offers.write_text(CSV.replace("Ateliers", "x" * 20_001), "utf-8")
    assert passerelle("publish", offers, "--json") == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)
    assert [(fault["row"], fault["column"], fault["code"]) for fault in told["faults"]] == [
        (2, "description", "schema.violation")
    ]
    assert "publish" not in [method for method, _ in desk.asked]


def test_check_publishes_nothing(
    desk: Desk, passerelle: Run, offers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passerelle("publish", offers, "--check", lang="en") == Exit.DONE
    assert "publish" not in [method for method, _ in desk.asked]
    assert "All rows are good: 1." in capsys.readouterr().out


def test_a_label_of_the_code_list_stands_for_its_code(desk: Desk, passerelle: Run, offers: Path) -> None:
    offers.write_text(CSV.replace(";vir;", ";Volontariat international de réciprocité;"), "utf-8")
    passerelle("publish", offers)
    items = desk.last("publish")["items"]
    assert items[0]["body"]["scheme"] == "vir"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("quota.reached", quota=4, count=4, direction="TG → ML"), Exit.REFUSED),
        (TransportError("road.unreachable"), Exit.PARTNER),
        (ProtocolError("proof.invalid"), Exit.PARTNER),
        (StorageError("fence.behind"), Exit.STORAGE),
        (ConfigError("home.in-use", path="x"), Exit.CONFIGURATION),
        (PasserelleError("node.unexpected"), Exit.FAULT),
    ],
)
def test_each_kind_of_error_has_its_exit_code_and_a_sentence(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], error: PasserelleError, code: Exit
) -> None:
    desk.told["status"] = error
    assert passerelle("status") == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert Words("fr").user(error.code, **error.params) in shown.err.replace("\n", " ")
    assert f"[{error.code}]" in shown.err


def test_an_error_as_json(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    desk.told["status"] = InputError("quota.reached", quota=4)
    assert passerelle("status", "--json") == Exit.REFUSED
    shown = capsys.readouterr()
    assert shown.out == ""
    told = json.loads(shown.err)
    assert (told["code"], told["params"]) == ("quota.reached", {"quota": 4})
    assert set(told) == {"code", "params", "user", "developer"}


def test_options_that_every_command_takes_stand_before_or_after_its_name(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for arguments in (
        ["--json", "--home", tmp_path / "a", "--lang", "en", "status"],
        ["status", "--json", "--home", tmp_path / "a", "--lang", "en"],
        ["records", "--json", "list", "--home", tmp_path / "a"],
    ):
        desk.told["records_list"] = []
        assert passerelle(*arguments) == Exit.DONE
        assert json.loads(capsys.readouterr().out) in (desk.told["status"], [])
        assert desk.homes[-1] == tmp_path / "a"


def test_peer_add_shows_the_fingerprint_and_asks(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("peut-être\noui\n"))
    assert passerelle("peer", "add", "https://anvt.example", "--code", "TG-ANVT") == Exit.DONE
    told = capsys.readouterr().out
    assert "00000 00001 00002 00003" in told
    assert "Agence nationale" in told
    assert desk.last("peer_add") == {"url": "https://anvt.example", "scid": PARTNER, "code": "TG-ANVT"}


def test_peer_add_proposes_the_code_that_the_partner_publishes(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """I-2: a partner without a code could not be named; of one that is known no code is changed unasked."""
    assert passerelle("peer", "add", "https://anvt.example", "--yes") == Exit.DONE
    assert desk.last("peer_add")["code"] == "TG-ANVT"
    assert "TG-ANVT" in capsys.readouterr().out
    desk.told["peer_inspect"] |= {"known": True, "code": "TG-AUTRE"}
    desk.told["peer_add"] |= {"changed": True, "code": "TG-AUTRE"}
    assert passerelle("peer", "add", "https://anvt.example", lang="en") == Exit.DONE
    assert "code" not in desk.last("peer_add")
    assert "TG-AUTRE is changed: this node reaches it at https://anvt.example." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "code"), [("", "peer.unanswered"), ("non\n", "peer.declined"), ("\n", "peer.declined")]
)
def test_peer_add_without_a_yes_adds_nothing(
    desk: Desk,
    passerelle: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: str,
) -> None:
    """A no, and nobody there to say yes, each end with their own code; Ctrl-C alone is 130."""
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert passerelle("peer", "add", "https://anvt.example") == Exit.REFUSED
    assert f"[{code}]" in capsys.readouterr().err
    assert "peer_add" not in [method for method, _ in desk.asked]


def test_peer_add_with_a_fingerprint_asks_nobody(desk: Desk, passerelle: Run) -> None:
    given = FINGERPRINT.replace(" ", "-")
    assert passerelle("peer", "add", "https://anvt.example", "--fingerprint", given, "--json") == Exit.DONE
    assert desk.last("peer_add")["scid"] == PARTNER


def test_peer_add_with_another_fingerprint_is_refused(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = FINGERPRINT[:-1] + "9"
    assert passerelle("peer", "add", "https://anvt.example", "--fingerprint", wrong, "--yes") == Exit.REFUSED
    assert "[peer.another-fingerprint]" in capsys.readouterr().err
    assert "peer_add" not in [method for method, _ in desk.asked]


def test_peer_list_shows_each_feed(passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert passerelle("peer", "list") == Exit.DONE
    told = capsys.readouterr().out
    for text in ("TG-ANVT", "31 décembre 2018", "ses actes pour nous", "6 / 7"):
        assert text in told


def test_peer_test_fails_when_a_step_does(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [
        {"step": "identity", "path": "/x", "ok": True, "status": 200, "milliseconds": 3},
        {
            "step": "feed-to-us",
            "path": "/y",
            "ok": False,
            "status": 404,
            "code": "feed.waiting",
            "milliseconds": 2,
        },
    ]
    desk.told["peer_test"] = steps
    assert passerelle("peer", "test", "TG-ANVT") == Exit.FAILED
    assert Words("fr").user("feed.waiting")[:20] in capsys.readouterr().out
    desk.told["peer_test"] = steps[:1]
    assert passerelle("peer", "test", "TG-ANVT") == Exit.DONE


def test_nominate_and_decide_read_french_dates(desk: Desk, passerelle: Run) -> None:
    ids = ["--offer", "o", "--dossier", "d", "--agreement", "a"]
    assert (
        passerelle("nominate", *ids, "--date", "03/04/2017", "--rank", 2, "--motivation", "Envie")
        == Exit.DONE
    )
    assert desk.last("nominate") == {
        "offer": "o",
        "dossier": "d",
        "agreement": "a",
        "nominated_on": "2017-04-03",
        "rank": 2,
        "motivation": {"fr": "Envie"},
    }
    assert passerelle("decide", "urn:uuid:2", "accept", "--effective", "10.5.2017") == Exit.DONE
    assert desk.last("decide") == {"about": "urn:uuid:2", "outcome": "accept", "effective": "2017-05-10"}
    assert passerelle("decide", "urn:uuid:2", "accept", "--effective", "2017-05") == Exit.DONE
    assert desk.last("decide")["effective"] == "2017-05"
    assert passerelle("decide", "urn:uuid:2", "accept", "--effective", "31/02/2017") == Exit.USAGE


FIGURES = {
    "asOf": "2018-12-31",
    "parties": [{"agency": SCID, "country": "ML"}, {"agency": PARTNER, "country": "TG"}],
    "directions": [
        {"from": SCID, "to": PARTNER, "status": "open", "quota": 2, "nominated": 2, "accepted": 2, "planned": 2, "realised": 2, "fulfilment": "1.000"},
        {"from": PARTNER, "to": SCID, "status": "suspended", "quota": 4, "nominated": 4, "accepted": 4, "planned": 4, "realised": 3, "fulfilment": "0.750"},
    ],
    "balance": {SCID: -1, PARTNER: 1},
    "index": "0.667",
}  # fmt: skip


def test_a_statement_is_printed_in_the_readers_words(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.told["statement"] = {"figures": FIGURES, "basis": {}}
    assert passerelle("statement", "TG-ANVT", "--as-of", "31/12/2018") == Exit.DONE
    assert desk.last("statement") == {"partner": "TG-ANVT", "as_of": "2018-12-31"}
    told = capsys.readouterr().out
    for text in (
        "Situation au 31 décembre 2018",
        "Équilibre des échanges",
        "Togo → Mali",
        "75\N{NO-BREAK SPACE}%",
        "sens suspendu",
        "+1",
        "0,67",
    ):
        assert text in told
    passerelle("statement", "TG-ANVT", lang="en")
    assert "Togo → Mali" in capsys.readouterr().out


def test_a_statement_as_json_is_what_the_desk_said(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.told["statement"] = {"figures": FIGURES, "basis": {"complete": True}}
    passerelle("statement", "TG-ANVT", "--json")
    assert json.loads(capsys.readouterr().out) == desk.told["statement"]


def test_a_copy_goes_where_the_person_stands_and_names_the_next_step(
    desk: Desk,
    passerelle: Run,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The node may run in another folder: a relative one is the person's."""
    monkeypatch.chdir(tmp_path)
    desk.told["copy"] = [{"origin": f"passerelle/{SCID}/public/1", "size": 7}]
    assert passerelle("copy", "stick") == Exit.DONE
    assert desk.last("copy") == {"folder": str(tmp_path / "stick")}
    told = capsys.readouterr().out
    assert f"passerelle/{SCID}/public/1" in told
    assert "passerelle audit stick" in told


def test_a_statement_of_nothing(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    desk.told["statement"] = {"figures": {**FIGURES, "directions": []}, "basis": {}}
    assert passerelle("statement", "TG-ANVT", lang="en") == Exit.DONE
    assert "no statement" in capsys.readouterr().out


def test_sync_ends_with_the_code_of_a_partner_when_a_visit_failed(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    visit: dict[str, Any] = {
        "scid": PARTNER,
        "code": "TG-ANVT",
        "feeds": [],
        "receipts": {"x": 7},
        "error": None,
    }
    visit["feeds"] = [{"origin": "x", "state": "current", "code": None, "size": 9, "new": 3}]
    desk.told["sync"] = [visit]
    assert passerelle("sync") == Exit.DONE
    assert desk.last("sync") == {}
    assert " 3 " in capsys.readouterr().out
    desk.told["sync"] = [{**visit, "error": {"code": "road.unreachable", "params": {}}}]
    assert passerelle("sync", "TG-ANVT") == Exit.PARTNER
    assert desk.last("sync") == {"peer": "TG-ANVT"}


RECORD = {
    "id": "urn:uuid:5",
    "version": 1,
    "digest": "ab" * 32,
    "type": "nomination",
    "issuer": PARTNER,
    "issuer_code": "TG-ANVT",
    "public": False,
    "issued": "2017-04-03T10:00:00Z",
    "readable": True,
    "verdict": "blocked",
    "code": "quota.reached",
    "params": {"quota": 4, "count": 4},
}


def test_records_are_listed_and_shown_with_their_verdict(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.told["records_list"] = [RECORD]
    assert (
        passerelle("records", "list", "--type", "nomination", "--issuer", "TG-ANVT", "--limit", "1")
        == Exit.DONE
    )
    assert desk.last("records_list") == {"type": "nomination", "issuer": "TG-ANVT", "limit": 1, "offset": 0}
    told = capsys.readouterr().out
    assert "sans effet" in told
    assert "--offset 1" in told
    places = [{"origin": "passerelle/x/to/y/1", "index": 4}]
    desk.told["records_show"] = {**RECORD, "versions": [], "places": places, "record": {"body": {"rank": 1}}}
    assert passerelle("records", "show", "urn:uuid:5") == Exit.DONE
    told = capsys.readouterr().out
    for text in (
        "passerelle/x/to/y/1 · 4",
        '"rank": 1',
        Words("fr").user("quota.reached", quota=4, count=4)[:25],
    ):
        assert text in told


def test_a_partners_text_cannot_write_on_the_terminal(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("peut-être\noui\n"))
    desk.told["peer_inspect"]["names"] = {"fr": "Agence\x1b[2J\x07\u202eEvil\u2066"}
    passerelle("peer", "add", "https://anvt.example")
    told = capsys.readouterr().out
    assert "Agence\ufffd[2J\ufffd\ufffdEvil\ufffd" in told
    assert clean("ligne 1\nسلمى\t") == "ligne 1\nسلمى\t"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_no_msgid_shows_through(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    desk.told["records_list"] = [RECORD]
    desk.told["statement"] = {"figures": FIGURES, "basis": {}}
    for command in (["status"], ["peer", "list"], ["records", "list"], ["statement", "TG-ANVT"]):
        assert passerelle(*command, lang=lang) == Exit.DONE
        assert not re.search(r"\b(cli|state|record-type)\.[a-z]", capsys.readouterr().out), command


def test_a_read_only_node_says_why(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    desk.told["status"]["read_only"] = {"code": "fence.database-behind", "params": {}}
    assert passerelle("status") == Exit.DONE
    assert Words("fr").user("fence.database-behind")[:30] in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_help_is_there_in_both_languages(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No msgid shows through, in no command's help."""
    for arguments in _commands():
        assert main([*arguments, "--help", "--lang", lang]) == Exit.DONE
        told = capsys.readouterr().out
        assert "cli." not in told, arguments
        assert ("Utilisation\N{NO-BREAK SPACE}:" in told or "Utilisation :" in told) is (lang == "fr")


def _commands() -> list[list[str]]:
    found: list[list[str]] = [[]]
    for name, command in cli.commands.items():
        found.append([name])
        found += [[name, below] for below in getattr(command, "commands", {})]
    return found


def test_usage_errors_speak_the_readers_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "fr", "publish"]) == Exit.USAGE
    assert "Il manque l'argument" in capsys.readouterr().err
    assert main(["--lang", "en", "publish"]) == Exit.USAGE
    assert "Missing argument" in capsys.readouterr().err
    assert main(["--lang", "fr", "pubish"]) == Exit.USAGE
    assert "Commande inconnue" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        (["status", "--lang", "en"], "en"),
        (["--lang=fr", "status"], "fr"),
        (["--lang", "de", "status"], None),
        (["status"], None),
        (["publish", "--", "--lang=en"], None),
    ],
)
def test_the_language_is_found_wherever_it_stands(arguments: list[str], language: str | None) -> None:
    assert asked_language(arguments) == language


def test_the_exit_codes_are_those_of_the_documentation() -> None:
    """The table in README.md and the epilog of --help name every code, and no other."""
    readme = (Path(__file__).parents[3] / "node" / "passerelle" / "cli" / "README.md").read_text("utf-8")
    for text in (readme, Words("fr").text("cli.exits"), Words("en").text("cli.exits")):
        named = {
            int(word)
            for line in text.splitlines()
            for word in [line.strip(" |`").split("`")[0].split(" ")[0]]
            if word.isdigit()
        }
        assert named == {int(code) for code in Exit}


def test_progress_is_told_after_two_seconds_on_standard_error(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passerelle.cli.waiting.waiting.__kwdefaults__", {"patience": 0.01})
    fast = desk.call

    async def slow(home: Path, method: str, /, **arguments: Any) -> Any:
        await asyncio.sleep(0.1)
        return await fast(home, method, **arguments)

    desk.call = slow
    desk.told["sync"] = []
    assert passerelle("sync", lang="en") == Exit.DONE
    shown = capsys.readouterr()
    assert "Exchanging with partners" in shown.err
    assert "Exchanging" not in shown.out


def test_a_log_line_is_never_part_of_an_answer(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command without a running node opens the home itself; what that logs is not for standard output."""

    def logging(**_arguments: object) -> object:
        structlog.get_logger().info("told")
        structlog.get_logger().warning("warned")
        return []

    desk.told["peer_list"] = logging
    assert passerelle("peer", "list", "--json") == Exit.DONE
    shown = capsys.readouterr()
    assert json.loads(shown.out) == []
    assert "warned" in shown.err
    assert "told" not in shown.err


def test_an_interruption_ends_what_was_begun(desk: Desk, passerelle: Run) -> None:
    desk.told["status"] = SimpleNamespace()

    def interrupted(**_arguments: object) -> object:
        raise KeyboardInterrupt

    desk.told["status"] = interrupted
    assert passerelle("status") == Exit.INTERRUPTED


def test_a_forked_identity_is_shown_and_picked(
    passerelle: Run, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """I-23: both versions with the entries that two people compare, how to pick one, and that it was picked."""
    assert passerelle("peer", "pick", "TG-ANVT") == Exit.DONE
    shown = capsys.readouterr().out
    assert "2-QmOne" in shown
    assert "2-QmTwo" in shown
    assert "passerelle peer pick TG-ANVT 1, ou 2" in shown
    desk.told["peer_pick"]["picked"] = 2
    assert passerelle("peer", "pick", "TG-ANVT", 2, lang="en") == Exit.DONE
    assert desk.last("peer_pick") == {"peer": "TG-ANVT", "branch": 2}
    assert "Version 2 of the identity of TG-ANVT counts" in capsys.readouterr().out
    assert passerelle("peer", "pick", "TG-ANVT", 3) == Exit.USAGE


INIT = {"code": "TG-ANVT", "country": "TG", "name": "fr=Agence (fictive)", "address": "https://anvt.example"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("address", "http://localhost:8420"),
        ("address", "http://127.0.0.1:8420"),
        ("address", "https://[::1]"),
        ("address", "https://x"),
        ("address", "https://user:pw@anvt.example"),
        ("address", "https://anvt.example:99999"),
        ("address", "https://anvt.example:0"),
        ("address", "https://an vt.example"),
        ("address", "https://anvt.example?a"),
        ("address", "anvt.example"),
        ("address", ""),
        ("code", "ANVT"),
        ("country", "QX"),
        ("country", "ML"),
        ("country", "UN"),
        ("language", "klingon"),
        ("language", "qq"),
        ("console-port", "8420"),
    ],
)
def test_an_option_of_init_that_does_not_fit(
    passerelle: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """The sentence names the option and an example; nothing is made."""
    given = {**INIT, option: value}
    arguments = [part for name, text in given.items() for part in (f"--{name}", text)]
    assert passerelle("init", *arguments) == Exit.REFUSED
    told = capsys.readouterr().err.replace("\N{NO-BREAK SPACE}", " ")
    assert "init.invalid" in told
    assert f"L’option --{option} ne convient pas. Il faut un" in told
    assert " comme " in told
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://agencé.example/", "https://xn--agenc-fsa.example"),
        ("HTTPS://ANVT.Example:443/node/", "https://anvt.example/node"),
        ("http://anvt.example:8443", "http://anvt.example:8443"),
    ],
)
def test_the_address_of_a_node_is_kept_as_partners_write_it(given: str, kept: str) -> None:
    """I-3: signatures cover it, so there is one spelling of it: ASCII, lower case, no port that goes without saying."""
    assert Server(public_address=given).public_address == kept


def test_a_setting_that_does_not_fit(tmp_path: Path) -> None:
    """Its name, its form, and what it would be, from the file as from the options."""
    found = {}
    for wrong in (
        "[server]\nport = 99999",
        "[sync]\npoll_seconds = 0",
        "[sync]\npol_seconds = 1",
        "[server]\npublic_address = 'x'",
    ):
        (tmp_path / "passerelle.toml").write_text(
            f"{_AGENCY}{wrong}\n" + ("" if "server" in wrong else _SERVER), "utf-8"
        )
        with pytest.raises(ConfigError) as told:
            load(tmp_path)
        found[told.value.params["name"]] = told.value.params["form"]
    assert found["sync.poll_seconds"] == "positive"
    assert found["sync.pol_seconds"] == "known-setting"
    assert found["server.public_address"] == "public-address"


_AGENCY = "[agency]\ncode = 'TG-ANVT'\ncountry = 'TG'\nnames = {fr = 'Agence'}\n"
_SERVER = "[server]\npublic_address = 'https://anvt.example'\n"


def test_what_nobody_foresaw(
    desk: Desk,
    passerelle: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A code, a sentence that names a file, exit 1; the trace in the file, no value of the command line in it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk.told["records_show"] = RuntimeError("the disk sang")
    assert passerelle("records", "show", "urn:uuid:of-a-person", "--json") == Exit.FAULT
    told = json.loads(capsys.readouterr().err)
    assert (told["code"], told["params"]["kind"]) == ("command.unexpected", "RuntimeError")
    trace = Path(told["params"]["path"])
    assert str(trace) in told["user"]
    assert trace.stat().st_mode & 0o777 == 0o600
    assert "RuntimeError: the disk sang" in trace.read_text("utf-8")
    assert "passerelle records show … --json" in trace.read_text("utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    assert passerelle("records", "show", "x") == Exit.FAULT
    assert "[command.unexpected]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--json", "publish"], ["pubish", "--json"], ["publish", "--nothing", "--json"]]
)
def test_a_usage_error_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A program that asked for JSON reads nothing else, wherever the command line went wrong."""
    assert main(["--lang", "en", *arguments]) == Exit.USAGE
    told = json.loads(capsys.readouterr().err)
    assert told["code"] == "command.usage"
    assert told["user"]


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_terminal_without_utf_8(more: tuple[str, ...], tmp_path: Path) -> None:
    """What it cannot show is `?`, in JSON an escape; never a traceback."""
    command = [
        sys.executable,
        "-m",
        "passerelle",
        "--lang",
        "fr",
        "--home",
        str(tmp_path),
        "peer",
        "list",
        *more,
    ]
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, timeout=60, check=False
    )
    assert done.returncode == Exit.CONFIGURATION
    told = done.stderr.decode("ascii")
    assert "config.missing" in told
    assert "Traceback" not in told
    if more:
        assert "é" in json.loads(told)["user"] + json.loads(told)["developer"]


def test_a_record_of_an_unknown_type_is_shown_as_one_that_cannot_be_read_yet(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """R-33: with the word that its author has for its type, and what will let it count."""
    waits = {"verdict": "waiting", "code": "schema.unreadable", "params": {"type": "novelty"}}
    desk.told["records_show"] = {
        **RECORD, **waits, "type": "novelty", "versions": [], "places": [], "record": None,
    }  # fmt: skip
    assert passerelle("records", "show", "urn:uuid:5") == Exit.DONE
    told = capsys.readouterr().out
    assert "novelty" in told
    assert "state.record" not in told
    assert "après une mise à jour" in told


def test_records_show_when_they_were_signed(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person reads a day and an hour in words, a program the text of the desk."""
    row = {
        "id": "urn:uuid:1", "type": "offer", "version": 1, "issuer": SCID, "issuer_code": "ML-CNPV", "digest": "ab" * 32, "issued": "2018-12-31T10:00:00Z", "public": True, "readable": True,
    }  # fmt: skip
    desk.told["records_list"] = [row]
    assert passerelle("records", "list") == Exit.DONE
    assert "31 décembre 2018" in capsys.readouterr().out
    assert passerelle("records", "list", "--json") == Exit.DONE
    assert json.loads(capsys.readouterr().out)[0]["issued"] == "2018-12-31T10:00:00Z"


def test_a_place_in_json_is_an_offer_not_a_row(
    passerelle: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list in JSON has no rows that a person could count in an editor."""
    (tmp_path / "offres.json").write_text("[{}]", "utf-8")
    assert passerelle("publish", tmp_path / "offres.json") == Exit.REFUSED
    assert "offres.json, offre n° 1" in capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("name", "said"), [("", "c’est un dossier"), ("absent.csv", "il n’y a rien de ce nom")]
)
def test_what_the_system_refuses_is_said_in_french(
    passerelle: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """Not the C library's English in a French sentence."""
    assert passerelle("publish", tmp_path / name) == Exit.REFUSED
    assert f"({said})" in capsys.readouterr().out
