"""Accepted quotes, and the orders they must become: each exactly one, over the same sum."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from simulation.oracle import Broken
from simulation.ownership import Record
from simulation.people import People, Thing
from simulation.steps import Act, Plot, Step

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

UNCONFIRMED = {"draft", "void"}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Order(Step):
    """Somebody accepts a quote; lines are (quantity, price, discount)."""

    account: int
    product: int
    lines: tuple[tuple[int, float, float], ...]

    def __str__(self) -> str:
        lines = [
            f"{quantity} pieces at {price:g}{f' less {less:g}' * bool(less)}" for quantity, price, less in self.lines
        ]
        return f"a quote over {' and '.join(lines)} is accepted in the CRM"

    def take(self, stage: "Stage") -> None:
        if (quote := accept(stage.people, self)) is not None:
            stage.accepted.append(replace(quote, losses=stage.desk.losses))


def order(plot: Plot) -> Order:
    """Of something to somebody."""
    dice = plot.dice
    prices = [(0.01, 0), (3, 0), (19.99, 0), (2.5, 0), (19.99, 0.33), (3, 1.01)]
    lines = tuple((dice.randint(1, 9), *dice.choice(prices)) for _ in range(dice.choice([1, 1, 2])))
    return Order(dice.randrange(60), dice.randrange(60), lines)


ACTS: tuple[Act, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """A quote that somebody accepted."""

    id: str
    number: str
    deal: str
    account: Thing
    products: tuple[Thing, ...]
    losses: int = 0
    """How often the ledger had been lost when it was made."""
    waited: bool = False
    """Was it read before its deal was won?"""


def accept(people: People, step: Order, stage: str = "Accepted", deal: str = "") -> Accepted | None:
    """Make a deal (or take this one) with a quote in that stage, if there are a customer and products to make it of in the CRM."""
    people.meet()
    there = [one for one in people.things.values() if "crm" in one.ids and not one.deleted]
    accounts = [one for one in there if one.entity.name == "account"]
    products = [one for one in there if one.entity.name == "product"]
    if not (accounts and products):
        return None
    account = accounts[step.account % len(accounts)]
    chosen = [
        products[(step.product + number) % len(products)] for number in range(min(len(step.lines), len(products)))
    ]
    deal = deal or _post(
        people, "Deals", {"Deal_Name": "A deal", "Stage": "Qualification", "Account_Name": {"id": account.ids["crm"]}}
    )
    rows = [
        {"Product_Name": {"id": product.ids["crm"]}, "Quantity": quantity, "List_Price": price, "Discount": less}
        for product, (quantity, price, less) in zip(chosen, step.lines, strict=False)
    ]
    key = _post(people, "Quotes", {
        "Subject": "A quote", "Quote_Stage": stage, "Account_Name": {"id": account.ids["crm"]},
        "Deal_Name": {"id": deal}, "Quoted_Items": rows,
    })  # fmt: skip
    return Accepted(key, str(quote_of(people, key)["Quote_Number"]), deal, account, tuple(chosen))


def _post(people: People, module: str, values: dict[str, Any]) -> str:
    status, answer = people.bottle.person("POST", f"/crm/v8/{module}", {"data": [values]})
    assert status < 300, answer
    return str(answer["data"][0]["details"]["id"])


def quote_of(people: People, key: str) -> Record:
    """As the CRM has it."""
    _status, answer = people.bottle.person("GET", f"/crm/v8/Quotes/{key}")
    found: Record = answer["data"][0]
    return found


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """What is wrong with the orders; and the held rows that are explained."""
    for one in _judge_all(stage, stage.accepted, held):
        yield Broken("orders", one) if isinstance(one, str) else one


def _judge_all(stage: "Stage", accepted: list[Accepted], held: list[Held]) -> Iterator[str | Held]:
    people = stage.people
    table = people.bottle.vendors.store.table
    orders = list(table("finance/salesorders"))
    yield from (
        row
        for row in held
        if row.entity == "deal" and row.state == "waiting" and len(orders) < len(accepted) + len(stage.proposed)
    )
    for one in accepted:
        rows = [row for row in held if row.entity == "order" and row.source_id in {one.id, *_ids(orders, one)}]
        mine = [row for row in orders if row.get("reference_number") == one.number]
        parts = (one.account, *one.products)
        if not mine and any(part.deleted or part.is_alone for part in parts) and rows:
            yield from rows
        elif not mine and rows and Decimal(str(quote_of(people, one.id)["Grand_Total"])) <= 0:
            yield from rows  # an order over nothing is stopped
        elif not mine and one.waited and stage.desk.losses > one.losses:
            yield from rows  # with the ledger is lost that the quote waited; it is read again when somebody changes it
        elif len(mine) != 1:
            yield f"quote {one.number} became {len(mine)} orders"
        else:
            yield from _judge_order(stage, one, mine[0])
    if len(orders) > len(accepted):
        yield f"there are {len(orders)} orders of {len(accepted)} quotes"


def _ids(orders: list[Record], one: Accepted) -> list[str]:
    return [row["salesorder_id"] for row in orders if row.get("reference_number") == one.number]


def _judge_order(stage: "Stage", one: Accepted, row: Record) -> Iterator[str]:
    """What it holds beside its quote is judged in `quotes`."""
    people, key = stage.people, row["salesorder_id"]
    _status, answer = people.bottle.person("GET", f"/inventory/v1/salesorders/{key}")
    order, quote = answer["salesorder"], quote_of(people, one.id)
    total = Decimal(str(order["total"]))
    lines = sum(
        (
            Decimal(str(line["rate"])) * Decimal(str(line["quantity"])) - Decimal(str(line.get("discount") or 0))
            for line in order["line_items"]
        ),
        Decimal(0),
    )
    whole = Decimal(str(order.get("discount") or 0)) if order.get("discount_type") == "entity_level" else Decimal(0)
    agrees = total == Decimal(str(quote["Grand_Total"]))
    if abs(total - lines + whole) >= CENT:
        yield f"order {order['salesorder_number']} is over {total}, its lines sum up to {lines}"
    if order["status"] in UNCONFIRMED and agrees and key not in stage.tampered:
        yield f"order {order['salesorder_number']} is {order['status']}, not confirmed"
    for name, value in (("Order_Number", order["salesorder_number"]), ("Order_Status", order["status"])):
        if quote.get(name) != value:
            yield f"{name} of quote {one.number} is {quote.get(name)!r}, the order says {value!r}"
