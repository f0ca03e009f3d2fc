"""What tap-crm alone promises, beside the contract of all taps."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.limits import calls_of_run
from ofrecord_kit.settings import Connection
from ofrecord_kit.tap.crm_facts import field_facts, module_facts
from ofrecord_kit.tap.crm_fields import listed_in
from ofrecord_kit.tap.crm_schema import module_schema, off_by_default
from ofrecord_kit.testing.tap import TapContract, failures_of_standard_tests, run_tap
from tap_crm.tap import FIRST, TapCrm

CATALOG = Path(__file__).parents[2] / "rules" / "catalog" / "tap-crm.json"


def plant(sandbox, state_dir):
    """One record in each module; returns the client and the ids by module."""
    client = Client(Connection.from_config(sandbox.config(state_dir)), system="crm", plugin="test")
    ids = {}

    def add(module, record):
        answer = client.send("POST", f"/crm/v8/{module}", json={"data": [record]})
        assert answer.body["data"][0]["status"] == "success", answer.body
        ids[module] = answer.body["data"][0]["details"]["id"]

    add("Accounts", {"Account_Name": "Nordlicht GmbH", "Phone": "+49 30 1234"})
    add("Contacts", {"Last_Name": "Ångström", "Account_Name": {"id": ids["Accounts"]}})
    add("Vendors", {"Vendor_Name": "Bolts & Co"})
    add("Products", {"Product_Name": "Bolt M8", "Product_Code": "B-M8", "Unit_Price": 12.5})
    steps = [{"from_range": 1, "to_range": 10, "discount": 5}]
    add("Price_Books", {"Price_Book_Name": "Resellers", "Inventory_ID": "77", "Pricing_Details": steps})
    add("Deals", {"Deal_Name": "Big one", "Stage": "Qualification", "Account_Name": {"id": ids["Accounts"]}})
    line = {"Product_Name": {"id": ids["Products"]}, "Quantity": 2, "List_Price": 12.5}
    add("Quotes", {"Subject": "First", "Account_Name": {"id": ids["Accounts"]}, "Quoted_Items": [line]})
    client.close()
    return ids


MORE = (
    "Calls",
    "Campaigns",
    "Cases",
    "Events",
    "Invoices",
    "Leads",
    "Purchase_Orders",
    "Sales_Orders",
    "Solutions",
    "Tasks",
)
BESIDE = ("users", "org", "custom_views", "fields")
OFF = ("currencies", "Notes", "Attachments", "deleted_records", "record_counts")


def plant_beside(sandbox, state_dir, vendor):
    """What the streams beside the modules hold: a note and a file of a vendor, a deleted one, a second currency."""
    with Client(Connection.from_config(sandbox.config(state_dir)), system="crm", plugin="test") as client:
        note = {"Note_Title": "Called", "Note_Content": "Twice"}
        client.send("POST", f"/crm/v8/Vendors/{vendor}/Notes", json={"data": [note]})
        files = {"file": ("offer.pdf", b"%PDF", "application/pdf")}
        client.send("POST", f"/crm/v8/Vendors/{vendor}/Attachments", files=files)
        for module in MORE:
            sandbox.control("POST", "crm/plant", {"module": module, "count": 2})
        gone = client.send("POST", "/crm/v8/Vendors", json={"data": [{"Vendor_Name": "Gone"}]}).body["data"][0]
        client.send("DELETE", f"/crm/v8/Vendors/{gone['details']['id']}")
    sandbox.control("POST", "crm/currencies", {"rates": {"EUR": "0.92"}})


class TestContract(TapContract):
    tap = TapCrm
    planted = (*FIRST, *BESIDE)

    def plant(self, sandbox, state_dir):
        plant(sandbox, state_dir)

    def test_the_sdks_standard_tests_pass(self, sandbox, tmp_path):
        """Of every stream there is, those that are off by default, too."""
        ids = plant(sandbox, tmp_path / "state")
        plant_beside(sandbox, tmp_path / "state", ids["Vendors"])
        config = sandbox.config(tmp_path / "state", streams=[*FIRST, *MORE, *BESIDE, *OFF])
        assert failures_of_standard_tests(self.tap, config, tmp_path) == ""


def test_the_committed_catalog_is_what_discovery_finds(sandbox, tmp_path):
    discovered = TapCrm(config=sandbox.config(tmp_path)).catalog_dict
    assert json.loads(CATALOG.read_text(encoding="utf-8")) == json.loads(json.dumps(discovered)), (
        "rules/catalog/tap-crm.json is stale: run `make catalogs`"
    )


def test_with_a_catalog_no_metadata_is_asked_for_but_once_a_day_what_has_changed(sandbox, tmp_path):
    config = sandbox.config(tmp_path, streams=["Vendors"])
    first = run_tap(TapCrm, tmp_path, config, catalog=CATALOG)
    sandbox.control("DELETE", "journal")
    run_tap(TapCrm, tmp_path, config, state=first.state, catalog=CATALOG)
    assert paths(sandbox) == ["/crm/v8/Vendors", "/crm/v8/Vendors/deleted"]
    sandbox.control("POST", "clock", {"move_s": 90_000})
    sandbox.control("DELETE", "journal")
    run_tap(TapCrm, tmp_path, config, state=first.state, catalog=CATALOG)
    assert paths(sandbox) == ["/crm/v8/Vendors", "/crm/v8/settings/fields", "/crm/v8/Vendors/deleted"]


def test_deletions_that_are_asked_for_once_an_hour_cost_no_call_in_between_and_none_is_lost(sandbox, tmp_path):
    config = sandbox.config(tmp_path, streams=["Vendors"], deleted_every_s=3600)
    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        made = client.send("POST", "/crm/v8/Vendors", json={"data": [{"Vendor_Name": f"V {n}"} for n in range(4)]})
        ids = [one["details"]["id"] for one in made.body["data"]]
        found, asked, state = [], [], None
        for minutes in (10, 30, 20, 25, 50):
            run = run_tap(TapCrm, tmp_path, config, state=state, catalog=CATALOG)
            state, deletions = run.state, [one["id"] for one in run.records() if one.get("_sdc_deleted_at")]
            asked.append("/crm/v8/Vendors/deleted" in paths(sandbox))
            found += deletions
            if len(asked) < len(ids):
                client.send("DELETE", f"/crm/v8/Vendors/{ids[len(asked)]}")
            sandbox.control("POST", "clock", {"move_s": minutes * 60})
            sandbox.control("DELETE", "journal")
    assert asked == [True, False, False, True, False], "the first run begins the hour"
    assert sorted(found) == ids[1:]


def test_deletions_that_are_not_selected_are_not_asked_for(sandbox, tmp_path):
    """An id alone would come as if it were a record."""
    config = sandbox.config(tmp_path, streams=["Vendors"], drift_every_s=0)
    catalog = json.loads(CATALOG.read_text(encoding="utf-8"))
    for entry in catalog["streams"]:
        for one in entry["metadata"]:
            if one["breadcrumb"][-1:] == ["_sdc_deleted_at"]:
                one["metadata"]["selected"] = False
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        made = client.send("POST", "/crm/v8/Vendors", json={"data": [{"Vendor_Name": "V"}]}).body["data"][0]
        sandbox.control("POST", "clock", {"move_s": 600})
        first = run_tap(TapCrm, tmp_path, config, catalog=tmp_path / "catalog.json")
        client.send("DELETE", f"/crm/v8/Vendors/{made['details']['id']}")
    sandbox.control("DELETE", "journal")
    run = run_tap(TapCrm, tmp_path, config, state=first.state, catalog=tmp_path / "catalog.json")
    assert (len(first.records()), run.records(), paths(sandbox)) == (1, [], ["/crm/v8/Vendors"])


def paths(sandbox):
    """Calls that were answered; a token may have run out in between."""
    entries = sandbox.control("GET", "journal")["entries"]
    return [one["path"] for one in entries if one["system"] == "crm" and one["status"] != 401]


def test_without_a_look_at_what_has_changed_a_first_run_is_the_list_and_that_of_deleted_records(sandbox, tmp_path):
    config = sandbox.config(tmp_path, streams=["Vendors"], drift_every_s=0)
    run = run_tap(TapCrm, tmp_path, config, catalog=CATALOG)
    assert run.code == 0, run.errors
    assert set(run.schemas()) == {"Vendors"}
    counts = [one for one in calls_of_run_any(tmp_path) if one.system == "crm"]
    assert sum(one.calls for one in counts) == 2


def test_what_was_edited_in_a_field_while_it_had_another_name_comes_when_it_has_its_own_again(sandbox, tmp_path):
    config = sandbox.config(tmp_path, streams=["Vendors"])
    state = None

    def run(minutes=10):
        nonlocal state
        sandbox.control("POST", "clock", {"move_s": minutes * 60})
        found = run_tap(TapCrm, tmp_path, config, state=state, catalog=CATALOG)
        assert found.code == 0, found.errors
        state = found.state
        return found.records("Vendors")

    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        made = client.send("POST", "/crm/v8/Vendors", json={"data": [{"Vendor_Name": "V"}]}).body["data"][0]
        run()
        sandbox.control("PUT", "crm/fields", {"module": "Vendors", "field": "Website", "api_name": "Site"})
        run()
        path = f"/crm/v8/Vendors/{made['details']['id']}"
        client.send("PUT", path, json={"data": [{"Site": "https://new.example"}]})
    assert ["Website" in one for one in run()] == [False]
    assert run() == []
    sandbox.control("PUT", "crm/fields", {"module": "Vendors", "field": "Site", "api_name": "Website"})
    assert [one["Website"] for one in run()] == ["https://new.example"]
    assert run() == []


def calls_of_run_any(state_dir):
    runs = {json.loads(line)["run"] for line in (state_dir / "calls.jsonl").read_text().splitlines()}
    return [one for run in runs for one in calls_of_run(state_dir, run)]


def test_quotes_carry_their_lines_and_lookups_keep_id_and_name(sandbox, tmp_path):
    ids = plant(sandbox, tmp_path)
    run = run_tap(TapCrm, tmp_path, sandbox.config(tmp_path, streams=["Quotes"]))
    (quote,) = run.records("Quotes")
    (line,) = quote["Quoted_Items"]
    assert line["Product_Name"]["id"] == ids["Products"]
    assert (line["Quantity"], line["List_Price"]) == (2, 12.5)
    assert quote["Account_Name"] == {"id": ids["Accounts"], "name": "Nordlicht GmbH"}


def test_price_books_carry_the_id_of_their_inventory_counterpart(sandbox, tmp_path):
    plant(sandbox, tmp_path)
    (book,) = run_tap(TapCrm, tmp_path, sandbox.config(tmp_path, streams=["Price_Books"])).records("Price_Books")
    assert (book["Price_Book_Name"], book["Inventory_ID"]) == ("Resellers", "77")
    assert "Pricing_Details" not in book


def test_a_record_deleted_since_the_bookmark_is_reported_once_with_its_time(sandbox, tmp_path):
    ids = plant(sandbox, tmp_path)
    config = sandbox.config(tmp_path, streams=["Vendors"])
    first = run_tap(TapCrm, tmp_path, config)
    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        client.send("DELETE", f"/crm/v8/Vendors/{ids['Vendors']}")
    (gone,) = run_tap(TapCrm, tmp_path, config, state=first.state).records("Vendors")
    assert gone["id"] == ids["Vendors"]
    assert gone["_sdc_deleted_at"].endswith("+00:00")
    assert set(gone) == {"id", "_sdc_deleted_at"}


def deleted_vendors(config, names):
    """Ids of vendors that were made and deleted."""
    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        made = client.send("POST", "/crm/v8/Vendors", json={"data": [{"Vendor_Name": name} for name in names]})
        ids = [one["details"]["id"] for one in made.body["data"]]
        client.send("DELETE", "/crm/v8/Vendors", params={"ids": ",".join(ids)})
    return ids


def test_without_a_bookmark_all_deletions_are_told_that_the_vendor_still_knows_of(sandbox, tmp_path):
    plant(sandbox, tmp_path)
    config = sandbox.config(tmp_path, streams=["Vendors"])
    old = deleted_vendors(config, ["Long gone"])
    sandbox.control("POST", "clock", {"move_s": 70 * 86_400})
    gone = deleted_vendors(config, ["Gone"])
    records = run_tap(TapCrm, tmp_path, config, catalog=CATALOG).records("Vendors")
    assert [one["id"] for one in records if one.get("_sdc_deleted_at")] == [*gone, *old]
    assert not records[0].get("_sdc_deleted_at"), "records come first"


def test_a_first_reading_that_ends_before_the_list_of_deleted_records_makes_up_for_it(sandbox, tmp_path):
    plant(sandbox, tmp_path)
    config = sandbox.config(tmp_path, streams=["Vendors"])
    gone = deleted_vendors(config, ["Gone"])
    sandbox.control("POST", "clock", {"move_s": 3600})
    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        client.send("POST", "/crm/v8/Vendors", json={"data": [{"Vendor_Name": "New"}]})
    sandbox.control("POST", "clock", {"move_s": 3600})
    refused = {"do": "status", "status": 400, "body": {"code": "INVALID_DATA", "message": "no", "status": "error"}}
    sandbox.control("POST", "faults", {"match": {"path": "/crm/v8/Vendors/deleted"}, **refused})
    first = run_tap(TapCrm, tmp_path, config, catalog=CATALOG)
    assert first.code == 1
    again = run_tap(TapCrm, tmp_path, config, state=first.state, catalog=CATALOG)
    assert [one["id"] for one in again.records() if one.get("_sdc_deleted_at")] == gone
    third = run_tap(TapCrm, tmp_path, config, state=again.state, catalog=CATALOG)
    assert third.records() == []


def test_nothing_deleted_before_the_start_date_is_told(sandbox, tmp_path):
    config = sandbox.config(tmp_path, streams=["Vendors"])
    deleted_vendors(config, ["Gone"])
    now = datetime.fromisoformat(sandbox.control("GET", "clock")["now"])
    later = {"start_date": (now + timedelta(hours=1)).isoformat()}
    assert run_tap(TapCrm, tmp_path, {**config, **later}, catalog=CATALOG).records() == []


def test_a_change_is_read_with_its_bookmark_moving_on(sandbox, tmp_path):
    ids = plant(sandbox, tmp_path)
    config = sandbox.config(tmp_path, streams=["Vendors"])
    sandbox.control("POST", "clock", {"move_s": 3600})
    first = run_tap(TapCrm, tmp_path, config)
    with Client(Connection.from_config(config), system="crm", plugin="test") as client:
        client.send("PUT", f"/crm/v8/Vendors/{ids['Vendors']}", json={"data": [{"Vendor_Name": "Bolts AG"}]})
    again = run_tap(TapCrm, tmp_path, config, state=first.state)
    assert [record["Vendor_Name"] for record in again.records("Vendors")] == ["Bolts AG"]


@pytest.mark.parametrize(
    ("field", "kinds"),
    [
        ({"data_type": "bigint", "json_type": "string"}, ["string", "null"]),
        ({"data_type": "currency", "json_type": "double"}, ["number", "null"]),
        ({"data_type": "formula", "formula": {"return_type": "boolean"}}, ["boolean", "null"]),
        ({"data_type": "rollup_summary", "rollup_summary": {"return_type": "integer"}}, ["integer", "null"]),
        ({"data_type": "ownerlookup", "json_type": "jsonobject"}, ["object", "null"]),
        ({"data_type": "something new", "json_type": "jsonarray"}, ["array", "null"]),
    ],
)
def test_a_field_has_the_type_its_metadata_says(field, kinds):
    schema = module_schema("Leads", [{"api_name": "X", **field}])
    assert schema["properties"]["X"]["type"] == kinds


def test_a_description_tells_label_length_choices_and_whether_it_is_required():
    choices = [{"actual_value": "Hot"}, {"actual_value": "Cold"}]
    fields = [
        {"api_name": "N", "field_label": "Name", "data_type": "text", "length": 120, "system_mandatory": True},
        {"api_name": "P", "field_label": "Rating", "data_type": "picklist", "pick_list_values": choices},
    ]
    found = module_schema("Leads", fields)["properties"]
    assert found["N"]["description"] == "Name. At most 120 characters. Required."
    assert found["P"]["description"] == "Rating. One of: Hot, Cold. May be empty."


def test_rows_of_a_subform_are_typed_by_their_fields_and_links_by_the_lookup_they_go_by():
    fields = [
        {"api_name": "Rows", "data_type": "subform"},
        {
            "api_name": "Many",
            "data_type": "multiselectlookup",
            "multiselectlookup": {"lookup_apiname": "Other_Side"},
        },
    ]
    rows = {"Rows": [{"api_name": "Amount", "data_type": "currency", "json_type": "double"}]}
    found = module_schema("Leads", fields, rows)
    inner = found["properties"]["Rows"]["items"]["properties"]
    assert inner["Amount"]["type"] == ["number", "null"]
    assert set(inner) == {"Amount", "id"}
    assert set(found["properties"]["Many"]["items"]["properties"]) == {"id", "Other_Side"}
    assert not {"Rows", "Many"} & listed_in(found)
    assert off_by_default(fields) == {"Rows", "Many"}


@pytest.mark.parametrize(
    "field",
    [
        {"api_name": "Tag", "data_type": "text", "json_type": "jsonarray"},
        {"api_name": "Papers", "data_type": "fileupload", "json_type": "jsonarray"},
    ],
)
def test_what_lists_alone_tell_is_off_by_default_since_it_forbids_the_cheaper_plans(field):
    assert field["api_name"] in listed_in(module_schema("Leads", [field]))
    assert off_by_default([field]) == {field["api_name"]}


TEXT = {"api_name": "X", "data_type": "text", "json_type": "string", "length": 80}


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        (TEXT, {"max-length": 80}),
        ({**TEXT, "system_mandatory": True}, {"max-length": 80, "required": True}),
        ({**TEXT, "unique": {"casesensitive": "false"}}, {"max-length": 80, "unique": True}),
        ({**TEXT, "external": {"type": "org", "show": False}}, {"max-length": 80, "unique": True}),
        ({**TEXT, "field_read_only": True}, {"max-length": 80, "read-only": True}),
        ({**TEXT, "operation_type": {"api_create": False, "api_update": False}}, {"max-length": 80, "read-only": True}),
        ({**TEXT, "operation_type": {"api_create": True, "api_update": False}}, {"max-length": 80}),
        ({"api_name": "X", "data_type": "currency", "length": 16, "decimal_place": 3}, {"decimals": 3}),
        ({"api_name": "X", "data_type": "formula"}, {"read-only": True}),
        ({"api_name": "id", "data_type": "bigint"}, {"read-only": True}),
    ],
)
def test_facts_of_a_field_are_what_its_metadata_says(field, facts):
    assert field_facts(field) == {"vendor-type": field["data_type"], **facts}


def test_a_pick_list_is_open_but_for_the_stages_of_a_pipeline_and_drops_what_is_unused_or_empty():
    values = [("-None-", "used"), ("Hot", "used"), ("Old", "unused")]
    picks = [{"actual_value": value, "type": kind} for value, kind in values]
    field = {"data_type": "picklist", "pick_list_values": picks}
    open_list = {"vendor-type": "picklist", "values": ["Hot"], "open-values": True}
    assert field_facts({"api_name": "Rating", **field}) == open_list
    assert field_facts({"api_name": "Stage", **field}) == {"vendor-type": "picklist", "values": ["Hot"]}


def test_fields_of_a_subform_lie_below_its_rows():
    above = ("properties", "Quoted_Items", "items")
    assert set(module_facts([{"api_name": "$x", "data_type": "text"}, TEXT], above)) == {(*above, "properties", "X")}


def test_the_catalog_knows_lines_and_what_is_written_without_being_listed(sandbox, tmp_path):
    streams = {one["tap_stream_id"]: one for one in TapCrm(config=sandbox.config(tmp_path)).catalog_dict["streams"]}
    of = {
        name: {tuple(one["breadcrumb"]): one["metadata"] for one in entry["metadata"]}
        for name, entry in streams.items()
    }
    line = ("properties", "Quoted_Items", "items", "properties")
    assert of["Quotes"][*line, "Product_Name"]["required"] is True
    assert of["Quotes"][*line, "Total"]["read-only"] is True
    assert "max-length" not in of["Quotes"][*line, "Line_Tax"]
    assert of["Price_Books"]["properties", "Pricing_Details"]["required"] is True
    assert of["Price_Books"]["properties", "Pricing_Details"]["selected-by-default"] is False
    assert of["Quotes"]["properties", "Quoted_Items"].get("selected-by-default") is not False
    assert of["Accounts"]["properties", "Account_Name"]["max-length"] == 255
    assert "Closed Won" in of["Deals"]["properties", "Stage"]["values"]


def test_a_catalog_without_streams_reads_nothing(sandbox, tmp_path):
    sandbox.control("POST", "crm/plant", {"module": "Price_Books", "count": 1})
    empty = tmp_path / "empty.json"
    empty.write_text('{"streams": []}')
    run = run_tap(TapCrm, tmp_path, sandbox.config(tmp_path / "state"), catalog=empty)
    assert (run.code, run.messages) == (0, [])
