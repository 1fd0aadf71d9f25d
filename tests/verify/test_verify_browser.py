"""The page as an auditor meets it: opened from a disk in Chromium, offline, with real folders dropped on it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.verify.conftest import Core

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "auditor" / "verify.html"
VECTORS = ROOT / "spec" / "vectors"
FEEDS = VECTORS / "feeds"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium: str, node_js: Path) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's own Node.js wants a library (libatomic) that a bare system lacks.
        patch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node_js))
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            yield running
            running.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page from a disk of its own, as a memory stick would hold it: nothing beside it, no network.

    What the page tries to load, and every error in it, fails the test.
    """
    stick = tmp_path / "stick" / "verify.html"
    stick.parent.mkdir()
    shutil.copyfile(PAGE, stick)
    faults: list[str] = []
    contexts = []

    def note_request(request: Request) -> None:
        if request.url != stick.as_uri():
            faults.append(request.url)

    def open_page(locale: str = "en-GB", **options: Any) -> Page:
        context = browser.new_context(locale=locale, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", note_request)
        page.goto(stick.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def choose_folder(page: Page, folder: Path) -> None:
    page.set_input_files("#folder", folder)
    page.wait_for_selector("#verdict.verdict", timeout=60_000)


def choose_files(page: Page, *files: Path) -> None:
    page.set_input_files("#files", list(files))
    page.wait_for_selector("#verdict.verdict", timeout=60_000)


def verdict(page: Page) -> str | None:
    return page.locator("#verdict").get_attribute("class")


def drop(page: Page, *paths: Path) -> None:
    """A drop from the file manager, by the browser's own drag events, so that folders are walked as when dropped."""
    box = page.locator("#drop").bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data},
        )
    page.wait_for_selector("#verdict.verdict", timeout=60_000)


def test_every_vector_passes_in_the_browser(opened: Open) -> None:
    """The browser's own Ed25519 and AES-GCM, and the page's own rest, come to what the vectors say."""
    page = opened()
    files = {
        path.relative_to(VECTORS).as_posix(): base64.b64encode(path.read_bytes()).decode()
        for path in VECTORS.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".md", ".pyc"}
    }
    run = (Path(__file__).parent / "vectors.js").read_text("utf-8")
    report = page.evaluate(
        f"""async (packed) => {{ const files = {{}};
            for (const [path, text] of Object.entries(packed)) files[path] = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            const schemas = JSON.parse(document.getElementById("passerelle-data").textContent);
            Object.defineProperty(files, "schemas", {{ value: schemas, enumerable: false }});
            return ({run})(Passerelle, files); }}""",
        files,
    )
    assert sorted(report) == sorted(
        path for path in files if path.endswith(".json") and not path.startswith("feeds/")
    )
    assert {path: told["failures"] for path, told in report.items() if told["failures"]} == {}
    assert min(told["checks"] for told in report.values()) > 0


@pytest.mark.parametrize(
    ("locale", "good", "bad"),
    [
        ("fr-FR", "Rien d’anormal n’a été trouvé", "Quelque chose ne va pas"),
        ("fr-SN", "Rien d’anormal n’a été trouvé", "Quelque chose ne va pas"),
        ("en-GB", "Nothing wrong was found", "Something is wrong"),
        ("de-DE", "Nothing wrong was found", "Something is wrong"),
    ],
)
def test_the_verdict_comes_in_the_browsers_language(opened: Open, locale: str, good: str, bad: str) -> None:
    """French where the browser is French, else English; the switch changes what stands there already."""
    page = opened(locale)
    choose_folder(page, FEEDS / "good")
    expect(page.locator("#verdict h2")).to_have_text(good)
    page.click('[data-lang="en"]' if locale.startswith("fr") else '[data-lang="fr"]')
    expect(page.locator("#verdict h2")).not_to_have_text(good)
    assert page.evaluate("document.documentElement.lang") == ("en" if locale.startswith("fr") else "fr")
    other = opened(locale)
    choose_folder(other, FEEDS / "tampered-record")
    expect(other.locator("#verdict h2")).to_have_text(bad)
    expect(other.locator("#verdict")).to_contain_text("object.commitment")


