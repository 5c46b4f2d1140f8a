"""Replay a model's test vectors: is it computed here bit for bit as where it was converted?"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgekit.errors import InputError

from .model import open_interpreter

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "replay the model's test vectors on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .edge file")


def run(options: argparse.Namespace) -> int:
    from edgekit.interpreter import verify

    ...
