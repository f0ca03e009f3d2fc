# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`
"""Customers, vendors and their contact persons ("Contacts", "Contact Persons").

Codes 3000, 3013 and 9004 with their words are those of Zoho Invoice v3 ("Contacts", "Possible error codes"), 3062 was met live.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import engine, pricelists
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, declared, exactly, matching
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import (
    Kind,
    dec,
    flag,
    identifier,
    many,
    num,
    number,
    one_of,
    shape,
    text,
    whole,
)  # fmt: skip
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_ADDRESS: dict[str, Kind] = {
    "attention": text(100), "address": text(500), "street2": text(255), "city": text(100), "state": text(100),
    "state_code": text(100), "zip": text(50), "country": text(100), "country_code": text(5), "phone": text(50), "fax": text(50),
    "address_id": identifier,
}  # fmt: skip
_CHANNELS = shape({"is_sms_enabled": flag, "is_whatsapp_enabled": flag, "is_email_enabled": flag})
_PERSON: dict[str, Kind] = {
    "salutation": text(25), "first_name": text(100), "last_name": text(100), "email": text(100), "phone": text(50),
    "mobile": text(50), "designation": text(50), "department": text(50), "skype": text(50), "is_primary_contact": flag,
    "enable_portal": flag, "communication_preference": _CHANNELS,
}  # fmt: skip
_NESTED = _PERSON | {"contact_person_id": identifier, "designation": text(100)}
"""A person within a contact: the OpenAPI file of Books takes a longer designation there than in the persons' own calls."""
_SHOWN_PERSON = ("first_name", "last_name", "email", "phone", "mobile")
_OF_CUSTOMERS = (
    "salesorders", "invoices", "customerpayments", "creditnotes", "salesreturns", "estimates", "recurringinvoices",
)  # fmt: skip
_HAS_DOCUMENTS = "This contact cannot be deleted since you have recorded transactions for it"
_TEXTS = (
    "legal_name", "language_code", "vat_reg_no", "tax_reg_no", "country_code", "vat_treatment", "tax_treatment", "tax_regime",
    "place_of_contact", "gst_no", "gst_treatment", "facebook", "twitter",
)  # fmt: skip


def people(world: World) -> Table:
    """All contact persons."""
    return world.store.table("finance/contactpersons")


def people_of(world: World, contact_id: str) -> list[Record]:
    """Persons of one contact, oldest first."""
    table = people(world)
    return [table.rows[key] for key in table.index("contact", lambda one: (one["contact_id"],)).ids(contact_id)]


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    _named(world, record)
    currencies = world.store.table("finance/currencies").rows
    if record["currency_id"] == "":
        record["currency_id"] = next(key for key, one in currencies.items() if one["is_base_currency"])
    if record["currency_id"] not in currencies:
        raise RefusedError(9004, "This currency does not exist. Please choose a valid currency")
    for key in ("currency_code", "currency_symbol"):
        record[key] = currencies[record["currency_id"]][key]
    if record["pricebook_id"] != "" and pricelists.PRICEBOOKS.table(world).get(record["pricebook_id"]) is None:
        raise absent("Price list")
    for side in ("billing_address", "shipping_address"):
        _address(world, record, before, given, side)
    record["_persons"] = record.pop("contact_persons", None)
    _persons(world, record, record["_persons"] or [])


def _named(world: World, record: Record) -> None:
    """The display name: there, and nobody else's."""
    name = record["contact_name"] = record["contact_name"].strip()
    if not name:
        raise RefusedError(3013, "Enter a valid Contact Name")
    same = CONTACTS.table(world).index("name", lambda one: (one["contact_name"].casefold(),)).ids(name.casefold())
    if any(key != record["contact_id"] for key in same):
        kind = record["contact_type"]
        raise RefusedError(3062, f'The {kind} "{name}" already exists. Please specify a different name.')


def _persons(world: World, record: Record, sent: list[Record]) -> None:
    """Nested persons: one primary at most, and none of another contact."""
    if sum(bool(one.get("is_primary_contact")) for one in sent) > 1:
        raise invalid("is_primary_contact")
    own = people_of(world, record["contact_id"]) if record["contact_id"] else []
    if {one.get("contact_person_id", "") for one in sent} - {one["contact_person_id"] for one in own} - {""}:
        raise absent("Contact person")


def _address(world: World, record: Record, before: Record | None, given: Mapping[str, Any], side: str) -> None:
    empty = dict.fromkeys(_ADDRESS, "")
    old = (before or {}).get(side, empty)
    if side not in given:
        record[side] = old if before is not None else empty | {"address_id": engine.new_id(world)}
        return
    below = empty if doubts.address_replaced else old
    record[side] = below | record[side] | {"address_id": old["address_id"] or engine.new_id(world)}


