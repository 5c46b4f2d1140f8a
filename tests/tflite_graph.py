"""Graphs from real `.tflite` files, for tests and benchmarks: the operators of the MLPerf Tiny
networks, MobileNet and their kin. It reads with LiteRT's own generated schema, so it is absent
where LiteRT is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.ir import Graph, GraphBuilder, Metadata, Node, Value, per_channel, per_tensor
from edgekit.ir.quant import QuantParams
from edgekit.ir.tables import table_for

ACTIVATIONS = {0: "none", 1: "relu", 3: "relu6"}
SAME_PADDING = 0
METHODS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "depthwise",
    "FULLY_CONNECTED": "dense",
    "ADD": "addition",
    "AVERAGE_POOL_2D": "average_pool",
    "MAX_POOL_2D": "max_pool",
    "RESHAPE": "reshape",
    "MEAN": "mean",
    "SOFTMAX": "softmax",
    "QUANTIZE": "quantize",
}


def tflite_graph(path: Path, arithmetic: str = "float32") -> Graph:
    """The graph of a file, with an open batch. Skips without LiteRT; KeyError for other operators.

    Inputs and outputs keep their order; values keep their names where those are unique.
    """
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    model = schema.ModelT.InitFromPackedBuf(bytearray(path.read_bytes()), 0)
    return _Reader(schema, model, arithmetic).graph(path.stem)


class _Reader:
    def __init__(self, schema: Any, model: Any, arithmetic: str) -> None:
        self.model, self.main, self.arithmetic = model, model.subgraphs[0], arithmetic
        enum = schema.BuiltinOperator
        self.operator_names = {
            number: name for name, number in vars(enum).items() if not name.startswith("_")
        }
        self.builder = GraphBuilder()
        self.names: dict[int, str] = {}

    def graph(self, name: str) -> Graph:
        self.builder.name = name
        for index in self.main.inputs:
            tensor = self.main.tensors[index]
            dtype, quant = _DTYPES[tensor.type], _quant(tensor)
            shape = (None, *(int(d) for d in tensor.shape[1:]))
            self.names[index] = self.builder.input(tensor.name.decode(), shape, dtype, quant)
        for operator in self.main.operators:
            code = self.model.operatorCodes[operator.opcodeIndex]
            kind = self.operator_names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            read = getattr(self, METHODS[kind])
            result = read(operator, operator.builtinOptions)
            self.names[operator.outputs[0]] = result
        outputs = [self.names[index] for index in self.main.outputs]
        return self.builder.finish(outputs, Metadata(arithmetic=self.arithmetic))

    def array(self, index: int) -> Any:
        tensor = self.main.tensors[index]
        data = self.model.buffers[tensor.buffer].data
        return np.frombuffer(bytes(data), _DTYPES[tensor.type]).reshape(tensor.shape)

    def read(self, index: int) -> str:
        """The name of an activation, or of a constant, added when it is first read."""
        if index not in self.names:
            tensor = self.main.tensors[index]
            self.names[index] = self.builder.constant(
                self.array(index), tensor.name.decode(), _quant(tensor)
            )
        return self.names[index]

    def add(self, op: str, operator: Any, *inputs: str, **attrs: Any) -> str:
        tensor = self.main.tensors[operator.outputs[0]]
        name = tensor.name.decode().split(";")[0].split("/")[-1]
        return self.builder.add(op, *inputs, name=name, quant=_quant(tensor), **attrs)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(1 if d is None else d for d in self.builder.values[name].shape)

    def window(self, x: str, size: Any, options: Any, dilations: Any = (1, 1)) -> dict[str, Any]:
        strides = (options.strideH, options.strideW)
        pads = [0, 0, 0, 0]
        if options.padding == SAME_PADDING:
            for axis in (0, 1):
                length, reach = self.shape(x)[axis + 1], (size[axis] - 1) * dilations[axis] + 1
                count = -(-length // strides[axis])
                total = max(0, (count - 1) * strides[axis] + reach - length)
                pads[axis], pads[axis + 2] = total // 2, total - total // 2
        return {"strides": strides, "pads": tuple(pads)}

    def convolution(self, operator: Any, options: Any, op: str = "Conv2D") -> str:
        x, *rest = (self.read(index) for index in operator.inputs)
        weight = self.shape(rest[0])
        dilations = (options.dilationHFactor, options.dilationWFactor)
        attrs = self.window(x, weight[1:3], options, dilations)
        attrs["activation"] = ACTIVATIONS[options.fusedActivationFunction]
        if op == "Conv2D" and self.shape(x)[3] != weight[3]:
            attrs["groups"] = self.shape(x)[3] // weight[3]
        return self.add(op, operator, x, *rest, dilations=dilations, **attrs)

    def depthwise(self, operator: Any, options: Any) -> str:
        return self.convolution(operator, options, "DepthwiseConv2D")

    def dense(self, operator: Any, options: Any) -> str:
        x, weight, *bias = (self.read(index) for index in operator.inputs if index >= 0)
        features = self.shape(weight)[1]
        if self.shape(x)[-1] != features or len(self.shape(x)) != 2:
            x = self.builder.add("Reshape", x, shape=(-1, features))
        activation = ACTIVATIONS[options.fusedActivationFunction]
        return self.add("Dense", operator, x, weight, *bias, activation=activation)

    def addition(self, operator: Any, options: Any) -> str:
        x, y = (self.read(index) for index in operator.inputs)
        activation = ACTIVATIONS[options.fusedActivationFunction]
        return self.add("Add", operator, x, y, activation=activation)

    def pool(self, operator: Any, options: Any, op: str) -> str:
        x = self.read(operator.inputs[0])
        size = (options.filterHeight, options.filterWidth)
        return self.add(op, operator, x, pool=size, **self.window(x, size, options))

    def average_pool(self, operator: Any, options: Any) -> str:
        return self.pool(operator, options, "AveragePool2D")

    def max_pool(self, operator: Any, options: Any) -> str:
        return self.pool(operator, options, "MaxPool2D")

    def reshape(self, operator: Any, options: Any) -> str:
        shape = tuple(int(d) for d in self.main.tensors[operator.outputs[0]].shape[1:])
        return self.add("Reshape", operator, self.read(operator.inputs[0]), shape=(-1, *shape))

    def mean(self, operator: Any, options: Any) -> str:
        axes = tuple(int(a) for a in self.array(operator.inputs[1]).reshape(-1))
        x = self.read(operator.inputs[0])
        return self.add("Mean", operator, x, axes=axes, keepdims=options.keepDims)

    def softmax(self, operator: Any, options: Any) -> str:
        x = self.read(operator.inputs[0])
        value = self.builder.values[x]
        if value.dtype == "float32":
            return self.add("Softmax", operator, x, beta=float(options.beta))
        node = Node("Softmax", (x,), ("softmax",), {"beta": float(options.beta)}, "softmax")
        output = Value(
            "softmax", value.shape, "int8", None, _quant(self.main.tensors[operator.outputs[0]])
        )
        table = self.builder.constant(table_for(node, value, output, self.arithmetic), "table")
        return self.add("Softmax", operator, x, table, beta=float(options.beta))

    def quantize(self, operator: Any, options: Any) -> str:
        x = self.read(operator.inputs[0])
        dtype = _DTYPES[self.main.tensors[operator.outputs[0]].type]
        op = "Quantize" if self.builder.values[x].dtype == "float32" else "Requantize"
        return self.add(op, operator, x, dtype=dtype)


_DTYPES = {0: "float32", 2: "int32", 3: "uint8", 4: "int64", 9: "int8"}


def _quant(tensor: Any) -> QuantParams | None:
    found = tensor.quantization
    if found is None or found.scale is None or len(found.scale) == 0:
        return None
    if len(found.scale) == 1:
        return per_tensor(found.scale[0], int(found.zeroPoint[0]))
    return per_channel(np.asarray(found.scale), int(found.quantizedDimension))
