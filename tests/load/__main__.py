"""`python tests/load SCALE`: a first sync of 100,000 accounts, 100,000 items and 20,000 accepted quotes on the virtual clock; SCALE 0.01 plays a hundredth."""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from load.company import WHOLE
from load.first_sync import Terms, sync
from load.report import table

warnings.simplefilter("ignore")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> int:
    """The command; exit code 1 when something is missing or too many."""
    parser = argparse.ArgumentParser(prog="python tests/load", description=__doc__)
    parser.add_argument("scale", nargs="?", type=float, default=1.0, help="how large (default 1)")
    parser.add_argument("--day", type=int, default=10_000, help="calls of Inventory and Books a day the vendor allows")
    parser.add_argument("--reserve", type=int, default=10, help="percent of it that is left to others")
    asked = parser.parse_args()
    size = WHOLE.scaled(asked.scale)
    found = sync(size, Terms(vendor_day=asked.day, a_day=asked.day, reserve=asked.reserve), say=_say, apart=True)
    print(table(found))
    there = {name: getattr(size, name) for name in ("accounts", "items", "quotes")}
    whole = all(number == there.get(name, 0) for name, number in found.found.items())
    return int(not whole or bool(found.failed))


if __name__ == "__main__":
    sys.exit(main())
