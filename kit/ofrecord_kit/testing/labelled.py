"""Precision and recall on the labelled matching sets, beside two simple ways: for the benchmark and for the tests.

The sets lie outside the project, in `../shared/data/entity-resolution`; their truth is in files of its own and is read
here and nowhere else.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from rapidfuzz import fuzz, process

from ofrecord_kit.likeness import Names
from ofrecord_kit.likeness.places import Place, same_places
from ofrecord_kit.likeness.products import same_products
from ofrecord_kit.likeness.words import words

Pair = tuple[str, str]
T = TypeVar("T")
RATIO = 90
"""The simple way: rapidfuzz's ratio of the texts as they stand, from this on the same."""


@dataclass(frozen=True)
class Figures:
    """`found` pairs were proposed, `right` of them are true, of `true` ones."""

    what: str
    way: str
    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """Share of the proposed pairs that are true."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that were proposed."""
        return self.right / self.true


def company_names(folder: Path) -> Iterator[Figures]:
    """The same company written many ways; also on every second cluster alone, which no threshold was chosen on."""
    texts = _column(folder / "company-names/companies.csv", "record_id", "company_name")
    cluster = _column(folder / "company-names/truth.csv", "record_id", "cluster_id")
    kept_back = set(sorted(set(cluster.values()))[1::2])
    yield from _clustered("company names", texts, cluster, lambda some: Names(some.items()).pairs(), texts)
    some = {one: text for one, text in texts.items() if cluster[one] in kept_back}
    yield from _clustered(
        "company names, clusters kept back", some, cluster, lambda texts: Names(texts.items()).pairs(), some
    )


def childcare_sites(folder: Path) -> Iterator[Figures]:
    """The same place in several lists: the rule "same name and same address"."""
    with (folder / "childcare-sites/sites.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    places = {one: Place(row["site_name"], row["address"], row["phone"]) for one, row in rows.items()}
    texts = {one: f"{place.name} {place.address}" for one, place in places.items()}
    cluster = _column(folder / "childcare-sites/truth.csv", "id", "cluster_id")
    yield from _clustered("same name and same address", places, cluster, same_places, texts)


def products(folder: Path) -> Iterator[Figures]:
    """Two catalogues."""
    mine = _column(folder / "products-abt-buy/abt.csv", "abt_id", "title")
    theirs = _column(folder / "products-abt-buy/buy.csv", "buy_id", "title")
    with (folder / "products-abt-buy/truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {(row["abt_id"], row["buy_id"]) for row in csv.DictReader(file)}
    ways: dict[str, Iterable[Pair]] = {
        "ofrecord": ((one, other) for one, other, _likeness in same_products(mine, theirs)),
        "equal words": _equal_across(mine, theirs),
        f"ratio ≥ {RATIO}": _ratio_across(mine, theirs),
    }
    for way, pairs in ways.items():
        found = set(pairs)
        yield Figures("products", way, len(found), len(found & truth), len(truth))


def _column(path: Path, key: str, value: str) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}


def _clustered(
    what: str,
    records: Mapping[str, T],
    cluster: Mapping[str, str],
    ours: Callable[[Mapping[str, T]], Iterable[tuple[str, str, object]]],
    texts: Mapping[str, str],
) -> Iterator[Figures]:
    true = sum(size * (size - 1) // 2 for size in Counter(cluster[one] for one in records).values())
    ways: dict[str, Iterable[Pair]] = {
        "ofrecord": ((one, other) for one, other, _likeness in ours(records)),
        "equal words": _equal(texts),
        f"ratio ≥ {RATIO}": _ratio(texts),
    }
    for way, pairs in ways.items():
        found = list(pairs)
        yield Figures(what, way, len(found), sum(cluster[one] == cluster[other] for one, other in found), true)


def _equal(texts: Mapping[str, str]) -> Iterator[Pair]:
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one, text in texts.items():
        groups[words(text)].append(one)
    for ids in groups.values():
        yield from combinations(ids, 2)


def _equal_across(mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Pair]:
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for other, text in theirs.items():
        groups[words(text)].append(other)
    return ((one, other) for one, text in mine.items() for other in groups[words(text)])


def _ratio(texts: Mapping[str, str]) -> Iterator[Pair]:
    ids, known = list(texts), [text.casefold() for text in texts.values()]
    for place, one in enumerate(ids):
        rest = known[place + 1 :]
        for _text, _score, at in process.extract_iter(known[place], rest, scorer=fuzz.ratio, score_cutoff=RATIO):
            yield one, ids[place + 1 + at]


def _ratio_across(mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Pair]:
    ids, known = list(theirs), [text.casefold() for text in theirs.values()]
    for one, text in mine.items():
        for _text, _score, at in process.extract_iter(text.casefold(), known, scorer=fuzz.ratio, score_cutoff=RATIO):
            yield one, ids[at]
