"""Reading resource variables: streaming models keep what they heard in them.

A graph has no handles. Each READ_VARIABLE becomes the value that the variable is at that point,
and what was assigned last is what the graph keeps. CALL_ONCE runs while the file is read: it gives
the variables their first values.
"""

from __future__ import annotations

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.ir import GraphBuilder

from .file import Operator
from .memories import Memories, Variable, VariableName
from .reader import Reader, Rule
from .tensors import graph_dtype, quantization

__all__ = ["READERS", "keep", "memory"]

MOST_VARIABLES = 2**12


def call_once(op: Operator, reader: Reader) -> None:
    """The first values: a subgraph of handles, constants and assignments."""
    memories = _memories(reader)
    index = op.options("CallOnceOptions")["init_subgraph_index"]
    if not 0 < index < len(reader.subgraphs):
        op.record.fail("builtin_options", f"subgraph {index} of {len(reader.subgraphs)}")
    builder = GraphBuilder("first values")
    inner = Reader(reader.subgraphs[index], builder, reader.arithmetic, keeps_memories=True)
    found = _memories(inner)
    for step in inner.graph.operators:
        rule = INITIAL_READERS.get(step.code)
        if rule is None:
            raise UnsupportedOperator(
                f"{step.code} {inner.layer(step)!r} computes a first value; "
                "variables can begin with constants only"
            )
        rule(step, inner)
    for name, variable in found.variables.items():
        _variable(memories, name).initial = variable.initial


def var_handle(op: Operator, reader: Reader) -> None:
    options = op.options("VarHandleOptions")
    memories, name = _memories(reader), (options["container"], options["shared_name"])
    memories.handles[reader.output_tensor(op).index] = name
    _variable(memories, name)


def read_variable(op: Operator, reader: Reader) -> None:
    memories, name = _handle(op, reader)
    quant, variable = quantization(reader.output_tensor(op)), memories.variables[name]
    free = ""
    if not variable.current:
        # A handle is no value, and what is read first is the memory itself: neither needs its name.
        own = {
            reader.names[reader.tensor(op, 0).index],
            reader.names[reader.output_tensor(op).index],
        }
        wanted = name[1] or reader.layer(op)
        free = wanted if wanted in own else reader.fresh(wanted)
    value = memories.read(variable, free, quant)
    reader.bind(op, reader.rescaled(op, value, quant))


def assign_variable(op: Operator, reader: Reader) -> None:
    memories, name = _handle(op, reader)
    variable, value = memories.variables[name], reader.value(op, 1)
    current = value.name
    if variable.state:
        current = reader.rescaled(op, current, reader.builder.values[variable.state].quant)
    variable.current = current


def assign_initial(op: Operator, reader: Reader) -> None:
    memories, name = _handle(op, reader)
    memories.variables[name].initial = reader.constant(op, 1)


def memory(op: Operator, reader: Reader, position: int) -> str:
    """The value of a variable tensor: what an LSTM or SVDF has kept of the steps before.

    It begins as zero, or as what an operator before this one has written there at every call.
    `keep` says what the operator makes of it.
    """
    memories, tensor = _memories(reader), reader.tensor(op, position)
    if not tensor.is_variable or tensor.is_constant:
        raise ModelFormatError(f"tensor {tensor.name!r} must be a variable without data")
    variable = memories.tensors.setdefault(tensor.index, Variable())
    quant = quantization(tensor)
    written = reader.builder.values.get(reader.names[tensor.index])
    if not variable.current and written is not None:
        variable.current = written.name
    if not variable.current and variable.initial is None:
        reader.spend(8 * tensor.elements)
        variable.initial = memories.initial(tensor.shape, graph_dtype(tensor), quant)
    return memories.read(variable, reader.names[tensor.index], quant)


def keep(op: Operator, reader: Reader, position: int, name: str) -> None:
    """The variable tensor that `memory` gave has become the value `name`."""
    memories, tensor = _memories(reader), reader.tensor(op, position)
    memories.tensors[tensor.index].current = reader.rescaled(op, name, quantization(tensor))


def _memories(reader: Reader) -> Memories:
    if not reader.keeps_memories:
        raise UnsupportedOperator("variables inside a loop or a branch are not known")
    if reader.memories is None:
        reader.memories = Memories(reader.builder)
    return reader.memories


def _handle(op: Operator, reader: Reader) -> tuple[Memories, VariableName]:
    """The variable that the first input is a handle of."""
    memories, tensor = _memories(reader), reader.tensor(op, 0)
    if tensor.index not in memories.handles:
        raise ModelFormatError(f"tensor {tensor.name!r} is no handle of a variable")
    return memories, memories.handles[tensor.index]


def _variable(memories: Memories, name: VariableName) -> Variable:
    if len(memories.variables) >= MOST_VARIABLES:
        raise UnsupportedOperator(f"more than {MOST_VARIABLES} variables")
    return memories.variables.setdefault(name, Variable())


INITIAL_READERS: dict[str, Rule] = {
    "VAR_HANDLE": var_handle,
    "ASSIGN_VARIABLE": assign_initial,
}
READERS: dict[str, Rule] = {
    "CALL_ONCE": call_once,
    "VAR_HANDLE": var_handle,
    "READ_VARIABLE": read_variable,
    "ASSIGN_VARIABLE": assign_variable,
}
