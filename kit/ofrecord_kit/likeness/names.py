"""Company names: what is left without the legal form and the place, and how alike two of them are.

Legal forms come from the maintained list of cleanco; those it lacks, written out, stand below.

>>> alike("Acme Corp", "* ACME Corporation Ltd.")
Likeness(score=100, why='same but for the legal form')
>>> alike("Robert Bosch GmbH", "Bosch GmbH, Robert").why
'the same words in another order'
>>> alike("Acme Tools", "Acne Tools").why
'one letter differs'
>>> alike("Store 12", "Store 13").score
0
>>> alike("Fabrikam Inc., West", "Fabrikam Inc., East").why
'the directions differ'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cleanco import prepare_default_terms  # type: ignore[import-untyped]
from rapidfuzz.distance import OSA

from ofrecord_kit.likeness.verdict import APART, NEAR, Likeness
from ofrecord_kit.likeness.words import glued, words

_PARTS = re.compile(r"[,;()\n]+")
_SMALL = frozenset({"the", "and", "und", "et", "en"})
_WRITTEN_OUT = (
    "naamloze vennootschap", "besloten vennootschap", "aktiengesellschaft", "kommanditgesellschaft",
    "offene handelsgesellschaft", "gesellschaft mit beschränkter haftung", "société anonyme",
    "société à responsabilité limitée", "sociedad anónima", "sociedad limitada", "società per azioni",
    "società a responsabilità limitata", "aktiebolag", "aktieselskab", "anpartsselskab", "osakeyhtiö", "kabushiki kaisha",
    "public limited company", "limited liability company", "kk", "vzw", "asbl", "stichting", "llc", "sarl", "plc",
)  # fmt: skip
"""Common forms cleanco 2.3 does not know, most of them because they are written out."""
_SHORTEST_WITH_A_TYPO = 6
"""Letters a name must have for one wrong letter to be a typing error rather than another name."""
_MOST_SLIPS = 4
"""Letters that may differ in a long name, too."""
_SHORTEST_STEM = 4
_INITIALS = 3
_NUMBERS = Likeness(0, "the numbers differ")
ONE_WORD_MORE = Likeness(NEAR, "the same but for one word more")
_DIRECTIONS = Likeness(0, "the directions differ")
_COMPASS = frozenset({"north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"})
_WORDS_IN_COMMON = 2
_SHARE_IN_COMMON = 0.6
_HALF_A_WORD = 0.5


def _forms() -> dict[int, frozenset[tuple[str, ...]]]:
    """Legal forms by their number of words."""
    said = [words(" ".join(term)) for _size, term in prepare_default_terms()] + [words(one) for one in _WRITTEN_OUT]
    apart = [tuple(word for word in form if word != "and") for form in said]
    return {
        size: frozenset(form for form in apart if len(form) == size)
        for size in sorted({len(f) for f in apart if f})[::-1]
    }


_FORMS = _forms()


@dataclass(frozen=True, slots=True)
class Name:
    """A company's name in parts: its own words, its legal form and a place written behind."""

    core: tuple[str, ...]
    form: tuple[str, ...]
    place: tuple[str, ...]
    glued: str
    """Its own words without blanks, as written; `sorted`: in the order of the alphabet."""
    sorted: str
    numbers: tuple[str, ...]
    """Its words with digits."""
    directions: tuple[str, ...]
    """Its words that are points of the compass, those of the place among them."""


@lru_cache(maxsize=65536)
def name_of(text: str) -> Name:
    """Take a name apart. What follows a comma or a parenthesis behind the legal form is a place."""
    core: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    for part in _PARTS.split(text):
        own = tuple(word for word in words(part) if word not in _SMALL)
        if form and core and not _is_form(own):
            place += own
            continue
        left, found = _without_form(own, keep=not core)
        core, form = core + left, form + found
    if not form:
        core, form = _without_leading_form(core)
    core = core or words(text)
    numbers = tuple(sorted(word for word in core if any(sign.isdigit() for sign in word)))
    directions = tuple(sorted(_COMPASS.intersection(core + place)))
    return Name(core, form, place, glued(core), glued(sorted(core)), numbers, directions)


def _is_form(own: Sequence[str]) -> bool:
    return not _without_form(tuple(own), keep=False)[0]


