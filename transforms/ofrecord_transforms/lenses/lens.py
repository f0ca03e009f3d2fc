"""A conversion with both directions. Values are never None here: an empty value stays empty on every way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class InvalidValueError(ValueError):
    """A value that cannot be converted. The message names the kind of trouble, never the value (it may be personal)."""


Convert = Callable[[Any], Any]


def same(value: Any) -> Any:
    """The value itself."""
    return value


@dataclass(frozen=True)
class Lens:
    """`backward(forward(x))` is `x` in canonical form, unless the rule says `lossy`."""

    forward: Convert = same
    backward: Convert = same

    def then(self, other: "Lens") -> "Lens":
        """This lens and after it another one."""
        first, second, back_first, back_second = self.forward, other.forward, other.backward, self.backward
        if other is IDENTITY:
            return self
        if self is IDENTITY:
            return other
        return Lens(lambda value: second(first(value)), lambda value: back_second(back_first(value)))

    def reversed(self) -> "Lens":
        """The same conversion, read from the other end."""
        return Lens(self.backward, self.forward)


IDENTITY = Lens()


def both(convert: Convert) -> Lens:
    """A normal form: the same in both directions, and applied twice no different from once."""
    return Lens(convert, convert)


def refusing(reason: str) -> Lens:
    """Converts nothing: every value is refused with the reason, in both directions."""

    def refuse(_value: Any) -> Any:
        raise InvalidValueError(reason)

    return both(refuse)
