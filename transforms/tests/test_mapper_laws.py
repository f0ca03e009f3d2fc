"""Laws of the mapper, for every shipped rule in every direction, over records nobody wrote."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import load, read_all
from ofrecord_transforms.mentioned import mentioned
from ofrecord_transforms.rules import Entity, Field, Rules, Side
from ofrecord_transforms.steps import steps
from ofrecord_transforms.straight import sender
from ofrecord_transforms.wire import encode, lines_decoder, record_decoder

SHIPPED = Path(__file__).parents[2] / "rules"
RULES: Rules = load(SHIPPED)
WAYS = [(name, *way) for name, entity in RULES.entities.items() for way in entity.directions()]
each_way = pytest.mark.parametrize(("name", "source", "to"), WAYS)
quick = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=2)
TIMES = st.sampled_from(["2026-03-01T09:15:00+00:00", "2026-01-31", "2025-12-31T23:30:00-05:00"])
WORDS = st.sampled_from(["", "open", "12", "true", "+49 30 123456", "Åsa", "a@B.example", "Germany", "DE", "0"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), AMOUNTS, TIMES, WORDS, st.text(max_size=12))
LOOKUPS = st.fixed_dictionaries({"id": st.text("0123456789", min_size=1, max_size=5), "name": WORDS})
VALUES = st.one_of(SCALARS, LOOKUPS)


def fit(rule: Field, side: Side) -> st.SearchStrategy[Any]:
    """Values that suit a field, and some that do not."""
    if rule.lines:
        return st.none()
    if side.values is not None:
        return st.one_of(st.sampled_from(list(side.values)), VALUES)
    if rule.format in {"money", "number"}:
        return st.one_of(AMOUNTS, st.integers(-(10**9), 10**9), VALUES)
    return VALUES


def put(record: dict[str, Any], path: str, value: Any, prefix: str | None) -> None:
    """Put a value where a tap would."""
    *above, last = ["custom_field_hash", path] if prefix is not None and path.startswith(prefix) else path.split(".")
    for name in above:
        inner = record.get(name)
        if not isinstance(inner, dict):
            inner = record[name] = {}
        record = inner
    record[last] = value


def rows(draw: st.DrawFn, rule: Field, source: str) -> Any:
    """Lines of a document, with fields that no rule names."""
    names = [side.field for line in rule.lines if (side := line.sides.get(source))]
    line = st.fixed_dictionaries({}, optional={**dict.fromkeys(names, VALUES), "unmapped": st.just("UNMAPPED")})
    return draw(st.one_of(st.none(), st.lists(line, max_size=3)))


@st.composite
def records(draw: st.DrawFn, entity: Entity, source: str) -> dict[str, Any]:
    """A record of the source: mapped fields present, empty, odd or absent, and others that no rule names."""
    place = entity.systems[source]
    prefix = place.system.custom_prefix
    record: dict[str, Any] = {}
    for rule in entity.fields:
        side = rule.sides.get(source)
        for held in () if side is None or side.always is not None else (side.parts or {"": side}).values():
            if draw(st.integers(0, 5)):
                value = rows(draw, rule, source) if rule.lines else draw(fit(rule, held))
                put(record, held.field, value, prefix)
    for name, condition in entity.conditions(source):
        if draw(st.integers(0, 5)) and condition.test in {"in", "present"}:
            put(record, name, draw(st.sampled_from(condition.values or ("5",))), prefix)
    record[place.id] = draw(st.text("0123456789", min_size=1, max_size=6))
    record[place.system.modified] = draw(TIMES)
    if entity.each is not None and entity.each.system == source:
        element = record.get(entity.each.list)
        record[entity.each.list] = [element] if isinstance(element, dict) else []
    return {**record, "unmapped": "UNMAPPED", "Unmapped": {"deep": "UNMAPPED"}}


def properties(out: dict[str, Any], key: str | None) -> set[str]:
    return out.keys() - {"_ofrecord", key}


@each_way
def test_no_field_is_sent_that_the_source_does_not_own(name, source, to):
    entity = RULES.entities[name]
    compiled = compile_entity(RULES, entity, source, to)
    allowed = {rule.property_at(to) for rule in entity.fields if to in rule.sides and rule.owner in {source, "shared"}}
    foreign = {rule.name for rule in entity.fields if rule.owner not in {source, "shared"}}

    @quick
    @given(records(entity, source))
    def law(record):
        for out in compiled.records(record):
            assert properties(out, entity.systems[to].external_id) <= allowed
            assert not out["_ofrecord"].get("native", {}).keys() & foreign

    law()


@each_way
def test_what_no_rule_names_is_in_no_output(name, source, to):
    entity = RULES.entities[name]
    compiled = compile_entity(RULES, entity, source, to)

    @quick
    @given(records(entity, source))
    def law(record):
        assert b"UNMAPPED" not in b"".join(encode(out) for out in compiled.records(record))

    law()


@each_way
def test_mapping_the_same_record_again_says_the_same(name, source, to):
    entity = RULES.entities[name]
    compiled = compile_entity(RULES, entity, source, to)

    @quick
    @given(records(entity, source))
    def law(record):
        before = encode(record)
        first = [encode(out) for out in compiled.records(record)]
        assert [encode(out) for out in compiled.records(record)] == first
        assert encode(record) == before

    law()


def as_written(entity: Entity, source: str, to: str, out: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """The destination's record after a target wrote what the mapper sent."""
    place = entity.systems[to]
    record = {**there, place.id: "77", place.system.modified: "2026-03-02T00:00:00+00:00"}
    for rule in entity.fields:
        side = rule.sides.get(to)
        if side is None or rule.property_at(to) not in out:
            continue
        value = out[rule.property_at(to)]
        for part, held in (side.parts or {"": side}).items():
            put(record, held.field, value.get(part) if part and value else value, place.system.custom_prefix)
    return record


