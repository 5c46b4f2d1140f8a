"""Models traced into graphs: what the graphs print, and what the interpreter makes of them."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, validate
from edgekit.train import layers
from edgekit.train.models import Model, Sequential
from edgekit.train.ops import activations, comparisons, math, slopes, special
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.depthwise import depthwise_conv2d
from edgekit.train.ops.pooling import global_max_pool2d, max_pool2d
from edgekit.train.ops.shape import concat, pad, reshape, resize_nearest, transpose
from edgekit.train.primitive import name_scope
from edgekit.train.tensor import Tensor, Variable
from edgekit.train.trace import trace

RNG = np.random.default_rng(11)


class Function:
    """The least that can be traced: a call of primitives with the names of its layers."""

    name = "function"

    def __init__(self, body: Any) -> None:
        self.body = body

    def __call__(self, x: Any, training: bool = False) -> Any:
        with name_scope(self.name):
            return self.body(x)


def data(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def run(graph: Graph, *inputs: np.ndarray) -> list[np.ndarray]:
    return list(Interpreter(graph).run(*inputs).values())


def check(model: Any, graph: Graph, *shape: int, batch: int = 5) -> None:
    """The interpreter's outputs for the graph are the model's, for a batch that was not traced."""
    validate(graph)
    x = RNG.uniform(-1, 1, (batch, *shape)).astype(np.float32)
    expected = model(Tensor(x), training=False)
    expected = expected if isinstance(expected, list | tuple) else [expected]
    for ours, theirs in zip(run(graph, x), expected, strict=True):
        # float32 sums in another order; activations here are of size 1
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


def shaken(model: Any) -> Any:
    """The model with other statistics and biases than the neutral ones it starts with."""
    for v in model.weights:
        v.assign(RNG.uniform(0.5, 1.5, v.shape).astype(np.float32) * (v.numpy() + 0.1))
    return model


def small_cnn() -> Any:
    return Sequential(
        [
            layers.Input((9, 8, 2), name="image"),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="deep"),
            layers.ReLU(6.0, name="clip"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Dropout(0.5, name="drop"),
            layers.Flatten(name="flat"),
            layers.Dense(3, activation="softmax", name="classes"),
        ],
        name="cnn",
    )


def test_sequential() -> None:
    model = shaken(small_cnn())
    graph = trace(model)
    assert str(graph) == dedent("""\
        graph cnn(image:float32[?, 9, 8, 2]):
          conv/conv2d:float32[?, 5, 4, 4] = Conv2D(image, conv/kernel, conv/bias, pads=(1, 0, 1, 1), strides=(2, 2))
          conv:float32[?, 5, 4, 4] = Relu(conv/conv2d)
          norm:float32[?, 5, 4, 4] = BatchNorm(conv, norm/gamma, norm/beta, norm/moving_mean, norm/moving_variance)
          deep:float32[?, 5, 4, 8] = DepthwiseConv2D(norm, deep/kernel, deep/bias, pads=(1, 1, 1, 1))
          clip:float32[?, 5, 4, 8] = Relu6(deep)
          pool:float32[?, 2, 2, 8] = MaxPool2D(clip, pool=(2, 2), strides=(2, 2))
          flat:float32[?, 32] = Reshape(pool, shape=(-1, 32))
          classes/dense:float32[?, 3] = Dense(flat, classes/kernel, classes/bias)
          classes:float32[?, 3] = Softmax(classes/dense)
          return classes""")  # noqa: E501
    assert [node.name for node in graph.nodes] == [
        "conv", "conv", "norm", "deep", "clip", "pool", "flat", "classes", "classes",
    ]  # fmt: skip
    check(model, graph, 9, 8, 2)


def test_weights_are_copied_in_the_layouts_of_the_graph() -> None:
    model = small_cnn()
    graph = trace(model)
    conv, deep = model.get_layer("conv"), model.get_layer("deep")
    assert graph.value("conv/kernel").shape == (4, 3, 3, 2)
    stored = graph.value("deep/kernel").array()
    assert stored.shape == (1, 3, 3, 8)
    # output channel c * 2 + m comes from input channel c
    assert stored[0, 1, 2, 5] == deep.kernel.numpy()[1, 2, 2, 1]
    before = graph.value("conv/kernel").array().copy()
    conv.kernel.assign(np.zeros(conv.kernel.shape, np.float32))
    np.testing.assert_array_equal(graph.value("conv/kernel").array(), before)


def test_functional_with_branches_and_two_outputs() -> None:
    x = layers.Input((8, 8, 4), name="image")
    a = layers.Conv2D(6, 3, padding="same", activation="swish", groups=2, name="a")(x)
    b = layers.Conv2D(6, 1, name="b")(x)
    both = layers.Add(name="sum")([a, b])
    joined = layers.Concatenate(name="joined")([both, a])
    wide = layers.ZeroPadding2D(1, name="border")(layers.UpSampling2D(2, name="up")(joined))
    features = layers.GlobalAveragePooling2D(name="features")(wide)
    model = shaken(
        Model(x, [features, layers.Dense(3, activation="tanh", name="head")(features)], name="two")
    )
    graph = trace(model)
    assert str(graph) == dedent("""\
        graph two(image:float32[?, 8, 8, 4]):
          a/conv2d:float32[?, 8, 8, 6] = Conv2D(image, a/kernel, a/bias, groups=2, pads=(1, 1, 1, 1))
          a/sigmoid:float32[?, 8, 8, 6] = Sigmoid(a/conv2d)
          a:float32[?, 8, 8, 6] = Mul(a/conv2d, a/sigmoid)
          b:float32[?, 8, 8, 6] = Conv2D(image, b/kernel, b/bias)
          sum:float32[?, 8, 8, 6] = Add(a, b)
          joined:float32[?, 8, 8, 12] = Concat(sum, a)
          up:float32[?, 16, 16, 12] = ResizeNearest(joined, half_pixel_centers=True, size=(16, 16))
          border:float32[?, 18, 18, 12] = Pad(up, pads=(0, 0, 1, 1, 1, 1, 0, 0))
          features:float32[?, 12] = Mean(border)
          head/dense:float32[?, 3] = Dense(features, head/kernel, head/bias)
          head:float32[?, 3] = Tanh(head/dense)
          return features, head""")  # noqa: E501
    check(model, graph, 8, 8, 4)


class Subclassed(Model):
    """Layers, arithmetic, indexing and Python's control flow."""

    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.first = layers.Dense(6, name="first")
        self.norm = layers.BatchNormalization(name="norm")
        self.blocks = [layers.Dense(6, activation="relu", name=f"block_{i}") for i in range(2)]

    def call(self, inputs, training=False):
        x = self.norm(self.first(inputs), training=training)
        for block in self.blocks:
            x = x + block(x)
        return x[:, 1:4] * 2.0 - abs(x[:, 0:3]) / 3.0


