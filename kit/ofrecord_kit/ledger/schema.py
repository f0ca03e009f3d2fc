"""The tables. A change here comes with a migration; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData()

link = Table(
    "link",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("system_id", Text, primary_key=True),
    Column("link", Text, nullable=False),
    Column("seen", Text),
    Column("at", DateTime, nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("known", Text),
    UniqueConstraint("link", "system", name="uq_link_system"),
)
"""`known`: see `Writing.record_known`."""

agreed = Table(
    "agreed",
    metadata,
    Column("link", Text),
    Column("one", Text),
    Column("other", Text),
    Column("document", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("run", Text),
    PrimaryKeyConstraint("link", "one", "other", name="pk_agreed"),
)
"""One document per link and pair of stores (`one` < `other`); `documents` says what it looks like."""

pointer = Table(
    "pointer",
    metadata,
    Column("link", Text),
    Column("field", Text),
    Column("system", Text),
    Column("other", Text),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("link", "field", "system", "other", name="pk_pointer"),
    Index("ix_pointer_value", "field", "system", "other", "value"),
)
"""Values of a document by which links are looked up: ids and pseudo-fields, never anything personal."""

part = Table(
    "part",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("whole", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Index("ix_part_part", "entity", "system", "part"),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("run", Text),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("link", Text),
    Column("ids", Text),
    Column("field", Text),
    Column("system", Text),
    Column("before", Text),
    Column("after", Text),
    Column("rule", Text),
    Column("why", Text),
    Column("editor", Text),
    Column("digest", Text),
    Index("ix_event_link", "link"),
    Index("ix_event_run", "run"),
)

run = Table(
    "run",
    metadata,
    Column("run", Text, primary_key=True),
    Column("grp", Text, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("started", DateTime, nullable=False),
    Column("finished", DateTime),
    Column("status", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("rules", Text),
    Column("dry", Boolean, nullable=False),
    Column("notes", Text),
    Column("process", Text),
)

held = Table(
    "held",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("destination", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", Text),
    Column("message", Text, nullable=False),
    Column("label", Text),
    Column("rule", Text),
    Column("payload", Text),
    Column("attempts", Integer, nullable=False),
    Column("first_at", DateTime, nullable=False),
    Column("last_at", DateTime, nullable=False),
    Column("due_at", DateTime),
    Column("state", Text, nullable=False),
    Column("fix", Text),
    Column("request", Text),
    Column("values", Text),
    Column("answer", Text),
    Column("answered_by", Text),
    Column("answered_at", DateTime),
    Column("correction", Text),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("object", Text),
    Column("property", Text),
    Column("reason", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", DateTime),
    UniqueConstraint("link", "system", "field", name="uq_outbox"),
)

intent = Table(
    "intent",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("run", Text),
    Column("value", Text),
)
"""What was about to be created, or, where there is a value (field → [value here, value there]), changed. System is the destination's store."""

pause = Table(
    "pause",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("why", Text),
)

wire = Table(
    "wire",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("destination", Text, primary_key=True),
    Column("schema", Text, nullable=False),
    Column("begun", Boolean, nullable=False, server_default=false()),
)

spool = Table(
    "spool",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("run", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_spool_way", "entity", "source", "destination", "run", "seq"),
    Index("ix_spool_record", "entity", "source", "destination", "run", "source_id"),
)
"""What a run decided and did not carry out yet."""

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the ledger itself: `events` (the end of their chain), `pointers` (fields looked up by value), `key`, `prints`, `values`."""
