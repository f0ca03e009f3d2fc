"""Answers to held records, one document of agreed values per pair, a spool, chained events."""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from ofrecord_kit.ledger.chain import EVENT_COLUMNS, FIRST, row_digest, tail_of
from ofrecord_kit.ledger.values import from_json, to_json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IDENTITY = re.compile(r"\d{15,20}")
_AT_ONCE = 500

_BEGUN = "UPDATE wire SET begun = true"
"""Ways an older ledger knows were run before anybody was asked: they have had their first runs."""


def upgrade() -> None:
    """Add what is new and carry agreed values and events over."""
    op.add_column("link", sa.Column("generation", sa.Integer, nullable=False, server_default="0"))
    for name in ("fix", "request", "values", "answer", "answered_by", "correction"):
        op.add_column("held", sa.Column(name, sa.Text))
    op.add_column("held", sa.Column("answered_at", sa.DateTime))
    for name in ("editor", "digest"):
        op.add_column("event", sa.Column(name, sa.Text))
    op.add_column("run", sa.Column("process", sa.Text))
    op.add_column("wire", sa.Column("begun", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(_BEGUN)
    op.create_table("meta", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.create_table(
        "spool",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_spool_way", "spool", ["entity", "source", "destination", "run", "seq"])
    op.create_index("ix_spool_record", "spool", ["entity", "source", "destination", "run", "source_id"])
    op.create_table(
        "pointer",
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("link", "field", "system", "other", name="pk_pointer"),
    )
    op.create_index("ix_pointer_value", "pointer", ["field", "system", "other", "value"])
    _carry_agreed()
    _chain_events()


def _carry_agreed() -> None:
    """One document per link and pair, each field with the time and the run it was agreed in; ids become pointers."""
    connection = op.get_bind()
    looked_up = _looked_up(connection)
    connection.execute(
        sa.text("INSERT INTO meta (name, value) VALUES ('pointers', :value)"), {"value": to_json(sorted(looked_up))}
    )
    op.rename_table("agreed", "agreed_before")
    if connection.dialect.name == "postgresql":
        op.execute("ALTER TABLE agreed_before RENAME CONSTRAINT pk_agreed TO pk_agreed_before")
    op.create_table(
        "agreed",
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("one", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run", sa.Text),
        sa.PrimaryKeyConstraint("link", "one", "other", name="pk_agreed"),
    )
    last = ""
    while True:
        links = [
            row[0]
            for row in connection.execute(
                sa.text("SELECT DISTINCT link FROM agreed_before WHERE link > :last ORDER BY link LIMIT :most"),
                {"last": last, "most": _AT_ONCE},
            )
        ]
        if not links:
            break
        _carry_links(connection, last, links[-1], looked_up)
        last = links[-1]
    op.drop_table("agreed_before")


def _carry_links(connection: sa.Connection, after: str, until: str, looked_up: set[str]) -> None:
    before = sa.table(
        "agreed_before", *(sa.column(name) for name in ("link", "field", "system", "other", "value", "run")),
        sa.column("at", sa.DateTime),
    )  # fmt: skip
    documents: dict[tuple[str, str, str], dict[str, Any]] = {}
    pointers = []
    query = sa.select(before).where(before.c.link > after, before.c.link <= until)
    for link, field, system, other, value, run, at in connection.execute(query).all():
        one, two = sorted((system, other))
        held = documents.setdefault((link, one, two), {"at": at, "run": run, "fields": {}})
        if at > held["at"]:
            held["at"], held["run"] = at, run
        entry = held["fields"].setdefault(field, {"at": at})
        entry["at"] = max(at, entry["at"])
        found = entry[system] = from_json(value)
        pointed = found.get("id") if isinstance(found, dict) and "id" in found else found
        is_id = pointed is not found or (isinstance(found, str) and _IDENTITY.fullmatch(found))
        if pointed is not None and (field.startswith("_") or field in looked_up or is_id):
            pointers.append({"link": link, "field": field, "system": system, "other": other, "value": to_json(pointed)})
    rows = [
        {
            "link": link, "one": one, "other": two, "at": held["at"], "run": held["run"],
            "document": to_json({field: _entry(entry, one, two, held["at"]) for field, entry in held["fields"].items()}),
        }
        for (link, one, two), held in documents.items()
    ]  # fmt: skip
    for name, some in (("agreed", rows), ("pointer", pointers)):
        if some:
            columns = [sa.column(key, sa.DateTime) if key == "at" else sa.column(key) for key in some[0]]
            connection.execute(sa.insert(sa.table(name, *columns)), some)


def _entry(entry: dict[str, Any], one: str, two: str, written: object) -> list[Any]:
    at = None if entry["at"] == written else entry["at"].isoformat()
    marks = (0 if one in entry else 1) + (0 if two in entry else 2)
    values = [entry.get(one), entry.get(two)]
    return [*values, at, marks] if marks else [*values, at] if at else values


def _looked_up(connection: sa.Connection) -> set[str]:
    """Fields by whose value an entity that spreads finds its records."""
    schemas = [from_json(row[0]) for row in connection.execute(sa.text("SELECT schema FROM wire"))]
    spreads = [(schema.get("x-ofrecord") or {}).get("spread") or {} for schema in schemas]
    return {spread["field"] for spread in spreads if spread.get("field")}


def _chain_events() -> None:
    """Every event of old gets its digest, as if it had been chained from the beginning."""
    connection = op.get_bind()
    columns = [sa.column(name, sa.DateTime) if name == "at" else sa.column(name) for name in EVENT_COLUMNS]
    event = sa.table("event", *columns, sa.column("digest"))
    last, digest, count = 0, FIRST, 0
    while True:
        query = sa.select(*columns).where(sa.column("id") > last).select_from(event).order_by("id").limit(5000)
        rows = connection.execute(query).all()
        if not rows:
            break
        news = []
        for row in rows:
            digest = row_digest(digest, row, None)
            news.append({"i": row[0], "d": digest})
        connection.execute(
            sa.update(event).where(event.c.id == sa.bindparam("i")).values(digest=sa.bindparam("d")), news
        )
        last, count = rows[-1][0], count + len(rows)
    if count:
        tail = tail_of(count, last, digest)
        connection.execute(sa.text("INSERT INTO meta (name, value) VALUES ('events', :value)"), {"value": tail})
