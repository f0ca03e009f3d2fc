"""Rules for tests: the shipped ones, and small ones made of text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from ofrecord_transforms.load import load, read_all
from ofrecord_transforms.rules import Rules

settings.register_profile("steady", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("steady")

SHIPPED = Path(__file__).parents[2] / "rules"

HEAD = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
"""


@pytest.fixture(scope="session")
def shipped() -> Rules:
    """The rules a customer starts with."""
    return load(SHIPPED)


@pytest.fixture(scope="session")
def shipped_folder() -> Path:
    """The folder of the rules a customer starts with, with its catalogs."""
    return SHIPPED


@pytest.fixture
def rules_of() -> Callable[..., Rules]:
    """Rules from the text of files; streams in them are described by no tap, so field names are not judged."""

    def read(*texts: str) -> Rules:
        return read_all(
            {f"rules/{number}.yml": text.encode() for number, text in enumerate(texts)}, Path("nowhere/rules")
        )

    return read


@pytest.fixture
def with_fields(rules_of: Callable[..., Rules]) -> Callable[[str], Rules]:
    """A product with the given `fields:` list; its head takes the lines 1 to 5, the list begins at line 7."""
    return lambda fields: rules_of(f"{HEAD}fields:\n{fields}")
