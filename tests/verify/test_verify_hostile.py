"""What somebody drops on the page to stop it or to have it claim too much: a code, within seconds."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest

from tests.verify.conftest import Core

FEEDS = Path(__file__).resolve().parent.parent.parent / "spec" / "vectors" / "feeds"

# What a case is: it gives back a code, or what else there is to say; the time it took is taken around it.
TIMED = """async (V, value, tools) => {
    const code = async (work) => { try { return await work(); } catch (fault) {
        if (fault instanceof V.Refusal) return fault.code; throw fault; } };
    const now = V.timeOf("2026-01-01T00:00:00Z");
    const prepared = await (%s)();
    const from = process.cpuUsage();
    const answer = await (%s)(prepared);
    const { user, system } = process.cpuUsage(from);
    return { answer, seconds: (user + system) / 1e6 };
}"""

AUDIT = """async (files) => { const audit = await V.auditFolder(tools.make.folderOf(files), { now, schemas: tools.schemas });
    return { codes: [...new Set([...audit.findings, ...audit.feeds.flatMap((f) => f.findings)].map((f) => f.code))].sort(),
        findings: audit.feeds.reduce((sum, f) => sum + f.findings.length, 0) }; }"""

CASES = {
    "a checkpoint of 2^53 - 1 leaves over no file": (
        """async () => { const a = await tools.make.newAgency("togo.example"); const files = await tools.make.newFeed(a, []);
            files["feeds/public/1/checkpoint"] = await tools.make.checkpoint(a, `passerelle/${a.scid}/public/1`, Number.MAX_SAFE_INTEGER, new Uint8Array(32));
            return files; }""",
        AUDIT,
        {"codes": ["audit.file-missing", "audit.tree-incomplete"], "findings": 33},
    ),
    "a thousand copies of one feed": (
        """async () => { const a = await tools.make.newAgency("togo.example"); const feed = await tools.make.newFeed(a, [await tools.make.newRecord(a)]);
            const files = {}; for (let i = 0; i < 1001; i++) for (const path of Object.keys(feed)) files[`${i}/${path}`] = feed[path]; return files; }""",
        AUDIT,
        {"codes": ["stopped"], "findings": 0},
    ),
    "a fork behind more than a thousand leaves that are none": (
        """async () => { const a = await tools.make.newAgency("togo.example"); const origin = `passerelle/${a.scid}/public/1`, folder = "feeds/public/1";
            const files = { ".well-known/did.jsonl": a.log }, leaf = V.ascii("x"), hashes = Array(1024).fill(V.leafHash(leaf));
            for (let n = 0; n < 4; n++) files[`${folder}/${V.bundlePath(n, 256)}`] = V.concat(...Array(256).fill(Uint8Array.of(0, 1, 0x78)));
            files[`${folder}/checkpoint`] = await tools.make.checkpoint(a, origin, 1024, V.rootOf(hashes));
            files[`${folder}/checkpoints/003`] = await tools.make.checkpoint(a, origin, 3, new Uint8Array(32));
            return files; }""",
        AUDIT,
        {"codes": ["audit.file-missing", "fork.inconsistent", "json.syntax"], "findings": 1000},
    ),
    "a folder whose identity log is a mebibyte and a byte": (
        """async () => { const a = await tools.make.newAgency("togo.example"); const files = await tools.make.newFeed(a, []);
            files[".well-known/did.jsonl"] = new Uint8Array(1048577).fill(10); return files; }""",
        AUDIT,
        {"codes": ["audit.file-too-large"], "findings": 1},
    ),
    "ten thousand and one earlier checkpoints": (
        """async () => { const a = await tools.make.newAgency("togo.example"); const files = await tools.make.newFeed(a, []);
            for (let n = 0; n < 10001; n++) files[`feeds/public/1/checkpoints/x${String(n).padStart(3, "0")}`] = new Uint8Array(0);
            return files; }""",
        AUDIT,
        {"codes": ["stopped", "tile.path"], "findings": 1000},
    ),
    "an object file of 257 objects": (
        """async () => { const a = await tools.make.newAgency("togo.example"); const files = await tools.make.newFeed(a, [await tools.make.newRecord(a)]);
            files["feeds/public/1/objects/000.p/1"] = new Uint8Array(4 * 257); return files; }""",
        AUDIT,
        {"codes": ["tile.malformed"], "findings": 1},
    ),
    "an identity log of a million empty lines": (
        "async () => new Uint8Array(1048576).fill(10)",
        "(log) => code(() => V.verifyIdentity(log, now))",
        "identity.too-many",
    ),
    "an identity log that is too large": (
        "async () => new Uint8Array(1048577).fill(10)",
        "(log) => code(() => V.verifyIdentity(log, now))",
        "identity.too-large",
    ),
    "an entry of two thousand update keys": (
        """async () => { const keys = []; for (let i = 0; i < 2000; i++) keys.push((await tools.make.newKey()).multikey);
            return (await tools.make.newAgency("togo.example", (entry) => { entry.parameters.updateKeys.push(...keys); return entry; })).log; }""",
        "(log) => code(() => V.verifyIdentity(log, now))",
        "identity.too-many",
    ),
    "a quarter of a mebibyte of brackets": (
        "async () => new Uint8Array(262144).fill(0x5b)",
        "(bytes) => code(() => V.parseRecord(bytes))",
        "json.too-deep",
    ),
    "a record of one string of backslashes": (
        """async () => V.ascii('"' + "\\\\\\\\".repeat(131071) + '"')""",
        "(bytes) => code(() => V.parseRecord(bytes))",
        "record.malformed",
    ),
    "a stream that inflates without end": (
        "async () => new Uint8Array(tools.zlib.deflateRawSync(new Uint8Array(200000000), { level: 9 }))",
        "(stream) => code(() => V.inflate(stream, V.LIMITS.record))",
        "object.too-large",
    ),
    "a stream of stored blocks of nothing": (
        "async () => { const blocks = new Uint8Array(524288); for (let i = 0; i + 5 < blocks.length; i += 5) blocks.set([0, 0, 0, 255, 255], i); return blocks; }",
        "(stream) => code(() => V.inflate(stream, V.LIMITS.record))",
        "object.stream",
    ),
    "texts that are made for slow patterns": (
        """async () => ["a", "a-", "a.", "-", "0", "~", "XX", "2017-", "Qm", "did:webvh:", ".a", "%3A1", ":a"].flatMap((unit) => [2000, 20000].map((n) => unit.repeat(n).slice(0, 20000) + "!"))""",
        "(texts) => { for (const pattern of tools.schemas.patterns.values()) for (const text of texts) pattern.test(text); return tools.schemas.patterns.size > 20; }",
        True,
    ),
    "a note of the longest lines": (
        """async () => { const key = await tools.make.newKey(); return { key, note: V.ascii("passerelle\\n\\n" + ("\u2014 a " + "A".repeat(2000) + "=\\n").repeat(60)) }; }""",
        "({ key, note }) => code(() => V.verifyCheckpoint(note, 'passerelle', [key.raw]))",
        "note.malformed",
    ),
    "base58 of a hundred thousand digits": (
        "async () => '2'.repeat(100000)",
        "(text) => code(() => V.parseMultikey('z' + text))",
        "key.malformed",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_hostile_input_ends_with_a_code_and_soon(core: Core, name: str) -> None:
    """Each limit of chapter 10 holds, and no input of its size keeps the page busy for more than ten seconds."""
    prepare, work, wanted = CASES[name]
    told = core(TIMED % (prepare, work), None)
    assert told["answer"] == wanted
    assert told["seconds"] < 10


SIGNATURES = """async (V) => {
    const L = (1n << 252n) + 27742317777372353535851937790883648493n;
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const message = V.ascii("message");
    const good = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
    const s = BigInt("0x" + V.hex(good.slice(32).reverse())) + L;
    const larger = V.concat(good.slice(0, 32), V.unhex(s.toString(16).padStart(64, "0")).reverse());
    const other = good.slice(); other[0] ^= 1;
    const found = {};
    for (const [name, verify] of [["native", V.verifySignature], ["script", V.verifyInScript]])
        found[name] = [await verify(key, good, message), await verify(key, other, message), await verify(key, good, V.ascii("massage"))];
    return { ...found, larger: [await V.verifySignature(key, larger, message), V.verifyInScript(key, larger, message)],
        short: [await V.verifySignature(key, good.slice(1), message), V.verifyInScript(key, good.slice(1), message)] };
}"""


def test_signatures_hold_alike_with_and_without_the_browsers_own_ed25519(core: Core) -> None:
    """S must be below the group order, and the page's own equation says what WebCrypto says."""
    told = core(SIGNATURES, None)
    assert told == {
        "native": [True, False, False],
        "script": [True, False, False],
        "larger": [False, False],
        "short": [False, False],
    }


