"""A text as words that can be compared: without case, accents and punctuation; initials written apart are one word.

>>> words("N. V. Müller's  Söhne & Co.")
('nv', 'mullers', 'sohne', 'and', 'co')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_APOSTROPHES = re.compile(r"(?<=\w)['`’´](?=s\b)")
_WORD = re.compile(r"[^\W_]+|&")
_AMPERSAND = re.compile(r"&amp;?", re.IGNORECASE)


def plain(text: str) -> str:
    """Folded case, no accents (`é` → `e`, `ß` → `ss`, `ø` → `o`)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(_UNDIVIDED.get(sign, sign) for sign in decomposed if not unicodedata.combining(sign))


_UNDIVIDED = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
"""Letters Unicode does not take apart."""


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a text; single letters in a row are one word (`D.S.M.`, `N V`), `&` is `and`."""
    found: list[str] = []
    initials = False
    for word in _WORD.findall(_APOSTROPHES.sub("", plain(_AMPERSAND.sub("&", text)))):
        single = len(word) == 1 and word.isalpha()
        if single and initials:
            found[-1] += word
        else:
            found.append("and" if word == "&" else word)
        initials = single
    return tuple(found)


def glued(some: Sequence[str]) -> str:
    """Words without blanks: `akzo nobel` and `akzonobel` are the same."""
    return "".join(some)
