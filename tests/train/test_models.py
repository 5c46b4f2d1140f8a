"""Sequential, functional and subclassed models: structure, names, shapes, errors."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import Input, Model, Sequential, clear_session, layers, optimizers
from edgekit.train.ops import activations as ops
from edgekit.train.ops import reductions
from edgekit.train.tensor import Tensor


@pytest.fixture(autouse=True)
def fresh_names():
    clear_session()


def images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def small():
    return Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(4)]
    )


def test_sequential_is_its_layers_one_after_the_other():
    model = small()
    x = images(5, 6, 6, 2)
    y = x
    for layer in model.layers:
        y = layer(y)
    np.testing.assert_array_equal(model(x).numpy(), y.numpy())
    assert [layer.name for layer in model.layers] == ["conv2d", "flatten", "dense"]
    assert (model.input_shape, model.output_shape) == ((None, 6, 6, 2), (None, 4))
    assert model.count_params() == 3 * 3 * 2 * 3 + 3 + 48 * 4 + 4


def test_sequential_without_input_is_built_by_data():
    model = Sequential()
    model.add(layers.Dense(3, activation="relu"))
    model.add(layers.Dense(2))
    assert not model.built and not hasattr(model, "output_shape")
    assert model.weights == []
    assert model(images(4, 5)).shape == (4, 2)
    assert [tuple(v.shape) for v in model.weights] == [(5, 3), (3,), (3, 2), (2,)]
    with pytest.raises(ShapeError, match="expected shape "):
        model(images(4, 6))


@pytest.mark.parametrize("first", [{"input_shape": (7,)}, {"input_dim": 7}])
def test_sequential_takes_the_shape_of_its_first_layer(first):
    model = Sequential([layers.Dense(3, **first), layers.Dense(2)])
    assert model.built
    assert model.output_shape == (None, 2)


def test_build_pop_and_get_layer():
    model = Sequential([layers.Dense(3, name="one"), layers.Dense(2, name="two")])
    model.build((None, 4))
    assert model.get_layer("two").units == 2
    assert model.get_layer(index=0).units == 3
    assert model.pop().name == "two"
    assert model.output_shape == (None, 3)
    with pytest.raises(InputError, match="Did you mean 'one'"):
        model.get_layer("ones")
    with pytest.raises(InputError, match="out of range"):
        model.get_layer(index=5)


def test_functional_with_several_inputs_and_outputs():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    total = layers.Add()([shared(a), shared(b)])
    model = Model([a, b], {"sum": total, "first": layers.Dense(1, name="first")(shared(a))})
    xa, xb = images(5, 4), 2 * images(5, 4)
    out = model([xa, xb])
    kernel, bias = shared.get_weights()
    np.testing.assert_allclose(
        out["sum"].numpy(), (xa + xb) @ kernel + 2 * bias, rtol=1e-5, atol=1e-6
    )
    by_name = model({"b": xb, "a": xa})
    np.testing.assert_array_equal(by_name["first"].numpy(), out["first"].numpy())
    assert len(model.weights) == 4
    assert model.output_shape == {"sum": (None, 3), "first": (None, 1)}
    with pytest.raises(InputError, match="missing data for input 'b'"):
        model({"a": xa})
    with pytest.raises(ShapeError, match=r"expected inputs: 2\. Received: 1"):
        model(xa)


def test_operators_and_primitives_become_layers_of_the_graph():
    x = Input((4, 4, 2))
    y = ops.relu(x * 2.0 - 1.0) + x[:, :, :, :1]
    y = reductions.mean(y, axis=(1, 2))
    model = Model(x, y)
    data = images(3, 4, 4, 2)
    expected = (np.maximum(data * 2 - 1, 0) + data[..., :1]).mean(axis=(1, 2))
    np.testing.assert_allclose(model(data).numpy(), expected, rtol=1e-5, atol=1e-6)
    assert model.output_shape == (None, 2)


@pytest.mark.parametrize("shape", [(1,), (4,), (4, 1), (4, 4, 1)])
def test_a_last_axis_of_size_1_may_lack_or_be_too_many(shape):
    """Numbers for a model that takes rows of one, grey pictures without channels: as in Keras 3."""
    source = Input(shape)
    model = Model(source, layers.Dense(2)(layers.Flatten()(source)))
    x = images(3, *shape)
    expected = model.predict(x, verbose=0)
    given = [x[..., None]] + ([x[..., 0]] if shape[-1] == 1 else [])
    for other in given:
        np.testing.assert_array_equal(model.predict(other, verbose=0), expected)
        np.testing.assert_array_equal(model(Tensor(other)).numpy(), expected)


def test_two_inputs_with_an_axis_too_few():
    a, b = Input((1,)), Input((3,))
    model = Model([a, b], layers.Multiply()([a, b]))
    x, y = images(2, 1), images(2, 3)
    made = model.predict([x[:, 0], y[..., None]], verbose=0)
    np.testing.assert_array_equal(made, x * y)


def test_inputs_by_keyword():
    layer = layers.Dense(2)
    x = Input((3,))
    model = Model(inputs=x, outputs=layer(inputs=x))
    outer = Model(x, model(inputs=x))
    data = images(4, 3)
    np.testing.assert_array_equal(outer(data).numpy(), layer(inputs=data).numpy())


def test_nested_models_and_shared_weights():
    trunk = small()
    x = Input((6, 6, 2))
    model = Model(x, layers.Dense(1)(trunk(x)))
    data = images(2, 6, 6, 2)
    assert model(data).shape == (2, 1)
    assert trunk in model.layers
    assert all(any(w is v for v in model.weights) for w in trunk.weights)
    np.testing.assert_array_equal(model(data).numpy(), model.layers[-1](trunk(data)).numpy())
    inner = Model(trunk.input, trunk.layers[0].output)
    assert inner(data).shape == (2, 4, 4, 3)


def test_the_input_of_a_layer_is_a_list_where_it_took_several():
    """As in Keras: of arguments one after the other, of a list, and of one tensor alone."""
    x, y = layers.Input((4, 6)), layers.Input((4, 6))
    attention, joined, dense = layers.MultiHeadAttention(2, 3), layers.Add(), layers.Dense(2)
    dense(joined([attention(x, y), x]))
    assert [id(tensor) for tensor in attention.input] == [id(x), id(y)]
    assert [id(tensor) for tensor in joined.input] == [id(attention.output), id(x)]
    assert dense.input is joined.output


def test_layers_stand_in_the_order_of_keras():
    """By distance from the output, then by the walk from it: as Keras 3.15 lists this model."""
    i = Input((8,), name="i")
    long = layers.Dense(2, name="l2")(layers.Dense(2, name="l1")(i))
    short = layers.Dense(2, name="s1")(i)
    model = Model(i, layers.Add(name="sum")([short, long]))
    assert [layer.name for layer in model.layers] == ["i", "l1", "s1", "l2", "sum"]


def test_a_deep_model_does_not_overflow_the_stack():
    x = i = Input((2,))
    for _ in range(1500):
        x = layers.Identity()(x)
    assert Model(i, x)(images(1, 2)).shape == (1, 2)


def test_subclassed_model():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.hidden = [layers.Dense(5, activation="tanh"), layers.Dense(4)]
            self.dropout = layers.Dropout(0.9)

        def call(self, inputs, training=False):
            x = inputs
            for layer in self.hidden:
                x = layer(x)
            return self.dropout(x, training=training)

    net = Net()
    x = images(20, 3)
    assert net.predict(x, verbose=0).shape == (20, 4)
    assert len(net.weights) == 4
    assert [layer.name for layer in net.layers] == ["dense", "dense_1", "dropout"]
    assert (net(x, training=True).numpy() == 0).mean() > 0.5
    assert not (net(x).numpy() == 0).any()
    with pytest.raises(InputError, match="has no defined inputs yet"):
        _ = net.inputs


def test_freezing_a_model_freezes_what_is_inside():
    model = small()
    model.trainable = False
    assert model.trainable_weights == []
    model.layers[-1].trainable = True
    assert len(model.trainable_weights) == 2


def test_get_and_set_weights():
    a, b = small(), small()
    b.set_weights(a.get_weights())
    x = images(2, 6, 6, 2)
    np.testing.assert_array_equal(a(x).numpy(), b(x).numpy())


def test_summary(capsys):
    model = small()
    model.layers[0].trainable = False
    model.summary(show_trainable=True)
    text = capsys.readouterr().out
    assert 'Model: "sequential"' in text
    assert "conv2d (Conv2D)" in text
    assert "(None, 4, 4, 3)" in text
    assert "Total params: 253" in text
    assert "Non-trainable params: 57" in text
    lines = []
    model.summary(print_fn=lines.append)
    assert "Dense" in lines[0]


def test_unknown_spatial_sizes():
    x = Input((None, None, 3))
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(x))
    model = Model(x, y)
    assert model.output_shape == (None, 4)
    assert model(images(1, 5, 9, 3)).shape == (1, 4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]),
         "unique names. 'a' is there already"),
        (lambda: Sequential([layers.Dense(1), layers.Input((2,))]), "an Input can only come first"),
        (lambda: Sequential(["dense"]), "Sequential takes layers. Received: 'dense'"),
        (lambda: Sequential().build((None, 2)), "is empty"),
        (lambda: Model(Input((2,)), layers.Dense(1)(Input((2,), name="other"))),
         "Graph disconnected: the output needs 'other'"),
        (lambda: Model(np.ones(3), np.ones(3)), "made of what Input"),
        (lambda: Model(Input((2,))), "needs both"),
    ],
)  # fmt: skip
def test_wrong_models_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_names_used_twice_in_a_graph_are_refused():
    x = Input((2,))
    with pytest.raises(InputError, match="'d' is used more than once"):
        Model(x, layers.Dense(1, name="d")(layers.Dense(1, name="d")(x)))


def test_symbolic_tensors_refuse_to_be_values():
    x = Input((2,))
    with pytest.raises(ShapeError, match="cannot steer"):
        bool(x)
    with pytest.raises(ShapeError, match="numpy's functions cannot be used"):
        np.asarray(x)
    with pytest.raises(ShapeError, match="iterated"):
        list(x)


def test_predict_before_there_is_anything():
    with pytest.raises(InputError, match="is empty: add layers"):
        Sequential().predict(images(1, 2))
    with pytest.raises(InputError, match="must be compiled first"):
        small().fit(images(1, 6, 6, 2), [0])
    with pytest.raises(InputError, match="has no weights yet"):
        layers.Dense(2).count_params()


def test_build_makes_weights_once():
    layer = layers.Dense(2)
    layer.build((None, 3))
    kernel = layer.kernel
    layer(images(1, 3))
    assert layer.kernel is kernel
    assert len(layer.weights) == 2


def test_a_subclassed_model_can_be_built_by_shape():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    net = Net()
    net.build((None, 3))
    assert [tuple(v.shape) for v in net.weights] == [(3, 2), (2,)]
    assert net.count_params() == 8


def test_weights_have_keras_names_and_paths():
    """As Keras 3.15 printed them for the same script."""

    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Sequential([layers.Dense(2)])
            self.offset = self.add_weight((1,), name="offset")

        def call(self, inputs):
            return self.inner(inputs) + self.offset

    x = Input((3,))
    functional = Model(x, layers.Dense(1)(Block()(x)))
    stacked = Sequential([Input((3,)), layers.Dense(2)])
    assert [(v.name, v.path) for v in functional.weights] == [
        ("offset", "block/offset"),
        ("kernel", "block/sequential/dense_1/kernel"),
        ("bias", "block/sequential/dense_1/bias"),
        ("kernel", "dense/kernel"),
        ("bias", "dense/bias"),
    ]
    assert [v.path for v in stacked.weights] == [
        "sequential_1/dense_2/kernel", "sequential_1/dense_2/bias",
    ]  # fmt: skip
    stacked.compile(optimizers.SGD(momentum=0.9), "mse")
    stacked.train_on_batch(images(2, 3), images(2, 2))
    assert [v.path for v in stacked.optimizer.variables] == [
        "sgd/iteration",
        "sgd/learning_rate",
        "sgd/sequential_1_dense_2_kernel_momentum",
        "sgd/sequential_1_dense_2_bias_momentum",
    ]


def test_inputs_keep_their_dtype_and_may_be_there_already():
    tokens = Input((5,), dtype="int32")
    assert tokens.dtype == "int32" and Input(tensor=tokens) is tokens
    model = Model(tokens, layers.Embedding(9, 2)(tokens))
    assert model.layers[0].get_config()["dtype"] == "int32"


def test_what_only_keras_runtime_does_is_refused_with_the_way_here(tmp_path):
    with pytest.raises(UnsupportedOperator, match="edgekit.convert"):
        small().quantize("int8")
    small().save(tmp_path / "m.keras", zipped=True)
    with pytest.raises(InputError, match="zipped=False"):
        small().save(tmp_path / "m.keras", zipped=False)


def test_models_are_numbered_as_keras_numbers_them(capsys):
    """As Keras 3.15 printed the names: each time a Sequential is built takes one."""

    def functional():
        x = Input((2,))
        return Model(x, layers.Dense(1)(x))

    Sequential([Input((2,)), layers.Dense(1)])
    names = [functional().name]
    grown = Sequential()
    for layer in (Input((2,)), layers.Dense(1), layers.Dense(1)):
        grown.add(layer)
    names.append(functional().name)
    late = Sequential([layers.Dense(1)])
    names.append(functional().name)
    late(images(1, 2))
    names.append(functional().name)
    assert names == ["functional_1", "functional_4", "functional_5", "functional_7"]
    Sequential([functional()]).summary()
    assert "functional_8 (Functional)" in capsys.readouterr().out
