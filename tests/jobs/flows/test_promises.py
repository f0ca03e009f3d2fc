"""What open quotes are told of stock: live, divided among all who want the same, written by line, queued where too much is lacking."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.testing import programs

LINE = ("Stock_Status", "Stock_Promised", "Stock_Available", "Stock_Reserved")
DAY = "2026-03-01"
RULES = ("product.yml", "composite_product.yml")
"""The promises need no others, and no job here does."""


class Sales:
    """A company with a customer and products of inventory; its quotes. `linked`: by the job, else by hand."""

    def __init__(
        self,
        company: Any,
        items: dict[str, dict[str, Any]],
        sets: dict[str, dict[str, int]] | None = None,
        *,
        linked: bool = False,
    ) -> None:
        self.company = company
        for file in (company.stage.folder / "rules").glob("*.yml"):
            if file.name not in RULES:
                file.unlink()
        self.items = {sku: company.new_item(sku, **values) for sku, values in items.items()}
        for sku, parts in (sets or {}).items():
            self.items[sku] = self._set(sku, parts)
        if linked:
            company.synced("products")
            rows = company.people.crm_list("Products", "Product_Code")
            self.products = {row["Product_Code"]: row["id"] for row in rows}
        else:
            Ledger(str(company.stage.ledger)).close()
            self.products = {
                sku: company.crm_new("Products", Product_Name=sku, Product_Code=sku, Inventory_ID=item)
                for sku, item in self.items.items()
            }
        self.account = company.crm_new("Accounts", Account_Name="A customer")

    def _set(self, sku: str, parts: dict[str, int]) -> str:
        mapped = [{"item_id": self.items[part], "quantity": share} for part, share in parts.items()]
        made = self.company.finance_new(
            "/inventory/v1/compositeitems", "composite_item", name=f"Set {sku}", sku=sku, rate=50, item_type="inventory",
            product_type="goods", combo_type="kit", mapped_items=mapped,
        )  # fmt: skip
        return str(made["composite_item_id"])

    def quote(self, *lines: tuple[str, int, str], stage: str = "Draft", closing: str | None = None) -> dict[str, Any]:
        named = [(self.products[sku], quantity, price) for sku, quantity, price in lines]
        made = self.company.new_quote(self.account, named, stage)
        if closing:
            self.company.people.crm_put("Deals", made["Deal_Name"]["id"], Closing_Date=closing)
        return made

    def lines(self, quote: dict[str, Any]) -> list[dict[str, Any]]:
        return list(self.read(quote)["Quoted_Items"])

    def said(self, quote: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [tuple(line[name] for name in LINE) for line in self.lines(quote)]

    def read(self, quote: dict[str, Any]) -> dict[str, Any]:
        return dict(self.company.people.crm_get("Quotes", quote["id"]))

    def adjusted(self, sku: str, by: int) -> None:
        places = self.company.people.ask("GET", "/inventory/v1/locations")["locations"]
        line = {"item_id": self.items[sku], "quantity_adjusted": by, "location_id": places[0]["location_id"]}
        self.company.finance_new(
            "/inventory/v1/inventoryadjustments", "inventory_adjustment",
            date=DAY, reason="counted", adjustment_type="quantity", line_items=[line],
        )  # fmt: skip

    def ordered(self, sku: str, quantity: int) -> None:
        """A confirmed order of somebody else's, which reserves."""
        people = self.company.people
        buyer = self.company.finance_new("/inventory/v1/contacts", "contact", contact_name=f"Buyer of {quantity} {sku}")
        line = {"item_id": self.items[sku], "quantity": quantity, "rate": 1}
        order = self.company.finance_new(
            "/inventory/v1/salesorders", "salesorder", customer_id=buyer["contact_id"], line_items=[line]
        )
        people.ask("POST", f"/inventory/v1/salesorders/{order['salesorder_id']}/status/confirmed")

    def stock(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = programs.run(
            ["ofrecord", "stock", *words], cwd=self.company.stage.folder, environment=self.company.stage.environment
        )
        assert done.returncode == code, f"{done.stdout}{done.stderr}"
        return done

    def calls(self, since: int) -> list[str]:
        entries = self.company.stage.journal(since)["entries"]
        return [f"{one['method']} {one['path']}" for one in entries if one["system"] in {"crm", "inventory"}]

    def now(self) -> int:
        return int(self.company.stage.journal()["next"])


@pytest.mark.promise("F053")
@pytest.mark.promise("F058")
def test_a_line_says_what_is_available_what_is_reserved_and_as_of_when(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 30}}, linked=True)
    sales.ordered("BOLT", 29)
    quote = sales.quote(("BOLT", 1, "10.00"))
    before = {k: v for k, v in sales.lines(quote)[0].items() if not k.startswith(("Stock_", "Modified"))}
    sales.stock()
    [line] = sales.lines(quote)
    assert [line[name] for name in LINE] == ["In stock", 1, 1, 29]
    assert line["Stock_As_Of"]
    after = {k: v for k, v in line.items() if not k.startswith(("Stock_", "Modified"))}
    assert after == before, "nothing else of the line is touched"
    company.stage.control("POST", "clock", {"move_s": 60})
    sales.stock()
    since = sales.now()
    sales.stock()
    assert sales.calls(since) == ["POST /crm/v8/coql", "GET /inventory/v1/itemdetails"], (
        "what has not moved is not read, and not written"
    )


