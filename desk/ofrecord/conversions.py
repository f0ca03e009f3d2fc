"""The conversion of a line of the rules, in words."""

from __future__ import annotations

from typing import Any

from ofrecord_transforms.rules import Field, Side

_BY_FORMAT = {
    "text": "text as it is",
    "legal name": "text as it is, matched without case, dots and commas",
    "number": "number as it is",
    "money": "amount as it is",
    "phone": "phone in E.164",
    "email": "e-mail, domain in lower case",
    "country": "country by its name",
    "date": "day",
    "datetime": "time in UTC",
    "boolean": "true or false",
    "lines": "list as it is",
    "address": "address as it is",
}


def conversion_of(rule: Field) -> str:
    """What happens to a value on its way, said from the owner's side: `kg → g`, `phone in E.164`."""
    sides = _from_owner(rule)
    first, others = sides[0], sides[1:]
    always = next((side for side in sides if side.always is not None), None)
    if always is not None:
        return f"always {_word(always.always)}"
    if rule.ref is not None:
        return f"{rule.of} of the {rule.ref}" if rule.of else f"reference to {rule.ref}"
    if first.page is not None:
        return f"address of its page among {first.page}"
    if rule.lookup is not None:
        return f"looked up by name in {rule.lookup}"
    if rule.lines:
        return f"lines: {', '.join(line.what for line in rule.lines)}"
    if first.parts is not None:
        count = len(first.parts)
        return f"{rule.format}: {count} part{'s' * (count != 1)} as one"
    told = [_listed(first, other) or _measured(first, other) for other in others]
    words = "; ".join(dict.fromkeys(one for one in told if one)) or _by_format(rule, sides)
    zero = next((side.zero_when for side in sides if side.zero_when), None)
    if zero is not None:
        kept = ", ".join(f"{name} {' or '.join(map(_word, values))}" for name, values in zero.items())
        words = f"{words}; 0 when {kept}"
    return words if rule.combine is None else f"{words}; {_COMBINED[rule.combine].format(otherwise=rule.otherwise)}"


_COMBINED = {
    "sum": "added up",
    "join": "joined with commas",
    "latest": "the latest one",
    "same": "when all are the same, else {otherwise}",
    "states": "as the table of states says",
}


def _from_owner(rule: Field) -> list[Side]:
    return [side for _, side in sorted(rule.sides.items(), key=lambda item: item[0] != rule.owner)]


def _listed(here: Side, there: Side) -> str | None:
    pairs = list(here.values.items()) if here.values is not None else [(b, a) for a, b in (there.values or {}).items()]
    return ", ".join(f"{_word(a)} → {_word(b)}" for a, b in pairs) or None


def _measured(here: Side, there: Side) -> str | None:
    names = [f"{side.unit} in its smallest unit" if side.minor else side.unit for side in (here, there)]
    if names[0] is not None and names[1] is not None:
        return f"amount in {names[0]}" if names[0] == names[1] and len(names[0]) == len("USD") else _arrow(names)
    currency = here.currency or there.currency
    return f"amount in the currency of {currency}" if currency is not None else None


def _arrow(names: list[str | None]) -> str:
    return f"{names[0]} as it is" if names[0] == names[1] else f"{names[0]} → {names[1]}"


def _by_format(rule: Field, sides: list[Side]) -> str:
    words = _BY_FORMAT.get(rule.format, rule.format)
    forms = [side.form or "name" for side in sides]
    if rule.format == "country" and len(set(forms)) > 1:
        words = f"country: {' → '.join(forms)}"
    region = next((side.region for side in sides if side.region), None)
    zone = next((side.zone for side in sides if side.zone), None)
    return words + (f", country {region} assumed" if region else "") + (f", zone {zone}" if zone else "")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "empty" if value is None else str(value)
