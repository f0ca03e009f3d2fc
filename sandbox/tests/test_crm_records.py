"""Records of the CRM: lists, writes, duplicates, line items, deletes, files, queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sandbox_worlds import call

from ofrecord_sandbox import crm
from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = new_world()
    made.clock.freeze(NOW)
    return made


def write(world: World, method: str, path: str, *data: dict[str, Any], **headers: str) -> Response:
    return call(world, method, path, {"data": list(data), "trigger": []}, **headers)


def made(world: World, module: str, **values: Any) -> str:
    answer = write(world, "POST", module, values)
    assert answer.status == 201, answer.content
    return str(answer.content["data"][0]["details"]["id"])


def read(world: World, module: str, record_id: str) -> dict[str, Any]:
    return dict(call(world, "GET", f"{module}/{record_id}").content["data"][0])


def code(answer: Response) -> str:
    return str(answer.content["data"][0]["code"] if "data" in answer.content else answer.content["code"])


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("Accounts", "REQUIRED_PARAM_MISSING"),
        ("Nonsense?fields=id", "INVALID_MODULE"),
        ("Accounts?fields=Nonsense", "INVALID_DATA"),
        ("Accounts?fields=id&nonsense=1", "EXTRA_PARAM_FOUND"),
        ("Accounts?fields=" + ",".join(["id"] * 51), "LIMIT_EXCEEDED"),
        ("Accounts?fields=id&per_page=201", "INVALID_DATA"),
        ("Accounts?fields=id&page=11", "DISCRETE_PAGINATION_LIMIT_EXCEEDED"),
        ("Accounts?fields=id&page=1&page_token=x", "AMBIGUITY_DURING_PROCESSING"),
        ("Accounts?fields=id&page_token=x", "INVALID_DATA"),
        ("Accounts/deleted?type=odd", "PATTERN_NOT_MATCHED"),
    ],
)
def test_what_a_list_may_not_ask_is_refused(world: World, path: str, wanted: str) -> None:
    answer = call(world, "GET", path)
    assert (answer.status, code(answer)) == (400, wanted)


def test_pages_by_token_give_every_record_once_and_the_token_is_bound_to_the_question(world: World) -> None:
    ids = [made(world, "Accounts", Account_Name=f"A{number}") for number in range(5)]
    url = "Accounts?fields=Account_Name&per_page=2"
    seen: list[str] = []
    token = ""
    while True:
        answer = call(world, "GET", url + (f"&page_token={token}" if token else ""))
        seen += [row["id"] for row in answer.content["data"]]
        if not answer.content["info"]["more_records"]:
            break
        token = answer.content["info"]["next_page_token"]
    assert seen == ids[::-1]
    other = call(world, "GET", f"Accounts?fields=id&per_page=2&page_token={token}")
    assert code(other) == "TOKEN_BOUND_DATA_MISMATCH"
    world.clock.move(timedelta(hours=25))
    assert code(call(world, "GET", f"{url}&page_token={token}")) == "EXPIRED_VALUE"


def test_nothing_is_204_and_nothing_new_is_304(world: World) -> None:
    assert call(world, "GET", "Accounts?fields=id").status == 204
    made(world, "Accounts", Account_Name="A")
    since = {"If_Modified_Since": "2026-03-01T09:00:00+00:00"}
    assert call(world, "GET", "Accounts?fields=id", **since).status == 304
    world.clock.move(timedelta(seconds=1))
    made(world, "Accounts", Account_Name="B")
    answer = call(world, "GET", "Accounts?fields=Account_Name", **since)
    assert [row["Account_Name"] for row in answer.content["data"]] == ["B"]
    assert call(world, "GET", "Accounts/554023000001999999").status == 204


def test_times_carry_the_users_offset_and_only_writes_move_modified_time(world: World) -> None:
    record_id = made(world, "Accounts", Account_Name="A")
    world.clock.move(timedelta(hours=1))
    assert read(world, "Accounts", record_id)["Modified_Time"] == "2026-03-01T10:00:00+01:00"
    write(world, "PUT", f"Accounts/{record_id}", {"Phone": "1"})
    changed = read(world, "Accounts", record_id)
    assert changed["Modified_Time"] == "2026-03-01T11:00:00+01:00"
    assert changed["Created_Time"] == "2026-03-01T10:00:00+01:00"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"Account_Name": None}, "MANDATORY_NOT_FOUND"),
        ({"Account_Name": "A", "Nonsense": 1}, "INVALID_DATA"),
        ({"Account_Name": "A", "Created_Time": "2026-01-01T00:00:00+00:00"}, "INVALID_DATA"),
        ({"Account_Name": "x" * 256}, "INVALID_DATA"),
        ({"Account_Name": "A", "Annual_Revenue": "12"}, "INVALID_DATA"),
        ({"Account_Name": "A", "Employees": 1234567890}, "INVALID_DATA"),
        ({"Account_Name": "A", "Parent_Account": {"id": "1"}}, "INVALID_DATA"),
        ({"Account_Name": "A", "Phone": 1, "Fax": 2}, "MULTIPLE_OR_MULTI_ERRORS"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_stored(world: World, values: dict[str, Any], wanted: str) -> None:
    answer = write(world, "POST", "Accounts", values)
    assert (answer.status, code(answer)) == (400, wanted)
    assert call(world, "GET", "Accounts?fields=id").status == 204


def test_mixed_results_keep_their_order_and_are_207(world: World) -> None:
    answer = write(world, "POST", "Accounts", {"Account_Name": "A"}, {}, {"Account_Name": "B"})
    assert answer.status == 207
    assert [one["code"] for one in answer.content["data"]] == ["SUCCESS", "MANDATORY_NOT_FOUND", "SUCCESS"]
    assert answer.content["data"][1]["details"]["json_path"] == "$.data[1].Account_Name"


def test_a_change_since_the_reading_is_412_for_that_record_only(world: World) -> None:
    old = made(world, "Accounts", Account_Name="A")
    world.clock.move(timedelta(minutes=1))
    new = made(world, "Accounts", Account_Name="B")
    held = {"If_Unmodified_Since": "2026-03-01T09:00:30+00:00"}
    both = write(world, "PUT", "Accounts", {"id": old, "Phone": "1"}, {"id": new, "Phone": "1"}, **held)
    assert (both.status, [one["code"] for one in both.content["data"]]) == (207, ["SUCCESS", "ALREADY_MODIFIED"])
    alone = write(world, "PUT", f"Accounts/{new}", {"Phone": "1"}, **held)
    assert (alone.status, code(alone)) == (412, "ALREADY_MODIFIED")


def upserted(world: World, module: str, values: dict[str, Any], *fields: str) -> dict[str, Any]:
    body: dict[str, Any] = {"data": [values]} | ({"duplicate_check_fields": list(fields)} if fields else {})
    return dict(call(world, "POST", f"{module}/upsert", body).content["data"][0])


def test_upsert_without_fields_matches_by_the_system_field_and_unique_fields_are_always_checked(world: World) -> None:
    first = upserted(world, "Accounts", {"Account_Name": "A", "Inventory_ID": "1"})
    assert (first["action"], first["duplicate_field"]) == ("insert", None)
    by_name = upserted(world, "Accounts", {"Account_Name": "a"})
    assert (by_name["action"], by_name["duplicate_field"]) == ("update", "Account_Name")
    named = upserted(world, "Accounts", {"Account_Name": "A", "Inventory_ID": "2"}, "Inventory_ID")
    assert named["action"] == "insert"
    by_id = upserted(world, "Accounts", {"Account_Name": "C", "Inventory_ID": "2"}, "Account_Name")
    assert (by_id["action"], by_id["duplicate_field"]) == ("update", "Inventory_ID")
    assert by_id["details"]["id"] == named["details"]["id"]


def test_upsert_refuses_fields_that_are_not_unique_and_values_of_two_records(world: World) -> None:
    body = {"data": [{"Account_Name": "A"}], "duplicate_check_fields": ["Phone"]}
    assert call(world, "POST", "Accounts/upsert", body).content["code"] == "INVALID_DATA"
    upserted(world, "Accounts", {"Account_Name": "A", "Inventory_ID": "1"})
    upserted(world, "Accounts", {"Account_Name": "B", "Inventory_ID": "2"})
    clash = upserted(world, "Accounts", {"Account_Name": "A", "Inventory_ID": "2"}, "Account_Name")
    assert (clash["code"], clash["details"]["api_name"]) == ("DUPLICATE_DATA", "Inventory_ID")


def test_a_unique_value_may_not_occur_twice_but_is_free_again_after_a_delete(world: World) -> None:
    first = made(world, "Products", Product_Name="P", Inventory_ID="7")
    refused = write(world, "POST", "Products", {"Product_Name": "Q", "Inventory_ID": "7"})
    assert refused.content["data"][0]["details"]["duplicate_record"]["id"] == first
    call(world, "DELETE", f"Products/{first}")
    made(world, "Products", Product_Name="Q", Inventory_ID="7")


def test_external_values_name_records_lookups_and_line_items(world: World) -> None:
    account = made(world, "Accounts", Account_Name="A", Inventory_ID="77")
    product = made(world, "Products", Product_Name="P", Inventory_ID="88", Unit_Price=3)
    own = {"X_EXTERNAL": "Accounts.Inventory_ID"}
    assert call(world, "GET", "Accounts/77", **own).content["data"][0]["id"] == account
    assert call(world, "GET", "Accounts?ids=77,78&fields=id", **own).content["info"]["count"] == 1
    assert write(world, "PUT", "Accounts/77", {"Phone": "5"}, **own).status == 200
    assert write(world, "PUT", "Accounts", {"Inventory_ID": "77", "Fax": "6"}, **own).status == 200
    for name in ("Quoted_Items", "Product_Details"):
        header = f"Quotes.Account_Name.Inventory_ID,Quotes.{name}.Product_Name.Inventory_ID"
        values = {
            "Subject": name,
            "Account_Name": {"Inventory_ID": "77"},
            "Quoted_Items": [{"Product_Name": {"Inventory_ID": "88"}, "Quantity": 1}],
        }
        answer = write(world, "POST", "Quotes", values, X_EXTERNAL=header)
        quote = read(world, "Quotes", answer.content["data"][0]["details"]["id"])
        assert quote["Account_Name"] == {"name": "A", "id": account}
        assert quote["Quoted_Items"][0]["Product_Name"]["id"] == product


def quoted(world: World) -> tuple[str, str]:
    product = made(world, "Products", Product_Name="P", Unit_Price=0.335)
    lines = [{"Product_Name": {"id": product}, "Quantity": 3, "Line_Tax": [{"name": "VAT", "percentage": 19}]}]
    return made(world, "Quotes", Subject="Q", Quoted_Items=lines), product


def test_rows_without_id_are_appended_with_id_changed_deleted_on_request_and_emptied_by_an_empty_list(
    world: World,
) -> None:
    quote, product = quoted(world)
    row = read(world, "Quotes", quote)["Quoted_Items"][0]["id"]
    write(world, "PUT", f"Quotes/{quote}", {"Quoted_Items": [{"Product_Name": {"id": product}, "Quantity": 5}]})
    rows = read(world, "Quotes", quote)["Quoted_Items"]
    assert [one["Quantity"] for one in rows] == [3, 5]
    change = [{"id": row, "Quantity": 4}, {"id": rows[1]["id"], "_delete": None}]
    write(world, "PUT", f"Quotes/{quote}", {"Quoted_Items": change})
    assert [(one["id"], one["Quantity"]) for one in read(world, "Quotes", quote)["Quoted_Items"]] == [(row, 4)]
    unknown = write(world, "PUT", f"Quotes/{quote}", {"Quoted_Items": [{"id": "1", "Quantity": 4}]})
    assert code(unknown) == "INVALID_DATA"
    write(world, "PUT", f"Quotes/{quote}", {"Quoted_Items": []})
    assert read(world, "Quotes", quote)["Quoted_Items"] == []


def test_totals_are_computed_by_the_server_rounded_half_up_to_the_currency(world: World) -> None:
    quote, _ = quoted(world)
    record = read(world, "Quotes", quote)
    line = record["Quoted_Items"][0]
    assert (line["Total"], line["Tax"], line["Net_Total"]) == (1.01, 0.19, 1.2)
    assert (record["Sub_Total"], record["Grand_Total"]) == (1.2, 1.2)
    write(world, "PUT", f"Quotes/{quote}", {"Discount": 0.2, "$line_tax": [{"name": "VAT", "percentage": 10}]})
    record = read(world, "Quotes", quote)
    assert (record["Tax"], record["Grand_Total"]) == (0.1, 1.1)
    assert code(write(world, "PUT", f"Quotes/{quote}", {"Grand_Total": 1})) == "INVALID_DATA"
    crm.set_currency(world, "JPY", "¥")
    write(world, "PUT", f"Quotes/{quote}", {"Discount": 0})
    assert read(world, "Quotes", quote)["Grand_Total"] == 1.0


def test_lists_carry_no_line_items_but_their_module_can_be_listed(world: World) -> None:
    quote, _ = quoted(world)
    row = call(world, "GET", "Quotes?fields=Subject,Quoted_Items").content["data"][0]
    assert set(row) == {"id", "Subject"}
    lines = call(world, "GET", "Quoted_Items?fields=Quantity,Parent_Id").content["data"]
    assert lines[0]["Parent_Id"] == {"name": "Q", "id": quote}


def test_deleted_records_are_in_the_bin_for_60_days_and_known_by_id_for_120(world: World) -> None:
    record_id = made(world, "Accounts", Account_Name="A")
    call(world, "DELETE", f"Accounts?ids={record_id}")
    missing = call(world, "DELETE", f"Accounts/{record_id}")
    assert missing.content["data"][0]["message"] == "record not deleted"
    row = call(world, "GET", "Accounts/deleted?type=recycle").content["data"][0]
    assert (row["id"], row["display_name"], row["type"]) == (record_id, "A", "recycle")
    later = {"If_Modified_Since": "2026-03-01T09:00:00+00:00"}
    assert call(world, "GET", "Accounts/deleted?type=all", **later).status == 204
    world.clock.move(timedelta(days=61))
    assert call(world, "GET", "Accounts/deleted?type=all").content["data"][0]["type"] == "permanent"
    world.clock.move(timedelta(days=60))
    assert call(world, "GET", "Accounts/deleted?type=all").status == 204


def test_workflows_would_run_unless_the_trigger_is_empty(world: World) -> None:
    def posted(body: dict[str, Any]) -> None:
        handler, values, _ = world.router.find("POST", "/crm/v8/Accounts")
        assert handler is not None
        handler(world, Request("POST", "/crm/v8/Accounts", body=orjson.dumps(body)), **values)

    posted({"data": [{"Account_Name": "A"}], "trigger": []})
    assert len(world.store.table("crm/automation")) == 0
    posted({"data": [{"Account_Name": "B"}]})
    assert next(iter(world.store.table("crm/automation")))["event"] == "insert"


def test_attachments_are_kept_byte_for_byte_and_twice_when_sent_twice(world: World) -> None:
    record_id = made(world, "Accounts", Account_Name="A")
    path = f"/crm/v8/Accounts/{record_id}/Attachments"
    for _ in range(2):
        handler, values, _known = world.router.find("POST", path)
        assert handler is not None
        answer = handler(world, Request("POST", path, files={"file": ("a.txt", b"\x00\xff")}, internal=True), **values)
        assert answer.content["data"][0]["message"] == "attachment uploaded successfully"
    rows = call(world, "GET", f"Accounts/{record_id}/Attachments?fields=File_Name,Size").content["data"]
    assert [(row["File_Name"], row["Size"]) for row in rows] == [("a.txt", "2")] * 2
    assert call(world, "GET", f"Accounts/{record_id}/Attachments/{rows[0]['id']}").content == b"\x00\xff"
    assert call(world, "DELETE", f"Accounts/{record_id}/Attachments/{rows[0]['id']}").status == 200


def found(world: World, query: str) -> list[Any]:
    answer = call(world, "POST", "coql", {"select_query": query})
    assert answer.status in {200, 204}, answer.content
    return [row["Account_Name"] for row in answer.content["data"]] if answer.content else []


def test_queries_select_by_value_list_time_and_null(world: World) -> None:
    for name, phone in (("A", "1"), ("B", None), ("C'c", "3")):
        made(world, "Accounts", Account_Name=name, Phone=phone)
        world.clock.move(timedelta(minutes=1))
    start = "select Account_Name from Accounts where"
    assert found(world, f"{start} Account_Name = 'A'") == ["A"]
    assert found(world, f"{start} Account_Name in ('A','C\\'c')") == ["A", "C'c"]
    assert found(world, f"{start} Phone is null") == ["B"]
    assert found(world, f"{start} Modified_Time >= '2026-03-01T10:01:00+01:00' order by id desc") == ["C'c", "B"]
    paired = "((Phone is not null and id is not null) and Account_Name like 'C%') limit 5 offset 0"
    assert found(world, f"{start} {paired}") == ["C'c"]
    assert found(world, f"{start} id is not null limit 1, 1") == ["B"]
    assert found(world, f"{start} Account_Name = 'Z'") == []


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("select Account_Name from Accounts", "SYNTAX_ERROR"),
        ("select Account_Name from Accounts where Phone", "SYNTAX_ERROR"),
        (
            "select Account_Name from Accounts where id is not null and Phone is null and Fax is null",
            "SYNTAX_ERROR",
        ),
        ("select Nonsense from Accounts where id is not null", "INVALID_QUERY"),
        ("select id from Accounts where Description = 'x'", "INVALID_QUERY"),
        ("select id from Accounts where Modified_Time >= 'soon'", "INVALID_QUERY"),
        ("select id from Nonsense where id is not null", "INVALID_MODULE"),
        ("select id from Accounts where id is not null limit 2001", "LIMIT_EXCEEDED"),
    ],
)
def test_a_query_outside_the_grammar_is_refused(world: World, query: str, wanted: str) -> None:
    assert code(call(world, "POST", "coql", {"select_query": query})) == wanted


def test_custom_modules_and_fields_can_be_added_and_are_described(world: World) -> None:
    field = {"api_name": "Grade", "data_type": "picklist", "values": ["a", "b"], "restricted": True}
    crm.add_module(world, "Machines", "Machines", [field])
    assert code(write(world, "POST", "Machines", {"Name": "M", "Grade": "c"})) == "INVALID_DATA"
    made(world, "Machines", Name="M", Grade="a")
    fields = call(world, "GET", "settings/fields?module=Machines").content["fields"]
    assert next(row for row in fields if row["api_name"] == "Grade")["custom_field"] is True
    with pytest.raises(ValueError, match="exists already"):
        crm.add_field(world, "Machines", field)
