"""Every layer against Keras: outputs, weights, configs, defaults; what it says of wrong input."""

from __future__ import annotations

import re

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import GradientTape, Variable, clear_session, layers, metrics
from edgekit.train.symbolic import SymbolicTensor
from edgekit.train.tensor import Tensor
from tests.train.keras_cases import DEFAULTS, table
from tests.train.keras_cases.case import LayerCase
from tests.train.keras_goldens import arrays, defaults, family_configs, numbered, same_config

# float32 sums in another order; the inputs are of size 1 and the sums have up to 250 terms
TOLERANCE = 1e-5

CASES = {name: LayerCase(case) for name, (_, case) in table("LAYERS").items()}
FAMILY = {name: family for name, (family, _) in table("LAYERS").items()}


def golden(name):
    """The arrays of a case by their names within it."""
    prefix = f"{name}/"
    found = arrays(FAMILY[name])
    return {key.removeprefix(prefix): v for key, v in found.items() if key.startswith(prefix)}


def made(name):
    """The layer of a case with Keras' weights, its inputs, and the goldens."""
    found = golden(name)
    layer = CASES[name].make(layers)
    inputs = [Tensor(x) for x in numbered(found, "in")]
    given = inputs if len(inputs) > 1 else inputs[0]
    layer(given, **CASES[name].call_arguments())
    layer.set_weights(numbered(found, "weight"))
    return layer, given, found


def check(name, y, expected, what):
    """Each output is Keras', within the tolerance of the case."""
    several = isinstance(y, list | tuple)
    limit = CASES[name].options.get("tolerance", TOLERANCE)
    for i, part in enumerate(y if several else [y]):
        right = expected[what + (str(i) if several else "")]
        scale = max(1.0, float(np.abs(right).max(initial=0)))
        np.testing.assert_allclose(part.numpy(), right, rtol=limit, atol=limit * scale)


@pytest.mark.parametrize("name", CASES)
def test_output_is_that_of_keras(name):
    layer, given, found = made(name)
    check(name, layer(given, **CASES[name].call_arguments()), found, "out")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.training])
def test_output_in_training_is_that_of_keras(name):
    layer, given, found = made(name)
    y = layer(given, training=True, **CASES[name].call_arguments())
    check(name, y, found, "training")
    for ours, keras in zip(layer.get_weights(), numbered(found, "after"), strict=True):
        np.testing.assert_allclose(ours, keras, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.gradients])
def test_gradients_are_those_of_keras(name):
    layer, given, found = made(name)
    case = CASES[name]
    call = {**case.call_arguments(), **({"training": True} if case.training else {})}
    inputs = [x for x in (given if isinstance(given, list) else [given]) if x.dtype.kind == "f"]
    with GradientTape() as tape:
        tape.watch(inputs)
        y = layer(given, **call)
    outputs = list(y) if isinstance(y, list | tuple) else [y]
    weighting = [found["weighting" + (str(i) if len(outputs) > 1 or y is not outputs[0] else "")]
                 for i in range(len(outputs))]  # fmt: skip
    sources = [*inputs, *layer.trainable_weights]
    ours = tape.gradient(outputs, sources, output_gradients=weighting, unconnected_gradients="zero")
    keras = [*numbered(found, "input_gradient"), *numbered(found, "weight_gradient")]
    limit = case.options.get("tolerance", TOLERANCE)
    for mine, theirs in zip(ours, keras, strict=True):
        scale = max(1.0, float(np.abs(theirs).max(initial=0)))
        np.testing.assert_allclose(mine.numpy(), theirs, rtol=limit, atol=limit * scale)


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n].options.get("symbolic", True)])
def test_symbolic_shape_is_the_real_one(name):
    layer, given, found = made(name)
    shapes = [x.shape for x in (given if isinstance(given, list) else [given])]
    symbolic = [SymbolicTensor((None, *shape[1:])) for shape in shapes]
    out = layer(symbolic if len(symbolic) > 1 else symbolic[0])
    several = isinstance(out, list | tuple)
    for i, part in enumerate(out if several else [out]):
        assert part.shape == (None, *found["out" + (str(i) if several else "")].shape[1:])


