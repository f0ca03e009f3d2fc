"""`ofrecord why`: who may write a field, what was agreed, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.rule_words import policy_of
from ofrecord.subject import Subject, end_unlinked, link_of, problems_told, subject_of
from ofrecord.tables import JsonOption, Table, show
from ofrecord_kit.ledger import Event, Held, Ledger, store_of


def why(
    field: Annotated[str, typer.Argument(metavar="ENTITY/ID.FIELD", help="As in account/4150868000000376.phone.")],
    system: Annotated[str | None, typer.Option("--system", help="The system whose id was given; else any.")] = None,
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show why a field of a record holds what it holds: its rule, the values agreed, its last events (UTC).

    Values are shown as the ledger holds them, personal ones too. Exit codes: 0 shown, 1 without a ledger, a link or good
    rules, 2 what was named does not exist in the rules.
    """
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it

    with problems_told():
        subject = subject_of(field, load(rules))
        with opened(ledger) as book:
            link = link_of(book, subject, system)
            told = None if link is None else told_of(book, subject, link)
    if told is None:
        end_unlinked(subject)
    show(_tables(told), told, as_json=as_json)


def told_of(book: Ledger, subject: Subject, link: str) -> dict[str, Any]:
    """The rule, ids and agreed values by system, events oldest first, and what is held of the field."""
    rule, systems = subject.rule, list(subject.entity.systems)
    ids = {system: found for system in systems if (found := book.ids_of([link], system).get(link)) is not None}
    last = book.last_agreed(link, rule.name)
    agreed = {system: last[store_of(system)] for system in rule.sides if store_of(system) in last}
    return {
        "rule": {
            "entity": subject.entity.entity, "field": rule.what, "line": rule.rule, "owner": rule.owner,
            "policy": _policy(subject), "why": rule.why,
        },
        "ids": ids,
        "agreed": agreed,
        "events": events_of(book.events(entity=subject.entity.entity, link=link), rule.name),
        "held": [
            held for held in book.held(entity=subject.entity.entity)
            if ids.get(held.source) == held.source_id and held.field in {"", rule.name}
        ],
    }  # fmt: skip


def events_of(events: Iterable[Event], field: str) -> list[Event]:
    """The events of a field. What a record was created or linked with tells it, too: as if the field were set then."""
    found = []
    for event in events:
        if event.field == field:
            found.append(event)
        elif event.field is None and isinstance(event.after, Mapping) and field in event.after:
            found.append(replace(event, field=field, after=event.after[field]))
    return found


def _policy(subject: Subject) -> str:
    rule = subject.rule
    if rule.owner != "shared":
        others = [system for system in rule.sides if system != rule.owner]
        return f"{rule.owner} owns it; an edit in {' or '.join(others)}: {rule.violation}" if others else ""
    return policy_of(rule) or ""


def _tables(told: dict[str, Any]) -> list[Table]:
    rule, events, helds = told["rule"], told["events"], told["held"]
    values = [(system, told["ids"].get(system), value) for system, value in told["agreed"].items()]
    return [
        Table("Rule", tuple(rule), [tuple(rule.values())], tag="rule", below=("why",)),
        Table("Agreed", ("system", "id", "value"), values, tag="agreed"),
        Table(
            "Events",
            ("at", "event", "system", "before", "after", "why", "line", "run", "editor"),
            [_event(event) for event in events],
            tag="event",
            aside=("run",),
            below=("why", "line", "editor"),
        ),
        Table(
            "Held",
            ("kind", "way", "words", "first seen", "due"),
            [_held(held) for held in helds],
            tag="held",
            below=("words", "due"),
        ),
    ]


def _event(event: Event) -> tuple[Any, ...]:
    return (
        event.at,
        event.kind,
        event.system,
        event.before,
        event.after,
        event.why,
        event.rule,
        event.run,
        event.editor,
    )


def _held(held: Held) -> tuple[Any, ...]:
    return (held.kind, f"{held.source}→{held.destination}", held.message, held.first_at, held.due_at)
