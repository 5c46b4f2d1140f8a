"""`.keras` files: those of Keras read, ours read again, and what is refused."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
import zipfile

import numpy as np
import pytest

from edgekit import train
from edgekit.errors import (
    EdgekitError,
    InputError,
    ModelFormatError,
    ShapeError,
    UnsupportedOperator,
)
from edgekit.train import (
    Input,
    Model,
    Sequential,
    clear_session,
    layers,
    load_model,
    losses,
    optimizers,
    set_random_seed,
)
from edgekit.train.custom_objects import (
    custom_object_scope,
    get_custom_objects,
    register_keras_serializable,
)
from edgekit.train.saving.legacy import modern_config
from edgekit.train.saving.reading import model_from_config
from tests.material import material
from tests.train.keras_cases.models import subclassed
from tests.train.keras_goldens import FOLDER, arrays, numbered

h5py = pytest.importorskip("h5py")

NAMES = ["sequential", "functional", "nested", "mobile"]


@pytest.fixture(autouse=True)
def fresh_names():
    clear_session()


def golden(name):
    """Keras' model as we load it, its inputs, and all that Keras said of it."""
    found = arrays("models")
    inputs = numbered(found, f"{name}/in")
    return load_model(FOLDER / f"{name}.keras"), inputs if len(inputs) > 1 else inputs[0], found


