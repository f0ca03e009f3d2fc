"""Reading `rules/promises/*.yml`, and what is wrong with them. docs/quote-to-cash.md explains each key."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from ofrecord_kit.plan.currencies import DIGITS
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems, RulesError, nearest, one_of, root_of
from ofrecord_transforms.promises import Documents, Line, Promise, Stock, Wanted
from ofrecord_transforms.read_shapes import Shapes, amount_of
from ofrecord_transforms.rules import Rules
from ofrecord_transforms.vocabulary import RESPONSIBLE_KEYS

FOLDER: Final = "promises"
KEYS: Final = {
    "promise": "name of the promise, in words",
    "why": "why these rules are as they are",
    "responsible": "who is told: owner, deputy and escalation",
    "documents": "which documents of the CRM are told of stock",
    "order": "who is served first, where several want the same: fields of the document, the least value first",
    "line": "the fields of a line that say what is wanted",
    "stock": "where the stock of a line's product is found",
    "shows": "the fields of a line that are written, by what they say",
    "flags": "the fields of a document that are written, by what they say",
    "review": "what a document may lack before somebody looks at it",
    "again": "after which time a figure that has not moved is dated anew",
}
DOCUMENT_KEYS: Final = ("object", "number", "lines", "open", "claimed", "told")
LINE_KEYS: Final = ("product", "quantity", "price", "discount", "unit", "currency")
STOCK_KEYS: Final = ("products", "available", "on hand", "tracked", "lead time", "price")
SHOWS: Final = {
    "status": "picklist", "available": "double", "reserved": "double", "promised": "double", "before": "text",
    "as of": "datetime", "lead time": "integer", "told": "double", "told price": "currency", "told at": "datetime",
}  # fmt: skip
"""What a line can be told, and the vendor's type of a field for it."""
FLAGS: Final = {"review": "picklist", "units": "double", "value": "currency"}
STATUSES: Final = ("In stock", "Partly", "Backorder", "Not stocked", "Not linked", "Item gone")
REVIEWS: Final = ("Needed", "Accepted")
REVIEW_KEYS: Final = ("units", "money")
TESTS: Final = frozenset({"in", "not", "present", "absent", "from", "before"})
"""Conditions a query of the CRM can say of any field."""
NEEDED: Final = ("promise", "responsible", "documents", "order", "line", "stock", "shows")
_DAY_S: Final = 86_400
_SOURCE, _STORE = "crm", "inventory"


def load_promises(rules: Rules, folder: str | Path) -> list[Promise]:
    """Every promise of a rules folder, in the order of files; none without such files. Raises `RulesError` with all problems."""
    problems, found = Problems(), []
    path = Path(folder)
    for file in sorted((path / FOLDER).glob("*.y*ml")):
        root = root_of(f"{path.name}/{FOLDER}/{file.name}", file.read_bytes(), problems)
        one = PromiseReader(problems, rules).promise(root) if root is not None else None
        if one is not None:
            found.append(one)
    problems.raise_if_any()
    return found


def the_promise(rules: Rules, folder: str | Path) -> Promise:
    """The one there is. Raises `RulesError` where there is none, or several for one object."""
    found = load_promises(rules, folder)
    if len(found) != 1:
        message = f"{folder}/{FOLDER}: holds {len(found)} promises, and one is carried out. Keep one file; docs/quote-to-cash.md shows it."
        raise RulesError([message])
    return found[0]


