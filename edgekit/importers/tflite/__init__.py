"""TFLite files to graphs, with numpy alone: this runs on the device too."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence

import numpy as np

from edgekit.errors import (
    EdgekitError,
    InputError,
    ModelFormatError,
    ShapeError,
    UnsupportedOperator,
    lookup,
)
from edgekit.frozen import Frozen
from edgekit.ir import Graph, GraphBuilder, Metadata, Preprocessing
from edgekit.ir.dead import drop_dead_nodes
from edgekit.ir.graph import ARITHMETICS
from edgekit.schema.source import Source, source_bytes

from . import tensors  # whose `quantization` has the name of a module here
from .file import METADATA_NAME, Operator, Signature, Subgraph, Tensor, TfliteFile
from .ops import find_rule, newest_version
from .reader import Reader
from .verify import read_file

__all__ = ["load_tflite"]

Shapes = Mapping[str, Sequence[int | None]]
NAMES_SHOWN = 3
PROBLEMS_SHOWN = 100
CUSTOM_HINTS = {
    "Flex": "an operator of TensorFlow itself; convert the model with TFLite's own operators only",
    "edgetpu-custom-op": "compiled for the Edge TPU; take the file from before it was compiled",
    "DISPATCH_OP": "compiled for one accelerator; take the file from before it was compiled",
}
"""What to do about custom operators that everybody meets."""
HINTS = {
    "RANDOM": "it draws numbers in every run, and no two runtimes draw the same; give them to the "
    "model as an input",
    "HASHTABLE": "tables that are filled while the model runs are not known; look up outside and "
    "give the model what was found",
    "STABLEHLO": "TFLite has operators of its own; convert the model with those",
}
"""What to do about TFLite's own, by the beginning of their names."""


class TfliteModel(Frozen, eq=False):
    """A graph and what the file says beside it.

    subgraph: the one that became the graph; `names` gives, for each of its tensors by index, the
        value that it is, or "" where the graph needs none.
    signature: the signature that was read; None where the file has none.
    waits: why `graph` has the inputs alone: they need other shapes first. "" where it is whole.
    """

    graph: Graph
    file: TfliteFile
    subgraph: Subgraph
    names: tuple[str, ...]
    signature: Signature | None
    waits: str = ""


def load_tflite(
    source: Source,
    *,
    shapes: Shapes | None = None,
    signature: str | None = None,
    arithmetic: str = "float32",
) -> Graph:
    """The graph of a `.tflite` file.

    source: a path, or the bytes of the file.
    shapes: other shapes for inputs, by the names of their tensors or in the signature. A first
        dimension of None or -1 leaves the batch open. Without this, a batch that the file marks
        as open is open if all its operators allow that, and every other size is the file's.
    signature: the signature to read; by default the first, or the first subgraph.
    arithmetic: the rounding of quantized operators. A file does not name one: "float32" is that of
        LiteRT's default runtime, "fixedpoint" that of its reference kernels.

    Values are named like the file's tensors, nodes like their outputs. Raises ModelFormatError for
    a damaged or hostile file, UnsupportedOperator with everything that cannot be read, InputError
    where there is no such file, input or signature.
    """
    return open_tflite(source, shapes=shapes, signature=signature, arithmetic=arithmetic).graph


def open_tflite(
    source: Source,
    *,
    shapes: Shapes | None = None,
    signature: str | None = None,
    arithmetic: str = "float32",
    may_wait: bool = False,
) -> TfliteModel:
    """The graph, and the file it comes from; arguments and errors are those of `load_tflite`.

    may_wait: whether a file that leaves sizes of its inputs open, and does not fit those that it
        has in their place, is opened all the same, to wait for others.
    """
    lookup(dict.fromkeys(ARITHMETICS), arithmetic, "arithmetic", InputError)
    try:
        with np.errstate(all="ignore"):  # what is no number is found where the graph is checked
            return _model(read_tflite(source), shapes or {}, signature, arithmetic, may_wait)
    except (ModelFormatError, UnsupportedOperator) as error:
        if isinstance(source, bytes | bytearray | memoryview):
            raise
        raise type(error)(f"{os.fspath(source)}: {error}") from error


