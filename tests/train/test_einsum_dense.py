"""What EinsumDense refuses, and its way to int8; values stand in keras_cases/einsum.py."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit.errors import InputError, ShapeError
from edgekit.interpreter import Interpreter
from edgekit.train import Input, Model, Sequential, layers, set_random_seed


@pytest.mark.parametrize("equation", [
    "ab->ac", "ab,bc", "a1,bc->ac", "...ab,bc->ac", "...ab...,bc->...ac...", "ab,bc->ac...",
    "ab,bc->ad", "ab,cd->ac", "aab,bc->ac", "ab,bc->acc",
])  # fmt: skip
def test_other_equations_are_refused(equation):
    with pytest.raises(InputError, match=r"layer 'e': .*Received: '"):
        layers.EinsumDense(equation, 3, name="e")


@pytest.mark.parametrize(("arguments", "shape", "words"), [
    (("abc,cd->abd", (None, 5)), (2, 4), r"takes 3 axes. Received: \(2, 4\)"),
    (("abc,cd->abd", 5), (2, 3, 4), r"output_shape \(5,\) does not go with the axes bd"),
    (("abc,cd->abd", (7, 5)), (2, 3, 4), "axis 'b' has 3 in the input, 7 in the output"),
    (("abc,cd->abd", (None, None)), (2, 3, 4), "the size of axis 'd' must be known"),
    (("abc,cd->abd", (None, 5)), (2, 3, None), "the size of axis 'c' must be known"),
])  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(arguments, shape, words):
    with pytest.raises(ShapeError, match=words):
        layers.EinsumDense(*arguments).build(shape)


def test_a_bias_over_no_axis_of_the_output_is_refused():
    with pytest.raises(InputError, match="bias_axes names 'c', which is no axis of the output"):
        layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="c").build((2, 3, 4))


def test_unknown_axes_stay_unknown():
    x = Input((None, 4))
    y = layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")(x)
    assert y.shape == (None, None, 2, 3)
    found = Model(x, y)(np.ones((2, 5, 4), np.float32))
    assert found.shape == (2, 5, 2, 3)


def test_int8_has_dense_layers_with_their_bias():
    set_random_seed(0)
    model = Sequential(
        [
            Input((3, 4)),
            layers.EinsumDense("abc,cde->abde", (None, 2, 3), "relu", "de", name="up"),
            layers.EinsumDense("abcd,cde->abe", (None, 5), bias_axes="e", name="down"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(200, 3, 4)).astype(np.float32)
    converted = edgekit.convert(model, x)
    nodes = [node for node in converted.graph.nodes if node.op == "Dense"]
    assert [len(node.inputs) for node in nodes] == [3, 3]
    assert all(converted.graph.value(node.outputs[0]).dtype == "int8" for node in nodes)
    expected = model.predict(x, verbose=0)
    found = Interpreter(converted.graph).predict(x)
    step = float(converted.graph.value(nodes[-1].outputs[0]).quant.scale[0])
    # one layer after the other, each within a step or two of its output
    assert np.abs(found - expected).max() < 5 * step
