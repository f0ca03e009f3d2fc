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


class KeptLines:
    """Rows by document and its modification time. Losing the file costs calls and nothing else."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, Any] = self._read()

    @classmethod
    def beside(cls, connection: Connection, shape: Shape) -> KeptLines:
        """The file of a login and a shape."""
        name = f"lines-{shape.digest}-{login_key(connection)[:12]}.json"
        return cls(connection.state_dir / name)

    @classmethod
    def nowhere(cls) -> KeptLines:
        """Keeps nothing: everything is read now."""
        return cls(None)

    def _read(self) -> dict[str, Any]:
        try:
            found = _decode(self._path.read_bytes()) if self._path is not None else {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

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
        make_private_folder(self._path.parent)
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        beside.touch(mode=0o600)
        beside.write_bytes(_encode(known))
        beside.replace(self._path)
