"""The page's evidence for certificates: what is proven by what is at hand, and what is said not to have been checked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verify.conftest import Core

# Judges a certificate and its endorsement beside a folder; answers with [step, ok, code] by document.
JUDGE = """async (V, value, tools) => {
    const now = V.timeOf("2026-01-01T00:00:00Z");
    const made = await tools.make.newService(value.made ?? {});
    const { host, sender, third } = made;
    const change = (%s);
    const { files, certificate, endorsement, typed = null } = await change(made);
    const parse = (bytes) => { try { return V.parseCertificate(bytes); } catch { return null; } };
    const parsed = [certificate, endorsement].map(parse).filter(Boolean);
    const places = new Map(parsed.filter((one) => !one.endorses).map(({ leaf }) => [leaf.origin.text, new Set([leaf.index])]));
    const audit = await V.auditFolder(tools.make.folderOf(files), { now, schemas: tools.schemas, places, needsFeed: false });
    const context = { identities: audit.identities, now, feeds: audit.feeds, certificates: parsed };
    const told = {};
    for (const [name, bytes] of Object.entries({ certificate, endorsement })) {
        const { steps, document } = await V.certificateEvidence(bytes, context);
        if (document && !document.endorses && typed) steps.push(V.personStep(document, typed));
        told[name] = Object.fromEntries(steps.map((step) => [step.step, step.ok === null ? (step.code ?? "open") : step.ok ? "ok" : step.code]));
    }
    return { ...told, findings: audit.findings.concat(audit.feeds.flatMap((feed) => feed.findings)).map((item) => item.code) };
}"""


def judge(core: Core, change: str = "async (made) => made", **made: Any) -> Any:
    return core(JUDGE % change, {"made": made})


def test_with_everything_at_hand_every_step_is_proven(core: Core) -> None:
    """D-1 to D-25: form, identity, key, signature, no revocation up to a checkpoint, time, leaf; the placement is not here."""
    told = judge(core)
    assert told["findings"] == []
    steps = told["certificate"]
    assert {name for name, state in steps.items() if state != "ok"} == {
        "certificate.no-agency",
        "certificate.no-placement",
        "certificate.no-person",
    }
    assert {"certificate.leaf", "place.root", "place.checkpoint", "certificate.not-revoked"} <= steps.keys()
    assert set(told["endorsement"].values()) == {"ok", "open"}
    assert told["endorsement"]["endorsement.of"] == "ok"


def test_whose_identity_it_is_is_not_proven_by_a_log_that_came_along(core: Core) -> None:
    """D-9: said once the signature holds, for each document; of what nobody signed there is nothing to compare."""
    told = judge(core)
    assert (
        told["certificate"]["certificate.no-agency"] == told["endorsement"]["certificate.no-agency"] == "open"
    )
    forged = judge(
        core,
        """async (made) => { const text = new TextDecoder().decode(made.certificate);
            return { ...made, certificate: new TextEncoder().encode(text.replace('"name":"', '"name":"X')) }; }""",
    )
    assert "certificate.no-agency" not in forged["certificate"]


def test_without_a_public_feed_it_is_not_said_that_nothing_was_revoked(core: Core) -> None:
    """D-25: who has looked nowhere says so; here the sender's public feed is missing, and then the host's too."""
    told = judge(core)
    assert told["endorsement"]["certificate.no-status"] == "open"
    bare = judge(
        core,
        """async (made) => ({ ...made, files: Object.fromEntries(Object.entries(made.files).filter(([path]) => !path.includes("/public/"))) })""",
    )
    assert bare["certificate"]["certificate.no-status"] == "open"
    assert "certificate.not-revoked" not in bare["certificate"]
    assert bare["certificate"]["certificate.signature"] == "ok"


def test_a_feed_with_a_fault_does_not_clear(core: Core) -> None:
    """D-25: a copy from which a record was taken away is no place to have looked in."""
    told = judge(
        core,
        """async (made) => { const files = { ...made.files };
            delete files["feeds/public/1/objects/000.p/2"]; return { ...made, files }; }""",
        statuses=["confirmed"],
    )
    assert told["certificate"]["certificate.no-status"] == "open"
    assert told["findings"] == ["audit.file-missing"]


@pytest.mark.parametrize(("statuses", "is_cleared"), [(["revoked"], False), ([], True)])
def test_a_copy_without_its_records_does_not_clear(
    core: Core, statuses: list[str], *, is_cleared: bool
) -> None:
    """D-25: under `received` there are no objects; a leaf says that there was a word on certificates, and not which."""
    told = judge(
        core,
        """async (made) => ({ ...made, files: Object.fromEntries(Object.entries(made.files)
            .filter(([path]) => !/^feeds\\/public.*(objects|tile\\/[0-9])/.test(path))
            .map(([path, data]) => [path.replace(/^feeds\\/public/, `received/${host.scid}/public`), data])) })""",
        statuses=statuses,
    )
    assert told["findings"] == []
    assert ("certificate.not-revoked" in told["certificate"]) is is_cleared
    assert ("certificate.no-status" in told["certificate"]) is not is_cleared


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["revoked"], "certificate.revoked"),
        (["confirmed"], None),
        (["revoked", "confirmed"], "certificate.revoked"),
    ],
)
def test_a_revocation_in_the_public_feed_is_found(core: Core, statuses: list[str], state: str | None) -> None:
    """D-22, D-24: the record stands in the copy that everybody has."""
    told = judge(core, statuses=statuses)["certificate"]
    assert told.get("certificate.status") == state
    assert ("certificate.not-revoked" in told) is (state is None)


SPOIL = """async (made) => { const files = { ...made.files }; const folder = "feeds/public/1";
    const paths = { bundle: `${folder}/tile/entries/000.p/2`, tile: `${folder}/tile/0/000.p/2`, note: `${folder}/checkpoint` };
    const origin = `passerelle/${host.scid}/public/1`, other = new Uint8Array(32).fill(1);
    const rewrite = async (change) => { const leaves = V.splitBundle(files[paths.bundle], 2).map(change);
        files[paths.bundle] = V.concat(...leaves.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length), leaf]));
        files[paths.tile] = V.concat(...leaves.map(V.leafHash));
        files[paths.note] = await tools.make.checkpoint(host, origin, 2, V.rootOf(leaves.map(V.leafHash))); };
    await (%s)();
    return { ...made, files }; }"""


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (
            "async () => { files[paths.note] = await tools.make.checkpoint(host, origin, 2, other); }",
            "audit.root-mismatch",
        ),
        (
            "async () => { files[`${folder}/receipt`] = await tools.make.checkpoint(host, origin, 2, other); }",
            "fork.two-roots",
        ),
        (
            "() => rewrite((leaf) => V.ascii(new TextDecoder().decode(leaf).replace('certificate-status', 'offer')))",
            "leaf.record-mismatch",
        ),
        ("() => rewrite((leaf, i) => i === 1 ? V.ascii('no leaf') : leaf)", "json.syntax"),
        ("async () => { delete files[paths.tile]; }", "audit.file-missing"),
    ],
)
def test_a_revocation_counts_whatever_is_wrong_around_it(core: Core, spoil: str, code: str) -> None:
    """D-22: a root that is not met, a fork, a leaf that says something else or is none, a lost tile."""
    told = judge(core, SPOIL % spoil, statuses=["revoked"])
    assert told["findings"] == [code]
    assert told["certificate"]["certificate.status"] == "certificate.revoked"


@pytest.mark.parametrize(
    ("spoil", "code", "is_cleared"),
    [
        (
            "async () => { files[paths.note] = await tools.make.checkpoint(host, origin, 2, other); }",
            "audit.root-mismatch",
            False,
        ),
        (
            "async () => { files[`${folder}/receipt`] = await tools.make.checkpoint(host, origin, 2, other); }",
            "fork.two-roots",
            False,
        ),
        ("async () => { delete files[paths.bundle]; }", "audit.file-missing", False),
        ("async () => { delete files[paths.tile]; }", "audit.file-missing", True),
        (
            "async () => { const path = `${folder}/objects/000.p/2`; files[path] = files[path].slice(); files[path][40] ^= 1; }",
            "object.commitment",
            True,
        ),
    ],
)
def test_where_one_has_looked(core: Core, spoil: str, code: str, *, is_cleared: bool) -> None:
    """D-25: where all leaves were read and are the signed ones, and nothing else was signed; other faults do not matter."""
    told = judge(core, SPOIL % spoil, statuses=["confirmed"])
    assert told["findings"] == [code]
    assert ("certificate.not-revoked" in told["certificate"]) is is_cleared
    assert ("certificate.no-status" in told["certificate"]) is not is_cleared


COSIGNED = """async (made) => { const origin = `passerelle/${host.scid}/to/${sender.scid}/1`, name = V.witnessName(sender.scid), folder = `feeds/to/${sender.scid}/1`;
    const whole = V.splitTile(made.files[`${folder}/tile/0/000.p/3`], 3), time = 1750000000;
    const root = value.size === 3 ? V.rootOf(whole) : new Uint8Array(32);
    const note = await tools.make.checkpoint(host, origin, value.size, root), text = V.parseNote(note).text;
    const signature = await sender.keys.witness.sign(V.ascii(`cosignature/v1\\ntime ${time}\\n${text}`));
    const blob = V.concat(V.unhex(V.keyId(name, 4, sender.keys.witness.raw)), Uint8Array.of(0, 0, 0, 0), V.unhex(time.toString(16).padStart(8, "0")), signature);
    const files = { ...made.files, [`${folder}/receipt`]: V.concat(note, V.ascii(`\\u2014 ${name} ${V.base64(blob)}\\n`)) };
    return { ...made, files }; }"""


@pytest.mark.parametrize(("size", "is_shown"), [(3, True), (5, False)])
def test_a_receipt_of_more_than_a_copy_shows_is_none_of_its_leaves(
    core: Core, size: int, *, is_shown: bool
) -> None:
    """F-23 to F-28: a cosignature of a larger tree says nothing of a leaf of this one, which it may not begin with."""
    told = core(JUDGE % COSIGNED, {"made": {}, "size": size})
    assert told["findings"] == ([] if is_shown else ["audit.checkpoint-behind"])
    assert ("place.receipt" in told["certificate"]) is is_shown


def test_another_leaf_at_that_index_refuses(core: Core) -> None:
    """D-16: the tree that the host signed holds something else there."""
    told = judge(core, leaf="d1" * 32)
    assert told["findings"] == []
    assert told["certificate"]["certificate.leaf"] == "certificate.leaf-mismatch"


def test_a_feed_that_does_not_reach_the_leaf_says_nothing(core: Core) -> None:
    """D-16: not at hand is not false."""
    told = judge(
        core,
        """async (made) => ({ ...made, certificate: await tools.make.newCertificate(host,
            `passerelle/${host.scid}/to/${sender.scid}/1`, 9, "c1".repeat(32), made.person) })""",
    )
    assert told["certificate"]["certificate.no-feed"] == "open"


def test_an_endorsement_of_another_certificate_does_not_concern_this_one(core: Core) -> None:
    """D-18: it is good of what it names, which is not at hand; of one name with another text it is refused."""
    told = judge(
        core,
        """async (made) => ({ ...made, certificate: await tools.make.newCertificate(host,
            `passerelle/${host.scid}/to/${sender.scid}/1`, 2, "c1".repeat(32), made.person) })""",
    )
    assert told["endorsement"]["endorsement.another"] == "open"
    assert "endorsement.of" not in told["endorsement"]
    told = judge(
        core,
        """async (made) => ({ ...made, endorsement: await tools.make.newEndorsement(sender,
            new TextEncoder().encode(JSON.stringify({ ...JSON.parse(new TextDecoder().decode(made.certificate)),
                validUntil: "2039-01-01T00:00:00Z" }))) })""",
    )
    assert told["endorsement"]["endorsement.of"] == "certificate.endorses-another"


def test_a_third_agency_can_neither_certify_nor_endorse(core: Core) -> None:
    """D-15, D-19: whoever had no part in the placement, however good its signature."""
    told = judge(
        core,
        """async (made) => ({ ...made, endorsement: await tools.make.newEndorsement(third, made.certificate),
            files: { ...made.files, [`mirrors/${third.scid}/did.jsonl`]: third.log } })""",
    )
    assert told["endorsement"]["endorsement.of"] == "certificate.not-a-party"
    assert told["endorsement"]["certificate.signature"] == "ok"
    told = judge(
        core,
        """async (made) => ({ ...made, certificate: await tools.make.newCertificate(third,
            `passerelle/${host.scid}/to/${sender.scid}/1`, 2, "c1".repeat(32), made.person) })""",
    )
    assert told["certificate"] == {"certificate.form": "certificate.not-a-party"}


def test_without_its_agencys_log_nothing_is_proven(core: Core) -> None:
    """Chapter 24, order of checks: the identity log is what everything rests on."""
    told = judge(core, "async (made) => ({ ...made, files: {} })")
    assert told["certificate"]["certificate.identity"] == "identity.unknown"
    assert "certificate.signature" not in told["certificate"]


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ({"name": "Kossi AGBÉKO", "born": "1985", "salt": "5a5a " * 8}, "ok"),
        ({"name": "Kossi Agbeko", "born": "1986", "salt": "5a" * 16}, "certificate.person-mismatch"),
        ({"name": "Kossi Agbeko", "born": "", "salt": "5a" * 16}, "certificate.person-unreadable"),
    ],
)
def test_who_it_is_about(core: Core, typed: dict[str, str], state: str) -> None:
    """D-13, D-14: what somebody types is compared, and what cannot be compared is not called false."""
    told = core(JUDGE % "async (made) => ({ ...made, typed: value.typed })", {"typed": typed})["certificate"]
    assert told["certificate.person"] == state


def test_an_expired_certificate_is_not_false(core: Core) -> None:
    """D-21: genuine and past; its signature is shown as what it is."""
    told = judge(core, changes={"validUntil": "2025-12-31T00:00:00Z"})["certificate"]
    assert told["certificate.time"] == "certificate.expired"
    assert told["certificate.signature"] == "ok"