CASES = json.loads((VECTORS / "feeds.json").read_text("utf-8"))["cases"]
INCOMPLETE = {"truncated", "identity-missing", "no-feed", "boundless", "logs-of-another-folder"}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_folder_gets_its_verdict_and_names_its_codes(opened: Open, case: dict[str, Any]) -> None:
    """Good, incomplete or wrong, with the codes of what was found, each beside a rule."""
    page = opened()
    choose_folder(page, FEEDS / case["name"])
    wanted = "good" if case["ok"] else "lacking" if case["name"] in INCOMPLETE else "bad"
    assert verdict(page) == f"verdict {wanted}"
    shown = page.locator("#evidence").inner_text()
    for code in {finding["code"] for feed in case["feeds"] for finding in feed["findings"]}:
        assert code in shown
    if any(feed["root"] for feed in case["feeds"]):
        assert "L-17, L-18, F-8" in shown


def test_a_folder_that_is_dropped_says_what_one_that_is_chosen_says(opened: Open) -> None:
    """Dropping is another way in, not another check."""
    chosen, dropped = opened(), opened()
    choose_folder(chosen, FEEDS / "good")
    drop(dropped, FEEDS / "good")
    assert verdict(dropped) == "verdict good"
    assert dropped.locator("#evidence").inner_text() == chosen.locator("#evidence").inner_text()


def sample_record(tmp_path: Path) -> Path:
    """The first record of the feed of vectors, as an agency would hand it over: its exact bytes."""
    content = (FEEDS / "good/feeds/public/1/objects/000").read_bytes()
    path = tmp_path / "record.json"
    path.write_bytes(content[4 + 32 : 4 + int.from_bytes(content[:4], "big")])
    return path


def test_a_record_alone_claims_nothing(opened: Open, tmp_path: Path) -> None:
    """Without its author's log nothing is proven, and the page says what is missing."""
    page = opened()
    choose_files(page, sample_record(tmp_path))
    assert verdict(page) == "verdict lacking"
    expect(page.locator("#verdict")).to_contain_text("identity.unknown")


def test_a_record_with_its_authors_log_is_signed_and_not_said_to_be_in_a_feed(
    opened: Open, tmp_path: Path
) -> None:
    """The page never claims more than it checked."""
    page = opened()
    choose_files(page, sample_record(tmp_path), FEEDS / "good/.well-known/did.jsonl")
    assert verdict(page) == "verdict good"
    expect(page.locator("#verdict")).to_contain_text("That it stands in a feed was not checked")
    expect(page.locator("#verdict")).to_contain_text("Who controls the domain togo.example was not checked")


def test_a_record_is_found_in_the_feed_that_is_dropped_after_it(opened: Open, tmp_path: Path) -> None:
    """What was dropped before stays: the record gets its place, the tree, the checkpoint and the receipt."""
    page = opened()
    choose_files(page, sample_record(tmp_path))
    choose_folder(page, FEEDS / "good")
    page.wait_for_selector("#verdict.good")
    expect(page.locator("#verdict")).to_contain_text("at index 0 of 300 leaves")
    shown = page.locator("#evidence").inner_text()
    for rule in ("O-2, L-23, O-12, R-25", "L-10 – L-14", "F-23 – F-28"):
        assert rule in shown


def test_a_record_that_was_changed_is_refused(opened: Open, tmp_path: Path) -> None:
    """A record whose text differs by one digit from what was signed is shown as false."""
    record = sample_record(tmp_path)
    text = record.read_text("utf-8")
    nonce = text.split('"nonce":"')[1][:32]
    record.write_text(text.replace(nonce, ("0" if nonce[0] != "0" else "1") + nonce[1:]), "utf-8")
    page = opened()
    choose_files(page, record, FEEDS / "good/.well-known/did.jsonl")
    assert verdict(page) == "verdict bad"
    expect(page.locator("#verdict")).to_contain_text("proof.invalid")
    page.click("#again")
    record.write_text(json.dumps(json.loads(text), indent=1), "utf-8")
    choose_files(page, record, FEEDS / "good/.well-known/did.jsonl")
    expect(page.locator("#verdict")).to_contain_text("json.not-canonical")


