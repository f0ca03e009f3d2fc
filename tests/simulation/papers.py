"""What follows an order: invoices, payments, credits, packages, returns; made, sent, voided and deleted by people."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from simulation.ownership import Record
from simulation.runs import run
from simulation.steps import Act, Plot, Step

if TYPE_CHECKING:
    from simulation.stage import Stage

FAR = "2035-12-31"
CENT = Decimal("0.01")
WEEK_S = 700_000.0
"""Deletions of finance documents are looked for once a week (`deletions_every_s` in meltano.yml)."""
SHARES = (Decimal(1), Decimal("0.5"), Decimal("0.3333"), Decimal("0.01"))
PATHS = {"invoices": "/books/v3", "customerpayments": "/books/v3", "creditnotes": "/books/v3", "packages": "/inventory/v1", "salesreturns": "/inventory/v1"}  # fmt: skip
KEYS = {"invoices": "invoice_id", "customerpayments": "payment_id", "creditnotes": "creditnote_id", "packages": "package_id", "salesreturns": "salesreturn_id"}  # fmt: skip
STATES = {"invoices": ("sent", "sent", "void", "draft"), "creditnotes": ("open", "open", "void", "draft")}


def ask(stage: "Stage", method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """A person's call; None when it is refused, as it may be (a void invoice is not paid)."""
    status, answer = stage.world.person(method, path, body)
    return answer if status < 300 else None


def rows(stage: "Stage", collection: str) -> list[Record]:
    """Of the finance side, oldest first."""
    return list(stage.world.vendors.store.table(f"finance/{collection}"))


def today(stage: "Stage") -> str:
    """The day there."""
    return f"{stage.world.clock.now:%Y-%m-%d}"


def _nth(found: list[Record], number: int) -> Record | None:
    return found[number % len(found)] if found else None


def _order(stage: "Stage", number: int) -> Record | None:
    found = _nth(rows(stage, "salesorders"), number)
    path = f"/inventory/v1/salesorders/{found['salesorder_id']}" if found else ""
    answer = ask(stage, "GET", path) if found else None
    order: Record | None = answer["salesorder"] if answer else None
    return order


def ordered(order: Record) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """Of each line of an order: item, quantity, rate, discount."""
    return [
        (line["item_id"], *(Decimal(str(line.get(name) or 0)) for name in ("quantity", "rate", "discount")))
        for line in order["line_items"]
    ]


@dataclass(frozen=True)
class Bill(Step):
    """Accounting makes an invoice of an order, or of some of it, and mostly sends it."""

    order: int
    quantity: int
    sent: bool

    def __str__(self) -> str:
        what = f"{self.quantity} pieces of each line" if self.quantity else "the rest"
        return f"accounting bills {what} of order {self.order}{' and sends the invoice' if self.sent else ''}"

    def take(self, stage: "Stage") -> None:
        order = _order(stage, self.order)
        if order is None:
            return
        body: dict[str, Any] = {"customer_id": order["customer_id"], "date": today(stage), "due_date": FAR}
        if self.quantity:
            body |= {"discount_type": "item_level", "is_discount_before_tax": True}
            body["line_items"] = [
                {"item_id": line["item_id"], "rate": line["rate"], "quantity": min(self.quantity, line["quantity"]),
                 "salesorder_item_id": line["line_item_id"]}
                for line in order["line_items"]
            ]  # fmt: skip
        made = ask(stage, "POST", f"/books/v3/invoices?salesorder_id={order['salesorder_id']}", body)
        if made and self.sent:
            ask(stage, "POST", f"/books/v3/invoices/{made['invoice']['invoice_id']}/status/sent")


