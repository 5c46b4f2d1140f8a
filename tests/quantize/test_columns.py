"""Tables: columns of very unequal range beside each other in one input."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit import train
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder
from edgekit.quantize import Recipe, quantize
from edgekit.quantize.columns import FEWEST_STEPS
from edgekit.train import Sequential, layers
from edgekit.train.quantization import quantize_model
from edgekit.train.trace import trace
from tests import litert

FEW = (
    "few steps for column 0 (3 to 8: 0.3 steps), column 2 (30.69 to 234.4: 10.5 steps), "
    "column 4 (1970 to 1982: 0.6 steps)"
)


def cars(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Five columns of a data sheet, and litres per 100 km."""
    rng = np.random.default_rng(seed)
    cylinders = rng.choice([3, 4, 6, 8], count)
    ccm = cylinders * rng.uniform(350, 620, count)
    power = ccm * rng.uniform(0.025, 0.05, count)
    mass = 600 + 0.25 * ccm + rng.uniform(0, 600, count)
    year = rng.integers(1970, 1983, count)
    litres = 2 + mass / 260 + power / 30 - 0.5 * (year - 1970) + 0.5 * cylinders
    table = np.stack([cylinders, ccm, power, mass, year], axis=1)
    return table.astype(np.float32), litres.astype(np.float32)[:, None]


X, Y = cars(600, 0)
X_TEST, Y_TEST = cars(300, 1)


