"""Lines of documents that have not changed since they were read: one file in `state_dir` (mode 0600), made anew where it is not understood."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ofrecord.quotes.shape import Document, Shape
from ofrecord_kit.tokens import login_key, make_private_folder

if TYPE_CHECKING:
    from ofrecord_kit.settings import Connection

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def read_kept(path: Path) -> dict[str, Any]:
    """What a file of this kind holds; nothing where there is none, or where it is not understood."""
    try:
        found = _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def write_kept(path: Path, known: Mapping[str, Any]) -> None:
    """All of it or nothing, for this user only."""
    make_private_folder(path.parent)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_bytes(_encode(known))
    beside.replace(path)


class KeptLines:
    """Rows by document and its modification time. Losing the file costs calls and nothing else."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known = read_kept(path) if path is not None else {}

    @classmethod
    def beside(cls, connection: Connection, shape: Shape) -> KeptLines:
        """The file of a login and a shape."""
        name = f"lines-{shape.digest}-{login_key(connection)[:12]}.json"
        return cls(connection.state_dir / name)

    @classmethod
    def nowhere(cls) -> KeptLines:
        """Keeps nothing: everything is read now."""
        return cls(None)

    def of(self, documents: Sequence[Document]) -> dict[str, list[Mapping[str, Any]]]:
        """The rows of those that were not modified since."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for one in documents:
            kept = self._known.get(one.id)
            if one.modified and isinstance(kept, dict) and kept.get("modified") == one.modified.isoformat():
                found[one.id] = [row for row in kept.get("rows") or () if isinstance(row, dict)]
        return found

    def keep(self, documents: Sequence[Document], rows: Rows, *, whole: bool) -> None:
        """Remember these rows of `documents`; `whole`: and nothing else."""
        if self._path is None:
            return
        read = {one.id: one for one in documents}
        known = {} if whole else {one: kept for one, kept in self._known.items() if one not in read}
        for one, lines in rows.items():
            modified = read[one].modified
            if modified:
                known[one] = {"modified": modified.isoformat(), "rows": lines}
        if known == self._known:
            return
        self._known = known
        write_kept(self._path, known)
