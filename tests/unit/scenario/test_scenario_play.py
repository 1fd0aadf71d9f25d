"""The form of a scenario file: what is unrolled, what is refused, and the line that a message names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from passerelle.errors import InputError
from passerelle.scenario.model import EXPECTATIONS, STEPS, DecideStep, FiguresExpectation, PublishStep
from passerelle.scenario.play import Play, build, load
from passerelle.scenario.references import fill, names_in, resolve
from passerelle.scenario.source import parse_source

ROOT = Path(__file__).parents[3]
PILOT = ROOT / "examples" / "togo-mali-pilot.yaml"

HEAD = """\
scenario: 1
title: {en: A test}
asOf: 2018-12-31
agencies:
  anvt: {code: TG-ANVT, country: TG, names: {fr: A}, domain: anvt.example}
  cnpv: {code: ML-CNPV, country: ML, names: {fr: C}, domain: cnpv.example}
partners: [[anvt, cnpv]]
"""
STEPS_LINE = HEAD.count("\n") + 1
OFFER = "  - {at: anvt, publish: {type: offer, body: {}}, as: offer}\n"


def built(text: str) -> Play:
    return build(parse_source(text, name="test.yaml"))


def with_steps(steps: str) -> Play:
    return built(HEAD + "steps:\n" + steps)


def test_the_pilot_is_well_formed() -> None:
    play = load(PILOT)
    decisions = [entry for entry in play.entries if isinstance(entry.part, DecideStep)]
    assert len(decisions) == 1 + 6 * 3
    assert [entry.number for entry in play.entries] == list(range(1, len(play.entries) + 1))


def test_a_date_stays_text_and_no_stays_norway() -> None:
    play = with_steps("  - {at: anvt, publish: {type: offer, body: {day: 2017-06-01, country: NO, n: 2}}}\n")
    part = play.entries[0].part
    assert isinstance(part, PublishStep)
    assert part.publish.body == {"day": "2017-06-01", "country": "NO", "n": 2}


def test_each_block_is_unrolled_with_its_variables() -> None:
    play = with_steps(
        "  - each: [{who: a, n: 1}, {who: b, n: 2}]\n"
        "    steps:\n"
        "      - {at: anvt, publish: {type: offer, body: {places: '${n}', text: 'x ${who} ${anvt.scid}'}}, as: 'offer-${who}'}\n"
        "  - {at: cnpv, decide: {about: '${offer-b}', outcome: accept, effective: '2018'}}\n"
    )
    parts = [entry.part for entry in play.entries]
    assert [part.label for part in parts if isinstance(part, PublishStep)] == ["offer-a", "offer-b"]
    assert isinstance(parts[1], PublishStep)
    assert parts[1].publish.body == {"places": 2, "text": "x b ${anvt.scid}"}


def test_blocks_nest() -> None:
    play = with_steps(
        "  - each: [{who: a}, {who: b}]\n"
        "    steps:\n"
        "      - each: [{at: anvt}, {at: cnpv}]\n"
        "        steps:\n"
        "          - {at: '${at}', publish: {type: offer, body: {}}, as: '${who}-${at}'}\n"
    )
    labels = [entry.part.label for entry in play.entries if isinstance(entry.part, PublishStep)]
    assert labels == ["a-anvt", "a-cnpv", "b-anvt", "b-cnpv"]


def test_expectations_stand_in_the_play_where_the_file_has_them() -> None:
    play = built(
        HEAD
        + "steps:\n"
        + OFFER
        + "  - expect: [{at: [anvt], holds: {offer: 1}}]\n"
        + "  - sync: all\n"
        + "expect:\n  - {at: [cnpv], holds: {offer: 1}}\n"
    )
    assert [entry.verb for entry in play.entries] == ["publish", "holds", "sync", "holds"]
    assert [entry.is_expectation for entry in play.entries] == [False, True, False, True]


@pytest.mark.parametrize(
    ("steps", "code", "line"),
    [
        ("  - {at: anvt, publish: {type: offer, body: {}}, note: x}\n", "scenario.unknown-key", 1),
        (OFFER + "  - at: anvt\n    publish:\n      type: offer\n      bdoy: {}\n", "scenario.unknown-key", 5),
        ("  - at: anvt\n    publish:\n      body: {}\n", "scenario.missing-key", 2),
        ("  - {at: anvt, publish: {type: offer, body: {}, bodies: {}}}\n", "scenario.unknown-key", 1),
        ("  - {at: anvt, publish: {type: 7, body: {}}}\n", "scenario.needs-quotes", 1),
        ("  - {at: anvt, publish: {type: [], body: {}}}\n", "scenario.bad-value", 1),
        ("  - {at: bnpv, publish: {type: offer, body: {}}}\n", "scenario.unknown-agency", 1),
        ("  - {at: anvt}\n", "scenario.no-verb", 1),
        ("  - {at: anvt, publish: {}, decide: {}}\n", "scenario.two-verbs", 1),
        ("  - {cut: [anvt, bnpv]}\n", "scenario.unknown-agency", 1),
        ("  - {cut: [anvt]}\n", "scenario.bad-value", 1),
        ("  - {sync: some}\n", "scenario.bad-value", 1),
        ("  - just text\n", "scenario.not-a-mapping", 1),
        ("  - {each: {}, steps: []}\n", "scenario.not-a-list", 1),
        ("  - {each: [], steps: [], step: []}\n", "scenario.unknown-key", 1),
        (OFFER + OFFER, "scenario.name-twice", 2),
        ("  - {at: anvt, decide: {about: '${offer}', outcome: accept, effective: '2018'}}\n", "scenario.unknown-name", 1),
        (OFFER + "  - expect: [{at: [anvt], blocked: '${other}', code: x}]\n", "scenario.unknown-name", 2),
        ("  - {at: anvt, publish: {type: offer, body: {}}, refused: {code: x}, as: y}\n", "scenario.bad-value", 1),
        ("  - {at: anvt, publish: {type: offer, body: {n: 0.5}}}\n", "scenario.needs-quotes", 1),
        ("  - {at: anvt, publish: {type: offer, body: {n: 0x10}}}\n", "scenario.needs-quotes", 1),
        ("  - {at: anvt, publish: {type: offer, body: {1: a}}}\n", "scenario.key-not-text", 1),
        ("  - {at: anvt, at: cnpv, publish: {type: offer, body: {}}}\n", "scenario.duplicate-key", 1),
        ("  - {at: anvt, publish: {type: offer, body: !!python/name:os.system {}}}\n", "scenario.unknown-tag", 1),
        ("  - {at: anvt\n", "scenario.syntax", 2),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line(steps: str, code: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        with_steps(steps)
    assert caught.value.code == code
    assert caught.value.params["file"] == "test.yaml"
    assert caught.value.params["line"] == STEPS_LINE + line


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("scenario: 1\n", "scenario: 2\n", "scenario.bad-value", 1),
        ("asOf: 2018-12-31", "asOf: 2018", "scenario.needs-quotes", 3),
        ("scenario: 1\n", "scenario: 1\nspeed: fast\n", "scenario.unknown-key", 2),
        ("code: TG-ANVT", "code: anvt", "scenario.bad-value", 5),
        ("domain: anvt.example", "domain: togoanvt.org", "scenario.bad-value", 5),
        ("[[anvt, cnpv]]", "[[anvt, anvt]]", "scenario.partner-of-itself", 7),
        ("[[anvt, cnpv]]", "[[anvt, fv]]", "scenario.unknown-agency", 7),
    ],
)
def test_what_is_wrong_above_the_steps(old: str, new: str, code: str, line: int) -> None:
    """A real domain is refused: a scenario never looks like somebody's node."""
    assert old in HEAD
    with pytest.raises(InputError) as caught:
        built(HEAD.replace(old, new) + "steps:\n" + OFFER)
    assert (caught.value.code, caught.value.params["line"]) == (code, line)


