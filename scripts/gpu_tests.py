"""Tests in processes of their own, so that one that hangs or spoils the GPU costs itself alone.

After some errors of a kernel a process can do nothing more on its GPU: every later test of it would
fail too. So tests are noted one by one by this module as a plugin of pytest, the process ends at
such an error, and another one goes on with the tests that are left.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Outcome", "collected", "run"]

ROOT = Path(__file__).parent.parent
_NOTES, _WANTED = "EDGEKIT_TEST_NOTES", "EDGEKIT_TESTS_WANTED"
_SPOILED = re.compile(
    r"illegal memory access|misaligned address|unspecified launch failure|illegal instruction"
    r"|ILLEGAL_ADDRESS|MISALIGNED_ADDRESS|LAUNCH_FAILED|IllegalAddress|device-side assert",
    re.IGNORECASE,
)
_COMMAND = ["-m", "pytest", "-q", "-p", "gpu_tests", "-p", "no:cacheprovider", "--tb=short",
            # of other packages, which change: what is ours to mend are other warnings
            "-W", "default::DeprecationWarning", "-W", "default::UserWarning"]  # fmt: skip


class Outcome(NamedTuple):
    """What became of a test: "passed", "failed", "skipped", "hung", "died" or "not run"."""

    test: str
    outcome: str
    seconds: float = 0.0
    said: str = ""


# -- the plugin -----------------------------------------------------------------------------------


def _note(what: dict[str, Any]) -> None:
    if _NOTES in os.environ:
        with open(os.environ[_NOTES], "a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    if _WANTED in os.environ:
        wanted = set(json.loads(Path(os.environ[_WANTED]).read_text(encoding="utf-8")))
        items[:] = [item for item in items if item.nodeid in wanted]
    elif config.option.collectonly:
        for item in items:
            _note({"found": item.nodeid})


def pytest_runtest_logstart(nodeid: str, location: Any) -> None:
    _note({"begun": nodeid})


def pytest_runtest_logreport(report: Any) -> None:
    if report.when != "call" and report.outcome == "passed":
        return
    said = "" if report.outcome == "passed" else str(report.longrepr)
    _note({"ended": [report.nodeid, report.outcome, report.duration, said[-4000:]]})
    if report.outcome == "failed" and _SPOILED.search(said):
        os._exit(3)


# -- around it ------------------------------------------------------------------------------------


def collected(files: Sequence[str], environment: dict[str, str], folder: Path = ROOT) -> list[str]:
    """The tests of some files. Raises RuntimeError with what pytest says where it finds none."""
    with tempfile.TemporaryDirectory() as scratch:
        notes = Path(scratch, "notes")
        command = [sys.executable, *_COMMAND, "--collect-only", *files]
        given = environment | {_NOTES: str(notes)}
        try:
            made = subprocess.run(
                command, env=given, cwd=folder, capture_output=True, text=True, check=False,
                timeout=120,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(str(error)) from error
        found = [note["found"] for note in _notes_in(notes) if "found" in note]
    if not found:
        raise RuntimeError((made.stdout + made.stderr)[-4000:])
    return found


def run(
    tests: Sequence[str],
    environment: dict[str, str],
    end: float,
    patience: float = 90.0,
    folder: Path = ROOT,
) -> list[Outcome]:
    """What becomes of the tests until `end` (as of time.monotonic). patience: seconds for one."""
    found: list[Outcome] = []
    left = list(tests)
    while left and time.monotonic() < end:
        several = _in_one_process(left, environment, end, patience, folder)
        found += several
        done = {one.test for one in several}
        if not done:
            break
        left = [test for test in left if test not in done]
    return found + [Outcome(test, "not run") for test in left]


def _in_one_process(
    tests: list[str], environment: dict[str, str], end: float, patience: float, folder: Path
) -> list[Outcome]:
    """The outcomes as far as one process comes; of the test at which it ends too."""
    with tempfile.TemporaryDirectory() as scratch:
        notes, wanted, output = (Path(scratch, name) for name in ("notes", "wanted", "output"))
        wanted.write_text(json.dumps(tests), encoding="utf-8")
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        given = environment | {_NOTES: str(notes), _WANTED: str(wanted)}
        with output.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, *_COMMAND, *files], env=given, cwd=folder, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            why = _waited(process, notes, end, patience)
        outcomes: dict[str, Outcome] = {}
        begun = ""
        for note in _notes_in(notes):
            begun = note.get("begun", begun)
            if "ended" in note and outcomes.get(begun, Outcome("", "passed")).outcome == "passed":
                outcomes[begun] = Outcome(*note["ended"])
        said = output.read_text(encoding="utf-8", errors="replace")[-4000:]
    if not begun:
        return [Outcome(test, "not run", 0.0, said) for test in tests]
    if begun not in outcomes and why:
        outcomes[begun] = Outcome(begun, why, 0.0, said)
    return list(outcomes.values())


def _waited(process: subprocess.Popen[Any], notes: Path, end: float, patience: float) -> str:
    """Wait for the process, and end it where it does not go on; why its last test did not end."""
    size, since = -1, time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        grown = notes.stat().st_size if notes.exists() else 0
        if grown != size:
            size, since = grown, now
        if now > end or now - since > patience:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return "not run" if now > end else "hung"
        time.sleep(0.1)
    return "died"


def _notes_in(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:  # written when the process was ended
                return
