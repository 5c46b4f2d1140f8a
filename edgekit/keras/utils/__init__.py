"""What stands beside the network: `keras.utils`."""

from edgekit.keras.layout import forward

_HERE, _TRAIN, _READ = "edgekit.keras.utils", "edgekit.train", "edgekit.train.preprocessing"

__all__, __getattr__, __dir__ = forward(
    "utils",
    None,
    {
        **{
            name: f"{_READ}:{name}"
            for name in (
                "array_to_img", "audio_dataset_from_directory", "image_dataset_from_directory",
                "img_to_array", "load_img", "pad_sequences", "save_img",
                "text_dataset_from_directory", "timeseries_dataset_from_array",
            )
        },
        **{
            name: f"{_TRAIN}.custom_objects:{name}"
            for name in (
                "CustomObjectScope", "custom_object_scope", "get_custom_objects",
                "get_registered_name", "get_registered_object", "register_keras_serializable",
            )
        },
        **{
            name: f"{_TRAIN}.messages:{name}"
            for name in (
                "disable_interactive_logging", "enable_interactive_logging",
                "is_interactive_logging_enabled",
            )
        },
        **{
            name: f"{_HERE}.symbols:{name}"
            for name in ("is_keras_tensor", "standardize_dtype")
        },
        **{
            name: f"{_HERE}.batches:{name}"
            for name in ("pack_x_y_sample_weight", "unpack_x_y_sample_weight")
        },
        "FeatureSpace": f"{_HERE}.features:FeatureSpace",
        "PyDataset": f"{_TRAIN}.py_dataset:PyDataset",
        "Sequence": f"{_TRAIN}.py_dataset:PyDataset",
        "Progbar": f"{_HERE}.progress:Progbar",
        "clear_session": f"{_TRAIN}:clear_session",
        "deserialize_keras_object": f"{_HERE}.objects:deserialize_keras_object",
        "get_source_inputs": f"{_HERE}.sources:get_source_inputs",
        "get_file": f"{_HERE}.files:get_file",
        "model_to_dot": f"{_TRAIN}.models.dot_text:model_to_dot",
        "normalize": f"{_HERE}.arrays:normalize",
        "plot_model": f"{_TRAIN}.models:plot_model",
        "serialize_keras_object": f"{_HERE}.objects:serialize_keras_object",
        "set_random_seed": f"{_TRAIN}:set_random_seed",
        "split_dataset": f"{_HERE}.arrays:split_dataset",
        "to_categorical": f"{_HERE}.arrays:to_categorical",
    },
)  # fmt: skip
