"""Certificates at two desks: who may sign one, of which placement, once; what is kept and what the partner learns."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from passerelle.audit import inspect_certificates
from passerelle.desk import certificates as desk_certificates
from passerelle.desk import revocations as reading
from passerelle.errors import InputError, PasserelleError, StorageError
from passerelle.exchange.service import service_of
from passerelle.protocol import certificates
from passerelle.protocol.certificates import Certificate, Endorsement, Person
from passerelle.protocol.certificatesigning import Service
from passerelle.protocol.profile import encode
from passerelle.protocol.records import Record
from passerelle.storage import certificates as rows
from passerelle.storage import vault
from tests.unit.desk.story import Answer, Pair, decide, offered, placement_body, publish
from tests.unit.federation.world import FRANCE, MALI, TOGO, Here

pytestmark = pytest.mark.asyncio(loop_scope="package")

FIRST, LAST = "2026-05-02", "2026-10-31"


def person(name: str = "Afi Akouvi Mensah-Kpodo") -> Person:
    return Person.parse(name, "1998-04-07", secrets.token_hex(16))


async def underway(pair: Pair, **more: Any) -> Answer:
    """A placement in Mali whose volunteer has arrived, in the past."""
    agreement = await pair.agreed()
    offer = await offered(pair.mali, title="Animation d’un club de lecture")
    await pair.settle()
    nomination = await pair.nominated(agreement, offer, nominated_on="2026-04-01")
    await pair.settle()
    await decide(pair.mali, nomination, "accept", effective="2026-04-05")
    await pair.togo.hear(pair.mali)
    await decide(pair.togo, nomination, "confirm", effective="2026-04-10")
    await pair.mali.hear(pair.togo)
    body = placement_body(nomination, agreement, offer) | {"planned": f"{FIRST}/{LAST}"} | more
    placement = await publish(pair.mali, {"type": "placement", "to": [TOGO], "body": body})
    await pair.togo.hear(pair.mali)
    await decide(pair.togo, placement, "accept", effective="2026-04-20")
    await pair.arrived(placement, FIRST)
    await pair.settle()
    return placement


async def happened(here: Here, to: str, placement: Answer, kind: str, day: str) -> Answer:
    about = [{"id": placement["id"], "type": "placement"}]
    body = {"kind": kind, "about": about, "actual": day, "status": "done"}
    return await publish(here, {"type": "event", "to": [to], "body": body})


async def over(pair: Pair, **more: Any) -> Answer:
    """A placement that was completed."""
    placement = await underway(pair, **more)
    await happened(pair.mali, TOGO, placement, "end-of-mission", LAST)
    await pair.settle()
    return placement


async def issue(here: Here, placement: Answer, commitment: str | None = None, **more: Any) -> Any:
    given = {"commitment": commitment or person().commitment, "language": "fr"} | more
    return await here.node.desk.certificate_issue(placement["id"], **given)


def parsed(told: Any) -> Any:
    return certificates.parse(encode(told["document"]))


async def refused(work: Any, code: str) -> PasserelleError:
    with pytest.raises(InputError, match=rf"^{code}\b") as caught:
        await work
    return caught.value


async def test_a_certificate_is_issued_and_the_partner_told(pair: Pair) -> None:
    """D-26, D-29: canonical bytes under our key, of the days that were served; the other agency learns its digest."""
    placement = await over(pair, totals={"days": 120, "hours": 900})
    somebody = person()
    told = await issue(pair.mali, placement, somebody.commitment)
    found = parsed(told)
    assert isinstance(found, Certificate)
    certificates.verify(found, pair.mali.node.directory.own, pair.mali.node.clock())
    certificates.check_person(found, somebody)
    assert (found.digest, found.placement_id) == (told["digest"], placement["id"])
    subject: Any = found.value["credentialSubject"]
    assert subject["activityStartDate"] == f"{FIRST}T00:00:00Z"
    assert subject["activityEndDate"] == f"{LAST}T00:00:00Z"
    assert [(item["resultDescription"][-5:], item["value"]) for item in subject["result"]] == [
        (":days", "120"),
        ("hours", "900"),
    ]
    assert subject["role"] == "Animation d’un club de lecture"
    assert subject["achievement"]["id"] == "urn:passerelle:scheme:vir"
    assert "fictif" in str(found.value["name"])
    await pair.togo.hear(pair.mali)
    shown: Any = await pair.togo.node.desk.records_show(told["event"]["id"])
    assert shown["record"]["body"]["certificates"] == [found.digest]
    assert (shown["record"]["body"]["kind"], shown["verdict"]) == ("recognition", "accepted")


async def test_the_bytes_kept_are_canonical(pair: Pair) -> None:
    """D-26: what the node keeps and hands out is the canonical form, byte for byte."""
    told = await issue(pair.mali, await over(pair))
    async with pair.mali.node.database.reading() as connection:
        held = await rows.by_name(connection, told["digest"])
    assert held is not None
    assert held.data == encode(json.loads(held.data)) == encode(told["document"])


async def test_what_it_stands_on_is_the_leaf_of_the_placement(pair: Pair) -> None:
    """D-16, D-17: a reader that holds the feed and the record finds both as the certificate names them."""
    placement = await over(pair)
    found = parsed(await issue(pair.mali, placement))
    (record,) = (await pair.mali.node.desk.ledger.records_of([found.placement_digest])).values()
    certificates.check_placement(found, record)
    (endorsed,) = [await pair.togo.node.desk.certificate_endorse(encode(found.value).decode(), language="fr")]
    assert isinstance(parsed(endorsed), Endorsement)


async def test_nothing_of_the_person_is_kept(pair: Pair) -> None:
    """D-27, D-28: neither the rows nor the event nor the file hold name, birth date or salt."""
    somebody = person("Zéphyrine Unheardof")
    told = await issue(pair.mali, await over(pair), somebody.commitment)
    path = pair.mali.node.paths.database
    for file in path.parent.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        for text in ("UNHEARDOF", "Unheardof", "1998-04-07", somebody.salt.hex()):
            assert text.encode() not in data, file
        assert somebody.salt not in data, file
    assert "TG-VIR-77" not in json.dumps(told["document"])


async def test_the_same_person_again_is_given_the_same_certificate(pair: Pair) -> None:
    """D-26: a command that is repeated after a cut signs nothing twice."""
    placement, commitment = await over(pair), person().commitment
    first, again = [await issue(pair.mali, placement, commitment) for _ in range(2)]
    assert again["already"] is True
    assert (again["digest"], again["document"]) == (first["digest"], first["document"])


async def test_two_at_once_make_one(pair: Pair) -> None:
    """D-31: of two that are asked for at the same time one is signed."""
    placement = await over(pair)
    found = await asyncio.gather(*(issue(pair.mali, placement) for _ in range(2)), return_exceptions=True)
    (error,) = [item for item in found if isinstance(item, InputError)]
    assert error.code == "certify.already-issued"


@pytest.mark.parametrize("host", [True, False])
async def test_either_end_may_issue(pair: Pair, *, host: bool) -> None:
    """D-15: the host's feed names both; the sender's certificate stands on the same leaf."""
    placement = await over(pair)
    here = pair.mali if host else pair.togo
    found = parsed(await issue(here, placement))
    assert found.issuer_scid == here.scid
    assert (found.origin.author, found.origin.partner) == (pair.mali.scid, pair.togo.scid)


async def test_a_third_agency_may_not(
    pair: Pair, trio: dict[str, Here], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-15: neither who does not hold a placement, nor who holds it and is no end of it."""
    placement = await over(pair)
    await refused(issue(trio[FRANCE], placement), "record.unknown")
    monkeypatch.setattr(pair.mali.node.directory, "own_scid", trio[FRANCE].scid)
    await refused(issue(pair.mali, placement), "certify.not-our-placement")


