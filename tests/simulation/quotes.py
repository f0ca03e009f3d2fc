"""Quotes that are changed after they were accepted, that wait until their deal is won, or that no order can be like; and drafts the order desk changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from simulation.oracle import Broken
from simulation.orders import Accepted, Order, accept, order, quote_of
from simulation.ownership import Record
from simulation.papers import ask, ordered, rows
from simulation.runs import run
from simulation.steps import Act, Plot, Step

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

LISTED = {"LATE", "EDITED", "FIXED", "CHECK"}


@dataclass
class Proposed:
    """A quote that nobody accepted, and whether its deal is won."""

    quote: Accepted
    won: bool = False


@dataclass(frozen=True)
class Amend(Step):
    """Somebody changes how many pieces a quote is about, after it was accepted."""

    quote: int
    quantity: int

    def __str__(self) -> str:
        return f"accepted quote {self.quote} is about {self.quantity} pieces in its first line now"

    def take(self, stage: "Stage") -> None:
        if not stage.accepted:
            return
        one = stage.accepted[self.quote % len(stage.accepted)]
        lines = quote_of(stage.people, one.id)["Quoted_Items"]
        sent: list[dict[str, Any]] = [{"id": line["id"]} for line in lines]
        sent[0] |= {"Quantity": self.quantity}
        if ask(stage, "PUT", f"/crm/v8/Quotes/{one.id}", {"data": [{"Quoted_Items": sent}]}):
            stage.amended.add(one.id)


@dataclass(frozen=True)
class Discount(Step):
    """A discount of a whole quote, beside those of its lines, or no more: no order can have both."""

    quote: int
    less: float

    def __str__(self) -> str:
        return f"accepted quote {self.quote} as a whole is {self.less:g} cheaper"

    def take(self, stage: "Stage") -> None:
        if stage.accepted:
            one = stage.accepted[self.quote % len(stage.accepted)]
            if ask(stage, "PUT", f"/crm/v8/Quotes/{one.id}", {"data": [{"Discount": self.less}]}):
                stage.amended.add(one.id)


@dataclass(frozen=True)
class Propose(Step):
    """A quote is made and nobody accepts it; or two of one deal."""

    order: Order
    several: bool = False

    def __str__(self) -> str:
        return f"{'two quotes of one deal are' if self.several else 'a quote is'} drafted: {self.order}".replace(
            "is accepted", "is made"
        )

    def take(self, stage: "Stage") -> None:
        first = accept(stage.people, self.order, "Draft")
        if first is None:
            return
        stage.proposed.append(Proposed(replace(first, losses=stage.desk.losses, waited=True)))
        if self.several:
            other = accept(stage.people, self.order, "Draft", first.deal)
            if other is not None:
                stage.proposed.append(Proposed(replace(other, losses=stage.desk.losses, waited=True)))


@dataclass(frozen=True)
class WinDeal(Step):
    """The deal of a quote that was never accepted is won; of several quotes, perhaps one is accepted in the end."""

    deal: int
    chosen: bool = False

    def __str__(self) -> str:
        return f"deal {self.deal} of the drafted quotes is won{', and one of its quotes is accepted' if self.chosen else ''}"

    def take(self, stage: "Stage") -> None:
        deals = list(dict.fromkeys(one.quote.deal for one in stage.proposed))
        if not deals:
            return
        deal = deals[self.deal % len(deals)]
        ask(stage, "PUT", f"/crm/v8/Deals/{deal}", {"data": [{"Stage": "Closed Won"}]})
        mine = [one for one in stage.proposed if one.quote.deal == deal]
        if self.chosen and not any(one.won for one in mine):
            ask(stage, "PUT", f"/crm/v8/Quotes/{mine[0].quote.id}", {"data": [{"Quote_Stage": "Accepted"}]})
            stage.accepted.append(replace(mine[0].quote, waited=False))
        elif len(mine) == 1 and not mine[0].won:
            stage.accepted.append(mine[0].quote)
        for one in mine:
            one.won = True


@dataclass(frozen=True)
class Tamper(Step):
    """The order desk changes a draft: two lines have each other's quantities."""

    order: int

    def __str__(self) -> str:
        return f"the order desk exchanges quantities in the draft of order {self.order}"

    def take(self, stage: "Stage") -> None:
        found = [row for row in rows(stage, "salesorders") if row["_state"] == "draft" and len(row["line_items"]) > 1]
        if not found:
            return
        key = found[self.order % len(found)]["salesorder_id"]
        lines = ask(stage, "GET", f"/inventory/v1/salesorders/{key}")["salesorder"]["line_items"]
        lines[0]["quantity"], lines[1]["quantity"] = lines[1]["quantity"], lines[0]["quantity"]
        sent = [{name: line[name] for name in ("line_item_id", "item_id", "rate", "quantity")} for line in lines]
        if ask(stage, "PUT", f"/inventory/v1/salesorders/{key}", {"line_items": sent}):
            stage.tampered.add(key)


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """Orders hold what their quotes say, or say why not; packed ones what was packed; a quote nobody wanted makes none."""
    orders = rows(stage, "salesorders")
    for one in stage.accepted:
        mine = [row for row in orders if row.get("reference_number") == one.number]
        if len(mine) == 1:
            yield from _judge_lines(stage, one, mine[0]["salesorder_id"], held)
    yield from _judge_packed(stage)
    chosen = {one.id for one in stage.accepted}
    for waiting in (one for one in stage.proposed if one.quote.id not in chosen):
        told = [row for row in held if row.entity == "order" and row.source_id == waiting.quote.id]
        yield from told
        if any(row.get("reference_number") == waiting.quote.number for row in orders):
            yield Broken("orders", f"quote {waiting.quote.number} became an order, and nobody had accepted it")


