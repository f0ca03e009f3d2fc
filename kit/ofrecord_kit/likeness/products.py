"""Products of two catalogues: model codes within titles, however they are hyphenated; a near miss is refused.

>>> sorted(codes_of("Belkin Surge Protector - F5C400-300W"))
['f5c400300w']
>>> same_product("Bottle - AB1200", "Bottle AB-1200, green").why
'the same model code'
>>> same_product("Bottle - AB1200", "Bottle - AB1300").score
0
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rapidfuzz import fuzz

from ofrecord_kit.likeness.verdict import APART, NEAR, Likeness
from ofrecord_kit.likeness.words import plain

_TOKEN = re.compile(r"[a-z0-9]+(?:[-/.][a-z0-9]+)*")
_SIGNS = re.compile(r"[^a-z0-9]")
_BEHIND = re.compile(r"[A-Z0-9][A-Z0-9./-]*")
"""What stands alone behind a dash in capitals is a code, also without digits."""
_SHORTEST = 4
_SHORTEST_SHORTENED = 5
_SIZE = re.compile(
    r"\d+(?:gb|mb|tb|x|p|mp|ft|in|cm|mm|w|v|hz|mah|ghz|mhz|btu|oz|ml|kg|inch|port|pin|sheets?|pack|day|speed)"
)
_MOST_SHARING = 4
"""A code that more titles of one catalogue carry names a standard or a series."""
_TITLES = 90
"""From this share of common words on two titles without codes are near."""


@lru_cache(maxsize=65536)
def codes_of(title: str) -> frozenset[str]:
    """Model codes: digits, mostly with letters, four signs or more, without hyphens. Sizes (`500gb`) are none."""
    found = set()
    for token in _TOKEN.findall(plain(title)):
        code = _SIGNS.sub("", token)
        digits = sum(sign.isdigit() for sign in code)
        if len(code) < _SHORTEST or not digits or _SIZE.fullmatch(code):
            continue
        if digits < len(code) or len(code) > _SHORTEST:
            found.add(code)
    behind = _SIGNS.sub("", plain(title.rpartition(" - ")[2]))
    if " - " in title and len(behind) >= _SHORTEST and _BEHIND.fullmatch(title.rpartition(" - ")[2].strip()):
        found.add(behind)
    return frozenset(found)


def same_product(one: str, other: str) -> Likeness:
    """Two titles: by their codes where both have some, else by their words."""
    mine, theirs = codes_of(one), codes_of(other)
    if mine & theirs:
        return Likeness(100, "the same model code")
    if any(_shortened(here, there) for here in mine for there in theirs):
        return Likeness(NEAR + 4, "one model code is the other shortened")
    if mine and theirs:
        return Likeness(0, "the model codes differ")
    score = round(fuzz.token_sort_ratio(plain(one), plain(other)))
    return Likeness(score, "nearly the same title") if score >= _TITLES else APART


def _shortened(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_SHORTENED and long.startswith(short) and not short.isdigit()


def same_products(mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[tuple[str, str, Likeness]]:
    """Pairs of two catalogues (id → title); each record's best candidates only."""
    blocks = _blocks(theirs)
    common = {key for key, ids in _blocks(mine).items() if len(ids) > _MOST_SHARING}
    for identity, title in mine.items():
        keys = {key for key in _keys(title) if key not in common and len(blocks.get(key, ())) <= _MOST_SHARING}
        likes = {other: same_product(title, theirs[other]) for key in keys for other in blocks.get(key, ())}
        best = max((verdict.score for verdict in likes.values()), default=0)
        yield from (
            (identity, other, verdict) for other, verdict in likes.items() if verdict.is_near and verdict.score == best
        )


def _keys(title: str) -> set[str]:
    starts = {code[:size] for code in codes_of(title) for size in range(_SHORTEST_SHORTENED, len(code) + 1)}
    return {*codes_of(title), *(f"{start}…" for start in starts)} or {"".join(sorted(plain(title).split()))[:8]}


def _blocks(titles: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for identity, title in titles.items():
        for key in _keys(title):
            found.setdefault(key, []).append(identity)
    return found
