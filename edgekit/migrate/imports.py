"""Import statements of keras and tensorflow."""

from __future__ import annotations

from typing import Any

from edgekit.migrate.script import Script
from edgekit.migrate.table import (
    BY_HAND,
    MODULES,
    MOVED,
    NOT_IN_RUNTIME,
    OPS,
    OTHERS,
    RUNTIMES,
)

__all__ = ["below_keras", "is_tensorflow", "rewrite_imports"]

_ROOTS = ("tensorflow.python.keras", "tensorflow.keras", "tf_keras", "keras")
_FRONT = "from edgekit import keras"


def below_keras(module: str) -> str | None:
    """The path below `keras` of a module: "layers" of tensorflow.keras.layers; None for others."""
    for root in _ROOTS:
        if module == root:
            return ""
        if module.startswith(root + "."):
            return module[len(root) + 1 :]
    return None


def is_tensorflow(module: str) -> bool:
    """Whether a module is tensorflow or stands in it."""
    return module == "tensorflow" or module.startswith("tensorflow.")


def rewrite_imports(script: Script, keep_tensorflow: bool, need_keras: bool) -> None:
    """Rewrite all import statements.

    keep_tensorflow: something of tensorflow is left in the script. need_keras: what was rewritten
    needs the name `keras`.
    """
    cst = script.cst
    places = [
        (node, parents[0], parents)
        for node, parents in script.walk(script.tree)
        if isinstance(node, cst.Import | cst.ImportFrom)
    ]
    needed = need_keras and not any(_binds_keras(script, node) for node, _, _ in places)
    for node, line, parents in places:
        if isinstance(node, cst.ImportFrom):
            _from_import(script, node)
        else:
            needed = _plain_import(script, node, line, parents, keep_tensorflow, needed) and needed


def _binds_keras(script: Script, node: Any) -> bool:
    """Whether an import makes the name `keras` the keras module."""
    cst = script.cst
    if isinstance(node, cst.Import):
        return any(
            (below_keras(_module(script, alias.name)) is not None)
            and (_bound(script, alias) == "keras")
            for alias in node.names
        )
    if isinstance(node.names, cst.ImportStar) or node.module is None:
        return False
    module = _module(script, node.module)
    return module in ("tensorflow", "edgekit", "tensorflow.python") and any(
        _module(script, alias.name) == "keras" and _bound(script, alias) == "keras"
        for alias in node.names
    )


def _module(script: Script, node: Any) -> str:
    return str(script.dotted(node) or "")


def _bound(script: Script, alias: Any) -> str:
    """The name that an alias of an import binds."""
    if alias.asname is not None:
        return str(alias.asname.name.value)
    return _module(script, alias.name).partition(".")[0]


def _plain_import(
    script: Script, node: Any, line: Any, parents: Any, keep: bool, needed: bool
) -> bool:
    """`import a, b as c`; returns whether the name `keras` is still needed."""
    made: list[str] = []
    changed = False
    for alias in node.names:
        module = _module(script, alias.name)
        below = below_keras(module)
        if module in RUNTIMES and alias.asname is None:
            script.by_hand(node, f"import {module}", "import edgekit.interpreter under a name")
        if module.partition(".")[0] in OTHERS:
            root = module.partition(".")[0]
            script.by_hand(node, f"import {module}", f"{root} {OTHERS[root]}")
        if below is not None:
            made.append(_keras_import(below, alias))
            changed = True
        elif module in RUNTIMES and alias.asname is not None:
            made.append(f"import edgekit.interpreter as {alias.asname.name.value}")
            changed = True
        elif is_tensorflow(module):
            changed = True
            if keep:
                made.append(f"import {script.text(alias).rstrip(',').strip()}")
            if needed:
                made.append(_FRONT)
                needed = False
        else:
            made.append(f"import {script.text(alias).rstrip(',').strip()}")
    new = _joined(script, made, line)
    if not changed or new == script.text(node):
        return needed
    if made:
        script.replace(node, new, note="; ".join(made))
    else:
        _remove(script, node, line, parents)
    return needed