def _judge_lines(stage: "Stage", one: Accepted, key: str, held: list[Held]) -> Iterator[Broken | Held]:
    order, quote = ask(stage, "GET", f"/inventory/v1/salesorders/{key}")["salesorder"], quote_of(stage.people, one.id)
    wanted, found = sorted(_wanted(stage, quote)), sorted(ordered(order))
    rows_ = [
        row
        for row in held
        if row.entity == "order" and row.source_id in {one.id, key} and (row.code in LISTED or row.kind == "stopped")
    ]
    if one.account.deleted or one.account.merged:  # then the quote is another customer's
        yield from (row for row in rows_ if row.field == "customer")
    is_short = any(product.deleted for product in one.products)  # then the CRM's lines name it no more
    if is_short:
        wanted, found = (sorted(("", *line[1:]) for line in some) for some in (wanted, found))
    if wanted == found and _money(order["total"]) == _money(quote["Grand_Total"]):
        yield from (rows_ if is_short else ())
        return
    yield from rows_
    is_draft, is_late = order["status"] == "draft", order["status"] != "confirmed" or bool(order["packages"])
    if not rows_:
        yield Broken(
            "orders", f"order {order['salesorder_number']} is over {found}, its quote over {wanted}, and nobody is told"
        )
    elif not (
        (key in stage.tampered and is_draft)
        or (one.id in stage.amended and (is_draft or is_late or key in stage.tampered))
    ):
        yield Broken(
            "orders", f"order {order['salesorder_number']} was confirmed over {found}, its quote is over {wanted}"
        )


def _judge_packed(stage: "Stage") -> Iterator[Broken]:
    for key, packed in stage.packed.items():
        answer = ask(stage, "GET", f"/inventory/v1/salesorders/{key}")
        if answer and answer["salesorder"]["packages"] and ordered(answer["salesorder"]) != packed:
            yield Broken(
                "packed orders stay",
                f"order {answer['salesorder']['salesorder_number']} was over {packed} when it was packed",
            )


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _wanted(stage: "Stage", quote: Record) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    items = {one.ids.get("crm"): str(one.ids.get("inventory")) for one in stage.people.things.values()}
    for line in quote["Quoted_Items"]:
        product = (line["Product_Name"] or {}).get("id")
        yield items.get(product, ""), _money(line["Quantity"]), _money(line["List_Price"]), _money(line.get("Discount"))


def _sells(plot: Plot) -> bool:
    return plot.sells


def _amend(plot: Plot) -> list[Step]:
    dice = plot.dice
    return [Amend(dice.randrange(4), dice.choice([1, 4, 11])), run(plot, "orders")]


def _discount(plot: Plot) -> list[Step]:
    quote = plot.dice.randrange(4)
    back: list[Step] = [Discount(quote, 0.0), run(plot, "orders")] if plot.dice.random() < 0.5 else []
    return [order(plot), Discount(quote, 1.0), run(plot, "orders"), *back]


def _propose(plot: Plot) -> list[Step]:
    dice = plot.dice
    seen: list[Step] = [run(plot, "orders")] if dice.random() < 0.5 else []
    return [
        Propose(order(plot), dice.random() < 0.3),
        *seen,
        WinDeal(dice.randrange(4), dice.random() < 0.3),
        run(plot, "orders"),
    ]


ACTS = (
    Act("amend", 2, _amend, _sells),
    Act("discount", 0.7, _discount, _sells),
    Act("win a deal", 2, _propose, _sells),
    Act("tamper", 0.7, lambda plot: [order(plot), run(plot, "orders"), Tamper(0)], _sells),
)