def _saved(world: World, record: Record) -> None:
    sent = record.pop("_persons", None)
    contact_id = record["contact_id"]
    if sent is not None:
        kept = {one.get("contact_person_id", "") for one in sent}
        for one in people_of(world, contact_id):
            if one["contact_person_id"] not in kept and doubts.persons_put_drops_missing:
                people(world).remove(one["contact_person_id"])
        for one in sent:
            write_person(world, contact_id, one, one.get("contact_person_id", ""))
    settle_primary(world, contact_id, touch=False)


def write_person(world: World, contact_id: str, given: Mapping[str, Any], person_id: str = "") -> str:
    """Keep a person of a contact; returns its id."""
    empty = dict.fromkeys(_PERSON, "") | {
        "is_primary_contact": False, "enable_portal": False, "communication_preference": {}, "contact_id": contact_id,
    }  # fmt: skip
    record = (people(world).get(person_id) or empty) | dict(given)
    record["contact_person_id"] = person_id or engine.new_id(world)
    if record["is_primary_contact"]:
        for other in people_of(world, contact_id):
            if other["contact_person_id"] != record["contact_person_id"] and other["is_primary_contact"]:
                people(world).put(other["contact_person_id"], other | {"is_primary_contact": False})
    people(world).put(str(record["contact_person_id"]), record)
    return str(record["contact_person_id"])


def settle_primary(world: World, contact_id: str, *, touch: bool) -> None:
    """The first person is primary when none is; the contact shows the primary person's names and numbers."""
    persons = people_of(world, contact_id)
    primary = next((one for one in persons if one["is_primary_contact"]), None)
    if primary is None and persons:
        primary = persons[0] | {"is_primary_contact": True}
        people(world).put(primary["contact_person_id"], primary)
    shown = {key: (primary or {}).get(key, "") for key in _SHOWN_PERSON}
    shown["primary_contact_id"] = (primary or {}).get("contact_person_id", "")
    engine.keep(world, CONTACTS, engine.found(world, CONTACTS, contact_id) | shown, touch=touch)


def _show(world: World, record: Record) -> dict[str, Any]:
    prices = pricelists.PRICEBOOKS.table(world).get(record["pricebook_id"]) or {}
    return {
        "contact_persons": [_person(one) for one in people_of(world, record["contact_id"])],
        "pricebook_name": prices.get("name", ""),
    }


def _person(one: Record) -> dict[str, Any]:
    return {key: value for key, value in one.items() if not key.startswith("_")}


def _owed(world: World, record: Record) -> dict[str, Any]:
    if record["contact_type"] == "vendor":
        due = (dec(one["balance"]) for one in documents(world, "bills", record["contact_id"], "vendor")
               if one["_state"] == "open")  # fmt: skip
        return {
            "outstanding_receivable_amount": 0, "unused_credits_receivable_amount": 0,
            "outstanding_payable_amount": num(sum(due, Decimal(0))),
        }  # fmt: skip
    owed = sum(
        (dec(one["balance"]) for one in documents(world, "invoices", record["contact_id"]) if one["_state"] == "sent"),
        Decimal(0),
    )
    unused = sum(
        (
            dec(one["balance"])
            for one in documents(world, "creditnotes", record["contact_id"])
            if one["_state"] == "open"
        ),
        Decimal(0),
    )
    return {"outstanding_receivable_amount": num(owed), "unused_credits_receivable_amount": num(unused)}


def documents(world: World, collection: str, contact_id: str, party: str = "customer") -> list[Record]:
    """Documents of a collection that name this customer or vendor."""
    table = world.store.table(f"finance/{collection}")
    return [table.rows[key] for key in table.index(party, lambda one: (one[f"{party}_id"],)).ids(contact_id)]


def _removable(world: World, record: Record) -> None:
    for collection in _OF_CUSTOMERS:
        if documents(world, collection, record["contact_id"]):
            raise RefusedError(3000, _HAS_DOCUMENTS)
    for collection in ("purchaseorders", "bills", "vendorpayments"):
        if documents(world, collection, record["contact_id"], "vendor"):
            raise RefusedError(3000, _HAS_DOCUMENTS)


def _removed(world: World, record: Record) -> None:
    for one in people_of(world, record["contact_id"]):
        people(world).remove(one["contact_person_id"])