async def test_a_placement_that_is_not_over(pair: Pair) -> None:
    """D-29: one that goes on is refused, with its state; so is what is no placement, or unknown."""
    placement = await underway(pair)
    error = await refused(issue(pair.mali, placement), "certify.placement-not-ended")
    assert error.params == {"placement": placement["id"], "state": "active"}
    offer = await offered(pair.mali)
    await refused(issue(pair.mali, offer), "record.another-type")
    await refused(issue(pair.mali, {"id": "urn:uuid:nothing"}), "record.unknown")


async def test_an_early_return_ends_it(pair: Pair) -> None:
    """D-29: certified up to the day of the early return, and said to have ended early."""
    placement = await underway(pair)
    await happened(pair.togo, MALI, placement, "early-return", "2026-07-15")
    await pair.settle()
    subject: Any = parsed(await issue(pair.mali, placement)).value["credentialSubject"]
    assert subject["activityEndDate"] == "2026-07-15T00:00:00Z"
    assert "anticipée" in subject["achievement"]["criteria"]["narrative"]


async def test_no_days_where_the_end_lies_before_the_arrival(pair: Pair) -> None:
    """D-29: dates that contradict each other are no service."""
    placement = await underway(pair)
    await happened(pair.togo, MALI, placement, "early-return", "2026-04-25")
    await pair.settle()
    await refused(issue(pair.mali, placement), "certify.placement-not-ended")


