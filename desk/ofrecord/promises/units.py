"""Between inventory's units and the CRM's, by the rules of the product: whatever line of them says how a quantity is converted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ofrecord_transforms.lenses import Lens
from ofrecord_transforms.lenses.amounts import plain
from ofrecord_transforms.lenses.choose import lens
from ofrecord_transforms.paths import ABSENT, reader
from ofrecord_transforms.promises import Promise
from ofrecord_transforms.rules import Field, Rules

HERE, THERE = "crm", "inventory"


@dataclass(frozen=True)
class Measure:
    """One field of one entity, read from an item of inventory and shown in the CRM."""

    rule: Field
    rules: Rules

    def of(self, item: Any) -> Decimal | None:
        """The amount in inventory's unit; None where the item has none."""
        return amount(reader(self.rules.systems[THERE], self.rule.sides[THERE].field)(item))

    def shown(self, value: Decimal | None) -> Decimal | None:
        """In the CRM's unit."""
        return None if value is None else amount(self._lens(THERE, HERE).forward(value))

    def wanted(self, value: Decimal) -> Decimal:
        """A quantity of a line, in inventory's unit."""
        return amount(self._lens(HERE, THERE).forward(value)) or Decimal(0)

    def _lens(self, source: str, to: str) -> Lens:
        return lens(self.rule, self.rule.sides[source], self.rule.sides[to])


def amount(value: Any) -> Decimal | None:
    """An exact number in plain notation, also from text; None for what is none."""
    if value is None or value is ABSENT or isinstance(value, bool) or value == "":
        return None
    try:
        return plain(Decimal(str(value)))
    except ArithmeticError:
        return None


@dataclass(frozen=True)
class Measures:
    """Those of a promise, by entity of products."""

    available: dict[str, Measure]
    price: dict[str, Measure]

    @classmethod
    def of(cls, promise: Promise, rules: Rules) -> Measures:
        """Raises KeyError for names that `ofrecord check` would have refused."""
        stock = promise.stock
        price = promise.fields(rules, stock.price) if stock.price else {}
        return cls(
            {one: Measure(rule, rules) for one, rule in promise.fields(rules, stock.available).items()},
            {one: Measure(rule, rules) for one, rule in price.items()},
        )
