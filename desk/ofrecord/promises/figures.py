"""What each line of the open quotes can be promised: order, stock, what leads from a product to its item. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from ofrecord.promises.dividing import Share, Wish, divided
from ofrecord.promises.items import Items
from ofrecord.promises.units import THERE, Measure, Measures, amount
from ofrecord.quotes import Document
from ofrecord_kit.plan.canonical import instant
from ofrecord_transforms.conditions import fulfils
from ofrecord_transforms.paths import reader
from ofrecord_transforms.promises import Promise, Wanted
from ofrecord_transforms.rules import Rules

IN_STOCK, PARTLY, BACKORDER, NOT_STOCKED, NOT_LINKED, GONE = (
    "In stock", "Partly", "Backorder", "Not stocked", "Not linked", "Item gone",
)  # fmt: skip
SHORT = frozenset({PARTLY, BACKORDER})
_NONE = Decimal(0)


@dataclass(frozen=True)
class Figure:
    """What a line can be promised now, in the CRM's units; None where nothing can be said. `price` is the product's, not the line's."""

    status: str
    name: str
    quantity: Decimal
    available: Decimal | None = None
    reserved: Decimal | None = None
    promised: Decimal | None = None
    before: Mapping[str, Decimal] = field(default_factory=dict)
    lead_time: int | None = None
    price: Decimal | None = None

    @property
    def lacking(self) -> Decimal:
        """Units that cannot be promised; none of a line of which nothing is known."""
        return self.quantity - (self.promised or _NONE) if self.status in SHORT else _NONE


def holds(wanted: Wanted | None, values: Mapping[str, Any]) -> bool:
    """Does a record fulfil all of these conditions? Nothing wanted is not fulfilled."""
    return wanted is not None and all(
        fulfils(one, None)(values.get(name)) for name, conditions in wanted.items() for one in conditions
    )


def in_order(promise: Promise, documents: Sequence[Document], *, claimed: Iterable[str]) -> list[Document]:
    """Those that are claimed already, then the others, by the order of the rules; what is empty comes last, ties by id."""
    first = set(claimed)

    def place(one: Document) -> tuple[Any, ...]:
        keys = (_comparable(one.values.get(name)) for name in promise.order)
        return (one.id not in first, *keys, int(one.id) if one.id.isdecimal() else 0, one.id)

    return sorted(documents, key=place)


def _comparable(value: Any) -> tuple[int, Any]:
    """Times and days as moments, numbers as numbers, the rest as text; nothing is last."""
    if value is None or value == "":
        return (3, "")
    number = amount(value)
    if number is not None:
        return (0, number)
    moment = instant(value) if isinstance(value, str) else None
    return (2, str(value)) if moment is None else (1, moment)


