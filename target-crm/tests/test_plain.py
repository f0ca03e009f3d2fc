"""Plain Singer streams: no annotation, any tap."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.errors import Stop
from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.sandbox import Sandbox
from target_crm.target import TargetCrm

Row = Mapping[str, Any]


class Shop:
    """A target, a sandbox and what arrived."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.config = sandbox.config(folder, ledger=str(folder / "ledger.db"))
        del self.config["organization_id"], self.config["calls_per_minute"]
        self.client = Client(Connection.from_config(self.config), system="crm", plugin="contract", run="contract")

    def send(self, stream: str, keys: Sequence[str], *rows: Row, **settings: Any) -> dict[str, int]:
        """One run; its counts of the stream, with `exit` the exit code and `calls` the calls made."""
        names = {name: {} for row in rows for name in row}
        head = {"type": "SCHEMA", "stream": stream, "key_properties": list(keys), "schema": {"properties": names}}
        said = [head, *({"type": "RECORD", "stream": stream, "record": dict(row)} for row in rows)]
        return self.pass_on("".join(json.dumps(one) + "\n" for one in said), stream, **settings)

    def pass_on(self, told: str, stream: str, **settings: Any) -> dict[str, int]:
        """One run over what a tap said."""
        code = 0
        try:
            TargetCrm(config={"errors_allowed": "0", **self.config, **settings}).listen(io.StringIO(told))
        except SystemExit as ended:
            code = int(str(ended.code))
        ledger = Ledger(self.config["ledger"])
        run = ledger.runs()[0] if ledger.runs() else None
        ledger.close()
        return {**(run.counts.get(stream, {}) if run else {}), "exit": code, "calls": run.calls if run else 0}

    def helds(self) -> list[Held]:
        ledger = Ledger(self.config["ledger"])
        found = ledger.held()
        ledger.close()
        return list(found)

    def rows(self, module: str, *fields: str) -> list[Row]:
        body = self.client.get(f"/crm/v8/{module}", params={"fields": ",".join(fields)}).body
        return sorted((body or {}).get("data", []), key=lambda row: row["id"])

    def insert(self, module: str, **values: Any) -> str:
        body = self.client.send("POST", f"/crm/v8/{module}", json={"data": [values]}).body
        return str(body["data"][0]["details"]["id"])


