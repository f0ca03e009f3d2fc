"""The rules beside the connected systems: every mapped field is there, may be read and written, and nothing required is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ofrecord.connected import Token, client_of, tokens_of
from ofrecord.fields_live import Found, Live, crm_fields, finance_fields
from ofrecord.fields_needed import CUSTOM
from ofrecord.fields_used import SYSTEMS, Made, Use, uses_of
from ofrecord_transforms.problems import nearest

if TYPE_CHECKING:
    from ofrecord.project_file import ProjectFile
    from ofrecord_transforms.rules import Rules


_GIVEN = ("ownerlookup", "layout")
"""Types the CRM fills itself: a record without an owner is the token's user's, without a layout it has the standard one ("Insert Records")."""


@dataclass(frozen=True)
class Finding:
    """One thing a run would stumble over. `kind`: missing, unreadable, unwritable, required, retyped, refused."""

    kind: str
    system: str
    object: str
    field: str
    where: str
    message: str


@dataclass
class Looked:
    """What was found, and what could not be looked at."""

    findings: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    fields: int = 0


def look(rules: Rules, project: ProjectFile, more: Iterable[Use] = ()) -> Looked:
    """Ask each system once for each object the rules use, and for `more`. Effects: network. Raises ProjectProblem, Stop, Retry."""
    uses, made = uses_of(rules)
    uses += more
    looked = Looked(fields=len({(use.system, use.object, use.field) for use in uses}))
    for system in SYSTEMS:
        mine = [use for use in uses if use.system == system]
        for token in tokens_of(project, system) if mine else ():
            some = [use for use in mine if (token.reads and use.reads) or (token.writes and use.writes)]
            new = [one for one in made if one.system == system] if token.writes else []
            if not (new or any(system == "crm" or use.field.startswith(CUSTOM) for use in some)):
                continue
            found = _ask(project, token, some, new)
            looked.unseen += found.unseen
            looked.findings += _judged(rules, token, some, new, found)
    looked.findings = list(dict.fromkeys(looked.findings))
    return looked


def _ask(project: ProjectFile, token: Token, uses: Sequence[Use], made: Sequence[Made]) -> Found:
    with client_of(project, token.plugin) as client:
        if token.system != "crm":
            return finance_fields(client, token.system, sorted({use.object for use in uses}))
        objects: dict[str, set[str]] = defaultdict(set)
        for use in uses:
            above, dot, _ = use.field.partition(".")
            objects[use.object] |= {above} if dot else set()
        return crm_fields(client, objects, {one.object for one in made})


def _judged(rules: Rules, token: Token, uses: Sequence[Use], made: Sequence[Made], found: Found) -> Iterator[Finding]:
    for object_, why in found.refused.items():
        use = next(one for one in uses if one.object == object_)
        yield Finding(
            "refused", use.system, object_, "", use.where, f"{_place(use)}: crm {object_} cannot be looked at. {why}"
        )
    for use in uses:
        known = found.fields.get(use.object)
        if known is None or (use.system != "crm" and not use.field.startswith(CUSTOM)):
            continue
        live = _known_as(use, known)
        if live is None:
            if not _is_written_only(rules, use):
                yield _missing(use, known)
            continue
        for kind, words in _against(rules, token, use, live):
            yield Finding(kind, use.system, use.object, use.field, use.where, f"{_place(use)}: {words}")
    for one in made:
        yield from _unfilled(one, found.fields.get(one.object, {}))


def _place(use: Use) -> str:
    return f'{use.where}, "{use.what}"'


def _known_as(use: Use, known: Mapping[str, Live]) -> Live | None:
    """A part of a field whose parts nobody described is as that field."""
    above, dot, _ = use.field.partition(".")
    if dot and not any(name.startswith(f"{above}.") for name in known):
        return known.get(above)
    return known.get(use.field)


def _is_written_only(rules: Rules, use: Use) -> bool:
    """Does the catalog know it as a field that is written and stands in no metadata (`Pricing_Details` of price books)?"""
    said = (rules.catalogs.object(rules.systems[use.system], use.object) or {}).get(use.field)
    return said is not None and not said.types and use.system == "crm"


def _missing(use: Use, known: Iterable[str]) -> Finding:
    remedy = nearest(use.field, known) or " Make it (ofrecord setup), correct the rule, or take the field out."
    words = f"{_place(use)}: {use.system} {use.object} has no field {use.field} now.{remedy}"
    return Finding("missing", use.system, use.object, use.field, use.where, words)


def _against(rules: Rules, token: Token, use: Use, live: Live) -> Iterator[tuple[str, str]]:
    name = f"{use.system} {use.object}.{use.field}"
    if not live.readable:
        can = "read" if not use.writes else "write" if not use.reads else "read or write"
        words = f"{name}: the token may not {can} it. Give its user the right to see the field (profile, field permissions), or take the field out of the rules."
        yield "unreadable", words
        return
    if use.writes and token.writes:
        if live.obstacle is not None:
            yield "unwritable", f"{name}: {live.obstacle}."
        elif live.only_new and use.updates:
            yield (
                "unwritable",
                f"{name} is taken with new records only, and the rules change it later. Let that system own it.",
            )
    said = (rules.catalogs.object(rules.systems[use.system], use.object) or {}).get(use.field)
    if said is not None and said.vendor_type and live.type and said.vendor_type != live.type:
        yield (
            "retyped",
            (
                f"{name} is of the type {live.type} now, the catalog says {said.vendor_type}. Capture it again (ofrecord catalog), then ofrecord check "
                "says what the rules must change."
            ),
        )


def _unfilled(made: Made, known: dict[str, Live]) -> Iterator[Finding]:
    """Fields new records need and no line fills. One that nobody can write is the vendor's own business."""
    filled = {name.partition(".")[0] for name in made.filled} | made.filled
    for name, live in known.items():
        if (
            live.required
            and live.obstacle is None
            and live.type not in _GIVEN
            and name not in filled
            and "." not in name
        ):
            words = (
                f'{made.where}, "{made.entity}": {made.system} requires {name} of new {made.object} now, and no line fills it. '
                f"Add a line with {made.system}: {name}, or a constant with always."
            )
            yield Finding("required", made.system, made.object, name, made.where, words)