def _without_form(own: tuple[str, ...], *, keep: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words without the forms at their end; with `keep` at least one word stays."""
    found: tuple[str, ...] = ()
    while True:
        size = next((n for n, forms in _FORMS.items() if len(own) >= n + keep and own[-n:] in forms), 0)
        if not size:
            return own, found
        own, found = own[:-size], own[-size:] + found


def _without_leading_form(own: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    size = next((n for n, forms in _FORMS.items() if len(own) > n and own[:n] in forms), 0)
    return own[size:], own[:size]


def alike(one: str, other: str) -> Likeness:
    """How alike two company names are."""
    return compared(name_of(one), name_of(other))


def compared(one: Name, other: Name) -> Likeness:
    """How alike two names are that were taken apart."""
    if not one.core or not other.core:
        return APART
    if one.directions and other.directions and one.directions != other.directions:
        return _DIRECTIONS
    if one.core == other.core:
        return Likeness(100, _same(one, other))
    if one.glued == other.glued:
        return Likeness(98, "same but for blanks")
    placed = (one.place or other.place) and sorted(one.core + one.place) == sorted(other.core + other.place)
    if one.sorted == other.sorted or placed:
        return Likeness(96, "the same words in another order")
    if one.numbers != other.numbers:
        return _NUMBERS
    best = APART
    for way in (_by_letters, _by_words, _by_initials, _by_one_word):
        found = way(one, other)
        best = found if found.score > best.score else best
    return best


def _same(one: Name, other: Name) -> str:
    if one.place != other.place:
        return "same but for the place behind it"
    return "the same name" if one.form == other.form else "same but for the legal form"


def _by_letters(one: Name, other: Name) -> Likeness:
    """Letters that differ (left out, added, changed, swapped), in the order written or with the words sorted."""
    longest = max(len(one.glued), len(other.glued))
    most = min(longest * (100 - NEAR) // 100 + 1, _MOST_SLIPS)
    if longest < _SHORTEST_WITH_A_TYPO or abs(len(one.glued) - len(other.glued)) > most:
        return APART
    number = OSA.distance(one.glued, other.glued, score_cutoff=most)
    if number > most:
        number = OSA.distance(one.sorted, other.sorted, score_cutoff=most)
    if number > most:
        return APART
    score = round(100 - 100 * number / longest)
    if number == 1:  # one slip is a slip, also in a short name
        score = max(score, NEAR)
    words_ = {1: "one letter differs", 2: "two letters differ"}
    return Likeness(score, words_.get(number, f"{number} of {longest} letters differ"))


def _by_words(one: Name, other: Name) -> Likeness:
    """As many words on both sides, each the same, shortened or with a slip."""
    if len(one.core) != len(other.core):
        return APART
    likes = []
    for here, there in zip(one.core, other.core, strict=True):
        likes.append(_word(here, there))
        if likes[-1] < _HALF_A_WORD:
            return APART
    weights = [max(len(here), len(there)) for here, there in zip(one.core, other.core, strict=True)]
    score = round(100 * sum(like * weight for like, weight in zip(likes, weights, strict=True)) / sum(weights))
    return Likeness(score, "a word is shortened or written another way")


def _word(here: str, there: str) -> float:
    short, long = sorted((here, there), key=len)
    if short == long:
        return 1.0
    if len(short) >= _SHORTEST_STEM and long.startswith(short):
        return 0.92
    return float(OSA.normalized_similarity(here, there))


def _by_initials(one: Name, other: Name) -> Likeness:
    short, long = sorted((one.core, other.core), key=len)
    if len(short) == 1 and len(long) >= _INITIALS and short[0] == "".join(word[0] for word in long):
        return Likeness(NEAR, "one is the initials of the other")
    return APART


def _by_one_word(one: Name, other: Name) -> Likeness:
    """One side has a word more, in front or behind, and the others are two at least and most of it."""
    short, long = sorted((one.core, other.core), key=len)
    if len(long) != len(short) + 1 or len(short) < _WORDS_IN_COMMON or short not in {long[1:], long[:-1]}:
        return APART
    is_most = len(glued(short)) >= _SHARE_IN_COMMON * len(glued(long))
    return ONE_WORD_MORE if is_most else APART