class PromiseReader(Shapes):
    """Reads one file; every method reports to the same `Problems`."""

    def __init__(self, problems: Problems, rules: Rules) -> None:
        super().__init__(problems, rules.systems)
        self.rules = rules

    def promise(self, root: Node) -> Promise | None:
        """The promise, or None where something it cannot do without is missing; then that was reported."""
        before = len(self.problems.found)
        if self.mapping(root, "", KEYS) is None:
            return None
        for key in NEEDED:
            if root.get(key) is None:
                self.problems.add(root, "", f'"{key}" is missing: {KEYS[key]}. Add it.')
        told = self.mapping(root.get("responsible"), "responsible", RESPONSIBLE_KEYS)
        responsible = {key: self.text(told, key, "responsible") or "" for key in RESPONSIBLE_KEYS} if told else {}
        documents, line, stock = self.documents(root), self.line(root), self.stock(root)
        units, money = self.review(root)
        if documents is None or line is None or stock is None or len(self.problems.found) > before:
            return None
        found = Promise(
            promise=self.text(root, "promise", "") or "", file=root.file, responsible=responsible, documents=documents,
            order=tuple(self.words(root.get("order"), "order", "[Deal_Name.Closing_Date, Created_Time]")), line=line,
            stock=stock, shows=self.written(root, "shows", SHOWS), flags=self.written(root, "flags", FLAGS),
            units=units, money=money, again=self.duration(root, "again", "") or _DAY_S,
        )  # fmt: skip
        self.known_fields(root, found)
        self.own_fields(root, found)
        return found

    def documents(self, root: Node) -> Documents | None:
        """Object, number, subform and conditions."""
        node = self.mapping(root.get("documents"), "documents", DOCUMENT_KEYS)
        if node is None:
            return None
        object_, number, lines = (self.text(node, key, "documents") for key in ("object", "number", "lines"))
        opened = self.wanted(node.get("open"), "documents: open")
        if node.get("open") is None:
            self.problems.add(node, "documents", '"open" is missing: which documents are open. Add it.')
        claimed = node.get("claimed")
        if claimed is not None and not isinstance(claimed.value, list):
            self.problems.add(claimed, "documents: claimed", "expected a list; each item begins with a field.")
        each = claimed.value if claimed is not None and isinstance(claimed.value, list) else []
        asked = tuple(found for one in each if (found := self.wanted(one, "documents: claimed")))
        told = node.get("told")
        seen = self.wanted(told, "documents: told") if told is not None else None
        if not (object_ and number and lines and opened):
            return None
        return Documents(object_, number, lines, opened, asked, seen)

    def wanted(self, node: Node | None, where: str) -> Wanted | None:
        """Conditions by field, of those a query can say."""
        checked = self.mapping(node, where)
        found: dict[str, tuple[object, ...]] = {}
        for name, child in checked.items() if checked else ():
            conditions = self._conditions(child, name, where)
            if any(one.test not in TESTS for one in conditions):
                self.problems.add(
                    child, where, f'"{name}": use a list of values, not, present, absent, from or before here.'
                )
            found[name] = conditions
        return found or None  # type: ignore[return-value]

    def line(self, root: Node) -> Line | None:
        """Product and quantity, and what a unit costs."""
        node = self.mapping(root.get("line"), "line", LINE_KEYS)
        if node is None:
            return None
        product, quantity = self.text(node, "product", "line"), self.text(node, "quantity", "line")
        price, discount, unit, currency = (self.text(node, key, "line", required=False) for key in LINE_KEYS[2:])
        if price is not None and (unit is None) == (currency is None):
            words = "price needs either unit (one currency for all) or currency (the field that holds it). Give one."
            self.problems.add(node, "line", words)
        if unit is not None and unit not in DIGITS:
            self.problems.add(
                node, "line", f'unit "{unit}" is no currency. Write its code, as in USD.{nearest(unit, DIGITS)}'
            )
        return Line(product, quantity, price, discount, unit, currency) if product and quantity else None

    def stock(self, root: Node) -> Stock | None:
        """Entities and their fields, which exist in both systems."""
        node = self.mapping(root.get("stock"), "stock", STOCK_KEYS)
        if node is None:
            return None
        entities = self.words(node.get("products"), "stock: products", "[product]")
        available, on_hand = self.text(node, "available", "stock"), self.text(node, "on hand", "stock")
        lead_time, price = (self.text(node, key, "stock", required=False) for key in ("lead time", "price"))
        tracked = self.wanted(node.get("tracked"), "stock: tracked") or {}
        if not entities:
            self.problems.add(node, "stock", '"products" is missing: the entities of what lines name. Add it.')
        for name in entities:
            self._entity(node, name, [one for one in (available, price) if one])
        return Stock(tuple(entities), available, on_hand, tracked, lead_time, price) if available and on_hand else None

    def _entity(self, node: Node, name: str, fields: Iterable[str]) -> None:
        entity = self.rules.entities.get(name)
        if entity is None:
            hint = nearest(name, self.rules.entities) or f" Use {one_of(self.rules.entities)}."
            self.problems.add(node, "stock: products", f'"{name}" is not an entity.{hint}')
            return
        lacking = [system for system in (_SOURCE, _STORE) if system not in entity.systems]
        if lacking:
            self.problems.add(
                node, "stock: products", f'"{name}" does not live in {one_of(lacking)}. Name another entity.'
            )
        for field in fields:
            rule = next((one for one in entity.fields if one.name == field.lower()), None)
            if rule is None:
                known = [one.what for one in entity.fields]
                hint = nearest(field, known) or f" Use {one_of(known)}."
                self.problems.add(node, "stock", f'"{field}" is not a field of {name}.{hint}')
            elif not {_SOURCE, _STORE} <= set(rule.sides):
                self.problems.add(
                    node, "stock", f'"{field}" of {name} is not in both systems ({rule.rule}). Name another.'
                )

    def written(self, root: Node, key: str, allowed: Mapping[str, str]) -> dict[str, str]:
        """What is said → the field that says it; each field once."""
        node = self.mapping(root.get(key), key, allowed)
        if node is None:
            return {}
        found = {
            name: said for name, _child in node.items() if name in allowed and (said := self.text(node, name, key))
        }
        for field in {one for one in found.values() if list(found.values()).count(one) > 1}:
            self.problems.add(node, key, f"{field} is named twice. Every saying has a field of its own.")
        return found

    def review(self, root: Node) -> tuple[Decimal | None, dict[str, Decimal]]:
        """The thresholds: a number of units, an amount by currency."""
        node = self.mapping(root.get("review"), "review", REVIEW_KEYS)
        if node is None:
            return None, {}
        units = self._amount(node.get("units"), "review: units")
        money = self.mapping(node.get("money"), "review: money")
        found: dict[str, Decimal] = {}
        for code, child in money.items() if money else ():
            if code not in DIGITS:
                self.problems.add(
                    child,
                    "review: money",
                    f'"{code}" is no currency. Write its code, as in USD.{nearest(code, DIGITS)}',
                )
            elif (most := self._amount(child, f"review: money: {code}")) is not None:
                found[code] = most
        return units, found

    def _amount(self, node: Node | None, where: str) -> Decimal | None:
        if node is None:
            return None
        found = amount_of(node)
        if found is None or found < 0:
            self.problems.add(node, where, "needs a number that is not negative, as in 50.")
            return None
        return Decimal(found)

    def own_fields(self, root: Node, found: Promise) -> None:
        """A field has one owner: what is written here is no field of an entity."""
        one = found.documents
        written = {*found.flags.values(), *(f"{one.lines}.{name}" for name in found.shows.values())}
        for entity in self.rules.entities.values():
            place = entity.systems.get(_SOURCE)
            if place is None or one.object not in {place.object, place.stream}:
                continue
            for rule in entity.fields:
                side = rule.sides.get(_SOURCE)
                names = set(side.fields()) if side is not None else set()
                names |= {f"{one.lines}.{line.sides[_SOURCE].field}" for line in rule.lines if _SOURCE in line.sides}
                for name in sorted(names & written):
                    words = (
                        f'{name} belongs to "{rule.what}" of {entity.entity} ({rule.rule}). Name a field of its own.'
                    )
                    self.problems.add(root, "", words)

    def known_fields(self, root: Node, found: Promise) -> None:
        """Every field of the documents that is named exists, as far as a catalog tells."""
        one, line = found.documents, found.line
        heads = [one.number, one.lines, *one.open, *(name for each in one.claimed for name in each), *(one.told or ())]
        heads += [*found.order, *found.flags.values(), *([line.currency] if line.currency else [])]
        rows = [line.product, line.quantity, line.price, line.discount, *found.shows.values()]
        heads += [f"{one.lines}.{name}" for name in rows if name]
        system = self.rules.systems[_SOURCE]
        catalogs = self.rules.catalogs
        known = catalogs.object(system, one.object) if catalogs.names(system) is not None else None
        for name in dict.fromkeys(heads) if known is not None else ():
            path = name if name.startswith(f"{one.lines}.") else name.partition(".")[0]
            if path not in (known or {}):
                hint = (
                    nearest(path, known or ()) or " Make it (ofrecord setup, then ofrecord catalog), or name another."
                )
                self.problems.add(root, "", f"{_SOURCE} {one.object} has no field {path}.{hint}")
