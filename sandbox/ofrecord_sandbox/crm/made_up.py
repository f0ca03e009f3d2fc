"""Made-up values for planted records: the same number always gives the same value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from ofrecord_sandbox.crm.metadata import Field

Maker = Callable[[int], Any]

_FIRST = ("Anna", "Björn", "Chloé", "Đorđe", "Eva", "Farid", "Grace", "Håkon", "Inés", "Jürgen", "Kō", "Léa", "Mária")
_LAST = ("Berg", "O'Neill", "Müller-Lüdenscheidt", "de la Cruz", "Nowak", "Sørensen", "Smith", "Ito", "Şahin", "Weiß")
_STEMS = (
    "Nordlicht",
    "Blue Harbor",
    "Ünal & Söhne",
    "Cedar",
    "Aster",
    "Quick, Brown",
    'The "Fox"',
    "Delta",
    "Ruß",
    "L'Orange",
    "東京製作所",
)
_FORMS = ("GmbH", "Ltd", "S.A.", "Inc.", "AG", "B.V.", "Oy", "& Co. KG")
_THINGS = (
    "Pump",
    "Valve",
    "Bearing",
    'Hose 3/4"',
    "Filter",
    "Gear, small",
    "Seal",
    "Shaft",
    "Motor",
    "Belt",
    "Größe M",
)
_STREETS = ("Hauptstraße", "High Street", "Rue de l'Église", "Calle Mayor", "Nygade", "Ulica Długa")
_CITIES = ("Köln", "Leeds", "Lyon", "Málaga", "Århus", "Łódź", "Zürich", "Osaka")
_COUNTRIES = ("Germany", "United Kingdom", "France", "Spain", "Denmark", "Poland", "Switzerland", "Japan")
_WORDS = [
    "delivered",
    "on",
    "pallets;",
    "ask",
    "for",
    "the",
    "loading",
    "bay;",
    "invoice",
    "by",
    "mail;",
    "pays",
    "late,",
    "but",
    "pays;",
    "prefers",
    "a",
    "call",
    "before",
    "noon",
]
_DAY = date(2026, 1, 1)
_DAYS = 900


def _of(values: tuple[str, ...], number: int, step: int = 7) -> str:
    return values[(number * step + number // len(values)) % len(values)]


def person(number: int) -> tuple[str, str]:
    """First and last name."""
    return _of(_FIRST, number, 5), _of(_LAST, number, 3)


def company(number: int) -> str:
    """The name of a company; every number has its own."""
    return f"{_of(_STEMS, number)} {_of(_FORMS, number, 5)} {number}"


def _text(name: str) -> Maker:
    """Texts by what the field is called."""
    named: dict[str, Maker] = {
        "Account_Name": company, "Vendor_Name": company, "Company": company, "Product_Name": _thing, "Deal_Name": _deal,
        "Campaign_Name": _deal, "Price_Book_Name": _deal, "Subject": _deal, "Name": company, "Event_Title": _deal,
        "First_Name": lambda number: person(number)[0], "Last_Name": lambda number: person(number)[1],
        "Product_Code": lambda number: f"P-{number:06}",
    }  # fmt: skip
    if name in named:
        return named[name]
    if name.endswith(("_Code", "_Zip")):
        return lambda number: f"{10000 + number * 37 % 90000}"
    ends = {"_Street": _STREETS, "_City": _CITIES, "_State": _CITIES, "_Country": _COUNTRIES}
    for end, values in ends.items():
        if f"_{name}".endswith(end):
            return _picker(values)
    return lambda number: f"{name[:12]}-{number:06}"


def _picker(values: tuple[str, ...]) -> Maker:
    return lambda number: _of(values, number)


def _thing(number: int) -> str:
    return f"{_of(_THINGS, number)} {number:06}"


def _deal(number: int) -> str:
    return f"{_of(_THINGS, number, 3)} for {company(number)}"


def _sentence(number: int) -> str:
    """A few words; every eleventh has a line break and quotation marks."""
    words = [_WORDS[(number * 3 + step * (number % 5 + 1)) % len(_WORDS)] for step in range(4 + number % 9)]
    return " ".join(words) + ('\nsaid: "fine, thanks"' if number % 11 == 0 else "")


def _mixed(number: int, salt: int) -> int:
    """A number that looks like chance and is none (multiplicative hashing)."""
    return ((number * 2_654_435_761 + salt * 2_246_822_519) & 0xFFFFFFFF) >> 11


def maker(field: Field) -> Maker:
    """Gives what the record of a number has in that field; optional ones are empty in about one of seven records."""
    salt = sum(field.api_name.encode())
    make = _kinds(field, salt).get(field.data_type, _nothing)
    empty = False if field.data_type == "boolean" else None
    if field.mandatory:
        return make
    return lambda number: empty if _mixed(number, salt + 1) % 7 == 0 else make(number)


def _nothing(_number: int) -> None:
    return None


def _kinds(field: Field, salt: int) -> dict[str, Maker]:
    text, values = _text(field.api_name), field.values or (None,)

    def below(most: int) -> Maker:
        return lambda number: _mixed(number, salt) % most

    day, share = below(_DAYS), below(1_000_000)
    return {
        "boolean": lambda number: _mixed(number, salt) % 2 == 0,
        "integer": below(100),
        "bigint": lambda number: str(10**9 + number * 31 + salt),
        "double": lambda number: share(number) % 10_000 / 8,
        "currency": lambda number: share(number) / 100,
        "percent": below(101),
        "date": lambda number: (_DAY + timedelta(days=day(number))).isoformat(),
        "datetime": lambda number: f"{_DAY + timedelta(days=day(number))}T{number % 24:02}:30:00+01:00",
        "email": lambda number: f"contact.{salt}.{number}@example.org",
        "phone": lambda number: f"+49 30 {share(number):06}",
        "website": lambda number: f"https://www.example.org/{number}",
        "textarea": _sentence,
        "text": lambda number: text(number)[: field.length],
        "picklist": lambda number: values[_mixed(number, salt) % len(values)],
        "multiselectpicklist": lambda number: [one for one in values[: number % len(values) + 1] if one],
    }