def check_outputs(model, given, name, found):
    out = model.predict(given, verbose=0)
    if isinstance(out, dict):
        for key, value in out.items():
            np.testing.assert_allclose(value, found[f"{name}/out_{key}"], rtol=1e-6, atol=1e-6)
    else:
        np.testing.assert_allclose(out, found[f"{name}/out"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_keras_predict_as_in_keras(name):
    model, given, found = golden(name)
    check_outputs(model, given, name, found)
    weights = [found[key] for key in sorted(found) if key.startswith(f"{name}/weight")]
    for ours, keras in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, keras)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_keras_are_compiled_and_train_on(name):
    model, given, found = golden(name)
    targets = {
        "sequential": np.array([0, 3, 4]),
        "functional": {"score": np.ones((3, 1)), "kind": np.array([0, 1, 3])},
        "nested": np.ones((3, 3)),
        "mobile": np.array([0, 1, 2]),
    }[name]
    assert int(model.optimizer.iterations) == 1
    assert float(model.optimizer.learning_rate) == np.float32(0.01)
    loss = model.evaluate(given, targets, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, found[f"{name}/loss"], rtol=1e-5)
    model.fit(given, targets, epochs=8, verbose=0)
    assert model.evaluate(given, targets, verbose=0, return_dict=True)["loss"] < loss


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again(name, tmp_path):
    model, given, found = golden(name)
    model.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras")
    check_outputs(again, given, name, found)
    assert again.get_config() == model.get_config()
    for one, two in zip(model.optimizer.state(), again.optimizer.state(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_the_groups_of_keras(name, tmp_path):
    """Keras finds weights by these paths, so they must be the same."""

    def datasets(path):
        with zipfile.ZipFile(path) as archive:
            data = archive.read("model.weights.h5")
        found = {}
        with h5py.File(io.BytesIO(data)) as file:
            file.visititems(
                lambda key, item: (
                    found.update({key: item.shape}) if isinstance(item, h5py.Dataset) else None
                )
            )
        return found

    model = golden(name)[0]
    model.save(tmp_path / "a.keras")
    assert datasets(tmp_path / "a.keras") == datasets(FOLDER / f"{name}.keras")


@pytest.mark.parametrize("name", NAMES)
def test_the_config_is_that_of_keras(name, tmp_path):
    """Over what both write: the layers, their arguments, and how they are connected."""

    def config(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))

    def differences(ours, keras, path=""):
        if isinstance(ours, dict) and isinstance(keras, dict):
            skipped = ("dtype", "module", "registered_name", "build_config", "compile_config")
            shared = ours.keys() & keras.keys() - set(skipped)
            missing = {"class_name", "config", "inbound_nodes", "args"} & keras.keys() - ours.keys()
            return [f"{path}: no {key}" for key in missing] + [
                d for key in shared for d in differences(ours[key], keras[key], f"{path}/{key}")
            ]
        if isinstance(ours, list) and isinstance(keras, list) and len(ours) == len(keras):
            return [d for i, (a, b) in enumerate(zip(ours, keras, strict=True))
                    for d in differences(a, b, f"{path}/{i}")]  # fmt: skip
        # Keras notes arguments of value None and False with each call
        same = ours == keras or (path.endswith("kwargs") and not ours)
        return [] if same else [f"{path}: ours {ours}, Keras {keras}"]

    model = golden(name)[0]
    model.save(tmp_path / "a.keras")
    assert differences(config(tmp_path / "a.keras"), config(FOLDER / f"{name}.keras")) == []


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = golden("mobile")[0]
    model.save(tmp_path / "a.keras")
    model.save(tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_a_model_of_keras_3_1_from_the_field():
    path = material("keras/moonflower/mnist_model.keras")
    with np.load(material("expected/keras/moonflower/mnist_model.keras.npz")) as expected:
        model = load_model(path)
        out = model.predict(expected["in0"], verbose=0)
        np.testing.assert_allclose(out, expected["out0"], rtol=1e-5, atol=1e-6)


class Doubled(layers.Layer):
    """A layer of one's own, with a weight, a layer and an argument."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units
        self.inner = layers.Dense(units)

    def build(self, input_shape):
        self.factor = self.add_weight((1,), "ones", name="factor")
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs) * self.factor * 2.0

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_layers_of_ones_own(tmp_path):
    set_random_seed(0)
    model = Sequential([layers.Input((3,)), Doubled(4), layers.Dense(2)])
    model.layers[0].factor.assign(np.array([3.0], np.float32))
    model.save(tmp_path / "a.keras")
    x = np.ones((2, 3), np.float32)
    again = load_model(tmp_path / "a.keras", custom_objects={"Doubled": Doubled})
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())
    with pytest.raises(UnsupportedOperator, match="layer 'doubled': class 'Doubled' is not known"):
        load_model(tmp_path / "a.keras")


def test_models_inside_a_sequential(tmp_path):
    x = Input((4,))
    inner = Model(x, layers.Dense(3)(x))
    model = Sequential([layers.Input((4,)), inner, Sequential([layers.Dense(2)])])
    model.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras")
    data = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(again(data).numpy(), model(data).numpy())
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        stack = json.loads(archive.read("config.json"))["config"]["layers"]
    assert [layer["class_name"] for layer in stack] == ["InputLayer", "Functional", "Sequential"]


def test_weights_alone_also_of_subclassed_models(tmp_path):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(4)
            self.rest = [layers.Dense(3), layers.BatchNormalization()]

        def call(self, inputs):
            return self.rest[1](self.rest[0](self.first(inputs)))

    x = np.ones((2, 5), np.float32)
    a, b = Net(), Net()
    a(x), b(x)
    a.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert {"first", "layers"} <= set(file)
        # "rest" comes after "layers" in the alphabet, and the layers of a model are met there
        assert set(file["layers"]) == {"dense_1", "batch_normalization"}
        assert file["layers/dense_1/vars/0"].shape == (4, 3)
    b.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(a(x).numpy(), b(x).numpy())
    with pytest.raises(InputError, match="has no weights to fill yet"):
        Net().load_weights(tmp_path / "a.weights.h5")


def test_weights_of_a_subclassed_model_of_keras(tmp_path):
    net = subclassed(train)
    found = arrays("models")
    x = found["subclassed/in0"]
    net(x)
    net.load_weights(FOLDER / "subclassed.weights.h5")
    # values of size 30
    np.testing.assert_allclose(net(x).numpy(), found["subclassed/out"], rtol=1e-6, atol=1e-5)
    net.save_weights(tmp_path / "a.weights.h5")

    def names(path):
        with h5py.File(path) as file:
            return list_of(file)

    def list_of(group):
        return {key: list_of(item) if isinstance(item, h5py.Group) else item.shape
                for key, item in group.items()}  # fmt: skip

    assert names(tmp_path / "a.weights.h5") == names(FOLDER / "subclassed.weights.h5")


class Net(Model):
    """A subclassed model with an argument."""

    def __init__(self, units=3, **options):
        super().__init__(**options)
        self.units = units
        self.first = layers.Dense(units)
        self.rest = [layers.Dense(2), layers.BatchNormalization()]

    def call(self, inputs):
        return self.rest[1](self.rest[0](self.first(inputs)))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_subclassed_model_of_ones_own(tmp_path):
    net = Net(5)
    x = np.ones((2, 4), np.float32)
    expected = net(x).numpy()
    net.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras", custom_objects={"Net": Net})
    np.testing.assert_array_equal(again(x).numpy(), expected)
    assert again.name == net.name


def test_weights_of_another_architecture_are_all_named(tmp_path):
    def model(units):
        return Sequential([layers.Input((3,)), layers.Dense(units, name="one"),
                           layers.Dense(units, name="two")])  # fmt: skip

    model(4).save_weights(tmp_path / "a.weights.h5")
    other = model(5)
    before = other.get_weights()
    with pytest.raises(ShapeError, match=r"layer 'one'.*expected shape \(3, 5\)(?s:.*)layer 'two'"):
        other.load_weights(tmp_path / "a.weights.h5")
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.warns(UserWarning, match="were skipped"):
        other.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True)


def test_all_problems_are_listed_at_once(tmp_path):
    model = Sequential([layers.Input((4, 4, 1)), layers.Conv2D(2, 3), layers.Flatten(),
                        layers.Dense(2)], name="m")  # fmt: skip
    path = tmp_path / "a.keras"
    model.save(path)

    def change(config):
        stack = config["config"]["layers"]
        stack[1]["class_name"] = "Conv3DTranspos"
        stack[2]["config"]["order"] = "C"
        stack[3]["config"]["activation"] = "rleu"

    rewrite(path, change)
    with pytest.raises(UnsupportedOperator) as caught:
        load_model(path)
    text = str(caught.value)
    for part in ("layer 'conv2d': class 'Conv3DTranspos'", "order is not an argument",
                 "'rleu' is not known. Did you mean"):  # fmt: skip
        assert part in text
    assert "a.keras" in caught.value.__notes__[0]


def rewrite(path, change):
    """Change the config inside a file."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def tiny(path):
    model = Sequential([layers.Input((2,)), layers.Dense(3)])
    model.compile("adam", "mse")
    model.save(path)
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("class_name"),
        lambda c: c.pop("config"),
        lambda c: c["config"].pop("layers"),
        lambda c: c["config"].update(layers=3),
        lambda c: c["config"]["layers"].append(None),
        lambda c: c["config"]["layers"][1].pop("config"),
        lambda c: c["config"]["layers"][0]["config"].update(batch_shape=[None, -5]),
        lambda c: c["config"]["layers"][0]["config"].update(batch_shape="x"),
        lambda c: c["config"]["layers"][1]["config"].update(kernel_initializer={"config": 3}),
        lambda c: c["config"]["layers"][1]["config"].update(units=10**9),
    ],
)
def test_damaged_configs_are_refused(change, tmp_path):
    path = tiny(tmp_path / "a.keras")
    rewrite(path, change)
    with pytest.raises((ModelFormatError, UnsupportedOperator, ShapeError)):
        load_model(path)


def test_a_flipped_or_missing_byte_never_crashes(tmp_path):
    """Zip checks every part by CRC32: what is read was written, or the file is refused."""
    data = tiny(tmp_path / "a.keras").read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / "b.keras"
    x = np.ones((1, 2), np.float32)
    expected = load_model(tmp_path / "a.keras")(x).numpy()
    for position in random.integers(0, len(data), 150):
        broken = bytearray(data)
        broken[position] ^= 1 << random.integers(0, 8)
        path.write_bytes(broken)
        try:
            model = load_model(path)
        except (ModelFormatError, InputError):
            continue
        np.testing.assert_array_equal(model(x).numpy(), expected)
    for length in random.integers(0, len(data), 40):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFormatError):
            load_model(path)