async def test_one_placement_one_certificate(pair: Pair) -> None:
    """D-31: another one is refused until the first is revoked; the next has a new id, digest and salt."""
    placement, somebody = await over(pair), person()
    first = await issue(pair.mali, placement, somebody.commitment)
    error = await refused(issue(pair.mali, placement), "certify.already-issued")
    assert error.params["certificate"] == first["id"]
    await pair.mali.node.desk.certificate_revoke(name=first["id"])
    await refused(issue(pair.mali, placement, somebody.commitment), "certify.commitment-used")
    second = await issue(pair.mali, placement)
    assert second["id"] != first["id"]
    assert second["digest"] != first["digest"]


async def test_a_salt_is_used_once(pair: Pair) -> None:
    """D-27: the same commitment for another placement would show that both are of one person."""
    somebody = person()
    await issue(pair.mali, await over(pair), somebody.commitment)
    await refused(issue(pair.mali, await over(pair), somebody.commitment), "certify.commitment-used")


@pytest.mark.parametrize("text", ["Accompagnée sous le nom TG-VIR-77", "tg-vir-77"])
async def test_the_pseudonym_is_in_no_text(pair: Pair, text: str) -> None:
    """D-28: the name by which records speak of the volunteer would lead from the paper into the feeds."""
    placement = await over(pair)
    for member in ("role", "narrative"):
        error = await refused(issue(pair.mali, placement, **{member: text}), "certify.names-volunteer")
        assert error.params == {"member": member}


async def test_what_cannot_be_asked_for(pair: Pair) -> None:
    """Desk: another language, and a commitment that is none."""
    placement = await over(pair)
    await refused(issue(pair.mali, placement, language="es"), "certify.language")
    await refused(issue(pair.mali, placement, "AB" * 32), "certify.commitment-malformed")
    drafted = await pair.mali.node.desk.certificate_draft(placement["id"], language="en")
    assert drafted["name"] == "Certificate of voluntary service (fictitious example)"


async def test_lines_of_texts_are_those_of_people(pair: Pair) -> None:
    """D-4: any sign that ends a line does; a role stands on one line, and a text of white space alone is none."""
    placement = await over(pair)
    more = {"role": " Aide\r\nbibliothécaire\t", "narrative": "\nLecture\u2028Catalogue \r\r\n"}
    subject: Any = parsed(await issue(pair.mali, placement, **more)).value["credentialSubject"]
    assert (subject["role"], subject["narrative"]) == ("Aide bibliothécaire", "Lecture\nCatalogue")
    drafted: Any = await pair.togo.node.desk.certificate_draft(placement["id"], language="fr", role="\n ")
    assert drafted["credentialSubject"]["role"] == "Animation d’un club de lecture"


