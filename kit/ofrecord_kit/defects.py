"""What is said of an error nobody expected: kinds and places, and none of its words."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def defects_told(name: str, tell: Callable[[str], object]) -> Iterator[None]:
    """Within the block, an error nobody expected is told by its kind and the places it went through, and exits 1.

    What it says is not told: such messages quote the value that caused them.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - where everything ends
        tell(
            f"An unexpected error in {name}. This is a defect: please report it with the lines below. "
            "What the error itself says is left out, because it may quote a record."
        )
        for line in _places(error):
            tell(line)
        sys.exit(1)


def _places(error: BaseException) -> Iterator[str]:
    """The kinds of an error and of those it came from, each with its places."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield type(one).__qualname__
        for frame in traceback.extract_tb(one.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        one = one.__cause__ or one.__context__
