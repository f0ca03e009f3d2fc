"""JSON Schemas of rule files, for editors: words, shapes and closed lists, with what each key says.

What only shows when all files are seen together (`ofrecord check`) is not in them. They are generated from the
vocabulary: `python -m ofrecord_transforms.json_schema rules` writes `rules.schema.json`, `systems.schema.json`,
`cases.schema.json` and `promises.schema.json` there. A rule file names its schema in its first lines:

    # yaml-language-server: $schema=rules.schema.json
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ofrecord_transforms import cases_read as cases
from ofrecord_transforms import promises_read as promises
from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.load import load
from ofrecord_transforms.systems import SYSTEMS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_VALUE: Schema = {"type": ["string", "number", "boolean", "null"]}
_SOME_VALUE: Schema = {"type": ["string", "number", "boolean"]}
_VALUES: Schema = {"type": "array", "items": _VALUE, "minItems": 1}
_REF: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_AMOUNT: Schema = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}
_DURATION: Schema = {"type": "string", "pattern": rf"^[1-9]\d* ({'|'.join(words.DURATIONS)})$"}


def schemas(systems: Iterable[str] = SYSTEMS) -> dict[str, Schema]:
    """File name → schema, for rules in which these systems are known."""
    names = list(systems)
    return {
        "rules.schema.json": {**_head("A rule file"), **_entity(names), "definitions": _definitions(names)},
        "systems.schema.json": {**_head("The systems of the rules"), **_systems_file()},
        "cases.schema.json": {**_head("Cases: two edits and what must come of them"), **_cases_file(names)},
        "promises.schema.json": {**_head("What open documents are told of stock"), **_promises_file()},
    }


def _definitions(systems: list[str]) -> dict[str, Schema]:
    """Shapes that stand in several places; `_the` points at them."""
    return {
        "side": {"anyOf": [_TEXT, _side()]},
        "filters": _by_system(systems, {"type": "object", "additionalProperties": _condition()}),
        "names": _by_system(systems, _TEXT),
        "place": _place(),
        "parts": _parts(),
    }


def _the(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _head(title: str) -> Schema:
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title}


def _keys(
    properties: Mapping[str, Schema], required: Iterable[str] = (), said: Mapping[str, str] | None = None
) -> Schema:
    """An object with these keys and no others; `said` describes them."""
    described = {
        key: {"description": said[key], **shape} if said and key in said else dict(shape)
        for key, shape in properties.items()
    }
    made: Schema = {"type": "object", "properties": described, "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def _choice(allowed: Iterable[str]) -> Schema:
    return {"enum": list(allowed)}


def _by_system(systems: Iterable[str], shape: Schema) -> Schema:
    return _keys(dict.fromkeys(systems, shape))


def _entity(systems: list[str]) -> Schema:
    names, filters = _the("names"), _the("filters")
    deleted, leaving = (
        _by_system(systems, _by_system(systems, _choice(actions)))
        for actions in (words.DELETED_ACTIONS, words.LEAVING_ACTIONS)
    )
    shapes: dict[str, Schema] = {
        "entity": _TEXT,
        "why": _TEXT,
        "enabled": _FLAG,
        "responsible": _keys(dict.fromkeys(words.RESPONSIBLE_KEYS, _TEXT), words.RESPONSIBLE_KEYS),
        "systems": {**_by_system(systems, _the("place")), "minProperties": 2},
        "match": {"anyOf": [names, {"type": "array", "items": names}]},
        "label": names,
        "duplicates": _choice(words.DUPLICATES),
        "near": _choice(words.NEAR),
        "when": filters,
        "views": {"type": "object", "additionalProperties": filters},
        "view": _TEXT,
        "leaving": leaving,
        "stop": {
            "type": "array",
            "minItems": 1,
            "items": _keys(_in_order(words.STOP_KEYS, _TEXT, filters, _TEXT), ("what", "when")),
        },
        "new": {"type": "array", "items": _choice(systems)},
        "deleted": deleted,
        "missing": _choice(words.MISSING),
        "once": _once(systems),
        "waits_for": _keys(_in_order(words.WAITS_FOR_KEYS, _TEXT, _TEXT, filters, filters), words.WAITS_FOR_KEYS),
        "parent": _TEXT,
        "primary": _keys(dict.fromkeys(words.PRIMARY_KEYS, _TEXT), words.PRIMARY_KEYS),
        "combine": _combine(),
        "attach": _keys(_in_order(words.ATTACH_KEYS, _choice(words.FILES), _TEXT, filters), ("file", "named")),
        "spread": _keys(dict.fromkeys(words.SPREAD_KEYS, _TEXT), words.SPREAD_KEYS),
        "each": _keys(_in_order(words.EACH_KEYS, _choice(systems), _TEXT, _TEXT), words.EACH_KEYS),
        "schedule": _schedule(systems),
        "counts_from": _by_system(systems, {"anyOf": [_TEXT, _keys(dict.fromkeys(words.DAY_KEYS, _TEXT), ("field",))]}),
        "settled": _TEXT,
        "limits": _keys(
            _in_order(words.LIMIT_KEYS, _COUNT, _COUNT, _COUNT, {
                "type": "object", "additionalProperties": _AMOUNT, "propertyNames": {"pattern": "^[A-Z]{3}$"},
            })
        ),
        "cadence": _DURATION,
        "clock_tolerance": _DURATION,
        "figures": {"type": "array", "minItems": 1, "items": _state_figure(systems)},
        "states": _states(),
        "fields": {"type": "array", "minItems": 1, "items": _field(systems)},
    }  # fmt: skip
    return _keys(_exactly(shapes, words.ENTITY_KEYS), ("entity", "responsible", "systems", "fields"), words.ENTITY_KEYS)


def _once(systems: list[str]) -> Schema:
    """Actions, what must agree before them, who is told, how the sum comes about, and until when it is amended."""
    then: Schema = {"type": "array", "items": _choice(words.THEN_ACTIONS)}
    constant = _keys({"always": _SOME_VALUE}, ("always",))
    either = _keys(
        _exactly({"field": _TEXT, "otherwise": _SOME_VALUE}, words.OTHERWISE_KEYS),
        ("field", "otherwise"),
        words.OTHERWISE_KEYS,
    )
    sides = {name: {"anyOf": [_the("side"), constant, either]} for name in systems}
    plain = _in_order(words.CHECK_KEYS, _TEXT, _choice(words.FORMATS), _TEXT, _choice(words.LOOKUPS), {}, _TEXT)
    line = _keys({key: shape for key, shape in plain.items() if key != "lines"} | sides, ("what",))
    below = {"lines": {"type": "array", "minItems": 1, "items": line}}
    figure = _keys({**plain, **below, **sides}, ("what",))
    check: Schema = {"anyOf": [_the("names"), {"type": "array", "minItems": 1, "items": figure}]}
    names: Schema = {"type": "array", "minItems": 1, "items": _TEXT}
    said = dict.fromkeys(words.SUM_KEYS, _TEXT) | {"less": names, "plus": names}
    made = _keys(said, ("lines", "quantity", "rate"))
    return _keys(_in_order(words.ONCE_KEYS, then, check, _tells(), made, _the("filters")))


def _tells() -> Schema:
    """Who is told, by mail or by a call."""
    mails: Schema = {"type": "array", "items": {"type": "string", "pattern": "@"}, "minItems": 1}
    one = _keys(_in_order(words.TELL_KEYS, _TEXT, mails, {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"}), ("what",))
    one["oneOf"] = [{"required": ["mail"]}, {"required": ["webhook"]}]
    return {"type": "array", "items": one, "minItems": 1}


def _combine() -> Schema:
    either = [{"required": ["through"]}, {"required": ["same_as"]}]
    way = {**_keys(dict.fromkeys(words.WAY_KEYS, _TEXT), ("by",)), "oneOf": either}
    shapes = {**dict.fromkeys(words.COMBINE_KEYS, _TEXT), "or": {"type": "array", "minItems": 1, "items": way}}
    return {**_keys(shapes, ("into", "by")), "oneOf": either}


def _schedule(systems: list[str]) -> Schema:
    shapes = {**dict.fromkeys(words.SCHEDULE_KEYS, _TEXT), "in": _choice(systems), "by": _choice(words.PERIODS)}
    either = [{"required": ["currency"]}, {"required": ["unit"]}]
    return {**_keys(shapes, ("in", "start", "months", "amount", "by")), "oneOf": either}


def _state_figure(systems: list[str]) -> Schema:
    said = _in_order(words.STATE_FIGURE_KEYS, _TEXT, _choice(words.STATE_FIGURE_FORMATS))
    return _keys({**said, **dict.fromkeys(systems, _the("side"))}, ("what",))


def _states() -> Schema:
    """Rows, in their order; the words of a row are checked when all files are seen together."""
    named: Schema = {"type": "array", "items": _TEXT, "minItems": 1}
    compared = _keys({word: {"type": ["number", "string"]} for word in words.STATE_COMPARISONS})
    tests: Schema = {"type": "object", "additionalProperties": {"anyOf": [named, _choice(words.STATE_WORDS), compared]}}
    row = _keys(_in_order(words.STATE_ROW_KEYS, _TEXT, tests, _TEXT, _TEXT, _TEXT), ("state",))
    together = _keys(_in_order(words.TOGETHER_KEYS, _TEXT, named, named, _TEXT), ("state",))
    by_name: Schema = {"type": "object", "additionalProperties": _TEXT}
    sums: Schema = {"type": "object", "additionalProperties": named}
    lists: list[Schema] = [{"type": "array", "minItems": 1, "items": one} for one in (row, together)]
    said = _in_order(words.STATES_KEYS, _TEXT, _TEXT, _TEXT, _TEXT, sums, by_name, *lists)
    return _keys(said, ("field", "rows", "together"))


def _exactly(shapes: Mapping[str, Schema], keys: Iterable[str]) -> dict[str, Schema]:
    """The shapes in the order of the vocabulary; a word of one that is not in the other is a mistake of ours."""
    listed = list(keys)
    if set(shapes) != set(listed):
        message = f"shapes and vocabulary differ: {sorted(set(shapes) ^ set(listed))}"
        raise KeyError(message)
    return {key: shapes[key] for key in listed}


def _in_order(keys: Iterable[str], *shapes: Schema) -> dict[str, Schema]:
    return dict(zip(keys, shapes, strict=True))


def _place() -> Schema:
    shape = _keys(dict.fromkeys(words.PLACE_KEYS, _TEXT), ("id",), words.PLACE_KEYS)
    return {**shape, "oneOf": [{"required": ["stream"]}, {"required": ["object"]}]}


def _condition() -> Schema:
    tests = dict.fromkeys(words.CONDITION_KEYS, _AMOUNT) | {"not": _VALUES, "from": _DAY, "before": _DAY}
    return {"anyOf": [_VALUES, _choice(words.PRESENCE), {**_keys(tests), "minProperties": 1}]}


def _field(systems: list[str]) -> Schema:
    side = _the("side")
    policy = {"anyOf": [_choice([*words.POLICIES, *systems]), {"type": "array", "items": _choice(systems)}]}
    shapes: dict[str, Schema] = {
        "what": _TEXT,
        "owner": _choice([*systems, "shared"]),
        "policy": policy,
        **dict.fromkeys(SYSTEMS, side),
        "format": _choice(words.FORMATS),
        "ref": _REF,
        "of": _TEXT,
        "unlinked": _choice(words.UNLINKED),
        "lookup": _choice(words.LOOKUPS),
        "lines": {"type": "array", "minItems": 1, "items": _line(systems, side)},
        "identity": {"type": "array", "items": _TEXT, "minItems": 1},
        "combine": _choice(words.COMBINATIONS),
        "otherwise": _SOME_VALUE,
        "after_create": _FLAG,
        "violation": _choice(words.VIOLATIONS),
        "too_long": _choice(words.TOO_LONG),
        "cadence": _DURATION,
        "lossy": _TEXT,
        "why": _TEXT,
    }
    known = _exactly(shapes, words.FIELD_KEYS)
    sides = {name: side for name in systems if name not in known}
    return _keys({**known, **sides}, ("what", "owner"), words.FIELD_KEYS)


def _line(systems: list[str], side: Schema) -> Schema:
    shapes = _in_order(words.LINE_KEYS, _TEXT, _choice(words.FORMATS), _REF, _choice(words.LOOKUPS), _TEXT)
    return _keys({**shapes, **dict.fromkeys(systems, side)}, ("what",), words.FIELD_KEYS)


_TABLE: Schema = {"type": "object", "additionalProperties": _SOME_VALUE}


def _parts() -> Schema:
    whole = _keys(_in_order(words.PART_KEYS, _TEXT, _choice(words.COUNTRY_FORMS), _TABLE), ("field",))
    return {**_keys({key: {"anyOf": [_TEXT, whole]} for key in words.ADDRESS_PARTS}), "minProperties": 1}


def _side() -> Schema:
    shapes: dict[str, Schema] = {
        "field": _TEXT,
        "parts": _the("parts"),
        "record": _FLAG,
        "related": _FLAG,
        "or": _TEXT,
        "unit": _TEXT,
        "minor": _FLAG,
        "currency": _TEXT,
        "values": _TABLE,
        "always": _SOME_VALUE,
        "unless": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _condition()}},
        "region": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "form": _choice(words.COUNTRY_FORMS),
        "zone": _TEXT,
        "zero_when": {"type": "object", "additionalProperties": _VALUES},
        "empty_when": {"type": "object", "additionalProperties": _condition()},
        "status": _FLAG,
        "id_in": _TEXT,
        "page": _TEXT,
    }
    shape = _keys(_exactly(shapes, words.SIDE_KEYS), (), words.SIDE_KEYS)
    return {**shape, "oneOf": [{"required": [key]} for key in ("field", "parts", "record")]}


def _systems_file() -> Schema:
    shapes = {key: _FLAG if key == "read_only" else _TEXT for key in words.SYSTEM_KEYS}
    listed = {"type": "object", "additionalProperties": _keys(shapes, (), words.SYSTEM_KEYS)}
    return _keys(_in_order(words.SYSTEMS_FILE_KEYS, listed, _TEXT), ("systems",))


def _cases_file(systems: list[str]) -> Schema:
    anything: Schema = {}
    time = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}
    edit = _keys(_in_order(cases.EDIT_KEYS, _choice(systems), anything, time, time), ("in",))
    one = {
        "agreed": anything,
        "edits": {"type": "array", "items": edit},
        "result": _by_system(systems, anything),
        "outcome": _choice(cases.OUTCOMES),
    }
    whole = _keys(
        {
            "case": _TEXT,
            "why": _TEXT,
            "entity": _TEXT,
            "beside": _by_system(systems, {"type": "object"}),
            "field": _TEXT,
            **_exactly(one, cases.FIELD_KEYS),
            "fields": {"type": "object", "minProperties": 1, "additionalProperties": _keys(one)},
        },
        ("case", "entity"),
    )
    listed = {"type": "array", "items": {**whole, "oneOf": [{"required": ["field"]}, {"required": ["fields"]}]}}
    return _keys(_in_order(cases.FILE_KEYS, listed, _TEXT), ("cases",))


def _promises_file() -> Schema:
    wanted: Schema = {"type": "object", "minProperties": 1, "additionalProperties": {
        "anyOf": [_VALUES, _choice(words.PRESENCE), {**_keys({"not": _VALUES, "from": _DAY, "before": _DAY}), "minProperties": 1}],
    }}  # fmt: skip
    several: Schema = {"type": "array", "items": _TEXT, "minItems": 1}
    documents = _in_order(
        promises.DOCUMENT_KEYS, _TEXT, _TEXT, _TEXT, wanted, {"type": "array", "items": wanted}, wanted
    )
    line = dict.fromkeys(promises.LINE_KEYS, _TEXT)
    stock = _in_order(promises.STOCK_KEYS, several, _TEXT, _TEXT, wanted, _TEXT, _TEXT)
    money = {"type": "object", "additionalProperties": _AMOUNT, "propertyNames": {"pattern": "^[A-Z]{3}$"}}
    shapes: dict[str, Schema] = {
        "promise": _TEXT,
        "why": _TEXT,
        "responsible": _keys(dict.fromkeys(words.RESPONSIBLE_KEYS, _TEXT), words.RESPONSIBLE_KEYS),
        "documents": _keys(documents, ("object", "number", "lines", "open")),
        "order": several,
        "line": _keys(line, ("product", "quantity")),
        "stock": _keys(stock, ("products", "available", "on hand")),
        "shows": {**_keys(dict.fromkeys(promises.SHOWS, _TEXT)), "minProperties": 1},
        "flags": _keys(dict.fromkeys(promises.FLAGS, _TEXT)),
        "review": _keys(_in_order(promises.REVIEW_KEYS, _AMOUNT, money)),
        "again": _DURATION,
    }
    return _keys(_exactly(shapes, promises.KEYS), promises.NEEDED, promises.KEYS)


def written(schema: Schema) -> str:
    """The text of a schema file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Write the schemas into a rules folder, with the systems its `systems.yml` names."""
    parser = argparse.ArgumentParser(prog="python -m ofrecord_transforms.json_schema", description=main.__doc__)
    parser.add_argument("rules", type=Path, help="folder of the rule files")
    folder = parser.parse_args(arguments).rules
    for name, schema in schemas(load(folder).systems).items():
        (folder / name).write_text(written(schema), encoding="utf-8")


if __name__ == "__main__":
    main()
