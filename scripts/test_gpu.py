"""Everything that only a GPU can answer, in one command and one report: `make test-gpu`.

    python scripts/test_gpu.py [--stages look,compile,tests,libraries,benchmarks] [--minutes 9]
                               [--output FOLDER] [--workers 8]

look: what is installed, and whether the simplest things work. compile: every kernel, for the GPU
that is here, with the registers it takes and what it spills. tests: those of tests/train/gpu, in
an order that finds the basic faults first. libraries: those that concern cuDNN and cuBLASLt, with
them. benchmarks: the times. Nothing stops at a failure; each part ends when its time is over, and
all of it when the minutes are. The report is gpu-report.txt, and gpu-outcomes.json has every test,
in the folder that --output or the variable OUT names, else in build/gpu. It needs cupy, numpy and
pytest; what else is missing is left out: ml_dtypes, nvidia-cudnn-frontend, torch, jax and keras.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gpu_tests import Outcome, collected, run

__all__ = ["GROUPS", "LIBRARIES", "Report", "chunks", "main"]

ROOT = Path(__file__).parent.parent
TESTS = "tests/train/gpu"
GROUPS = {
    "basics": ("on_hardware", "memory", "names_of_cupy", "loops_of_cupy", "headers"),
    "kernels": ("matmul", "conv", "updates", "random", "activated", "peephole", "metrics"),
    "steps": ("captured_steps", "data_on_gpu", "fit_on_gpu", "augmentation", "networks"),
    "models": ("kinds_of_models", "half", "spectral", "gpu_benchmark", "products_benchmark",
               "passes_benchmark"),
    "primitives": ("primitive_cases", "storage", "layers_captured", "losses_captured",
                   "half_layers"),
}  # fmt: skip
"""The files of tests, the basic ones first; a group begins when the one before it has ended."""
LIBRARIES = ("cublas", "cudnn", "conv", "matmul", "networks", "half", "fit_on_gpu")
STAGES = ("look", "compile", "tests", "libraries", "benchmarks")
CHUNK = 60
"""Tests of one process: cupy compiles for each what no other has compiled before it."""
LOOK = """
import importlib.metadata as m, os, sys
print("python", sys.version.split()[0], "; cores", os.cpu_count())
names = "cupy-cuda13x cupy numpy ml_dtypes torch jax keras nvidia-cudnn-frontend triton pytest"
for name in names.split():
    try: print(name, m.version(name))
    except m.PackageNotFoundError: print(name, "-")
import cupy
from edgekit.train import backend
backend.set_device("gpu")
from edgekit.train.gpu import libraries
print("libraries:", libraries.report())
print("attributes:", cupy.cuda.Device().attributes)
print("memory:", backend.memory_info())
x = backend.asarray([1.0, 2.0]); print("a sum:", float((x * 2).sum()), flush=True)
cupy.show_config()
"""
COMPILE = """
import sys
from edgekit.train import backend
backend.set_device("gpu")
from edgekit.train import gpu
from edgekit.train.gpu.kernel import kernel
share, of = map(int, sys.argv[1:])
every = sorted({(k.source, k.name) for rules in gpu.RULES for k in rules.kernels()})
for source, name in every[share::of]:
    try:
        made = kernel(source, name)._function
        print("ok", made.num_regs, made.local_size_bytes, made.shared_size_bytes, source, name)
    except Exception as error:
        print("failed", 0, 0, 0, source, name, str(error).strip().replace(chr(10), " | ")[:2000])
"""


class Report:
    """What is found, printed and kept at once; `end` is when all has to be over."""

    def __init__(self, folder: Path, minutes: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.end = time.monotonic() + 60 * minutes
        self.file = folder / "gpu-report.txt"

    def say(self, text: str, shown: bool = True) -> None:
        """Write a text to the report, and if `shown` to the terminal."""
        with self.file.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
        if shown:
            print(text, flush=True)

    def left(self, most: float) -> float:
        """Seconds that a part may take."""
        return max(0.0, min(most, self.end - time.monotonic()))


def environment_of(**more: str) -> dict[str, str]:
    """The variables for a process of the project."""
    paths = [str(ROOT), str(ROOT / "scripts"), os.environ.get("PYTHONPATH", "")]
    own = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **threads, **own, **more}


def output_of(command: Sequence[str], seconds: float) -> str:
    """What a command says within its time; how it ended, where that was not well."""
    if seconds < 1:
        return "(no time left)"
    try:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment_of(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return f"({error})"
    try:
        said, _ = process.communicate(timeout=seconds)
        ended = "" if process.returncode == 0 else f"\n(ended with {process.returncode})"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        ended = f"\n(ended after {seconds:.0f} s)"
    return said.rstrip() + ended


def look(report: Report, workers: int) -> None:
    """What is here."""
    for command in (["nvidia-smi"], [sys.executable, "-c", LOOK]):
        report.say(output_of(command, report.left(90)))


def compile_kernels(report: Report, workers: int) -> None:
    """Every kernel into cupy's cache on disk, by several processes."""
    begun = time.monotonic()
    commands = [[sys.executable, "-c", COMPILE, str(i), str(workers)] for i in range(workers)]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        said = list(pool.map(lambda c: output_of(c, report.left(180)), commands))
    lines = [line for one in said for line in one.splitlines()]
    made = [line.split(" ", 5) for line in lines if line.startswith("ok ")]
    others = [line for line in lines if not line.startswith("ok ")]
    report.say(
        f"{len(made)} kernels in {time.monotonic() - begun:.0f} s; {len(others)} other lines"
    )
    for line in others[:200]:
        report.say(line, shown=False)
    report.say("\n".join(others[:10])[:3000])
    spilled = sorted((int(m[2]), int(m[1]), f"{m[4]} {m[5]}") for m in made if int(m[2]))
    report.say(f"with local memory: {len(spilled)} (bytes, registers, kernel)")
    for spill, registers, name in reversed(spilled):
        report.say(f"  {spill:6} {registers:4} {name}", shown=False)
    most = sorted(((int(m[1]), f"{m[4]} {m[5]}") for m in made), reverse=True)[:20]
    report.say("\n".join(f"  {n:4} registers {name}" for n, name in most), shown=False)


