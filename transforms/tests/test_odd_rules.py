"""Whatever somebody writes into a rule file, the answer is a list of problems or rules that work."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import RulesError

RULES = Path(__file__).parents[2] / "rules"
SHIPPED = {f"rules/{path.name}": yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES.glob("*.yml")}
JUNK = [
    None,
    [],
    {},
    "",
    "x",
    "crm",
    "shared",
    "kg",
    "USD",
    0,
    -1,
    True,
    [[1]],
    [{"a": 1}],
    {"a": {"b": 1}},
    {"crm": "x"},
]
RECORD = {
    "id": "1",
    "item_id": "1",
    "contact_id": "1",
    "invoice_id": "1",
    "payment_id": "1",
    "salesorder_id": "1",
    "x": 1,
}


def places(value, path=()):
    """Every path into nested dicts and lists."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def replaced(tree, path, junk):
    changed = copy.deepcopy(tree)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    if not path:
        return junk
    inside[path[-1]] = junk
    return changed


@settings(max_examples=100)
@given(data=st.data())
def test_a_value_replaced_by_anything_gives_problems_or_working_rules(data):
    name = data.draw(st.sampled_from(sorted(SHIPPED)))
    path = data.draw(st.sampled_from(list(places(SHIPPED[name]))))
    junk = data.draw(st.sampled_from(JUNK))
    files = {**SHIPPED, name: replaced(SHIPPED[name], path, junk)}
    texts = {file: yaml.safe_dump(tree, allow_unicode=True).encode() for file, tree in files.items()}
    try:
        rules = read_all(texts, Path("nowhere/rules"))
    except RulesError as error:
        problems = error.problems
    else:
        problems = []
    assert all(line.startswith("rules/") for line in problems)
    for entity in rules.entities.values() if not problems else ():
        for source, to in entity.directions():
            compile_entity(rules, entity, source, to).records({**RECORD, entity.systems[source].id: "1"})


TEXTS = {f"rules/{path.name}": path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.yml"))}
CHIPS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "#",
    "'",
    '"',
    "\t",
    "  ",
    "\n",
    "|",
    "&a",
    "*a",
    "!x",
    "%",
    "@",
    "\x07",
    "ü",
    "? ",
    "0x",
    "~",
]


@settings(max_examples=200, phases=[Phase.generate])
@given(data=st.data())
def test_a_file_mangled_in_any_way_never_ends_in_a_traceback(data):
    name = data.draw(st.sampled_from(list(TEXTS)))
    text = TEXTS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 60)))
        text = text[:start] + data.draw(st.sampled_from([*CHIPS, text[end : end + 30], ""])) + text[end:]
    problems = []
    try:
        read_all({name: text.encode()}, RULES)
    except RulesError as error:
        problems = error.problems
    assert all(line.startswith(f"{name}:") for line in problems)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [*x]\n",
        "%YAML 9.9\n---\na: 1\n",
        "\x00",
        "- 1\n- 2\n",
        "a: !!python/object:os.system x\n",
        "? [1]\n: 2\n",
    ],
)
def test_strange_yaml_is_refused_with_a_file_and_a_line(text):
    with pytest.raises(RulesError) as caught:
        read_all({"rules/p.yml": text.encode()})
    assert all(line.startswith("rules/p.yml:") for line in caught.value.problems)
