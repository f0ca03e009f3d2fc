"""The guide explains every key and value there is, and what it shows is true."""

import re
from pathlib import Path

import pytest
import yaml

from ofrecord_transforms import vocabulary
from ofrecord_transforms.load import read_all

PROJECT = Path(__file__).parents[2]
GUIDE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")


def explained(heading):
    """First cells of the tables between this heading and the next one."""
    part = GUIDE.split(f"\n{heading}\n", 1)[1]
    return set(re.findall(r"^\| `(\w+)` \|", re.split(r"\n##", part, maxsplit=1)[0], re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## The entity", vocabulary.ENTITY_KEYS),
        ("### A place in `systems`", vocabulary.PLACE_KEYS),
        ("## A field", vocabulary.FIELD_KEYS),
        ("### A side", vocabulary.SIDE_KEYS),
    ],
)
def test_every_key_is_explained_with_an_example_and_none_is_invented(heading, keys):
    assert explained(heading) == set(keys)


@pytest.mark.parametrize(
    "word",
    [
        *vocabulary.POLICIES, *vocabulary.FORMATS, *vocabulary.DUPLICATES, *vocabulary.MISSING,
        *vocabulary.COMBINATIONS, *vocabulary.VIOLATIONS, *vocabulary.DELETED_ACTIONS, *vocabulary.LOOKUPS,
        *vocabulary.PRESENCE, *vocabulary.RESPONSIBLE_KEYS, *vocabulary.ONCE_KEYS, *vocabulary.COMBINE_KEYS,
        *vocabulary.PRIMARY_KEYS,
    ],
)  # fmt: skip
def test_every_word_of_a_closed_set_is_in_the_guide(word):
    assert f"`{word}`" in GUIDE


def test_the_file_the_guide_shows_is_good():
    example = re.search(r"## A whole file\n\n```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert example is not None
    rules = read_all({"rules/product.yml": example[1].encode()}, PROJECT / "rules")
    assert "product" in rules.entities


def test_the_examples_of_keys_are_yaml():
    for cell in re.findall(r"\| `([^`|]+)` \|$", GUIDE, re.MULTILINE):
        assert isinstance(yaml.safe_load(cell), dict)
