"""Flatbuffer schemas as data, and the checked reading and deterministic writing along them."""

from .decoder import Record as Record
from .decoder import decode as decode
from .encoder import encode as encode
from .layout import SCALARS as SCALARS
from .layout import Field as Field
from .layout import Schema as Schema

__all__ = ["SCALARS", "Field", "Record", "Schema", "decode", "encode"]
