"""Same name and same address: whether two records speak of one place.

>>> same_place(Place("Salvation Army - Temple", "1 N Ogden Ave"), Place("SALVATION ARMY TEMPLE", "1 North Ogden")).why
'same address, same name'
>>> same_place(Place("Salvation Army", "1 N Ogden Ave"), Place("Salvation Army", "20 N Ogden Ave")).score
0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from ofrecord_kit.likeness.names import name_of
from ofrecord_kit.likeness.verdict import APART, NEAR, Likeness
from ofrecord_kit.likeness.words import words

_STREETS = frozenset(
    [
        "ave",
        "avenue",
        "av",
        "st",
        "street",
        "rd",
        "road",
        "blvd",
        "boulevard",
        "dr",
        "drive",
        "ct",
        "court",
        "pl",
        "place",
        "ln",
        "lane",
        "pkwy",
        "parkway",
        "hwy",
        "highway",
        "ter",
        "terrace",
        "sq",
        "square",
        "way",
        "str",
        "strasse",
        "weg",
        "laan",
        "straat",
        "rue",
        "via",
        "calle",
    ]
)
_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "no": "n", "so": "s",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip
_COMPASS = frozenset(["n", "s", "e", "w", "ne", "nw", "se", "sw"])
_SIGNS = re.compile(r"\D+")
_LOCAL_DIGITS = 7
_SAME_STREET = 0.8
_NAME = 60
"""At one address: from this share of common words on (of 100) a name is the same one; with the same telephone any name is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name where it is; what is not known is empty."""

    name: str
    address: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """House number, direction of the compass, and the street without its kind."""

    number: str
    direction: str
    street: str


@lru_cache(maxsize=65536)
def address_of(text: str) -> Address | None:
    """An address in parts; None when it has no house number or no street."""
    own = [_DIRECTIONS.get(word, word) for word in words(text)]
    number = next((word for word in own if word[:1].isdigit()), "")
    if not number:
        return None
    own.remove(number)
    direction = next((word for word in own if word in _COMPASS), "")
    street = [word for word in own if word not in _STREETS and word not in _COMPASS]
    return Address(number, direction, "".join(street)) if street else None


def same_address(one: str, other: str) -> bool:
    """The same house: number and direction the same, the street the same but for a slip."""
    here, there = address_of(one), address_of(other)
    if here is None or there is None or here.number != there.number:
        return False
    if here.direction and there.direction and here.direction != there.direction:
        return False
    return float(OSA.normalized_similarity(here.street, there.street)) >= _SAME_STREET


def phone_of(text: str) -> str:
    """The last seven digits: lists disagree about the area code. Empty when there are fewer."""
    digits = _SIGNS.sub("", text)
    return digits[-_LOCAL_DIGITS:] if len(digits) >= _LOCAL_DIGITS else ""


def same_place(one: Place, other: Place) -> Likeness:
    """Same address, and the same name or the same telephone. The same name at another address is another place."""
    if not same_address(one.address, other.address):
        return APART
    named = fuzz.token_set_ratio(_named(one.name), _named(other.name))
    if named >= _NAME:
        return Likeness(max(NEAR, round(named)), "same address, same name")
    if phone_of(one.phone) and phone_of(one.phone) == phone_of(other.phone):
        return Likeness(NEAR, "same address, same telephone")
    return APART


@lru_cache(maxsize=65536)
def _named(text: str) -> str:
    return " ".join(name_of(text).core)


def same_places(places: Mapping[str, Place]) -> Iterator[tuple[str, str, Likeness]]:
    """Every pair that is the same place, once; only records with one house number and the begin of a street are compared."""
    blocks: dict[tuple[str, str], list[str]] = {}
    for identity, place in places.items():
        address = address_of(place.address)
        if address is not None:
            blocks.setdefault((address.number, address.street[:1]), []).append(identity)
    for some in blocks.values():
        yield from _compared(some, places)


def _compared(some: Iterable[str], places: Mapping[str, Place]) -> Iterator[tuple[str, str, Likeness]]:
    ids = list(some)
    for place, one in enumerate(ids):
        for other in ids[place + 1 :]:
            verdict = same_place(places[one], places[other])
            if verdict.is_near:
                yield one, other, verdict
