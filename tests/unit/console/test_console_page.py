# ruff: noqa: RUF001  (French is written with its own apostrophe and dashes)
"""The board as a reader, a screen reader and a phone get it: over HTTP, parsed as strict HTML."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import TypeAlias, get_args, get_type_hints

import html5lib
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from bs4 import BeautifulSoup, Tag

from passerelle.desk.board_view import BOARD_ROWS, BlockedView, Board, DirectionStatus, FeedState
from passerelle.server.console import console_app
from passerelle.server.console.pages import ICON, STYLE
from passerelle.words import LANGUAGES, Words

Client: TypeAlias = TestClient[Request, Application]
Read: TypeAlias = Callable[..., Awaitable[BeautifulSoup]]


@pytest.fixture
async def client(board: Board) -> AsyncIterator[Client]:
    """A console on loopback that serves the test's board; ``as_of`` is the day asked for."""

    async def source(as_of: date) -> Board:
        return {**board, "as_of": as_of.isoformat()}

    def labels(code_list: str, code: str, language: str) -> str | None:
        return {("reason", "security", "fr"): "sécurité"}.get((code_list, code, language))

    app = console_app(source, agency=board["agency"], today=lambda: date(2027, 3, 1), labels=labels)
    async with TestClient(TestServer(app, host="127.0.0.1")) as made:
        yield made


@pytest.fixture
async def read(client: Client) -> Read:
    """Fetches a page, insists that it is well-formed HTML, and gives its tree."""

    async def fetch(path: str = "/?lang=fr", status: int = 200) -> BeautifulSoup:
        async with client.get(path) as response:
            assert response.status == status
            text = await response.text()
        html5lib.HTMLParser(strict=True).parse(text)
        return BeautifulSoup(text, "html5lib")

    return fetch


def found(node: BeautifulSoup | Tag, selector: str) -> Tag:
    tag = node.select_one(selector)
    assert tag is not None, selector
    return tag


def words(node: Tag) -> str:
    """The text as read: runs of any space are one."""
    return " ".join(node.get_text().split())


def rows(page: BeautifulSoup, section: str) -> list[list[str]]:
    return [
        [words(cell) for cell in row.select("th, td")]
        for row in found(page, f"#{section}").select("tbody tr")
    ]


async def test_the_reciprocity_matrix(read: Read) -> None:
    """A row for each partner, both ways, persons and months, a shut direction as such and what is not final."""
    page = await read()
    table = found(page, "#matrix")
    assert "CNPV" in words(found(table, "caption"))
    togo, france = ([words(cell) for cell in row.select("th, td")] for row in table.select("tbody tr"))
    assert togo == [
        *("TG-ANVT", "2 / 2 16,0 mois-personnes · 100 %", "4 / 4 31,9 mois-personnes · 100 %"),
        *("−2", "0,50", "0,50"),
    ]
    assert france[0] == "FR-FV chiffres provisoires"
    assert "sens suspendu" in france[2]
    assert france[3:] == ["+7", "0,00", "0,00"]


async def test_no_partner_no_matrix(board: Board, read: Read) -> None:
    board["summaries"] = []
    assert (await read()).select_one("#matrix") is None


async def test_the_board_names_its_agency_its_day_and_its_sections(read: Read) -> None:
    page = await read()
    assert found(page, "html")["lang"] == "fr"
    assert words(found(page, "h1")) == "Tableau des échanges au 1er mars 2027"
    assert "Centre national de promotion du volontariat" in words(found(page, "header"))
    assert [words(heading) for heading in page.select("h2")] == [
        "Réciprocité",
        "Accords",
        "Missions",
        "Offres de mission du réseau",
        "Partenaires",
        "Actes sans effet ou en attente",
    ]


async def test_reciprocity_shows_quota_realised_fulfilment_balance_and_index(read: Read) -> None:
    togo, _ = (await read()).select("#reciprocity article")
    assert [words(figure) for figure in togo.select("dd b")] == ["−2", "0,50"]
    cells = [[words(cell) for cell in row.select("th, td")] for row in togo.select("tbody tr")]
    assert cells == [["TG → ML", "ouvert", "4", "4", "100 %"], ["ML → TG", "ouvert", "2", "2", "100 %"]]
    assert "un indice inférieur à 1 vient de l’accord lui-même" in words(togo)
    assert "Chiffres identiques chez TG-ANVT" in words(togo)


