"""Heads by a query, lines of what changed: a read of each, or the list of all rows where that is cheaper.

A document whose modification time has not moved has the lines that were read then: an edit of a line moves it, as every reading of changes
relies on. They are kept in `state_dir`, ids and numbers that were asked for and nothing else.
Sources: Zoho CRM v8 docs, "Records through a COQL Query", "Get Records", "Subform"; read 2026-11. That queries reach over lookups to the
fields of a deal is documented; that rows of a subform cannot be queried is UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ofrecord.quotes.kept import KeptLines
from ofrecord.quotes.shape import ORDER, Document, Shape
from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.http import Client
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.tap.crm_coql import PATH, both, count, either, quoted
from ofrecord_kit.tap.crm_lines import Lines, Subform, is_quiet
from ofrecord_kit.tap.crm_plans import ROWS_A_QUERY, choose_lines
from ofrecord_kit.vendors import crm

_FIRST_ROWS = 200
"""Rows a query may ask for at the price of one credit; most companies have no more open quotes."""
_FEW = 50
"""So many documents are read one by one without asking what the list of all rows would cost."""
_RACY = timedelta(seconds=2)
"""Times have seconds: what was written in the second of the reading may not be in it."""
Row = Mapping[str, Any]


def among(column: str, values: Sequence[Any]) -> str:
    """The condition that a text field has one of these values; None stands for an empty one.

    >>> among("Order_Status", [None, "draft"])
    "(Order_Status is null or Order_Status in ('draft'))"
    """
    said = [str(one) for one in values if one is not None]
    parts = [f"{column} is null"] if None in values else []
    if said:
        parts.append(f"{column} in ({', '.join(quoted(one) for one in said)})")
    return either(parts)


@dataclass
class Reading:
    """Reads documents of one shape. `kept` is where lines are remembered; None: nowhere."""

    client: Client
    shape: Shape
    kept: KeptLines | None = field(default=None)

    def __post_init__(self) -> None:
        """By default lines are kept beside the tokens and counts of the project."""
        if self.kept is None:
            self.kept = KeptLines.beside(self.client.connection, self.shape)

    def where(self, condition: str) -> list[Document]:
        """Every document that fulfils a condition, oldest id first, with its lines. Raises as `Client.send`."""
        return self._documents(condition)

    def _documents(self, condition: str, *, whole: bool = True) -> list[Document]:
        """`whole`: all that are of interest, so that what is kept of others is forgotten."""
        heads = list(self._heads(condition))
        lines = self._lines(heads, whole=whole)
        return [replace(one, lines=tuple(lines[one.id])) for one in heads if one.id in lines]

    def named(self, name: str) -> list[Document]:
        """The documents with this number or id, read now: none, or one unless numbers occur twice."""
        conditions = [among(self.shape.number, [name])]
        if name.isascii() and name.isdecimal() and len(name) > len("123456789"):
            conditions.append(f"id = '{name}'")
        return self._documents(either(conditions), whole=False)

    # --- heads -----------------------------------------------------------------------------------------------------

    def _heads(self, condition: str) -> Iterator[Document]:
        """Pages follow one another by id, so that an edit between two of them loses none."""
        last, size = "", _FIRST_ROWS
        columns = ", ".join(self.shape.queried)
        while True:
            behind = both(condition, f"id > '{last}'" if last else "")
            query = f"select {columns} from {self.shape.object} where {behind} order by id asc limit 0, {size}"  # noqa: S608 - COQL; values are escaped
            answer = self.client.send("POST", PATH, json={"select_query": query}, repeatable=True)
            body = answer.body or {}
            for row in body.get("data", []):
                last = str(row["id"])
                number = str(row.get(self.shape.number) or last)
                yield Document(last, number, row, (), answer.read_at, instant(row.get("Modified_Time")))
            if not (body.get("info") or {}).get("more_records"):
                return
            size = ROWS_A_QUERY

    # --- lines -----------------------------------------------------------------------------------------------------

    def _lines(self, heads: Sequence[Document], *, whole: bool) -> dict[str, list[Row]]:
        """Rows by document; those deleted meanwhile are left out."""
        assert self.kept is not None  # noqa: S101 - set when it was made
        known = self.kept.of(heads)
        changed = [one for one in heads if one.id not in known]
        read = self._listed(changed) if self._is_list_cheaper(changed) else None
        if read is None:
            read = self._each(changed)
        found = known | {one: in_order(rows) for one, (rows, _at) in read.items()}
        settled = {
            one.id: found[one.id]
            for one in heads
            if one.id in found and one.modified and _settled(one.modified, read, one)
        }
        self.kept.keep(heads, settled, whole=whole)
        return found

    def _is_list_cheaper(self, changed: Sequence[Document]) -> bool:
        if len(changed) <= _FEW:
            return False
        documents = count(self.client, self.shape.object)
        return choose_lines(len(changed), documents, 0, len(self.shape.rows)).way != "details"

    def _each(self, documents: Sequence[Document]) -> dict[str, tuple[list[Row], datetime]]:
        """A call each, side by side where that pays."""
        fields = f"{self.shape.lines},Modified_Time"
        calls = [Call(f"{crm.ROOT}/{self.shape.object}/{one.id}", {"fields": fields}) for one in documents]
        found = {}
        for one, answer in zip(documents, ahead(self.client, calls), strict=True):
            for row in (answer.body or {}).get("data", []):
                rows = [self._cut(line) for line in row.get(self.shape.lines) or ()]
                # a document edited since its head was read has the lines of another moment: they are not kept
                same = instant(row.get("Modified_Time")) == one.modified
                found[one.id] = (rows, answer.read_at if same else one.modified or answer.read_at)
        return found

    def _listed(self, documents: Sequence[Document]) -> dict[str, tuple[list[Row], datetime]] | None:
        """From the list of all rows; None when documents were written while it was read."""
        form = Subform(self.shape.lines, self.shape.lines, self.shape.rows)
        with Lines.opened() as lines:
            begun = lines.read(self.client, form)
            if begun is None or not is_quiet(self.client, self.shape.object, begun):
                return None
            return {one.id: ([self._cut(row) for row in lines.of(form, one.id)], begun) for one in documents}

    def _cut(self, row: Row) -> Row:
        """What was asked for; a lookup is its id."""
        values = {name: row.get(name) for name in self.shape.rows}
        return {"id": str(row["id"])} | {
            name: {"id": str(value["id"])} if isinstance(value, Mapping) and "id" in value else value
            for name, value in values.items()
        }


def in_order(rows: Sequence[Row]) -> list[Row]:
    """As the document has them."""
    if any(row.get(ORDER) is None for row in rows):
        return list(rows)
    return sorted(rows, key=lambda row: int(row[ORDER]))


def _settled(modified: datetime, read: Mapping[str, tuple[list[Row], datetime]], one: Document) -> bool:
    """May the lines be taken for those of this modification time? Those known already were found so before."""
    return one.id not in read or read[one.id][1] >= modified + _RACY
