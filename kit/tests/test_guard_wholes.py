"""Limits of entities whose records make others: they ask as long as they have written nothing, and only about what they write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.testing.shop import NOON, field, schema
from ofrecord_kit.testing.site import Site, lines_of

INVOICES = schema(
    about={"entity": "invoice", "object": "Deals", "from": "books", "match": [], "external_id": None,
           "combine": {"whole": "deal", "through": "order", "by": "salesorder_id", "field": None}},
    Amount=field("amount", "books", format="money", combine="sum"),
)  # fmt: skip
STAGES = schema(
    about={"entity": "stage", "object": "Orders", "from": "books", "match": [], "external_id": None,
           "spread": {"through": "order", "field": "deal"}},
    Amount=field("amount", "books"),
)  # fmt: skip
WAYS = [pytest.param(INVOICES, id="combine"), pytest.param(STAGES, id="spread")]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def tell(site: Site, said: dict[str, Any], amount: str, **settings: Any) -> int:
    """A run that reads one record, which belongs to (or is pointed at by) the order `1`."""
    one = {"Amount": amount, "_ofrecord": {"id": "1", "by": "1", "native": {"amount": amount}}}
    lines = [
        {"type": "SCHEMA", "stream": "one", "key_properties": [], "schema": said},
        {"type": "RECORD", "stream": "one", "record": one},
    ]
    try:
        site.target(**settings).listen(lines_of(lines))
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def link(site: Site, object_: str) -> str:
    """The order is linked, and knows its deal."""
    there = site.shop.put(object_, Name="there")
    ledger = site.ledger()
    with ledger.writing(NOON) as writing:
        order = writing.record_link("order", {"books": "1", "crm": there})
        writing.record_agreed(order, {"deal": {"books": "1", "crm": "1"}}, pointers={"deal"})
    ledger.close()
    return there


@pytest.mark.parametrize("said", WAYS)
def test_only_the_first_run_that_writes_needs_a_yes(site: Site, said: dict[str, Any]) -> None:
    object_ = said["x-ofrecord"]["object"]
    there = link(site, object_)
    assert tell(site, said, "10") == 1
    assert site.shop.objects[object_][there] == {"Name": "there"}
    assert tell(site, said, "10", approve=True) == 0
    assert tell(site, said, "12") == 0
    assert str(site.shop.objects[object_][there]["Amount"]) == "12"


@pytest.mark.parametrize("said", WAYS)
def test_what_waits_for_its_order_needs_no_yes(site: Site, said: dict[str, Any]) -> None:
    assert tell(site, said, "10") == 0
    assert tell(site, said, "11") == 0
    assert site.held() == []


def limited(said: dict[str, Any], most: str) -> dict[str, Any]:
    amount = {**said["properties"]["Amount"]["x-ofrecord"], "format": "money", "currency": "EUR"}
    properties = {**said["properties"], "Amount": {**said["properties"]["Amount"], "x-ofrecord": amount}}
    about = {**said["x-ofrecord"], "limits": {"money": {"EUR": most}}}
    return {**said, "x-ofrecord": about, "properties": properties}


@pytest.mark.parametrize("said", WAYS)
def test_amounts_of_records_that_make_others_count_by_what_they_change(site: Site, said: dict[str, Any]) -> None:
    object_ = said["x-ofrecord"]["object"]
    there = link(site, object_)
    assert tell(site, limited(said, "100"), "1000", approve=True) == 0
    assert tell(site, limited(said, "100"), "1100") == 0
    assert tell(site, limited(said, "100"), "1200.5") == 1
    assert str(site.shop.objects[object_][there]["Amount"]) == "1100"
    (held,) = site.held()
    assert (held.kind, "moves 100.5 EUR, 100 are allowed" in held.message) == ("limits", True)
    assert tell(site, limited(said, "101"), "1200.5") == 0


def test_a_part_that_leaves_its_whole_moves_what_it_was(site: Site) -> None:
    link(site, "Deals")
    assert tell(site, limited(INVOICES, "100"), "1000", approve=True) == 0
    gone = {"_ofrecord": {"id": "1", "by": "1", "deleted": True}}
    lines = [
        {"type": "SCHEMA", "stream": "one", "key_properties": [], "schema": limited(INVOICES, "100")},
        {"type": "RECORD", "stream": "one", "record": gone},
    ]
    with pytest.raises(SystemExit):
        site.target().listen(lines_of(lines))
    assert "moves 1000 EUR" in site.held()[0].message
