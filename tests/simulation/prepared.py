"""What a program prepares from constants (catalogs, schemas, rules) at its start, prepared once for all worlds.

Only functions stand here whose answer depends on nothing but what they are given, and is changed by nobody: a test holds both.
A mistake that is planted in one of them, or in what they call, begins with nothing prepared: `anew`.
"""

import json
import logging
import pickle
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec
from singer_sdk import mapper as sdk_mapper
from singer_sdk import plugin_base
from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib import Catalog, MetadataMapping, Schema, SelectionMask
from singer_sdk.sinks import core as sdk_sinks

from ofrecord_kit import settings
from ofrecord_kit.tap import plugin as tap_plugin
from ofrecord_kit.tap import stream
from ofrecord_kit.tap.cells import Cut
from ofrecord_kit.target import listening, sink
from ofrecord_transforms import mapper
from ofrecord_transforms.load import load
from tap_crm import tap as tap_crm

PROJECT = Path(__file__).parents[2]
_Kept = dict[Hashable, tuple[Any, Any, str]]
"""Of a function, by its arguments: what it answered, what it was given (so that identities stay what they are), the answer in words."""
_kept: list[tuple[_Kept, Callable[[Any], str]]] = []
_catalogs: list[Catalog] = []
_schemas: dict[int, dict[str, Any]] = {}
_masks: dict[int, SelectionMask] = {}
_to_dict, _resolve_selection = Schema.to_dict, MetadataMapping.resolve_selection


def once(
    make: Callable[..., Any], key_of: Callable[..., Hashable], words: Callable[[Any], str] = repr
) -> Callable[..., Any]:
    """The function, called once for each key. `words`: everything about an answer that somebody could change."""
    kept: _Kept = {}
    _kept.append((kept, words))

    def found(*given: Any, **named: Any) -> Any:
        key = key_of(*given, **named)
        if key not in kept:
            made = make(*given, **named)
            kept[key] = made, given, words(made)
        return kept[key][0]

    return found


def kept() -> list[Hashable]:
    """What is prepared, by its keys."""
    return [key for one, _words in _kept for key in one]


def changed() -> list[Hashable]:
    """What is prepared and was changed since."""
    found = [key for one, words in _kept for key, (made, _given, said) in one.items() if words(made) != said]
    for entry in (entry for catalog in _catalogs for entry in catalog.streams):
        known = _schemas[id(entry.schema)], _masks[id(entry.metadata)]
        if known != (_to_dict(entry.schema), _resolve_selection(entry.metadata)):
            found.append(entry.tap_stream_id)
    return found


@contextmanager
def anew() -> Iterator[None]:
    """Within the block nothing is prepared yet, and what is prepared in it is forgotten after it."""
    before = [dict(one) for one, _words in _kept]
    for one, _words in _kept:
        one.clear()
    try:
        yield
    finally:
        for (one, _words), known in zip(_kept, before, strict=True):
            one.clear()
            one.update(known)


@cache
def catalog_of(path: str, streams: tuple[str, ...]) -> Catalog:
    """What a catalog of rules/catalog says of the streams a tap reads; schemas and choices are worked out once."""
    said = json.loads((PROJECT / path).read_text(encoding="utf-8"))
    catalog = Catalog.from_dict({"streams": [one for one in said["streams"] if one["tap_stream_id"] in streams]})
    for entry in catalog.streams:
        _schemas[id(entry.schema)] = entry.schema.to_dict()
        _masks[id(entry.metadata)] = entry.metadata.resolve_selection()
    _catalogs.append(catalog)
    return catalog


_rules = once(load, str)


def _key_of_choice(rules: Any, source: str, to: str, wanted: list[str] | None) -> Hashable:
    return id(rules), source, to, wanted and tuple(wanted)


def _key_of_rules(rules: Any, source: str, to: str, entities: list[str], fields: list[str] | None = None) -> Hashable:
    return id(rules), source, to, tuple(entities), fields and tuple(fields)


