"""What an import loads, seen from a fresh process.

Its time is not tested but measured: `benchmarks/import_time.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys

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
