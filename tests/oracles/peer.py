"""Keras in a process of its own: `ask("layers_peer.py", folder)`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PYTHON = os.environ.get("EDGEKIT_KERAS_PYTHON")
needs_keras = pytest.mark.skipif(
    not PYTHON, reason="EDGEKIT_KERAS_PYTHON names no Python with keras"
)


def ask(script: str, folder: Path) -> None:
    """Run a script of this folder in Keras' Python, on the files in `folder`."""
    assert PYTHON is not None
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment = {"KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": "", **environment}
    path = Path(__file__).with_name(script)
    run = subprocess.run(
        [PYTHON, str(path), str(folder)], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-3000:]
