"""What the modules of the CRM share in a run, and how one of them is described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ofrecord_kit.tap.crm_bulk import Downloads
from ofrecord_kit.tap.crm_names import Names
from ofrecord_kit.tap.facts import Breadcrumb, Facts
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.vendors.crm_fields import Field


@dataclass(frozen=True, slots=True)
class Described:
    """A module as its metadata describes it. `off`: not selected by default; `rows`: fields of its subforms."""

    fields: Sequence[Field]
    schema: dict[str, Any]
    facts: Mapping[Breadcrumb, Facts] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    rows: Mapping[str, Sequence[Field]] = field(default_factory=dict)


class CrmTap(VendorTap):
    """A tap of the CRM: what its modules share in a run."""

    @cached_property
    def names(self) -> Names:
        """Users and layouts, by id."""
        return Names(self.client)

    @cached_property
    def downloads(self) -> Downloads:
        """What the pace of downloads is kept by."""
        return Downloads()

    def describe(self, module: str) -> Described:
        """The live description of a module: a call for it and one for each of its subforms."""
        raise NotImplementedError
