"""Made-up bodies for planted records: the same number always gives the same body. Names are awkward, and some values missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

Known = Mapping[str, Sequence[str]]
"""Ids that there are, by what they are (`items`, `customers`, `vendors`, …)."""
Body = dict[str, Any]

_FIRST = ("Ada", "Bjørn", "Chiara", "Dáithí", "Eve", "Fatou", "Gül", "Hana", "İlker", "José")
_LAST = ("Alvarez", "O'Brien", "Groß", "van den Berg", "Kowalczyk", "Ångström", "Smith-Jones", "Tanaka")
_FIRMS = (
    "Nordwind",
    "Bay & Co.",
    "Käse Müller",
    'The "Works"',
    "Łódź Tools",
    "Quick, Quick",
    "東亜商事",
    "d'Or",
    "Delta",
)
_FORMS = ("GmbH", "Ltd.", "S.A.", "Inc.", "B.V.", "AB")
_THINGS = ("Bolt", 'Hose 1/2"', "Gear, small", "Größe L", "Valve", "Bearing", "Señal", "Cable")
_CITIES = (
    ("Berlin", "10115", "Germany"),
    ("Cork", "T12", "Ireland"),
    ("São Paulo", "01310-100", "Brazil"),
    ("Austin", "73301", "U.S.A."),
)
_DAY = date(2025, 1, 1)


def _pick(values: Sequence[Any], number: int) -> Any:
    return values[number % len(values)]


def _some(number: int, every: int, value: Any) -> Any:
    """Now and then nothing."""
    return "" if number % every == 0 else value


def _day(number: int) -> str:
    return (_DAY + timedelta(days=number % 365)).isoformat()


def item(number: int, _known: Known) -> Body:
    """Three of four are kept in stock."""
    kind = "inventory" if (number + 1) % 4 else "sales"
    body: Body = {
        "name": f"{_pick(_THINGS, number)} {number}", "sku": f"PL-{number:06}", "unit": _pick(("pcs", "box", "kg"), number),
        "rate": (number % 900 + 1) / 4, "purchase_rate": (number % 400 + 1) / 8, "item_type": kind,
        "description": _some(number, 5, f"Part no. {number} – “tested”"), "ean": _some(number, 3, f"{4000000000000 + number}"),
        "package_details": {"weight": number % 50 / 10, "weight_unit": "kg"}, "reorder_level": number % 20,
    }  # fmt: skip
    return body | ({"initial_stock": number % 300 + 50} if kind == "inventory" else {})


def contact(number: int, _known: Known) -> Body:
    """One of five is a vendor."""
    city, code, country = _pick(_CITIES, number)
    address = {"address": f"{number % 200 + 1} Main St.", "city": city, "zip": code, "country": country}
    first, last = _pick(_FIRST, number), _pick(_LAST, number // 3)
    person = {
        "first_name": first,
        "last_name": last,
        "email": f"p{number}@example.com",
        "phone": _some(number, 4, f"+49 30 {number:07}"),
    }
    return {
        "contact_name": f"{_pick(_FIRMS, number)} {number} {_pick(_FORMS, number // 7)}",
        "company_name": _some(number, 6, f"{_pick(_FIRMS, number)} {_pick(_FORMS, number // 7)}"),
        "contact_type": "customer" if (number + 1) % 5 else "vendor", "payment_terms": _pick((0, 15, 30, 60), number),
        "billing_address": address, "contact_persons": [person] if number % 9 else [], "website": _some(number, 2, f"https://{number}.example"),
        "credit_limit": _some(number, 3, number % 50 * 100), "notes": _some(number, 4, "Ring first; closed on Mondays."),
    }  # fmt: skip


def _lines(number: int, known: Known, **more: Any) -> list[Body]:
    """One to four lines of different items."""
    items = known["items"]
    count = min(number % 4 + 1, len(items))
    return [
        {"item_id": items[(number * 7 + step) % len(items)], "quantity": (number + step) % 5 + 1,
         "rate": ((number + step) % 700 + 1) / 4, **more}
        for step in range(count)
    ]  # fmt: skip


def document(number: int, known: Known) -> Body:
    """The head of a sale, and its lines, half of them taxed."""
    tax = {"tax_id": _pick(known["taxes"], number)} if number % 2 else {}
    return {
        "customer_id": _pick(known["customers"], number * 3), "date": _day(number), "line_items": _lines(number, known, **tax),
        "reference_number": _some(number, 3, f"REF-{number}"), "discount": _pick((0, "5%", 0, 2), number),
        "shipping_charge": _pick((0, 4.5, 0), number), "notes": _some(number, 2, "Thank you – come again."),
    }  # fmt: skip


def purchase(number: int, known: Known) -> Body:
    """The head of a purchase, and its lines."""
    return {
        "vendor_id": _pick(known["vendors"], number), "date": _day(number), "line_items": _lines(number, known),
        "reference_number": _some(number, 3, f"V-{number}"),
    }  # fmt: skip


def bill(number: int, known: Known) -> Body:
    """A bill, due in thirty days."""
    return purchase(number, known) | {"bill_number": f"PB-{number:06}", "payment_terms": 30}


def recurring(number: int, known: Known) -> Body:
    """Monthly, weekly or yearly."""
    frequency = _pick(("months", "weeks", "years"), number)
    more = {"recurrence_name": f"Profile {number}", "recurrence_frequency": frequency, "start_date": _day(number)}
    return {key: value for key, value in document(number, known).items() if key != "date"} | more


def payment(number: int, known: Known) -> Body:
    """Money of a customer that is not applied yet."""
    return {
        "customer_id": _pick(known["customers"], number), "payment_mode": _pick(("cash", "banktransfer", "check"), number),
        "amount": (number % 900 + 1) / 4, "date": _day(number), "reference_number": _some(number, 2, f"PAY-{number}"),
    }  # fmt: skip


def paid_out(number: int, known: Known) -> Body:
    """Money to a vendor that is not applied yet."""
    sent = {key: value for key, value in payment(number, known).items() if key != "customer_id"}
    return sent | {"vendor_id": _pick(known["vendors"], number)}


def journal(number: int, known: Known) -> Body:
    """Two lines, or four; debits are credits."""
    accounts, amount = known["accounts"], (number % 900 + 1) / 4
    pairs = [
        {"account_id": accounts[(number + step + place) % len(accounts)], "debit_or_credit": side, "amount": amount}
        for step in range(number % 2 + 1) for place, side in enumerate(("debit", "credit"))
    ]  # fmt: skip
    return {"journal_date": _day(number), "notes": _some(number, 3, f"Entry {number}"), "line_items": pairs}


def adjustment(number: int, known: Known) -> Body:
    """Counted anew: up or down."""
    line = {"item_id": _pick(known["stocked"], number), "quantity_adjusted": number % 7 - 3 or 4}
    return {"date": _day(number), "reason": "Stock count", "adjustment_type": "quantity", "line_items": [line]}


def transfer(number: int, known: Known) -> Body:
    """From the first location to the second; one of four is still under way."""
    line = {"item_id": _pick(known["stocked"], number), "quantity_transfer": number % 5 + 1}
    return {
        "date": _day(number), "from_location_id": known["locations"][0], "to_location_id": known["locations"][1],
        "line_items": [line], "is_intransit_order": number % 4 == 0,
    }  # fmt: skip


def group(number: int, _known: Known) -> Body:
    """Two or three sizes of a thing."""
    items = [
        {"name": f"Shirt {number} {size}", "sku": f"PG-{number:05}-{size}", "rate": number % 90 + 5, "purchase_rate": number % 40 + 1,
         "attribute_option_name1": size}
        for size in ("S", "M", "L")[: number % 2 + 2]
    ]  # fmt: skip
    return {"group_name": f"Shirt {number}", "unit": "pcs", "attribute_name1": "Size", "items": items}


def price_list(number: int, known: Known) -> Body:
    """A percentage, or rates of some items."""
    body = {"name": f"List {number}", "sales_or_purchase_type": "sales"}
    if number % 2:
        return body | {
            "pricebook_type": "fixed_percentage",
            "percentage": number % 30 + 1,
            "is_increase": number % 4 == 1,
        }
    rows = [{"item_id": key, "pricebook_rate": (number % 90 + 1) / 4} for key in known["items"][:3]]
    return body | {"pricebook_type": "per_item", "pricebook_items": rows}


def composite(number: int, known: Known) -> Body:
    """A kit or an assembly of two items."""
    stocked = known["stocked"]
    parts = [{"item_id": stocked[(number + step) % len(stocked)], "quantity": step + 1} for step in range(2)]
    return {
        "name": f"Set {number}", "sku": f"PC-{number:06}", "rate": number % 90 + 10, "item_type": "inventory",
        "product_type": "goods", "combo_type": _pick(("kit", "assembly"), number), "mapped_items": parts,
    }  # fmt: skip


MAKERS: dict[str, Callable[[int, Known], Body]] = {
    "items": item, "contacts": contact, "itemgroups": group, "salesorders": document, "invoices": document,
    "creditnotes": document, "estimates": document, "recurringinvoices": recurring, "customerpayments": payment,
    "purchaseorders": purchase, "bills": bill, "vendorpayments": paid_out, "journals": journal,
    "inventoryadjustments": adjustment, "transferorders": transfer, "pricebooks": price_list, "compositeitems": composite,
}  # fmt: skip
"""By collection, in the order in which a company has them."""
