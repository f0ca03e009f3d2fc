"""Units: known ones, of one dimension, named on both sides."""

from ofrecord_transforms import units
from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.rules import Field, Side


def check(inquiry: Inquiry) -> None:
    """The units of every field, and the currencies of the limits."""
    for rule in inquiry.entity.fields:
        _field(inquiry, rule)
    money = inquiry.entity.limits.get("money")
    for currency in money if money is not None and not isinstance(money, int) else ():
        if currency not in units.DIGITS:
            text = f'"{currency}" is not an ISO 4217 currency. Write its three-letter code, as in USD.'
            inquiry.add("limits: money", text, "limits", "money", currency)


def _field(inquiry: Inquiry, rule: Field) -> None:
    owner_first = sorted(rule.sides, key=lambda system: system != rule.owner)
    sides = {system: rule.sides[system] for system in owner_first}
    good = [_unit(inquiry, rule, system, side) for system, side in sides.items() if side.unit is not None]
    if not sides or not all(good):
        return
    (one, left), *others = sides.items()
    for two, right in others:
        _pair(inquiry, rule, (one, left), (two, right))


def _pair(inquiry: Inquiry, rule: Field, one_side: tuple[str, Side], other_side: tuple[str, Side]) -> None:
    (one, left), (two, right) = one_side, other_side
    said = {one: left.unit or left.currency, two: right.unit or right.currency}
    if (left.unit is None) != (right.unit is None) and not (left.currency or right.currency):
        with_unit, without = (one, two) if left.unit else (two, one)
        inquiry.about(rule, f"{with_unit} is in {said[with_unit]}, but {without} names no unit. Add its unit.")
    if left.unit is None or right.unit is None or left.unit == right.unit:
        return
    if units.looks_like_money(left.unit) and units.looks_like_money(right.unit):
        inquiry.about(
            rule,
            f"{left.unit} cannot be converted to {right.unit}: a rate is no unit. Use one currency on both sides.",
        )
        return
    if units.looks_like_money(left.unit) or units.looks_like_money(right.unit):
        inquiry.about(rule, f"{said[one]} ({one}) and {said[two]} ({two}) measure different things.")
        return
    left_dimension, right_dimension = units.dimension(left.unit), units.dimension(right.unit)
    if left_dimension != right_dimension and left_dimension and right_dimension:
        inquiry.about(
            rule,
            f'{two} unit "{right.unit}" is not a unit of {units.word_for(left_dimension)}. '
            f"Use {units.KNOWN.get(left_dimension, 'the same unit as ' + one)}.",
            right,
        )


def _unit(inquiry: Inquiry, rule: Field, system: str, side: Side) -> bool:
    """Is this word a unit? Reports it when not."""
    unit = side.unit or ""
    if units.looks_like_money(unit):
        if unit not in units.DIGITS:
            inquiry.about(
                rule,
                f'{system} unit "{unit}" is not an ISO 4217 currency. Write its three-letter code, as in USD.',
                side,
            )
        return unit in units.DIGITS
    if units.dimension(unit) is None:
        way = units.symbol(unit)
        other = _other_dimension(rule, system)
        kind = f"a unit of {units.word_for(other)}" if other else "a unit"
        fits = way is not None and (other is None or units.dimension(way) == other)
        advice = f'Write "{way}".' if fits else f"Use {units.KNOWN.get(other or '', 'its symbol, as in kg')}."
        inquiry.about(rule, f'{system} unit "{unit}" is not {kind}. {advice}', side)
        return False
    return True


def _other_dimension(rule: Field, system: str) -> str | None:
    for name, side in rule.sides.items():
        if name != system and side.unit and not units.looks_like_money(side.unit):
            return units.dimension(side.unit)
    return None
