"""Words for people: catalogues, error sentences in two voices, numbers and dates as people write them.

Code raises codes and values (``passerelle.errors``); the edge (command line, console, HTTP
problems, scenario runner) asks a ``Words`` for the sentence::

    words = Words(choose_language(asked=option, environment=os.environ))
    words.text("board.as-of", day=words.date(as_of))
    words.plural("board.more-rows", hidden)
    words.user(error.code, **error.params)

Catalogues are the gettext files ``catalogues/<language>/*.po``, read at start and compiled in
memory, so no binary file is kept beside them. A msgid is a key, never a sentence: both languages
are translations and both are complete (a test holds that). Every file in the folder is read, so
an area adds sentences by adding a ``.po`` of its own under both languages.

In a sentence ``{name}`` is a value, ``{size:size}`` one written in a certain way (``voices.KINDS``),
and ``[[ since {day:date}]]`` a part that is left out where its value is missing.

Not done here: reading the environment, choosing what to say, or writing to anything.
"""

from __future__ import annotations

from passerelle.words.formats import Formats, LangText
from passerelle.words.languages import DEFAULT_LANGUAGE, LANGUAGES, choose_language
from passerelle.words.problems import PROBLEM_CONTENT_TYPE, problem
from passerelle.words.voices import Explained, Words

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "PROBLEM_CONTENT_TYPE",
    "Explained",
    "Formats",
    "LangText",
    "Words",
    "choose_language",
    "problem",
]
