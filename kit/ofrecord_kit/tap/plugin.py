"""The program of a tap: settings checked at once, streams in their order, a catalog that says what the vendor takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, cast

from singer_sdk import Stream, Tap
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.singerlib import Catalog

from ofrecord_kit.errors import BadSettings, DailyLimit, Stop, sentence
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection, problems_of
from ofrecord_kit.tap import ends
from ofrecord_kit.tap.chosen import problems_of_filters
from ofrecord_kit.tap.facts import with_facts, written_object
from ofrecord_kit.tap.known import Known
from ofrecord_kit.tap.permits import about, check_scopes
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.tap.writer import Writer

_NAMING = ("streams", "read_whole", "changed_only", "without_details", "filters")
"""Settings that name streams."""


class VendorTap(Tap):
    """A tap for one system. Subclasses name `system` and `stream_types`, or override `streams_offered`."""

    system: ClassVar[str]
    stream_types: ClassVar[tuple[type[VendorStream], ...]] = ()
    folder: ClassVar[Path]
    """The package, with `objects/` of what is `written_only`."""
    written_only: ClassVar[tuple[str, ...]] = ()
    """Objects the vendor takes that no stream reads; the catalog describes them under `objects`."""
    message_writer_class = Writer
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
    ]

    def __init__(self, **given: Any) -> None:
        self.unread: dict[str, str] = {}
        """Streams that could not be read, and why."""
        self.ended: set[str] = set()
        """Streams that were read to their end, or could not be read."""
        self._said_closed = False
        self._open: list[sqlite3.Connection] = []
        try:
            super().__init__(**given)
        except DailyLimit as error:  # what describes the streams takes calls, too
            raise _with_waiting(error, self.config.get("streams") or ["all streams"]) from error

    def clock(self) -> datetime:
        """This machine's clock: for the window, and for when a record was extracted."""
        return ends.now()

    @property
    def writer(self) -> Writer:
        """Where messages go."""
        return cast("Writer", self.message_writer)

    @cached_property
    def state_dir(self) -> Path:
        """The folder of what is kept between runs."""
        return Path(self.config.get("state_dir") or ".ofrecord")

    @cached_property
    def window(self) -> ends.Window | None:
        """When this tap may read; None: always."""
        said = str(self.config.get("window") or "")
        return ends.window_of(said) if said else None

    @cached_property
    def client(self) -> Client:
        """The connection of this run, made when the first call is due."""
        return Client(Connection.from_config(self.config), system=self.system, plugin=self.name)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """All problems at once, without values (the SDK's own messages quote them)."""
        schema = {**self.config_jsonschema, "properties": dict(self.config_jsonschema["properties"])}
        self.append_builtin_config(schema)
        problems = problems_of(self.config, schema)
        problems += [*ends.problems_of_ends(self.config), *problems_of_filters(self.config)]
        if self.stream_types:
            problems += self._unknown_names([kind.name for kind in self.stream_types])  # type: ignore[misc]  # set on the class
        if problems and raise_errors:
            raise BadSettings(problems, where=f"{self.name} settings")
        self._config = {**_defaults(self.config_jsonschema), **_said(self._config)}
        return problems

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """What the SDK prints, and the scopes each stream needs."""
        print(about(cls, cls._get_about_info(), output_format or "text"))  # noqa: T201 - as the SDK does

    def setup_mapper(self) -> None:
        """As the SDK's, which prepares every stream of the catalog; those the setting `streams` leaves out are not."""
        wanted = self.config.get("streams")
        if not wanted or self.input_catalog is None:
            super().setup_mapper()
            return
        super(Tap, self).setup_mapper()
        entries = [one for one in self.input_catalog.streams if one.tap_stream_id in wanted]
        self.mapper.register_raw_streams_from_catalog(Catalog((one.tap_stream_id, one) for one in entries))

    def stream_names(self) -> list[str]:
        """Every stream this tap can read."""
        return [kind.name for kind in self.stream_types]  # type: ignore[misc]  # set on the class

    def chosen_names(self) -> list[str]:
        """The streams the setting `streams` asks for.

        Raises:
            BadSettings: it names streams that do not exist.
        """
        offered = self.stream_names()
        problems = self._unknown_names(offered)
        if problems:
            raise BadSettings(problems, where=f"{self.name} settings")
        wanted = self.config.get("streams") or offered
        return [name for name in offered if name in wanted]

    def _unknown_names(self, offered: Sequence[str]) -> list[str]:
        """Settings that name streams which do not exist, a line each."""
        said = {name: ones for name in _NAMING if isinstance(ones := self.config.get(name), list | dict)}
        named = {name: [one for one in ones if isinstance(one, str)] for name, ones in said.items()}
        unknown = {name: sorted({one for one in ones if one != "*"} - set(offered)) for name, ones in named.items()}
        return [
            f"{name}: there is no {', '.join(ones)}. Choose from {', '.join(offered)}."
            for name, ones in unknown.items()
            if ones
        ]

    def _unknown_properties(self, streams: Iterable[Stream]) -> Iterator[str]:
        """Filters of properties that do not exist, a line each."""
        for stream in streams:
            wanted = (self.config.get("filters") or {}).get(stream.name) or {}
            properties = stream.schema.get("properties", {})
            if unknown := sorted(set(wanted) - set(properties)):
                yield f"filters.{stream.name}: there is no property {', '.join(unknown)}. Choose from {', '.join(sorted(properties))}."

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams in the order they are declared in (the SDK's is the alphabet's): what others refer to comes first."""
        if self._streams is None:
            named = super().streams
            self._streams = {name: named[name] for name in self.stream_names() if name in named}
            if problems := list(self._unknown_properties(self._streams.values())):
                raise BadSettings(problems, where=f"{self.name} settings")
        return self._streams

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog with what the vendor takes of each field, and with objects that are written and not read."""
        found = super().catalog_dict
        for entry in found["streams"]:
            stream = self.streams[entry["tap_stream_id"]]
            facts = stream.facts if isinstance(stream, VendorStream) else {}
            entry["metadata"] = with_facts(entry["metadata"], facts, stream.schema)
        if self.written_only:
            found["objects"] = [written_object(name, self.folder) for name in self.written_only]
        return found

    def discover_streams(self) -> Sequence[Stream]:
        """The chosen streams."""
        chosen = self.chosen_names()
        return [kind(tap=self) for kind in self.stream_types if kind.name in chosen]  # type: ignore[misc]

    def keep_open(self, known: Known) -> None:
        """Keep the file of what is known open for the streams behind this one."""
        if not self._open:
            self._open.append(known.also_open())

    def must_end(self, stream: VendorStream) -> bool:
        """Whether the window is closed. What that means is said once, for the stream it ends and those behind it."""
        if self.window is None or self.window.is_open(self.clock()):
            return False
        if not self._said_closed:
            self._said_closed = True
            reached = stream.stream_state.get("replication_key_value")
            place = f"from {reached}" if reached and stream.is_incremental else "at its beginning"
            self.logger.info(
                "The window %s is closed. What was read was delivered; the next run goes on with %s %s, then with the streams behind it.",
                self.window.said,
                stream.name,
                place,
            )
        return True

    def cannot_read(self, name: str, error: Exception, scopes: Sequence[str] = ()) -> None:
        """Say that a stream cannot be read, and why; the others go on, and the run ends with exit code 1."""
        self.unread[name] = str(error)
        self.ended.add(name)
        what, _, _ = str(error).partition(". Expected: ")
        scope = f"that the token has the scope {' and '.join(scopes)}" if scopes else "what the token may read"
        remedy = f"Check that the organisation has it and {scope}, or leave the stream out; the other streams go on."
        self.logger.error("%s cannot be read: %s. %s", name, what, remedy)

    def sync_all(self) -> None:  # type: ignore[misc]  # final in the SDK, which has no end of its own
        """Sync all streams.

        Raises:
            Stop: some could not be read; the others were.
        """
        try:
            check_scopes(self)
            super().sync_all()
        except DailyLimit as error:
            waiting = [name for name, one in self.streams.items() if one.selected and name not in self.ended]
            raise _with_waiting(error, waiting) from error
        finally:
            self.writer.flush()
            for one in self._open:
                one.close()
            self._open.clear()
        if self.unread:
            raise Stop(
                sentence(
                    f"{len(self.unread)} of {len(self.streams)} streams could not be read: {', '.join(self.unread)}",
                    where=self.name,
                    expected="streams this token may read",
                    remedy="The error of each stands above with what to do; or leave the stream out. The others were read.",
                )
            )

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End with the state of what was delivered, behind lines that are just being written."""
        end = super()._handle_termination
        self.writer.when_written(lambda: end(signum, frame))


def _defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What the settings table says of settings that are not set; the SDK's own check, which is replaced here, fills them in."""
    return {name: one["default"] for name, one in schema["properties"].items() if "default" in one}


def _said(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that have a value: null is none."""
    return {name: value for name, value in config.items() if value is not None}


def _with_waiting(error: DailyLimit, streams: Sequence[str]) -> DailyLimit:
    return DailyLimit(f"{error} Waiting: {', '.join(streams)}.")