@pytest.fixture(scope="module")
def model() -> Sequential:
    train.set_random_seed(0)
    normalization = layers.Normalization(name="columns")
    normalization.adapt(X)
    model = Sequential(
        [
            layers.Input((5,), name="table"),
            normalization,
            layers.Dense(16, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(train.optimizers.Adam(0.02), "mse")
    model.fit(X, Y, batch_size=32, epochs=15, verbose=0)
    return model


@pytest.fixture(scope="module")
def trained(model: Sequential) -> Graph:
    return trace(model)


def test_the_normalization_of_unequal_columns_stays_in_float(trained: Graph) -> None:
    converted = edgekit.convert(trained, X, evaluate=(X_TEST, Y_TEST), max_drop=1)
    accuracy = converted.report.accuracy
    assert accuracy is not None and accuracy.float_value > 0.95
    assert accuracy.float_value - accuracy.int8_value < 0.01
    assert converted.graph.value("table").dtype == "float32"
    assert [node.op for node in converted.graph.nodes[:4]] == ["Sub", "Mul", "Quantize", "Dense"]
    reasons = converted.report.float_layers
    assert list(reasons) == ["columns", "columns (columns)"]
    for reason in reasons.values():
        assert "input 'table'" in reason and FEW in reason
    assert "input 'table' stays float32: its readers stay in float" in converted.report.notes
    assert not any("for all columns" in note for note in converted.report.notes)


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_litert_computes_the_same_bits_behind_them(trained: Graph, arithmetic: str) -> None:
    graph = quantize(trained, X, Recipe(arithmetic=arithmetic)).graph
    ours = Interpreter(graph).run({"table": X_TEST})
    theirs = litert.run(tflite_bytes(graph), {"table": X_TEST}, litert.RUNTIMES[arithmetic])
    for name, expected in theirs.items():
        assert expected.dtype == np.int8 and len(np.unique(expected)) > 50
        np.testing.assert_array_equal(ours[name], expected)


def test_int8_inputs_on_request_name_the_columns_they_spoil(trained: Graph) -> None:
    converted = edgekit.convert(
        trained, X, evaluate=(X_TEST, Y_TEST), recipe=Recipe(int8_inputs=True)
    )
    assert converted.graph.value("table").dtype == "int8"
    assert converted.report.float_layers == {}
    (note,) = [note for note in converted.report.notes if "'table'" in note]
    assert FEW in note and "'columns'" in note
    assert "int8_inputs" in note
    accuracy = converted.report.accuracy
    assert accuracy is not None and accuracy.int8_value < 0.9, "what the note warns of"


def test_training_for_quantization_leaves_them_in_float_too(model: Sequential) -> None:
    """Training sees no calibration data: what the normalization stores tells the columns."""
    aware = quantize_model(model)
    aware.compile(train.optimizers.Adam(1e-3), "mse")
    aware.fit(X, Y, batch_size=32, epochs=3, verbose=0)
    converted = edgekit.convert(aware, evaluate=(X_TEST, Y_TEST), max_drop=1)
    assert list(converted.report.float_layers) == ["columns", "columns (columns)"]
    assert "column 0 (" in converted.report.float_layers["columns"]
    accuracy = converted.report.accuracy
    assert accuracy is not None and accuracy.int8_value > 0.95
    trained_as = aware.predict(X_TEST, verbose=0)
    output = converted.graph.value(converted.graph.outputs[0])
    assert output.quant is not None
    # roundings at .5 may fall to the other side in training's float arithmetic
    found = Interpreter(converted.graph).predict(X_TEST)
    assert np.abs(found - trained_as).max() <= 1.01 * output.quant.scale[0]


def test_int8_inputs_on_request_in_training_are_reported(model: Sequential) -> None:
    aware = quantize_model(model, Recipe(int8_inputs=True))
    aware.observe(X)
    converted = edgekit.convert(aware)
    assert converted.graph.value("table").dtype == "int8"
    assert any("'table' has one scale for all columns" in n for n in converted.report.notes)


def dense(width: int, *, scale: object = None, rank: int = 2, op: str = "Mul") -> Graph:
    """A layer on an input, with or without an elementwise one before it."""
    b = GraphBuilder()
    x = b.input("x", (None, width) if rank == 2 else (None, 3, width))
    if scale is not None:
        x = b.add(op, x, b.constant(np.asarray(scale, np.float32), "scale"), name="rescaling")
    weight = np.random.default_rng(0).normal(size=(2, width)).astype(np.float32)
    return b.finish([b.add("Dense", x, b.constant(weight, "w"), name="dense")])


def table(*columns: tuple[float, float], rank: int = 2) -> np.ndarray:
    low, high = np.array(columns, np.float32).T
    part = np.random.default_rng(0).uniform(0, 1, (50, *[3] * (rank - 2), len(low)))
    part[0], part[-1] = 0, 1
    return (low + part * (high - low)).astype(np.float32)


def notes_on_columns(graph: Graph, data: np.ndarray, **choices: object) -> list[str]:
    report = quantize(graph, data, Recipe(**choices)).report  # type: ignore[arg-type]
    return [note for note in report.notes if "for all columns" in note]


def test_unequal_columns_without_a_normalization_are_named() -> None:
    (note,) = notes_on_columns(dense(3), table((0, 1), (-100, 155), (7, 7)))
    assert note == (
        "input 'x' has one scale for all columns, and too few steps for column 0 (0 to 1: 1.0 "
        "steps): normalize the columns before training and conversion, or begin the model with a "
        "Normalization layer, which then stays in float"
    )


def test_the_limit_is_a_number_of_steps() -> None:
    assert FEWEST_STEPS == 16
    assert notes_on_columns(dense(2), table((0, 255), (0, 15.5)))
    assert not notes_on_columns(dense(2), table((0, 255), (0, 16.5)))


def test_a_far_offset_leaves_few_steps_too() -> None:
    """The range of an input reaches to 0: years have few steps even when they stand alone."""
    assert (
        "column 0 (1970 to 1982: 1.5 steps)" in notes_on_columns(dense(1), table((1970, 1982)))[0]
    )


def test_one_number_for_all_columns_mends_nothing_and_is_reported() -> None:
    data = table((0, 1), (0, 100))
    graph = dense(2, scale=[0.01])
    assert len(notes_on_columns(graph, data)) == 1
    assert quantize(graph, data).report.float_layers == {}


def test_sequences_and_pictures_keep_a_scale_per_channel_in_float_but_get_no_note() -> None:
    data = table((0, 1), (0, 100), rank=3)
    kept = quantize(dense(2, scale=[1, 0.01], rank=3), data).report
    assert list(kept.float_layers) == ["rescaling"]
    assert not notes_on_columns(dense(2, rank=3), data), "the edge of a picture may be empty"


def test_equal_columns_stay_in_int8() -> None:
    report = quantize(dense(2, scale=[2, 3]), table((-1, 1), (0, 1))).report
    assert report.float_layers == {} and len(report.notes) == 0


def test_what_becomes_unequal_behind_the_layer_is_reported_there() -> None:
    """Kept in float on request, and its result still has columns of few steps."""
    notes = notes_on_columns(
        dense(2, scale=[1, 100]), table((0, 1), (0, 1)), keep_float=["rescaling"]
    )
    assert len(notes) == 1 and notes[0].startswith("layer 'rescaling' has one scale for all")


def test_a_stated_input_range_counts() -> None:
    graph, data = dense(2), table((0, 10), (0, 40))
    assert not notes_on_columns(graph, data)
    assert notes_on_columns(graph, data, input_range=(0, 300))


def test_a_division_by_columns_is_followed() -> None:
    data = table((0, 1), (0, 100))
    assert list(quantize(dense(2, scale=[1, 100], op="Div"), data).report.float_layers) == [
        "rescaling"
    ]
