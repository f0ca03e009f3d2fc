"""The annotated SCHEMA, read once per stream. See docs/architecture.md, "The wire between mapper and target"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ofrecord_kit.ledger.values import store_of
from ofrecord_kit.plan import CLOCK_TOLERANCE_S, FieldRule

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
    check: str | None
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
        """The rules that may write: all, or after a `once` creation only those marked `after_create`."""
        return tuple(rule for rule in self.sent if rule.after_create) if self.once and linked else self.sent


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
        then=tuple((once or {}).get("then") or ()), check=((once or {}).get("check") or {}).get("field"),
        duplicates=said.get("duplicates") or "overwrite", deleted=said.get("deleted"),
        missing=said.get("missing") or "leave", parent=parent.get("field"), has_primary=bool(parent.get("primary")),
        combine=said.get("combine"),
        sent=tuple(rule for rule in rules if rule.name in writes),
        observed=tuple(rule for rule in rules if rule.name not in writes and store_of(rule.owner) == store_of(said["to"])), partial=bool(said.get("partial")),
        leaving=said.get("leaving"), spread=said.get("spread"), limits=said.get("limits") or {},
        tolerance_s=CLOCK_TOLERANCE_S if said.get("tolerance_s") is None else float(said["tolerance_s"]),
        drift=tuple(said.get("drift") or ()), responsible=said.get("responsible"), near=said.get("near") or "hold",
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
        after_create=bool(said.get("after_create")), status=bool(said.get("status")), ref=ref,
        lookup=said.get("lookup"), currency=said.get("currency"), combine=said.get("combine"), otherwise=said.get("otherwise"), lines=said.get("lines"),
        parts=said.get("parts"), identity=tuple(said.get("identity") or ()),
    )  # fmt: skip
