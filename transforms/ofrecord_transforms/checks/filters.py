"""Conditions: fields that exist, values they can have, and filters that can hold at all."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ofrecord_transforms.catalog import CatalogField
from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.checks.kinds import kind_of
from ofrecord_transforms.checks.lists import among, closed, plain, quoted
from ofrecord_transforms.checks.names import judge
from ofrecord_transforms.conditions import amount, fulfils
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Condition, Filters

_COMPARED = ("at least", "at most", "more than", "less than")
_TIMES = ("from", "before")

Conditions = tuple[Condition, ...]


def check(inquiry: Inquiry) -> None:
    """`when`, every view, every stop; and what leaves when nothing can."""
    entity = inquiry.entity
    fields(inquiry, entity.when, ("when",), "when")
    for name, view in entity.views.items():
        fields(inquiry, view, ("views", name), f"views: {name}")
    for number, stop in enumerate(entity.stop):
        fields(inquiry, stop.when, ("stop", number, "when"), f"stop: {stop.what}")
    if entity.once is not None and entity.once.amend is not None:
        fields(inquiry, entity.once.amend, ("once", "amend"), "once: amend")
    if entity.attach is not None:
        fields(inquiry, entity.attach.when, ("attach", "when"), "attach: when")
    if entity.view is not None and entity.view not in entity.views:
        hint = nearest(entity.view, entity.views) or (f" Use {one_of(entity.views)}." if entity.views else "")
        inquiry.add("view", f'"{entity.view}" is not among the views.{hint}', "view")
    _together(inquiry)
    _leaving(inquiry)
    for number, stop in enumerate(entity.stop):
        _stops_everything(inquiry, stop.when, ("stop", number), f"stop: {stop.what}")


def fields(inquiry: Inquiry, filters: Filters, path: tuple[str | int, ...], where: str) -> None:
    """Each field for itself."""
    for system, by_field in filters.items():
        if system not in inquiry.entity.systems:
            inquiry.missing_system(str(path[0]), system)
            continue
        for name, conditions in by_field.items():
            line = inquiry.line(*path, system, name)
            place = f"{where}: {system}"
            judge(inquiry, system, name, place, line)
            field = inquiry.field(system, name)
            if field is not None:
                _values(inquiry, conditions, field, (line, place, inquiry.called(system, name)))
            reason = contradiction(conditions, closed(field))
            if reason is not None:
                inquiry.at(line, place, f'"{name}" can never hold: {reason}')


def _values(inquiry: Inquiry, conditions: Conditions, field: CatalogField, at: tuple[int, str, str]) -> None:
    """Values of a list, and conditions of the field's type."""
    line, where, called = at
    known, kind = closed(field), kind_of(field)
    for condition in conditions:
        misfit = _misfit(condition, kind)
        if misfit is not None:
            inquiry.at(line, where, f"{called} {misfit}")
        elif condition.test in {"in", "not"}:
            for value in condition.values if known is not None else ():
                if not among(value, known or ()):
                    hint = nearest(plain(value), map(plain, known or ())) or f" Use {quoted(known or ())}."
                    inquiry.at(line, where, f'"{plain(value)}" is not a value of {called}.{hint}')


def _misfit(condition: Condition, kind: str | None) -> str | None:
    """Why a condition can not match values of a type, with the remedy."""
    test = condition.test
    if test in {"in", "not"}:
        strange = [value for value in condition.values if not _can_be(value, kind)]
        if not strange:
            return None
        words = {"boolean": "true or false. Write true or false", "number": "numbers. Write a number"}[kind or ""]
        return f"holds {words}, not {quoted(strange)}."
    if test in _COMPARED and kind in {"boolean", "object", "array", "date", "date-time"}:
        remedy = " Compare days with from and before." if kind in {"date", "date-time"} else ""
        return f"holds no numbers, so {test} never holds.{remedy}"
    if test in _TIMES and kind in {"boolean", "object", "array", "number"}:
        return f"holds no days, so {test} never holds. Compare numbers with at least or less than."
    return None


def _can_be(value: Any, kind: str | None) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "number":
        return amount(value) is not None
    return True


