"""Replay a model's test vectors: does it compute here, bit for bit, what it did at conversion?"""

from __future__ import annotations

import argparse
from pathlib import Path

from .model import open_interpreter

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "replay the model's test vectors on this machine"
DIFFERS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .edge file")


def run(options: argparse.Namespace) -> int:
    from edgekit.interpreter import verify

    result = verify(open_interpreter(options.model))
    print(result)
    return 0 if result.bit_exact else DIFFERS
