"""How much a plan does, and whether that is within what one run may do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofrecord_kit.target.items import Item
    from ofrecord_kit.target.wire import Wire

KINDS = ("create", "update", "delete")
ANY = "*"
"""Amounts whose currency the rules do not say; they count towards the limit of each."""


@dataclass(slots=True)
class Figures:
    """Records to create, update, delete (or switch off), and the money moved: the sum of what amounts change by."""

    create: int = 0
    update: int = 0
    delete: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)

    def add(self, item: Item, wire: Wire, *, again: bool = False) -> None:
        """Count one decided record. `again`: it came before in this run, so that only what it moves, or its end, is news."""
        if not again or item.kind == "delete":
            setattr(self, item.kind, getattr(self, item.kind) + 1)
        for currency, amount in moved_by(item, wire).items():
            self.money[currency] = self.money.get(currency, Decimal(0)) + amount

    def over(self, limits: Mapping[str, Any]) -> list[str]:
        """What goes beyond the limits, in words; empty when the plan fits."""
        found = [
            f"{kind}s {getattr(self, kind)}, {limits[kind]} are allowed"
            for kind in KINDS
            if limits.get(kind) is not None and getattr(self, kind) > int(limits[kind])
        ]
        for currency, most in (limits.get("money") or {}).items():
            moved = self.money.get(currency, Decimal(0)) + self.money.get(ANY, Decimal(0))
            if moved > Decimal(str(most)):
                found.append(f"moves {moved:f} {currency}, {most} are allowed")
        return found

    def covers(self, other: Figures) -> bool:
        """Is the other plan not greater in any figure?"""
        return all(getattr(other, kind) <= getattr(self, kind) for kind in KINDS) and all(
            amount <= self.money.get(currency, Decimal(0)) for currency, amount in other.money.items()
        )

    def words(self) -> str:
        """`creates 560, updates 4, deletes 0, moves 1200.00 USD`."""
        money = [f"moves {amount:f} {'' if currency == ANY else currency}".rstrip() for currency, amount in sorted(self.money.items())]  # fmt: skip
        return ", ".join([*(f"{kind}s {getattr(self, kind)}" for kind in KINDS), *money])

    def as_json(self) -> dict[str, Any]:
        """For the ledger; `from_json` reads it."""
        money = {currency: format(amount, "f") for currency, amount in self.money.items()}
        return {**{kind: getattr(self, kind) for kind in KINDS}, "money": money}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Figures:
        """What `as_json` wrote."""
        money = {currency: Decimal(str(amount)) for currency, amount in (said.get("money") or {}).items()}
        create, update, delete = (int(said.get(kind) or 0) for kind in KINDS)
        return cls(create, update, delete, money)


def moved_by(item: Item, wire: Wire) -> dict[str, Decimal]:
    """Currency → by how much the amounts of a record change; of a document that is made, its total."""
    if item.moves is not None:
        return {currency: amount for currency, amount in item.moves.items() if amount}
    moved: dict[str, Decimal] = {}
    written = {**item.plan.writes, **item.plan.adopts}
    for rule in (*wire.sent, *wire.observed):
        if rule.form != "money" or rule.name not in written:
            continue
        before = item.current.values.get(rule.name) if item.current else None
        amount = abs(amount_of(written[rule.name].value) - amount_of(before))
        moved[rule.currency or ANY] = moved.get(rule.currency or ANY, Decimal(0)) + amount
    if item.created:
        for total in (item.note.get("check") or {}).values():
            moved[ANY] = moved.get(ANY, Decimal(0)) + abs(amount_of(total))
    return {currency: amount for currency, amount in moved.items() if amount}


def amount_of(value: Any) -> Decimal:
    """A value as an amount; 0 for what is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)