@pytest.mark.parametrize(
    ("more", "code", "params"),
    [
        ({"role": "مكتبة"}, "certify.unprintable", {"member": "role", "letters": "ب ة ت ك م"}),
        ({"narrative": "Lecture\n→ 2"}, "certify.unprintable", {"member": "narrative", "letters": "→"}),
        ({"narrative": "Lecture " * 8_192}, "certify.too-long", {"max": 65_536}),
        ({"narrative": "Lecture\0"}, "json.nul", {}),
        ({"role": "\udce9"}, "json.surrogate", {}),
    ],
    ids=["role", "narrative", "long", "nul", "surrogate"],
)
async def test_what_no_sheet_or_reader_would_take_is_refused_unsigned(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], code: str, params: dict[str, Any]
) -> None:
    """D-2, D-4: by the draft too, so that the volunteer's file is not written either."""

    def signs(*_: object) -> Any:
        raise AssertionError("signed")

    placement = await over(pair)
    monkeypatch.setattr(desk_certificates, "sign_certificate", signs)
    drafting = pair.mali.node.desk.certificate_draft(placement["id"], language="fr", **more)
    for work in (drafting, issue(pair.mali, placement, **more)):
        error = await refused(work, code)
        assert {name: error.params.get(name) for name in params} == params


async def test_an_agency_whose_name_no_sheet_can_show(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-4: neither a certificate nor an endorsement is signed under it: it could not be printed."""
    certificate = await issue(pair.mali, await over(pair))
    placement = await over(pair)
    for here in (pair.mali, pair.togo):
        monkeypatch.setitem(here.node.config.agency.__dict__, "names", {"ar": "الوكالة"})
    for work in (issue(pair.mali, placement), endorse(pair.togo, certificate)):
        error = await refused(work, "certify.unprintable")
        assert error.params["member"] == "issuer"


async def test_a_node_that_signs_nothing_signs_no_certificate(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-9: a closed fence keeps certificates from being signed too."""
    placement = await over(pair)
    monkeypatch.setattr(pair.mali.node.publisher, "closed", StorageError("fence.head-missing"))
    with pytest.raises(StorageError, match=r"^fence\.head-missing"):
        await issue(pair.mali, placement)


# --- the other agency --------------------------------------------------------------------


async def endorse(here: Here, told: Any) -> Any:
    return await here.node.desk.certificate_endorse(encode(told["document"]).decode(), language="fr")


async def test_the_other_agency_endorses_exactly_this_one(pair: Pair) -> None:
    """D-18, D-19, D-30: it names id and digest, is signed by the other end, and the issuer is told."""
    certificate = await issue(pair.mali, await over(pair, totals={"hours": 800}))
    told = await endorse(pair.togo, certificate)
    certificates.check_endorses(parsed(told), parsed(certificate))
    certificates.verify(parsed(told), pair.togo.node.directory.own, pair.togo.node.clock())
    assert (await endorse(pair.togo, certificate))["already"] is True
    await pair.mali.hear(pair.togo)
    shown: Any = await pair.mali.node.desk.records_show(told["event"]["id"])
    assert shown["record"]["body"]["certificates"] == [told["digest"]]


async def test_who_cannot_endorse(pair: Pair, trio: dict[str, Here]) -> None:
    """D-19: neither the issuer itself nor a third; what is no certificate is refused as what was given."""
    certificate = await issue(pair.mali, await over(pair))
    await refused(endorse(pair.mali, certificate), "certificate.not-a-party")
    await refused(endorse(trio[FRANCE], certificate), "certificate.not-a-party")
    endorsement = await endorse(pair.togo, certificate)
    await refused(endorse(pair.togo, endorsement), "certificate.malformed")
    await refused(pair.togo.node.desk.certificate_endorse("{", language="fr"), "json.syntax")
    forged = {**certificate["document"], "name": "Autre nom"}
    await refused(endorse(pair.togo, {"document": forged}), "proof.invalid")


async def test_other_days_are_not_endorsed(pair: Pair) -> None:
    """D-30: where the sender's node counts otherwise, it says which member differs."""
    placement = await over(pair, totals={"days": 100})
    certificate = await issue(pair.mali, placement)
    await happened(pair.togo, MALI, placement, "return", "2026-10-20")
    error = await refused(endorse(pair.togo, certificate), "certify.days-differ")
    assert error.params == {"member": "activityEndDate", "placement": placement["id"]}


async def test_a_revoked_certificate_is_not_endorsed(pair: Pair) -> None:
    """D-22: the issuer's public word comes first."""
    certificate = await issue(pair.mali, await over(pair))
    await pair.mali.node.desk.certificate_revoke(name=certificate["digest"])
    await pair.togo.hear(pair.mali)
    await refused(endorse(pair.togo, certificate), "certificate.revoked")


async def test_what_a_sheet_needs_is_proven_first(pair: Pair) -> None:
    """D-18, D-22, D-32: address and logs of a good one; none of a revoked one, nor beside another's endorsement."""
    certificate, another = [await issue(pair.mali, await over(pair)) for _ in range(2)]
    document = encode(certificate["document"]).decode()
    endorsement = encode((await endorse(pair.togo, certificate))["document"]).decode()
    sheet = pair.mali.node.desk.certificate_sheet
    told: Any = await sheet(document, endorsement)
    assert told["address"] == pair.mali.public
    assert set(told["logs"]) == {pair.mali.scid, pair.togo.scid}
    other = encode(another["document"]).decode()
    await refused(sheet(other, endorsement), "certificate.endorses-another")
    await pair.mali.node.desk.certificate_revoke(name=certificate["id"])
    await refused(sheet(document), "certificate.revoked")


# --- revoking and listing ----------------------------------------------------------------


async def test_a_revocation_is_public_and_for_good(pair: Pair) -> None:
    """D-22, D-24: a public record lists the digest; a second one says since when it is so."""
    certificate = await issue(pair.mali, await over(pair))
    told: Any = await pair.mali.node.desk.certificate_revoke(name=certificate["id"])
    record: Any = (await pair.mali.node.desk.records_show(told["record"]["id"]))["record"]
    assert record["audience"] == "public"
    assert record["body"]["items"] == [{"digest": certificate["digest"], "status": "revoked"}]
    error = await refused(
        pair.mali.node.desk.certificate_revoke(name=certificate["id"]), "certify.already-revoked"
    )
    assert error.params == {"issued": record["issued"]}
    listed = {row["digest"]: row for row in await pair.mali.node.desk.certificate_list()}
    assert listed[certificate["digest"]]["revoked"] == record["issued"]
    shown = await pair.mali.node.desk.certificate_show(certificate["id"])
    assert (shown["revoked"], shown["document"]) == (record["issued"], certificate["document"])


async def test_what_cannot_be_revoked(pair: Pair) -> None:
    """D-23: another agency's, and one that nobody here has signed."""
    certificate = await issue(pair.mali, await over(pair))
    document = encode(certificate["document"]).decode()
    await refused(pair.togo.node.desk.certificate_revoke(document=document), "certify.not-ours")
    await refused(pair.mali.node.desk.certificate_revoke(name="ab" * 32), "certify.unknown")
    await refused(pair.mali.node.desk.certificate_show("ab" * 32), "certify.unknown")
    forged = encode({**certificate["document"], "name": "Autre nom"}).decode()
    await refused(pair.mali.node.desk.certificate_revoke(document=forged), "proof.invalid")


async def test_one_that_is_in_no_row_is_revoked_by_its_file(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-34: what a thief signed with our key is known by its file alone."""
    certificate = await issue(pair.mali, await over(pair))

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(rows, "by_name", nothing)
    document = encode(certificate["document"]).decode()
    told = await pair.mali.node.desk.certificate_revoke(document=document)
    assert told["digest"] == certificate["digest"]


async def test_an_endorsement_is_listed_and_revoked_too(pair: Pair) -> None:
    """D-22: it is a document of its own; the certificate stands."""
    certificate = await issue(pair.mali, await over(pair))
    endorsement = await endorse(pair.togo, certificate)
    await pair.togo.node.desk.certificate_revoke(name=endorsement["digest"])
    (row,) = [
        row for row in await pair.togo.node.desk.certificate_list() if row["digest"] == endorsement["digest"]
    ]
    assert (row["kind"], row["revoked"] is not None) == ("endorsement", True)


async def test_a_revoked_endorsement_is_for_good(pair: Pair) -> None:
    """D-24: it is neither handed out again nor is a second one signed beside it; of the next certificate there is one."""
    placement = await over(pair)
    certificate = await issue(pair.mali, placement)
    endorsement = await endorse(pair.togo, certificate)
    revoked: Any = await pair.togo.node.desk.certificate_revoke(name=endorsement["id"])
    record: Any = (await pair.togo.node.desk.records_show(revoked["record"]["id"]))["record"]
    error = await refused(endorse(pair.togo, certificate), "certify.endorsement-revoked")
    assert error.params == {
        "endorsement": endorsement["id"],
        "issued": record["issued"],
        "certificate": certificate["id"],
    }
    await pair.mali.node.desk.certificate_revoke(name=certificate["id"])
    await pair.settle()
    assert "already" not in await endorse(pair.togo, await issue(pair.mali, placement))


async def test_every_record_on_certificates_is_read_and_few_at_a_time(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-22: a revocation among many others is found by both agencies; only what names the document is parsed, off the loop."""
    certificate = await issue(pair.mali, await over(pair))
    document, digest = encode(certificate["document"]).decode(), certificate["digest"]
    for number in range(5):
        items = [{"digest": f"{number:064x}", "status": "revoked"}]
        items += (
            [{"digest": digest, "status": ("confirmed", "revoked")[number // 3]}] if number in {1, 3} else []
        )
        await publish(pair.mali, {"type": "certificate-status", "body": {"items": items}})
    await pair.togo.hear(pair.mali)
    parsed_in: list[int] = []
    parse = Record.parse

    def counted(data: bytes) -> Record:
        parsed_in.append(threading.get_ident())
        return parse(data)

    monkeypatch.setattr(reading, "AT_ONCE", 2)
    with monkeypatch.context() as patched:
        patched.setattr(Record, "parse", counted)
        revoked = await reading.revocations(pair.mali.node.desk._context, pair.mali.scid, [digest, "f" * 64])
    assert [*revoked] == [digest]
    assert len(parsed_in) == 2
    assert threading.get_ident() not in parsed_in
    error = await refused(pair.togo.node.desk.certificate_sheet(document), "certificate.revoked")
    assert error.params["issued"] == revoked[digest]


async def test_a_forged_file_has_no_records_read(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-11: who did not sign costs no look through what the named agency has published."""
    certificate = await issue(pair.mali, await over(pair))
    await publish(
        pair.mali,
        {"type": "certificate-status", "body": {"items": [{"digest": "a" * 64, "status": "revoked"}]}},
    )

    def looks(*_: object, **__: object) -> Any:
        raise AssertionError("looked")

    monkeypatch.setattr(vault, "public_after", looks)
    forged = {**certificate["document"], "name": "Autre nom"}
    await refused(endorse(pair.togo, {"document": forged}), "proof.invalid")


async def test_the_address_on_a_sheet_is_the_issuers(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-32: what the issuer's node says of itself, not where we connect; of who says none, none, and never ours."""
    document = encode((await issue(pair.mali, await over(pair)))["document"]).decode()
    sheet = pair.togo.node.desk.certificate_sheet
    told: Any = await sheet(document)
    assert told["address"] == pair.mali.public
    partner = pair.togo.node.directory.peer(pair.mali.scid)
    assert partner is not None
    assert partner.address != pair.mali.public
    monkeypatch.setattr(pair.togo.node.directory, "peer", lambda _: None)
    told = await sheet(document)
    assert told["address"] is None


async def test_the_days_are_those_of_the_fold(pair: Pair) -> None:
    """D-30: from arrival to the earlier of two ends, sums that are nothing left out; None of what is not over."""
    placement = await over(pair)
    await happened(pair.togo, MALI, placement, "return", "2026-11-03")
    state = (await pair.togo.node.desk.ledger.state(pair.togo.node.clock().date())).placements[
        placement["id"]
    ]
    assert state.arrived_on is not None
    assert state.completed_on is not None
    counted = Service(state.arrived_on, state.completed_on, None, 12)
    assert service_of(state, {"totals": {"days": 0, "hours": 12}}) == counted
    assert state.completed_on.isoformat() == LAST
    assert service_of(replace(state, state="active"), {}) is None


async def test_the_event_and_the_row_are_one_write(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """W-31: where one of the two cannot be written, neither is, and the command can be given again."""
    placement, somebody = await over(pair), person()

    async def fails(*_: object) -> None:
        raise InputError("storage.told-to-fail")

    async def events() -> int:
        listed: Any = await pair.mali.node.desk.records_list(type="event", issuer=MALI, limit=1000)
        return len(listed)

    before = await events()
    with monkeypatch.context() as patched:
        patched.setattr(rows, "put", fails)
        await refused(issue(pair.mali, placement, somebody.commitment), "storage.told-to-fail")
    assert await events() == before
    told = await issue(pair.mali, placement, somebody.commitment)
    assert "already" not in told
    assert await events() == before + 1


async def test_a_copied_folder_proves_it_all(pair: Pair, tmp_path: Path) -> None:
    """D-16, D-22, D-25: leaf, tree, no revocation up to a checkpoint; after one, revoked with its day."""
    certificate = await issue(pair.mali, await over(pair))
    endorsement = await endorse(pair.togo, certificate)
    await pair.settle()
    files = [
        (name, encode(told["document"]))
        for name, told in (("certificate.json", certificate), ("endorsement.json", endorsement))
    ]

    async def judged(folder: str) -> list[dict[str, bool | None]]:
        await pair.mali.node.desk.copy(str(tmp_path / folder))
        report = inspect_certificates(files, [tmp_path / folder], pair.mali.node.clock())
        outcomes.append([document.outcome for document in report.documents])
        return [{step.step: step.ok for step in document.steps} for document in report.documents]

    outcomes: list[list[str]] = []
    of_certificate, of_endorsement = await judged("before")
    assert (of_certificate["leaf"], of_certificate["tree"], of_certificate["not-revoked"]) == (True,) * 3
    assert of_endorsement["endorses"] is True
    await pair.mali.node.desk.certificate_revoke(name=certificate["id"])
    of_certificate, _ = await judged("after")
    assert of_certificate["status"] is False
    assert outcomes == [["good", "good"], ["revoked", "good"]]


async def test_a_lost_word_on_certificates_clears_nothing(pair: Pair, tmp_path: Path) -> None:
    """D-25: in a copy without the record of a revocation nobody has looked; what is found elsewhere counts."""
    certificate = await issue(pair.mali, await over(pair))
    await pair.mali.node.desk.certificate_revoke(name=certificate["id"])
    await pair.mali.node.desk.copy(str(tmp_path))
    for path in (tmp_path / "feeds" / "public").rglob("objects"):
        shutil.rmtree(path)
    report = inspect_certificates(
        [("certificate.json", encode(certificate["document"]))], [tmp_path], pair.mali.node.clock()
    )
    steps = {step.step: step.ok for step in report.documents[0].steps}
    assert steps["no-status"] is None
    assert "not-revoked" not in steps