@pytest.fixture
def shop(sandbox: Sandbox, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(sandbox, tmp_path)
    yield made
    made.client.close()


def counted(counts: Mapping[str, int]) -> tuple[int, int, int]:
    return counts.get("written", 0), counts.get("unchanged", 0), counts.get("held", 0)


def test_a_record_found_by_a_key_that_is_not_unique_is_updated_and_not_made_twice(shop: Shop) -> None:
    row = {"Product_Code": "B-1", "Product_Name": "Bolt", "Unit_Price": 1}
    assert counted(shop.send("Products", ["Product_Code"], row)) == (1, 0, 0)
    assert counted(shop.send("Products", ["Product_Code"], {**row, "Unit_Price": 2})) == (1, 0, 0)
    assert [one["Unit_Price"] for one in shop.rows("Products", "Unit_Price")] == [2]


def test_what_is_the_same_is_read_and_not_written(shop: Shop) -> None:
    row = {"Product_Code": "B-1", "Product_Name": "Bolt", "Sales_Start_Date": "2026-03-01"}
    shop.send("Products", ["Product_Code"], row)
    (before,) = shop.rows("Products", "Modified_Time")
    shop.sandbox.control("POST", "clock", {"move_s": 60})
    counts = shop.send("Products", ["Product_Code"], row)
    assert (counted(counts), counts["calls"]) == ((0, 1, 0), 1)
    assert shop.rows("Products", "Modified_Time") == [before]


def test_several_key_properties_identify_together(shop: Shop) -> None:
    rows = [{"Last_Name": "Ray", "First_Name": first, "Department": first} for first in ("Ann", "Bob")]
    assert counted(shop.send("Contacts", ["Last_Name", "First_Name"], *rows)) == (2, 0, 0)
    again = [{**row, "Department": "New"} for row in rows[:1]]
    assert counted(shop.send("Contacts", ["Last_Name", "First_Name"], *again)) == (1, 0, 0)
    assert [row["Department"] for row in shop.rows("Contacts", "Department")] == ["New", "Bob"]


def test_a_key_that_two_records_have_is_held_with_their_ids(shop: Shop) -> None:
    ids = [shop.insert("Contacts", Last_Name="Ray"), shop.insert("Contacts", Last_Name="Ray")]
    counts = shop.send("Contacts", ["Last_Name"], {"Last_Name": "Ray", "Department": "x"})
    (held,) = shop.helds()
    assert (counted(counts), held.kind, held.source_id) == ((0, 0, 1), "duplicate", "Ray")
    assert all(one in held.message for one in ids)
    assert held.fix


def test_a_record_named_by_its_id_is_updated_or_said_to_be_gone(shop: Shop) -> None:
    known = shop.insert("Accounts", Account_Name="Acme")
    counts = shop.send("Accounts", ["id"], {"id": known, "Phone": "1"}, {"id": "554023000009999999", "Phone": "2"})
    assert counted(counts) == (1, 0, 1)
    assert [held.code for held in shop.helds()] == ["GONE"]
    assert [row["Phone"] for row in shop.rows("Accounts", "Phone")] == ["1"]


def test_absent_is_left_null_and_blank_clear(shop: Shop) -> None:
    key = ["Account_Name"]
    shop.send("Accounts", key, {"Account_Name": "Acme", "Phone": "1", "Fax": "2", "Website": "https://a.example"})
    shop.send("Accounts", key, {"Account_Name": "Acme", "Phone": None, "Fax": ""})
    (row,) = shop.rows("Accounts", "Phone", "Fax", "Website")
    assert (row["Phone"], row["Fax"], row["Website"]) == (None, None, "https://a.example")


def test_of_several_records_of_one_key_the_last_wins_field_by_field(shop: Shop) -> None:
    rows = [
        {"Account_Name": "Acme", "Phone": "1", "Fax": "1"},
        {"Account_Name": "Acme", "Phone": "2"},
        {"Account_Name": "Acme", "Fax": None},
    ]
    assert counted(shop.send("Accounts", ["Account_Name"], *rows)) == (1, 2, 0)
    (row,) = shop.rows("Accounts", "Phone", "Fax")
    assert (row["Phone"], row["Fax"]) == ("2", None)


def test_texts_of_a_csv_file_become_what_the_fields_take(shop: Shop) -> None:
    account = shop.insert("Accounts", Account_Name="Acme")
    row = {
        "Deal_Name": "D",
        "Amount": "1050.50",
        "Account_Name": account,
        "Closing_Date": "2026-03-01T00:00:00Z",
        "Stage": "Qualification",
    }
    assert counted(shop.send("Deals", ["Deal_Name"], row)) == (1, 0, 0)
    (deal,) = shop.rows("Deals", "Amount", "Account_Name", "Closing_Date")
    assert (float(deal["Amount"]), deal["Account_Name"]["id"], deal["Closing_Date"]) == (1050.5, account, "2026-03-01")
    counts = shop.send("Deals", ["Deal_Name"], row)
    assert counted(counts) == (0, 1, 0)


def test_a_dotted_name_is_a_value_inside_an_object(shop: Shop) -> None:
    account = shop.insert("Accounts", Account_Name="Acme")
    shop.send("Contacts", ["Last_Name"], {"Last_Name": "Ray", "Account_Name.id": account})
    assert shop.rows("Contacts", "Account_Name")[0]["Account_Name"]["id"] == account


def test_a_value_the_field_does_not_take_is_held_and_the_rest_of_the_record_lands(shop: Shop) -> None:
    shop.sandbox.control("PUT", "crm/fields", {"module": "Accounts", "field": "Fax", "length": 3})
    counts = shop.send("Accounts", ["Account_Name"], {"Account_Name": "Acme", "Fax": "12345", "Phone": "1"})
    (held,) = shop.helds()
    assert (counted(counts), counts["exit"]) == ((0, 0, 1), 1)
    assert (held.code, held.field) == ("TOO_LONG", "Fax")
    assert shop.rows("Accounts", "Phone")[0]["Phone"] == "1"
    shop.send("Accounts", ["Account_Name"], {"Account_Name": "Acme", "Fax": "123", "Phone": "1"})
    assert shop.helds() == []


def test_a_column_that_is_no_field_ends_the_run_before_anything_is_written(shop: Shop) -> None:
    with pytest.raises(Stop, match=r"Phon \(near: Phone\)"):
        shop.send("Accounts", ["Account_Name"], {"Account_Name": "Acme", "Phon": "1", "_sdc_extracted_at": "x"})
    assert shop.rows("Accounts", "id") == []


def test_records_read_from_a_crm_can_be_sent_back(shop: Shop) -> None:
    known = shop.insert("Accounts", Account_Name="Acme", Phone="1")
    row = shop.client.get(f"/crm/v8/Accounts/{known}").body["data"][0]
    sent = {name: value for name, value in row.items() if not name.startswith("$")}
    assert counted(shop.send("Accounts", ["id"], json.loads(json.dumps(sent, default=str)))) == (0, 1, 0)


def test_items_of_inventory_become_products_when_a_stream_map_renames_them(shop: Shop, tmp_path: Path) -> None:
    config = shop.sandbox.config(tmp_path, streams=["items"])
    finance = Client(Connection.from_config(config), system="inventory", plugin="contract", run="contract")
    for number in (1, 2):
        finance.send(
            "POST", "/inventory/v1/items", json={"name": f"Bolt {number}", "sku": f"B-{number}", "rate": number}
        )
    finance.close()
    renamed = {
        "Product_Code": "sku", "Product_Name": "name", "Unit_Price": "rate", "__else__": None,
        "__key_properties__": ["Product_Code"], "__alias__": "Products",
    }  # fmt: skip
    config["stream_maps"] = {"items": renamed}
    (tmp_path / "tap.json").write_text(json.dumps(config), encoding="utf-8")
    tap = Path(sys.executable).with_name("tap-inventory")
    told = subprocess.run([tap, "--config", tmp_path / "tap.json"], capture_output=True, text=True, check=True).stdout
    for expected in ((2, 0, 0), (0, 2, 0)):
        assert counted(shop.pass_on(told, "Products")) == expected
    rows = shop.rows("Products", "Product_Code", "Product_Name", "Unit_Price")
    assert [(row["Product_Code"], row["Product_Name"], int(row["Unit_Price"])) for row in rows] == [
        ("B-1", "Bolt 1", 1),
        ("B-2", "Bolt 2", 2),
    ]


def test_a_csv_file_becomes_accounts_and_costs_no_write_the_second_time(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(
        'Account_Name,Annual_Revenue,Employees,Billing_City\n"Acme, Inc.",1050.50,12,Köln\nZeta,,,\n', encoding="utf-8"
    )
    tap = [sys.executable, Path(__file__).with_name("csv_tap.py"), file, "Accounts", "Account_Name"]
    told = subprocess.run(tap, capture_output=True, text=True, check=True).stdout
    for expected in ((2, 0, 0), (0, 2, 0)):
        assert counted(shop.pass_on(told, "Accounts")) == expected
    acme, zeta = shop.rows("Accounts", "Account_Name", "Annual_Revenue", "Employees", "Billing_City")
    assert (acme["Account_Name"], float(acme["Annual_Revenue"]), acme["Employees"], acme["Billing_City"]) == (
        "Acme, Inc.",
        1050.5,
        12,
        "Köln",
    )
    assert zeta["Annual_Revenue"] is None


def test_lines_that_are_sent_again_are_not_doubled(shop: Shop) -> None:
    product = shop.insert("Products", Product_Name="Bolt", Unit_Price=1)
    lines = [{"Product_Name": {"id": product}, "Quantity": 2}]
    row = {"Subject": "Q", "Quoted_Items": lines}
    shop.send("Quotes", ["Subject"], row)
    assert counted(shop.send("Quotes", ["Subject"], row)) == (0, 1, 0)
    shop.send("Quotes", ["Subject"], {"Subject": "Q", "Quoted_Items": [{**lines[0], "Quantity": 3}]})
    (quote,) = shop.rows("Quotes", "Subject")
    items = shop.client.get(f"/crm/v8/Quotes/{quote['id']}").body["data"][0]["Quoted_Items"]
    assert [line["Quantity"] for line in items] == [3]


def test_a_record_its_source_deleted_is_counted_and_left_alone(shop: Shop) -> None:
    known = shop.insert("Accounts", Account_Name="Acme")
    counts = shop.send("Accounts", ["id"], {"id": known, "_sdc_deleted_at": "2026-03-01T00:00:00Z"})
    assert (counts["filtered"], len(shop.rows("Accounts", "id"))) == (1, 1)


def test_a_thousand_changes_take_one_read_and_one_write_per_hundred(shop: Shop) -> None:
    rows = [{"Product_Code": f"B-{number}", "Product_Name": "Bolt", "Unit_Price": 1} for number in range(1000)]
    shop.send("Products", ["Product_Code"], *rows)
    counts = shop.send("Products", ["Product_Code"], *({**row, "Unit_Price": 2} for row in rows))
    assert (counted(counts), counts["calls"]) == ((1000, 0, 0), 20)


@pytest.mark.parametrize("bad", [0, 99])
def test_one_bad_record_of_a_batch_is_held_and_the_others_land(shop: Shop, bad: int) -> None:
    rows = [{"Product_Code": f"B-{number}", "Product_Name": "Bolt"} for number in range(100)]
    rows[bad] = {"Product_Code": f"B-{bad}", "Product_Name": None}  # type: ignore[dict-item]
    counts = shop.send("Products", ["Product_Code"], *rows)
    assert (counted(counts), counts["exit"], shop.helds()[0].code) == ((99, 0, 1), 1, "MANDATORY_NOT_FOUND")


@pytest.mark.promise("F102")
def test_a_custom_module_is_written_by_its_metadata(shop: Shop) -> None:
    fields = [
        {"api_name": "Weight", "data_type": "integer"},
        {"api_name": "Maker", "data_type": "lookup", "lookup": "Accounts"},
    ]
    shop.sandbox.control("POST", "crm/modules", {"api_name": "Parts", "label": "Parts", "fields": fields})
    maker = shop.insert("Accounts", Account_Name="Acme")
    for weight in ("5", "6"):
        assert counted(shop.send("Parts", ["Name"], {"Name": "P", "Weight": weight, "Maker": maker})) == (1, 0, 0)
    (row,) = shop.rows("Parts", "Weight", "Maker")
    assert (row["Weight"], row["Maker"]["id"]) == (6, maker)


def related(shop: Shop, path: str, fields: str) -> list[Row]:
    return (shop.client.get(f"/crm/v8/{path}", params={"fields": fields}).body or {}).get("data", [])  # type: ignore[no-any-return]


def test_a_note_that_is_sent_again_adds_no_copy(shop: Shop) -> None:
    known = shop.insert("Accounts", Account_Name="Acme")
    note = {"Parent_Id": known, "$se_module": "Accounts", "Note_Title": "Call", "Note_Content": "They want bolts."}
    keys = ["Parent_Id", "Note_Title", "Note_Content"]
    assert counted(shop.send("Notes", keys, note, {**note, "Note_Title": "Visit"})) == (2, 0, 0)
    assert counted(shop.send("Notes", keys, note)) == (0, 1, 0)
    found = related(shop, f"Accounts/{known}/Notes", "Note_Title")
    assert sorted(row["Note_Title"] for row in found) == ["Call", "Visit"]


def test_a_file_that_is_sent_again_adds_no_copy_and_another_content_does(shop: Shop) -> None:
    known = shop.insert("Accounts", Account_Name="Acme")
    file = {"Parent_Id": known, "$se_module": "Accounts", "File_Name": "a.txt", "Content": "SGVsbG8="}
    keys = ["Parent_Id", "File_Name"]
    assert counted(shop.send("Attachments", keys, file)) == (1, 0, 0)
    assert counted(shop.send("Attachments", keys, file)) == (0, 1, 0)
    assert counted(shop.send("Attachments", keys, {**file, "Content": "SGFsbG8="})) == (1, 0, 0)
    assert len(related(shop, f"Accounts/{known}/Attachments", "File_Name")) == 2
    assert counted(shop.send("Attachments", keys, {**file, "Content": "no base64!"})) == (0, 0, 1)
    assert shop.helds()[0].fix


def test_a_product_stands_in_a_price_book_once_with_its_own_price(shop: Shop) -> None:
    product = shop.insert("Products", Product_Name="Bolt", Unit_Price=1)
    details = [{"from_range": 1, "to_range": 10, "discount": 5}]
    book = shop.insert("Price_Books", Price_Book_Name="Retail", Pricing_Model="Flat", Pricing_Details=details)
    keys = ["Parent_Id", "id"]
    for price in (5, 6):
        link = {"Parent_Id": product, "id": book, "list_price": price}
        assert counted(shop.send("Products__Price_Books", keys, link)) == (1, 0, 0)
    (found,) = related(shop, f"Products/{product}/Price_Books", "Price_Book_Name,list_price")
    assert (found["id"], found["list_price"]) == (book, 6)


def test_a_record_that_nothing_can_be_put_beside_is_held(shop: Shop) -> None:
    note = {"Parent_Id": "554023000009999999", "$se_module": "Accounts", "Note_Title": "Call"}
    assert counted(shop.send("Notes", ["Parent_Id"], note, {"Parent_Id": None, "$se_module": "Accounts"})) == (0, 0, 2)
    assert {held.code for held in shop.helds()} == {"INVALID_DATA", "NO_KEY"}