@pytest.mark.promise("F045")
def test_one_quote_is_asked_live_and_the_age_of_what_the_crm_said_is_told(company: Any) -> None:
    company.stage.control("POST", "clock", {"freeze": "2026-03-01T10:00:00+00:00"})
    sales = Sales(company, {"BOLT": {"stock": 30}}, linked=True)
    quote = sales.quote(("BOLT", 20, "10.00"))
    company.stage.control("POST", "clock", {"move_s": 60})
    sales.stock()
    sales.adjusted("BOLT", -25)
    company.stage.control("POST", "clock", {"move_s": 5400})
    said = json.loads(sales.stock(quote["Quote_Number"], "--show", "--json").stdout)
    [line] = said["lines"]
    assert (line["status"], line["available"], line["promised"]) == ("Partly", "5", "5")
    assert (line["line_said"], line["line_age"]) == ("30", 5400)
    assert line["product_said"] == "30"
    assert line["product_age"] > 0
    assert said["as_of"] == "2026-03-01T11:31:00+00:00", "the vendor's clock"
    assert sales.said(quote) == [("In stock", 20, 30, 0)], "--show writes nothing"
    sales.stock(quote["id"])
    assert sales.said(quote) == [("Partly", 5, 5, 0)]
    assert 'no Quotes with the number or id "Q-nobody"' in sales.stock("Q-nobody", code=1).stderr


def test_of_quotes_that_want_the_same_last_unit_one_gets_it_and_the_others_say_who(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}})
    late = sales.quote(("BOLT", 3, "10.00"), closing="2026-09-01")
    soon = sales.quote(("BOLT", 4, "10.00"), closing="2026-04-01")
    someday = sales.quote(("BOLT", 1, "10.00"))
    sales.stock()
    assert [sales.said(one)[0][:2] for one in (soon, late, someday)] == [
        ("In stock", 4),
        ("Partly", 1),
        ("Backorder", 0),
    ]
    said = [sales.lines(one)[0]["Stock_Before"] for one in (soon, late, someday)]
    first, second = soon["Quote_Number"], late["Quote_Number"]
    assert said == [None, f"{first} (4)", f"{first} (4), {second} (1)"]
    company.people.crm_put("Quotes", soon["id"], Quote_Stage="Closed Lost")
    sales.stock()
    assert [sales.said(one)[0][:2] for one in (late, someday)] == [("In stock", 3), ("In stock", 1)]


def test_an_accepted_quote_keeps_its_stock_until_its_order_has_reserved_it(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}})
    accepted = sales.quote(("BOLT", 4, "10.00"), stage="Accepted", closing="2026-12-01")
    opened = sales.quote(("BOLT", 4, "10.00"), closing="2026-04-01")
    sales.stock()
    assert sales.said(opened) == [("Partly", 1, 5, 0)]
    assert sales.said(accepted) == [(None, None, None, None)], "it is not open, so nothing is written"
    company.people.crm_put("Quotes", accepted["id"], Order_Status="confirmed")
    sales.ordered("BOLT", 4)
    sales.stock()
    assert sales.said(opened) == [("Partly", 1, 1, 4)]


