"""Price lists, deletions, lists of lines and filters that are not heard: what the finance APIs do with master data and lists."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Shop(Finance):
    """A world with a customer and two stocked items."""

    def __init__(self) -> None:
        super().__init__()
        self.customer = self.contact("Nordlicht")["contact_id"]
        self.bolt, self.nut = self.item("Bolt"), self.item("Nut")

    def contact(self, name: str, **more: Any) -> dict[str, Any]:
        return dict(self.ok("POST", f"{INVENTORY}/contacts", {"contact_name": name, **more})["contact"])

    def item(self, name: str) -> str:
        body = {"name": name, "sku": name, "rate": 10, "item_type": "inventory", "initial_stock": 30}
        return str(self.ok("POST", f"{INVENTORY}/items", body)["item"]["item_id"])

    def order(self, door: str = INVENTORY, **more: Any) -> dict[str, Any]:
        body = {"customer_id": self.customer, "line_items": [{"item_id": self.bolt}], **more}
        return dict(self.ok("POST", f"{door}/salesorders", body)["salesorder"])

    def prices(self, name: str = "Friends", **more: Any) -> dict[str, Any]:
        body = {"name": name, "pricebook_type": "per_item", "sales_or_purchase_type": "sales", **more}
        return dict(self.ok("POST", f"{INVENTORY}/pricebooks", body)["pricebook"])

    def names(self, path: str, key: str) -> list[str]:
        [rows] = [value for value in self.ok("GET", path).values() if isinstance(value, list)]
        return [row[key] for row in rows]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_price_list_becomes_a_percentage_and_sleeps(shop):
    made = shop.prices(pricebook_type="fixed_percentage", percentage=10, is_increase=False)
    path = f"{INVENTORY}/pricebooks/{made['pricebook_id']}"
    changed = shop.ok("PUT", path, {"percentage": 12.5, "is_increase": True})["pricebook"]
    assert (changed["percentage"], changed["is_increase"]) == (12.5, True)
    assert shop.code("PUT", path, {"percentage": -1}) == 4
    assert shop.ok("POST", f"{path}/inactive")["message"] == "The price list has been marked inactive."
    assert shop.ok("GET", path)["pricebook"]["status"] == "inactive"


def test_a_contact_has_a_price_list_until_another_or_none_is_written(shop):
    friends, others = shop.prices(), shop.prices("Others")
    path = f"{INVENTORY}/contacts/{shop.customer}"
    for prices in (friends, others):
        shown = shop.ok("PUT", path, {"pricebook_id": prices["pricebook_id"]})["contact"]
        assert (shown["pricebook_id"], shown["pricebook_name"]) == (prices["pricebook_id"], prices["name"])
    assert shop.code("PUT", path, {"pricebook_id": "123"}) == 1002
    assert shop.code("DELETE", f"{INVENTORY}/pricebooks/{others['pricebook_id']}") == 1042
    assert shop.ok("PUT", path, {"pricebook_id": ""})["contact"]["pricebook_name"] == ""
    shop.ok("DELETE", f"{INVENTORY}/pricebooks/{others['pricebook_id']}")


def test_a_price_list_in_use_can_be_deleted_when_the_doubt_says_so(shop, monkeypatch):
    monkeypatch.setattr(finance.doubts, "used_price_list_deletable", True)
    made = shop.prices()
    shop.ok("PUT", f"{INVENTORY}/contacts/{shop.customer}", {"pricebook_id": made["pricebook_id"]})
    shop.ok("DELETE", f"{INVENTORY}/pricebooks/{made['pricebook_id']}")
    assert shop.ok("GET", f"{INVENTORY}/contacts/{shop.customer}")["contact"]["pricebook_id"] == ""


def test_a_price_list_has_its_name_alone_and_an_item_once_unless_the_doubt_says_otherwise(shop, monkeypatch):
    row = {"item_id": shop.bolt, "pricebook_rate": 8}
    shop.prices(pricebook_items=[row])
    body = {"name": "friends", "pricebook_type": "per_item", "sales_or_purchase_type": "sales"}
    assert shop.code("POST", f"{INVENTORY}/pricebooks", body) == 1041
    assert shop.code("POST", f"{INVENTORY}/pricebooks", body | {"name": "B", "pricebook_items": [row, row]}) == 4
    monkeypatch.setattr(finance.doubts, "unique_price_list", False)
    shop.ok("POST", f"{INVENTORY}/pricebooks", body)


def test_a_contact_is_created_with_its_persons_and_one_of_them_is_primary(shop):
    persons = [{"first_name": "Ann"}, {"first_name": "Bob", "is_primary_contact": True}]
    made = shop.contact("A", contact_persons=persons)
    assert {one["first_name"]: one["is_primary_contact"] for one in made["contact_persons"]} == {
        "Ann": False,
        "Bob": True,
    }
    assert (made["first_name"], made["primary_contact_id"]) == ("Bob", made["contact_persons"][1]["contact_person_id"])
    both = [one | {"is_primary_contact": True} for one in persons]
    assert shop.code("POST", f"{INVENTORY}/contacts", {"contact_name": "B", "contact_persons": both}) == 4


def test_persons_left_out_of_an_update_go_unless_the_doubt_says_otherwise(shop, monkeypatch):
    made = shop.contact("A", contact_persons=[{"first_name": "Ann"}, {"first_name": "Bob"}])
    path = f"{INVENTORY}/contacts/{made['contact_id']}"
    bob = {"contact_person_id": made["contact_persons"][1]["contact_person_id"], "last_name": "Lee"}
    shown = shop.ok("PUT", path, {"contact_persons": [bob]})["contact"]
    assert [(one["first_name"], one["last_name"]) for one in shown["contact_persons"]] == [("Bob", "Lee")]
    monkeypatch.setattr(finance.doubts, "persons_put_drops_missing", False)
    shown = shop.ok("PUT", path, {"contact_persons": [{"first_name": "Cy"}]})["contact"]
    assert sorted(one["first_name"] for one in shown["contact_persons"]) == ["Bob", "Cy"]


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
def test_a_contact_with_transactions_is_refused_in_the_vendors_words_and_put_to_sleep_and_woken(shop, door):
    shop.order()
    status, answer = shop.call("DELETE", f"{door}/contacts/{shop.customer}")
    words = "This contact cannot be deleted since you have recorded transactions for it"
    assert (status, answer) == (400, {"code": 3000, "message": words})
    for state in ("inactive", "active"):
        shop.ok("POST", f"{door}/contacts/{shop.customer}/{state}")
        assert shop.ok("GET", f"{door}/contacts/{shop.customer}")["contact"]["status"] == state


@pytest.mark.parametrize("document", ["salesorders", "invoices", "creditnotes", "inventoryadjustments"])
def test_an_item_in_a_transaction_is_refused_in_the_vendors_words_and_put_to_sleep(shop, document):
    body: dict[str, Any] = {"customer_id": shop.customer, "line_items": [{"item_id": shop.bolt}]}
    if document == "inventoryadjustments":
        line = {"item_id": shop.bolt, "quantity_adjusted": 1}
        body = {"date": "2026-03-02", "reason": "Counted", "adjustment_type": "quantity", "line_items": [line]}
    shop.ok("POST", f"{INVENTORY}/{document}", body)
    status, answer = shop.call("DELETE", f"{INVENTORY}/items/{shop.bolt}")
    words = "Items which are a part of other transactions cannot be deleted. Instead, mark them as inactive"
    assert (status, answer) == (400, {"code": 2049, "message": words})
    shop.ok("POST", f"{INVENTORY}/items/{shop.bolt}/inactive")
    assert shop.names(f"{INVENTORY}/items?filter_by=Status.Inactive", "name") == ["Bolt"]


def test_a_deleted_item_or_contact_is_gone_and_its_name_and_stamp_are_free(shop):
    stamp = [{"api_name": "cf_crm_id", "value": "7"}]
    made = shop.contact("A", custom_fields=stamp)
    shop.ok("DELETE", f"{BOOKS}/contacts/{made['contact_id']}")
    assert shop.code("GET", f"{BOOKS}/contacts/{made['contact_id']}") == 1002
    assert shop.contact("A", custom_fields=stamp)["contact_id"] != made["contact_id"]
    shop.ok("DELETE", f"{INVENTORY}/items/{shop.nut}")
    assert shop.code("PUT", f"{INVENTORY}/items/{shop.nut}", {"rate": 1}) == 1002
    assert shop.item("Nut") != shop.nut


def test_many_are_deleted_or_none(shop):
    both = f"{INVENTORY}/items?item_ids={shop.bolt},{shop.nut}"
    shop.order()
    assert shop.code("DELETE", both) == 2049
    assert shop.names(f"{INVENTORY}/items", "name") == ["Bolt", "Nut"]
    shop.ok("POST", f"{INVENTORY}/items/inactive?item_ids={shop.bolt},{shop.nut}")
    assert shop.names(f"{INVENTORY}/items?filter_by=Status.Active", "name") == []
    first, second = shop.contact("A")["contact_id"], shop.contact("B")["contact_id"]
    shop.ok("DELETE", f"{BOOKS}/contacts?contact_ids={first},{second}")
    assert shop.names(f"{BOOKS}/contacts", "contact_name") == ["Nordlicht"]
    assert shop.code("DELETE", f"{BOOKS}/contacts?contact_ids=") == 4


def test_inactive_items_and_contacts_are_refused_in_documents_only_when_the_doubt_says_so(shop, monkeypatch):
    shop.ok("POST", f"{INVENTORY}/items/{shop.bolt}/inactive")
    shop.order()
    monkeypatch.setattr(finance.doubts, "inactive_in_documents", False)
    body = {"customer_id": shop.customer, "line_items": [{"item_id": shop.bolt}]}
    assert shop.code("POST", f"{INVENTORY}/salesorders", body) == 1043


def lists(shop: Shop) -> dict[str, tuple[str, str, str, dict[str, Any]]]:
    """For each kind: path of a record, its key, the key of a row's id, what a row of the second item needs."""
    line = {"item_id": shop.bolt, "quantity": 1}
    body = {"customer_id": shop.customer, "line_items": [line]}
    adjusted = {"item_id": shop.bolt, "quantity_adjusted": 1}
    counted = {"date": "2026-03-02", "reason": "C", "adjustment_type": "quantity", "line_items": [adjusted]}
    price = {"item_id": shop.bolt, "pricebook_rate": 8}
    whole = {"name": "Set", "sku": "SET", "rate": 9, "item_type": "inventory", "product_type": "goods"}
    kinds = {
        "salesorders": ("salesorder", body, "line_items", line),
        "invoices": ("invoice", body, "line_items", line),
        "creditnotes": ("creditnote", body, "line_items", line),
        "inventoryadjustments": ("inventory_adjustment", counted, "line_items", adjusted),
        "compositeitems": ("composite_item", whole | {"mapped_items": [line]}, "mapped_items", line),
        "pricebooks": (
            "pricebook",
            {"name": "F", "pricebook_type": "per_item", "sales_or_purchase_type": "sales", "pricebook_items": [price]},
            "pricebook_items",
            price,
        ),
    }
    made = {}
    for path, (key, sent, name, row) in kinds.items():
        record = shop.ok("POST", f"{INVENTORY}/{path}", sent)[key]
        made[path] = (f"{INVENTORY}/{path}/{record[_id(path)]}", key, name, row | {"item_id": shop.nut})
    return made


