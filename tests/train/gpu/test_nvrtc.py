"""Every kernel compiles to machine code for the processors A100 (sm_80) and H100, H200 (sm_90)."""

from __future__ import annotations

import os
from collections import defaultdict

import pytest

from edgekit.train import gpu
from edgekit.train.gpu.kernel import OPTIONS, source_text

from .nvrtc import compiled, library

CUPY = ("-ftz=true", "--device-as-default-execution-space")  # what cupy 14.2 adds to OPTIONS
WANTED = os.environ.get("EDGEKIT_COMPILE_KERNELS") == "1"  # it takes minutes
NVRTC = library() if WANTED else None
pytestmark = pytest.mark.skipif(not WANTED, reason="`make test-kernels` compiles every kernel")


def by_source() -> dict[str, list[str]]:
    """Source -> the names of its kernels."""
    found = defaultdict(list)
    for rules in gpu.RULES:
        for one in rules.kernels():
            found[one.source].append(one.name)
    return found


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("source", sorted(by_source()))
def test_every_kernel_compiles(source, architecture):
    assert NVRTC is not None, "the wheel nvidia-cuda-nvrtc is not installed"
    names = by_source()[source]
    options = (*OPTIONS, *CUPY, f"--gpu-architecture={architecture}")
    size, log = compiled(NVRTC, source_text(source), names, options)
    assert size > 0, log
    assert not log.strip("\0 \n"), log
