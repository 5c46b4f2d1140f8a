"""LiteRT in a process of its own: it may crash on a file, and the campaign goes on."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests import litert

from .network import Array

PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Answer:
    """outputs: for each call, in the file's order; None where `problem` says why."""

    outputs: list[list[Array]] | None
    problem: str = ""


class LiteRTProcess:
    """Starts when it is first asked, and again after a crash. `close` ends it."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Any = None

    def run(self, content: bytes, calls: Sequence[Sequence[Array]], runtime: str) -> Answer:
        """The outputs of a file for the inputs of one call after the other."""
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send((content, calls, runtime))
            if self._pipe.poll(PATIENCE):
                return Answer(*self._pipe.recv())
        except (EOFError, OSError):
            pass
        self.close()
        return Answer(None, "it crashed or did not come to an end")

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._pipe.close()
        self._process = self._pipe = None


def _serve(pipe: Connection) -> None:
    faulthandler.disable()  # a crash is an answer
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # what LiteRT has to say about files stands in its exceptions
    while True:
        content, calls, runtime = pipe.recv()
        try:
            pipe.send((_outputs(content, calls, runtime), ""))
        except Exception as error:
            pipe.send((None, str(error)))


def _outputs(content: bytes, calls: Sequence[Sequence[Array]], runtime: str) -> list[list[Array]]:
    loaded = litert.interpreter(content, runtime)
    loaded.allocate_tensors()
    inputs, outputs = loaded.get_input_details(), loaded.get_output_details()
    results = []
    for arrays in calls:
        for detail, array in zip(inputs, arrays, strict=True):
            loaded.set_tensor(detail["index"], array)
        loaded.invoke()
        results.append([loaded.get_tensor(detail["index"]) for detail in outputs])
    return results
