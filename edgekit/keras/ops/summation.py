"""Einstein's summation, by products of matrices."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.reductions import sum as total
from edgekit.keras.ops.shapes import transpose
from edgekit.keras.ops.taking import diagonal
from edgekit.keras.ops.tensors import as_tensor, operation, together
from edgekit.train.ops import math
from edgekit.train.serialization import accept_options

__all__ = ["einsum"]

Term = tuple[str, Any]
"""A letter for each axis, and the tensor."""


@operation
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Einstein's summation: "ij,jk->ik" is a product of matrices, "..." stands for further axes.

    Operands are brought together two by two from the left. `optimize` changes nothing here.
    """
    accept_options("keras.ops.einsum", {k: v for k, v in kwargs.items() if k != "optimize"})
    given = together(*(as_tensor(x) for x in operands))
    names, result = _written_out(subscripts, [len(x.shape) for x in given])
    terms = [_without_repeats(term) for term in zip(names, given, strict=True)]
    while len(terms) > 1:
        later = set(result).union(*(name for name, _ in terms[2:]))
        terms[:2] = [_joined(terms[0], terms[1], later)]
    name, x = _summed(terms[0], set(result))
    return transpose(x, [name.index(i) for i in result]) if result != name else x


def _written_out(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """(the letters of each operand, those of the result), with letters for "..." too."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    names = left.split(",")
    if len(names) != len(ranks):
        raise InputError(f"einsum {subscripts!r}: {len(ranks)} operands were given")
    free = [c for c in string.ascii_letters if c not in subscripts]
    extra = [rank - len(name.replace("...", "")) for name, rank in zip(names, ranks, strict=True)]
    most = max((n for n, name in zip(extra, names, strict=True) if "..." in name), default=0)
    more = "".join(free[:most])
    for name, rank, n in zip(names, ranks, extra, strict=True):
        if n < 0 or (n and "..." not in name):
            raise InputError(f"einsum {subscripts!r}: {name!r} does not fit {rank} axes")
    names = [name.replace("...", more[most - n :]) for name, n in zip(names, extra, strict=True)]
    if not arrow:
        letters = "".join(names)
        once = sorted(c for c in set(letters) if letters.count(c) == 1 and c not in more)
        return names, more + "".join(once)
    return names, result.replace("...", more)


def _without_repeats(term: Term) -> Term:
    """Of an index that occurs twice the diagonal."""
    name, x = term
    for index in dict.fromkeys(name):
        while name.count(index) > 1:
            first = name.index(index)
            second = name.index(index, first + 1)
            x = diagonal(x, 0, first, second)
            name = "".join(c for i, c in enumerate(name) if i not in (first, second)) + index
    return name, x


def _summed(term: Term, wanted: set[str]) -> Term:
    """Without the indices that nobody wants."""
    name, x = term
    gone = tuple(i for i, index in enumerate(name) if index not in wanted)
    return ("".join(i for i in name if i in wanted), total(x, gone)) if gone else term


def _joined(a: Term, b: Term, wanted: set[str]) -> Term:
    """The product of two, without the indices that are in none of the others."""
    a, b = _summed(a, wanted | set(b[0])), _summed(b, wanted | set(a[0]))
    both = [i for i in a[0] if i in b[0]]
    batch = "".join(i for i in both if i in wanted)
    inner = "".join(i for i in both if i not in wanted)
    rows = "".join(i for i in a[0] if i not in both)
    columns = "".join(i for i in b[0] if i not in both)
    sizes = dict(zip(a[0], a[1].shape, strict=True))
    for index, n in zip(b[0], b[1].shape, strict=True):
        if sizes.setdefault(index, n) == 1:
            sizes[index] = n
        if n not in (1, sizes[index]):
            raise InputError(f"einsum: {sizes[index]} and {n} elements along index {index!r}")
    left = _arranged(a, batch, rows, inner, sizes)
    right = _arranged(b, batch, inner, columns, sizes)
    shape = [sizes[i] for i in batch + rows + columns]
    return batch + rows + columns, math.matmul(left, right).reshape(*shape)


def _arranged(term: Term, batch: str, rows: str, columns: str, sizes: dict[str, int]) -> Any:
    """A stack of matrices: the batch, then two groups of indices as rows and columns."""
    name, x = term
    order = batch + rows + columns
    x = transpose(x, [name.index(i) for i in order])
    full = tuple(sizes[i] for i in order)
    x = x if tuple(x.shape) == full else math.broadcast_to(x, shape=full)
    groups = [int(np.prod([sizes[i] for i in group])) for group in (rows, columns)]
    return x.reshape(*(sizes[i] for i in batch), *groups)
