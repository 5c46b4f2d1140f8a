"""The public names of edgekit, compared with a list that is kept under version control.

A new public name is a promise; it shall be seen in the change that makes it. After adding or
removing one on purpose, refresh the list with:

    python -m tests.test_public_names
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from types import ModuleType

import pytest

from tests.material import ROOT

GOLDEN = ROOT / "tests" / "golden" / "public_names.txt"
REFRESH = "python -m tests.test_public_names"

# Packages whose modules are an inner matter of their room.
INNER = (
    "edgekit.schema",
    "edgekit.interpreter.kernels",
    "edgekit.cli",
    # its door is edgekit.train.backend.set_device
    "edgekit.train.gpu",
    # their door is edgekit.train.layers
    "edgekit.train.layers.attention",
    "edgekit.train.layers.preprocessing",
    "edgekit.train.layers.recurrent",
)


def public_modules() -> list[str]:
    """Every package, and every module that stands directly in edgekit, but the inner ones."""
    package = ROOT / "edgekit"
    found = {path.parent for path in package.rglob("__init__.py")}
    found |= {path.with_suffix("") for path in package.glob("[!_]*.py")}
    names = sorted(".".join(path.relative_to(ROOT).parts) for path in found)
    return [
        name
        for name in names
        if not any(name == inner or name.startswith(inner + ".") for inner in INNER)
        and not any(part.startswith("_") for part in name.split("."))
    ]


def public_names(module: ModuleType) -> list[str]:
    return [f"{module.__name__}.{name}" for name in module.__all__]


def current_names() -> list[str]:
    modules = [importlib.import_module(name) for name in public_modules()]
    return sorted(name for module in modules for name in public_names(module))


@pytest.mark.parametrize("name", public_modules())
def test_a_public_module_lists_names_that_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert hasattr(module, "__all__"), f"{name} has no __all__: say what is public"
    missing = [entry for entry in module.__all__ if not hasattr(module, entry)]
    assert not missing, f"{name}.__all__ names what is not there: {missing}"
    doubled = sorted({entry for entry in module.__all__ if module.__all__.count(entry) > 1})
    assert not doubled, f"{name}.__all__ names twice: {doubled}"


def test_public_names_are_the_listed_ones() -> None:
    listed = GOLDEN.read_text(encoding="utf-8").split()
    current = current_names()
    added, removed = sorted(set(current) - set(listed)), sorted(set(listed) - set(current))
    assert not added and not removed, (
        f"new public names: {added}; gone: {removed}. If that is meant: {REFRESH}"
    )


def test_front_door_names_survive_the_import_of_every_module() -> None:
    """Importing a submodule binds its name on the package, over a function of the same name."""
    modules = [name for name in public_modules() if name != "edgekit"]
    program = (
        f"import importlib, edgekit\nfor name in {modules!r}: importlib.import_module(name)\n"
        "for name in ('convert', 'load', 'save', 'Interpreter'):\n"
        "    assert callable(getattr(edgekit, name)), name\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{name}\n" for name in current_names()), encoding="utf-8")
    print(f"{GOLDEN.relative_to(ROOT)}: {len(current_names())} names")
