"""Tables of plain records, in memory, written through to SQLite when a file is given."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]


KeysOf = Callable[[Record], Iterable[Hashable]]


class Index:
    """Ids of the records of one table by a value computed from the record."""

    def __init__(self, keys_of: KeysOf) -> None:
        self._keys_of = keys_of
        self._ids: dict[Hashable, dict[str, None]] = {}
        self._keys: dict[str, tuple[Hashable, ...]] = {}

    def note(self, record_id: str, record: Record | None) -> None:
        """Forget what was known of this id; learn the record, unless it is None (removed). The same values keep their place."""
        keys = () if record is None else tuple(self._keys_of(record))
        known = self._keys.get(record_id, ())
        if keys == known:
            return
        for key in known:
            ids = self._ids[key]
            ids.pop(record_id, None)
            if not ids:
                del self._ids[key]
        for key in keys:
            self._ids.setdefault(key, {})[record_id] = None
        if keys:
            self._keys[record_id] = keys
        else:
            self._keys.pop(record_id, None)

    def ids(self, key: Hashable) -> list[str]:
        """Ids of the records with that value, oldest first."""
        return list(self._ids.get(key, ()))


class Table:
    """Records by id, in order of insertion. Change a record only through :meth:`put`."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._indexes: dict[str, Index] = {}
        self.name = name
        self.rows: dict[str, Record] = {}
        self.version = 0
        """Grows with every change; caches derived from the table compare it."""

    def get(self, key: str) -> Record | None:
        """The live record (do not change it in place; copy, then :meth:`put`)."""
        return self.rows.get(key)

    def put(self, key: str, record: Record) -> None:
        """Insert or replace one record."""
        self.rows[key] = record
        self._changed(key, record)

    def remove(self, key: str) -> Record | None:
        """Remove one record; returns it, or None when there was none."""
        self._changed(key, None)
        return self.rows.pop(key, None)

    def index(self, name: str, keys_of: KeysOf) -> Index:
        """The index of that name, built on first use and kept up to date afterwards."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = Index(keys_of)
            for key, record in self.rows.items():
                index.note(key, record)
        return index

    def forget_indexes(self) -> None:
        """Drop all indexes (the meaning of a field changed)."""
        self._indexes.clear()

    def _changed(self, key: str, record: Record | None) -> None:
        self.version += 1
        self._store.touched[self.name, key] = None
        for index in self._indexes.values():
            index.note(key, record)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self.rows.values()))

    def __len__(self) -> int:
        return len(self.rows)


class Store:
    """All tables of the three vendors and of the sandbox itself."""

    def __init__(self, path: Path | None = None) -> None:
        self.tables: dict[str, Table] = {}
        self.touched: dict[tuple[str, str], None] = {}
        self._snapshots: dict[str, bytes] = {}
        self._connection: sqlite3.Connection | None = None
        if path is not None:
            self._connection = sqlite3.connect(path, check_same_thread=False)
            # What was answered survives the end of the process, however it ends; the machine's own end it need not survive.
            self._connection.execute("pragma synchronous=off")
            self._connection.execute("pragma journal_mode=truncate")
            self._connection.execute(
                "create table if not exists record (tab text, id text, seq integer, body blob, primary key (tab, id))"
            )
            self._connection.execute("create index if not exists by_seq on record (seq)")
            for table, key, body in self._connection.execute("select tab, id, body from record order by seq, rowid"):
                self.table(table).rows[key] = orjson.loads(body)

    def table(self, name: str) -> Table:
        """The table of that name, made when it is new."""
        if name not in self.tables:
            self.tables[name] = Table(self, name)
        return self.tables[name]

    def commit(self) -> None:
        """Write what was touched to the file, if there is one."""
        if self._connection is not None and self.touched:
            with self._connection:
                for name, key in self.touched:
                    record = self.table(name).get(key)
                    if record is None:
                        self._connection.execute("delete from record where tab=? and id=?", (name, key))
                    else:
                        self._connection.execute(
                            "insert into record (tab, id, seq, body) values (?, ?, "
                            "(select coalesce(max(seq), 0) + 1 from record), ?) "
                            "on conflict (tab, id) do update set body = excluded.body",
                            (name, key, orjson.dumps(record)),
                        )
        self.touched.clear()

    def clear(self) -> None:
        """Forget every record."""
        for table in self.tables.values():
            for key in list(table.rows):
                table.remove(key)
        self.commit()

    def snapshot(self, name: str) -> None:
        """Keep a copy of everything under this name, in memory."""
        self._snapshots[name] = orjson.dumps({table.name: table.rows for table in self.tables.values()})

    def restore(self, name: str) -> None:
        """Go back to a snapshot; raises KeyError when there is none of that name."""
        kept = orjson.loads(self._snapshots[name])
        self.clear()
        for table_name, rows in kept.items():
            table = self.table(table_name)
            for key, record in rows.items():
                table.put(key, record)
        self.commit()
