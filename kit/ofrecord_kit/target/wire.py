"""The annotated SCHEMA, read once per stream. See docs/architecture.md, "The wire between mapper and target"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.ledger.values import store_of
from ofrecord_kit.plan import CLOCK_TOLERANCE_S, FieldRule
from ofrecord_kit.plan.figures import Figure, figures_of
from ofrecord_kit.plan.states import Table, read_table
from ofrecord_kit.target.notices import Notice, notices_of

STATES = "states"
_SAME_FORM_IN_BOTH = frozenset({"phone", "email", "money", "number", "date", "datetime", "address", "lines"})


@dataclass(frozen=True, slots=True)
class Wire:
    """One entity in one direction, as the rules say. `sent` may be written, `observed` is only looked at.

    What a third system owns is not observed: an edit of it is seen on the way to its owner, whose pair agreed on it.
    """

    entity: str
    object: str
    source: str
    destination: str
    rules: str | None
    external_id: str | None
    source_external_id: str | None
    source_object: str | None
    match: tuple[tuple[str, str | None], ...]
    create: bool
    once: bool
    then: tuple[str, ...]
    check: tuple[Figure, ...]
    """What the document and its source must agree on before the actions follow."""
    duplicates: str
    deleted: str | None
    missing: str
    parent: str | None
    has_primary: bool
    combine: Mapping[str, Any] | None
    sent: tuple[FieldRule, ...]
    observed: tuple[FieldRule, ...]
    partial: bool = False
    leaving: str | None = None
    spread: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    tolerance_s: float = CLOCK_TOLERANCE_S
    drift: tuple[Mapping[str, Any], ...] = ()
    responsible: Mapping[str, Any] | None = None
    near: str = "hold"
    counts_from: Mapping[str, Any] | None = None
    """Its parts count from a day on, in this time zone (`days`)."""
    settled: Mapping[str, Any] | None = None
    """The property with the day from which a record there stays as it is (`days`)."""
    table: Table | None = None
    """Which state the whole is in; told at the end of a run."""
    stating: tuple[FieldRule, ...] = ()
    """What the table fills; nothing of it is sent with a part."""
    stated: tuple[str, ...] = ()
    """The entities whose tables its records have a part in."""
    sum: Mapping[str, Any] = field(default_factory=dict)
    """How the sum of a document comes about: names of its properties by what they are in it."""
    amend: tuple[Mapping[str, Any], ...] | None = None
    """Of a document created once: the conditions, on the document there, under which later changes still travel; None: only fields marked `after_create` do."""
    waits_for: Mapping[str, Any] | None = None
    """The entity, and the field that names its record, without whose word some records do not go."""
    tell: tuple[Notice, ...] = ()
    attach: str | None = None
    """Kind of file the source prints a record as, to be put beside the whole it is part of."""

    @property
    def way(self) -> str:
        """For people: `product inventory→crm`."""
        return f"{self.entity} {self.source}→{self.destination}"

    @property
    def pair(self) -> tuple[str, str]:
        """The two systems whose agreement it is about."""
        return self.source, self.destination

    @property
    def drifted(self) -> str:
        """What differs between the SCHEMA that came and what the rules were written for, in words."""
        return "; ".join(
            f"{one.get('field') or one.get('property')}: expected {one.get('expected')}, found {one.get('found')}"
            for one in self.drift
        )

    def writable(self, *, linked: bool) -> tuple[FieldRule, ...]:
        """The rules that may write: all, or after a `once` creation only those marked `after_create`.

        Where documents are amended all of them are looked at: what does not travel is listed.
        """
        if not (self.once and linked) or self.amend is not None:
            return self.sent
        return tuple(rule for rule in self.sent if rule.after_create)


def rule_of(rules: Iterable[FieldRule], field: str) -> FieldRule | None:
    """The rule of a field, by its name in the rules."""
    return next((rule for rule in rules if rule.field == field), None)


def read_wire(schema: Mapping[str, Any]) -> Wire | None:
    """The annotation of a schema, or None for a plain Singer stream."""
    said = schema.get("x-ofrecord")
    if not isinstance(said, dict):
        return None
    rules = [
        _rule(name, about["x-ofrecord"])
        for name, about in schema.get("properties", {}).items()
        if isinstance(about, dict) and isinstance(about.get("x-ofrecord"), dict)
    ]
    source, once, parent = said["from"], said.get("once"), said.get("parent") or {}
    writes = {rule.name for rule in rules if rule.owner in (source, "shared") and not _is_observed(schema, rule.name)}
    return Wire(
        entity=said["entity"], object=said["object"], source=source, destination=said["to"], rules=said.get("rules"),
        external_id=said.get("external_id"), source_external_id=said.get("source_external_id"),
        source_object=said.get("source_object"),
        match=tuple((pair["field"], pair.get("format")) for pair in said.get("match") or ()),
        create=bool(said.get("create")), once=once is not None,
        then=tuple((once or {}).get("then") or ()), check=figures_of((once or {}).get("check") or ()),
        duplicates=said.get("duplicates") or "overwrite", deleted=said.get("deleted"),
        missing=said.get("missing") or "leave", parent=parent.get("field"), has_primary=bool(parent.get("primary")),
        combine=said.get("combine"),
        sent=tuple(rule for rule in rules if rule.name in writes and rule.combine != STATES),
        stating=tuple(rule for rule in rules if rule.name in writes and rule.combine == STATES),
        table=read_table(said["entity"], said["states"]) if said.get("states") else None, stated=tuple(said.get("stated") or ()),
        observed=tuple(rule for rule in rules if rule.name not in writes and store_of(rule.owner) == store_of(said["to"])), partial=bool(said.get("partial")),
        leaving=said.get("leaving"), spread=said.get("spread"), limits=said.get("limits") or {},
        tolerance_s=CLOCK_TOLERANCE_S if said.get("tolerance_s") is None else float(said["tolerance_s"]),
        drift=tuple(said.get("drift") or ()), responsible=said.get("responsible"), near=said.get("near") or "hold",
        counts_from=said.get("counts_from"), settled=said.get("settled"),
        sum=(once or {}).get("sum") or {}, amend=None if (once or {}).get("amend") is None else tuple((once or {})["amend"]),
        waits_for=said.get("waits_for"),
        tell=notices_of((once or {}).get("tell") or ()), attach=(said.get("attach") or {}).get("file"),
    )  # fmt: skip


def _is_observed(schema: Mapping[str, Any], name: str) -> bool:
    return "violation" in schema["properties"][name]["x-ofrecord"]


def _rule(name: str, said: Mapping[str, Any]) -> FieldRule:
    form = said.get("format")
    ref, policy = said.get("ref"), said.get("policy")
    return FieldRule(
        name=name, field=said.get("field") or name, owner=said["owner"], policy=tuple(policy) if isinstance(policy, list) else policy,
        form="reference" if ref else form, native_form=form if form in _SAME_FORM_IN_BOTH and not ref else None,
        where=said.get("rule") or "", answer=said.get("violation") or "revert",
        after_create=bool(said.get("after_create")), status=bool(said.get("status")), ref=ref, also=tuple(said.get("also") or ()),
        of=said.get("of"), unlinked=said.get("unlinked") or "hold", direct=bool(said.get("direct")),
        lookup=said.get("lookup"), currency=said.get("currency"), combine=said.get("combine"), otherwise=said.get("otherwise"), lines=said.get("lines"),
        parts=said.get("parts"), identity=tuple(said.get("identity") or ()), related=bool(said.get("related")),
    )  # fmt: skip
