"""A script as a syntax tree with the place of every node in its bytes, and the edits of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgekit.errors import InputError, require
from edgekit.migrate.report import Change

__all__ = ["Script"]

_BOM = b"\xef\xbb\xbf"


class Script:
    """The source, parsed. Edits are kept and applied together; nothing else can change."""

    def __init__(self, source: bytes, name: str) -> None:
        self.cst = require("libcst", extra="migrate")
        self._metadata = require("libcst.metadata", extra="migrate")
        self.name = name
        if name.endswith(".ipynb") or (source.startswith(b"{") and b'"nbformat"' in source):
            raise InputError(
                f"{name} is a notebook; make a script of it first (jupyter nbconvert --to script)"
            )
        self.mark = _BOM if source.startswith(_BOM) else b""
        self.source, self.tail = _without_tail(source[len(self.mark) :])
        module = self._parsed(self.source)
        if module.bytes != self.source:
            raise InputError(f"{name} cannot be rewritten without changing other bytes of it")
        wrapper = self._metadata.MetadataWrapper(module, unsafe_skip_copy=True)
        self.tree = wrapper.module
        self._spans = wrapper.resolve(self._metadata.ByteSpanPositionProvider)
        self._lines = wrapper.resolve(self._metadata.PositionProvider)
        self._names = wrapper.resolve(self._metadata.QualifiedNameProvider)
        self._modules = self._bound_modules()
        self.changes: list[Change] = []
        self._edits: dict[tuple[int, int], bytes] = {}

    def _parsed(self, source: bytes) -> Any:
        try:
            return self.cst.parse_module(source)
        except (self.cst.ParserSyntaxError, SyntaxError, ValueError, LookupError) as error:
            # The last three: of its bytes, and of the encoding that it names.
            line = getattr(error, "raw_line", 1)
            said = getattr(error, "message", error)
            raise InputError(f"{self.name}:{line}: not Python that can be read: {said}") from error

    # -- asking -----------------------------------------------------------------------------------

    def walk(self, node: Any, parents: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
        """(node, its parents from the innermost) for the whole tree, outer nodes first."""
        stack = [(node, parents)]
        while stack:
            found, above = stack.pop()
            yield found, above
            stack.extend((child, (found, *above)) for child in reversed(found.children))

    def dotted(self, node: Any) -> str | None:
        """`a.b.c` of names and attributes, None for anything else."""
        parts: list[str] = []
        while isinstance(node, self.cst.Attribute):
            parts.append(node.attr.value)
            node = node.value
        if not isinstance(node, self.cst.Name):
            return None
        return ".".join([node.value, *reversed(parts)])

    def root(self, node: Any) -> Any:
        """The name that a chain of attributes starts with."""
        while isinstance(node, self.cst.Attribute):
            node = node.value
        return node

    def imported_as(self, name: Any) -> str | None:
        """What module or name a name was imported as, where it is bound by an import."""
        source = self._metadata.QualifiedNameSource.IMPORT
        found = self._names.get(name)
        found = found() if callable(found) else found
        return min((q.name for q in found or () if q.source is source), default=None)

    def module_as(self, name: Any) -> str | None:
        """The module that a name was bound to by `import a.b as name`."""
        bound = name.value if isinstance(name, self.cst.Name) else ""
        return self._modules.get(bound) if self.imported_as(name) else None

    def _bound_modules(self) -> dict[str, str]:
        return {
            alias.asname.name.value: str(self.dotted(alias.name))
            for node, _ in self.walk(self.tree)
            if isinstance(node, self.cst.Import)
            for alias in node.names
            if alias.asname is not None
        }

    def line(self, node: Any) -> int:
        """The line of a node, from 1."""
        return int(self._lines[node].start.line)

    def span(self, node: Any) -> tuple[int, int]:
        """The first byte of a node, and the first after it."""
        found = self._spans[node]
        return found.start, found.start + found.length

    def text(self, node: Any) -> str:
        """The source of a node, on one line."""
        start, end = self.span(node)
        return " ".join(self.source[start:end].decode(self.tree.encoding).split())

    # -- editing ----------------------------------------------------------------------------------

    def replace(self, node: Any, new: str, said: str | None = None, note: str = "") -> None:
        """Put `new` in the place of a node and report it, or only do it with said=""."""
        self._edits[self.span(node)] = new.encode(self.tree.encoding)
        if said != "":
            self.changes.append(Change(self.line(node), said or self.text(node), note or new))

    def remove(self, start: int, end: int, node: Any, old: str) -> None:
        """Take bytes away and report it at the line of `node`."""
        self._edits[start, end] = b""
        self.changes.append(Change(self.line(node), old, "removed"))

    def insert(self, at: int, new: str) -> None:
        """Put `new` before a byte."""
        self._edits[at, at] = new.encode(self.tree.encoding)

    def remove_line(self, line: Any, node: Any, old: str) -> None:
        """Take a statement away; the whole line where nothing else is on it and the block keeps
        another statement, `pass` in its place else.
        """
        self.changes.append(Change(self.line(node), old, "removed"))
        start, end = self.whole_line(line)
        if start is None or end is None:
            self.replace(node, "pass", "")
        else:
            self._edits[start, end] = b""

    def whole_line(self, line: Any) -> tuple[int | None, int | None]:
        """The bytes of a line with one statement and no comment, its line end with them."""
        if len(line.body) > 1 or line.trailing_whitespace.comment is not None:
            return None, None
        start, end = self.span(line)
        while start > 0 and self.source[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        for ending in (b"\r\n", b"\n", b"\r"):
            at = end
            while self.source[at : at + 1] in (b" ", b"\t"):
                at += 1
            if self.source[at : at + len(ending)] == ending:
                return start, at + len(ending)
        return None, None

    def by_hand(self, node: Any, old: str, advice: str) -> None:
        """Report what is left to do."""
        self.changes.append(Change(self.line(node), old, advice, by_hand=True))

    def result(self) -> bytes:
        """The source with all edits; raises InputError where that would not be Python."""
        made, at = [], 0
        for (start, end), new in sorted(self._edits.items()):
            if start < at:
                continue  # inside of what was replaced as a whole
            made += [self.source[at:start], new]
            at = end
        done = b"".join([*made, self.source[at:]])
        self._parsed(done)
        return self.mark + done + self.tail


def _without_tail(source: bytes) -> tuple[bytes, bytes]:
    """(the source up to its last line of code, the blank lines and comments after it).

    libcst drops some blank lines there, and there is nothing to rewrite.
    """
    lines = source.splitlines(keepends=True)
    count = len(lines)
    while count and lines[count - 1].strip()[:1] in (b"", b"#"):
        count -= 1
    return b"".join(lines[:count]), b"".join(lines[count:])
