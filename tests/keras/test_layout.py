"""`from edgekit import keras`: the layout of names, what it costs, the backend's functions."""

from __future__ import annotations

import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras import backend as K
from edgekit.train import Tensor
from edgekit.train.deprecated_names import REMOVED

PACKAGES = [
    "activations", "applications", "applications.mobilenet", "applications.mobilenet_v2",
    "applications.mobilenet_v3", "applications.resnet", "applications.resnet50",
    "applications.resnet_v2", "applications.efficientnet", "applications.vgg16",
    "applications.efficientnet_v2",
    "applications.vgg19", "applications.imagenet_utils", "applications.densenet",
    "applications.inception_v3", "applications.xception", "backend",
    "callbacks", "config", "constraints", "datasets", "datasets.mnist", "datasets.imdb",
    "distribute", "initializers", "layers", "losses", "metrics", "mixed_precision", "models", "ops",
    "optimizers", "optimizers.schedules", "preprocessing", "preprocessing.image",
    "preprocessing.sequence", "random", "regularizers", "saving", "utils", "wrappers",
]  # fmt: skip


def test_importing_the_door_loads_nothing():
    code = "import sys; from edgekit import keras; print(*sorted(m for m in sys.modules " \
           "if m.startswith('edgekit') or m in ('numpy', 'h5py', 'PIL')))"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["edgekit", "edgekit.keras"]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_listed_name_is_there(name):
    module = importlib.import_module(f"edgekit.keras.{name}")
    assert module.__all__ and set(dir(module)) >= set(module.__all__)
    for entry in module.__all__:
        assert getattr(module, entry) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        module.Nonsense  # noqa: B018


def test_every_name_of_the_door_is_there():
    for name in keras.__all__:
        assert getattr(keras, name) is not None


@pytest.mark.parametrize("statement", [
    "from edgekit.keras.models import Sequential, Model, load_model, save_model, clone_model",
    "from edgekit.keras.models import model_from_json",
    "from edgekit.keras.layers import Dense, Conv2D, LSTM, Embedding, add, concatenate",
    "from edgekit.keras.optimizers import SGD, Adam, RMSprop, Adagrad, Adadelta, Adamax, Nadam",
    "from edgekit.keras.optimizers.schedules import ExponentialDecay, InverseTimeDecay",
    "from edgekit.keras.callbacks import EarlyStopping, ModelCheckpoint, TensorBoard, CSVLogger",
    "from edgekit.keras.utils import to_categorical, Sequence, PyDataset, normalize, get_file",
    "from edgekit.keras.utils import plot_model, set_random_seed, Progbar, CustomObjectScope",
    "from edgekit.keras.preprocessing.sequence import pad_sequences",
    "from edgekit.keras.preprocessing.image import load_img, img_to_array, array_to_img, save_img",
    "from edgekit.keras.datasets import mnist, fashion_mnist, cifar10, cifar100, imdb, reuters",
    "from edgekit.keras.datasets import boston_housing, california_housing",
    "from edgekit.keras.constraints import max_norm, non_neg, MaxNorm",
    "from edgekit.keras.regularizers import l2, l1, l1_l2, L2",
    "from edgekit.keras.initializers import Constant, RandomNormal, glorot_uniform",
    "from edgekit.keras.losses import MeanSquaredError, categorical_crossentropy",
    "from edgekit.keras.metrics import AUC, Precision, Recall, MeanIoU",
])  # fmt: skip
def test_the_imports_of_scripts(statement):
    exec(statement, {})


def test_conveniences_of_the_backend():
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    y = np.random.default_rng(1).normal(size=(3, 4, 5)).astype("float32")
    np.testing.assert_allclose(K.batch_dot(x, y), np.einsum("bi,bij->bj", x, y), rtol=1e-5)
    z = np.random.default_rng(2).normal(size=(3, 2, 5)).astype("float32")
    np.testing.assert_allclose(
        K.batch_dot(y, z, axes=2), np.einsum("bij,bkj->bik", y, z), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        K.l2_normalize(x, axis=1), x / np.linalg.norm(x, axis=1, keepdims=True), rtol=1e-6
    )
    np.testing.assert_array_equal(K.repeat(x, 2), np.repeat(x[:, None], 2, 1))
    np.testing.assert_array_equal(K.permute_dimensions(y, (0, 2, 1)), y.transpose(0, 2, 1))
    np.testing.assert_array_equal(K.batch_flatten(y), y.reshape(3, -1))
    np.testing.assert_array_equal(K.gather(x, [2, 0]), x[[2, 0]])
    assert K.int_shape(Tensor(y)) == (3, 4, 5) and K.count_params(Tensor(y)) == 60
    assert K.epsilon() == 1e-7 and K.floatx() == "float32"
    v = K.variable(x)
    K.set_value(v, x * 2)
    np.testing.assert_array_equal(K.get_value(v), x * 2)
    np.testing.assert_array_equal(K.get_value(K.update_add(v, x)), x * 3)
    with pytest.raises(InputError, match="training=True or False"):
        K.in_train_phase(x, x)


