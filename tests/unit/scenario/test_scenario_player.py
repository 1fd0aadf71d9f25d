"""Playing a scenario on a stage in memory: what is asked of whom, and what counts as a finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from passerelle.errors import InputError, TransportError
from passerelle.protocol.profile import Json
from passerelle.scenario.play import Entry, Play, build
from passerelle.scenario.player import Outcome, play
from passerelle.scenario.source import parse_source

HEAD = """\
scenario: 1
title: {en: A test}
asOf: 2018-12-31
agencies:
  anvt: {code: TG-ANVT, country: TG, names: {fr: A}, domain: anvt.example}
  cnpv: {code: ML-CNPV, country: ML, names: {fr: C}, domain: cnpv.example}
  fv: {code: FR-FV, country: FR, names: {fr: F}, domain: fv.example}
defaults: {body: {synthetic: true, lang: fr}}
"""
FIGURES: dict[str, Json] = {
    "directions": [
        {"from": "scid-anvt", "to": "scid-cnpv", "quota": 4, "realised": 4, "fulfilment": "1.000"},
        {"from": "scid-cnpv", "to": "scid-anvt", "quota": 2, "realised": 2, "fulfilment": "1.000"},
    ],
    "balance": {"scid-anvt": 2, "scid-cnpv": -2},
    "index": "0.500",
}
EXPECTED = """\
  - at: [anvt, cnpv]
    pair: [anvt, cnpv]
    figures:
      directions:
        - {from: anvt, to: cnpv, quota: 4, realised: 4, fulfilment: "1.000"}
        - {from: cnpv, to: anvt, quota: 2, realised: 2, fulfilment: "1.000"}
      balance: {anvt: 2, cnpv: -2}
      index: "0.500"
"""


class MemoryStage:
    """Answers as desks do, from what a test puts into it, and writes down what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.moves: list[tuple[str, ...]] = []
        self.refuse: dict[str, InputError] = {}
        self.figures: dict[str, dict[str, Json]] = {"anvt": FIGURES, "cnpv": FIGURES, "fv": {}}
        self.shown: dict[tuple[str, str], dict[str, Json]] = {}
        self.made = 0

    async def call(self, agency: str, method: str, **arguments: Json) -> Json:
        self.asked.append((agency, method, arguments))
        if method in self.refuse:
            raise self.refuse[method]
        if method == "status":
            own: dict[str, Json] = {"scid": f"scid-{agency}", "did": f"did-{agency}"}
            return {**own, "code": agency, "country": agency[:2].upper(), "records_by_type": {"offer": 3}}
        if method == "statement":
            return {"figures": self.figures[agency]}
        if method == "board":
            return {"agreements": [], "placements": [], "offers": [{"id": "id-1", "state": "open"}]}
        if method == "records_show":
            key = (agency, str(arguments["name"]))
            if key not in self.shown:
                raise InputError("record.unknown", id=key[1])
            return self.shown[key]
        self.made += 1
        receipt: dict[str, Json] = {"id": f"id-{self.made}", "digest": f"digest-{self.made}", "version": 1}
        return [receipt] if method == "publish" else receipt

    async def cut(self, first: str, second: str) -> None:
        self.moves.append(("cut", first, second))

    async def restore(self, first: str, second: str) -> None:
        self.moves.append(("restore", first, second))

    async def start(self, agency: str) -> None:
        self.moves.append(("start", agency))

    async def stop(self, agency: str) -> None:
        self.moves.append(("stop", agency))

    async def kill(self, agency: str) -> None:
        self.moves.append(("kill", agency))

    async def catch_up(self, agencies: Sequence[str]) -> None:
        self.moves.append(("sync", *agencies))


def written(steps: str, expect: str = "") -> Play:
    tail = f"expect:\n{expect}" if expect else ""
    return build(parse_source(HEAD + "steps:\n" + steps + tail, name="test.yaml"))


async def played(stage: MemoryStage, steps: str, expect: str = "") -> Outcome:
    return await play(written(steps, expect), stage, watch=lambda _entry: None)


OFFER = "  - {at: cnpv, publish: {type: offer, body: {title: {fr: Club}, host: '${cnpv}'}}, as: offer}\n"


async def test_a_body_gets_the_defaults_and_its_names() -> None:
    stage = MemoryStage()
    await played(stage, OFFER)
    assert stage.asked[-1] == (
        "cnpv",
        "publish",
        {
            "items": [
                {
                    "type": "offer",
                    "to": "public",
                    "body": {
                        "synthetic": True,
                        "lang": "fr",
                        "title": {"fr": "Club"},
                        "host": {"agency": "scid-cnpv", "country": "CN"},
                    },
                }
            ],
            "unchecked": False,
        },
    )


