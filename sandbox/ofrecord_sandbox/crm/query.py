# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""The grammar of COQL as far as it is imitated.

`select A, count(id) as n from M where C [and|or C] [group by A, …] [order by A [asc|desc], …] [limit n | limit offset, n | limit n offset m]`.
More than two conditions must be paired with brackets: `((A and B) and C)`. A column may be a path (`Account_Name.Parent_Account.id`) and may
stand in quotation marks. Aggregates are count, sum, avg, min, max.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from ofrecord_sandbox.crm.answers import RefusedError

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<moment>\d{4}-\d\d-\d\d(?:T[\d:]+(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_$][\w.$]*)|(?P<sign>>=|<=|!=|=|>|<|\(|\)|,))"
)
_SIGNS = {"=", "!=", ">=", "<=", ">", "<"}
AGGREGATES = ("count", "sum", "avg", "min", "max")


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` is empty for the null tests."""

    column: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Two conditions joined by `and` or `or`."""

    word: str
    left: Node
    right: Node


Node = Condition | Both


@dataclass(frozen=True, slots=True)
class Selected:
    """One thing selected: a column, or an aggregate of it. `key` is its name in the answer."""

    column: str
    aggregate: str
    key: str


@dataclass(slots=True)
class Query:
    """One parsed select."""

    selected: list[Selected]
    module: str
    where: Node
    group: list[str] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    """(column or key, descending)."""
    limit: int = 200
    offset: int = 0


def parse(text: str) -> Query:
    """The query; raises RefusedError SYNTAX_ERROR (`near`, `line`, `column`; at its end `clause`)."""
    return _Parser(text).query()


def conditions(node: Node) -> list[Condition]:
    """All comparisons of a tree, from left to right."""
    return [node] if isinstance(node, Condition) else [*conditions(node.left), *conditions(node.right)]


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        self._clause = "select"
        position = 0
        stripped = text.rstrip().rstrip(";")
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                self._refuse(stripped[position : position + 20].strip(), position)
            kind = str(match.lastgroup)
            self._tokens.append((kind, match.group(kind), match.start(kind)))
            position = match.end()
        self._at = 0

    def query(self) -> Query:
        self._word("select")
        selected = [self._selected()]
        while self._taken(","):
            selected.append(self._selected())
        self._word("from")
        module = self._name()
        self._word("where")
        query = Query(selected, module, self._conditions())
        if self._taken("group"):
            self._word("by")
            query.group = self._names()
        if self._taken("order"):
            self._word("by")
            query.order.append(self._ordering())
            while self._taken(","):
                query.order.append(self._ordering())
        self._limits(query)
        if self._at < len(self._tokens):
            self._refuse_here()
        return query

    def _selected(self) -> Selected:
        """`A`, `count(A)`, either with `as name`. Without a name the key is what was written (of an aggregate: UNVERIFIED)."""
        written = self._name()
        column, aggregate = written, ""
        if self._peek() == "(":
            aggregate = written.lower()
            if aggregate not in AGGREGATES:
                self._refuse_here()
            self._next()
            column = self._name()
            self._word(")")
            written = f"{written}({column})"
        if self._taken("as"):
            written = self._name()
        return Selected(column, aggregate, written)

    def _limits(self, query: Query) -> None:
        if self._taken("limit"):
            query.limit = self._number()
            if self._taken(","):
                query.offset, query.limit = query.limit, self._number()
            elif self._taken("offset"):
                query.offset = self._number()
        elif self._taken("offset"):
            query.offset = self._number()

    def _conditions(self) -> Node:
        """One operand, or two joined; a third needs brackets."""
        left = self._operand()
        if self._peek() in {"and", "or"}:
            word = self._next()[1].lower()
            left = Both(word, left, self._operand())
            if self._peek() in {"and", "or"}:
                self._refuse_here()
        return left

    def _operand(self) -> Node:
        if self._taken("("):
            inner = self._conditions()
            self._word(")")
            return inner
        return self._condition()

    def _condition(self) -> Condition:
        column = self._name()
        if self._taken("is"):
            operator = "is not null" if self._taken("not") else "is null"
            self._word("null")
            return Condition(column, operator, ())
        negated = self._taken("not")
        if self._taken("in"):
            return Condition(column, "not in" if negated else "in", self._several())
        if self._taken("like"):
            return Condition(column, "not like" if negated else "like", (self._value(),))
        if self._taken("between"):
            low = self._value()
            self._word("and")
            return Condition(column, "not between" if negated else "between", (low, self._value()))
        if negated or self._peek() not in _SIGNS:
            self._refuse_here()
        return Condition(column, self._next()[1], (self._value(),))

    def _several(self) -> tuple[str, ...]:
        self._word("(")
        values = [self._value()]
        while self._taken(","):
            values.append(self._value())
        self._word(")")
        return tuple(values)

    def _value(self) -> str:
        kind, text, _ = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1].replace("''", "'"))
        if kind in {"number", "moment"} or text.lower() in {"true", "false"}:
            return text
        self._at -= 1
        return self._refuse_here()

    def _ordering(self) -> tuple[str, bool]:
        name = self._name()
        if self._peek() == "(":
            self._next()
            name = f"{name}({self._name()})"
            self._word(")")
        if self._taken("desc"):
            return name, True
        self._taken("asc")
        return name, False

    def _number(self) -> int:
        kind, text, _ = self._next()
        if kind != "number" or not text.isdecimal():
            self._at -= 1
            self._refuse_here()
        return int(text)

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._taken(","):
            names.append(self._name())
        return names

    def _name(self) -> str:
        kind, text, _ = self._next()
        if kind == "text":
            return text[1:-1]
        if kind != "word":
            self._at -= 1
            self._refuse_here()
        return text

    def _word(self, wanted: str) -> None:
        if self._peek() != wanted:
            self._clause = wanted if wanted.isalpha() else self._clause
            self._refuse_here()
        self._next()
        if wanted in {"select", "from", "where", "by"}:
            self._clause = wanted

    def _taken(self, wanted: str) -> bool:
        if self._peek() == wanted:
            self._at += 1
            return True
        return False

    def _peek(self) -> str:
        return self._tokens[self._at][1].lower() if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str, int]:
        if self._at >= len(self._tokens):
            self._refuse_here()
        self._at += 1
        return self._tokens[self._at - 1]

    def _refuse_here(self) -> NoReturn:
        if self._at < len(self._tokens):
            _, near, column = self._tokens[self._at]
            self._refuse(near, column)
        self._refuse("", self._tokens[-1][2] if self._tokens else 0)

    def _refuse(self, near: str, column: int) -> NoReturn:
        details = {"column": column + 1, "line": 1, "near": near} if near else {"clause": self._clause}
        raise RefusedError("SYNTAX_ERROR", "error occured while parsing the query", details)
