"""Chapter 17 of the law: joint facts."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_AGREEMENTS: Final = "exchange/agreements.py"
_NOMINATIONS: Final = "exchange/nominations.py"
_PLACEMENTS: Final = "exchange/placements.py"
_DECISIONS: Final = "exchange/decisions.py"
_LIFECYCLES: Final = "exchange/lifecycles.py"

CHAPTER: Final = Chapter(
    "17",
    mutants=(
        Mutant(
            "S-29",
            "exchange/judging.py",
            "if view.agencies != entry.reaches or len(view.parties) != len(view.agencies):",
            "if False:",
        ),
        Mutant(
            "S-74",
            _DECISIONS,
            "if other.number == version.number and other.digest != version.digest and other.digest in taken:",
            "if False:",
        ),
        Mutant("S-30", _AGREEMENTS, "    if missing(case, version, cut):\n        return None\n", ""),
        Mutant("S-32", _AGREEMENTS, "version.number, reverse=True)", "version.number)"),
        Mutant(
            "S-31",
            _AGREEMENTS,
            '    if latest is not None and latest < on:\n        return _not_in_force(case, on, "expired")\n',
            "",
        ),
        Mutant("S-33", _NOMINATIONS, "if named is not None and version.digest != named.digest:", "if False:"),
        Mutant(
            "S-35",
            _AGREEMENTS,
            'return min((act.day for act in case.acts_in(cut, "terminate")), default=None)',
            'return max((act.day for act in case.acts_in(cut, "terminate")), default=None)',
        ),
        Mutant(
            "S-36",
            _NOMINATIONS,
            "row = version.view.row(direction)",
            "row = version.view.row(direction) or next(iter(version.view.directions), None)",
        ),
        Mutant("S-37", _NOMINATIONS, "status = row.status_on(view.day)", 'status = "open"'),
        Mutant(
            "S-38",
            _NOMINATIONS,
            'return blocked("direction.suspended", **about, since=suspension.since, by=suspension.by)',
            "return ACCEPTED",
        ),
        Mutant(
            "S-39",
            _AGREEMENTS,
            "standing = {key: held for key, held in standing.items() if key[0] != act.author}",
            "standing = {}",
        ),
        Mutant("S-28", _NOMINATIONS, "if view.direction.sender != entry.issuer:", "if False:"),
        Mutant("S-27", _NOMINATIONS, "if lifecycles.own_end(dossier[1], cut) is not None:", "if False:"),
        Mutant(
            "S-69",
            _NOMINATIONS,
            "if isinstance(offer, Verdict) or offer.entry.issuer == view.direction.host:",
            "if True:",
        ),
        Mutant(
            "S-40",
            _NOMINATIONS,
            'return judge_limit(row, count, row.limit, of="nominations", year=view.day.year)',
            "return open_",
        ),
        Mutant(
            "S-42",
            _DECISIONS,
            'return judge_limit(row, count, row.quota, of="acceptances", year=day.year)',
            "return ACCEPTED",
        ),
        Mutant(
            "S-41",
            _LIFECYCLES,
            "return None if end is None else end.day",
            "return None if end is None else date.min",
        ),
        Mutant("S-43", "exchange/pairs.py", "Place(act.day.year,", "Place(known.view.day.year,"),
        Mutant(
            "S-45", _DECISIONS, "if not outcomes[view.outcome] & _roles(entry.issuer, subject):", "if False:"
        ),
        Mutant(
            "S-46",
            _DECISIONS,
            'return ACCEPTED if _tells_all(entry, subject) else blocked("decision.audience", **said)',
            "return ACCEPTED",
        ),
        Mutant(
            "S-47",
            _LIFECYCLES,
            "return max(acts, key=lambda act: act.turn, default=None)",
            "return min(acts, key=lambda act: act.turn, default=None)",
        ),
        Mutant(
            "S-48",
            _DECISIONS,
            'if end is None or (asked.view.outcome in {*ENDING, "suspend"} and asked.view.day < end.day):',
            "if True:",
        ),
        Mutant("S-49", _DECISIONS, "if is_accepted and asked.view.about.digest in accepted:", "if True:"),
        Mutant("S-54", _DECISIONS, "if lifecycles.is_placed(asked.case, asked.cut):", "if False:"),
        Mutant(
            "S-51",
            _PLACEMENTS,
            'if ended is not None or lifecycles.standing(nomination, cut) != "confirm":',
            "if False:",
        ),
        Mutant(
            "S-52",
            _PLACEMENTS,
            "if any(other.is_in(cut) and not lifecycles.has_lapsed(other, cut) for other in others):",
            "if False:",
        ),
        Mutant(
            "S-53",
            _LIFECYCLES,
            "    if accepted is None or end is None or is_realised(book, placement, cut, until):\n"
            "        return None\n"
            "    return max(accepted, end.day)\n",
            "    if end is None or is_realised(book, placement, cut, until):\n"
            "        return None\n"
            "    return max(accepted or end.day, end.day)\n",
        ),
        Mutant("S-50", _LIFECYCLES, "return end is None or arrived <= end.day", "return True"),
        Mutant(
            "S-55",
            "exchange/book.py",
            "min((act.outcome for act in acts), key=ENDING.index)",
            "max((act.outcome for act in acts), key=ENDING.index)",
        ),
        Mutant(
            "S-56",
            _LIFECYCLES,
            'if sender is None or (host.outcome != "accept" and host.had_seen(sender)):',
            'if sender is None or host.outcome != "accept":',
        ),
    ),
)
