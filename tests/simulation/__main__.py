"""`python tests/simulation SEEDS`: play the worlds of these seeds (`0:300`, or one number) on all processors, and tell what became of them."""

import os
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulation.play import play
from simulation.report import table, told
from simulation.story import story_of


def _played(seed: int) -> tuple[Counter[str], str, float]:
    started = time.process_time()
    played = play(story_of(seed))
    took_s = time.process_time() - started
    return played.counts, told(played) if played.broken else "", took_s


def main() -> int:
    """The command; exit code 1 when something was broken."""
    first, _, last = (sys.argv[1] if len(sys.argv) > 1 else "0:100").partition(":")
    seeds = range(int(first), int(last) if last else int(first) + 1)
    counts: Counter[str] = Counter()
    seconds = 0.0
    with get_context("fork").Pool(min(len(seeds), os.cpu_count() or 1)) as pool:
        for counted, story, took_s in pool.imap_unordered(_played, seeds):
            counts.update(counted)
            seconds += took_s
            if story:
                counts["broken"] += 1
                print(story, "\n", flush=True)
    print(table(counts, len(seeds), seconds))
    return int(counts["broken"] > 0)


if __name__ == "__main__":
    sys.exit(main())