@dataclass(frozen=True)
class Pay(Step):
    """A customer pays: a share of what is open of one invoice, or of several of theirs."""

    invoice: int
    several: bool
    share: int

    def __str__(self) -> str:
        what = "all open invoices of a customer" if self.several else "an invoice"
        return f"a payment of {SHARES[self.share]} of what is open settles {what}"

    def take(self, stage: "Stage") -> None:
        open_ = [row for row in rows(stage, "invoices") if row["_state"] == "sent" and Decimal(str(row["balance"])) > 0]
        first = _nth(open_, self.invoice)
        if first is None:
            return
        chosen = [row for row in open_ if row["customer_id"] == first["customer_id"]] if self.several else [first]
        parts = {
            row["invoice_id"]: max((Decimal(str(row["balance"])) * SHARES[self.share]).quantize(CENT), CENT)
            for row in chosen
        }
        ask(stage, "POST", "/books/v3/customerpayments", {
            "customer_id": first["customer_id"], "payment_mode": "cash", "date": today(stage), "amount": float(sum(parts.values())),
            "invoices": [{"invoice_id": key, "amount_applied": float(amount)} for key, amount in parts.items()],
        })  # fmt: skip


@dataclass(frozen=True)
class Credit(Step):
    """Accounting gives a customer a credit, and mostly opens it; some is set off against an invoice."""

    order: int
    rate: float
    opened: bool
    used: bool

    def __str__(self) -> str:
        return f"a credit over {self.rate:g} is {'given' if self.opened else 'drafted'}{' and used for an invoice' if self.used else ''}"

    def take(self, stage: "Stage") -> None:
        order = _order(stage, self.order)
        if order is None:
            return
        line = {"item_id": order["line_items"][0]["item_id"], "rate": self.rate, "quantity": 1}
        body = {"customer_id": order["customer_id"], "date": today(stage), "line_items": [line]}
        made = ask(stage, "POST", "/books/v3/creditnotes", body)
        if not made or not self.opened:
            return
        key = made["creditnote"]["creditnote_id"]
        ask(stage, "POST", f"/books/v3/creditnotes/{key}/status/open")
        open_ = [
            row
            for row in rows(stage, "invoices")
            if row["_state"] == "sent" and row["customer_id"] == order["customer_id"]
        ]
        if self.used and open_:
            amount = min(Decimal(str(open_[0]["balance"])), Decimal(str(self.rate)))
            parts = [{"invoice_id": open_[0]["invoice_id"], "amount_applied": float(amount)}]
            ask(stage, "POST", f"/books/v3/creditnotes/{key}/invoices", {"invoices": parts})


@dataclass(frozen=True)
class Ship(Step):
    """The warehouse packs what is ordered, some or all; hands it to a carrier; it arrives."""

    order: int
    quantity: int
    how_far: int
    """0: packed; 1: shipped; 2: delivered."""

    def __str__(self) -> str:
        return f"up to {self.quantity} pieces of each line of order {self.order} are {('packed', 'shipped', 'delivered')[self.how_far]}"

    def take(self, stage: "Stage") -> None:
        order = _order(stage, self.order)
        if order is None:
            return
        lines = [
            {"so_line_item_id": line["line_item_id"], "quantity": min(self.quantity, line["quantity"])}
            for line in order["line_items"]
        ]
        key = order["salesorder_id"]
        body = {"date": today(stage), "line_items": lines}
        made = ask(stage, "POST", f"/inventory/v1/packages?salesorder_id={key}", body)
        if made:
            stage.packed[key] = ordered(order)
        if not made or not self.how_far:
            return
        package = made["package"]["package_id"]
        carrier = ("DHL", "Spedition Nord")[self.quantity % 2]
        sent = ask(
            stage, "POST", f"/inventory/v1/shipmentorders?package_ids={package}&salesorder_id={key}",
            {"date": today(stage), "delivery_method": carrier, "tracking_number": f"JD-{len(rows(stage, 'packages'))}"},
        )  # fmt: skip
        if sent and self.how_far > 1:
            shipment = sent["shipment_order"]["shipment_id"]
            ask(stage, "POST", f"/inventory/v1/shipmentorders/{shipment}/status/delivered")


