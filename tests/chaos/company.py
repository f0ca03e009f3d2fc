"""A small company whose people edit what is theirs and what is not, and a plain memory of what they said."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chaos.grounds import Grounds, Rows

from ofrecord.demo.people import People
from ofrecord_kit.ledger import Held

SYSTEMS = ("crm", "inventory")
TABLES = {
    "product": {"crm": "crm/records/Products", "inventory": "finance/items"},
    "account": {"crm": "crm/records/Accounts", "inventory": "finance/contacts"},
}
KEYS = {"product": "item_id", "account": "contact_id"}
MODULES = {"product": "Products", "account": "Accounts"}


def plain(value: Any) -> Any:
    """As people mean it."""
    return str(value if value is not None else "").strip()


def number(value: Any) -> Any:
    """As people mean it."""
    return None if value in {None, ""} else Decimal(str(value)).normalize() + 0


def digits(value: Any) -> Any:
    """Of a phone number."""
    return "".join(filter(str.isdigit, str(value or "")))


@dataclass(frozen=True)
class Field:
    """One field: whose it is (`shared`: the latest counts), its names, and what people write (`number` of the writing → value)."""

    owner: str
    crm: str
    inventory: str
    value: Callable[[int], Any]
    mean: Callable[[Any], Any] = plain
    factor: int = 1
    """What stands in the CRM for one in inventory."""

    def read(self, system: str, record: Mapping[str, Any]) -> Any:
        """What a record says."""
        found: Any = record
        for part in getattr(self, system).split("."):
            found = (found or {}).get(part)
        meant = self.mean(found)
        return meant / self.factor + 0 if self.factor != 1 and system == "crm" and meant is not None else meant


FIELDS = {
    "product": {
        "name": Field("inventory", "Product_Name", "name", "Schraube № {}".format),
        "price": Field("inventory", "Unit_Price", "rate", lambda no: 1 + no % 977 + 0.25, number),
        "weight": Field("inventory", "Weight_g", "package_details.weight", lambda no: 1 + no % 50, number, 1000),
        "description": Field("shared", "Description", "description", "Strong – for wood, {}.".format),
    },
    "account": {
        "website": Field("crm", "Website", "website", "https://{}.example".format),
        "terms": Field("inventory", "Payment_Terms_Days", "payment_terms", lambda no: no % 90, number),
        "phone": Field("shared", "Phone", "billing_address.phone", lambda no: f"+1206555{no % 10000:04d}", digits),
    },
}
FOREIGN = {("product", "crm"): "Manufacturer", ("product", "inventory"): "brand", ("account", "crm"): "Description", ("account", "inventory"): "notes"}  # fmt: skip
"""Fields no rule names."""
MOVES = {
    "crm": ["Modified_Time", "_m", "Modified_By", "Last_Activity_Time", "Inventory_ID"],
    "inventory": ["last_modified_time", "_modified", "_custom.cf_crm_id"],
    "product crm": ["Product_Code", "Product_Active", "Taxable", "Qty_in_Stock", "Unit_Of_Measure", "Reorder_Level", "EAN"],
    "account inventory": ["payment_terms_label", "primary_contact_id"],
    "account crm": ["Credit_Limit", "Open_Credit"],
}  # fmt: skip
"""What the sync may write beside `FIELDS`, and what the vendor writes by itself."""


@dataclass
class Thing:
    """A product or a customer, and what people said about it."""

    kind: str
    label: str
    ids: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    """Field → what its owner was told last."""
    contest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Shared field → by system what was written since both were seen to hold the same."""
    untouched: dict[str, dict[str, Any]] = field(default_factory=dict)


