"""What machines do: clocks that are set, old bookmarks that come back, calls of the day that are spent, disks that are full."""

import errno
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from simulation.oracle import Broken
from simulation.runs import Run, run
from simulation.steps import Act, Plot, Step
from simulation.twins import side_by_side
from sqlalchemy.exc import OperationalError

from ofrecord_kit.ledger import Ledger, Writing
from ofrecord_kit.tap.known import Known
from ofrecord_kit.tokens import TokenStore

if TYPE_CHECKING:
    from simulation.stage import Stage


@dataclass(frozen=True)
class SetClock(Step):
    """Our own clock is wrong from now on, or right again; the vendors' are not concerned."""

    off_s: float

    def __str__(self) -> str:
        return f"our own clock is {self.off_s:+g} s off from now on"

    def take(self, stage: "Stage") -> None:
        stage.desk.set_clock(stage, self.off_s)


@dataclass(frozen=True)
class OldState(Step):
    """Bookmarks of some runs ago come back, from a backup."""

    runs: int

    def __str__(self) -> str:
        return f"the bookmarks of {self.runs} runs ago come back"

    def take(self, stage: "Stage") -> None:
        kept = stage.desk.states
        if kept:
            stage.world.host.states = dict(kept[max(0, len(kept) - 1 - self.runs)])


@dataclass(frozen=True)
class Spent(Step):
    """A job runs while the finance side's calls of the day come to their end."""

    run: Run
    left: int
    rest_s = 60.0

    def __str__(self) -> str:
        return f"{self.run}; after {self.left} calls those of the day are spent"

    def take(self, stage: "Stage") -> None:
        vendors = stage.world.vendors
        vendors.cache.pop("finance day", None)
        vendors.limits.finance_per_day = self.left
        self.run.take(stage)
        vendors.limits.finance_per_day = 0

    def less(self) -> Iterator[Step]:
        yield self.run
        yield from (replace(self, run=one) for one in self.run.less() if isinstance(one, Run))


PLACES = ("the ledger", "the ledger, read-only", "what taps remember", "the file of tokens")


@dataclass(frozen=True)
class Full(Step):
    """A job runs while the disk is full, from the nth write to a place on."""

    run: Run
    place: str
    nth: int
    rest_s = 60.0

    def __str__(self) -> str:
        return f"{self.run}; from write {self.nth} on there is no room for {self.place}"

    def take(self, stage: "Stage") -> None:
        log = len(stage.world.host.log)
        with _no_room(self.place, self.nth) as refused:
            self.run.take(stage)
        said = stage.world.host.log[log:]
        stage.played.counts["full disks"] += bool(refused)
        if refused and not self.run.death and not any(_tells(line) for line in said):
            stage.played.broken.append(
                Broken("one clear error", f"there was no room for {self.place}, and nobody was told")
            )

    def less(self) -> Iterator[Step]:
        yield self.run
        yield from (replace(self, run=one) for one in self.run.less() if isinstance(one, Run))


def _tells(line: str) -> bool:
    return any(
        words in line.lower()
        for words in ("disk is full", "not writable", "no space", "cannot be written", "cannot be read or kept")
    )


@contextmanager
def _no_room(place: str, nth: int) -> Iterator[list[str]]:
    """Within the block the nth write to a place and all later ones fail; which did."""
    refused: list[str] = []
    count = iter(range(1, 10_000))
    writing, confirm, write = Ledger.writing, Known.confirm, TokenStore._write
    words = "attempt to write a readonly database" if "read-only" in place else "database or disk is full"

    def is_full() -> bool:
        if next(count) < nth:
            return False
        refused.append(place)
        return True

    @contextmanager
    def ledger_writing(self: Ledger, at: Any) -> Iterator[Writing]:
        with writing(self, at) as ledger:
            yield ledger
            if is_full():
                error = sqlite3.OperationalError(words)
                raise OperationalError("insert", None, error)  # noqa: EM101 - the statement

    def known_confirm(self: Known) -> dict[str, Any]:
        with self._told():
            if is_full():
                raise sqlite3.OperationalError(words)
        return confirm(self)

    def token_write(self: TokenStore, entry: Any) -> None:
        if is_full():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, entry)

    plants: dict[str, tuple[object, str, Callable[..., Any]]] = {
        PLACES[0]: (Ledger, "writing", ledger_writing),
        PLACES[1]: (Ledger, "writing", ledger_writing),
        PLACES[2]: (Known, "confirm", known_confirm),
        PLACES[3]: (TokenStore, "_write", token_write),
    }
    with patch.object(*plants[place]):
        yield refused


@dataclass(frozen=True)
class Twice(Step):
    """A job is started twice at once, on two machines that share ledger, bookmarks and vendors."""

    one: Run
    other: Run
    seed: int
    often: float
    """How likely the other goes on at each boundary."""
    rest_s = 60.0

    def __str__(self) -> str:
        return f"{self.one}; at the same time, on another machine, {self.other}"

    def take(self, stage: "Stage") -> None:
        dice = random.Random(f"twins {self.seed}")  # noqa: S311 - nothing is guarded by it
        side_by_side(stage.world, [lambda: self.one.take(stage), lambda: self.other.take(stage)], dice, self.often)
        stage.played.counts["runs side by side"] += 1

    def less(self) -> Iterator[Step]:
        yield self.one
        yield from (replace(self, one=one) for one in self.one.less() if isinstance(one, Run))


def _spent(plot: Plot) -> list[Step]:
    return [Spent(run(plot), plot.dice.randint(1, 9))]


def _full(plot: Plot) -> list[Step]:
    dice = plot.dice
    return [Full(replace(run(plot), death=None), dice.choice(PLACES), dice.choice([1, 1, 2, 3, 4, 6]))]


def _twice(plot: Plot) -> list[Step]:
    dice = plot.dice
    one = run(plot)
    return [Twice(one, Run(one.job), dice.randrange(1000), dice.choice([0.1, 0.3, 0.6]))]


def _set_clock(plot: Plot) -> list[Step]:
    off = plot.dice.choice([0.0, 0.0, 3600.0, -3600.0, 86_400.0 * 3, -86_400.0 * 3, 90.0, -90.0])
    return [SetClock(off)]


ACTS = (
    Act("set clock", 0.8, _set_clock, lambda plot: not plot.calm),
    Act("old state", 0.5, lambda plot: [OldState(plot.dice.choice([1, 2, 3, 5]))], lambda plot: not plot.calm),
    Act("spent", 0.5, _spent, lambda plot: not plot.calm),
    Act("full", 0.8, _full, lambda plot: not plot.calm),
    Act("twice", 1.0, _twice, lambda plot: not plot.calm),
)
