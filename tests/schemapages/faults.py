"""What happens when a record is wrong: which codes of the registry which type can meet."""

from __future__ import annotations

from typing import Final

from tests.schemapages.phrases import Phrases
from tests.schemapages.reading import registry, rule_sentence, samples, sentence

_OF_VERSIONS: Final = ("version.subject-changed", "version.subject-ended")
_OF_AGREEMENTS: Final = ("agreement.not-in-force", "agreement.superseded", "direction.unknown")

OF_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "agency": ("record.audience",),
    "agreement": ("record.audience", "agreement.parties"),
    "certificate-status": (),
    "decision": (
        *("decision.not-entitled", "decision.not-applicable", "decision.audience"),
        *("decision.subject-blocked", "decision.subject-waiting", "decision.subject-ended"),
        *("decision.subject-placed", "decision.already-accepted", "decision.not-accepted"),
        *("decision.agreement-in-force", "decision.nothing-to-resume"),
        *("quota.reached", *_OF_AGREEMENTS, "record.version-conflict"),
    ),
    "dossier": ("record.audience",),
    "erasure": (),
    "evaluation": (),
    "event": ("event.audience",),
    "node": ("record.audience",),
    "nomination": (
        *("record.audience", "nomination.not-sender", "nomination.host-not-addressed"),
        *("nomination.dossier-withdrawn", "nomination.offer-not-hosts", *_OF_AGREEMENTS),
        *("direction.suspended", "direction.closed", "quota.reached", *_OF_VERSIONS),
    ),
    "offer": ("record.audience",),
    "organisation": ("record.audience",),
    "placement": (
        *("record.audience", "placement.not-host", "placement.sender-not-addressed"),
        *("placement.nomination-not-confirmed", "placement.nomination-mismatch"),
        *("placement.nomination-placed", "placement.undated", *_OF_AGREEMENTS, *_OF_VERSIONS),
    ),
    "programme": (),
    "rejection": (),
    "statistic": (),
}
"""Codes of a type, besides those of any record."""

OF_ANY: Final = (
    *("record.malformed", "record.context-mismatch", "record.issued-mismatch", "record.issuer-unknown"),
    *("record.ahead", "record.not-the-owner", "record.not-addressed", "record.too-large"),
    *("record.version-conflict", "proof.malformed", "proof.context-mismatch", "proof.invalid"),
    *("key.unknown", "key.not-valid-then", "schema.violation", "schema.unknown", "schema.unreadable"),
    *("body.unreadable", "seen.backwards", "seen.beyond-feed", "seen.not-held", "view.not-held"),
    *("reference.not-held", "reference.not-in-view", "reference.other-id", "reference.other-type"),
    *("reference.waiting", "reference.blocked", "version.not-issuer", "version.other-type"),
    *("version.previous-mismatch", "version.audience-narrowed", "edtf.malformed"),
)
"""Codes that a record of whatever type can meet."""

_RULES: Final = {
    "additional-properties": "additionalProperties",
    "const": "const",
    "forbidden": "forbidden",
    "max-properties": "maxProperties",
    "maximum": "maximum",
    "min-items": "minItems",
    "min-properties": "minProperties",
    "minimum": "minimum",
    "pattern": "pattern",
    "property-names": "propertyNames",
    "required": "required",
    "type": "type",
    "unique-items": "uniqueItems",
}


def section(name: str, say: Phrases) -> str:
    """The part of a type's page about what is wrong."""
    text = f"## {say('wrong')}\n\n"
    broken = samples(name, "invalid")
    folder = f"schemas/samples/{name}"
    text += say("wrong-form", name=f"{folder}/", path=f"../../../{folder}/", count=len(broken)) + "\n\n"
    text += _rules(name, say)
    if OF_TYPE[name]:
        text += f"\n{say('wrong-rules')}\n\n{table(OF_TYPE[name], say)}"
    return f"{text}\n{say('wrong-all')}\n"


def table(codes: tuple[str, ...], say: Phrases) -> str:
    """Codes with what staff read of them and what follows for the record."""
    known = registry()
    rows = [f"| {say('code')} | {say('sentence')} | {say('follows')} |", "|---|---|---|"]
    rows += [
        f"| `{code}` | {cell(sentence(code, say.language))} | {say.follows(known[code][1])} |"
        for code in codes
    ]
    return "\n".join(rows) + "\n"


def cell(text: str) -> str:
    """Text that may stand in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _rules(name: str, say: Phrases) -> str:
    """One line for each rule that a sample breaks, with the sample of the shortest name."""
    found: dict[str, list[str]] = {}
    for path in samples(name, "invalid"):
        beginning = next(one for one in _RULES if path.stem.startswith(f"invalid-{one}"))
        found.setdefault(beginning, []).append(path.name)
    lines = []
    for beginning, names in found.items():
        words = rule_sentence(_RULES[beginning], say.language)
        sample = min(names, key=lambda one: (len(one), one))
        link = f"[{sample}](../../../schemas/samples/{name}/{sample})"
        lines.append(f"- `{_RULES[beginning]}`{say('colon')}{words}. {link}\n")
    return "".join(lines)
