"""Stories that were written for what follows a sale: orders that are told of and amended, services, promises."""

from simulation.orders import Order
from simulation.papers import Bill, Erase, Ship
from simulation.promises import AskStock, Warehouse
from simulation.quotes import Amend, Propose, Tamper
from simulation.runs import Run
from simulation.services import DAY_S, Serve
from simulation.steps import Step, Wait
from simulation.story import Story
from simulation.things import Create
from simulation.told import ACCOUNT, CUSTOMERS, PRODUCTS

WEEK_S = 700_000.0
ORDERS = Run("orders")
_GOODS = (ACCOUNT, *(Create(one, "product", ("inventory",), (one,) * 60) for one in (1, 2)), CUSTOMERS, PRODUCTS)
_SOLD = Order(0, 0, ((2, 19.99, 0.0), (3, 19.99, 0.0)))


def _sale(*steps: Step, order: tuple[str, ...] = ("orders",), first: tuple[Step, ...] = ()) -> Story:
    return Story(1, (*first, *_GOODS, _SOLD, *steps), order=order)


def _lost(task: int, call: int) -> Story:
    """The answer to a call of a target is lost."""
    return _sale(Run("orders", ((task, 2, call, "lost after"),)), Wait(4000), ORDERS)


def _killed(boundary: int) -> Story:
    """Between the making of an order and its confirmation its draft is changed."""
    return _sale(Run("orders", death=(1, 2, boundary)), Tamper(0), Wait(4000), ORDERS)


def _served(*steps: Step, amount: str = "100", start: int = 0) -> Story:
    sold = Serve(0, amount, 3, start)
    return Story(1, (ACCOUNT, CUSTOMERS, sold, *steps), order=("services", "finance"))


MAILED = tuple(_lost(1, call) for call in (6, 7, 5, 8, 4, 9, 10, 11))
FILED = tuple(_lost(2, call) for call in (8, 9, 7, 10))
DRAFTED = tuple(_killed(boundary) for boundary in (12, 10, 9, 11, 8, 13, 7, 14, 15, 16, 6))
PACKED = (_sale(ORDERS, Ship(0, 1, 0), Wait(4000), Amend(0, 11), ORDERS),)
EARNED = (_served(Run("services"), Run("finance")),)
LATER = (_served(Run("services"), Wait(2 * DAY_S), Run("finance")),)
ASKED = (
    _sale(ORDERS, *(Propose(Order(0, 0, ((5, 3.0, 0.0),))) for _ in range(2)), AskStock(), first=(Warehouse((7, 9)),)),
)  # fmt: skip
UNLISTED = (
    _sale(ORDERS, Bill(0, 0, sent=False), Run("finance"), Erase("invoices", 0), Wait(WEEK_S), order=("orders", "finance")),
)  # fmt: skip
"""A draft of an invoice was listed and is deleted."""