def _keras_import(below: str, alias: Any) -> str:
    """An import of keras, or of a module in it, under the name that it was bound to."""
    name = None if alias.asname is None else alias.asname.name.value
    if name is None or not below:
        return _FRONT if name in (None, "keras") else f"{_FRONT} as {name}"
    parent, _, last = below.rpartition(".")
    module = ".".join(["edgekit.keras", *([parent] if parent else [])])
    return f"from {module} import {last}" + ("" if name == last else f" as {name}")


def _joined(script: Script, statements: list[str], line: Any) -> str:
    """Statements on lines of their own where the line holds nothing else, else by semicolons."""
    if len(line.body) > 1 or len(statements) < 2:
        return "; ".join(statements)
    start = script.span(line)[0]
    head = start
    while head > 0 and script.source[head - 1 : head] in (b" ", b"\t"):
        head -= 1
    indent = script.source[head:start].decode(script.tree.encoding)
    between: str = script.tree.default_newline + indent
    return between.join(statements)


def _remove(script: Script, node: Any, line: Any, parents: Any) -> None:
    block = parents[1]
    alone = not isinstance(block, script.cst.Module) and len(block.body) == 1
    if alone:
        script.replace(node, "pass", note="removed")
    else:
        script.remove_line(line, node, script.text(node))


def _from_import(script: Script, node: Any) -> None:
    """`from a.b import c`."""
    if node.relative or node.module is None:
        return
    module = _module(script, node.module)
    root = module.partition(".")[0]
    below = below_keras(module)
    if root in OTHERS:
        script.by_hand(node, script.text(node), f"{root} {OTHERS[root]}")
    elif below is not None:
        target = f"edgekit.keras.{below}" if below else "edgekit.keras"
        old = f"from {module} import"
        script.replace(node.module, target, old, note=f"from {target} import")
    elif module in RUNTIMES:
        _from_runtime(script, node, module)
    elif is_tensorflow(module):
        _from_tensorflow(script, node, module)


def _from_runtime(script: Script, node: Any, module: str) -> None:
    """`from tflite_runtime.interpreter import Interpreter`."""
    names = () if isinstance(node.names, script.cst.ImportStar) else node.names
    missing = [n for n in (_module(script, alias.name) for alias in names) if n in NOT_IN_RUNTIME]
    if missing:
        what = ", ".join(missing)
        script.by_hand(node, script.text(node), f"edgekit.interpreter has no {what}; do without")
    else:
        old = f"from {module} import"
        new = "edgekit.interpreter"
        script.replace(node.module, new, old, note=f"from {new} import")


def _from_tensorflow(script: Script, node: Any, module: str) -> None:
    """`from tensorflow import keras, nn ...`: each name for itself."""
    names = () if isinstance(node.names, script.cst.ImportStar) else node.names
    base = module.partition(".")[2]
    made: list[str] = []
    left: list[str] = []
    for alias in names:
        name = _module(script, alias.name)
        path = f"{base}.{name}" if base else name
        bound = "" if alias.asname is None else f" as {alias.asname.name.value}"
        if path in ("keras", "python.keras"):
            made.append(f"{_FRONT}{bound}")
        elif path in MODULES:
            made.append(f"from edgekit.keras import {path}{bound}")
        elif path in MOVED or path in OPS:
            target = MOVED.get(path) or f"ops.{OPS[path]}"
            parent, _, last = target.rpartition(".")
            shown = bound or ("" if last == name else f" as {name}")
            home = "edgekit.keras" + (f".{parent}" if parent else "")
            made.append(f"from {home} import {last}{shown}")
        else:
            left.append(name)
    if left or not names:
        what = ", ".join(left) or "*"
        script.by_hand(
            node,
            script.text(node),
            BY_HAND.get(
                f"{base}.{what}".strip("."), f"edgekit has no {what} of tensorflow; see keras.ops"
            ),
        )
    elif made:
        script.replace(node, "; ".join(made))