@pytest.mark.parametrize("name", CASES)
def test_weights_have_the_names_and_order_of_keras(name):
    layer, *_ = made(name)
    paths = family_configs(FAMILY[name])["weight_names"][name]
    numbers = re.compile(r"_\d+(?=/)")  # how many layers of a kind there were before
    assert [numbers.sub("", v.path) for v in layer.weights] == [numbers.sub("", p) for p in paths]
    assert [v.name for v in layer.weights] == [p.rpartition("/")[2] for p in paths]


@pytest.mark.parametrize("name", CASES)
def test_config_of_keras_makes_the_same_layer(name):
    config = family_configs(FAMILY[name])["layers"][name]
    layer = type(made(name)[0]).from_config(config)
    assert same_config(layer.get_config(), config) == []
    assert layer.name == config["name"]
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("cls", DEFAULTS["layers"])
def test_defaults_are_those_of_keras(cls):
    ours = getattr(layers, cls)(**DEFAULTS["layers"][cls]).get_config()
    assert same_config(ours, defaults()["layers"][cls]) == []


def test_names_are_given_as_keras_gives_them():
    clear_session()
    names = [layers.Conv2D(1, 1).name, layers.Conv2D(1, 1).name, layers.MaxPooling2D().name]
    names += [layers.GlobalAveragePooling2D().name, layers.ReLU().name, layers.LeakyReLU().name]
    assert names == [
        "conv2d", "conv2d_1", "max_pooling2d", "global_average_pooling2d", "re_lu", "leaky_re_lu",
    ]  # fmt: skip


def test_weights_by_kind_and_count():
    layer = layers.BatchNormalization()
    layer.build_for((None, 3))
    assert [v.name for v in layer.weights] == [
        "gamma", "beta", "moving_mean", "moving_variance",
    ]  # fmt: skip
    assert len(layer.trainable_weights) == 2
    assert layer.count_params() == 12
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 4
    layer.trainable = True
    assert len(layer.trainable_weights) == 2


def test_frozen_batch_norm_uses_the_moving_statistics():
    layer = layers.BatchNormalization()
    x = np.random.default_rng(0).normal(5, 2, (8, 3)).astype(np.float32)
    expected = layer(x, training=False).numpy()
    layer.trainable = False
    np.testing.assert_array_equal(layer(x, training=True).numpy(), expected)
    assert layer.moving_mean.numpy().tolist() == [0, 0, 0]