def back_and_again(entity: Entity, source: str, to: str, out: dict[str, Any]) -> dict[str, Any] | None:
    """What is sent after a record went there, came back, and goes there once more; None: nothing comes back."""
    written = as_written(entity, source, to, out, {})
    home = compile_entity(RULES, without_filters(entity), to, source)
    [returned] = home.records(written)[:1] or [None]
    if returned is None or "native" not in returned["_ofrecord"]:
        return None
    record = as_written(entity, to, source, returned, {})
    [again] = compile_entity(RULES, without_filters(entity), source, to).records(record)
    return again


def without_filters(entity: Entity) -> Entity:
    return replace(entity, when={}, view=None, stop=())


def without_empty_parts(value: Any) -> Any:
    """A part that is absent and one that is empty are the same to a target: it writes all parts together."""
    return {part: held for part, held in value.items() if held is not None} if isinstance(value, dict) else value


BOTH_WAYS = [way for way in WAYS if (way[0], way[2], way[1]) in WAYS and RULES.entities[way[0]].each is None]


@pytest.mark.parametrize(("name", "source", "to"), BOTH_WAYS)
def test_applying_a_direction_twice_equals_once(name, source, to):
    entity = RULES.entities[name]
    compiled = compile_entity(RULES, entity, source, to)
    shared = {
        rule.property_at(to)
        for rule in entity.fields
        if rule.owner == "shared" and {source, to} <= rule.sides.keys() and not rule.ref and not rule.lookup
    }

    @quick
    @given(records(entity, source))
    def law(record):
        for out in compiled.records(record):
            if "native" not in out["_ofrecord"]:
                continue
            again = back_and_again(entity, source, to, out)
            for name_ in shared & out.keys() if again is not None else ():
                assert without_empty_parts(again.get(name_)) == without_empty_parts(out[name_])

    law()


@each_way
def test_the_straight_way_and_the_whole_way_say_the_same(name, source, to):
    made = tuple(steps(RULES, RULES.entities[name], source, to))
    straight, whole = sender(made), sender([replace(step, path=None, forward=None) for step in made])

    @quick
    @given(records(RULES.entities[name], source))
    def law(record):
        ways = []
        for send in (straight, whole):
            out, native, invalid = {}, {}, {}
            send(record, out, native, invalid)
            ways.append(({key: str(value) for key, value in out.items()}, encode(native), invalid))
        assert ways[0] == ways[1]

    law()


@each_way
def test_what_is_not_decoded_is_not_needed(name, source, to):
    entity = RULES.entities[name]
    compiled = compile_entity(RULES, entity, source, to)
    decode = lines_decoder("s", mentioned(entity, source))

    @quick
    @given(records(entity, source))
    def law(record):
        text = encode({"type": "RECORD", "stream": "s", "record": record})
        [line] = decode(text)
        whole = record_decoder.decode(encode(record))
        assert encode(compiled.records(line.record)) == encode(compiled.records(whole))
        assert "unmapped" not in line.record

    law()


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_rules_give_the_same_result_in_any_order_of_files(random):
    texts = [(f"rules/{file.name}", file.read_bytes()) for file in sorted(SHIPPED.glob("*.yml"))]
    random.shuffle(texts)
    shuffled = read_all(dict(texts), SHIPPED)
    assert shuffled.hash == RULES.hash
    for name, source, to in WAYS:
        once, again = (compile_entity(rules, rules.entities[name], source, to) for rules in (RULES, shuffled))
        assert once.schema == again.schema
        record = {RULES.entities[name].systems[source].id: "1"}
        assert once.records(dict(record)) == again.records(dict(record))


def test_numbers_of_a_record_keep_their_digits_whichever_way_they_are_decoded():
    [line] = lines_decoder("s", {"n"})(b'{"type":"RECORD","stream":"s","record":{"n":0.10,"other":[1]}}\n')
    assert str(line.record["n"]) == str(Decimal("0.10")) == str(record_decoder.decode(b'{"n":0.10}')["n"])
