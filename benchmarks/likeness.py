"""Near matching on labelled data and on 100,000 made-up names: `make bench ONLY=likeness`.

Prints precision and recall beside two simple ways, in one run, and writes the table into benchmarks/README.md. The data lies in
`../shared/data/entity-resolution`; without it nothing is measured and nothing is written.
"""

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ofrecord_kit.likeness import Names
from ofrecord_kit.testing.labelled import Figures, childcare_sites, company_names, products

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared/data/entity-resolution"
BEGIN, END = "<!-- likeness: written by `make bench ONLY=likeness` -->", "<!-- end of likeness -->"
MANY, ASKED = 100_000, 1_000
SYLLABLES = [
    a + b
    for a in ["b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "br", "st", "tr", "kl"]
    for b in ["a", "e", "i", "o", "u", "an", "er", "in", "ol", "us"]
]
COMMON = [
    "International",
    "Services",
    "Group",
    "Trading",
    "Consulting",
    "Holding",
    "Solutions",
    "Technologies",
    "Foods",
    "Logistics",
]
FORMS = ["GmbH", "Ltd.", "Inc.", "S.A.", "B.V.", ""]


def made_up(number: int) -> Iterator[tuple[str, str]]:
    """So many company names out of 30,000 made-up words; six of ten carry a word that thousands carry."""
    dice = random.Random(1)  # noqa: S311 - the same names every time
    said = ["".join(dice.choice(SYLLABLES) for _ in range(dice.randint(2, 4))).title() for _ in range(30_000)]
    for one in range(number):
        words = [dice.choice(said)]
        words += [dice.choice(said)] if dice.random() < 0.4 else []  # noqa: PLR2004
        words += [dice.choice(COMMON)] if dice.random() < 0.6 else []  # noqa: PLR2004
        yield str(one), " ".join([*words, dice.choice(FORMS)])


def speed() -> Iterator[str]:
    """How long it takes among many names."""
    entries = list(made_up(MANY))
    started = time.perf_counter()
    names = Names(entries)
    made = time.perf_counter()
    for _one, text in entries[:ASKED]:
        names.near(text)
    asked = time.perf_counter()
    number = sum(1 for _ in names.pairs())
    ended = time.perf_counter()
    yield f"| {MANY:,} names made ready | {made - started:.1f} s |"
    yield f"| one name asked of them | {1000 * (asked - made) / ASKED:.2f} ms |"
    yield f"| all near pairs among them ({number:,}) | {ended - asked:.0f} s |"


def row(one: Figures) -> str:
    """Markdown."""
    return f"| {one.what} | {one.way} | {one.found:,} | {one.precision:.3f} | {one.recall:.3f} |"


def main() -> None:
    """Measure, print, write."""
    if not DATA.is_dir():
        sys.exit(f"There is no labelled data at {DATA}: near matching cannot be measured.")
    figures = [one for measure in (company_names, childcare_sites, products) for one in measure(DATA)]
    head = ["| set | way | pairs proposed | precision | recall |", "|---|---|---|---|---|"]
    text = "\n".join([*head, *map(row, figures), "", "| how long | |", "|---|---|", *speed()])
    print(text)
    path = HERE / "README.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
