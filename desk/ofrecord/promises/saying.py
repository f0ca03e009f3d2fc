"""What a line and its quote are told, as the fields of the rules: what differs is written, the time with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from ofrecord.promises.figures import Figure, holds
from ofrecord.promises.units import amount
from ofrecord.quotes import Document
from ofrecord_kit.plan import same
from ofrecord_kit.plan.canonical import instant
from ofrecord_transforms.promises import Promise

LONGEST = 255
"""Characters of a text field that nobody gave another length ("Create Custom Fields")."""
_AS_OF, _TOLD_AT = "as of", "told at"
_MOMENTS = (_AS_OF, _TOLD_AT)


def before_in_words(figure: Figure, longest: int = LONGEST) -> str | None:
    """`Q-1 (5), Q-2 (1)`: who is served before, cut where it is too long, with how many more there are."""
    said = [f"{of} ({units:f})" for of, units in figure.before.items()]
    for kept in range(len(said), 0, -1):
        more = f" and {len(said) - kept} more" if kept < len(said) else ""
        text = ", ".join(said[:kept]) + more
        if len(text) <= longest:
            return text
    return None


@dataclass(frozen=True)
class Told:
    """What a customer was told of a line: units that could be promised, the product's price, when."""

    units: Decimal | None
    price: Decimal | None
    at: datetime


@dataclass(frozen=True)
class Sayings:
    """The fields of one promise. `decimals`: digits a field keeps, by field; others keep what they are given."""

    promise: Promise
    decimals: Mapping[str, int]

    def line(self, one: Document, line: Mapping[str, Any], figure: Figure, now: datetime) -> dict[str, Any]:
        """Field → value of a line; without its time where nothing else moved and that is not too old."""
        said = {
            "status": figure.status, "available": figure.available, "reserved": figure.reserved, "promised": figure.promised,
            "before": before_in_words(figure), "lead time": figure.lead_time,
        } | self._told(one, line, figure, now)  # fmt: skip
        values = {
            name: self.kept(name, said[key]) for key, name in self.promise.shows.items() if key in said
        }  # fmt: skip
        return values | self._time(line, values, now)

    def kept(self, name: str, value: Any) -> Any:
        """As the field keeps it: digits that it has no room for would differ again and again."""
        if isinstance(value, Decimal) and name in self.decimals:
            return value.quantize(Decimal(1).scaleb(-self.decimals[name]), ROUND_DOWN)
        return value

    def _time(self, line: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        name = self.promise.shows.get(_AS_OF)
        if name is None:
            return {}
        before = instant(line.get(name))
        moved = any(not same(value, line.get(field)) for field, value in values.items())
        is_old = before is None or now - before >= timedelta(seconds=self.promise.again)
        return {name: written(now)} if moved or is_old else {}

    # --- what a customer was told ----------------------------------------------------------------------------------

    def told(self, line: Mapping[str, Any]) -> Told | None:
        """What the line keeps; None where nobody was told anything."""
        shows = self.promise.shows
        at = instant(line.get(shows[_TOLD_AT])) if _TOLD_AT in shows else None
        if at is None:
            return None
        units, price = (amount(line.get(shows[key])) if key in shows else None for key in ("told", "told price"))
        return Told(units, price, at)

    def _told(self, one: Document, line: Mapping[str, Any], figure: Figure, now: datetime) -> dict[str, Any]:
        """Kept from the moment on in which the customer was told; empty before it."""
        name = self.promise.shows.get(_TOLD_AT)
        if name is None:
            return {}
        is_told = self.promise.documents.told is None or holds(self.promise.documents.told, one.values)
        if not is_told:
            return {"told": None, "told price": None, "told at": None}
        if self.told(line) is not None:
            return {}
        return {"told": figure.promised, "told price": figure.price, "told at": written(now)}

    def moved(self, line: Mapping[str, Any], figure: Figure) -> list[str]:
        """Why what the customer was told does not hold any more: `stock`, `price`; nothing where it does or nobody was told."""
        told = self.told(line)
        if told is None:
            return []
        lost = told.units is not None and (figure.promised or Decimal(0)) < min(told.units, figure.quantity)
        name = self.promise.shows.get("told price", "")
        dearer = told.price is not None and not same(self.kept(name, figure.price), told.price)
        return [word for word, is_so in (("stock", lost), ("price", dearer)) if is_so]


def written(moment: datetime) -> str:
    """As the CRM takes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
