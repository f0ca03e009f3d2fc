"""Orders that are made of won deals, or amended, by runs that are killed at every step and made again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from jobs.conftest import Company
from jobs.flows.dispatched import goods, messages

from ofrecord.demo.stage import Stage

TO_ORDERS = "tap-crm--orders own-orders-crm-to-inventory target-inventory"
ENOUGH = 50


@pytest.fixture(scope="module")
def shop(stage: Stage) -> tuple[Company, str, str]:
    company = Company(stage)
    return company, *goods(company)


def killed_at_every_step(company: Company, runs: list[list[dict[str, Any]]]) -> int:
    """A run of the target over each of these, killed a step later each time, then made again; how many there were."""
    _executable, config = company.plugin("target-inventory")
    config.pop("__catalog", None)
    asked = company.stage.folder / "run" / "killed.json"
    asked.write_text(json.dumps({"target": "target_inventory.target:TargetInventory", "config": config, "runs": runs}))
    done = subprocess.run(
        [sys.executable, "-m", "ofrecord_kit.testing.killed", str(asked)], capture_output=True, text=True, check=False,
        timeout=240, cwd=company.stage.folder, env={**company.stage.environment, "OFRECORD_RUN": "killed"},
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["killed"] for one in told] == [True] * (len(told) - 1) + [False], done.stderr
    assert {one["code"] for one in told} == {0}, done.stderr
    return len(told)


def of(sent: list[dict[str, Any]], kind: str, stream: str) -> list[dict[str, Any]]:
    return [one for one in sent if (one["type"], one.get("stream")) == (kind, stream)]


@pytest.mark.promise("N12", "F065")
def test_a_won_deal_and_its_quote_make_one_order_wherever_the_run_is_killed(shop):
    company, account, product = shop
    quotes = [company.new_quote(account, [(product, 1, "19.99")], stage="Negotiation") for _number in range(ENOUGH)]
    won = [{"id": quote["Deal_Name"]["id"], "Stage": "Closed Won"} for quote in quotes]
    company.people.ask("PUT", "/crm/v8/Deals", {"data": won})
    sent = messages(company, TO_ORDERS)
    [order], [deal] = of(sent, "SCHEMA", "order"), of(sent, "SCHEMA", "deal")
    deals = {one["record"]["_ofrecord"]["id"]: one for one in of(sent, "RECORD", "deal")}
    waiting = {one["record"]["_ofrecord"]["id"]: one for one in of(sent, "RECORD", "order")}
    runs = [[order, waiting[quote["id"]], deal, deals[quote["Deal_Name"]["id"]]] for quote in quotes]
    steps = killed_at_every_step(company, runs)
    assert steps > 20
    made = [company.orders_of(quote["Quote_Number"]) for quote in quotes]
    assert [len(orders) for orders in made] == [1] * steps + [0] * (ENOUGH - steps)
    assert {orders[0]["status"] for orders in made if orders} == {"confirmed"}
    accepted = [{"id": quote["id"], "Quote_Stage": "Accepted"} for quote in quotes[:steps]]
    company.people.ask("PUT", "/crm/v8/Quotes", {"data": accepted})
    company.complaints = ""
    assert company.pipe(TO_ORDERS, "accepted, too") == 0, company.complaints
    assert [len(company.orders_of(quote["Quote_Number"])) for quote in quotes[:steps]] == [1] * steps
    assert company.held() == []


def test_an_amendment_arrives_once_wherever_the_run_is_killed(shop):
    company, account, product = shop
    quotes = [company.new_quote(account, [(product, 1, "19.99")]) for _number in range(24)]
    assert company.pipe(TO_ORDERS, "made") == 0
    for quote in quotes:
        row = {"id": quote["Quoted_Items"][0]["id"], "Quantity": 2}
        company.people.crm_put("Quotes", quote["id"], Quoted_Items=[row], Adjustment=0.5)
    sent = messages(company, TO_ORDERS)
    [order] = of(sent, "SCHEMA", "order")
    changed = {one["record"]["_ofrecord"]["id"]: one for one in of(sent, "RECORD", "order")}
    steps = killed_at_every_step(company, [[order, changed[quote["id"]]] for quote in quotes])
    assert steps > 5
    found = [company.people.finance_get(f"/inventory/v1/salesorders/{company.orders_of(quote['Quote_Number'])[0]['salesorder_id']}", "salesorder") for quote in quotes[:steps]]  # fmt: skip
    assert [[line["quantity"] for line in one["line_items"]] for one in found] == [[2]] * steps
    assert {str(one["total"]) for one in found} == {"40.48"}
    assert company.held() == []
