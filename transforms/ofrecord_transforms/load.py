"""From a folder of rule files to `Rules`: the one place that reads them."""

import hashlib
from pathlib import Path

from ofrecord_transforms.catalog import Catalogs
from ofrecord_transforms.checks import check_all
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import MOST_BYTES, Problems, RulesError, root_of
from ofrecord_transforms.rules import Entity, Rules
from ofrecord_transforms.rules_read import Reader, read_systems
from ofrecord_transforms.systems import SYSTEMS_FILE


def load(folder: str | Path = "rules") -> Rules:
    """Read and check every `*.yml` of a folder. Raises `RulesError` with all problems of all files."""
    path = Path(folder)
    if not path.is_dir():
        raise RulesError([f"{folder}: is not a folder. Name the folder of the rule files, usually `rules`."])
    files = sorted([*path.glob("*.yml"), *path.glob("*.yaml")])
    if not files:
        raise RulesError([f"{folder}: holds no rule files. Add one, such as {folder}/product.yml."])
    texts = {f"{path.name}/{file.name}": _content(file) for file in files}
    return read_all(texts, path)


def read_all(texts: dict[str, bytes], folder: Path = Path("rules")) -> Rules:
    """Rules from file names and contents, in any order; `folder` tells where catalogs may lie. Raises `RulesError`."""
    problems = Problems()
    digest = hashlib.sha256()
    found: dict[str, Node | None] = {}
    for name, content in sorted(texts.items()):
        digest.update(name.encode() + b"\0" + content + b"\0")
        found[name] = root_of(name, content, problems)
    systems = read_systems(found.pop(next((name for name in found if _is_systems_file(name)), ""), None), problems)
    roots: dict[str, Node] = {}
    entities: dict[str, Entity] = {}
    for root in found.values():
        entity = Reader(problems, systems).entity(root) if root is not None else None
        if root is None or entity is None:
            continue
        if entity.entity in entities:
            other = entities[entity.entity].file
            problems.add(
                root, "entity", f'"{entity.entity}" is already described by {other}. Keep one file per entity.'
            )
            continue
        roots[entity.entity], entities[entity.entity] = root, entity
    catalogs = Catalogs(folder)
    check_all(entities, systems, catalogs, roots, problems)
    problems.raise_if_any()
    return Rules(entities, f"sha256:{digest.hexdigest()}", systems, catalogs)


def _content(file: Path) -> bytes:
    """The file, and no more of it than tells that it is too large."""
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _is_systems_file(name: str) -> bool:
    return name.rpartition("/")[2] == SYSTEMS_FILE
