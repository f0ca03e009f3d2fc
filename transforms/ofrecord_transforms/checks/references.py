"""What a reference says beyond the entity it points at, and addresses made of ids."""

from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Field, Side


def check(inquiry: Inquiry) -> None:
    """`of`, `unlinked` and `id_in` need `ref`; `page` needs a plain text that is not written back."""
    for rule in inquiry.entity.fields:
        _of(inquiry, rule)
        points = rule.ref is not None or any(line.ref is not None for line in rule.lines)
        if rule.unlinked != "hold" and not points:
            inquiry.about(rule, f"unlinked: {rule.unlinked} belongs to a field with ref. Add ref, or remove it.")
        for system, side in rule.sides.items():
            _id_in(inquiry, rule, system, side)
            _page(inquiry, rule, system, side)


def _of(inquiry: Inquiry, rule: Field) -> None:
    if rule.of is None:
        return
    pointed = inquiry.entities.get(rule.ref or "")
    if rule.ref is None:
        inquiry.about(rule, "of belongs to a field with ref: the value is that of the entity it points at. Add ref.")
    elif pointed is not None:
        there = {one.what: one for one in pointed.fields}
        found = there.get(rule.of)
        if found is None:
            hint = nearest(rule.of, there) or f" Use {one_of(there)}."
            inquiry.about(rule, f'of "{rule.of}" is not a field of "{pointed.entity}".{hint}')
        for _source, to in inquiry.ways(rule):
            if found is not None and to not in found.sides:
                inquiry.about(
                    rule, f'of "{rule.of}": "{pointed.entity}" does not keep it in {to}. Name one it keeps there.'
                )
    if rule.owner == "shared":
        inquiry.about(rule, "of has no way back, so the field cannot be shared. Give it one owner.")


def _id_in(inquiry: Inquiry, rule: Field, system: str, side: Side) -> None:
    if side.id_in is None:
        return
    if rule.ref is None or rule.of is not None:
        inquiry.about(rule, "id_in belongs to a field with ref and without of. Add ref, or remove id_in.", side)
    if side.id_in == system or side.id_in not in rule.sides:
        others = [name for name in rule.sides if name != system]
        inquiry.about(rule, f"id_in {side.id_in} is not the other system of this field. Use {one_of(others)}.", side)


def _page(inquiry: Inquiry, rule: Field, system: str, side: Side) -> None:
    if side.page is None:
        return
    if rule.owner != system:
        inquiry.about(rule, f"page: only {system} itself tells its own pages. Use owner: {system}.", side)
    if rule.format != "text" or rule.ref or rule.lookup or side.values or side.parts or side.always is not None:
        inquiry.about(rule, "page makes an address of a plain id. Remove what else is said of the value.", side)
