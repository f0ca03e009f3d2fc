"""What open quotes are promised of stock: never more than there is, whoever else wants it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from simulation.oracle import Broken
from simulation.orders import order
from simulation.ownership import Record
from simulation.papers import ask, rows
from simulation.plugins import KILLED
from simulation.quotes import Propose
from simulation.runs import run
from simulation.steps import Act, Plot, Step

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

JOB = "quote-stock"
OPEN = {"Draft", "Negotiation", "Delivered", "On Hold"}
NOTHING = Decimal(0)
STOCKS = ((7, 3, 12), (0, 5), (100,))


@dataclass(frozen=True)
class Warehouse(Step):
    """Inventory counts what there is of things that are made from now on."""

    stock: tuple[int, ...]
    rest_s = 0.0

    def __str__(self) -> str:
        return f"of products there are {', '.join(map(str, self.stock))} pieces, in turn"

    def take(self, stage: "Stage") -> None:
        stage.people.stock = self.stock


@dataclass(frozen=True)
class Count(Step):
    """Somebody counts, and there are more or fewer."""

    item: int
    by: int

    def __str__(self) -> str:
        return f"of item {self.item} there are {self.by:+} pieces"

    def take(self, stage: "Stage") -> None:
        tracked = [
            row for row in rows(stage, "items") if row["item_type"] == "inventory" and not row.get("is_combo_product")
        ]
        if not tracked:
            return
        place = ask(stage, "GET", "/inventory/v1/locations")["locations"][0]["location_id"]
        line = {
            "item_id": tracked[self.item % len(tracked)]["item_id"],
            "quantity_adjusted": self.by,
            "location_id": place,
        }
        body = {
            "date": f"{stage.world.clock.now:%Y-%m-%d}",
            "reason": "counted",
            "adjustment_type": "quantity",
            "line_items": [line],
        }
        ask(stage, "POST", "/inventory/v1/inventoryadjustments", body)


@dataclass(frozen=True)
class AskStock(Step):
    """The job tells open quotes what they can be promised, and nothing goes wrong."""

    rest_s = 60.0

    def __str__(self) -> str:
        return "open quotes are told what they can be promised of stock"

    def take(self, stage: "Stage") -> None:
        ended = stage.world.run(JOB)
        if any(one.code for one in ended if one.code != KILLED):
            stage.played.broken.append(
                Broken("convergence", f"stock was asked for in peace: {ended[0].code} {ended[0].error!r}")
            )
        stage.played.broken += _judge_stock(stage)


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """In the end all of it is asked once more."""
    yield from (row for row in held if row.kind == "review" and row.entity == "quotes")
    if stage.people.stock:
        stage.world.run(JOB)
        yield from _judge_stock(stage)


def _judge_stock(stage: "Stage") -> Iterator[Broken]:
    """Of every item, the promises of all open quotes, and what accepted ones are still to have, are no more than there is."""
    promised: dict[str, Decimal] = {}
    wanted: dict[str, Decimal] = {}
    claimed: dict[str, Decimal] = {}
    items = {
        one.ids.get("crm"): str(one.ids.get("inventory")) for one in stage.people.things.values() if not one.deleted
    }
    for key in [row["id"] for row in stage.world.vendors.store.table("crm/records/Quotes")]:
        quote = ask(stage, "GET", f"/crm/v8/Quotes/{key}")["data"][0]
        for line in quote["Quoted_Items"]:
            item = items.get((line["Product_Name"] or {}).get("id"), "")
            quantity, given = Decimal(str(line["Quantity"])), Decimal(str(line.get("Stock_Promised") or 0))
            if quote["Quote_Stage"] in OPEN:
                if given > quantity:
                    yield Broken(
                        "promised once", f"quote {quote['Quote_Number']} wants {quantity} and is promised {given}"
                    )
                _add(promised, item, given)
                _add(wanted, item, quantity)
            elif quote["Quote_Stage"] == "Accepted" and quote.get("Order_Status") in {None, "", "draft"}:
                _add(claimed, item, quantity)
    for item, of in promised.items():
        yield from _judge_item(stage, item, of, wanted[item], claimed.get(item, NOTHING))


def _judge_item(stage: "Stage", item: str, promised: Decimal, wanted: Decimal, claimed: Decimal) -> Iterator[Broken]:
    answer = ask(stage, "GET", f"/inventory/v1/items/{item}") if item else None
    row: Record = answer["item"] if answer else {}
    if row.get("item_type") != "inventory" or row.get("is_combo_product"):
        return
    there = max(Decimal(str(row["actual_available_stock"])), NOTHING)
    left = max(there - claimed, NOTHING)
    if promised > left:
        yield Broken("promised once", f"of {there} pieces, {claimed} of them claimed, {promised} are promised")
    elif promised < min(left, wanted):
        yield Broken("promised once", f"of {left} free pieces {promised} are promised, and {wanted} wanted")


def _add(sums: dict[str, Decimal], item: str, amount: Any) -> None:
    sums[item] = sums.get(item, NOTHING) + amount


def _sells(plot: Plot) -> bool:
    return plot.sells and plot.counts


def _ask(plot: Plot) -> list[Step]:
    several: list[Step] = [Propose(order(plot)) for _ in range(plot.dice.choice([1, 2, 2]))]
    return [*several, run(plot, JOB), AskStock()]


def _count(plot: Plot) -> list[Step]:
    return [Count(plot.dice.randrange(4), plot.dice.choice([-3, 2, 9])), AskStock()]


ACTS = (Act("ask for stock", 4, _ask, _sells), Act("count", 2, _count, _sells))