async def test_a_bilateral_record_is_addressed_by_scid_and_a_version_names_the_one_before() -> None:
    stage = MemoryStage()
    await played(
        stage,
        "  - {at: anvt, publish: {type: agreement, to: cnpv, body: {}}, as: agreement}\n"
        "  - {at: anvt, publish: {type: agreement, to: [cnpv, fv], body: {a: '${agreement}'}, previous: '${agreement}'}}\n",
    )
    first, second = (asked[2]["items"][0] for asked in stage.asked[-2:])
    assert first["to"] == ["scid-cnpv"]
    assert second["to"] == ["scid-cnpv", "scid-fv"]
    assert second["id"] == "id-1"
    assert second["body"]["a"] == {"id": "id-1", "digest": "digest-1"}


async def test_nominations_and_decisions_name_exact_versions() -> None:
    stage = MemoryStage()
    await played(
        stage,
        OFFER
        + "  - {at: anvt, publish: {type: dossier, to: cnpv, body: {}}, as: card}\n"
        + "  - {at: anvt, publish: {type: agreement, to: cnpv, body: {}}, as: agreement}\n"
        + "  - {at: anvt, nominate: {offer: '${offer}', dossier: '${card}', agreement: '${agreement}',"
        + " nominatedOn: 2017-04-03}, unchecked: true, as: n}\n"
        + "  - {at: cnpv, decide: {about: '${n}', outcome: accept, effective: 2017-05}}\n",
    )
    assert [asked[1:] for asked in stage.asked[-2:]] == [
        (
            "nominate",
            {"offer": "digest-1", "dossier": "digest-2", "agreement": "digest-3", "nominated_on": "2017-04-03", "unchecked": True},
        ),
        ("decide", {"about": "digest-4", "outcome": "accept", "effective": "2017-05", "function": "exchange-desk"}),
    ]  # fmt: skip


async def test_links_nodes_and_waiting() -> None:
    stage = MemoryStage()
    await played(
        stage,
        "  - {cut: [anvt, cnpv]}\n  - {kill: cnpv}\n  - {start: cnpv}\n  - {stop: fv}\n"
        "  - {restore: [anvt, cnpv]}\n  - {sync: [anvt, cnpv]}\n  - {sync: all}\n  - {say: {fr: Bonjour}}\n",
    )
    assert stage.moves == [
        ("cut", "anvt", "cnpv"),
        ("kill", "cnpv"),
        ("start", "cnpv"),
        ("stop", "fv"),
        ("restore", "anvt", "cnpv"),
        ("sync", "anvt", "cnpv"),
        ("sync", "anvt", "cnpv", "fv"),
    ]


async def test_every_entry_is_announced_before_it_is_played() -> None:
    stage, seen = MemoryStage(), list[tuple[str, int]]()

    def watch(entry: Entry) -> None:
        seen.append((entry.verb, stage.made))

    await play(written(OFFER + "  - {sync: all}\n"), stage, watch=watch)
    assert seen == [("publish", 0), ("sync", 1)]


async def test_right_figures_are_right_at_every_node() -> None:
    outcome = await played(MemoryStage(), OFFER, EXPECTED)
    assert outcome.ok
    assert len(outcome.findings) == 2 * 9


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("quota: 4", "quota: 5"),
        ("quota: 2", "quota: 1"),
        ("realised: 4", "realised: 3"),
        ("realised: 2", "realised: 3"),
        ('quota: 4, realised: 4, fulfilment: "1.000"', 'quota: 4, realised: 4, fulfilment: "1.001"'),
        ("anvt: 2,", "anvt: 3,"),
        ("cnpv: -2", "cnpv: 2"),
        ('index: "0.500"', 'index: "0.501"'),
    ],
)
async def test_one_wrong_figure_is_found_at_both_nodes(old: str, new: str) -> None:
    assert old in EXPECTED
    outcome = await played(MemoryStage(), OFFER, EXPECTED.replace(old, new, 1))
    wrong = [finding for finding in outcome.findings if not finding.ok]
    assert not outcome.ok
    assert [finding.agency for finding in wrong] == ["anvt", "cnpv"]


async def test_a_figure_that_a_node_does_not_give_is_wrong() -> None:
    stage = MemoryStage()
    stage.figures["cnpv"] = {"directions": [], "balance": {}}
    outcome = await played(stage, OFFER, EXPECTED)
    assert {finding.found for finding in outcome.findings if not finding.ok} == {"absent"}
    assert len([finding for finding in outcome.findings if not finding.ok]) == 9


async def test_figures_that_differ_in_a_member_nobody_expected_are_not_identical() -> None:
    stage = MemoryStage()
    stage.figures["cnpv"] = {**FIGURES, "personMonths": {}}
    outcome = await played(stage, OFFER, "  - {at: [anvt, cnpv], identical: [anvt, cnpv]}\n")
    assert [(finding.agency, finding.ok) for finding in outcome.findings] == [("anvt", True), ("cnpv", False)]


