"""Every kernel compiles to machine code for the processors A100 (sm_80) and H100, H200 (sm_90)."""

from __future__ import annotations

from collections import defaultdict

import pytest

from edgekit.train import gpu
from edgekit.train.gpu.kernel import OPTIONS, source_text

from .nvrtc import compiled, library

NVRTC = library()
pytestmark = pytest.mark.skipif(NVRTC is None, reason="needs the wheel nvidia-cuda-nvrtc")


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
    names = by_source()[source]
    size, log = compiled(
        NVRTC, source_text(source), names, (*OPTIONS, f"--gpu-architecture={architecture}")
    )
    assert size > 0, log
    assert not log.strip("\0 \n"), log
