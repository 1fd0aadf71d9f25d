"""The vectors' values are confirmed by programs of others, so that nothing is checked against itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from passerelle.protocol import proofs
from passerelle.protocol.keys import parse_multikey
from tests.vectors.loading import load

Outside = Callable[[str, object], Any]


def test_canonical_forms(outside: Outside) -> None:
    """J-11: npm canonicalize writes the same bytes."""
    valid = load("json.json")["valid"]
    assert outside("canonicalize", [case["input"] for case in valid]) == [case["canonical"] for case in valid]


def test_identity_logs_accepted(outside: Outside) -> None:
    """I-9 to I-20: didwebvh-ts reads the same identity, and the same keys at the same times."""
    valid = [case for case in load("identity.json")["valid"] if not case["held"]]
    assert len(valid) >= 6
    # At the very second of an entry didwebvh-ts still gives the one before: asked only beside it.
    asked = [
        {time: keys for time, keys in case["at"].items() if f'"{time}"' not in case["log"]} for case in valid
    ]
    found = outside(
        "resolve_logs",
        [{"log": case["log"], "times": list(at)} for case, at in zip(valid, asked, strict=True)],
    )
    for case, at, answer in zip(valid, asked, found, strict=True):
        assert "error" not in answer, (case["name"], answer)
        assert (answer["did"], answer["scid"]) == (case["did"], case["scid"]), case["name"]
        assert len(at) >= 3
        assert answer["at"] == at, case["name"]


def test_identity_logs_refused(outside: Outside) -> None:
    """I-9 to I-19: where did:webvh itself refuses a log, didwebvh-ts does too; where our profile is narrower, not."""
    invalid = [case for case in load("identity.json")["invalid"] if case["webvh"] != "any"]
    assert len(invalid) >= 12
    found = outside("resolve_logs", [{"log": case["log"], "times": []} for case in invalid])
    verdicts = {
        case["name"]: "rejects" if "error" in answer else "accepts"
        for case, answer in zip(invalid, found, strict=True)
    }
    assert verdicts == {case["name"]: case["webvh"] for case in invalid}


@pytest.mark.parametrize("file", ["records.json", "certificates.json"])
def test_records(outside: Outside, file: str) -> None:
    """R-8 to R-15, D-6 to D-11: Digital Bazaar verifies each under the document that didwebvh-ts resolves at its time."""
    vectors = load(file)
    asked = [*vectors["valid"], *vectors["refused"]]
    found = outside(
        "verify_records",
        {"logs": list(vectors["identities"].values()), "records": [case["data"] for case in asked]},
    )
    verdicts = {
        case["name"]: "accepts" if answer["verified"] else "rejects"
        for case, answer in zip(asked, found, strict=True)
    }
    assert verdicts == {case["name"]: case.get("outside", "accepts") for case in asked}, found


def test_proofs_are_made_alike(outside: Outside) -> None:
    """Chapter 04, Proof: Digital Bazaar's signer writes the same proof value."""
    case = load("proofs.json")["cases"][0]
    did = case["verification_method"].partition("#")[0]
    context = [*case["document"]["@context"], "https://w3id.org/security/data-integrity/v2"]
    signed = outside(
        "sign_document",
        {"document": case["document"], "did": did}
        | {name: case[name] for name in ("seed", "multikey", "created")},
    )
    # Its signer adds a context of its own to the document; with that the two are not the same bytes.
    assert signed["@context"] == context
    proofs.verify(signed, parse_multikey(case["multikey"]))


def test_sealed_objects(outside: Outside) -> None:
    """O-4 to O-11: hpke-js opens what the vectors say opens, and nothing else of what is cryptography."""
    vectors = load("sealed-objects.json")
    common = {"seed": vectors["seed"], "origin": vectors["origin"]}
    for case in vectors["valid"]:
        answer = outside("open_sealed", common | {"object": case["object"], "commitment": case["commitment"]})
        assert (answer["key"], answer["public"]) == (vectors["key"], vectors["public"])
        assert answer["salt"] == case["salt"]
        assert answer["plaintext_bytes"] == case["plaintext_bytes"]
    for case in vectors["refused"]:
        answer = outside("open_sealed", common | {"object": case["object"], "commitment": case["commitment"]})
        # How DEFLATE streams end and how large they may be is our law, not hpke-js's business.
        assert "error" in answer or case["code"] in {
            "object.stream",
            "object.too-large",
            "object.malformed",
        }, case


def test_requests(outside: Outside) -> None:
    """Q-3, Q-7: npm http-message-signatures accepts and refuses the same signatures."""
    vectors = load("requests.json")
    found = outside("verify_requests", {"public": vectors["public"], "requests": vectors["valid"]})
    assert [answer for answer in found if not answer["verified"]] == []
    broken = [
        case
        for case in vectors["refused"]
        if case["code"] in {"request.signature", "request.digest", "request.unsigned"}
        and "tag" not in case["name"]
    ]
    assert len(broken) >= 7
    found = outside("verify_requests", {"public": vectors["public"], "requests": broken})
    accepted = [case["name"] for case, answer in zip(broken, found, strict=True) if answer["verified"]]
    assert accepted == []


def test_what_node_crypto_derives(outside: Outside) -> None:
    """I-39, L-13, O-2, F-28 and the tree of chapter 05: hashes and signatures by node:crypto alone."""
    trees, leaves, commitments = (load(f"{name}.json") for name in ("trees", "leaves", "commitments"))
    prints, checkpoints = load("fingerprints.json")["cases"], load("checkpoints.json")
    receipts = [case for case in checkpoints["cosignatures"] if case["code"] is None]
    found = outside(
        "derive",
        {
            "scids": [case["scid"] for case in prints],
            "leaves": [case["leaf"] for case in leaves["valid"]],
            "sizes": list(trees["roots"]),
            "commitments": commitments["cases"],
            "notes": [
                {"note": case["note"], "names": [checkpoints["origin"]], "keys": checkpoints["log_keys"]}
                for case in checkpoints["valid"]
            ]
            + [
                {"note": case["note"], "names": [case["witness"]], "keys": case["witness_keys"]}
                for case in receipts
            ],
        },
    )
    assert found["fingerprints"] == [case["fingerprint"] for case in prints]
    assert found["leaf_hashes"] == [case["leaf_hash"] for case in leaves["valid"]]
    assert found["roots"] == trees["roots"]
    assert found["commitments"] == [case["commitment"] for case in commitments["cases"]]
    by_log = found["signers"][: len(checkpoints["valid"])]
    assert all([checkpoints["origin"], 1, None] in signers for signers in by_log), by_log
    times = [max(time for _, _, time in signers) for signers in found["signers"][len(by_log) :]]
    assert times == [case["time"] for case in receipts]
