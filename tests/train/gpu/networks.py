"""The networks of the benchmark on small inputs, as models to fit."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.train import optimizers, set_random_seed
from edgekit.train.losses import SparseCategoricalCrossentropy
from edgekit.train.names import clear_session

__all__ = ["NAMES", "SHAPES", "compiled", "samples"]

_FOLDER = Path(__file__).parents[3] / "benchmarks" / "training_sides"

# what they are given here: as small as their layers allow
SHAPES = {
    "mlp": (64,),
    "lenet": (16, 16, 1),
    "dscnn": (17, 6, 1),
    "resnet8": (8, 8, 3),
    "mobilenet": (32, 32, 3),
}
NAMES = list(SHAPES)


def _networks() -> Any:
    name = "benchmark_networks"
    if name not in sys.modules:
        found = importlib.util.spec_from_file_location(name, _FOLDER / "networks.py")
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules[name] = module
        found.loader.exec_module(module)
    return sys.modules[name]


def compiled(name: str, optimizer: Any = None, **options: Any) -> Any:
    """A model with the same weights and names at every call."""
    networks = _networks()
    clear_session()
    set_random_seed(3)
    model = networks.our_network(SHAPES[name], networks.NETWORKS[name][1])
    loss = SparseCategoricalCrossentropy(from_logits=True)
    chosen = optimizer or optimizers.SGD(0.01, momentum=0.9)
    model.compile(chosen, loss, metrics=["accuracy"], **options)
    return model


def samples(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels for a network."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(count, *SHAPES[name])).astype(np.float32)
    return x, rng.integers(0, 2, count)
