"""The guide explains every key and value there is, and what it shows is true."""

import re
from pathlib import Path

import pytest
import yaml

from ofrecord_transforms import cases_read, located, vocabulary
from ofrecord_transforms.cases import run_cases
from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import Problems
from ofrecord_transforms.rules_read import Reader, read_systems

PROJECT = Path(__file__).parents[2]
GUIDE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
SYSTEMS = "systems:\n  shop: {tap: tap-shop, modified: m, created: c}\n"
HEAD = {
    "entity": "product",
    "responsible": {"owner": "A", "deputy": "B", "escalation": "C"},
    "systems": {"inventory": {"stream": "things", "id": "i"}, "crm": {"stream": "Things", "id": "i"}},
    "fields": [{"what": "Name", "owner": "crm", "crm": "Name", "inventory": "name"}],
}
NESTED = {
    "PLACE_KEYS", "PART_KEYS", "LINE_KEYS", "RESPONSIBLE_KEYS", "ONCE_KEYS", "COMBINE_KEYS", "SPREAD_KEYS", "EACH_KEYS",
    "CHECK_KEYS", "OTHERWISE_KEYS", "FILES", "ATTACH_KEYS", "TELL_KEYS", "SUM_KEYS", "AMEND_TESTS", "WAITS_FOR_KEYS", "WAY_KEYS", "SCHEDULE_KEYS", "PERIODS", "DAY_KEYS",
    "PRIMARY_KEYS", "STOP_KEYS", "LIMIT_KEYS", "CONDITION_KEYS", "SYSTEM_KEYS", "SYSTEMS_FILE_KEYS", "POLICIES",
    "FORMATS", "COUNTRY_FORMS", "ADDRESS_PARTS", "DUPLICATES", "NEAR", "MISSING", "COMBINATIONS", "VIOLATIONS",
    "STATE_FIGURE_KEYS", "STATE_FIGURE_FORMATS", "STATES_KEYS", "STATE_ROW_KEYS", "STATE_WORDS", "STATE_COMPARISONS", "TOGETHER_KEYS",
    "DELETED_ACTIONS", "LEAVING_ACTIONS", "THEN_ACTIONS", "LOOKUPS", "UNLINKED", "PRESENCE", "TOO_LONG", "DURATIONS",
}  # fmt: skip
TABLES = {
    "## The entity": vocabulary.ENTITY_KEYS,
    "### A place in `systems`": vocabulary.PLACE_KEYS,
    "## A field": vocabulary.FIELD_KEYS,
    "### A side": vocabulary.SIDE_KEYS,
    "## Other systems": vocabulary.SYSTEM_KEYS,
}


def rows(heading):
    """The rows of the tables between this heading and the next one, as lists of cells."""
    part = re.split(r"\n##", GUIDE.split(f"\n{heading}\n", 1)[1], maxsplit=1)[0]
    return [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in re.findall(r"^\| `.*$", part, re.MULTILINE)]


def examples(heading):
    """Key → the mappings its last cell shows."""
    return {
        key.strip("`"): [yaml.safe_load(text) for text in re.findall(r"`([^`]+)`", cells[-1])]
        for key, *cells in rows(heading)
        if cells[-1].startswith("`")
    }


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_explained_and_none_is_invented(heading):
    assert sorted(cells[0].strip("`") for cells in rows(heading)) == sorted(TABLES[heading])


def test_every_closed_set_of_the_vocabulary_is_looked_at():
    sets = {name for name in vars(vocabulary) if name.isupper()}
    assert sets == NESTED | {"ENTITY_KEYS", "FIELD_KEYS", "SIDE_KEYS"}


@pytest.mark.parametrize("word", sorted({word for name in NESTED for word in getattr(vocabulary, name)}))
def test_every_word_of_a_closed_set_is_in_the_guide(word):
    assert f"`{word}`" in GUIDE


@pytest.mark.parametrize("word", [*cases_read.CASE_KEYS, *cases_read.EDIT_KEYS, *cases_read.OUTCOMES])
def test_every_word_of_cases_is_in_the_guide(word):
    assert f"`{word}`" in GUIDE.split("\n## Cases\n")[1]


def mistakes(entity):
    """What the reader says of the shape of an entity, given as plain values."""
    problems = Problems()
    systems = read_systems(located.read(SYSTEMS, "systems.yml"), problems)
    Reader(problems, systems).entity(located.read(yaml.safe_dump(entity, allow_unicode=True), "guide.yml"))
    return problems.lines()


