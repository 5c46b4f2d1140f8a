"""What training says in lines: printed, or given to Python's logging."""

from __future__ import annotations

import logging

__all__ = [
    "disable_interactive_logging",
    "enable_interactive_logging",
    "is_interactive_logging_enabled",
    "say",
]

_STATE = {"interactive": True}


def enable_interactive_logging() -> None:
    """Print progress and messages, which is so from the beginning."""
    _STATE["interactive"] = True


def disable_interactive_logging() -> None:
    """Give progress and messages to the logger "edgekit" of Python's logging; print nothing."""
    _STATE["interactive"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress and messages are printed."""
    return _STATE["interactive"]


def say(line: str) -> None:
    """Print a line, or log it where interactive logging is off."""
    if _STATE["interactive"]:
        print(line, flush=True)
    else:
        logging.getLogger("edgekit").info(line)
