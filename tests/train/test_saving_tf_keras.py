"""Files that tf.keras (Keras 2) wrote: models, optimizers, layers, functions of TensorFlow."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.train import activations, layers, load_model
from edgekit.train.custom_objects import custom_object_scope
from edgekit.train.models import Model, model_from_json
from edgekit.train.saving.legacy import of_keras_2
from edgekit.train.saving.reading import model_from_config
from tests.oracles.architectures import ARCHITECTURES
from tests.train.keras_goldens import FOLDER
from tests.train.tf_keras_cases import FUNCTIONS, LAYERS, OPTIMIZERS, ROWS, TEXTS, UNKNOWN
from tests.train.tf_keras_files import (
    check_function,
    check_json,
    check_layer,
    check_model,
    check_optimizer,
    check_text,
)

h5py = pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tf_keras")
    for name in ("tf_keras", "tf_keras_texts"):
        with zipfile.ZipFile(FOLDER / f"{name}.zip") as archive:
            archive.extractall(made)
    return made


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_from_an_h5_file(name, folder):
    check_optimizer(folder, name, "h5")


@pytest.mark.parametrize("name", ["adam", "adam_average", "nadam", "rmsprop_centered", "sgd"])
def test_training_goes_on_from_a_keras_file(name, folder):
    check_optimizer(folder, name, "keras")


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_models(name, ending, folder):
    check_model(folder, name, ending)


@pytest.mark.parametrize("name", ["attending"])
def test_architectures_and_weights_in_two_files(name, folder):
    check_json(folder, name)


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, folder):
    check_layer(folder, name, "h5")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_tensorflow(name, folder):
    check_function(folder, name, "h5")


@pytest.mark.parametrize("name", TEXTS)
def test_models_on_words_and_tables(name, folder):
    check_text(folder, name, "keras")


@pytest.mark.parametrize("name", ["lookup_tf_idf", "table"])
def test_what_layers_on_the_host_had_learned_in_h5_files(name, folder):
    check_text(folder, name, "h5")


def test_a_summary_that_is_none_is_refused(folder, tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes((folder / "texts/table.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        group = file["model_weights/discretization"]
        name = group.attrs["weight_names"][0]
        del group[name]
        group[name] = np.zeros((3, 4))
    with pytest.raises(ShapeError, match=r"summary: expected \(2, quantiles\), .* \(3, 4\)"):
        load_model(path)


@pytest.mark.parametrize("name", UNKNOWN)
def test_functions_without_an_operation_are_named(name, folder):
    with pytest.raises(UnsupportedOperator, match=name):
        load_model(folder / f"functions/{name}.h5")


def test_all_that_is_unknown_is_named_at_once():
    def function(name, given):
        return {
            "class_name": "TFOpLambda",
            "config": {"name": name, "function": name},
            "inbound_nodes": [[given, 0, 0, {}]],
        }

    first = {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 3]},
             "inbound_nodes": []}  # fmt: skip
    given = [first, function("image.resize", "x"), function("signal.fft", "image.resize")]
    config = {"class_name": "Functional", "config": {"name": "m", "layers": given}}
    with pytest.raises(UnsupportedOperator, match=r"(?s)'image\.resize'.*'signal\.fft'"):
        of_keras_2(config)


def test_state_that_does_not_fit_is_left_out_with_a_warning(folder, tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes((folder / "optimizers/adam.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        group = file["optimizer_weights"]
        group.attrs["weight_names"] = group.attrs["weight_names"][:-1]
    with pytest.warns(UserWarning, match="'Adam' was not loaded.*different numbers of arrays"):
        assert int(load_model(path).optimizer.iterations) == 0


def test_the_old_hard_sigmoid_keeps_its_slope(tmp_path):
    """x / 5 + 1 / 2 within 0 and 1, in files of Keras 2 only, and in those written from them."""
    x = np.linspace(-4, 4, 33, dtype=np.float32)
    old = {
        "class_name": "Activation",
        "config": {"name": "a", "trainable": True, "activation": "hard_sigmoid"},
    }
    layer = model_from_config(of_keras_2(old))
    np.testing.assert_allclose(layer(x).numpy(), np.clip(x / 5 + 0.5, 0, 1), atol=1e-6)
    today = model_from_config(old)
    np.testing.assert_allclose(today(x).numpy(), np.clip(x / 6 + 0.5, 0, 1), atol=1e-6)
    given = layers.Input((33,))
    Model(given, layers.Activation(layer.activation)(given)).save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x[None]).numpy(), layer(x[None]).numpy())
    assert activations.serialize(layer.activation) == "old_hard_sigmoid"


def test_code_in_an_old_file_is_not_run():
    code = {"class_name": "Lambda", "config": {
        "name": "mine", "trainable": True, "function": ["4wEAAAAA", None, None],
        "function_type": "lambda", "module": "__main__", "output_shape": None,
        "output_shape_type": "raw", "output_shape_module": None, "arguments": {}}}  # fmt: skip
    with pytest.raises(UnsupportedOperator, match="'mine': the file holds Python code"):
        model_from_config(of_keras_2(code))
    named = {**code, "config": {**code["config"], "function": "double"}}
    with pytest.raises(UnsupportedOperator, match="the function 'double' is not known"):
        model_from_config(of_keras_2(named))
    with custom_object_scope({"double": lambda x: x * 2}):
        made = model_from_config(of_keras_2(named))
    np.testing.assert_array_equal(made(ROWS).numpy(), ROWS * 2)


def test_json_of_today_is_not_taken_for_old():
    model = Model(x := layers.Input((3,)), layers.Activation("hard_sigmoid")(x))
    again = model_from_json(json.dumps({**json.loads(model.to_json()), "keras_version": "3.1.0"}))
    np.testing.assert_array_equal(again(ROWS).numpy(), model(ROWS).numpy())


def test_metadata_that_is_no_json_is_one_clear_error(folder, tmp_path):
    target = io.BytesIO()
    with (
        zipfile.ZipFile(folder / "optimizers/adam.keras") as source,
        zipfile.ZipFile(target, "w") as changed,
    ):
        for name in source.namelist():
            changed.writestr(name, b"[" if name == "metadata.json" else source.read(name))
    (tmp_path / "m.keras").write_bytes(target.getvalue())
    with pytest.raises(ValueError, match="metadata.json is damaged"):
        load_model(tmp_path / "m.keras")
