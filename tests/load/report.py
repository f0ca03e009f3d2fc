"""What is said of a first sync."""

from collections import Counter
from collections.abc import Iterator

from load.first_sync import DAY_S, JOBS, MINUTE_S, Synced
from load.vendors import REFUSED

RECORDS = {"products": "items", "customers": "accounts", "orders": "quotes"}


def table(found: Synced) -> str:
    """Markdown: by job, then all of it."""
    return "\n".join([*_by_job(found), "", *_all(found)])


def _by_job(found: Synced) -> Iterator[str]:
    yield "| job | records | calls of Inventory and Books | of these tap / target | writes a record | credits of the CRM |"
    yield "|---|---|---|---|---|---|"
    for job in JOBS:
        records = getattr(found.size, RECORDS[job])
        mine = {key: number for key, number in found.calls.items() if key[0].startswith(job) and _counts(key)}
        finance = {key: number for key, number in mine.items() if key[1] in {"inventory", "books"}}
        by_kind: Counter[str] = Counter()
        for key, number in finance.items():
            by_kind["tap" if " tap-" in key[0] else "target"] += number
            by_kind["writes"] += number if key[2] != "GET" else 0
        credits_ = sum(number for (who, _day), number in found.credits.items() if who.startswith(job))
        yield (
            f"| {job} | {records:,} {RECORDS[job]} | {sum(finance.values()):,} | {by_kind['tap']:,} / {by_kind['target']:,} "
            f"| {by_kind['writes'] / records:.2f} | {credits_:,} |"
        )


def _counts(key: tuple[str, str, str, str]) -> bool:
    return not key[3].startswith(str(REFUSED))


def _all(found: Synced) -> Iterator[str]:
    terms, nights = found.terms, found.nights
    cuts = Counter(night.cut for night in nights if night.cut)
    refused = sum(number for key, number in found.calls.items() if not _counts(key))
    worked_s = sum(night.ended - night.begun for night in nights)
    days = Counter[str]()
    for (_who, day), number in found.credits.items():
        days[day] += number
    twice = sum(number for name, number in found.found.items() if name.endswith("twice"))
    rows = {
        "calls of Inventory and Books": f"{len(found.finance):,}",
        "nights, each begun at the same time": f"{len(nights)}",
        "hours of work on the virtual clock": f"{worked_s / 3600:.1f}",
        f"most calls within 24 hours (allowed {terms.vendor_day:,}; {terms.reserve} % left to others)": f"{found.most_within(DAY_S):,}",
        f"most calls within a minute (allowed {terms.vendor_minute}, set {terms.a_minute})": f"{found.most_within(MINUTE_S)}",
        f"most credits of the CRM within a day (allowed {terms.vendor_credits:,})": f"{max(days.values(), default=0):,}",
        "ended by the day's limit": ", ".join(f"{number} by {cut}" for cut, number in cuts.items()) or "never",
        "calls refused by the vendors": f"{refused}",
        "records there, each once": ", ".join(f"{found.found[name]:,} {name}" for name in RECORDS.values()),
        "records twice; orders not confirmed": f"{twice}; {found.found['orders not confirmed']}",
        "most memory of a plugin, MB": ", ".join(f"{name} {peak:.0f}" for name, peak in sorted(found.peaks.items())),
    }  # fmt: skip
    yield "| all | |"
    yield "|---|---|"
    yield from (f"| {what} | {value} |" for what, value in rows.items())
