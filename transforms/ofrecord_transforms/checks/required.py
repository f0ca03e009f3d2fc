"""Fields a vendor requires are filled wherever records are created."""

from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.problems import one_of
from ofrecord_transforms.rules import Field


def check(inquiry: Inquiry) -> None:
    """Each direction in which a new record may originate."""
    entity = inquiry.entity
    if entity.combine is not None or entity.spread is not None:
        return
    for source, to in entity.directions():
        if source in entity.new:
            _direction(inquiry, source, to)


def _direction(inquiry: Inquiry, source: str, to: str) -> None:
    place = inquiry.entity.systems[to]
    fields = inquiry.catalogs.object(place.system, place.object) or {}
    written = {
        name for rule in inquiry.entity.fields if (source, to) in inquiry.ways(rule) for name in _names(rule, to)
    }
    written |= {name.partition(".")[0] for name in written} | {place.id, place.external_id or ""}
    missing = []
    for path, field in fields.items():
        above, _, _ = path.rpartition(".")
        in_lines = above in {rule.sides[to].field for rule in inquiry.entity.fields if rule.lines and to in rule.sides}
        if field.required and not field.read_only and path not in written and (not above or in_lines):
            missing.append(path)
    if missing:
        inquiry.add(
            f"systems: {to}",
            f"{to} requires {one_of(missing).replace(' or ', ' and ')} of new {place.object}, and no line of {source} "
            f"fills it. Add a line with {to}: {missing[0]}, or a constant with always.",
            "systems",
            to,
        )


def _names(rule: Field, to: str) -> list[str]:
    """Names of the fields a rule writes, with those of its lines."""
    side = rule.sides[to]
    return [
        *side.fields(),
        *(f"{side.field}.{line.sides[to].field}" for line in rule.lines if to in line.sides),
    ]