def _maps(mapper_: PluginMapper, entry: Any) -> Any:
    one = PluginMapper({}, mapper_.logger)
    _register(one, Catalog([(entry.tap_stream_id, entry)]))
    return one.stream_maps


_register = PluginMapper.register_raw_streams_from_catalog
_maps_of = once(
    _maps,
    lambda _mapper, entry: id(entry),
    lambda maps: repr([(one.raw_schema, one.transformed_schema) for some in maps.values() for one in some]),
)


def _registered(mapper_: PluginMapper, catalog: Catalog) -> None:
    """As the SDK's, for who maps nothing."""
    flat = mapper_.flattening_options
    if (
        mapper_.stream_maps_dict
        or (flat and flat.enabled)
        or any(id(one.schema) not in _schemas for one in catalog.streams)
    ):
        _register(mapper_, catalog)
        return
    for entry in catalog.streams:
        mapper_.stream_maps |= {name: list(maps) for name, maps in _maps_of(mapper_, entry).items()}


def _key_of_cut(cut: Cut) -> Hashable:
    filled = tuple((name, bytes(value)) for name, value in cut._filled.items())
    return cut._key, msgspec.json.encode(cut._properties), filled, cut._never, frozenset(cut._loose)


_compile_cut = Cut._compile


def _compile_and_tell(cut: Cut) -> Any:
    _compile_cut(cut)
    return cut._decode


_decoder_of = once(_compile_and_tell, _key_of_cut)


def _compiled(cut: Cut) -> None:
    cut._decode = _decoder_of(cut)


_all_problems = once(settings.problems_of, lambda config, schema: msgspec.json.encode((dict(config), dict(schema))))
_really_set_level = logging.Logger.setLevel


def _problems(config: Any, schema: Any) -> list[str]:
    return list(_all_problems(config, schema))


def _set_level(logger: logging.Logger, level: int | str) -> None:
    """As it is; what every logger knows is forgotten only where the level is another one."""
    if logger.level != (level if isinstance(level, int) else logging.getLevelName(level)):
        _really_set_level(logger, level)


def _copied(value: Any) -> Any:
    """As `copy.deepcopy`, of plain data."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - it was just written


_ONCE = (
    (mapper, "load", _rules),
    (mapper, "chosen", once(mapper.chosen, _key_of_choice)),
    (mapper, "switched_off", once(mapper.switched_off, _key_of_choice)),
    (mapper, "compile_rules", once(mapper.compile_rules, _key_of_rules, lambda made: repr([one.schema for one in made]))),
    (Schema, "to_dict", lambda schema: _schemas.get(id(schema)) or _to_dict(schema)),
    (MetadataMapping, "resolve_selection", lambda chosen: _masks.get(id(chosen)) or _resolve_selection(chosen)),
    (PluginMapper, "register_raw_streams_from_catalog", _registered),
    (sdk_mapper, "copy", SimpleNamespace(deepcopy=_copied)),
    (sdk_sinks, "copy", SimpleNamespace(deepcopy=_copied)),
    (stream, "compile_shape", once(stream.compile_shape, lambda schema, *, in_order: (msgspec.json.encode(schema), in_order))),
    (Cut, "_compile", _compiled),
    (tap_plugin, "problems_of", _problems),
    (settings, "problems_of", _problems),
    (listening, "fault_of", once(listening.fault_of, lambda *said: msgspec.json.encode(said))),
    (sink, "validator_of", once(sink.validator_of, msgspec.json.encode)),
    (mapper, "lines_decoder", once(mapper.lines_decoder, lambda stream_, names: (stream_, frozenset(names)))),
    (tap_crm, "_description", once(tap_crm._description, lambda *said: msgspec.json.encode(said), lambda made: repr(made.schema))),
    (logging.Logger, "setLevel", _set_level),
    (plugin_base, "get_package_version", once(plugin_base.get_package_version, lambda name: name)),
)  # fmt: skip


@contextmanager
def prepared() -> Iterator[None]:
    """Within the block, what is prepared from constants is prepared once."""
    with ExitStack() as undo:
        for place, name, instead in _ONCE:
            undo.enter_context(patch.object(place, name, instead))
        yield
