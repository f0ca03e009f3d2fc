"""What became of the records of one entity, counted for the log."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

_TOLD = 20
"""Reasons told one by one; the rest together."""


class Tally:
    """Counts of one entity."""

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self.passed = 0
        self.unowned = 0
        self.deleted = 0
        self.filtered: Counter[str] = Counter()
        self.stopped: Counter[str] = Counter()
        self.invalid: Counter[str] = Counter()

    def count(self, note: Mapping[str, Any]) -> None:
        """Count one record by what `_ofrecord` says of it."""
        if "native" in note:
            self.passed += 1
            if observed := note["observed"]:
                self.unowned += len(observed)
            if "invalid" in note:
                self.invalid.update(note["invalid"].keys())
        elif "filtered" in note:
            self.filtered[note["filtered"]] += 1
        elif "stopped" in note:
            self.stopped[note["stopped"]["name"]] += 1
        else:
            self.deleted += 1

    def __str__(self) -> str:
        """`product: 3 passed on; 2 filtered (status is void 2); 12 values of fields the source does not own left out`."""
        said = [f"{self.passed} passed on"]
        if self.filtered:
            said.append(f"{self.filtered.total()} filtered ({_reasons(self.filtered)})")
        if self.stopped:
            said.append(f"{self.stopped.total()} stopped ({_reasons(self.stopped)})")
        if self.deleted:
            said.append(f"{self.deleted} deleted")
        if self.invalid:
            said.append(f"{self.invalid.total()} values not convertible ({_reasons(self.invalid)})")
        if self.unowned:
            said.append(f"{self.unowned} values of fields the source does not own left out")
        return f"{self.entity}: {'; '.join(said)}"


def _reasons(counts: Counter[str]) -> str:
    told = [f"{reason} {count}" for reason, count in counts.most_common(_TOLD)]
    rest = counts.total() - sum(count for _, count in counts.most_common(_TOLD))
    return ", ".join([*told, f"others {rest}"] if rest else told)
