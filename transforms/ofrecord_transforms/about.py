"""What `_ofrecord` says of every record, filtered ones too; and the parts a record falls into."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.lenses.moments import in_utc
from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Entity
from ofrecord_transforms.steps import simple

_ALIVE = (None, "", False)
_NOBODY = (None, "")
_IDS = frozenset({str, int, Decimal})


class UnusableRecordError(Exception):
    """A record without its id. The message names stream and field; the tap, or the rules' `id`, must be corrected."""


def about_for(entity: Entity, source: str, to: str) -> Callable[[Record], dict[str, Any]]:
    """What `_ofrecord` says of every record, filtered ones too."""
    place = entity.systems[source]
    system = place.system
    key = place.id
    stamped = reader(system, place.external_id) if place.external_id else None
    label = reader(system, entity.label[source]) if source in entity.label else None
    check = entity.once.check if entity.once and source in entity.new else None
    total = (check.get(to, check[source]), reader(system, check[source])) if check and source in check else None
    rank = reader(system, entity.primary.earliest) if entity.primary else None
    by = reader(system, entity.combine.by) if entity.combine else None
    each_id = reader(system, f"{entity.each.list}.{entity.each.id}") if entity.each else None

    modified, created, deleted = system.modified, system.created, system.deleted
    editor = system.editor

    remedy = f"Correct the tap, or systems: {source}: id in {entity.file}."
    lost = f'a record of {source} {place.stream} has no "{key}", text or number, so it cannot be told apart. {remedy}'

    def about(record: Record) -> dict[str, Any]:
        get = record.get
        found = get(key)
        if found == "" or found.__class__ not in _IDS:
            raise UnusableRecordError(lost)
        note: dict[str, Any] = {
            "id": str(found),
            "modified": at if isinstance(at := get(modified), str) and at.endswith("+00:00") else _time(at),
            "created": at if isinstance(at := get(created), str) and at.endswith("+00:00") else _time(at),
            "deleted": deleted in record and record[deleted] not in _ALIVE,
        }
        if each_id is not None and (part := _value(each_id, record)) is not None:
            note["id"] = f"{found}/{part}"
        if editor is not None and (person := _person(get(editor))) is not None:
            note["editor"] = person
        if stamped is not None:
            note["stamped"] = _value(stamped, record)
        if label is not None:
            note["label"] = _value(label, record)
        if rank is not None:
            note["rank"] = _value(rank, record)
        if by is not None:
            note["by"] = _value(by, record)
        if total is not None:
            note["check"] = {total[0]: _value(total[1], record)}
        return note

    return about


def _value(get: Get, record: Record) -> Any:
    value = get(record)
    return None if value is ABSENT else simple(value)


def _person(value: Any) -> str | None:
    """A user as the system names them, else the id."""
    found = (value.get("name") or value.get("id")) if isinstance(value, dict) else value
    return str(found) if found not in _NOBODY else None


def _time(value: Any) -> str | None:
    """Brought to UTC, which is what taps give; what is no time is left out."""
    if value is None or value == "":
        return None
    try:
        return in_utc(value)
    except InvalidValueError:
        return None


def elements_for(entity: Entity, source: str) -> Callable[[Record], list[Record]] | None:
    """One record for each element of a list, in which the list is that element. None: the record is one."""
    each = entity.each
    if each is None or each.system != source:
        return None

    def parts(record: Record) -> list[Record]:
        elements = record.get(each.list)
        if not isinstance(elements, list) or not elements:
            return [{**record, each.list: None}]
        return [{**record, each.list: element} for element in elements]

    return parts
