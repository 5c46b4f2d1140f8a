"""The numbers that a `.edge` file carries; `schemas/README.md` says what raises each of them."""

from __future__ import annotations

__all__ = ["ARITHMETIC_VERSIONS", "FORMAT_VERSION", "MINIMAL_READER_VERSION", "READER_VERSION"]

FORMAT_VERSION = 1
"""What the writer writes."""

MINIMAL_READER_VERSION = 1
"""The oldest reader that understands everything the writer writes."""

READER_VERSION = 1
"""The newest format that the reader here understands."""

ARITHMETIC_VERSIONS = {"float32": 1, "fixedpoint": 1}
"""The version of each integer arithmetic, raised by a release that changes an output bit."""
