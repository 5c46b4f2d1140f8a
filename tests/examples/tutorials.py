"""What each script of examples/tutorials must print when it runs in the tests: data only."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["EXPECTED", "Expected"]


class Expected(NamedTuple):
    """`figures`: name of a printed figure -> (smallest, largest) that a sound training gives.

    A bound is one that a network which learned nothing, or half of it, would miss. `old`: a part
    of each warning about an old spelling that the script must cause; no other warning may come.
    `epochs`: fewer than the script's own, where that saves time. `needs`: packages.
    """

    figures: dict[str, tuple[float, float]]
    old: tuple[str, ...] = ()
    epochs: int | None = None
    needs: tuple[str, ...] = ()


EXPECTED = {
    "01_tabular_dropout": Expected(
        {"test accuracy": (0.87, 1), "int8 accuracy": (0.86, 1)},
    ),
    "17_lstm_activities": Expected(
        {"test accuracy": (0.93, 1), "int8 accuracy": (0.92, 1)},
    ),
    "18_gru_many_to_many": Expected(
        {"test accuracy": (0.88, 0.93), "int8 accuracy": (0.87, 0.93)},
    ),
    "19_bidirectional_masking": Expected(
        {"test accuracy": (0.92, 1), "int8 accuracy": (0.91, 1)},
    ),
    "20_simple_rnn_counting": Expected(
        {"test accuracy": (0.85, 1), "test error": (0, 0.3), "int8 accuracy": (0.8, 1)},
    ),
    "21_reviews_2019": Expected(
        {"test accuracy": (0.84, 1), "int8 accuracy": (0.83, 1)},
        old=("keras.preprocessing.text.Tokenizer", "input_length=", "lr= is", "predict_classes"),
    ),
    "22_text_vectorization": Expected(
        {"test accuracy": (0.83, 1), "int8 accuracy": (0.82, 1)},
    ),
    "23_conv1d_heartbeats": Expected(
        {
            "test accuracy": (0.9, 1),
            "test accuracy of the rarest": (0.88, 1),
            "int8 accuracy": (0.89, 1),
        },
    ),
    "24_time_series_forecast": Expected(
        {"test error": (0, 1.25), "int8 error": (0, 1.3)},
    ),
    "25_keyword_spotting": Expected(
        {"test accuracy": (0.93, 1), "int8 accuracy": (0.92, 1)},
    ),
}
