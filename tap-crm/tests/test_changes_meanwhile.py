"""What changes while it is read, leaves a view, is deleted and restored, or is another field than the catalog says."""

import json
import random
from functools import partial

import pytest

from ofrecord_kit import ahead as looking
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.tap.crm_coql import QueryPages
from ofrecord_kit.tap.crm_fields import wanted_of
from ofrecord_kit.tap.crm_pages import ListPages
from ofrecord_kit.tap.pages import text_of
from ofrecord_kit.testing.tap import run_tap
from tap_crm.tap import TapCrm


@pytest.fixture
def client(sandbox, tmp_path):
    with Client(Connection.from_config(sandbox.config(tmp_path)), system="crm", plugin="test") as found:
        yield found


def plant(sandbox, module, count, **more):
    return sandbox.control("POST", "crm/plant", {"module": module, "count": count, **more})


def read(sandbox, folder, *streams, state=None, catalog=None, code=0, **more):
    run = run_tap(TapCrm, folder, sandbox.config(folder, streams=list(streams), **more), state=state, catalog=catalog)
    assert run.code == code, run.errors
    return run


def warnings(run):
    return [one.partition(" | ")[2] for one in run.errors.splitlines() if "WARNING" in one]


# --- edits between pages -----------------------------------------------------------------------------------------------


def by_lists(client):
    return ListPages(client, "/crm/v8/Vendors", ["id", "Vendor_Name"]).pages(None)


def by_queries(client, since=None, at_once=3):
    fields = [{"api_name": "Vendor_Name", "data_type": "text"}]
    queries = QueryPages(client, wanted_of("Vendors", ["Vendor_Name"], fields), at_once=at_once, rows_a_query=60)
    return queries.pages(since, 700)


@pytest.mark.parametrize("pages_of", [by_lists, by_queries])
@pytest.mark.parametrize("seconds", [1, 0.001], ids=["three a second", "all within one second"])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_changed_or_deleted_between_two_pages_nothing_else_is_missed(
    sandbox, client, pages_of, seconds, seed
):
    """Each record that lives at the end came, and in its last version if that is older than the reading."""
    chance = random.Random(seed)  # noqa: S311 - chooses what is edited
    first = int(plant(sandbox, "Vendors", 700, seconds=seconds)["first"])
    ids = [str(first + number) for number in range(700)]
    found, gone = {}, set()
    for page in pages_of(client):
        found |= {text_of(row, "id"): text_of(row, "Vendor_Name") for row in page.rows}
        sandbox.control("POST", "clock", {"move_s": 1})
        for one in chance.sample(sorted(set(ids) - gone), 12):
            if chance.random() < 0.3:
                client.send("DELETE", f"/crm/v8/Vendors/{one}")
                gone.add(one)
            else:
                client.send("PUT", f"/crm/v8/Vendors/{one}", json={"data": [{"Phone": str(chance.random())}]})
        if len(found) > 2_000 or len(gone) > 300:
            break  # every page makes changes, so it could go on for ever
    assert set(ids) - gone <= set(found)


