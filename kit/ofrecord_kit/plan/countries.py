"""Countries however they are written: ISO 3166-1 codes, English names, and what people type instead.

>>> code_of("Germany") == code_of("de") == code_of("DEU") == "DE"
True
>>> named("DE", "alpha-3")
'DEU'

Source: ISO 3166-1 through pycountry. Its tables are read when the first country is met, never before.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

_SHORT = {
    "BN": "Brunei",
    "CD": "Democratic Republic of the Congo",
    "CG": "Republic of the Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "RU": "Russia",
    "SX": "Sint Maarten",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
}
"""Names for people where ISO has only a turned or an official one (`Virgin Islands, U.S.`)."""

_ALSO = {
    "AE": ("UAE", "Emirates"),
    "BA": ("Bosnia",),
    "BQ": ("Caribbean Netherlands",),
    "CD": ("DR Congo", "DRC", "Congo-Kinshasa"),
    "CG": ("Congo-Brazzaville",),
    "CI": ("Ivory Coast",),
    "CN": ("PR China", "Mainland China"),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic",),
    "GB": ("UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "HK": ("Hong Kong SAR",),
    "IE": ("Republic of Ireland", "Eire"),
    "KR": ("Republic of Korea",),
    "LA": ("Lao",),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "MO": ("Macau",),
    "NL": ("Holland", "The Netherlands"),
    "RU": ("Russian Federation",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "US": ("U.S.", "U.S.A.", "US of A"),
    "VA": ("Holy See", "Vatican"),
    "VN": ("Vietnam",),
}
"""What people type. The parts of the United Kingdom belong to no other country; Korea and America could be several."""

_KOSOVO = ("XK", "XKX", "Kosovo")
"""Not in ISO 3166-1, which reserves such codes for use by agreement: these are the ones in use (CLDR, EU)."""

_MARKS = re.compile(r"[.'\u2019\u02bc`]")
_GAPS = re.compile(r"[\W_]+")
_SAINT = re.compile(r"\bst (?=\w)")


def code_of(value: Any) -> str | None:
    """The alpha-2 code of a country given by name or code, in any case; None when it names none, or not only one."""
    return _code_of(value) if isinstance(value, str) else None


def named(code: str, form: str = "name") -> str:
    """A country in one of the forms `name`, `alpha-2`, `alpha-3`. Raises `KeyError` for what is no alpha-2 code."""
    return _tables()[1][code][form]


@lru_cache(maxsize=4096)
def _code_of(written: str) -> str | None:
    return _tables()[0].get(_key(written))


def _key(written: str) -> str:
    """Without case, accents, dots, apostrophes and a leading article; other signs are gaps; `&` is and, `St.` saint."""
    letters = unicodedata.normalize("NFKD", written.casefold().replace("&", " and "))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = _GAPS.sub(" ", _MARKS.sub("", bare)).strip().removeprefix("the ")
    return _SAINT.sub("saint ", words)


@cache
def _tables() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What is written → alpha-2, and alpha-2 → forms."""
    import pycountry  # noqa: PLC0415 - its tables are read only where rules name countries

    forms: dict[str, dict[str, str]] = {}
    written: dict[str, str] = {}
    for country in pycountry.countries:
        code = country.alpha_2
        common = getattr(country, "common_name", None)
        name = _SHORT.get(code) or common or country.name
        forms[code] = {"name": name, "alpha-2": code, "alpha-3": country.alpha_3}
        official = getattr(country, "official_name", None)
        for word in (name, common, country.name, official, code, country.alpha_3, *_ALSO.get(code, ())):
            if word is not None:
                written[_key(word)] = code
    code, alpha_3, name = _KOSOVO
    forms[code] = {"name": name, "alpha-2": code, "alpha-3": alpha_3}
    written |= {_key(word): code for word in _KOSOVO}
    return written, forms
