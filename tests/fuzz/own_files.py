"""Files that our own people bring: tables and JSON of offers, the settings of a home, scenarios."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from passerelle import config
from passerelle.cli.intake import files
from passerelle.cli.intake.offers import Publisher
from passerelle.errors import ConfigError, InputError
from passerelle.scenario.play import build
from passerelle.scenario.source import parse_source
from passerelle.words import LANGUAGES, Words
from tests.fuzz.engine import Target

_ROOT: Final = Path(__file__).parents[2]
_PUBLISHER: Final = Publisher(
    scid="Qm" + "H" * 44,
    country="ML",
    lang="fr",
    partners={"TG-ANVT": ("Qm" + "P" * 44, "TG")},
    schemes={"vir": "vir", "volontariat international de reciprocite": "vir"},
    sectors={"jeunesse": "youth-social"},
)
_HEADINGS: Final = (
    "titre;description;dispositif;structure d'accueil;pays;ville;nombre de places;date de début;date de fin;"
    "heures par semaine;langues;indemnité;monnaie;logement fourni;agences d'envoi;titre (en)"
)
_ROW: Final = (
    'Club;"Ateliers\nde lecture";vir;Bibliothèque;Mali;Ségou;2;04/09/2017;2018-05-04;24,5;fr B2, wo A2;'
    "100 000;FCFA;oui;TG-ANVT;Club"
)
_CELLS: Final = (
    *(
        b";",
        b",",
        b"\t",
        b'"',
        b'""',
        b"\r\n",
        b"\n",
        b"sep=;\n",
        b"\xff\xfe",
        b"\xe9",
        b"31/02/2017",
        b"oui",
        b"\xc2\xa0",
    ),
    *(
        b"9" * 5_000,
        b"\xef\xbc\x91",
        b"\xd9\xa3",
        b"\xc2\xb2",
        b"titre (fr)",
        b"dur\xc3\xa9e en mois",
        b"\xe2\x82\xac",
    ),
)


def _told(reading: tuple[list[files.Wish], list[Any]]) -> None:
    """What a command prints of a reading: JSON, and sentences in both languages."""
    wishes, faults = reading
    faults = [*faults, *(fault for wish in wishes for fault in files.schema_faults(wish))]
    for fault in faults[:20]:
        for lang in LANGUAGES:
            Words(lang).user(fault.code, **fault.params).encode()
        json.dumps([fault.column, dict(fault.params)], ensure_ascii=False).encode()
    if faults:
        raise InputError(faults[0].code, **faults[0].params)


def _table(data: bytes) -> None:
    _told(files._table("offres.csv", data, _PUBLISHER))


def _json(data: bytes) -> None:
    _told(files._json("offres.json", data, _PUBLISHER))


def _tables() -> list[bytes]:
    text = f"{_HEADINGS}\n{_ROW}\n"
    return [
        text.encode(),
        text.encode("cp1252"),
        text.replace(";", "\t").encode("utf-16"),
        b"sep=,\n" + text.encode(),
    ]


def _offers() -> list[bytes]:
    row = {
        "titre": "Club",
        "description": "x",
        "dispositif": "vir",
        "structure": "y",
        "ville": "z",
        "places": 2,
        "début": "2017-09-04",
    }
    body = {
        "title": {"fr": "Club"},
        "description": {"fr": "x"},
        "scheme": "vir",
        "places": 2,
        "weeklyHours": 24.5,
    }
    return [
        json.dumps(value, ensure_ascii=False).encode()
        for value in ([row], body, {"type": "offer", "body": body})
    ]


_SETTINGS: Final = b"""\
[agency]
code = "TG-ANVT"
country = "TG"
names = { fr = "Agence" }
languages = ["fr", "en"]

[server]
public_address = "https://anvt.example:8443/a"
port = 8420

[sync]
poll_seconds = 300.5
notices = true
"""


def _settings(data: bytes) -> None:
    """``passerelle.toml``; its place is only shown."""
    config.parse(data, Path("passerelle.toml"))


def _scenario(data: bytes) -> None:
    build(parse_source(data.decode("utf-8", "replace"), name="scenario.yaml"))


@cache
def _scenarios() -> tuple[bytes, ...]:
    small = b"""\
scenario: 1
title: {fr: Essai}
asOf: 2026-01-01
agencies:
  anvt: {code: TG-ANVT, country: TG, names: {fr: Agence}, domain: anvt.example}
  cnpv: {code: ML-CNPV, country: ML, names: {fr: Centre}, domain: cnpv.example}
partners: [[anvt, cnpv]]
steps:
  - {at: cnpv, publish: {type: offer, to: public, body: {places: 2}}, as: offer1}
  - each: [{who: anvt}, {who: cnpv}]
    steps: [{at: "${who}", decide: {about: "${offer1}", outcome: accept, effective: 2026-01-01}}]
  - sync: all
expect:
  - {at: [anvt, cnpv], pair: [anvt, cnpv], figures: {index: "0.500"}}
"""
    return (small, b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", b"&a [*a]", b"{? [a] : b, <<: {a: 1}}")


_YAML: Final = (
    *(
        b"&a ",
        b"*a",
        b"- ",
        b"? ",
        b": ",
        b"!!binary ",
        b"!!python/object:a",
        b"|\n",
        b">-\n",
        b"%YAML 1.1\n",
        b"---\n",
    ),
    *(
        b"...",
        b"${who}",
        b"${${who}}",
        b"0x1F",
        b"1e400",
        b"<<: *a",
        b"\t",
        b"'",
        b'"\\x00"',
        b'"\\ud800"',
        b"[" * 60,
    ),
    *(
        b"each",
        b"steps",
        b"expect",
        b"~",
        b".inf",
        b"2026-13-45",
        b"=",
        b"@",
        b"`",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
    ),
)
_TOML: Final = (
    *(
        b"[a]\n",
        b"[[a]]\n",
        b'"""',
        b"'''",
        b"1979-05-27T07:32:00Z",
        b"25:61:61",
        b"inf",
        b"nan",
        b"0x",
        b"1_000",
        b"=",
    ),
    *(
        b"\\uD800",
        b"\\U00110000",
        b"[" * 3_000,
        b"{a=" * 500,
        b"9" * 5_000,
        b"0x" + b"f" * 5_000,
        b"a.b.c=1\n",
        b"true",
    ),
)

OWN_FILES: Final = (
    Target(
        "offers: tables",
        "bytes",
        _tables,
        _table,
        allowed=(InputError,),
        tokens=_CELLS,
        max_bytes=30_000,
        share=0.3,
    ),
    Target(
        "offers: JSON",
        "json",
        _offers,
        _json,
        allowed=(InputError,),
        tokens=_CELLS,
        max_bytes=30_000,
        share=0.3,
    ),
    Target(
        "passerelle.toml",
        "bytes",
        lambda: [_SETTINGS],
        _settings,
        allowed=(ConfigError,),
        tokens=_TOML,
        max_bytes=30_000,
    ),
    Target(
        "scenarios",
        "bytes",
        _scenarios,
        _scenario,
        allowed=(InputError,),
        tokens=_YAML,
        max_bytes=6_000,
        share=0.1,
    ),
)
