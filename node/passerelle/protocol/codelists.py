"""Code lists: the words that a record takes from a list, with their labels.

A list is data (``schemas/codes/<list>.json``), never an ``enum`` in a schema, so that a list
can grow without a new schema: readers keep a code that they do not know and show it raw.

Wire form of a list::

    {"list": "remote", "title": {"fr": "À distance", "en": "Remote"}, "open": false,
     "codes": [{"code": "no", "label": {"fr": "Sur place", "en": "On site"}}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from passerelle.protocol.profile import Json

_FALLBACK_LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a list.

    Args:
        code: What stands in a record.
        label: The words for people, by language tag.
        more: What else the list says of it: ``dac``, ``sdg`` and ``domain`` of a sector.
    """

    code: str
    label: Mapping[str, str]
    more: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class CodeList:
    """A named list of codes, in the order in which people should see them.

    Args:
        name: Name of the list, as ``x-codes`` in a schema gives it.
        title: The words for the list itself, by language tag.
        is_open: Whether an author may use codes of its own: functions, skills, axes of evaluation.
        codes: Entries by code, in order.
    """

    name: str
    title: Mapping[str, str]
    is_open: bool
    codes: Mapping[str, Code]

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    def label(self, code: str, language: str) -> str:
        """The words for a code, or the code itself where the list does not know it.

        Args:
            code: A code, of the list or not.
            language: BCP 47 tag; ``fr-TG`` is served by ``fr``, an unknown language by English.
        """
        entry = self.codes.get(code)
        if entry is None:
            return code
        for tag in (language, language.partition("-")[0], *_FALLBACK_LANGUAGES):
            if tag in entry.label:
                return entry.label[tag]
        return code


def parse_code_list(document: Json) -> CodeList:
    """Reads a packaged list.

    Raises:
        ValueError: The document is not a list in the form above: our own mistake.
    """
    members = _object(document)
    codes: dict[str, Code] = {}
    entries = members["codes"]
    if not isinstance(entries, list):
        raise ValueError("codes is not an array")  # noqa: TRY004 - own mistakes are ValueError
    for entry in map(_object, entries):
        code = entry["code"]
        if not isinstance(code, str) or code in codes:
            raise ValueError(f"code {code!r} is no string or stands twice")
        more = {name: value for name, value in entry.items() if name not in {"code", "label"}}
        codes[code] = Code(code, _labels(entry["label"]), MappingProxyType(more))
    return CodeList(
        name=str(members["list"]),
        title=_labels(members["title"]),
        is_open=members["open"] is True,
        codes=MappingProxyType(codes),
    )


def _labels(value: Json) -> Mapping[str, str]:
    labels = {tag: text for tag, text in _object(value).items() if isinstance(text, str) and text}
    if len(labels) != len(_object(value)) or not labels.keys() >= {"fr", "en"}:
        raise ValueError(f"labels {value!r} lack French or English")
    return MappingProxyType(labels)


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not an object")  # noqa: TRY004 - own mistakes are ValueError
    return value