@dataclass(frozen=True)
class TakeBack(Step):
    """Goods come back."""

    order: int

    def __str__(self) -> str:
        return f"a piece of order {self.order} comes back"

    def take(self, stage: "Stage") -> None:
        order = _order(stage, self.order)
        if order is not None:
            line = {"salesorder_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}
            path = f"/inventory/v1/salesreturns?salesorder_id={order['salesorder_id']}"
            ask(stage, "POST", path, {"date": today(stage), "line_items": [line]})


@dataclass(frozen=True)
class Move(Step):
    """Somebody sends, opens, voids an invoice or a credit."""

    collection: str
    number: int
    state: str

    def __str__(self) -> str:
        return f"{self.collection} {self.number}: {self.state}"

    def take(self, stage: "Stage") -> None:
        found = _nth(rows(stage, self.collection), self.number)
        if found is not None:
            ask(stage, "POST", f"/books/v3/{self.collection}/{found[KEYS[self.collection]]}/status/{self.state}")


@dataclass(frozen=True)
class Erase(Step):
    """Somebody deletes a document, where the vendor lets them."""

    collection: str
    number: int

    def __str__(self) -> str:
        return f"{self.collection} {self.number} is deleted"

    def take(self, stage: "Stage") -> None:
        found = _nth(rows(stage, self.collection), self.number)
        if found is not None and ask(
            stage, "DELETE", f"{PATHS[self.collection]}/{self.collection}/{found[KEYS[self.collection]]}"
        ):
            stage.late_s = WEEK_S
            if self.collection == "customerpayments":
                stage.taken_back.update(part["invoice_id"] for part in found["invoices"])


@dataclass(frozen=True)
class Advance(Step):
    """Sales moves a deal on."""

    deal: int
    stage_: str

    def __str__(self) -> str:
        return f"deal {self.deal} is {self.stage_} now"

    def take(self, stage: "Stage") -> None:
        if stage.accepted:
            deal = stage.accepted[self.deal % len(stage.accepted)].deal
            ask(stage, "PUT", f"/crm/v8/Deals/{deal}", {"data": [{"Stage": self.stage_}]})


def _sells(plot: Plot) -> bool:
    return plot.sells


def _bill(plot: Plot) -> list[Step]:
    dice = plot.dice
    bill = Bill(dice.randrange(4), dice.choice([0, 0, 1, 2]), dice.random() < 0.8)
    return [bill, *(_pay(plot) if dice.random() < 0.5 else []), _again(plot)]


def _again(plot: Plot) -> Step:
    return run(plot, plot.dice.choice(["finance", "finance", "orders"]))


def _pay(plot: Plot) -> list[Step]:
    dice = plot.dice
    return [Pay(dice.randrange(4), dice.random() < 0.4, dice.randrange(len(SHARES)))]


def _credit(plot: Plot) -> list[Step]:
    dice = plot.dice
    return [Credit(dice.randrange(4), dice.choice([0.01, 5, 9.99]), dice.random() < 0.8, dice.random() < 0.4)]


def _ship(plot: Plot) -> list[Step]:
    dice = plot.dice
    return [Ship(dice.randrange(4), dice.choice([1, 2, 9]), dice.randrange(3))]


def _take_back(plot: Plot) -> list[Step]:
    order = plot.dice.randrange(4)
    return [Ship(order, 9, plot.dice.choice([1, 2])), TakeBack(order), _again(plot)]


def _move(plot: Plot) -> list[Step]:
    collection = plot.dice.choice(sorted(STATES))
    return [Move(collection, plot.dice.randrange(4), plot.dice.choice(STATES[collection]))]


def _erase(plot: Plot) -> list[Step]:
    return [Erase(plot.dice.choice(sorted(KEYS)), plot.dice.randrange(4))]


def _advance(plot: Plot) -> list[Step]:
    return [Advance(plot.dice.randrange(4), plot.dice.choice(["Qualification", "Closed Won", "Closed Lost"]))]


ACTS = (
    Act("bill", 6, _bill, _sells),
    Act("pay", 4, _pay, _sells),
    Act("credit", 1.5, _credit, _sells),
    Act("ship", 3, _ship, _sells),
    Act("take back", 1, _take_back, _sells),
    Act("move a paper", 1.5, _move, _sells),
    Act("erase a paper", 1.5, _erase, _sells),
    Act("advance", 1, _advance, _sells),
    Act("books", 4, lambda plot: [_again(plot)], _sells),
)
