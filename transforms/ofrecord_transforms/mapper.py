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

from ofrecord_kit.defects import defects_told
from ofrecord_kit.errors import BadSettings
from ofrecord_kit.given import check_files
from ofrecord_kit.lines import batches_refused, refused, too_deep
from ofrecord_kit.program import full_disk_told
from ofrecord_transforms.compile import Compiled, UnusableRecordError, compile_rules
from ofrecord_transforms.drift import line_of
from ofrecord_transforms.load import load
from ofrecord_transforms.pages import with_pages
from ofrecord_transforms.plain import plain_schema
from ofrecord_transforms.problems import RulesError
from ofrecord_transforms.selection import check_fields, check_systems, chosen, switched_off
from ofrecord_transforms.streams import nothing, outputs_for
from ofrecord_transforms.tally import Tally
from ofrecord_transforms.wire import (
    BlockWriter,
    LineReader,
    Way,
    encode,
    lines_decoder,
    record_of,
    record_start,
    schema_of,
)


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
        th.Property(
            "plain",
            th.BooleanType,
            default=False,
            description="Ordinary Singer output for any target: no annotations, no `_ofrecord`; filtered, stopped and "
            "deleted records are left out.",
        ),
        th.Property(
            "web",
            th.StringType,
            default="",
            description="Root of the web apps of the finance systems, for links to documents: "
            "`https://{system}.zoho.eu/app/<organization>`, in your data centre. Empty: no links are sent.",
        ),
    ).to_dict()

    def __init__(self, **settings: Any) -> None:
        """Read and compile the rules. Raises `RulesError` with everything that is wrong, before any output."""
        super().__init__(**settings)
        rules = with_pages(load(self.config.get("rules", "rules")), self.config.get("web") or "")
        source, to = self.config["from"], self.config["to"]
        check_systems(rules, source, to)
        wanted = self.config.get("entities")
        entities = chosen(rules, source, to, wanted)
        if off := switched_off(rules, source, to, wanted):
            self.logger.info("Switched off by their rules (enabled: false) and skipped: %s.", ", ".join(off))
        fields = self.config.get("fields")
        check_fields(rules, entities, fields)
        self._plain = bool(self.config.get("plain"))
        self._by_stream: dict[str, list[Compiled]] = {}
        for compiled in compile_rules(rules, source, to, entities, fields):
            self._by_stream.setdefault(compiled.stream, []).append(compiled)
        self._tallies = {name: Tally(name) for name in entities}
        self._outputs = {
            stream: outputs_for(routes, self._tallies, plain=self._plain) for stream, routes in self._by_stream.items()
        }
        self._announced: set[str] = set()
        self._told: set[tuple[str, ...]] = set()

    def map_schema_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """The schemas of all entities that read this stream; the tap's own is replaced."""
        stream = message_dict["stream"]
        routes = self._by_stream.get(stream, [])
        first = stream not in self._announced
        if not routes and first:
            self.logger.info("Stream %s is used by no entity of this mapping: left out.", stream)
        self._announced.add(stream)
        incoming = schema_of(message_dict["line"]) if routes else None
        for compiled in routes:
            announced, drift = compiled.announce(incoming)
            for said in drift:
                if (told := (compiled.entity, *said.values())) in self._told:
                    continue
                self._told.add(told)
                self.logger.warning(
                    'Stream %s differs from the rules of %s: "%s" reads %s, expected %s, found %s.%s',
                    stream, compiled.entity, said["field"], said["property"], said["expected"], said["found"],
                    line_of(compiled.schema, said["field"]),
                )  # fmt: skip
            yield encode(plain_schema(announced) if self._plain else announced)
        self._flush()
        self._shorten(stream)

    def map_record_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """One record for each entity that reads this stream, and for each part of it."""
        outputs = self._outputs.get(message_dict["stream"])
        if outputs is None:
            return
        if message_dict["stream"] not in self._announced:
            raise refused(
                what=f"A record of stream {message_dict['stream'][:100]} came before its SCHEMA",
                expected="the SCHEMA of a stream before its records",
                remedy="Correct the tap",
            )
        for entity, record in outputs(record_of(message_dict["record"])):
            yield encode({"type": "RECORD", "stream": entity, "record": record})

    def _shorten(self, stream: str) -> None:
        """From its SCHEMA on, blocks of records of a stream are taken whole."""
        reader, writer = self.message_reader, self.message_writer
        if not isinstance(reader, LineReader) or not isinstance(writer, BlockWriter):
            return
        routes = self._by_stream.get(stream, [])
        starts = {compiled.entity: record_start(compiled.entity) for compiled in routes}
        outputs = self._outputs.get(stream, nothing)
        write = writer.write_record

        def take(records: list[dict[str, Any]]) -> None:
            for record in records:
                for entity, mapped in outputs(record):
                    write(starts[entity], mapped)

        names = {name for compiled in routes for name in compiled.names}
        reader.ways[stream] = Way(lines_decoder(stream, names), take)

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

    def map_batch_message(self, message_dict: dict[str, Any]) -> Iterable[Any]:
        """Files are not opened at the word of a message."""
        del message_dict
        raise batches_refused()

    def process_endofpipe(self) -> None:
        """Hand on what is left, and tell what became of everything."""
        self._flush()
        for tally in self._tallies.values():
            self.logger.info("%s.", tally)

    def _flush(self) -> None:
        writer = self.message_writer
        if isinstance(writer, BlockWriter):
            writer.flush()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Hand on complete lines, then stop."""
        writer = self.message_writer
        if not isinstance(writer, BlockWriter) or writer.terminate():
            super()._handle_termination(signum, frame)


def main() -> None:
    """Entry of the command: problems go to standard error, one line each, and the exit code is 1."""

    def tell(message: str) -> None:
        sys.stderr.write(f"{message}\n")

    with defects_told(Mapper.name, tell), full_disk_told(tell):
        try:
            check_files(sys.argv[1:])
            Mapper.cli()
        except (RulesError, UnusableRecordError, InvalidInputLine, BadSettings) as error:
            tell(str(error))
            sys.exit(1)
        except RecursionError:
            tell(str(too_deep()))
            sys.exit(1)