async def test_who_is_not_a_party_has_no_statement_of_the_pair() -> None:
    with pytest.raises(InputError, match=r"scenario\.not-a-party"):
        await played(MemoryStage(), OFFER, EXPECTED.replace("[anvt, cnpv]\n    pair", "[fv]\n    pair"))


REFUSED = (
    "  - {at: cnpv, publish: {type: offer, body: {}}, refused: {code: quota.reached, params: {quota: 4}}}\n"
)


@pytest.mark.parametrize(
    ("refusal", "ok"),
    [
        (InputError("quota.reached", quota=4, count=4), True),
        (InputError("quota.reached", quota=3, count=4), False),
        (InputError("quota.reached"), False),
        (InputError("direction.closed", quota=4), False),
        (None, False),
    ],
)
async def test_an_expected_refusal_is_this_very_refusal(refusal: InputError | None, ok: bool) -> None:
    stage = MemoryStage()
    if refusal:
        stage.refuse["publish"] = refusal
    outcome = await played(stage, REFUSED + "  - {sync: all}\n")
    assert outcome.ok is ok
    assert (stage.moves != []) is ok, "after an act that failed nothing more is played"


async def test_an_unexpected_refusal_ends_the_play() -> None:
    stage = MemoryStage()
    stage.refuse["publish"] = InputError("schema.violation", path="/body")
    outcome = await played(stage, OFFER + "  - {sync: all}\n", EXPECTED)
    assert [(finding.expected, finding.found) for finding in outcome.findings] == [
        ("accepted", "schema.violation (path=/body)")
    ]
    assert outcome.played == 0
    assert stage.moves == []


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        ({"verdict": "blocked", "code": "quota.reached", "params": {"quota": 4, "count": 4}}, None),
        ({"verdict": "blocked", "code": "quota.reached", "params": {"quota": 5}}, "quota.reached (quota=5)"),
        ({"verdict": "blocked", "code": "direction.closed", "params": {}}, "direction.closed (quota=None)"),
        ({"verdict": "accepted"}, "accepted"),
        (None, "record.unknown"),
    ],
)
async def test_blocked_means_held_and_blocked_for_this_reason(
    verdict: dict[str, Json] | None, found: str | None
) -> None:
    stage = MemoryStage()
    if verdict:
        stage.shown["anvt", "id-1"] = verdict
    outcome = await played(
        stage, OFFER, "  - {at: [anvt], blocked: '${offer}', code: quota.reached, params: {quota: 4}}\n"
    )
    assert outcome.findings[0].found == (found or "quota.reached (quota=4)")
    assert outcome.ok is (found is None)


async def test_states_and_numbers_held() -> None:
    stage = MemoryStage()
    expect = "  - {at: [anvt], stateOf: '${offer}', is: %s}\n  - {at: [anvt], holds: {offer: %d}}\n"
    assert (await played(stage, OFFER, expect % ("open", 3))).ok
    stage.made = 0
    assert [finding.ok for finding in (await played(stage, OFFER, expect % ("closed", 2))).findings] == [
        False,
        False,
    ]


async def test_unreadable_counts_what_can_be_read() -> None:
    """Bilateral records count whether a step named them or not; what is public does not."""
    steps = (
        OFFER
        + "  - {at: anvt, publish: {type: dossier, to: cnpv, body: {}}, as: card}\n"
        + "  - {at: anvt, decide: {about: '${card}', outcome: withdraw, effective: '2018'}}\n"
    )
    expect = "  - {at: [fv], unreadable: bilateral}\n  - {at: [fv], unreadable: ['${card}']}\n"
    outcome = await played(MemoryStage(), steps, expect)
    assert outcome.ok
    assert [finding.subject[0] for finding in outcome.findings] == ["2", "1"]
    stage = MemoryStage()
    stage.shown["fv", "id-3"] = {}
    outcome = await played(stage, steps, expect)
    assert [finding.found for finding in outcome.findings] == [1, 0]


async def test_a_play_without_a_finding_shows_nothing() -> None:
    assert not (await played(MemoryStage(), OFFER)).ok


async def test_what_the_stage_cannot_do_is_no_finding() -> None:
    class Broken(MemoryStage):
        async def catch_up(self, agencies: Sequence[str]) -> None:
            raise TransportError("scenario.not-caught-up", agencies=list(agencies))

    with pytest.raises(TransportError):
        await played(Broken(), OFFER + "  - {sync: all}\n")


async def test_true_is_not_one() -> None:
    stage = MemoryStage()
    stage.figures["anvt"] = {**FIGURES, "balance": {"scid-anvt": True, "scid-cnpv": -2}}
    outcome = await played(stage, OFFER, EXPECTED.replace("anvt: 2,", "anvt: 1,"))
    assert ("anvt · balance", False) in [(finding.subject, finding.ok) for finding in outcome.findings]
