"""Architectures: growing and shrinking, copies, JSON, pictures, tables, parts as models."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from edgekit.errors import InputError, ModelFormatError
from edgekit.train import Input, Model, Sequential, clear_session, layers
from edgekit.train.models import clone_model, model_from_json, plot_model
from edgekit.train.models.dot_text import model_to_dot

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


@pytest.fixture(autouse=True)
def fresh_names():
    clear_session()


def two_towers():
    """Two inputs, a shared layer, a nested model, two outputs under names."""
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = layers.Dense(3, "relu", name="shared")
    inner = Sequential([Input((3,)), layers.Dense(2, name="deep")], name="inner")
    joined = layers.Concatenate(name="joined")([shared(a), inner(shared(b))])
    return Model([a, b], {"one": layers.Dense(1, name="x")(joined), "two": joined * 2.0})


def test_a_sequential_model_grows_and_shrinks():
    model = Sequential([Input((4,)), layers.Dense(3, name="one")])
    kernel = model.layers[0].kernel
    model.add(layers.Dense(2, name="two"))
    assert model.output_shape == (None, 2)
    assert [len(layer.calls) for layer in model.layers] == [1, 1]
    part = Model(model.input, model.get_layer("one").output)
    assert part(X).shape == (6, 3)
    assert model.pop().name == "two"
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(5))
    assert model(X).shape == (6, 5)
    assert model.layers[0].kernel is kernel
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((6, 5)), verbose=0)
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((6, 1)), verbose=0)


def test_a_sequential_model_without_a_shape_is_built_by_data():
    model = Sequential()
    model.add(layers.Dense(3))
    model.add(layers.Dense(2))
    assert not model.built
    with pytest.raises(InputError):
        model.count_params()
    model(X)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2
    model.add(layers.Dense(1))
    assert model(X).shape == (6, 1)


def test_layers_in_the_middle_are_outputs_of_other_models():
    model = two_towers()
    part = Model(inputs=model.inputs, outputs=model.get_layer("joined").output)
    whole = model.predict([X, X], verbose=0)
    np.testing.assert_array_equal(part.predict([X, X], verbose=0) * 2, whole["two"])
    by_name = model.predict({"b": X, "a": X}, verbose=0)
    np.testing.assert_array_equal(by_name["one"], whole["one"])


def stack():
    return Sequential(
        [Input((4,)), layers.Dense(3, "tanh"), layers.BatchNormalization(), layers.Dense(1)]
    )


@pytest.mark.parametrize(("make", "data"), [(two_towers, [X, X]), (stack, X)])
def test_a_clone_is_the_same_with_weights_of_its_own(make, data):
    model = make()
    copy = clone_model(model)
    assert [v.shape for v in copy.weights] == [v.shape for v in model.weights]
    assert not {id(v) for v in copy.weights} & {id(v) for v in model.weights}
    assert not copy.compiled
    copy.set_weights(model.get_weights())
    ours, theirs = (m.predict(data, verbose=0) for m in (copy, model))
    for key in ours if isinstance(ours, dict) else [slice(None)]:
        np.testing.assert_array_equal(ours[key], theirs[key])


def test_a_clone_with_other_layers_and_inputs():
    model, names = two_towers(), []

    def narrower(layer):
        names.append(layer.name)
        config = layer.get_config()
        if layer.name == "shared":
            config["activation"] = "sigmoid"
        return type(layer).from_config(config)

    copy = clone_model(model, clone_function=narrower)
    assert copy.get_layer("shared").activation.__name__ == "sigmoid"
    assert sorted(names) == ["inner", "joined", "shared", "x"]
    names.clear()
    clone_model(model, recursive=True, clone_function=narrower)
    assert sorted(names) == ["deep", "joined", "shared", "x"]
    fresh = Input((4,), name="fresh")
    assert clone_model(stack(), input_tensors=fresh).input_names == ["fresh"]


def test_architectures_as_json():
    model = two_towers()
    copy = model_from_json(model.to_json(indent=1))
    assert json.loads(copy.to_json()) == json.loads(model.to_json())
    copy.set_weights(model.get_weights())
    ours, theirs = (m.predict([X, X], verbose=0) for m in (copy, model))
    for key in ours:
        np.testing.assert_array_equal(ours[key], theirs[key])
    with pytest.raises(ModelFormatError, match="not what to_json"):
        model_from_json("{")


def boxes_of(text):
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    rectangles = root.findall(f"{space}rect")[1:]
    return rectangles, root.findall(f"{space}line"), [t.text for t in root.findall(f"{space}text")]


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_a_picture_of_a_model(tmp_path, rankdir):
    path = tmp_path / "a.svg"
    text = plot_model(two_towers(), path, show_shapes=True, show_layer_names=True,
                      rankdir=rankdir, show_layer_activations=True)  # fmt: skip
    assert path.read_text() == text
    rectangles, lines, words = boxes_of(text)
    assert len(rectangles) == 8  # two inputs, the shared layer twice, inner, joined, x, a product
    assert len(lines) == 7
    assert words.count("activation: relu") == 2
    assert "output: (None, 5)" in words
    spans = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in rectangles]
    for i, (x, y, w, h) in enumerate(spans):
        for a, b, c, d in spans[:i]:  # no box lies on another
            assert x + w <= a or a + c <= x or y + h <= b or b + d <= y
    for line in lines:  # every arrow goes forward
        first, last = ("y1", "y2") if rankdir == "TB" else ("x1", "x2")
        assert float(line.get(first)) < float(line.get(last))


def test_a_picture_goes_into_nested_models(tmp_path):
    closed = boxes_of(plot_model(two_towers(), None, show_layer_names=True))[2]
    opened = boxes_of(plot_model(two_towers(), None, show_layer_names=True, expand_nested=True))[2]
    assert "inner (Sequential)" in closed
    assert "inner (Sequential)" not in opened
    assert "deep (Dense)" in opened
    with pytest.raises(InputError, match=r"writes .svg and .png"):
        plot_model(two_towers(), tmp_path / "a.jpg")
    with pytest.raises(InputError, match="not built yet"):
        plot_model(Sequential([layers.Dense(1)]), None)


def test_a_picture_as_png(tmp_path):
    pytest.importorskip("matplotlib")
    plot_model(two_towers(), tmp_path / "a.png", show_shapes=True, dpi=50)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_of_a_graph_says_what_is_connected():
    lines = []
    two_towers().summary(print_fn=lines.append, show_trainable=True, expand_nested=True)
    text = lines[0]
    assert "Connected to" in text
    row = next(line for line in text.splitlines() if line.startswith("joined"))
    assert row.split()[-3:] == ["shared,", "inner", "Y"]
    assert "  deep (Dense)" in text
    assert " Total params: 29 (116.00 B)" in text
    chain = Sequential([Input((4,)), layers.Dense(3, name="p"), layers.Dense(2, name="q"),
                        layers.Dense(1, name="r")])  # fmt: skip
    chain.summary(print_fn=lines.append, layer_range=["q", "r"], line_length=90)
    assert "Connected" not in lines[1]
    assert "p (Dense)" not in lines[1]
    assert "q (Dense)" in lines[1]
    assert max(map(len, lines[1].splitlines())) == 90
    with pytest.raises(InputError, match="no layer is named 'z'"):
        chain.summary(layer_range=["z", "r"])


def test_freezing_after_compile_counts_at_once():
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    model.layers[0].trainable = False
    frozen, free = (layer.get_weights()[0] for layer in model.layers)
    model.fit(X, X[:, :1], verbose=0)
    np.testing.assert_array_equal(frozen, model.layers[0].get_weights()[0])
    assert not np.array_equal(free, model.layers[1].get_weights()[0])


def test_a_model_in_the_dot_language():
    x = layers.Input((3,), name="x")
    a = layers.Dense(2, name='say "a"')(x)
    b = layers.Dense(2, name="b")(x)
    text = model_to_dot(Model(x, layers.Add(name="sum")([a, b])), show_shapes=True)
    nodes = dict(re.findall(r"^  (\d+) \[label=\"(.*)\"\];$", text, re.M))
    keys = {label.split(" (")[0]: key for key, label in nodes.items()}
    assert nodes[keys["x"]] == "x (InputLayer)\\noutput: (None, 3)"
    assert keys['say \\"a\\"']
    edges = set(re.findall(r"^  (\d+) -> (\d+);$", text, re.M))
    assert (keys["x"], keys["b"]) in edges and (keys["b"], keys["sum"]) in edges
    assert len(edges) == 4 and text.startswith("digraph G {") and text.endswith("}\n")
    with pytest.raises(InputError, match="rankdir"):
        model_to_dot(Model(x, a), rankdir="up")
