"""`make test-gpu`: nothing that one test does costs the others their turn."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from .benchmarks import importing

SCRIPTS = Path(__file__).parents[3] / "scripts"
SUITE = """
import os, time
import pytest

def test_first(): pass
def test_wrong(): assert 1 == 2
def test_left_out(): pytest.skip("not here")
def test_dies(): os._exit(9)
def test_spoils(): raise RuntimeError("cudaErrorIllegalAddress: an illegal memory access")
@pytest.mark.parametrize("word", ["a b", "c::d[", "é"])
def test_words(word): pass
def test_hangs(): time.sleep(60)
@pytest.fixture
def broken():
    yield
    raise ValueError("at the end")
def test_ends_badly(broken): pass
def test_last(): pass
"""


@pytest.fixture
def scripts(monkeypatch):
    """The modules of the folder `scripts`."""
    with importing(monkeypatch, SCRIPTS, ("gpu_tests", "test_gpu")) as imported:
        yield imported


def test_every_test_has_its_outcome(scripts, tmp_path):
    runner = scripts("gpu_tests")
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    tests = runner.collected(["test_suite.py"], environment, tmp_path)
    assert len(tests) == 11
    end = time.monotonic() + 60
    found = runner.run(tests, environment, end, patience=3.0, folder=tmp_path)
    outcomes = {one.test.partition("::")[2]: one for one in found}
    assert {name: one.outcome for name, one in outcomes.items() if one.outcome != "passed"} == {
        "test_wrong": "failed", "test_left_out": "skipped", "test_dies": "died",
        "test_spoils": "failed", "test_hangs": "hung", "test_ends_badly": "failed",
    }  # fmt: skip
    assert len(found) == 11 and "1 == 2" in outcomes["test_wrong"].said
    assert "at the end" in outcomes["test_ends_badly"].said


def test_time_that_is_over_is_told(scripts, tmp_path):
    runner = scripts("gpu_tests")
    found = runner.run(["test_a.py::test_one"], {}, time.monotonic() - 1, folder=tmp_path)
    assert [one.outcome for one in found] == ["not run"]


def test_tests_that_cannot_be_collected_are_told(scripts, tmp_path):
    runner = scripts("gpu_tests")
    (tmp_path / "test_suite.py").write_text("import not_there", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    with pytest.raises(RuntimeError, match="not_there"):
        runner.collected(["test_suite.py"], environment, tmp_path)


def test_every_file_of_tests_is_in_a_group(scripts):
    script = scripts("test_gpu")
    of_the_host = {
        "kernels_on_host",
        "capture_on_host",
        "nvrtc",
        "runner",
        "cublas",
        "cudnn",
        "calls_of_cupy",
    }
    there = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    listed = {name for files in script.GROUPS.values() for name in files}
    assert there == listed | of_the_host and set(script.LIBRARIES) <= there
    assert [len(part) for part in script.chunks(["a::1", "a::2", "a::3", "b::1"], 2)] == [2, 1, 1]


def test_a_stage_that_fails_does_not_end_the_run(scripts, tmp_path, monkeypatch, capsys):
    script = scripts("test_gpu")
    monkeypatch.setattr(script, "look", lambda *_: 1 / 0)
    monkeypatch.setattr(script, "LOOK", "print('here')")
    command = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
    monkeypatch.setattr(
        script, "benchmarks", lambda report, _: report.say(script.output_of(command, 2.0))
    )
    script.main(["--stages", "look,benchmarks", "--minutes", "1", "--output", str(tmp_path)])
    said = capsys.readouterr().out
    assert "look broke off: ZeroDivisionError" in said and "begun\n(ended after 2 s)" in said
    assert (tmp_path / "gpu-report.txt").read_text().count("==") == 2
