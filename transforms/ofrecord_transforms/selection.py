"""What the settings of a mapper ask for: systems, entities, fields; and whether the rules have it."""

from dataclasses import replace

from ofrecord_transforms.problems import RulesError, nearest, one_of
from ofrecord_transforms.rules import Rules


def chosen(rules: Rules, source: str, to: str, wanted: list[str] | None) -> list[str]:
    """Names of entities to map: those asked for, without the ones that are switched off.

    Raises `RulesError` for unknown ones and for those that would not go this way.
    """
    going = [
        name for name, entity in rules.entities.items() if (source, to) in replace(entity, enabled=True).directions()
    ]
    if wanted is None:
        wanted = going
    problems = []
    for name in wanted:
        if name not in rules.entities:
            near = nearest(name, rules.entities)
            problems.append(f'setting entities: "{name}" is not an entity. Use {one_of(rules.entities)}.{near}')
        elif name not in going:
            entity = replace(rules.entities[name], enabled=True)
            ways = one_of(f"{a} to {b}" for a, b in entity.directions()) if entity.directions() else "nowhere"
            problems.append(
                f'setting entities: "{name}" does not go from {source} to {to}; {entity.file} lets it go {ways}. '
                "Correct from, to or entities."
            )
    if not wanted:
        problems.append(f"no entity goes from {source} to {to}. Correct the settings from and to, or add rules.")
    if problems:
        raise RulesError(problems)
    return [name for name in wanted if rules.entities[name].enabled]


def switched_off(rules: Rules, source: str, to: str, wanted: list[str] | None) -> list[str]:
    """Names of entities that would be mapped if their rules did not say `enabled: false`."""
    everything = replace(
        rules, entities={name: replace(entity, enabled=True) for name, entity in rules.entities.items()}
    )
    return [name for name in chosen(everything, source, to, wanted) if not rules.entities[name].enabled]


def check_systems(rules: Rules, source: str, to: str) -> None:
    """Raises `RulesError` when `from` or `to` is no system, or `to` is only ever read."""
    writable = [name for name, system in rules.systems.items() if system.writable]
    problems = [
        f'setting {key}: "{name}" is not a system{kind}. Use {one_of(allowed)}.{nearest(name, allowed)}'
        for key, name, allowed, kind in (
            ("from", source, list(rules.systems), ""),
            ("to", to, writable, " that is written to"),
        )
        if name not in allowed
    ]
    if problems:
        raise RulesError(problems)


def check_fields(rules: Rules, entities: list[str], wanted: list[str] | None) -> None:
    """Raises `RulesError` for names that are fields of none of the entities."""
    known = {rule.name: rule.what for name in entities for rule in rules.entities[name].fields}
    unknown = [name for name in wanted or () if name.lower() not in known]
    if unknown:
        raise RulesError(
            [
                f'setting fields: "{name}" is not a field of {one_of(entities)}.{nearest(name, known.values())} '
                "Correct the setting, or add the field to the rules."
                for name in unknown
            ]
        )
