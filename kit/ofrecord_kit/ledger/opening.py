"""Opening the ledger: where it is, which version it has, and what to say when it cannot be used."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from ofrecord_kit.errors import Stop, sentence

HEAD = "0006"
"""The schema version this code writes; the name of the newest migration."""

KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006")

_PASSWORD = re.compile(r"://[^/?@]*:[^/?@]*@|[?&](?:ssl)?password=", re.IGNORECASE)

_MIGRATION_LOCK = 0x0F_2EC0_2E


class LedgerProblem(Stop):
    """The ledger cannot be used as it is; the message says why and what to do."""


def engine_for(where: str) -> Engine:
    """An engine for a path or a SQLAlchemy URL, migrated to this version.

    A new file gets mode 0600. Raises LedgerProblem.
    """
    url = _url_of(where)
    with explained(where):
        if url.startswith("sqlite") and ":memory:" not in url:
            _private_file(Path(url.split("///", 1)[1]))
        engine = _create(url, where)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_immediate)
        with ExitStack() as undo:
            undo.callback(engine.dispose)
            with engine.begin() as connection:
                _bring_up_to_date(connection, where)
            undo.pop_all()
    return engine


def _url_of(where: str) -> str:
    """The URL of a path, or the one given, with the driver we bring along. Raises LedgerProblem when it holds a password."""
    if "://" not in where:
        return f"sqlite:///{Path(where).expanduser()}"
    if _PASSWORD.search(where):
        raise LedgerProblem(
            sentence(
                "The ledger's address holds a password",
                where=f"setting ledger: {_shown(where)}",
                expected="a URL such as postgresql://user@host/database; settings are shown and logged, and hold no password",
                remedy="Take it out, and use what the database server offers: a certificate, or a password file (~/.pgpass).",
            )
        )
    kind, _, rest = where.partition("://")
    return f"postgresql+psycopg://{rest}" if kind in {"postgresql", "postgres"} else where


def _create(url: str, where: str) -> Engine:
    try:
        return create_engine(url)
    except ModuleNotFoundError as error:
        raise LedgerProblem(
            sentence(
                f"The ledger's database needs the package {error.name}, which is not installed",
                where=f"setting ledger: {_shown(where)}",
                expected="an SQLite file, or PostgreSQL with its driver",
                remedy="Install it: pip install 'ofrecord-kit[postgresql]'.",
            )
        ) from error
    except ArgumentError as error:
        raise LedgerProblem(
            sentence(
                "The ledger's address cannot be read",
                where=f"setting ledger: {_shown(where)}",
                expected="a path, or a URL such as postgresql://user@host/database",
                remedy="Correct the setting ledger.",
            )
        ) from error


def _private_file(path: Path) -> None:
    if path.parent != Path():
        path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, stat.S_IRUSR | stat.S_IWUSR))


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    try:
        for setting in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {setting}").close()
    except sqlite3.Error:
        connection.close()
        raise


def _begin_immediate(connection: Connection) -> None:
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _bring_up_to_date(connection: Connection, where: str) -> None:
    found = _version(connection)
    if found == HEAD:
        return
    if connection.dialect.name == "postgresql":  # two programs that start at once: one of them migrates
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        found = _version(connection)
        if found == HEAD:
            return
    if found is not None and found not in KNOWN:
        raise LedgerProblem(
            sentence(
                f"The ledger has version {found}, newer than this program ({HEAD})",
                where=f"setting ledger: {_shown(where)}",
                expected="a ledger written by this version or an older one",
                remedy="Upgrade ofrecord, or name another ledger; nothing was changed.",
            )
        )
    from ofrecord_kit.ledger.migrating import migrate  # noqa: PLC0415 - importing Alembic takes long and is seldom needed

    migrate(connection)


def _shown(where: str) -> str:
    """The ledger's place without the credentials a URL may hold."""
    return where.rsplit("@", 1)[-1].partition("?")[0] if "://" in where else where


_AWAY = ("does not answer: its server was restarted, or cannot be reached", "a database that answers", "See that it runs and that the address is right, and run again; what was delivered before is recorded, the rest is delivered then.")  # fmt: skip
_REASONS = (
    (("starting up", "shutting down", "terminating connection"), *_AWAY),
    (("fatal:",), "is refused by its server", "a database that exists, and a user it lets in", "Correct the setting ledger, or what the server knows of database, user and password file."),
    (("connection", "could not receive", "could not send"), *_AWAY),
    (("readonly", "read-only", "unable to open", "permission denied", "no such file", "not a directory"), "is not writable", "a file and a folder this user may write", "Correct the permissions or name another file in the setting ledger."),
    (("full", "no space"), "cannot grow: the disk is full", "free space for the ledger", "Free some space and run again; what was delivered before is recorded, the rest is delivered then."),
    (("malformed", "not a database", "corrupt"), "is damaged or not a ledger", "an SQLite file written by ofrecord", "Restore it from a backup, or move it away: links are rebuilt from the ids stamped in the systems."),
    (("locked",), "is locked by another process", "one writer at a time", "Wait for the other run to end and run again."),
)  # fmt: skip


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the database's errors into one sentence that names the ledger and the remedy."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        words = str(error.orig if isinstance(error, DBAPIError) else error.strerror).lower()
        for signs, what, expected, remedy in _REASONS:
            if any(sign in words for sign in signs):
                raise LedgerProblem(
                    sentence(
                        f"The ledger {what}", where=f"setting ledger: {_shown(where)}", expected=expected, remedy=remedy
                    )
                ) from error
        raise LedgerProblem(
            sentence(
                f"The ledger cannot be used: {words.splitlines()[0]}",
                where=f"setting ledger: {_shown(where)}",
                expected="an SQLite file or a database that answers",
                remedy="Correct the setting ledger.",
            )
        ) from error
