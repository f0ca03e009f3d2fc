"""Entities that need each other in a circle, and entities that need one that is switched off."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.rules import Entity


@dataclass(frozen=True)
class Need:
    """One entity needs another; `rule` is the place that says so (`file:line`), `why` the key or field."""

    other: str
    rule: str
    why: str


def check(inquiries: Sequence[Inquiry]) -> None:
    """Everything that shows only when all entities are seen together."""
    by_name = {inquiry.entity.entity: inquiry for inquiry in inquiries}
    _switched_off(by_name)
    for key, needs, text in (
        ("combine", _followed, "each follows the other, and none leads to a whole. Let one go through its own field."),
        ("parent", _parents, "each is the parent of the other. Remove one parent."),
        ("spread", _told, "each tells the other, without end. Remove one spread."),
        (
            "fields",
            _created,
            "each needs the other to be there before it can be created. Remove one of the references.",
        ),
    ):
        _circles(by_name, key, needs, text)


# --- switched off ----------------------------------------------------------------------------------------------------


def _switched_off(by_name: Mapping[str, Inquiry]) -> None:
    """The dependants of an entity that is switched off are named there, where somebody just switched it off."""
    for name, inquiry in by_name.items():
        if inquiry.entity.enabled:
            continue
        dependants = [
            f'{other} ({need.rule}, "{need.why}")'
            for other, one in by_name.items()
            if one.entity.enabled and other != name
            for need in _needs(one)
            if need.other == name
        ]
        if dependants:
            inquiry.add(
                "enabled",
                f'"{name}" is switched off, and these need it: {", ".join(dependants)}. Switch them off, too, or '
                "remove what points at it.",
                "enabled",
            )


def _needs(inquiry: Inquiry) -> Iterable[Need]:
    entity = inquiry.entity
    for rule in entity.fields:
        if rule.ref is not None:
            yield Need(rule.ref, rule.rule, rule.what)
        for line in rule.lines:
            if line.ref is not None:
                yield Need(line.ref, line.rule, f"{rule.what}: {line.what}")
    if entity.combine is not None:
        for way in entity.combine.ways:
            yield Need(way.through or way.same_as or "", f"{entity.file}:{inquiry.line('combine')}", "combine")
    if entity.spread is not None:
        yield Need(entity.spread.through, f"{entity.file}:{inquiry.line('spread')}", "spread")


# --- circles ---------------------------------------------------------------------------------------------------------


def _followed(entity: Entity) -> set[str]:
    combine = entity.combine
    return {way.through or way.same_as or "" for way in combine.ways} if combine is not None else set()


def _parents(entity: Entity) -> set[str]:
    """A company may be part of a company: an entity may be its own parent."""
    return {rule.ref for rule in entity.fields if rule.what == entity.parent and rule.ref} - {entity.entity}


def _told(entity: Entity) -> set[str]:
    return {entity.spread.through} if entity.spread is not None else set()


def _created(entity: Entity) -> set[str]:
    """Entities that must be there before a new record of this one can be made; a parent of its own kind may follow."""
    sent = [rule for rule in entity.fields if rule.owner == "shared" or rule.owner in entity.new]
    refs = {rule.ref for rule in sent if rule.ref and rule.unlinked != "leave"} | {
        line.ref for rule in sent for line in rule.lines if line.ref
    }
    return (refs if entity.enabled and entity.new else set()) - {entity.entity}


def _circles(by_name: Mapping[str, Inquiry], key: str, needs: Callable[[Entity], set[str]], text: str) -> None:
    """Report every circle once, at the first of its entities."""
    told: set[frozenset[str]] = set()
    graph = {name: sorted(needs(inquiry.entity) & by_name.keys()) for name, inquiry in by_name.items()}
    for name in sorted(graph):
        way = _way_back_to(name, graph)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            circle = " → ".join([*way, name])
            by_name[name].add(key, f"{circle}: {text}", key)


def _way_back_to(name: str, graph: Mapping[str, list[str]]) -> list[str]:
    """The shortest circle through an entity, from it on; empty when there is none."""
    waiting = [[name]]
    seen: set[str] = set()
    while waiting:
        way = waiting.pop(0)
        for other in graph[way[-1]]:
            if other == name:
                return way
            if other not in seen:
                seen.add(other)
                waiting.append([*way, other])
    return []
