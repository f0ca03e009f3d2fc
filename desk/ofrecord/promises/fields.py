"""The fields that promises are written to and read from, as `ofrecord setup` compares and makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ofrecord.fields_needed import CUSTOM, Needed
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


def _written(one: Promise, object_: str, kinds: dict[str, str], said: Iterable[tuple[str, str]]) -> Iterator[Needed]:
    for key, name in said:
        yield Needed("crm", object_, name, kinds[key], False, None, _VALUES.get(key, ()), None, (one.file,))
