"""Flatbuffer schemas as data, and the checked reading along them; `encoder` writes."""

from .decoder import Record as Record
from .decoder import decode as decode
from .layout import SCALARS as SCALARS
from .layout import Field as Field
from .layout import Schema as Schema

__all__ = ["SCALARS", "Field", "Record", "Schema", "decode"]
