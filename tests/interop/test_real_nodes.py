"""What a real node keeps and sends, from `init` to the wire, is read by programs of others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from tests.interop.real_nodes import Told, exchange
from tests.unit.desk.story import Pair
from tests.unit.desk.test_desk_certificates import over
from tests.unit.federation.world import MALI, TOGO, agencies, homes_once, introduce

Outside = Callable[[str, object], Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Two fresh homes that have exchanged a public offer and a sealed dossier."""
    return asyncio.run(exchange(tmp_path_factory.mktemp("homes")))


def _verified(outside: Outside, told: Told, records: list[bytes]) -> list[bool]:
    question = {"logs": [told.log.decode()], "records": [data.decode() for data in records]}
    return [answer["verified"] for answer in outside("verify_records", question)]


def test_a_new_homes_first_records_verify_elsewhere(told: Told, outside: Outside) -> None:
    """I-9, R-13, R-15, R-36: didwebvh-ts resolves the log at each `issued`, Digital Bazaar verifies the record under it."""
    assert [json.loads(data)["type"] for data in told.public] == ["agency", "node", "offer"]
    assert _verified(outside, told, told.public) == [True] * 3


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """Identity logs of two agencies, and the certificate and the endorsement that their nodes signed."""
    homes, folder = homes_once(tmp_path_factory), tmp_path_factory.mktemp("certified")

    async def make() -> tuple[list[str], list[str]]:
        async with agencies({code: homes[code] for code in (TOGO, MALI)}, folder) as found:
            togo, mali = found[TOGO], found[MALI]
            await introduce(togo, mali)
            placement = await over(Pair(togo, mali))
            lines = {"narrative": "Club de lecture\nCatalogue : « ɔ ŋ »"}
            certificate: Any = await mali.node.desk.certificate_issue(
                placement["id"], "ab" * 32, language="fr", **lines
            )
            text = json.dumps(certificate["document"], ensure_ascii=False)
            endorsement: Any = await togo.node.desk.certificate_endorse(text, language="en")
            logs = [here.node.directory.own.log.decode() for here in (togo, mali)]
            return logs, [text, json.dumps(endorsement["document"], indent=1)]

    return asyncio.run(make())


def test_certificates_that_nodes_signed_verify_elsewhere(
    certified: tuple[list[str], list[str]], outside: Outside
) -> None:
    """D-6 to D-11: Digital Bazaar verifies both, laid out anew, under the agencies' logs; and neither once a text is changed."""
    logs, documents = certified
    changed = []
    for text in documents:
        value = json.loads(text)
        changed += [{**value, "name": "Diplôme"}, {**value, "issuer": {**value["issuer"], "name": "Autre"}}]
    subject = json.loads(documents[0])
    subject["credentialSubject"]["narrative"] = "Club de lecture Catalogue : « ɔ ŋ »"
    asked = [*documents, *(json.dumps(value) for value in (*changed, subject))]
    answers = outside("verify_records", {"logs": logs, "records": asked})
    assert [answer["verified"] for answer in answers] == [True] * 2 + [False] * 5, answers


def test_what_was_changed_on_the_way_does_not(told: Told, outside: Outside) -> None:
    """R-13: one value of each changed, and the time before the identity began."""
    agency, node, offer = (json.loads(data) for data in told.public)
    agency["body"]["code"] = "TG-FAUX"
    node["body"]["addresses"] = ["https://evil.example"]
    offer["body"]["places"] += 1
    early = json.loads(told.public[2])
    early["issued"] = early["proof"]["created"] = "2024-01-01T00:00:00Z"
    changed = [json.dumps(record).encode() for record in (agency, node, offer, early)]
    assert _verified(outside, told, changed) == [False] * 4


def test_the_log_names_what_the_node_signs_with(told: Told, outside: Outside) -> None:
    """I-24 to I-27: resolved by didwebvh-ts, the document has the request key that signed, and all of `passerelle`."""
    (found,) = outside("resolve_logs", [{"log": told.log.decode(), "times": []}])
    document = found["document"]
    assert set(document["passerelle"]) == {"log", "sealing", "successors", "witness"}
    assert len(document["passerelle"]["sealing"]) == len(told.sealing_seeds)
    assert json.loads(told.public[1])["issuer"] == found["did"]


def test_a_sealed_object_of_a_real_feed_opens_elsewhere(told: Told, outside: Outside) -> None:
    """O-2, O-4, O-5: hpke-js opens it with one of the partner's seeds, to a record that the leaf commits to."""
    leaf = json.loads(told.leaf)
    assert leaf.keys() == {"commitment", "kind"}
    question = {"object": told.object.hex(), "commitment": leaf["commitment"], "origin": told.origin}
    answers = [outside("open_sealed", {**question, "seed": seed}) for seed in told.sealing_seeds]
    opened = [
        (seed, answer)
        for seed, answer in zip(told.sealing_seeds, answers, strict=True)
        if "error" not in answer
    ]
    assert len(opened) == 1, answers
    seed, answer = opened[0]
    assert sha256(answer["record"].encode()).hexdigest() == told.digest
    assert _verified(outside, told, [answer["record"].encode()]) == [True]
    for change in ({"commitment": "0" * 64}, {"origin": told.origin[:-1] + "2"}):
        assert "error" in outside("open_sealed", {**question, "seed": seed, **change})


def test_signed_requests_of_a_real_node_verify_elsewhere(told: Told, outside: Outside) -> None:
    """Q-2 to Q-7: every GET and POST that Mali's node sent; none of them for another path, method, body or key."""
    assert {request["method"] for request in told.requests} == {"GET", "POST"}
    question = {"public": told.request_key.hex(), "requests": told.requests}
    answers = outside("verify_requests", question)
    assert [answer["verified"] for answer in answers] == [True] * len(told.requests), answers
    posted = next(request for request in told.requests if request["method"] == "POST")
    assert json.loads(bytes.fromhex(posted["body"])).keys() == {"origin", "size"}
    wrong = [
        {**posted, "target_uri": posted["target_uri"].replace("anvt", "evil")},
        {**posted, "method": "PUT"},
        {**posted, "body": b"{}".hex()},
        {**told.requests[0], "target_uri": told.requests[0]["target_uri"] + "0"},
    ]
    answers = outside("verify_requests", {**question, "requests": wrong})
    assert [answer["verified"] for answer in answers] == [False] * 4
    answers = outside("verify_requests", {**question, "public": bytes(32).hex()})
    assert not any(answer["verified"] for answer in answers)
