"""The one verdict on each record: kept line by line, it is what is read off all pairs at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.exchange import settled as module
from passerelle.exchange.book import Book, Known
from passerelle.exchange.pairs import Pair
from passerelle.exchange.settled import Settled, settled
from passerelle.exchange.verdicts import ACCEPTED, Verdict, blocked, waiting

VERDICTS = (ACCEPTED, waiting("reference.not-held"), blocked("reference.blocked"))
KEYS = (("a", "b"), ("a", "c"), ("b", "c"))


@dataclass(frozen=True)
class _Judged:
    """All that is read of a public record."""

    verdict: Verdict


def home_of(digest: str) -> tuple[str, str]:
    """A record has one direction, so at most one pair is its home."""
    number = digest.removeprefix("record ")
    return KEYS[int(number) % len(KEYS)] if number.isdigit() else KEYS[0]


def pair_of(key: tuple[str, str], said: dict[str, tuple[Verdict, bool]]) -> Pair:
    """A pair that says so of each digest, and whether it is its home."""
    made = Pair(key, Book())
    say(made, said)
    return made


def say(pair: Pair, said: dict[str, tuple[Verdict, bool]]) -> None:
    """What grows: a record that was judged is not judged again."""
    for digest, (verdict, is_home) in said.items():
        if digest not in pair.verdicts:
            pair.verdicts[digest] = verdict
            if is_home and pair.parties == home_of(digest):
                pair.home.add(digest)


def book_of(said: dict[str, Verdict]) -> Book:
    """The public book."""
    return Book(by_digest={digest: cast("Known", _Judged(verdict)) for digest, verdict in said.items()})


digests = st.sampled_from([f"record {number}" for number in range(12)])
words = st.dictionaries(digests, st.tuples(st.sampled_from(VERDICTS), st.booleans()), max_size=5)
public = st.dictionaries(st.sampled_from(["public 1", "public 2", "public 3"]), st.sampled_from(VERDICTS))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("grow"), st.sampled_from(KEYS), words),
        st.tuples(st.just("anew"), st.sampled_from(KEYS), words),
        st.tuples(st.just("public"), st.just(KEYS[0]), public),
    ),
    max_size=8,
)


@pytest.mark.parametrize("few", [2, 1_000], ids=["mostly all at once", "line by line"])
@given(steps=steps)
def test_any_steps_end_in_what_is_read_at_once(
    few: int, steps: list[tuple[str, tuple[str, str], dict[str, object]]]
) -> None:
    """Pairs that grow, pairs that are folded anew, public records that are judged anew: nothing old stays behind."""
    kept, book, pairs = Settled(), Book(), dict[tuple[str, str], Pair]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", few)
        for kind, key, said in steps:
            match kind:
                case "public":
                    book = book_of(cast("dict[str, Verdict]", said))
                case "grow" if key in pairs:
                    say(pairs[key], cast("dict[str, tuple[Verdict, bool]]", said))
                case _:
                    pairs[key] = pair_of(key, cast("dict[str, tuple[Verdict, bool]]", said))
            assert kept.settle(book, pairs) == module._all(book, pairs)
        found = kept.settle(book, pairs)
    assert {digest: settled(digest, book, pairs) for digest in found} == found


def test_the_home_decides_else_the_worst() -> None:
    """Chapter 11: of a record in several pairs, the one whose direction it has; where there is none, blocked before waiting."""
    accepted, waits, refused = VERDICTS
    pairs = {
        KEYS[0]: pair_of(
            KEYS[0], {"at home": (accepted, True), "nowhere": (accepted, False), "late": (waits, False)}
        ),
        KEYS[1]: pair_of(
            KEYS[1], {"at home": (refused, False), "nowhere": (waits, False), "late": (accepted, False)}
        ),
        KEYS[2]: pair_of(KEYS[2], {"nowhere": (refused, False)}),
    }
    assert Settled().settle(Book(), pairs) == {"at home": accepted, "nowhere": refused, "late": waits}
    assert settled("at home", Book(), pairs) == accepted
    assert settled("nobody holds it", Book(), pairs) is None


def test_one_record_more_writes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node does at each record that comes must not grow with what it holds."""
    pairs = {
        key: pair_of(key, {f"{key} {number}": (ACCEPTED, False) for number in range(500)}) for key in KEYS
    }
    kept, book = Settled(), Book()
    kept.settle(book, pairs)
    looked_up: list[str] = []
    real = module.settled

    def noted(digest: str, public: Book, held: module.Pairs) -> Verdict | None:
        looked_up.append(digest)
        return real(digest, public, held)

    monkeypatch.setattr(module, "_all", lambda *_: pytest.fail("all was written anew"))
    monkeypatch.setattr(module, "settled", noted)
    say(pairs[KEYS[0]], {"one more": (waiting("reference.not-held"), False)})
    assert kept.settle(book, pairs)["one more"].status == "waiting"
    assert looked_up == ["one more"]
