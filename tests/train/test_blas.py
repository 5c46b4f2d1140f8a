"""BLAS takes one thread while a model trains, unless a person has chosen a number."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edgekit.train.blas import CHOSEN_BY

pytest.importorskip("threadpoolctl")

WATCH = """
import numpy as np
from threadpoolctl import threadpool_info
from edgekit.train import Sequential, callbacks, layers

def threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}

class Watch(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("within", *threads())
    def on_test_batch_end(self, batch, logs=None):
        print("within", *threads())
    on_predict_batch_end = on_test_batch_end

model = Sequential([layers.Input((3,)), layers.Dense(2)])
model.compile(loss="mse")
x, y = np.zeros((4, 3), "float32"), np.zeros((4, 2), "float32")
model.fit(x, y, verbose=0, callbacks=[Watch()])
model.evaluate(x, y, verbose=0, callbacks=[Watch()])
model.predict(x, verbose=0, callbacks=[Watch()])
print("after", *threads())
"""


def watched(**chosen: str) -> tuple[set[str], str]:
    """Threads of BLAS within each loop, and after all of them."""
    environment = {k: v for k, v in os.environ.items() if k not in CHOSEN_BY}
    done = subprocess.run(
        [sys.executable, "-c", WATCH],
        env={**environment, **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    *within, after = (line.partition(" ")[2] for line in done.stdout.splitlines())
    assert len(within) == 3
    return set(within), after


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="BLAS has one thread on one core")
def test_one_thread_within_the_loops_and_as_before_after_them() -> None:
    within, after = watched()
    assert within == {"1"} and int(after) > 1


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="BLAS has one thread on one core")
def test_a_number_that_was_chosen_stays() -> None:
    assert watched(OPENBLAS_NUM_THREADS="2") == ({"2"}, "2")