class Company:
    """Everybody who edits, and what must come of it."""

    def __init__(self, site: Grounds) -> None:
        self.site = site
        self.people = People(site.stage)
        self.things: list[Thing] = []
        self.quotes: dict[str, str] = {}
        """Number of an accepted quote → its id."""
        self.counts: Counter[str] = Counter()
        self._writings = 0

    # -- doing ---------------------------------------------------------------------------------------------------

    def begin(self, products: int = 6, accounts: int = 4) -> None:
        """Found the company."""
        for _ in range(products):
            self.new_product()
        for _ in range(accounts):
            self.new_account()

    def act(self, dice: random.Random, *, meanwhile: bool = False) -> str:
        """Somebody does something. While a job runs nobody edits a shared field in inventory, whose API cannot notice that."""
        kinds = ["edit"] * 6 + ["remark"] * 2 + ["product", "account", "quote"]
        kind = dice.choice(kinds)
        self.counts[kind] += 1
        if kind == "product":
            return self.new_product()
        if kind == "account":
            return self.new_account()
        if kind == "quote":
            return self.new_quote(dice)
        self.meet(self.site.rows())
        thing = dice.choice(self.things)
        system = dice.choice(sorted(thing.ids))
        if kind == "remark":
            self._put(thing, system, FOREIGN[thing.kind, system], f"Anmerkung {self._next()} – bleibt")
            return f"{thing.label}: a remark in {system}"
        name = dice.choice(sorted(FIELDS[thing.kind]))
        if FIELDS[thing.kind][name].owner == "shared" and meanwhile:
            system = "crm" if "crm" in thing.ids else ""
        return self.edit(thing, name, system) if system else "nothing"

    def edit(self, thing: Thing, name: str, system: str) -> str:
        """Write a new value, also where it is not one's own to write."""
        one = FIELDS[thing.kind][name]
        value = one.value(self._next())
        if one.owner == "shared":
            self._enter_contest(thing, name, one)
            thing.contest[name][system] = one.mean(value)
        elif one.owner == system:
            thing.said[name] = one.mean(value)
        sent = value * one.factor if one.factor != 1 and system == "crm" else value
        self._put(thing, system, getattr(one, system), sent)
        return f"{thing.label}: {name} is {value} in {system}"

    def _enter_contest(self, thing: Thing, name: str, one: Field) -> None:
        records = self.records(thing, self.site.rows())
        values = [one.read(system, records[system]) for system in records]
        if len(set(values)) == 1 or name not in thing.contest:
            thing.contest[name] = {}

    def new_product(self) -> str:
        """In inventory, where products begin."""
        no = self._next()
        thing = Thing("product", f"SKU-{no}")
        values = {name: one.value(no) for name, one in FIELDS["product"].items()}
        answer = self.people.ask("POST", "/inventory/v1/items", {
            "name": values["name"], "sku": thing.label, "rate": values["price"], "unit": "pcs", "brand": f"Marke {no}",
            "description": values["description"], "package_details": {"weight": values["weight"], "weight_unit": "kg"},
        })  # fmt: skip
        thing.ids["inventory"] = str(answer["item"]["item_id"])
        self._founded(thing, "inventory", values)
        return f"{thing.label}: new in inventory"

    def new_account(self) -> str:
        """In the CRM, where customers begin."""
        no = self._next()
        thing = Thing("account", f"Customer {random.Random(no).getrandbits(64):x}")  # noqa: S311 - names unlike each other
        values = {name: one.value(no) for name, one in FIELDS["account"].items() if name != "terms"}
        body = {
            "Account_Name": thing.label,
            "Website": values["website"],
            "Phone": values["phone"],
            "Description": f"Seit {no}",
        }
        answer = self.people.ask("POST", "/crm/v8/Accounts", {"data": [body]})
        thing.ids["crm"] = str(answer["data"][0]["details"]["id"])
        self._founded(thing, "crm", values)
        return f"{thing.label}: new in the CRM"

    def _founded(self, thing: Thing, system: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            one = FIELDS[thing.kind][name]
            if one.owner == "shared":
                thing.contest[name] = {system: one.mean(value)}
            else:
                thing.said[name] = one.mean(value)
        self.things.append(thing)
        self._look(thing, system, self.site.rows())

    def new_quote(self, dice: random.Random) -> str:
        """Accept a quote of a product the CRM knows."""
        self.meet(self.site.rows())
        known = [one for one in self.things if "crm" in one.ids]
        products, accounts = ([one for one in known if one.kind == kind] for kind in ("product", "account"))
        if not products or not accounts:
            return "nothing"
        account = {"id": dice.choice(accounts).ids["crm"]}
        deal = self.people.ask(
            "POST",
            "/crm/v8/Deals",
            {"data": [{"Deal_Name": "A deal", "Stage": "Qualification", "Account_Name": account}]},
        )
        rows = [
            {
                "Product_Name": {"id": one.ids["crm"]},
                "Quantity": dice.randint(1, 9),
                "List_Price": dice.choice([0.01, 3, 19.99]),
            }
            for one in dice.sample(products, min(len(products), dice.choice([1, 2])))
        ]
        body = {
            "Subject": "A quote",
            "Quote_Stage": "Accepted",
            "Account_Name": account,
            "Deal_Name": {"id": deal["data"][0]["details"]["id"]},
            "Quoted_Items": rows,
        }
        key = str(self.people.ask("POST", "/crm/v8/Quotes", {"data": [body]})["data"][0]["details"]["id"])
        found = str(self.people.crm_get("Quotes", key)["Quote_Number"])
        self.quotes[found] = key
        return f"quote {found} is accepted"

    def _put(self, thing: Thing, system: str, name: str, value: Any) -> None:
        key = thing.ids[system]
        place, _, inner = name.partition(".")
        if system == "crm":
            self.people.crm_put(MODULES[thing.kind], key, **{name: value})
        else:
            record = self.records(thing, self.site.rows())["inventory"]
            body = {one: record[one] for one in ("name", "contact_name", "contact_type") if one in record}
            body[place] = (
                {**{k: v for k, v in record[place].items() if k != "address_id"}, inner: value} if inner else value
            )
            path = "items" if thing.kind == "product" else "contacts"
            self.people.ask("PUT", f"/inventory/v1/{path}/{key}", body)
        if name == FOREIGN[thing.kind, system]:
            self._look(thing, system, self.site.rows())

    def _next(self) -> int:
        self._writings += 1
        return self._writings

    # -- looking -------------------------------------------------------------------------------------------------

    def records(self, thing: Thing, rows: Rows) -> dict[str, dict[str, Any]]:
        """The thing's records that are known, by system."""
        found = {}
        for system, key in thing.ids.items():
            name = "id" if system == "crm" else KEYS[thing.kind]
            for row in rows[TABLES[thing.kind][system]]:
                if row[name] == key:
                    found[system] = row
        return found

    def counterparts(self, thing: Thing, system: str, rows: Rows) -> list[dict[str, Any]]:
        """Every record of a system that says it is this thing's."""
        table = rows.get(TABLES[thing.kind][system], [])
        if thing.kind == "product":
            return [row for row in table if row.get("Product_Code" if system == "crm" else "sku") == thing.label]
        if system == "crm":
            return [row for row in table if row["id"] == thing.ids["crm"]]
        return [row for row in table if (row.get("_custom") or {}).get("cf_crm_id") == thing.ids["crm"]]

    def meet(self, rows: Rows) -> None:
        """Learn which records the sync has made."""
        for thing in self.things:
            for system in SYSTEMS:
                if system not in thing.ids and (found := self.counterparts(thing, system, rows)):
                    thing.ids[system] = str(found[0]["id" if system == "crm" else KEYS[thing.kind]])
                    self._look(thing, system, rows)

    def _look(self, thing: Thing, system: str, rows: Rows) -> None:
        thing.untouched[system] = untouched(thing.kind, system, self.records(thing, rows)[system])

    # -- judging -------------------------------------------------------------------------------------------------

    def complaints(self) -> Iterator[str]:
        """What is not as it must be, once nobody edits and every job has run."""
        rows, held = self.site.rows(), self.site.held()
        self.meet(rows)
        explained: list[Held] = []
        for thing in self.things:
            yield from self._judge(thing, rows, held, explained)
        for kind, tables in TABLES.items():
            things = sum(thing.kind == kind for thing in self.things)
            for system, table in tables.items():
                if len(rows.get(table, [])) != things:
                    yield f"duplicate: {system} holds {len(rows.get(table, []))} records of {kind}, there are {things}"
        yield from self._judge_orders(rows)
        self.counts["conflicts held"] = len(explained)
        yield from (
            f"held without a reason: {row.kind} {row.code} {row.entity} {row.field}: {row.message}"
            for row in held
            if row not in explained
        )

    def _judge(self, thing: Thing, rows: Rows, held: list[Held], explained: list[Held]) -> Iterator[str]:
        for system in SYSTEMS:
            if (count := len(self.counterparts(thing, system, rows))) != 1:
                yield f"{'duplicate' if count else 'not there'}: {thing.label} has {count} records in {system}"
        records = self.records(thing, rows)
        for system, record in records.items():
            now, before = untouched(thing.kind, system, record), thing.untouched[system]
            yield from (
                f"touched: {name} of {thing.label} in {system} was {before.get(name)!r} and is {now.get(name)!r}"
                for name in sorted(now.keys() | before.keys()) if now.get(name) != before.get(name)
            )  # fmt: skip
        if len(records) < len(SYSTEMS):
            return
        for name, one in FIELDS[thing.kind].items():
            values = {system: one.read(system, record) for system, record in records.items()}
            mine = [row for row in held if row.kind == "conflict" and row.source_id == thing.ids.get(row.source)]
            conflicts = [row for row in mine if (row.field or "").lower().endswith(name)]
            where = f"{name} of {thing.label} is {values['crm']!r} in the CRM and {values['inventory']!r} in inventory"
            if one.owner == "shared":
                explained += conflicts
                said = thing.contest[name]
                if len(set(values.values())) == 1 and said and values["crm"] not in said.values():
                    yield f"lost: {where}; people said {said}"
                elif len(set(values.values())) > 1 and not conflicts:
                    yield f"not converged: {where}; people said {said}, and nobody is asked"
            elif name in thing.said and set(values.values()) != {thing.said[name]}:
                yield f"not converged: {where}; {one.owner} owns it and was told {thing.said[name]!r}"

    def _judge_orders(self, rows: Rows) -> Iterator[str]:
        orders = rows.get("finance/salesorders", [])
        if len(orders) > len(self.quotes):
            yield f"duplicate: {len(orders)} orders of {len(self.quotes)} quotes"
        for name, key in self.quotes.items():
            mine = [row for row in orders if row.get("reference_number") == name]
            if len(mine) != 1:
                yield f"{'duplicate' if mine else 'not there'}: quote {name} became {len(mine)} orders"
                continue
            order = self.people.finance_get(f"/inventory/v1/salesorders/{mine[0]['salesorder_id']}", "salesorder")
            quote = self.people.crm_get("Quotes", key)
            if order["total"] != quote["Grand_Total"]:
                yield f"money: quote {name} is over {quote['Grand_Total']}, its order over {order['total']}"
            if quote.get("Order_Number") != order["salesorder_number"]:
                yield f"not converged: quote {name} says {quote.get('Order_Number')}, its order is {order['salesorder_number']}"


def untouched(kind: str, system: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Everything in a record that no rule writes and the vendor does not move."""
    moves = {
        *MOVES[system],
        *MOVES.get(f"{kind} {system}", ()),
        *(getattr(one, system) for one in FIELDS[kind].values()),
    }
    return {name: value for name, value in _flat(record) if name not in moves}


def _flat(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
