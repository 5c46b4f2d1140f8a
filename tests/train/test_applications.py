"""Networks of the literature against Keras: names, shapes, outputs; on a device; their files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgekit
from edgekit import keras
from edgekit.errors import InputError, UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.keras import applications
from edgekit.train import Tensor
from edgekit.train.trace import trace
from tests.material import ROOT
from tests.train.application_weights import NETWORKS, picture, set_weights

GOLDEN = json.loads((ROOT / "tests/golden/keras/applications.json").read_text())


@pytest.fixture
def in_float64():
    """Some of these networks make 1e-3 of what float32 rounds in 69 convolutions, Keras' too."""
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(None)


def made(name):
    cls, options = NETWORKS[name]
    model = getattr(applications, cls)(weights=None, **options)
    set_weights(model)
    return model


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_those_of_keras(name):
    model, expected = made(name), GOLDEN[name]
    ours = [layer.name for layer in model.layers if "input" not in layer.name]
    # Keras numbers layers without a name of their own
    assert [n.rstrip("_0123456789") for n in ours] == [
        n.rstrip("_0123456789") for n in expected["layers"]
    ]
    found = [[w.name.rpartition("/")[2], list(w.shape)] for w in model.weights]
    assert found == expected["weights"]
    y = model(picture(NETWORKS[name][1]["input_shape"]), training=False).numpy()[:, :256]
    scale = float(np.abs(expected["output"]).max())
    np.testing.assert_allclose(y, expected["output"], rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("cls, options, count", [
    ("MobileNet", {}, 4253864), ("MobileNetV2", {}, 3538984),
    ("MobileNetV2", {"alpha": 1.4, "include_top": False, "input_shape": (96, 96, 3)}, 4363712),
    ("MobileNetV3Small", {}, 2554968), ("MobileNetV3Large", {}, 5507432),
    ("ResNet50", {}, 25636712), ("ResNet50V2", {}, 25613800), ("EfficientNetB0", {}, 5330571),
])  # fmt: skip
def test_networks_have_as_many_weights_as_published(cls, options, count):
    assert getattr(applications, cls)(**options).count_params() == count


def test_a_network_can_go_to_a_device():
    graph = trace(made("mobilenet_v2"))
    assert {node.op for node in graph.nodes} >= {"Conv2D", "DepthwiseConv2D", "Add"}


def test_weights_are_read_from_a_file_and_never_downloaded(tmp_path):
    cls, options = NETWORKS["mobilenet"]
    model = made("mobilenet")
    model.save_weights(tmp_path / "m.weights.h5")
    again = getattr(applications, cls)(weights=tmp_path / "m.weights.h5", **options)
    x = picture(options["input_shape"])
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())
    with pytest.raises(InputError, match=r"'imagenet' is not a file, and weights are not downloa"):
        applications.MobileNet(weights="imagenet")
    with pytest.raises(UnsupportedOperator, match=r"ImageNet's list of classes"):
        applications.mobilenet.decode_predictions(np.zeros((1, 1000)))


def test_preprocess_input_maps_bytes():
    x = np.array([[0, 255]], np.uint8)
    np.testing.assert_allclose(applications.mobilenet_v2.preprocess_input(x), [[-1, 1]])
    np.testing.assert_allclose(applications.resnet_v2.preprocess_input(x), [[-1, 1]])
    for room in (applications.mobilenet_v3, applications.efficientnet):
        assert room.preprocess_input(x) is x
    pixels = np.array([[[10.0, 20.0, 30.0]]], np.float32)
    expected = [[[30 - 103.939, 20 - 116.779, 10 - 123.68]]]
    for room in (applications.resnet, applications.resnet50, applications.vgg16):
        np.testing.assert_allclose(room.preprocess_input(pixels.copy()), expected, rtol=1e-6)
        np.testing.assert_allclose(room.preprocess_input(Tensor(pixels)), expected, rtol=1e-6)
    changed = pixels.copy()
    assert applications.imagenet_utils.preprocess_input(changed) is changed
    np.testing.assert_allclose(changed, expected, rtol=1e-6)
    found = applications.imagenet_utils.preprocess_input(pixels.copy(), mode="torch")
    means, deviations = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(found, (pixels / 255 - means) / deviations, rtol=1e-5)
    with pytest.raises(InputError, match="Did you mean 'torch'"):
        applications.imagenet_utils.preprocess_input(pixels, mode="troch")


@pytest.mark.parametrize("cls", ["MobileNetV2", "MobileNetV3Small", "EfficientNetB0"])
def test_pictures_of_unknown_size_count_as_even(cls):
    """As in Keras: what has an even size is the same with and without saying so."""
    options = {"include_top": False, "pooling": "avg"}
    known = getattr(applications, cls)(input_shape=(64, 32, 3), **options)
    set_weights(known)
    x = picture((64, 32, 3))
    unknown = getattr(applications, cls)(input_shape=(None, None, 3), **options)
    unknown.set_weights(known.get_weights())
    np.testing.assert_allclose(unknown(x).numpy(), known(x).numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "resnet50"])
def test_networks_as_int8(name):
    """Near the float network, as the correlation of what they give for 8 pictures."""
    cls, options = NETWORKS[name]
    model = getattr(applications, cls)(**{**options, "classifier_activation": None})
    set_weights(model)
    rng = np.random.default_rng(1)
    low, high = (0, 255) if name == "mobilenet_v3_small" else (-1, 1)
    smooth = rng.uniform(low, high, (12, 4, 4, 3)).astype(np.float32)
    rows, columns = (n // 4 for n in options["input_shape"][:2])
    x = smooth.repeat(rows, axis=1).repeat(columns, axis=2)
    made = edgekit.convert(model, x)
    assert all(node.op != "BatchNorm" for node in made.graph.nodes)
    found = np.asarray(Interpreter(made.graph).predict(x[:8])).ravel()
    expected = model(x[:8], training=False).numpy().ravel()
    assert np.corrcoef(found, expected)[0, 1] > 0.95
