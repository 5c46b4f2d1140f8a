"""What was changed in a script, and what is left to do by hand."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Change"]


class Change(NamedTuple):
    """One place in a script. `by_hand`: nothing was changed; `new` says what to do."""

    line: int
    old: str
    new: str
    by_hand: bool = False

    def text(self, file: str) -> str:
        """The line of the report: `file:line: what -> what`."""
        mark = "by hand: " if self.by_hand else ""
        return f"{file}:{self.line}: {mark}{self.old} -> {self.new}"
