"""Writing what was found: lines and flags of open quotes in the CRM, then the queue in the ledger.

Killed between the two, or anywhere else, the next run finds the same figures, writes what is not there yet and queues what its flags say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ofrecord.promises.asking import Seen
from ofrecord.promises.reviewing import NEEDED, Review, flags_of, held_rows, record, reviews
from ofrecord.promises.saying import Sayings
from ofrecord.promises.units import HERE
from ofrecord.quotes import Edit, Shape, write
from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target import Destination, Missing, Refused, Stale


@dataclass
class Outcome:
    """What a run did, or would do: documents and lines looked at and written; numbers of those edited meanwhile, refused, to be looked at."""

    quotes: int = 0
    lines: int = 0
    quotes_written: int = 0
    lines_written: int = 0
    edited_meanwhile: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    review: list[str] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    paused: bool = False


@dataclass(frozen=True)
class Telling:
    """One run. `only`: no other document is written than this one; `there` None: nothing is written at all."""

    sayings: Sayings
    shape: Shape
    ledger: Ledger
    there: Destination | None
    only: str | None = None

    def tell(self, seen: Seen) -> Outcome:
        """Raises the kit's `Stop` and `Retry` families."""
        promise = self.sayings.promise
        mine = [one for one in seen.documents if one.id in seen.opened and self.only in {None, one.id}]
        found = reviews(promise, self.ledger, mine, seen.figures)
        edits = [self._edit(one, seen) for one in found]
        out = Outcome(len(mine), sum(len(one.lines) for one in mine))
        changed = {edit.document.id: edit.changes() for edit in edits}
        out.quotes_written = sum(bool(head or lines) for head, lines in changed.values())
        out.lines_written = sum(len(lines) for _head, lines in changed.values())
        out.review = [one.document.number for one in found if one.state == NEEDED]
        out.unlinked = _unlinked(seen, mine)
        if self.there is None:
            return out
        if self.ledger.paused(promise.promise, HERE):
            out.paused, out.quotes_written, out.lines_written = True, 0, 0
            return out
        self._write(edits, changed, found, seen, out)
        return out

    def _edit(self, one: Review, seen: Seen) -> Edit:
        document = one.document
        lines = {
            str(line["id"]): self.sayings.line(document, line, seen.figures[str(line["id"])], seen.now)
            for line in document.lines
        }
        flags = flags_of(self.sayings.promise, one)
        return Edit(document, {name: self.sayings.kept(name, value) for name, value in flags.items()}, lines)

    def _write(
        self, edits: Sequence[Edit], changed: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]],
        found: Sequence[Review], seen: Seen, out: Outcome,
    ) -> None:  # fmt: skip
        assert self.there is not None  # noqa: S101 - asked before
        results = write(self.there, self.shape, edits)
        numbers = {one.document.id: one.document.number for one in found}
        for key, result in results.items():
            match result:
                case Stale():
                    out.edited_meanwhile.append(numbers[key])
                case Missing():
                    out.gone.append(numbers[key])
                case Refused():
                    field = f", field {result.field}" if result.field else ""
                    fix = result.fix or "See the record in the CRM; it is tried again by the next run."
                    out.refused[numbers[key]] = f"{result.code}{field}. {fix}"
                case _:
                    continue
            out.quotes_written -= 1
            out.lines_written -= len(changed[key][1])
        unsure = {key for key, result in results.items() if isinstance(result, Stale | Refused)}
        promise = self.sayings.promise
        known = {one.id for one in seen.documents}
        closed = [row.source_id for row in held_rows(promise, self.ledger) if row.source_id not in seen.opened]
        over = closed if self.only is None else [one for one in closed if one in known and one == self.only]
        record(promise, self.ledger, [one for one in found if one.document.id not in unsure], seen.now, also_over=over)


def _unlinked(seen: Seen, mine: Sequence[object]) -> list[str]:
    """Products on these quotes that lead to no item, by id."""
    del mine
    return sorted({figure.name for figure in seen.figures.values() if figure.status == "Not linked"})
