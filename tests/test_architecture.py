"""Who may import whom, and how long a module or a function may be.

Checked on the source, without importing it: an import inside a function counts like any other.
"""

from __future__ import annotations

import ast
import functools
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.material import ROOT

PACKAGE = ROOT / "edgekit"

# The may-import table. A row holds for the module it names and everything below it; the longest
# matching row decides. A cell allows the module it names and everything below it; "" is the front
# door, edgekit/__init__.py. Not listed: every module may import from its own room, and everyone
# may import `errors` and `frozen`.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "": ("conversion", "export", "importers", "interpreter", "ir", "keras", "quantize", "train"),
    "errors": (),
    "files": (),
    "frozen": (),
    "schema": (),
    "ir": (),
    "interpreter": ("schema", "ir"),
    # A .tflite file is run as it is: the one door to the reader of a foreign format. It is opened
    # inside a function, when such a file is.
    "interpreter.sources": ("schema", "ir", "importers.tflite"),
    "train": ("ir", "files"),
    # Model.export, the one method that knows of formats.
    "train.models.exporting": ("export", "train"),
    # Trains as the converter quantizes, by the converter's own rules, and scores the int8 model.
    "train.quantization": ("interpreter", "ir", "quantize", "train"),
    # Files name functions of keras.ops, which are found when such a file is read.
    "train.saving.function_calls": ("keras.ops", "train"),
    # The names of tf.keras in their layout, over train.
    "keras": ("files", "train"),
    # Rewrites scripts as texts; knows the names of keras as data.
    "migrate": (),
    "importers": ("ir", "schema", "interpreter.reader"),
    "importers.keras": ("ir", "schema", "train"),
    "importers.tflite": ("ir", "schema"),
    "quantize": ("ir", "interpreter"),
    "export": ("ir", "schema", "files"),
    # From a model to a finished file: the one place where the rooms of the desktop meet.
    "conversion": ("", "ir", "interpreter", "quantize", "train.saving", "train.trace"),
    "cli": (
        "",
        "conversion",
        "export",
        "files",
        "importers",
        "interpreter",
        "ir",
        "migrate",
        "quantize",
        "train",
    ),
    "__main__": ("cli",),
}

# What runs on the device: these import nothing but the standard library and the two packages below,
# not even inside a function.
DEVICE_ROOMS = ("errors", "frozen", "schema", "ir", "interpreter", "importers.tflite")
BASE_PACKAGES = {"numpy"}

MODULE_LINES, FUNCTION_LINES = 300, 40
# path, or path:function -> (lines allowed, why). An exemption that is no longer needed is an error.
LONGER: dict[str, tuple[int, str]] = {}

FORBIDDEN_IN_FILE_NAMES = ("util", "helper", "common", "manager")
# old import paths of Keras, which users write
NAMED_BY_KERAS = ("edgekit/keras/applications", "edgekit/keras/utils")


@dataclass(frozen=True)
class Import:
    """One imported module: where it stands, and whether only a running function imports it."""

    place: str
    module: str
    inside_function: bool


def module_name(path: Path) -> str:
    """`edgekit/ir/ops.py` -> `edgekit.ir.ops`; a package's `__init__.py` -> the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, Path]:
    """Every module of the package by name, without the generated ones."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {module_name(path): path for path in paths if not path.name.endswith("_layout.py")}


MODULES = sources()
EVERY_MODULE = {module_name(path) for path in PACKAGE.rglob("*.py")}


def imports_of(module: str, path: Path) -> Iterator[Import]:
    """Each module that the source imports, relative names resolved."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST, inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            place = f"{path.relative_to(ROOT)}:{getattr(child, 'lineno', 0)}"
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(place, alias.name, inside)
            elif isinstance(child, ast.ImportFrom):
                for name in from_import(child, package):
                    yield Import(place, name, inside)
            elif not is_type_checking_block(child):
                function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                yield from visit(child, inside or function)

    yield from visit(tree_of(path), False)


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def from_import(node: ast.ImportFrom, package: str) -> Iterator[str]:
    """`from base import name`: base.name where that is a module of ours, else base."""
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        yield inner if inner in EVERY_MODULE else base


def is_type_checking_block(node: ast.AST) -> bool:
    """`if TYPE_CHECKING:` never runs. Only the front door needs it, to name what it loads late."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def inside(name: str, row: str) -> bool:
    return row == name or name.startswith(row + ".")


def room_of(name: str) -> str:
    return name.split(".")[0]


def row_for(name: str) -> str:
    """The longest row of the table that names this module or a package above it."""
    rows = [row for row in MAY_IMPORT if inside(name, row)]
    assert rows, f"edgekit.{name} has no row in MAY_IMPORT; decide what it may import"
    return max(rows, key=len)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_its_neighbours(module: str) -> None:
    name = module.removeprefix("edgekit").removeprefix(".")
    row = row_for(name)
    wrong = []
    for found in imports_of(module, MODULES[module]):
        if not inside(found.module, "edgekit"):
            continue
        target = found.module.removeprefix("edgekit").removeprefix(".")
        own_room = bool(name) and room_of(target) == room_of(name)
        allowed = own_room or target in ("errors", "frozen")
        allowed = allowed or any(
            target == cell if cell == "" else inside(target, cell) for cell in MAY_IMPORT[row]
        )
        if not allowed:
            wrong.append(f"{found.place} imports {found.module}")
    cells = ", ".join(cell or "edgekit itself" for cell in MAY_IMPORT[row]) or "nothing"
    assert not wrong, (
        f"{'; '.join(wrong)}. The row {row or 'edgekit'!r} of MAY_IMPORT allows, besides errors "
        f"and its own room: {cells}."
    )


