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