def test_what_the_backend_is_told_is_not_lost():
    v = K.variable(np.array([[3.0, -4.0]]), name="v", constraint=keras.constraints.NonNeg())
    assert v.name == "v" and isinstance(v.constraint, keras.constraints.NonNeg)
    drawn = K.random_normal_variable((2, 2), 0, 1, dtype="float64", name="drawn")
    assert drawn.name == "drawn" and drawn.dtype == "float64"
    target = np.array([[[1, 0], [0, 1]]], "float32")  # classes along axis 1
    output = np.array([[[0.9, 0.3], [0.1, 0.7]]], "float32")
    found = K.categorical_crossentropy(target, output, axis=1)
    # sums over the classes of float32 logarithms
    np.testing.assert_allclose(found, -np.log([[0.9, 0.7]]), rtol=1e-6)
    with pytest.raises(InputError, match="no updates"):
        K.function([keras.Input((2,))], [], updates=[v])


def test_an_old_custom_loss_and_metric_train():
    def loss(y_true, y_pred):
        return K.mean(K.square(y_pred - y_true), axis=-1) + 0.1 * K.sum(K.abs(y_pred), axis=-1)

    def coefficient(y_true, y_pred):
        a, b = K.flatten(y_true), K.flatten(y_pred)
        return (2.0 * K.sum(a * b) + K.epsilon()) / (K.sum(a) + K.sum(b) + K.epsilon())

    x = np.random.default_rng(0).uniform(size=(64, 3)).astype("float32")
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid", input_shape=(3,))])
    model.compile(keras.optimizers.SGD(0.5), loss=loss, metrics=[coefficient])
    history = model.fit(x, (x[:, :1] > 0.5).astype("float32"), epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and "coefficient" in history


def test_a_backend_function_gives_inner_outputs():
    model = keras.Sequential([keras.layers.Dense(4, "relu", input_shape=(3,)),
                              keras.layers.Dense(2)])  # fmt: skip
    x = np.ones((5, 3), "float32")
    inner = K.function([model.layers[0].input], [model.layers[0].output])
    np.testing.assert_array_equal(inner([x])[0], model.layers[0](x).numpy())


def test_names_of_ones_own_are_found_when_a_model_is_loaded(tmp_path):
    @keras.utils.register_keras_serializable(package="tests")
    class TwiceAsMuch(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    model = keras.Sequential([keras.Input((3,)), TwiceAsMuch()])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert type(again.layers[-1]) is TwiceAsMuch
    with keras.utils.custom_object_scope({"Other": TwiceAsMuch}):
        assert keras.utils.get_custom_objects()["Other"] is TwiceAsMuch
    assert "Other" not in keras.utils.get_custom_objects()


def test_copies_of_models_have_new_weights():
    model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,)), keras.layers.Dense(2)])
    for again in (keras.models.clone_model(model),
                  keras.models.model_from_json(model.to_json())):  # fmt: skip
        assert [w.shape for w in again.weights] == [w.shape for w in model.weights]
        assert not np.array_equal(again.get_weights()[0], model.get_weights()[0])


def test_progress_of_a_loop_of_ones_own(capsys):
    bar = keras.utils.Progbar(3)
    for step in range(3):
        bar.update(step + 1, [("loss", step)])
    assert "3/3 [====================]" in capsys.readouterr().out


def modules_of_keras():
    root = pathlib.Path(keras.__file__).parent
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(("edgekit.keras", *(p for p in parts if p != "__init__")))


@pytest.mark.parametrize("name", list(modules_of_keras()))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_module_can_be_looked_at(name):
    """dir() names what is there, and hasattr() answers whatever it is asked."""
    module = importlib.import_module(name)
    for entry in dir(module):
        assert hasattr(module, entry), entry
    place = name.removeprefix("edgekit.keras").lstrip(".")
    below = f"{place}." if place else ""
    removed = [path.removeprefix(below) for path in REMOVED if path.startswith(below)]
    for entry in ("Nonsense", *(path for path in removed if "." not in path)):
        assert not hasattr(module, entry), entry


@pytest.mark.parametrize("path", REMOVED)
def test_imports_of_removed_names_say_what_to_use(path):
    place, _, name = path.rpartition(".")
    with pytest.raises(UnsupportedOperator, match="is gone") as error:
        exec(f"from edgekit.keras.{place} import {name}", {})
    assert REMOVED[path] in str(error.value)


def test_names_at_the_top():
    assert keras.DTypePolicy("float32").name == "float32" and keras.version() == keras.__version__
    with keras.device("/CPU:0"), keras.name_scope("outer"):
        assert keras.Variable(1.0, name="v").path == "outer/v"
    assert keras.mixed_precision.LossScaleOptimizer is keras.optimizers.LossScaleOptimizer
