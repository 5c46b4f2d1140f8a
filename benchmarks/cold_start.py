"""Memory, and time to the first inference, beside LiteRT: `python benchmarks/cold_start.py`.

Each measurement runs in processes of their own, edgekit's and LiteRT's in turn: the interpreter
starts, imports what it needs, opens the model, runs it once, and ends. The smallest wall time of
all runs counts, and the resident size at its peak. In further processes: how long edgekit takes to
read the file and to make its plan, and what one inference allocates (tracemalloc: the largest of
20 inferences, results included; numpy reports its arrays there).

LiteRT runs as it comes, with XNNPACK. Neither runtime gets numpy for free: both load it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
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
path, edge = sys.argv[1], sys.argv[2] == "edgekit"
if edge:
    from edgekit.interpreter import Interpreter
else:
    from ai_edge_litert.interpreter import Interpreter
model = Interpreter(model_path=path, num_threads=1)
model.allocate_tensors()
details = model.get_input_details()[0]
model.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
model.invoke()
model.get_tensor(model.get_output_details()[0]["index"])
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
"""
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


def cold(path: Path, runs: int) -> dict[str, list[float]]:
    """Of a whole process: milliseconds by the clock and of the processor, peak megabytes."""
    best = {name: [float("inf")] * 3 for name in ("edgekit", "litert")}
    for _ in range(runs):
        for name, least in best.items():
            start = time.perf_counter()
            peak, used = map(float, python(RUN, str(path), name).split())
            clock = time.perf_counter() - start
            best[name] = [*map(min, least, (1e3 * clock, 1e3 * used, peak / 1024))]
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS), help="networks to run")
    parser.add_argument("--runs", type=int, default=10, help="processes of each runtime")
    options = parser.parse_args()
    print("a process with one inference, edgekit / LiteRT: clock, processor time, peak memory")
    print(f"{'network':13} {'clock ms':>19} {'processor ms':>20} {'peak MB':>18}", end="")
    print(f" {'open ms':>8} {'plan ms':>7} {'allocated KB':>12}")
    for name in options.names:
        path = MATERIAL / "tflite" / f"{NETWORKS[name]}.tflite"
        found = cold(path, options.runs)
        parts = [
            f"{mine:6.1f}/{other:6.1f} = {mine / other:4.2f}"
            for mine, other in zip(found["edgekit"], found["litert"], strict=True)
        ]
        inside = json.loads(python(INSIDE, str(path)))
        print(
            f"{name:12} {'  '.join(parts)} {1e3 * inside['open']:8.1f} "
            f"{1e3 * inside['first']:7.1f} {inside['allocated'] / 1000:12.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
