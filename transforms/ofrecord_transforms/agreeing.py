"""What a document and its source must agree on: the figures of a record, and what a SCHEMA says of documents created once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ofrecord_transforms.paths import ABSENT, Get, Record, reader
from ofrecord_transforms.rules import Entity, Field, Filters, Once, Side
from ofrecord_transforms.steps import simple
from ofrecord_transforms.systems import System


def figures_for(entity: Entity, source: str, to: str) -> Callable[[Record], dict[str, Any]] | None:
    """Reads the figures of a record of the system in which the document originates; None where nothing is compared."""
    figures = _shared(entity.once.check, source, to) if entity.once and source in entity.new else []
    if not figures:
        return None
    system = entity.systems[source].system
    getters = [(figure.sides[to].field, _reader(figure, figure.sides[source], system, to)) for figure in figures]
    return lambda record: {name: get(record) for name, get in getters}


def _shared(figures: Sequence[Field], source: str, to: str) -> list[Field]:
    return [one for one in figures if source in one.sides and to in one.sides]


def _reader(figure: Field, side: Side, system: System, to: str) -> Get:
    if side.always is not None:
        return lambda _record: side.always
    get = reader(system, side.field)
    if not figure.lines:
        empty = (ABSENT,) if side.otherwise is None else (ABSENT, None, "")
        return lambda record: side.otherwise if (value := get(record)) in empty else simple(value)
    shared = _shared(figure.lines, system.name, to)
    columns = [(line.sides[to].field, _reader(line, line.sides[system.name], system, to)) for line in shared]

    def rows(record: Record) -> Any:
        found = get(record)
        return [{name: read(row) for name, read in columns} for row in found] if isinstance(found, list) else None

    return rows


def annotated_once(entity: Entity, source: str, to: str) -> dict[str, Any] | None:
    """What a target must know of documents that are created once."""
    once = entity.once
    if once is None or source not in entity.new:
        return None
    figures = [_figure(one, source, to) for one in _shared(once.check, source, to)]
    amend = {} if once.amend is None else {"amend": _conditions(once.amend, to)}
    made = _sum(entity, once, to)
    return {"then": list(once.then), "check": figures or None, **({"sum": made} if made else {}), **amend}


def _figure(figure: Field, source: str, to: str) -> dict[str, Any]:
    lines = [_figure(line, source, to) for line in _shared(figure.lines, source, to)]
    said = {
        "field": figure.sides[to].field, "label": figure.what, "format": None if figure.ref or lines else figure.format,
        "ref": figure.ref, "lookup": figure.lookup, "lines": lines or None,
    }  # fmt: skip
    return {key: value for key, value in said.items() if value is not None}


def _sum(entity: Entity, once: Once, to: str) -> Mapping[str, Any] | None:
    """The properties at the destination of what the sum is made of."""
    said = once.sum
    if said is None:
        return None
    fields = {rule.what: rule for rule in entity.fields if to in rule.sides}
    if said.lines not in fields:  # a job of some fields
        return None
    lines = {line.what: line.sides[to].field for line in fields[said.lines].lines if to in line.sides}
    figures = {figure.what: figure.sides[to].field for figure in once.check if to in figure.sides}
    made = {"lines": fields[said.lines].property_at(to), "quantity": lines[said.quantity], "rate": lines[said.rate]}
    made |= {key: lines[name] for key, name in (("discount", said.discount), ("tax", said.tax)) if name}
    made |= {"currency": figures[said.currency]} if said.currency else {}
    more = {"less": said.less, "plus": said.plus}
    told = {key: [fields[name].property_at(to) for name in names if name in fields] for key, names in more.items()}
    return {**made, **{key: names for key, names in told.items() if names}}


def _conditions(filters: Filters, system: str) -> list[Mapping[str, Any]]:
    return [
        {"field": name, "test": one.test, **({"values": list(one.values)} if one.values else {})}
        for name, conditions in filters.get(system, {}).items()
        for one in conditions
    ]