@dataclass(frozen=True)
class Counter:
    """Counts what can be promised. `linked`: entity and item of each product, with an empty entity where only its stamp tells."""

    promise: Promise
    rules: Rules
    measures: Measures
    items: Items
    linked: Mapping[str, tuple[str, str]]

    def figures(self, documents: Sequence[Document]) -> dict[str, Figure]:
        """Figure by line, of documents in the order in which they are served."""
        wishes = [
            wish for one in documents for line in one.lines if (wish := self._wish(one, line)) is not None
        ]  # fmt: skip
        stock = {part: self._stock(part) for wish in wishes for part in wish.parts}
        shares = divided(wishes, stock)
        return {str(line["id"]): self._figure(line, shares) for one in documents for line in one.lines}

    def moment(self) -> datetime | None:
        """When inventory was asked."""
        return self.items.read_at

    # --- one item --------------------------------------------------------------------------------------------------

    def _item(self, line: Mapping[str, Any]) -> tuple[str, str | None, Mapping[str, Any] | None]:
        """Product, item and what inventory holds of it."""
        product = line.get(self.promise.line.product)
        key = str(product["id"]) if isinstance(product, Mapping) else str(product or "")
        if key not in self.linked:
            return key, None, None
        item = self.linked[key][1]
        return key, item, self.items.rows.get(item)

    @cached_property
    def _known(self) -> dict[tuple[str, str], Any]:
        """What was found of an item or product once; many lines name the same."""
        return {}

    def _once(self, what: str, key: str, find: Callable[[], Any]) -> Any:
        if (what, key) not in self._known:
            self._known[what, key] = find()
        return self._known[what, key]

    def _entity(self, product: str, row: Mapping[str, Any]) -> str:
        """The entity of the link; where there is none, the first whose conditions the item fulfils."""
        said = self.linked[product][0] or self._once("entity", product, lambda: self._fitting(row))
        return str(said)

    def _fitting(self, row: Mapping[str, Any]) -> str:
        names = self.promise.stock.products
        system = self.rules.systems[THERE]
        return next(
            (
                name
                for name in names
                if all(
                    fulfils(condition, None)(reader(system, field)(row))
                    for field, condition in self.rules.entities[name].conditions(THERE)
                )
            ),
            names[0],
        )

    @cached_property
    def _owners(self) -> dict[str, str]:
        """Item → a product that is linked with it."""
        return {item: product for product, (_entity, item) in self.linked.items()}

    def _available(self, item: str) -> Measure:
        """How the stock of an item that no line names is read: the rule of the first entity of products tells."""
        row = self.items.rows.get(item) or {}
        owner = self._owners.get(item)
        return self.measures.available[self._entity(owner, row) if owner else self.promise.stock.products[0]]

    def _stock(self, item: str) -> Decimal:
        def found() -> Decimal:
            row = self.items.rows.get(item)
            return _NONE if row is None or not self._is_tracked(item, row) else self._available(item).of(row) or _NONE

        stock: Decimal = self._once("stock", item, found)
        return stock

    def _is_tracked(self, item: str, row: Mapping[str, Any]) -> bool:
        wanted = self.promise.stock.tracked
        return bool(self._once("tracked", item, lambda: not wanted or holds(wanted, row)))

    def _made(self, item: str, of: Any) -> Decimal:
        """How many of an item there are by a figure of its parts; of a kit as many whole ones as they suffice for."""
        parts = self.items.parts(item)
        if list(parts) == [item]:
            found: Decimal = of(item)
            return found
        return min((of(part) / times for part, times in parts.items()), default=_NONE) // 1

    def _on_hand(self, item: str) -> Decimal:
        row = self.items.rows.get(item) or {}
        return amount(reader(self.rules.systems[THERE], self.promise.stock.on_hand)(row)) or _NONE

    def _lead_time(self, item: str, row: Mapping[str, Any]) -> int | None:
        """In days, of an item that is still bought; of a kit without one of its own the longest of its components."""
        said = self.promise.stock.lead_time
        if said is None or row.get("status") == "inactive":
            return None
        own = amount(reader(self.rules.systems[THERE], said)(row))
        if own is not None:
            return int(own) if own >= 0 else None
        parts = [part for part in self.items.parts(item) if part != item]
        times = [self._lead_time(part, self.items.rows.get(part) or {}) for part in parts]
        return max((one for one in times if one is not None), default=None)

    # --- one line --------------------------------------------------------------------------------------------------

    def _wish(self, one: Document, line: Mapping[str, Any]) -> Wish | None:
        product, item, row = self._item(line)
        if item is None or row is None or not self._is_tracked(item, row):
            return None
        measure = self.measures.available[self._entity(product, row)]
        wanted = measure.wanted(amount(line.get(self.promise.line.quantity)) or _NONE)
        return Wish(str(line["id"]), one.number, wanted, self.items.parts(item))

    def _figure(self, line: Mapping[str, Any], shares: Mapping[str, Share]) -> Figure:
        product, item, row = self._item(line)
        quantity = amount(line.get(self.promise.line.quantity)) or _NONE
        if item is None:
            return Figure(NOT_LINKED, product, quantity)
        if row is None:
            return Figure(GONE, product, quantity)
        entity = self._entity(product, row)
        price = self.measures.price.get(entity)
        name, now = str(row.get("sku") or row.get("name") or item), price.shown(price.of(row)) if price else None
        share = shares.get(str(line["id"]))
        if share is None:
            return Figure(NOT_STOCKED, name, quantity, price=now)
        measure = self.measures.available[entity]
        available, on_hand = self._made(item, self._stock), self._made(item, self._on_hand)
        promised = measure.shown(share.given) or _NONE
        status = IN_STOCK if promised >= quantity else PARTLY if promised > 0 else BACKORDER
        return Figure(
            status, name, quantity, measure.shown(available), measure.shown(on_hand - available), promised,
            {of: measure.shown(units) or _NONE for of, units in share.before.items()},
            self._lead_time(item, row) if status in SHORT else None, now,
        )  # fmt: skip
