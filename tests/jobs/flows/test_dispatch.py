"""After the order was confirmed: the warehouse is told, the deal gets number, state and the order itself; each once, whatever happens."""

from __future__ import annotations

import json
import shutil

import pytest
from jobs.flows.dispatched import (
    Hearer,
    calls,
    files,
    goods,
    killed_at_every_step,
    mails,
    messages,
    order_of,
    pdf_traces,
)

from ofrecord.demo.people import People
from ofrecord_kit.testing import programs

TO_ORDERS = "tap-crm--orders own-orders-crm-to-inventory target-inventory"
TO_DEALS = "tap-inventory--orders own-orders-inventory-to-crm target-crm"
HOOK = "OFRECORD_WAREHOUSE_HOOK"
BY_MAIL = "      mail: [warehouse@example.com]\n"


def dispatched(company):
    """The two tasks of the job `orders` that all of this is about; both must succeed."""
    company.complaints = ""
    assert [company.pipe(task, "test") for task in (TO_ORDERS, TO_DEALS)] == [0, 0], company.complaints


def by_webhook(company, hearer):
    company.edit_rules("order.yml", BY_MAIL, f"      webhook: {HOOK}\n")
    company.stage.environment[HOOK] = hearer.address


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the company with its goods is kept for the other tests; empty at first."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def shop(company, kept):
    """An account and a product that both sides know: made once, and brought back for each test."""
    told = kept / "ids.json"
    if told.exists():
        company.stage.control("POST", "restore/goods")
        shutil.copytree(kept / "folder", company.stage.folder, dirs_exist_ok=True)
        company.people = People(company.stage)  # whose login is not older than the store
    else:
        told.write_text(json.dumps(goods(company)))
        company.stage.control("POST", "snapshot/goods")
        for path in company.stage.folder.glob("ledger.db*"):
            (kept / "folder").mkdir(exist_ok=True)
            shutil.copy(path, kept / "folder")
        for name in ("run", ".ofrecord"):
            shutil.copytree(company.stage.folder / name, kept / "folder" / name)
    return json.loads(told.read_text())


@pytest.fixture
def hearer(stage):
    made = Hearer(503, 404)
    yield made
    made.close()
    stage.environment.pop(HOOK, None)


@pytest.mark.promise("F061", "F062")
def test_one_run_of_the_job_tells_the_warehouse_and_puts_the_order_on_its_deal_and_a_second_one_does_nothing(
    company, shop
):
    account, product = shop
    quote = company.new_quote(account, [(product, 3, "19.99")])
    deal, before = quote["Deal_Name"]["id"], company.stage.journal()["next"]
    company.synced("orders")
    order = order_of(company, quote)
    number = order["salesorder_number"]
    [mail] = mails(company)
    assert (mail["salesorder_number"], mail["to"], mail["with_pdf"]) == (number, ["warehouse@example.com"], True)
    assert number in mail["subject"]
    assert "3 pcs × Q-1 Item Q-1" in mail["body"]
    assert files(company, deal) == [f"{number}.pdf"]
    shown = company.people.crm_get("Deals", deal)
    assert (shown["Order_Number"], shown["Order_Status"]) == (number, "confirmed")
    assert company.people.crm_get("Quotes", quote["id"])["Order_Number"] == number
    assert len(calls(company, before, "GET", f"/books/v3/salesorders/{order['salesorder_id']}")) == 1, "the file, once"
    assert traces_of_files(company, deal) == []
    assert company.writes_of("orders") == []
    assert company.held() == []
    assert (len(mails(company)), files(company, deal)) == (1, [f"{number}.pdf"])


