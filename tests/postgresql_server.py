"""A PostgreSQL server for the tests: private, started once per worker, gone with it. One database per test.

Without the server's programs the tests that need it are skipped, and say so. `.ci/run` and `make test` install Debian's package
`postgresql` where nothing else is there.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import pytest

ABSENT = "PostgreSQL is not installed: neither `postgres` on the path nor /usr/lib/postgresql/*/bin (Debian: apt-get install postgresql)"
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB",
    "max_connections": "50", "autovacuum": "off", "timezone": "Asia/Kathmandu",
}  # fmt: skip
PATIENCE_S = 60
_DIES_WITH_PARENT = 1


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, of the newest version installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def servant() -> str | None:
    """Whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def die_with_parent() -> None:
    """In the child: a server never outlives its tests, however they end."""
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGINT)


class Server:
    """A running server in a folder of its own; connections go through a socket there."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        user = servant()
        self._as = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        if user is not None:
            shutil.chown(folder, user)
        self._numbers = count()
        data = folder / "data"
        made = subprocess.run(
            [home / "initdb", "-D", data, "-U", "ofrecord", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True, text=True, check=False, cwd=folder, **self._as,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(made.stderr)
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self._command = [home / "postgres", "-D", data, *options, "-c", f"unix_socket_directories={folder}"]
        self._start()

    def _start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self.folder, preexec_fn=die_with_parent, **self._as,  # noqa: PLW1509 - no threads yet
            )  # fmt: skip
        self._admin = self._connected()

    def _connected(self):
        import psycopg  # noqa: PLC0415 - only where there is a server

        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return psycopg.connect(host=str(self.folder), user="ofrecord", dbname="postgres", autocommit=True)
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "server.log").read_text()) from None
                time.sleep(0.05)

    def url(self, database: str) -> str:
        return f"postgresql://ofrecord@/{database}?host={self.folder}"

    def new(self, template: str = "template0") -> str:
        """A new database; its URL."""
        name = f"ledger_{next(self._numbers)}"
        self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        self._admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def cut(self, url: str) -> None:
        """End every connection to a database, as a server that is started anew does."""
        name = url.partition("@/")[2].partition("?")[0]
        self._admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

    def restart(self) -> None:
        """As `pg_ctl restart -m immediate`: every connection is cut, and what was not committed is gone."""
        self._admin.close()
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(PATIENCE_S)
        self._start()

    def stop(self) -> None:
        self._admin.close()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE_S)


@pytest.fixture(scope="session")
def postgresql():
    """The worker's server."""
    home = programs()
    if home is None:
        pytest.skip(ABSENT)
    folder = Path(tempfile.mkdtemp(prefix="ofrecord-pg-"))
    server = Server(folder, home)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def ledger_template(postgresql):
    """A database with the newest tables, copied for each test."""
    from ofrecord_kit.ledger import Ledger  # noqa: PLC0415 - only where there is a server

    url = postgresql.new()
    Ledger(url).close()
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request, tmp_path):
    """Where a ledger may be opened: a test that takes this runs on both databases."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    server = request.getfixturevalue("postgresql")
    url = server.new(request.getfixturevalue("ledger_template"))
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """As `ledger_url`, but nothing is there yet."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    server = request.getfixturevalue("postgresql")
    url = server.new()
    yield url
    server.drop(url)
