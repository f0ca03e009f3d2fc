"""Who may write a field: one owner, or several with a policy; and never between two doors to one store."""

from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.problems import one_of
from ofrecord_transforms.rules import Field

_NEVER_GUESSED = {
    "number": "numbers",
    "money": "amounts",
    "boolean": "truth values",
    "date": "days",
    "datetime": "times",
    "lines": "lists of lines",
}
_PAIR = 2


def check(inquiry: Inquiry) -> None:
    """Owners and policies of all fields."""
    _one_store(inquiry)
    _two_writers(inquiry)
    for rule in inquiry.entity.fields:
        _owner(inquiry, rule)
        _policy(inquiry, rule)
        _doors(inquiry, rule)


def _one_store(inquiry: Inquiry) -> None:
    """Inventory and books of one organisation are one store: nothing is written between them."""
    entity = inquiry.entity
    stores = {place.system.store for place in entity.systems.values()}
    if len(entity.systems) > 1 and len(stores) == 1:
        doors = " and ".join(sorted(entity.systems))
        inquiry.add(
            "systems",
            f'"{entity.entity}" would be written between {doors}, two doors to one store: the same '
            "record under the same id. Remove one of them; cross-checks need no rule.",
            "systems",
        )


def _two_writers(inquiry: Inquiry) -> None:
    """Two lines about one field of a system would both write it, unless that system owns both: then both read it."""
    first: dict[tuple[str, str], Field] = {}
    for rule in inquiry.entity.fields:
        for system, side in rule.sides.items():
            for name in side.fields():
                other = first.setdefault((system, name), rule)
                if other is not rule and not (rule.owner == other.owner == system):
                    inquiry.about(
                        rule,
                        f'two owners: {system} {name} already belongs to "{other.what}" ({other.rule}). '
                        "Keep one of the two lines.",
                        side,
                    )


def _owner(inquiry: Inquiry, rule: Field) -> None:
    owner = rule.owner
    if owner in inquiry.systems and owner not in inquiry.entity.systems:
        inquiry.about(rule, f"owner {owner} is not among the systems of this entity. Add it there.")
    constant = any(side.always is not None for side in rule.sides.values())
    if owner in inquiry.systems and owner not in rule.sides and not constant:
        inquiry.about(rule, f"{owner} owns it but has no name for it. Add {owner}: <field>.")
    if rule.violation != "revert" and owner == "shared":
        inquiry.about(rule, "is shared, so no edit is a violation. Remove violation; policy decides.")


def _policy(inquiry: Inquiry, rule: Field) -> None:
    policy = rule.policy
    if policy is not None and rule.owner not in {"shared", ""}:
        inquiry.about(rule, f"has one owner ({rule.owner}), so there is nothing to decide. Remove policy.")
    elif isinstance(policy, tuple):
        _precedence(inquiry, rule, policy)
    elif policy in inquiry.systems and policy not in rule.sides:
        inquiry.about(rule, f"policy {policy} names a system that does not hold this field.")
    if policy is None and rule.owner == "shared" and (why := _needs_policy(inquiry, rule)):
        inquiry.about(
            rule,
            f"two owners without a policy: it is shared, and {why} Say which: policy: review (a person decides), "
            "latest, first created, or a system.",
        )


def _needs_policy(inquiry: Inquiry, rule: Field) -> str | None:
    """Why nobody may guess; None for what people write, where a person is asked unless something is said."""
    if rule.format in _NEVER_GUESSED:
        return f"of two {_NEVER_GUESSED[rule.format]} none is more likely."
    if inquiry.entity.once is not None:
        return "a document is nobody's guess."
    if len(rule.sides) > _PAIR:
        return f"{len(rule.sides)} systems hold it."
    return None


def _precedence(inquiry: Inquiry, rule: Field, order: tuple[str, ...]) -> None:
    absent = [system for system in rule.sides if system not in order]
    strange = [system for system in order if system not in rule.sides]
    if absent:
        inquiry.about(rule, f"policy leaves out {one_of(absent)}. Put all systems of the field in order.")
    if strange:
        inquiry.about(rule, f"policy names {one_of(strange)}, which does not hold this field. Remove it.")


def _doors(inquiry: Inquiry, rule: Field) -> None:
    known = inquiry.systems
    stores = [known[system].store for system in rule.sides]
    doors = sorted(system for system in rule.sides if stores.count(known[system].store) > 1)
    read_only = [system for system in rule.sides if not known[system].writable and system != rule.owner]
    if doors:
        inquiry.about(
            rule,
            f"lives in {' and '.join(doors)}. These are two doors to one store: the same value under the same id. "
            "Keep one of them.",
        )
    elif read_only and rule.owner:
        inquiry.about(
            rule,
            f"is owned by {rule.owner} and would be written to {read_only[0]}, which is read only. "
            f"Use owner: {read_only[0]}.",
        )
    constant = any(side.always is not None for side in rule.sides.values())
    if len(rule.sides) == 1 and not constant:
        inquiry.about(rule, "is in one system only. Name its other side, or give the constant with always.")
    for system, side in rule.sides.items():
        if system not in inquiry.entity.systems:
            inquiry.about(rule, f"{system} is not among the systems of this entity. Add it there.", side)
    for line in rule.lines:
        if len(line.sides) == 1 and all(side.always is None for side in line.sides.values()):
            inquiry.about(line, "is in one system only. Name its other side, or give the constant with always.")