def test_subclassed() -> None:
    model = Subclassed()
    with pytest.raises(InputError, match="'subclassed' has no input shape yet"):
        trace(model)
    graph = trace(model, (5,), name="renamed")
    assert graph.name == "renamed"
    operators = [node.op for node in graph.nodes]
    assert operators == [
        "Dense", "BatchNorm", "Dense", "Relu", "Add", "Dense", "Relu", "Add",
        "Slice", "Mul", "Slice", "Mul", "Maximum", "Mul", "Sub",
    ]  # fmt: skip
    check(shaken(model), trace(model), 5)


def test_a_layer_used_twice_shares_its_weights() -> None:
    x = layers.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    model = shaken(Model(x, shared(shared(x))))
    graph = trace(model)
    assert [str(n) for n in graph.nodes] == [
        "Dense(x, shared/kernel, shared/bias)",
        "Dense(shared/dense, shared/kernel, shared/bias)",
    ]
    assert [n.name for n in graph.nodes] == ["shared", "shared"]
    check(model, graph, 4)


def test_several_inputs() -> None:
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    model = Model([a, b], layers.Subtract(name="difference")([a, b]))
    graph = trace(model)
    assert graph.inputs == ("a", "b")
    x, y = data(4, 3), data(4, 3)
    np.testing.assert_array_equal(run(graph, x, y)[0], x - y)


