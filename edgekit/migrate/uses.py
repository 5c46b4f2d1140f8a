"""Where a script uses tensorflow: `tf.keras.layers`, `tf.reduce_mean(x)`, `@tf.function` ..."""

from __future__ import annotations

from typing import Any

from edgekit.migrate.imports import below_keras
from edgekit.migrate.script import Script
from edgekit.migrate.table import (
    ACTIVATIONS,
    BY_HAND,
    CONSTANTS,
    DECORATORS,
    DTYPES,
    FEWEST_PLACES,
    KEYWORDS,
    MODULES,
    MOST_PLACES,
    MOVED,
    OPS,
    STATEMENTS,
    SURE_AXIS,
    UNKNOWN,
    WORDS,
)

__all__ = ["rewrite_uses"]


def rewrite_uses(script: Script) -> tuple[bool, bool]:
    """Rewrite all uses; returns (is something of tensorflow left?, is `keras` needed?)."""
    left = needed = False
    cst = script.cst
    gone: set[Any] = set()  # what stands inside of a removed statement or decorator
    for node, parents in script.walk(script.tree):
        if any(parent in gone for parent in parents):
            continue
        if isinstance(node, cst.Import | cst.ImportFrom):
            gone.add(node)
        elif isinstance(node, cst.Decorator) and _name(script, _callee(cst, node.decorator)) in (
            DECORATORS
        ):
            gone.add(node)
            _remove_decorator(script, node)
        elif isinstance(node, cst.SimpleStatementLine) and _does_nothing(script, node):
            gone.add(node)
            _remove_statement(script, node, parents)
        elif isinstance(node, cst.Attribute | cst.Name) and not _is_inner(cst, node, parents):
            found = _use(script, node, parents)
            if found is not None:
                left, needed = left or not found, needed or found == "keras"
    return left, needed


def _callee(cst: Any, node: Any) -> Any:
    return node.func if isinstance(node, cst.Call) else node


def _is_inner(cst: Any, node: Any, parents: Any) -> bool:
    """A part of a longer chain, the name of an attribute or keyword, or what is being bound."""
    parent = parents[0]
    if isinstance(parent, cst.Attribute):
        return True
    return isinstance(parent, cst.Arg) and parent.keyword is node


def _name(script: Script, node: Any) -> str | None:
    """The name below tensorflow of a chain, "" for tensorflow itself, None for anything else.

    `tf.x` is "compat.v1.x" where `tf` is `tensorflow.compat.v1`.
    """
    path = script.dotted(node)
    if path is None:
        return None
    root, below = script.root(node), path.partition(".")[2]
    if script.imported_as(root) == "tensorflow":
        return below
    module = script.module_as(root) or ""
    if not module.startswith("tensorflow.") or below_keras(module) is not None:
        return None
    return ".".join(filter(None, (module.partition(".")[2], below)))


def _does_nothing(script: Script, line: Any) -> bool:
    cst = script.cst
    if len(line.body) != 1 or not isinstance(line.body[0], cst.Expr):
        return False
    call = line.body[0].value
    return isinstance(call, cst.Call) and _name(script, call.func) in STATEMENTS


def _remove_statement(script: Script, line: Any, parents: Any) -> None:
    node = line.body[0]
    block = parents[0]
    if not isinstance(block, script.cst.Module) and len(block.body) == 1:
        script.replace(node, "pass", note="removed")
    else:
        script.remove_line(line, node, script.text(node))