def contradiction(conditions: Iterable[Condition], known: tuple[Any, ...] | None = None) -> str | None:
    """Why conditions of one field can not all hold, or None. `known`: the only values the field can have."""
    wanted = list(conditions)
    tests = {condition.test for condition in wanted}
    if "absent" in tests and len(tests) > 1:
        others = sorted(tests - {"absent", "not"})
        if others:
            return f"it is absent and {others[0]} at once."
    listed = [condition.values for condition in wanted if condition.test == "in"]
    if listed:
        left = [value for value in listed[0] if all(fulfils(condition, None)(value) for condition in wanted)]
        return None if left else "none of its values fulfils the other conditions."
    if known and tests & {"not"} and "absent" not in tests:
        left = [value for value in known if all(fulfils(condition, None)(value) for condition in wanted)]
        # An empty field is none of the values, so `not` alone still holds for it.
        if not left and "present" in tests:
            return "no value is left."
    return _empty_span(wanted)


def _empty_span(wanted: list[Condition]) -> str | None:
    numbers = {condition.test: Decimal(condition.values[0]) for condition in wanted if condition.test in _COMPARED}
    for low in ("at least", "more than"):
        for high in ("at most", "less than"):
            if low in numbers and high in numbers:
                both_in = (low, high) == ("at least", "at most")
                if numbers[low] > numbers[high] or (numbers[low] == numbers[high] and not both_in):
                    return f"nothing is {low} {numbers[low]} and {high} {numbers[high]}."
    days = {condition.test: str(condition.values[0]) for condition in wanted if condition.test in _TIMES}
    if {"from", "before"} <= days.keys():
        late = Condition("from", (days["from"],))
        if fulfils(late, None)(days["before"]) is False or days["from"] == days["before"]:
            return f"no day is from {days['from']} on and before {days['before']}."
    return None


def _together(inquiry: Inquiry) -> None:
    """`when` and the view hold for the same record."""
    entity = inquiry.entity
    view = entity.views.get(entity.view or "", {})
    for system, by_field in view.items():
        for name, conditions in by_field.items():
            others = entity.when.get(system, {}).get(name, ())
            alone = contradiction(conditions) or contradiction(others)
            reason = contradiction((*others, *conditions)) if others and not alone else None
            if reason is not None:
                inquiry.at(
                    inquiry.line("views", entity.view or "", system, name),
                    f"views: {entity.view}: {system}",
                    f'"{name}" can never hold together with when: {reason}',
                )


def _leaving(inquiry: Inquiry) -> None:
    entity = inquiry.entity
    for system in entity.leaving:
        if system in entity.systems and not entity.conditions(system):
            inquiry.add(
                "leaving",
                f"no filter of {system} could be left: neither when nor the view has a condition there. "
                "Add one, or remove leaving.",
                "leaving",
                system,
            )


# --- stops -----------------------------------------------------------------------------------------------------------


def _stops_everything(inquiry: Inquiry, when: Filters, path: tuple[str | int, ...], where: str) -> None:
    """A stop that holds for every record `when` and the view let through."""
    entity = inquiry.entity
    for system, by_field in when.items():
        let_through = _by_field(entity.conditions(system))
        pairs = [(name, condition) for name, conditions in by_field.items() for condition in conditions]
        if not pairs:
            inquiry.add(where, f"names no condition for {system}. Say which records are meant.", *path)
        elif all(implied(condition, let_through.get(name, ())) for name, condition in pairs):
            inquiry.add(
                where,
                f"stops every record of {system} that takes part: what it names always holds. Narrow it, or change when.",
                *path,
            )


def _by_field(pairs: Iterable[tuple[str, Condition]]) -> Mapping[str, Conditions]:
    found: dict[str, Conditions] = {}
    for name, condition in pairs:
        found[name] = (*found.get(name, ()), condition)
    return found


def implied(condition: Condition, known: Conditions) -> bool:
    """Does a condition hold for every value that fulfils the known ones, as far as that is evident?"""
    if condition in known:
        return True
    listed = [one.values for one in known if one.test == "in"]
    if listed:
        left = [value for value in listed[0] if all(fulfils(one, None)(value) for one in known)]
        return bool(left) and all(fulfils(condition, None)(value) for value in left)
    if condition.test == "present":
        return any(one.test in {*_COMPARED, *_TIMES} for one in known)
    if condition.test in _COMPARED:
        edge = Decimal(condition.values[0])
        return any(_reaches(one, condition.test, edge) for one in known if one.test in _COMPARED)
    return False


def _reaches(known: Condition, test: str, edge: Decimal) -> bool:
    """`more than 5` holds wherever `at least 6` does."""
    limit = Decimal(known.values[0])
    upward = {"at least", "more than"}
    if (known.test in upward) != (test in upward):
        return False
    beyond = limit > edge if test in upward else limit < edge
    touching = limit == edge and not (test in {"more than", "less than"} and known.test in {"at least", "at most"})
    return beyond or touching
