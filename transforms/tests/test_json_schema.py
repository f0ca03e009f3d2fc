"""What editors are told about rule files agrees with what the reader accepts."""

from pathlib import Path

import jsonschema
import pytest

from ofrecord_transforms import cases_read, located, vocabulary
from ofrecord_transforms.json_schema import main, schemas, written
from ofrecord_transforms.load import load

RULES = Path(__file__).parents[2] / "rules"
FILES = {
    "rules.schema.json": sorted(path for path in RULES.glob("*.yml") if path.name != "systems.yml"),
    "systems.schema.json": sorted(RULES.glob("systems.yml")),
    "cases.schema.json": sorted(RULES.glob("cases/*.yml")),
    "promises.schema.json": sorted(RULES.glob("promises/*.yml")),
}
HEAD = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: items, id: item_id}
  crm: {stream: Products, id: id}
"""
NAME = "fields:\n  - {what: Name, owner: crm, crm: Name, inventory: name}\n"


def mistakes(name, text, systems=("crm", "inventory", "books")):
    validator = jsonschema.Draft7Validator(schemas(systems)[name])
    return [error.message for error in validator.iter_errors(located.read(text, "x").plain())]


def test_the_schemas_in_the_rules_folder_are_fresh(shipped):
    for name, schema in schemas(shipped.systems).items():
        assert (RULES / name).read_text(encoding="utf-8") == written(schema), (
            f"{name} is old: python -m ofrecord_transforms.json_schema rules"
        )


def test_the_schemas_are_schemas():
    for schema in schemas().values():
        jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, paths in FILES.items() for path in paths], ids=str)
def test_a_shipped_file_is_as_its_schema_says(name, path):
    assert mistakes(name, path.read_text(encoding="utf-8"), load(RULES).systems) == []


def test_every_key_of_the_language_is_in_the_schema_and_says_what_it_means():
    entity = schemas()["rules.schema.json"]
    field = entity["properties"]["fields"]["items"]
    side = entity["definitions"]["side"]["anyOf"][1]
    place = entity["definitions"]["place"]
    for shape, keys in (
        (entity, vocabulary.ENTITY_KEYS),
        (field, vocabulary.FIELD_KEYS),
        (side, vocabulary.SIDE_KEYS),
        (place, vocabulary.PLACE_KEYS),
    ):
        assert {key: said.get("description") for key, said in shape["properties"].items()} == keys
    case = schemas()["cases.schema.json"]["properties"]["cases"]["items"]
    assert set(case["properties"]) == set(cases_read.CASE_KEYS)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{NAME}",
        f"{HEAD}match: [{{crm: Code, inventory: sku}}, {{crm: Name, inventory: name}}]\n{NAME}",
        f"{HEAD}when: {{crm: {{A: [x, 1, true], B: present, C: {{at least: 1.5, from: 2026-01-01, not: [y]}}}}}}\n{NAME}",
        f"{HEAD}limits: {{create: 5, money: {{USD: 10.5}}}}\ncadence: 5 minutes\n{NAME}",
        f"{HEAD}{NAME}    # a comment\n",
    ],
)
def test_what_the_reader_accepts_the_schema_accepts(text):
    assert mistakes("rules.schema.json", text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}",
        f"{HEAD}duplicate: skip\n{NAME}",
        f"{HEAD}duplicates: skp\n{NAME}",
        f"{HEAD}cadence: soon\n{NAME}",
        f"{HEAD}new: [warehouse]\n{NAME}",
        f"{HEAD}when: {{crm: {{A: x}}}}\n{NAME}",
        f"{HEAD}when: {{crm: {{A: {{at leest: 1}}}}}}\n{NAME}",
        f"{HEAD}limits: {{create: -1}}\n{NAME}",
        f"{HEAD}combine: {{into: a, by: b}}\n{NAME}",
        f"{HEAD}stop: [{{what: A}}]\n{NAME}",
        f"{HEAD}enabled: nope\n{NAME}",
        HEAD.replace("id: id", "di: id") + NAME,
        HEAD.replace("stream: items", "stream: items, object: items") + NAME,
        HEAD.replace("deputy: B, ", "") + NAME,
        HEAD + NAME.replace("owner: crm", "ownr: crm"),
        HEAD + NAME.replace("owner: crm", "owner: nobody"),
        HEAD + NAME.replace("owner: crm", "owner: crm, format: telephone"),
        HEAD + NAME.replace("crm: Name", "crm: {feld: Name}"),
        HEAD + NAME.replace("crm: Name", "crm: {field: Name, parts: {city: City}}"),
        HEAD + NAME.replace("crm: Name", "crm: {parts: {town: City}}"),
        HEAD + NAME.replace("owner: crm", "owner: crm, shop: x"),
    ],
)
def test_what_the_reader_refuses_by_its_shape_the_schema_refuses(text):
    assert mistakes("rules.schema.json", text)


def test_other_systems_are_words_of_the_schema_too():
    text = HEAD + NAME.replace("inventory: name", "inventory: name, shop: title")
    assert mistakes("rules.schema.json", text, ("crm", "inventory", "books", "shop")) == []


@pytest.mark.parametrize(
    "case",
    [
        "{case: A}",
        "{case: A, entity: b, field: c, outcome: won}",
        "{case: A, entity: b, field: c, fields: {}}",
        "{case: A, entity: b, field: c, edits: [{by: crm}]}",
    ],
)
def test_a_case_of_another_shape_is_refused(case):
    assert mistakes("cases.schema.json", f"cases: [{case}]\n")


def test_a_line_about_systems_of_another_shape_is_refused():
    assert (
        mistakes("systems.schema.json", "systems: {shop: {tap: t, modified: m, created: c, read_only: true}}\n") == []
    )
    assert mistakes("systems.schema.json", "systems: {shop: {tab: t}}\n")


def test_one_command_writes_them(tmp_path):
    (tmp_path / "product.yml").write_text(f"{HEAD}{NAME}", encoding="utf-8")
    main([str(tmp_path)])
    assert sorted(path.name for path in tmp_path.glob("*.json")) == sorted(schemas())
