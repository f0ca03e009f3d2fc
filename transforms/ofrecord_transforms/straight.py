"""The loop over the fields of a record, written out: a function for each entity and way, made when the program starts.

What is written out is the order of the steps and which short way each may take, by number alone. Every word of the
rules (names, properties, conversions) is a value the function is given, so no rule can become code.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ofrecord_transforms.lenses import InvalidValueError
from ofrecord_transforms.lenses.texts import text
from ofrecord_transforms.paths import ABSENT, Record
from ofrecord_transforms.steps import Step

Send = Callable[[Record, dict[str, Any], dict[str, Any], dict[str, str]], None]
"""Fills in, from a record: properties, native values, reasons why a value did not convert."""

_HEAD = "def send(record, out, native, invalid):\n    get = record.get\n"
_READ = "    v = get(k{i}, ABSENT)\n"
_DEEPER = """\
    if v.__class__ is dict:
        v = v.get(k{i}_{depth}, ABSENT)
    elif v is not ABSENT:
        v = None
"""
_WHOLE_WAY = """\
    v = g{i}(record)
    if v is not ABSENT:
        other{i}(v, record, out, native, invalid)
"""
_TEXT = """\
    if v.__class__ is str:
        out[p{i}] = native[n{i}] = v or None
    elif v is None:
        out[p{i}] = native[n{i}] = None
    elif v is not ABSENT:
        other{i}(v, record, out, native, invalid)
"""
_VALUE = """\
    c = v.__class__
    if v is None or (c is str and not v):
        out[p{i}] = native[n{i}] = None
    elif c is dict:
        other{i}(v, record, out, native, invalid)
    elif v is not ABSENT:
        native[n{i}] = v
        try:
            out[p{i}] = f{i}(v)
        except InvalidValueError as error:
            invalid[n{i}] = str(error)
"""


def sender(steps: Sequence[Step]) -> Send:
    """The function of these steps, in their order."""
    lines = [_HEAD]
    given: dict[str, Any] = {"ABSENT": ABSENT, "InvalidValueError": InvalidValueError}
    for i, step in enumerate(steps):
        given |= {f"g{i}": step.get, f"n{i}": step.name, f"p{i}": step.property, f"other{i}": _other(step)}
        if step.path is None or step.forward is None:
            lines.append(_WHOLE_WAY.format(i=i))
            continue
        first, *rest = step.path
        given |= {f"k{i}": first, f"f{i}": step.forward}
        lines.append(_READ.format(i=i))
        for depth, name in enumerate(rest):
            given[f"k{i}_{depth}"] = name
            lines.append(_DEEPER.format(i=i, depth=depth))
        lines.append((_TEXT if step.forward is text else _VALUE).format(i=i))
    exec(compile("".join(lines), "<steps>", "exec"), given)  # noqa: S102 - numbers and fixed lines only, see above
    made: Send = given["send"]
    return made


def _other(step: Step) -> Callable[[Any, Record, dict[str, Any], dict[str, Any], dict[str, str]], None]:
    """The whole way of one step, for values that are there."""
    name, property_, own, convert = step.name, step.property, step.own, step.convert

    def other(value: Any, record: Record, out: dict[str, Any], native: dict[str, Any], invalid: dict[str, str]) -> None:
        try:
            out[property_] = None if value is None else convert(value, record)
        except InvalidValueError as error:
            invalid[name] = str(error)
        native[name] = own(value)

    return other