def zipped(files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()


def folder(name: str) -> dict[str, bytes]:
    root = FEEDS / name
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


BUNDLE = """async (V, zip, { schemas }) => { const bytes = Uint8Array.from(atob(zip), (c) => c.charCodeAt(0));
    try { const files = V.openBundle(bytes); const audit = await V.auditFolder(files, { now: V.timeOf("2026-01-01T00:00:00Z"), schemas });
        return [audit.ok, audit.feeds.map((feed) => feed.records), [...new Set([...audit.findings, ...audit.feeds.flatMap((f) => f.findings)].map((f) => f.code))]]; }
    catch (fault) { if (fault instanceof V.Refusal) return fault.code; throw fault; } }"""


def bundle(core: Core, content: bytes) -> object:
    return core(BUNDLE, base64.b64encode(content).decode())


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_bundle_says_what_its_folder_says(core: Core, how: int) -> None:
    """The same relative paths name the same bytes in a folder and in a bundle (chapter 07)."""
    assert bundle(core, zipped(folder("good"), how)) == [True, [300], []]
    assert bundle(core, zipped(folder("tampered-record"), how)) == [False, [11], ["object.commitment"]]


def test_bundles_that_are_none(core: Core) -> None:
    """A zip that lies about its files, leaves the folder, or is packed otherwise is refused with a code."""
    good = folder("empty")
    whole = zipped(good)
    assert (
        bundle(core, zipped({"../" + path: content for path, content in good.items()})) == "bundle.malformed"
    )
    assert bundle(core, zipped({"/" + path: content for path, content in good.items()})) == "bundle.malformed"
    assert bundle(core, zipped(good, zipfile.ZIP_BZIP2)) == "bundle.malformed"
    assert bundle(core, whole[:-30]) == "bundle.malformed"
    assert bundle(core, b"PK\x03\x04" + bytes(100)) == "bundle.malformed"
    assert bundle(core, whole + bytes(70000)) == "bundle.malformed"


def test_entries_that_overlap_are_refused(core: Core) -> None:
    """A file that takes in the next one's header would be two files in one place (B-2)."""
    files = folder("tampered-record")
    whole = bytearray(zipped(files, zipfile.ZIP_STORED))
    at = whole.index(b"PK\x01\x02")
    size = int.from_bytes(whole[at + 20 : at + 24], "little") + 40
    whole[at + 20 : at + 28] = size.to_bytes(4, "little") * 2
    assert bundle(core, bytes(whole)) == "bundle.malformed"


def test_a_damaged_entry_of_a_bundle_is_named(core: Core) -> None:
    """A byte that is not the one packed does not pass for the file."""
    files = folder("tampered-record")
    whole = bytearray(zipped(files, zipfile.ZIP_STORED))
    checkpoint = files["feeds/public/1/checkpoint"]
    at = whole.index(checkpoint)
    whole[at] ^= 1
    told = bundle(core, bytes(whole))
    assert isinstance(told, list)
    assert told[0] is False
    assert "audit.file-unreadable" in told[2]


def test_a_bomb_in_a_bundle_is_not_unpacked(core: Core) -> None:
    """A checkpoint of 300 MB is refused by its size, before a byte of it is unpacked."""
    files = folder("empty") | {"feeds/public/1/checkpoint": bytes(300_000_000)}
    assert bundle(core, zipped(files)) == "bundle.too-large"


LARGE = """async (V, size, { schemas, make }) => { const agency = await make.newAgency("togo.example"); const records = [];
    for (let i = 0; i < size; i++) records.push(await make.newRecord(agency, { n: i }));
    const files = await make.newFeed(agency, records); const steps = [];
    const pace = new V.Pace((done, total, what) => steps.push(what));
    const audit = await V.auditFolder(make.folderOf(files), { now: V.timeOf("2026-01-01T00:00:00Z"), schemas, pace });
    const stop = new V.Pace(() => {}, () => true);
    let stopped = null; try { await V.auditFolder(make.folderOf(files), { now: V.timeOf("2026-01-01T00:00:00Z"), schemas, pace: stop }); } catch (fault) { stopped = fault.code; }
    return { ok: audit.ok, records: audit.feeds[0].records, tiles: audit.feeds[0].steps.tiles, told: [...new Set(steps)].sort(), stopped }; }"""


def test_a_feed_of_three_levels_is_audited_with_progress_and_can_be_stopped(core: Core) -> None:
    """Whoever waits sees how far it is, and can end it."""
    told = core(LARGE, 1500)
    assert set(told.pop("told")) >= {"objects"}
    assert told == {"ok": True, "records": 1500, "tiles": 7, "stopped": "stopped"}
