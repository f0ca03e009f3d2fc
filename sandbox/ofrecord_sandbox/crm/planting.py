"""Many made-up records put straight into the store, for tests and benchmarks. Deterministic: the same call plants the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.crm import lines, made_up, organisation
from ofrecord_sandbox.crm.change import derive
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.crm.writing import FIRST_ID
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

_SHARE_A_SECOND = 3
"""So many records in a row have one time of modification."""
_COMPUTED = {"Full_Name", "Expected_Revenue", "Grand_Total", "Sub_Total", "Tax", "Line_Tax"}
_SYSTEM = {"id", "Owner", "Created_By", "Modified_By", "Created_Time", "Modified_Time", "Locked__s", "Converted__s"}


class Planter:
    """Makes records of one module, with the fields wanted (all, without `fields`) and those that are mandatory."""

    def __init__(self, world: World, module: str, fields: Iterable[str] | None) -> None:
        known = schema(world).get(module)
        if known is None or known.kind == "subform":
            msg = f"there is no module {module!r} to plant records in"
            raise ValueError(msg)
        wanted = set(known.fields if fields is None else fields)
        for name in wanted - set(known.fields):
            msg = f"there is no field {module}.{name}"
            raise ValueError(msg)
        self.world, self.module = world, known
        self.table = world.store.table(known.table)
        chosen = [one for one in known.fields.values() if one.mandatory or one.api_name in wanted]
        chosen = [one for one in chosen if one.api_name not in _SYSTEM]
        self._subforms = [one for one in chosen if one.data_type == "subform"]
        self._lookups = [one for one in chosen if one.data_type == "lookup" and not one.read_only]
        self._plain = [
            (one.api_name, made_up.maker(one)) for one in chosen if not one.read_only and one.data_type not in {"subform", "lookup", "ownerlookup", "userlookup"}
        ]  # fmt: skip
        self._numbered = [one.api_name for one in chosen if one.data_type == "autonumber"]
        self._targets = {one.target: list(_records(world, one.target)) for one in self._pointing()}
        users = [user for user in organisation.users_by_id(world).values() if user["status"] == "active"]
        self._owners = [{key: user[key] for key in ("name", "id", "email")} for user in users]
        self._makers: dict[str, made_up.Maker] = {}
        self._derives = bool(_COMPUTED & {one.api_name for one in chosen})

    def _pointing(self) -> list[Field]:
        inner = [column for one in self._subforms for column in schema(self.world)[one.target].fields.values()]
        return [*self._lookups, *(one for one in inner if one.data_type == "lookup" and not one.read_only)]

    def plant(self, count: int, seconds: int) -> list[str]:
        """So many records, the last one modified now, groups of three `seconds` apart; their ids, oldest first."""
        now = self.world.clock.now()
        first = len(self.table) + 1
        ids = []
        for number in range(first, first + count):
            at = now - timedelta(seconds=(first + count - 1 - number) // _SHARE_A_SECOND * seconds)
            record = self._record(number, organisation.local_time(at), int(at.timestamp()))
            self.table.put(record["id"], record)
            ids.append(record["id"])
        return ids

    def _record(self, number: int, time: str, second: int) -> Record:
        record: Record = {name: make(number) for name, make in self._plain}
        for name in self._numbered:
            record[name] = str(number)
        for one in self._lookups:
            record[one.api_name] = self._reference(one, number)
        for one in self._subforms:
            record[one.api_name] = self._rows(one, number, time)
        writer = organisation.writer_reference()
        record |= {
            "id": self.world.next_id(FIRST_ID),
            "Owner": self._owners[number % len(self._owners)],
            "Created_By": writer,
            "Modified_By": writer,
            "Created_Time": time,
            "Modified_Time": time,
            "Record_Status__s": "Available",
            "Locked__s": False,
            "_c": second,
            "_m": second,
        }
        if self._derives:
            derive(self.world, self.module, record)
        return record

    def _maker(self, column: Field) -> made_up.Maker:
        if column.api_name not in self._makers:
            self._makers[column.api_name] = made_up.maker(column)
        return self._makers[column.api_name]

    def _reference(self, field: Field, number: int) -> Record | None:
        targets = self._targets[field.target]
        if not targets or (not field.mandatory and (number + len(field.api_name)) % 7 == 0):
            return None
        return {"id": targets[(number * 13) % len(targets)]}

    def _rows(self, field: Field, number: int, time: str) -> list[Record]:
        """One to four rows; none where a row would have to point to a record and there is none."""
        columns = [one for one in schema(self.world)[field.target].fields.values() if not one.read_only]
        if any(one.data_type == "lookup" and one.mandatory and not self._targets[one.target] for one in columns):
            return []
        return [self._row(columns, number * 4 + step, time) for step in range(number % 4 + 1)]

    def _row(self, columns: list[Field], number: int, time: str) -> Record:
        row: Record = {"id": self.world.next_id(lines.FIRST_ID), "Created_Time": time, "Modified_Time": time}
        for column in columns:
            if column.data_type == "lookup":
                row[column.api_name] = self._reference(column, number)
            elif column.data_type == "linetax":
                row[column.api_name] = [{"name": "VAT", "percentage": 19}] if number % 2 else []
            else:
                row[column.api_name] = self._maker(column)(number)
        if "List_Price" in {one.api_name for one in columns}:
            row |= {"Quantity": number % 9 + 1, "List_Price": number % 500 / 4, "Discount": 0}
        return row


def _records(world: World, module: str) -> Iterable[str]:
    return world.store.table(schema(world)[module].table).rows


def answers(world: World, module: Module, ids: list[str]) -> dict[str, Any]:
    """What is true of these records, to compare with what was read: by field how many are filled, and the sum of numbers."""
    rows = world.store.table(module.table).rows
    records = [rows[one] for one in ids]
    found: dict[str, Any] = {}
    for field in module.fields.values():
        held = [value for record in records if (value := record.get(field.api_name)) not in (None, [], "")]
        found[field.api_name] = {"filled": len(held)}
        if field.data_type in {"integer", "double", "currency", "percent"}:
            found[field.api_name]["sum"] = str(sum((Decimal(str(one)) for one in held), Decimal(0)))
    return found
