"""The open quotes and the stock of everything on them, asked now. Effects: network, and the ledger is read."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ofrecord.connected import client_of
from ofrecord.promises.figures import Counter, Figure, holds, in_order
from ofrecord.promises.items import Items, items_now
from ofrecord.promises.units import HERE, THERE, Measures
from ofrecord.quotes import Document, Reading, Shape, among, both
from ofrecord_kit.tap.crm_coql import either
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import chunks
from ofrecord_kit.tokens import login_key
from ofrecord_kit.vendors.crm_coql import VALUES_A_QUERY, one_of, rows_where
from ofrecord_transforms.conditions import instant
from ofrecord_transforms.promises import Promise, Wanted
from ofrecord_transforms.rules import Condition, Rules

if TYPE_CHECKING:
    from ofrecord.project_file import ProjectFile
    from ofrecord_kit.http import Client
    from ofrecord_kit.ledger import Ledger


CALLER = "quote-stock"
"""The command's name in `meltano.yml`, under which its calls are counted."""


@dataclass(frozen=True)
class Seen:
    """Documents in the order in which they are served, figures by line, and when inventory was asked (its clock).

    `opened` are written; the others were claimed before, or only asked for. `products` are rows of the CRM, by id, of those asked for.
    """

    documents: Sequence[Document]
    opened: frozenset[str]
    figures: Mapping[str, Figure]
    items: Items
    linked: Mapping[str, tuple[str, str]]
    now: datetime
    asked: Document | None = None
    products: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def shape_of(promise: Promise) -> Shape:
    """What is read of a document and its lines."""
    one, line = promise.documents, promise.line
    head = [
        *one.open,
        *(name for each in one.claimed for name in each),
        *(one.told or ()),
        *promise.order,
        *promise.flags.values(),
    ]
    columns = [line.product, line.quantity, line.price, line.discount, *promise.shows.values()]
    return Shape(
        one.object, one.number, one.lines, tuple(dict.fromkeys([*head, *([line.currency] if line.currency else [])])),
        tuple(name for name in columns if name),
    )  # fmt: skip


def condition_of(wanted: Wanted, times: Container[str] = ()) -> str:
    """Conditions of the rules as a query says them; `not` holds of what is empty, too. `times`: fields that are no days.

    >>> condition_of({"Created_Time": (Condition("from", ("2026-01-31",)),)}, {"Created_Time"})
    "Created_Time >= '2026-01-31T00:00:00+00:00'"
    """
    return both(*(_said(name, one, name in times) for name, conditions in wanted.items() for one in conditions))


def _said(name: str, condition: Condition, is_time: bool) -> str:
    match condition.test:
        case "present":
            return f"{name} is not null"
        case "absent":
            return f"{name} is null"
        case "not":
            return f"({name} is null or {name} not in {among(name, condition.values).partition(' in ')[2]})"
        case "from" | "before":
            edge = instant(str(condition.values[0]), None)
            sign = ">=" if condition.test == "from" else "<"
            return f"{name} {sign} '{edge.isoformat(timespec='seconds') if edge and is_time else condition.values[0]}'"
        case _:
            return among(name, condition.values)


@dataclass(frozen=True)
class Asking:
    """Everything that is needed to ask."""

    project: ProjectFile
    rules: Rules
    promise: Promise
    ledger: Ledger
    crm: Client
    run: str = ""
    """What the calls are counted for."""

    def see(self, name: str | None = None) -> Seen | None:
        """All open quotes; with a number or id that one among them, or None when there is no such quote. Raises as `Client.send`."""
        reading, wanted = Reading(self.crm, shape_of(self.promise)), self.promise.documents
        known = self.rules.catalogs.object(self.rules.systems[HERE], wanted.object) or {}
        times = {name for name, field_ in known.items() if field_.vendor_type == "datetime"}
        documents = reading.where(either(condition_of(one, times) for one in (wanted.open, *wanted.claimed)))
        asked = None
        if name is not None:
            asked = next((one for one in documents if name in {one.id, one.number}), None)
            if asked is None:
                found = reading.named(name)
                if not found:
                    return None
                asked = found[0]
        opened = frozenset(one.id for one in documents if holds(wanted.open, one.values))
        order = in_order(self.promise, documents, claimed=[one.id for one in documents if one.id not in opened])
        if asked is not None and all(one.id != asked.id for one in order):
            order = [*order, asked]
        return self._seen(order, opened, asked)

    def _seen(self, documents: Sequence[Document], opened: frozenset[str], asked: Document | None) -> Seen:
        products = products_on(self.promise, documents)
        linked = self._linked(products)
        with client_of(self.project, f"tap-{THERE}", CALLER, self.run) as client:
            kept = client.connection.state_dir / f"kits-{login_key(client.connection)[:12]}.json"
            items = items_now(client, [item for _entity, item in linked.values()], kept)
        counter = Counter(self.promise, self.rules, Measures.of(self.promise, self.rules), items, linked)
        now = items.read_at or max((one.read_at for one in documents), default=datetime.now().astimezone())
        mine = products_on(self.promise, [asked]) if asked else []
        return Seen(documents, opened, counter.figures(documents), items, linked, now, asked, self._products(mine))

    def _linked(self, products: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Entity and item by product: as the ledger has it, else by the id that the product carries."""
        found: dict[str, tuple[str, str]] = {}
        for entity in self.promise.stock.products:
            for one, link in self.ledger.links_of(entity, HERE, THERE, products).items():
                found.setdefault(one, (entity, link.destination_id))
        place = self.rules.entities[self.promise.stock.products[0]].systems[HERE]
        left = [one for one in products if one not in found]
        if left and place.external_id:
            for one, row in self._rows(place.object, [place.external_id], left).items():
                stamped = row.get(place.external_id)
                if stamped:
                    found[one] = ("", str(stamped))
        return found

    def _products(self, products: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """What the CRM shows of the stock of these products."""
        if not products:
            return {}
        entity = self.promise.stock.products[0]
        rule = self.promise.fields(self.rules, self.promise.stock.available)[entity]
        names = [rule.sides[HERE].field, "Modified_Time"]
        return self._rows(self.rules.entities[entity].systems[HERE].object, names, products)

    def _rows(self, module: str, names: Sequence[str], ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found = {}
        for some in chunks(ids, VALUES_A_QUERY):
            for row, _at in rows_where(Counted(self.crm), module, names, [one_of("id", some)]):
                found[str(row["id"])] = row
        return found


def products_on(promise: Promise, documents: Sequence[Document]) -> list[str]:
    """Ids of the products of all lines, each once."""
    found = (line.get(promise.line.product) for one in documents for line in one.lines)
    return list(dict.fromkeys(str(one["id"]) for one in found if isinstance(one, Mapping) and one.get("id")))
