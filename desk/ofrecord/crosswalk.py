"""The crosswalk as a file: one line for each record of each link. An import is checked whole before anything of it is kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ofrecord_kit.ledger import Event, Ledger, Side, Writing, store_of

COLUMNS = ("entity", "link", "system", "id", "generation")


def as_text(sides: Iterable[Side], *, as_csv: bool) -> Iterator[str]:
    """The lines of a file, CSV with a head or JSON lines."""
    if not as_csv:
        yield from (json.dumps({name: getattr(one, name) for name in COLUMNS}, ensure_ascii=False) for one in sides)
        return
    for row in (COLUMNS, *([getattr(one, name) for name in COLUMNS] for one in sides)):
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
    for number, row in rows:
        side = _side(row)
        if isinstance(side, str):
            problems.append(f"line {number}: {side}")
        else:
            found.append((number, side))
    return found, problems


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _side(row: Any) -> Side | str:
    if not isinstance(row, dict):
        return f"is not an object with {', '.join(COLUMNS)}"
    empty = [name for name in COLUMNS[:4] if not isinstance(row.get(name), str) or not row[name].strip()]
    if empty:
        return f"{', '.join(empty)} must be a text that is not empty"
    generation = str(row.get("generation") or 0)
    if not generation.isdecimal():
        return f"generation is {generation!r}, must be a whole number"
    return Side(row["entity"], row["link"], store_of(row["system"]), row["id"], int(generation))


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