def test_other_files_get_a_sentence(opened: Open, tmp_path: Path) -> None:
    """A picture, an empty file, a broken zip: each is named, and none is taken for proof."""
    picture, empty, archive = tmp_path / "p.png", tmp_path / "empty", tmp_path / "a.zip"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    empty.write_bytes(b"")
    archive.write_bytes(b"PK\x03\x04" + bytes(500))
    page = opened()
    choose_files(page, picture, empty)
    assert verdict(page) == "verdict lacking"
    expect(page.locator("#evidence")).to_contain_text("a file that this page does not recognise")
    choose_files(page, archive)
    assert verdict(page) == "verdict lacking"
    expect(page.locator("#verdict")).to_contain_text("bundle.malformed")


def test_a_zip_of_an_everyday_tool_is_to_be_unpacked(opened: Open, tmp_path: Path) -> None:
    """With entries of folders it is no bundle: nothing is said against it, and what to do is."""
    archive = tmp_path / "feeds.zip"
    with ZipFile(archive, "w") as zipped:
        for path in sorted((FEEDS / "good").rglob("*")):
            zipped.write(path, path.relative_to(FEEDS / "good"))
    page = opened()
    choose_files(page, archive)
    assert verdict(page) == "verdict lacking"
    expect(page.locator("#verdict")).to_contain_text("unpack it into a folder, then drop that folder")
    page.click('[data-lang="fr"]')
    expect(page.locator("#verdict")).to_contain_text(
        "décompressez-la dans un dossier, puis déposez ce dossier"
    )


def test_a_checkpoint_by_itself(opened: Open) -> None:
    """Who signed it is proven, its leaves are said not to have been seen."""
    page = opened()
    choose_files(page, FEEDS / "good/feeds/public/1/checkpoint", FEEDS / "good/.well-known/did.jsonl")
    assert verdict(page) == "verdict good"
    expect(page.locator("#verdict")).to_contain_text("Its leaves were not seen")


def test_the_keyboard_is_enough(opened: Open) -> None:
    """Every control is reached by Tab and works by Enter; the verdict is a live region."""
    page = opened()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.lang"))
    assert reached == ["fr", "en", "chooseFiles", "chooseFolder"]
    # The dialogue itself belongs to the browser; that the key opens it is the page's part.
    for button, field in (("chooseFiles", "files"), ("chooseFolder", "folder")):
        page.evaluate(
            "id => document.getElementById(id).addEventListener('click', (e) => { e.preventDefault(); window.asked = id; })",
            field,
        )
        page.focus(f"#{button}")
        page.keyboard.press("Enter")
        assert page.evaluate("window.asked") == field
    choose_folder(page, FEEDS / "good")
    assert page.locator("#verdict").get_attribute("aria-live") == "polite"
    page.focus("#again")
    page.keyboard.press("Enter")
    assert page.locator("#verdict").inner_text() == ""
    assert page.evaluate("document.activeElement.id") == "chooseFiles"


CONTRAST = """() => { const level = (text) => { const [r, g, b] = text.match(/[\\d.]+/g).map((n) => { const c = n / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$|transparent/.test(c)) return c; } return "rgb(255, 255, 255)"; };
    return Math.min(...[...document.querySelectorAll("body *")].filter((e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
        const [a, b] = [level(getComputedStyle(e).color), level(behind(e))].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); })); }"""


@pytest.mark.parametrize("name", ["good", "tampered-leaf", "truncated"])
def test_texts_stand_out_from_what_is_behind_them(opened: Open, name: str) -> None:
    """WCAG 2.2 asks for a contrast of 4.5 to 1; every text of the page has 7."""
    page = opened()
    choose_folder(page, FEEDS / name)
    assert page.evaluate(CONTRAST) >= 7


def test_the_page_fits_a_telephone_and_paper(opened: Open) -> None:
    """Nothing runs out of a narrow window; on paper the controls are gone and the verdict stays."""
    page = opened(viewport={"width": 360, "height": 740})
    choose_folder(page, FEEDS / "tampered-leaf")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    assert not page.locator("#drop").is_visible()
    assert page.locator("#verdict").is_visible()


LARGE_FEED = """async (V, [size, folder], { make, write }) => { const agency = await make.newAgency("togo.example"); const records = [];
    for (let i = 0; i < size; i++) records.push(await make.newRecord(agency, { n: i, text: "x".repeat(2000) }));
    write(folder, await make.newFeed(agency, records)); return size; }"""


