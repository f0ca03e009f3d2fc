"""The Singer mapper `ofrecord-mapper`: rules applied to a tap's stream, for one direction.

It is pure after its start: rules and record in, records out. No file, socket or clock.
"""

import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.mapper_base import InlineMapper
from singer_sdk.singerlib.exceptions import InvalidInputLine

from ofrecord_kit.program import full_disk_told
from ofrecord_transforms.compile import Compiled, UnusableRecordError, compile_rules
from ofrecord_transforms.load import load
from ofrecord_transforms.problems import RulesError, nearest, one_of
from ofrecord_transforms.rules import Rules
from ofrecord_transforms.wire import BlockWriter, LineReader, encode, record_decoder


class Mapper(InlineMapper):
    """Keeps the fields a system owns, converts them, and tells the target what the rules say."""

    name = "ofrecord-mapper"
    package_name = "ofrecord-transforms"
    message_reader_class = LineReader
    message_writer_class = BlockWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [PluginCapabilities.ABOUT, PluginCapabilities.STRUCTURED_LOGGING]
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("rules", th.StringType, default="rules", description="Folder of the rule files."),
        th.Property(
            "from",
            th.StringType,
            required=True,
            description="System the records come from.",
        ),
        th.Property(
            "to",
            th.StringType,
            required=True,
            description="System the records are written to.",
        ),
        th.Property(
            "entities",
            th.ArrayType(th.StringType),
            description="Entities to map, by their names in the rules. Default: all that go this way.",
        ),
        th.Property(
            "fields",
            th.ArrayType(th.StringType),
            description="Fields to send, by their names in the rules. Default: all. Others are neither written nor "
            "observed, and nothing is created.",
        ),
    ).to_dict()

    def __init__(self, **settings: Any) -> None:
        """Read and compile the rules. Raises `RulesError` with everything that is wrong, before any output."""
        super().__init__(**settings)
        rules = load(self.config.get("rules", "rules"))
        source, to = self.config["from"], self.config["to"]
        check_systems(rules, source, to)
        entities = chosen(rules, source, to, self.config.get("entities"))
        fields = self.config.get("fields")
        check_fields(rules, entities, fields)
        self._by_stream: dict[str, list[Compiled]] = {}
        for compiled in compile_rules(rules, source, to, entities, fields):
            self._by_stream.setdefault(compiled.stream, []).append(compiled)
        self._announced: set[str] = set()

    def map_schema_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """The schemas of all entities that read this stream; the tap's own is replaced."""
        stream = message_dict["stream"]
        routes = self._by_stream.get(stream, [])
        if not routes and stream not in self._announced:
            self.logger.info("Stream %s is used by no entity of this mapping: left out.", stream)
        self._announced.add(stream)
        for compiled in routes:
            yield encode(compiled.schema)
        self._flush()

    def map_record_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """One record for each entity that reads this stream, and for each part of it."""
        routes = self._by_stream.get(message_dict["stream"])
        if routes is None:
            return
        if message_dict["stream"] not in self._announced:
            message = (
                f"a record of stream {message_dict['stream']} came before its SCHEMA; the tap must send that first"
            )
            raise InvalidInputLine(message)
        record = record_decoder.decode(message_dict["record"])
        for entity, mapped in routed(routes, record):
            yield encode({"type": "RECORD", "stream": entity, "record": mapped})

    def map_state_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """The same bytes, after everything that came before."""
        line = message_dict["line"]
        raw = line if isinstance(line, bytes) else line.encode()
        yield raw if raw.endswith(b"\n") else raw + b"\n"
        self._flush()

    def map_activate_version_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """Left out: targets keep records by link, not by version of a stream."""
        del message_dict
        return ()

    def process_endofpipe(self) -> None:
        """Hand on what is left."""
        self._flush()

    def _flush(self) -> None:
        writer = self.message_writer
        if isinstance(writer, BlockWriter):
            writer.flush()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Hand on complete lines, then stop."""
        writer = self.message_writer
        if not isinstance(writer, BlockWriter) or writer.terminate():
            super()._handle_termination(signum, frame)


def routed(routes: list[Compiled], record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What each entity makes of a record, with the entity's name.

    Entities that share a stream divide it: one that leaves a record out says so only when no other takes it, so that
    the record has one outcome and not one for every entity it was never meant for.
    """
    mapped = [(compiled.entity, out) for compiled in routes for out in compiled.records(record)]
    if len(routes) == 1:
        return mapped
    taken = [pair for pair in mapped if "filtered" not in pair[1]["_ofrecord"]]
    return taken or mapped[:1]


def chosen(rules: Rules, source: str, to: str, wanted: list[str] | None) -> list[str]:
    """Names of entities to map. Raises `RulesError` for unknown ones and for those that do not go this way."""
    going = [name for name, entity in rules.entities.items() if (source, to) in entity.directions()]
    if wanted is None:
        wanted = going
    problems = []
    for name in wanted:
        if name not in rules.entities:
            near = nearest(name, rules.entities)
            problems.append(f'setting entities: "{name}" is not an entity. Use {one_of(rules.entities)}.{near}')
        elif name not in going:
            entity = rules.entities[name]
            ways = one_of(f"{a} to {b}" for a, b in entity.directions()) if entity.directions() else "nowhere"
            problems.append(
                f'setting entities: "{name}" does not go from {source} to {to}; {entity.file} lets it go {ways}. '
                "Correct from, to or entities."
            )
    if not wanted:
        problems.append(f"no entity goes from {source} to {to}. Correct the settings from and to, or add rules.")
    if problems:
        raise RulesError(problems)
    return wanted


def check_systems(rules: Rules, source: str, to: str) -> None:
    """Raises `RulesError` when `from` or `to` is no system, or `to` is only ever read."""
    writable = [name for name, system in rules.systems.items() if system.writable]
    problems = [
        f'setting {key}: "{name}" is not a system{kind}. Use {one_of(allowed)}.{nearest(name, allowed)}'
        for key, name, allowed, kind in (
            ("from", source, list(rules.systems), ""),
            ("to", to, writable, " that is written to"),
        )
        if name not in allowed
    ]
    if problems:
        raise RulesError(problems)


def check_fields(rules: Rules, entities: list[str], wanted: list[str] | None) -> None:
    """Raises `RulesError` for names that are fields of none of the entities."""
    known = {rule.name: rule.what for name in entities for rule in rules.entities[name].fields}
    unknown = [name for name in wanted or () if name.lower() not in known]
    if unknown:
        raise RulesError(
            [
                f'setting fields: "{name}" is not a field of {one_of(entities)}.{nearest(name, known.values())} '
                "Correct the setting, or add the field to the rules."
                for name in unknown
            ]
        )


def main() -> None:
    """Entry of the command: problems go to standard error, one line each, and the exit code is 1."""
    try:
        with full_disk_told(lambda message: sys.stderr.write(f"{message}\n")):
            Mapper.cli()
    except (RulesError, UnusableRecordError, InvalidInputLine) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
