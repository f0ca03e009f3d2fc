"""The fields that promises are written to and read from, as `ofrecord setup` compares and makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ofrecord.fields_needed import CUSTOM, Needed
from ofrecord.fields_used import Use
from ofrecord_transforms.promises_read import FLAGS, REVIEWS, SHOWS, STATUSES, load_promises

if TYPE_CHECKING:
    from ofrecord_transforms.promises import Promise
    from ofrecord_transforms.rules import Rules

_VALUES = {"status": STATUSES, "review": REVIEWS}


def promised_fields(rules: Rules, folder: Path) -> Iterator[Needed]:
    """Those of all promises of a rules folder. Raises RulesError."""
    for one in load_promises(rules, folder):
        yield from _written(one, one.documents.lines, SHOWS, one.shows.items())
        yield from _written(one, one.documents.object, FLAGS, one.flags.items())
        lead_time = one.stock.lead_time
        if lead_time is not None and lead_time.startswith(CUSTOM):
            yield Needed("inventory", "items", lead_time, "text", False, None, (), None, (one.file,))


def promised_uses(rules: Rules, folder: Path) -> Iterator[Use]:
    """Every field of documents and lines that promises read or write, for `ofrecord check --live`. Raises RulesError."""
    for one in load_promises(rules, folder):
        where, rows = f"{one.file}:1", f"{one.documents.lines}."
        written = [
            *((rows + name, key) for key, name in one.shows.items()),
            *((name, key) for key, name in one.flags.items()),
        ]
        head = {
            *one.documents.open,
            *(name for each in one.documents.claimed for name in each),
            *(one.documents.told or ()),
        }
        head |= {name.partition(".")[0] for name in one.order} | {one.documents.number}
        line = one.line
        read = [
            *sorted(head),
            *(rows + name for name in (line.product, line.quantity, line.price, line.discount) if name),
        ]
        yield from (
            Use("crm", one.documents.object, name, key, where, reads=True, updates=True) for name, key in written
        )
        yield from (Use("crm", one.documents.object, name, one.promise, where, reads=True) for name in read)


def _written(one: Promise, object_: str, kinds: dict[str, str], said: Iterable[tuple[str, str]]) -> Iterator[Needed]:
    for key, name in said:
        yield Needed("crm", object_, name, kinds[key], False, None, _VALUES.get(key, ()), None, (one.file,))
