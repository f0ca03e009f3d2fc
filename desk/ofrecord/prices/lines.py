"""What becomes of a quote line: the rate it is allowed, a flag when it is below that, and the rate itself where nobody typed another."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ofrecord.prices.rates import Allowed
from ofrecord_kit.plan import same

BELOW, OTHER_CURRENCY = "Below the allowed rate", "Other currency"
RATE, ALLOWED, FLAG = "List_Price", "Allowed_Rate", "Price_Flag"


@dataclass(frozen=True)
class Line:
    """A line as it is: `rate` a piece, `discount` of the whole line, and the allowed rate it was told before."""

    quantity: Decimal
    rate: Decimal
    discount: Decimal = Decimal(0)
    told: Decimal | None = None


def judged(line: Line, found: Allowed | None, standard: Decimal | None, *, may_price: bool) -> dict[str, Any]:
    """The fields of the line as they should be.

    Its rate is nobody's choice while it is the standard rate, or what the line was told to be allowed before: then, and where
    `may_price`, it becomes what is allowed now. Any other rate was typed by a person and stays; below what is allowed it is flagged,
    whether by its rate or by the discount of the line.
    """
    if found is None:
        return {ALLOWED: None, FLAG: OTHER_CURRENCY}
    is_untouched = same(line.rate, standard, "money") or (line.told is not None and same(line.rate, line.told, "money"))
    rate = found.rate if may_price and is_untouched else line.rate
    is_below = rate * line.quantity - line.discount < found.rate * line.quantity
    return {RATE: rate, ALLOWED: found.rate, FLAG: BELOW if is_below else None}