def test_damaged_weights_are_refused(tmp_path):
    """The same with the weights alone, which have no checksum: never another exception."""
    model = Sequential([layers.Input((2,)), layers.Dense(3)])
    good = tmp_path / "a.weights.h5"
    model.save_weights(good)
    data = good.read_bytes()
    random = np.random.default_rng(1)
    path = tmp_path / "b.weights.h5"
    for position in random.integers(0, 2500, 150):
        broken = bytearray(data)
        broken[position] ^= 1 << random.integers(0, 8)
        path.write_bytes(broken)
        try:
            model.load_weights(path)
        except (ModelFormatError, ShapeError):
            continue
    path.write_bytes(b"")
    with pytest.raises(ModelFormatError, match="damaged"):
        model.load_weights(path)


def test_links_and_foreign_data_are_not_followed(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(3, use_bias=False)])
    for make in (
        lambda f: f.create_dataset("layers/dense/vars/0", shape=(2, 3), dtype="f4",
                                   external=[("/etc/passwd", 0, 24)]),
        lambda f: f.__setitem__("layers", h5py.ExternalLink("other.h5", "/")),
        lambda f: f.create_group("layers/dense/vars").__setitem__("0", h5py.SoftLink("/x")),
        lambda f: f.create_dataset("layers/dense/vars/0", data=np.array([[b"a"] * 3] * 2)),
        lambda f: f.create_dataset("layers/dense/vars", data=np.zeros(3)),
    ):  # fmt: skip
        path = tmp_path / "a.weights.h5"
        with h5py.File(path, "w") as file:
            make(file)
        with pytest.raises((ModelFormatError, ShapeError)):
            model.load_weights(path)


