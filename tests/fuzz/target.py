"""What every file must keep to, whatever it holds.

It is refused with ModelFormatError or UnsupportedOperator, or it is a model: then it gives an
interpreter, and that runs on zeros. Neither takes longer than a second of the processor, warns,
or allocates more than the file declares plus 64 MB.
"""

from __future__ import annotations

import math
import re
import signal
import tracemalloc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import numpy as np

from edgekit.errors import InputError, ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.interpreter.reader import read_edge
from edgekit.ir import OPS, Graph, plan_memory
from edgekit.ir.graph import DTYPES

__all__ = ["ALLOWANCE", "Outcome", "declared_need", "examine", "load", "sentence"]

REFUSALS = (ModelFormatError, UnsupportedOperator)
SECONDS = 1.0
ALLOWANCE = 64 * 2**20
"""Bytes beyond what the file declares."""
LARGEST_RUN = 16 * 2**20
"""Bytes: a file that honestly declares more is loaded and not run."""
LONGEST_MESSAGE = 20_000
MOST_WORK = 2**26
"""Elements read by all windows and products: what runs in a second with any kernel."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    kind: the exception's name; "ran" or "declined"; "large" for a model that is not run here.
    problem: what must not be, else "".
    bytes: the largest allocation at any time beyond what the file declares.
    """

    kind: str
    message: str = ""
    problem: str = ""
    seconds: float = 0.0
    bytes: int = 0


class _TooLong(BaseException):
    """Not an Exception, so that nothing on the way takes it for its own."""


def examine(data: bytes) -> Outcome:
    """Load the file and, if it is a model, run it on zeros."""
    tracemalloc.start()
    need, kind, message, problem = len(data), "ran", "", ""
    seconds = [0.0]
    try:
        with _within(SECONDS, seconds), warnings.catch_warnings():
            warnings.simplefilter("error")
            graph, arena = load(data)
            need += declared_need(graph, arena)
            if need > LARGEST_RUN or work(graph) > MOST_WORK:
                kind = "large"
            else:
                kind = run(data)
    except REFUSALS as error:
        kind, message = type(error).__name__, str(error)
        if len(message) > LONGEST_MESSAGE:
            problem = f"a message of {len(message)} characters"
    except _TooLong:
        kind = problem = f"more than {SECONDS} s"
    except Exception as error:
        kind = type(error).__name__
        problem = f"{kind}: {str(error)[:300]} {_place(error)}"
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    beyond = max(0, peak - need)
    if beyond > ALLOWANCE and not problem:
        problem = f"allocates {beyond} bytes beyond the {need} that it declares"
    return Outcome(kind, message, problem, seconds[0], beyond)


def load(data: bytes) -> tuple[Graph, int]:
    """The graph of a file of any format, by its reader, and the bytes of its arena."""
    if data[4:8] == b"TFL3":
        graph = load_tflite(data)
        return graph, 4 * plan_memory(graph).size
    file = read_edge(data)
    return file.graph, 4 * file.plan.size


def run(data: bytes) -> str:
    """One inference on zeros through the methods that a script calls: "ran", or "declined".

    A model may decline the arrays that it is given with InputError: an index that is read from
    them lies outside, a loop that they steer does not end.
    """
    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        zeros = np.zeros(tuple(details["shape"]), details["dtype"])
        interpreter.set_tensor(details["index"], zeros)
    try:
        interpreter.invoke()
    except InputError:
        return "declined"
    for details in interpreter.get_output_details():
        interpreter.get_tensor(details["index"])
    return "ran"


def declared_need(graph: Graph, arena: int) -> int:
    """Bytes that a run of the graph takes by what the file says.

    The arena; the constants, once as stored and once as kernels want them (at most float64); all
    activations at once, which no working memory of a kernel exceeds.
    """
    graphs = (graph, *graph.subgraphs.values())
    constants = sum(v.elements * 16 for g in graphs for v in g.constants())
    activations = sum(
        v.elements * DTYPES[v.dtype].itemsize for g in graphs for v in g.activations()
    )
    return arena + constants + 8 * activations


def work(graph: Graph) -> int:
    """About how many numbers an inference reads."""
    total = 0
    for g in (graph, *graph.subgraphs.values()):
        for node in g.nodes:
            size = sum(g.value(o).elements for o in node.outputs)
            inputs = [g.value(i) for i in node.inputs if i is not None]
            size += sum(value.elements for value in inputs)
            window = node.attrs.get("pool", (1,))
            weights = [v.elements for v in inputs[1:2] if v.is_constant]
            total += size * max(1, math.prod(window), *(w // 4 for w in weights))  # type: ignore
    return total


@contextmanager
def _within(limit: float, spent: list[float]) -> Iterator[None]:
    """Raise _TooLong after `limit` seconds of this process; `spent` becomes what it took."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        spent[0] = limit - signal.getitimer(signal.ITIMER_PROF)[0]
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _place(error: BaseException) -> str:
    """The innermost line of edgekit that the error passed."""
    place, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if "/edgekit/" in code.co_filename:
            place = f"{code.co_filename.rpartition('/edgekit/')[2]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"({place})"


QUOTED = re.compile(r"""b?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\")""")
NUMBERS = re.compile(r"(?<![A-Za-z0-9_-])-?(?:\d[\d.]*(?:e[+-]?\d+)?|nan\b|inf\b|None\b|\?)")
LISTS = re.compile(r"[\[(](?:\.\.\.|N)?(?:,? (?:\.\.\.|N))*,?[\])]")


WORDS = {
    r"^(?:[\w ]+ (?:\.\.\.|N): )+": "",  # the layer: "Conv2D 'conv': ", "value 'x': "
    r"\b[A-Z][A-Z0-9_]{2,}\b(?!-)": "OPERATOR",
    r"\b[A-Z]\w+(?:Options|Quantization)\b": "TABLE",
    r"\b(?:float|int|uint|complex)\d+|\bbool\b": "TYPE",
    r"TYPE(?:,? (?:or )?TYPE)+": "TYPE",
    r"\(known: .*": "(known: ...",
    r"^(?:%s)\b": "OPERATOR",
}
"""What differs from model to model -> what stands for it in a sentence."""


def sentence(message: str) -> str:
    """The sentence behind a message: its first problem, without names, numbers and places."""
    lines = [line[4:] for line in message.split("\n") if line.startswith("  - ")]
    first = re.sub(r"^.*? at byte \d+: ", "", (lines or message.split("\n"))[0])
    first = LISTS.sub("N", NUMBERS.sub("N", QUOTED.sub("...", first)))
    for pattern, word in WORDS.items():
        first = re.sub(pattern % "|".join(OPS) if "%s" in pattern else pattern, word, first)
    return first.partition("; ")[0][:160]
