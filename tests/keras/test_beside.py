"""What stands in `keras.utils`, `keras.random` and `keras.layers` beside the network."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import UnsupportedOperator
from edgekit.keras import random, utils

X = np.ones(3)


def test_batches_are_packed_and_unpacked():
    pack, unpack = utils.pack_x_y_sample_weight, utils.unpack_x_y_sample_weight
    assert pack(X) is X and pack([X, X])[0][1] is X and len(pack([X, X])) == 1
    assert pack(X, 1) == (X, 1) and pack(X, None, 2) == (X, None, 2)
    assert unpack(X) == (X, None, None) and unpack([X, 1]) == ([X, 1], None, None)
    assert unpack((X,)) == (X, None, None) and unpack((X, 1)) == (X, 1, None)
    assert unpack((X, 1, 2)) == (X, 1, 2)
    with pytest.raises(ValueError, match=r"\(x, y, sample_weight\). Received: 4 parts"):
        unpack((X, 1, 2, 3))


def test_symbolic_tensors_are_told_apart():
    a, b = keras.Input((3,)), keras.Input((3,))
    y = keras.layers.Dense(2)(keras.layers.add([a, b, a]))
    assert utils.is_keras_tensor(y) and not utils.is_keras_tensor(X)
    assert [id(x) for x in utils.get_source_inputs(y)] == [id(a), id(b)]
    assert utils.get_source_inputs(a)[0] is a


def test_dtypes_have_names():
    names = {None: "float32", np.float64: "float64", "int": "int64", bool: "bool", int: "int64",
             float: "float32", str: "string", "bfloat16": "bfloat16"}  # fmt: skip
    for given, expected in names.items():
        assert utils.standardize_dtype(given) == expected
    assert utils.standardize_dtype(np.dtype("int8")) == "int8"
    for wrong in ("nope", object()):
        with pytest.raises(ValueError, match="is not known"):
            utils.standardize_dtype(wrong)
    from edgekit.keras import backend

    assert backend.is_float_dtype("bfloat16") and backend.is_int_dtype(np.uint8)
    assert backend.standardize_dtype("float16") == "float16"


# (dtypes, what Keras 3.15 gives)
RESULTS = [
    ((), "float32"), ((int,), "int32"), ((float,), "float32"), (("bool", int), "int32"),
    (("bool", "int8"), "int8"), (("uint8", "int8"), "int16"), (("uint32", "int32"), "int64"),
    (("uint64", "int8"), "float32"), (("int64", "float16"), "float16"), ((None, "int8"), "float32"),
    (("bfloat16", "float16"), "float32"), (("bfloat16", None), "float32"),
    (("float16", float), "float16"), (("int8", float), "float32"), (("int8", int), "int8"),
    (("float64", "bfloat16"), "float64"),
]  # fmt: skip


@pytest.mark.parametrize(("dtypes", "expected"), RESULTS, ids=str)
def test_dtypes_of_results(dtypes, expected):
    from edgekit.keras import backend

    assert backend.result_type(*dtypes) == expected


def test_messages_go_to_the_log(capsys, caplog):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert utils.is_interactive_logging_enabled()
    utils.disable_interactive_logging()
    try:
        assert not keras.config.is_interactive_logging_enabled()
        with caplog.at_level(logging.INFO, "edgekit"):
            for verbose in (1, 2):
                model.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=verbose)
    finally:
        utils.enable_interactive_logging()
    assert capsys.readouterr() == ("", "")
    lines = [record.getMessage() for record in caplog.records]
    assert [line[:9] for line in lines] == ["Epoch 1/1", "1/1 - 0s ", "Epoch 1/1", "1/1 - 0s "]
    model.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=2)
    assert "Epoch 1/1" in capsys.readouterr().out


def test_layers_become_configs_and_come_back():
    layer = keras.layers.Dense(3, "relu", name="d")
    config = keras.layers.serialize(layer)
    assert config["class_name"] == "Dense" and config["module"] == "keras.layers"
    again = keras.layers.deserialize(config)
    assert again.get_config() == layer.get_config() and again is not layer
    old = keras.layers.deserialize({"class_name": "Dense", "config": {"units": 3}})
    assert old.units == 3

    class Mine(keras.layers.Layer):
        pass

    config = keras.layers.serialize(Mine(name="m"))
    assert type(keras.layers.deserialize(config, {"Mine": Mine})) is Mine
    for wrong in ("Dense", 3, {"class_name": "Adam", "config": {}}):
        with pytest.raises(ValueError, match="expected the config of a layer|'Adam' is not known"):
            keras.layers.deserialize(wrong)


def test_a_layer_is_not_taken_for_an_initializer_of_its_name():
    layer = keras.layers.Identity(name="same")
    for read in (keras.layers.deserialize, keras.saving.deserialize_keras_object):
        assert type(read(keras.layers.serialize(layer))) is keras.layers.Identity
    initializer = keras.initializers.Identity(gain=2.0)
    config = keras.saving.serialize_keras_object(initializer)
    assert type(keras.saving.deserialize_keras_object(config)) is keras.initializers.Identity


@pytest.mark.parametrize(
    ("draw", "mean", "deviation"),
    [
        (lambda n: random.beta((n,), 2.0, 3.0, seed=1), 0.4, 0.2),
        (lambda n: random.gamma((n,), 4.0, seed=1), 4.0, 2.0),
        (lambda n: random.binomial((n,), 10.0, 0.3, seed=1), 3.0, np.sqrt(2.1)),
    ],
)
def test_random_numbers_are_distributed_as_they_say(draw, mean, deviation):
    drawn = np.asarray(draw(20000))
    assert drawn.dtype == np.float32 and drawn.shape == (20000,)
    # six standard errors of the mean; the deviation is as sure as one percent
    assert abs(drawn.mean() - mean) < 6 * deviation / np.sqrt(20000)
    assert drawn.std() == pytest.approx(deviation, rel=0.04)


def test_random_numbers_have_parameters_of_their_own():
    tensor = keras.ops.convert_to_tensor(np.array([1.0, 100.0], "f4"))
    source = random.SeedGenerator(3)
    drawn = np.asarray(random.gamma((500, 2), tensor, seed=source))
    assert drawn[:, 0].max() < drawn[:, 1].min()
    counts = np.asarray(random.binomial((500, 2), tensor, 1.0, dtype="int32", seed=source))
    assert counts.dtype == np.int32 and (counts == [1, 100]).all()


def test_numbers_for_names_begin_anew():
    from edgekit.keras import backend

    keras.utils.clear_session()
    assert [backend.get_uid("a"), backend.get_uid("a"), backend.get_uid()] == [1, 2, 1]
    keras.utils.clear_session()
    assert backend.get_uid("a") == 1


def test_dtype_policies_have_a_room():
    policy = keras.dtype_policies.get("mixed_float16")
    assert isinstance(policy, keras.dtype_policies.DTypePolicy)
    config = keras.dtype_policies.serialize(policy)
    assert config["config"] == {"name": "mixed_float16"}
    assert keras.dtype_policies.deserialize(config) == policy


def test_settings_without_effect_say_so():
    assert not keras.config.is_flash_attention_enabled() and not keras.config.is_nnx_enabled()
    keras.config.disable_flash_attention()
    keras.config.disable_traceback_filtering()
    assert not keras.config.is_traceback_filtering_enabled()
    keras.config.set_backend("numpy")
    for call in (lambda: keras.config.set_backend("jax"), keras.config.enable_flash_attention):
        with pytest.raises(UnsupportedOperator, match="here"):
            call()


def test_unsafe_loading_is_asked_for(tmp_path, monkeypatch):
    from edgekit.train.saving import functions

    monkeypatch.setitem(functions._STATE, "unsafe", False)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 3)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="which is not run"):
        keras.saving.load_model(tmp_path / "m.keras")
    keras.config.enable_unsafe_deserialization()
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(np.ones((1, 2))), [[3, 3]])


def test_a_seed_generator_gives_seeds_and_its_config():
    one, two = random.SeedGenerator(7, name="g"), random.SeedGenerator(7)
    seed = one.next()
    assert seed.shape == (2,) and (seed == two.next()).numpy().all()
    assert not (seed == one.next()).numpy().all()
    drawn = [random.normal((4,), seed=seed).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    assert one.get_config() == {"seed": 7, "name": "g"}
    assert (random.SeedGenerator.from_config(one.get_config()).next() == seed).numpy().all()
