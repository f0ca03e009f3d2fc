"""Sales orders, invoices, payments, credits and the two stock ledgers, through the vendor's own calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox import finance


class Company(Finance):
    """A world with one customer and one stocked item."""

    def __init__(self) -> None:
        super().__init__()
        self.customer = self.ok("POST", "/inventory/v1/contacts", {"contact_name": "Nordlicht"})["contact"][
            "contact_id"
        ]
        self.item = self.new_item("Bolt", 10, stock=30)

    def new_item(self, name: str, rate: float, stock: float) -> str:
        body = {"name": name, "rate": rate, "item_type": "inventory", "initial_stock": stock}
        return str(self.ok("POST", "/inventory/v1/items", body)["item"]["item_id"])

    def stock(self) -> dict[str, Any]:
        return self.ok("GET", f"/inventory/v1/items/{self.item}")["item"]

    def tax(self, percentage: float) -> str:
        body = {"tax_name": f"VAT {percentage}", "tax_percentage": percentage}
        return str(self.ok("POST", "/books/v3/settings/taxes", body)["tax"]["tax_id"])

    def order(self, *lines: dict[str, Any], **head: Any) -> dict[str, Any]:
        rows = [{"item_id": self.item, **line} for line in lines]
        body = {"customer_id": self.customer, "line_items": rows, **head}
        return self.ok("POST", "/inventory/v1/salesorders", body)["salesorder"]

    def confirmed(self, quantity: float) -> dict[str, Any]:
        order = self.order({"quantity": quantity})
        self.ok("POST", f"/inventory/v1/salesorders/{order['salesorder_id']}/status/confirmed")
        return order

    def seen(self, order: dict[str, Any]) -> dict[str, Any]:
        return self.ok("GET", f"/inventory/v1/salesorders/{order['salesorder_id']}")["salesorder"]

    def invoice(self, order: dict[str, Any]) -> str:
        path = f"/books/v3/invoices/fromsalesorder?salesorder_id={order['salesorder_id']}"
        return str(self.ok("POST", path)["invoice"]["invoice_id"])

    def sent(self, amount: float, **more: Any) -> dict[str, Any]:
        body = {"customer_id": self.customer, "line_items": [{"name": "Work", "rate": amount}], **more}
        return self.ok("POST", "/books/v3/invoices?send=true", body)["invoice"]

    def read(self, invoice: str) -> dict[str, Any]:
        return self.ok("GET", f"/books/v3/invoices/{invoice}")["invoice"]

    def pay(self, amount: float, applied: dict[str, float]) -> tuple[int, dict[str, Any]]:
        parts = [{"invoice_id": key, "amount_applied": part} for key, part in applied.items()]
        body = {"customer_id": self.customer, "payment_mode": "cash", "amount": amount, "invoices": parts}
        return self.call("POST", "/books/v3/customerpayments", body)

    def pack(self, order: dict[str, Any], quantity: float) -> tuple[int, dict[str, Any]]:
        body = {"line_items": [{"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": quantity}]}
        return self.call("POST", f"/inventory/v1/packages?salesorder_id={order['salesorder_id']}", body)

    def ship(self, order: dict[str, Any], quantity: float) -> str:
        package = self.pack(order, quantity)[1]["package"]["package_id"]
        path = f"/inventory/v1/shipmentorders?salesorder_id={order['salesorder_id']}&package_ids={package}"
        return str(self.ok("POST", path, {})["shipment_order"]["shipment_id"])


@pytest.fixture
def company() -> Company:
    return Company()


def stock_of(company: Company) -> tuple[Any, ...]:
    item = company.stock()
    names = (
        "stock_on_hand",
        "available_stock",
        "actual_available_stock",
        "committed_stock",
        "available_for_sale_stock",
    )
    return tuple(item[name] for name in names)


def test_a_draft_reserves_nothing(company):
    company.order({"quantity": 29})
    assert stock_of(company) == (30, 30, 30, 0, 30)


def test_confirming_29_of_30_leaves_1_to_promise(company):
    company.confirmed(29)
    assert stock_of(company) == (30, 30, 1, 29, 1)


def test_an_invoice_sent_lowers_accounting_stock_only(company):
    invoice = company.invoice(company.confirmed(29))
    assert stock_of(company) == (30, 30, 1, 29, 1)
    company.ok("POST", f"/books/v3/invoices/{invoice}/status/sent")
    assert stock_of(company) == (1, 30, 1, 0, 1)


def test_a_package_moves_nothing_and_its_shipment_lowers_physical_stock_only(company):
    order = company.confirmed(29)
    company.pack(order, 10)
    assert stock_of(company) == (30, 30, 1, 29, 1)
    company.ship(order, 19)
    assert stock_of(company) == (30, 11, 1, 29, 1)


def test_voiding_gives_reserved_stock_back(company):
    order = company.confirmed(29)
    company.ok("POST", f"/inventory/v1/salesorders/{order['salesorder_id']}/status/void")
    assert stock_of(company) == (30, 30, 30, 0, 30)


def test_a_deleted_shipment_brings_its_goods_back(company):
    order = company.confirmed(5)
    shipment = company.ship(order, 5)
    company.ok("DELETE", f"/inventory/v1/shipmentorders/{shipment}")
    assert stock_of(company) == (30, 30, 25, 5, 25)
    assert company.seen(order)["shipped_status"] == "pending"


def test_a_return_received_raises_physical_stock(company):
    order = company.confirmed(5)
    company.ship(order, 5)
    body = {"line_items": [{"salesorder_item_id": order["line_items"][0]["line_item_id"], "quantity": 2}]}
    path = f"/inventory/v1/salesreturns?salesorder_id={order['salesorder_id']}"
    back = company.ok("POST", path, body)["salesreturn"]
    lines = {"line_items": [{"line_item_id": back["line_items"][0]["line_item_id"], "quantity": 2}]}
    company.ok("POST", f"/inventory/v1/salesreturnreceives?salesreturn_id={back['salesreturn_id']}", lines)
    assert stock_of(company)[:2] == (30, 27)


def test_opening_stock_is_kept_per_location_and_shown_as_text(company):
    place = company.ok("POST", "/inventory/v1/locations", {"location_name": "Harbour"})["locations"]["location_id"]
    body = {"name": "Nut", "item_type": "inventory", "locations": [{"location_id": place, "initial_stock": 7}]}
    item = company.ok("POST", "/inventory/v1/items", body)["item"]
    shown = {one["location_name"]: one["location_stock_on_hand"] for one in item["locations"]}
    assert shown == {"Head Office": "0", "Harbour": "7"}
    assert item["stock_on_hand"] == 7


def test_stock_cannot_be_set_by_an_update(company):
    status, answer = company.call("PUT", f"/inventory/v1/items/{company.item}", {"initial_stock": 99})
    assert (status, answer["code"]) == (400, 4)


def test_a_stock_movement_does_not_touch_the_item(company):
    before = company.stock()["last_modified_time"]
    company.world.clock.move(timedelta(hours=1))
    company.confirmed(3)
    assert company.stock()["last_modified_time"] == before


@pytest.mark.parametrize(
    ("lines", "head", "expected"),
    [
        pytest.param([{"quantity": 3, "rate": 0.335}], {}, (1.01, 0, 1.01), id="half a cent goes up"),
        pytest.param([{"quantity": 2, "rate": 100, "tax": 19}], {}, (200, 38, 238), id="tax"),
        pytest.param(
            [{"quantity": 2, "rate": 100, "discount": "5%", "tax": 19}],
            {"discount_type": "item_level"},
            (190, 36.1, 226.1),
            id="line percentage",
        ),
        pytest.param(
            [{"quantity": 2, "rate": 100, "discount": 7.5}],
            {"discount_type": "item_level"},
            (192.5, 0, 192.5),
            id="line amount",
        ),
        pytest.param(
            [{"quantity": 1, "rate": 100, "tax": 19}], {"discount": "10%"}, (100, 17.1, 107.1), id="whole, before tax"
        ),
        pytest.param(
            [{"quantity": 1, "rate": 100, "tax": 19}],
            {"discount": 10, "is_discount_before_tax": False},
            (100, 19, 109),
            id="whole, after tax",
        ),
        pytest.param(
            [{"quantity": 1, "rate": 10}], {"shipping_charge": 4.9, "adjustment": -0.37}, (10, 0, 14.53), id="freight"
        ),
        pytest.param([{"quantity": 250, "rate": 0.0002}], {}, (0.05, 0, 0.05), id="rates keep their digits"),
    ],
)
def test_the_server_computes_totals(company, lines, head, expected):
    rows = [{key: value for key, value in line.items() if key != "tax"} for line in lines]
    for row, line in zip(rows, lines, strict=True):
        if "tax" in line:
            row["tax_id"] = company.tax(line["tax"])
    order = company.order(*rows, **head)
    assert (order["sub_total"], order["tax_total"], order["total"]) == expected


@pytest.mark.parametrize(
    ("code", "rate", "total"),
    [("JPY", 33.5, 40), ("KWD", 1.2345, 1.47), ("KWD", 1.2344, 1.468), ("EUR", 33.333, 39.66)],
)
def test_totals_have_the_digits_of_the_currency(company, code, rate, total):
    rows = company.ok("GET", "/books/v3/settings/currencies")["currencies"]
    currency = next(one["currency_id"] for one in rows if one["currency_code"] == code)
    body = {"contact_name": code, "currency_id": currency}
    company.customer = company.ok("POST", "/inventory/v1/contacts", body)["contact"]["contact_id"]
    order = company.order({"quantity": 1, "rate": rate, "tax_id": company.tax(19)})
    assert (order["currency_code"], order["total"]) == (code, total)


def test_sums_that_are_sent_are_ignored_and_unknown_keys_refused(company):
    order = company.order({"quantity": 1, "rate": 10, "item_total": 999})
    assert order["total"] == 10
    body = {"customer_id": company.customer, "line_items": [{"item_id": company.item}], "total": 999}
    assert company.call("POST", "/inventory/v1/salesorders", body)[1]["code"] == 2


def test_lines_of_an_update_are_the_whole_list(company):
    order = company.order({"quantity": 1}, {"quantity": 2}, {"quantity": 3})
    kept, changed, _ = order["line_items"]
    lines = [
        {"line_item_id": kept["line_item_id"]},
        {"line_item_id": changed["line_item_id"], "quantity": 5},
        {"item_id": company.item, "quantity": 7},
    ]
    path = f"/inventory/v1/salesorders/{order['salesorder_id']}"
    after = company.ok("PUT", path, {"line_items": lines})["salesorder"]["line_items"]
    assert [line["quantity"] for line in after] == [1, 5, 7]
    assert [line["line_item_id"] for line in after][:2] == [kept["line_item_id"], changed["line_item_id"]]


def test_a_refused_order_uses_up_no_number(company):
    body = {"customer_id": company.customer, "line_items": [{"item_id": company.item, "quantity": -1}]}
    assert company.call("POST", "/inventory/v1/salesorders", body)[1]["code"] == 4
    assert company.order({"quantity": 1})["salesorder_number"] == "SO-00001"


def test_own_numbers_need_the_flag_and_are_taken_once(company):
    body = {"customer_id": company.customer, "line_items": [{"item_id": company.item}], "salesorder_number": "Q-77"}
    path = "/inventory/v1/salesorders"
    assert company.call("POST", path, body)[0] == 400
    flagged = f"{path}?ignore_auto_number_generation=true"
    assert company.ok("POST", flagged, body)["salesorder"]["salesorder_number"] == "Q-77"
    assert company.call("POST", flagged, body)[0] == 400


def test_the_four_statuses_of_an_order_follow_its_documents(company):
    order = company.confirmed(10)
    names = ("status", "order_status", "invoiced_status", "shipped_status", "paid_status")

    def statuses() -> tuple[Any, ...]:
        shown = company.seen(order)
        return tuple(shown[name] for name in names)

    assert statuses() == ("confirmed", "confirmed", "not_invoiced", "pending", "unpaid")
    company.ship(order, 4)
    assert statuses() == ("partially_shipped", "confirmed", "not_invoiced", "partially_shipped", "unpaid")
    company.ship(order, 6)
    invoice = company.invoice(order)
    company.ok("POST", f"/books/v3/invoices/{invoice}/status/sent")
    assert statuses() == ("fulfilled", "confirmed", "invoiced", "shipped", "unpaid")
    company.pay(100, {invoice: 100})
    assert statuses()[-1] == "paid"


def test_a_confirmed_order_is_open_in_books(company):
    order = company.confirmed(1)
    shown = company.ok("GET", f"/books/v3/salesorders/{order['salesorder_id']}")["salesorder"]
    assert shown["status"] == "open"


def test_the_order_of_a_package_is_named_in_the_query_only(company):
    order = company.confirmed(3)
    line = {"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}
    body = {"salesorder_id": order["salesorder_id"], "line_items": [line]}
    assert company.call("POST", "/inventory/v1/packages", body)[1]["code"] == 1002


def test_no_more_can_be_packed_than_was_ordered(company):
    order = company.confirmed(3)
    assert company.pack(order, 2)[0] == 201
    assert company.pack(order, 2)[0] == 400


def test_an_invoice_goes_from_draft_over_part_payment_to_paid(company):
    invoice = company.invoice(company.confirmed(10))
    assert company.read(invoice)["status"] == "draft"
    assert company.pay(10, {invoice: 10})[0] == 400
    company.ok("POST", f"/books/v3/invoices/{invoice}/status/sent")
    company.pay(40, {invoice: 40})
    shown = company.read(invoice)
    assert (shown["status"], shown["balance"], shown["payment_made"]) == ("partially_paid", 60, 40)
    company.pay(60, {invoice: 60})
    assert (company.read(invoice)["status"], company.read(invoice)["balance"]) == ("paid", 0)


def test_a_payment_is_never_more_than_the_balance_and_its_rest_stays_unused(company):
    invoice = company.sent(100)["invoice_id"]
    assert company.pay(500, {invoice: 100.01})[0] == 400
    status, answer = company.pay(150, {invoice: 100})
    assert (status, answer["payment"]["unused_amount"]) == (201, 50)


def test_a_deleted_payment_opens_its_invoice_again(company):
    invoice = company.sent(100)["invoice_id"]
    payment = company.pay(100, {invoice: 100})[1]["payment"]["payment_id"]
    company.ok("DELETE", f"/books/v3/customerpayments/{payment}")
    assert (company.read(invoice)["status"], company.read(invoice)["balance"]) == ("sent", 100)


def test_a_payment_moved_to_another_invoice_changes_both(company):
    first, second = company.sent(100)["invoice_id"], company.sent(100)["invoice_id"]
    payment = company.pay(100, {first: 100})[1]["payment"]["payment_id"]
    body = {"invoices": [{"invoice_id": second, "amount_applied": 100}]}
    company.ok("PUT", f"/books/v3/customerpayments/{payment}", body)
    assert (company.read(first)["balance"], company.read(second)["balance"]) == (100, 0)


def test_an_invoice_is_overdue_the_day_after_it_was_due(company):
    invoice = company.sent(100, payment_terms=14)
    assert (invoice["due_date"], invoice["status"]) == ("2026-03-16", "sent")
    company.world.clock.freeze(datetime(2026, 3, 17, 3, 0, tzinfo=UTC))  # still the 16th in Los Angeles
    assert company.read(invoice["invoice_id"])["status"] == "sent"
    company.world.clock.freeze(datetime(2026, 3, 17, 9, 0, tzinfo=UTC))
    assert company.read(invoice["invoice_id"])["status"] == "overdue"
    rows = company.ok("GET", "/books/v3/invoices?status=overdue")["invoices"]
    assert [row["invoice_id"] for row in rows] == [invoice["invoice_id"]]


def test_a_payment_bumps_its_invoice_unless_the_doubt_says_otherwise(company, monkeypatch):
    invoice = company.sent(100)["invoice_id"]
    company.world.clock.move(timedelta(minutes=5))
    monkeypatch.setattr(finance.doubts, "payment_bumps_invoice", False)
    company.pay(10, {invoice: 10})
    before = company.read(invoice)["last_modified_time"]
    monkeypatch.setattr(finance.doubts, "payment_bumps_invoice", True)
    company.pay(10, {invoice: 10})
    assert (before, company.read(invoice)["last_modified_time"]) == (
        "2026-03-02T10:00:00-0800",
        "2026-03-02T10:05:00-0800",
    )


def test_a_credit_note_closes_when_it_is_applied(company):
    invoice = company.sent(100)["invoice_id"]
    body = {"customer_id": company.customer, "line_items": [{"item_id": company.item, "quantity": 4}]}
    note = company.ok("POST", "/books/v3/creditnotes", body)["creditnote"]
    assert (note["status"], note["total"]) == ("open", 40)
    assert company.stock()["stock_on_hand"] == 34
    path = f"/books/v3/creditnotes/{note['creditnote_id']}"
    company.ok("POST", f"{path}/invoices", {"invoices": [{"invoice_id": invoice, "amount_applied": 40}]})
    assert company.ok("GET", path)["creditnote"]["status"] == "closed"
    assert company.read(invoice)["balance"] == 60


def test_a_voided_invoice_gives_accounting_stock_back(company):
    invoice = company.invoice(company.confirmed(10))
    company.ok("POST", f"/books/v3/invoices/{invoice}/status/sent")
    company.ok("POST", f"/books/v3/invoices/{invoice}/status/void")
    assert stock_of(company) == (30, 30, 20, 10, 20)


def test_an_order_can_be_had_as_pdf(company):
    order = company.order({"quantity": 1})
    answer = company.world.call("GET", f"/inventory/v1/salesorders/{order['salesorder_id']}?accept=pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.encoded().startswith(b"%PDF-")


def test_an_order_is_mailed_each_time_it_is_asked_for_and_its_history_says_to_whom() -> None:
    company = Company()
    order = company.order({"quantity": 1})
    path = f"/books/v3/salesorders/{order['salesorder_id']}"
    assert company.ok("GET", path)["salesorder"]["is_emailed"] is False
    assert company.ok("GET", f"{path}/comments")["comments"] == []
    mail = {"to_mail_ids": ["shed@example.com"], "subject": "An order", "body": "Pack it."}
    for _time in range(2):
        assert (
            company.ok("POST", f"{path}/email?send_attachment=true", mail)["message"]
            == "Your Sales Order has been sent."
        )
    assert company.ok("GET", path)["salesorder"]["is_emailed"] is True
    told = [one["description"] for one in company.ok("GET", f"{path}/comments")["comments"]]
    assert told == ["Sales Order emailed to shed@example.com"] * 2
    status, answer = company.call("POST", f"{path}/email", {"to_mail_ids": ["nobody"], "subject": "x", "body": "y"})
    assert (status, answer["code"]) == (400, 4)
