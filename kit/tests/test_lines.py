"""Lines of Singer messages: numbers that nobody means stay texts, depth is known, and nothing is read without an end."""

import io
from decimal import Decimal

import pytest
from singer_sdk.singerlib.exceptions import InvalidInputLine

from ofrecord_kit import lines
from ofrecord_kit.target.listening import fault_of, fault_of_note, validator_of, wire_of


@pytest.mark.parametrize("written", ["1e999999999", "-1e-999999999", "1e99999999999999999999999"])
def test_a_number_that_would_fill_memory_when_written_out_stays_the_text_it_is(written):
    assert lines.exact(written) == written


@pytest.mark.parametrize("written", ["12.50", "1e3", "-0.0", "0e5", "9" * 900 + ".5"])
def test_any_other_number_is_exact(written):
    assert lines.exact(written) == Decimal(written)


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("[" * 64 + "]" * 64, False),
        ("[" * 65 + "]" * 65, True),
        ('{"a":' * 65 + "1" + "}" * 65, True),
        ('{"a":"' + "[" * 500 + '","b\\"[":[]}', False),
        ("[" + '{"a":[1,{}]},' * 1000 + "1]", False),
    ],
)
def test_how_deep_json_is_nested_is_told_by_its_brackets_outside_of_texts(text, deep):
    assert lines.is_too_deep(text.encode()) is deep


def test_a_line_without_an_end_is_not_read_to_it(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 10)
    source = io.BytesIO(b"12345\n" + b"x" * 1000)
    found = lines.lines_of(source)
    assert next(found) == b"12345\n"
    with pytest.raises(InvalidInputLine, match=r"longer than 10 bytes \(standard input\)\. Expected: .*Look at"):
        next(found)
    assert source.tell() < 30


BOMB = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}
CHAIN = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(5_000)}


@pytest.mark.parametrize(
    ("stream", "schema", "keys", "words"),
    [
        (7, {"properties": {}}, [], "no name"),
        ("s", None, [], "no object with properties"),
        ("s", {"properties": [1]}, [], "no object with properties"),
        ("s", {"properties": {"a": "text"}}, [], "no object with properties"),
        ("s", {"properties": {}}, 7, "no list of names"),
        ("s", {"properties": {}}, [{"a": 1}], "no list of names"),
        ("s", {"properties": {}, "x-ofrecord": {}}, ["id"], "lacks its keys id"),
        ("s", {"properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}, [], "another document"),
        ("s", {"properties": {"a": {"$ref": "file:///etc/passwd"}}}, [], "another document"),
        ("s", {"properties": {"a": {"$ref": "#/$defs/a0"}}, "$defs": BOMB}, [], "more than 20,000 parts"),
        ("s", {"properties": {"a": {"$ref": "#/$defs/a0"}}, "$defs": CHAIN}, [], "more than 20,000 parts"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told_before_it_is_compiled(stream, schema, keys, words):
    assert words in fault_of(stream, schema, keys)


def test_a_schema_that_refers_to_itself_is_one():
    tree = {"properties": {"a": {"$ref": "#"}, "b": {"type": "string"}}}
    assert fault_of("s", tree, ["b"]) is None
    assert validator_of(tree).is_valid({"a": {"a": {"b": "x"}}})


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://127.0.0.1:1/x"},
        {"properties": {"a": {"type": 7}}},
        {"properties": {"a": {"type": "string", "pattern": "((((a{100}){100}){100}){100})"}}},
    ],
)
def test_a_schema_is_never_fetched_and_a_wrong_one_is_one_line(schema):
    with pytest.raises(ValueError, match=r"^The SCHEMA message is not a JSON schema \(at [\w/]+\)$"):
        validator_of(schema)


ANNOTATION = {"entity": "e", "object": "o", "from": "crm", "to": "inventory"}


@pytest.mark.parametrize(
    "said",
    [7, {}, {**ANNOTATION, "match": 7}, {**ANNOTATION, "once": [1]}, {**ANNOTATION, "match": [{}]}, {**ANNOTATION, "to": "crm"},
     {**ANNOTATION, "tolerance_s": "soon"}],
)  # fmt: skip
def test_an_annotation_that_no_mapper_writes_is_refused(said):
    with pytest.raises(InvalidInputLine, match=r"\. Expected: "):
        wire_of("s", {"properties": {}, "x-ofrecord": said}, "inventory")
    with pytest.raises(InvalidInputLine, match="cannot be read"):
        wire_of("s", {"properties": {"a": {"x-ofrecord": {}}}, "x-ofrecord": ANNOTATION}, "inventory")


@pytest.mark.parametrize(
    "note",
    [[1], {"id": {"a": 1}}, {"id": ""}, {"id": "x" * 251}, {"id": None}, {"native": 7}, {"observed": [1]}, {"deleted": "no"},
     {"invalid": {"a": 1}}, {"stamped": {"a": 1}}, {"rank": [1]}],
)  # fmt: skip
def test_what_a_record_says_of_itself_is_believed_only_in_the_shape_the_mapper_gives_it(note):
    assert fault_of_note(note).startswith("_ofrecord")
    assert fault_of_note({"id": "1", "native": {}, "observed": {}, "deleted": False, "unknown": [1]}) is None
