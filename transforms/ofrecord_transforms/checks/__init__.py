"""What rules may not say, beyond their shape. Every problem names file, line, field and remedy.

Each module looks at one topic and reports everything it finds; none stops another.
"""

from collections.abc import Callable, Mapping

from ofrecord_transforms.catalog import Catalogs
from ofrecord_transforms.checks import (
    dimensions,
    documents,
    filters,
    forms,
    kinds,
    lists,
    loops,
    names,
    owners,
    references,
    required,
    states,
    together,
)
from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems
from ofrecord_transforms.rules import Entity
from ofrecord_transforms.systems import System

_TOPICS: tuple[Callable[[Inquiry], None], ...] = (
    owners.check,
    names.check,
    filters.check,
    together.check,
    references.check,
    documents.check,
    forms.check,
    dimensions.check,
    kinds.check,
    lists.check,
    required.check,
    states.check,
)


def check_all(
    entities: Mapping[str, Entity],
    systems: Mapping[str, System],
    catalogs: Catalogs,
    roots: Mapping[str, Node],
    problems: Problems,
) -> None:
    """Check every entity, and all of them together; `roots` are the nodes their files were read from.

    An entity that is switched off is not held against the systems: they need not even have it.
    """
    inquiries = [
        Inquiry(entity, entities, systems, catalogs if entity.enabled else Catalogs(), roots[name], problems)
        for name, entity in entities.items()
    ]
    for inquiry in inquiries:
        for topic in _TOPICS:
            topic(inquiry)
    loops.check(inquiries)
