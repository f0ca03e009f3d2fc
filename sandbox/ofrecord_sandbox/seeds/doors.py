"""The vendors' doors as a seed uses them: one call, one answer, every refusal told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from ofrecord_sandbox.web import Response
    from ofrecord_sandbox.world import World

CRM_BATCH = 100
"""Records one CRM call takes. Source: Zoho CRM v8 docs, "Insert Records"."""
ORGANIZATION = "700001"

Record = dict[str, Any]


class RefusedSeedError(RuntimeError):
    """A vendor refused what a seed wrote; `reason` is the vendor's own message."""

    def __init__(self, where: str, reason: str, sent: Any) -> None:
        super().__init__(f"{where} refused: {reason}; sent: {str(sent)[:400]}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Doors:
    """In-process calls to CRM and finance."""

    world: World

    def try_crm(self, module: str, records: list[Record]) -> list[str | RefusedSeedError]:
        """Insert records, 100 a call; per record its new id or the refusal, in the order given."""
        results: list[str | RefusedSeedError] = []
        for batch in _batches(records):
            answer = _json(self.world.call("POST", f"/crm/v8/{module}", {"data": batch}))
            for sent, element in zip(batch, answer["data"], strict=True):
                if element["code"] == "SUCCESS":
                    results.append(element["details"]["id"])
                else:
                    reason = f"{element['code']} {element['message']} {element.get('details')}"
                    results.append(RefusedSeedError(f"CRM {module}", reason, sent))
        return results

    def crm(self, module: str, records: list[Record]) -> list[str]:
        """Insert records that must be accepted; their ids. Raises RefusedSeedError."""
        ids = []
        for result in self.try_crm(module, records):
            if isinstance(result, RefusedSeedError):
                raise result
            ids.append(result)
        return ids

    def finance(self, method: str, path: str, body: Any = None, **query: str) -> Record:
        """One finance call (`path` below the root, beginning with the door: `inventory/v1/items`).

        Raises RefusedSeedError unless the answer's `code` is 0.
        """
        url = f"/{path}?{urlencode({'organization_id': ORGANIZATION, **query})}"
        answer = _json(self.world.call(method, url, body))
        if answer.get("code") != 0:
            door, reason = f"{method} {path}", f"{answer.get('code')} {answer.get('message')}"
            raise RefusedSeedError(door, reason, body)
        return answer

    def item(self, values: Record) -> str:
        """A new item; its id."""
        return str(self.finance("POST", "inventory/v1/items", values)["item"]["item_id"])

    def contact(self, values: Record) -> str:
        """A new customer or vendor; its id."""
        return str(self.finance("POST", "inventory/v1/contacts", values)["contact"]["contact_id"])

    def order(self, values: Record) -> Record:
        """A new sales order as the vendor answers it (draft)."""
        made: Record = self.finance("POST", "inventory/v1/salesorders", values)["salesorder"]
        return made

    def confirm(self, salesorder_id: str) -> None:
        """Draft to confirmed."""
        self.finance("POST", f"inventory/v1/salesorders/{salesorder_id}/status/confirmed")

    def composite(self, values: Record) -> str:
        """A new composite item; its id, which is an item's id, too."""
        made = self.finance("POST", "inventory/v1/compositeitems", values)["composite_item"]
        return str(made["composite_item_id"])

    def ship(self, order: Record, date: str, carrier: str = "Forwarder", tracking: str = "") -> None:
        """Pack and ship the whole order on that day."""
        order_id = str(order["salesorder_id"])
        lines = [
            {"so_line_item_id": line["line_item_id"], "quantity": line["quantity"]} for line in order["line_items"]
        ]
        package = self.finance(
            "POST", "inventory/v1/packages", {"date": date, "line_items": lines}, salesorder_id=order_id
        )["package"]
        body = {"date": date, "delivery_method": carrier}
        if tracking:
            body["tracking_number"] = tracking
        package_id = str(package["package_id"])
        self.finance("POST", "inventory/v1/shipmentorders", body, salesorder_id=order_id, package_ids=package_id)

    def invoice(self, order: Record, date: str, due_date: str) -> Record:
        """The invoice of a whole order (draft), line by line tied to the order's lines.

        Source: Zoho Books v3 docs, "Create an invoice" (`salesorder_item_id`).
        """
        kept = ("item_id", "name", "description", "rate", "quantity", "discount", "tax_id")
        lines = [
            {name: line[name] for name in kept if line.get(name) not in (None, "")}
            | {"salesorder_item_id": line["line_item_id"]}
            for line in order["line_items"]
        ]
        body = {
            "customer_id": order["customer_id"],
            "date": date,
            "due_date": due_date,
            "reference_number": order["salesorder_number"],
            "discount_type": "item_level",
            "is_discount_before_tax": True,
            "line_items": lines,
            "adjustment": order.get("adjustment") or 0,
            "adjustment_description": order.get("adjustment_description") or "",
        }
        made: Record = self.finance("POST", "books/v3/invoices", body)["invoice"]
        return made

    def send(self, invoice_id: str) -> None:
        """Draft to sent."""
        self.finance("POST", f"books/v3/invoices/{invoice_id}/status/sent")

    def pay(self, invoice: Record, amount: Decimal, date: str) -> str:
        """A payment applied to one invoice; its id."""
        body = {
            "customer_id": invoice["customer_id"],
            "payment_mode": "banktransfer",
            "amount": as_number(amount),
            "date": date,
            "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": as_number(amount)}],
        }
        return str(self.finance("POST", "books/v3/customerpayments", body)["payment"]["payment_id"])

    def take_back(self, order: Record, quantity: int, date: str, reason: str) -> str:
        """A return of some of an order's first line, not received yet; its id."""
        line = {"salesorder_item_id": order["line_items"][0]["line_item_id"], "quantity": quantity}
        body = {"date": date, "reason": reason, "line_items": [line]}
        order_id = str(order["salesorder_id"])
        made = self.finance("POST", "inventory/v1/salesreturns", body, salesorder_id=order_id)["salesreturn"]
        return str(made["salesreturn_id"])

    def credit(self, order: Record, quantity: int, date: str) -> str:
        """An open credit note over some of an order's first line; its id."""
        line = {key: order["line_items"][0][key] for key in ("item_id", "name", "rate")} | {"quantity": quantity}
        body = {
            "customer_id": order["customer_id"],
            "date": date,
            "reference_number": order["salesorder_number"],
            "line_items": [line],
        }
        return str(self.finance("POST", "books/v3/creditnotes", body)["creditnote"]["creditnote_id"])

    def locations(self, names: list[str]) -> list[str]:
        """Ids of locations of these names, created where they are missing."""
        known = {
            row["location_name"]: row["location_id"]
            for row in self.finance("GET", "inventory/v1/locations")["locations"]
        }
        for name in names:
            if name not in known:
                body = {"location_name": name, "type": "line_item_only", "address": {"country": "Germany"}}
                made = self.finance("POST", "inventory/v1/locations", body)
                known[name] = (made.get("location") or made["locations"])["location_id"]
        return [str(known[name]) for name in names]

    def currency(self, code: str, symbol: str, digits: int) -> str:
        """The id of a currency, created when it is missing."""
        rows = self.finance("GET", "books/v3/settings/currencies")["currencies"]
        known = {row["currency_code"]: row["currency_id"] for row in rows}
        if code not in known:
            shown = "1,234,567" + ("." + "89012"[:digits] if digits else "")
            body = {
                "currency_code": code,
                "currency_symbol": symbol,
                "price_precision": digits,
                "currency_format": shown,
            }
            known[code] = self.finance("POST", "books/v3/settings/currencies", body)["currency"]["currency_id"]
        return str(known[code])

    def tax(self, name: str, percentage: int) -> str:
        """The id of a tax, created when it is missing."""
        rows = self.finance("GET", "books/v3/settings/taxes")["taxes"]
        known = {row["tax_name"]: row["tax_id"] for row in rows}
        if name not in known:
            body = {"tax_name": name, "tax_percentage": percentage, "tax_type": "tax"}
            known[name] = self.finance("POST", "books/v3/settings/taxes", body)["tax"]["tax_id"]
        return str(known[name])


def custom(**values: str) -> list[Record]:
    """Finance custom fields by API name."""
    return [{"api_name": name, "value": value} for name, value in values.items()]


def as_number(amount: Decimal) -> int | float:
    """An exact decimal as a JSON number (the shortest form that reads back as the same decimal)."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def publish(world: World, facts: DataclassInstance) -> None:
    """Keep the facts of a seed where the control API serves them."""
    kept = asdict(facts)
    if hasattr(world, "facts"):
        world.facts = kept
    else:
        world.store.table("sandbox/facts").put("facts", kept)
        world.store.commit()


def _json(response: Response) -> Record:
    decoded = orjson.loads(response.encoded() or b"null")
    if not isinstance(decoded, dict):
        msg = f"unexpected answer {response.status}: {decoded!r}"
        raise TypeError(msg)
    return decoded


def _batches(records: list[Record]) -> Iterator[list[Record]]:
    for start in range(0, len(records), CRM_BATCH):
        yield records[start : start + CRM_BATCH]
