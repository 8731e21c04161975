"""Values as JSON, in ASCII: it stays what it is in every encoding, and holds nothing that a terminal would obey."""

from __future__ import annotations

import json


def to_json(value: object, indent: int | None = 2) -> str:
    """The text; a number that JSON does not have raises ValueError."""
    return json.dumps(value, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")


class JsonList:
    """The list of a document of which all else is known, written an item at a time; together they are what `to_json` gives."""

    def __init__(self, document: object) -> None:
        # The list is the last empty one of the document.
        self._head, _, self._tail = to_json(document).rpartition("[]")
        line = self._head.rpartition("\n")[2]
        self._margin = "\n" + " " * (len(line) - len(line.lstrip(" ")))
        self._is_empty = True

    def add(self, value: object) -> str:
        """The next item, and what stands before it."""
        before = f"{self._head}[" if self._is_empty else ","
        self._is_empty = False
        return before + f"\n{to_json(value)}".replace("\n", f"{self._margin}  ")

    def end(self) -> str:
        """What stands after the last item; all of the document where there is none."""
        return (f"{self._head}[]" if self._is_empty else f"{self._margin}]") + self._tail


def write_readable(value: object, separators: tuple[str, str] | None = None) -> str:
    """The text on one line, as a person reads it; whoever prints it makes it fit for where."""
    return json.dumps(value, separators=separators, ensure_ascii=False)