async def test_a_suspended_direction_explains_the_gap_and_nothing_is_called_an_imbalance(read: Read) -> None:
    """An honoured agreement with a suspended direction must not be shown as a failure."""
    page = await read()
    france = page.select("#reciprocity article")[1]
    assert words(found(france, "h3 .warn")) == "sens suspendu FR → ML"
    assert "depuis le 7 août 2023 · sécurité" in words(france)
    assert "n’a pas encore tout confirmé" in words(france)
    assert "déséquilibre" not in words(page)
    assert [rect.get("fill") for rect in france.select("tr:nth-child(2) rect")] == ["url(#hatch)"] * 7
    assert page.select_one("pattern#hatch")


async def test_gauges_draw_one_cell_a_place_and_say_the_same_in_words(read: Read, board: Board) -> None:
    direction = board["agreements"][0]["directions"][0]
    direction["accepted"], direction["planned"], direction["realised"] = 3, 2, 1
    gauge = found(await read(), "#agreements article tbody tr svg")
    assert [rect.get("class") for rect in gauge.select("rect")] == [["realised"], ["taken"], ["taken"], None]
    assert gauge["aria-label"] == "1 réalisées, 3 acceptées, quota 4"


async def test_large_quotas_are_a_bar_and_none_is_no_gauge(read: Read, board: Board) -> None:
    direction = board["agreements"][2]["directions"][0]
    direction["accepted"], direction["realised"] = 10, 5
    with_bar, without = (await read()).select("#agreements article")[2].select("tbody tr")
    assert [rect["width"] for rect in with_bar.select("rect")] == ["158", "79.0", "39.5"]
    assert without.svg is None
    assert words(without).startswith("ML → TG ouvert non fixé")


async def test_agreements_show_parties_period_and_who_has_not_accepted(read: Read) -> None:
    articles = [words(article) for article in (await read()).select("#agreements article")]
    assert "Durée : 1er décembre 2026 – 31 décembre 2027" in articles[0]
    assert "Signé : vers juin 2022" in articles[1]
    assert "proposé" in articles[2]
    assert "Attend l’accord de : TG-ANVT" in articles[2]


async def test_placements_show_pseudonym_direction_host_dates_and_state(read: Read) -> None:
    placements = rows(await read(), "placements")
    assert placements[0] == [
        "TG-2027-01 fictif",
        "TG → ML",
        "Exemple fictif - Appui à un maraîchage scolaireEnda Mali · Bamako, Mali · dispositif vir",
        "3 février 2027 – fin non fixée",
        "en cours",
    ]
    assert placements[3][3:] == ["février 2027 – juillet 2027 (dates prévues)", "retour anticipé family"]


@pytest.mark.parametrize(
    ("planned", "state", "told"),
    [
        ("2026-07/2026-12", "active", True),
        ("2026-07/2026-12", "suspended", True),
        ("2026-07/2026-12", "completed", False),
        ("2026-07/2027-03", "active", False),
        ("2026-07/..", "active", False),
        ("unreadable", "active", False),
        (None, "active", False),
    ],
)
async def test_a_mission_whose_end_nobody_reported(
    read: Read, board: Board, planned: str | None, state: str, told: bool
) -> None:
    """Under way is what the records say; that its planned end has passed is what a person has to know."""
    board["placements"][0].update({"planned": planned, "actual": "2026-07-01/..", "state": state})
    shown = rows(await read(), "placements")[0][4]
    assert ("Fin prévue passée, non signalée" in shown) is told


async def test_offers_show_host_place_dates_places_and_closing(read: Read) -> None:
    offers = rows(await read(), "offers")
    assert offers[0] == [
        "Exemple fictif - Permanences d’information juridique fictifEnda Mali · publiée par ML-CNPV · dispositif vir",
        "Bamako, Mali",
        "février 2027 – juillet 2027",
        "1 / 2",
        "15 mars 2027 dans 14 jours",
        "ouverte",
    ]
    assert offers[1][3] == "1"
    assert offers[2][4] == "1er mars 2027 aujourd’hui"
    assert offers[3][4:] == ["31 décembre 2026", "pourvue"]


async def test_partners_show_when_they_were_last_heard_and_their_feeds(read: Read, board: Board) -> None:
    togo = board["partners"][1]
    togo["feeds"][1].update({"size": 0, "confirmed": 0})
    togo["last_heard"], togo["trouble"] = None, {"code": "future.code", "params": {}, "since": None}
    partners = rows(await read(), "partners")
    assert partners[0] == [
        "FR-FVFrance Volontaires",
        "il y a 3 jours26 février 2027 à 06:30 UTC",
        "en retard 122 entrées",
        "en retard 18 entrées",
        "à jour 31 entrées, 29 confirmées",
        "1 acte écarté. 2 actes en attente de vérification.",
    ]
    assert partners[1][1] == "jamais"
    assert partners[1][3] == "à jour 0 entrée"
    assert partners[1][4] == "à jour 37 entrées, toutes confirmées"
    assert "future.code" in partners[1][5]


