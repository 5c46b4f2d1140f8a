"""A float model, its data, and what conversion makes of it, as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.interpreter import Interpreter
from tests.quantize.graphs import classifier, normal


@dataclass(frozen=True)
class Files:
    """Paths of one folder: float.edge, calib.npz, test.npz, x.npy, labels.txt and model.edge."""

    folder: Path

    def __getattr__(self, name: str) -> str:
        suffix = {"calib": "npz", "test": "npz", "x": "npy", "labels": "txt"}.get(name, "edge")
        return str(self.folder / f"{name}.{suffix}")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Made once, never changed: tests write elsewhere."""
    found = Files(tmp_path_factory.mktemp("models"))
    graph = classifier()
    edgekit.save(graph, found.float)
    x = normal(5, 120, 12)
    y = Interpreter(graph).predict(x).argmax(axis=1)
    np.savez(found.calib, x=x[:100])
    np.savez(found.test, x=x, y=y)
    np.save(found.x, x[:30])
    Path(found.labels).write_text("ant\nbee\ncat\ndog\n", encoding="utf-8")
    converted = edgekit.convert(
        graph, x[:100], evaluate=(x, y), labels=["ant", "bee", "cat", "dog"]
    )
    converted.save(found.model)
    return found
