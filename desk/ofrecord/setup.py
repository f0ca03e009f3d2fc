"""`ofrecord setup`: the custom modules and fields the rules use; what is missing is made where the vendor's API makes it, else told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ofrecord.connected import client_of
from ofrecord.fields_live import described
from ofrecord.fields_needed import Needed, body_of, by_hand, can_be_made, label_of, module_of, needed
from ofrecord.modules_needed import (
    DISPLAY,
    SUBFORMS,
    is_module,
    make_module,
    module_by_hand,
    module_can_be_made,
    module_needed,
    modules_there,
)
from ofrecord.opened_ledger import project_folder
from ofrecord.pipes import Project
from ofrecord.prices.fields import priced_fields
from ofrecord.project_file import ProjectProblem
from ofrecord.promises.fields import promised_fields
from ofrecord.tables import JsonOption, Table, note, show
from ofrecord_kit.errors import Retry, SetAside, Stop, VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.vendors import crm, finance
from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import RulesError
from ofrecord_transforms.rules import Rules

_A_CALL = 5
"""Fields one call makes ("Create Custom Fields")."""


def setup(
    yes: Annotated[bool, typer.Option("--yes", help="Make what can be made without asking.")] = False,
    show_only: Annotated[bool, typer.Option("--show", help="Only show what is missing.")] = False,
    rules: Annotated[Path | None, typer.Option(help="Folder of the rule files; else rules beside meltano.yml.")] = None,
    project: Annotated[Path | None, typer.Option(help="Folder of meltano.yml; else here or above.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the custom modules and fields the rules use with those the systems have, and make the missing ones after asking.

    The CRM makes them through its API (scopes ZohoCRM.settings.modules.ALL and ZohoCRM.settings.fields.ALL); the finance APIs document no
    such call, so the steps are printed.
    Example: ofrecord setup --yes. Exit codes: 0 nothing is missing any more, 1 something is, or a system cannot be asked.
    """
    folder = project or project_folder(Path.cwd()) or Path.cwd()
    made: list[Needed] = []
    try:
        alone = _rules_alone(rules or folder / "rules")
        wanted = needed(alone, (rules or folder / "rules") / "catalog")
        wanted += promised_fields(alone, rules or folder / "rules")
        place = Project(folder)
        wanted += priced_fields(place)
        missing = _missing(place, wanted)
        makeable = [one for one in missing if _can_be_made(one)]
        _show(missing, as_json=as_json)
        if makeable and not show_only and (yes or (not as_json and _asked(makeable))):
            _make(place, makeable)
            left = _missing(place, wanted)
            made = [one for one in missing if one not in left]
            missing = left
    except (ProjectProblem, RulesError, Stop, Retry, SetAside) as problem:
        note(str(problem))
        raise typer.Exit(1) from None
    if made:
        note(f"{_said(made)} were made. `ofrecord catalog` keeps what the systems have now.")
    for one in missing:
        if not _can_be_made(one) or is_module(one):
            note(_by_hand(one))
    note(
        f"{len(wanted)} fields are used, {_said(missing, short=True)} are missing."
        if missing
        else f"All {len(wanted)} fields are there."
    )
    if missing:
        raise typer.Exit(1)


def _can_be_made(one: Needed) -> bool:
    return module_can_be_made(one.object) if is_module(one) else can_be_made(one)


def _by_hand(one: Needed) -> str:
    return module_by_hand(one.object) if is_module(one) else by_hand(one)


def _said(some: Sequence[Needed], *, short: bool = False) -> str:
    """`1 module and 20 fields`; fields alone are counted, `short` without the word."""
    modules = sum(map(is_module, some))
    fields = f"{len(some) - modules}" if short and not modules else f"{len(some) - modules} fields"
    return f"{modules} module{'s' if modules > 1 else ''} and {fields}" if modules else fields


def _rules_alone(folder: Path) -> Rules:
    """The rules without the catalogs, which cannot know a field yet that is to be made. Raises RulesError."""
    files = {f"{folder.name}/{file.name}": file.read_bytes() for file in sorted(folder.glob("*.y*ml"))}
    if not files:
        raise RulesError([f"{folder}: holds no rule files. Name the folder of the rule files, usually `rules`."])
    return read_all(files, folder / "without catalogs")