def chunks(tests: Sequence[str], size: int = CHUNK) -> Iterator[list[str]]:
    """The tests file by file, in pieces of at most `size`."""
    by_file: dict[str, list[str]] = {}
    for test in tests:
        by_file.setdefault(test.partition("::")[0], []).append(test)
    for several in by_file.values():
        for start in range(0, len(several), size):
            yield several[start : start + size]


def run_group(report: Report, name: str, files: Sequence[str], workers: int, mode: str) -> None:
    """The tests of some files, and what failed."""
    begun = time.monotonic()
    environment = environment_of(EDGEKIT_TEST_GPU=mode)
    end = begun + report.left(240)
    there = [
        f"{TESTS}/test_{one}.py" for one in files if (ROOT / TESTS / f"test_{one}.py").exists()
    ]
    try:
        tests = collected(there, environment)
    except RuntimeError as error:
        report.say(f"{name}: no tests were found:\n{error}")
        return
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda part: run(part, environment, end), chunks(tests))
        outcomes = [one for part in parts for one in part]
    counts = Counter(one.outcome for one in outcomes)
    words = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items()))
    report.say(f"{name}: {words}, in {time.monotonic() - begun:.0f} s")
    _tell(report, outcomes, mode)


def _tell(report: Report, outcomes: Sequence[Outcome], mode: str) -> None:
    wrong = [one for one in outcomes if one.outcome in ("failed", "hung", "died")]
    for i, one in enumerate(wrong):
        last = one.said.strip().splitlines()[-1:] or [""]
        errors = [line for line in one.said.splitlines() if line.startswith("E ")] or last
        report.say(f"  {one.outcome}: {one.test}\n      {errors[-1][:300]}", shown=i < 15)
        report.say(one.said, shown=False)
    with (report.folder / "gpu-outcomes.json").open("a", encoding="utf-8") as file:
        for one in outcomes:
            file.write(json.dumps([mode, one.test, one.outcome, round(one.seconds, 3)]) + "\n")


def tests(report: Report, workers: int) -> None:
    for name, files in GROUPS.items():
        run_group(report, name, files, 1 if name == "basics" else workers, "1")


def libraries(report: Report, workers: int) -> None:
    run_group(report, "libraries", LIBRARIES, workers, "libraries")


def benchmarks(report: Report, workers: int) -> None:
    """The times, network by network; the tables of products and passes last."""
    script = str(ROOT / "benchmarks" / "training.py")
    names = ("mlp", "lenet", "dscnn", "resnet8", "mobilenet")
    for name in names:
        command = [sys.executable, script, "--device", "gpu", "--rounds", "5", name]
        report.say(output_of(command, report.left(150)))
    for precision in ("tf32", "ieee"):
        for name in names:
            command = [sys.executable, str(ROOT / "benchmarks" / "gpu_products.py"), name]
            said = output_of([*command, "--precision", precision], report.left(90))
            report.say(f"{precision}\n{said}", shown=False)
            report.say(f"{precision} {name} {said.splitlines()[-1]}")
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu_passes.py")]
    report.say(output_of(command, report.left(120)), shown=False)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="test_gpu.py")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--workers", type=int, default=max(1, min(8, (os.cpu_count() or 2) // 2)))
    parser.add_argument("--output", default=os.environ.get("OUT") or str(ROOT / "build" / "gpu"))
    given = parser.parse_args(arguments)
    stages = given.stages.split(",")
    if unknown := set(stages) - set(STAGES):
        parser.error(f"no stage {sorted(unknown)[0]!r}; there are {', '.join(STAGES)}")
    report = Report(Path(given.output), given.minutes)
    parts: dict[str, Any] = {"look": look, "compile": compile_kernels, "tests": tests,
                             "libraries": libraries, "benchmarks": benchmarks}  # fmt: skip
    for stage in stages:
        report.say(f"\n== {stage}, {report.left(1e9):.0f} s left")
        if report.left(1e9) < 5:
            continue
        try:
            parts[stage](report, given.workers)
        except Exception as error:
            report.say(f"{stage} broke off: {type(error).__name__}: {error}")
    print(f"\nthe report is {report.file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
