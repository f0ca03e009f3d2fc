"""Recorded output of a tap under two versions of the rules: which records would be sent differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ofrecord_transforms.compile import Compiled, UnusableRecordError, compile_entity
from ofrecord_transforms.rules import Rules

_decoder = msgspec.json.Decoder(float_hook=Decimal)
WHOLE = ("filtered", "stopped", "deleted")
"""What `_ofrecord` says of a record as a whole."""


@dataclass(frozen=True)
class Replay:
    """One entity in one direction: records read, ids of those sent differently, and how often each field differs.

    A record that only one version sends counts under `(sent)`, one that only one of them holds back under its reason's
    name (`(filtered)`, `(stopped)`).
    """

    entity: str
    source: str
    destination: str
    read: int
    ids: list[str]
    fields: dict[str, int]


def replay(old: Rules, new: Rules, source: str, to: str, lines: Iterable[bytes]) -> list[Replay]:
    """Compare what both versions make of the RECORD lines. Raises ValueError with the number of a line that is none."""
    known = {*old.systems, *new.systems}
    for system in (source, to):
        if system not in known:
            problem = f'"{system}" is not a system. Use {" or ".join(sorted(known))}.'
            raise ValueError(problem)
    ways = {
        name: (_way(old, name, source, to), _way(new, name, source, to)) for name in {**old.entities, **new.entities}
    }
    read: Counter[str] = Counter()
    ids: dict[str, dict[str, None]] = {name: {} for name in ways}
    counts: dict[str, Counter[str]] = {name: Counter() for name in ways}
    for number, line in enumerate(lines, 1):
        message = _message(line, number)
        if message.get("type") != "RECORD":
            continue
        for name, pair in ways.items():
            if not any(way is not None and way.stream == message.get("stream") for way in pair):
                continue
            before, after = (_made(way, message) for way in pair)
            read[name] += len(before | after)
            for identity in before | after:
                differing = _differing(before.get(identity), after.get(identity))
                if differing:
                    ids[name][identity] = None
                    counts[name].update(differing)
    return [
        Replay(name, source, to, read[name], list(ids[name]), dict(sorted(counts[name].items())))
        for name, pair in ways.items()
        if any(pair)
    ]


def _way(rules: Rules, name: str, source: str, to: str) -> Compiled | None:
    entity = rules.entities.get(name)
    if entity is None or (source, to) not in entity.directions():
        return None
    return compile_entity(rules, entity, source, to)


def _message(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = _decoder.decode(line) if line.strip() else {}
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        message = f"line {number} of the data is no Singer message. Record it with: tap-… --config … > data.jsonl"
        raise ValueError(message)  # noqa: TRY004 - the line is wrong, not its type
    return found


def _made(way: Compiled | None, message: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What would be sent of a record, by id: values by field's name, and what is said of the whole."""
    if way is None or way.stream != message.get("stream"):
        return {}
    try:
        records = way.records(message["record"])
    except UnusableRecordError:
        return {}
    properties = way.schema["schema"]["properties"]
    made = {}
    for record in records:
        told = record["_ofrecord"]
        said = {f"({name})": bool(told.get(name)) for name in WHOLE}
        for name, value in record.items():
            about = properties.get(name, {}).get("x-ofrecord")
            if about is not None:
                said[about["label"]] = value
        made[told["id"]] = said
    return made


def _differing(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    if before is None or after is None:
        return ["(sent)"]
    missing = object()
    whole = [f"({name})" for name in WHOLE if before[f"({name})"] != after[f"({name})"]]
    return whole or [name for name in {**before, **after} if before.get(name, missing) != after.get(name, missing)]
