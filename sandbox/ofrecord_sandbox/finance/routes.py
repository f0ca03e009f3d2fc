"""Routes of both doors: `/inventory/v1` and `/books/v3` over one store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import (
    accounts,
    adjustments,
    bills,
    bulk,
    composites,
    contacts,
    converting,
    creditnotes,
    engine,
    estimates,
    fields,
    itemgroups,
    items,
    journals,
    listing,
    mails,
    money,
    purchases,
    recurring,
    refunds,
    returns,
    sales,
    settings,
    shipping,
    transfers,
    units,
    upserts,
    users,
    vendorpayments,
    writeoffs,
)
from ofrecord_sandbox.finance.answers import RefusedError, done
from ofrecord_sandbox.finance.custom import setup_fields
from ofrecord_sandbox.finance.declare import BOOKS, INVENTORY, PATHS, RESOURCES, Resource
from ofrecord_sandbox.finance.guard import rate_headers
from ofrecord_sandbox.finance.paper import paper
from ofrecord_sandbox.finance.words import said
from ofrecord_sandbox.web import Handler, Request, Response
from ofrecord_sandbox.world import World

FOUNDED = datetime(2020, 1, 1, 17, tzinfo=UTC)
"""When the organisation was set up: always the same, so that two worlds are equal."""
_SETTINGS = ("currencies", "taxes")
_ANSWERED = ("/units", "/chartofaccounts")
"""Lists that a module answers itself."""
_PRINTED = ("salesorders",)
_UNLISTED = ("shipmentorders",)


_MODULES = (
    accounts,
    bills,
    estimates,
    itemgroups,
    journals,
    mails,
    purchases,
    recurring,
    refunds,
    transfers,
    units,
    users,
)
"""Modules that say their further calls themselves."""
DECLARING = (adjustments, composites, vendorpayments)
"""Modules whose resources are all they have."""


def add_routes(world: World) -> None:
    """Hang everything on the world's router."""
    for door in (INVENTORY, BOOKS):
        add = partial(_add, world, PATHS[door])
        _literal(add, door)
        for module in _MODULES:
            for method, path, handler in module.paths(door):
                add(method, path, handler)
        for resource in RESOURCES.values():
            if door in resource.doors:
                _generic(add, resource, door)


def _add(world: World, root: str, method: str, path: str, handler: Callable[..., Response]) -> None:
    world.router.add(method, root + path, _served(handler))


def _served(handler: Callable[..., Response]) -> Handler:
    def serve(world: World, request: Request, **values: str) -> Response:
        ensure(world)
        try:
            _organization(world, request)
            response = handler(world, request, **values)
        except RefusedError as refusal:
            response = refusal.response()
        if not request.internal:
            response.headers.update(rate_headers(world))
        return response

    return serve


def ensure(world: World) -> None:
    """Organisation and custom fields exist (again, after a reset)."""
    if world.store.table("finance/organizations").get(settings.ORGANIZATION) is None:
        with world.clock.at(FOUNDED):
            settings.install(world)
            setup_fields(world)


def _organization(world: World, request: Request) -> None:
    given = request.query.get("organization_id")
    if given is None:
        if request.internal or request.path.endswith("/organizations"):
            return
        raise RefusedError(4, "Invalid value passed for organization_id")
    if world.store.table("finance/organizations").get(given) is None:
        raise RefusedError(6041, f"This user is not associated with the CompanyID/CompanyName:{given}.")


def _generic(add: Callable[..., None], resource: Resource, door: str) -> None:
    path = ("/settings/" if resource.collection in _SETTINGS else "/") + resource.collection
    one = f"{path}/{{key}}"

    if resource.collection not in _UNLISTED and path not in _ANSWERED:
        add("GET", path, partial(_list, resource=resource, door=door))
    add("POST", path, partial(engine.create, resource=resource, door=door))
    if resource.upsert:
        add("PUT", path, partial(upserts.upsert, resource=resource, door=door))
    add("GET", one, partial(_read, resource=resource, door=door))
    add("PUT", one, partial(_put, resource=resource, door=door))
    add("DELETE", one, partial(_delete, resource=resource, door=door))
    if resource.fresh.get("status") == "active" and "_state" not in resource.fresh and path != "/itemgroups":
        for state in ("active", "inactive"):
            add("POST", f"{one}/{state}", partial(_mark, resource=resource, state=state, door=door))
    if resource.module:
        singular = "customerpayment" if resource.singular == "payment" else resource.singular
        add("PUT", f"/{singular}/{{key}}/customfields", partial(fields.write, resource=resource, door=door))


def _read(world: World, request: Request, key: str, resource: Resource, door: str) -> Response:
    engine.only_query(request, "accept", "print")
    record = engine.found(world, resource, key)
    wanted = {request.query.get("accept"), request.headers.get("accept")}
    if resource.number and not wanted.isdisjoint({"pdf", "application/pdf"}):
        return Response(200, paper(str(record[resource.number[0]])), {"content-type": "application/pdf"})
    return engine.shown_as(resource, engine.detail(world, resource, record, door), door)


def _put(world: World, request: Request, key: str, resource: Resource, door: str) -> Response:
    return engine.update(world, request, resource, door, key)