def test_nested_models_keep_the_path_of_the_layer() -> None:
    inner = Sequential([layers.Input((4,)), layers.Dense(4, name="dense")], name="inner")
    model = shaken(Sequential([layers.Input((4,)), inner, layers.Dense(2, name="last")], name="m"))
    graph = trace(model)
    assert [node.name for node in graph.nodes] == ["inner/dense", "last"]
    check(model, graph, 4)


KERNEL = Variable(data(2, 3, 3, 4), name="kernel")
DEEP = Variable(data(3, 3, 3, 2), name="deep")
SQUARE = Variable(data(3, 5), name="square")

FUNCTIONS = {
    "x + 1": lambda x: x + 1.0,
    "x - vector": lambda x: x - np.arange(3.0),
    "1 - x": lambda x: 1.0 - x,
    "x / 3": lambda x: x / 3.0,
    "-x": lambda x: -x,
    "x ** 2": lambda x: x**2,
    "square": math.square,
    "absolute": math.absolute,
    "maximum": lambda x: math.maximum(x, 0.1),
    "minimum": lambda x: math.minimum(x, x * 0.5),
    "x / y": lambda x: x / (x * x + 1.0),
    "matmul": lambda x: x @ SQUARE,
    "mean": lambda x: math.mean(x, axis=(1, 2)),
    "mean kept": lambda x: math.mean(x, axis=-1, keepdims=True),
    "sum": lambda x: math.sum(x, axis=1),
    "max": lambda x: math.max(x, axis=(1, 2)),
    "max kept": lambda x: math.max(x, axis=(1, 2), keepdims=True),
    "global max": global_max_pool2d,
    "relu6": activations.relu6,
    "leaky_relu": lambda x: activations.leaky_relu(x, negative_slope=0.1),
    "elu": lambda x: activations.elu(x, alpha=1.5),
    "gelu": activations.gelu,
    "gelu tanh": lambda x: activations.gelu(x, approximate=True),
    "silu": activations.silu,
    "hard_silu": lambda x: activations.hard_silu(x * 4.0),
    "hard_sigmoid": lambda x: activations.hard_sigmoid(x * 4.0),
    "softmax": activations.softmax,
    "stop_gradient": lambda x: math.stop_gradient(x) + x,
    "conv defaults": lambda x: conv2d(x, KERNEL),
    "conv dilated": lambda x: conv2d(x, KERNEL, dilations=(2, 1), padding="same"),
    "conv explicit": lambda x: conv2d(x, KERNEL, padding=(0, 1, 2, 0), strides=(2, 1)),
    "depthwise": lambda x: depthwise_conv2d(x, DEEP, strides=(2, 2), padding="same"),
    "pool same": lambda x: max_pool2d(x, pool_size=(3, 3), strides=(2, 2), padding="same"),
    "reshape of a batch": lambda x: reshape(x, shape=(x.shape[0], -1)),
    "reshape": lambda x: reshape(x, shape=(-1, 6, 10)),
    "transpose": lambda x: transpose(x, axes=(0, 3, 1, 2)),
    "concat": lambda x: concat([x, x], axis=2),
    "pad": lambda x: pad(x, paddings=((0, 0), (1, 0), (0, 2), (0, 0)), value=0.5),
    "index": lambda x: x[:, 1:3, -1],
    "index all": lambda x: x[...],
    "new axis": lambda x: x[:, None, 0],
    "resize": lambda x: resize_nearest(x, size=(2, 3)),
    "softplus": lambda x: activations.softplus(x * 8.0),
    "exp": math.exp,
    "log": lambda x: math.log(x * x + 1.0),
    "sqrt": lambda x: math.sqrt(x * x + 1.0),
    "where": lambda x: comparisons.where(comparisons.greater(x, 0.1), x, x * 0.5),
    "where a number": lambda x: comparisons.where(comparisons.less_equal(x, 0.0), 0.0, x),
    "matmul of two": lambda x: x @ transpose(x, axes=(0, 1, 3, 2)),
    "broadcast": lambda x: math.broadcast_to(x[:, :1], shape=(x.shape[0], 7, 5, 3)),
    "softmax of two axes": lambda x: activations.softmax(x, axis=(1, 2)),
    "power": lambda x: (x * x + 0.5) ** 0.75,
    "cube": lambda x: x**3.0,
    "power of a number": lambda x: 2.0**x,
    "elements by their numbers": lambda x: x[:, :, np.array([3, 0, 0, -1])],
    "arctan2": lambda x: special.arctan2(x, x[:, :1] + 3.0),
    "of weights alone": lambda x: x @ math.square(SQUARE),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_primitives(name: str) -> None:
    model = Function(FUNCTIONS[name])
    check(model, trace(model, (4, 5, 3)), 4, 5, 3)


def test_what_depends_on_weights_alone_is_computed_now() -> None:
    graph = trace(Function(lambda x: x @ math.exp(math.square(SQUARE))), (3,))
    assert [node.op for node in graph.nodes] == ["Dense"]
    expected = np.exp(np.square(SQUARE.numpy())).T
    np.testing.assert_array_equal(graph.value(graph.nodes[0].inputs[1]).array(), expected)


def test_all_unsupported_calls_are_listed_with_their_layers() -> None:
    def body(x: Any) -> Any:
        with name_scope("first"):
            x = slopes.sparsemax(x)
        with name_scope("block"), name_scope("second"):
            return math.exp(x) + math.log(x + 1.0)

    def parallel(x: Any) -> Any:
        return body(x) + math.cast(math.argmax(x, axis=-1), dtype=np.float32)[:, None]

    with pytest.raises(UnsupportedOperator) as caught:
        trace(Function(parallel), (3,))
    message = str(caught.value)
    assert "'sparsemax' in layer 'first'" in message
    assert "'argmax' in layer 'argmax'" in message
    assert "exp" not in message  # it reads what is missing already


def test_what_no_output_needs_is_left_out() -> None:
    def body(x: Any) -> Any:
        slopes.sparsemax(x)  # which no graph can hold
        return x + 1.0

    assert [node.op for node in trace(Function(body), (3,)).nodes] == ["Add"]


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (lambda x: x * x.numpy(), UnsupportedOperator, "outside of primitives"),
        (lambda x: x + float(x.numpy().mean()), UnsupportedOperator, "outside of primitives"),
        (lambda x: x * np.zeros(x.shape, np.float32), UnsupportedOperator, "batch size"),
        (lambda x: Tensor(x.numpy() * 2), UnsupportedOperator, "does not come from its input"),
        (lambda x: math.mean(x, axis=0), UnsupportedOperator, "over the batch"),
        (lambda x: math.mean(x), UnsupportedOperator, "over the batch"),
        (lambda x: x[0], UnsupportedOperator, "index into the batch"),
        (lambda x: x[:, ::2], UnsupportedOperator, "slices of step 1"),
        (lambda x: reshape(x, shape=(-1,)), UnsupportedOperator, "shape"),
        (lambda x: transpose(x, axes=(1, 0)), ShapeError, "batch must stay first"),
        (lambda x: reshape(x, shape=(-1, 2, 2)) @ x[:, None, :2, None], UnsupportedOperator, "two"),
        (
            lambda x: x + 1.0 if len(x) == 2 else x - 1.0,
            UnsupportedOperator,
            "other things for other data",
        ),
    ],
)
def test_what_a_graph_cannot_say_is_refused(body: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        trace(Function(body), (4,))


def test_an_unknown_size_is_refused() -> None:
    model = Sequential([layers.Input((None, None, 3)), layers.Conv2D(2, 3)])
    with pytest.raises(ShapeError, match="every size but the batch"):
        trace(model)


def test_training_and_tracing_leave_no_recorder_behind() -> None:
    from edgekit.train.primitive import recorders

    with pytest.raises(ZeroDivisionError):
        trace(Function(lambda x: 1 / 0), (3,))
    assert recorders() == []


def test_operations_on_symbolic_tensors_have_their_own_names() -> None:
    x = layers.Input((4,), name="x")
    doubled = layers.Dense(4, name="first")(x) * 2.0
    model = shaken(Model(x, doubled + x))
    graph = trace(model)
    assert [node.op for node in graph.nodes] == ["Dense", "Mul", "Add"]
    names = [node.name for node in graph.nodes]
    assert names[0] == "first"
    assert names[1].startswith("multiply")
    assert names[2].startswith("add")
    assert graph.outputs == (names[-1],)
    check(model, graph, 4)
