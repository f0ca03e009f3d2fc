"""Open documents are read in few calls, and their lines written by id, never over an edit."""

from decimal import Decimal
from pathlib import Path

import pytest

from ofrecord.project_file import ProjectFile
from ofrecord.quotes import Edit, Reading, Shape, among, destination, write
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.target import Done, Stale

ROOT = Path(__file__).parents[2]
OPEN = among("Quote_Stage", ["Draft", "Negotiation"])
SHAPE = Shape(
    "Quotes", "Quote_Number", "Quoted_Items", ("Quote_Stage", "Deal_Name.Closing_Date"),
    ("Product_Name", "Quantity", "Stock_Status", "Lead_Time_Days"),
)  # fmt: skip


class Crm:
    def __init__(self, client, sandbox):
        self.client = client
        self.sandbox = sandbox
        self.product = self.new("Products", Product_Name="Bolt")

    def new(self, module, **values):
        answer = self.client.send("POST", f"/crm/v8/{module}", json={"data": [values]}, repeatable=False)
        return answer.body["data"][0]["details"]["id"]

    def quote(self, *quantities, stage="Draft", **more):
        rows = [{"Product_Name": {"id": self.product}, "Quantity": one, "List_Price": 2} for one in quantities]
        return self.new("Quotes", Subject="A quote", Quote_Stage=stage, Quoted_Items=rows, **more)

    def calls(self):
        entries = self.sandbox.control("GET", "journal")["entries"]
        return [f"{one['method']} {one['path']}" for one in entries if one["system"] == "crm"]

    def later(self, seconds=60):
        self.sandbox.control("POST", "clock", {"move_s": seconds})
        self.sandbox.control("DELETE", "journal")

    def lines(self, quote):
        return self.client.get(f"/crm/v8/Quotes/{quote}").body["data"][0]["Quoted_Items"]


@pytest.fixture
def crm(sandbox, tmp_path):
    with Client(Connection.from_config(sandbox.config(tmp_path / "state")), system="crm", plugin="test") as client:
        yield Crm(client, sandbox)


def test_heads_and_lines_of_open_ones_are_read_and_only_what_changed_is_read_again(crm):
    deal = crm.new("Deals", Deal_Name="A deal", Stage="Qualification", Closing_Date="2026-05-01")
    first, second = crm.quote(1, 2, Deal_Name={"id": deal}), crm.quote(3)
    crm.quote(4, stage="Accepted")
    crm.later()
    found = Reading(crm.client, SHAPE).where(OPEN)
    assert [one.id for one in found] == [first, second]
    assert (found[0].values["Deal_Name.Closing_Date"], found[1].values["Deal_Name.Closing_Date"]) == (
        "2026-05-01",
        None,
    )
    assert [[line["Quantity"] for line in one.lines] for one in found] == [[1, 2], [3]]
    assert crm.calls() == ["POST /crm/v8/coql", f"GET /crm/v8/Quotes/{first}", f"GET /crm/v8/Quotes/{second}"]
    [line] = crm.lines(second)
    crm.client.send(
        "PUT", "/crm/v8/Quotes", json={"data": [{"id": second, "Quoted_Items": [{"id": line["id"], "Quantity": 5}]}]}
    )
    crm.later()
    again = Reading(crm.client, SHAPE).where(OPEN)
    assert [[one["Quantity"] for one in each.lines] for each in again] == [[1, 2], [5]]
    assert crm.calls() == ["POST /crm/v8/coql", f"GET /crm/v8/Quotes/{second}"]
    kept = next((crm.client.connection.state_dir).glob("lines-*.json"))
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Bolt" not in kept.read_text(), "no names are kept"
    kept.write_text("[")
    assert [one.lines for one in Reading(crm.client, SHAPE).where(OPEN)] == [one.lines for one in again]


def test_an_edit_in_the_second_of_the_reading_is_not_lost(crm):
    quote = crm.quote(1)
    crm.sandbox.control("POST", "clock", {"freeze": "2026-03-01T10:00:00+00:00"})
    [line] = crm.lines(quote)
    for quantity in (2, 3):
        rows = [{"id": line["id"], "Quantity": quantity}]
        crm.client.send("PUT", "/crm/v8/Quotes", json={"data": [{"id": quote, "Quoted_Items": rows}]})
        [found] = Reading(crm.client, SHAPE).where(OPEN)
        assert found.lines[0]["Quantity"] == quantity


def test_lines_of_many_quotes_come_from_the_list_of_all_lines(crm):
    quotes = [crm.quote(number + 1, 1) for number in range(60)]
    crm.later()
    found = Reading(crm.client, SHAPE).where(OPEN)
    assert [[line["Quantity"] for line in one.lines] for one in found] == [[number + 1, 1] for number in range(60)]
    assert [one.id for one in found] == quotes
    made = crm.calls()
    assert len(made) == 5, made
    assert "GET /crm/v8/Quoted_Items" in made


def test_one_is_found_by_number_and_by_id(crm):
    quote = crm.quote(1, stage="Closed Lost")
    reading = Reading(crm.client, SHAPE)
    [found] = reading.named(quote)
    assert [one.id for one in reading.named(found.number)] == [quote]
    assert reading.named("nobody's") == []


def test_line_fields_are_written_by_id_and_nothing_else_is_touched(crm):
    quote = crm.quote(1, 2)
    crm.later()
    before = crm.lines(quote)
    [found] = Reading(crm.client, SHAPE).where(OPEN)
    there = destination(crm.client, ProjectFile(ROOT))
    one, other = (line["id"] for line in found.lines)
    told = {one: {"Stock_Status": "Partly", "Lead_Time_Days": 3}, other: {"Stock_Status": None}}
    assert list(write(there, SHAPE, [Edit(found, {}, told)]).values()) == [Done(quote)]
    after = crm.lines(quote)
    assert [(line["Stock_Status"], line["Lead_Time_Days"]) for line in after] == [("Partly", 3), (None, None)]
    ours = {"Stock_Status", "Lead_Time_Days", "Modified_Time"}
    assert [{k: v for k, v in line.items() if k not in ours} for line in after] == [
        {k: v for k, v in line.items() if k not in ours} for line in before
    ]
    [again] = Reading(crm.client, SHAPE).where(OPEN)
    crm.later()
    same = {one: {"Stock_Status": "Partly", "Lead_Time_Days": Decimal("3.0")}, "gone": {"Stock_Status": "Partly"}}
    assert write(there, SHAPE, [Edit(again, {"Quote_Stage": "Draft"}, same)]) == {}
    assert crm.calls() == []


def test_a_quote_that_was_edited_since_is_not_overwritten(crm):
    quotes = [crm.quote(1), crm.quote(1)]
    crm.later()
    found = Reading(crm.client, SHAPE).where(OPEN)
    crm.later()
    [line] = crm.lines(quotes[0])
    rows = [{"id": line["id"], "_delete": None}, {"Product_Name": {"id": crm.product}, "Quantity": 9}]
    crm.client.send("PUT", "/crm/v8/Quotes", json={"data": [{"id": quotes[0], "Quoted_Items": rows}]})
    edits = [Edit(one, {}, {one.lines[0]["id"]: {"Stock_Status": "Partly"}}) for one in found]
    results = write(destination(crm.client, ProjectFile(ROOT)), SHAPE, edits)
    assert results == {quotes[0]: Stale(), quotes[1]: Done(quotes[1])}
    assert [line["Quantity"] for line in crm.lines(quotes[0])] == [9]
