"""The rewriting of one script: what is not named in the report stays as it is, byte for byte."""

from __future__ import annotations

from edgekit.migrate.imports import rewrite_imports
from edgekit.migrate.report import Change
from edgekit.migrate.script import Script
from edgekit.migrate.uses import rewrite_uses

__all__ = ["migrate"]


def migrate(source: bytes, name: str = "script.py") -> tuple[bytes, list[Change]]:
    """(the rewritten source, what was changed and what is left to do, by line).

    Needs libcst (`pip install "edgekit[migrate]"`). Raises InputError where the source is no
    Python. Migrating the result once more changes nothing.
    """
    script = Script(source, name)
    left, needed = rewrite_uses(script)
    rewrite_imports(script, left, needed)
    return script.result(), sorted(script.changes, key=lambda change: change.line)
