"""TFLite files of one operator, written field by field: what our own exporter would not write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests import litert

Array = NDArray[Any]


@dataclass(frozen=True)
class Given:
    """A tensor: a constant if it has `data`. quant: scales, zero points, axis; signature: the
    shape with -1 where it is open."""

    name: str
    shape: Sequence[int] = ()
    dtype: str = "float32"
    data: Array | None = None
    quant: tuple[Any, Any, int] | None = None
    signature: Sequence[int] | None = None


def constant(name: str, data: Any, quant: tuple[Any, Any, int] | None = None) -> Given:
    array = np.asarray(data)
    return Given(name, array.shape, array.dtype.name, array, quant)


def file_of(
    code: str,
    inputs: Sequence[Given | None],
    outputs: Sequence[Given],
    options: tuple[str, Mapping[str, Any]] | None = None,
    version: int = 1,
) -> bytes:
    """Inputs that are no constants are inputs of the model, in order."""
    tensors = [t for t in (*inputs, *outputs) if t is not None]
    index = {t.name: i for i, t in enumerate(tensors)}
    data = [t.data for t in tensors if t.data is not None]
    number = tflite.BuiltinOperator.by_name()[code]
    buffers = [{}, *({"data": np.frombuffer(d.tobytes(), np.uint8)} for d in data)]
    return encode(
        tflite.SCHEMA,
        {
            "version": 3,
            "operator_codes": [
                {
                    "builtin_code": number,
                    "deprecated_builtin_code": min(number, 127),
                    "version": version,
                }
            ],
            "subgraphs": [
                {
                    "name": "main",
                    "tensors": _tensors(tensors),
                    "inputs": [index[t.name] for t in inputs if t is not None and t.data is None],
                    "outputs": [index[t.name] for t in outputs],
                    "operators": [
                        {
                            "opcode_index": 0,
                            "inputs": [-1 if t is None else index[t.name] for t in inputs],
                            "outputs": [index[t.name] for t in outputs],
                            options_field(options): options,
                        }
                    ],
                }
            ],
            "buffers": buffers,
        },
    )


def options_field(options: tuple[str, Mapping[str, Any]] | None) -> str:
    """Where the options of an operator stand: TFLite's first union is full."""
    second = tflite.SCHEMA.unions["BuiltinOptions2"].values()
    return "builtin_options_2" if options and options[0] in second else "builtin_options"


def quant_record(quant: tuple[Any, Any, int] | None) -> dict[str, Any] | None:
    """Scales, zero points and axis of a tensor as its file holds them."""
    if quant is None:
        return None
    scales, zeros, axis = quant
    return {
        "scale": np.atleast_1d(np.float32(scales)),
        "zero_point": np.atleast_1d(np.int64(zeros)),
        "quantized_dimension": axis,
    }


def _tensors(tensors: Sequence[Given]) -> list[dict[str, Any]]:
    records, buffer = [], 0
    for t in tensors:
        buffer += t.data is not None
        record = {
            "name": t.name,
            "type": tflite.TensorType.by_name()[t.dtype.upper()],
            "shape": list(t.shape),
            "shape_signature": None if t.signature is None else list(t.signature),
            "buffer": buffer if t.data is not None else 0,
            "quantization": quant_record(t.quant),
        }
        records.append(record)
    return records


def run_both(
    content: bytes, arrays: Mapping[str, Array], arithmetic: str = "float32"
) -> tuple[dict[str, Array], litert.Arrays]:
    """Our outputs and LiteRT's, by name."""
    graph = load_tflite(content, arithmetic=arithmetic)
    found = Interpreter(graph).run(dict(arrays))
    return found, litert.run(content, arrays, litert.RUNTIMES[arithmetic])


def assert_equal(content: bytes, arrays: Mapping[str, Array], arithmetic: str = "float32") -> None:
    """The same dtypes, shapes and bits."""
    found, wanted = run_both(content, arrays, arithmetic)
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def random_array(seed: int, shape: Sequence[int], dtype: str) -> Array:
    """Normal numbers, or any integers of the dtype."""
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
