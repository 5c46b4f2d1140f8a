"""What TensorFlow says about operators' versions: which one a node needs, which release has it.

python tests/golden/make_tflite_versions.py     # with TensorFlow, on Linux

The C++ functions that TFLite's converter ends with are called in TensorFlow's library: one gives
the release for an operator and a version, the other sets versions from dtypes and options. They see
the files that edgekit writes for the cases, with all versions set to 1.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from pathlib import Path

import flatbuffers
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from edgekit.errors import UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from tests.cases import CASES
from tests.export.tflite_dtypes import MORE_CASES, graphs

FILE = Path(__file__).parent / "tflite_versions.json"
NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
MOST_VERSIONS = 25


def library() -> ctypes.CDLL:
    return ctypes.CDLL(str(Path(tf.__file__).parent / "libtensorflow_cc.so.2"))


def releases() -> dict[str, list[str]]:
    """By operator, from version 1 on; "" where the table has none."""
    find = library()._ZN6tflite30FindMinimumRuntimeVersionForOpB5cxx11ENS_15BuiltinOperatorEi
    find.argtypes, find.restype = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int], ctypes.c_void_p
    found = {}
    for number, name in sorted(NAMES.items()):
        texts = []
        for version in range(1, MOST_VERSIONS):
            text = (ctypes.c_uint64 * 4)()  # a std::string: where, how long
            find(ctypes.addressof(text), number, version)
            texts.append(ctypes.string_at(text[0], text[1]).decode())
        found[name] = " ".join(text or "-" for text in texts).rstrip("- ").split()
    return {name: texts for name, texts in found.items() if texts}


def needed(content: bytes) -> list[str]:
    """ "CODE version" for each operator code of a file, as TFLite's rules have it."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    for code in model.operatorCodes:
        code.version = 1
    builder = flatbuffers.Builder(1024)
    builder.ForceDefaults(True)  # else there would be no place for another number
    builder.Finish(model.Pack(builder), b"TFL3")
    buffer = bytearray(builder.Output())
    update = library()._ZN6tflite15UpdateOpVersionEPh
    update.argtypes, update.restype = [ctypes.c_void_p], None
    update(ctypes.addressof((ctypes.c_uint8 * len(buffer)).from_buffer(buffer)))
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytes(buffer)))
    return [f"{NAMES[code.builtinCode]} {code.version}" for code in model.operatorCodes]


def versions() -> Iterator[tuple[str, str]]:
    for case in [*CASES, *MORE_CASES]:
        for key, graph in graphs(case):
            try:
                yield f"{case} {key}", ", ".join(needed(tflite_bytes(graph)))
            except UnsupportedOperator:
                continue


def main() -> None:
    found = {"releases": releases(), "versions": dict(versions())}
    FILE.write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main()
