"""Names of systems, streams and fields: do they exist?"""

from ofrecord_kit.plan.currencies import DIGITS
from ofrecord_transforms.checks.inquiry import Inquiry, inside
from ofrecord_transforms.lenses.moments import is_zone
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Field, Place, Side
from ofrecord_transforms.schedules import FIELDS, NAME


def check(inquiry: Inquiry) -> None:
    """Every name the file mentions, outside of conditions."""
    _new_and_gone(inquiry)
    for system, place in inquiry.entity.systems.items():
        _place(inquiry, system, place)
    _by_system(inquiry)
    _source_fields(inquiry)
    for rule in inquiry.entity.fields:
        _sides(inquiry, rule)


def judge(inquiry: Inquiry, system: str, path: str, where: str, line: int, *, may_lack: bool = False) -> None:
    """Report a field that the system's records do not have. One that they may lack is reported where its name looks misspelt."""
    if inquiry.entity.is_made(system, path):
        made = path.removeprefix(f"{NAME}.").partition(".")[0]
        if made not in FIELDS:
            inquiry.at(line, where, f'a period has no "{made}".{nearest(made, FIELDS) or f" Use {one_of(FIELDS)}."}')
        return
    place = inquiry.entity.systems.get(system)
    wrong = inquiry.catalogs.unknown_part(place.system, place.object, path) if place is not None and path else None
    if wrong is not None and place is not None:
        part, names = wrong
        near = nearest(part, names)
        if may_lack and not near:
            return
        hint = near or f" If it is new there: ofrecord catalog --tap {place.system.tap}"
        inquiry.at(line, where, f'{system} {place.object} has no field "{part}".{hint}')


def _new_and_gone(inquiry: Inquiry) -> None:
    entity = inquiry.entity
    for system in entity.new if entity.enabled else ():
        if system not in entity.systems:
            inquiry.missing_system("new", system)
        elif entity.systems[system].stream is None:
            inquiry.add("new", f"nothing is read from {system}: give its place a stream.", "new")
        elif not entity.systems[system].system.writable and not entity.directions():
            inquiry.add("new", f"nothing travels from {system}. Remove {system}.", "new")
        elif not any(source == system for source, _ in entity.directions()):
            inquiry.add(
                "new", f"{system} is read only here: new records cannot originate for it. Remove {system}.", "new"
            )
    for key, said in (("deleted", entity.deleted), ("leaving", entity.leaving)):
        for system, actions in said.items():
            for name in (system, *actions):
                if name not in entity.systems:
                    inquiry.missing_system(key, name)


def _place(inquiry: Inquiry, system: str, place: Place) -> None:
    """The stream or object, its id, and the field that holds the other system's id."""
    line = inquiry.line("systems", system)
    names = inquiry.catalogs.names(place.system)
    if names is not None and place.object not in names:
        kind = "stream" if place.stream is not None else "object"
        hint = nearest(place.object, names) or f" Use {one_of(names)}."
        inquiry.at(line, f"systems: {system}", f'{system} has no {kind} "{place.object}".{hint}')
        return
    for path in (place.id, place.external_id):
        if path is not None:
            judge(inquiry, system, path, f"systems: {system}", line)


def _by_system(inquiry: Inquiry) -> None:
    """`match` and `label` name a field by system."""
    entity = inquiry.entity
    for key, by_system in (
        ("label", entity.label),
        *(("match", pair) for pair in entity.match),
    ):
        for system, name in by_system.items():
            if system not in entity.systems:
                inquiry.missing_system(key, system)
            else:
                judge(inquiry, system, name, key, inquiry.line(key, system))
    for pair in entity.match:
        if len(pair) == 1:
            inquiry.add("match", "names one system. Name the field in both.", "match")


def _source_fields(inquiry: Inquiry) -> None:
    """`primary`, `combine: by` and `each` name fields of the records that come in."""
    entity = inquiry.entity
    sources = sorted({rule.owner for rule in entity.fields if rule.owner in entity.systems})
    wanted: list[tuple[str, str]] = []
    if entity.primary is not None:
        wanted.append(("primary", entity.primary.earliest))
    if entity.combine is not None:
        wanted += [("combine", way.by) for way in entity.combine.ways]
    if entity.attach is not None:
        wanted.append(("attach", entity.attach.named))
    for key, path in wanted:
        for system in sources:
            if entity.systems[system].stream is not None:
                judge(inquiry, system, path, key, inquiry.line(key))
    _days_and_terms(inquiry)
    if entity.each is not None:
        if entity.each.system in inquiry.systems and entity.each.system not in entity.systems:
            inquiry.missing_system("each", entity.each.system)
        for path in (entity.each.list, f"{entity.each.list}.{entity.each.id}"):
            judge(inquiry, entity.each.system, path, "each", inquiry.line("each"))


def _days_and_terms(inquiry: Inquiry) -> None:
    """`counts_from` names a field by system, `schedule` the terms of the contract."""
    entity, said = inquiry.entity, inquiry.entity.schedule
    for system, side in entity.counts_from.items():
        if system not in entity.systems:
            inquiry.missing_system("counts_from", system)
        else:
            judge(inquiry, system, side.field, "counts_from", side.line)
        if side.zone is not None and not is_zone(side.zone):
            inquiry.at(
                side.line, "counts_from", f'zone "{side.zone}" is not an IANA time zone. Write it as Europe/Berlin.'
            )
    if said is None:
        return
    if said.system in inquiry.systems and said.system not in entity.systems:
        inquiry.missing_system("schedule", said.system)
    for path in said.fields():
        judge(inquiry, said.system, path, "schedule", inquiry.line("schedule"))
    if said.unit is not None and said.unit not in DIGITS:
        inquiry.add(
            "schedule",
            f'unit "{said.unit}" is not an ISO 4217 currency. Write its three-letter code, as in USD.',
            "schedule",
            "unit",
        )


def _sides(inquiry: Inquiry, rule: Field) -> None:
    for system, side in rule.sides.items():
        if system not in inquiry.entity.systems or not _is_judged(inquiry, rule, system):
            continue
        if side.related:  # no catalog names the lists of a record
            continue
        for part in (side.parts or {"": side}).values():
            judge(inquiry, system, part.field, rule.what, part.line or rule.line)
        for extra in (side.currency, side.other, *(side.zero_when or ()), *(side.empty_when or ())):
            if extra is not None:
                judge(inquiry, system, extra, rule.what, side.line)
        for line in rule.lines:
            if system in line.sides:
                _line(inquiry, system, rule, line, side)


def _line(inquiry: Inquiry, system: str, rule: Field, line: Field, whole: Side) -> None:
    below = line.sides[system]
    for name in (below.field, below.other, *(below.zero_when or ())):
        if name is not None:
            judge(inquiry, system, inside(whole, name), f"{rule.what}: {line.what}", below.line)


def _is_judged(inquiry: Inquiry, rule: Field, system: str) -> bool:
    """A field that is only ever written may be missing among those that are read."""
    place = inquiry.entity.systems[system]
    return inquiry.entity.reads(rule, system) or inquiry.catalogs.is_written(place.system, place.object)
