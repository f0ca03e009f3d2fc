"""Amounts are added within one currency only: a figure that mixes two is worse than none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan import FieldRule
from ofrecord_kit.target.figures import amount_of

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.rewriting import Whole

CURRENCIES = "_currencies"
"""Beside the values of a part: property → the currency of its amount, where the source tells one."""


def with_currencies(values: Mapping[str, Any], note: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a part."""
    told = note.get("currencies")
    return {**values, CURRENCIES: told} if told else dict(values)


def currencies_of(rule: FieldRule, parts: Iterable[Mapping[str, Any]]) -> list[str]:
    """The currencies of the amounts that are to be added; those of nothing do not count."""
    if rule.combine != "sum":
        return []
    told = {(part.get(CURRENCIES) or {}).get(rule.name) for part in parts if amount_of(part.get(rule.name))}
    return sorted(str(code) for code in told if code)


def hold_mixed(delivery: Delivery, whole: Whole) -> None:
    """Each part that came is held in the fields whose amounts are in several currencies; what the whole shows stays."""
    for rule, codes in whole.mixed:
        words = f"{rule.field}: amounts in {' and '.join(codes)} make no sum"
        fix = "Give each currency a record of its own, or correct the document that is in the wrong one."
        for item in whole.items:
            delivery.set_aside(item, "check", words, code="CURRENCIES", field=rule.field, rule=rule.where, fix=fix)
