"""The crosswalk as a file: one line for each record of each link. An import is checked whole before anything of it is kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ofrecord.tables import harmless, without_guard
from ofrecord_kit.ledger import Event, Ledger, Side, Writing, store_of

COLUMNS = ("entity", "link", "system", "id", "generation")
MOST_CHARACTERS = 64 << 20
"""Of a file that is taken in: a million records."""
_LONGEST = 250
_LONGEST_NUMBER = 9


def as_text(sides: Iterable[Side], *, as_csv: bool) -> Iterator[str]:
    """The lines of a file, CSV with a head or JSON lines."""
    if not as_csv:
        yield from (json.dumps({name: getattr(one, name) for name in COLUMNS}, ensure_ascii=False) for one in sides)
        return
    for row in (COLUMNS, *([harmless(getattr(one, name)) for name in COLUMNS] for one in sides)):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(row)
        yield line.getvalue()


def read(text: str) -> tuple[list[tuple[int, Side]], list[str]]:
    """Sides with their line numbers, and what is wrong with lines. JSON lines begin with `{`, else it is CSV."""
    if text.lstrip("\ufeff \r\n").startswith("{"):
        said = ((number, line) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1) if line.strip())
        rows = ((number, _json(line)) for number, line in said)
    else:
        reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        missing = [name for name in COLUMNS[:4] if name not in (reader.fieldnames or ())]
        if missing:
            return [], [f"line 1: the head lacks {', '.join(missing)}. Use: {','.join(COLUMNS)}"]
        rows = ((reader.line_num, row) for row in reader)
    found, problems = [], []
    for number, row in _until_it_breaks(rows):
        side = row if isinstance(row, str) else _side(row)
        if isinstance(side, str):
            problems.append(f"line {number}: {side}")
        else:
            found.append((number, side))
    return found, problems


def _until_it_breaks(rows: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    last = 1
    try:
        for number, row in rows:
            last = number
            yield number, row
    except csv.Error:
        yield last + 1, "is no CSV that can be read; nothing behind it was looked at"


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _side(row: Any) -> Side | str:
    if not isinstance(row, dict):
        return f"is not an object with {', '.join(COLUMNS)}"
    if None in row:
        return "has more cells than the head"
    empty = [name for name in COLUMNS[:4] if not isinstance(row.get(name), str) or not row[name].strip()]
    if empty:
        return f"{', '.join(empty)} must be a text that is not empty"
    texts = {name: without_guard(row[name]) for name in COLUMNS[:4]}
    if odd := [name for name, text in texts.items() if len(text) > _LONGEST or not text.isprintable()]:
        return f"{', '.join(odd)} must be at most {_LONGEST} characters, without line breaks and control characters"
    if odd := [name for name in COLUMNS[:4] if harmless(row[name]) != row[name]]:
        return f"{', '.join(odd)} reads as a formula of a spreadsheet; export writes an apostrophe before such a text"
    generation = _number(row.get("generation"))[: _LONGEST_NUMBER + 1]
    if not (generation.isascii() and generation.isdecimal() and len(generation) <= _LONGEST_NUMBER):
        return f"generation is {generation!r}, must be a whole number"
    return Side(texts["entity"], texts["link"], store_of(texts["system"]), texts["id"], int(generation))


def _number(said: Any) -> str:
    """A number as it is written; of one too long to be written something that is none."""
    try:
        return str(said or 0)
    except ValueError:
        return "too long"


def clashes(sides: Sequence[tuple[int, Side]], ledger: Ledger) -> list[str]:
    """Lines that contradict each other or what the ledger holds; each names the lines."""
    problems: list[str] = []
    records: dict[tuple[str, str, str], tuple[int, str]] = {}
    places: dict[tuple[str, str], tuple[int, str]] = {}
    entities: dict[str, tuple[int, str]] = {}
    for number, one in sides:
        what = f"line {number}: {one.entity} {one.system} {one.id}"
        where, other = records.setdefault((one.entity, one.system, one.id), (number, one.link))
        if where != number:
            problems.append(f"{what} is in line {where} already" + ("" if other == one.link else ", in another link"))
            continue
        where, other = places.setdefault((one.link, one.system), (number, one.id))
        if where != number:
            problems.append(f"{what}: link {one.link} has {one.system} {other} in line {where}")
        where, other = entities.setdefault(one.link, (number, one.entity))
        if other != one.entity:
            problems.append(f"{what}: link {one.link} is of entity {other} in line {where}")
    for held in ledger.sides():
        number, link = records.get((held.entity, held.system, held.id), (0, held.link))
        if link != held.link:
            problems.append(
                f"line {number}: {held.entity} {held.system} {held.id} is in another link here ({held.link})"
            )
        number, other = places.get((held.link, held.system), (0, held.id))
        if other != held.id:
            problems.append(f"line {number}: link {held.link} has {held.system} {held.id} here, not {other}")
        number, entity = entities.get(held.link, (0, held.entity))
        if entity != held.entity:
            problems.append(f"line {number}: link {held.link} is of entity {held.entity} here, not {entity}")
    return sorted(problems, key=lambda text: int(text.partition(":")[0].removeprefix("line ")))


def keep(sides: Sequence[tuple[int, Side]], ledger: Ledger, writing: Writing, *, by: str | None) -> int:
    """Record the links of a checked file; how many of them were new here."""
    known = {(one.entity, one.system, one.id) for one in ledger.sides()}
    links: dict[str, list[Side]] = {}
    for _number, one in sides:
        links.setdefault(one.link, []).append(one)
    new = 0
    for link, some in links.items():
        if all((one.entity, one.system, one.id) in known for one in some):
            continue
        ids = {one.system: one.id for one in some}
        writing.record_link(some[0].entity, ids, link, generation=max(one.generation for one in some))
        writing.event(Event("linked", some[0].entity, link, ids, why="imported", editor=by))
        new += 1
    return new