def test_an_alias_that_unfolds_without_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"scenario\.(too-deep|syntax)"):
        with_steps("  - &a {at: anvt, publish: {type: offer, body: {again: *a}}}\n")


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\xff\xfe", "scenario.not-utf8"), (b"", "scenario.empty"), (b"# nothing\n", "scenario.empty")],
)
def test_files_that_hold_no_scenario(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scenario\.unreadable-file"):
        load(tmp_path / "none.yaml")


def test_names_are_resolved_innermost_first() -> None:
    values = {"who": "afi", "card-afi": {"id": "urn:1"}, "card-afi.id": "urn:1", "n": 4}

    def lookup(name: str) -> object:
        return values[name]

    assert resolve("${card-${who}}", lookup) == {"id": "urn:1"}  # type: ignore[arg-type]
    assert resolve(["id ${card-${who}.id}", {"k": "${n}"}, 1], lookup) == ["id urn:1", {"k": 4}, 1]  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"scenario\.unknown-name"):
        resolve("${other}", lookup)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"scenario\.not-a-text"):
        resolve("see ${card-afi}", lookup)  # type: ignore[arg-type]


def test_variables_leave_other_names_alone() -> None:
    assert fill("${who}: ${anvt.scid} ${offer-${who}}", {"who": "afi"}) == "afi: ${anvt.scid} ${offer-afi}"
    assert list(names_in({"a": ["${x.id} ${y}"], "b": 3})) == ["x", "y"]


