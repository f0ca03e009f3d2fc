"""Texts longer than the destination's field takes: refused here, because a vendor would cut them or refuse the record.

The lengths come from the captured catalogs. Where none is known, or the source cannot hold more than the destination,
nothing is looked at.
"""

from collections.abc import Callable
from typing import Any

from ofrecord_kit.plan.canonical import PART_FORMS
from ofrecord_transforms.catalog import Catalogs
from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.rules import Entity, Field, Side

Check = Callable[[Any], None]
"""Raises `InvalidValueError` for a text that is too long; the message names the field and never the text."""

_KEEPS_ITS_LENGTH = frozenset({"text", "legal name", "email"})
_MAY_GROW = frozenset({"phone", "country"})


def check_for(catalogs: Catalogs, entity: Entity, rule: Field, source: str, to: str) -> Check | None:
    """The check of a converted value, or None when there is nothing to check."""
    limits = _Limits(catalogs, entity, source, to)
    here, there = rule.sides[source], rule.sides[to]
    if rule.lines:
        keys = {
            line.sides[to].field: check
            for line in rule.lines
            if source in line.sides and to in line.sides
            if (check := limits.check(line, line.sides[source], line.sides[to], (here.field, there.field)))
        }
        return _each_line(keys) if keys else None
    if there.parts is not None and here.parts is not None:
        parts = {
            part: check
            for part, side in there.parts.items()
            if part in here.parts and (check := limits.check(rule, here.parts[part], side, part=part))
        }
        return _each_key(parts) if parts else None
    return limits.check(rule, here, there)


class _Limits:
    """What the catalogs say of the two ends of one direction."""

    def __init__(self, catalogs: Catalogs, entity: Entity, source: str, to: str) -> None:
        self._catalogs, self._source, self._to = catalogs, entity.systems[source], entity.systems[to]

    def check(
        self, rule: Field, here: Side, there: Side, lists: tuple[str, str] = ("", ""), part: str | None = None
    ) -> Check | None:
        """The check of one text; `lists` are the lists in which the two fields stand."""
        form = rule.format if part is None else PART_FORMS.get(part, "text")
        if rule.ref or rule.lookup or here.values or there.values or form not in _KEEPS_ITS_LENGTH | _MAY_GROW:
            return None
        limit = self._length(self._to.system, self._to.object, lists[1], there.field)
        if limit is None:
            return None
        held = self._length(self._source.system, self._source.object, lists[0], here.field)
        if held is not None and held <= limit and form in _KEEPS_ITS_LENGTH:
            return None
        return _at_most(limit, f"is longer than the {limit} characters {self._to.system.name} {there.field} takes")

    def _length(self, system: Any, object_: str, inside: str, name: str) -> int | None:
        found = self._catalogs.field(system, object_, f"{inside}.{name}" if inside else name)
        return found.max_length if found is not None else None


def _at_most(limit: int, message: str) -> Check:
    def check(value: Any) -> None:
        if isinstance(value, str) and len(value) > limit:
            raise InvalidValueError(message)

    return check


def _each_key(checks: dict[str, Check]) -> Check:
    def check(value: Any) -> None:
        for name, one in checks.items():
            if value is not None and name in value:
                one(value[name])

    return check


def _each_line(checks: dict[str, Check]) -> Check:
    one = _each_key(checks)

    def check(value: Any) -> None:
        for line in value:
            one(line)

    return check
