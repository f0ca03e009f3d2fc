"""What is the same at every start of a plugin is made once for all worlds. None of it changes what a plugin does.

A real plugin starts once in minutes and does each of these things anew; in a world it starts forty times.
"""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

from requests import sessions
from simulation.prepared import PROJECT, prepared
from sqlalchemy import Engine, create_engine

from ofrecord_kit.ledger import Ledger, opening
from ofrecord_kit.target import program

__all__ = ["PROJECT", "begin_ledger", "rarely_swept", "thrifty"]


@cache
def _empty_ledger() -> bytes:
    """The file of a ledger that was opened for the first time, migrations and all."""
    folder = Path(tempfile.mkdtemp())
    try:
        Ledger(str(folder / "ledger.db")).close()
        return (folder / "ledger.db").read_bytes()
    finally:
        shutil.rmtree(folder)


def begin_ledger(path: Path) -> None:
    """Put an empty ledger there."""
    path.touch(mode=0o600)
    path.write_bytes(_empty_ledger())


_engines: dict[str, Engine] = {}


def _create_engine(url: str) -> Engine:
    """As SQLAlchemy's; of a place where there was one before it is that one, without the connections it had."""
    engine = _engines.get(url)
    if engine is None:
        engine = create_engine(url)
        if engine.dialect.name != "sqlite":
            return engine
        _engines.clear()  # a process plays in one folder at a time
        _engines[url] = engine
    if engine.pool.checkedin() or engine.pool.checkedout():  # of a plugin that was killed
        engine.pool = engine.pool.recreate()
    return engine


@contextmanager
def rarely_swept() -> Iterator[None]:
    """Within the block nobody looks for circles; after it what they held is freed."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        if before:
            gc.enable()


@contextmanager
def thrifty() -> Iterator[None]:
    """Within the block, what is the same at every start is made once, and no proxy is looked for."""
    _empty_ledger()
    with ExitStack() as undo:
        undo.enter_context(prepared())
        undo.enter_context(patch.object(opening, "create_engine", _create_engine))
        undo.enter_context(patch.object(program, "rarely_collected", nullcontext))
        undo.enter_context(patch.object(sessions, "get_environ_proxies", lambda _url, no_proxy=None: {}))
        yield
