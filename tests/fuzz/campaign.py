"""Many mutants in worker processes that may hang, crash or run out of memory."""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from .formats import FORMATS
from .target import Outcome, examine, sentence

__all__ = ["Campaign", "Figures", "run_campaign"]

ADDRESS_SPACE = 3 * 2**30
"""Bytes of a worker in all: what would take more ends in a MemoryError, which is a failure."""
SILENCE = 20.0
"""Seconds without a sign of life after which a worker is taken to hang outside Python."""
REPORT_EVERY = 100  # mutants


@dataclass(frozen=True)
class Campaign:
    """The mutants of one format from `first` on, every `step`-th; all of them by number alone."""

    format: str
    seed: int
    first: int
    step: int
    count: int
    seconds: float


@dataclass
class Figures:
    """What a campaign saw. `failures`: number of the mutant -> what it must not do."""

    kinds: Counter[str] = field(default_factory=Counter)
    sentences: dict[str, int] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)
    largest: tuple[int, int] = (0, -1)

    def add(self, number: int, outcome: Outcome) -> None:
        self.kinds[outcome.kind] += 1
        self.slowest = max(self.slowest, (outcome.seconds, number))
        self.largest = max(self.largest, (outcome.bytes, number))
        if outcome.message:
            self.sentences.setdefault(f"{outcome.kind}: {sentence(outcome.message)}", number)
        if outcome.problem:
            self.failures[number] = outcome.problem

    def merge(self, other: Figures) -> None:
        self.kinds += other.kinds
        self.slowest = max(self.slowest, other.slowest)
        self.largest = max(self.largest, other.largest)
        self.failures.update(other.failures)
        for text, number in other.sentences.items():
            self.sentences[text] = min(number, self.sentences.get(text, number))


def _work(campaign: Campaign, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    mutants = FORMATS[campaign.format]
    figures, end = Figures(), time.monotonic() + campaign.seconds
    last = campaign.first + campaign.count
    for done, number in enumerate(range(campaign.first, last, campaign.step), 1):
        pipe.send(number)
        figures.add(number, examine(mutants.mutant(campaign.seed, number)))
        if done % REPORT_EVERY == 0:
            pipe.send(figures)
            figures = Figures()
        if time.monotonic() > end:
            break
    pipe.send(figures)
    pipe.send(None)


class _Worker:
    """One process and the mutant it is at."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign, self.number = campaign, campaign.first
        self.heard, self.finished = time.monotonic(), False
        self.process: BaseProcess
        self._start(campaign)

    def _start(self, campaign: Campaign) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(campaign, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.heard = time.monotonic() + SILENCE  # it has to import everything and make the seeds

    def listen(self, figures: Figures) -> None:
        """Take what came. A worker that died or hangs is replaced behind its mutant."""
        try:
            while not self.finished and self.pipe.poll():
                self._take(self.pipe.recv(), figures)
        except EOFError:
            self._lose(f"the process died (exit code {self.process.exitcode})", figures)
        if not self.finished and time.monotonic() > self.heard + SILENCE:
            self.process.kill()
            self._lose(f"hangs for more than {SILENCE} s", figures)

    def _take(self, report: object, figures: Figures) -> None:
        self.heard = time.monotonic()
        if isinstance(report, int):
            self.number = report
        elif isinstance(report, Figures):
            figures.merge(report)
        else:
            self.finished = True
            self.process.join()

    def _lose(self, problem: str, figures: Figures) -> None:
        self.process.join()
        figures.failures[self.number] = problem
        figures.kinds["lost"] += 1
        old, first = self.campaign, self.number + self.campaign.step
        left = old.count - (first - old.first)
        self.finished = left <= 0
        if not self.finished:
            self.campaign = Campaign(old.format, old.seed, first, old.step, left, old.seconds)
            self._start(self.campaign)


def run_campaign(
    format: str, seed: int, count: int, seconds: float, workers: int, first: int = 0
) -> Iterable[Figures]:
    """Yield the figures so far, about once a second, and at last all of them."""
    figures = Figures()
    team = [
        _Worker(Campaign(format, seed, first + i, workers, count - i, seconds))
        for i in range(min(workers, count))
    ]
    while not all(worker.finished for worker in team):
        wait([worker.pipe for worker in team if not worker.finished], timeout=1.0)
        for worker in team:
            if not worker.finished:
                worker.listen(figures)
        yield figures
    yield figures


def save(folder: Path, format: str, data: bytes) -> Path:
    """Write a file under a name made from its content."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(data).hexdigest()[:12]}.{format}"
    path.write_bytes(data)
    return path
