"""Stock divided among those who want it, one after the other: what is given to one is not given to the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

_NONE = Decimal(0)


@dataclass(frozen=True)
class Wish:
    """A line that wants so many of an item, in inventory's unit. `of` is its document's number, `parts` what leaves the shelf for one."""

    line: str
    of: str
    quantity: Decimal
    parts: Mapping[str, Decimal]


@dataclass(frozen=True)
class Share:
    """What a wish is given; where that is not all, who was served before it with what it wants, in order: document → units of its own."""

    given: Decimal
    before: Mapping[str, Decimal] = field(default_factory=dict)


def divided(wishes: Sequence[Wish], stock: Mapping[str, Decimal]) -> dict[str, Share]:
    """Share by line. Wishes are served in their order, each as far as all of its parts suffice; kits are whole unless all can be had.

    >>> divided([Wish("1", "Q-1", Decimal(2), {"a": Decimal(1)}), Wish("2", "Q-2", Decimal(2), {"a": Decimal(1)})], {"a": Decimal(3)})["2"]
    Share(given=Decimal('1'), before={'Q-1': Decimal('2')})
    """
    left = {one: max(amount, _NONE) for one, amount in stock.items()}
    served: dict[str, list[tuple[str, Decimal]]] = {}
    found = {}
    for wish in wishes:
        given = _possible(wish, left)
        found[wish.line] = Share(given, _earlier(wish, served) if given < wish.quantity else {})
        if given:
            for part, times in wish.parts.items():
                left[part] -= given * times
                served.setdefault(part, []).append((wish.of, given))
    return found


def _possible(wish: Wish, left: Mapping[str, Decimal]) -> Decimal:
    wanted = max(wish.quantity, _NONE)
    if all(left.get(part, _NONE) >= wanted * times for part, times in wish.parts.items()):
        return wanted
    enough = min((left.get(part, _NONE) / times for part, times in wish.parts.items()), default=_NONE)
    is_itself = list(wish.parts.values()) == [1]
    return min(wanted, enough) if is_itself else min(wanted, enough // 1)


def _earlier(wish: Wish, served: Mapping[str, Sequence[tuple[str, Decimal]]]) -> dict[str, Decimal]:
    """Each document once, however many components it shares with the wish."""
    most: dict[str, Decimal] = {}
    for part in wish.parts:
        sums: dict[str, Decimal] = {}
        for of, amount in served.get(part, ()):
            if of != wish.of:
                sums[of] = sums.get(of, _NONE) + amount
        for of, amount in sums.items():
            most[of] = max(most.get(of, _NONE), amount)
    return most
