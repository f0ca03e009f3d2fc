"""Planted mistakes that hardly any world of luck notices, each with the story that was written for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from simulation.answers import Answer
from simulation.machines import Twice
from simulation.merges import Merge
from simulation.operations import Install, SayYes
from simulation.orders import Order
from simulation.papers import Bill, Erase, Pay
from simulation.planted import Mistake
from simulation.runs import Run
from simulation.steps import Step, Wait
from simulation.story import Story
from simulation.things import Create, Delete, Edit
from singer_sdk import Target
from sqlalchemy import select

from ofrecord_kit.ahead import MISSING
from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Writing, schema
from ofrecord_kit.tap import finance as tap_finance
from ofrecord_kit.target import answers, carrying, deciding, finance_creating, recording
from ofrecord_kit.target import delivery as delivery_
from ofrecord_kit.target.figures import Figures
from ofrecord_kit.target.finance_creating import Creator
from ofrecord_kit.target.guard import Guard
from ofrecord_kit.target.program import OfrecordTarget
from ofrecord_kit.target.sink import OfrecordSink
from ofrecord_kit.vendors import crm, finance
from ofrecord_transforms.lenses import amounts
from ofrecord_transforms.lenses.lens import Lens
from target_crm.objects import Crm

PHONE, WEBSITE, TERMS, PRICE, WEIGHT, DESCRIPTION = 1, 2, 5, 1, 2, 6
"""Places of fields in `masters`."""
HOUR_S = 4000
FIRST = (0,) * 60
"""Choices."""


def _product(*steps: Step, job: str = "products", **more: Any) -> Story:
    """A product is in both systems for an hour, then this happens."""
    before = (Create(0, "product", ("inventory",), FIRST), Run("products"), Run("products"), Wait(HOUR_S))
    return Story(1, (*before, *steps), order=(job,), **more)


def _account(*steps: Step) -> Story:
    before = (Create(0, "account", ("crm",), FIRST), Run("customers"), Run("customers"), Wait(HOUR_S))
    return Story(1, (*before, *steps), order=("customers",))


def _sale(*steps: Step) -> Story:
    """An order of two products, and what follows."""
    made = (
        Create(0, "account", ("crm",), FIRST),
        *(Create(one, "product", ("inventory",), (one,) * 60) for one in (1, 2)),
    )
    sold = Order(0, 0, ((2, 19.99, 0.0), (3, 2.5, 0.0)))
    return Story(
        1,
        (*made, Run("customers"), Run("products"), sold, Run("orders"), *steps),
        order=("orders", "finance")[: 1 + bool(steps)],
    )


_state, _write, _body_of, _changed, _deliver_parts, _count, _unit = (
    OfrecordTarget._process_state_message,
    Crm._write,
    finance_creating.body_of,
    deciding.changed_rules,
    delivery_.deliver_parts,
    Guard._count,
    amounts.unit,
)


def _nothing(*_given: Any, **_named: Any) -> None:
    """Left out."""


def _early(target: OfrecordTarget, message: dict[str, Any]) -> None:
    Target._write_state_message(target, message["value"])
    _state(target, message)


def _deleted_there(_delivery: Any, item: Any) -> None:
    item.outcome, item.reason = "filtered", "deleted there"


def _made_again(_delivery: Any, item: Any) -> None:
    item.lost, item.link, item.destination_id, item.anew = item.link, None, None, True


def _at_its_word(_client: Any, _call: Any) -> SimpleNamespace:
    return SimpleNamespace(status=MISSING)


def _unguarded(crm_: Crm, *given: Any, headers: Any = None, **named: Any) -> Any:
    del headers
    return _write(crm_, *given, **named)


def _first_line(values: Mapping[str, Any], *more: Any, **named: Any) -> dict[str, Any]:
    lines = values.get("line_items")
    return _body_of({**values, "line_items": lines[:1]} if lines else values, *more, **named)


def _null_is_absent(rules: Any, values: Mapping[str, Any], *more: Any) -> Any:
    return _changed(rules, {name: value for name, value in values.items() if value is not None}, *more)


def _deletions_forgotten(delivery: Any, items: Sequence[Any]) -> None:
    for item in items:
        if item.note.get("deleted"):
            item.outcome = "filtered"
    _deliver_parts(delivery, [item for item in items if not item.note.get("deleted")])


def _unclaimed(_delivery: Any, items: Iterable[Any]) -> tuple[set[str], list[Any]]:
    return set(), list(items)


def _all_dead(writing: Writing, *_given: Any) -> list[str]:
    return list(writing._connection.execute(select(schema.intent.c.run)).scalars())


def _of_the_batch(guard: Guard, *given: Any) -> None:
    guard.figures = Figures()
    _count(guard, *given)


def _first_of(pages: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def first(*given: Any, **named: Any) -> Iterator[Any]:
        yield next(pages(*given, **named))

    return first


def _sent_again(client: Client, _call: Any, _lost: Any, attempt: int) -> float:
    return client._policy.wait_s(attempt)


def _one_way(one: str, other: str) -> Lens:
    return Lens(amounts.number, _unit(one, other).backward)


_DIES = _product(Edit(0, "inventory", PRICE, 1), Wait(HOUR_S), Run("products", death=(1, 2, 4)), Wait(HOUR_S))
_NEW_CONTACT = Story(
    1,
    (
        Create(0, "account", ("crm",), FIRST),
        Create(1, "contact", ("crm",), FIRST),
        Run("customers", ((0, 2, 4, "lost after"),)),
    ),
    order=("customers",),
)
_DISPUTED = _account(
    Edit(0, "crm", 0, 1), Edit(0, "inventory", 0, 2), Run("customers"), Answer(0, 0), Wait(400),
    Edit(0, "crm", 0, 0, exactly=("Ostlicht",)), Run("customers"),
)  # fmt: skip
_TWINS = Story(
    1,
    (Create(0, "account", ("crm",), FIRST), Run("customers"), Create(1, "contact", ("crm",), FIRST), Twice(Run("customers"), Run("customers"), 8, 0.3)),
    order=("customers",),
)  # fmt: skip
_THREE = Story(
    1,
    (
        *(Create(one, "account", ("crm",), (one,) * 60) for one in range(3)), Run("customers"), Run("customers"), Wait(HOUR_S),
        *(Edit(one, "inventory", TERMS, one + 1) for one in range(3)), Wait(HOUR_S), Run("customers"),
    ),
    order=("customers",),
)  # fmt: skip
_PLANNED = Story(
    1,
    (
        Install(asks=True),
        *(Create(one, "product", ("inventory",), (one,) * 60) for one in range(3)),
        Run("products"),
        SayYes(),
        Run("products"),
    ),
    order=("products",),
)
_MERGED = Story(
    1,
    (
        *(Create(one, "account", ("crm",), (one,) * 60) for one in range(2)),
        Run("customers"),
        Run("customers"),
        Merge(0, 1, takes_id=True),
        Run("customers"),
    ),
    order=("customers",),
)
_DENIED = {
    place: _account(edit, Wait(HOUR_S), Run("customers", ((*place, "404"),)))
    for place, edit in (((0, 2, 1), Edit(0, "crm", WEBSITE, 1)), ((1, 0, 2), Edit(0, "inventory", TERMS, 1)))
}
_SMALL_PAGES = ((crm, "PER_PAGE", 2), (finance, "PER_PAGE", 2))
_PAGES = ("finance_pages", "finance_pages_by_time", "finance_pages_overlapping")

TOLD = (
    Mistake("a bookmark is passed on before what it stands for is delivered", ((OfrecordTarget, "_process_state_message", _early),), told=_DIES),
    Mistake("an answer 404 to the reading of a record that is to be changed is taken for its deletion", ((deciding, "say_gone", _deleted_there),), told=_DENIED[0, 2, 1]),
    Mistake("an answer 404 to the reading of a record that has changed is taken for its deletion", ((tap_finance, "answer_to", _at_its_word),), told=_DENIED[1, 0, 2]),
    Mistake("what somebody deleted is made again", ((deciding, "say_gone", _made_again),), told=_product(Delete(0), Edit(0, "inventory", PRICE, 1), Run("products"))),
    Mistake("a unit is converted in one direction only", ((amounts, "unit", _one_way),), told=_product(Edit(0, "inventory", WEIGHT, 2), Run("products"))),
    Mistake("a creation whose answer was lost is made again without a look", ((Creator, "_look_up", _nothing),), told=_NEW_CONTACT),
    Mistake("a call whose answer was lost is sent again, whatever it does", ((Client, "_after_loss", _sent_again),), told=_NEW_CONTACT),
    Mistake("a record of the CRM is written whatever it has become since it was read", ((Crm, "_write", _unguarded),), told=_product(
        Edit(0, "inventory", DESCRIPTION, 1), Wait(400), Run("products", ((1, 2, 2, "429"),), meanwhile=((1, 2, 3, Edit(0, "crm", DESCRIPTION, 2)),)),
    )),
    Mistake("an answer about values that have changed since is carried out", ((answers, "has_moved_on", lambda *_given: False),), told=_DISPUTED),
    Mistake("only the first line of an order is sent", ((finance_creating, "body_of", _first_line),), told=_sale()),
    Mistake("a field that was cleared counts as not told", ((deciding, "changed_rules", _null_is_absent),), told=_account(Edit(0, "crm", WEBSITE, 0, exactly=(None,)), Run("customers"))),
    Mistake("at a merge the link stays where it was", ((recording, "record_merge", _nothing),), told=_MERGED),
    Mistake("a part that was deleted stays in the sum", ((delivery_, "deliver_parts", _deletions_forgotten),), told=_sale(
        Bill(0, 0, sent=True), Pay(0, several=False, share=1), Run("finance"), Erase("customerpayments", 0), Wait(700_000),
    )),
    Mistake("of several pages only the first is read", tuple((tap_finance, name, _first_of(getattr(tap_finance, name))) for name in _PAGES), told=_THREE, settings=_SMALL_PAGES),
    Mistake("what another run is creating is created, too", ((carrying, "_claimed", _unclaimed),), told=_TWINS),
    Mistake("a run counts as dead whose process lives", ((Writing, "_died", _all_dead),), told=_TWINS),
    Mistake("what a run may do is counted for each batch", ((Guard, "_count", _of_the_batch),), told=_PLANNED, settings=((OfrecordSink, "max_size", property(lambda _sink: 1)),)),
)  # fmt: skip