@pytest.mark.parametrize("seconds", [1, 0.001], ids=["three a second", "all within one second"])
@pytest.mark.parametrize("edits", [3, 12, 60])
def test_of_queries_asked_for_side_by_side_no_row_comes_twice_and_what_one_reading_misses_the_next_has(
    sandbox, client, monkeypatch, edits, seconds
):
    """What is edited after the last page was answered, and before its own was, stands behind the time the reading began."""
    monkeypatch.setattr(looking, "PAYS_S", 0.0)
    chance = random.Random(edits)  # noqa: S311 - chooses what is edited
    first = int(plant(sandbox, "Vendors", 700, seconds=seconds)["first"])
    sandbox.control("POST", "clock", {"move_s": 60})
    ids = [str(first + number) for number in range(700)]
    gone, read_at = set(), []

    def edit():
        sandbox.control("POST", "clock", {"move_s": 1})
        some = chance.sample(sorted(set(ids) - gone), edits)
        phone = {"Phone": str(chance.random())}
        client.send("PUT", "/crm/v8/Vendors", json={"data": [{"id": one, **phone} for one in some[edits // 3 :]]})
        client.send("DELETE", "/crm/v8/Vendors", params={"ids": ",".join(some[: edits // 3])})
        gone.update(some[: edits // 3])

    found = []
    for page in by_queries(client, at_once=4):
        found += [(text_of(row, "Modified_Time"), text_of(row, "id")) for row in page.rows]
        read_at.append(page.read_at)
        if len(gone) < 200:
            edit()
    assert found == sorted(set(found)), "in order, each version once"
    again = [text_of(row, "id") for page in by_queries(client, read_at[0]) for row in page.rows]
    assert set(ids) - gone <= {one for _, one in found} | set(again)


def test_queries_asked_for_side_by_side_are_as_many_as_those_one_after_the_other(sandbox, client, monkeypatch):
    plant(sandbox, "Vendors", 700)
    asked = []
    for pays_s in (60.0, 0.0):
        monkeypatch.setattr(looking, "PAYS_S", pays_s)
        sandbox.control("DELETE", "journal")
        assert sum(len(page.rows) for page in by_queries(client)) == 700
        entries = sandbox.control("GET", "journal")["entries"]
        asked.append(sum(one["path"] == "/crm/v8/coql" for one in entries))
    assert asked == [12, 14], "ten of sixty rows come twice at each seam; of two thousand it is a half in a hundred"


# --- deletions ---------------------------------------------------------------------------------------------------------


def test_a_first_run_tells_what_was_deleted_before_and_a_record_restored_meanwhile_is_none(sandbox, tmp_path, client):
    first = plant(sandbox, "Vendors", 3)
    ids = [str(int(first["first"]) + number) for number in range(3)]
    client.send("DELETE", f"/crm/v8/Vendors/{ids[2]}")
    sandbox.control("POST", "clock", {"move_s": 600})
    run = read(sandbox, tmp_path, "Vendors")
    assert [one["id"] for one in run.records() if not one.get("_sdc_deleted_at")] == ids[:2]
    assert [one["id"] for one in run.records() if one.get("_sdc_deleted_at")] == [ids[2]]
    sandbox.control("POST", "clock", {"move_s": 600})
    for one in ids[:2]:
        client.send("DELETE", f"/crm/v8/Vendors/{one}")
    client.send("POST", f"/crm/v8/settings/recycle_bin/{ids[1]}/actions/restore", json={}, repeatable=True)
    again = read(sandbox, tmp_path, "Vendors", state=run.state)
    assert [one["id"] for one in again.records() if one.get("_sdc_deleted_at")] == [ids[0]]


# --- lines -------------------------------------------------------------------------------------------------------------


def make_quotes(client, many, lines=3):
    added = client.send("POST", "/crm/v8/Products", json={"data": [{"Product_Name": "Bolt"}]})
    product = added.body["data"][0]["details"]["id"]
    rows = [{"Product_Name": {"id": product}, "Quantity": n + 1, "List_Price": 2.5} for n in range(lines)]
    ids = []
    for start in range(0, many, 100):
        data = [{"Subject": f"Q {n}", "Quoted_Items": rows} for n in range(start, min(many, start + 100))]
        answer = client.send("POST", "/crm/v8/Quotes", json={"data": data})
        ids += [one["details"]["id"] for one in answer.body["data"]]
    return ids


def test_lines_of_many_documents_come_from_their_own_list_and_are_those_of_the_details(sandbox, tmp_path, client):
    make_quotes(client, 260)
    sandbox.control("POST", "clock", {"move_s": 600})
    listed = read(sandbox, tmp_path, "Quotes", read_plan={"Quotes": "list"})
    sandbox.control("DELETE", "journal")
    joined = read(sandbox, tmp_path, "Quotes")
    calls = [one for one in sandbox.control("GET", "journal")["entries"] if one["system"] == "crm"]
    assert len(calls) < 30
    assert "lines of 260 documents, read by subform list for about" in joined.errors
    by_id = {one["id"]: one for one in listed.records()}
    assert len(by_id) == 260
    assert by_id == {one["id"]: one for one in joined.records()}


def test_only_changed_documents_are_read_in_detail_and_none_when_no_line_is_chosen(sandbox, tmp_path, client):
    ids = make_quotes(client, 5)
    sandbox.control("POST", "clock", {"move_s": 600})
    first = read(sandbox, tmp_path, "Quotes")
    client.send("PUT", f"/crm/v8/Quotes/{ids[3]}", json={"data": [{"Team": "North"}]})
    sandbox.control("DELETE", "journal")
    read(sandbox, tmp_path, "Quotes", state=first.state)
    paths = [one["path"] for one in sandbox.control("GET", "journal")["entries"]]
    assert [one for one in paths if one.startswith("/crm/v8/Quotes/5")] == [f"/crm/v8/Quotes/{ids[3]}"]
    sandbox.control("DELETE", "journal")
    run = read(sandbox, tmp_path, "Quotes", without_details=["Quotes"])
    assert not any(one["path"].startswith("/crm/v8/Quotes/5") for one in sandbox.control("GET", "journal")["entries"])
    assert {one["Subject"] for one in run.records()} == {f"Q {n}" for n in range(5)}


# --- views and filters -------------------------------------------------------------------------------------------------


def test_only_records_of_a_view_come_and_one_that_leaves_it_is_reported(sandbox, tmp_path, client):
    def add(name, active):
        record = {"Product_Name": name, "Product_Active": active}
        return client.send("POST", "/crm/v8/Products", json={"data": [record]}).body["data"][0]["details"]["id"]

    bolt, nut, _ = add("Bolt", True), add("Nut", True), add("Old", False)
    field = {"api_name": "Product_Active"}
    criteria = {"field": field, "comparator": "equal", "value": True}
    sandbox.control("POST", "crm/views", {"module": "Products", "name": "Sold", "criteria": criteria})
    ask = partial(read, sandbox, tmp_path, "Products", views={"Products": "Sold"})
    first = ask()
    assert {(one["Product_Name"], one["_in_view"]) for one in first.records()} == {("Bolt", True), ("Nut", True)}
    assert ask(state=first.state).records() == []
    client.send("PUT", f"/crm/v8/Products/{nut}", json={"data": [{"Product_Active": False}]})
    second = ask(state=first.state)
    (left,) = second.records()
    assert (left["id"], left["_in_view"], set(left)) == (nut, False, {"id", "Modified_Time", "_in_view"})
    assert ask(state=second.state).records() == []
    client.send("PUT", f"/crm/v8/Products/{nut}", json={"data": [{"Product_Active": True}]})
    client.send("DELETE", f"/crm/v8/Products/{bolt}")
    third = ask(state=second.state).records()
    assert {(one["id"], one.get("_in_view"), "_sdc_deleted_at" in one) for one in third} == {
        (nut, True, False), (bolt, None, True),
    }  # fmt: skip


def test_a_view_that_does_not_exist_is_one_error_with_the_choices(sandbox, tmp_path):
    run = read(sandbox, tmp_path, "Products", views={"Products": "Nothing"}, code=1)
    assert "views.Products: there is no such view. Choose from" in run.errors
    assert "Traceback" not in run.errors


@pytest.mark.parametrize("way", ["list", "coql", "bulk"])
def test_filters_and_an_end_hold_whatever_the_plan(sandbox, tmp_path, way):
    sandbox.control("POST", "crm/bulk", {"seconds": 0})
    plant(sandbox, "Accounts", 400)
    whole = read(sandbox, tmp_path, "Accounts").records()
    end = sorted(one["Modified_Time"] for one in whole)[300]
    wanted = {
        one["id"]: one for one in whole if one["Industry"] in {"Retail", "Education"} and one["Modified_Time"] < end
    }
    assert wanted
    run = read(
        sandbox, tmp_path, "Accounts", end_date=end, filters={"Accounts": {"Industry": ["Retail", "Education"]}},
        read_plan={"Accounts": way},
    )  # fmt: skip
    assert {one["id"]: one for one in run.records()} == wanted


# --- drift -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def captured(sandbox, tmp_path):
    """A catalog of vendors with fields of ours, captured before they change."""
    for name, kind in (("Shelf", "text"), ("Size", "double"), ("Note", "text")):
        field = {"api_name": name, "data_type": kind}
        sandbox.control("POST", "crm/fields", {"module": "Vendors", "field": field})
    file = tmp_path / "catalog.json"
    config = sandbox.config(tmp_path, streams=["Vendors", "Products"])
    file.write_text(json.dumps(TapCrm(config=config).catalog_dict))
    plant(sandbox, "Vendors", 3)
    plant(sandbox, "Products", 3)
    return file


def test_what_has_changed_since_the_catalog_is_warned_of_and_the_other_fields_are_read(sandbox, tmp_path, captured):
    control = partial(sandbox.control, "POST", "crm/fields")
    sandbox.control("DELETE", "crm/fields", {"module": "Vendors", "field": "Shelf"})
    sandbox.control("DELETE", "crm/fields", {"module": "Vendors", "field": "Size"})
    control({"module": "Vendors", "field": {"api_name": "Size", "data_type": "text"}})
    control({"module": "Vendors", "field": {"api_name": "Colour", "data_type": "text"}})
    sandbox.control("DELETE", "crm/fields", {"module": "Vendors", "field": "Note"})
    control({"module": "Vendors", "field": {"api_name": "Note", "data_type": "text", "mandatory": True}})
    run = read(sandbox, tmp_path, "Vendors", catalog=captured)
    said = " ".join(warnings(run))
    assert "Vendors.Colour is new in the CRM" in said
    assert "Vendors.Shelf does not exist any more" in said
    assert "Vendors.Size was number and is string" in said
    assert "Vendors.Note is required by the CRM now" in said
    assert len(run.records()) == 3
    assert all({"Vendor_Name", "Email"} <= set(one) and not {"Shelf", "Size"} & set(one) for one in run.records())


def test_a_field_the_vendor_refuses_is_looked_for_even_when_drift_is_not_watched(sandbox, tmp_path, captured):
    sandbox.control("DELETE", "crm/fields", {"module": "Vendors", "field": "Shelf"})
    run = read(sandbox, tmp_path, "Vendors", catalog=captured, drift_every_s=0)
    assert any("Vendors.Shelf does not exist any more" in one for one in warnings(run))
    assert len(run.records()) == 3


def test_a_module_that_was_taken_away_is_one_error_and_the_others_are_read(sandbox, tmp_path, captured):
    sandbox.control("PUT", "crm/modules", {"module": "Vendors", "api_supported": False})
    run = read(sandbox, tmp_path, "Vendors", "Products", catalog=captured, code=1)
    assert len(run.records("Products")) == 3
    assert "Vendors cannot be read" in run.errors


def test_a_custom_module_is_read_by_its_name_alone(sandbox, tmp_path, client):
    fields = [
        {"api_name": "Weight", "data_type": "double"},
        {"api_name": "Kinds", "data_type": "multiselectpicklist", "values": ["A", "B"]},
        {"api_name": "Site", "data_type": "lookup", "lookup": "Accounts"},
        {"api_name": "Parts", "data_type": "subform", "fields": [{"api_name": "Amount", "data_type": "currency"}]},
    ]
    sandbox.control("POST", "crm/modules", {"api_name": "Machines", "label": "Machines", "fields": fields})
    record = {"Name": "Press", "Weight": 12.5, "Kinds": ["A", "B"], "Parts": [{"Amount": 3}, {"Amount": 4.5}]}
    client.send("POST", "/crm/v8/Machines", json={"data": [record]})
    run = read(sandbox, tmp_path, "Machines")
    (found,) = run.records("Machines")
    assert (found["Name"], found["Weight"], found["Kinds"]) == ("Press", 12.5, ["A", "B"])
    assert "Parts" not in found, "a subform of one's own is read when it is selected"
    catalog = TapCrm(config=sandbox.config(tmp_path, streams=["Machines"])).catalog_dict
    for one in catalog["streams"][0]["metadata"]:
        one["metadata"]["selected"] = True
    (tmp_path / "machines.json").write_text(json.dumps(catalog))
    (found,) = read(sandbox, tmp_path, "Machines", catalog=tmp_path / "machines.json").records()
    assert [row["Amount"] for row in found["Parts"]] == [3, 4.5]


def test_converted_leads_are_read_as_the_others_and_their_conversion_is_no_deletion(sandbox, tmp_path):
    first = int(plant(sandbox, "Leads", 3)["first"])
    sandbox.control("POST", "crm/convert", {"ids": [str(first)]})
    sandbox.control("POST", "clock", {"move_s": 600})
    run = read(sandbox, tmp_path, "Leads", read_plan={"Leads": "list"})
    assert {one["id"]: bool(one["Converted__s"]) for one in run.records()} == {
        str(first): True, str(first + 1): False, str(first + 2): False,
    }  # fmt: skip
    sandbox.control("POST", "crm/convert", {"ids": [str(first + 1)]})
    again = read(sandbox, tmp_path, "Leads", state=run.state)
    assert [(one["id"], one.get("Converted__s")) for one in again.records()] == [(str(first + 1), True)]


def test_one_currency_is_no_error(sandbox, tmp_path):
    run = read(sandbox, tmp_path, "currencies")
    assert run.records() == []
    assert "currencies: the organisation has one currency only" in run.errors
