"""Bulk write: an archive is uploaded, a job takes its time, every row gets its status."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from ofrecord_sandbox import pipeline
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

SPECIFICATIONS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs" / "zoho-crm-v8"
UPLOAD = {"feature": "bulk-write", "x-crm-org": "20080700001"}
ACCOUNTS = "Inventory_ID,Account_Name,Employees\n1,A,5\n2,B,x\n3,,7\n"


def sent(world: World, method: str, path: str, body: Any = None, **more: Any) -> Response:
    """From outside: through the guard, with a token."""
    if "token" not in world.cache:
        form = {
            "grant_type": "refresh_token",
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "refresh_token": "1000.sandbox.refresh",
        }
        answer = pipeline.handle(world, Request("POST", "/oauth/v2/token", form=form))
        world.cache["token"] = answer.content["access_token"]
    headers = {"authorization": f"Zoho-oauthtoken {world.cache['token']}", "content-type": "application/json"}
    headers |= more.pop("headers", {})
    content = b"" if body is None else orjson.dumps(body)
    return pipeline.handle(world, Request(method, path, headers=headers, body=content, **more))


def zipped(text: str, name: str = "rows.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()


def uploaded(world: World, text: str) -> str:
    answer = sent(world, "POST", "/crm/v8/upload", headers=UPLOAD, files={"file": ("rows.zip", zipped(text))})
    assert (answer.status, answer.content["code"]) == (200, "FILE_UPLOAD_SUCCESS"), answer.content
    return str(answer.content["details"]["file_id"])


def job(world: World, text: str, operation: str, module: str = "Accounts", **resource: Any) -> str:
    given = {"type": "data", "module": {"api_name": module}, "file_id": uploaded(world, text), **resource}
    ignore = {"ignore_empty": given.pop("ignore_empty")} if "ignore_empty" in given else {}
    answer = sent(world, "POST", "/crm/bulk/v8/write", {"operation": operation, "resource": [given], **ignore})
    assert (answer.status, answer.content["code"]) == (201, "SUCCESS"), answer.content
    return str(answer.content["details"]["id"])


def details(world: World, job_id: str) -> dict[str, Any]:
    return dict(sent(world, "GET", f"/crm/bulk/v8/write/{job_id}").content)


def result(world: World, job_id: str) -> list[list[str]]:
    world.clock.move(timedelta(seconds=3))
    url = details(world, job_id)["result"]["download_url"].removeprefix(world.base_url)
    with zipfile.ZipFile(io.BytesIO(sent(world, "GET", url).content)) as archive:
        (name,) = archive.namelist()
        return list(csv.reader(io.StringIO(archive.read(name).decode())))


def accounts(world: World) -> dict[str, dict[str, Any]]:
    answer = world.call(
        "GET", "/crm/v8/Accounts?fields=Inventory_ID,Account_Name,Employees,Phone,Created_Time,Modified_Time"
    )
    return {row["Inventory_ID"]: row for row in answer.content["data"]} if answer.content else {}


def test_a_job_is_added_runs_and_is_completed_as_time_goes_by(world: World) -> None:
    job_id = job(world, ACCOUNTS, "insert")
    assert (details(world, job_id)["status"], accounts(world)) == ("ADDED", {})
    world.clock.move(timedelta(seconds=1))
    assert (details(world, job_id)["status"], accounts(world)) == ("INPROGRESS", {})
    assert "result" not in details(world, job_id)
    world.clock.move(timedelta(seconds=1))
    assert list(accounts(world)) == ["1"]
    told = details(world, job_id)
    assert told["status"] == "COMPLETED"
    counts = {"added_count": 1, "skipped_count": 2, "updated_count": 0, "total_count": 3}
    assert told["resource"][0]["file"] == {"status": "COMPLETED", "name": "rows.csv", **counts}


def test_the_result_has_the_first_three_mapped_columns_and_the_status_of_each_row(world: World) -> None:
    text = "Note,Inventory_ID,Account_Name,Employees,Phone\nn,1,A,5,1\nn,2,B,x,2\nn,3,,7,3\n"
    job_id = job(world, text, "insert")
    rows = result(world, job_id)
    assert rows[0] == ["Inventory_ID", "Account_Name", "Employees", "STATUS", "RECORD_ID", "ERRORS"]
    assert rows[1][:4] == ["1", "A", "5", "ADDED"]
    assert rows[1][4] == accounts(world)["1"]["id"]
    assert rows[2][3:] == ["SKIPPED", "", "INVALID_DATA-Employees"]
    assert rows[3][3:] == ["SKIPPED", "", "MANDATORY_NOT_FOUND-Account_Name"]


def test_an_upsert_finds_by_a_unique_field_and_an_update_does_not_create(world: World) -> None:
    job(world, "Inventory_ID,Account_Name\n1,A\n", "insert")
    world.clock.move(timedelta(minutes=30))
    rows = result(world, job(world, "Inventory_ID,Account_Name\n1,AA\n2,B\n", "upsert", find_by="Inventory_ID"))
    assert [row[2] for row in rows] == ["STATUS", "UPDATED", "ADDED"]
    assert accounts(world)["1"]["Account_Name"] == "AA"
    assert accounts(world)["1"]["Modified_Time"] == "2026-03-01T10:30:02+01:00"
    rows = result(world, job(world, "Inventory_ID,Account_Name\n1,AAA\n9,Z\n", "update", find_by="Inventory_ID"))
    assert [row[2:] for row in rows[1:]] == [
        ["UPDATED", accounts(world)["1"]["id"], ""],
        ["SKIPPED", "", "RESOURCE_NOT_FOUND-Inventory_ID"],
    ]
    by_id = f"id,Phone\n{accounts(world)['1']['id']},77\n"
    assert result(world, job(world, by_id, "update", find_by="id"))[1][2] == "UPDATED"
    assert accounts(world)["1"]["Phone"] == "77"


def test_an_insert_that_finds_its_record_skips_it(world: World) -> None:
    job(world, "Inventory_ID,Account_Name\n1,A\n", "insert")
    rows = result(world, job(world, "Inventory_ID,Account_Name\n1,B\n", "insert", find_by="Inventory_ID"))
    assert rows[1][2:] == ["SKIPPED", "", "DUPLICATE_DATA-Inventory_ID"]
    assert accounts(world)["1"]["Account_Name"] == "A"


@pytest.mark.parametrize(("ignore", "left"), [(True, "77"), (False, None)])
def test_an_empty_cell_clears_its_field_unless_empty_cells_are_ignored(
    world: World, ignore: bool, left: str | None
) -> None:
    job(world, "Inventory_ID,Account_Name,Phone\n1,A,77\n", "insert")
    text = "Inventory_ID,Account_Name,Phone\n1,A,\n"
    result(world, job(world, text, "upsert", find_by="Inventory_ID", ignore_empty=ignore))
    assert accounts(world)["1"]["Phone"] == left


def test_mappings_say_which_column_is_which_field_with_defaults_formats_and_lookups(world: World) -> None:
    account = world.call("POST", "/crm/v8/Accounts", {"data": [{"Account_Name": "A", "Inventory_ID": "77"}]})
    mappings = [
        {"api_name": "Deal_Name", "index": 1},
        {"api_name": "Account_Name", "index": 0, "find_by": "Inventory_ID"},
        {"api_name": "Closing_Date", "index": 2},
        {"api_name": "Invoice_Date", "index": 3, "format": "dd.MM.yyyy"},
        {"api_name": "Amount", "index": 4},
        {"api_name": "Stage", "default_value": {"value": "Closed Won"}},
        {"api_name": "Layout", "default_value": {"value": "900001"}},
    ]
    text = "a,b,c,d,e\n77,D,03/31/2026,31.03.2026,12.5\n77,E,2026-03-31,,1\n78,F,,,1\n"
    rows = result(world, job(world, text, "insert", "Deals", field_mappings=mappings))
    assert [row[3:] for row in rows[2:]] == [["SKIPPED", "", "INVALID_DATA-c"], ["SKIPPED", "", "INVALID_DATA-a"]]
    deal = world.call("GET", f"/crm/v8/Deals/{rows[1][4]}").content["data"][0]
    assert deal["Account_Name"]["id"] == account.content["data"][0]["details"]["id"]
    assert (deal["Deal_Name"], deal["Stage"], deal["Amount"]) == ("D", "Closed Won", 12.5)
    assert (deal["Closing_Date"], deal["Invoice_Date"]) == ("2026-03-31", "2026-03-31")


def test_a_field_the_layout_demands_is_not_demanded_of_a_bulk_write(world: World) -> None:
    world.call("PUT", "/_sandbox/crm/fields", {"module": "Accounts", "field": "Phone", "required": True})
    assert result(world, job(world, "Inventory_ID,Account_Name\n1,A\n", "insert"))[1][2] == "ADDED"


def test_a_locked_record_is_skipped_and_no_workflow_runs(world: World) -> None:
    job(world, "Inventory_ID,Account_Name\n1,A\n", "insert")
    world.clock.move(timedelta(seconds=3))
    sent(world, "GET", "/crm/v8/org")
    locked = {"module": "Accounts", "id": accounts(world)["1"]["id"], "state": "approval"}
    world.call("POST", "/_sandbox/crm/records", locked)
    rows = result(world, job(world, "Inventory_ID,Account_Name\n1,B\n", "upsert", find_by="Inventory_ID"))
    assert rows[1][2:] == ["SKIPPED", "", "NOT_APPROVED-"]
    assert world.call("GET", "/_sandbox/automation").content["fired"] == []


def test_a_job_costs_500_credits(world: World) -> None:
    file_id = uploaded(world, ACCOUNTS)
    before = sum(cost for _, cost in world.crm_calls)
    resource = {"type": "data", "module": {"api_name": "Accounts"}, "file_id": file_id}
    sent(world, "POST", "/crm/bulk/v8/write", {"operation": "insert", "resource": [resource]})
    assert sum(cost for _, cost in world.crm_calls) - before == 500


def test_a_result_is_kept_for_seven_days_and_needs_a_token(world: World) -> None:
    world.call("POST", "/_sandbox/crm/bulk", {"seconds": 0})
    job_id = job(world, ACCOUNTS, "insert")
    url = details(world, job_id)["result"]["download_url"].removeprefix(world.base_url)
    assert pipeline.handle(world, Request("GET", url)).status == 401
    assert sent(world, "GET", url).status == 200
    world.clock.move(timedelta(days=7, seconds=1))
    world.cache.clear()
    assert sent(world, "GET", url).status == 404


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({}, zipped(ACCOUNTS), 400, "MANDATORY_NOT_FOUND"),
        ({"feature": "bulk-write"}, zipped(ACCOUNTS), 400, "MANDATORY_NOT_FOUND"),
        ({**UPLOAD, "feature": "bulk-read"}, zipped(ACCOUNTS), 400, "NOT_SUPPORTED_FEATURE"),
        ({**UPLOAD, "x-crm-org": "1"}, zipped(ACCOUNTS), 400, "INVALID_DATA"),
        (UPLOAD, ACCOUNTS.encode(), 400, "INVALID_FILE_FORMAT"),
        (UPLOAD, b"x" * (25 * 1024 * 1024 + 1), 413, "FILE_TOO_LARGE"),
    ],
)
def test_what_cannot_be_uploaded_is_refused(
    world: World, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = sent(world, "POST", "/crm/v8/upload", headers=headers, files={"file": ("rows.zip", content)})
    assert (answer.status, answer.content["code"]) == (status, code)


def test_what_cannot_be_a_job_is_refused(world: World) -> None:
    file_id = uploaded(world, ACCOUNTS)
    good = {"type": "data", "module": {"api_name": "Accounts"}, "file_id": file_id, "find_by": "Inventory_ID"}
    callback = {"url": "https://example.org", "method": "get"}
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"operation": None}, {}, "MISSING_REQUIRED_KEY"),
        ({"operation": "delete"}, {}, "INVALID_DATA"),
        ({"callback": {"url": "here", "method": "post"}}, {}, "INVALID_CALLBACK_URL"),
        ({"callback": callback}, {}, "INVALID_CALLBACK_METHOD"),
        ({}, {"module": {"api_name": "Nonsense"}}, "MODULE_NOT_AVAILABLE"),
        ({}, {"module": {"api_name": "Quotes"}}, "MODULE_NOT_AVAILABLE"),
        ({}, {"file_id": "1"}, "FILE_NOT_FOUND"),
        ({}, {"find_by": None}, "MANDATORY_NOT_FOUND"),
        ({}, {"find_by": "Phone"}, "INVALID_DATA"),
        ({}, {"field_mappings": [{"api_name": "Phone", "index": 1}]}, "MANDATORY_FIELDS_NOT_MAPPED"),
        ({}, {"field_mappings": [{"api_name": "Nonsense", "index": 1}]}, "INVALID_DATA"),
        ({}, {"field_mappings": [{"api_name": "Phone", "index": 9}]}, "INVALID_DATA"),
        ({}, {"field_mappings": [{"api_name": "Phone"}]}, "MISSING_REQUIRED_KEY"),
        ({}, {"file_id": uploaded(world, "")}, "FILE_NOT_SUPPORTED"),
    ]
    for top, inner, code in cases:
        resource = {key: value for key, value in {**good, **inner}.items() if value is not None}
        body = {"operation": "upsert", "resource": [resource], **top}
        answer = sent(world, "POST", "/crm/bulk/v8/write", {key: value for key, value in body.items() if value})
        assert (answer.status, answer.content["code"]) == (400, code), (top, inner)
    assert sent(world, "GET", "/crm/bulk/v8/write/1").content["code"] == "RESOURCE_NOT_FOUND"


def test_a_file_with_too_many_rows_fails_and_writes_nothing(world: World) -> None:
    text = "Inventory_ID,Account_Name\n" + "".join(f"{number},A\n" for number in range(25_001))
    job_id = job(world, text, "insert")
    world.clock.move(timedelta(seconds=3))
    told = details(world, job_id)
    assert (told["status"], told["resource"][0]["code"]) == ("FAILED", "LIMIT_EXCEEDED")
    assert accounts(world) == {}


def test_upload_and_job_need_their_scopes(world: World) -> None:
    world.call("POST", "/_sandbox/tokens", {"refresh_token": "1000.sandbox.refresh", "scopes": ["ZohoCRM.modules.ALL"]})
    for path in ("/crm/v8/upload", "/crm/bulk/v8/write"):
        assert sent(world, "POST", path, {}).content["code"] == "OAUTH_SCOPE_MISMATCH"


@pytest.mark.real_input
@pytest.mark.skipif(
    not SPECIFICATIONS.is_dir(), reason=f"the vendor's OpenAPI files are not beside the project ({SPECIFICATIONS})"
)
def test_answers_have_the_shape_the_vendor_publishes(world: World) -> None:
    def differences(answer: Response, file: str, path: str, method: str) -> list[str]:
        document = json.loads((SPECIFICATIONS / file).read_text())
        schema = document["paths"][path][method]["responses"][str(answer.status)]["content"]["application/json"][
            "schema"
        ]
        checker = jsonschema.Draft202012Validator({**schema, "components": document.get("components", {})})
        return [error.message for error in checker.iter_errors(json.loads(answer.encoded()))]

    files = {"file": ("rows.zip", zipped(ACCOUNTS))}
    answer = sent(world, "POST", "/crm/v8/upload", headers=UPLOAD, files=files)
    assert differences(answer, "upload.json", "/upload", "post") == []
    resource = {"type": "data", "module": {"api_name": "Accounts"}, "file_id": answer.content["details"]["file_id"]}
    created = sent(world, "POST", "/crm/bulk/v8/write", {"operation": "insert", "resource": [resource]})
    assert differences(created, "bulk_write.json", "/write", "post") == []
    world.clock.move(timedelta(seconds=3))
    told = sent(world, "GET", f"/crm/bulk/v8/write/{created.content['details']['id']}")
    found = differences(told, "bulk_write.json", "/write/{jobId}", "get")
    assert [one for one in found if "'callback' is a required property" not in one] == []
