"""The versions of operators that are read are those that LiteRT registers."""

from __future__ import annotations

import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.importers.tflite.ops import FAMILIES, newest_version
from edgekit.schema.tflite_layout import BuiltinOperator
from tests.attacks.tflite_files import chain, operator_code

UNKNOWN = "Didn't find op for builtin opcode"


def runs(name: str, version: int) -> bool:
    """Whether LiteRT has a kernel of this version, whatever else is wrong with the file."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    data = chain([operator_code(BuiltinOperator.by_name()[name], version=version)], 1)
    kernels = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        litert.Interpreter(model_content=data, experimental_op_resolver_type=kernels)
    except ValueError as error:
        return UNKNOWN not in str(error)
    return True


@pytest.mark.parametrize("name", sorted(code for codes in FAMILIES.values() for code in codes))
def test_newer_versions_than_litert_knows_are_refused(name: str) -> None:
    newest = newest_version(name)
    assert runs(name, newest) and not runs(name, newest + 1)
    data = chain([operator_code(BuiltinOperator.by_name()[name], version=newest + 1)], 1)
    sentence = rf"{name} version {newest + 1} \('t1'\): known up to version {newest}; upgrade"
    with pytest.raises(UnsupportedOperator, match=sentence):
        load_tflite(data)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("RANDOM_UNIFORM", "no two runtimes draw the same; give them to the model as an input"),
        ("MULTINOMIAL", "no two runtimes draw the same"),
        ("STABLEHLO_RNG_BIT_GENERATOR", "no two runtimes draw the same"),
        ("HASHTABLE_FIND", "look up outside and give the model what was found"),
        ("STABLEHLO_SORT", "TFLite has operators of its own; convert the model with those"),
        ("SKIP_GRAM", "this operator is not known; build the model without it"),
    ],
)
def test_what_to_do_without_an_operator(name: str, sentence: str) -> None:
    data = chain([operator_code(BuiltinOperator.by_name()[name])], 1)
    with pytest.raises(UnsupportedOperator, match=rf"{name} \('t1'\): .*{sentence}"):
        load_tflite(data)


def test_everything_that_cannot_be_read_stands_in_one_message() -> None:
    """Kinds in the order of the file, layers by name, each with what to do."""
    codes = [
        operator_code(1000),
        operator_code(BuiltinOperator.CUSTOM, "Mystery"),
        operator_code(BuiltinOperator.CUSTOM, "FlexErf"),
        operator_code(BuiltinOperator.CONV_2D, version=99),
        operator_code(BuiltinOperator.LSH_PROJECTION),
        operator_code(BuiltinOperator.CUSTOM, "edgetpu-custom-op"),
    ]
    data = chain(codes, 10, order=[0, 1, 2, 3, 4, 5, 1, 1, 1, 1])
    with pytest.raises(UnsupportedOperator) as caught:
        load_tflite(data)
    assert str(caught.value).split("\n  - ") == [
        "the model cannot be read:",
        "operator number 1000 ('t1'): this operator is not known; build the model without it",
        "Mystery ('t2', 't7', 't8' and 2 more): a custom operator of its maker's own runtime; "
        "convert the model without it",
        "FlexErf ('t3'): an operator of TensorFlow itself; convert the model with TFLite's own "
        "operators only",
        "CONV_2D version 99 ('t4'): known up to version 8; upgrade edgekit, or convert the model "
        "with an older converter",
        "LSH_PROJECTION ('t5'): this operator is not known; build the model without it",
        "edgetpu-custom-op ('t6'): compiled for the Edge TPU; take the file from before it was "
        "compiled",
    ]