def _remove_decorator(script: Script, node: Any) -> None:
    """The decorator with its indentation and its line end; a comment beside it stays."""
    start, end = script.span(node)
    text = script.text(node)
    while script.source[end : end + 1] in (b" ", b"\t"):
        end += 1
    if script.source[end : end + 1] != b"#":
        while start > 0 and script.source[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        end += 2 if script.source[end : end + 2] == b"\r\n" else 1
    script.remove(start, end, node, text)


def _use(script: Script, node: Any, parents: Any) -> str | None:
    """Rewrite one chain. "keras": it needs that name now; "done": it needs none; "": it is left;
    None: it is not tensorflow's.
    """
    name = _name(script, node)
    if name is None:
        _use_of_module(script, node)
        return None
    old = script.text(node)
    if name == "keras" or name.startswith("keras."):
        script.replace(node, name)
        return "keras"
    head, rest = _longest(name, MOVED)
    if head:
        script.replace(node, f"keras.{MOVED[head]}{rest}")
        return "keras"
    if name in DTYPES:
        script.replace(node, f'"{name}"')
        return "done"
    if name in CONSTANTS:
        script.replace(node, CONSTANTS[name])
        return "keras" if CONSTANTS[name].startswith("keras") else "done"
    if name in OPS:
        return _operation(script, node, parents, name)
    head, _ = _longest(name, BY_HAND)
    script.by_hand(node, old, BY_HAND.get(head, UNKNOWN))
    return ""


def _use_of_module(script: Script, node: Any) -> None:
    """Rewrite `distribute.x` of `from tensorflow import distribute` where x stands elsewhere."""
    bound, _, below = (script.dotted(node) or "").partition(".")
    source, _, module = (script.imported_as(script.root(node)) or "").partition(".")
    if source != "tensorflow" or module not in MODULES or not below:
        return
    head, rest = _longest(f"{module}.{below}", MOVED)
    if not head:
        script.by_hand(node, script.text(node), BY_HAND.get(module, UNKNOWN))
    elif MOVED[head] != head:
        script.replace(node, f"{bound}{MOVED[head].removeprefix(module)}{rest}")


def _longest(name: str, table: Any) -> tuple[str, str]:
    """(the longest entry that the name is or starts with, the rest)."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        head = ".".join(parts[:count])
        if head in table:
            return head, name[len(head) :]
    return "", ""


def _operation(script: Script, node: Any, parents: Any, name: str) -> str:
    """A function of keras.ops, where the call means the same there."""
    cst = script.cst
    call = parents[0] if isinstance(parents[0], cst.Call) and parents[0].func is node else None
    if call is None:
        short = name.rpartition(".")[2]
        home = "activations" if name.startswith("nn.") and short in ACTIVATIONS else "ops"
        script.replace(node, f"keras.{home}.{OPS[name]}")
        return "keras"
    problem = _problem(cst, call, name)
    if problem:
        script.by_hand(node, script.text(node), f"use keras.ops.{OPS[name]}; {problem}")
        return ""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value in WORDS:
            script.replace(arg.keyword, WORDS[arg.keyword.value], "")
    script.replace(node, f"keras.ops.{OPS[name]}")
    if name in SURE_AXIS and not _has_axis(call, SURE_AXIS[name]):
        script.insert(script.span(call.args[-1].value)[1], ", axis=0")
    return "keras"


def _problem(cst: Any, call: Any, name: str) -> str:
    """Why a call cannot be rewritten by its name alone."""
    places = [arg for arg in call.args if arg.keyword is None]
    words = [arg.keyword.value for arg in call.args if arg.keyword is not None]
    other = [word for word in words if word not in KEYWORDS and word not in WORDS]
    if "name" in words:
        return "it takes no name="
    if other:
        return f"it has other arguments than {', '.join(other)}"
    if len(places) > MOST_PLACES.get(name, 9) or len(call.args) < FEWEST_PLACES.get(name, 0):
        return "its arguments are others"
    if name == "split" and len(places) > 1 and isinstance(places[1].value, cst.List | cst.Tuple):
        return "it takes the places of the cuts, not the sizes of the parts"
    return ""


def _has_axis(call: Any, place: int) -> bool:
    places = [arg for arg in call.args if arg.keyword is None]
    words = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    return len(places) > place or bool(words & {"axis", "reduction_indices"})
