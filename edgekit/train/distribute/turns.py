"""Functions that run in turn, one thread at a time, and meet where they need each other.

A replica runs until it has gradients to apply or a value to reduce, and waits; when all replicas
wait for the same, it is done once for all of them, and they go on.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError
from edgekit.train.primitive import scope_state

__all__ = ["Turn", "run_in_turns"]


class _Cancelled(BaseException):
    """Ends a thread whose replica is not needed any more."""


class Turn:
    """A function in a thread of its own, which runs only while `resume` waits for it."""

    def __init__(self, function: Callable[[Turn], Any]) -> None:
        self.finished = False
        self.result: Any = None
        self.request: Any = None
        self._error: BaseException | None = None
        self._answer: Any = None
        self._cancelled = False
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._errors, self._rewriter = np.geterr(), scope_state.rewriter
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._main, function))
        self._thread.daemon = True
        self._thread.start()

    def _main(self, function: Callable[[Turn], Any]) -> None:
        self._go.acquire()
        scope_state.rewriter = self._rewriter
        try:
            if not self._cancelled:
                with np.errstate(**self._errors):
                    self.result = function(self)
        except BaseException as error:
            self._error = error
        self.finished = True
        self._back.release()

    def resume(self, answer: Any = None) -> None:
        """Let the function run on to its next meeting or its end. Raises what it raises."""
        self._answer, self.request = answer, None
        self._go.release()
        self._back.acquire()
        if self.finished:
            self._thread.join()
        if self._error is not None and not self._cancelled:
            raise self._error

    def cancel(self) -> None:
        """End the thread where it waits."""
        if not self.finished:
            self._cancelled = True
            self.resume()

    def meet(self, request: Any) -> Any:
        """Called in the function: wait for the others; returns what was agreed on."""
        self.request = request
        self._back.release()
        self._go.acquire()
        if self._cancelled:
            raise _Cancelled
        return self._answer


def run_in_turns(turns: list[Turn], entered: Callable[[int], Any], settle: Any) -> list[Any]:
    """Run all to their ends; returns their results.

    entered(i): the context in which the i-th runs. settle(requests): the answers to a meeting.
    """
    answers: list[Any] = [None] * len(turns)
    try:
        while True:
            for i, turn in enumerate(turns):
                with entered(i):
                    turn.resume(answers[i])
            waiting = [turn for turn in turns if not turn.finished]
            if not waiting:
                return [turn.result for turn in turns]
            if len(waiting) < len(turns) or len({t.request[0] for t in turns}) > 1:
                raise EdgekitError(
                    "the replicas do not do the same: some of them apply gradients or reduce a "
                    "value where others do not"
                )
            answers = settle([turn.request for turn in turns])
    finally:
        for turn in turns:
            turn.cancel()
