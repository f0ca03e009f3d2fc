"""A CSV tap as others write them: every value a text, no bookmark. `python csv_tap.py FILE STREAM KEY`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from singer_sdk import Stream, Tap


class Rows(Stream):
    """The lines of one file."""

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """As the file says it."""
        del context
        with Path(self.config["file"]).open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)


class CsvTap(Tap):
    """One file, one stream."""

    name = "csv-tap"
    config_jsonschema = {"properties": {name: {"type": "string"} for name in ("file", "stream", "key")}}  # noqa: RUF012

    def discover_streams(self) -> list[Stream]:
        """Columns are texts."""
        with Path(self.config["file"]).open(encoding="utf-8", newline="") as lines:
            header = next(csv.reader(lines))
        schema = {"properties": {name: {"type": ["string", "null"]} for name in header}}
        stream = Rows(self, name=self.config["stream"], schema=schema)
        stream.primary_keys = [self.config["key"]]
        return [stream]


if __name__ == "__main__":
    CsvTap(config=dict(zip(("file", "stream", "key"), sys.argv[1:], strict=True))).sync_all()