def test_a_zip_bomb_is_refused(tmp_path):
    path = tiny(tmp_path / "a.keras")
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", bytes(1 << 24))
    with pytest.raises(ModelFormatError, match="would unpack to"):
        load_model(path)


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tiny(tmp_path / "a.keras")
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(InputError, match="cannot be written: disk full"):
        Sequential([layers.Input((2,)), layers.Dense(7)]).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.keras"]


def test_what_cannot_be_written_is_said(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile(optimizers.SGD(lambda step: 0.1), losses.MeanSquaredError())
    with pytest.warns(UserWarning, match="cannot be written: optimizer"):
        model.save(tmp_path / "a.keras")
    assert not load_model(tmp_path / "a.keras").compiled
    with pytest.raises(InputError, match="build it or call it on data"):
        Sequential([layers.Dense(1)]).save(tmp_path / "b.keras")


def test_an_unknown_optimizer_leaves_the_model_uncompiled(tmp_path):
    path = tiny(tmp_path / "a.keras")
    rewrite(path, lambda c: c["compile_config"]["optimizer"].update(class_name="Sofia"))
    with pytest.warns(UserWarning, match="not compiled, call compile.*'Sofia'"):
        model = load_model(path)
    assert not model.compiled
    assert not load_model(path, compile=False).compiled


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda p: tiny(p / "a.onnx"), "must end in .keras"),
        (lambda p: tiny(p / "none" / "a.keras"), "does not exist"),
        (lambda p: load_model(p / "a.keras"), "there is no file"),
        (lambda p: load_model(p / "a.npz"), "expected a .keras file"),
        (lambda p: (tiny(p / "a.keras"), load_model(p / "a.keras").save(p / "a.keras",
                    overwrite=False)), "pass overwrite=True"),
    ],
)  # fmt: skip
def test_wrong_paths_are_said(act, message, tmp_path):
    with pytest.raises(InputError, match=message):
        act(tmp_path)


def test_a_lambda_is_code_and_only_run_where_trusted(tmp_path):
    x, path = Input((2,)), tmp_path / "a.keras"
    factor = 3.0
    Model(x, layers.Lambda(lambda v, by=2.0: v * by + factor)(x)).save(path)
    with pytest.raises(UnsupportedOperator, match="the file holds Python code, which is not run"):
        load_model(path)
    loaded = load_model(path, safe_mode=False)
    np.testing.assert_array_equal(loaded(np.ones((1, 2))).numpy(), [[5.0, 5.0]])


