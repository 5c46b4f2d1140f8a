"""Attributes that several operators share."""

from __future__ import annotations

from .spec import Attr

__all__ = ["ACTIVATION", "NUMERIC", "PADS", "PAIR", "WINDOW"]

ACTIVATION = Attr("str", "none", choices=("none", "relu", "relu6"))
PAIR = Attr("ints", (1, 1), length=2, low=1, high=2**16)
PADS = Attr("ints", (0, 0, 0, 0), length=4, low=0, high=2**16)  # top, left, bottom, right
WINDOW = {"strides": PAIR, "pads": PADS}
NUMERIC = ("float32", "int8", "uint8", "int16")
"""What most operators compute with: real numbers, and integers that stand for them."""
