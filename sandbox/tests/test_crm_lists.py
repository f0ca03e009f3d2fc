"""Lists beyond one module's records: views, rows of subforms, leads, further modules, planted records."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sandbox_worlds import call, control, made

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.world import World


def chain(world: World, url: str, **headers: str) -> list[dict[str, Any]]:
    """Every row of a list, by page tokens."""
    rows: list[dict[str, Any]] = []
    token = ""
    while True:
        answer = call(world, "GET", url + (f"&page_token={token}" if token else ""), **headers)
        assert answer.status == 200, answer.content
        rows += answer.content["data"]
        if not answer.content["info"]["more_records"]:
            return rows
        token = answer.content["info"]["next_page_token"]


def stored(world: World, module: str) -> list[dict[str, Any]]:
    return list(world.store.table(f"crm/records/{module}"))


def test_every_module_has_its_own_view_and_those_that_were_arranged(world: World) -> None:
    criteria = {"field": {"api_name": "Rating"}, "comparator": "equal", "value": "Active"}
    view = control(world, "views", module="Accounts", name="Active ones", criteria=criteria)["id"]
    answer = call(world, "GET", "settings/custom_views?module=Accounts").content
    assert [one["name"] for one in answer["custom_views"]] == ["All Accounts", "Active ones"]
    assert answer["info"]["default"] == answer["custom_views"][0]["id"]
    assert answer["custom_views"][1]["criteria"] == criteria
    alone = call(world, "GET", f"settings/custom_views/{view}?module=Accounts").content["custom_views"]
    assert alone == [answer["custom_views"][1]]
    assert call(world, "GET", "settings/custom_views/1?module=Accounts").status == 204
    assert call(world, "GET", "settings/custom_views").content["code"] == "REQUIRED_PARAM_MISSING"


def test_a_list_of_a_view_holds_what_fulfils_it_and_takes_no_order(world: World) -> None:
    control(world, "plant", module="Accounts", count=40)
    criteria = {"field": {"api_name": "Rating"}, "comparator": "equal", "value": "Active"}
    view = control(world, "views", module="Accounts", name="Active ones", criteria=criteria)["id"]
    everyone = call(world, "GET", "settings/custom_views?module=Accounts").content["info"]["default"]
    rows = chain(world, f"Accounts?fields=Rating&cvid={view}&per_page=3")
    assert {row["id"] for row in rows} == {one["id"] for one in stored(world, "Accounts") if one["Rating"] == "Active"}
    assert len(chain(world, f"Accounts?fields=Rating&cvid={everyone}")) == 40
    both = call(world, "GET", f"Accounts?fields=id&cvid={view}&sort_by=id")
    assert (both.status, both.content["code"]) == (400, "AMBIGUITY_DURING_PROCESSING")
    assert call(world, "GET", "Accounts?fields=id&cvid=1").content["code"] == "INVALID_DATA"
    assert call(world, "GET", f"Contacts?fields=id&cvid={view}").content["code"] == "INVALID_DATA"


def test_a_view_that_makes_no_sense_is_told_plainly(world: World) -> None:
    criteria = {"field": {"api_name": "Nothing"}, "comparator": "equal", "value": 1}
    answer = world.call("POST", "/_sandbox/crm/views", {"module": "Accounts", "name": "A", "criteria": criteria})
    assert (answer.status, "FIELD_IN_CRITERIA_NOT_AVAILABLE" in answer.content["error"]) == (400, True)


@pytest.mark.parametrize(
    ("module", "rows"),
    [
        ("Quotes", "Quoted_Items"),
        ("Sales_Orders", "Ordered_Items"),
        ("Invoices", "Invoiced_Items"),
        ("Purchase_Orders", "Purchased_Items"),
    ],
)
def test_line_items_are_listed_by_pages_with_their_parent(world: World, module: str, rows: str) -> None:
    for one in ("Products", "Vendors", module):
        control(world, "plant", module=one, count=9)
    fields = "Parent_Id,Product_Name,Quantity,List_Price,Line_Tax,Net_Total"
    found = chain(world, f"{rows}?fields={fields}&per_page=4")
    wanted = {row["id"]: (one, row) for one in stored(world, module) for row in one[rows]}
    assert sorted(row["id"] for row in found) == sorted(wanted)
    for row in found:
        parent, line = wanted[row["id"]]
        assert row["Parent_Id"] == {"name": parent["Subject"], "id": parent["id"]}
        assert row["Net_Total"] == line["Net_Total"]
        assert row["Line_Tax"] == line["Line_Tax"]
        assert set(row["Product_Name"]) == {"name", "id", "Product_Code"}
    sums = {
        one["id"]: sum((Decimal(str(row["Net_Total"])) for row in one[rows]), Decimal(0))
        for one in stored(world, module)
    }
    assert all(sums[one["id"]] == Decimal(str(one["Sub_Total"])) for one in stored(world, module))


def test_rows_of_a_custom_subform_are_listed_and_described(world: World) -> None:
    columns = [{"api_name": "Serial", "data_type": "text"}, {"api_name": "Amount", "data_type": "currency"}]
    control(world, "fields", module="Deals", field={"api_name": "Devices", "data_type": "subform", "fields": columns})
    deal = made(world, "Deals", Deal_Name="D", Stage="Qualification", Devices=[{"Serial": "1"}, {"Serial": "2"}])
    found = call(world, "GET", "Devices?fields=Serial,Amount,Parent_Id&sort_order=asc").content["data"]
    assert [(row["Serial"], row["Amount"], row["Parent_Id"]["id"]) for row in found] == [
        ("1", None, deal),
        ("2", None, deal),
    ]
    described = call(world, "GET", "settings/fields?module=Devices").content["fields"]
    assert {"Serial", "Amount", "Parent_Id"} <= {row["api_name"] for row in described}


def test_who_may_not_see_the_parent_may_not_see_its_rows(world: World) -> None:
    world.call("PUT", "/_sandbox/crm/modules", {"module": "Quotes", "viewable": False})
    for path in ("Quoted_Items?fields=id", "settings/fields?module=Quoted_Items"):
        answer = call(world, "GET", path)
        assert (answer.status, answer.content["code"]) == (403, "NO_PERMISSION"), path


def test_leads_are_listed_unconverted_unless_asked_otherwise(world: World) -> None:
    ids = [made(world, "Leads", Last_Name=f"L{number}", Company="C") for number in range(3)]
    control(world, "convert", ids=ids[:1])

    def listed(query: str) -> set[str]:
        answer = call(world, "GET", f"Leads?fields=Last_Name,Converted__s{query}")
        return {row["id"] for row in answer.content["data"]}

    assert listed("") == listed("&converted=false") == set(ids[1:])
    assert listed("&converted=true") == {ids[0]}
    assert listed("&converted=both") == set(ids)
    assert call(world, "GET", "Leads?fields=id&converted=odd").content["code"] == "INVALID_DATA"
    assert call(world, "GET", "Deals?fields=id&converted=true").content["code"] == "EXTRA_PARAM_FOUND"


@pytest.mark.parametrize(
    ("module", "values"),
    [
        ("Leads", {"Last_Name": "A"}),
        ("Campaigns", {"Campaign_Name": "A"}),
        ("Cases", {"Subject": "A", "Status": "New", "Case_Origin": "Web"}),
        ("Solutions", {"Solution_Title": "A"}),
        ("Tasks", {"Subject": "A"}),
        (
            "Events",
            {
                "Event_Title": "A",
                "Start_DateTime": "2026-03-01T09:00:00+01:00",
                "End_DateTime": "2026-03-01T10:00:00+01:00",
            },
        ),
        (
            "Calls",
            {
                "Subject": "A",
                "Call_Type": "Inbound",
                "Call_Start_Time": "2026-03-01T09:00:00+01:00",
                "Call_Duration": "05:00",
            },
        ),
    ],
)
def test_further_modules_are_written_read_and_know_what_they_demand(
    world: World, module: str, values: dict[str, Any]
) -> None:
    record = call(world, "GET", f"{module}/{made(world, module, **values)}").content["data"][0]
    assert record.items() >= values.items()
    refused = call(world, "POST", module, {"data": [{}]}).content["data"][0]
    errors = refused["details"].get("errors", [refused])
    assert {one["details"]["api_name"] for one in errors} == set(values)


def test_modules_a_reader_passes_over_are_named_by_the_metadata(world: World) -> None:
    rows = {row["api_name"]: row for row in call(world, "GET", "settings/modules").content["modules"]}
    for name, status in (
        ("Reports", "visible"),
        ("Dashboards", "user_hidden"),
        ("Old_Projects", "scheduled_for_deletion"),
    ):
        assert (rows[name]["api_supported"], rows[name]["status"]) == (False, status)
        assert call(world, "GET", f"{name}?fields=id").content["code"] == "INVALID_MODULE"
    assert rows["Purchased_Items"]["generated_type"] == "subform"


@pytest.mark.parametrize("sort_by", ["id", "Modified_Time"])
def test_only_what_changed_since_comes_and_nothing_is_304(world: World, sort_by: str) -> None:
    control(world, "plant", module="Accounts", count=30, seconds=60)
    middle = stored(world, "Accounts")[15]
    url = f"Accounts?fields=Modified_Time&sort_by={sort_by}&sort_order=asc&per_page=7"
    rows = chain(world, url, if_modified_since=middle["Modified_Time"])
    assert [row["id"] for row in rows] == [one["id"] for one in stored(world, "Accounts") if one["_m"] > middle["_m"]]
    assert call(world, "GET", url, if_modified_since="2026-03-01T09:00:00Z").status == 304


def test_lists_stop_at_2000_by_number_and_at_100000_by_token(world: World) -> None:
    control(world, "plant", module="Solutions", count=100_201, fields=["Solution_Title"])
    url = "Solutions?fields=Solution_Title"
    assert call(world, "GET", f"{url}&page=10").status == 200
    refused = call(world, "GET", f"{url}&page=11").content
    assert (refused["code"], refused["details"]) == ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": 2000})
    seen, token = 0, call(world, "GET", url).content["info"]["next_page_token"]
    while (answer := call(world, "GET", f"{url}&page_token={token}")).status == 200:
        seen += len(answer.content["data"])
        token = answer.content["info"]["next_page_token"]
    assert seen + 200 == 100_000
    assert (answer.content["code"], answer.content["details"]) == ("PAGINATION_LIMIT_EXCEEDED", {"limit": 100_000})


def test_a_page_token_ends_after_a_day_by_the_sandboxs_clock(world: World) -> None:
    control(world, "plant", module="Accounts", count=3)
    url = "Accounts?fields=id&per_page=1"
    token = call(world, "GET", url).content["info"]["next_page_token"]
    world.clock.move(timedelta(hours=23))
    assert call(world, "GET", f"{url}&page_token={token}").status == 200
    world.clock.move(timedelta(hours=1))
    assert call(world, "GET", f"{url}&page_token={token}").content["code"] == "EXPIRED_VALUE"


def test_deleted_records_since_a_moment(world: World) -> None:
    first, second = made(world, "Accounts", Account_Name="A"), made(world, "Accounts", Account_Name="B")
    call(world, "DELETE", f"Accounts/{first}")
    world.clock.move(timedelta(minutes=5))
    call(world, "DELETE", f"Accounts/{second}")
    rows = call(world, "GET", "Accounts/deleted", if_modified_since="2026-03-01T09:00:00+00:00").content["data"]
    assert [row["id"] for row in rows] == [second]
    assert call(world, "GET", "Accounts/deleted", if_modified_since="2026-03-01T10:00:00Z").status in {204, 304}


def test_planting_is_the_same_each_time_and_tells_what_is_true_of_it(world: World) -> None:
    told = control(world, "plant", module="Deals", count=300, answers=True)
    again = new_world()
    again.clock.freeze(world.clock.now())
    control(again, "plant", module="Deals", count=300)
    assert stored(again, "Deals") == stored(world, "Deals")
    amounts = [one["Amount"] for one in stored(world, "Deals") if one["Amount"] is not None]
    assert told["answers"]["Amount"] == {"filled": len(amounts), "sum": str(sum(Decimal(str(one)) for one in amounts))}
    assert 0 < len(amounts) < 300
    assert (told["count"], told["total"]) == (300, 300)
    names = {one["Deal_Name"] for one in stored(world, "Deals")}
    assert len(names) == 300
    assert any('"' in name for name in names)
    assert any("," in name for name in names)
    assert not all(name.isascii() for name in names)
    assert control(world, "plant", module="Deals", count=2)["total"] == 302


@pytest.mark.parametrize(
    "bad", [{"module": "Nothing", "count": 1}, {"module": "Deals", "count": 1, "fields": ["Nothing"]}]
)
def test_planting_what_is_not_there_is_told_plainly(world: World, bad: dict[str, Any]) -> None:
    answer = world.call("POST", "/_sandbox/crm/plant", bad)
    assert (answer.status, "Nothing" in answer.content["error"]) == (400, True)
