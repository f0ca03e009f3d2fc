"""What the CRM must show of documents on the finance side, computed anew from the documents themselves."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from simulation.oracle import Broken
from simulation.orders import Accepted
from simulation.ownership import Record
from simulation.papers import ask, rows

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

UNCOUNTED = {"draft", "void"}
SETTLED = ("Paid", "Credited")
SHIPPED = {"not_shipped": "Packed", "shipped": "Shipped", "delivered": "Delivered"}


def money(values: Iterable[Any]) -> Decimal:
    """Their sum."""
    return sum((Decimal(str(value)) for value in values), Decimal(0))


def _same(values: list[str], otherwise: str) -> str:
    return "" if not values else values[0] if len(set(values)) == 1 else otherwise


def _latest(values: Iterable[str]) -> str:
    return max((value for value in values if value), default="")


def _joined(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values if value}))


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """Every deal shows its invoices, payments, packages and returns; every account its credits; each order its deal's stage."""
    orders = rows(stage, "salesorders")
    for one in stage.accepted:
        mine = [row for row in orders if row.get("reference_number") == one.number]
        if len(mine) == 1:
            yield from _judge_deal(stage, one, mine[0])
    for thing in stage.people.things.values():
        if thing.entity.name == "account" and set(thing.ids) == {"crm", "inventory"} and not thing.deleted:
            yield from _judge_account(stage, thing.ids["crm"], thing.ids["inventory"])
    waiting = {"invoice", "payment", "shipment", "return", "credit"}
    yield from (row for row in held if row.entity in waiting and row.state == "waiting")


def _documents(stage: "Stage", collection: str, order: str) -> list[Record]:
    door = "/books/v3" if collection == "invoices" else "/inventory/v1"
    singular, key = collection[:-1], f"{collection[:-1]}_id"
    found = [row for row in rows(stage, collection) if row["salesorder_id"] == order]
    return [ask(stage, "GET", f"{door}/{collection}/{row[key]}")[singular] for row in found]


def _judge_deal(stage: "Stage", one: Accepted, order: Record) -> Iterator[Broken]:
    invoices = _documents(stage, "invoices", order["salesorder_id"])
    packages = _documents(stage, "packages", order["salesorder_id"])
    returns = _documents(stage, "salesreturns", order["salesorder_id"])
    ids = {row["invoice_id"] for row in invoices}
    shares = [
        (part["amount_applied"], row["date"])
        for row in rows(stage, "customerpayments")
        for part in row["invoices"]
        if part["invoice_id"] in ids
    ]
    counted = [row for row in invoices if row["status"] not in UNCOUNTED]
    sent = [row.get("shipment_order") or {} for row in packages]
    deal = ask(stage, "GET", f"/crm/v8/Deals/{one.deal}")["data"][0]
    amounts = {
        "Invoiced_Amount": money(row["total"] for row in counted),
        "Balance_Due": money(row["balance"] for row in counted),
        "Paid_Amount": money(amount for amount, _date in shares),
    }
    texts = {
        "Invoice_Date": _latest(row["date"] for row in invoices),
        "Payment_Status": _paid(stage, invoices, deal.get("Payment_Status") or ""),
        "Last_Payment_Date": _latest(date for _amount, date in shares),
        "Shipment_Status": _same([SHIPPED[row["status"]] for row in packages], "Partly shipped"),
        "Shipment_Date": _latest(str(row.get("shipping_date") or "") for row in sent),
        "Return_Status": _same([row["salesreturn_status"] for row in returns], "Several"),
        "Last_Return_Date": _latest(row["date"] for row in returns),
    }
    lists = {
        "Invoice_Number": _joined(row["invoice_number"] for row in invoices),
        "Carrier": _joined(row.get("carrier") for row in sent),
        "Tracking_Number": _joined(row.get("tracking_number") for row in sent),
        "Return_Number": _joined(row["salesreturn_number"] for row in returns),
    }
    where = f"the deal of quote {one.number}"
    yield from _differing(where, amounts, {name: money([deal.get(name) or 0]) for name in amounts})
    yield from _differing(where, texts, {name: deal.get(name) or "" for name in texts})
    yield from _differing(where, lists, {name: _joined((deal.get(name) or "").split(", ")) for name in lists})
    stages = {"cf_deal_stage": deal["Stage"]}
    yield from _differing(f"the order of quote {one.number}", stages, order.get("_custom") or {})


def _paid(stage: "Stage", invoices: list[Record], shown: str) -> str:
    """The state of payment of a deal. An invoice that had a payment taken back may count as open again: who saw it settled knows."""
    told = [_states(row, taken_back=row["invoice_id"] in stage.taken_back) for row in invoices]
    possible = [_of_all(set(one)) for one in product(*told)]
    return shown if shown in possible else possible[0]


def _states(row: Record, *, taken_back: bool) -> tuple[str, ...]:
    if row["status"] in UNCOUNTED:
        return (row["status"].capitalize(),)
    paid, credited = money([row["payment_made"]]), money([row["credits_applied"]])
    if paid + credited >= money([row["total"]]):
        return ("Paid" if paid or not credited else "Credited",)
    state = "Partly paid" if paid or credited else "Unpaid"
    return (state, "Reopened") if taken_back else (state,)


def _of_all(states: set[str]) -> str:
    """Of several invoices: what is worst, among those that were sent."""
    counted = states - {"Draft", "Void"}
    if not counted:
        return next((one for one in ("Draft", "Void") if one in states), "")
    if "Reopened" in counted:
        return "Reopened"
    if "Unpaid" in counted or "Partly paid" in counted:
        return "Unpaid" if counted == {"Unpaid"} else "Partly paid"
    return next(one for one in SETTLED if one in counted)


def _judge_account(stage: "Stage", crm: str, inventory: str) -> Iterator[Broken]:
    credits_ = [row for row in rows(stage, "creditnotes") if row["customer_id"] == inventory]
    account = ask(stage, "GET", f"/crm/v8/Accounts/{crm}")["data"][0]
    given = money(row["balance"] for row in credits_ if row["_state"] not in UNCOUNTED)
    yield from _differing(
        "an account", {"Open_Credit": given}, {"Open_Credit": money([account.get("Open_Credit") or 0])}
    )
    last = {"Last_Credit_Date": _latest(row["date"] for row in credits_)}
    yield from _differing("an account", last, {"Last_Credit_Date": account.get("Last_Credit_Date") or ""})


def _differing(where: str, wanted: Record, shown: Record) -> Iterator[Broken]:
    for name, value in wanted.items():
        if shown.get(name) != value:
            what = "money conserved" if isinstance(value, Decimal) else "documents are shown"
            yield Broken(what, f"{name} of {where} is {shown.get(name)!r}, the documents say {value!r}")
