"""`ofrecord scopes`: the least a token must be granted for what the rules do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.vendors import scopes as vendor

if TYPE_CHECKING:
    from ofrecord.project_file import ProjectFile
    from ofrecord_kit.plan import FieldRule
    from ofrecord_kit.target import Wire
    from ofrecord_transforms.rules import Rules


@dataclass(frozen=True)
class Need:
    """One scope. `service` is the system that grants it; `why` says which entity needs it for what."""

    service: str
    scope: str
    why: tuple[str, ...]


_CAPTURED = "types of fields, when catalogs are captured"


def needs(rules: Rules) -> list[Need]:
    """The least set of scopes, by service and name; nothing for entities that are switched off or foreign systems."""
    found: dict[str, dict[str, None]] = {}
    for scope, why in _needed(rules):
        found.setdefault(scope, {})[why] = None
    order = list(vendor.SERVICES.values())
    return sorted(
        (Need(_system(scope), scope, tuple(why)) for scope, why in found.items()),
        key=lambda need: (order.index(need.scope.split(".")[0]), need.scope),
    )


def _system(scope: str) -> str:
    service = scope.split(".", maxsplit=1)[0]
    return next(system for system, name in vendor.SERVICES.items() if name == service)


def _needed(rules: Rules) -> Iterator[tuple[str, str]]:
    from ofrecord_kit.target import read_wire  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.compile import compile_entity  # noqa: PLC0415

    for entity in rules.entities.values():
        for source, to in entity.directions():
            compiled = compile_entity(rules, entity, source, to)
            wire = read_wire(compiled.schema["schema"])
            if wire is None:
                continue
            if source in vendor.SERVICES:
                yield from _of_source(wire, compiled.stream)
            if to in vendor.SERVICES:
                yield from _of_destination(wire)


def _of_source(wire: Wire, stream: str) -> Iterator[tuple[str, str]]:
    yield from _because(vendor.reading(wire.source, stream), f"{wire.entity}: reads {stream}")
    yield from _because(vendor.describing(wire.source), _CAPTURED)
    if wire.source_external_id is not None and wire.source_object is not None:
        why = f"{wire.entity}: notes the id of {wire.destination}"
        yield from _because(vendor.updating(wire.source, wire.source_object, [wire.source_external_id]), why)


def _of_destination(wire: Wire) -> Iterator[tuple[str, str]]:
    system, object_, entity = wire.destination, wire.object, wire.entity
    if not (wire.sent or wire.create):
        return
    yield from _because(vendor.reading(system, object_), f"{entity}: compares before it writes")
    yield from _because(vendor.describing(system), "what fields take, before anything is written")
    if wire.combine is None and (wire.external_id or wire.match):
        yield from _because(vendor.finding(system, object_), f"{entity}: finds its counterpart")
    if wire.create:
        yield from _because(vendor.creating(system, object_, wire.external_id), f"{entity}: creates {object_}")
    names = [rule.name for rule in wire.writable(linked=True) if not rule.status]
    if names:
        yield from _because(vendor.updating(system, object_, names), f"{entity}: updates {object_}")
    if wire.external_id is not None:
        yield from _because(
            vendor.updating(system, object_, [wire.external_id]), f"{entity}: notes the id of {wire.source}"
        )
    if wire.then or wire.deleted or wire.leaving or wire.has_primary or any(rule.status for rule in wire.sent):
        yield from _because(vendor.acting(system, object_), f"{entity}: status actions")
    yield from _once(wire)
    if wire.counts_from is not None or wire.settled is not None:
        yield from _because(vendor.telling_time(system), f"{entity}: what day it is there")
    if "delete" in {wire.deleted, wire.leaving}:
        yield from _because(vendor.deleting(system, object_), f"{entity}: deletes {object_}")
    for kind in sorted({kind for rule in wire.sent for kind in _lookups(rule)}):
        yield from _because(vendor.looking_up(system, kind), f"{entity}: looks up {kind}")


def _once(wire: Wire) -> Iterator[tuple[str, str]]:
    """What is done once per document: telling of it, putting it beside another record."""
    system, object_ = wire.destination, wire.object
    if wire.tell:
        mails = any(one.mail for one in wire.tell)
        yield from _because(vendor.telling(system, object_, mails=mails), f"{wire.entity}: tells of {object_}")
    if wire.attach and wire.source_object:
        why = f"{wire.entity}: puts files beside {object_}"
        yield from _because(vendor.attaching(system, wire.source_object), why)


def _lookups(rule: FieldRule) -> list[str]:
    columns = rule.lines.values() if isinstance(rule.lines, dict) else ()
    return [kind for kind in (rule.lookup, *(column.get("lookup") for column in columns)) if kind is not None]


def _because(scopes: Iterable[str], why: str) -> Iterator[tuple[str, str]]:
    for scope in scopes:
        yield scope, why


def lacking(wanted: Iterable[Need], granted: Iterable[str]) -> list[Need]:
    """Needs that the granted scopes do not cover."""
    have = list(granted)
    return [need for need in wanted if not vendor.covers(have, need.scope)]


def beyond(wanted: Iterable[Need], granted: Iterable[str]) -> list[str]:
    """Granted scopes that allow more than the rules need."""
    needed = {need.scope.lower() for need in wanted}
    return [scope for scope in granted if scope.lower() not in needed]


@dataclass(frozen=True)
class Granted:
    """What the tokens of a project have beside the needs. `silent`: plugins whose accounts server does not say what it granted."""

    missing: list[Need]
    beyond: list[str]
    silent: list[str]

    @property
    def problems(self) -> list[str]:
        """One sentence for each scope that is missing."""
        return [
            f"{need.service}: the token was not granted {need.scope} ({'; '.join(need.why)}). Ask for consent again with the scopes of "
            "`ofrecord scopes --line`, or take these entities out of the rules."
            for need in self.missing
        ]

    @property
    def notes(self) -> list[str]:
        """What to know and not to mend at once."""
        told = [f"Warning: more than the rules need: {', '.join(self.beyond)}. Grant the least: ofrecord scopes --line"]
        silent = [
            f"{plugin}: the accounts server does not say which scopes it granted; the first refused call will."
            for plugin in self.silent
        ]
        return [*(told if self.beyond else []), *silent]


def granted_now(found: list[Need], project: ProjectFile) -> Granted:
    """Asks for the tokens of the project, not for data. Effects: network. Raises ProjectProblem, Stop, Retry."""
    from ofrecord.connected import client_of, tokens_of  # noqa: PLC0415 - only when it is asked for

    missing: list[Need] = []
    more: list[str] = []
    silent: list[str] = []
    for system, service in vendor.SERVICES.items():
        here = [need for need in found if need.service == system]
        for token in tokens_of(project, system) if here else ():
            wanted = [
                need for need in here if any(token.reads if _is_of_tap(why) else token.writes for why in need.why)
            ]
            with client_of(project, token.plugin) as client:
                granted = client.scopes()
            if granted is None:
                silent.append(token.plugin)
                continue
            missing += lacking(wanted, granted)
            more += beyond(wanted, sorted(one for one in granted if one.lower().startswith(f"{service.lower()}.")))
    return Granted(list(dict.fromkeys(missing)), list(dict.fromkeys(more)), silent)


def _is_of_tap(why: str) -> bool:
    return ": reads " in why or why == _CAPTURED


def scopes(  # noqa: PLR0917 - options of a command
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    granted: Annotated[
        str | None, typer.Option("--granted", help="Scopes a token has, with commas: more warns, less is wrong.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Compare with what the project's tokens have: more warns, less is wrong.")
    ] = False,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml, for --live; else here or above.")] = None,
    as_line: Annotated[
        bool, typer.Option("--line", help="Print one line with commas, for the consent screen.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the least OAuth scopes the rules need, and what for.

    Exit codes: 0 shown, or the granted ones are enough; 1 the rules have problems, a granted set lacks something, or a token cannot be had.
    """
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.problems import RulesError  # noqa: PLC0415

    try:
        found = needs(load(rules))
    except RulesError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    if live:
        _compare_live(found, project, as_json=as_json)
    elif granted is not None:
        _compare(found, [scope.strip() for scope in granted.split(",") if scope.strip()], as_json=as_json)
    elif as_line:
        typer.echo(",".join(need.scope for need in found))
    else:
        rows = [(need.service, need.scope, "; ".join(need.why)) for need in found]
        show([Table("Scopes", ("service", "scope", "why"), rows, below=("why",))], found, as_json=as_json)


