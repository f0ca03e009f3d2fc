"""Words of a side and of a field that belong together, and conversions that must have a way back."""

from zoneinfo import available_timezones

from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.lenses.moments import is_zone
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Field, Side
from ofrecord_transforms.units import looks_like_money

_AMOUNTS = ("number", "money")


def check(inquiry: Inquiry) -> None:
    """Every field, side and line."""
    for rule in inquiry.entity.fields:
        for system, side in rule.sides.items():
            _side(inquiry, rule, system, side)
        _field(inquiry, rule)
        _parts(inquiry, rule)
        _way_back(inquiry, rule)


def _field(inquiry: Inquiry, rule: Field) -> None:
    if (rule.format == "lines") != bool(rule.lines):
        text = "has lines, so its format is lines. Remove format." if rule.lines else "has no lines. Add lines."
        inquiry.about(rule, text)
    columns = [line.what for line in rule.lines]
    for name in rule.identity:
        if name not in columns:
            hint = nearest(name, columns) or (f" Use {one_of(columns)}." if columns else " Add lines.")
            inquiry.about(rule, f'identity "{name}" is not the name of a field of its lines.{hint}')
    for system, side in rule.sides.items():
        if (side.record or side.related) and not rule.lines:
            word = "record" if side.record else "related"
            inquiry.about(rule, f"{word} belongs to a field with lines. Add lines, or remove it.", side)
        elif side.related and sum(line.ref is not None and system in line.sides for line in rule.lines) != 1:
            inquiry.about(rule, "related: one of its lines says with what it is linked: ref: <entity>.", side)
    if rule.ref is not None and rule.lookup is not None:
        inquiry.about(rule, "has ref and lookup. A value points at a record or at an entry of a list.")


def _side(inquiry: Inquiry, rule: Field, system: str, side: Side) -> None:
    """Words that belong to one format."""
    for word, said, formats in (
        ("zone", side.zone, ("date", "datetime")),
        ("form", side.form, ("country",)),
        ("region", side.region, ("phone", "address")),
        ("unit", side.unit, _AMOUNTS),
        ("currency", side.currency, ("money",)),
        ("minor", side.minor or None, ("money",)),
        ("zero_when", side.zero_when, _AMOUNTS),
        ("empty_when", side.empty_when, ("lines",)),
    ):
        if said is not None and rule.format not in formats:
            inquiry.about(rule, f"{word} belongs to format {one_of(formats)}, not to {rule.format}. Remove it.", side)
    if side.zone is not None and not is_zone(side.zone):
        hint = nearest(side.zone, available_timezones()) or " Write it as Europe/Berlin."
        inquiry.about(rule, f'{system} zone "{side.zone}" is not an IANA time zone.{hint}', side)
    if side.region is not None and not _is_region(side.region):
        inquiry.about(
            rule, f'{system} region "{side.region}" is not the two-letter code of a country. Write it as DE.', side
        )
    if side.minor and side.currency is None and not (side.unit and looks_like_money(side.unit)):
        inquiry.about(
            rule,
            "minor: how many digits its smallest unit has depends on the currency. Add unit or currency.",
            side,
        )
    if side.always is not None and side.values is not None:
        inquiry.about(rule, "is a constant, so values translate nothing. Remove values.", side)


def _is_region(code: str) -> bool:
    import phonenumbers  # noqa: PLC0415 - its tables are read only where rules name regions

    return code in phonenumbers.SUPPORTED_REGIONS


def _parts(inquiry: Inquiry, rule: Field) -> None:
    """An address lives in parts, the same on both sides."""
    in_parts = {system: side.parts for system, side in rule.sides.items() if side.parts is not None}
    whole = [system for system in rule.sides if system not in in_parts and rule.sides[system].always is None]
    if in_parts and rule.format != "address":
        inquiry.about(rule, f"has parts, so its format is address, not {rule.format}. Remove format.")
    if rule.format == "address" and whole:
        inquiry.about(
            rule, f"is an address, and {one_of(whole)} names no parts. Write {{parts: {{city: …, code: …}}}}."
        )
    for source, to in inquiry.ways(rule):
        lost = sorted(in_parts.get(source, {}).keys() - in_parts.get(to, {}).keys()) if to in in_parts else []
        if lost and rule.lossy is None:
            inquiry.about(
                rule,
                f"{to} has no part for {one_of(lost)}, which would be lost there. Add it, or say why it is right: "
                "lossy: <why>.",
                rule.sides[to],
            )


def _way_back(inquiry: Inquiry, rule: Field) -> None:
    """What cannot be undone needs a reason, and one owner."""
    for side in rule.sides.values():
        for part in (side.parts or {"": side}).values():
            values = list((part.values or {}).values())
            if len(set(map(str, values))) < len(values) and rule.lossy is None:
                inquiry.about(
                    rule, "several values become the same one, which cannot be undone. Say why: lossy: <why>.", part
                )
    if sum(side.values is not None for side in rule.sides.values()) > 1:
        inquiry.about(rule, "translates values on both sides. Keep one list: this side's value: the other's.")
    shortened = _day_of_a_time(inquiry, rule)
    if shortened and rule.lossy is None:
        inquiry.about(rule, f"{shortened}, and the time of day is lost. Say why: lossy: <why>.")
    if rule.owner != "shared":
        return
    if rule.lossy is not None:
        inquiry.about(rule, "is lossy and shared: the way back would change values. Give it one owner.")
    for word, said in (
        ("lookup: a name found in a list", rule.lookup),
        ("combine: what several records say together", rule.combine),
        (
            "zero_when: an amount that counts as 0",
            next((s.zero_when for s in rule.sides.values() if s.zero_when), None),
        ),
        (
            "lookup in its lines: a name found in a list",
            next((line.lookup for line in rule.lines if line.lookup), None),
        ),
    ):
        if said is not None:
            inquiry.about(rule, f"{word} has no way back, so the field cannot be shared. Give it one owner.")


def _day_of_a_time(inquiry: Inquiry, rule: Field) -> str | None:
    """A time that becomes a day, in words."""
    for source, to in inquiry.ways(rule):
        if source not in rule.sides:
            continue
        here = inquiry.field(source, rule.sides[source].field)
        there = inquiry.field(to, rule.sides[to].field)
        if here is not None and there is not None and (here.format, there.format) == ("date-time", "date"):
            return f"{source} has a time and {to} a day"
    return None