def test_dropout_drops_in_training_only_and_follows_its_seed():
    x = np.ones((100, 100), np.float32)
    layer = layers.Dropout(0.25, seed=3)
    assert layer(x).numpy().min() == 1
    dropped = layer(x, training=True).numpy()
    assert abs((dropped == 0).mean() - 0.25) < 0.02
    np.testing.assert_allclose(dropped[dropped > 0], 1 / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(layers.Dropout(0.25, seed=3)(x, training=True).numpy(), dropped)


def test_layers_inside_follow_the_training_of_the_outer_one():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = [layers.Dropout(0.5)]

        def call(self, inputs):
            return self.inner[0](inputs)

    outer = Outer()
    x = np.ones((10, 10), np.float32)
    assert (outer(x, training=True).numpy() == 0).any()
    assert not (outer(x).numpy() == 0).any()


def test_subclass_finds_weights_in_attributes_lists_and_dicts():
    class Mine(layers.Layer):
        def __init__(self):
            super().__init__()
            self.scale = Variable(np.ones(3, np.float32), name="scale")
            self.stack = []
            self.named = {"a": layers.Dense(2)}

        def build(self, input_shape):
            self.shift = self.add_weight((input_shape[-1],), "zeros", name="shift")

        def call(self, inputs):
            x = inputs * self.scale + self.shift
            return self.named["a"](self.stack[0](x))

    layer = Mine()
    layer.stack.append(layers.Dense(4))
    layer(np.ones((2, 3), np.float32))
    assert [tuple(v.shape) for v in layer.weights] == [(3,), (3,), (3, 4), (4,), (4, 2), (2,)]
    layer.trainable = False
    assert layer.trainable_variables == []


def test_regularizers_add_to_the_losses():
    layer = layers.Dense(2, kernel_regularizer="l2", bias_regularizer={"class_name": "L1",
                         "config": {"l1": 0.5}}, bias_initializer="ones")  # fmt: skip
    layer(np.ones((1, 3), np.float32))
    kernel = layer.kernel.numpy()
    values = [float(loss.numpy()) for loss in layer.losses]
    np.testing.assert_allclose(values, [0.01 * (kernel**2).sum(), 1.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dense(0), "units must be a positive integer. Received: units=0"),
        (lambda: layers.Conv2D(3, (1, 2, 3)), "`kernel_size` must be an integer or two"),
        (lambda: layers.Conv2D(3, 3, padding="smae"), "`padding` must be 'same' or 'valid'"),
        (lambda: layers.Conv2D(3, 3, strides=2, dilation_rate=2), "cannot be combined"),
        (lambda: layers.Conv2D(3, 3, groups=2), "multiple of groups"),
        (lambda: layers.Dropout(1.5), "rate must be a number from 0 to 1"),
        (lambda: layers.Reshape((-1, -1)), "only one size may be -1"),
        (lambda: layers.Permute((1, 3)), "must hold 1 to 2"),
        (lambda: layers.ReLU(max_value=-1), "max_value must be a number of at least 0"),
        (lambda: layers.Input(), "Input needs `shape`"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dense(2, activation="rleu"), "Did you mean 'relu'"),
        (lambda: layers.Dense(2, kernel_initializer="he_norml"), "Did you mean 'he_normal'"),
        (lambda: layers.Dense(2, unit=3), "unit is not an argument that it has"),
        (lambda: layers.Dense(2, dtype="bfloat15"), "'bfloat15' is not known"),
        (lambda: layers.UpSampling2D(interpolation="bilinaer"), "Did you mean 'bilinear'"),
        (lambda: layers.Conv2D(2, 3, kernel_constraint="max_nrom"), "Did you mean 'max_norm'"),
    ],
)
def test_unsupported_arguments_are_named(make, message):
    with pytest.raises(UnsupportedOperator, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (layers.Conv2D(2, 3, name="c"), [(2, 8, 8)],
         r"layer 'c': the input does not fit: expected 4 axes\. Received: shape"),
        (layers.Conv2D(2, 9, name="c"), [(2, 4, 4, 1)], "a window of 9 does not fit"),
        (layers.Dense(2, name="d"), [(3,)], "expected at least 2 axes"),
        (layers.Reshape((5, 5), name="r"), [(2, 24)], "24 values per sample cannot take"),
        (layers.Add(name="a"), [(2, 3), (2, 4)], "do not broadcast"),
        (layers.Add(name="a"), [(2, 3)], "merges a list"),
        (layers.Concatenate(name="c"), [(2, 3, 4), (2, 4, 4)], "same shape except along axis"),
        (layers.Subtract(name="s"), [(2, 3)] * 3, "exactly 2 inputs"),
    ],
)  # fmt: skip
def test_wrong_inputs_name_the_layer(layer, shapes, message):
    arrays_ = [np.zeros(shape, np.float32) for shape in shapes]
    given = arrays_ if len(arrays_) > 1 else arrays_[0]
    with pytest.raises(ShapeError, match=message):
        if isinstance(layer, layers.Conv2D | layers.Reshape):
            layer.compute_output_shape(given.shape) if len(given.shape) == 4 else layer(given)
        layer(given)


def test_another_number_of_features_is_refused():
    layer = layers.Dense(2, name="head")
    layer(np.zeros((1, 3), np.float32))
    with pytest.raises(ShapeError, match="expected size 3 along axis -1"):
        layer(np.zeros((1, 4), np.float32))


