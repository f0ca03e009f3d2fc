"""Invented companies, people and goods. E-mail addresses and phone numbers are reserved ones (RFC 2606, 555-01xx)."""

from __future__ import annotations

from itertools import product
from random import Random

ODD_ACCOUNTS = (
    "Acme Corp", "Acme Corporation Ltd.", "Müller GmbH", "Mueller GmbH", "株式会社さくら商事", "ООО «Северный ветер»",
    "شركة النور للتجارة", "한빛상사", "Αφοί Παπαδόπουλοι Α.Ε.", "ทองคำ จำกัด", "Łódzkie Śruby Sp. z o.o.",
    "O'Brien & Søns, Ltd.", "Crème Brûlée SARL", "Þór Ægisson ehf.", "  Trailing Blank Oy", 'The "Quoted" Company',
    "Ñandú Herramientas S.A.", "İstanbul Çelik A.Ş.", "🔩 Nuts & Bolts e.K.", "D. Example, Inh. E. Beispiel",
)  # fmt: skip
TWINS = ("Harbour Tools", "Bäckerei Schmidt")
"""Names that two different accounts bear each."""
LONG_ACCOUNTS = tuple(
    f"{start} und Gesellschaft zur Förderung überlanger Firmennamen, {'Niederlassung ' * 20}"[:length].rstrip()
    for start, length in (("Donau", 203), ("Elbe", 210), ("Isar", 230), ("Rhein", 255))
)
"""Longer than the 200 characters of a finance contact name, within the 255 of the CRM."""

_FIRST = [
    "Amber",
    "Birch",
    "Cedar",
    "Delta",
    "Flint",
    "Fjord",
    "Granite",
    "Hazel",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Maple",
    "Nordic",
    "Orchid",
    "Pebble",
    "Quartz",
    "Raven",
    "Sable",
    "Tundra",
    "Umbra",
    "Velvet",
    "Willow",
    "Zephyr",
]
_SECOND = [
    "Works",
    "Supply",
    "Tools",
    "Foods",
    "Textiles",
    "Robotics",
    "Logistics",
    "Paper",
    "Ceramics",
    "Optics",
    "Marine",
    "Garden",
    "Print",
    "Medical",
    "Energy",
    "Glass",
]
_FORMS = ("GmbH", "Ltd.", "S.A.", "Inc.", "AG", "")
_GIVEN = [
    "Adele",
    "Bruno",
    "Chloé",
    "Dmitri",
    "Élodie",
    "Fatima",
    "Günther",
    "Hana",
    "Ingrid",
    "José",
    "Katarzyna",
    "Liam",
    "Mária",
    "Noor",
    "Oskar",
    "Priya",
    "Quirin",
    "Renée",
    "Sören",
    "Tomáš",
    "Ursula",
    "Václav",
    "Wanda",
    "Xénia",
    "Yusuf",
    "Žofia",
]
_FAMILY = [
    "Almeida",
    "Brandt",
    "Čapek",
    "Dubois",
    "Eklund",
    "Ferrari",
    "Großmann",
    "Horvath",
    "Ivanova",
    "Jansen",
    "Kowalczyk",
    "López",
    "Møller",
    "Novák",
    "O'Connor",
    "Petrov",
    "Quist",
    "Rossi",
    "Šimić",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Whitfield",
    "Yılmaz",
    "Zając",
    "van~der~Berg",
]
_GOODS = [
    "Bolt",
    "Washer",
    "Bearing",
    "Hose",
    "Cable",
    "Bracket",
    "Valve",
    "Gasket",
    "Spring",
    "Pulley",
    "Coating",
    "Adhesive",
    "Sensor",
    "Relay",
    "Chain",
    "Filter",
    "Pump",
    "Hinge",
    "Rivet",
    "Profile",
]
_KINDS = (
    "steel",
    "brass",
    "nylon",
    "stainless",
    "galvanised",
    "coated",
    "heavy-duty",
    "edelstahl größe M",
    "±0,1 mm",
    "Ø 12",
)
_CITIES = (
    ("Hamburg", "HH", "20095", "Germany"), ("Łódź", "LD", "90-001", "Poland"), ("Málaga", "AN", "29001", "Spain"),
    ("Zürich", "ZH", "8001", "Switzerland"), ("München", "BY", "01067", "Germany"), ("Reykjavík", "", "101", "Iceland"),
    ("Dublin", "", "D02 X285", "Ireland"), ("大阪市", "大阪府", "530-0001", "Japan"),
)  # fmt: skip


def account_names(random: Random, count: int) -> list[str]:
    """Names for `count` accounts: the odd ones first, then each twin twice, then the long ones, then plain ones.

    No two plain ones differ in their legal form alone.
    """
    names = [*ODD_ACCOUNTS, *TWINS, *TWINS, *LONG_ACCOUNTS]
    pairs = list(product(_FIRST, _SECOND))
    random.shuffle(pairs)
    plain = [f"{first} {second} {random.choice(_FORMS)}".rstrip() for first, second in pairs]
    return names + plain[: count - len(names)]


def person(random: Random) -> tuple[str, str]:
    """Given and family name."""
    return random.choice(_GIVEN), random.choice(_FAMILY).replace("~", " ")


def phone(random: Random) -> str:
    """A number of the block reserved for fiction, in one of several spellings."""
    area, last = random.randint(200, 989), random.randint(100, 199)
    spelling = random.choice(("+1 {0}-555-0{1}", "({0}) 555-0{1}", "001{0}5550{1}", "+1.{0}.555.0{1}"))
    return spelling.format(area, last)


def address(random: Random, number: int) -> dict[str, str]:
    """street, city, state, code, country."""
    city, state, code, country = random.choice(_CITIES)
    return {"street": f"Beispielstraße {number}", "city": city, "state": state, "code": code, "country": country}


def item_name(random: Random, number: int) -> str:
    """A name of something on a shelf."""
    return f"{random.choice(_GOODS)} {random.choice(_KINDS)} {number}"
