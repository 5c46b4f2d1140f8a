"""Our part of TFLite's schema against the whole one, as LiteRT brings it."""

from __future__ import annotations

import inspect
import re

import pytest

from edgekit.schema import tflite_layout
from tests import litert


def test_enums_have_the_numbers_of_the_whole_schema() -> None:
    schema = litert.schema()
    for name in ("TensorType", "BuiltinOperator", "Padding", "ActivationFunctionType"):
        members = vars(getattr(schema, name)).items()
        theirs = {k: v for k, v in members if isinstance(v, int) and not k.startswith("__")}
        assert getattr(tflite_layout, name).by_name() == theirs


def test_options_have_the_numbers_of_the_whole_schema() -> None:
    theirs = vars(litert.schema().BuiltinOptions)
    for number, table in tflite_layout.SCHEMA.unions["BuiltinOptions"].items():
        assert theirs[table] == number


@pytest.mark.parametrize("table", sorted(tflite_layout.SCHEMA.tables))
def test_tables_have_the_slots_and_defaults_of_the_whole_schema(table: str) -> None:
    schema = litert.schema()
    empty = vars(getattr(schema, f"{table}T")())
    for field in tflite_layout.SCHEMA.tables[table]:
        camel = "".join(part.capitalize() for part in field.name.split("_"))
        camel = camel.replace("Int16", "Int16")
        source = inspect.getsource(getattr(schema, f"{table}Add{camel}"))
        (slot,) = re.findall(r"Slot\((\d+),", source)
        assert int(slot) == field.slot, field.name
        if field.kind == "scalar":
            default = empty[camel[0].lower() + camel[1:]]
            assert default == field.default, field.name
