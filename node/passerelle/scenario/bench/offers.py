"""Offers from a seed: the same bytes at every run, with words as unevenly frequent as in real text.

Compression and databases treat repeated text kindly, so a made-up offer must not be
kinder than a real one: the words follow Zipf's law over a vocabulary of several thousand.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from typing import Final

from passerelle.protocol.profile import JsonObject, encode

VOCABULARY_WORDS: Final = 12_000
WORDS_OF_A_TITLE: Final = 7
WORDS_OF_A_DESCRIPTION: Final = (60, 160)
_ZIPF_OFFSET: Final = 2.7
_ONSETS: Final = (
    "",
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "f",
    "g",
    "gr",
    "j",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "qu",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
)
_NUCLEI: Final = ("a", "e", "i", "o", "u", "é", "è", "ai", "an", "eau", "en", "ie", "oi", "on", "ou")
_CODAS: Final = ("", "", "", "c", "l", "n", "r", "s", "t", "que", "tion")  # fmt: skip
_SCHEMES: Final = ("vir", "scv", "vsi", "evp", "workcamp")
_COUNTRIES: Final = ("TG", "ML", "SN", "CI", "MA", "BF", "BJ", "GH")


class Vocabulary:
    """Words by rank, drawn with the frequency that natural text gives to that rank.

    Args:
        seed: Decides on the words and on every draw.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (repeatable test data, no secret)
        words: dict[str, None] = {}
        while len(words) < VOCABULARY_WORDS:
            words[self._word()] = None
        # Frequent words are short in every language.
        self._words = sorted(words, key=len)
        weights = (1 / (rank + _ZIPF_OFFSET) for rank in range(1, VOCABULARY_WORDS + 1))
        self._cumulative = list(itertools.accumulate(weights))

    def _word(self) -> str:
        syllables = self._random.choices((1, 2, 3, 4), (2, 5, 4, 1))[0]
        pick = self._random.choice
        return "".join(pick(_ONSETS) + pick(_NUCLEI) for _ in range(syllables)) + pick(_CODAS)

    def words(self, count: int) -> list[str]:
        """So many words in a row."""
        return self._random.choices(self._words, cum_weights=self._cumulative, k=count)

    def number(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(least, most)

    def one_of(self, values: tuple[str, ...]) -> str:
        """One of several."""
        return self._random.choice(values)


def offers(count: int, seed: int, host: JsonObject) -> Iterator[JsonObject]:
    """Items for the desk.

    Args:
        count: How many.
        seed: The same seed gives the same offers.
        host: The publishing agency as a party.
    """
    vocabulary = Vocabulary(seed)
    for number in range(count):
        start = f"20{vocabulary.number(27, 29)}-{vocabulary.number(1, 12):02d}-{vocabulary.number(1, 28):02d}"
        body: JsonObject = {
            "lang": "fr",
            "synthetic": True,
            "title": {"fr": f"Exemple fictif - {_sentence(vocabulary, WORDS_OF_A_TITLE)}"},
            "description": {"fr": _text(vocabulary)},
            "scheme": vocabulary.one_of(_SCHEMES),
            "hostOrganisation": {"name": f"{_sentence(vocabulary, 3)} (fictif)"},
            "needExpressedOn": "2026-09",
            "host": host,
            "place": {"country": vocabulary.one_of(_COUNTRIES), "city": vocabulary.words(1)[0].capitalize()},
            "places": vocabulary.number(1, 4),
            "period": f"{start}/..",
            "durationMonths": str(vocabulary.number(6, 12)),
            "weeklyHours": f"{vocabulary.number(24, 39)}.5",
            "tutor": {"assigned": True, "language": "fr"},
            "contact": f"bureau{number}@example.org",
        }
        yield {"type": "offer", "to": "public", "body": body}


def _sentence(vocabulary: Vocabulary, words: int) -> str:
    return " ".join(vocabulary.words(words)).capitalize()


def _text(vocabulary: Vocabulary) -> str:
    left = vocabulary.number(*WORDS_OF_A_DESCRIPTION)
    sentences = []
    while left > 0:
        words = min(left, vocabulary.number(6, 18))
        sentences.append(_sentence(vocabulary, words) + ".")
        left -= words
    return " ".join(sentences)


def distinct_words(items: Sequence[JsonObject]) -> int:
    """Different words in all titles and descriptions."""
    found: set[str] = set()
    for item in items:
        found.update(re.findall(r"[^\W\d_]+", encode(item["body"]).decode().lower()))
    return len(found)


def mean_body_bytes(items: Sequence[JsonObject]) -> int:
    """Size of a body in its canonical form."""
    return sum(len(encode(item["body"])) for item in items) // max(len(items), 1)