def test_an_order_killed_at_any_step_is_one_order_with_one_mail(company, shop):
    account, product = shop
    quotes = [company.new_quote(account, [(product, 1, "19.99")]) for _number in range(32)]
    sent = messages(company, TO_ORDERS)
    steps = killed_at_every_step(company, "target_inventory.target:TargetInventory", sent, "order", "target-inventory")
    assert steps > 15
    made = [company.orders_of(quote["Quote_Number"]) for quote in quotes]
    assert [len(orders) for orders in made] == [1] * steps + [0] * (len(quotes) - steps)
    assert {orders[0]["status"] for orders in made if orders} == {"confirmed"}
    told = [mail["salesorder_number"] for mail in mails(company)]
    assert sorted(told) == sorted(orders[0]["salesorder_number"] for orders in made if orders)
    assert company.held() == []


def test_a_deal_whose_file_was_being_put_there_when_the_run_was_killed_has_it_once(company, shop):
    account, product = shop
    quotes = [company.new_quote(account, [(product, 1, "19.99")]) for _number in range(24)]
    assert company.pipe(TO_ORDERS, "made") == 0
    sent = messages(company, TO_DEALS)
    steps = killed_at_every_step(company, "target_crm.target:TargetCrm", sent, "order on deal", "target-crm")
    assert steps > 8
    found = [files(company, quote["Deal_Name"]["id"]) for quote in quotes]
    numbers = {order_of(company, quote)["salesorder_number"] for quote in quotes}
    assert sorted(map(len, found)) == [0] * (len(quotes) - steps) + [1] * steps
    assert {name.removesuffix(".pdf") for names in found for name in names} <= numbers
    assert company.held() == []


def test_an_answer_that_was_lost_makes_neither_a_second_mail_nor_a_second_file(company, shop):
    account, product = shop
    quote = company.new_quote(account, [(product, 1, "19.99")])
    sent = ("^/books/v3/salesorders/\\d+/email", "^/crm/v8/Deals/\\d+/Attachments")
    lost = [{"match": {"method": "POST", "path": path}, "do": "drop_after_commit", "times": 1} for path in sent]
    company.stage.control("POST", "faults", lost)
    for task in (TO_ORDERS, TO_DEALS):
        company.pipe(task, "test")
    company.stage.control("DELETE", "faults")
    company.desk("retry", company_name(company), "--by", "Ada")
    dispatched(company)
    assert (len(mails(company)), len(files(company, quote["Deal_Name"]["id"]))) == (1, 1)
    assert company.held() == []


def traces_of_files(company, deal):
    """Files of the project in which bytes of a deal's first file were left."""
    [row] = company.people.ask("GET", f"/crm/v8/Deals/{deal}/Attachments", fields="id,File_Name")["data"]
    content = company.people.session.get(f"{company.stage.url}/crm/v8/Deals/{deal}/Attachments/{row['id']}").content
    assert content.startswith(b"%PDF")
    left = [path for path in company.stage.folder.rglob("*") if path.is_file() and "sandbox" not in path.name]
    return [path.name for path in left if any(trace in path.read_bytes() for trace in pdf_traces(content))]


def report_of(company, *words):
    done = programs.run(["ofrecord", *words], cwd=company.stage.folder, environment=company.stage.environment)
    return done.returncode, json.loads(done.stdout)


def company_name(company):
    [row] = company.held()
    return f"{row.entity}/{row.source_id}"


def test_a_mail_nobody_can_tell_the_receivers_of_waits_for_a_person(company, shop):
    account, product = shop
    quote = company.new_quote(account, [(product, 1, "19.99")])
    email = {"method": "POST", "path": "^/books/v3/salesorders/\\d+/email"}
    company.stage.control("POST", "faults", [{"match": email, "do": "drop_before", "times": 0}])
    for task in (TO_ORDERS, TO_DEALS):
        company.pipe(task, "test")
    company.stage.control("DELETE", "faults")
    [row] = company.held()
    assert (row.destination, row.code) == ("Warehouse", "DOUBTFUL")
    order = order_of(company, quote)
    somebody = {"to_mail_ids": ["buyer@example.com"], "subject": "Your order", "body": "Thank you."}
    company.people.ask("POST", f"/books/v3/salesorders/{order['salesorder_id']}/email", somebody)
    company.desk("retry", company_name(company), "--by", "Ada")
    dispatched(company)
    assert [mail["to"] for mail in mails(company)] == [["buyer@example.com"], ["warehouse@example.com"]]
    assert company.held() == []