def test_set_weights_lists_all_that_do_not_fit():
    layer = layers.Dense(2, name="head")
    layer(np.zeros((1, 3), np.float32))
    with pytest.raises(ShapeError, match=r"head/kernel: expected .*; head/bias: expected"):
        layer.set_weights([np.zeros((2, 3)), np.zeros(3)])
    with pytest.raises(ShapeError, match="expects 2 arrays. Received: 1"):
        layer.set_weights([np.zeros((3, 2))])


def test_text_is_refused():
    with pytest.raises(ShapeError, match="expected an input of numbers"):
        layers.Dense(2)(np.array([["a", "b"]]))


def test_bytes_become_floats():
    layer = layers.Rescaling(1 / 255)
    y = layer(np.array([[0, 255]], np.uint8))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy(), [[0, 1]], rtol=1e-6)


def test_what_a_layer_tells_of_itself():
    """Keras' attributes before and after a layer is built."""
    layer = layers.Dense(3, name="d")
    assert layer.path is None and layer.input_dtype == "float32" and layer.metrics == []
    assert not hasattr(layer, "input") and not hasattr(layer, "output")
    with pytest.raises(TypeError, match="layer 'd' was called without 'inputs'"):
        layer()
    assert layer.compute_output_spec(SymbolicTensor((2, 4))).shape == (2, 3)
    layer.build((2, 4))
    assert layer.path == "d" and layer.get_build_config() == {"input_shape": (2, 4)}
    again = layers.Dense.from_config(layer.get_config())
    again.build_from_config(layer.get_build_config())
    assert [w.shape for w in again.weights] == [(4, 3), (3,)]
    kernel = again.kernel.numpy()
    again.kernel.assign(kernel + 1)
    np.testing.assert_array_equal(again.kernel.numpy() - 1 - kernel < 1e-6, True)
    assert not np.array_equal(kernel, again.kernel.numpy())  # it was a copy


def test_a_layer_may_say_what_its_outputs_are():
    class First(layers.Layer):
        def call(self, inputs):
            return inputs[:, :1]

        def compute_output_spec(self, inputs):
            return SymbolicTensor((inputs.shape[0], 1), inputs.dtype)

    assert First()(SymbolicTensor((None, 4))).shape == (None, 1)


def test_losses_of_an_earlier_call_are_forgotten():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(inputs.sum())
            return inputs

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Penalty()

        def call(self, inputs):
            return self.inner(self.inner(inputs))

    outer, alone = Outer(), Penalty()
    for _ in range(2):
        outer(np.ones((2, 3)))
        alone(np.ones(4))
    assert [float(loss) for loss in outer.losses] == [6.0, 6.0]  # of both uses in one call
    assert [float(loss) for loss in alone.losses] == [4.0]


def test_specs_of_inputs_have_keras_arguments():
    spec = layers.InputSpec("float32", (None, 3, 1), allow_last_axis_squeeze=True)
    assert spec.missed((2, 3, 1)) is None and spec.missed((2, 3)) is None
    assert spec.missed((2, 4)) == "shape (None, 3, 1)"
    config = layers.InputSpec(ndim=2, axes={-1: 3}).get_config()
    assert layers.InputSpec.from_config(config).missed((2, 4)) == "size 3 along axis -1"
    assert repr(layers.InputSpec(ndim=2)) == "InputSpec(ndim=2)"
    masks = [np.array([True]), np.array([False])]
    assert layers.Add().compute_mask([np.ones(1)] * 2, mask=masks) is not None


def test_numpys_sums_and_means_take_tensors():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert float(np.mean(x)) == 2.5 and np.sum(x, axis=0).numpy().tolist() == [4.0, 6.0]
    assert np.mean(x, dtype=np.float64).dtype == np.float64


def test_what_a_dict_holds_is_found_in_its_order_whatever_its_keys():
    """As Keras 3.15 does."""

    class Held(layers.Layer):
        def __init__(self):
            super().__init__()
            self.made = {"b": Variable(1.0, name="b"), "a": [{"d": Variable(2.0, name="d")}]}
            self.table = {None: 3, "mean": metrics.Mean(name="mean"), 1: Variable(3.0, name="c")}

    assert [v.name for v in Held().weights] == ["b", "d", "c"]
    assert [m.name for m in Held().metrics] == ["mean"]
