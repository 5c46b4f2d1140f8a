"""MobileNet and MobileNetV2 against Keras: names, shapes, outputs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras import applications
from edgekit.train.trace import trace
from tests.material import ROOT
from tests.train.application_weights import NETWORKS, picture, set_weights

GOLDEN = json.loads((ROOT / "tests/golden/keras/applications.json").read_text())


def made(name):
    cls, options = NETWORKS[name]
    model = getattr(applications, cls)(weights=None, **options)
    set_weights(model)
    return model


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
    y = model(picture(NETWORKS[name][1]["input_shape"]), training=False).numpy()
    # float32 sums through 28 to 53 convolutions
    np.testing.assert_allclose(y, expected["output"], rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("cls, options, count", [
    ("MobileNet", {}, 4253864), ("MobileNetV2", {}, 3538984),
    ("MobileNetV2", {"alpha": 1.4, "include_top": False, "input_shape": (96, 96, 3)}, 4363712),
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