def test_figures_are_read_with_their_kinds() -> None:
    play = built(
        HEAD
        + "steps:\n"
        + OFFER
        + "expect:\n"
        + '  - {at: [anvt], pair: [anvt, cnpv], figures: {index: "0.500", balance: {anvt: 2},'
        + ' directions: [{from: anvt, to: cnpv, quota: 4, fulfilment: "1.000"}]}}\n'
    )
    part = play.entries[-1].part
    assert isinstance(part, FiguresExpectation)
    assert part.figures.directions[0].quota == 4
    with pytest.raises(InputError, match=r"scenario\.needs-quotes"):
        built(
            HEAD
            + "steps:\n"
            + OFFER
            + "expect:\n  - {at: [anvt], pair: [anvt, cnpv], figures: {index: 0.5}}\n"
        )


def test_every_key_is_documented() -> None:
    """Whoever writes a scenario has examples/README.md alone: it names every key that the model knows."""
    text = (ROOT / "examples" / "README.md").read_text("utf-8")
    documented = set(re.findall(r"`([A-Za-z]+)`", text))
    forms = {*STEPS.values(), *EXPECTATIONS.values()}
    keys = {field.alias or name for form in forms for name, field in form.model_fields.items()}
    assert keys <= documented, sorted(keys - documented)


# --- several files -------------------------------------------------------------------------


