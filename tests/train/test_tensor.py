"""Tensors and variables: dtypes, operators, numpy around them, assignment."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train.tape import GradientTape, name_scope
from edgekit.train.tensor import Tensor, Variable


def test_numbers_become_float32_and_int32() -> None:
    assert Tensor(1.5).dtype == np.float32
    assert Tensor([[1, 2]]).dtype == np.int32
    assert Tensor([True]).dtype == np.bool_
    assert Tensor(np.ones(2)).dtype == np.float64
    assert Tensor([1, 2], dtype="float32").dtype == np.float32


def test_shape_and_conversion() -> None:
    x = Tensor(np.arange(6.0).reshape(2, 3))
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
    assert x.numpy() is x.data
    assert np.asarray(x) is x.data
    assert np.array(x, dtype=np.float32).dtype == np.float32
    copy = np.array(x)
    copy[0, 0] = 9
    assert x.numpy()[0, 0] == 0
    assert Tensor(2.5).item() == float(Tensor(2.5)) == 2.5
    assert int(Tensor(7)) == 7
    assert [1, 2, 3][Tensor(1)] == 2
    assert repr(Tensor([1.0])) == "Tensor(array([1.], dtype=float32))"
    assert [row.shape for row in x] == [(3,), (3,)]


def test_a_number_is_printed_as_python_prints_it() -> None:
    assert f"{Tensor(1.25):.1f} {Variable(2.5):.2f} {Tensor(3):03d}" == "1.2 2.50 003"
    assert f"{Tensor([1.0])}" == str(Tensor([1.0]))
    with pytest.raises(TypeError):
        f"{Tensor([1.0, 2.0]):.2f}"


def test_arithmetic_equals_numpy() -> None:
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    x, y = Tensor(a), Tensor(b)
    for ours, theirs in [
        (x + y, a + b), (x - y, a - b), (x * y, a * b), (x / y, a / b), (x**y, a**b),
        (x @ y, a @ b), (-x, -a), (abs(-x), a), (x < y, a < b), (x <= y, a <= b),
        (x > y, a > b), (x >= y, a >= b), (x[0], a[0]), (x[:, 1:], a[:, 1:]),
        (2.0 + x, 2 + a), (2.0 - x, 2 - a), (2.0 * x, 2 * a), (2.0 / x, 2 / a), (2.0**x, 2**a),
        (b @ x, b @ a), (b + x, b + a), (b - x, b - a), (b / x, b / a),
        (x.reshape(4), a.reshape(4)), (x.reshape((1, -1)), a.reshape(1, -1)),
        (x.swapaxes(0, -1), a.T), (x.sum(axis=0), a.sum(axis=0)),
    ]:  # fmt: skip
        assert isinstance(ours, Tensor)
        np.testing.assert_array_equal(ours.numpy(), theirs)


def test_numpy_functions_stay_on_the_tape() -> None:
    x = Variable(np.array([1.0, 2.0]))
    with GradientTape() as tape:
        y = np.exp(x) * np.ones(2)
    assert isinstance(y, Tensor)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), np.exp([1.0, 2.0]))
    assert np.argmax(x) == 1
    assert np.isfinite(x).all()
    assert np.add.reduce(x) == 3.0


def test_a_variable_owns_its_memory_and_keeps_it() -> None:
    start = np.zeros(3, np.float32)
    v = Variable(start, name="w")
    start[0] = 5
    assert v.numpy().tolist() == [0, 0, 0]
    memory = v.data
    assert v.assign([1, 2, 3]) is v
    v.assign_add(np.ones(3))
    v.assign_sub(Tensor([0.5, 0.5, 0.5]))
    assert v.data is memory
    assert v.numpy().tolist() == [1.5, 2.5, 3.5]
    assert v.dtype == np.float32
    assert repr(v).startswith("Variable('w', array([1.5")


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
def test_what_does_not_fit_is_refused(method: str) -> None:
    v = Variable(np.zeros((2, 3), np.float32), name="dense/kernel")
    with pytest.raises(ShapeError, match=r"'dense/kernel' has shape \(2, 3\).*has \(3, 2\)"):
        getattr(v, method)(np.zeros((3, 2), np.float32))
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(1, 2, 3\)"):
        getattr(v, method)(np.zeros((1, 2, 3), np.float32))
    counter = Variable(np.int64(1), name="steps", trainable=False)
    with pytest.raises(ShapeError, match="'steps' is int64, the value given is float32"):
        getattr(counter, method)(np.float32(1.5))
    assert not v.numpy().any()


def test_a_scalar_variable_counts() -> None:
    counter = Variable(np.int64(1), name="steps", trainable=False)
    counter.assign_add(2)
    counter.assign_sub(1)
    assert counter.item() == 2


def test_the_value_of_a_variable_is_followed_by_tapes() -> None:
    """As in Keras 3, `value` is what a variable holds now."""
    x = Variable(np.array([1.0, 2.0], np.float32))
    with GradientTape() as tape:
        y = (x.value * x.value).sum()
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), [2.0, 4.0])
    x.assign([3.0, 4.0])
    np.testing.assert_array_equal(x.value.numpy(), [3.0, 4.0])
    assert isinstance(x.value, Tensor)


def test_equality_is_element_by_element_and_keys_are_tensors_themselves() -> None:
    a, b = Tensor([1, 2, 3]), Tensor([1, 5, 3])
    np.testing.assert_array_equal((a == b).numpy(), [True, False, True])
    np.testing.assert_array_equal((a != 2).numpy(), [True, False, True])
    np.testing.assert_array_equal((np.array([1, 2, 4]) == a).numpy(), [True, True, False])
    assert bool(Tensor(0.5) == 0.5) and a != None and a != "same"  # noqa: E711
    assert {a: "first", b: "second"}[b] == "second" and len({a, b, a}) == 2


def test_a_variable_takes_what_keras_takes() -> None:
    assert Variable("ones", shape=(2,)).numpy().tolist() == [1.0, 1.0]
    assert Variable(initializer=[1, 2], dtype="float32").dtype == np.float32
    made = Variable(lambda shape, dtype: np.full(shape, 3, dtype), (2, 1), "int32", False)
    assert made.numpy().tolist() == [[3], [3]] and not made.trainable
    with name_scope("outer"):
        assert Variable(1.0, name="inner").path == "outer/inner"
    with pytest.raises(InputError, match="needs its shape="):
        Variable("zeros")
    v = Variable(np.zeros((2, 3)))
    v.assign_add(1.0)
    v.assign_sub(np.array([1.0, 0.5, 0.0]))
    assert v.numpy().tolist() == [[0.0, 0.5, 1.0]] * 2
    with pytest.raises(ShapeError):
        v.assign(1.0)
