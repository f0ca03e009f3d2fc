# ruff: noqa: ARG001, EM101 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""The organisation and what it configures: locations, taxes, currencies, units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ofrecord_sandbox.finance import accounts, engine, units, users
from ofrecord_sandbox.finance.answers import RefusedError, done, invalid
from ofrecord_sandbox.finance.declare import Resource, declared
from ofrecord_sandbox.finance.values import (
    dec,
    digits_of,
    flag,
    identifier,
    many,
    now_s,
    number,
    shape,
    stamp,
    text,
    whole,
)  # fmt: skip
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

ORGANIZATION = "700001"
_ZONE = "America/Los_Angeles"
_FIRST_TAX = 460000000000800
_TAXES = (("Standard Rate", 8.25), ("Reduced Rate", 4), ("Zero Rate", 0))
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KWD": "KD"}


def install(world: World) -> None:
    """Create organisation 700001 (US dollars, Pacific time), a location, currencies, units; nothing when it exists."""
    table = world.store.table("finance/organizations")
    if table.get(ORGANIZATION) is not None:
        return
    table.put(ORGANIZATION, {
        "organization_id": ORGANIZATION, "name": "Sandbox Company", "is_default_org": True, "plan_name": "PREMIUM",
        "plan_type": 12, "plan_period": "Yearly", "language_code": "en", "fiscal_year_start_month": 0, "currency_code": "USD",
        "currency_symbol": "$", "price_precision": 2, "time_zone": _ZONE, "is_org_active": True, "country": "U.S.A.",
        "account_created_date": stamp(world.clock.now())[:10],
    })  # fmt: skip
    for code, symbol in _SYMBOLS.items():
        record = engine.insert(world, CURRENCIES, {"currency_code": code, "currency_symbol": symbol}, {})
        CURRENCIES.table(world).put(record["currency_id"], record | {"is_base_currency": code == "USD"})
    place = engine.insert(world, LOCATIONS, {"location_name": "Head Office"}, {})
    LOCATIONS.table(world).put(place["location_id"], place | {"is_primary": True})
    for name, unit in (("Pieces", "pcs"), ("Box", "box"), ("Kilogram", "kg")):
        engine.insert(world, units.UNITS, {"name": name, "unit": unit}, {})
    users.install(world)
    accounts.install(world)
    for name, percentage in _TAXES:
        fresh = {
            **TAXES.fresh,
            "tax_name": name,
            "tax_percentage": percentage,
            "is_default_tax": name == "Standard Rate",
        }
        key = world.next_id(_FIRST_TAX)
        engine.keep(
            world, TAXES, {"tax_id": key, **fresh, "created_time": stamp(world.clock.now()), "_created": now_s(world)}
        )


def _check_currency(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    for other in CURRENCIES.table(world).rows.values():
        if other["currency_code"] == record["currency_code"] and other["currency_id"] != record["currency_id"]:
            raise RefusedError(1039, f"The currency {record['currency_code']} already exists.")
    record["price_precision"] = digits_of(record["currency_code"])
    record["currency_name"] = f"{record['currency_code']}- {record['currency_code']}"


def _currency_removable(world: World, record: Record) -> None:
    holders = world.store.table("finance/contacts").index("currency", lambda one: (one["currency_id"],))
    if record["is_base_currency"] or holders.ids(record["currency_id"]):
        raise RefusedError(1040, "The base currency and currencies that are in use cannot be deleted.")


def _location_removable(world: World, record: Record) -> None:
    """The primary one stays, and one with stock or with stock that came and went."""
    held = any(record["location_id"] in places for places in world.store.table("finance/stock").rows.values())
    if record["is_primary"] or held:
        raise RefusedError(1046, "The primary location and locations with transactions cannot be deleted.")


CURRENCIES = declared(
    Resource(
        collection="currencies", singular="currency", id_key="currency_id", words="Currency",
        writable={"currency_code": text(3), "currency_symbol": text(10), "price_precision": whole, "currency_format": text(50)},
        required=("currency_code", "currency_symbol"),
        fresh={"currency_format": "1,234,567.89", "is_base_currency": False, "exchange_rate": 1, "effective_date": ""},
        row=("currency_code", "currency_name", "currency_symbol", "price_precision", "currency_format", "is_base_currency",
             "exchange_rate", "effective_date"),
        sorts=("currency_code",), sort=("currency_code", "A"), check=_check_currency, removable=_currency_removable,
    )
)  # fmt: skip


def _check_tax(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if not 0 <= dec(record["tax_percentage"]) <= 100:  # noqa: PLR2004 - a percentage
        raise invalid("tax_percentage")


def _tax_removable(world: World, record: Record) -> None:
    for collection in ("items", "salesorders", "invoices", "creditnotes", "estimates", "purchaseorders", "bills"):
        table = world.store.table(f"finance/{collection}")
        index = table.index(
            "tax", lambda one: {one.get("tax_id", ""), *(line["tax_id"] for line in one.get("line_items", []))}
        )
        if index.ids(record["tax_id"]):
            raise RefusedError(1012, "Taxes that are used in transactions or items cannot be deleted.")


TAXES = declared(
    Resource(
        collection="taxes", singular="tax", id_key="tax_id", words="Tax",
        writable={"tax_name": text(100), "tax_percentage": number, "tax_type": text(50), "is_value_added": flag},
        required=("tax_name",), fresh={"tax_percentage": 0, "tax_type": "tax", "is_value_added": False, "is_default_tax": False,
                                       "is_editable": True},
        row=("tax_name", "tax_percentage", "tax_type", "is_value_added", "is_default_tax", "is_editable"),
        sorts=("tax_name",), sort=("tax_name", "A"), check=_check_tax, removable=_tax_removable,
    )
)  # fmt: skip

_ADDRESS = (
    "city",
    "state",
    "country",
    "attention",
    "state_code",
    "street_address1",
    "street_address2",
    "zip",
    "phone",
    "fax",
)
LOCATIONS = declared(
    Resource(
        collection="locations", singular="locations", id_key="location_id", words="Location",
        writable={
            "location_name": text(100), "type": text(50), "email": text(100), "phone": text(50), "parent_location_id": identifier,
            "tax_settings_id": identifier, "address": shape({key: text(255) for key in _ADDRESS}),
            "associated_series_ids": many(identifier), "auto_number_generation_id": identifier, "is_all_users_selected": flag,
            "user_ids": text(500),
        },
        required=("location_name",),
        fresh={"type": "general", "email": "", "phone": "", "parent_location_id": "", "tax_settings_id": "", "address": {},
               "associated_series_ids": [], "auto_number_generation_id": "", "is_all_users_selected": True,
               "is_primary": False, "status": "active"},
        row=("location_name", "type", "status", "is_primary", "email", "phone", "address", "parent_location_id",
             "tax_settings_id", "associated_series_ids", "auto_number_generation_id", "is_all_users_selected"),
        sorts=("location_name", "created_time"), sort=("created_time", "A"), removable=_location_removable,
    )
)  # fmt: skip


def organizations(world: World, request: Request) -> Response:
    """`GET /organizations`: needs no organization_id."""
    engine.only_query(request)
    return done("organizations", list(world.store.table("finance/organizations").rows.values()))


def organization(world: World, request: Request, organization_id: str) -> Response:
    """`GET /organizations/{id}`."""
    engine.only_query(request)
    record = world.store.table("finance/organizations").get(organization_id)
    if record is None:
        raise RefusedError(6041, f"This user is not associated with the CompanyID/CompanyName:{organization_id}.")
    return done("organization", record)
