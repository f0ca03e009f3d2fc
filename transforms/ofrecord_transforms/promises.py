"""What open documents are told of stock: `rules/promises/<name>.yml` as plain values, after it was read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ofrecord_transforms.rules import Condition, Field, Rules

Wanted = Mapping[str, tuple[Condition, ...]]
"""Field → conditions, all of which must hold."""


@dataclass(frozen=True)
class Documents:
    """Which documents take part. `claimed` are served first and never written; `told` are those a customer has seen."""

    object: str
    number: str
    lines: str
    open: Wanted
    claimed: tuple[Wanted, ...] = ()
    told: Wanted | None = None


@dataclass(frozen=True)
class Line:
    """Fields of a line. `price` is in `unit`, or in the currency that `currency` of the document names."""

    product: str
    quantity: str
    price: str | None = None
    discount: str | None = None
    unit: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Stock:
    """Where a line's stock is found: entities of products, names of their fields, and fields of the item itself."""

    products: tuple[str, ...]
    available: str
    on_hand: str
    tracked: Wanted
    lead_time: str | None = None
    price: str | None = None


@dataclass(frozen=True)
class Promise:
    """One file. `shows` and `flags` are fields that are written, by what they say: of a line, of its document."""

    promise: str
    file: str
    responsible: Mapping[str, str]
    documents: Documents
    order: tuple[str, ...]
    line: Line
    stock: Stock
    shows: Mapping[str, str]
    flags: Mapping[str, str]
    units: Decimal | None
    """A document that lacks more than this is looked at by somebody; in units of its lines."""
    money: Mapping[str, Decimal]
    """The same by currency."""
    again: int
    """Seconds after which a figure that has not moved is dated anew."""

    def fields(self, rules: Rules, named: str) -> dict[str, Field]:
        """The field of this name of each entity of products."""
        return {
            entity: next(one for one in rules.entities[entity].fields if one.name == named.lower())
            for entity in self.stock.products
        }
