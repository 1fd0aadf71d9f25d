"""A certificate judged by files alone: what each further file proves, and what is said without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from passerelle.audit import CertificateReport, Known, inspect_certificates
from passerelle.audit.acquaintance import called
from passerelle.protocol.certificates import Person, parse
from passerelle.protocol.fingerprints import fingerprint
from tests.vectors.loading import load, moment

VECTORS = load("certificates.json")
NOW = moment(VECTORS["now"])
CERTIFICATE = VECTORS["valid"][0]["data"]
ENDORSEMENT = VECTORS["endorsed"][0]["data"]
LOGS = {f"{name}.jsonl": VECTORS["identities"][name] for name in ("togo", "mali")}
PERSON = {case["name"]: case for case in VECTORS["persons"]}["the person"]


def case(kind: str, name: str) -> Any:
    return next(item for item in VECTORS[kind] if item["name"] == name)


def inspect(files: dict[str, str], **more: Any) -> CertificateReport:
    given = [(name, text.encode()) for name, text in files.items()]
    return inspect_certificates(given, more.pop("folders", []), more.pop("now", NOW), **more)


def steps(report: CertificateReport, name: str = "certificate.json") -> dict[str, Any]:
    (document,) = [item for item in report.documents if item.name == name]
    return {step.step: step.code if step.ok is False else step.ok for step in document.steps}


def test_a_certificate_and_the_log_of_its_agency() -> None:
    """D-11, D-25: who signed it is proven; what is not at hand is said not to have been looked at."""
    report = inspect({"certificate.json": CERTIFICATE, **LOGS})
    assert report.ok
    assert steps(report) == {
        "form": True,
        "identity": True,
        "signature": True,
        "no-agency": None,
        "no-status": None,
        "time": True,
        "no-feed": None,
        "no-placement": None,
        "no-person": None,
    }
    assert report.documents[0].outcome == "good"


TOGO = json.loads(CERTIFICATE)["issuer"]["id"].split(":")[2]


@pytest.mark.parametrize(
    ("known", "by"),
    [
        (Known(logs=[("did.jsonl", LOGS["togo.jsonl"].encode())]), "log"),
        (Known(fingerprints=[fingerprint(TOGO).replace(" ", "-")]), "fingerprint"),
        (Known(scids=[TOGO]), "node"),
    ],
    ids=["log", "fingerprint", "node"],
)
def test_an_agency_that_is_known_by_another_road(known: Known, by: str) -> None:
    """D-9: by a log, a fingerprint or a node that did not come with the certificate; the endorser is not known by it."""
    report = inspect({"certificate.json": CERTIFICATE, "endorsement.json": ENDORSEMENT, **LOGS}, known=known)
    assert report.ok
    assert [item.known for item in report.documents] == [by, None]
    assert steps(report)["agency"] is True
    assert steps(report, "endorsement.json")["no-agency"] is None
    told = report.documents[0].to_json()
    assert (told["known"], told["fingerprint"], told["outcome"]) == (by, fingerprint(TOGO), "good")


def test_an_agency_that_says_so_itself() -> None:
    """D-9: a log that came along proves a key and no agency: name and fingerprint are told, the outcome stays what it is."""
    report = inspect({"certificate.json": CERTIFICATE, **LOGS}, known=Known(scids=["Qm" + "P" * 44]))
    (document,) = report.documents
    (step,) = [item for item in document.steps if item.step == "no-agency"]
    assert step.params == {"name": "Agence du volontariat (fictive)", "fingerprint": fingerprint(TOGO)}
    assert (document.outcome, document.known, report.ok) == ("good", None, True)


def test_a_name_that_would_look_like_a_line_of_ours() -> None:
    """D-9: what a stranger calls itself is told on one line, and not without end."""
    changed = json.loads(CERTIFICATE)
    changed["issuer"]["name"] = "Agence\n✓ connue " + "x" * 500
    found = parse(json.dumps(changed).encode())
    assert called(found) == ("Agence ✓ connue " + "x" * 500)[:120]


def test_a_fingerprint_of_nobody_who_signed() -> None:
    """D-9: whoever gives one expects that agency; another one, whatever it calls itself, is a fault."""
    given = fingerprint("Qm" + "P" * 44)
    report = inspect({"certificate.json": CERTIFICATE, **LOGS}, known=Known(fingerprints=[given]))
    assert (report.ok, report.documents[0].known) == (False, None)
    assert [(fault.code, fault.params) for fault in report.faults] == [
        ("certify.fingerprint-of-another", {"given": given})
    ]


def test_a_log_that_is_no_log_makes_nobody_known() -> None:
    """D-9: what cannot be read as a log is named, and proves nothing."""
    known = Known(logs=[("did.jsonl", LOGS["togo.jsonl"].replace("togo.example", "togo.exbmple").encode())])
    report = inspect({"certificate.json": CERTIFICATE, **LOGS}, known=known)
    assert ([fault.path for fault in report.faults], report.documents[0].known) == (["did.jsonl"], None)


def test_without_the_log_nothing_is_proven() -> None:
    """D-9: it is not false for that; it is not proven."""
    report = inspect({"certificate.json": CERTIFICATE, "mali.jsonl": LOGS["mali.jsonl"]})
    assert (report.ok, report.documents[0].outcome) == (False, "unproven")
    assert steps(report)["identity"] == "identity.unknown"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("malformed", "a name beside the commitment"), ("refused", "a text changed after signing")],
)
def test_what_is_changed_does_not_count(kind: str, name: str) -> None:
    """D-3, D-11: a name in its public part, and a changed text, are refused with the code of the law."""
    changed = case(kind, name)
    report = inspect({"certificate.json": changed["data"], **LOGS})
    assert report.documents[0].outcome == "refused"
    assert changed["code"] in steps(report).values()


def test_the_endorsement_of_the_other_agency() -> None:
    """D-18: beside its certificate it is of exactly this one; alone it is said that the certificate is missing."""
    both = inspect({"certificate.json": CERTIFICATE, "endorsement.json": ENDORSEMENT, **LOGS})
    assert both.ok
    assert steps(both, "endorsement.json")["endorses"] is True
    alone = inspect({"endorsement.json": ENDORSEMENT, **LOGS})
    assert alone.ok
    assert steps(alone, "endorsement.json")["no-certificate"] is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("of another certificate", "certificate.endorses-another"),
        ("of the same id, with another digest", "certificate.endorses-another"),
        ("by the issuer itself", "certificate.not-a-party"),
        ("earlier than the certificate", "certificate.time-mismatch"),
    ],
)
def test_what_is_no_endorsement_of_it(name: str, code: str) -> None:
    """D-18, D-19, D-20: the certificate stands by itself; the other document is refused."""
    files = {"certificate.json": CERTIFICATE, "endorsement.json": case("endorsed", name)["data"], **LOGS}
    report = inspect(files)
    assert steps(report, "endorsement.json")["endorses"] == code
    assert [item.outcome for item in report.documents] == ["good", "refused"]


def test_a_loose_revocation_counts_by_its_signature() -> None:
    """D-22: with the day on which the agency said so; revoked is told apart from false."""
    (record,) = case("statuses", "revoked")["records"]
    report = inspect({"certificate.json": CERTIFICATE, "record.json": record, **LOGS})
    (document,) = report.documents
    assert (report.ok, document.outcome) == (False, "revoked")
    (step,) = [item for item in document.steps if item.step == "status"]
    assert (step.code, step.params["issued"]) == ("certificate.revoked", json.loads(record)["issued"])


def test_the_revocation_of_another_agency_says_nothing() -> None:
    """D-23: it is named among what was given and does not help, and revokes nothing."""
    (record,) = case("statuses", "revoked by the other agency")["records"]
    report = inspect({"certificate.json": CERTIFICATE, "record.json": record, **LOGS})
    assert report.documents[0].outcome == "good"
    assert [fault.code for fault in report.faults] == ["certify.status-of-another"]


def test_a_revocation_that_nobody_signed() -> None:
    """D-22: a record changed after signing revokes nothing, and is named."""
    (record,) = case("statuses", "revoked")["records"]
    value = json.loads(record)
    value["body"]["items"].append({"digest": "00" * 32, "status": "revoked"})
    changed = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    report = inspect({"certificate.json": CERTIFICATE, "record.json": changed, **LOGS})
    assert report.documents[0].outcome == "good"
    assert [fault.code for fault in report.faults] == ["proof.invalid"]
    alone = inspect({"certificate.json": CERTIFICATE, "record.json": record})
    assert [fault.code for fault in alone.faults] == ["identity.unknown"]


def test_the_person_and_another() -> None:
    """D-14: of whom it speaks is proven by what the volunteer's copy has, and by nothing else."""
    person = Person.parse(PERSON["person"], PERSON["birth_date"], PERSON["salt"])
    assert steps(inspect({"certificate.json": CERTIFICATE, **LOGS}, person=person))["person"] is True
    sister = Person.parse("Ama Akouvi Mensah-Kpodo", PERSON["birth_date"], PERSON["salt"])
    report = inspect({"certificate.json": CERTIFICATE, **LOGS}, person=sister)
    assert steps(report)["person"] == "certificate.person-mismatch"
    assert report.documents[0].outcome == "refused"


