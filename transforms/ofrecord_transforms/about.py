"""What `_ofrecord` says of every record, filtered ones too; and the parts a record falls into."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from ofrecord_transforms.agreeing import figures_for
from ofrecord_transforms.filters import fulfilled
from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.lenses.moments import in_utc
from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Entity
from ofrecord_transforms.schedules import periods_of
from ofrecord_transforms.steps import simple
from ofrecord_transforms.systems import System

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
    figures = figures_for(entity, source, to)
    rank = reader(system, entity.primary.earliest) if entity.primary else None
    by = _leading(entity, system) if entity.combine else None
    paper = paper_for(entity, source)
    listed = entity.elements
    each_id = reader(system, f"{listed.list}.{listed.id}") if listed is not None and listed.system == source else None
    day = reader(system, entity.counts_from[source].field) if source in entity.counts_from else None

    readers = (("stamped", stamped), ("label", label), ("rank", rank), ("counts_from", day))
    asked: list[tuple[str, Callable[[Record], Any]]] = [
        (name, partial(_value, get)) for name, get in readers if get is not None
    ]
    asked += [(name, told) for name, told in (("by", by), ("check", figures)) if told is not None]

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
        for name, told in asked:
            note[name] = told(record)
        if paper is not None and (named := paper(record)) is not None:
            note["attach"] = named
        return note

    return about


def paper_for(entity: Entity, source: str) -> Callable[[Record], str | None] | None:
    """The name of the file that a record of the source is printed as; None where it has none. None: no record has one."""
    attach = entity.attach
    if attach is None:
        return None
    named, takes_part = reader(entity.systems[source].system, attach.named), fulfilled(entity, source, attach.when)

    def paper(record: Record) -> str | None:
        value = _value(named, record)
        return f"{value}.{attach.file}" if value not in _NOBODY and takes_part(record) else None

    return paper


def _leading(entity: Entity, system: System) -> Callable[[Record], Any]:
    """What leads to the whole; where there are several ways, what leads along each."""
    first, *others = (reader(system, way.by) for way in (entity.combine.ways if entity.combine else ()))
    if not others:
        return lambda record: _value(first, record)
    return lambda record: [_value(get, record) for get in (first, *others)]


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
    if entity.schedule is not None and entity.schedule.system == source:
        return periods_of(entity.schedule, entity.systems[source].system, entity.systems[source].id)
    if each is None or each.system != source:
        return None

    def parts(record: Record) -> list[Record]:
        elements = record.get(each.list)
        if not isinstance(elements, list) or not elements:
            return [{**record, each.list: None}]
        return [{**record, each.list: element} for element in elements]

    return parts