async def test_a_blocked_record_is_shown_with_its_reason(read: Read) -> None:
    [blocked] = rows(await read(), "blocked")
    assert blocked[:3] == [
        "Proposition de candidatureTG-2027-05",
        "TG-ANVT20 janvier 2027 à 09:12 UTC",
        "sans effet",
    ]
    assert blocked[3].startswith(
        "Le quota est atteint : l’accord prévoit 4 volontaires de TG-ANVT vers ML-CNPV"
    )


async def test_read_only_and_alarms_come_first_and_say_why(read: Read, board: Board) -> None:
    board["read_only"] = {"code": "future.code", "params": {"a": 1}, "since": "2027-02-28T08:00:00Z"}
    board["alarms"] = [{"code": "other.code", "params": {}, "since": None}]
    readonly, alarm = (await read()).select("main > .notice")
    assert words(readonly).startswith("Lecture seule : votre nœud ne signe et n’envoie rien.")
    assert "(depuis le 28 février 2027 à 08:00 UTC)" in words(readonly)
    assert words(found(readonly, "code")) == "future.code"
    assert "other.code" in words(alarm)


STATES = {
    "agreement": "proposed rejected withdrawn accepted in-force suspended expired terminated blocked waiting",
    "offer": "open on-hold filled closed withdrawn blocked waiting",
    "placement": "proposed planned active completed ended-early suspended cancelled rejected withdrawn blocked waiting",
    "direction": " ".join(get_args(DirectionStatus)),
    "feed": " ".join(get_args(FeedState)),
    "verdict": " ".join(get_args(get_type_hints(BlockedView)["verdict"])),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", STATES)
def test_every_state_has_a_name(kind: str, lang: str) -> None:
    """Of those that fold and follower give; one that is newer than this version is shown as its code."""
    nameless = [state for state in STATES[kind].split() if not Words(lang).has(f"state.{kind}.{state}")]
    assert nameless == []


async def test_a_state_of_a_newer_version_is_shown_as_its_code(read: Read, board: Board) -> None:
    board["placements"][0]["state"] = "future-state"
    assert rows(await read(), "placements")[0][4] == "future-state"


async def test_without_trouble_there_is_no_notice(read: Read) -> None:
    assert (await read()).select(".notice") == []


async def test_the_ribbon_stands_where_data_is_synthetic_and_only_there(read: Read, board: Board) -> None:
    page = await read()
    assert "Données fictives" in words(found(page, ".ribbon"))
    assert len(page.select("tbody .fictitious")) == len(board["placements"]) + len(board["offers"])
    board["fictitious"] = False
    for row in (*board["offers"], *board["placements"], *board["agreements"], *board["summaries"]):
        row["synthetic"] = False
    page = await read()
    assert page.select(".ribbon, .fictitious") == []


async def test_an_empty_board_says_so_in_each_section(read: Read, board: Board) -> None:
    for rows_of in ("offers", "agreements", "placements", "partners", "summaries", "blocked"):
        board[rows_of].clear()
    board["totals"] = {"offers": 0, "agreements": 0, "placements": 0, "partners": 0, "blocked": 0}
    page = await read()
    assert len(page.select(".empty")) == 5
    assert page.select("#blocked, a[href='#blocked']") == []


async def test_long_lists_are_cut_and_say_by_how_much(read: Read, board: Board) -> None:
    board["offers"] = board["offers"][:1] * (BOARD_ROWS + 5)
    board["totals"]["offers"] = 20_000
    page = await read()
    assert len(rows(page, "offers")) == BOARD_ROWS
    assert "… et 19 975 autres" in words(found(page, "#offers .more"))


async def test_texts_of_records_are_text_and_never_markup(read: Read, board: Board) -> None:
    """A partner's title cannot bring a script, an attribute or a link into the page."""
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    board["offers"][0]["title"] = {"fr": evil}
    board["offers"][1]["title"] = {'es" onclick="x': evil}
    board["placements"][0]["volunteer"] = evil
    board["placements"][0]["state"] = evil
    board["agencies"][board["partners"][0]["scid"]]["names"] = {"ar": evil}
    board["alarms"] = [{"code": "fork.two-roots", "params": {"origin": evil}, "since": None}]
    page = await read()
    assert page.select("script, [onclick], [onerror], main img") == []
    assert evil in found(page, "#offers tbody th").get_text()


async def test_texts_in_other_languages_are_marked(read: Read) -> None:
    spanish, arabic = (await read()).select("#offers tbody th [lang]")[0::1][:2]
    assert (spanish["lang"], spanish["dir"]) == ("es", "auto")
    assert (arabic["lang"], arabic["dir"]) == ("ar", "auto")


async def test_an_agency_never_added_is_named_by_what_is_known(read: Read, board: Board) -> None:
    board["offers"][0]["issuer"] = "QmStranger0123456789"
    assert "publiée par QmStranger…" in rows(await read(), "offers")[0][0]


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_the_page_can_be_read_without_eyes(read: Read, lang: str) -> None:
    page = await read(f"/?lang={lang}")
    assert len(page.select("main")) == len(page.select("h1")) == len(page.select("header")) == 1
    assert found(page, "a.skip")["href"] == "#main"
    assert found(page, "main#main")
    assert found(page, "body > a") is page.select("a")[0]
    for table in page.select("table"):
        assert words(found(table, "caption"))
        assert all(head["scope"] == "col" for head in table.select("thead th"))
        assert all(row.th and row.th["scope"] == "row" for row in table.select("tbody tr"))
        heads = [words(head) for head in table.select("thead th")][1:]
        for row in table.select("tbody tr"):
            assert [cell["data-label"] for cell in row.select("td")] == heads
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for tag in page.select("[aria-labelledby]"):
        assert found(page, f"#{tag['aria-labelledby']}")
    for nav in page.select("nav"):
        assert nav["aria-label"]
    for field in page.select("input:not([type=hidden])"):
        assert found(page, f"label[for={field['id']}]")
    assert all(image.has_attr("alt") for image in page.select("img"))


async def test_every_count_carries_its_day(read: Read) -> None:
    page = await read("/?lang=fr&as-of=2026-12-31")
    captions = [words(caption) for caption in page.select("caption")]
    partner = [caption for caption in captions if caption.startswith("Échanges entre nœuds")]
    assert all("31 décembre 2026" in caption for caption in captions if caption not in partner)
    assert partner == ["Échanges entre nœuds, le 1er mars 2027 à 12:00 UTC"]
    assert found(page, "input#as-of")["value"] == "2026-12-31"


async def test_english_is_complete_and_keeps_the_day(read: Read) -> None:
    page = await read("/?lang=en&as-of=2027-02-28")
    assert words(found(page, "h1")) == "Exchange board as of 28 February 2027"
    other = found(page, "nav.langs a[lang=fr]")
    assert other["href"] == "?lang=fr&as-of=2027-02-28"
    assert words(found(page, "nav.langs [aria-current]")) == "English"
    text = words(found(page, "body"))
    assert "direction suspended FR → ML" in text
    assert not re.search(r"\b(board|section|summary|direction|offer|partner|state)\.[a-z]", text)


async def test_nothing_is_inline_and_nothing_comes_from_elsewhere(read: Read) -> None:
    page = await read()
    assert page.select("script, style, [style], iframe, object, embed, base") == []
    for tag in page.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")]
        for name in ("href", "src", "action"):
            assert re.match(r"(#|\?|/(?!/))", str(tag.get(name, "#"))), tag
    assert not re.search(rb"@import|url\((?!#)|https?:", STYLE.content)


async def test_the_whole_page_is_small(client: Client) -> None:
    """Desks have bad links: the page stays under 30 KB before it is packed, and under 10 KB as sent with all."""
    async with client.get("/?lang=fr") as response:
        page = await response.read()
    assert len(page) < 30_000
    assert sum(len(gzip.compress(part)) for part in (page, STYLE.content, ICON.content)) < 10_000


async def test_a_full_board_is_small_as_sent(client: Client, board: Board) -> None:
    board["offers"] = (board["offers"] * BOARD_ROWS)[:BOARD_ROWS]
    board["placements"] = (board["placements"] * BOARD_ROWS)[:BOARD_ROWS]
    board["partners"] = (board["partners"] * BOARD_ROWS)[:BOARD_ROWS]
    board["blocked"] = (board["blocked"] * BOARD_ROWS)[:BOARD_ROWS]
    async with client.get("/?lang=fr") as response:
        assert len(gzip.compress(await response.read())) < 15_000


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` or ``#rgb`` (WCAG 2.2)."""
    digits = colour.removeprefix("#")
    whole = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    channels = [int(whole[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_texts_stand_out_from_their_ground() -> None:
    """WCAG 2.2 1.4.3: at least 4.5 to 1, badges and notices included."""
    style = STYLE.content.decode()
    named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", style))
    pairs = re.findall(r"\{ color: (#[0-9a-f]{3,6}); background: (#[0-9a-f]{3,6});", style)
    assert len(pairs) == 5
    pairs += [
        (named[text], ground)
        for text in ("ink", "soft", "link")
        for ground in ("#fff", named["ground"], "#eef2f3")
    ]
    pairs += [("#fff", named["brand"])]
    for text, ground in pairs:
        bright, dark = sorted((luminance(text), luminance(ground)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
