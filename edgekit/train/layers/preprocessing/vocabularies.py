"""Layers that know a vocabulary, of strings or of integers."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.layers.preprocessing.lookup import IndexLookup

__all__ = ["IntegerLookup", "StringLookup"]


class StringLookup(IndexLookup):
    """Strings as indices, or back."""

    config_names = (
        *(name for name in IndexLookup.config_names if name != "vocabulary_dtype"),
        "encoding",
    )

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        **options: Any,
    ) -> None:
        options.pop("vocabulary_dtype", None)
        self.encoding = encoding
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, "string", idf_weights,
            invert, output_mode, sparse, pad_to_max_tokens, **options,
        )  # fmt: skip


class IntegerLookup(IndexLookup):
    """Integers as indices, or back."""

    is_text = False

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        **options: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise InputError(f"vocabulary_dtype must be 'int64'. Received: {vocabulary_dtype!r}")
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, vocabulary_dtype,
            idf_weights, **options,
        )  # fmt: skip