def _missing(project: Project, wanted: Sequence[Needed]) -> list[Needed]:
    """Those the systems do not have now."""
    there: dict[tuple[str, str], set[str]] = {}
    for system in sorted({one.system for one in wanted}):
        objects = sorted({one.object for one in wanted if one.system == system})
        with client_of(project, f"tap-{system}") as client:
            there |= _crm_fields(client, objects) if system == "crm" else _finance_fields(client, system, objects)
    gone = sorted({one.object for one in wanted if one.system == "crm" and ("crm", one.object) not in there})
    modules = [
        module_needed(name, [one for one in wanted if (one.system, one.object) == ("crm", name)]) for name in gone
    ]
    begun = {("crm", name): {DISPLAY} for name in gone}
    return [
        *modules,
        *(one for one in wanted if one.field not in {**begun, **there}.get((one.system, one.object), set())),
    ]


def _crm_fields(client: Client, objects: Sequence[str]) -> dict[tuple[str, str], set[str]]:
    """API names of each module; nothing of those that are not there."""
    modules = modules_there(client)
    return {
        ("crm", object_): set(described(client, object_))
        for object_ in objects
        if object_ in modules or object_ in SUBFORMS
    }


def _finance_fields(client: Client, system: str, objects: Sequence[str]) -> dict[tuple[str, str], set[str]]:
    """`GET /settings/preferences`: custom fields by module, which is named in the singular (not in the OpenAPI; seen live by others, UNVERIFIED)."""
    root = finance.INVENTORY if system == "inventory" else finance.BOOKS
    body: Mapping[str, Any] = client.get(f"{root}/settings/preferences").body or {}
    by_module = body.get("customfields") or {}
    return {
        (system, object_): {str(field["api_name"]) for field in by_module.get(module_of(object_), [])}
        for object_ in objects
    }


def _asked(makeable: Sequence[Needed]) -> bool:
    modules = ", ".join(sorted({one.object for one in makeable}))
    return typer.confirm(f"Make {_said(makeable)} in the CRM ({modules})?", default=False, err=True)


def _make(project: Project, makeable: Sequence[Needed]) -> None:
    """Five a call, by module. What the vendor refuses is said in its words; the rest goes on.

    A name that was given to a field once is not given again: the vendor numbers it. Such a field is found by its label, and never made twice.
    """
    with client_of(project, "tap-crm") as client:
        refused = {one.object for one in makeable if is_module(one) and not _has_made(client, one.object)}
        for object_ in sorted({one.object for one in makeable} - refused):
            labels = _labels(client, object_)
            fields = [one for one in makeable if one.object == object_ and not is_module(one)]
            some = [one for one in fields if label_of(one.field) not in labels]
            for start in range(0, len(some), _A_CALL):
                _make_some(client, object_, some[start : start + _A_CALL])
            labels = _labels(client, object_)
            for one in fields:
                named = labels.get(label_of(one.field), one.field)
                if named != one.field:
                    note(
                        f'{object_}: the field "{label_of(one.field)}" has the API name {named}, the rules say {one.field}. Change one of them: '
                        "Setup, API names, or the rules."
                    )


def _has_made(client: Client, object_: str) -> bool:
    try:
        make_module(client, object_)
    except VendorRefusal as refusal:
        note(f"The CRM refused to make the module {object_}: {refusal.code} {refusal.message}")
        return False
    return True


def _make_some(client: Client, object_: str, batch: Sequence[Needed]) -> None:
    try:
        client.send(
            "POST", f"{crm.ROOT}/settings/fields", params={"module": object_},
            json={"fields": [body_of(one) for one in batch]}, repeatable=False,
        )  # fmt: skip
    except VendorRefusal as refusal:
        names = ", ".join(one.field for one in batch)
        note(f"{object_}: the CRM refused to make {names}: {refusal.code} {refusal.message}")


def _labels(client: Client, object_: str) -> dict[str, str]:
    """Label → API name of a module's custom fields."""
    fields = described(client, object_).items()
    return {str(field["field_label"]): name for name, field in fields if field.get("custom_field")}


def _show(missing: Sequence[Needed], *, as_json: bool) -> None:
    rows = [
        (one.system, one.object, one.field, one.kind, one.unique, "api" if _can_be_made(one) else "by hand", ", ".join(one.rules))
        for one in missing
    ]  # fmt: skip
    columns = ("system", "object", "field", "type", "unique", "made", "rules")
    told = [{**asdict(one), "by_hand": None if _can_be_made(one) else _by_hand(one)} for one in missing]
    show([Table("Missing fields", columns, rows, "missing", aside=("rules",))], told, as_json=as_json)
