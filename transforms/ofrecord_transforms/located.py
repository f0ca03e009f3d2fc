"""YAML that remembers the line each value stands on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML was built with it: it reads the rules in a third of the time."""


@dataclass(frozen=True)
class Node:
    """A YAML value: a dict of `Node`, a list of `Node`, or a plain scalar, with its file and line (from 1)."""

    value: Any
    file: str
    line: int
    twice: tuple["Node", ...] = ()
    """Values of keys that were given a second time in this mapping; each carries the key in `value`."""

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Pairs of a mapping; nothing for other values."""
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                yield str(key), node

    def get(self, key: str) -> "Node | None":
        """Value under a key, or None."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read(text: str, file: str) -> Node:
    """Parse one YAML document. Raises `yaml.MarkedYAMLError` when it is not YAML, and for aliases: a rule file says everything where it stands."""
    try:
        return _read(_Loader, text, file)
    except yaml.MarkedYAMLError:
        return _read(yaml.SafeLoader, text, file)  # which says what is wrong in the same words everywhere


def _read(kind: Any, text: str, file: str) -> Node:
    for event in yaml.parse(text, kind):
        if isinstance(event, yaml.AliasEvent):
            place: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not used in rules", problem_mark=place)
    loader = kind(text)
    try:
        node = loader.get_single_node()
        return Node(None, file, 1) if node is None else _convert(loader, node, file)
    finally:
        loader.dispose()


def _convert(loader: Any, node: yaml.Node, file: str) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        pairs: dict[Any, Node] = {}
        twice: list[Node] = []
        for key_node, value_node in node.value:
            key = _scalar(loader, key_node)
            if key in pairs:
                twice.append(Node(key, file, key_node.start_mark.line + 1))
                continue
            pairs[key] = _convert(loader, value_node, file)
        return Node(pairs, file, line, tuple(twice))
    if isinstance(node, yaml.SequenceNode):
        return Node([_convert(loader, child, file) for child in node.value], file, line)
    return Node(_scalar(loader, node), file, line)


def _scalar(loader: Any, node: yaml.Node) -> Any:
    """A key or a plain value; floats and dates stay the text that was written."""
    if not isinstance(node, yaml.ScalarNode):
        return str(node.start_mark.line)
    if node.tag in {"tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"}:
        return node.value
    try:
        return loader.construct_object(node)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
    ):  # `!!int x`, or a number of ten thousand digits
        raise yaml.MarkedYAMLError(problem="a value is not of its type", problem_mark=node.start_mark) from None