def test_the_warehouse_is_not_told_of_an_order_somebody_made_by_hand_or_of_one_a_person_gave_up(company, shop):
    account, product = shop
    draft = company.new_quote(account, [(product, 1, "19.99")], stage="Draft")
    contact = company.contacts_named("Buyer AG")[0]["contact_id"]
    item = company.people.finance_list("/inventory/v1/items", "items")[0]["item_id"]
    lines = [{"item_id": item, "quantity": 1, "rate": 19.99}]
    made = company.finance_new(
        "/inventory/v1/salesorders", "salesorder", customer_id=contact, reference_number=draft["Quote_Number"], line_items=lines
    )  # fmt: skip
    company.people.ask("POST", f"/inventory/v1/salesorders/{made['salesorder_id']}/status/confirmed")
    company.people.crm_put("Quotes", draft["id"], Quote_Stage="Accepted")
    company.new_quote(account, [(product, 2, "19.99")])
    refusal = {"match": {"method": "POST", "path": "^/books/v3/salesorders/\\d+/email"}, "do": "status", "status": 400,
               "body": {"code": 4, "message": "Invalid value passed for to_mail_ids"}, "times": 0}  # fmt: skip
    company.stage.control("POST", "faults", [refusal])
    dispatched(company)
    [row] = company.held()
    assert "Warehouse was not told" in row.message
    company.desk("drop", company_name(company), "--by", "Ada", "--why", "told by phone")
    company.stage.control("DELETE", "faults")
    company.stage.control("POST", "clock", {"move_s": 7200})
    dispatched(company)
    assert (mails(company), company.held()) == ([], [])


def test_a_webhook_is_called_until_it_answers_always_under_one_id_and_its_address_stands_nowhere(company, shop, hearer):
    account, product = shop
    by_webhook(company, hearer)
    quote = company.new_quote(account, [(product, 3, "19.99")])
    dispatched(company)
    order = order_of(company, quote)
    assert order["status"] == "confirmed", "the order does not wait for whom it is told to"
    [row] = company.held()
    assert (row.kind, row.destination) == ("failed", "Warehouse")
    assert "status 503" in row.message
    for _attempt in range(2):
        if company.held():
            company.desk("retry", company_name(company), "--by", "Ada")
        dispatched(company)
    assert company.held() == []
    assert len(hearer.heard) == 3
    assert len({headers["Idempotency-Key"] for headers, _body in hearer.heard}) == 1
    for headers, body in hearer.heard:
        assert body["id"] == headers["Idempotency-Key"]
        assert body["number"] == order["salesorder_number"]
        assert body["lines"] == [{"sku": "Q-1", "name": "Item Q-1", "unit": "pcs", "quantity": "3"}]
    dispatched(company)
    assert (len(hearer.heard), mails(company)) == (3, [])
    left = [
        path.read_bytes() for path in company.stage.folder.rglob("*") if path.is_file() and "sandbox" not in path.name
    ]
    assert not any(b"secret-path" in content for content in left)


def test_an_address_that_is_not_set_or_not_safe_is_told_by_the_name_of_its_variable(company, shop, stage):
    account, product = shop
    company.edit_rules("order.yml", BY_MAIL, f"      webhook: {HOOK}\n")
    company.new_quote(account, [(product, 3, "19.99")])
    dispatched(company)
    [row] = company.held()
    assert row.message == f"Warehouse was not told: the environment variable {HOOK} is not set"
    stage.environment[HOOK] = "http://hooks.example.com/secret"
    try:
        company.desk("retry", company_name(company), "--by", "Ada")
        dispatched(company)
    finally:
        del stage.environment[HOOK]
    [row] = company.held()
    assert "not https" in row.message
    assert "example.com" not in row.message


