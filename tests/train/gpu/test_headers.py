"""Numbers and structures that go to cuBLASLt through ctypes, held against NVIDIA's own headers.

The headers are those of the wheels (nvidia-cublas, nvidia-cuda-runtime, nvidia-cuda-crt and
nvidia-cuda-cccl), of a toolkit under CUDA_PATH, or in the folders that EDGEKIT_CUDA_INCLUDE names.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.train.gpu import cublas

FOUND = cublas._Found
NUMBERS = {
    "CUDA_R_32F": cublas._TYPES["float32"],
    "CUDA_R_16F": cublas._TYPES["float16"],
    "CUDA_R_16BF": cublas._TYPES["bfloat16"],
    "CUBLAS_COMPUTE_32F": cublas._COMPUTE_32F,
    "CUBLAS_COMPUTE_32F_FAST_TF32": cublas._COMPUTE_TF32,
    "CUBLASLT_MATMUL_DESC_TRANSA": cublas._TRANSPOSE_A,
    "CUBLASLT_MATMUL_DESC_TRANSB": cublas._TRANSPOSE_B,
    "CUBLASLT_MATMUL_DESC_EPILOGUE": cublas._EPILOGUE,
    "CUBLASLT_MATMUL_DESC_BIAS_POINTER": cublas._BIAS_POINTER,
    "CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT": cublas._BATCH_COUNT,
    "CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET": cublas._BATCH_STRIDE,
    "CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES": cublas._MOST_WORKSPACE,
    "CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK": cublas._REDUCTIONS,
    "CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES": cublas._ALIGNMENT_A,
    "CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES": cublas._ALIGNMENT_A + 1,
    "CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES": cublas._ALIGNMENT_A + 2,
    "CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES": cublas._ALIGNMENT_A + 3,
    "CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE": cublas._REDUCED_IN_FLOAT32,
    "CUBLASLT_EPILOGUE_DEFAULT": cublas._NO_EPILOGUE,
    "CUBLASLT_EPILOGUE_RELU": cublas._RELU,
    "CUBLASLT_EPILOGUE_BIAS": cublas._BIAS,
    "CUBLASLT_EPILOGUE_RELU_BIAS": cublas._RELU | cublas._BIAS,
    "CUBLASLT_EPILOGUE_BGRADA": cublas._SUMS_OF_A,
    "sizeof(cublasLtMatmulHeuristicResult_t)": ctypes.sizeof(FOUND),
    "offsetof(cublasLtMatmulHeuristicResult_t, algo)": FOUND.algorithm.offset,
    "offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize)": FOUND.workspace.offset,
    "offsetof(cublasLtMatmulHeuristicResult_t, state)": FOUND.state.offset,
    "offsetof(cublasLtMatmulHeuristicResult_t, wavesCount)": FOUND.waves.offset,
    "offsetof(cublasLtMatmulHeuristicResult_t, reserved)": FOUND.reserved.offset,
}


def folders() -> list[Path]:
    """Where headers of CUDA may be."""
    named = os.environ.get("EDGEKIT_CUDA_INCLUDE", "").split(os.pathsep)
    found = [Path(one) for one in named if one]
    for root in filter(None, (os.environ.get("CUDA_PATH"), "/usr/local/cuda")):
        found += [Path(root, "include"), Path(root, "include", "cccl")]
    for root in sys.path:
        found += sorted(Path(root or ".").glob("nvidia/*/include"))
        found += sorted(Path(root or ".").glob("nvidia/*/include/cccl"))
    return [one for one in found if one.is_dir()]


def test_numbers_are_those_of_the_headers(tmp_path):
    there = folders()
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not any((one / "cublasLt.h").exists() for one in there):
        pytest.skip("the headers of cuBLASLt, or a compiler of C, are not here")
    lines = "".join(f'    printf("%ld\\n", (long)({name}));\n' for name in NUMBERS)
    source = tmp_path / "numbers.c"
    source.write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <cublasLt.h>\n"
        f"int main(void) {{\n{lines}    return 0;\n}}\n"
    )
    program = tmp_path / "numbers"
    command = [compiler, "-w", str(source), "-o", str(program), *(f"-I{one}" for one in there)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No such file" in made.stderr:
        pytest.skip(f"some headers are missing: {made.stderr.splitlines()[0]}")
    assert made.returncode == 0, made.stderr
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    assert dict(zip(NUMBERS, map(int, said), strict=True)) == NUMBERS