def test_kits_are_promised_by_what_their_components_suffice_for_and_share_them_with_others(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 10}, "NUT": {"stock": 7}}, {"KIT": {"BOLT": 2, "NUT": 1}})
    kits = sales.quote(("KIT", 4, "50.00"), closing="2026-04-01")
    bolts = sales.quote(("BOLT", 3, "10.00"), closing="2026-05-01")
    more = sales.quote(("KIT", 1, "50.00"), closing="2026-06-01")
    sales.stock()
    assert sales.said(kits) == [("In stock", 4, 5, 0)]
    assert sales.said(bolts) == [("Partly", 2, 10, 0)]
    assert sales.said(more)[0][:2] == ("Backorder", 0)
    assert sales.lines(bolts)[0]["Stock_Before"] == f"{kits['Quote_Number']} (4)"
    for _time in range(2):
        company.stage.control("POST", "clock", {"move_s": 60})
        since = sales.now()
        sales.stock()
    asked = ["POST /crm/v8/coql", "POST /crm/v8/coql", "GET /inventory/v1/itemdetails"]
    assert sales.calls(since) == asked, "products without a link are asked for, a kit that has not changed is not"
    path = f"/inventory/v1/compositeitems/{sales.items['KIT']}"
    whole = company.people.finance_get(path, "composite_item")
    mapped = [{"item_id": sales.items["BOLT"], "quantity": 1}, {"item_id": sales.items["NUT"], "quantity": 2}]
    company.people.ask(
        "PUT",
        path,
        {name: whole[name] for name in ("name", "sku", "item_type", "product_type")}
        | {"rate": 50, "mapped_items": mapped},
    )
    sales.stock()
    assert sales.said(kits) == [("Partly", 3, 3, 0)], "seven nuts, two for each"


@pytest.mark.promise("F054")
def test_a_line_shows_the_lead_time_when_stock_is_short_and_the_item_is_bought_again(company: Any) -> None:
    lead = {"custom_fields": [{"api_name": "cf_lead_time_days", "value": "14"}]}
    sales = Sales(company, {"BOLT": {"stock": 5, **lead}, "OLD": {"stock": 1, **lead}})
    quote = sales.quote(("BOLT", 6, "10.00"), ("BOLT", 1, "10.00"), ("OLD", 2, "1.00"))
    company.people.ask("POST", f"/inventory/v1/items/{sales.items['OLD']}/inactive")
    sales.stock()
    assert [line["Lead_Time_Days"] for line in sales.lines(quote)] == [14, 14, None]
    sales.adjusted("BOLT", 20)
    sales.stock()
    assert [line["Lead_Time_Days"] for line in sales.lines(quote)] == [None, None, None]


@pytest.mark.promise("F055")
def test_a_quote_over_the_threshold_is_flagged_and_queued_until_stock_comes_and_one_below_it_is_not(
    company: Any,
) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}, "PUMP": {"stock": 0, "item_type": "inventory"}})
    over = sales.quote(("BOLT", 60, "10.00"), closing="2026-04-01")
    below = sales.quote(("BOLT", 50, "10.00"), closing="2026-05-01")
    dear = sales.quote(("PUMP", 2, "6000.00"), closing="2026-05-01")
    sales.stock()
    shown = [
        (one["Stock_Review"], one["Backorder_Units"], one["Backorder_Value"])
        for one in map(sales.read, (over, below, dear))
    ]
    assert shown == [("Needed", 55, 550), (None, 50, 500), ("Needed", 2, 12000)]
    held = {row.label: row for row in company.held() if row.kind == "review"}
    assert held.keys() == {over["Quote_Number"], dear["Quote_Number"]}
    assert "lacks 55 units, worth 550.00 USD: more than 50 units." in held[over["Quote_Number"]].message
    company.desk("answer", f"quotes/{over['id']}", "accept", "--by", "Ada")
    sales.stock()
    assert sales.read(over)["Stock_Review"] == "Accepted"
    sales.stock()
    assert [row.source_id for row in company.held() if row.kind == "review"] == [dear["id"]]
    sales.adjusted("BOLT", -1)
    sales.stock()
    assert sales.read(over)["Stock_Review"] == "Needed", "more than was accepted"
    sales.adjusted("BOLT", 200)
    sales.adjusted("PUMP", 2)
    sales.stock()
    assert [(one["Stock_Review"], one["Backorder_Units"]) for one in map(sales.read, (over, dear))] == [
        (None, None)
    ] * 2
    assert [row for row in company.held() if row.kind == "review"] == []


