"""What a target takes from whoever runs before it: every message is looked at before the SDK, whose words quote it, sees it."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

import jsonschema_rs
from singer_sdk import Target

from ofrecord_kit.lines import batches_refused, refused
from ofrecord_kit.target.wire import Wire, read_wire

_MOST_PARTS = 20_000
"""Parts a schema may have when every reference in it is followed; those of the vendors have some hundreds."""
_LONGEST_ID = 250
_WORD = (str, int, type(None))
_PLAIN = (str, int, Decimal, bool, type(None))
_NOTES: Mapping[str, tuple[type, ...]] = {
    "id": (str, int), "modified": (str, type(None)), "created": (str, type(None)), "deleted": (bool, type(None)),
    "filtered": (str, type(None)), "stopped": (dict, type(None)), "native": (dict, type(None)),
    "observed": (dict, type(None)), "adopt": (dict, type(None)), "invalid": (dict, type(None)),
    "match": (dict, type(None)), "check": (dict, type(None)), "stamped": _WORD, "by": (*_WORD, list), "counts_from": _WORD, "each": (list, type(None)), "label": _PLAIN, "attach": _WORD,
    "rank": _PLAIN, "editor": _WORD, "figures": (dict, type(None)), "awaits": _WORD, "grants": (bool, type(None)),
}  # fmt: skip

_TEXT, _MAYBE, _OBJECT, _LIST = (str,), (str, type(None)), (dict, type(None)), (list, type(None))
_ANNOTATION: Mapping[str, tuple[type, ...]] = {
    "entity": _TEXT, "object": _TEXT, "from": _TEXT, "to": _TEXT, "rules": _MAYBE, "file": _MAYBE, "external_id": _MAYBE,
    "source_external_id": _MAYBE, "source_object": _MAYBE, "match": _LIST, "once": _OBJECT, "duplicates": _MAYBE,
    "near": _MAYBE, "deleted": _MAYBE, "missing": _MAYBE, "parent": _OBJECT, "combine": _OBJECT, "leaving": _MAYBE,
    "spread": _OBJECT, "limits": _OBJECT, "waits_for": _OBJECT, "drift": _LIST, "responsible": _OBJECT, "counts_from": _OBJECT, "settled": _OBJECT, "attach": _OBJECT, "states": _OBJECT,
    "stated": _LIST,
}  # fmt: skip
_FIELD: Mapping[str, tuple[type, ...]] = {
    "owner": _TEXT, "field": _MAYBE, "rule": _MAYBE, "format": _MAYBE, "ref": _MAYBE, "lookup": _MAYBE,
    "of": _MAYBE, "unlinked": _MAYBE, "direct": (bool, type(None)),
    "policy": (str, list, type(None)), "lines": _OBJECT, "parts": _OBJECT, "identity": _LIST, "violation": _MAYBE,
}  # fmt: skip


class Listening(Target, abc.ABC):
    """A target that says in one message what it cannot take."""

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._assert_line_requires(message_dict, requires={"stream", "schema"})
        if why := fault_of(message_dict["stream"], message_dict["schema"], message_dict.get("key_properties")):
            raise refused(what=why, expected="a SCHEMA message as Singer describes it", remedy="Correct the sender")
        super()._process_schema_message(message_dict)

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        if not isinstance(message_dict.get("value", {}), dict | type(None)):
            raise refused(what="A STATE message whose value is no object", remedy="Correct the sender")
        super()._process_state_message(message_dict)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Files are not opened at the word of a message."""
        del message_dict
        raise batches_refused()

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Left out: what is written is known by links and keys, not by versions of a stream."""


def fault_of(stream: Any, schema: Any, keys: Any) -> str | None:
    """Why a stream cannot be announced like that, without quoting more than its name; None: it can."""
    if not isinstance(stream, str) or not stream or len(stream) > _LONGEST_ID:
        return "A SCHEMA message whose stream is no name"
    if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        return f"The SCHEMA of {stream} has key_properties that are no list of names"
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not all(isinstance(one, dict | bool) for one in properties.values()):
        return f"The SCHEMA of {stream} is no object with properties"
    if isinstance(schema.get("x-ofrecord"), dict) and (lost := sorted({*(keys or ())} - properties.keys())):
        return f"The SCHEMA of {stream} lacks its keys {', '.join(lost)}"
    if any(not reference.startswith("#") for reference in _references(schema)):
        return f"The SCHEMA of {stream} refers to another document"
    if not _is_small(schema):
        return f"The SCHEMA of {stream} has more than {_MOST_PARTS:,} parts when its references are followed"
    return None


def wire_of(stream: str, schema: Mapping[str, Any], system: str) -> Wire | None:
    """The annotation of a schema, or None for a plain stream. Raises `InvalidInputLine` for one that no mapper writes."""
    said = schema.get("x-ofrecord")
    if said is None:
        return None
    fields = [
        one["x-ofrecord"] for one in schema["properties"].values() if isinstance(one, dict) and "x-ofrecord" in one
    ]
    if _fits(said, _ANNOTATION) and all(_fits(one, _FIELD) for one in fields):
        if said["to"] != system:
            raise refused(
                what=f"The records of {stream} are meant for {said['to'][:_LONGEST_ID]}",
                expected=f"records for {system}",
                remedy="Give the mapping and the target of one direction",
            )
        with suppress(KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            return read_wire(schema)
    raise refused(
        what=f"The annotation x-ofrecord of {stream} cannot be read",
        expected="what ofrecord-mapper writes",
        remedy="Use mapper and target of one version",
    )


def _fits(said: Any, kinds: Mapping[str, tuple[type, ...]]) -> bool:
    """Is every part of a type it can have, and is there what must be?"""
    if not isinstance(said, dict):
        return False
    needed = {name for name, types in kinds.items() if types == _TEXT}
    return needed <= said.keys() and all(type(said[name]) in types for name, types in kinds.items() if name in said)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in {"$ref", "$dynamicRef", "$recursiveRef"}:
                yield str(value)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _is_small(schema: Any) -> bool:
    try:
        return _unfolded(schema) <= _MOST_PARTS
    except RecursionError:  # a chain of references as long as the interpreter is patient
        return False


def _unfolded(schema: Any) -> int:
    """How many parts it has with its references followed: `allOf` of two references each, forty deep, has 2**40."""
    sizes: dict[str, int] = {}

    def size(part: Any) -> int:
        if isinstance(part, dict):
            followed = target(part["$ref"]) if isinstance(part.get("$ref"), str) else 0
            return 1 + followed + sum(size(one) for name, one in part.items() if name not in {"$defs", "definitions"})
        return sum(map(size, part)) if isinstance(part, list) else 0

    def target(reference: str) -> int:
        if reference not in sizes:
            sizes[reference] = 0  # a circle is followed once
            sizes[reference] = size(_found(schema, reference))
        return sizes[reference]

    return size(schema)


def _found(schema: Any, reference: str) -> Any:
    """What a reference into the document points at; nothing when that is not there."""
    found = schema
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """A validator that fetches nothing. Raises ValueError with one line that says what is wrong."""
    try:
        return jsonschema_rs.validator_for(schema, retriever=_fetches_nothing)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        place = "/".join(str(step) for step in getattr(error, "instance_path", ())) or "schema"
        message = f"The SCHEMA message is not a JSON schema (at {place[:_LONGEST_ID]})"
        raise ValueError(message) from None


def _fetches_nothing(_address: str) -> Any:
    message = "schemas are not fetched"
    raise ValueError(message)


def fault_of_note(note: Any) -> str | None:
    """Why `_ofrecord` of a record is not what a mapper writes; None: it is. Never quotes a value."""
    if not isinstance(note, dict):
        return "_ofrecord is no object"
    for name, value in note.items():
        kinds = _NOTES.get(name)
        if kinds is not None and type(value) not in kinds:
            return f"_ofrecord.{name} is of a wrong type"
    if isinstance(note.get("id"), str) and not 0 < len(note["id"]) <= _LONGEST_ID:
        return "_ofrecord.id is no id"
    if not all(isinstance(why, str) for why in (note.get("invalid") or {}).values()):
        return "_ofrecord.invalid is of a wrong type"
    return None


def told_id(value: Any) -> str | None:
    """An id as it is told; None for what is none, which may be anything."""
    text = str(value) if isinstance(value, str | int | Decimal) else ""
    return text if 0 < len(text) <= _LONGEST_ID else None
