"""What reading costs, what is shared, and what misfortune does: journal and faults of the sandbox."""

import json
from collections import Counter

import pytest

from ofrecord_kit.testing.one_of_each import Writer, client_of, one_of_each
from ofrecord_kit.testing.tap import run_tap
from tap_inventory.tap import TapInventory

ROOT = "/inventory/v1/"
BY_DEFAULT = [kind.name for kind in TapInventory.stream_types if kind.selected_by_default]


@pytest.fixture
def ids(sandbox, tmp_path):
    made = one_of_each(sandbox, tmp_path)
    sandbox.control("POST", "clock", {"move_s": 3600})
    return made


@pytest.fixture
def catalog(sandbox, tmp_path):
    """With a catalog no custom fields are asked for. `only`: the properties selected, by stream."""

    discovered = []

    def write(only=None):
        if not discovered:
            discovered.append(json.dumps(TapInventory(config=sandbox.config(tmp_path)).catalog_dict))
        found = json.loads(discovered[0])
        for entry in found["streams"]:
            for one in entry["metadata"] if entry["tap_stream_id"] in (only or {}) else ():
                if len(one["breadcrumb"]) == 2:
                    one["metadata"]["selected"] = one["breadcrumb"][1] in only[entry["tap_stream_id"]]
        file = tmp_path / "catalog.json"
        file.write_text(json.dumps(found))
        return file

    return write


@pytest.fixture
def read(sandbox, tmp_path, catalog):
    """A run of these streams: the run, and how often each path was asked for."""

    def run(*streams, state=None, only=None, **more):
        file = catalog(only)
        sandbox.control("DELETE", "journal")
        settings = {"streams": list(streams), "deletions_every_s": 0, **more}
        done = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, **settings), state=state, catalog=file)
        assert done.code == 0, done.errors
        entries = sandbox.control("GET", "journal")[
            "entries"
        ]  # without those of an expired token, as the clock was moved
        calls = [one["path"] for one in entries if one["status"] != 401]
        return done, Counter(path.removeprefix(ROOT) for path in calls if path.startswith(ROOT))

    return run


def test_without_a_change_a_stream_costs_one_call_and_none_when_it_stands_in_another(ids, read):
    first, _ = read(*BY_DEFAULT)
    again, calls = read(*BY_DEFAULT, state=first.state)
    once = set(BY_DEFAULT) - {"stock", "contactpersons", "shipments", "taxes", "currencies"}
    once |= {"settings/taxes", "settings/currencies"}
    # stock is always read whole; rows of transfers do not show when they changed, so the newest one is asked
    beside = {"items": 2, "itemdetails": 1, f"transferorders/{ids['transferorders']}": 1}
    assert calls == {**dict.fromkeys(once, 1), **beside}
    assert {one["stream"] for one in again.messages if one["type"] == "RECORD"} == {
        "organizations", "units", "locations", "stock", "pricebooks", "salesreturns", "inventoryadjustments", "users",
        "taxes", "currencies",
    }  # fmt: skip


def test_details_are_read_once_for_all_streams_made_from_them(ids, read):
    run, calls = read("items", "stock", "contacts", "contactpersons", "packages", "shipments")
    assert calls == {
        "items": 1, "itemdetails": 1, "contacts": 1, f"contacts/{ids['contacts']}": 1, f"contacts/{ids['vendor']}": 1,
        "packages": 1, f"packages/{ids['packages']}": 1,
    }  # fmt: skip
    alone, _ = read("stock", "contactpersons", "shipments")
    for stream in ("stock", "contactpersons", "shipments"):
        assert run.records(stream)
        assert alone.records(stream) == run.records(stream)


def test_only_what_changed_is_read_in_detail(ids, sandbox, tmp_path, read):
    first, _ = read("salesorders", "purchaseorders", "invoices")
    with client_of(sandbox, tmp_path) as client:
        Writer(client).tell(f"invoices/{ids['invoices']}/status/sent")
    again, calls = read("salesorders", "purchaseorders", "invoices", state=first.state)
    assert calls == {"salesorders": 1, "purchaseorders": 1, "invoices": 1, f"invoices/{ids['invoices']}": 1}
    assert [(one["invoice_id"], one["status"]) for one in again.records()] == [(ids["invoices"], "overdue")]