def among(folder: Path, **files: str) -> Play:
    """The play of ``main.yaml`` among other files, by name and text."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return load(folder / "main.yaml")


def labels(play: Play) -> list[str | None]:
    return [entry.part.label for entry in play.entries if isinstance(entry.part, PublishStep)]


def offer(name: str, body: str = "{}") -> str:
    return f"  - {{at: anvt, publish: {{type: offer, body: {body}}}, as: {name}}}\n"


def test_what_comes_before_is_played_first_and_once(tmp_path: Path) -> None:
    """Agencies, partners and steps; not what the other file expects at its end."""
    base = HEAD + "steps:\n" + offer("base") + "expect: [{at: [anvt], holds: {offer: 7}}]\n"
    tail = "scenario: 1\ntitle: {en: B}\nasOf: 2019-12-31\nbefore: [base.yaml%s]\nsteps:\n"
    play = among(
        tmp_path,
        base=base,
        middle=tail % "" + offer("middle"),
        main=tail % ", middle.yaml" + offer("main") + "expect: [{at: [cnpv], holds: {offer: 3}}]\n",
    )
    assert labels(play) == ["base", "middle", "main"]
    assert [entry.verb for entry in play.entries] == ["publish", "publish", "publish", "holds"]
    assert [*play.header.agencies] == ["anvt", "cnpv"]
    assert play.header.partners == [["anvt", "cnpv"]]
    assert play.header.as_of == "2019-12-31"
    assert [Path(entry.file).name for entry in play.entries[:3]] == ["base.yaml", "middle.yaml", "main.yaml"]


def test_two_files_before_each_other_end(tmp_path: Path) -> None:
    one = HEAD + "before: [main.yaml]\nsteps:\n" + offer("one")
    play = among(tmp_path, one=one, main=HEAD + "before: [one.yaml]\nsteps:\n" + offer("main"))
    assert labels(play) == ["one", "main"]


def test_facts_stand_for_what_is_in_their_file(tmp_path: Path) -> None:
    play = among(
        tmp_path,
        data="hosts: [{id: a, n: 3}, {id: b, n: null}]\n",
        main=HEAD
        + "facts: {data: data.yaml}\nsteps:\n"
        + "  - each: '${data.hosts}'\n    steps:\n    "
        + offer("'offer-${id}'", "{places: '${n}', first: '${data.hosts.0.id}'}"),
    )
    bodies = [entry.part.publish.body for entry in play.entries if isinstance(entry.part, PublishStep)]
    assert bodies == [{"places": 3, "first": "a"}, {"places": None, "first": "a"}]


def test_a_block_has_what_it_is_given_and_nothing_else(tmp_path: Path) -> None:
    main = HEAD + "blocks: {inner: inner.yaml}\nsteps:\n  - each: [{who: x}, {who: y}]\n    steps:\n"
    call = "      - {block: inner, with: {name: '${who}', list: [{n: 1}, {n: 2}]}}\n"
    inner = "- each: ${list}\n  steps:\n    - {at: anvt, publish: {type: offer, body: {n: '${n}'}}, as: '${name}-${n}'}\n"
    assert labels(among(tmp_path, inner=inner, main=main + call)) == ["x-1", "x-2", "y-1", "y-2"]
    with pytest.raises(InputError, match=r"scenario\.unknown-name"):
        among(tmp_path, inner=inner.replace("${name}", "${who}"), main=main + call)


@pytest.mark.parametrize(
    ("main", "code", "line"),
    [
        ("before: [../base.yaml]\nsteps:\n" + OFFER, "scenario.bad-value", 8),
        ("before: [/etc/base.yaml]\nsteps:\n" + OFFER, "scenario.bad-value", 8),
        ("before: [none.yaml]\nsteps:\n" + OFFER, "scenario.unreadable-file", None),
        ("facts: {data: ./data.yaml}\nsteps:\n" + OFFER, "scenario.bad-value", 8),
        ("blocks: {inner: inner.yaml}\nsteps:\n  - {block: other}\n", "scenario.unknown-name", 10),
        ("blocks: {inner: inner.yaml}\nsteps:\n  - {block: inner, wiht: {}}\n", "scenario.unknown-key", 10),
        ("blocks: {inner: inner.yaml}\nsteps:\n  - {block: inner}\n", "scenario.too-deep", 1),
        ("facts: {data: data.yaml}\nsteps:\n" + offer("a", "{n: '${data.m}'}"), "scenario.unknown-name", 10),
        ("facts: {data: data.yaml}\nsteps:\n  - {each: '${data.n}', steps: []}\n", "scenario.not-a-list", 10),
        ("fact: {data: data.yaml}\nsteps:\n" + OFFER, "scenario.unknown-key", 8),
    ],
)
def test_other_files_lie_beside_and_say_what_they_must(
    tmp_path: Path, main: str, code: str, line: int | None
) -> None:
    with pytest.raises(InputError) as caught:
        among(tmp_path, inner="- {block: inner}\n", data="n: 1\n", main=HEAD + main)
    assert caught.value.code == code
    assert caught.value.params.get("line") == line


def test_a_play_has_agencies() -> None:
    with pytest.raises(InputError) as caught:
        built("scenario: 1\ntitle: {en: A}\nasOf: 2018-12-31\nsteps:\n  - {say: {en: A}}\n")
    assert (caught.value.code, caught.value.params["key"]) == ("scenario.missing-key", "agencies")


@pytest.mark.parametrize(
    "expected",
    [
        "{at: [anvt], counts: offer, is: {a: 1}}",
        "{at: [anvt], counts: offer, by: kind, is: 1}",
        "{at: [anvt], counts: offer, times: true, is: 1}",
        "{at: [anvt], counts: offer, wehre: {kind: a}, is: 1}",
        "{at: [anvt], groups: {south: [TG]}, flows: [{from: south, to: north, realised: 1}]}",
        "{at: [anvt], groups: {a: [TG]}, flows: [{from: a, to: a, realised: 1}], index: {between: [a, b], is: '1.000'}}",
        "{at: [anvt], shows: '${offer}', members: {}}",
    ],
)
def test_an_expectation_that_asks_for_nothing_sensible_is_refused(expected: str) -> None:
    with pytest.raises(InputError) as caught:
        built(HEAD + "steps:\n" + OFFER + f"expect:\n  - {expected}\n")
    assert caught.value.code in {"scenario.bad-value", "scenario.unknown-key"}
    assert caught.value.params["line"] == STEPS_LINE + 3
