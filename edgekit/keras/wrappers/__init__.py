"""Models as scikit-learn's estimators: `keras.wrappers`."""

from edgekit.keras.layout import forward

_HERE = "edgekit.keras.wrappers"

__all__, __getattr__, __dir__ = forward(
    "wrappers",
    None,
    {
        "SKLearnClassifier": f"{_HERE}.estimators:SKLearnClassifier",
        "SKLearnRegressor": f"{_HERE}.estimators:SKLearnRegressor",
        "SKLearnTransformer": f"{_HERE}.estimators:SKLearnTransformer",
        "scikit_learn": f"{_HERE}.scikit_learn",
    },
)
