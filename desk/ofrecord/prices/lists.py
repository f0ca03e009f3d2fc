"""Price lists as plain values, made of what inventory answers. Source: Zoho Inventory v1, "Price Lists"; read 2026-11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

PERCENTAGE, PER_ITEM = "fixed_percentage", "per_item"


@dataclass(frozen=True)
class Bracket:
    """A rate, or a discount in percent, from a quantity on; `end` None: without end."""

    start: Decimal
    end: Decimal | None
    rate: Decimal | None
    discount: Decimal | None = None


@dataclass(frozen=True)
class Entry:
    """What a list says of one item. With `brackets` (lowest first) these decide, else the rate or the discount in percent."""

    rate: Decimal | None = None
    discount: Decimal | None = None
    brackets: tuple[Bracket, ...] = ()


@dataclass(frozen=True)
class PriceList:
    """One list. `percent` is added to the standard rate: a markdown is negative."""

    id: str
    name: str
    active: bool
    sales: bool
    currency: str
    kind: str
    percent: Decimal = Decimal(0)
    rounding: str = "no_rounding"
    places: int | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)


def list_of(row: Mapping[str, Any]) -> PriceList:
    """A price list from a row of inventory's list of them."""
    percent = _number(row.get("percentage")) or Decimal(0)
    places = _number(row.get("decimal_place"))
    items = row.get("pricebook_items") or ()
    return PriceList(
        str(row["pricebook_id"]), str(row.get("name") or ""), row.get("status") == "active",
        row.get("sales_or_purchase_type") == "sales", str(row.get("currency_code") or ""),
        str(row.get("pricebook_type") or ""), percent if row.get("is_increase") is True else -percent,
        str(row.get("rounding_type") or "no_rounding"), None if places is None else int(places),
        {str(one["item_id"]): _entry(one) for one in items if one.get("item_id")},
    )  # fmt: skip


def _entry(row: Mapping[str, Any]) -> Entry:
    """UNVERIFIED: that an entry has a rate in the answer when it was given as a discount; so either will do."""
    return Entry(
        _number(row.get("pricebook_rate")), _percent(row.get("pricebook_discount")), _brackets(row.get("price_brackets") or ())
    )  # fmt: skip


def _brackets(rows: Sequence[Mapping[str, Any]]) -> tuple[Bracket, ...]:
    made = [
        Bracket(
            _number(row.get("start_quantity")) or Decimal(0), _number(row.get("end_quantity")),
            _number(row.get("pricebook_rate")), _percent(row.get("pricebook_discount")),
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda one: one.start))


def _number(value: Any) -> Decimal | None:
    """An exact number; None for nothing."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _percent(value: Any) -> Decimal | None:
    """`10.5%`: the vendor wants the sign."""
    return _number(str(value).strip().removesuffix("%").strip()) if value not in (None, "") else None
