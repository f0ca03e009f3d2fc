"""Planted mistakes that hardly any world of luck notices, each with the story that was written for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from simulation import told
from simulation.planted import Mistake
from singer_sdk import Target
from sqlalchemy import select

from ofrecord_kit.ahead import MISSING
from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Writing, schema
from ofrecord_kit.plan import fields
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

_state, _write, _body_of, _changed, _deliver_parts, _count, _unit = (
    OfrecordTarget._process_state_message,
    Crm._write,
    finance_creating.body_of,
    deciding.changed_rules,
    delivery_.deliver_parts,
    Guard._count,
    amounts.unit,
)
_is_later = fields._is_later


def _nothing(*_given: Any, **_named: Any) -> None:
    """Left out."""


def _early(target: OfrecordTarget, message: dict[str, Any]) -> None:
    Target._write_state_message(target, message["value"])
    _state(target, message)


def _earlier(one: datetime | None, other: datetime | None, tolerance_s: float) -> bool | None:
    found = _is_later(one, other, tolerance_s)
    return None if found is None else not found


def _whole_prices(values: Mapping[str, Any], *more: Any, **named: Any) -> dict[str, Any]:
    lines = [{**line, "rate": int(line["rate"])} if "rate" in line else line for line in values.get("line_items") or ()]
    return _body_of({**values, "line_items": lines} if lines else values, *more, **named)


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


_SMALL_PAGES = ((crm, "PER_PAGE", 2), (finance, "PER_PAGE", 2))
_PAGES = ("finance_pages", "finance_pages_by_time", "finance_pages_overlapping")

TOLD = (
    Mistake("a bookmark is passed on before what it stands for is delivered", ((OfrecordTarget, "_process_state_message", _early),), told=told.KILLED),
    Mistake("an answer 404 to the reading of a record that is to be changed is taken for its deletion", ((deciding, "say_gone", _deleted_there),), told=told.DENIED_TO_THE_TARGET),
    Mistake("an answer 404 to the reading of a record that has changed is taken for its deletion", ((tap_finance, "answer_to", _at_its_word),), told=told.DENIED_TO_THE_TAP),
    Mistake("what somebody deleted is made again", ((deciding, "say_gone", _made_again),), told=told.DELETED),
    Mistake("a unit is converted in one direction only", ((amounts, "unit", _one_way),), told=told.WEIGHED),
    Mistake("a creation whose answer was lost is made again without a look", ((Creator, "_look_up", _nothing),), told=told.LOST),
    Mistake("a call whose answer was lost is sent again, whatever it does", ((Client, "_after_loss", _sent_again),), told=told.LOST),
    Mistake("a record of the CRM is written whatever it has become since it was read", ((Crm, "_write", _unguarded),), told=told.MEANWHILE),
    Mistake("an answer is never carried out", ((deciding, "taken_of", lambda *_given: {}),), told=told.DECIDED),
    Mistake("what was decided is asked for ever", ((Writing, "release", _nothing),), told=told.DECIDED),
    Mistake("of two edits the one that is read first wins, nobody is asked", ((fields, "_winner", lambda *_given: True),), told=told.DECIDED),
    Mistake("what is set aside is not kept", ((Writing, "hold", _nothing),), told=told.DECIDED),
    Mistake("an answer about values that have changed since is carried out", ((answers, "has_moved_on", lambda *_given: False),), told=told.OUTDATED),
    Mistake("of two edits the earlier one wins", ((fields, "_is_later", _earlier),), told=told.LATER),
    Mistake("a field that was cleared counts as not told", ((deciding, "changed_rules", _null_is_absent),), told=told.CLEARED),
    Mistake("only the first line of an order is sent", ((finance_creating, "body_of", _first_line),), told=told.SOLD),
    Mistake("an order is made and never confirmed", ((delivery_, "finish_once", _nothing),), told=told.SOLD),
    Mistake("prices of an order lose their cents", ((finance_creating, "body_of", _whole_prices),), told=told.SOLD),
    Mistake("a part that was deleted stays in the sum", ((delivery_, "deliver_parts", _deletions_forgotten),), told=told.PAID_BACK),
    Mistake("at a merge the link stays where it was", ((recording, "record_merge", _nothing),), told=told.MERGED),
    Mistake("of several pages only the first is read", tuple((tap_finance, name, _first_of(getattr(tap_finance, name))) for name in _PAGES), told=told.THREE, settings=_SMALL_PAGES),
    Mistake("what another run is creating is created, too", ((carrying, "_claimed", _unclaimed),), told=told.TWINS),
    Mistake("a run counts as dead whose process lives", ((Writing, "_died", _all_dead),), told=told.TWINS),
    Mistake("what a run may do is counted for each batch", ((Guard, "_count", _of_the_batch),), told=told.PLANNED, settings=((OfrecordSink, "max_size", property(lambda _sink: 1)),)),
)  # fmt: skip