def with_field(**said):
    field = {**HEAD["fields"][0], "shop": "x", **said}
    return {**HEAD, "fields": [field]}


def test_every_key_has_an_example_that_reads():
    shown = {heading: examples(heading) for heading in TABLES}
    for said in (one for several in shown["## The entity"].values() for one in several):
        assert mistakes({**HEAD, **said}) == []
    for said in (one for several in shown["## A field"].values() for one in several):
        assert mistakes(with_field(**said)) == []
    for said in (one for several in shown["### A side"].values() for one in several):
        assert mistakes(with_field(crm=said)) == []
    for said in (one for several in shown["### A place in `systems`"].values() for one in several):
        whole = {"id": "i", **({} if {"stream", "object"} & said.keys() else {"stream": "s"}), **said}
        assert mistakes({**HEAD, "systems": {**HEAD["systems"], "crm": whole}}) == []
    for said in (one for several in shown["## Other systems"].values() for one in several):
        problems = Problems()
        line = {"systems": {"shop": {"tap": "t", "modified": "m", "created": "c", **said}}}
        read_systems(located.read(yaml.safe_dump(line), "systems.yml"), problems)
        assert problems.lines() == []
    without = {
        (heading, cells[0])
        for heading in TABLES
        for cells in rows(heading)
        if cells[0].strip("`") not in shown[heading]
    }
    assert without == {("## The entity", f"`{key}`") for key in ("systems", "stop", "fields")} | {
        ("## A field", "`lines`")
    }


def example(first):
    """The one example that begins with this word."""
    [found] = [text for text in EXAMPLES if text.startswith(first)]
    return found


def test_the_file_the_guide_shows_is_good():
    rules = read_all({"rules/product.yml": example("entity:").encode()}, PROJECT / "rules")
    assert "product" in rules.entities


def test_the_conditions_the_guide_shows_are_good():
    text = yaml.safe_dump(
        {
            **HEAD,
            "systems": {
                "crm": {"stream": "Quotes", "id": "id"},
                "inventory": {"stream": "salesorders", "id": "salesorder_id"},
            },
            "fields": [
                {"what": "Number", "owner": "inventory", "inventory": "salesorder_number", "crm": "Order_Number"}
            ],
        }
    )
    rules = read_all({"rules/order.yml": (text + example("when:")).encode()}, PROJECT / "rules")
    assert [stop.what for stop in rules.entities["product"].stop] == ["Order over nothing"]


def test_the_document_the_guide_shows_is_good():
    head = {key: said for key, said in HEAD.items() if key != "fields"} | {
        "systems": {
            "crm": {"stream": "Bids", "id": "id", "external_id": "Paper_ID"},
            "inventory": {"stream": "papers", "id": "paper_id", "external_id": "cf_crm_id"},
        },
    }
    rules = read_all({"rules/bid.yml": (yaml.safe_dump(head) + example("new:")).encode()}, PROJECT / "nowhere")
    once = rules.entities["product"].once
    assert once is not None
    assert [figure.what for figure in once.check] == ["Total", "Currency", "Lines"]


def test_the_table_of_states_the_guide_shows_is_whole():
    head = {key: said for key, said in HEAD.items() if key != "fields"} | {
        "systems": {"books": {"stream": "papers", "id": "paper_id"}, "crm": {"object": "Trades", "id": "id"}},
        "combine": {"into": "product", "through": "product", "by": "paper_id"},
        "entity": "paper",
    }  # fmt: skip
    files = {"rules/paper.yml": yaml.safe_dump(head) + example("figures:"), "rules/product.yml": yaml.safe_dump(HEAD)}
    rules = read_all({name: text.encode() for name, text in files.items()}, PROJECT / "nowhere")
    assert rules.entities["paper"].states is not None


def test_the_other_system_the_guide_shows_is_good():
    problems = Problems()
    assert not read_systems(located.read(example("systems:"), "systems.yml"), problems)["shop"].writable
    assert problems.lines() == []


def test_the_case_the_guide_shows_ends_as_it_says(shipped, tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "account.yml").write_text(example("cases:"), encoding="utf-8")
    assert [outcome.problem for outcome in run_cases(shipped, tmp_path)] == [None]


def test_every_example_of_the_guide_is_tried():
    starts = ("entity:", "when:", "new:", "figures:", "systems:", "cases:", "# yaml-language-server:")
    assert all(text.startswith(starts) for text in EXAMPLES)
    assert len(EXAMPLES) == len(starts)
