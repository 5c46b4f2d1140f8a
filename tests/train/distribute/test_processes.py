"""Several MPI processes train to the weights of one; and end, and go on, together."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from edgekit.train.distribute import MirroredStrategy, Strategy
from tests.material import ROOT
from tests.train.distribute import job, networks

MPIEXEC = shutil.which("mpiexec", path=f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}")

pytestmark = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
    reason='needs mpi4py and mpiexec: pip install "edgekit[mpi]"',
)


def run(count, program, folder, place=""):
    """A job of so many processes, which must end by itself."""
    command = [MPIEXEC, "-n", str(count), sys.executable, "-W", "error", "-m",
               "tests.train.distribute.job", program, str(folder), place]  # fmt: skip
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, cwd=ROOT,
        env={**os.environ, **threads},
    )  # fmt: skip


def read(path: Path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folders in which 2 and 4 processes have trained every network."""
    folders = {}
    for count in (2, 4):
        folders[count] = tmp_path_factory.mktemp(f"processes{count}")
        ended = run(count, "training", folders[count])
        assert ended.returncode == 0, ended.stderr
    return folders


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("name", ["mlp", "lenet"])
def test_processes_train_to_the_weights_of_one(trained, name, count):
    """54 steps of float32, in which only the order of the sums over a batch differs."""
    expected = networks.fit(Strategy(), getattr(networks, name))
    found = read(trained[count] / f"{name}0.npz")
    assert networks.furthest(found, expected) < 1e-6


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("name", ["mlp", "resnet", "dropping"])
def test_processes_train_as_replicas_of_one_process(trained, name, count):
    """Batch normalization and dropout are each replica's own, so these are the same replicas."""
    replicas = MirroredStrategy([f"cpu:{i}" for i in range(count)])
    expected = networks.fit(replicas, getattr(networks, name))
    found = read(trained[count] / f"{name}0.npz")
    assert networks.furthest(found, expected) < 1e-6


@pytest.mark.parametrize("count", [2, 4])
def test_every_process_ends_with_the_same_bits(trained, count):
    for name in ("mlp", "lenet", "resnet", "dropping"):
        chief, *others = (read(trained[count] / f"{name}{rank}.npz") for rank in range(count))
        for other in others:
            assert chief.keys() == other.keys()
            for key, value in chief.items():
                np.testing.assert_array_equal(other[key], value, err_msg=f"{name} {key}")


@pytest.mark.parametrize(
    ("how", "code", "reason"),
    [
        ("kill", 9, "Killed"),
        ("raise", 1, "process 1 of 2 on {host} ended the job: RuntimeError: the disk of this"),
        ("exit", 5, "process 1 of 2 left in the middle of fit"),
    ],
)
def test_a_process_that_ends_ends_the_job_with_its_reason(tmp_path, how, code, reason):
    ended = run(2, "ending", tmp_path, f"1:0:3:{how}")
    assert ended.returncode == code
    assert reason.format(host=socket.gethostname()) in ended.stderr + ended.stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a job that nothing ended."""
    folder = tmp_path_factory.mktemp("whole")
    ended = run(2, "ending", folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_job_goes_on_to_the_same_weights(tmp_path, whole, rank):
    killed = tmp_path
    assert run(2, "ending", killed, f"{rank}:1:4:kill").returncode == 9
    assert (killed / "backup" / "backup.npz").exists()
    ended = run(2, "ending", killed, f"{rank}:2:2:raise")
    assert ended.returncode == 1
    ended = run(2, "ending", killed)
    assert ended.returncode == 0, ended.stderr
    for process in (0, 1):
        expected = read(whole / f"result{process}.npz")
        found = read(killed / f"result{process}.npz")
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert not (killed / "backup").exists()
    # one writer: a line for each epoch, and one header
    assert len((whole / "log.csv").read_text().splitlines()) == 5
    assert {p.name for p in whole.iterdir()} == {
        "log.csv", "best.keras", "result0.npz", "result1.npz",
    }  # fmt: skip


def test_processes_decide_alike_and_one_shows_the_progress(tmp_path):
    ended = run(2, "deciding", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Epoch 1/9") == 1
    chief, other = (read(tmp_path / f"decided{rank}.npz") for rank in (0, 1))
    # process 1 stopped after the third batch, and both did
    assert len(chief["seen"]) == len(other["seen"]) == 3
    np.testing.assert_array_equal(chief["seen"], other["seen"])
    np.testing.assert_array_equal(chief["w0"], other["w0"])


def test_a_loop_of_ones_own(tmp_path):
    assert run(2, "looping", tmp_path).returncode == 0
    (tmp_path / "one").mkdir()
    strategy = MirroredStrategy(["cpu:0"])
    strategy.rank = 0
    job.looping(strategy, tmp_path / "one", "")
    expected = read(tmp_path / "one" / "loop0.npz")
    # Adam divides by the size of a gradient: where that is near 0 a rounding is a step
    for rank in (0, 1):
        assert networks.furthest(read(tmp_path / f"loop{rank}.npz"), expected) < 1e-4


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("differing", "has another model than the chief"),
        ("sharding", r"process by process: [[53, 32, None], [52, 32, None]]"),
        ("drifting", "processes [1] have other weights than the chief"),
    ],
)
def test_processes_that_do_not_do_the_same_are_refused(tmp_path, program, message):
    ended = run(2, program, tmp_path)
    assert ended.returncode == 1
    assert message in ended.stderr