CONTACTS = declared(
    Resource(
        collection="contacts", singular="contact", id_key="contact_id", words="Contact", module="contact",
        writable={
            "contact_name": text(200), "company_name": text(200), "contact_type": one_of("customer", "vendor"),
            "customer_sub_type": one_of("business", "individual", ""), "website": text(200), "currency_id": identifier,
            "payment_terms": whole, "credit_limit": number, "pricebook_id": identifier, "owner_id": identifier,
            "notes": text(5000), "billing_address": shape(_ADDRESS), "shipping_address": shape(_ADDRESS),
            "contact_persons": many(shape(_NESTED)), "is_taxable": flag,
            "tax_id": identifier, "is_portal_enabled": flag, "contact_number": text(200),
            "payment_terms_label": text(200), **{key: text(100) for key in _TEXTS},
        },
        required=("contact_name",),
        fresh={
            "contact_name": "", "company_name": "", "contact_type": "customer", "customer_sub_type": "business", "website": "",
            "currency_id": "", "payment_terms": 0, "payment_terms_label": "Due on Receipt", "credit_limit": "",
            "pricebook_id": "", "notes": "", "status": "active", "is_linked_with_zohocrm": False, "zcrm_account_id": "",
            "zcrm_contact_id": "", "zcrm_vendor_id": "", "first_name": "", "last_name": "", "email": "", "phone": "",
            "mobile": "", "source": "api",
        },
        row=(
            "contact_name", "company_name", "contact_type", "customer_sub_type", "status", "payment_terms",
            "payment_terms_label", "currency_id", "currency_code", "is_linked_with_zohocrm", "first_name", "last_name",
            "email", "phone", "mobile", "created_time", "last_modified_time", "source",
        ),
        filters=matching("contact_name", "company_name", "first_name", "last_name", "email", "phone")
        | exactly("contact_type", "zcrm_contact_id", "zcrm_account_id", "zcrm_vendor_id"),
        deaf={INVENTORY: frozenset({"contact_type", "zcrm_contact_id", "zcrm_account_id", "zcrm_vendor_id"})},
        sorts=("contact_name", "first_name", "last_name", "email", "created_time", "last_modified_time"),
        sort=("contact_name", "A"), search=("contact_name", "company_name", "email", "phone", "first_name", "last_name"),
        check=_check, saved=_saved, show=_show, derive=_owed, removable=_removable, removed=_removed, upsert=True,
    )
)  # fmt: skip


def list_people(world: World, request: Request, contact_id: str) -> Response:
    """`GET /contacts/{id}/contactpersons`."""
    engine.only_query(request, "page", "per_page")
    engine.found(world, CONTACTS, contact_id)
    rows = [_person(one) for one in people_of(world, contact_id)]
    context = {
        "page": 1,
        "per_page": 200,
        "has_more_page": False,
        "sort_column": "contact_person_id",
        "sort_order": "A",
    }
    return Response(200, {"code": 0, "message": "success", "contact_persons": rows, "page_context": context})


def add_person(world: World, request: Request) -> Response:
    """`POST /contacts/contactpersons`."""
    engine.only_query(request)
    given = shape(_PERSON | {"contact_id": identifier})("body", engine.body_of(request))
    if not given.get("first_name"):
        raise invalid("first_name")
    contact = engine.found(world, CONTACTS, given.get("contact_id", ""))
    person_id = write_person(world, contact["contact_id"], given)
    return _written(world, contact["contact_id"], person_id, "created", 201)


def update_person(world: World, request: Request, contact_person_id: str) -> Response:
    """`PUT /contacts/contactpersons/{id}`."""
    engine.only_query(request)
    one = _known(world, contact_person_id)
    given = shape(_PERSON | {"contact_id": identifier})("body", engine.body_of(request))
    if given.pop("contact_id", one["contact_id"]) != one["contact_id"]:
        raise invalid("contact_id")
    write_person(world, one["contact_id"], given, contact_person_id)
    return _written(world, one["contact_id"], contact_person_id, "updated", 200)


def make_primary(world: World, request: Request, contact_person_id: str) -> Response:
    """`POST /contacts/contactpersons/{id}/primary`."""
    engine.only_query(request)
    one = _known(world, contact_person_id)
    write_person(world, one["contact_id"], {"is_primary_contact": True}, contact_person_id)
    settle_primary(world, one["contact_id"], touch=doubts.person_bumps_contact)
    return done(message="This contact person has been marked as your primary contact person.")


def remove_person(world: World, request: Request, contact_person_id: str) -> Response:
    """`DELETE /contacts/contactpersons/{id}`."""
    engine.only_query(request)
    one = _known(world, contact_person_id)
    people(world).remove(contact_person_id)
    settle_primary(world, one["contact_id"], touch=doubts.person_bumps_contact)
    return done(message="The contact person has been deleted.")


def get_person(world: World, request: Request, contact_person_id: str, contact_id: str = "") -> Response:
    """`GET /contacts[/{id}]/contactpersons/{id}`."""
    engine.only_query(request)
    one = _known(world, contact_person_id)
    if contact_id and one["contact_id"] != contact_id:
        raise absent("Contact person")
    return done("contact_person", _person(one))


def addresses(world: World, request: Request, contact_id: str) -> Response:
    """`GET /contacts/{id}/address`."""
    engine.only_query(request)
    contact = engine.found(world, CONTACTS, contact_id)
    return done("addresses", [contact["billing_address"], contact["shipping_address"]])


def _known(world: World, contact_person_id: str) -> Record:
    one = people(world).get(contact_person_id)
    if one is None:
        raise absent("Contact person")
    return one


def _written(world: World, contact_id: str, person_id: str, verb: str, status: int) -> Response:
    settle_primary(world, contact_id, touch=doubts.person_bumps_contact)
    one = _person(_known(world, person_id))
    shown = [one] if doubts.person_in_array else one
    return done("contact_person", shown, f"The contact person has been {verb}.", status)
