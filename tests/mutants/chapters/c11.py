"""Chapter 11 of the law: the fold."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_JUDGING: Final = "exchange/judging.py"
_GROWING: Final = "exchange/growing.py"
_PAIRS: Final = "exchange/pairs.py"
_BOOK: Final = "exchange/book.py"
_CAUSALITY: Final = "exchange/causality.py"

CHAPTER: Final = Chapter(
    "11",
    mutants=(
        Mutant(
            "S-1",
            _GROWING,
            "insort(self.entries, entry, key=lambda other: other.place)",
            "self.entries.append(entry)",
            ("tests/unit/exchange/test_exchange_growing.py::test_the_last_may_come_first",),
        ),
        Mutant("S-2", _GROWING, " and entry.reaches >= set(key)", ""),
        Mutant(
            "S-3",
            "sync/batch.py",
            "if not item.unchecked:",
            "if False:",
            ("tests/unit/desk/test_desk_publish.py",),
        ),
        Mutant("S-4", _GROWING, "known is not None and known <= place:", "known == place:"),
        Mutant(
            "S-5",
            _JUDGING,
            "    if entry.type in (BILATERAL_ONLY if entry.is_public else _PUBLIC_ONLY):\n"
            '        return blocked("record.audience", type=entry.type)\n',
            "",
        ),
        Mutant(
            "S-70",
            _JUDGING,
            'return blocked("event.audience", type=private[0]) if private else ACCEPTED',
            "return ACCEPTED",
        ),
        Mutant(
            "S-71",
            "desk/drafting.py",
            'raise InputError("event.audience", type="placement")',
            "pass",
        ),
        Mutant(
            "S-6",
            "exchange/held.py",
            "body = record.residue if isinstance(record, Stub) else record.body",
            "body = {} if isinstance(record, Stub) else record.body",
        ),
        Mutant(
            "S-26",
            "exchange/reading.py",
            'return blocked("body.unreadable", type=record_type, member=str(exc).partition(" ")[0])',
            "return None",
        ),
        Mutant(
            "S-76",
            _PAIRS,
            "return self._file(entry, at, view, None)",
            "return self._file(entry, at, view if verdict.is_accepted else verdict, None)",
        ),
        Mutant(
            "S-7",
            _PAIRS,
            'word = self._words.get(view.about.digest) if view.outcome == "endorse" else None',
            "word = None",
        ),
        Mutant(
            "S-72",
            _PAIRS,
            'return as_reference(verdict, "about", view.about)',
            "return ACCEPTED",
        ),
        Mutant(
            "S-73",
            _PAIRS,
            "words.sort(key=_turn)",
            "words.sort(key=lambda word: word[0].place)",
        ),
        Mutant(
            "S-8",
            _CAUSALITY,
            "return bisect_left(self.entries, below, key=lambda entry: entry.place)",
            "return sum(entry.place[0] == position.feed and entry.place < below for entry in self.entries)",
        ),
        Mutant("S-9", _CAUSALITY, "found.view = max(found.view, count)", "found.view = count"),
        Mutant("S-10", _BOOK, "act.day <= until and is_within(act.at, cut)", "act.day <= until"),
        Mutant(
            "S-11",
            _BOOK,
            "act.day <= until and is_within(act.at, cut)",
            "act.day <= until",
            ("tests/unit/exchange/test_exchange_order.py",),
        ),
        Mutant("S-13", _CAUSALITY, "if said < before:", "if False:"),
        Mutant("S-12", _CAUSALITY, "    if is_mutual:\n", "    if False:\n"),
        Mutant(
            "S-14",
            _CAUSALITY,
            '    if not other.holds(said):\n        return waiting("seen.not-held", **claim)\n',
            "",
        ),
        Mutant("S-15", _CAUSALITY, "if own.is_short_of(_seen(entry, own.author)):", "if False:"),
        Mutant("S-16", "exchange/nominations.py", "if not bench.is_home(view.direction):", "if False:"),
        Mutant("S-67", "exchange/verdicts.py", "return min(verdicts,", "return max(verdicts,"),
        Mutant(
            "S-18",
            _JUDGING,
            "    if known is None and ref.digest not in book.lines:\n"
            '        return waiting("reference.not-held", **where)\n',
            "",
        ),
        Mutant("S-34", _JUDGING, "if known is None or not is_within(known.at, cut):", "if known is None:"),
        Mutant("S-19", _JUDGING, "if known.entry.id != ref.id:", "if False:"),
        Mutant("S-44", _JUDGING, "if known.entry.type != record_type:", "if False:"),
        Mutant(
            "S-17",
            _JUDGING,
            '    if verdict.status == "waiting":\n        return waiting("reference.waiting", **where)\n',
            "",
        ),
        Mutant("S-25", _JUDGING, 'return blocked("reference.blocked", **where)', "return ACCEPTED"),
        Mutant("S-20", _JUDGING, "if other.version == entry.version:", "if False:"),
        Mutant("S-21", _JUDGING, "return _judge_previous(before, entry)", "return ACCEPTED"),
        Mutant(
            "S-68",
            _JUDGING,
            "if is_within(at, cut)]\n",
            "if is_within(at, cut) and (met := book.by_digest.get(other.digest)) and met.verdict.is_accepted]\n",
        ),
        Mutant(
            "S-22",
            _JUDGING,
            "    return judge_header(book, entry, cut, before.entry)\n",
            '    if before.verdict.status == "blocked":\n        return before.verdict\n'
            "    return judge_header(book, entry, cut, before.entry)\n",
        ),
        Mutant(
            "S-23",
            "exchange/nominations.py",
            'return blocked("version.subject-changed", id=entry.id)',
            "pass",
        ),
        Mutant(
            "S-24",
            "exchange/lifecycles.py",
            "return max(chosen, key=lambda known: known.entry.version, default=newest(case, cut))",
            "return newest(case, cut)",
        ),
    ),
)
