"""A case of the suite, and how it says that a promise is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ofrecord_kit.testing.conformance.bench import Bench


class Broken(AssertionError):  # noqa: N818 - a promise, not a program
    """The target does not keep this promise; the message tells what was seen."""


@dataclass(frozen=True)
class Case:
    """One promise. `optional`: a target may say that it does not make it."""

    name: str
    title: str
    prove: Callable[[Bench], None]
    optional: bool = False


def case(name: str, title: str, *, optional: bool = False) -> Callable[[Callable[[Bench], None]], Case]:
    """Make a function that raises Broken a case."""
    return lambda prove: Case(name, title, prove, optional)


def broken(seen: str) -> NoReturn:
    """Say what was seen. Raises Broken."""
    raise Broken(seen)


def expect(kept: bool, seen: str) -> None:
    """The promise is kept, or this was seen. Raises Broken."""
    if not kept:
        broken(seen)