@pytest.mark.promise("F084")
def test_quotes_whose_stock_or_price_moved_since_the_customer_was_told_are_listed(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}, "NUT": {"stock": 5}, "PIN": {"stock": 5}})
    told = sales.quote(("BOLT", 4, "10.00"), ("NUT", 2, "10.00"), ("PIN", 1, "10.00"), stage="Delivered")
    draft = sales.quote(("PIN", 1, "10.00"))
    sales.stock()
    assert "What customers were told holds." in sales.stock("--stale").stderr
    sales.adjusted("BOLT", -3)
    people = company.people
    people.ask("PUT", f"/inventory/v1/items/{sales.items['NUT']}", {"name": "Item NUT", "rate": 12.5})
    sales.stock()
    found = json.loads(sales.stock("--stale", "--json", code=1).stdout)
    assert [(one["quote"], one["item"], one["moved"], one["told"], one["now"]) for one in found] == [
        (told["Quote_Number"], "BOLT", "stock", "4", "2"), (told["Quote_Number"], "NUT", "price", "2", "2"),
    ]  # fmt: skip
    assert (found[1]["price_told"], found[1]["price_now"]) == ("10", "12.5")
    assert sales.lines(draft)[0]["Told_At"] is None
    people.crm_put("Quotes", told["id"], Quote_Stage="Negotiation")
    sales.stock()
    people.crm_put("Quotes", told["id"], Quote_Stage="Delivered")
    sales.stock()
    assert "What customers were told holds." in sales.stock("--stale").stderr, "they were told anew"


def test_quantities_are_converted_as_the_rules_of_the_product_say(company: Any) -> None:
    company.edit_rules(
        "product.yml", "inventory: actual_available_stock", "inventory: {field: actual_available_stock, unit: m}"
    )
    company.edit_rules("product.yml", "crm: Qty_in_Stock", "crm: {field: Qty_in_Stock, unit: cm}")
    sales = Sales(company, {"CABLE": {"stock": 5}})
    sales.ordered("CABLE", 1)
    quote = sales.quote(("CABLE", 150, "0.10"), ("CABLE", 300, "0.10"))
    sales.stock()
    assert sales.said(quote) == [("In stock", 150, 400, 100), ("Partly", 250, 400, 100)]


def test_a_line_without_item_or_with_one_that_is_gone_says_so_and_the_quote_goes_on(company: Any) -> None:
    sales = Sales(
        company, {"BOLT": {"stock": 5}, "GONE": {}, "TALK": {"item_type": "sales", "product_type": "service"}}
    )
    sales.products["LOOSE"] = company.crm_new("Products", Product_Name="Loose", Product_Code="LOOSE")
    quote = sales.quote(("LOOSE", 1, "1"), ("GONE", 1, "1"), ("TALK", 1, "1"), ("BOLT", 1, "1"))
    company.people.ask("DELETE", f"/inventory/v1/items/{sales.items['GONE']}")
    done = sales.stock()
    assert [one[:2] for one in sales.said(quote)] == [
        ("Not linked", None), ("Item gone", None), ("Not stocked", None), ("In stock", 1),
    ]  # fmt: skip
    assert f"Products without an item: {sales.products['LOOSE']}" in done.stderr