def test_the_page_stays_alive_under_long_work_and_can_be_stopped(
    opened: Open, core: Core, tmp_path: Path
) -> None:
    """Work that takes long shows how far it is, lets the page draw, and ends when the person says so."""
    folder = tmp_path / "large"
    assert core(LARGE_FEED, [4000, str(folder)]) == 4000
    page = opened()
    page.evaluate(
        "() => { let last = performance.now(); window.longest = 0; setInterval(() => { const now = performance.now(); window.longest = Math.max(window.longest, now - last); last = now; }, 10); }"
    )
    page.set_input_files("#folder", folder)
    page.wait_for_selector("#work:not([hidden])", timeout=10_000)
    page.wait_for_selector("#verdict.good", timeout=120_000)
    assert page.evaluate("window.longest") < 1000
    page.click("#again")
    page.set_input_files("#folder", folder)
    page.click("#stop", timeout=10_000)
    page.wait_for_selector("#verdict.lacking", timeout=10_000)
    expect(page.locator("#verdict")).to_contain_text("stopped before its end")
    assert not page.locator("#work").is_visible()


SERVICE = """async (V, value, tools) => { const { person, certificate, endorsement, files } = await tools.make.newService(value.made ?? {});
    tools.write(value.folder, { ...files }); tools.write(value.loose, { "certificate.json": certificate, "endorsement.json": endorsement });
    return person; }"""


def test_a_certificate_is_compared_with_the_printed_copy(opened: Open, core: Core, tmp_path: Path) -> None:
    """D-14, D-25: verdict and evidence for both documents; what is typed changes the verdict, and goes nowhere."""
    folder, loose = tmp_path / "copy", tmp_path / "loose"
    person = core(SERVICE, {"folder": str(folder), "loose": str(loose)})
    page = opened()
    choose_folder(page, folder)
    choose_files(page, loose / "certificate.json", loose / "endorsement.json")
    page.wait_for_selector("#compare-0")
    assert verdict(page) == "verdict good"
    told = page.locator("#verdict")
    expect(told).to_contain_text("has not revoked it in its public feed")
    expect(told).to_contain_text("Whether it was revoked was not checked")  # the endorser's feed is not here
    expect(told).to_contain_text("Of whom it speaks was not checked")
    for field in ("name", "born", "salt"):
        page.fill(f"#{field}-0", person[field])
    page.click("#compare-0")
    expect(told).to_contain_text("are those of the person")
    page.click('[data-lang="fr"]')
    expect(page.locator("#name-0")).to_have_value(person["name"])
    page.fill("#born-0", "1986")
    page.press("#born-0", "Tab")
    page.click("#compare-0")
    assert verdict(page) == "verdict bad"
    expect(told).to_contain_text("ne concerne pas cette personne")
    page.click("#again")
    assert page.evaluate("JSON.stringify([page.typed, localStorage.length, sessionStorage.length])") == (
        '[{"name":"","born":"","salt":""},0,0]'
    )


@pytest.mark.parametrize(
    ("made", "wanted", "code"),
    [
        ({"statuses": ["revoked"]}, "bad", "certificate.revoked"),
        ({"leaf": "d1" * 32}, "bad", "certificate.leaf-mismatch"),
        ({"changes": {"validUntil": "2025-12-31T00:00:00Z"}}, "lacking", "certificate.expired"),
        ({"changes": {"image": "x"}}, "bad", "certificate.malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_certificate_that_does_not_count(
    opened: Open, core: Core, tmp_path: Path, made: dict[str, Any], wanted: str, code: str
) -> None:
    """D-3, D-16, D-21, D-22: revoked, contradicted, ended or added to: the verdict says which."""
    folder, loose = tmp_path / "copy", tmp_path / "loose"
    core(SERVICE, {"folder": str(folder), "loose": str(loose), "made": made})
    page = opened()
    choose_folder(page, folder)
    choose_files(page, loose / "certificate.json")
    page.wait_for_selector("text=Certificate certificate.json")
    assert verdict(page) == f"verdict {wanted}"
    expect(page.locator("#verdict")).to_contain_text(code)
