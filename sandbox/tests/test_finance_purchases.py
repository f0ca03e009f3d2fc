"""What is bought and moved: purchase orders, receives, bills, payments to vendors, transfers, and the stock they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Company(Finance):
    """A world with a vendor, a customer, a stocked item and a second location."""

    def __init__(self) -> None:
        super().__init__()
        self.vendor = self.made("contacts", {"contact_name": "Stahl", "contact_type": "vendor"}, "contact")[
            "contact_id"
        ]
        self.customer = self.made("contacts", {"contact_name": "Nordlicht"}, "contact")["contact_id"]
        body = {"name": "Bolt", "rate": 10, "purchase_rate": 4, "item_type": "inventory", "initial_stock": 30}
        self.item = self.made("items", body, "item")["item_id"]
        self.home = self.ok("GET", f"{INVENTORY}/locations")["locations"][0]["location_id"]
        self.depot = self.made("locations", {"location_name": "Depot"}, "locations")["location_id"]

    def made(self, path: str, body: dict[str, Any], key: str, door: str = INVENTORY) -> dict[str, Any]:
        return dict(self.ok("POST", f"{door}/{path}", body)[key])

    def order(self, quantity: float = 6, *, issued: bool = True, **head: Any) -> dict[str, Any]:
        lines = [{"item_id": self.item, "quantity": quantity}]
        body = {"vendor_id": self.vendor, "line_items": lines, **head}
        order = self.made("purchaseorders", body, "purchase_order")
        if issued:
            self.ok("POST", f"{INVENTORY}/purchaseorders/{order['purchaseorder_id']}/status/issued")
        return order

    def seen(self, order: dict[str, Any], door: str = INVENTORY) -> dict[str, Any]:
        answer = self.ok("GET", f"{door}/purchaseorders/{order['purchaseorder_id']}")
        return dict(answer["purchase_order" if door == INVENTORY else "purchaseorder"])

    def receive(self, order: dict[str, Any], quantity: float) -> tuple[int, dict[str, Any]]:
        lines = [{"line_item_id": order["line_items"][0]["line_item_id"], "quantity": quantity}]
        path = f"{INVENTORY}/purchasereceives?purchaseorder_id={order['purchaseorder_id']}"
        return self.call("POST", path, {"line_items": lines})

    def bill(self, quantity: float = 2, number: str = "B-1", **head: Any) -> dict[str, Any]:
        lines = [{"item_id": self.item, "quantity": quantity}]
        body = {"vendor_id": self.vendor, "bill_number": number, "line_items": lines, **head}
        return self.made("bills", body, "bill", BOOKS)

    def read_bill(self, bill: dict[str, Any]) -> dict[str, Any]:
        return dict(self.ok("GET", f"{BOOKS}/bills/{bill['bill_id']}")["bill"])

    def pay(self, bill: dict[str, Any], applied: float, amount: float) -> tuple[int, dict[str, Any]]:
        part = {"bill_id": bill["bill_id"], "amount_applied": applied}
        return self.call("POST", f"{BOOKS}/vendorpayments", {"amount": amount, "bills": [part]})

    def stock(self) -> tuple[Any, Any]:
        item = self.ok("GET", f"{INVENTORY}/items/{self.item}")["item"]
        return item["stock_on_hand"], item["available_stock"]


@pytest.fixture
def company() -> Company:
    return Company()


def test_a_purchase_order_takes_the_items_purchase_rate_and_is_a_draft_until_it_is_issued(company):
    order = company.order(issued=False)
    assert (order["status"], order["total"], order["vendor_name"]) == ("draft", 24, "Stahl")
    assert (order["line_items"][0]["rate"], order["line_items"][0]["purchase_rate"]) == (4, 4)
    path = f"{INVENTORY}/purchaseorders/{order['purchaseorder_id']}"
    assert company.ok("POST", f"{path}/status/issued")["message"] == "The purchase order has been marked as issued."
    assert (company.seen(order)["status"], company.seen(order, BOOKS)["status"]) == ("issued", "open")


def test_what_is_received_and_billed_makes_the_status_of_a_purchase_order(company):
    order = company.order(6)
    company.receive(order, 2)
    assert company.seen(order)["status"] == "partially_received"
    company.receive(order, 4)
    assert (company.seen(order)["status"], company.seen(order)["received_status"]) == ("received", "received")
    company.bill(6, purchaseorder_ids=[order["purchaseorder_id"]])
    shown = company.seen(order)
    assert (shown["status"], shown["bills"][0]["bill_number"], len(shown["purchasereceives"])) == ("closed", "B-1", 2)
    [row] = company.ok("GET", f"{INVENTORY}/purchaseorders")["purchaseorders"]
    assert [one["receive_number"] for one in row["receives"]] == ["PR-00001", "PR-00002"]
    assert "line_items" not in row


def test_a_receive_raises_physical_stock_and_a_bill_accounting_stock(company):
    order = company.order(6)
    status, answer = company.receive(order, 2)
    assert (status, answer["purchase_receive"]["purchaseorder_number"], company.stock()) == (201, "PO-00001", (30, 32))
    company.bill(6, purchaseorder_ids=[order["purchaseorder_id"]])
    assert company.stock() == (36, 32)
    company.ok("DELETE", f"{INVENTORY}/purchasereceives/{answer['purchase_receive']['receive_id']}")
    assert (company.stock(), company.seen(order)["received_status"]) == ((36, 30), "pending")


def test_a_receive_names_its_order_in_the_query_and_no_more_than_was_ordered(company):
    order = company.order(6)
    line = {"line_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}
    body = {"purchaseorder_id": order["purchaseorder_id"], "line_items": [line]}
    assert company.call("POST", f"{INVENTORY}/purchasereceives", body)[0] == 404
    assert company.receive(order, 7)[1]["code"] == 36117
    draft = company.order(6, issued=False)
    assert company.receive(draft, 1)[1]["code"] == 36116


def test_the_list_of_receives_ignores_filters_and_speaks_as_a_tap_recorded_it(company, monkeypatch):
    company.receive(company.order(6), 2)
    later = "2027-01-01T00:00:00%2B0000"
    path = f"{INVENTORY}/purchasereceives?last_modified_time={later}&vendor_id=1"
    [row] = company.ok("GET", path)["purchasereceives"]
    assert (row["purchasereceive_number"], row["receive_date"], row["quantity_received"]) == (
        "PR-00001",
        "2026-03-02",
        2,
    )
    monkeypatch.setattr(finance.doubts, "receive_rows_as_recorded", False)
    [row] = company.ok("GET", f"{INVENTORY}/purchasereceives")["purchasereceives"]
    assert row["receive_number"] == "PR-00001"


def test_purchase_orders_with_receives_or_bills_are_neither_deleted_nor_cancelled(company):
    order = company.order(6)
    company.receive(order, 1)
    path = f"{INVENTORY}/purchaseorders/{order['purchaseorder_id']}"
    assert company.call("DELETE", path)[1]["code"] == 36114
    assert company.call("POST", f"{path}/status/cancelled")[1]["code"] == 36115
    other = company.order(6)
    path = f"{BOOKS}/purchaseorders/{other['purchaseorder_id']}"
    assert company.call("POST", f"{path}/status/cancelled")[0] == 201
    assert (company.seen(other)["status"], company.ok("DELETE", path)["code"]) == ("cancelled", 0)
    assert company.call("GET", path) == (404, {"code": 1002, "message": "Purchase order does not exist."})


def test_books_filters_purchase_orders_by_vendor_and_inventory_does_not(company):
    company.order(6)
    company.order(6, reference_number="R-2")
    assert len(company.ok("GET", f"{BOOKS}/purchaseorders?reference_number=R-2")["purchaseorders"]) == 1
    assert len(company.ok("GET", f"{INVENTORY}/purchaseorders?reference_number=R-2")["purchaseorders"]) == 2
    assert len(company.ok("GET", f"{BOOKS}/purchaseorders?filter_by=Status.Open")["purchaseorders"]) == 2


def test_a_bill_goes_from_open_over_partly_paid_to_paid_and_overdue_in_between(company):
    bill = company.bill(2, date="2026-03-02", due_date="2026-03-10")
    assert (bill["status"], bill["total"], bill["line_items"][0]["account_name"]) == ("open", 8, "Cost of Goods Sold")
    assert company.pay(bill, 3, 5)[1]["vendorpayment"]["balance"] == 2
    assert (company.read_bill(bill)["status"], company.read_bill(bill)["balance"]) == ("partially_paid", 5)
    company.world.clock.move(timedelta(days=9))
    assert company.read_bill(bill)["status"] == "overdue"
    company.pay(bill, 5, 5)
    shown = company.read_bill(bill)
    assert (shown["status"], [one["amount"] for one in shown["payments"]]) == ("paid", [3, 5])


def test_bills_with_payments_are_neither_deleted_nor_void_and_a_void_bill_gives_its_stock_back(company):
    bill = company.bill(2)
    payment = company.pay(bill, 8, 8)[1]["vendorpayment"]
    assert company.call("DELETE", f"{BOOKS}/bills/{bill['bill_id']}")[1]["code"] == 36214
    assert company.call("POST", f"{BOOKS}/bills/{bill['bill_id']}/status/void")[1]["code"] == 36215
    company.ok("DELETE", f"{BOOKS}/vendorpayments/{payment['payment_id']}")
    assert company.stock() == (32, 30)
    assert company.call("POST", f"{INVENTORY}/bills/{bill['bill_id']}/status/void")[0] == 200
    assert (company.read_bill(bill)["status"], company.stock()) == ("void", (30, 30))
    assert company.call("POST", f"{BOOKS}/bills/{bill['bill_id']}/status/open")[0] == 201
    assert company.stock() == (32, 30)


def test_whether_a_new_bill_is_open_is_a_doubt(company, monkeypatch):
    monkeypatch.setattr(finance.doubts, "bill_starts_open", False)
    assert (company.bill()["status"], company.stock()) == ("draft", (30, 30))


def test_inventory_ignores_every_filter_of_bills_and_books_honours_them(company):
    company.bill(number="B-1")
    company.bill(number="B-2")
    for query in ("bill_number=B-2", "last_modified_time=2027-01-01T00:00:00%2B0000", "unheard_of=1"):
        assert len(company.ok("GET", f"{INVENTORY}/bills?{query}")["bills"]) == 2
    assert len(company.ok("GET", f"{BOOKS}/bills?bill_number=B-2")["bills"]) == 1
    assert company.ok("GET", f"{BOOKS}/bills?last_modified_time=2027-01-01T00:00:00%2B0000")["bills"] == []
    assert company.call("GET", f"{BOOKS}/bills?unheard_of=1")[0] == 400


def test_unpaid_bills_are_those_that_still_want_money(company):
    company.pay(company.bill(2, number="B-1"), 8, 8)
    company.pay(company.bill(2, number="B-2"), 3, 3)
    company.bill(2, number="B-3")
    rows = company.ok("GET", f"{BOOKS}/bills?filter_by=Status.Unpaid&sort_column=bill_number")["bills"]
    assert [one["bill_number"] for one in rows] == ["B-3", "B-2"]


def test_a_payment_to_a_vendor_is_no_more_than_the_bill_and_of_its_vendor(company):
    bill = company.bill(2)
    assert company.pay(bill, 9, 9)[1]["code"] == 36314
    assert company.pay(bill, 8, 7)[1]["code"] == 36312
    status, answer = company.pay(bill, 8, 8)
    assert (status, answer["vendorpayment"]["vendor_id"]) == (201, company.vendor)
    [row] = company.ok("GET", f"{BOOKS}/vendorpayments?vendor_name=Stahl&filter_by=PaymentMode.Cash")["vendorpayments"]
    assert (row["bill_numbers"], row["paid_through_account_name"], "bills" in row) == ("B-1", "Petty Cash", False)
    with pytest.raises(LookupError):
        company.call("GET", f"{INVENTORY}/vendorpayments")


def test_payments_to_vendors_take_a_modification_time_and_cannot_be_sorted_by_it(company):
    company.pay(company.bill(2), 8, 8)
    path = f"{BOOKS}/vendorpayments"
    assert company.ok("GET", f"{path}?last_modified_time=2026-03-02T18:00:00%2B0000")["vendorpayments"] == []
    assert len(company.ok("GET", f"{path}?last_modified_time=2026-03-02T17:59:59%2B0000")["vendorpayments"]) == 1
    assert company.call("GET", f"{path}?sort_column=last_modified_time")[0] == 400


def test_a_vendor_and_an_item_with_purchases_cannot_be_deleted(company):
    company.bill()
    assert company.call("DELETE", f"{BOOKS}/contacts/{company.vendor}")[1]["code"] == 3000
    assert company.call("DELETE", f"{INVENTORY}/items/{company.item}")[1]["code"] == 2049
    shown = company.ok("GET", f"{BOOKS}/contacts/{company.vendor}")["contact"]
    assert shown["outstanding_payable_amount"] == 8


def test_a_customer_is_no_vendor(company):
    lines = [{"item_id": company.item, "quantity": 1}]
    for path, more in (("purchaseorders", {}), ("bills", {"bill_number": "1"})):
        body = {"vendor_id": company.customer, "line_items": lines, **more}
        assert company.call("POST", f"{INVENTORY}/{path}", body)[1]["message"] == "Vendor does not exist."


class TestTransfers:
    """Stock by location."""

    def transfer(self, company: Company, quantity: float, **head: Any) -> tuple[int, dict[str, Any]]:
        line = {"item_id": company.item, "name": "Bolt", "quantity_transfer": quantity}
        ends = {"from_location_id": company.home, "to_location_id": company.depot}
        body = {"date": "2026-03-02", "line_items": [line], **ends, **head}
        return company.call("POST", f"{INVENTORY}/transferorders", body)

    def places(self, company: Company) -> dict[str, tuple[Any, Any, Any]]:
        [item] = company.ok("GET", f"{INVENTORY}/itemdetails?item_ids={company.item}")["items"]
        keys = ("location_stock_on_hand", "location_available_stock", "location_actual_available_stock")
        return {one["location_name"]: tuple(one[key] for key in keys) for one in item["locations"]}

    def test_a_transfer_moves_stock_between_locations_and_the_whole_stays(self, company):
        status, answer = self.transfer(company, 12)
        assert (status, answer["transfer_order"]["status"]) == (200, "transferred")
        assert answer["transfer_order"]["to_location_name"] == "Depot"
        assert self.places(company) == {"Head Office": ("18", "18", "18"), "Depot": ("12", "12", "12")}
        assert company.stock() == (30, 30)
        company.ok(
            "DELETE", f"{INVENTORY}/transferorders?transfer_order_ids={answer['transfer_order']['transfer_order_id']}"
        )
        assert self.places(company)["Depot"] == ("0", "0", "0")

    def test_a_transfer_in_transit_has_left_and_not_arrived(self, company):
        key = self.transfer(company, 12, is_intransit_order=True)[1]["transfer_order"]["transfer_order_id"]
        assert (self.places(company)["Depot"], company.stock()) == (("0", "0", "0"), (18, 18))
        company.ok("POST", f"{INVENTORY}/transferorders/{key}/markastransferred")
        assert (self.places(company)["Depot"], company.stock()) == (("12", "12", "12"), (30, 30))
        assert company.call("POST", f"{INVENTORY}/transferorders/{key}/intransit")[1]["code"] == 36412

    def test_a_list_of_transfers_is_filtered_by_status_and_place_and_has_neither_lines_nor_times(self, company):
        self.transfer(company, 1)
        self.transfer(company, 1, is_intransit_order=True)
        path = f"{INVENTORY}/transferorders"
        [row] = company.ok("GET", f"{path}?filter_by=TransferStatus.InTransit")["transfer_orders"]
        assert (row["status"], {"line_items", "last_modified_time"} & set(row)) == ("in_transit", set())
        assert len(company.ok("GET", f"{path}?status=transferred")["transfer_orders"]) == 1
        assert len(company.ok("GET", f"{path}?from_location_id={company.depot}")["transfer_orders"]) == 0
        assert len(company.ok("GET", f"{path}?last_modified_time=2027-01-01T00:00:00%2B0000")["transfer_orders"]) == 2

    def test_a_transfer_goes_from_one_location_to_another(self, company):
        assert self.transfer(company, 1, to_location_id=company.home)[0] == 400
        assert self.transfer(company, 1, to_location_id="1")[0] == 404


def test_a_sales_order_whose_goods_are_on_order_is_backordered_until_they_are_received(company):
    lines = [{"item_id": company.item, "quantity": 2, "rate": 10}]
    order = company.made("salesorders", {"customer_id": company.customer, "line_items": lines}, "salesorder")[
        "salesorder_id"
    ]
    company.ok("POST", f"{INVENTORY}/salesorders/{order}/status/confirmed")

    def told():
        [row] = company.ok("GET", f"{INVENTORY}/salesorders")["salesorders"]
        return row["status"], row["is_backorder"], row["last_modified_time"]

    before = told()
    company.order(2, issued=False, salesorder_id=order, is_backorder=True)
    assert told()[:2] == ("confirmed", False)
    purchase = company.order(2, salesorder_id=order, is_backorder=True)
    company.world.clock.move(timedelta(seconds=60))
    assert told()[:2] == ("backordered", True)
    line = {"line_item_id": purchase["line_items"][0]["line_item_id"], "quantity": 2}
    company.ok(
        "POST", f"{INVENTORY}/purchasereceives?purchaseorder_id={purchase['purchaseorder_id']}", {"line_items": [line]}
    )
    assert (*told()[:2], told()[2] > before[2]) == ("confirmed", False, True)