def _id(path: str) -> str:
    named = {"compositeitems": "composite_item_id", "inventoryadjustments": "inventory_adjustment_id"}
    return named.get(path, f"{path[:-1]}_id")


@pytest.mark.parametrize(
    "kind", ["salesorders", "invoices", "creditnotes", "inventoryadjustments", "compositeitems", "pricebooks"]
)
def test_lines_of_an_update_are_the_whole_list_everywhere(shop, kind):
    path, key, name, row = lists(shop)[kind]
    identity = "pricebook_item_id" if kind == "pricebooks" else "line_item_id"
    [first] = shop.ok("GET", path)[key][name]
    kept = {identity: first[identity], "item_id": shop.bolt} | {
        word: row[word] for word in ("quantity", "quantity_adjusted", "pricebook_rate") if word in row
    }
    shown = shop.ok("PUT", path, {name: [kept, row]})[key][name]
    assert [one["item_id"] for one in shown] == [shop.bolt, shop.nut]
    assert shown[0][identity] == first[identity] != shown[1][identity]
    shown = shop.ok("PUT", path, {name: [row]})[key][name]
    assert [one["item_id"] for one in shown] == [shop.nut]
    assert shop.code("PUT", path, {name: [row | {identity: first[identity]}]}) == 1002


def test_a_field_of_the_head_is_written_without_touching_the_lines(shop):
    made = shop.order()
    shown = shop.ok("PUT", f"{INVENTORY}/salesorders/{made['salesorder_id']}", {"notes": "x"})["salesorder"]
    assert shown["line_items"] == made["line_items"]


