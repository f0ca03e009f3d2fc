"""`ofrecord matrix`: every field with its owner, subscribers and policy, straight from the rules."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from ofrecord.conversions import conversion_of
from ofrecord.matrix_page import page
from ofrecord.rule_words import exact_length, policy_of
from ofrecord.tables import Table, cell, show
from ofrecord_transforms.rules import Entity, Field, Rules, Side


@dataclass(frozen=True)
class Row:
    """One line of the matrix. `names` says what each system calls the field; `rule` is its file and line.

    `unit` is one for all systems or `kg, g` from the owner on; `cadence` how soon a change should be everywhere;
    `conversion` what happens on the way, in words.
    """

    entity: str
    field: str
    owner: str
    subscribers: list[str]
    policy: str | None
    names: dict[str, str]
    rule: str
    unit: str | None
    cadence: str | None
    conversion: str
    why: str | None


def rows(rules: Rules) -> list[Row]:
    """The ownership matrix, in the order of files and lines."""
    return [_row(entity, rule) for entity in rules.entities.values() for rule in entity.fields]


def _row(entity: Entity, rule: Field) -> Row:
    holders = list(rule.sides)
    return Row(
        entity=entity.entity,
        field=rule.what,
        owner=rule.owner,
        subscribers=[system for system in holders if system != rule.owner],
        policy=policy_of(rule),
        names={system: _name(side) for system, side in rule.sides.items()},
        rule=rule.rule,
        unit=_unit(rule),
        cadence=None if (seconds := entity.cadence_of(rule)) is None else exact_length(seconds),
        conversion=conversion_of(rule),
        why=rule.why,
    )


def _unit(rule: Field) -> str | None:
    sides = sorted(rule.sides.items(), key=lambda item: item[0] != rule.owner)
    return ", ".join(dict.fromkeys(side.unit for _, side in sides if side.unit)) or None


def _name(side: Side) -> str:
    unit = f" ({side.unit})" if side.unit else ""
    always = f" = {side.always}" if side.always is not None else ""
    fields = ["(the record)"] if side.record else side.fields()
    return f"{' + '.join(fields)}{unit}{always}"


def markdown(shown: list[Row]) -> str:
    """The whole matrix as Markdown, a table for each entity."""
    lines: list[str] = []
    for entity in dict.fromkeys(row.entity for row in shown):
        lines += [f"## {entity}", "", f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
        for row in (row for row in shown if row.entity == entity):
            names = "; ".join(f"{system}: `{name}`" for system, name in row.names.items())
            cells = (
                row.field, row.owner, ", ".join(row.subscribers), names, row.unit, row.policy, row.cadence, row.conversion,
            )  # fmt: skip
            lines.append("| " + " | ".join((text or "").replace("|", "\\|") for text in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip()


_COLUMNS = ("field", "owner", "subscribers", "called", "unit", "policy", "cadence", "conversion")


def overview(shown: list[Row]) -> str:
    """The matrix as a Markdown table for a README: one line for the fields of an entity that share owner and policy."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for row in shown:
        if row.policy:
            key = (row.entity, "shared", f"{' and '.join(row.subscribers)}; a conflict: {row.policy}")
        else:
            key = (row.entity, row.owner, ", ".join(row.subscribers))
        together.setdefault(key, []).append(row.field)
    lines = ["| entity | owner | received by | fields |", "|---|---|---|---|"]
    lines += [
        f"| {entity} | {owner} | {to} | {', '.join(fields)} |" for (entity, owner, to), fields in together.items()
    ]
    return "\n".join(lines)


def matrix(  # noqa: PLR0917 - options of a command
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    entity: Annotated[str | None, typer.Option(help="Show only this entity.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the matrix as JSON.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown: a table for each entity, a line for each field.")
    ] = False,
    as_overview: Annotated[
        bool, typer.Option("--overview", help="Print one Markdown table, fields of one owner together.")
    ] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print one page of HTML that needs nothing else.")] = False,
) -> None:
    """Show who owns each field, who receives it and what happens on the way.

    A person gets a table, a pipe gets lines with tabs: entity, field, owner, subscribers, policy, line of the rules,
    unit, cadence, conversion. Exit codes: 0 shown, 1 the rules have problems, 2 there is no such entity.
    """
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    try:
        loaded = load(rules)
    except RulesError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    if entity is not None and entity not in loaded.entities:
        typer.echo(f'"{entity}" is not an entity. Use one of: {", ".join(loaded.entities)}.', err=True)
        raise typer.Exit(2)
    shown = [row for row in rows(loaded) if entity in {None, row.entity}]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in shown], ensure_ascii=False, indent=2))
    elif as_markdown:
        typer.echo(markdown(shown))
    elif as_overview:
        typer.echo(overview(shown))
    elif as_html:
        typer.echo(page(loaded, shown))
    elif sys.stdout.isatty():
        _table(shown)
    else:
        for row in shown:
            typer.echo("\t".join(map(cell, _line(row))))


def _line(row: Row) -> list[str | None]:
    return [
        row.entity, row.field, row.owner, ",".join(row.subscribers), row.policy, row.rule, row.unit, row.cadence,
        row.conversion,
    ]  # fmt: skip


def _table(shown: list[Row]) -> None:
    by_entity: dict[str, list[Row]] = {}
    for row in shown:
        by_entity.setdefault(row.entity, []).append(row)
    show(
        [
            Table(
                f"{entity} ({group[0].rule.rpartition(':')[0]})",
                ("field", "owner", "subscribers", "policy", "within", "line", "conversion"),
                [
                    (
                        row.field,
                        row.owner,
                        ", ".join(row.subscribers),
                        row.policy,
                        row.cadence,
                        int(row.rule.rpartition(":")[2]),
                        row.conversion,
                    )
                    for row in group
                ],
                aside=() if any(row.cadence for row in group) else ("within",),
                below=("conversion",),
            )
            for entity, group in by_entity.items()
        ],
        None,
        as_json=False,
    )
