"""What is the same at every start of a plugin is made once for all worlds. None of it changes what a plugin does.

A real plugin starts once in minutes and does each of these things anew; in a world it starts forty times.
"""

import gc
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from requests import sessions
from singer_sdk.singerlib import Catalog
from sqlalchemy import Engine, create_engine

from ofrecord_kit.ledger import Ledger, opening
from ofrecord_kit.target import program
from ofrecord_transforms import mapper
from ofrecord_transforms.load import load

PROJECT = Path(__file__).parents[2]


@cache
def catalog_of(path: str, streams: tuple[str, ...]) -> Catalog:
    """What a catalog of rules/catalog says of the streams a tap reads; the SDK prepares every stream in it."""
    said = json.loads((PROJECT / path).read_text(encoding="utf-8"))
    return Catalog.from_dict({"streams": [one for one in said["streams"] if one["tap_stream_id"] in streams]})


@cache
def _rules(folder: str) -> Any:
    """The rules: data that nobody changes."""
    return load(folder)


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


_known: dict[str, Any] = {}


def _create_engine(url: str) -> Engine:
    """As SQLAlchemy's; statements that were compiled for one engine serve the next one."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        if not _known:
            _known.update(dialect=engine.dialect, cache=engine._compiled_cache)
        engine.dialect = engine.pool._dialect = _known["dialect"]
        engine._compiled_cache = _known["cache"]
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
    """Within the block, rules are read and statements are compiled once, and no proxy is looked for."""
    _empty_ledger()
    with ExitStack() as undo:
        undo.enter_context(patch.object(mapper, "load", _rules))
        undo.enter_context(patch.object(opening, "create_engine", _create_engine))
        undo.enter_context(patch.object(program, "rarely_collected", nullcontext))
        undo.enter_context(patch.object(sessions, "get_environ_proxies", lambda _url, no_proxy=None: {}))
        yield