def test_what_the_list_has_costs_no_detail_and_neither_does_a_stream_without_details(ids, read):
    listed = {"salesorders": ["salesorder_id", "total", "last_modified_time"]}
    run, calls = read("salesorders", only=listed)
    assert (calls, run.records()[0].keys()) == ({"salesorders": 1}, set(listed["salesorders"]))
    run, calls = read("salesorders", without_details=["salesorders"])
    assert calls == {"salesorders": 1}
    assert (run.records()[0]["total"], run.records()[0].get("line_items")) == (25, None)


def test_lines_of_returns_and_adjustments_are_read_when_they_are_selected(ids, read):
    run, calls = read("salesreturns", only={"salesreturns": ["salesreturn_id", "line_items"]})
    assert calls[f"salesreturns/{ids['salesreturns']}"] == 1
    assert [line["quantity"] for line in run.records()[0]["line_items"]] == [1]


def test_documents_are_pdfs_of_changed_orders_when_they_are_asked_for_by_name(ids, read):
    run, calls = read("salesorder_documents")
    (document,) = run.records()
    assert (document["salesorder_id"], document["file_name"]) == (ids["salesorders"], "SO-00001.pdf")
    assert document["content"].startswith("JVBER")  # "%PDF" in base64
    assert document["size"] == len(document["content"]) * 3 // 4 - document["content"].count("=")
    again, calls = read("salesorder_documents", state=run.state)
    assert (again.records(), calls) == ([], {"salesorders": 1})


def test_a_filter_the_vendor_documents_is_sent_and_every_record_is_checked(ids, sandbox, read):
    run, _ = read(
        "contacts", "items", filters={"contacts": {"contact_name": "Werk AG"}, "items": {"sku": ["B-M8", "SET"]}}
    )
    assert [one["contact_id"] for one in run.records("contacts")] == [ids["vendor"]]
    assert {one["sku"] for one in run.records("items")} == {"B-M8", "SET"}


MISFORTUNES = {
    "500": {"do": "status", "status": 500},
    "429": {"do": "status", "status": 429},
    "cut": {"do": "truncate"},
    "dropped": {"do": "drop_before"},
    "token": {"do": "revoke_token"},
}


def test_every_call_of_every_stream_may_fail_once(ids, sandbox, read):
    whole, calls = read(*BY_DEFAULT)
    for name, misfortune in MISFORTUNES.items():
        faults = [
            {"match": {"method": "GET", "path": f"^{ROOT}{path}$"}, "nth": 1, "times": 1, **misfortune}
            for path in calls
        ]
        sandbox.control("POST", "faults", faults)
        hurt, _ = read(*BY_DEFAULT)
        sandbox.control("DELETE", "faults")
        assert {one: hurt.records(one) for one in BY_DEFAULT} == {one: whole.records(one) for one in BY_DEFAULT}, name


def test_a_record_deleted_between_list_and_detail_is_passed_over_and_the_others_come(ids, sandbox, read):
    gone = {"match": {"method": "GET", "path": f"^{ROOT}contacts/{ids['contacts']}$"}, "nth": 1, "times": 0}
    body = {"code": 1002, "message": "Contact does not exist."}
    sandbox.control("POST", "faults", {**gone, "do": "status", "status": 404, "body": body})
    run, _ = read("contacts")
    assert [one["contact_id"] for one in run.records()] == [ids["vendor"]]


