"""`ofrecord history ENTITY/ID[.FIELD]`: what happened to one record, what it was at a time, and who set it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ofrecord.opened_ledger import opened
from ofrecord.subject import Record, Subject, SubjectProblem, end_unlinked, link_of, problems_told, record_of
from ofrecord.tables import Table, note, show
from ofrecord.why import events_of
from ofrecord_kit.ledger import Event, Ledger, Setting
from ofrecord_kit.settings import instant_or_none

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Field

_SETTING = ("field", "since", "system", "value", "before", "editor", "rule", "run", "by", "why")


@dataclass(frozen=True)
class Question:
    """What is asked of history: a record or a field of it, at a time, or who set it."""

    name: str
    system: str | None
    rules: Path
    as_of: str | None
    who: bool


def show_record(asked: Question, ledger: str | None, *, as_json: bool) -> None:
    """Answer, or end the command with what is wrong with the question."""
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it

    with problems_told():
        at = _time(asked.as_of)
        record = record_of(asked.name, load(asked.rules))
        with opened(ledger) as book:
            link = link_of(book, record, asked.system)
            answer = None if link is None else _answer(book, record, link, asked, at)
    if answer is None:
        end_unlinked(record)
    tables, value = answer
    show(tables, value, as_json=as_json)
    if not any(table.rows for table in tables):
        note("History knows nothing of that.")


def _answer(
    book: Ledger, record: Record, link: str, asked: Question, at: datetime | None
) -> tuple[list[Table], dict[str, Any]]:
    rules = [record.rule] if isinstance(record, Subject) else list(record.entity.fields)
    ids = {system: one for system in record.entity.systems if (one := book.ids_of([link], system).get(link))}
    value: dict[str, Any] = {"entity": record.entity.entity, "ids": ids}
    if at is not None:
        then = list(_then(book, link, rules, at))
        apart = [(rule, found) for rule in rules if (found := book.differs_since(link, rule.name, at)) is not None]
        value |= {
            "as_of": at,
            "values": [_told(rule, found) for rule, found in then],
            "differs": [_told(rule, found) for rule, found in apart],
        }
        rows = [_setting(rule, found) for rule, found in apart]
        return [
            _settings("As of", "value", then),
            Table("Differed since", _SETTING, rows, "differs", below=("why",)),
        ], value
    if asked.who:
        settings = [(rule, found) for rule in rules for found in book.who_set(link, rule.name)]
        value["set"] = [_told(rule, found) for rule, found in settings]
        return [_settings("Who set it", "set", settings)], value
    events = book.events(entity=record.entity.entity, link=link)
    shown = events_of(events, record.rule.name) if isinstance(record, Subject) else events
    value["events"] = [asdict(event) for event in shown]
    columns = ("at", "event", "field", "system", "before", "after", "editor", "rule", "run", "why")
    rows = [_event(event) for event in shown]
    return [Table("History", columns, rows, "event", aside=("run",), below=("rule", "why"))], value


def _then(book: Ledger, link: str, rules: list[Field], at: datetime) -> Iterator[tuple[Field, Setting]]:
    """The value of each field in each system, as it was last set before a time."""
    for rule in rules:
        for system in rule.sides:
            found = book.as_of(link, rule.name, at, system=system)
            if found is not None:
                yield rule, found


def _settings(title: str, tag: str, found: list[tuple[Field, Setting]]) -> Table:
    rows = [_setting(rule, one) for rule, one in found]
    return Table(title, _SETTING, rows, tag, aside=("run",), below=("rule", "why"))


def _setting(rule: Field, one: Setting) -> tuple[Any, ...]:
    return (rule.what, one.since, one.system, one.value, one.before, one.editor, one.rule, one.run, one.kind, one.why)


def _told(rule: Field, one: Setting) -> dict[str, Any]:
    return {"field": rule.what, **asdict(one)}


def _event(event: Event) -> tuple[Any, ...]:
    return (
        event.at, event.kind, event.field, event.system, event.before, event.after, event.editor, event.rule, event.run, event.why,
    )  # fmt: skip


def _time(text: str | None) -> datetime | None:
    """ISO 8601, a day begins at midnight UTC. Raises SubjectProblem."""
    if text is None:
        return None
    found = instant_or_none(text)
    if found is None:
        message = f'"{text}" is no time. Write it as 2026-03-01 or 2026-03-01T09:15:00Z.'
        raise SubjectProblem(message)
    return found
