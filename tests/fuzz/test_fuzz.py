"""A short campaign with a fixed seed. `make fuzz` runs long ones."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.errors import EdgekitError, InputError, ModelFormatError, UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph
from tests.material import ROOT

from . import target, with_atheris
from .campaign import run_campaign
from .formats import FORMATS
from .models import random_model
from .smaller import smallest
from .target import examine, sentence
from .verifiers import build, compare, missing_program

MUTANTS = 500


@pytest.mark.parametrize("format", FORMATS)
def test_no_mutant_does_what_no_file_may_do(format: str) -> None:
    mutants, kinds = FORMATS[format], set()
    for number in range(MUTANTS):
        outcome = examine(mutants.mutant(2026, number))
        assert not outcome.problem, (
            f"mutant {number}: {outcome.problem}; see it again with "
            f"scripts/fuzz.py --format {format} --seed 2026 --first {number} --count 1"
        )
        kinds.add(outcome.kind)
    assert {"ran", "ModelFormatError", "UnsupportedOperator"} <= kinds


@settings(max_examples=600, deadline=None, derandomize=True)
@given(random=st.randoms(use_true_random=False))
def test_every_valid_model_runs(random: Random) -> None:
    """What the rules of shapes and dtypes accept, the kernels compute, in the shapes inferred."""
    graph = random_model(random)
    if graph is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            outputs = Interpreter(graph).run(zeros(graph))
        except (UnsupportedOperator, ModelFormatError, InputError):
            return
    for name, array in outputs.items():
        value = graph.value(name)
        assert array.shape == tuple(d or 1 for d in value.shape)
        assert array.dtype == value.dtype


def zeros(graph: Graph) -> dict[str, np.ndarray]:
    values = [graph.value(name) for name in graph.inputs]
    return {v.name: np.zeros(tuple(d or 1 for d in v.shape), v.dtype) for v in values}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(random=st.randoms(use_true_random=False), format=st.sampled_from(sorted(FORMATS)))
def test_every_valid_model_is_written_and_read(random: Random, format: str) -> None:
    graph = random_model(random)
    if graph is None:
        return
    try:
        Interpreter(graph)
        data = FORMATS[format].write(graph)
    except EdgekitError:
        return  # no kernel, constant indices outside; TFLite cannot hold everything
    outcome = examine(data)
    assert not outcome.problem and outcome.kind != "ModelFormatError", outcome


def test_the_target_sees_what_must_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong behaviour, planted: a hang, a large allocation, a warning, another exception."""
    data = FORMATS["edge"].seeds[0]
    good = examine(data)
    assert (good.kind, good.problem) == ("ran", "")

    def hang(data: bytes) -> str:
        while True:
            pass

    def grow(data: bytes) -> str:
        return str(np.ones(9 * 2**20).sum())

    def warn(data: bytes) -> str:
        return str(np.float32(3e38) * np.float32(10))

    def fail(data: bytes) -> str:
        raise KeyError("x")

    def sink(data: bytes) -> str:
        return sink(data)

    planted = {hang: "more than 1.0 s", grow: "allocates 7", warn: "RuntimeWarning: overflow"}
    for wrong, problem in {**planted, fail: "KeyError: 'x'", sink: "RecursionError"}.items():
        monkeypatch.setattr(target, "run", wrong)
        assert examine(data).problem.startswith(problem)


def test_the_same_number_gives_the_same_mutant() -> None:
    for format in FORMATS.values():
        assert [format.mutant(3, n) for n in range(5)] == [format.mutant(3, n) for n in range(5)]
        assert len({format.mutant(3, n) for n in range(50)}) > 40


def test_a_file_is_made_small_and_stays_what_it_is() -> None:
    format = FORMATS["edge"]
    data = max(format.seeds, key=len)
    wrong = data[:4] + b"EDGX" + data[8:]
    said = sentence(examine(wrong).message)
    small = smallest(wrong, format, lambda d: sentence(examine(d).message) == said, seconds=5)
    assert len(small) == 8
    unknown = next(
        mutant
        for mutant in (format.mutant(0, number) for number in range(5000))
        if examine(mutant).kind == "UnsupportedOperator"
    )
    said = sentence(examine(unknown).message)
    small = smallest(unknown, format, lambda d: sentence(examine(d).message) == said, seconds=3)
    assert len(small) <= len(unknown) and sentence(examine(small).message) == said


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("M.x[3].y at byte 33: 9 dimensions, allowed are 8", "N dimensions, allowed are N"),
        ("graph 'a' is not valid:\n  - Relu 'b': (None, 3) is 2\n  - c", "N is N"),
        ("M.x at byte 7: its vtable at byte 3 is bad", "its vtable at byte N is bad"),
        ("index -1, expected 0 to 3", "index N, expected N to N"),
        (
            "the identifier at byte 4 is b'\\x00', expected b'EDGK'",
            "the identifier at byte N is ..., expected ...",
        ),
    ],
)
def test_a_sentence_has_no_names_and_numbers(message: str, said: str) -> None:
    assert sentence(message) == said


def test_atheris_runs_the_same_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in that tries two files, one good and one that is refused."""
    tried: list[bytes] = []

    class Atheris:
        instrument_imports = staticmethod(lambda include: contextlib.nullcontext())

        def Setup(self, arguments: list[str], once: Callable[[bytes], None]) -> None:  # noqa: N802
            self.once = once

        def Fuzz(self) -> None:  # noqa: N802
            for data in (FORMATS["edge"].seeds[0], b"nonsense"):
                self.once(data)
                tried.append(data)

    monkeypatch.setattr(with_atheris, "require", lambda name, extra: Atheris())
    with_atheris.main()
    assert len(tried) == 2
    monkeypatch.setattr(target, "run", lambda data: 1 // 0)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        with_atheris.main()


def test_a_whole_campaign_in_worker_processes() -> None:
    *_, figures = run_campaign("edge", seed=5, count=60, seconds=60, workers=2)
    assert figures.kinds.total() == 60 and not figures.failures


STRICTER = {
    "a text of N bytes, allowed are N",
    "the text is not UTF-8",
    "its vtable at byte N has N bytes",  # an odd length, or none
    "it has N bytes, the file N",  # a table longer than the file, its fields inside
    "it would stand N bytes into a table of N at byte N",  # in place of the table's own offset
    "its offset leads to byte N",  # not a multiple of four
    "objects overlap: they take more bytes than the file has",
    "tables are nested more than N deep",
}
"""Why files are refused that the verifier of flatbuffers accepts."""


@pytest.mark.skipif(bool(missing_program()), reason=missing_program())
@pytest.mark.parametrize("format", FORMATS)
def test_what_the_verifier_of_flatbuffers_refuses_is_refused(format: str, tmp_path: Path) -> None:
    program = build(format, ROOT / "schemas", tmp_path)
    result = compare(program, FORMATS[format], seed=2026, numbers=range(600))
    assert result.only_theirs == []
    assert result.both_accept > 200 and result.both_refuse > 100
    assert set(result.only_ours) <= STRICTER