def test_a_record_deleted_in_inventory_is_told_once_and_only_when_the_vendor_says_so(sandbox, tmp_path, ids, read):
    first, _ = read("items", "contacts", deletions_every_s=60)
    with client_of(sandbox, tmp_path) as client:
        spare = Writer(client).add("items", "item", name="Spare")["item_id"]
        second, _ = read("items", "contacts", state=first.state, deletions_every_s=60)
        assert [one["item_id"] for one in second.records("items")] == [spare]
        Writer(client).tell(f"items/{spare}", method="DELETE")
    sandbox.control("POST", "clock", {"move_s": 3600})
    third, calls = read("items", "contacts", state=second.state, deletions_every_s=60)
    (told,) = third.records()
    assert (told["item_id"], told["_sdc_deleted_at"][-6:], set(told)) == (
        spare,
        "+00:00",
        {"item_id", "_sdc_deleted_at"},
    )
    assert calls == {"items": 2, f"items/{spare}": 1, "contacts": 2}
    sandbox.control("POST", "clock", {"move_s": 3600})
    last, _ = read("items", "contacts", state=third.state, deletions_every_s=60)
    assert last.records() == []


def test_custom_fields_are_properties_of_their_own_typed_as_the_organisation_says(sandbox, tmp_path):
    with client_of(sandbox, tmp_path) as client:
        writer = Writer(client)
        for name, kind, more in (("cf_weight", "decimal", {}), ("cf_checked", "check_box", {}), ("cf_when", "date", {}),
                                 ("cf_colour", "dropdown", {"values": ["red", "blue"]})):  # fmt: skip
            writer.add(
                "settings/customfields",
                "customfield",
                module="item",
                label=name[3:],
                api_name=name,
                data_type=kind,
                **more,
            )
        values = {"cf_weight": 1.25, "cf_checked": True, "cf_when": "2026-03-01", "cf_colour": "red"}
        fields = [{"api_name": name, "value": value} for name, value in values.items()]
        writer.add("items", "item", name="Bolt", custom_fields=fields)
    config = sandbox.config(tmp_path, streams=["items"])
    entry = TapInventory(config=config).catalog_dict["streams"][0]
    said = {one["breadcrumb"][-1]: one["metadata"] for one in entry["metadata"] if one["breadcrumb"]}
    assert entry["schema"]["properties"]["cf_weight"]["type"] == ["number", "null"]
    assert entry["schema"]["properties"]["cf_colour"]["description"] == (
        'Custom field "colour" (dropdown), one of: red, blue. May be empty.'
    )
    assert said["cf_colour"]["values"] == ["red", "blue"]
    sandbox.control("DELETE", "journal")
    (item,) = run_tap(TapInventory, tmp_path, config).records()
    assert {name: item[name] for name in values} == values
    paths = [one["path"] for one in sandbox.control("GET", "journal")["entries"]]
    assert paths.count("/inventory/v1/settings/preferences") == 1


def test_where_custom_fields_may_not_be_described_they_stay_under_one_key(ids, sandbox, tmp_path):
    refused = {"do": "status", "status": 401, "body": {"code": 57, "message": "You are not authorized"}, "times": 0}
    sandbox.control(
        "POST", "faults", {"match": {"method": "GET", "path": "/inventory/v1/settings/preferences"}, **refused}
    )
    run = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, streams=["items"]))
    assert run.code == 0
    assert "Custom fields have no properties of their own" in run.errors
    assert {one["custom_field_hash"].get("cf_crm_id") for one in run.records()} == {"76", "77", None}
    assert "cf_crm_id" not in run.schemas()["items"]["properties"]


def test_rows_of_receives_carry_the_names_of_their_details(ids, read):
    run, calls = read("purchasereceives", without_details=["purchasereceives"])
    (receive,) = run.records()
    assert (receive["receive_id"], receive["date"], calls) == (
        ids["purchasereceives"],
        "2026-03-01",
        {"purchasereceives": 1},
    )


@pytest.mark.parametrize("stream", ["stock", "shipments"])
def test_a_key_of_two_parts_is_one_row_each(ids, read, stream):
    records = read(stream)[0].records()
    keys = TapInventory.stream_types[[one.name for one in TapInventory.stream_types].index(stream)].primary_keys
    assert len({tuple(one[key] for key in keys) for one in records}) == len(records) > 0