def read_tflite(source: Source) -> TfliteFile:
    """What stands in a file, checked but not understood: also one of unknown operators.

    Raises ModelFormatError for a damaged or hostile file, InputError where there is none.
    """
    return read_file(source_bytes(source))


def can_read(op: Operator) -> bool:
    """Whether there is a rule for an operator."""
    return find_rule(op.code, is_custom=op.is_custom) is not None


def _model(
    file: TfliteFile, shapes: Shapes, key: str | None, arithmetic: str, may_wait: bool
) -> TfliteModel:
    signature = _signature(file, key)
    subgraph = file.subgraphs[signature.subgraph if signature else 0]
    wanted = _wanted_shapes(subgraph, signature, shapes)
    metadata = Metadata(
        arithmetic,
        signature.key if signature and signature.key else Metadata().signature,
        *_labels_and_preprocessing(file, subgraph),
    )
    if shapes:
        return _read(file, subgraph, signature, wanted, metadata)
    if any(wanted[i][:1] == (None,) for i in subgraph.inputs):
        with contextlib.suppress(ModelFormatError, UnsupportedOperator):
            return _read(file, subgraph, signature, wanted, metadata)
        # An operator needs to know the batch: it is what the file says.
        wanted = {i: subgraph.tensors[i].shape for i in subgraph.inputs}
    try:
        return _read(file, subgraph, signature, wanted, metadata)
    except ModelFormatError as error:
        chosen_later = [t for t in map(subgraph.tensors.__getitem__, subgraph.inputs) if _waits(t)]
        if not chosen_later:
            raise
        what = ", ".join(f"{t.name!r} {list(t.signature)}" for t in chosen_later)
        advice = f"the file leaves sizes of its inputs open, choose them: {what}; {error}"
        if not may_wait:
            raise ModelFormatError(advice) from error
    builder, reader = _begin(file, subgraph, wanted, arithmetic)
    graph = builder.finish(list(map(reader.name_of, subgraph.inputs)), metadata)
    return TfliteModel(graph, file, subgraph, _names(reader, subgraph), signature, advice)


def _waits(tensor: Tensor) -> bool:
    """Whether an input leaves another size than the batch open."""
    return -1 in tensor.signature[1:]


def _labels_and_preprocessing(
    file: TfliteFile, subgraph: Subgraph
) -> tuple[tuple[str, ...], Preprocessing | None]:
    if all(entry["name"] != METADATA_NAME for entry in file.root["metadata"]):
        return (), None
    from .metadata import labels_and_preprocessing  # few files need it

    return labels_and_preprocessing(file, subgraph)


def _signature(file: TfliteFile, key: str | None) -> Signature | None:
    if key is None:
        return file.signatures[0] if file.signatures else None
    return lookup({s.key: s for s in file.signatures}, key, "signature", InputError)


def _wanted_shapes(
    subgraph: Subgraph, signature: Signature | None, given: Shapes
) -> dict[int, tuple[int | None, ...]]:
    """The shape of each input: the caller's, or the file's with an open batch where it has one."""
    names = {subgraph.tensors[i].name: i for i in subgraph.inputs}
    names.update(signature.inputs if signature else ())
    found: dict[int, tuple[int | None, ...]] = {}
    for index in subgraph.inputs:
        tensor = subgraph.tensors[index]
        is_open = tensor.signature[:1] == (-1,)
        found[index] = (None, *tensor.shape[1:]) if is_open else tensor.shape
    for name, shape in given.items():
        index = lookup(names, name, "input", InputError)
        rank, sizes = len(found[index]), tuple(None if d == -1 else d for d in shape)
        if len(sizes) != rank or any(d is None or d < 1 for d in sizes[1:]):
            raise ShapeError(f"input {name!r} has {rank} dimensions, it cannot be {list(shape)}")
        found[index] = sizes
    return found


