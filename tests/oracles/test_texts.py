"""Models on words in files that go to Keras and come back; `make test-oracles` runs this."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from edgekit import train
from edgekit.train.structure import flatten
from tests.oracles.peer import ask, needs_keras
from tests.oracles.texts import CASES

pytestmark = needs_keras
pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("texts")
    (made / "ours").mkdir()
    for name, case in CASES.items():
        train.clear_session()
        train.set_random_seed(1)
        case.make(train).save(made / "ours" / f"{name}.keras")
    ask("texts_peer.py", made)
    return made


def compare(model, name, path):
    """Indices and words are equal; float32 sums are taken in other orders."""
    given = CASES[name].inputs
    found = flatten(model(list(given) if len(given) > 1 else given[0]))
    with np.load(path) as expected:
        assert len(found) == len(expected.files)
        for i, value in enumerate(found):
            if expected[str(i)].dtype.kind == "f":
                np.testing.assert_allclose(value.numpy(), expected[str(i)], rtol=1e-5, atol=1e-6)
            else:
                np.testing.assert_array_equal(value.numpy(), expected[str(i)])


@pytest.mark.parametrize("name", CASES)
def test_keras_computes_with_our_file_what_we_do(name, folder):
    problem = json.loads((folder / "problems.json").read_text()).get(name)
    assert problem is None, problem
    for kept in ("ours", "again"):  # `again` is our file as Keras saved it
        compare(train.load_model(folder / kept / f"{name}.keras"), name,
                folder / "ours" / f"{name}.npz")  # fmt: skip


# Keras' own file has these tokens on lines, as it does not read them
_LOST = ("lines_adapted",)


@pytest.mark.parametrize("name", [name for name in CASES if name not in _LOST])
def test_we_compute_with_their_file_what_keras_does(name, folder):
    compare(train.load_model(folder / f"theirs/{name}.keras"), name, folder / f"theirs/{name}.npz")


@pytest.mark.parametrize("name", [name for name in CASES if name not in _LOST])
def test_vocabularies_lie_where_keras_puts_them(name, folder):
    ours, theirs = (assets(folder / side / f"{name}.keras") for side in ("ours", "theirs"))
    assert ours == theirs


def assets(path):
    with zipfile.ZipFile(path) as file:
        return {n: file.read(n).decode() for n in file.namelist() if n.startswith("assets/")}
