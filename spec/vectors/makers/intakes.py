"""``intake.json``: leaves of a public feed with their objects, and what becomes of each (chapter 09)."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from makers.common import SELF, Key, Tree, canonical, seed
from makers.identities import NOW, encode_log
from makers.signed_records import NEW, OLD, Actors, header, sign


def commitment(salt: bytes, record: bytes) -> str:
    """Chapter 06."""
    return sha256(b"passerelle/commitment/v1\0" + salt + record).hexdigest()


def make_intake() -> Tree:
    """One case for each row of the table of examination that a public feed can show."""
    actors = Actors()
    salt = seed("intake salt")
    # A type that no schema of this version knows: what is examined here is everything but the schema.
    visit: Tree = {"type": "visit", "schema": "urn:passerelle:schema:visit:1.0"}

    def record(name: str, **changes: Any) -> Tree:
        return sign(header(actors, name, **(visit | changes)))

    def leaf_of(value: Tree, **changes: Any) -> Tree:
        own = {name: value[name] for name in ("id", "type", "version")}
        return {"commitment": commitment(salt, canonical(value)), "kind": "record"} | own | changes

    def case(
        name: str,
        rule: str,
        status: str,
        code: str | None,
        leaf: Tree | str,
        object_: bytes | None,
        *,
        readable: bool = False,
    ) -> Tree:
        text = leaf if isinstance(leaf, str) else canonical(leaf).decode()
        return {
            "name": name,
            "rule": rule,
            "status": status,
            "code": code,
            "leaf": text,
            "object": None if object_ is None else object_.hex(),
            "readable": readable,
        }

    def whole(name: str, rule: str, status: str, code: str | None, value: Tree) -> Tree:
        return case(name, rule, status, code, leaf_of(value), salt + canonical(value))

    good = record("intake")
    data = canonical(good)
    spaced = data.replace(b":", b": ", 1)
    of_mali = header(
        actors,
        "of mali",
        issuer=f"did:webvh:{actors.scids['mali']}:mali.example",
        **visit,
    )
    cases = [
        whole("all is well", "F-11", "accepted", None, good),
        case("an unknown kind", "L-22", "passed-over", None, {"kind": "tally"}, None),
        case("a kind without object", "L-22", "passed-over", None, {"kind": "closed"}, None),
        case("no object", "F-11", "empty", None, leaf_of(good), None),
        case("a leaf that is none", "L-20", "quarantined", "leaf.malformed", {"kind": "record"}, None),
        case(
            "a leaf of a bilateral feed",
            "L-21",
            "quarantined",
            "leaf.misplaced",
            {"commitment": "0" * 64, "kind": "sealed"},
            None,
        ),
        case("an object of 32 bytes", "O-3", "quarantined", "object.malformed", leaf_of(good), salt),
        case("another salt", "O-2", "quarantined", "object.commitment", leaf_of(good), bytes(32) + data),
        case(
            "another record",
            "O-2",
            "quarantined",
            "object.commitment",
            leaf_of(good),
            salt + data[:-2] + b"}}",
        ),
        case(
            "bytes that are not canonical",
            "J-12",
            "quarantined",
            "json.not-canonical",
            leaf_of(good, commitment=commitment(salt, spaced)),
            salt + spaced,
        ),
        whole(
            "a record that is malformed", "R-1", "quarantined", "record.malformed", record("intake", note="x")
        ),
        case(
            "a leaf with another id",
            "L-23",
            "quarantined",
            "leaf.record-mismatch",
            leaf_of(good, id="urn:uuid:0"),
            salt + data,
        ),
        case(
            "a leaf with another type",
            "L-23",
            "quarantined",
            "leaf.record-mismatch",
            leaf_of(good, type="offer"),
            salt + data,
        ),
        case(
            "a leaf with another version",
            "L-23",
            "quarantined",
            "leaf.record-mismatch",
            leaf_of(good, version=2),
            salt + data,
        ),
        whole(
            "a record of another agency",
            "O-12",
            "quarantined",
            "record.not-the-owner",
            sign(of_mali, Key("mali/record/1")),
        ),
        whole(
            "a bilateral record in the public feed",
            "O-13",
            "quarantined",
            "record.not-addressed",
            sign(header(actors, "bilateral", to=("mali",), **visit)),
        ),
        whole(
            "issued is not created",
            "R-11",
            "quarantined",
            "record.issued-mismatch",
            sign(header(actors, "created", **visit), created="2025-03-21T10:00:01Z"),
        ),
        whole(
            "a key that no entry names",
            "R-16",
            "pending",
            "key.unknown",
            sign(header(actors, "stranger", **visit), Key("stranger")),
        ),
        whole(
            "a key that was retired",
            "R-15",
            "quarantined",
            "key.not-valid-then",
            sign(header(actors, "retired", issued="2025-09-15T00:00:00Z", **visit), OLD),
        ),
        whole(
            "a body changed after signing", "R-13", "quarantined", "proof.invalid", {**good, "body": {"x": 1}}
        ),
        whole(
            "more than 24 hours ahead",
            "R-20",
            "held",
            "record.ahead",
            sign(header(actors, "far ahead", issued="2026-01-02T00:00:01Z", **visit), NEW),
        ),
        whole(
            "a body that its schema refuses",
            "R-31",
            "quarantined",
            "schema.violation",
            sign(header(actors, "schema", body={"synthetic": True})),
        ),
        *(
            case(name, "R-31", status, code, leaf_of(value), salt + canonical(value), readable=code is None)
            for name, status, code, value in _offers(actors)
        ),
        whole("a schema that is of no type", "R-33", "accepted", None, sign(header(actors, "stub", type="stub", schema="urn:passerelle:schema:stub:1.0"))),
        whole("a schema of a major version that is not known", "R-33", "accepted", None, sign(header(actors, "major", schema="urn:passerelle:schema:offer:2.0"))),
    ]  # fmt: skip
    return {
        "chapter": "09",
        "about": "Each leaf, with its object (null: none), in the public feed origin, examined under log with the clock at now by "
        "the agency me: status and code of the table of chapter 09. A record of an unknown type (most are of the type visit) or major version is kept unread; readable: it is accepted, and its "
        "schema is known.",
        "made_by": SELF,
        "confirmed_by": [],
        "now": NOW,
        "origin": f"passerelle/{actors.scids['togo']}/public/1",
        "me": actors.scids["mali"],
        "log": encode_log(actors.togo),
        "cases": cases,
    }


def _offers(actors: Actors) -> Iterator[tuple[str, str, str | None, Tree]]:
    """Offers under the version that is known, and under a newer minor one."""
    agency = {"agency": actors.scids["togo"], "country": "TG"}
    body: Tree = {
        "lang": "fr",
        "title": {"fr": "Appui à une bibliothèque de quartier"},
        "description": {"fr": "Atelier de lecture"},
        "scheme": "vir",
        "hostOrganisation": {"id": "urn:uuid:b718f135-4f72-4731-aeca-086d9a024afe"},
        "host": agency,
        "place": {"country": "TG", "city": "Lomé"},
        "places": 2,
        "period": "2026-09-04/2027-05-04",
        "synthetic": True,
    }
    refused = ("quarantined", "schema.violation")
    beyond = {"surprise": 1}
    told: dict[str, tuple[tuple[str, str | None], str, Tree]] = {
        "an offer": (("accepted", None), "1.0", {}),
        "a member that its schema does not know": (refused, "1.0", beyond),
        "such a member in a value of the common types": (refused, "1.0", {"place": body["place"] | beyond}),
        "a newer minor version": (("accepted", None), "1.7", {}),
        "a newer minor version, with a member that is not known": (("accepted", None), "1.7", beyond),
        "a newer minor version, with one in a value of the common types": (
            ("accepted", None),
            "1.7",
            {"place": body["place"] | beyond, "host": agency | beyond},
        ),
        "a newer minor version, with a known member of another form": (refused, "1.7", {"places": "2"}),
        "a newer minor version, without a member that has to be there": (refused, "1.7", {"host": beyond}),
    }
    for name, ((status, code), version, changes) in told.items():
        schema = f"urn:passerelle:schema:offer:{version}"
        yield name, status, code, sign(header(actors, name, schema=schema, body=body | changes))
