"""What the finance APIs do when documents are written: made from others, changed, applied, taken back, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Trade(Finance):
    """A world with a customer, a stocked item (30 pieces at 10) and short ways to documents."""

    def __init__(self) -> None:
        super().__init__()
        self.customer = self.contact("Nordlicht")
        self.item = self.new_item("Bolt", item_type="inventory", initial_stock=30)

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        status, answer = self.call(method, path, body)
        assert status in (400, 404), answer
        return answer["code"], answer["message"]

    def contact(self, name: str, **more: Any) -> str:
        body = {"contact_name": name, **more}
        return str(self.ok("POST", f"{INVENTORY}/contacts", body)["contact"]["contact_id"])

    def new_item(self, name: str, **more: Any) -> str:
        return str(self.ok("POST", f"{INVENTORY}/items", {"name": name, "rate": 10, **more})["item"]["item_id"])

    def order(self, quantity: float, *, confirmed: bool = True) -> dict[str, Any]:
        body = {"customer_id": self.customer, "line_items": [{"item_id": self.item, "quantity": quantity}]}
        order = dict(self.ok("POST", f"{INVENTORY}/salesorders", body)["salesorder"])
        if confirmed:
            self.ok("POST", f"{INVENTORY}/salesorders/{order['salesorder_id']}/status/confirmed")
        return order

    def invoice(self, amount: float) -> str:
        body = {"customer_id": self.customer, "line_items": [{"name": "Work", "rate": amount}]}
        return str(self.ok("POST", f"{BOOKS}/invoices?send=true", body)["invoice"]["invoice_id"])

    def note(self, amount: float, query: str = "") -> dict[str, Any]:
        body = {"customer_id": self.customer, "line_items": [{"name": "Sorry", "rate": amount}]}
        return dict(self.ok("POST", f"{BOOKS}/creditnotes{query}", body)["creditnote"])

    def package(self, order: dict[str, Any], quantity: float) -> dict[str, Any]:
        line = {"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": quantity}
        path = f"{INVENTORY}/packages?salesorder_id={order['salesorder_id']}"
        return dict(self.ok("POST", path, {"line_items": [line]})["package"])

    def ship(self, order: dict[str, Any], package: dict[str, Any]) -> str:
        path = f"{INVENTORY}/shipmentorders?salesorder_id={order['salesorder_id']}&package_ids={package['package_id']}"
        return str(self.ok("POST", path, {"tracking_number": "T-1"})["shipment_order"]["shipment_id"])

    def back(self, quantity: float) -> dict[str, Any]:
        order = self.order(quantity)
        self.ship(order, self.package(order, quantity))
        line = {"salesorder_item_id": order["line_items"][0]["line_item_id"], "quantity": quantity}
        path = f"{INVENTORY}/salesreturns?salesorder_id={order['salesorder_id']}"
        return dict(self.ok("POST", path, {"line_items": [line]})["salesreturn"])

    def stock(self) -> tuple[Any, Any]:
        item = self.ok("GET", f"{INVENTORY}/items/{self.item}")["item"]
        return item["stock_on_hand"], item["available_stock"]


@pytest.fixture
def trade() -> Trade:
    return Trade()


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
def test_an_invoice_is_made_from_the_order_in_the_query(trade, door):
    order = trade.order(4)
    path = f"{door}/invoices?salesorder_id={order['salesorder_id']}"
    made = trade.ok("POST", path, {"date": "2026-03-05"})["invoice"]
    assert (made["salesorder_id"], made["total"], made["date"]) == (order["salesorder_id"], 40, "2026-03-05")
    assert made["line_items"][0]["salesorder_item_id"] == order["line_items"][0]["line_item_id"]
    assert trade.refused("POST", path, {})[0] == 36021


def test_the_order_of_an_invoice_named_in_the_body_is_dropped_without_a_word(trade):
    order = trade.order(4)
    body = {
        "salesorder_id": order["salesorder_id"],
        "customer_id": trade.customer,
        "line_items": [{"item_id": trade.item}],
    }
    made = trade.ok("POST", f"{BOOKS}/invoices", body)["invoice"]
    assert made["salesorder_id"] == ""
    shown = trade.ok("GET", f"{INVENTORY}/salesorders/{order['salesorder_id']}")["salesorder"]
    assert (shown["invoiced_status"], shown["invoices"]) == ("not_invoiced", [])


def test_lines_sent_with_the_order_in_the_query_count_for_its_lines_and_never_for_more(trade):
    order = trade.order(4)
    path = f"{BOOKS}/invoices?salesorder_id={order['salesorder_id']}"
    lines = [{"item_id": trade.item, "quantity": 3}]
    trade.ok("POST", path, {"customer_id": trade.customer, "line_items": lines})
    shown = trade.ok("GET", f"{INVENTORY}/salesorders/{order['salesorder_id']}")["salesorder"]
    assert (shown["invoiced_status"], shown["line_items"][0]["quantity_invoiced"]) == ("partially_invoiced", 3)
    assert trade.refused("POST", path, {"customer_id": trade.customer, "line_items": lines})[0] == 36024


def test_a_draft_order_and_a_stranger_get_no_invoice(trade):
    draft, order = trade.order(1, confirmed=False), trade.order(1)
    assert trade.refused("POST", f"{BOOKS}/invoices?salesorder_id={draft['salesorder_id']}", {})[0] == 36020
    body = {"customer_id": trade.contact("Other")}
    assert trade.refused("POST", f"{BOOKS}/invoices?salesorder_id={order['salesorder_id']}", body)[0] == 4


def test_an_invoice_goes_from_draft_to_sent_to_void_and_back_to_draft(trade):
    body = {"customer_id": trade.customer, "line_items": [{"name": "Work", "rate": 5}]}
    key = trade.ok("POST", f"{BOOKS}/invoices", body)["invoice"]["invoice_id"]
    for state in ("sent", "void", "draft"):
        trade.ok("POST", f"{BOOKS}/invoices/{key}/status/{state}")
        assert trade.ok("GET", f"{BOOKS}/invoices/{key}")["invoice"]["status"] == state
    assert trade.refused("PUT", f"{BOOKS}/invoices/{key}", {"line_items": []})[0] == 4


def test_an_invoice_with_a_payment_or_a_credit_is_not_deleted(trade):
    paid, credited, free = trade.invoice(10), trade.invoice(10), trade.invoice(10)
    body = {"customer_id": trade.customer, "payment_mode": "cash", "amount": 4}
    trade.ok("POST", f"{BOOKS}/customerpayments", body | {"invoices": [{"invoice_id": paid, "amount_applied": 4}]})
    note = trade.note(3)["creditnote_id"]
    applied = {"invoices": [{"invoice_id": credited, "amount_applied": 3}]}
    trade.ok("POST", f"{BOOKS}/creditnotes/{note}/invoices", applied)
    words = "Payments have been recorded for these invoices.Hence they cannot be deleted"
    assert trade.refused("DELETE", f"{BOOKS}/invoices/{paid}") == (4001, words)
    words = "This invoice has credits applied to it. Hence, it cannot be deleted"
    assert trade.refused("DELETE", f"{BOOKS}/invoices/{credited}") == (12008, words)
    trade.ok("DELETE", f"{BOOKS}/invoices/{free}")
    assert trade.refused("GET", f"{BOOKS}/invoices/{free}") == (1002, "Invoice does not exist.")


def test_a_credit_taken_back_from_an_invoice_is_the_notes_again(trade):
    invoice, note = trade.invoice(10), trade.note(4)
    path = f"{BOOKS}/creditnotes/{note['creditnote_id']}"
    trade.ok("POST", f"{path}/invoices", {"invoices": [{"invoice_id": invoice, "amount_applied": 4}]})
    [part] = trade.ok("GET", f"{path}/invoices")["invoices_credited"]
    assert (part["invoice_id"], part["amount_applied"], part["balance"]) == (invoice, 4, 6)
    assert trade.refused("DELETE", path)[0] == 12011
    trade.ok("DELETE", f"{path}/invoices/{part['creditnote_invoice_id']}")
    shown = trade.ok("GET", path)["creditnote"]
    assert (shown["status"], shown["balance"], shown["invoices_credited"]) == ("open", 4, [])
    assert trade.ok("GET", f"{BOOKS}/invoices/{invoice}")["invoice"]["balance"] == 10
    trade.ok("DELETE", path)


@pytest.mark.parametrize(("state", "code"), [("draft", 12005), ("paid", 12006), ("void", 12007)])
def test_credits_go_to_invoices_that_want_money_only(trade, state, code):
    note = trade.note(20)["creditnote_id"]
    body = {"customer_id": trade.customer, "line_items": [{"name": "Work", "rate": 10}]}
    invoice = trade.ok("POST", f"{BOOKS}/invoices", body)["invoice"]["invoice_id"]
    applied = {"invoices": [{"invoice_id": invoice, "amount_applied": 10}]}
    if state != "draft":
        trade.ok("POST", f"{BOOKS}/invoices/{invoice}/status/sent")
    if state == "paid":
        trade.ok("POST", f"{BOOKS}/creditnotes/{note}/invoices", applied)
    if state == "void":
        trade.ok("POST", f"{BOOKS}/invoices/{invoice}/status/void")
    assert trade.refused("POST", f"{BOOKS}/creditnotes/{note}/invoices", applied)[0] == code


def test_a_used_up_or_void_credit_note_pays_nothing(trade):
    first, second = trade.invoice(10), trade.invoice(10)
    used, void = trade.note(10)["creditnote_id"], trade.note(10)["creditnote_id"]
    applied = {"invoices": [{"invoice_id": first, "amount_applied": 10}]}
    trade.ok("POST", f"{BOOKS}/creditnotes/{used}/invoices", applied)
    trade.ok("POST", f"{BOOKS}/creditnotes/{void}/status/void")
    applied = {"invoices": [{"invoice_id": second, "amount_applied": 10}]}
    assert trade.refused("POST", f"{BOOKS}/creditnotes/{used}/invoices", applied)[0] == 12003
    assert trade.refused("POST", f"{BOOKS}/creditnotes/{void}/invoices", applied)[0] == 12004


def test_a_credit_note_names_the_invoice_of_its_query(trade):
    invoice = trade.invoice(10)
    assert trade.note(4, f"?invoice_id={invoice}")["invoice_id"] == invoice
    assert trade.ok("GET", f"{BOOKS}/invoices/{invoice}")["invoice"]["balance"] == 10


def test_a_package_is_changed_until_it_is_shipped(trade):
    order = trade.order(5)
    package = trade.package(order, 5)
    path = f"{INVENTORY}/packages/{package['package_id']}"
    line = {"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": 2}
    line["line_item_id"] = package["line_items"][0]["line_item_id"]
    changed = trade.ok("PUT", path, {"date": "2026-03-04", "line_items": [line]})["package"]
    assert (changed["line_items"][0]["line_item_id"], changed["total_quantity"]) == (line["line_item_id"], "2")
    shipment = trade.ship(order, package)
    trade.ok("PUT", path, {"notes": "fragile"})
    assert trade.refused("PUT", path, {"line_items": [line]})[0] == 36023
    assert trade.refused("DELETE", path)[0] == 36016
    trade.ok("DELETE", f"{INVENTORY}/shipmentorders/{shipment}")
    assert trade.ok("DELETE", path)["message"] == "Whooooosh! Package Deleted Successfully."
    shown = trade.ok("GET", f"{INVENTORY}/salesorders/{order['salesorder_id']}")["salesorder"]
    assert shown["line_items"][0]["quantity_packed"] == 0


def test_an_update_of_a_shipment_carries_order_and_packages_in_its_query(trade):
    order = trade.order(5)
    package = trade.package(order, 5)
    shipment = trade.ship(order, package)
    query = f"package_ids={package['package_id']}&salesorder_id={order['salesorder_id']}"
    body = {"tracking_number": "T-2", "delivery_method": "DHL"}
    trade.ok("PUT", f"{INVENTORY}/shipmentorders/{shipment}?{query}", body)
    shown = trade.ok("GET", f"{INVENTORY}/packages/{package['package_id']}")["package"]
    assert (shown["tracking_number"], shown["shipment_order"]["carrier"]) == ("T-2", "DHL")
    assert trade.stock() == (30, 25)


def test_a_receive_that_is_deleted_takes_the_goods_off_the_shelf_again(trade):
    back = trade.back(4)
    line = {"line_item_id": back["line_items"][0]["line_item_id"], "quantity": 3}
    path = f"{INVENTORY}/salesreturnreceives?salesreturn_id={back['salesreturn_id']}"
    got = trade.ok("POST", path, {"line_items": [line]})["salesreturnreceive"]
    own = f"{INVENTORY}/salesreturns/{back['salesreturn_id']}"
    shown = trade.ok("GET", own)["salesreturn"]
    assert (shown["receive_status"], trade.stock()[1]) == ("partially_received", 29)
    assert [one["receive_id"] for one in shown["salesreturnreceives"]] == [got["receive_id"]]
    assert trade.refused("DELETE", own)[0] == 36028
    trade.ok("DELETE", f"{INVENTORY}/salesreturnreceives/{got['receive_id']}")
    assert (trade.ok("GET", own)["salesreturn"]["receive_status"], trade.stock()[1]) == ("", 26)
    trade.ok("DELETE", own)


def test_no_more_is_received_than_was_returned_not_even_in_two_lines(trade):
    back = trade.back(4)
    line = {"line_item_id": back["line_items"][0]["line_item_id"], "quantity": 3}
    path = f"{INVENTORY}/salesreturnreceives?salesreturn_id={back['salesreturn_id']}"
    assert trade.refused("POST", path, {"line_items": [line, line]})[0] == 36019
    assert trade.stock()[1] == 26


def adjusted(trade: Trade, quantity: float, **more: Any) -> dict[str, Any]:
    line = {"item_id": trade.item, "quantity_adjusted": quantity}
    body = {"date": "2026-03-02", "reason": "Counted", "adjustment_type": "quantity", "line_items": [line], **more}
    return dict(trade.ok("POST", f"{INVENTORY}/inventoryadjustments", body)["inventory_adjustment"])


def test_an_adjustment_moves_both_stocks_and_takes_them_back_when_it_is_deleted(trade):
    made = adjusted(trade, -4, reference_number="C-7")
    assert trade.stock() == (26, 26)
    [row] = trade.ok("GET", f"{INVENTORY}/inventoryadjustments")["inventory_adjustments"]
    assert (row["reference_number"], row["adjustment_type"]) == ("C-7", "quantity")
    assert "line_items" not in row
    answer = trade.ok("DELETE", f"{INVENTORY}/inventoryadjustments/{made['inventory_adjustment_id']}")
    assert (answer["message"], trade.stock()) == ("Inventory Adjustment(s) has been deleted", (30, 30))


def test_an_adjustment_that_is_changed_counts_once(trade):
    made = adjusted(trade, 5)
    line = {"line_item_id": made["line_items"][0]["line_item_id"], "item_id": trade.item, "quantity_adjusted": 7}
    path = f"{INVENTORY}/inventoryadjustments/{made['inventory_adjustment_id']}"
    trade.ok("PUT", path, {"line_items": [line]})
    assert trade.stock() == (37, 37)


def test_an_adjustment_of_value_moves_no_stock(trade):
    line = {"item_id": trade.item, "value_adjusted": -12.5}
    body = {"date": "2026-03-02", "reason": "Damaged", "adjustment_type": "value", "line_items": [line]}
    made = trade.ok("POST", f"{INVENTORY}/inventoryadjustments", body)["inventory_adjustment"]
    assert (made["total"], made["line_items"][0]["quantity_adjusted"], trade.stock()) == (-12.5, 0, (30, 30))


@pytest.mark.parametrize("left_out", ["date", "reason", "adjustment_type", "line_items"])
def test_an_adjustment_without_what_it_needs_is_refused(trade, left_out):
    line = {"item_id": trade.item, "quantity_adjusted": 1}
    body = {"date": "2026-03-02", "reason": "Counted", "adjustment_type": "quantity", "line_items": [line]}
    del body[left_out]
    assert trade.refused("POST", f"{INVENTORY}/inventoryadjustments", body)[0] == 4


def test_only_stocked_items_are_adjusted_and_below_nought_only_if_the_doubt_says_so(trade, monkeypatch):
    service = trade.new_item("Advice", product_type="service")
    body = {"date": "2026-03-02", "reason": "Counted", "adjustment_type": "quantity"}
    body["line_items"] = [{"item_id": service, "quantity_adjusted": 1}]
    assert trade.refused("POST", f"{INVENTORY}/inventoryadjustments", body)[0] == 2080
    adjusted(trade, -31)
    assert trade.stock() == (-1, -1)
    monkeypatch.setattr(finance.doubts, "stock_below_zero", False)
    body["line_items"] = [{"item_id": trade.item, "quantity_adjusted": -1}]
    assert trade.refused("POST", f"{INVENTORY}/inventoryadjustments", body)[0] == 2081


def test_adjustments_belong_to_inventory(trade):
    with pytest.raises(LookupError):
        trade.world.call("GET", f"{BOOKS}/inventoryadjustments")


@pytest.mark.parametrize(
    ("path", "key", "code", "words"),
    [
        ("salesorders", "salesorder_number", 36004, "This sales order number already exists."),
        ("invoices", "invoice_number", 1001, "Invoice Number already exist"),
        ("creditnotes", "creditnote_number", 12018, "The specified Credit Note Number already exists"),
    ],
)
def test_an_own_number_is_taken_once_in_the_vendors_words(trade, path, key, code, words):
    body = {"customer_id": trade.customer, "line_items": [{"item_id": trade.item}], key: "OWN-1"}
    flagged = f"{BOOKS}/{path}?ignore_auto_number_generation=true"
    assert trade.refused("POST", f"{BOOKS}/{path}", body)[0] == 4097
    trade.ok("POST", flagged, body)
    assert trade.refused("POST", flagged, body) == (code, words)
    del body[key]
    assert trade.refused("POST", flagged, body)[0] == 4


def test_voiding_takes_a_reason_in_books_and_a_void_order_can_be_confirmed_again(trade):
    order = trade.order(2)
    path = f"{BOOKS}/salesorders/{order['salesorder_id']}/status"
    assert trade.call("POST", f"{path}/void", {"reason": "Changed their mind"})[0] == 201
    assert trade.refused("PUT", f"{INVENTORY}/salesorders/{order['salesorder_id']}", {"notes": "x"})[0] == 36012
    assert trade.call("POST", f"{path}/open")[0] == 201
    shown = trade.ok("GET", f"{INVENTORY}/salesorders/{order['salesorder_id']}")["salesorder"]
    assert shown["status"] == "confirmed"
