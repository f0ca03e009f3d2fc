"""One day's calls for all: what a backfill leaves to the stock, and what the desk says of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ofrecord.demo.people import People
from ofrecord_kit.testing import programs

A_DAY = 40
STOCK = "tap-inventory--stock own-stock-inventory-to-crm target-crm"


@pytest.fixture
def limited(company: Any) -> Any:
    """A company with linked products, whose vendor and settings allow 40 calls a day from now on, and a backfill that leaves 30 %."""
    folder = company.stage.folder
    before = (folder / "meltano.yml").read_text()
    state = company.stage.environment["OFRECORD_STATE_DIR"]
    company.item = company.new_item("S-1", stock=5)
    company.synced("products")
    company.stage.control("POST", "finance/plant", {"collection": "contacts", "count": 60})
    extractors = company.meltano["plugins"]["extractors"]
    base = next(one for one in extractors if one["name"] == "tap-inventory")
    base["config"] = {"calls_per_day": A_DAY}
    extractors.append(
        {
            "name": "tap-inventory--history",
            "inherit_from": "tap-inventory",
            "config": {"calls_per_day": A_DAY, "reserve": 30, "streams": ["contacts"]},
        }
    )
    stock = next(one for one in extractors if one["name"] == "tap-inventory--stock")
    stock["config"]["calls_per_day"] = A_DAY
    (folder / "meltano.yml").write_text(yaml.safe_dump(company.meltano, sort_keys=False))
    company.stage.control("POST", "clock", {"move_s": 86400})
    company.people = People(company.stage)  # who was logged in is not any more
    company.stage.control("POST", "limits", {"finance_per_day": A_DAY})
    company.stage.environment["OFRECORD_STATE_DIR"] = str(folder / ".calls")
    yield company
    company.stage.environment["OFRECORD_STATE_DIR"] = state
    company.stage.control("POST", "limits", {"all": "off"})
    company.stage.control("POST", "clock", {"run": True})
    (folder / "meltano.yml").write_text(before)


def backfill(company: Any) -> Any:
    executable, config = company.plugin("tap-inventory--history")
    command = company.command(executable, config, "history")
    environment = {**company.stage.environment, "MELTANO_EXTRACTOR_NAME": "tap-inventory--history"}
    return programs.run(command, cwd=company.stage.folder, environment=environment)


@pytest.mark.promise("F047")
def test_stock_keeps_its_share_when_a_backfill_runs_and_the_plan_says_so(limited: Any) -> None:
    since = limited.stage.journal()["next"]
    history = backfill(limited)
    assert history.returncode == 1
    assert "The budget of the day is spent: 28 within 24 hours" in history.stderr
    assert "12 are kept for others (reserve)" in history.stderr
    assert "Waiting: contacts" in history.stderr
    place = {"item_id": limited.item, "quantity_adjusted": 3, "location_id": location(limited)}
    limited.finance_new(
        "/inventory/v1/inventoryadjustments", "inventory_adjustment",
        date="2026-03-01", reason="counted", adjustment_type="quantity", line_items=[place],
    )  # fmt: skip
    before = limited.stage.journal()["next"]
    assert limited.pipe(STOCK, "stock") == 0, limited.last_output
    made = [one for one in limited.stage.journal(before)["entries"] if one["system"] == "inventory"]
    assert limited.product_of(limited.item)["Qty_in_Stock"] == 8
    assert backfill(limited).returncode == 1, "the backfill takes nothing of what it left"
    assert [one for one in limited.stage.journal(since)["entries"] if one["status"] == 429] == []

    done = programs.run(
        ["ofrecord", "calls", "--json"], cwd=limited.stage.folder, environment=limited.stage.environment
    )
    plan = json.loads(done.stdout)
    [stock] = [one for one in plan["schedules"] if one["job"] == "stock"]
    assert (stock["runs_a_day"], stock["a_run"]["inventory, books"], stock["source"]) == (288, len(made), "1")
    assert (stock["a_day"]["inventory, books"], stock["share"]["inventory, books"]) == (
        288 * len(made),
        round(100 * 288 * len(made) / A_DAY, 1),
    )
    [reserve] = plan["reserves"]
    assert (reserve["plugin"], reserve["stops_at"], reserve["left"]) == ("tap-inventory--history", 28, 12)
    assert "stock" in reserve["to"]
    finance = next(one for one in plan["budgets"] if one["unit"] == "calls")
    assert (finance["quota"]["a_day"], finance["last_24_hours"]) == (A_DAY, 28 + len(made))
    assert done.returncode == 1
    assert f"a day, {A_DAY} are allowed (calls_per_day of" in done.stderr


def location(company: Any) -> str:
    return str(company.people.ask("GET", "/inventory/v1/locations")["locations"][0]["location_id"])
