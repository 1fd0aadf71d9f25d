"""Offers for a benchmark: invented texts whose words come as often as words of a language do.

Compression and storage see a text's statistics, so a benchmark on one repeated text
flatters them. Here a seeded generator makes a vocabulary of syllables and draws from it
by Zipf's law; the same seed gives the same offers byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

from passerelle.protocol.profile import Json

VOCABULARY = 6_000
"""Words that may be drawn; a run of 20,000 offers meets more than 3,000 of them."""

_ONSETS = ("b", "c", "d", "f", "g", "j", "l", "m", "n", "p", "r", "s", "t", "v", "br", "ch", "cl", "pr", "tr", "gn", "qu")
_VOWELS = ("a", "e", "i", "o", "u", "é", "è", "ou", "an", "on", "in", "eau", "oi")
_ENDS = ("", "", "", "s", "r", "t", "l", "tion", "ment", "ge")
_CITIES = ("Ségou", "Sikasso", "Mopti", "Kayes", "Bamako", "Koulikoro", "Gao", "Tombouctou")
_SECTORS = ("primary-education", "culture", "sport", "agriculture")


class Texts:
    """Draws words, sentences and whole offers.

    Args:
        seed: The same seed gives the same texts.
        host: SCID of the agency that publishes.
        country: Its country.
    """

    def __init__(self, seed: int, host: str, country: str) -> None:
        self._random = random.Random(seed)  # noqa: S311  a benchmark wants the same texts each time
        self._words = self._vocabulary()
        self._weights = list(accumulate(1.0 / rank for rank in range(1, len(self._words) + 1)))
        self._host = host
        self._country = country

    def _vocabulary(self) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            syllables = self._random.choices((1, 2, 3, 4), weights=(2, 5, 4, 1))[0]
            stem = "".join(self._random.choice(_ONSETS) + self._random.choice(_VOWELS) for _ in range(syllables))
            words[stem + self._random.choice(_ENDS)] = None
        return sorted(words, key=len)  # frequent words are short

    def words(self, count: int) -> list[str]:
        """Words by Zipf's law."""
        return self._random.choices(self._words, cum_weights=self._weights, k=count)

    def _sentence(self, shortest: int, longest: int) -> str:
        return " ".join(self.words(self._random.randint(shortest, longest))).capitalize()

    def offer(self) -> dict[str, Json]:
        """The body of one offer, about 1.1 KB; with its header and proof a record of about 1.9 KB."""
        month = self._random.randint(1, 9)
        return {
            "title": {"fr": f"Exemple fictif - {self._sentence(4, 8)}"},
            "description": {"fr": ". ".join(self._sentence(8, 18) for _ in range(9)) + "."},
            "scheme": "vir",
            "host": {"agency": self._host, "country": self._country},
            "hostOrganisation": {"name": f"{self._sentence(2, 4)} (fictif)", "country": self._country},
            "place": {"country": self._country, "city": self._random.choice(_CITIES)},
            "sectors": [self._random.choice(_SECTORS)],
            "places": self._random.randint(1, 4),
            "period": f"2027-{month:02}/2027-{month + 3:02}",
            "tutor": {"assigned": True},
            "closesOn": "2026-12-15",
            "lang": "fr",
            "synthetic": True,
        }

    def offers(self, count: int) -> Iterator[dict[str, Json]]:
        """Bodies of that many offers."""
        return (self.offer() for _ in range(count))
