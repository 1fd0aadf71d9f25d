"""Runs a parser over very many inputs and writes down what came of each.

Guidance without instrumentation: an outcome (accepted, or a code with the member that it names)
that was not met before makes its input a seed. So a run climbs from check to check, as a
fuzzer that measures coverage does, and also through parsers that are written in Rust.
"""

from __future__ import annotations

import gc
import json
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from passerelle.errors import PasserelleError, ProtocolError
from passerelle.words import LANGUAGES, Words, problem
from tests.fuzz.mutations import grown, mutate_bytes, mutate_json, mutate_text, mutate_tree, weight

MAX_SECONDS: Final = 1.0
"""Processor time that one input may take, the largest that is accepted included."""

MAX_GROWTH_BYTES: Final = 192 * 2**20
"""How much the process may grow over all inputs of one parser."""

_HANG_SECONDS: Final = 20.0
_GROWN_EVERY: Final = 400
_MAX_LEARNT: Final = 300
_MAX_LEARNT_BYTES: Final = 12_000
_MAX_ESCAPES: Final = 3
_TELLING: Final = (
    "member",
    "path",
    "rule",
    "reason",
    "fault",
    "parameter",
    "part",
    "kind",
    "entry",
    "coding",
)

_MUTATIONS: Final[dict[str, Callable[..., Any]]] = {
    "bytes": mutate_bytes,
    "json": mutate_json,
    "text": mutate_text,
    "tree": mutate_tree,
}


@dataclass(frozen=True, slots=True)
class Target:
    """One parser of foreign bytes.

    Args:
        name: As it stands in summaries.
        form: What its inputs are: ``bytes``, ``json`` (bytes that are JSON), ``text`` or ``tree``.
        seeds: Gives inputs to begin with, valid ones among them.
        call: Reads one input. What it returns means accepted; assertions in it are rules, too.
        covers: Functions of the package that it runs, ``protocol.module.Class.function``.
        allowed: What may be raised.
        tokens: Words that mean something to this parser.
        max_bytes: Inputs grow up to here; 0 for those that do not grow.
        share: Inputs of this target for each one of a plain target; below 1 for slow ones.
        refuses: Whether there is anything that it refuses; a reader of headers may read all.
    """

    name: str
    form: str
    seeds: Callable[[], Sequence[Any]]
    call: Callable[[Any], object]
    covers: tuple[str, ...] = ()
    allowed: tuple[type[PasserelleError], ...] = (ProtocolError,)
    tokens: tuple[Any, ...] = ()
    max_bytes: int = 0
    share: float = 1.0
    refuses: bool = True


@dataclass(slots=True)
class Summary:
    """What came of the inputs of one target."""

    name: str
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    escapes: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest_input: str = ""
    grown_bytes: int = 0

    @property
    def line(self) -> str:
        """For people: name, inputs, accepted, refused, codes, slowest in milliseconds."""
        accepted = self.outcomes["accepted"]
        return (
            f"{self.name:<34}{self.inputs:>9}{accepted:>9}{self.inputs - accepted:>9}"
            f"{len(self.outcomes) - (accepted > 0):>6}{self.slowest_seconds * 1000:>9.1f}"
        )


HEADER: Final = f"{'parser':<34}{'inputs':>9}{'accepted':>9}{'refused':>9}{'codes':>6}{'worst ms':>9}"


class Hang(BaseException):
    """One input took far too long. No ``Exception``: nothing on the way may swallow it."""


def fuzz(target: Target, count: int, seed: int | str) -> Summary:
    """Reads ``count`` inputs; the same count and seed give the same inputs."""
    rng = Random(f"{target.name} {seed}")
    seeds = list(target.seeds())
    given_seeds = len(seeds)
    known: set[str] = set()
    summary = Summary(target.name)
    before = _peak_bytes()
    with _limit() as arm:
        for number in range(count):
            given = seeds[number] if number < given_seeds else _made(rng, target, seeds, number)
            arm(_HANG_SECONDS)
            outcome = _read(target, given, summary)
            if outcome not in known and len(known) < _MAX_LEARNT:
                known.add(outcome)
                if number >= given_seeds and _size(given) <= _MAX_LEARNT_BYTES:
                    seeds.append(given)
            if len(summary.escapes) >= _MAX_ESCAPES:
                break
    summary.grown_bytes = _peak_bytes() - before
    return summary


def _made(rng: Random, target: Target, seeds: Sequence[Any], number: int) -> Any:
    given = rng.choice(seeds)
    if target.max_bytes and number % _GROWN_EVERY == 0:
        return grown(rng, given, target.max_bytes)
    return _MUTATIONS[target.form](rng, given, seeds, target.tokens)


def _read(target: Target, given: Any, summary: Summary) -> str:
    """Gives one input to the parser; the outcome, as fine as guidance needs it."""
    began = time.thread_time()
    try:
        code, outcome = _outcome(target, given)
        took = time.thread_time() - began
        if took > MAX_SECONDS:
            took = min(took, *(_again(target, given) for _ in range(2)))
    except (Exception, Hang) as error:  # noqa: BLE001  whatever else comes out is the finding
        code = outcome = f"escaped {type(error).__name__}"
        shown = "".join(traceback.format_exception(error)[-6:])
        summary.escapes.append(f"{target.name}: {_shown(given)}\n{shown}")
        took = time.thread_time() - began
    summary.inputs += 1
    summary.outcomes[code] += 1
    if took > summary.slowest_seconds:
        summary.slowest_seconds, summary.slowest_input = took, _shown(given)
    return outcome


def _again(target: Target, given: Any) -> float:
    """The time without what fell into it by chance: one collection of ten thousand tests' leavings takes a second."""
    gc.collect()
    began = time.thread_time()
    _outcome(target, given)
    return time.thread_time() - began


def _outcome(target: Target, given: Any) -> tuple[str, str]:
    """The code, and the code with the place that it names."""
    try:
        target.call(given)
    except target.allowed as error:
        json.dumps(error.params, ensure_ascii=False).encode()  # a problem document must be able to carry it
        _check_told(error)
        telling = [str(error.params[name])[:80] for name in _TELLING if name in error.params]
        return error.code, " ".join([error.code, *telling])
    return "accepted", "accepted"


_told: Final[set[tuple[str, frozenset[str]]]] = set()


def _check_told(error: PasserelleError) -> None:
    """Every refusal becomes sentences in both languages; looked at once for each set of values."""
    kind = (error.code, frozenset(error.params))
    if kind in _told:
        return
    for lang in LANGUAGES:
        if not Words(lang).has(error.code):
            raise AssertionError(f"{error.code} has no sentence in {lang}")
        json.dumps(problem(error.code, error.params, lang, 400), ensure_ascii=False).encode()
    _told.add(kind)


def _size(given: Any) -> int:
    return len(given) if isinstance(given, bytes | str) else weight(given, _MAX_LEARNT_BYTES)


def _shown(given: Any) -> str:
    text = ascii(given)
    return text if len(text) <= 600 else f"{text[:400]} … {text[-150:]} ({len(text)} characters)"


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kilobytes on Linux


@contextmanager
def _limit() -> Iterator[Callable[[float], object]]:
    """Raises Hang after so much processor time of this process; a busy machine does not count."""

    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
