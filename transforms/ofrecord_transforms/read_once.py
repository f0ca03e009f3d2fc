"""What rule files say of documents: created once, compared, amended, and waiting for another record's word."""

from collections.abc import Iterable
from dataclasses import replace

from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import one_of
from ofrecord_transforms.read_fields import FieldReader
from ofrecord_transforms.rules import Field, Filters, Once, Side, Sum, WaitsFor


class OnceReader(FieldReader):
    """Reads `once:` and `waits_for:`."""

    def once(self, node: Node | None) -> Once | None:
        """Actions after the creation, what must agree before them, and until when the document is amended."""
        checked = self.mapping(node, "once", words.ONCE_KEYS)
        if checked is None:
            return None
        then = checked.get("then")
        actions: list[str] = []
        if then is not None:
            for item in then.value if isinstance(then.value, list) else [then]:
                if item.value in words.THEN_ACTIONS:
                    actions.append(item.value)
                else:
                    self.problems.add(item, "once", f"then must be a list out of: {one_of(words.THEN_ACTIONS)}.")
        amend = checked.get("amend")
        return Once(
            tuple(actions), tuple(self.figures(checked.get("check"))), self.tells(checked.get("tell")),
            self.sum(checked.get("sum")), self._amend(amend) if amend else None,
        )  # fmt: skip

    def figures(self, node: Node | None) -> Iterable[Field]:
        """What must agree: one pair of fields, or a list of named figures, some of them with lines."""
        if node is None:
            return
        if not isinstance(node.value, list):
            pair = self.by_system(node, "once: check")
            if pair:
                sides = {system: Side(name, line=node.line) for system, name in pair.items()}
                what = next(reversed(pair.values())).replace("_", " ").capitalize()
                yield Field(what, "", sides, f"{node.file}:{node.line}", format="money")
            return
        allowed = [*words.CHECK_KEYS, *(name for name, system in self.known.items() if system.writable)]
        made = list(self.fields(node, allowed, "once: check"))
        for figure in made:
            child = next(one for one in node.value if one.line == int(figure.rule.rsplit(":", 1)[1]))
            yield self._amount(figure, child)

    def _amount(self, figure: Field, node: Node) -> Field:
        """Figures are amounts where nothing else is said."""
        below = node.get("lines")
        rows = below.value if below is not None and isinstance(below.value, list) else []
        at = {row.line: row for row in rows}
        lines = tuple(
            self._amount(line, at[number]) if (number := int(line.rule.rsplit(":", 1)[1])) in at else line
            for line in figure.lines
        )
        is_plain = figure.format == "text" and not (figure.ref or figure.lookup or node.get("format"))
        return replace(figure, lines=lines, format="money" if is_plain else figure.format)

    def side(self, node: Node, where: str, system: str) -> Side | None:
        """As of every field; of a figure a constant alone, too."""
        is_figure = where.startswith("once: check") and isinstance(node.value, dict)
        if is_figure and node.get("always") is not None and node.get("field") is None:
            self.keys(node, ("always",), where)
            constant = node.get("always")
            return Side("", always=constant.plain() if constant else None, line=node.line)
        if is_figure and node.get("otherwise") is not None:
            return self._with_constant(node, where)
        return super().side(node, where, system)

    def _with_constant(self, node: Node, where: str) -> Side | None:
        """`{field: Currency, otherwise: USD}`: a field, and what stands for it where it is empty or there is none."""
        self.keys(node, words.OTHERWISE_KEYS, where)
        constant = node.get("otherwise")
        value = constant.plain() if constant else None
        if value is None or isinstance(value, dict | list):
            self.problems.add(
                node, where, "otherwise must be one value. Write it as in {field: Currency, otherwise: USD}."
            )
        return Side(self.text(node, "field", where) or "", otherwise=value, line=node.line)

    def sum(self, node: Node | None) -> Sum | None:
        """How the sum of a document comes about, by the names of fields."""
        checked = self.mapping(node, "once: sum", words.SUM_KEYS)
        if checked is None:
            return None
        said = {
            key: self.text(checked, key, "once: sum", required=key in {"lines", "quantity", "rate"}) or ""
            for key in ("lines", "quantity", "rate", "discount", "tax", "currency")
        }
        less, plus = (
            tuple(self.words(checked.get(key), f"once: sum: {key}", f"{key}: [Adjustment]")) for key in ("less", "plus")
        )
        return Sum(**said, less=less, plus=plus, line=checked.line)

    def _amend(self, node: Node) -> Filters:
        """Conditions on the document there; of the tests only those that need no order."""
        found = self.filters(node, "once: amend")
        for system, by_field in found.items():
            for name, conditions in by_field.items():
                for one in conditions:
                    if one.test not in words.AMEND_TESTS:
                        self.problems.add(
                            node, f"once: amend: {system}",
                            f'"{name}": a list of values, not, present or absent decides here. Use one of these.',
                        )  # fmt: skip
        return found

    def waits_for(self, node: Node | None) -> WaitsFor | None:
        """`{entity: deal, by: Deal, until: {crm: {Stage: [Closed Won]}}, when: {crm: {Quote_Stage: [Draft]}}}`."""
        checked = self.mapping(node, "waits_for", words.WAITS_FOR_KEYS)
        if checked is None:
            return None
        for key in ("until", "when"):
            if checked.get(key) is None:
                self.problems.add(checked, "waits_for", f'"{key}" is missing: {words.WAITS_FOR_KEYS[key]}. Add it.')
        until, when = (self.filters(checked.get(key), f"waits_for: {key}") for key in ("until", "when"))
        return WaitsFor(
            self.text(checked, "entity", "waits_for") or "", self.text(checked, "by", "waits_for") or "", until, when
        )
