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
        if rule.ref is not None:
            _entity(inquiry, rule.ref, rule.what, rule.line)
        for line in rule.lines:
            if line.ref is not None:
                _entity(inquiry, line.ref, f"{rule.what}: {line.what}", line.line)


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
    if entity.combine is not None:
        _entity(inquiry, entity.combine.through or entity.combine.same_as or "", "combine", inquiry.line("combine"))
        _whole(inquiry, entity.combine)
    for rule in entity.fields:
        constant = any(side.always is not None for side in rule.sides.values())
        if rule.combine is not None and entity.combine is None:
            inquiry.about(rule, "combines values, but the entity does not say of what. Add combine: to the file.")
        if entity.combine is not None and rule.combine is None and not constant:
            inquiry.about(rule, "needs combine: sum, join, latest or same, as several records meet in one.")
        if rule.otherwise is not None and rule.combine != "same":
            inquiry.about(rule, "otherwise belongs to combine: same. Remove it.")
        if rule.combine == "sum" and entity.combine is not None and rule.format not in {"number", "money"}:
            inquiry.about(rule, f"combine: sum adds numbers, and its format is {rule.format}. Say format: number.")


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
