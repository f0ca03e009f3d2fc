"""Files a program is given by name (settings, state, catalog), looked at before the SDK, which takes their shape for granted.

A state or a catalog may have been edited by hand, cut by a full disk, or written by another program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from ofrecord_kit.errors import BadSettings
from ofrecord_kit.lines import UNREADABLE, is_too_deep

_MOST_BYTES = 64 << 20
_AHEAD = timedelta(days=366)
"""How far a bookmark may be ahead of this machine's clock, which may be wrong itself. Later ones would pass over all that people change."""


def problems_of_files(words: Sequence[str], now: datetime) -> list[str]:
    """What is wrong with files named in a command line, a line each, without anything that stands in them. Reads them."""
    found = []
    for option, check in _CHECKS.items():
        for name in _named(words, option):
            path = Path(name)
            if path.is_file() and (why := next(_faults(path, check, now), "")):
                found.append(f"{option} {name}: {why}")
    return found


def check_files(words: Sequence[str]) -> None:
    """Raises BadSettings."""
    if problems := problems_of_files(words, datetime.now(UTC)):
        raise BadSettings(problems, where="the command line")


def _named(words: Sequence[str], option: str) -> Iterator[str]:
    for place, word in enumerate(words):
        if word == option and place + 1 < len(words):
            yield words[place + 1]
        elif word.startswith(f"{option}="):
            yield word.partition("=")[2]


def _faults(path: Path, check: Callable[[Any, datetime], Iterator[str]], now: datetime) -> Iterator[str]:
    if path.stat().st_size > _MOST_BYTES:
        yield f"is larger than {_MOST_BYTES >> 20} MiB. {_REMEDY}"
        return
    content = path.read_bytes()
    try:
        value = msgspec.json.decode(content)
    except UNREADABLE:
        yield f"is no JSON that can be read. {_REMEDY}"
        return
    yield from ["is nested too deep. " + _REMEDY] if is_too_deep(content) else check(value, now)


_REMEDY = "Expected: a JSON object as Meltano or this program writes it. Correct the file, or take one from a backup."


def _config(value: Any, _now: datetime) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"is no JSON object. {_REMEDY}"


def _catalog(value: Any, _now: datetime) -> Iterator[str]:
    if value is None:
        return
    streams = value.get("streams") if isinstance(value, dict) else None
    if not isinstance(streams, list) or not all(isinstance(one, dict) for one in streams):
        yield f"has no list of streams. {_REMEDY}"
        return
    for number, stream in enumerate(streams, 1):
        if not _is_stream(stream):
            yield f"stream {number} has no schema with properties, or metadata of another shape. Capture the catalog again with --discover."


def _is_stream(stream: dict[str, Any]) -> bool:
    schema, metadata = stream.get("schema"), stream.get("metadata") or []
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return (
        isinstance(properties, dict)
        and all(isinstance(one, dict | bool) for one in properties.values())
        and isinstance(metadata, list)
        and all(
            isinstance(one, dict) and isinstance(one.get("breadcrumb"), list) and isinstance(one.get("metadata"), dict)
            for one in metadata
        )
    )


def _state(value: Any, now: datetime) -> Iterator[str]:
    if value is None:
        return
    bookmarks = value.get("bookmarks", {}) if isinstance(value, dict) else None
    if not isinstance(bookmarks, dict):
        yield f"has no bookmarks. {_REMEDY} Without a state everything is read again, and nothing is lost."
        return
    for stream, mark in bookmarks.items():
        if not _is_bookmark(mark):
            yield f"the bookmark of {stream[:100]} is no object. {_REMEDY} Without it the stream is read whole, and nothing is lost."
        elif _is_ahead(mark.get("replication_key_value"), now):
            yield (
                f"the bookmark of {stream[:100]} is more than a year ahead, so that no change would be read. Expected: a time that has passed. "
                "Correct it, or take the bookmark out: then the stream is read whole, and nothing is lost."
            )


def _is_bookmark(mark: Any) -> bool:
    if not isinstance(mark, dict):
        return False
    parts = mark.get("partitions", [])
    inner = (mark.get(name) for name in ("progress_markers", "bulk", "known"))
    return (
        all(one is None or isinstance(one, dict) for one in inner)
        and isinstance(parts, list)
        and all(isinstance(one, dict) and isinstance(one.get("context", {}), dict) for one in parts)
    )


def _is_ahead(said: Any, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(str(said))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)) > now + _AHEAD
    except (ValueError, OverflowError):
        return False


_CHECKS: dict[str, Callable[[Any, datetime], Iterator[str]]] = {
    "--config": _config,
    "--state": _state,
    "--catalog": _catalog,
}
