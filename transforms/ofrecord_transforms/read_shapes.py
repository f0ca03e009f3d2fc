"""Shapes of YAML values in rule files: words, lists, mappings, durations, conditions.

A value of the wrong shape is reported and replaced by something harmless, so that reading goes on and every problem
is found in one pass.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import Problems, nearest, one_of
from ofrecord_transforms.rules import Attach, Condition, Filters, Tell
from ofrecord_transforms.systems import System

_MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


class Shapes:
    """Reads values; every method reports to the same `Problems`."""

    def __init__(self, problems: Problems, systems: Mapping[str, System]) -> None:
        self.problems = problems
        self.known = systems

    def keys(self, node: Node, allowed: Iterable[str], where: str) -> None:
        """Report unknown keys and keys given twice."""
        allowed = list(allowed)
        for key, value in node.items():
            if key not in allowed:
                hint = nearest(key, allowed) or f" Use {one_of(allowed)}."
                self.problems.add(value, where, f'"{key}" is not a key here.{hint}')
        for again in node.twice:
            if again.value == "owner":
                self.problems.add(
                    again,
                    where,
                    "two owners. A field has one owner; if both may write it: owner: shared, with a policy.",
                )
            else:
                self.problems.add(again, where, f'"{again.value}" is given twice. Keep one.')

    def text(self, node: Node, key: str, where: str, *, required: bool = True) -> str | None:
        """A non-empty word or sentence under a key."""
        child = node.get(key)
        if child is None:
            if required:
                self.problems.add(node, where, f'"{key}" is missing. Add it.')
            return None
        if not isinstance(child.value, str) or not child.value.strip():
            self.problems.add(
                child, where, f'"{key}" must be text. Write it in quotes if it looks like something else.'
            )
            return None
        return child.value

    def choice(self, node: Node, key: str, allowed: Iterable[str], where: str) -> str | None:
        """A word out of a closed set."""
        child = node.get(key)
        if child is None:
            return None
        allowed = list(allowed)
        if child.value not in allowed:
            said = child.value if not isinstance(child.value, dict | list) else "a list or mapping"
            hint = nearest(str(said), allowed)
            self.problems.add(child, where, f'{key} "{said}" is not known. Use {one_of(allowed)}.{hint}')
            return None
        return str(child.value)

    def mapping(self, node: Node | None, where: str, allowed: Iterable[str] | None = None) -> Node | None:
        """The node when it is a mapping; otherwise reported."""
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.problems.add(node, where, "expected `key: value` lines here.")
            return None
        if allowed is not None:
            self.keys(node, allowed, where)
        return node

    def flag(self, node: Node, key: str, where: str, *, default: bool = False) -> bool:
        """`true` or `false`."""
        child = node.get(key)
        if child is None:
            return default
        if not isinstance(child.value, bool):
            self.problems.add(child, where, f'"{key}" is true or false.')
            return default
        return child.value

    def words(self, node: Node | None, where: str, example: str) -> list[str]:
        """A list of words."""
        if node is None:
            return []
        if not is_list_of_values(node) or not all(isinstance(item.value, str) for item in node.value):
            self.problems.add(node, where, f"expected a list of words, as in {example}.")
            return []
        return [item.value for item in node.value]

    def duration(self, node: Node, key: str, where: str) -> int | None:
        """`5 minutes`, in seconds."""
        child = node.get(key)
        if child is None:
            return None
        amount, _, word = str(child.value).partition(" ")
        if not amount.isdigit() or int(amount) == 0 or word not in words.DURATIONS:
            self.problems.add(
                child, where, f'{key} "{child.value}" is not a duration. Write it as 5 minutes, 1 hour or 30 seconds.'
            )
            return None
        return int(amount) * words.DURATIONS[word]

    def known_system(self, node: Node, name: str, where: str) -> bool:
        """Report a word that is no system."""
        if name in self.known:
            return True
        near = nearest(name, self.known)
        self.problems.add(node, where, f'"{name}" is not a system. Use {one_of(self.known)}.{near}')
        return False

    def by_system(self, node: Node | None, where: str) -> dict[str, str]:
        """`{crm: Product_Code, inventory: sku}`."""
        found: dict[str, str] = {}
        checked = self.mapping(node, where)
        for system, child in checked.items() if checked else ():
            if self.known_system(child, system, where) and isinstance(child.value, str):
                found[system] = child.value
            elif system in self.known:
                self.problems.add(child, where, "expected the name of a field.")
        return found

    def tells(self, node: Node | None) -> tuple[Tell, ...]:
        """Who is told once, and how: each by mail or by a call, under a name of its own."""
        found: dict[str, Tell] = {}
        for child in node.value if node is not None and isinstance(node.value, list) else [node] if node else []:
            if self.mapping(child, "once: tell", words.TELL_KEYS) is None:
                continue
            what = self.text(child, "what", "once: tell") or ""
            place = f"once: tell {what}"
            hook = self.text(child, "webhook", place, required=False)
            mail = self.words(child.get("mail"), place, "[warehouse@example.com]")
            if bool(mail) == (hook is not None):
                self.problems.add(child, place, 'needs either "mail" or "webhook". Give one.')
            if any(not _MAIL.fullmatch(one) for one in mail):
                self.problems.add(child, place, "mail lists addresses, as in [warehouse@example.com].")
            if hook is not None and not _VARIABLE.fullmatch(hook):
                said = "webhook names the environment variable that holds the address, as in OFRECORD_WAREHOUSE_HOOK; an address is a secret, and stands in no file."
                self.problems.add(child, place, said)
            if what in found or what in self.known:
                self.problems.add(child, place, f'"{what}" names something else already. Give it a name of its own.')
            found[what] = Tell(what, tuple(mail), hook)
        return tuple(found.values())

    def attach(self, node: Node | None) -> Attach | None:
        """`{file: pdf, named: salesorder_number, when: {…}}`."""
        checked = self.mapping(node, "attach", words.ATTACH_KEYS)
        if checked is None:
            return None
        if checked.get("file") is None:
            self.problems.add(checked, "attach", f'"file" is missing: {one_of(words.FILES)}. Add it.')
        file = self.choice(checked, "file", words.FILES, "attach") or ""
        return Attach(
            file, self.text(checked, "named", "attach") or "", self.filters(checked.get("when"), "attach: when")
        )

    def system_list(self, node: Node | None, where: str) -> list[str]:
        """`[inventory, crm]`."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.problems.add(node, where, "expected a list of systems, as in [inventory].")
            return []
        return [str(item.value) for item in node.value if self.known_system(item, str(item.value), where)]

    def actions(self, node: Node | None, key: str) -> dict[str, dict[str, str]]:
        """`{crm: {inventory: inactive}}`: something happened in the CRM, then inactive in inventory."""
        found: dict[str, dict[str, str]] = {}
        checked = self.mapping(node, key)
        for system, child in checked.items() if checked else ():
            said = self.mapping(child, f"{key}: {system}")
            if not self.known_system(child, system, key) or said is None:
                continue
            known = words.LEAVING_ACTIONS if key == "leaving" else words.DELETED_ACTIONS
            found[system] = {
                to: action
                for to, at in said.items()
                if self.known_system(at, to, key) and (action := self.choice(said, to, known, f"{key}: {system}"))
            }
        return found

    # --- conditions ---------------------------------------------------------------------------------------------

    def filters(self, node: Node | None, where: str) -> Filters:
        """Conditions by system and field."""
        filters: dict[str, dict[str, tuple[Condition, ...]]] = {}
        checked = self.mapping(node, where)
        for system, child in checked.items() if checked else ():
            place = f"{where}: {system}"
            conditions = self.mapping(child, place)
            if not self.known_system(child, system, where) or conditions is None:
                continue
            filters[system] = self.conditions(conditions, place)
        return filters

    def conditions(self, node: Node, where: str) -> dict[str, tuple[Condition, ...]]:
        """Conditions by field."""
        return {name: found for name, wanted in node.items() if (found := self._conditions(wanted, name, where))}

    def _conditions(self, wanted: Node, name: str, where: str) -> tuple[Condition, ...]:
        if is_list_of_values(wanted):
            return (Condition("in", tuple(item.plain() for item in wanted.value)),)
        if wanted.value in words.PRESENCE:
            return (Condition(str(wanted.value)),)
        if isinstance(wanted.value, dict) and wanted.value:
            self.keys(wanted, words.CONDITION_KEYS, where)
            return tuple(
                found
                for test, value in wanted.items()
                if test in words.CONDITION_KEYS and (found := self._condition(test, value, name, where))
            )
        self.problems.add(
            wanted,
            where,
            f'"{name}" needs a list of values, the word present or absent, or a comparison such as {{at least: 1}}.',
        )
        return ()

    def _condition(self, test: str, value: Node, name: str, where: str) -> Condition | None:
        if test == "not":
            if is_list_of_values(value):
                return Condition("not", tuple(item.plain() for item in value.value))
            self.problems.add(value, where, f'"{name}": not needs a list of values, as in {{not: [Draft]}}.')
            return None
        if test in {"from", "before"}:
            if isinstance(value.value, str) and _looks_like_date(value.value):
                return Condition(test, (value.value,))
            self.problems.add(value, where, f'"{name}": {test} needs a day, as in {{{test}: 2026-01-31}}.')
            return None
        amount = amount_of(value)
        if amount is None:
            self.problems.add(value, where, f'"{name}": {test} needs a number, as in {{{test}: 1}}.')
            return None
        return Condition(test, (amount,))


def amount_of(node: Node) -> int | Decimal | None:
    """An exact number, or None when the node is none."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return value
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _looks_like_date(text: str) -> bool:
    try:
        (date if len(text) == len("2026-01-31") else datetime).fromisoformat(text)
    except ValueError:
        return False
    return True


def is_list_of_values(node: Node) -> bool:
    """A list that is not empty and holds nothing but plain values."""
    items = node.value
    return isinstance(items, list) and bool(items) and not any(isinstance(item.value, list | dict) for item in items)
