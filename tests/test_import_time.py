"""What an import loads, seen from a fresh process.

Its time is not tested but measured: `benchmarks/import_time.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.export.edge import edge_bytes
from edgekit.importers.tflite import ops as tflite_ops
from edgekit.interpreter import kernels
from edgekit.ir import ops
from tests.edge_graphs import GRAPHS
from tests.material import ROOT, material

DEVICE_ROOMS = {"interpreter", "schema", "ir", "errors", "frozen"}


def loaded_by(statement: str) -> set[str]:
    """The modules that a statement adds to a fresh process that has imported numpy.

    What numpy loads, and Cython's modules behind its random numbers, is its own affair.
    """
    program = (
        "import sys, json, numpy.random; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def top_packages(modules: set[str]) -> set[str]:
    """The top-level names, without the standard library's."""
    tops = {name.split(".")[0] for name in modules}
    # A frozen or built-in alias such as `_sysconfigdata__linux_...` is the standard library's too.
    return {top for top in tops - set(sys.stdlib_module_names) if not top.startswith("_sysconfig")}


def test_the_interpreter_loads_numpy_only() -> None:
    loaded = loaded_by("import edgekit.interpreter")
    strangers = top_packages(loaded) - {"edgekit", "numpy"}
    assert not strangers, f"import edgekit.interpreter also loads {sorted(strangers)}"


def test_the_interpreter_loads_only_the_rooms_of_the_device() -> None:
    rooms = {
        name.split(".")[1]
        for name in loaded_by("import edgekit.interpreter")
        if name.startswith("edgekit.")
    }
    assert rooms <= DEVICE_ROOMS, f"import edgekit.interpreter also loads {rooms - DEVICE_ROOMS}"


def test_a_tflite_file_loads_its_reader_and_nothing_else() -> None:
    path = material("tflite/tflm/hello_world_int8.tflite")
    opened = f"from edgekit.interpreter import Interpreter; Interpreter({str(path)!r})"
    loaded = loaded_by(opened)
    strangers = top_packages(loaded) - {"edgekit", "numpy"}
    assert not strangers, f"opening a .tflite file also loads {sorted(strangers)}"
    ours = {name for name in loaded if name.split(".")[:2] == ["edgekit", "importers"]}
    assert ours == {name for name in ours if name.startswith("edgekit.importers.tflite")} | {
        "edgekit.importers"
    }
    rooms = {name.split(".")[1] for name in loaded if name.startswith("edgekit.")}
    assert rooms == {*DEVICE_ROOMS, "importers"}


KEYWORDS = {
    "interpreter.kernels": {"convolution", "dense", "depthwise", "pooling", "reshape", "softmax"},
    "importers.tflite": {"elements", "windows"},
    "ir.ops": {"layers"},
}
"""The families of operators that the network for keyword spotting has, by package."""

NOT_FOR_IT = (
    "importers.tflite.memories",
    "importers.tflite.metadata",
    "importers.tflite.recurrent",
    "importers.tflite.sparsity",
    "interpreter.kernels.dynamic_range",
    "interpreter.kernels.rescaling",
    "interpreter.reader",
    "interpreter.verification",
    "ir.dead_channels",
    "ir.fixed_functions",
    "ir.fixed_point",
    "ir.math_tables",
    "ir.move_shapes",
    "ir.passes",
    "ir.recurrent_shapes",
    "ir.reduction_shapes",
    "ir.tables16",
    "ir.validate_metadata",
    "schema.encoder",
    "schema.edgekit_layout",
)
MOST_MODULES = 51
"""49 when this was written, 139 before families were imported one by one: each takes 0.1 ms of a
desktop and more of a Pi."""


def test_a_network_loads_the_families_of_its_own_operators() -> None:
    """It convolves, pools, reshapes, multiplies once and ends with a softmax."""
    path = material("tflite/mlperf_tiny/kws_ref_model.tflite")
    loaded = loaded_by(
        "import numpy as np; from edgekit.interpreter import Interpreter\n"
        f"model = Interpreter({str(path)!r})\n"
        "details = model.get_input_details()[0]\n"
        "model.run(np.zeros(details['shape'], details['dtype']))"
    )
    families = {
        "interpreter.kernels": kernels.FAMILIES,
        "importers.tflite": {**tflite_ops.FAMILIES, **tflite_ops.CUSTOM_FAMILIES},
        "ir.ops": ops.FAMILIES,
    }
    for package, modules in families.items():
        found = {name for name in modules if f"edgekit.{package}.{name}" in loaded}
        assert found == KEYWORDS[package], package
    unused = {f"edgekit.{name}" for name in NOT_FOR_IT} & loaded
    assert not unused, f"it loads {sorted(unused)}, which it does not use"
    ours = {name for name in loaded if name.startswith("edgekit")}
    assert len(ours) <= MOST_MODULES, f"it loads {len(ours)} modules"


def test_a_small_edge_file_is_checked_without_slow_modules(tmp_path: Path) -> None:
    """`hashlib` loads OpenSSL, which takes longer than all of a small file."""
    path = tmp_path / "model.edge"
    path.write_bytes(edge_bytes(GRAPHS["int8"]()))
    program = (
        "import sys, numpy; before = set(sys.modules)\n"
        "from edgekit.interpreter import Interpreter\n"
        f"Interpreter({str(path)!r})\n"
        "print(sorted((set(sys.modules) - before) & {'bisect', 'hashlib', 'heapq', 'mmap'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stdout + done.stderr


@pytest.mark.parametrize("statement", ["edgekit.interpreter", "edgekit.importers.tflite"])
def test_the_rooms_of_the_device_do_without_slow_modules(statement: str) -> None:
    """`dataclasses` compiles code for each class; `numpy.typing` is for the type checker."""
    slow = {"asyncio", "dataclasses", "enum", "inspect", "numpy.typing", "re", "typing_extensions"}
    program = (
        "import sys, numpy; before = set(sys.modules)\n"
        f"import {statement}\n"
        f"print(sorted((set(sys.modules) - before) & {slow}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stdout + done.stderr


def test_the_package_loads_nothing_before_it_is_asked() -> None:
    loaded = loaded_by("import edgekit")
    ours = {name for name in loaded if name.startswith("edgekit.")}
    assert not ours, f"import edgekit loads {sorted(ours)}; resolve them lazily"
    strangers = top_packages(loaded) - {"edgekit", "numpy"}
    assert not strangers, f"import edgekit also loads {sorted(strangers)}"


def test_no_optional_package_is_loaded_before_it_is_used() -> None:
    rooms = ("conversion", "export", "importers", "quantize", "train")
    loaded = loaded_by("import " + ", ".join(f"edgekit.{room}" for room in rooms))
    strangers = top_packages(loaded) - {"edgekit", "numpy"}
    assert not strangers, f"the rooms load {sorted(strangers)}; use require() inside functions"