def outsiders(module: str) -> Iterator[Import]:
    """What a module imports from neither the standard library nor edgekit."""
    for found in imports_of(module, MODULES[module]):
        top = found.module.split(".")[0]
        if top != "edgekit" and top not in sys.stdlib_module_names:
            yield found


@pytest.mark.parametrize("module", MODULES)
def test_other_packages_are_imported_where_they_are_used(module: str) -> None:
    on_device = any(inside(module.removeprefix("edgekit."), room) for room in DEVICE_ROOMS)
    wrong = [
        f"{found.place} imports {found.module}"
        for found in outsiders(module)
        if found.module.split(".")[0] not in BASE_PACKAGES
        and (on_device or not found.inside_function)
    ]
    rule = (
        "What runs on the device needs numpy only"
        if on_device
        else "An optional package is imported inside the function that uses it, with require()"
    )
    assert not wrong, f"{'; '.join(wrong)}. {rule}."


def extras() -> dict[str, str]:
    """Every extra of the pyproject, with its requirements as one text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {name: " ".join(lines) for name, lines in project["optional-dependencies"].items()}


def required_extras(path: Path) -> Iterator[tuple[int, str, str]]:
    """Each `require("package", extra="name")` of a source: line, package, extra."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] != "require":
            continue
        extra = next((word.value for word in node.keywords if word.arg == "extra"), None)
        if isinstance(extra, ast.Constant) and node.args and isinstance(node.args[0], ast.Constant):
            yield node.lineno, str(node.args[0].value), str(extra.value)


def test_every_required_extra_exists() -> None:
    known = extras()
    wrong = [
        f"{path.relative_to(ROOT)}:{line} names extra {extra!r} for {package!r}"
        for path in MODULES.values()
        for line, package, extra in required_extras(path)
        if extra not in known
    ]
    assert not wrong, f"{'; '.join(wrong)}. pyproject.toml has: {', '.join(sorted(known))}."


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Qualified name and lines of each function, its docstring not counted."""

    def visit(node: ast.AST, outer: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{outer}.{child.name}" if outer else child.name
                if not isinstance(child, ast.ClassDef):
                    yield name, code_lines(child)
                yield from visit(child, name)
            else:
                yield from visit(child, outer)

    yield from visit(tree_of(path), "")


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def measured_lengths() -> dict[str, tuple[int, int]]:
    """`path` and `path:function` -> (lines, limit) for the whole package."""
    found = {}
    for path in MODULES.values():
        relative = path.relative_to(ROOT).as_posix()
        found[relative] = (len(path.read_text(encoding="utf-8").splitlines()), MODULE_LINES)
        for name, lines in function_lengths(path):
            found[f"{relative}:{name}"] = (lines, FUNCTION_LINES)
    return found


def test_modules_and_functions_stay_short() -> None:
    wrong = []
    for place, (lines, limit) in measured_lengths().items():
        allowed = LONGER.get(place, (limit, ""))[0]
        if lines > allowed:
            wrong.append(f"{place} has {lines} lines, {allowed} are allowed")
    assert not wrong, "\n".join([*wrong, "Split it, or give the reason in LONGER."])


def test_exemptions_are_needed() -> None:
    lengths = measured_lengths()
    stale = [
        place for place in LONGER if place not in lengths or lengths[place][0] <= lengths[place][1]
    ]
    assert not stale, f"no longer longer than the rule, remove from LONGER: {', '.join(stale)}"


def test_file_names_say_what_is_inside() -> None:
    folders = ("edgekit", "tests", "examples", "benchmarks", "scripts", "schemas")
    wrong = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.parent.relative_to(ROOT).as_posix() not in NAMED_BY_KERAS
        and any(word in path.stem for word in FORBIDDEN_IN_FILE_NAMES)
    ]
    words = ", ".join(FORBIDDEN_IN_FILE_NAMES)
    assert not wrong, f"{', '.join(wrong)}: none of {words} says what a file holds"


def names_bound(package: Path) -> Iterator[str]:
    """The names that a package's `__init__.py` gets from elsewhere than its module of that name."""
    for node in ast.parse((package / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import):
            yield from (name.asname or name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.level, node.module) != (1, None):
            names = {name.asname or name.name for name in node.names}
            yield from names - ({node.module} if node.level else set())  # comes after its module


def test_a_package_keeps_its_names_apart_from_its_modules() -> None:
    """Importing a module binds its name in its package: a function of that name would be gone."""
    for room in DEVICE_ROOMS:
        for place in (PACKAGE / room.replace(".", "/")).rglob("__init__.py"):
            modules = {path.stem for path in place.parent.iterdir()} - {"__init__", "__pycache__"}
            lost = modules.intersection(names_bound(place.parent))
            assert not lost, f"{module_name(place)} has names of its modules: {sorted(lost)}"
