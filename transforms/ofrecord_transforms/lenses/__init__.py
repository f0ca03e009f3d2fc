"""Conversions of values, each with its way back."""

from ofrecord_transforms.lenses.lens import IDENTITY, InvalidValueError, Lens

__all__ = ["IDENTITY", "InvalidValueError", "Lens"]
