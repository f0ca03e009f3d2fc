"""Which quotes lack so much that somebody must look: the flag on the quote, the row in the queue, and what was said to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ofrecord.promises.figures import Figure
from ofrecord.promises.units import HERE, THERE, amount
from ofrecord.quotes import Document
from ofrecord_kit.ledger import Event, Held, Ledger
from ofrecord_kit.plan.currencies import DIGITS
from ofrecord_transforms.promises import Promise

NEEDED, ACCEPTED = "Needed", "Accepted"
KIND = "review"
_NONE = Decimal(0)


@dataclass(frozen=True)
class Shortage:
    """What a document lacks. `value` is None where lines have no price; `why` it is too much, else empty."""

    units: Decimal
    value: Decimal | None
    currency: str | None
    why: str = ""

    def within(self, other: Shortage) -> bool:
        """No more than the other one."""
        return self.units <= other.units and (self.value or _NONE) <= (other.value or _NONE)


@dataclass(frozen=True)
class Review:
    """What becomes of a document: `state` is the flag or None, `by` who answered its held row just now."""

    document: Document
    shortage: Shortage
    state: str | None
    by: str | None = None


def shortage_of(promise: Promise, one: Document, figures: Mapping[str, Figure]) -> Shortage:
    """Units and money of all lines that are short, in the one currency the document has."""
    line = promise.line
    currency = line.unit or (str(one.values.get(line.currency) or "") or None if line.currency else None)
    units, value = _NONE, _NONE if line.price else None
    for row in one.lines:
        figure = figures[str(row["id"])]
        units += figure.lacking
        if figure.lacking and value is not None and line.price:
            price, discount = amount(row.get(line.price)), amount(row.get(line.discount or "")) or _NONE
            value += figure.lacking * ((price or _NONE) - discount / figure.quantity)
    if value is not None and currency in DIGITS:
        value = value.quantize(Decimal(1).scaleb(-DIGITS[currency]), ROUND_HALF_UP)
    return Shortage(units, value, currency, _too_much(promise, units, value, currency))


def _too_much(promise: Promise, units: Decimal, value: Decimal | None, currency: str | None) -> str:
    if promise.units is not None and units > promise.units:
        return f"more than {promise.units:f} units"
    if not value or not promise.money:
        return ""
    if currency is None or currency not in promise.money:
        return f"{promise.file} names no amount in {currency or 'its currency'}"
    most = promise.money[currency]
    return f"more than {most:f} {currency}" if value > most else ""


def reviews(
    promise: Promise, ledger: Ledger, documents: Sequence[Document], figures: Mapping[str, Figure]
) -> list[Review]:
    """One of each document that is written."""
    rows = {row.source_id: row for row in held_rows(promise, ledger)}
    accepted = _accepted(promise, ledger)
    return [
        _reviewed(promise, one, shortage_of(promise, one, figures), rows.get(one.id), accepted.get(one.id))
        for one in documents
    ]


def _reviewed(promise: Promise, one: Document, shortage: Shortage, row: Held | None, before: Shortage | None) -> Review:
    if not shortage.why:
        return Review(one, shortage, None)
    if row is not None and row.answer == "accept":
        return Review(one, shortage, ACCEPTED, row.answered_by or "somebody")
    flags = promise.flags
    shown = one.values.get(flags["review"]) if "review" in flags else ACCEPTED if before else None
    if shown == ACCEPTED:
        seen = before or Shortage(
            amount(one.values.get(flags.get("units", ""))) or _NONE,
            amount(one.values.get(flags.get("value", ""))) or _NONE,
            shortage.currency,
        )
        if shortage.within(seen):
            return Review(one, shortage, ACCEPTED)
    return Review(one, shortage, NEEDED)


def held_rows(promise: Promise, ledger: Ledger) -> list[Held]:
    """What waits for an answer."""
    return [row for row in ledger.held(entity=promise.promise, source=HERE) if row.kind == KIND]


def _accepted(promise: Promise, ledger: Ledger) -> dict[str, Shortage]:
    """What was last accepted of each document."""
    found: dict[str, Shortage] = {}
    for event in sorted(ledger.events(kinds=("decided",), entity=promise.promise), key=lambda one: one.id or 0):
        said = event.after if isinstance(event.after, Mapping) else {}
        for one in (event.ids or {}).values():
            found[one] = Shortage(amount(said.get("units")) or _NONE, amount(said.get("value")), None)
    return found


def flags_of(promise: Promise, one: Review) -> dict[str, Any]:
    """Field → value of the document; empty where nothing is lacking."""
    short = one.shortage
    said = {"review": one.state, "units": short.units or None, "value": short.value or None}
    return {name: said[key] for key, name in promise.flags.items()}


def record(
    promise: Promise, ledger: Ledger, found: Sequence[Review], now: datetime, *, also_over: Iterable[str]
) -> None:
    """Queue what needs a look, take what needs none any more off, and keep what was accepted. One transaction, only where anything differs.

    `also_over`: documents that are not open any more.
    """
    rows = {row.source_id: row for row in held_rows(promise, ledger)}
    needed = [held for one in found if one.state == NEEDED and _differs(held := held_of(promise, one), rows)]
    decided = [one for one in found if one.state == ACCEPTED and one.document.id in rows]
    over = {one.document.id for one in found if one.state != NEEDED} | set(also_over)
    gone = [one for one in rows if one in over]
    if not (needed or decided or gone):
        return
    with ledger.writing(now) as writing:
        for held in needed:
            writing.hold(held)
        for one in decided:
            figures = {"units": str(one.shortage.units), "value": _text(one.shortage.value)}
            ids, why = {HERE: one.document.id}, "accepted" if one.by else f"accepted in {HERE}"
            writing.event(
                Event("decided", promise.promise, None, ids, after=figures, rule=promise.file, why=why, editor=one.by)
            )
        writing.release(promise.promise, HERE, THERE, gone, kinds=(KIND,))


def held_of(promise: Promise, one: Review) -> Held:
    """The row of a document that needs a look."""
    short = one.shortage
    worth = f", worth {short.value:f} {short.currency or ''}".rstrip() if short.value else ""
    return Held(
        entity=promise.promise, source=HERE, destination=THERE, source_id=one.document.id, kind=KIND,
        message=f"{one.document.number} lacks {short.units:f} units{worth}: {short.why}.", label=one.document.number,
        rule=promise.file, fix="Buy, deliver in parts or agree on a later day; then say accept. It is over by itself when stock comes.",
    )  # fmt: skip


def _differs(held: Held, rows: Mapping[str, Held]) -> bool:
    before = rows.get(held.source_id)
    return before is None or before.message != held.message


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
