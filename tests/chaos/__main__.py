"""`python tests/chaos --rounds 100 --seed 1`: kill real processes at random, and look whether anything was lost, doubled or touched."""

import argparse
import os
import statistics
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.grounds import grounds
from chaos.rounds import Chaos


def main() -> int:
    """The command; exit code 1 when something was broken."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--every", type=int, default=10, help="rounds between two looks at everything")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="every process begins from nothing, as a user's do; takes three times as long",
    )
    given = parser.parse_args()
    print(
        f"seed {given.seed}: who edits, which pipeline runs, who is killed and at which share of its life; the rest is the machine's",
        flush=True,
    )
    began = time.monotonic()
    with grounds(os.environ, forked=not given.whole) as site:
        chaos = Chaos(site, given.seed, lambda line: print(line, flush=True))
        chaos.play(given.rounds, given.every)
        with closing(site.ledger()) as ledger:
            chaos.counts.update(Counter(f"runs of targets: {run.status}" for run in ledger.runs(last=100_000)))
    counts = {**chaos.counts, **{f"people: {name}": number for name, number in chaos.company.counts.items()}}
    print("\n".join(f"{number:6}  {name}" for name, number in sorted(counts.items())))
    print(
        f"a round takes {statistics.median(chaos.seconds):.1f} s (median), all of it {(time.monotonic() - began) / 60:.0f} minutes"
    )
    print("\n".join(["broken:", *chaos.broken]) if chaos.broken else "nothing is broken")
    return int(bool(chaos.broken))


if __name__ == "__main__":
    sys.exit(main())
