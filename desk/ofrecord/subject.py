"""`ENTITY/ID.FIELD`: how a person names one field of one record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import typer

from ofrecord.tables import note
from ofrecord_transforms.problems import RulesError, nearest, one_of

if TYPE_CHECKING:
    from ofrecord_kit.ledger import Ledger
    from ofrecord_transforms.rules import Entity, Field, Rules


class SubjectProblem(Exception):  # noqa: N818 - named for what it is
    """What was named does not exist; the message says what does."""


@contextmanager
def problems_told(*others: type[Exception]) -> Iterator[None]:
    """Within the block, bad rules and these others end the command with their message and 1, a name that is none with 2."""
    reasons: tuple[type[Exception], ...] = (RulesError, *others)
    try:
        yield
    except reasons as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    except SubjectProblem as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2) from None


def end_unlinked(record: Record) -> NoReturn:
    """The record named is linked with nothing: say so, and end the command with 1."""
    note(f"No {record.entity.entity} {record.identity} is linked. `ofrecord held` tells if it was set aside.")
    raise typer.Exit(1)


@dataclass(frozen=True)
class Record:
    """One record; `identity` is its id in one of the systems, or its label."""

    entity: Entity
    identity: str


@dataclass(frozen=True)
class Subject(Record):
    """One field of one record."""

    rule: Field


def subject_of(text: str, rules: Rules) -> Subject:
    """`account/4150868000000376.phone`. Raises SubjectProblem."""
    name, slash, rest = text.partition("/")
    identity, dot, field = rest.partition(".")
    if not (slash and dot and identity and field):
        message = f'"{text}" names no field of a record. Write it as account/4150868000000376.phone.'
        raise SubjectProblem(message)
    entity = _entity_of(name, rules)
    rule = next((rule for rule in entity.fields if rule.name == field.strip().lower()), None)
    if rule is None:
        names = [rule.what for rule in entity.fields]
        message = f'{name} has no field "{field}". Use {one_of(names)}.{nearest(field, names)}'
        raise SubjectProblem(message)
    return Subject(entity, identity, rule)


def record_of(text: str, rules: Rules) -> Record | Subject:
    """`account/4150868000000376`, or with a field of it. Raises SubjectProblem."""
    name, slash, rest = text.partition("/")
    if "." in rest:
        return subject_of(text, rules)
    if not (slash and rest):
        message = f'"{text}" names no record. Write it as account/4150868000000376, with .FIELD for one field of it.'
        raise SubjectProblem(message)
    return Record(_entity_of(name, rules), rest)


def _entity_of(name: str, rules: Rules) -> Entity:
    entity = rules.entities.get(name)
    if entity is None:
        message = f'"{name}" is not an entity. Use {one_of(rules.entities)}.{nearest(name, rules.entities)}'
        raise SubjectProblem(message)
    return entity


def link_of(ledger: Ledger, subject: Record, system: str | None) -> str | None:
    """The link of the record, by its id in the system named, else in any. Raises SubjectProblem when two answer."""
    entity = subject.entity
    if system is not None and system not in entity.systems:
        message = f'{entity.entity} does not live in "{system}". Use --system {one_of(entity.systems)}.'
        raise SubjectProblem(message)
    found = {
        one: link
        for one in ([system] if system is not None else entity.systems)
        if (link := ledger.linked(entity.entity, one, [subject.identity]).get(subject.identity)) is not None
    }
    if len(set(found.values())) > 1:
        message = f"{subject.identity} is an id in {' and in '.join(found)}, of different records. Say which: --system."
        raise SubjectProblem(message)
    return next(iter(found.values()), None)
