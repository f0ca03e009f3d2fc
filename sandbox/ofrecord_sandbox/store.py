"""Tables of plain records, in memory, written through to SQLite when a file is given."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]


class Table:
    """Records by id, in order of insertion. Change a record only through :meth:`put`."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.name = name
        self.rows: dict[str, Record] = {}

    def get(self, key: str) -> Record | None:
        """The live record (do not change it in place; copy, then :meth:`put`)."""
        return self.rows.get(key)

    def put(self, key: str, record: Record) -> None:
        """Insert or replace one record."""
        self.rows[key] = record
        self._store.touched.add((self.name, key))

    def remove(self, key: str) -> Record | None:
        """Remove one record; returns it, or None when there was none."""
        self._store.touched.add((self.name, key))
        return self.rows.pop(key, None)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self.rows.values()))

    def __len__(self) -> int:
        return len(self.rows)


class Store:
    """All tables of the three vendors and of the sandbox itself."""

    def __init__(self, path: Path | None = None) -> None:
        self.tables: dict[str, Table] = {}
        self.touched: set[tuple[str, str]] = set()
        self._snapshots: dict[str, dict[str, dict[str, Record]]] = {}
        self._connection: sqlite3.Connection | None = None
        if path is not None:
            self._connection = sqlite3.connect(path, check_same_thread=False)
            self._connection.execute(
                "create table if not exists record (tab text, id text, seq integer, body blob, primary key (tab, id))"
            )
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
                for name, key in sorted(self.touched):
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
        """Keep a copy of everything under this name."""
        self._snapshots[name] = {table.name: copy.deepcopy(table.rows) for table in self.tables.values()}

    def restore(self, name: str) -> None:
        """Go back to a snapshot; raises KeyError when there is none of that name."""
        kept = self._snapshots[name]
        self.clear()
        for table_name, rows in kept.items():
            table = self.table(table_name)
            for key, record in copy.deepcopy(rows).items():
                table.put(key, record)
        self.commit()