def doubled(v):
    return v * 2.0


def test_functions_are_held_by_name(tmp_path):
    def distance(y_true, y_pred):
        return (y_true - y_pred) * (y_true - y_pred)

    x, path = Input((2,)), tmp_path / "a.keras"
    model = Model(x, layers.Dense(1, activation=doubled)(layers.Lambda(doubled)(x)))
    model.compile("sgd", distance, metrics=[distance])
    model.save(path)
    with pytest.raises(UnsupportedOperator, match="'doubled' is not known"):
        load_model(path)
    found = load_model(path, custom_objects={"doubled": doubled, "distance": distance})
    data = np.ones((3, 2), np.float32)
    np.testing.assert_array_equal(found.predict(data, verbose=0), model.predict(data, verbose=0))
    assert found.evaluate(data, data[:, :1], verbose=0) == model.evaluate(
        data, data[:, :1], verbose=0
    )
    with pytest.warns(UserWarning, match="'distance'"):
        assert not load_model(path, custom_objects={"doubled": doubled}).compiled
    with custom_object_scope({"doubled": doubled, "distance": distance}):
        assert load_model(path).compiled


def test_registered_classes_are_found(tmp_path):
    @register_keras_serializable("house")
    class Scaled(layers.Layer):
        def __init__(self, by=1.0, **options):
            super().__init__(**options)
            self.by = by

        def call(self, inputs):
            return inputs * self.by

        def get_config(self):
            return {**super().get_config(), "by": self.by}

    try:
        path = tmp_path / "a.keras"
        Sequential([layers.Input((2,)), Scaled(4.0)]).save(path)
        config = json.loads(zipfile.ZipFile(path).read("config.json"))
        assert config["config"]["layers"][1]["registered_name"] == "house>Scaled"
        assert load_model(path)(np.ones((1, 2))).numpy().tolist() == [[4.0, 4.0]]
    finally:
        for name in ("Scaled", "house>Scaled"):
            get_custom_objects().pop(name, None)


MATERIAL = [
    "mlperf_tiny/pretrainedResnet.h5", "mlperf_tiny/vww_96.h5", "tinymaix/mnist_valid.h5",
    "tinymaix/mnist_resnet.h5", "tinymaix/mnist_dw.h5", "tinymaix/cifar10.h5",
    "moonflower/mnist_model.h5", "moonflower/mnist_model.keras",
]  # fmt: skip


@pytest.mark.parametrize("name", MATERIAL)
def test_files_that_others_made_predict_as_with_keras(name):
    model = load_model(material(f"keras/{name}"))
    expected = np.load(material(f"expected/keras/{name}.npz"))
    found = model.predict(expected["in0"], verbose=0)
    np.testing.assert_allclose(found, expected["out0"], atol=1e-5)
    assert model.compiled
    assert float(model.optimizer.learning_rate) > 0


def test_weights_of_keras_2_by_order_and_by_name(tmp_path):
    path = material("keras/tinymaix/cifar10.h5")
    first, second = load_model(path), load_model(path)
    zeros = [np.zeros_like(w) for w in first.get_weights()]
    second.set_weights(zeros)
    second.load_weights(path)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    other = Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(32, 5, name="ftr0"),
            layers.Conv2D(7, 3, name="ftr1"),
            layers.Conv2D(2, 3, name="mine"),
        ]
    )
    with pytest.raises(ShapeError, match="the model has 3 layers with weights, the file"):
        other.load_weights(path)
    with pytest.raises(ShapeError, match="layer 'ftr1': .*kernel: expected shape"):
        other.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="(?s)were skipped:.*layer 'ftr1'"):
        other.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(
        other.get_layer("ftr0").get_weights()[0], first.get_layer("ftr0").get_weights()[0]
    )


