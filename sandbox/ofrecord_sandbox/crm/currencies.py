# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""`GET /org/currencies`; none until the control API makes the organisation one with several. Source: Zoho CRM v8 OpenAPI `currencies.json`."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import metadata, organisation, params
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_IDS = 554023000000003000


def arrange(world: World, rates: dict[str, Any]) -> None:
    """Several currencies: by ISO code, how much of each makes one of the home currency. Modules with amounts get two fields."""
    org = organisation.organisation(world)
    home = org["iso_code"]
    wanted = {home: "1"} | {code: str(rate) for code, rate in rates.items() if code != home}
    now = organisation.local_time(world.clock.now())
    table = world.store.table("crm/currencies")
    for code, rate in wanted.items():
        known = table.get(code) or {"id": world.next_id(_IDS), "created_time": now}
        table.put(
            code, {**_described(code, rate, is_base=code == home), **known, "exchange_rate": rate, "modified_time": now}
        )
    world.store.table("crm/org").put("org", {**org, "mc_status": True})
    for module in list(metadata.schema(world).values()):
        amounts = any(field.data_type == "currency" for field in module.fields.values())
        if module.kind != "subform" and amounts and "Exchange_Rate" not in module.fields:
            if "Currency" not in module.fields:
                chosen = {"api_name": "Currency", "data_type": "picklist", "values": list(wanted)}
                metadata.add_field(world, module.api_name, chosen)
            metadata.add_field(world, module.api_name, {"api_name": "Exchange_Rate", "data_type": "double"})


def _described(code: str, rate: str, *, is_base: bool) -> Record:
    form = {"numeral_system": "International", "decimal_places": "2", "decimal_separator": "Period"}
    return {
        "name": code,
        "iso_code": code,
        "symbol": code,
        "prefix_symbol": True,
        "exchange_rate": rate,
        "is_active": True,
        "is_base": is_base,
        "format": {**form, "thousand_separator": "Comma"},
        "created_by": organisation.writer_reference(),
        "modified_by": organisation.writer_reference(),
    }


def _all(world: World) -> list[Record]:
    rows = list(world.store.table("crm/currencies"))
    if not rows:
        message = "The multi-currency feature is not enabled for the organization"
        raise RefusedError("CURRENCIES_NOT_ENABLED", message, status=403)
    return rows


def list_all(world: World, request: Request) -> Response:
    """`GET /org/currencies`."""
    params.only(request)
    return Response(200, {"currencies": _all(world)})


def get(world: World, request: Request, currency_id: str) -> Response:
    """`GET /org/currencies/{id}`."""
    params.only(request)
    found = [row for row in _all(world) if row["id"] == currency_id]
    return Response(200, {"currencies": found}) if found else Response(204)
