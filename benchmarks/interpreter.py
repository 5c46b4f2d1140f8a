"""Time of an inference beside LiteRT: `python benchmarks/interpreter.py [--seconds N] [names ...]`.

Each network runs in edgekit and in three runtimes of LiteRT in turn, one thread, one sample; the
smallest time of a single run counts. `xnn` is LiteRT's default, `opt` its own kernels without the
delegate, `ref` its reference kernels. The networks are real files (EDGEKIT_MATERIAL); `equal` says
that both deterministic runtimes gave edgekit's bits in this very run (float: the largest
difference from the default). Networks with memories go on from one run to the next.

OPENBLAS_CORETYPE, where it is set, hides the processor from numpy's BLAS: it is removed before
numpy starts, as are the threads of BLAS.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from ai_edge_litert import interpreter as litert

from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, Value
from tests.material import MATERIAL

NETWORKS = {
    "kws": "mlperf_tiny/kws_ref_model",
    "resnet8": "mlperf_tiny/pretrainedResnet_quant",
    "vww": "mlperf_tiny/vww_96_int8",
    "ad01": "mlperf_tiny/ad01_int8",
    "mobilenet_v2": "coral/tf2_mobilenet_v2_1.0_224_ptq",
    "resnet8 float": "mlperf_tiny/pretrainedResnet",
    "vww float": "mlperf_tiny/vww_96_float",
    "kws hybrid": "mlperf_tiny/kws_ref_model_float32",
    "lstm": "tflm/trained_lstm_int8",
    "lstm float": "tflm/trained_lstm",
    "okay_nabu": "esphome/okay_nabu_v2",
    "vad": "esphome/vad_v2",
    "dtln": "dtln/model_quant_1",
}
RESOLVERS = {"xnn": "AUTO", "opt": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "ref": "BUILTIN_REF"}
Run = Callable[[], np.ndarray]


def litert_run(path: Path, resolver: str, inputs: dict[str, np.ndarray]) -> Run:
    runtime = litert.Interpreter(
        model_path=str(path),
        num_threads=1,
        experimental_op_resolver_type=getattr(litert.OpResolverType, resolver),
    )
    runtime.allocate_tensors()
    output = runtime.get_output_details()[0]["index"]
    for details in runtime.get_input_details():
        runtime.set_tensor(details["index"], inputs[details["name"]])

    def run() -> np.ndarray:
        runtime.invoke()
        return runtime.get_tensor(output)

    return run


def edgekit_run(graph: Graph, inputs: dict[str, np.ndarray]) -> Run:
    interpreter = Interpreter(graph)
    arrays = list(inputs.values())
    return lambda: interpreter.run(*arrays)[graph.outputs[0]]


def sample(value: Value, rng: np.random.Generator) -> np.ndarray:
    shape = tuple(size or 1 for size in value.shape)
    if value.dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    limits = np.iinfo(value.dtype)
    return rng.integers(limits.min, limits.max + 1, shape).astype(value.dtype)


def measure(path: Path, seconds: float) -> tuple[dict[str, float], str]:
    """Microseconds by runtime, and how the outputs compare."""
    graph = load_tflite(path)
    rng = np.random.default_rng(0)
    inputs = {name: sample(graph.value(name), rng) for name in graph.inputs}
    runs = {name: litert_run(path, resolver, inputs) for name, resolver in RESOLVERS.items()}
    runs = {"edgekit": edgekit_run(graph, inputs), **runs}
    results = {name: run() for name, run in runs.items()}
    best = dict.fromkeys(runs, float("inf"))
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, run in runs.items():
            if name == "ref" and best["ref"] < float("inf") and np.random.random() > 0.05:
                continue
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    if graph.value(graph.outputs[0]).dtype == "float32":
        difference = np.abs(results["edgekit"] - results["xnn"]).max()
        return best, f"{difference:.1e}"
    fixed = edgekit_run(load_tflite(path, arithmetic="fixedpoint"), inputs)()
    equal = np.array_equal(results["edgekit"], results["xnn"])
    equal &= np.array_equal(fixed, results["ref"])
    return best, "equal" if equal else "DIFFERENT"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS), help="networks to run")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each network")
    options = parser.parse_args()
    print(f"numpy {np.__version__}, one thread, microseconds, minimum of single runs")
    print(f"{'network':14} {'edgekit':>9} {'xnn':>8} {'opt':>8} {'ref':>9}  /xnn  /opt  ref/  bits")
    for name in options.names:
        best, equal = measure(MATERIAL / "tflite" / f"{NETWORKS[name]}.tflite", options.seconds)
        times = {key: value * 1e6 for key, value in best.items()}
        mine = times["edgekit"]
        print(
            f"{name:14} {mine:9.1f} {times['xnn']:8.1f} {times['opt']:8.1f} {times['ref']:9.1f} "
            f"{mine / times['xnn']:5.1f} {mine / times['opt']:5.2f} {times['ref'] / mine:5.1f}  "
            f"{equal}",
            flush=True,
        )


if __name__ == "__main__":
    main()