def test_old_configs_are_rewritten():
    old = {
        "class_name": "Sequential",
        "config": [
            {"class_name": "Conv2D", "config": {
                "name": "c", "filters": 2, "kernel_size": [3, 3],
                "batch_input_shape": [None, 8, 8, 1], "dtype": "float32",
                "kernel_initializer": {"class_name": "VarianceScaling",
                                       "config": {"scale": 1.0, "dtype": "float32"}}}},
            {"class_name": "BatchNormalizationV1", "config": {"name": "b", "axis": [3],
                "fused": True, "renorm": False}},
            {"class_name": "LeakyReLU", "config": {"name": "l", "alpha": 0.25}},
        ],
    }  # fmt: skip
    model = model_from_config(modern_config(old))
    assert model.output_shape == (None, 6, 6, 2)
    assert model.layers[1].axis in (-1, 3)
    assert model.layers[2].negative_slope == 0.25


def test_damaged_old_files_are_refused(tmp_path):
    data = material("keras/tinymaix/mnist_dw.h5").read_bytes()
    random = np.random.default_rng(2)
    path = tmp_path / "a.h5"
    for position in random.integers(0, len(data), 25):
        broken = bytearray(data)
        broken[position] ^= 1 << random.integers(0, 8)
        path.write_bytes(broken)
        with contextlib.suppress(EdgekitError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_model(path)
    path.write_bytes(data[:5000])
    with pytest.raises(ModelFormatError, match="damaged"):
        load_model(path)


def test_what_compile_was_given_goes_through_the_models_own_methods(tmp_path):
    class Noting(Sequential):
        def get_compile_config(self):
            return {**super().get_compile_config(), "note": "kept"}

        def compile_from_config(self, config):
            super().compile_from_config(config)
            self.note = config["note"]

    model = Noting([layers.Input((3,)), layers.Dense(2)])
    model.compile("sgd", "mse", steps_per_execution=3)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras", custom_objects={"Noting": Noting})
    assert (again.note, again.steps_per_execution, again.loss) == ("kept", 3, "mse")


def test_a_call_of_an_augmentation_that_keras_noted_as_training_can_be_an_inference(tmp_path):
    """Keras writes training=True, their default, with every call of such layers."""
    x = layers.Input((4, 4, 1))
    train.Model(x, layers.RandomFlip(seed=1)(x, training=True)).save(tmp_path / "a.keras")
    model = load_model(tmp_path / "a.keras")
    pictures = np.arange(64, dtype="f4").reshape(4, 4, 4, 1)
    np.testing.assert_array_equal(model.predict(pictures, verbose=0), pictures)
    assert not np.array_equal(model(pictures, training=True).numpy(), pictures)


class Scaled(layers.Layer):
    """A layer without get_config, whose arguments are plain: Keras saves them by itself."""

    def __init__(self, factor, offsets=(0.0,)):
        super().__init__()
        self.factor, self.offset = factor, offsets[0]

    def call(self, inputs):
        return inputs * self.factor + self.offset


class Widened(Model):
    def __init__(self, units=4, **options):
        super().__init__(**options)
        self.dense = layers.Dense(units)

    def call(self, inputs):
        return self.dense(inputs)


def test_plain_arguments_of_a_layer_of_ones_own_are_saved(tmp_path):
    model = Sequential([layers.Input((2,)), Scaled(3.0, offsets=[0.5]), Widened(5)])
    assert model.layers[0].get_config()["factor"] == 3.0
    model.save(tmp_path / "m.keras")
    known = {"Scaled": Scaled, "Widened": Widened}
    again = load_model(tmp_path / "m.keras", custom_objects=known)
    x = np.ones((3, 2), np.float32)
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())
    with pytest.raises(NotImplementedError, match="layer 'scaled_.*write its get_config"):
        Scaled(np.float32(2)).get_config()


@register_keras_serializable(package="Own", name="two_times")
def twice(x):
    return x * 2.0


def test_an_activation_is_saved_by_its_registered_name(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(2, activation=twice)])
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras").layers[0].activation is twice
    written = model.layers[0].get_config()["activation"]  # as Keras writes it
    assert (written["class_name"], written["config"]) == ("function", "Own>two_times")
