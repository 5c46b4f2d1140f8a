"""Training on a GPU: `fit` beside PyTorch and Keras on jax, and beside what bounds a step.

    python benchmarks/training.py --device gpu [--precision tf32|ieee] [network ...]

Each side is a process of its own; they take turns, and the medians of the rounds are compared. What
is not installed, or does not run here, is left out, with its reason. `ms` are milliseconds of a
step of edgekit; behind it, for each other side, its milliseconds and how many times as fast edgekit
is, with the bar. The last columns bound what any program could reach: as many launches of kernels
that do nothing in one graph, the least traffic over the bandwidth of a copy, the arithmetic over
the rate of a matrix product, all measured here; and the kernels of a step, and the memory of the
graphs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["BARS", "RUNS", "Side", "compared", "main", "row", "title"]

RUNS = [
    ("mlp", 128),
    ("lenet", 128),
    ("dscnn", 100),
    ("resnet8", 32),
    ("resnet8", 256),
    ("mobilenet", 32),
]
BARS = {"eager": 2.5, "compiled": 0.9, "keras": 1.3}
_NEEDS = {
    "edgekit": ("cupy",),
    "eager": ("torch",),
    "compiled": ("torch",),
    "keras": ("keras", "jax"),
}
_NAMES = {"eager": "PyTorch", "compiled": "compiled", "keras": "Keras-jax"}
ROUNDS = 7


class Side:
    """A process that measures one side when it is asked; `facts` is what it said when warm."""

    def __init__(self, command: list[str]) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by close()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self._errors, text=True
        )
        self.facts = self._answer()

    def measure(self) -> float:
        """Milliseconds of a step."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._answer()["ms"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().strip().splitlines()
            self.close()
            raise RuntimeError(said[-1] if said else f"it ended with {self._process.returncode}")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def missing(side: str) -> str:
    """What this side needs and is not installed."""
    return ", ".join(name for name in _NEEDS[side] if importlib.util.find_spec(name) is None)


def compared(sides: dict[str, Any], rounds: int = ROUNDS) -> dict[str, float]:
    """The median of each side, measured turn by turn."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(side.measure())
    return {name: statistics.median(times) for name, times in found.items()}


def title() -> str:
    columns = "".join(f"{name:>11}{'speed':>7}{'bar':>5}" for name in _NAMES.values())
    bounds = f"{'launches':>10}{'memory':>8}{'arithm.':>9}{'kernels':>9}{'MiB':>7}"
    return f"{'step':12}{'batch':>6}{'ms':>8}{columns}{bounds}"


def row(network: str, batch: int, times: dict[str, float], facts: dict[str, Any]) -> str:
    """One line of the table; what was not measured is a dash."""
    ours = times["edgekit"]
    line = f"{network:12}{batch:>6}{ours:>8.3f}"
    for name, bar in BARS.items():
        if name in times:
            line += f"{times[name]:>11.3f}{times[name] / ours:>7.2f}{bar:>5.1f}"
        else:
            line += f"{'-':>11}{'-':>7}{bar:>5.1f}"
    line += f"{facts['launch_ms']:>10.3f}{facts['memory_ms']:>8.3f}{facts['arithmetic_ms']:>9.3f}"
    return line + f"{facts['kernels']:>9}{facts['graph_bytes'] / 2**20:>7.0f}"


def started(network: str, batch: int, precision: str, told: set[str]) -> dict[str, Side]:
    """The sides that run here; says once of each other one why it does not."""
    script = str(Path(__file__).with_name("gpu_sides.py"))
    found: dict[str, Side] = {}
    for name in _NEEDS:
        problem = missing(name) and f"{missing(name)} is not installed"
        if not problem:
            try:
                found[name] = Side([sys.executable, script, name, network, str(batch), precision])
            except RuntimeError as error:
                problem = str(error)
        if problem and f"{name}{problem}" not in told:
            told.add(f"{name}{problem}")
            print(f"left out: {name}: {problem}", flush=True)
        if "edgekit" not in found:
            break
    return found


def main(arguments: Iterable[str]) -> None:
    parser = argparse.ArgumentParser(prog="training.py --device gpu")
    parser.add_argument("networks", nargs="*", choices=[[], *dict(RUNS)])
    parser.add_argument("--precision", choices=["tf32", "ieee"], default="tf32")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args(list(arguments))
    print(f"float32 products on all sides: {given.precision}; medians of {given.rounds} rounds\n")
    print(title(), flush=True)
    told: set[str] = set()
    for network, batch in RUNS:
        if given.networks and network not in given.networks:
            continue
        sides = started(network, batch, given.precision, told)
        try:
            if "edgekit" in sides:
                times = compared(sides, given.rounds)
                print(row(network, batch, times, sides["edgekit"].facts), flush=True)
                refusal = sides["edgekit"].facts["refusal"]
                if refusal:
                    print(f"  not captured: {refusal}")
        finally:
            for side in sides.values():
                side.close()