def _compare(found: list[Need], granted: list[str], *, as_json: bool) -> None:
    missing, more = lacking(found, granted), beyond(found, granted)
    rows = [(need.service, need.scope, "; ".join(need.why)) for need in missing]
    told = {"missing": missing, "beyond": more}
    show([Table("Missing", ("service", "scope", "why"), rows, below=("why",))], told, as_json=as_json)
    if more:
        note(f"Warning: more than the rules need: {', '.join(more)}. Grant the least: ofrecord scopes --line")
    if missing:
        note(
            f"Missing: {', '.join(need.scope for need in missing)}. Ask for consent again with: ofrecord scopes --line"
        )
        raise typer.Exit(1)
    note("The granted scopes are enough.")


def _compare_live(found: list[Need], project: Path | None, *, as_json: bool) -> None:
    from ofrecord.opened_ledger import project_folder  # noqa: PLC0415 - only when it is asked for
    from ofrecord.project_file import ProjectFile, ProjectProblem  # noqa: PLC0415
    from ofrecord_kit.errors import Retry, SetAside, Stop  # noqa: PLC0415

    try:
        told = granted_now(found, ProjectFile(project or project_folder(Path.cwd()) or Path.cwd()))
    except (ProjectProblem, Stop, Retry, SetAside) as problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    rows = [(need.service, need.scope, "; ".join(need.why)) for need in told.missing]
    show([Table("Missing", ("service", "scope", "why"), rows, below=("why",))], told, as_json=as_json)
    for words in (*told.notes, *told.problems):
        note(words)
    if told.missing:
        raise typer.Exit(1)
    if not told.silent:
        note("The granted scopes are enough.")
