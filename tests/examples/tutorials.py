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
    "02_regression_normalization": Expected(
        {"test error": (0, 0.95), "test error of a line": (1.1, 2), "int8 error": (0, 1)},
    ),
    "03_lenet_subclassing": Expected({"test accuracy": (0.94, 1), "int8 accuracy": (0.93, 1)}),
    "04_gradient_tape": Expected({"test accuracy": (0.91, 1), "int8 accuracy": (0.9, 1)}),
    "05_augmentation_generator": Expected(
        {"test accuracy": (0.85, 1), "int8 accuracy": (0.85, 1)},
        old=(
            "lr= is learning_rate=",
            "preprocessing.image.ImageDataGenerator is an old spelling",
            "Model.fit_generator() is an old spelling",
            "Model.predict_classes() is an old spelling",
        ),
    ),
    "06_augmentation_layers": Expected(
        {
            "test accuracy": (0.84, 1),
            "test accuracy without augmentation": (0.78, 0.93),
            "int8 accuracy": (0.82, 1),
        },
        epochs=20,
    ),
    "07_dense_autoencoder": Expected({"test error": (0, 0.025), "int8 error": (0, 0.026)}),
    "08_denoising_autoencoder": Expected(
        {"test error": (0, 0.04), "int8 error": (0, 0.041)},
        epochs=2,
    ),
    "09_transfer_frozen_layers": Expected(
        {
            "test accuracy": (0.76, 1),
            "test accuracy without transfer": (0.6, 0.85),
            "int8 accuracy": (0.75, 1),
        },
    ),
    "10_fine_tuning_mobilenet": Expected(
        {
            "test accuracy": (0.75, 1),
            "test accuracy with a new head": (0.5, 1),
            "int8 accuracy": (0.73, 1),
        },
        epochs=3,
    ),
    "11_multi_input": Expected({"test accuracy": (0.92, 1), "int8 accuracy": (0.91, 1)}),
    "12_multi_output": Expected(
        {
            "test accuracy": (0.91, 1),
            "test accuracy of leaning": (0.93, 1),
            "test error of ink": (0, 0.18),
            "int8 accuracy": (0.9, 1),
        },
    ),
    "13_early_stopping_checkpoint": Expected(
        {
            "test accuracy": (0.96, 1),
            "test accuracy with a smaller rate": (0.97, 1),
            "int8 accuracy": (0.95, 1),
        },
    ),
    "14_learning_rates": Expected(
        {
            "test accuracy": (0.89, 1),
            "test accuracy of the worst": (0.86, 1),
            "int8 accuracy": (0.88, 1),
        },
    ),
    "15_grid_search": Expected(
        {"test accuracy": (0.93, 1), "int8 accuracy": (0.92, 1)},
        old=(
            "KerasClassifier is an old spelling",
            "init= is kernel_initializer=",
            "lr= is learning_rate=",
            "nb_epoch= is epochs=",
        ),
        needs=("sklearn",),
    ),
    "16_class_weights": Expected(
        {
            "test auc": (0.93, 1),
            "test recall": (0.8, 1),
            "test recall without class weights": (0.3, 0.7),
            "int8 recall": (0.78, 1),
        },
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
    "26_transformer": Expected(
        {"test accuracy": (0.93, 1), "int8 accuracy": (0.92, 1)},
    ),
    "27_custom_layer": Expected(
        {"test accuracy": (0.95, 1), "int8 accuracy": (0.94, 1)},
    ),
    "28_custom_loss_and_metric": Expected(
        {
            "test loss": (0, 0.14),
            "test share covered": (0.84, 0.95),
            "test waste": (0, 1.2),
            "int8 share covered": (0.84, 0.96),
        },
    ),
    "29_custom_callback": Expected(
        {"test accuracy": (0.96, 1), "int8 accuracy": (0.95, 1)},
    ),
    "30_custom_train_step": Expected(
        {"test accuracy": (0.88, 1), "int8 accuracy": (0.87, 1)},
    ),
    "31_gan": Expected(
        {"test distance": (0, 0.12), "test sectors": (0.8, 1), "int8 distance": (0, 0.13)},
    ),
    "32_gradient_penalty": Expected(
        {
            "test distance": (0, 0.12),
            "test missed": (0, 0.12),
            "test slope": (0.6, 1.5),
            "int8 distance": (0, 0.13),
        },
        epochs=6,
    ),
    "33_variational_autoencoder": Expected(
        {
            "test loss": (30, 41),
            "test separation": (0.8, 1),
            "int8 difference": (0, 0.02),
        },
    ),
    "34_siamese": Expected(
        {
            "test accuracy": (0.88, 1),
            "test accuracy on new digits": (0.55, 1),
            "int8 accuracy": (0.87, 1),
        },
        epochs=6,
    ),
    "35_pipeline": Expected(
        {"test accuracy": (0.94, 1), "test r2": (0.27, 0.6), "int8 accuracy": (0.93, 1)},
        needs=("sklearn",),
    ),
    "38_anomaly_detection": Expected(
        {"test auc": (0.9, 1), "int8 auc": (0.89, 1)},
    ),
    "39_resnet_functional": Expected(
        {"test accuracy": (0.9, 1), "int8 accuracy": (0.89, 1)},
        epochs=4,
    ),
    "40_saving_and_resuming": Expected(
        {
            "test accuracy": (0.97, 1),
            "test difference of the resumed": (0, 0),
            "int8 accuracy": (0.96, 1),
        },
    ),
    "41_mixed_precision": Expected(
        {
            "test accuracy": (0.91, 1),
            "test accuracy in float32": (0.91, 1),
            "int8 accuracy": (0.9, 1),
        },
    ),
    "42_quantization_aware": Expected(
        {
            "test millimetres": (0, 6),
            "int8 millimetres": (0, 7.5),
            "int8 millimetres of the aware model": (0, 7),
        },
        epochs=20,
    ),
    "43_from_training_to_the_pi": Expected(
        {"test accuracy": (0.92, 1), "int8 accuracy": (0.91, 1)},
        epochs=3,
    ),
    "36_py_dataset": Expected({"test accuracy": (0.86, 1), "int8 accuracy": (0.85, 1)}),
    "37_strategy_scope": Expected({"test accuracy": (0.92, 1), "int8 accuracy": (0.91, 1)}),
}
