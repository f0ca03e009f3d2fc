"""Near pairs among many names without comparing all with all, and the clusters they make.

Names that share a block are compared: the beginning or the end of one of their two longest words, or of the whole. A
slip of the pen spoils one of these, seldom all. A block larger than `WIDEST` holds a common word; there each name is
compared with its neighbours in alphabetical order alone, so the work grows with the records and not with their square.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import combinations

from ofrecord_kit.likeness.names import ONE_WORD_MORE, Name, compared, name_of
from ofrecord_kit.likeness.verdict import Candidate, Likeness

WIDEST = 100
"""Names of one block that are all compared with each other."""
NEIGHBOURS = 12
"""In a wider block: how many of the following names each is compared with."""
_MOST_EXTENDED = 3
"""`Best Cycle Store` may be `Cycle Store`; where more words than this stand in front of them, it is a kind of shop."""
_ENDS = 4


def keys_of(name: Name) -> frozenset[str]:
    """The blocks a name belongs to."""
    whole = name.glued
    long = sorted(name.core, key=lambda word: (-len(word), word))[:2]
    ends = {f"<{word[:_ENDS]}" for word in long} | {f"{word[-_ENDS:]}>" for word in long}
    initials = "".join(word[0] for word in name.core)
    return frozenset(
        ends | {f"<<{whole[: _ENDS + 2]}", f"{whole[-_ENDS - 2 :]}>>", f"={whole if len(name.core) == 1 else initials}"}
    )


_KIND = Likeness(0, "what they have in common is said of many")


class Extensions:
    """Which words stand in front of the same words: many of them make those words a common noun."""

    def __init__(self) -> None:
        self._in_front: dict[tuple[str, ...], set[str]] = {}
        """Only their first letters: slips in one word do not make it many."""

    def add(self, name: Name) -> None:
        """One name more."""
        self._in_front.setdefault(name.core[1:], set()).add(name.core[0][0])

    def tell_apart(self, one: Name, other: Name) -> bool:
        """Is one the other with a word more in front, and the rest a common noun?"""
        short, long = sorted((one.core, other.core), key=len)
        return short == long[1:] and len(self._in_front.get(short, ())) > _MOST_EXTENDED


class Names:
    """Names of records, ready to be asked for those that are near to one. `extensions` may know of more names."""

    def __init__(self, entries: Iterable[tuple[str, str]] = (), extensions: Extensions | None = None) -> None:
        self.extensions = extensions or Extensions()
        ids: dict[Name, list[str]] = {}
        for identity, text in entries:
            ids.setdefault(name_of(text), []).append(identity)
        self._names = sorted(ids, key=lambda name: name.glued)
        self._ids = [ids[name] for name in self._names]
        for name in self._names:
            self.extensions.add(name)
        self._blocks: dict[str, list[int]] = {}  # places in `_names`, in the order of the alphabet
        for place, name in enumerate(self._names):
            for key in keys_of(name):
                self._blocks.setdefault(key, []).append(place)

    def add(self, identity: str, text: str) -> None:
        """One name more."""
        name = name_of(text)
        self.extensions.add(name)
        self._names.append(name)
        self._ids.append([identity])
        for key in keys_of(name):
            insort(self._blocks.setdefault(key, []), len(self._names) - 1, key=self._glued)

    def _glued(self, place: int) -> str:
        return self._names[place].glued

    def near(self, text: str, most: int = 5) -> list[Candidate]:
        """The records whose names are near to this one, best first. Names equal to it are near, too."""
        mine = name_of(text)
        found = [
            Candidate(identity, verdict.score, verdict.why)
            for other in self._around(mine)
            if (verdict := self._compared(mine, self._names[other])).is_near
            for identity in self._ids[other]
        ]
        return sorted(found, key=lambda one: (-one.score, one.id))[:most]

    def _compared(self, one: Name, other: Name) -> Likeness:
        verdict = compared(one, other)
        return _KIND if verdict == ONE_WORD_MORE and self.extensions.tell_apart(one, other) else verdict

    def _around(self, mine: Name) -> set[int]:
        """Places of the names that share a block with this one; of a wide block its neighbours alone."""
        found: set[int] = set()
        for key in keys_of(mine):
            some = self._blocks.get(key, [])
            if len(some) > WIDEST:
                place = bisect_left(some, mine.glued, key=self._glued)
                some = some[max(place - NEIGHBOURS, 0) : place + NEIGHBOURS]
            found.update(some)
        return found

    def pairs(self) -> Iterator[tuple[str, str, Likeness]]:
        """Every pair of records whose names are near, once."""
        for name, ids in zip(self._names, self._ids, strict=True):
            yield from ((one, other, compared(name, name)) for one, other in combinations(ids, 2))
        for one, other in self._compared_pairs():
            verdict = self._compared(self._names[one], self._names[other])
            if verdict.is_near:
                yield from ((mine, theirs, verdict) for mine in self._ids[one] for theirs in self._ids[other])

    def _compared_pairs(self) -> set[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        for some in self._blocks.values():
            reach = len(some) if len(some) <= WIDEST else NEIGHBOURS
            for place, one in enumerate(some):
                found.update((one, other) for other in some[place + 1 : place + 1 + reach])
        return found


def clusters(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Ids that hang together through pairs, largest cluster first."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for one, other in pairs:
        parent[root(other)] = root(one)
    groups: dict[str, list[str]] = {}
    for one in parent:
        groups.setdefault(root(one), []).append(one)
    return sorted((sorted(group) for group in groups.values()), key=lambda group: (-len(group), group))
