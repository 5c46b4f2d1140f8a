"""Real cupy takes every call that is made of it, where it is installed; no GPU has to be there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.train.device import HARDWARE

ROOT = Path(__file__).parents[3]
FILES = ("activated", "captured_steps", "conv", "data_on_gpu", "fit_on_gpu", "losses_captured",
         "matmul", "on_hardware", "peephole", "random", "storage", "updates")  # fmt: skip
DEPEND_ON_NUMBERS = (
    "test_a_train_step_that_reads_a_value or test_a_loss_that_is_no_number_is_told or "
    "test_images_in_other_arithmetic or test_batches_and_vectors"
)
NEED_CUBLAS = (
    "test_what_a_capture_refuses_spoils or test_array_code_where_there_is_no_kernel or "
    "test_float64_is_left_to_cupy"
)


def why_not() -> str:
    """What is missing here; "" for nothing."""
    if HARDWARE:
        return "the GPU is asked itself"
    if importlib.util.find_spec("cupy") is None:
        return "cupy is not installed"
    from cuda.pathfinder import find_nvidia_header_directory

    return "" if find_nvidia_header_directory("cudart") else "the headers of CUDA are not here"


def test_cupy_takes_every_call():
    if missing := why_not():
        pytest.skip(missing)
    files = [f"tests/train/gpu/test_{name}.py" for name in FILES]
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "tests.train.gpu.absent", "--tb=short",
        "-p", "no:cacheprovider", "-W", "default::DeprecationWarning",
        "-W", "default::UserWarning",
        "-k", f"not ({DEPEND_ON_NUMBERS} or {NEED_CUBLAS})", *files,
    ]  # fmt: skip
    environment = {**os.environ, "EDGEKIT_TEST_GPU": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    made = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout[-8000:] + made.stderr[-2000:]