def _read(
    file: TfliteFile,
    subgraph: Subgraph,
    signature: Signature | None,
    shapes: Mapping[int, tuple[int | None, ...]],
    metadata: Metadata,
) -> TfliteModel:
    """Rule by rule, in the order of the file; what fails is collected and raised in one message."""
    if not subgraph.outputs:
        raise ModelFormatError("the model has no output: there is nothing to run")
    builder, reader = _begin(file, subgraph, shapes, metadata.arithmetic)
    read_operators(reader)
    if reader.memories is not None:
        reader.memories.finish()
    outputs = [reader.name_of(index) for index in subgraph.outputs]
    try:
        graph = drop_dead_nodes(builder.finish(outputs, metadata))
    except ShapeError as error:
        raise ModelFormatError(str(error)) from error
    return TfliteModel(graph, file, subgraph, _names(reader, subgraph), signature)


def _begin(
    file: TfliteFile,
    subgraph: Subgraph,
    shapes: Mapping[int, tuple[int | None, ...]],
    arithmetic: str,
) -> tuple[GraphBuilder, Reader]:
    """A graph with the inputs alone, and what reads the rest."""
    builder = GraphBuilder(subgraph.name or "model")
    reader = Reader(subgraph, builder, arithmetic, file.subgraphs, keeps_memories=True)
    for index in subgraph.inputs:
        tensor = subgraph.tensors[index]
        if tensor.is_constant or 0 in tensor.shape:
            raise ModelFormatError(f"input {tensor.name!r} is a constant or empty")
        name, dtype = reader.names[index], tensors.graph_dtype(tensor)
        quant = tensors.quantization(tensor)
        reader.bind_tensor(index, builder.input(name, shapes[index], dtype, quant))
    return builder, reader


def _names(reader: Reader, subgraph: Subgraph) -> tuple[str, ...]:
    return tuple(reader.bound.get(index, "") for index in range(len(subgraph.tensors)))


def read_operators(reader: Reader) -> None:
    """Let each operator's rule add its nodes. Raises all that went wrong at once."""
    unsupported: list[str] = []
    broken: list[str] = []
    lost: set[int] = set()
    missing: dict[tuple[str, str], list[str]] = {}
    for op in reader.graph.operators:
        rule = find_rule(op.code, is_custom=op.is_custom)
        if rule is None or (op.version > newest_version(op.code) and not op.is_custom):
            missing.setdefault(_what_and_why(op, rule is not None), []).append(reader.layer(op))
        elif lost.isdisjoint(op.inputs):
            try:
                rule(op, reader)
                continue
            except UnsupportedOperator as error:
                unsupported.append(f"{op.code} {reader.layer(op)!r}: {error}")
            except EdgekitError as error:
                broken.append(f"{op.code} {reader.layer(op)!r}: {error}")
        lost.update(op.outputs)
    unsupported = [*map(_missing, missing, missing.values()), *unsupported]
    if unsupported:
        raise UnsupportedOperator("the model cannot be read:" + _lines(unsupported))
    if broken:
        raise ModelFormatError("the model's operators do not fit each other:" + _lines(broken))


def _what_and_why(op: Operator, has_rule: bool) -> tuple[str, str]:
    """What cannot be read, and why, or what to do about it."""
    if has_rule:
        return f"{op.code} version {op.version}", (
            f"known up to version {newest_version(op.code)}; upgrade edgekit, or convert the "
            "model with an older converter"
        )
    if not op.is_custom:
        begins = {"MULTINOMIAL": "RANDOM", "STABLEHLO_RNG_BIT_GENERATOR": "RANDOM"}
        begin = begins.get(op.code) or op.code.partition("_")[0]
        return op.code, HINTS.get(begin, "this operator is not known; build the model without it")
    hint = CUSTOM_HINTS.get("Flex" if op.code.startswith("Flex") else op.code)
    hint = hint or "a custom operator of its maker's own runtime; convert the model without it"
    return op.code, hint


def _missing(what_and_why: tuple[str, str], layers: Sequence[str]) -> str:
    what, why = what_and_why
    shown = ", ".join(map(repr, layers[:NAMES_SHOWN]))
    more = f" and {len(layers) - NAMES_SHOWN} more" if len(layers) > NAMES_SHOWN else ""
    return f"{what} ({shown}{more}): {why}"


def _lines(problems: Sequence[str]) -> str:
    shown = "".join(f"\n  - {problem}" for problem in problems[:PROBLEMS_SHOWN])
    left = len(problems) - PROBLEMS_SHOWN
    return f"{shown}\n  and {left} more" if left > 0 else shown
