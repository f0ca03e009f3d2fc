"""The Singer SDK's own mapper, doing nothing: every message read and written as the SDK does by default."""

from collections.abc import Iterable
from typing import Any, ClassVar

from singer_sdk import singerlib as singer
from singer_sdk import typing as th
from singer_sdk.mapper_base import InlineMapper


class Passthrough(InlineMapper):
    """Hands everything on."""

    name = "passthrough"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList().to_dict()

    def map_schema_message(self, message_dict: dict[str, Any]) -> Iterable[singer.Message]:
        """A SCHEMA."""
        yield singer.SchemaMessage.from_dict(message_dict)

    def map_record_message(self, message_dict: dict[str, Any]) -> Iterable[singer.Message]:
        """A RECORD."""
        yield singer.RecordMessage.from_dict(message_dict)

    def map_state_message(self, message_dict: dict[str, Any]) -> Iterable[singer.Message]:
        """A STATE."""
        yield singer.StateMessage.from_dict(message_dict)

    def map_activate_version_message(self, message_dict: dict[str, Any]) -> Iterable[singer.Message]:
        """An ACTIVATE_VERSION."""
        yield singer.ActivateVersionMessage.from_dict(message_dict)


if __name__ == "__main__":
    Passthrough.cli()
