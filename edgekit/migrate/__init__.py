"""Rewriting Keras and tf.keras scripts: `edgekit migrate script.py`."""

from edgekit.migrate.report import Change as Change
from edgekit.migrate.rewriting import migrate as migrate

__all__ = ["Change", "migrate"]
