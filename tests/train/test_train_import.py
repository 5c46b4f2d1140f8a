"""What importing edgekit.train loads, in a fresh process."""

from __future__ import annotations

import subprocess
import sys


def test_importing_train_loads_no_optional_package():
    code = (
        "import sys, edgekit.train\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'h5py', 'tqdm', 'cupy', 'onnx', 'PIL', 'matplotlib'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_quantization_is_there_and_loaded_when_first_asked_for():
    code = (
        "import sys, edgekit.train as train\n"
        "rooms = {'edgekit.train.quantization', 'edgekit.quantize', 'edgekit.interpreter'}\n"
        "print(sorted(rooms & set(sys.modules)), 'quantization' in dir(train))\n"
        "print(train.quantization.quantize_model.__module__, sorted(rooms - set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[] True", "edgekit.train.quantization.model []"]
