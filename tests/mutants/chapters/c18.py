"""Chapter 18 of the law: states and figures."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_DERIVING: Final = "exchange/deriving.py"
_STATEMENT: Final = "exchange/statement.py"
_FLOWS: Final = "exchange/flows.py"

CHAPTER: Final = Chapter(
    "18",
    mutants=(
        Mutant("S-59", _DERIVING, 'return "suspended" if is_suspended else "in-force"', 'return "in-force"'),
        Mutant(
            "S-57",
            _DERIVING,
            "    if is_realised and lifecycles.completed_on(book, case, EVERYTHING, as_of) is not None:\n"
            '        return "completed"\n',
            "",
        ),
        Mutant(
            "S-58",
            _DERIVING,
            '    if closes is not None and closes < as_of:\n        return "closed"\n',
            "",
        ),
        Mutant(
            "S-60",
            _DERIVING,
            "if isinstance(view := known.view, NominationView) and view.day <= as_of\n",
            "if isinstance(view := known.view, NominationView)\n",
        ),
        Mutant(
            "S-63",
            _STATEMENT,
            '            "fulfilment": three_places(Fraction(realised, self.quota)) if self.quota else None,\n',
            '            **({"fulfilment": three_places(Fraction(realised, self.quota))} if self.quota else {}),\n',
        ),
        Mutant("S-61", _STATEMENT, 'for status in ("open", "suspended"):', 'for status in ("open",):'),
        Mutant(
            "S-64",
            _DERIVING,
            "return row.quota * max(last.year - since.year + 1, 0)",
            "return row.quota",
        ),
        Mutant(
            "S-62",
            "exchange/edtf.py",
            "None if precise_start or precise_end else _count_months(first, last)",
            "_count_months(first, last)",
        ),
        Mutant(
            "S-65",
            _STATEMENT,
            "nominations = [item for item in _nominations(pair, direction) if scheme in {None, item.scheme}]",
            "nominations = _nominations(pair, direction)",
        ),
        Mutant(
            "S-66",
            _STATEMENT,
            'raise InputError("statement.not-visible", first=a, second=b)',
            "pair = PairState({}, {}, {}, {})",
        ),
        Mutant(
            "S-75",
            "desk/statements.py",
            " and self.cosigned == self.size",
            "",
            ("tests/unit/desk/test_desk_statement.py::test_what_a_statement_rests_on",),
        ),
        Mutant("S-101", _FLOWS, '        "parties": [first, second],\n', ""),
        Mutant("S-102", _FLOWS, "placement.arrived_on.year", "edtf.earliest_day(placement.planned).year"),
        Mutant(
            "S-103",
            _DERIVING,
            "programme=view.programme or _programme(book, case, as_of),",
            "programme=view.programme,",
        ),
        Mutant(
            "S-104",
            _FLOWS,
            "self.realised_months += placement.realised_months or 0",
            "self.realised_months += Fraction(three_places(placement.realised_months or Fraction()))",
        ),
    ),
)
