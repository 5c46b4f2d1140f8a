"""The command line: `edgekit convert|inspect|verify|run|export|bench|migrate`.

Exit codes: 0 done; 1 `migrate` leaves something to do by hand; 2 the arguments, a file or the data
cannot be used; 3 an accuracy gate or a verification failed; 130 interrupted; 141 the reader of the
output went away.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from edgekit import __version__
from edgekit.errors import AccuracyGateError, EdgekitError

__all__ = ["main"]

# In the order of `edgekit --help`. Each module has `SUMMARY`, `add_arguments` and `run`, and
# imports numpy and the rooms of edgekit inside its functions, so that help and mistakes are quick.
COMMANDS = ("convert", "inspect", "verify", "run", "export", "bench", "migrate")

DONE, UNUSABLE, FAILED, INTERRUPTED, BROKEN_PIPE = 0, 2, 3, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` are those of the process if None."""
    _tolerate_streams()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return DONE
    try:
        code = int(importlib.import_module(f"{__name__}.{options.command}").run(options))
        sys.stdout.flush()
    except AccuracyGateError as error:
        return _refuse(error, options, FAILED)
    except (EdgekitError, OSError, MemoryError) as error:
        if isinstance(error, BrokenPipeError):
            return _reader_left()
        return _refuse(error, options, UNUSABLE)
    except KeyboardInterrupt:
        print("edgekit: interrupted", file=sys.stderr)
        return INTERRUPTED
    return code


def _tolerate_streams() -> None:
    """Print what a terminal has no letters for as escapes, and nothing where nobody listens.

    A service may be started without a standard output, or with one that knows ASCII alone.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show the traceback of an error",
    )
    parser = argparse.ArgumentParser(
        prog="edgekit",
        description="Convert a neural network to int8 and run it wherever numpy runs.",
        parents=[shared],
    )
    parser.add_argument("--version", action="version", version=f"edgekit {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name in COMMANDS:
        module = importlib.import_module(f"{__name__}.{name}")
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.__doc__, parents=[shared]
        )
        module.add_arguments(command)
    return parser


def _refuse(error: BaseException, options: argparse.Namespace, code: int) -> int:
    """Print what is wrong, and how it came about if the caller wants to know."""
    if getattr(options, "debug", False):
        raise error
    print(f"edgekit {options.command}: {_sentence(error)}", file=sys.stderr)
    return code


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    if isinstance(error, MemoryError):
        return f"not enough memory {error}".strip()
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


def _reader_left() -> int:
    """Nobody reads the output any more (`edgekit inspect m.edge | head`): end in silence."""
    # The interpreter flushes stdout once more at its end and must not fail then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