def test_what_a_person_edits_meanwhile_is_left_to_the_next_run(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}})
    quote = sales.quote(("BOLT", 4, "10.00"))
    company.stage.control("POST", "clock", {"move_s": 60})
    edited = {
        "match": {"method": "GET", "path": "/inventory/v1/itemdetails"},
        "times": 1,
        "do": "delay",
        "delay_s": 1.5,
    }
    company.stage.control("POST", "faults", [edited])
    out = company.stage.folder / "stock.out"
    with out.open("wb") as file:
        running = programs.start(
            ["ofrecord", "stock"], cwd=company.stage.folder, environment=company.stage.environment,
            stdout=file.fileno(), stderr=file.fileno(),
        )  # fmt: skip
        since = sales.now()
        while (
            not any("itemdetails" in one["path"] for one in company.stage.journal(max(0, since - 5))["entries"])
            and running.poll() is None
        ):
            company.stage.control("POST", "clock", {"move_s": 2})
            [line] = sales.lines(quote)
            company.people.crm_put("Quotes", quote["id"], Quoted_Items=[{"id": line["id"], "Quantity": 6}])
        assert running.wait(30) == 0, out.read_text()
    assert "the next run writes them" in out.read_text()
    assert sales.said(quote) == [(None, None, None, None)]
    sales.stock()
    assert sales.said(quote) == [("Partly", 5, 5, 0)]


def test_without_inventory_nothing_is_written_and_the_figures_stay(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}})
    quote = sales.quote(("BOLT", 4, "10.00"))
    sales.stock()
    before = sales.said(quote)
    sales.adjusted("BOLT", -5)
    spent = {"code": 45, "message": "The calls of the day are used up."}
    down = {"match": {"path": "/inventory/v1/itemdetails"}, "times": 1, "do": "status", "status": 429, "body": spent}
    company.stage.control("POST", "faults", [down])
    since = sales.now()
    assert "inventory" in sales.stock(code=1).stderr
    assert [one for one in sales.calls(since) if one.startswith("PUT")] == []
    assert sales.said(quote) == before
    sales.stock()
    assert sales.said(quote) == [("Backorder", 0, 0, 0)]


def test_a_field_that_is_not_there_is_told_with_what_makes_it(company: Any) -> None:
    sales = Sales(company, {"BOLT": {"stock": 5}})
    sales.quote(("BOLT", 4, "10.00"))
    company.stage.control(
        "PUT", "crm/fields", {"module": "Quotes", "field": "Stock_Review", "api_name": "Stock_Review1"}
    )
    told = sales.stock(code=1).stderr
    assert "is not there: `ofrecord check --live` names it, `ofrecord setup` makes it." in told
    assert "crm POST /crm/v8/coql" in told


KILLER = """
import os, sys
from ofrecord_kit.testing.killed import _end_at
from ofrecord import cli
import ofrecord.promises.asking, ofrecord.promises.shown, ofrecord.promises.telling, target_crm.objects
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        _end_at(int(line))
        sys.argv = ["ofrecord", "stock"]
        sys.stdout = sys.stderr
        try:
            cli.app()
        except SystemExit as ended:
            os._exit(int(ended.code or 0))
    status = os.waitpid(pid, 0)[1]
    print("killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status), flush=True)
"""


def test_a_run_that_is_killed_anywhere_is_completed_by_the_next_one(company: Any) -> None:
    company.stage.control("POST", "clock", {"freeze": "2026-03-01T10:00:00+00:00"})
    sales = Sales(company, {"BOLT": {"stock": 60}})
    first, second = sales.quote(("BOLT", 40, "1"), closing="2026-04-01"), sales.quote(("BOLT", 75, "1"))
    runs = subprocess.Popen(
        [sys.executable, "-c", KILLER], cwd=company.stage.folder, env={**os.environ, **company.stage.environment},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip

    def run(step: int) -> str:
        assert runs.stdin
        assert runs.stdout
        runs.stdin.write(f"{step}\n")
        runs.stdin.flush()
        return runs.stdout.readline().strip()

    step, ended = 0, "killed"
    while ended == "killed":
        step += 2  # behind each call and transaction; before the next one nothing more has happened
        is_short = step % 4 == 0
        sales.adjusted("BOLT", -20 if is_short else 20)
        company.stage.control("POST", "clock", {"move_s": 600})
        ended = run(step)
        assert run(0) == "0"
        had = (20, 40) if is_short else (40, 40)
        assert [sales.said(one)[0][1] for one in (first, second)] == [40, had[0]], f"step {step}"
        held = [row.source_id for row in company.held() if row.kind == "review"]
        assert held == ([second["id"]] if is_short else []), f"step {step}"
        assert (sales.read(second)["Stock_Review"] == "Needed") is is_short
    runs.communicate()
    assert ended == "0"
    assert step > 8, "calls and transactions at which a run was killed"
