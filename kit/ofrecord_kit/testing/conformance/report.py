"""The score of a target: what it claims, what it keeps, and what was seen where it does not."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from ofrecord_kit.testing.conformance.bench import Bench, running_bench
from ofrecord_kit.testing.conformance.case import Broken, Case
from ofrecord_kit.testing.conformance.cases import CASES
from ofrecord_kit.testing.conformance.wiring import Wiring, WiringProblem

Outcome = Literal["passed", "failed", "not claimed"]
_AUTHORS_MISTAKES = (OSError, LookupError, ValueError, TypeError, AttributeError)


@dataclass(frozen=True)
class Verdict:
    """One case: `reason` is why it is not claimed, or what was seen."""

    case: str
    title: str
    outcome: Outcome
    reason: str | None
    seconds: float


@dataclass(frozen=True)
class Report:
    """All cases of one target."""

    target: str
    stream: str
    verdicts: Sequence[Verdict]

    def named(self, outcome: Outcome) -> list[str]:
        """The cases with this outcome."""
        return [verdict.case for verdict in self.verdicts if verdict.outcome == outcome]

    @property
    def score(self) -> str:
        """`kept of claimed`."""
        kept, missed = len(self.named("passed")), len(self.named("failed"))
        return f"{kept} of {kept + missed}"

    @property
    def conforms(self) -> bool:
        """Whether it keeps what it claims."""
        return not self.named("failed")

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "target": self.target, "stream": self.stream, "score": self.score, "conforms": self.conforms,
            "cases": [asdict(verdict) for verdict in self.verdicts],
        }  # fmt: skip

    def as_text(self) -> str:
        """For people."""
        left = len(self.named("not claimed"))
        lines = [f"{self.target}, stream {self.stream}: {self.score} claimed cases passed, {left} not claimed", ""]
        for verdict in self.verdicts:
            word = "FAILED" if verdict.outcome == "failed" else verdict.outcome
            lines.append(f"  {word:<12} {verdict.case:<26} {verdict.title}")
            if verdict.reason:
                lines += textwrap.wrap(verdict.reason, 110, initial_indent=" " * 15, subsequent_indent=" " * 15)
        return "\n".join(lines)


def checked(wiring: Wiring) -> Wiring:
    """The wiring, when nothing about it is wrong. Raises WiringProblem."""
    problems = wiring.problems([case.name for case in CASES if case.optional])
    if problems:
        raise WiringProblem(*problems)
    return wiring


def judge(bench: Bench, one: Case) -> Verdict:
    """Prove one case. Raises WiringProblem when the wiring's own functions do not work."""
    started = time.monotonic()
    outcome: Outcome = "passed"
    reason = bench.wiring.not_claimed.get(one.name)
    if reason is not None:
        return Verdict(one.name, one.title, "not claimed", reason, 0.0)
    try:
        one.prove(bench)
    except Broken as seen:
        outcome, reason = "failed", str(seen)
    except _AUTHORS_MISTAKES as error:
        told = f"{one.name}: the wiring does not work: {type(error).__name__}: {error}"
        raise WiringProblem(told) from error
    return Verdict(one.name, one.title, outcome, reason, round(time.monotonic() - started, 2))


def run(wiring: Wiring, cases: Sequence[Case], tell: Callable[[Verdict], None] = lambda _one: None) -> Report:
    """All these cases, one after the other. Raises WiringProblem."""
    checked(wiring)
    with TemporaryDirectory(prefix="conformance-") as folder, running_bench(wiring, Path(folder) / "runs") as bench:
        verdicts = []
        for one in cases:
            verdicts.append(judge(bench, one))
            tell(verdicts[-1])
        return Report(wiring.name, wiring.stream, verdicts)
