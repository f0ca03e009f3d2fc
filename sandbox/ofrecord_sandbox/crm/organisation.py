"""The organisation, its users and its time zone. Source: Zoho CRM v8 docs, "Organization", "Users"."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ofrecord_sandbox.crm import metadata
from ofrecord_sandbox.world import World

USER: dict[str, str] = {"name": "Anna Berg", "id": "554023000000001001", "email": "anna.berg@example.org"}
TIME_ZONE = ZoneInfo("Europe/Berlin")
"""Time zone of the calling user: answers carry its offset, so clients must convert."""

_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}
"""ISO 4217 minor units that are not 2."""


def install(world: World) -> None:
    """Organisation and standard metadata into an empty store."""
    set_currency(world, "USD", "$")
    metadata.install(world)


def set_currency(world: World, iso_code: str, symbol: str) -> None:
    """The home currency of the organisation (ISO 4217)."""
    world.store.table("crm/org").put(
        "org",
        {
            "id": "554023000000000001",
            "zgid": "20080700001",
            "company_name": "Sandbox",
            "currency": iso_code,
            "iso_code": iso_code,
            "currency_symbol": symbol,
            "currency_locale": "de_DE",
            "time_zone": "Europe/Berlin",
            "country_code": "DE",
            "mc_status": False,
            "license_details": {"paid": True, "paid_type": "enterprise", "users_license_purchased": 1},
        },
    )


def organisation(world: World) -> dict[str, Any]:
    """The stored organisation."""
    return world.store.table("crm/org").rows["org"]


def rounded(world: World, amount: Decimal, currency: str | None = None) -> float:
    """An amount in a currency (default: the organisation's), rounded half up to its minor unit, as a JSON number."""
    digits = _DIGITS.get(currency or organisation(world)["iso_code"], 2)
    return float(amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def local_time(moment: datetime) -> str:
    """A moment as the vendor writes it: whole seconds, offset of the user's time zone with a colon."""
    return moment.astimezone(TIME_ZONE).replace(microsecond=0).isoformat()


def epoch(text: str) -> int:
    """Seconds since 1970 of a vendor time; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def from_epoch(seconds: int) -> str:
    """Seconds since 1970 as the vendor writes them."""
    return local_time(datetime.fromtimestamp(seconds, UTC))


def writer_reference() -> dict[str, str]:
    """The user as records name who made and changed them (without the address)."""
    return {"name": USER["name"], "id": USER["id"]}


def user_reference() -> dict[str, str]:
    """The user as records name their owner."""
    return dict(USER)


USER_FIELDS = frozenset({"id", "first_name", "last_name", "full_name", "email"})
"""What a query may reach over an owner (UNVERIFIED which there are)."""


def users_by_id(world: World) -> dict[str, dict[str, Any]]:
    """Everybody who is or was a user, the calling user first."""
    return {USER["id"]: user(world), **world.store.table("crm/users").rows}


def user(world: World) -> dict[str, Any]:
    """The one user, as the users list shows it."""
    return {
        **USER,
        "first_name": "Anna",
        "last_name": "Berg",
        "full_name": USER["name"],
        "status": "active",
        "confirm": True,
        "time_zone": organisation(world)["time_zone"],
        "role": {"name": "CEO", "id": "554023000000001002"},
        "profile": {"name": "Administrator", "id": "554023000000001003"},
    }
