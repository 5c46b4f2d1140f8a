"""Files of tf.keras (Keras 2), made by it in another process; `make test-oracles` runs this.

Needs tf_keras in the Python that EDGEKIT_KERAS_PYTHON names.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.oracles.architectures import ARCHITECTURES
from tests.oracles.peer import PYTHON, ask, needs_keras
from tests.oracles.texts import CASES as TEXTS
from tests.train.keras_cases import table
from tests.train.tf_keras_cases import FUNCTIONS, OPTIMIZERS
from tests.train.tf_keras_files import (
    check_function,
    check_json,
    check_layer,
    check_model,
    check_optimizer,
    check_text,
)

pytestmark = needs_keras
pytest.importorskip("h5py")

ENDINGS = ("h5", "keras")
# in inference Keras 2 resized what Keras 3 leaves alone
_OTHERWISE = ("crop",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    search = "import sys, importlib.util; sys.exit(not importlib.util.find_spec('tf_keras'))"
    if subprocess.run([PYTHON, "-c", search]).returncode:
        pytest.skip("EDGEKIT_KERAS_PYTHON names a Python without tf_keras")
    made = tmp_path_factory.mktemp("tf_keras")
    ask("tf_keras_peer.py", made)
    return made


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on(name, ending, folder):
    if ending == "keras" and name.startswith("legacy_"):
        pytest.skip("tf.keras leaves the state of these optimizers out of .keras files")
    check_optimizer(folder, name, ending)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_models(name, ending, folder):
    check_model(folder, name, ending)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures_and_weights_in_two_files(name, folder):
    check_json(folder, name)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", table("LAYERS"))
def test_layers(name, ending, folder):
    if name not in json.loads((folder / "cases.json").read_text())["layers"]:
        pytest.skip("Keras 2 does not know this layer, or one of its arguments")
    if name in _OTHERWISE:
        pytest.skip("Keras 2 computes this otherwise than Keras 3")
    check_layer(folder, name, ending)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_tensorflow(name, ending, folder):
    check_function(folder, name, ending)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", TEXTS)
def test_texts(name, ending, folder):
    if name == "lines_adapted":
        pytest.skip("tf.keras does not read its own file of these tokens")
    if not (folder / f"texts/{name}.{ending}").exists():
        pytest.skip("tf.keras does not keep learned vocabularies in .h5 files")
    check_text(folder, name, ending)