def _delete(world: World, request: Request, key: str, resource: Resource, door: str) -> Response:
    return engine.remove(world, request, resource, door, key)


def _mark(world: World, request: Request, key: str, *, resource: Resource, state: str, door: str) -> Response:
    engine.only_query(request)
    record = engine.found(world, resource, key)
    if record["status"] != state:
        engine.keep(world, resource, record | {"status": state})
    return done(message=said(resource, state, door), status=resource.mark_status)


def _list(world: World, request: Request, resource: Resource, door: str) -> Response:
    """A page of a collection; `accept=pdf` prints the sales orders of Books."""
    if resource.collection not in _PRINTED or door != BOOKS:
        return listing.answer(world, request, resource, door)
    accept, _ = request.query.pop("accept", "json"), request.query.pop("print", "")
    answer = listing.answer(world, request, resource, door)
    if accept != "pdf" or resource.number is None:
        return answer
    numbers = [str(row[resource.number[0]]) for row in answer.content[resource.list_key or resource.collection]]
    return Response(200, paper(" ".join(numbers)), {"content-type": "application/pdf"})


def _literal(add: Callable[..., None], door: str) -> None:
    fixed: list[tuple[str, str, Any]] = [
        ("GET", "/organizations", settings.organizations),
        ("GET", "/organizations/{organization_id}", settings.organization),
        ("GET", "/settings/preferences", fields.preferences),
        ("POST", "/settings/customfields", fields.add),
        ("PUT", "/settings/customfields/{customfield_id}", fields.change),
        ("DELETE", "/settings/customfields/{customfield_id}", fields.remove),
        ("GET", "/itemdetails", partial(items.details, door=door)),
        ("POST", "/contacts/contactpersons", contacts.add_person),
        ("GET", "/contacts/contactpersons/{contact_person_id}", contacts.get_person),
        ("PUT", "/contacts/contactpersons/{contact_person_id}", contacts.update_person),
        ("DELETE", "/contacts/contactpersons/{contact_person_id}", contacts.remove_person),
        ("POST", "/contacts/contactpersons/{contact_person_id}/primary", contacts.make_primary),
        ("GET", "/contacts/{contact_id}/contactpersons", contacts.list_people),
        ("GET", "/contacts/{contact_id}/contactpersons/{contact_person_id}", contacts.get_person),
        ("GET", "/contacts/{contact_id}/address", contacts.addresses),
        ("POST", "/salesorders/status/confirmed", sales.confirm_many),
        ("GET", "/creditnotes/{creditnote_id}/invoices", creditnotes.applications),
        ("POST", "/creditnotes/{creditnote_id}/invoices", creditnotes.apply_credit),
        ("DELETE", "/creditnotes/{creditnote_id}/invoices/{creditnote_invoice_id}", creditnotes.take_back),
        ("POST", "/invoices/fromsalesorder", partial(converting.from_order, door=door)),
    ]
    confirmed = "confirmed" if door == INVENTORY else "open"
    fixed += [
        ("POST", f"/salesorders/{{salesorder_id}}/status/{word}", partial(sales.set_state, state=state, door=door))
        for word, state in ((confirmed, "confirmed"), ("void", "void"))
    ]
    fixed += [
        ("POST", f"/invoices/{{invoice_id}}/status/{state}", partial(money.set_invoice, state=state, door=door))
        for state in ("sent", "void", "draft")
    ]
    fixed += [
        ("POST", "/invoices/{invoice_id}/writeoff", writeoffs.write_off),
        ("POST", "/invoices/{invoice_id}/writeoff/cancel", writeoffs.cancel),
    ]
    credit = {"converttoopen": "open", "void": "void", "draft": "draft"}
    for word, state in credit.items():
        path = f"/creditnotes/{{creditnote_id}}/{word if door == INVENTORY else f'status/{state}'}"
        fixed.append(("POST", path, partial(creditnotes.set_credit, state=state, door=door)))
    gone = ("items", "salesorders") if door == INVENTORY else ("contacts", "invoices")
    fixed += [("DELETE", f"/{collection}", partial(bulk.remove, collection=collection)) for collection in gone]
    if door == INVENTORY:
        fixed += [
            ("POST", "/items/active", partial(bulk.mark, collection="items", state="active")),
            ("POST", "/items/inactive", partial(bulk.mark, collection="items", state="inactive")),
            ("POST", "/shipmentorders/{shipment_id}/status/delivered", shipping.deliver),
            ("POST", "/salesreturnreceives", returns.receive),
            ("DELETE", "/salesreturnreceives/{salesreturnreceive_id}", returns.unreceive),
        ]
    if door == BOOKS:
        invoices, notes = money.INVOICES, creditnotes.CREDITS
        fixed += [
            ("GET", "/invoices/{key}/customfields", partial(fields.read_all, resource=invoices)),
            ("GET", "/creditnotes/{key}/customfields", partial(fields.read_all, resource=notes)),
            ("POST", "/creditnotes/{key}/customfields", partial(fields.write_all, resource=notes)),
        ]
    for method, path, handler in fixed:
        add(method, path, handler)
