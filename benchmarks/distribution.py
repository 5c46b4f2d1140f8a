"""What training in several MPI processes gains on one machine, and what the exchange costs.

    python benchmarks/distribution.py [--processes 2] [--network resnet8] [--batch 128] [--steps 30]

Starts itself twice: alone, and under mpiexec with so many processes, which train the same network
on the same joined batches; BLAS has one thread in each. Two ratios are printed:

* by wall clock: how many times as fast the processes are. Means something only on a machine that
  has a free core for each of them;
* by processor time: the time of one process alone, divided by the longest time that one of the
  processes computed, without what it spent in the exchange or waiting for others. It is what the
  wall clock would show on free cores if the exchange took no time; "exchange" says what it takes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from typing import Any

import numpy as np
from training import NETWORKS, our_network

from edgekit.train import layers, losses, optimizers, set_random_seed
from edgekit.train.distribute import MultiWorkerMirroredStrategy
from edgekit.train.models import Model

WARM_UP = 3


def timed(strategy: MultiWorkerMirroredStrategy) -> list[float]:
    """Let the strategy's exchange count its seconds: [processor, wall clock, calls]."""
    spent = [0.0, 0.0, 0.0]
    exchange = strategy.processes.sum

    def counted(vector: Any) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        exchange(vector)
        spent[0] += time.process_time() - cpu
        spent[1] += time.perf_counter() - wall
        spent[2] += 1

    strategy.processes.sum = counted
    return spent


def measure(network: str, batch: int, steps: int) -> None:
    """One process's part: seconds of `steps` steps, printed by the chief as JSON."""
    strategy = MultiWorkerMirroredStrategy()
    spent = timed(strategy)
    shape, specification = NETWORKS[network]
    random = np.random.default_rng(0)
    x = random.normal(size=(batch, *shape)).astype(np.float32)
    y = random.integers(0, 10, batch)
    set_random_seed(0)
    with strategy.scope():
        inner = our_network(shape, specification)
        image = layers.Input(shape)
        model = Model(image, layers.Softmax()(inner(image)))
        model.compile(optimizers.Adam(), losses.SparseCategoricalCrossentropy())
    model.fit(x, y, batch_size=batch, epochs=WARM_UP, verbose=0)
    spent[:] = [0.0, 0.0, 0.0]
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(x, y, batch_size=batch, epochs=steps, verbose=0)
    own = [time.process_time() - cpu, time.perf_counter() - wall, *spent]
    everyone = strategy.gather(np.array([own]), axis=0).numpy().tolist()
    if strategy.is_chief:
        print(json.dumps([[value / steps for value in one] for one in everyone]))


def started(command: list[str], options: list[str]) -> list[list[float]]:
    """What the processes of one job measured, in seconds a step."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, sys.executable, __file__, "--measure", *options],
        check=True, capture_output=True, text=True, env={**os.environ, **threads},
    )  # fmt: skip
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--network", default="resnet8", choices=sorted(NETWORKS))
    parser.add_argument("--batch", type=int, default=128, help="samples of the joined batch")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3, help="the quickest round counts")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.network, given.batch, given.steps)
        return
    options = ["--network", given.network, "--batch", str(given.batch), "--steps", str(given.steps)]
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    mpiexec = shutil.which("mpiexec", path=path)
    if mpiexec is None:
        sys.exit('mpiexec was not found: pip install "edgekit[mpi]"')
    alone, together = [], []
    for _ in range(given.rounds):
        alone.append(started([], options)[0])
        together.append(started([mpiexec, "-n", str(given.processes)], options))
    report(given, alone, together)


def report(given: Any, alone: list[list[float]], together: list[list[list[float]]]) -> None:
    """Print the quickest rounds and the ratios."""
    cpu_alone, wall_alone = (min(one[i] for one in alone) for i in (0, 1))
    wall = min(max(one[1] for one in job) for job in together)
    computing = min(max(one[0] - one[2] for one in job) for job in together)
    exchange = min(min(one[2] for one in job) for job in together)
    calls = together[0][0][4]
    print(f"{given.network}, joined batch of {given.batch}, milliseconds a step")
    print(f"one process: {wall_alone * 1e3:.2f} by the wall clock, {cpu_alone * 1e3:.2f} computing")
    print(
        f"{given.processes} processes: {wall * 1e3:.2f} by the wall clock, "
        f"{computing * 1e3:.2f} computing, {exchange * 1e3:.3f} of a processor in the exchange "
        f"({calls:.1f} sums)"
    )
    print(f"by wall clock {wall_alone / wall:.2f} x as fast", end="; ")
    print(f"by processor time {cpu_alone / (computing + exchange):.2f} x")


if __name__ == "__main__":
    main()
