# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Related lists: records that point to a record, and many-to-many relations of products.

Source: Zoho CRM v8 OpenAPI `related_records.json`, `related_lists.json`, docs "Update Related Records" (Products with Accounts,
Contacts, Deals and Price Books). UNVERIFIED: that a related list is named like its module, that the price of a product in a price
book is written and read as `list_price` and must be given, and the code CANNOT_BE_UPDATED for lists made of lookups.
"""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.crm import organisation, paging, params, settings, shapes
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id, missing_param, overall
from ofrecord_sandbox.crm.metadata import Module, schema
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

PARTNERS = ("Price_Books", "Accounts", "Contacts", "Deals")
"""Modules with a many-to-many relation to Products."""
_PRICE = "list_price"
Element = dict[str, Any]


def _table(world: World) -> Table:
    return world.store.table("crm/relations")


def _is_pair(module: str, related: str) -> bool:
    return (module == "Products" and related in PARTNERS) or (related == "Products" and module in PARTNERS)


def _key(module: str, record_id: str, related: str, other: str) -> tuple[str, Record]:
    """One relation has one row, whichever side it is seen from."""
    partner = related if module == "Products" else module
    product, partner_id = (record_id, other) if module == "Products" else (other, record_id)
    return f"{partner}/{product}/{partner_id}", {"partner": partner, "Products": product, "other": partner_id}


def _relations(world: World, module: str, record_id: str, related: str) -> dict[str, Record]:
    """Rows by the id of the related record."""
    partner, own, far = (related, "Products", "other") if module == "Products" else (module, "other", "Products")
    index = _table(world).index(f"by {own}", lambda row: ((row["partner"], row[own]),))
    rows = (_table(world).rows[key] for key in index.ids((partner, record_id)))
    return {row[far]: row for row in rows}


def _pointing(world: World, module: str) -> dict[str, list[str]]:
    """Modules whose lookups point to this one, with those lookups."""
    return {
        known.api_name: fields
        for known in schema(world).values()
        if known.kind != "subform"
        and (
            fields := [
                one.api_name for one in known.fields.values() if one.data_type == "lookup" and one.target == module
            ]
        )
    }


def lists(world: World, request: Request) -> Response:
    """`GET /settings/related_lists?module=X`."""
    params.only(request, "module", "layout_id", "status")
    module = settings.module_asked(world, request).api_name
    named = dict.fromkeys(["Attachments", "Notes", *_pointing(world, module)])
    named |= dict.fromkeys(PARTNERS if module == "Products" else ["Products"] if module in PARTNERS else [])
    rows = []
    for number, name in enumerate(named, start=1):
        known = schema(world).get(name)
        rows.append(
            {
                "id": str(int(schema(world)[module].id) * 100 + number),
                "sequence_number": str(number),
                "display_label": name.replace("_", " "),
                "api_name": name,
                "module": None if known is None else {"api_name": name, "id": known.id},
                "name": name,
                "action": None,
                "href": f"{module}/{{ENTITYID}}/{name}",
                "type": "default",
            }
        )
    return Response(200, {"related_lists": rows})


def _sides(world: World, module: str, record_id: str, related: str) -> tuple[Module, Module]:
    known = params.readable(world, module)
    if world.store.table(known.table).get(record_id) is None:
        raise invalid_id({"resource_path_index": 1})
    if not _is_pair(module, related) and related not in _pointing(world, module):
        raise invalid_data({"resource_path_index": 2}, "The relation name given seems to be invalid")
    return known, params.readable(world, related)


def _rows(world: World, module: Module, record_id: str, related: Module) -> dict[str, Record]:
    """Related records by id, with what the relation itself says."""
    table = world.store.table(related.table)
    if _is_pair(module.api_name, related.api_name):
        relations = _relations(world, module.api_name, record_id, related.api_name)
        return {
            one: {**table.rows[one], **({_PRICE: row[_PRICE]} if _PRICE in row else {})}
            for one, row in relations.items()
            if one in table.rows
        }
    names = _pointing(world, module.api_name)[related.api_name]
    return {row["id"]: row for row in table if any((row.get(name) or {}).get("id") == record_id for name in names)}


def _listed(world: World, request: Request, related: Module, rows: list[Record]) -> list[Record]:
    names = [name for name in request.query.get("fields", "").split(",") if name]
    if not names:
        raise missing_param("fields")
    for name in names:
        if name not in related.fields and name != _PRICE:
            raise invalid_data({"param_name": "fields", "api_name": name}, "the field name given seems to be invalid")
    shown = shapes.listed(world, related, [name for name in names if name in related.fields], rows)
    return [{**one, **({_PRICE: row[_PRICE]} if _PRICE in row else {})} for one, row in zip(shown, rows, strict=True)]


def list_related(world: World, request: Request, module: str, record_id: str, related: str) -> Response:
    """`GET /{module}/{id}/{related_list}?fields=…`."""
    params.only(request, "fields", "ids", "page", "per_page", "page_token", "sort_by", "sort_order", "converted")
    known, far = _sides(world, module, record_id, related)
    page = paging.wanted(world, request)
    found = _rows(world, known, record_id, far)
    wanted = set(filter(None, request.query.get("ids", "").split(",")))
    ids = sorted((one for one in found if not wanted or one in wanted), key=int, reverse=True)
    chosen = [found[one] for one in ids[page.offset : page.offset + page.per_page]]
    data = _listed(world, request, far, chosen)
    if not data:
        return Response(204)
    return Response(200, {"data": data, "info": paging.info(page, request, len(data), len(ids), "id", "desc")})


def get_related(  # noqa: PLR0917 - one value each, named by the path
    world: World, request: Request, module: str, record_id: str, related: str, other: str
) -> Response:
    """`GET /{module}/{id}/{related_list}/{record}?fields=…`; 204 when it is not related."""
    params.only(request, "fields")
    known, far = _sides(world, module, record_id, related)
    found = _rows(world, known, record_id, far)
    data = _listed(world, request, far, [found[other]] if other in found else [])
    return Response(200, {"data": data}) if data else Response(204)


def relate(world: World, request: Request, module: str, record_id: str, related: str) -> Response:
    """`PUT /{module}/{id}/{related_list}`, each element naming the other record by `id`."""
    known, far = _pair(world, request, module, record_id, related)
    given = params.records(params.body(request, "data"))
    return _each(given, lambda values, path: _relate(world, known, record_id, far, values.get("id"), values, path))


def relate_one(  # noqa: PLR0917 - one value each, named by the path
    world: World, request: Request, module: str, record_id: str, related: str, other: str
) -> Response:
    """`PUT /{module}/{id}/{related_list}/{record}`."""
    known, far = _pair(world, request, module, record_id, related)
    given = params.records(params.body(request, "data"))
    return _each(given, lambda values, path: _relate(world, known, record_id, far, other, values, path))


def separate(world: World, request: Request, module: str, record_id: str, related: str) -> Response:
    """`DELETE /{module}/{id}/{related_list}?ids=a,b`: the relation, not the record."""
    params.only(request, "ids")
    known, far = _pair(world, None, module, record_id, related)
    ids = [one for one in request.query.get("ids", "").split(",") if one]
    if not ids:
        raise missing_param("ids")
    return _each(ids, lambda other, _: _separate(world, known, record_id, far, other))


def separate_one(  # noqa: PLR0917 - one value each, named by the path
    world: World, request: Request, module: str, record_id: str, related: str, other: str
) -> Response:
    """`DELETE /{module}/{id}/{related_list}/{record}`."""
    known, far = _pair(world, request, module, record_id, related)
    return _each([other], lambda one, _: _separate(world, known, record_id, far, one))


def _pair(world: World, request: Request | None, module: str, record_id: str, related: str) -> tuple[Module, Module]:
    if request is not None:
        params.only(request)
    known, far = _sides(world, module, record_id, related)
    if not _is_pair(module, related):
        raise RefusedError("CANNOT_BE_UPDATED", "the relation cannot be updated", {"resource_path_index": 2})
    return known, far


def _each(given: list[Any], act: Any) -> Response:
    elements: list[Element] = []
    for number, values in enumerate(given):
        try:
            elements.append(act(values, f"$.data[{number}]"))
        except RefusedError as error:
            elements.append(error.body())
    return Response(overall({str(one["code"]) for one in elements}, 200), {"data": elements})


def _relate(  # noqa: PLR0917 - one value each, named at every call
    world: World, module: Module, record_id: str, far: Module, other: Any, values: Any, path: str
) -> Element:
    if not isinstance(values, dict):
        raise invalid_data({"expected_data_type": "jsonobject", "json_path": path})
    if other is None:
        raise RefusedError(
            "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "id", "json_path": f"{path}.id"}
        )
    if world.store.table(far.table).get(str(other)) is None:
        details = {"id": other, "api_name": "id", "json_path": f"{path}.id"}
        raise invalid_data(details, "the related id given seems to be invalid")
    priced = "Price_Books" in {module.api_name, far.api_name}
    for name in values:
        if name != "id" and not (priced and name == _PRICE):
            raise invalid_data({"api_name": name, "json_path": f"{path}.{name}"})
    key, row = _key(module.api_name, record_id, far.api_name, str(other))
    if priced:
        row[_PRICE] = _price(values.get(_PRICE), (_table(world).get(key) or {}).get(_PRICE), path)
    _table(world).put(key, {**row, "at": organisation.local_time(world.clock.now())})
    return {"code": "SUCCESS", "details": {"id": other}, "message": "relation added", "status": "success"}


def _price(given: Any, before: Any, path: str) -> Any:
    details = {"api_name": _PRICE, "json_path": f"{path}.{_PRICE}"}
    if given is None and before is None:
        raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    if given is not None and (isinstance(given, bool) or not isinstance(given, int | float)):
        raise invalid_data(details | {"expected_data_type": "currency"})
    return before if given is None else given


def _separate(world: World, module: Module, record_id: str, far: Module, other: str) -> Element:
    key, _ = _key(module.api_name, record_id, far.api_name, other)
    if _table(world).remove(key) is None:
        raise invalid_data({"id": other}, "relation not found")
    return {"code": "SUCCESS", "details": {"id": other}, "message": "relation removed", "status": "success"}


def move(world: World, module: str, old: str, new: str) -> None:
    """Relations of one record go to another of the same module; the other's own relation stays."""
    for related in PARTNERS if module == "Products" else ["Products"] if module in PARTNERS else []:
        for other, row in _relations(world, module, old, related).items():
            _table(world).remove(_key(module, old, related, other)[0])
            key, moved = _key(module, new, related, other)
            if _table(world).get(key) is None:
                _table(world).put(key, {**row, **moved})