def test_several_orders_of_one_deal_stand_on_it_together_each_with_its_file(company, shop):
    account, product = shop
    first = company.new_quote(account, [(product, 1, "19.99")])
    second = company.new_quote(account, [(product, 2, "19.99")], stage="Draft")
    deal = first["Deal_Name"]["id"]
    company.people.crm_put("Quotes", second["id"], Deal_Name={"id": deal}, Quote_Stage="Accepted")
    dispatched(company)
    numbers = sorted(order_of(company, quote)["salesorder_number"] for quote in (first, second))
    shown = company.people.crm_get("Deals", deal)
    assert (shown["Order_Number"], shown["Order_Status"]) == (", ".join(numbers), "confirmed")
    assert sorted(files(company, deal)) == [f"{number}.pdf" for number in numbers]
    company.people.ask("POST", f"/inventory/v1/salesorders/{order_of(company, second)['salesorder_id']}/status/void")
    dispatched(company)
    assert company.people.crm_get("Deals", deal)["Order_Status"] == "Several"
    assert len(files(company, deal)) == 2


def test_only_confirmed_orders_with_a_deal_cost_a_file(company, shop):
    account, product = shop
    rows = [{"Product_Name": {"id": product}, "Quantity": 1, "List_Price": 19.99}]
    key = company.crm_new(
        "Quotes", Subject="No deal", Quote_Stage="Accepted", Account_Name={"id": account}, Quoted_Items=rows
    )
    before = company.stage.journal()["next"]
    dispatched(company)
    assert company.people.crm_get("Quotes", key)["Order_Number"]
    assert calls(company, before, "GET", "/books/v3/salesorders/") == []
    assert [path for path in calls(company, before, "GET", "/crm/v8/Deals/") if path.endswith("Attachments")] == []
    assert len(mails(company)) == 1


@pytest.mark.promise("F063")
def test_orders_without_a_quote_and_orders_with_other_lines_are_listed(company, shop):
    account, product = shop
    quote = company.new_quote(account, [(product, 3, "19.99")])
    untouched = company.new_quote(account, [(product, 1, "19.99")])
    dispatched(company)
    order = order_of(company, quote)
    report = json.loads(company.desk("orders", "--live", "--json"))
    assert (report["findings"], report["compared"]) == ([], 2)
    whole = company.people.finance_get(f"/inventory/v1/salesorders/{order['salesorder_id']}", "salesorder")
    line = whole["line_items"][0]
    changed = [{"line_item_id": line["line_item_id"], "item_id": line["item_id"], "quantity": 5, "rate": line["rate"]}]
    company.people.ask("PUT", f"/inventory/v1/salesorders/{order['salesorder_id']}", {"line_items": changed})
    typed = company.finance_new(
        "/inventory/v1/salesorders", "salesorder", customer_id=whole["customer_id"],
        line_items=[{"item_id": line["item_id"], "quantity": 1, "rate": 1}],
    )  # fmt: skip
    company.people.ask("POST", f"/inventory/v1/salesorders/{typed['salesorder_id']}/status/confirmed")
    dispatched(company)
    code, known = report_of(company, "orders", "--json")
    assert (code, [one["kind"] for one in known["findings"]]) == (1, ["no quote"])
    assert known["findings"][0]["order"] == typed["salesorder_number"]
    code, live = report_of(company, "orders", "--live", "--json")
    found = {one["order"]: (one["kind"], one["quote"], one["what"]) for one in live["findings"]}
    assert (code, found) == (
        1,
        {
            typed["salesorder_number"]: ("no quote", None, []),
            order["salesorder_number"]: ("lines changed", quote["Quote_Number"], ["Q-1: quantity is 5, was 3"]),
        },
    )
    assert order_of(company, untouched)["salesorder_number"] not in found
