"""OAuth scopes: which one each kind of call needs, and which ones a granted set covers.

Form `Service.group.OPERATION`; OPERATION is ALL, READ, CREATE, UPDATE, DELETE, of the CRM also WRITE.
Sources: Zoho CRM v8 docs, "Scopes" and the scope line of each call; the `security` sections of the vendor's OpenAPI files of
Zoho Inventory v1 and Zoho Books v3; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable

from ofrecord_kit.vendors import finance

SERVICES = {"crm": "ZohoCRM", "inventory": "ZohoInventory", "books": "ZohoBooks"}
_INVENTORY_GROUPS = {
    "locations": "settings", "pricebooks": "settings", "taxes": "settings", "currencies": "settings", "users": "settings",
    "organizations": "settings", "units": "items", "itemgroups": "items", "stock": "items", "contact_persons": "contacts",
    "contactpersons": "contacts", "shipments": "packages", "salesorder_documents": "salesorders", "vendorcredits": "debitnotes",
}  # fmt: skip
"""Groups that are not named like the resource (OpenAPI, Zoho Inventory v1)."""
_BOOKS_GROUPS = {
    "items": "settings", "pricebooks": "settings", "locations": "settings", "taxes": "settings", "currencies": "settings",
    "organizations": "settings", "users": "settings", "refunds": "creditnotes", "contact_persons": "contacts",
    "recurringinvoices": "invoices", "chartofaccounts": "accountants", "journals": "accountants",
}  # fmt: skip
"""The same for Books, where items belong to the settings (OpenAPI, Zoho Books v3)."""
_BOOKS_ALONE = {"journals": "accountants", "chartofaccounts": "accountants", "accounts": "accountants"}
"""What only that door has, whichever is meant."""
_CRM_BESIDE = {
    "users": ["ZohoCRM.users.READ"],
    "org": ["ZohoCRM.org.READ"],
    "currencies": ["ZohoCRM.settings.currencies.READ"],
    "custom_views": ["ZohoCRM.settings.custom_views.READ"],
    "fields": ["ZohoCRM.settings.fields.READ"],
}
"""What stands beside the modules of the CRM (scope lines of "Users", "Organization", "Currencies", "Custom Views", "Fields")."""
STREAMS = {
    "crm": (*_CRM_BESIDE, "Notes", "Attachments"),
    "inventory": (
        "organizations", "items", "compositeitems", "itemgroups", "units", "locations", "stock", "pricebooks", "contacts",
        "contactpersons", "salesorders", "packages", "shipments", "invoices", "creditnotes", "salesreturns", "purchaseorders",
        "purchasereceives", "bills", "inventoryadjustments", "transferorders", "users", "taxes", "currencies",
        "salesorder_documents",
    ),
    "books": (
        "organizations", "contacts", "items", "invoices", "customerpayments", "creditnotes", "refunds", "estimates",
        "salesorders", "recurringinvoices", "bills", "vendorpayments", "chartofaccounts", "journals", "taxes", "currencies",
    ),
}  # fmt: skip
"""The streams of the taps; those of the CRM that are no modules of the organisation's own choosing."""
ANY_MODULE = "every module"
_FULL = "fullaccess"
_WRITES = ("create", "update", "delete")


def scope(system: str, object_: str, operation: str) -> str:
    """The scope of one operation on a module or resource.

    >>> scope("crm", "Price_Books", "READ"), scope("inventory", "pricebooks", "READ"), scope("books", "items", "UPDATE")
    ('ZohoCRM.modules.pricebooks.READ', 'ZohoInventory.settings.READ', 'ZohoBooks.settings.UPDATE')
    """
    name = object_.lower()
    if system == "crm":
        return f"ZohoCRM.modules.{name.replace('_', '')}.{operation}"
    if name in _BOOKS_ALONE:
        return f"{SERVICES['books']}.{_BOOKS_ALONE[name]}.{operation}"
    groups = _INVENTORY_GROUPS if system == "inventory" else _BOOKS_GROUPS
    return f"{SERVICES[system]}.{groups.get(name, name)}.{operation}"


def reading(system: str, object_: str) -> list[str]:
    """Lists, details and lists of deleted records.

    >>> reading("crm", "users"), reading("books", "refunds")
    (['ZohoCRM.users.READ'], ['ZohoBooks.creditnotes.READ'])
    """
    beside = _CRM_BESIDE.get(object_) if system == "crm" else None
    return list(beside) if beside else [scope(system, object_, "READ")]


def of_streams(system: str) -> dict[str, list[str]]:
    """Stream to the scopes it needs, as `--about` says it. That bulk reads need more than their own is UNVERIFIED."""
    found = {name: reading(system, name) for name in STREAMS[system]}
    if system == "crm":
        modules = ["ZohoCRM.settings.modules.READ", "ZohoCRM.modules.{module}.READ", "ZohoCRM.coql.READ"]
        found = {ANY_MODULE: [*modules, *describing("crm"), "ZohoCRM.bulk.READ"], **found}
    return found