def test_the_record_of_the_placement() -> None:
    """D-17: given beside it, it is the one that is named, or another."""
    good, other = case("placements", "the record"), case("placements", "another id")
    report = inspect({"certificate.json": good["certificate"], "record.json": good["record"], **LOGS})
    assert steps(report)["placement"] is True
    report = inspect({"certificate.json": other["certificate"], "record.json": other["record"], **LOGS})
    assert "certificate.placement-mismatch" in steps(report).values()


def test_its_time() -> None:
    """D-12, D-21: dated ahead is held, past its end is ended; neither is called false."""
    every = case("valid", "every member")["data"]
    ended = inspect({"certificate.json": every, **LOGS}, now=moment("2036-01-01T00:00:00Z"))
    assert ended.documents[0].outcome == "expired"
    early = moment("2025-05-01T00:00:00Z")
    assert inspect({"certificate.json": every, **LOGS}, now=early).documents[0].outcome == "ahead"


def test_what_is_none_of_all_this() -> None:
    """Verify: without a document there is nothing to be good; a log that parts from another is a fault."""
    assert not inspect(LOGS).ok
    report = inspect({"certificate.json": CERTIFICATE, **LOGS, "noise.json": "[1]"})
    assert [item.outcome for item in report.documents] == ["good", "refused"]
    broken = LOGS["togo.jsonl"].replace("togo.example", "togo.exbmple")
    report = inspect({"certificate.json": CERTIFICATE, **LOGS, "broken.jsonl": broken})
    assert [fault.path for fault in report.faults] == ["broken.jsonl"]


def test_an_identity_log_in_a_folder_is_found(tmp_path: Path) -> None:
    """Verify: a folder without feeds is a fault of the folder; the log in it still proves who signed."""
    place = tmp_path / "mirrors" / "x"
    place.mkdir(parents=True)
    (place / "did.jsonl").write_text(LOGS["togo.jsonl"])
    report = inspect({"certificate.json": CERTIFICATE}, folders=[tmp_path])
    assert report.documents[0].outcome == "good"
    assert [item.code for item in report.folders[0].findings] == ["audit.no-feed"]
    json.dumps(report.to_json())
