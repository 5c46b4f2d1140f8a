"""Memory, and time to the first inference, beside LiteRT: `python benchmarks/cold_start.py`.

Three ways for each network, in turn: LiteRT with its `.tflite` file, edgekit with the same file,
and edgekit with the `.edge` file made of it. Each measurement runs in a process of its own: the
interpreter starts, imports what it needs, opens the model, runs it once, and ends. The smallest
wall time of all runs counts, and the resident size at its peak. A process that only imports numpy
is measured among them: both runtimes load it, and what they take beyond that is theirs. In further
processes: how long edgekit takes to read the file and to make its plan, and what one inference
allocates (tracemalloc: the largest of 20 inferences, results included; numpy reports its arrays
there).

LiteRT runs as it comes, with XNNPACK.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = Path(os.environ.get("EDGEKIT_MATERIAL", ROOT.parent / "shared" / "material"))
NETWORKS = {
    "kws": "mlperf_tiny/kws_ref_model",
    "resnet8": "mlperf_tiny/pretrainedResnet_quant",
    "vww": "mlperf_tiny/vww_96_int8",
    "ad01": "mlperf_tiny/ad01_int8",
    "mobilenet_v2": "coral/tf2_mobilenet_v2_1.0_224_ptq",
}
HIDDEN = ("OPENBLAS_CORETYPE", "PYTHONDONTWRITEBYTECODE")
RUN = """
import resource, sys
import numpy as np
runtime, path = sys.argv[1:]
if runtime == "LiteRT":
    from ai_edge_litert.interpreter import Interpreter
else:
    from edgekit.interpreter import Interpreter
model = Interpreter(model_path=path, num_threads=1)
model.allocate_tensors()
details = model.get_input_details()[0]
model.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
model.invoke()
model.get_tensor(model.get_output_details()[0]["index"])
"""
USED = """
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
"""
EXPORT = "import edgekit, sys; edgekit.save(edgekit.load(sys.argv[1]), sys.argv[2])"
INSIDE = """
import json, sys, time, tracemalloc
import numpy as np
from edgekit.interpreter import Interpreter
start = time.perf_counter()
model = Interpreter(sys.argv[1])
opened = time.perf_counter() - start
times = []
for _ in range(5):
    model._prepared.clear()
    start = time.perf_counter()
    model.make_plan()
    times.append(time.perf_counter() - start)
shape, dtype = (model.get_input_details()[0][key] for key in ("shape", "dtype"))
x = np.zeros(shape, dtype)
model.run(x)
tracemalloc.start()
most = 0
for _ in range(20):
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    model.run(x)
    most = max(most, tracemalloc.get_traced_memory()[1] - before)
print(json.dumps({"open": opened, "plan": min(times), "first": times[0], "allocated": most}))
"""


def environment() -> dict[str, str]:
    """One thread of BLAS, no hint about the processor, compiled modules, this checkout."""
    kept = {k: v for k, v in os.environ.items() if k not in HIDDEN}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def python(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


def cold(ways: dict[str, tuple[str, ...]], runs: int) -> dict[str, list[float]]:
    """Of whole processes, by the way they take: milliseconds by the clock and of the processor,
    peak megabytes. A way is a runtime and a file; with neither, numpy is imported."""
    best = {way: [float("inf")] * 3 for way in ways}
    for _ in range(runs):
        for way, arguments in ways.items():
            program = RUN if arguments else "import numpy as np"
            start = time.perf_counter()
            peak, used = map(float, python(program + USED, *arguments).split())
            clock = time.perf_counter() - start
            best[way] = [*map(min, best[way], (1e3 * clock, 1e3 * used, peak / 1024))]
    return best


def report(name: str, folder: Path, runs: int) -> None:
    """Print the lines of one network."""
    tflite, edge = MATERIAL / "tflite" / f"{NETWORKS[name]}.tflite", folder / f"{name}.edge"
    python(EXPORT, str(tflite), str(edge))  # here it would count for the peak of every process
    ways = {
        "numpy alone": (),
        "LiteRT, .tflite": ("LiteRT", str(tflite)),
        "edgekit, .tflite": ("edgekit", str(tflite)),
        "edgekit, .edge": ("edgekit", str(edge)),
    }
    found = cold(ways, runs)
    for way, figures in found.items():
        line = f"{name:13} {way:17}"
        for mine, other in zip(figures, found["LiteRT, .tflite"], strict=True):
            line += f" {mine:7.1f} = {mine / other:4.2f} x"
        if way.startswith("edgekit"):
            inside = json.loads(python(INSIDE, ways[way][1]))
            line += f" {1e3 * inside['open']:8.1f} {1e3 * inside['first']:7.1f}"
            line += f" {inside['allocated'] / 1000:12.1f}"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS), help="networks to run")
    parser.add_argument("--runs", type=int, default=10, help="processes of each way")
    options = parser.parse_args()
    print("a process with one inference, and how many times what LiteRT's process takes that is")
    print(
        f"{'network':13} {'way':17} {'clock ms':>16} {'processor ms':>16} {'peak MB':>16}", end=""
    )
    print(f" {'open ms':>8} {'plan ms':>7} {'allocated KB':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names:
            report(name, Path(folder), options.runs)


if __name__ == "__main__":
    main()