def test_lines_that_were_packed_or_invoiced_can_be_neither_dropped_nor_cut(shop):
    made = shop.order(line_items=[{"item_id": shop.bolt, "quantity": 5}])
    path = f"{INVENTORY}/salesorders/{made['salesorder_id']}"
    shop.ok("POST", f"{path}/status/confirmed")
    shop.ok("POST", f"{BOOKS}/invoices?salesorder_id={made['salesorder_id']}", {})
    line = {"line_item_id": made["line_items"][0]["line_item_id"]}
    assert shop.code("PUT", path, {"line_items": [line | {"quantity": 4}]}) == 36026
    assert shop.code("PUT", path, {"line_items": [{"item_id": shop.nut}]}) == 36026
    shop.ok("PUT", path, {"line_items": [line | {"quantity": 6}]})


def test_orders_are_found_by_reference_in_books_and_inventory_ignores_it_without_a_word(shop, monkeypatch):
    shop.order(reference_number="Q-1")
    shop.order(reference_number="Q-2")
    assert shop.names(f"{BOOKS}/salesorders?reference_number=Q-2", "reference_number") == ["Q-2"]
    assert len(shop.names(f"{INVENTORY}/salesorders?reference_number=Q-2", "reference_number")) == 2
    monkeypatch.setattr(finance.doubts, "other_doors_filters_ignored", False)
    assert shop.code("GET", f"{INVENTORY}/salesorders?reference_number=Q-2") == 2


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
@pytest.mark.parametrize("kind", ["invoices", "creditnotes"])
def test_invoices_and_credit_notes_are_found_by_reference_at_both_doors(shop, door, kind):
    for reference in ("R-1", "R-2"):
        body = {"customer_id": shop.customer, "reference_number": reference, "line_items": [{"item_id": shop.bolt}]}
        shop.ok("POST", f"{door}/{kind}", body)
    assert shop.names(f"{door}/{kind}?reference_number=R-1", "reference_number") == ["R-1"]


def test_items_are_found_by_sku_in_inventory_and_books_ignores_it_without_a_word(shop):
    assert shop.names(f"{INVENTORY}/items?sku=Nut", "name") == ["Nut"]
    assert shop.names(f"{BOOKS}/items?sku=Nut", "name") == ["Bolt", "Nut"]