def missing_scopes(granted: Iterable[str], needed: Iterable[str]) -> list[str]:
    """Those needed that the granted ones do not cover."""
    have = list(granted)
    return [one for one in needed if not covers(have, one)]


def wider_scopes(granted: Iterable[str], needed: Iterable[str]) -> list[str]:
    """Those granted that are not needed as they are: they allow more, or something else."""
    wanted = {one.lower() for one in needed}
    return sorted({one for one in granted if one.lower() not in wanted})


def describing(system: str) -> list[str]:
    """To learn the types of fields, when catalogs are captured, and what they take, before a write ("Fields Metadata")."""
    return ["ZohoCRM.settings.fields.READ"] if system == "crm" else []


def finding(system: str, object_: str) -> list[str]:
    """Looking records up by a field: a COQL query of the CRM ("Query API"), a filtered list of the finance APIs."""
    return [*(["ZohoCRM.coql.READ"] if system == "crm" else []), scope(system, object_, "READ")]


def creating(system: str, object_: str, external_id: str | None) -> list[str]:
    """With an external id the CRM upserts, which needs both ("Upsert Records").

    Inventory has no such call: records with a custom external id are made by an update through the Books door
    (X-Upsert). That UPDATE alone is enough for it is UNVERIFIED.
    """
    if system == "crm":
        return [scope(system, object_, "CREATE"), *([scope(system, object_, "UPDATE")] if external_id else [])]
    keyed = external_id is not None and external_id.startswith("cf_") and object_ in finance.UPSERTED
    return [scope("books", object_, "UPDATE") if keyed else scope(system, object_, "CREATE")]


def updating(system: str, object_: str, fields: Iterable[str]) -> list[str]:
    """Changing these fields. Where all of an order's are custom ones, the Books door takes them alone.

    ("Update custom field in existing salesorders", Zoho Books v3 docs.) Some fields of a contact only that door names.
    """
    names = list(fields)
    if system == "inventory" and object_ == "contacts" and not finance.CONTACT_IN_BOOKS.isdisjoint(names):
        return [scope(system, object_, "UPDATE"), scope("books", object_, "UPDATE")]
    through_books = system == "inventory" and object_ == "salesorders" and any(name.startswith("cf_") for name in names)
    if not through_books:
        return [scope(system, object_, "UPDATE")]
    alone = all(name.startswith("cf_") for name in names)
    return [*([] if alone else [scope(system, object_, "UPDATE")]), scope("books", object_, "UPDATE")]


def acting(system: str, object_: str) -> list[str]:
    """Status actions and the choice of a primary person are POST calls, which need CREATE (OpenAPI)."""
    return [scope(system, object_, "UPDATE" if system == "crm" else "CREATE")]


def deleting(system: str, object_: str) -> list[str]:
    """Deleting records, which the rules must ask for by name."""
    return [scope(system, object_, "DELETE")]


def telling(system: str, object_: str, *, mails: bool) -> list[str]:
    """Reading the document that is told of; mailing it, and looking into its history, which are calls of the Books door."""
    read = [scope(system, object_, "READ")]
    return [*read, scope("books", object_, "CREATE"), scope("books", object_, "READ")] if mails else read


def attaching(system: str, printed: str) -> list[str]:
    """Files beside records ("Attachments"), printed by the Books door."""
    beside = [f"{SERVICES[system]}.modules.attachments.{one}" for one in ("READ", "CREATE")]
    return [*beside, scope("books", printed, "READ")]


def looking_up(system: str, kind: str) -> list[str]:
    """Entries of a list of the vendor, such as taxes."""
    return [] if system == "crm" else [scope(system, kind, "READ")]


def telling_time(system: str) -> list[str]:
    """The time zone of the organisation ("Get Organization Data", "Organizations")."""
    return reading(system, "org" if system == "crm" else "organizations")


def covers(granted: Iterable[str], wanted: str) -> bool:
    """Is a scope among those granted, or part of a wider one?

    >>> covers(["ZohoCRM.modules.ALL"], "ZohoCRM.modules.products.READ")
    True
    >>> covers(["ZohoCRM.modules.products.READ"], "ZohoCRM.modules.products.UPDATE")
    False
    """
    have = {one.strip().lower() for one in granted}
    service, *groups, operation = wanted.lower().split(".")
    wider = {f"{service}.{_FULL}.all", f"{service}.{_FULL}.{operation}"}
    for length in range(1, len(groups) + 1):
        stem = ".".join([service, *groups[:length]])
        wider |= {f"{stem}.{operation}", f"{stem}.all"}
        if operation in _WRITES:
            wider.add(f"{stem}.write")
    return not have.isdisjoint(wider)
