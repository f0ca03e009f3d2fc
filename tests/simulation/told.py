"""Stories that were written for one thing, in which nothing is left to luck; those that are named the same way notice it, too, should the first one not."""

from typing import Any

from simulation.answers import Answer
from simulation.machines import Twice
from simulation.merges import Merge
from simulation.operations import Install, Pause, Rekey, SayYes
from simulation.orders import Order
from simulation.papers import Bill, Erase, Pay
from simulation.runs import Run
from simulation.steps import Step, Wait
from simulation.story import Story
from simulation.things import Create, Delete, Edit

NAME, WEBSITE, TERMS, PRICE, WEIGHT, DESCRIPTION = 0, 2, 5, 1, 2, 6
"""Places of fields in `masters`."""
HOUR_S = 4000
FIRST = (0,) * 60
"""Choices."""
PRODUCTS, CUSTOMERS = Run("products"), Run("customers")
PRODUCT = Create(0, "product", ("inventory",), FIRST)
ACCOUNT = Create(0, "account", ("crm",), FIRST)
CONTACT = Create(1, "contact", ("crm",), FIRST)


def _of_a_product(*steps: Step) -> Story:
    """A product is in both systems for an hour, then this happens."""
    return Story(1, (PRODUCT, PRODUCTS, PRODUCTS, Wait(HOUR_S), *steps), order=("products",))


def _of_an_account(*steps: Step) -> Story:
    return Story(1, (ACCOUNT, CUSTOMERS, CUSTOMERS, Wait(HOUR_S), *steps), order=("customers",))


def _of_customers(*steps: Step) -> Story:
    return Story(1, steps, order=("customers",))


def _several(entity: str, system: str, number: int, first: int = 0) -> tuple[Step, ...]:
    return tuple(Create(one, entity, (system,), (one,) * 60) for one in range(first, first + number))


def _sale(*steps: Step, order: tuple[str, ...] = ("orders",)) -> Story:
    """An order of two products, and what follows."""
    sold = Order(0, 0, ((2, 19.99, 0.0), (3, 2.5, 0.0)))
    made = (ACCOUNT, *_several("product", "inventory", 2, 1), CUSTOMERS, PRODUCTS)
    return Story(1, (*made, sold, Run("orders"), *steps), order=order)


def _killed(boundary: int) -> Story:
    return _of_a_product(
        Edit(0, "inventory", PRICE, 1), Wait(HOUR_S), Run("products", death=(1, 2, boundary)), Wait(HOUR_S)
    )


def _denied(task: int, plugin: int, call: int, edit: Edit) -> Story:
    return _of_an_account(edit, Wait(HOUR_S), Run("customers", ((task, plugin, call, "404"),)))


def _lost(call: int) -> Story:
    return _of_customers(ACCOUNT, CONTACT, Run("customers", ((0, 2, call, "lost after"),)))


def _meanwhile(call: int) -> Story:
    edit = Edit(0, "crm", DESCRIPTION, 2)
    refused_first = Run("products", ((1, 2, call, "429"),), meanwhile=((1, 2, call + 1, edit),))
    return _of_a_product(Edit(0, "inventory", DESCRIPTION, 1), Wait(400), refused_first)


def _twins(seed: int) -> Story:
    return _of_customers(ACCOUNT, CUSTOMERS, CONTACT, Twice(CUSTOMERS, CUSTOMERS, seed, 0.3))


_DISPUTE: Any = (Edit(0, "crm", NAME, 1), Edit(0, "inventory", NAME, 2), CUSTOMERS, Answer(0, 0))

KILLED = tuple(map(_killed, (4, 5, 6, 3, 7, 8)))
"""The target is killed before it has written what it was told."""
DENIED_TO_THE_TARGET = tuple(_denied(0, 2, call, Edit(0, "crm", WEBSITE, 1)) for call in (1, 2, 3))
DENIED_TO_THE_TAP = tuple(_denied(1, 0, call, Edit(0, "inventory", TERMS, 1)) for call in (2, 3, 4))
DELETED = (_of_a_product(Delete(0), Edit(0, "inventory", PRICE, 1), PRODUCTS),)
WEIGHED = (_of_a_product(Edit(0, "inventory", WEIGHT, 2), PRODUCTS),)
LOST = tuple(map(_lost, (4, 3, 5, 6)))
"""The answer to the creation of a contact is lost."""
MEANWHILE = tuple(map(_meanwhile, (2, 3, 1)))
"""A record of the CRM is edited between its reading and its writing."""
DECIDED = (_of_an_account(*_DISPUTE, CUSTOMERS),)
OUTDATED = (_of_an_account(*_DISPUTE, Wait(400), Edit(0, "crm", NAME, 0, exactly=("Ostlicht",)), CUSTOMERS),)
"""One of the values has changed since the answer."""
LATER = (_of_a_product(Edit(0, "inventory", DESCRIPTION, 1), Wait(400), Edit(0, "crm", DESCRIPTION, 2), PRODUCTS),)
PUT_BACK = (_of_a_product(Edit(0, "crm", PRICE, 1), PRODUCTS),)
"""An edit of what another system owns."""
IN_BOTH = (_of_customers(Create(0, "account", ("crm", "inventory"), FIRST), CUSTOMERS),)
CLEARED = (_of_an_account(Edit(0, "crm", WEBSITE, 0, exactly=(None,)), CUSTOMERS),)
SOLD = (_sale(),)
PAID_BACK = (
    _sale(
        Bill(0, 0, sent=True), Pay(0, several=False, share=1), Run("finance"), Erase("customerpayments", 0), Wait(700_000),
        order=("orders", "finance"),
    ),
)  # fmt: skip
MERGED = (_of_customers(*_several("account", "crm", 2), CUSTOMERS, CUSTOMERS, Merge(0, 1, takes_id=True), CUSTOMERS),)
THREE = (
    _of_customers(
        *_several("account", "crm", 3), CUSTOMERS, CUSTOMERS, Wait(HOUR_S),
        *(Edit(one, "inventory", TERMS, one + 1) for one in range(3)), Wait(HOUR_S), CUSTOMERS,
    ),
)  # fmt: skip
"""Three change at once."""
TWINS = tuple(map(_twins, (8, *range(40))))
PLANNED = (
    Story(
        1, (Install(asks=True), *_several("product", "inventory", 3), PRODUCTS, SayYes(), PRODUCTS), order=("products",)
    ),
)
SEALED = (
    _of_customers(
        Install("full", is_sealed=True), ACCOUNT, CUSTOMERS, Rekey(),
        Edit(0, "inventory", TERMS, 1), Edit(0, "crm", WEBSITE, 1), CUSTOMERS,
    ),
)  # fmt: skip
_STOPPED = (PRODUCT, PRODUCTS, Pause("product", "crm"), Edit(0, "inventory", PRICE, 1), PRODUCTS, Wait(400), PRODUCTS)
PAUSED = (Story(1, _STOPPED, order=("products",)),)
