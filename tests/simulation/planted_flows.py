"""Planted mistakes of what follows a sale, each with the story that was written for it."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any

from simulation import told_flows
from simulation.planted import Mistake

from ofrecord.promises import figures as promised
from ofrecord_kit.target import amending, deciding, once, wholes
from ofrecord_kit.target.telling import Telling
from ofrecord_kit.vendors import crm_files
from ofrecord_transforms import schedules

_differences, _divided, _decide_deletions = once.differences, promised.divided, deciding.decide_deletions


def _nothing(*_given: Any, **_named: Any) -> None:
    """Left out."""


def _rounded_alike(amount: Decimal, weights: Sequence[int], digits: int) -> list[Decimal]:
    step = Decimal(1).scaleb(-digits)
    return [(amount * weight / sum(weights)).quantize(step, ROUND_DOWN) for weight in weights]


def _each_alone(wishes: Sequence[Any], stock: Mapping[str, Decimal]) -> dict[str, Any]:
    return {line: share for wish in wishes for line, share in _divided([wish], stock).items()}


def _totals_only(rules: Sequence[Any], wanted: Any, found: Any) -> Iterator[Any]:
    return _differences([one for one in rules if not one.lines], wanted, found)


def _kept_in_lists(delivery: Any, items: Sequence[Any]) -> None:
    if delivery.wire.entity.endswith("entry"):
        for item in items:
            item.outcome = "unchanged"
    else:
        _decide_deletions(delivery, items)


def _whatever_crashed(_notices: Any, _object: str, _record: str, _notice: Any) -> None:
    return None


FLOWS = (
    Mistake("a mail whose answer was lost is sent again without a look", ((Telling, "_looked_up", _whatever_crashed),), told=told_flows.MAILED),
    Mistake("a file is put beside a deal without a look for one of its name", ((crm_files, "listed", lambda *_given: ()),), told=told_flows.FILED),
    Mistake("a packed order is changed when its quote is", ((amending, "_why_late", _nothing),), told=told_flows.PACKED),
    Mistake("figures of lines are not compared before an order is confirmed", ((once, "differences", _totals_only),), told=told_flows.DRAFTED),
    Mistake("the odd cent of a contract is dropped", ((schedules, "shares", _rounded_alike),), told=told_flows.EARNED),
    Mistake("revenue of a day to come is shown as earned", ((wholes, "first_moment", _nothing),), told=told_flows.LATER),
    Mistake("what a quote is promised is promised to the next one, too", ((promised, "divided", _each_alone),), told=told_flows.ASKED),
    Mistake("a document that was deleted stays in the list", ((deciding, "decide_deletions", _kept_in_lists),), told=told_flows.UNLISTED),
)  # fmt: skip
