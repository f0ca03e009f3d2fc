"""Parts of a benchmark: measured one after the other, printed, and written between their markers in benchmarks/README.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from targets_run import say


def measure(group: str, parts: Sequence[str], texts: Mapping[str, Callable[[], str]], *, dry: bool = False) -> None:
    """These parts (none: all) of `taps` or `targets`; `dry`: printed only."""
    for part in parts or texts:
        say(part)
        text = texts[part]()
        print(text)
        if not dry:
            write(group, part, text)


def write(group: str, part: str, text: str) -> None:
    """Replace what stands between the part's markers."""
    begin, end = f"<!-- {group} {part}: written by `make bench ONLY={group}` -->", f"<!-- end of {group} {part} -->"
    path = Path(__file__).with_name("README.md")
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
