"""`python tests/simulation SEEDS`: play the worlds of these seeds (`0:300`, or one number) on all processors, and tell what became of them.

Ctrl-C ends it with the table of the worlds played so far.
"""

import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulation.play import play, warm_up
from simulation.report import table, told
from simulation.story import story_of

OFTEN_S, SELDOM_S = 1.0, 60.0
"""How often progress is told: on a terminal, and in a file."""
WORLDS_OF_A_PROCESS = 1000
Result = tuple[int, Counter[str], str, float]


def _played(seed: int) -> Result:
    """The seed, what was counted, what is told of it if something was broken, and its processor time in seconds."""
    started = time.process_time()
    try:
        played = play(story_of(seed))
    except Exception:  # noqa: BLE001 - one world that cannot be played is told like one that broke
        return seed, Counter(broken=1), f"Seed {seed} cannot be played.\n{traceback.format_exc()}", _since(started)
    took_s = _since(started)
    return seed, played.counts + Counter(broken=bool(played.broken)), told(played) if played.broken else "", took_s


def _since(started: float) -> float:
    return time.process_time() - started


def _results(seeds: range) -> Iterator[Result]:
    """In the order in which worlds end; fewer when somebody presses Ctrl-C."""
    warm_up()  # once, for all processes
    workers = min(len(seeds), os.cpu_count() or 1)
    begin = (signal.SIGINT, signal.SIG_IGN)
    with get_context("fork").Pool(workers, signal.signal, begin, WORLDS_OF_A_PROCESS) as pool:
        try:
            yield from pool.imap_unordered(_played, seeds)
        except KeyboardInterrupt:
            print("\nInterrupted.", file=sys.stderr)


class _Progress:
    """One line on standard error, again and again."""

    def __init__(self, worlds: int) -> None:
        self._worlds, self._began = worlds, time.monotonic()
        self._told = self._began
        self._often_s = OFTEN_S if sys.stderr.isatty() else SELDOM_S

    def tell(self, done: int, broken: int) -> None:
        now = time.monotonic()
        if now - self._told < self._often_s:
            return
        self._told = now
        pace = done / (now - self._began)
        said = f"{done} of {self._worlds} worlds, {pace:.1f} a second, {(self._worlds - done) / pace / 60:.0f} minutes to go, {broken} broken"
        print(f"\r{said}  " if sys.stderr.isatty() else said, end="" if sys.stderr.isatty() else "\n", file=sys.stderr)


def main() -> int:
    """The command; exit code 1 when something was broken."""
    first, _, last = (sys.argv[1] if len(sys.argv) > 1 else "0:100").partition(":")
    seeds = range(int(first), int(last) if last else int(first) + 1)
    counts: Counter[str] = Counter()
    done, seconds, progress = 0, 0.0, _Progress(len(seeds))
    for _seed, counted, story, took_s in _results(seeds):
        counts.update(counted)
        done, seconds = done + 1, seconds + took_s
        if story:
            print(story, "\n", flush=True)
        progress.tell(done, counts["broken"])
    print(f"\n{table(counts, done, seconds)}")
    return int(counts["broken"] > 0)


if __name__ == "__main__":
    sys.exit(main())
