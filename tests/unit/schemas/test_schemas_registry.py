"""The registry: what we publish, what we accept, what we keep for an upgrade, and how a fault is told."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import cast

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.codelists import parse_code_list
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.schemafaults import MAX_FAULTS, SchemaFault
from passerelle.protocol.schemas import SchemaName, Schemas, type_of

SAMPLES = Path(__file__).parents[3] / "schemas" / "samples"
VALID = sorted(path for path in SAMPLES.glob("*/valid-*.json") if path.parent.name != "stub")
SCHEMAS = Schemas.packaged()


def sample(name: str) -> JsonObject:
    return cast("JsonObject", json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8")))


def body_of(record: JsonObject) -> JsonObject:
    return cast("JsonObject", record["body"])


@pytest.fixture
def offer() -> JsonObject:
    return sample("offer/valid-reading-club")


class TestOutgoing:
    def test_what_fits_passes(self, offer: JsonObject) -> None:
        SCHEMAS.check_outgoing(offer)

    def test_an_unknown_member_is_refused_by_its_place(self, offer: JsonObject) -> None:
        body_of(offer)["salary"] = "1"
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_outgoing(offer)
        assert caught.value.code == "schema.violation"
        assert caught.value.params == {
            "type": "offer", "path": "/body/salary", "rule": "additionalProperties", "faults": 1,
        }  # fmt: skip

    def test_a_code_outside_a_closed_list_is_refused_with_the_name_of_the_list(
        self, offer: JsonObject
    ) -> None:
        body_of(offer)["scheme"] = "virr"
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_outgoing(offer)
        assert caught.value.params == {
            "type": "offer", "path": "/body/scheme", "rule": "x-codes", "list": "scheme", "faults": 1,
        }  # fmt: skip

    def test_a_code_outside_an_open_list_may_be_published(self) -> None:
        decision = sample("decision/valid-accept")
        body_of(decision)["actingFunction"] = "responsable-de-la-reciprocite"
        SCHEMAS.check_outgoing(decision)

    def test_a_name_is_no_acting_function(self) -> None:
        decision = sample("decision/valid-accept")
        body_of(decision)["actingFunction"] = "Kossi Baobab"
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_outgoing(decision)
        assert caught.value.params["path"] == "/body/actingFunction"
        assert caught.value.params["form"] == "code"

    @pytest.mark.parametrize(
        "urn", ["offer:1.1", "offer:2.0", "visit:1.0", "header:1.0", "common:1.0", "stub:1.0"]
    )
    def test_only_schemas_of_this_version_are_written(self, offer: JsonObject, urn: str) -> None:
        offer["schema"] = f"urn:passerelle:schema:{urn}"
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_outgoing(offer)
        assert caught.value.code == "schema.unknown"


class TestIncoming:
    def test_what_fits_is_known(self, offer: JsonObject) -> None:
        assert SCHEMAS.check_incoming(offer) == "known"

    def test_a_code_that_we_do_not_know_is_kept(self, offer: JsonObject) -> None:
        body_of(offer)["scheme"] = "a-scheme-of-2031"
        assert SCHEMAS.check_incoming(offer) == "known"

    def test_an_unknown_member_is_refused_under_a_schema_that_we_have(self, offer: JsonObject) -> None:
        """R-31: only a newer minor version may say more."""
        body_of(offer)["salary"] = "1"
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_incoming(offer)
        assert caught.value.params["path"] == "/body/salary"

    @pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
    def test_a_newer_minor_version_may_say_more_anywhere(self, path: Path) -> None:
        record = cast("JsonObject", json.loads(path.read_text(encoding="utf-8")))
        record["schema"] = str(record["schema"]).replace(":1.0", ":1.7")
        assert SCHEMAS.check_incoming(record) == "newer-minor"
        body_of(record)["new"] = True
        record["new"] = {"more": [1]}
        assert SCHEMAS.check_incoming(record) == "newer-minor"
        assert SCHEMAS.explain(record) == []

    def test_a_newer_minor_version_may_say_more_inside_a_value_type(self, offer: JsonObject) -> None:
        offer["schema"] = "urn:passerelle:schema:offer:1.1"
        cast("JsonObject", body_of(offer)["place"])["street"] = "x"
        assert SCHEMAS.check_incoming(offer) == "newer-minor"

    def test_a_newer_minor_version_still_says_what_we_know(self, offer: JsonObject) -> None:
        offer["schema"] = "urn:passerelle:schema:offer:1.1"
        body_of(offer)["places"] = 0
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_incoming(offer)
        assert caught.value.params == {
            "type": "offer", "path": "/body/places", "rule": "minimum", "limit": 1, "faults": 1,
        }  # fmt: skip

    @pytest.mark.parametrize("minor", [3, 5])
    def test_a_minor_version_that_never_was_is_refused(self, offer: JsonObject, minor: int) -> None:
        """R-31: a name that is older than the newest and of no schema is no way round those that there are."""
        documents = dict(SCHEMAS._documents)
        text = json.dumps(documents["urn:passerelle:schema:offer:1.0"])
        for later in (4, 6):
            name = f"offer:1.{later}"
            documents[f"urn:passerelle:schema:{name}"] = json.loads(text.replace("offer:1.0", name))
        schemas = Schemas(documents, SCHEMAS.code_lists())
        assert schemas.check_incoming({**offer, "schema": "urn:passerelle:schema:offer:1.4"}) == "known"
        assert schemas.check_incoming({**offer, "schema": "urn:passerelle:schema:offer:1.7"}) == "newer-minor"
        for ask in (schemas.check_incoming, schemas.explain):
            with pytest.raises(ProtocolError) as caught:
                ask({**offer, "schema": f"urn:passerelle:schema:offer:1.{minor}"})
            assert (caught.value.code, caught.value.params["path"]) == ("schema.violation", "/schema")

    def test_unknown_types_and_majors_are_kept_unread(self, offer: JsonObject) -> None:
        offer["body"] = {"what": "ever"}
        assert (
            SCHEMAS.check_incoming({**offer, "schema": "urn:passerelle:schema:offer:2.0"}) == "unknown-major"
        )
        other = {**offer, "type": "visit", "schema": "urn:passerelle:schema:visit:1.0"}
        assert SCHEMAS.check_incoming(other) == "unknown-type"
        assert SCHEMAS.explain(other) == []

    @pytest.mark.parametrize("folder", ["header", "common", "stub"])
    def test_what_is_no_type_is_an_unknown_type(self, offer: JsonObject, folder: str) -> None:
        """A stub is no record and cannot come in as one."""
        record = {**offer, "type": folder, "schema": f"urn:passerelle:schema:{folder}:1.0"}
        assert SCHEMAS.check_incoming(record) == "unknown-type"

    def test_type_and_schema_agree(self, offer: JsonObject) -> None:
        for schema in ("urn:passerelle:schema:visit:1.0", "urn:passerelle:schema:agency:1.0"):
            with pytest.raises(ProtocolError) as caught:
                SCHEMAS.check_incoming({**offer, "schema": schema})
            assert caught.value.code == "schema.violation"

    @pytest.mark.parametrize(
        "schema", [None, 1, "", "offer", "urn:passerelle:schema:offer", "urn:passerelle:schema:offer:1.0\n"]
    )
    def test_a_schema_that_is_no_name_is_a_violation(self, offer: JsonObject, schema: Json) -> None:
        for check in (SCHEMAS.check_incoming, SCHEMAS.check_outgoing, SCHEMAS.explain):
            with pytest.raises(ProtocolError) as caught:
                check({**offer, "schema": schema})
            assert (caught.value.code, caught.value.params["path"]) == ("schema.violation", "/schema")

    def test_a_record_without_schema_is_a_violation(self) -> None:
        with pytest.raises(ProtocolError):
            SCHEMAS.check_incoming({})


class TestExplaining:
    def test_every_fault_has_its_place_its_rule_and_what_a_sentence_needs(self) -> None:
        """A row of a file before it is a record: what an officer has to mend, all at once."""
        row = copy.deepcopy(body_of(sample("offer/valid-reading-club")))
        del row["scheme"]
        row |= {"places": "2", "closesOn": "30/06/2017", "title": {}, "remote": "peut-etre", "salaire": "1"}
        cast("JsonObject", row["host"])["country"] = "Mali"
        assert SCHEMAS.explain_body("offer", row) == [
            SchemaFault("/closesOn", "pattern", (("form", "day"),)),
            SchemaFault("/host/country", "pattern", (("form", "country"),)),
            SchemaFault("/places", "type", (("expected", "integer"),)),
            SchemaFault("/remote", "x-codes", (("list", "remote"),)),
            SchemaFault("/salaire", "additionalProperties"),
            SchemaFault("/scheme", "required"),
            SchemaFault("/title", "minProperties", (("form", "lang-string"), ("limit", 1))),
        ]

    def test_all_missing_members_are_named(self) -> None:
        faults = SCHEMAS.explain_body("decision", {})
        assert [fault.path for fault in faults] == [
            "/about",
            "/aboutType",
            "/actingFunction",
            "/effective",
            "/outcome",
        ]

    def test_the_first_fault_counts_the_others(self, offer: JsonObject) -> None:
        offer["body"] = {}
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_outgoing(offer)
        assert caught.value.params["path"] == "/body/description"
        assert caught.value.params["faults"] == 9

    def test_only_the_part_that_a_dossier_is_gets_explained(self) -> None:
        dossier = body_of(sample("dossier/valid-identity"))
        del dossier["names"]
        assert SCHEMAS.explain_body("dossier", dossier) == [SchemaFault("/names", "required")]

    def test_no_fault_carries_the_value_at_fault(self) -> None:
        """It may be personal, and faults go into logs."""
        dossier = sample("dossier/valid-identity")
        body_of(dossier)["email"] = "canari-secret"
        body_of(dossier)["phone"] = "canari-secret"
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.check_incoming(dossier)
        assert "canari" not in repr(SCHEMAS.explain(dossier)) + str(caught.value)

    def test_a_peer_s_member_name_is_made_short_and_printable(self, offer: JsonObject) -> None:
        body_of(offer)["\x1b[31m~/" + "x" * 500] = 1
        (fault,) = SCHEMAS.explain(offer)
        assert fault.path.startswith("/body/\\x1b[31m~0~1xxx")
        assert len(fault.path) < 100

    def test_a_hostile_record_is_explained_at_bounded_length(self, offer: JsonObject) -> None:
        body_of(offer)["origins"] = [{} for _ in range(10_000)]
        assert MAX_FAULTS <= len(SCHEMAS.explain(offer)) <= 2 * MAX_FAULTS

    def test_what_is_too_long_is_not_searched_for_twins(self, offer: JsonObject) -> None:
        """The library compares all pairs: minutes, for the forty thousand objects that a record can hold."""
        body_of(offer)["origins"] = [copy.deepcopy(body_of(offer)["host"]) for _ in range(65)]
        assert SCHEMAS.explain(offer) == [SchemaFault("/body/origins", "maxItems", (("limit", 64),))]

    def test_a_type_that_is_not_written_here_is_unknown(self) -> None:
        with pytest.raises(ProtocolError) as caught:
            SCHEMAS.explain_body("visit", {})
        assert (caught.value.code, caught.value.params) == ("schema.unknown", {"schema": "visit"})


class TestNames:
    def test_a_name_says_type_major_and_minor(self) -> None:
        name = SchemaName.parse("urn:passerelle:schema:offer:2.13")
        assert (name.type, name.major, name.minor) == ("offer", 2, 13)
        assert name.encode() == "urn:passerelle:schema:offer:2.13"
        assert type_of("urn:passerelle:schema:dossier:1.0") == "dossier"

    def test_versions_are_numbers(self) -> None:
        assert SchemaName("offer", 1, 9) < SchemaName("offer", 1, 10)

    def test_this_version_writes_1_0_of_every_type(self) -> None:
        assert all(SCHEMAS.newest(known) == f"urn:passerelle:schema:{known}:1.0" for known in SCHEMAS.types())
        assert len(SCHEMAS.types()) == 16


class TestResidue:
    def test_direction_references_and_dates_stay_and_the_person_goes(self) -> None:
        kept = SCHEMAS.residue(sample("placement/valid-completed"))
        assert kept.keys() == {
            "nomination", "offer", "agreement", "programme", "direction", "scheme", "planned", "actual",
        }  # fmt: skip

    def test_of_an_event_what_the_fold_counts_stays(self) -> None:
        assert SCHEMAS.residue(sample("event/valid-arrival")).keys() == {
            "kind",
            "about",
            "planned",
            "actual",
            "status",
        }

    def test_nothing_stays_of_what_cannot_be_erased(self, offer: JsonObject) -> None:
        assert SCHEMAS.residue(offer) == {}
        assert SCHEMAS.residue({"type": "visit", "body": {"a": 1}}) == {}
        assert SCHEMAS.residue({"type": "event", "body": None}) == {}

    def test_a_stub_with_more_than_the_residue_is_a_fault(self) -> None:
        stub = sample("stub/valid-placement")
        assert SCHEMAS.explain_stub(stub) == []
        cast("JsonObject", stub["residue"])["volunteer"] = "TG-7F3K9Q"
        assert SCHEMAS.explain_stub(stub) == [SchemaFault("/residue/volunteer", "additionalProperties")]


class TestCodeLists:
    def test_a_label_is_given_in_the_asked_language(self) -> None:
        schemes = SCHEMAS.code_list("scheme")
        assert (
            schemes.label("workcamp", "fr") == schemes.label("workcamp", "fr-TG") == "Chantier international"
        )
        assert schemes.label("workcamp", "en") == "International work camp"

    def test_a_language_without_words_is_served_in_english(self) -> None:
        assert SCHEMAS.code_list("remote").label("no", "bm") == "On site"

    def test_an_unknown_code_is_shown_raw(self) -> None:
        assert SCHEMAS.code_list("scheme").label("a-scheme-of-2031", "fr") == "a-scheme-of-2031"

    def test_the_four_categories_of_hosts_come_first(self) -> None:
        """A22: in the order and words of the sector."""
        assert list(SCHEMAS.code_list("host-category"))[:4] == [
            "association", "public-body", "local-authority", "private-institution",
        ]  # fmt: skip

    def test_membership(self) -> None:
        outcomes = SCHEMAS.code_list("outcome")
        assert "accept" in outcomes
        assert "acept" not in outcomes
        assert len(outcomes) == 14

    def test_an_unknown_list_is_our_own_mistake(self) -> None:
        with pytest.raises(ValueError, match="no code list 'colour'"):
            SCHEMAS.code_list("colour")

    @pytest.mark.parametrize(
        "document",
        [
            None,
            {"list": "x", "title": {"fr": "x", "en": "x"}, "open": False, "codes": None},
            {"list": "x", "title": {"fr": "x"}, "open": False, "codes": []},
            {"list": "x", "title": {"fr": "x", "en": ""}, "open": False, "codes": []},
            {"list": "x", "title": {"fr": "x", "en": "x"}, "open": False, "codes": [{"code": 1, "label": {"fr": "x", "en": "x"}}]},
            {"list": "x", "title": {"fr": "x", "en": "x"}, "open": False, "codes": [{"code": "a", "label": {"fr": "x", "en": "x"}}] * 2},
        ],
    )  # fmt: skip
    def test_a_malformed_list_is_our_own_mistake(self, document: Json) -> None:
        with pytest.raises(ValueError, match=r"is not an object|codes is not|lack French|stands twice"):
            parse_code_list(document)
