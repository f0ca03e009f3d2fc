"""Facts of fields: from their file to the metadata of a catalog."""

import pytest

from ofrecord_kit.tap.facts import breadcrumb, places, read_facts, with_facts

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": ["string", "null"]},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "lines": {
            "type": ["array", "null"],
            "items": {
                "type": "object",
                "properties": {"rate": {"type": ["null", "number"]}, "total": {"type": "number"}},
            },
        },
    },
}
FACTS = """
[written]
name = {required = true, max-length = 9}
lines = {}
"lines[].rate" = {}
extra = {vendor-type = "string"}

[read]
at = {values = ["never"]}
"""


@pytest.fixture
def facts(tmp_path):
    file = tmp_path / "facts.toml"
    file.write_text(FACTS, encoding="utf-8")
    return read_facts(file, SCHEMA)


def test_a_path_is_a_breadcrumb_that_goes_through_the_items_of_a_list():
    assert breadcrumb("a.b") == ("properties", "a", "properties", "b")
    assert breadcrumb("lines[].rate") == ("properties", "lines", "items", "properties", "rate")


def test_places_of_a_schema_come_outer_ones_first():
    assert [place[-1] for place, _ in places(SCHEMA)] == ["id", "name", "at", "lines", "rate", "total"]


def test_whatever_is_not_written_is_read_only_at_every_depth(facts):
    read_only = [place[-1] for place, said in facts.items() if said.get("read-only")]
    assert read_only == ["id", "at", "total"]


def test_a_fact_has_the_type_of_the_schema_unless_it_says_its_own(facts):
    types = {place[-1]: said["vendor-type"] for place, said in facts.items()}
    assert types == {
        "id": "string", "name": "string", "at": "date-time", "lines": "array", "rate": "number", "total": "number",
        "extra": "string",
    }  # fmt: skip


def test_facts_join_the_metadata_and_what_is_only_written_gets_an_entry_of_its_own(facts):
    metadata = [
        {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
        {"breadcrumb": ["properties", "name"], "metadata": {"inclusion": "available"}},
        {"breadcrumb": [], "metadata": {"selected": True}},
    ]
    merged = with_facts(metadata, facts, SCHEMA)
    assert [one["breadcrumb"][-1:] for one in merged] == [
        ["id"], ["name"], ["at"], ["lines"], ["rate"], ["total"], ["extra"], [],
    ]  # fmt: skip
    assert merged[1]["metadata"] == {
        "inclusion": "available", "required": True, "max-length": 9, "vendor-type": "string",
    }  # fmt: skip
    assert merged[-2]["metadata"] == {"inclusion": "available", "vendor-type": "string"}
    assert merged[-1] == {"breadcrumb": [], "metadata": {"selected": True}}


def test_without_facts_the_metadata_stays_as_it_is():
    metadata = [{"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}}]
    assert with_facts(metadata, {}, SCHEMA) == metadata
