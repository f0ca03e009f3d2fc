"""What the catalogs say about the systems, as the checks and the mapper ask them."""

import json

import pytest

from ofrecord_transforms.catalog import CatalogField, Catalogs, fields_of, unknown_part
from ofrecord_transforms.systems import SYSTEMS, System

CATALOG = {
    "streams": [
        {
            "tap_stream_id": "Quotes",
            "schema": {
                "properties": {
                    "id": {"type": "string"},
                    "Stage": {"type": ["string", "null"]},
                    "Account": {"type": ["object", "null"], "properties": {"id": {}, "name": {}}},
                    "Lines": {
                        "type": ["array", "null"],
                        "items": {"type": "object", "properties": {"Quantity": {"type": ["number", "null"]}}},
                    },
                    "Open": {"type": "object"},
                    "Day": {"type": ["string", "null"], "format": "date"},
                }
            },
            "metadata": [
                {"breadcrumb": [], "metadata": {"inclusion": "available"}},
                {
                    "breadcrumb": ["properties", "Stage"],
                    "metadata": {"values": ["Draft", "Sent"], "open-values": True, "max-length": 120},
                },
                {"breadcrumb": ["properties", "id"], "metadata": {"read-only": True, "unique": True}},
                {
                    "breadcrumb": ["properties", "Lines", "items", "properties", "Quantity"],
                    "metadata": {"required": True, "decimals": 2, "vendor-type": "double"},
                },
                {"breadcrumb": ["properties", "Written_Only"], "metadata": {"required": True}},
            ],
        }
    ],
    "objects": [
        {"tap_stream_id": "notes", "schema": {"properties": {"text": {"type": "string"}}}},
        {"tap_stream_id": "Quotes", "schema": {"properties": {"Terms": {"type": "string"}}}},
    ],
}


@pytest.fixture
def catalogs(tmp_path):
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "tap-crm.json").write_text(json.dumps(CATALOG), encoding="utf-8")
    return Catalogs(tmp_path)


CRM = SYSTEMS["crm"]


def test_a_field_has_its_type_and_what_the_vendor_says_of_it(catalogs):
    assert catalogs.field(CRM, "Quotes", "Stage") == CatalogField(
        ("string",), values=("Draft", "Sent"), open_values=True, max_length=120
    )
    assert catalogs.field(CRM, "Quotes", "Day") == CatalogField(("string",), "date")
    assert catalogs.field(CRM, "Quotes", "id") == CatalogField(("string",), read_only=True, unique=True)


def test_a_field_of_a_line_is_named_with_a_dot(catalogs):
    assert catalogs.field(CRM, "Quotes", "Lines.Quantity") == CatalogField(
        ("number",), required=True, decimals=2, vendor_type="double"
    )


def test_an_object_that_is_only_written_and_fields_that_are_only_written_are_known(catalogs):
    assert catalogs.field(CRM, "notes", "text") == CatalogField(("string",))
    assert catalogs.field(CRM, "Quotes", "Terms") == CatalogField(("string",))
    written = catalogs.field(CRM, "Quotes", "Written_Only")
    assert written is not None
    assert written.required
    assert catalogs.names(CRM) == ["Quotes", "notes"]


def test_what_nobody_describes_is_none(catalogs):
    assert catalogs.object(CRM, "Tasks") is None
    assert catalogs.field(CRM, "Tasks", "id") is None
    assert catalogs.field(CRM, "Quotes", "Stge") is None
    assert Catalogs().object(CRM, "Quotes") is None
    assert Catalogs().names(CRM) is None


def test_without_a_catalog_the_schemas_of_an_installed_tap_answer(tmp_path):
    assert Catalogs(tmp_path).field(SYSTEMS["inventory"], "items", "package_details.weight") is not None
    assert Catalogs(tmp_path).object(System("shop", "tap-nowhere", "a", "b"), "items") is None


def test_custom_fields_of_the_finance_side_are_not_judged(catalogs):
    inventory = SYSTEMS["inventory"]
    assert catalogs.field(inventory, "items", "cf_anything") is None
    assert catalogs.unknown_part(inventory, "items", "cf_anything") is None


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("Stage", None),
        ("Account.name", None),
        ("Account.nme", ("nme", ["id", "name"])),
        ("Lines.Quantity", None),
        ("Lines.Qty", ("Qty", ["Quantity"])),
        ("Open.anything", None),
        ("Stage.anything", None),
    ],
)
def test_nested_fields_are_judged_as_far_as_they_are_described(path, wrong):
    assert unknown_part(path, fields_of(CATALOG["streams"][0])) == wrong
