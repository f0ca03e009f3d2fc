"""A conflict that a person decided, as a line of the rules and a case: text in, text out; nothing is read or written."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from ofrecord_transforms.rules import Entity, Field, Side

_POLICY = re.compile(r"^(\s*(?:- )?)policy:\s*(?P<said>[^#\n]*?)\s*(#.*)?$")
_OWNER = re.compile(r"^(?P<lead>\s*(?:- )?)owner:\s*shared\b")
_IN_BRACES = re.compile(r"\bpolicy:\s*(\[[^\]]*\]|[^,}\]]+)")
_EARLIER, _LATER = "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"


class LessonProblem(Exception):  # noqa: N818 - named for what it is
    """The rule cannot be changed by itself; the message says why, and what to do by hand."""


def with_policy(text: str, line: int, what: str, policy: str) -> str:
    """The text of a rule file in which the field that begins on `line` (from 1) has this policy.

    Nothing else changes: not the order, not a comment. Raises LessonProblem when the line does not look as expected.
    """
    lines = text.splitlines(keepends=True)
    start = line - 1
    if start >= len(lines) or not lines[start].lstrip().startswith("- "):
        message = f'line {line} does not begin the field "{what}" any more.'
        raise LessonProblem(message)
    if lines[start].lstrip().startswith("- {"):
        lines[start] = _in_braces(lines[start], what, policy)
        return "".join(lines)
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = next(
        (place for place in range(start + 1, len(lines)) if _leaves(lines[place], indent)),
        len(lines),
    )
    for place in range(start, end):
        found = _POLICY.match(lines[place].rstrip("\n"))
        if found and _depth(lines[place]) == indent + 2:
            if not found["said"]:
                message = f'the policy of "{what}" is written on several lines. Write it by hand: policy: {policy}'
                raise LessonProblem(message)
            comment = f"  {found[3]}" if found[3] else ""
            lines[place] = f"{found[1]}policy: {policy}{comment}\n"
            return "".join(lines)
    for place in range(start, end):
        if _OWNER.match(lines[place]) and _depth(lines[place]) == indent + 2:
            lines.insert(place + 1, f"{' ' * (indent + 2)}policy: {policy}\n")
            return "".join(lines)
    message = f'"{what}" is not written as one key per line. Write it by hand: policy: {policy}'
    raise LessonProblem(message)


def _in_braces(line: str, what: str, policy: str) -> str:
    if line.count("{") != line.count("}"):
        message = f'"{what}" is written in braces over several lines. Write it by hand: policy: {policy}'
        raise LessonProblem(message)
    if _IN_BRACES.search(line):
        return _IN_BRACES.sub(f"policy: {policy}", line, count=1)
    return re.sub(r"\bowner:\s*shared\b", f"owner: shared, policy: {policy}", line, count=1)


def _depth(line: str) -> int:
    """Column of the key on a line; a dash before it counts as indentation."""
    inner = line.lstrip().removeprefix("- ").lstrip()
    return len(line) - len(inner)


def _leaves(line: str, indent: int) -> bool:
    """Does a line end the item that began at this indentation?"""
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#") and len(line) - len(line.lstrip()) <= indent


_MADE_UP: dict[str, tuple[Any, Any, Any]] = {
    "text": ("first words", "second words", "third words"),
    "legal name": ("First Example Ltd", "Second Example Ltd", "Third Example Ltd"),
    "number": (10, 20, 30),
    "money": (100, 200, 300),
    "phone": ("+442079460001", "+442079460002", "+442079460003"),
    "email": ("first@example.com", "second@example.com", "third@example.com"),
    "country": ("Germany", "France", "Spain"),
    "date": ("2026-01-01", "2026-01-02", "2026-01-03"),
    "datetime": ("2026-01-01T09:00:00+00:00", "2026-01-02T09:00:00+00:00", "2026-01-03T09:00:00+00:00"),
}
"""Three values of each format that belong to nobody: the numbers are kept free for film and radio by Ofcom."""
_PARTS = {
    "country": _MADE_UP["country"],
    "phone": _MADE_UP["phone"],
    "city": ("Bonn", "Lyon", "Vigo"),
    "code": ("53111", "69001", "36201"),
    "street": ("First Street 1", "Second Street 2", "Third Street 3"),
}


def made_up(rule: Field, side: Side, which: int) -> Any:
    """The first, second or third (0, 1, 2) made-up value of a field in one system. Raises LessonProblem."""
    if side.parts is not None:
        return {part: _PARTS.get(part, _MADE_UP["text"])[which] for part in side.parts}
    if side.values is not None:
        return _listed(rule, list(side.values), which)
    if (other := next((one for one in rule.sides.values() if one.values is not None), None)) is not None:
        return _listed(rule, list(dict.fromkeys((other.values or {}).values())), which)
    if rule.ref is not None:
        return str(1001 + which)
    if side.unit is not None and rule.format == "text":
        return _MADE_UP["number"][which]
    if rule.format not in _MADE_UP or rule.lines or rule.lookup is not None:
        message = f'no made-up value is known for the format {rule.format} of "{rule.what}". Write the case by hand.'
        raise LessonProblem(message)
    return _MADE_UP[rule.format][which]


def _listed(rule: Field, values: list[Any], which: int) -> Any:
    if len(values) <= which:
        message = f'the list of values of "{rule.what}" is too short for three different ones. Write the case by hand.'
        raise LessonProblem(message)
    return values[which]


def case_of(entity: Entity, rule: Field, keep: str, other: str, *, agreed: bool) -> dict[str, Any]:
    """The case without its result: both systems edited the field, the one that is not kept later. Values are made up."""
    first = next(iter(rule.sides))
    return {
        "case": f"{rule.what} changed in {keep} and in {other}, {keep} wins",
        "entity": entity.entity,
        "field": rule.what,
        "agreed": made_up(rule, rule.sides[first], 0) if agreed else "none",
        "edits": [
            {"in": keep, "value": made_up(rule, rule.sides[keep], 1), "at": _EARLIER},
            {"in": other, "value": made_up(rule, rule.sides[other], 2), "at": _LATER},
        ],
    }


def with_case(text: str | None, case: dict[str, Any]) -> str:
    """The text of a file of cases with one more at its end; None makes a new file."""
    lines = [f"  - case: {_flow(case['case'])}"]
    for key, value in case.items():
        if key == "edits":
            lines += ["    edits:", *(f"      - {_flow(edit)}" for edit in value)]
        elif key != "case":
            lines.append(f"    {key}: {_flow(value)}")
    body = "\n".join(lines) + "\n"
    if text is None:
        return f"# What must come of two edits. ofrecord check runs these.\ncases:\n{body}"
    return f"{text.rstrip()}\n\n{body}"


class _Dumper(yaml.SafeDumper):
    """Amounts to the last digit."""


def _amount(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    tag = "int" if value == value.to_integral_value() else "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{tag}", f"{value.normalize():f}")


_Dumper.add_representer(Decimal, _amount)


def _flow(value: Any) -> str:
    """A value on one line, as YAML reads it back."""
    said = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return (
        said.removesuffix("\n").removesuffix("\n...").replace(f"'{_EARLIER}'", _EARLIER).replace(f"'{_LATER}'", _LATER)
    )
