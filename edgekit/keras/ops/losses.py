"""Crossentropies, and sequences that were labelled without saying where."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.functions import log
from edgekit.keras.ops.numbers import clip
from edgekit.keras.ops.tensors import floating, integers, known, operation
from edgekit.train import losses
from edgekit.train.backend import to_numpy
from edgekit.train.ops import activations as ops
from edgekit.train.ops import comparisons
from edgekit.train.ops.ctc import ctc_loss as loss_of_paths
from edgekit.train.tensor import Tensor

__all__ = [
    "binary_crossentropy", "categorical_crossentropy", "ctc_decode", "ctc_loss",
    "sparse_categorical_crossentropy",
]  # fmt: skip


@operation
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-t log p - (1 - t) log(1 - p), element by element."""
    t = floating(target)
    if from_logits:
        return ops.softplus(floating(output)) - t * output
    p = clip(floating(output), 1e-7, 1 - 1e-7)
    return -(t * log(p) + (1 - t) * log(1 - p))


@operation
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum t log p along `axis`."""
    return losses.categorical_crossentropy(
        target, floating(output), from_logits=from_logits, axis=axis
    )


@operation
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log p of the class that the number `target` names."""
    return losses.sparse_categorical_crossentropy(
        target, floating(output), from_logits=from_logits, axis=axis
    )


# -- sequences ------------------------------------------------------------------------------------


@operation
def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0
) -> Any:
    """-log of the probability of all ways to spell the labels, for each sequence.

    target: (batch, n) labels; output: (batch, steps, classes) logits, `mask_index` the blank; of
    each sequence the first `target_length` labels and `output_length` steps count. It has first
    derivatives. Source: Graves et al. 2006.
    """
    logits, labels = floating(output), integers(target).astype(np.int64)
    steps = np.arange(logits.shape[1])[None, :, None]
    there = steps < integers(output_length).reshape(-1, 1, 1)
    # the primitive has the blank first, and sequences of one length: behind the end it is sure
    others = [i for i in range(logits.shape[-1]) if i != mask_index]
    logits = logits[..., np.array([mask_index, *others])]
    ended = np.where(np.arange(logits.shape[-1]) == 0, 0.0, -1e4).astype(logits.dtype)
    logits = comparisons.where(there, logits, ended)
    counted = np.arange(labels.shape[1]) < integers(target_length).reshape(-1, 1)
    labels = np.where(labels < mask_index, labels + 1, labels)
    return loss_of_paths(logits, np.where(counted, labels, 0))


def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Any, Any]:
    """(the labels of each sequence, ended by -1, of shape (paths, batch, steps); scores).

    inputs: (batch, steps, classes) logits, `mask_index` the blank. strategy: "greedy" takes the
    best class of each step, and scores by the negative sum of their logits; "beam_search" follows
    the best `beam_width` spellings, and scores `top_paths` of them by log probabilities.
    """
    logits = known(inputs, "ctc_decode")
    logits = to_numpy(logits).astype(np.float32 if logits.dtype.kind != "f" else logits.dtype)
    lengths = integers(sequence_lengths).tolist()
    if strategy not in ("greedy", "beam_search"):
        raise InputError(
            f"ctc_decode: strategy must be 'greedy' or 'beam_search'. Received: {strategy!r}"
        )
    found: Any
    if strategy == "greedy":
        found = [[_best(x[:n], merge_repeated, mask_index)]
                 for x, n in zip(logits, lengths, strict=True)]  # fmt: skip
    else:
        found = [_beams(x[:n], beam_width, mask_index)[:top_paths]
                 for x, n in zip(logits, lengths, strict=True)]  # fmt: skip
    paths = 1 if strategy == "greedy" else top_paths
    decoded = np.full((paths, len(lengths), logits.shape[1]), -1, np.int32)
    scores = np.full((len(lengths), paths), -np.inf, logits.dtype)
    for row, spellings in enumerate(found):
        for path, (labels, score) in enumerate(spellings):
            decoded[path, row, : len(labels)] = labels
            scores[row, path] = score
    return Tensor(decoded), Tensor(scores)


def _best(logits: np.ndarray, merge_repeated: bool, blank: int) -> tuple[list[int], float]:
    """(the labels of the best class of each step, the negative sum of their logits)."""
    labels = logits.argmax(axis=-1)
    kept = labels != blank
    if merge_repeated:
        kept[1:] &= labels[1:] != labels[:-1]
    return labels[kept].tolist(), -float(logits.max(axis=-1).sum())


def _beams(logits: np.ndarray, width: int, blank: int) -> list[tuple[tuple[int, ...], float]]:
    """Spellings with the logarithms of their probabilities, the best first. Graves 2012."""
    wide = logits.astype(np.float64)
    steps = wide - wide.max(axis=-1, keepdims=True)
    steps = steps - np.log(np.exp(steps).sum(axis=-1, keepdims=True))
    # of each spelling: the probability of being there with a blank last, and with its last label
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for step in steps.tolist():
        new: dict[tuple[int, ...], tuple[float, float]] = {}

        def add(labels: tuple[int, ...], ended: float, going: float, new: Any = new) -> None:
            before = new.get(labels, (-np.inf, -np.inf))
            new[labels] = (
                float(np.logaddexp(before[0], ended)), float(np.logaddexp(before[1], going))
            )  # fmt: skip

        for labels, (ended, going) in beams.items():
            both = float(np.logaddexp(ended, going))
            for label, p in enumerate(step):
                if label == blank:
                    add(labels, both + p, -np.inf)
                elif labels and label == labels[-1]:
                    add(labels, -np.inf, going + p)
                    add((*labels, label), -np.inf, ended + p)
                else:
                    add((*labels, label), -np.inf, both + p)
        ranked = sorted(new.items(), key=lambda one: -float(np.logaddexp(*one[1])))
        beams = dict(ranked[:width])
    return [(labels, float(np.logaddexp(*p))) for labels, p in beams.items()]
