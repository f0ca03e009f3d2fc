"""Addresses of records in the web apps of their systems: `page` of a side, and the setting `web` of the mapper.

Form of the addresses: `https://books.zoho.com/app/<organization>#/invoices/<id>`, and the same at `inventory.zoho.com`
(used so by public programs; no document of the vendor states it: UNVERIFIED).
"""

from dataclasses import replace

from ofrecord_transforms.rules import Entity, Field, Rules

SYSTEM = "{system}"
"""In the setting: the word of the system whose page it is."""


def with_pages(rules: Rules, web: str) -> Rules:
    """The rules with whole addresses in place of page names; without the setting the fields that need it are left out."""
    web = "" if web.startswith("$") else web.strip().rstrip("/")  # a variable that nobody gave a value
    entities = {name: _entity(entity, web) for name, entity in rules.entities.items()}
    return replace(rules, entities=entities)


def _entity(entity: Entity, web: str) -> Entity:
    kept = (_field(rule, web) for rule in entity.fields)
    return replace(entity, fields=tuple(rule for rule in kept if rule is not None))


def _field(rule: Field, web: str) -> Field | None:
    if all(side.page is None for side in rule.sides.values()):
        return rule
    if not web:
        return None
    sides = {
        system: side if side.page is None else replace(side, page=f"{web.replace(SYSTEM, system)}#/{side.page}/")
        for system, side in rule.sides.items()
    }
    return replace(rule, sides=sides)
