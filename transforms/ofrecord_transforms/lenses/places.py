"""Countries, and addresses as one value."""

from collections.abc import Callable, Mapping
from typing import Any

from ofrecord_kit.plan.countries import code_of, named
from ofrecord_transforms.lenses.lens import Convert, InvalidValueError, Lens


def country(source_form: str | None = None, destination_form: str | None = None) -> Lens:
    """A country in the form of each side: `name` (the default), `alpha-2` or `alpha-3`. Any form is understood."""
    return Lens(_country(destination_form or "name"), _country(source_form or "name"))


def _country(form: str) -> Convert:
    def convert(value: Any) -> str:
        code = code_of(value)
        if code is None:
            msg = "is not the name or code of one country (ISO 3166)"
            raise InvalidValueError(msg)
        return named(code, form)

    return convert


def address(parts: Mapping[str, Lens]) -> Lens:
    """An object by part, each part through its lens. Parts without a lens are left out; an empty part is None."""
    return Lens(
        _by_part({part: lens.forward for part, lens in parts.items()}),
        _by_part({part: lens.backward for part, lens in parts.items()}),
    )


def _by_part(converts: Mapping[str, Convert]) -> Callable[[Any], dict[str, Any]]:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            msg = "is not an address in parts"
            raise InvalidValueError(msg)
        return {part: _part(part, one, value[part]) for part, one in converts.items() if part in value}

    return convert


def _part(part: str, convert: Convert, value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return convert(value)
    except InvalidValueError as error:
        msg = f"its {part} {error}"
        raise InvalidValueError(msg) from None
