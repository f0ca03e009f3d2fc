"""The program of a tap: settings checked at once, streams in their order, a catalog that says what the vendor takes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from singer_sdk import Stream, Tap
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from ofrecord_kit.errors import BadSettings
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection, check_settings
from ofrecord_kit.tap.facts import with_facts, written_object
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.tap.writer import Writer


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

    @cached_property
    def client(self) -> Client:
        """The connection of this run, made when the first call is due."""
        return Client(Connection.from_config(self.config), system=self.system, plugin=self.name)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """All problems at once, without values (the SDK's own messages quote them)."""
        schema = copy.deepcopy(self.config_jsonschema)
        self.append_builtin_config(schema)
        try:
            check_settings(self.config, schema, plugin=self.name)
        except BadSettings as error:
            if raise_errors:
                raise
            return error.problems
        return []

    def stream_names(self) -> list[str]:
        """Every stream this tap can read."""
        return [kind.name for kind in self.stream_types]  # type: ignore[misc]  # set on the class

    def chosen_names(self) -> list[str]:
        """The streams the setting `streams` asks for.

        Raises:
            BadSettings: it names streams that do not exist.
        """
        offered = self.stream_names()
        wanted = self.config.get("streams") or offered
        problems = [
            f"{setting}: there is no {', '.join(unknown)}. Choose from {', '.join(offered)}."
            for setting in ("streams", "read_whole")
            if (unknown := sorted(set(self.config.get(setting) or ()) - set(offered)))
        ]
        if problems:
            raise BadSettings(problems, where=f"{self.name} settings")
        return [name for name in offered if name in wanted]

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams in the order they are declared in (the SDK's is the alphabet's): what others refer to comes first."""
        if self._streams is None:
            named = super().streams
            self._streams = {name: named[name] for name in self.stream_names() if name in named}
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
