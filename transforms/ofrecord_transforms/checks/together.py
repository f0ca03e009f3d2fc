"""What an entity says about other entities: references, parents, wholes, and telling many."""

from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Combine


def check(inquiry: Inquiry) -> None:
    """References of fields and lines, `parent`, `combine` and `spread`."""
    _refs(inquiry)
    _parent(inquiry)
    _combine(inquiry)
    _spread(inquiry)


def _refs(inquiry: Inquiry) -> None:
    for rule in inquiry.entity.fields:
        for name in (rule.ref, *rule.also):
            if name is not None:
                _entity(inquiry, name, rule.what, rule.line)
        for line in rule.lines:
            for name in (line.ref, *line.also):
                if name is not None:
                    _entity(inquiry, name, f"{rule.what}: {line.what}", line.line)


def _entity(inquiry: Inquiry, name: str, where: str, line: int) -> None:
    if name not in inquiry.entities:
        text = f'"{name}" is not an entity. Use {one_of(inquiry.entities)}.{nearest(name, inquiry.entities)}'
        inquiry.at(line, where, text)


def _parent(inquiry: Inquiry) -> None:
    entity = inquiry.entity
    rules = {rule.what: rule for rule in entity.fields}
    if entity.parent is not None:
        rule = rules.get(entity.parent)
        if rule is None or rule.ref is None:
            inquiry.add(
                "parent",
                f'"{entity.parent}" is not the name of a field with ref. Name the field that points at the parent.'
                f"{nearest(entity.parent, rules)}",
                "parent",
            )
    if entity.primary is not None and entity.parent is None:
        inquiry.add("primary", "there is no parent whose primary child it could be. Add parent.", "primary")


def _combine(inquiry: Inquiry) -> None:
    entity = inquiry.entity
    if entity.attach is not None and entity.combine is None:
        inquiry.add(
            "attach",
            "a file is put beside the record that others are combined into. Add combine: to the file.",
            "attach",
        )
    for way in entity.combine.ways if entity.combine is not None else ():
        _entity(inquiry, way.through or way.same_as or "", "combine", inquiry.line("combine"))
        _whole(inquiry, way)
    _periods(inquiry)
    for rule in entity.fields:
        constant = any(side.always is not None for side in rule.sides.values())
        if rule.combine is not None and entity.combine is None:
            inquiry.about(rule, "combines values, but the entity does not say of what. Add combine: to the file.")
        if entity.combine is not None and rule.combine is None and not constant:
            inquiry.about(rule, "needs combine: sum, join, latest, same or states, as several records meet in one.")
        if rule.otherwise is not None and rule.combine != "same":
            inquiry.about(rule, "otherwise belongs to combine: same. Remove it.")
        if rule.combine == "sum" and entity.combine is not None and rule.format not in {"number", "money"}:
            inquiry.about(rule, f"combine: sum adds numbers, and its format is {rule.format}. Say format: number.")


def _periods(inquiry: Inquiry) -> None:
    """`schedule`, `settled` and `counts_from`: what they go with."""
    entity = inquiry.entity
    if entity.schedule is not None and entity.each is not None:
        inquiry.add(
            "schedule",
            "a record is split into elements of a list or into periods. Remove each or schedule.",
            "schedule",
        )
    if entity.schedule is not None and (entity.combine is not None or entity.spread is not None):
        inquiry.add("schedule", "each period is a record of its own. Remove combine and spread.", "schedule")
    if entity.counts_from and entity.combine is None:
        inquiry.add(
            "counts_from", "only parts of a whole count from a day on. Add combine, or remove it.", "counts_from"
        )
    days = [rule.what for rule in entity.fields if rule.format == "date"]
    if entity.settled is not None and entity.settled not in days:
        hint = nearest(entity.settled, days) or (f" Use {one_of(days)}." if days else " Add one with format: date.")
        inquiry.add("settled", f'"{entity.settled}" is not the name of a field with a day.{hint}', "settled")


def _whole(inquiry: Inquiry, combine: Combine) -> None:
    """`into` is a field of the entity gone through, or that entity itself; or the whole of the entity followed."""
    through, followed = inquiry.entities.get(combine.through or ""), inquiry.entities.get(combine.same_as or "")
    if through is not None and combine.into not in {through.entity, *(rule.name for rule in through.fields)}:
        names = [through.entity, *(rule.name for rule in through.fields)]
        inquiry.add(
            "combine",
            f'into "{combine.into}": "{through.entity}" has no field of that name to follow.'
            f"{nearest(combine.into, names)}",
            "combine",
        )
    if followed is not None and followed.combine is None:
        text = f'same_as "{followed.entity}": its records are not combined into anything. Use through.'
        inquiry.add("combine", text, "combine")
    elif followed is not None and followed.combine is not None and followed.combine.into != combine.into:
        text = f'into "{combine.into}": "{followed.entity}" goes into "{followed.combine.into}". Write that.'
        inquiry.add("combine", text, "combine")


def _spread(inquiry: Inquiry) -> None:
    spread = inquiry.entity.spread
    if spread is None:
        return
    _entity(inquiry, spread.through, "spread", inquiry.line("spread"))
    through = inquiry.entities.get(spread.through)
    if through is not None:
        names = [rule.what for rule in through.fields]
        if spread.by.lower() not in {name.lower() for name in names}:
            inquiry.add(
                "spread",
                f'by "{spread.by}": "{through.entity}" has no field of that name.'
                f"{nearest(spread.by, names) or f' Use {one_of(names)}.'}",
                "spread",
            )
    if inquiry.entity.combine is not None:
        inquiry.add("spread", "a record cannot both be combined into one and tell many. Remove one.", "spread")
