"""What depends on a day: a part that counts from a day on, and a record that is settled from a day on.

The day is over or not by the vendor's clock, in the time zone the rules name for it, else in that of the organisation.
Nobody is asked for the time unless such a day is met.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ofrecord_kit.ledger import Held
from ofrecord_kit.plan import UNKNOWN, Agreed
from ofrecord_kit.target.destination import Destination
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

EARLY = "early"
"""Kind of what is held until its day comes; `due_at` is the first moment of that day, by the vendor's clock."""
SETTLED = "settled"
"""Kind of a difference about a record that is settled."""
NOT_YET = "its day has not come yet"
_LAST = datetime.max.replace(tzinfo=UTC)
_FIX = "Correct it there by hand, as the books allow it, or take the change back; `drop` leaves the difference."


def first_moment(delivery: Delivery, item: Item) -> datetime | None:
    """When the day comes from which it counts, if it is still to come."""
    said = delivery.wire.counts_from
    day = None if said is None else _day(item.note.get("counts_from"))
    if said is None or day is None:
        return None
    here = clock_in(delivery.destination, said.get("zone"))
    at = datetime.combine(day, time(), here.tzinfo)
    return at.astimezone(UTC) if at > here else None


def clock_in(destination: Destination, zone: str | None) -> datetime:
    """The vendor's time in a zone, else in that of its organisation; a call where no answer of this run told it."""
    if zone is not None and destination.read_at is not None:
        return destination.read_at.astimezone(ZoneInfo(zone))
    here = destination.here()
    return here if zone is None else here.astimezone(ZoneInfo(zone))


def day_in(destination: Destination, zone: str | None) -> date:
    """The day it is there."""
    return clock_in(destination, zone).date()


def held_until(delivery: Delivery, item: Item, at: datetime) -> Held:
    """The row that keeps a part until its day comes."""
    wire = delivery.wire
    return Held(
        wire.entity, wire.source, wire.destination, item.source_id, EARLY, NOT_YET,
        label=item.note.get("label"), payload=item.record, state="waiting", due_at=at,
    )  # fmt: skip


def come_of_day(delivery: Delivery) -> list[dict[str, Any]]:
    """Records whose day has come, by the vendor's clock: as our own goes, a day may be late or early."""
    wire, ledger = delivery.wire, delivery.ledger
    way = (wire.source, wire.destination, wire.entity)
    if wire.counts_from is None or not ledger.due(*way, _LAST, [EARLY], limit=1):
        return []
    now = clock_in(delivery.destination, wire.counts_from.get("zone")).astimezone(UTC)
    due = ledger.due(*way, now, [EARLY])
    return [one.payload for one in due if one.kind == EARLY and one.payload is not None]


def set_settled_aside(delivery: Delivery, item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is written to a record whose day has come there; that it would have been is listed."""
    day = _day_there(delivery, item)
    if not values or day is None or not _has_come(delivery, day):
        return dict(values)
    for name in values:
        item.plan.writes.pop(name, None)
    fields = sorted(rule.field for rule in delivery.wire.sent if rule.name in values)
    _list(delivery, item, day, f"{', '.join(fields) or 'its id'} would be another")
    return {}


def is_settled_deletion(delivery: Delivery, item: Item) -> bool:
    """Is a record to be taken away whose day has come? Then it stays, and is listed."""
    day = _day_there(delivery, item)
    if day is None or not _has_come(delivery, day):
        return False
    _list(delivery, item, day, f"it is no more in {delivery.wire.source}")
    return True


def _list(delivery: Delivery, item: Item, day: date, what: str) -> None:
    wire = delivery.wire
    message = f"settled since {day.isoformat()} in {wire.destination}, so nothing is changed there; {what}"
    delivery.set_aside(item, SETTLED, message, code="SETTLED", fix=_FIX)


def _day_there(delivery: Delivery, item: Item) -> date | None:
    """The day the record there has: as it was just read, else as it was agreed."""
    said = delivery.wire.settled
    if said is None:
        return None
    if item.current is not None:
        return _day(item.current.values.get(said["field"]))
    rule = next((rule for rule in delivery.wire.sent if rule.name == said["field"]), None)
    known = item.agreed.get(rule.field, Agreed()).destination if rule else UNKNOWN
    return None if known is UNKNOWN else _day(known)


def _has_come(delivery: Delivery, day: date) -> bool:
    return day <= day_in(delivery.destination, (delivery.wire.settled or {}).get("zone"))


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[: len("2026-01-31")])
    except ValueError:
        return None
