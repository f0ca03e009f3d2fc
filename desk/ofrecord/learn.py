"""`ofrecord learn`: a conflict that a person decided becomes a line of the rules, with the case as its test."""

from __future__ import annotations

import difflib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ofrecord.lesson import LessonProblem, case_of, with_case, with_policy
from ofrecord.opened_ledger import LedgerOption, opened
from ofrecord.subject import Subject, SubjectProblem, problems_told, subject_of
from ofrecord.tables import JsonOption, note
from ofrecord.whole_file import write_whole
from ofrecord_kit.plan import UNKNOWN, Agreed

if TYPE_CHECKING:
    from ofrecord_kit.ledger import Held, Ledger


def learn(  # noqa: PLR0917 - options of a command
    held: Annotated[
        str,
        typer.Argument(metavar="ENTITY/ID.FIELD", help="A conflict that is held, as account/4150868000000376.phone."),
    ],
    keep: Annotated[str, typer.Option("--keep", help="The system that wins, from now on.")],
    rules: Annotated[Path, typer.Option(help="Folder of the rule files.")] = Path("rules"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make one decision a rule: set the policy of the field a conflict is held for, and add the conflict as a case.

    The case holds made-up values of the same format, never the real ones. Nothing is written unless the rules and all
    cases are good afterwards. The next run settles what is held. Exit codes: 0 learned (or shown), 1 there is no such
    conflict, or it cannot be learned, 2 what was named does not exist.
    """
    from ofrecord_transforms.load import load  # noqa: PLC0415 - help needs none of it

    with problems_told(LessonProblem):
        subject = subject_of(held, load(rules))
        with opened(ledger) as book:
            conflict = _conflict(book, subject)
            agreed = _was_agreed(book, subject, conflict)
        texts = lesson(subject, conflict, keep, rules, agreed=agreed)
    shown = {str(path): "".join(_difference(path, text)) for path, text in texts.items()}
    if not dry_run:
        for path, text in texts.items():
            write_whole(path, text)
    if as_json:
        told = {"field": subject.rule.what, "keep": keep, "written": not dry_run, "changes": shown}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif dry_run:
        typer.echo("".join(shown.values()), nl=False)
    else:
        typer.echo("\n".join(shown))
    if dry_run:
        return
    note(
        f"{subject.rule.what}: {keep} wins from now on. Review the change and commit it; the next run settles the conflict."
    )


def _conflict(book: Ledger, subject: Subject) -> Held:
    found = [
        one
        for one in book.held(entity=subject.entity.entity)
        if one.kind == "conflict" and one.field == subject.rule.name and subject.identity in {one.source_id, one.label}
    ]
    if not found:
        message = (
            f"No conflict is held for {subject.entity.entity}/{subject.identity}.{subject.rule.name}. "
            "`ofrecord held --kind conflict` lists them."
        )
        raise LessonProblem(message)
    return found[0]


def _was_agreed(book: Ledger, subject: Subject, conflict: Held) -> bool:
    """Did both sides agree once, or were the records only just found to be one?"""
    entity = subject.entity.entity
    link = book.linked(entity, conflict.source, [conflict.source_id]).get(conflict.source_id)
    if link is None:
        return False
    both = book.agreed_of([link], conflict.source, conflict.destination).get(link, {})
    return both.get(subject.rule.name, Agreed()).source is not UNKNOWN


def lesson(subject: Subject, conflict: Held, keep: str, folder: Path, *, agreed: bool) -> Mapping[Path, str]:
    """The new texts of the rule file and of its cases, proved. Raises LessonProblem, SubjectProblem and RulesError."""
    from ofrecord_transforms.cases import run_cases  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.load import load  # noqa: PLC0415

    entity, rule = subject.entity, subject.rule
    pair = (conflict.source, conflict.destination)
    if keep not in pair:
        message = f'The conflict is between {" and ".join(pair)}, not "{keep}". Use --keep {" or ".join(pair)}.'
        raise SubjectProblem(message)
    if rule.owner != "shared" or conflict.rule != rule.rule:
        message = (
            f'The conflict was held under {conflict.rule}; "{rule.what}" is now at {rule.rule}. The rules changed since: '
            "run the sync again, then learn."
        )
        raise LessonProblem(message)
    path = folder / Path(entity.file).name
    cases = folder / "cases" / f"{path.stem}.yml"
    case = case_of(entity, rule, keep, next(one for one in pair if one != keep), agreed=agreed)
    before = cases.read_text(encoding="utf-8") if cases.is_file() else None
    if before is not None and f"case: {case['case']}\n" in before:
        message = f'{cases} has the case "{case["case"]}" already. Take it out, or give it another sentence.'
        raise LessonProblem(message)
    texts = {path: with_policy(path.read_text(encoding="utf-8"), rule.line, rule.what, keep)}
    with tempfile.TemporaryDirectory() as place:
        tried = Path(place) / folder.resolve().name
        shutil.copytree(folder, tried)
        texts[cases] = with_case(before, _proved(tried, subject, texts[path], case))
        (tried / "cases").mkdir(exist_ok=True)
        (tried / "cases" / cases.name).write_text(texts[cases], encoding="utf-8")
        wrong = [one.problem for one in run_cases(load(tried), tried) if one.problem is not None]
    if wrong:
        wrong.append("Nothing was changed. If the decision replaces a case, take it out, then learn again.")
        message = "With this rule a case does not come as written any more:\n" + "\n".join(wrong)
        raise LessonProblem(message)
    return texts


def _proved(tried: Path, subject: Subject, text: str, case: dict[str, Any]) -> dict[str, Any]:
    """The case with its result, after the changed file was read: it says a new policy and nothing else that is new."""
    from ofrecord.diff import changes  # noqa: PLC0415 - help needs none of it
    from ofrecord_transforms.cases import converted  # noqa: PLC0415
    from ofrecord_transforms.load import load  # noqa: PLC0415

    old = load(tried)
    (tried / Path(subject.entity.file).name).write_text(text, encoding="utf-8")
    new = load(tried)
    entity = new.entities[subject.entity.entity]
    rule = next(rule for rule in entity.fields if rule.what == subject.rule.what)
    told = [(one.entity, one.field, one.what) for one in changes(old, new)]
    if told not in ([], [(entity.entity, rule.what, "policy")]):
        message = f'"{rule.what}" cannot be changed by itself. Write its policy by hand.'
        raise LessonProblem(message)
    kept = case["edits"][0]
    result = {
        system: kept["value"]
        if system == kept["in"]
        else converted(new, entity, rule, (kept["in"], system), kept["value"])
        for system in rule.sides
    }
    return {**case, "result": result, "outcome": "written"}


def _difference(path: Path, text: str) -> list[str]:
    before = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    return list(difflib.unified_diff(before, text.splitlines(keepends=True), str(path), str(path)))
