"""What a stream of the tap becomes: the records of every entity that reads it, counted."""

from collections.abc import Callable, Mapping
from typing import Any

from ofrecord_transforms.compile import Compiled
from ofrecord_transforms.plain import plain_record
from ofrecord_transforms.tally import Tally

Outputs = Callable[[dict[str, Any]], list[tuple[str, dict[str, Any]]]]
"""A source record → pairs of entity and record, ready to be written."""


def outputs_for(routes: list[Compiled], tallies: Mapping[str, Tally], *, plain: bool) -> Outputs:
    """The function of one stream. `plain`: without annotations, and without what is left out."""

    def counted(record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        made = routed(routes, record)
        for entity, mapped in made:
            tallies[entity].count(mapped["_ofrecord"])
        return made

    def bare(record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        return [(entity, out) for entity, mapped in counted(record) if (out := plain_record(mapped)) is not None]

    if plain:
        return bare
    if len(routes) > 1:
        return counted
    entity, records, count = routes[0].entity, routes[0].records, tallies[routes[0].entity].count

    def only(record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        made = [(entity, mapped) for mapped in records(record)]
        for _, mapped in made:
            count(mapped["_ofrecord"])
        return made

    return only


def nothing(_record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The output of a stream that no entity reads."""
    return []


def routed(routes: list[Compiled], record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What each entity makes of a record, with the entity's name.

    Entities that share a stream divide it: one that leaves a record out says so only when no other takes it, so that
    the record has one outcome and not one for every entity it was never meant for.
    """
    mapped = [(compiled.entity, out) for compiled in routes for out in compiled.records(record)]
    if len(routes) == 1:
        return mapped
    taken = [pair for pair in mapped if "filtered" not in pair[1]["_ofrecord"]]
    return taken or mapped[:1]
