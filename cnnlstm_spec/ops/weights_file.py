"""Files of weights below the folder of a spec: where one lies, and of a matrix what its header says. Reads no weights."""

from __future__ import annotations

import ast
import math
import re
import struct
from pathlib import Path as File
from typing import Any

from ..language.json_schema import Schema
from ..language.leaf import OpenLeaf
from ..language.scope import POISON, Poison, Scope
from ..text.diagnostic import Code
from ..text.files import PathError, find_sort, is_below, measure_size, read
from ..text.frozen import dataclass
from ..text.nodes import WRONG_TYPE, Node, Scalar, show_given

NO_FILE = Code("weights-file-missing", "error", "there is no weights file `{path}`", sort="keras")
NO_WEIGHTS = Code("weights-file-unreadable", "error", "`{path}` cannot be read as weights: {reason}")
OUTSIDE = Code("outside-the-folder", "error", "`{path}` lies outside the folder of the spec")

MAGIC = b"\x93NUMPY"
LONGEST = 10_000
"""Characters of a header that is looked at: NumPy reads none that is longer."""
MOST = 2**63
"""No axis has so many positions."""
NUMBERS = re.compile(r"[<>|=]?[biuf](\d{1,2})")
"""What a header calls numbers of so many bytes."""
BY_NUMPY = ("write it with `numpy.save`: a matrix of numbers, a row for each integer",)


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, by the path that is written and by the one that it is read at."""

    written: str
    path: str

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True)
class Matrix(WeightsFile):
    """A matrix in a `.npy` file."""

    shape: tuple[int, ...]


def find_file(node: Scalar, scope: Scope, help: tuple[str, ...], unreadable: tuple[str, ...]) -> WeightsFile | Poison:
    """The file of weights that a path leads to, or POISON: `help` says what else to write, `unreadable` what may lie there."""
    folder = scope.folder if scope.folder is not None else File()
    path = folder / node.text
    try:
        if not is_below(path, folder):
            beside = ("put the file beside the spec, or in a folder below it",)
            return scope.report(OUTSIDE, node, path=node.text, help=beside)
        sort = find_sort(path)
    except PathError as error:
        return scope.report(NO_WEIGHTS, node, path=node.text, reason=error.reason, help=unreadable)
    if sort is None:
        return scope.report(NO_FILE, node, path=node.text, help=("the path is relative to the spec", *help))
    if sort != "file":
        return scope.report(NO_WEIGHTS, node, path=node.text, reason=f"it is a {sort}", help=unreadable)
    return WeightsFile(node.text, str(path))


class MatrixKind(OpenLeaf[Matrix]):
    """The path of a `.npy` file with a matrix, relative to the spec."""

    words = "the path of a `.npy` file"
    canonical = (Matrix,)

    def read_node(self, node: Node, scope: Scope) -> Matrix | Poison:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=BY_NUMPY)
        found = find_file(node, scope, (), BY_NUMPY)
        if found is POISON:
            return POISON
        try:
            return Matrix(found.written, found.path, read_shape(File(found.path)))
        except PathError as error:
            return scope.report(NO_WEIGHTS, node, path=node.text, reason=error.reason, help=BY_NUMPY)

    def make_schema(self) -> Schema:
        return {"type": "string"}


def read_shape(path: File) -> tuple[int, ...]:
    """The shape of the array of numbers in a `.npy` file, from its header alone; raises PathError for any other file."""
    begin = read(path, LONGEST + 12)
    if not begin.startswith(MAGIC) or len(begin) < 12:
        raise PathError(path, "it is no `.npy` file")
    wide = begin[6] > 1
    first = 12 if wide else 10
    (length,) = struct.unpack_from("<I" if wide else "<H", begin, 8)
    try:
        header: Any = ast.literal_eval(begin[first : first + length].decode("latin1").strip()) if length <= LONGEST else None
        described, shape = header["descr"], header["shape"]
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        raise PathError(path, "its header cannot be read") from None
    if described == "|O":
        raise PathError(path, "it needs pickle, which could run code")
    numbers = NUMBERS.fullmatch(described) if isinstance(described, str) else None
    if numbers is None:
        raise PathError(path, "it holds no numbers")
    if not isinstance(shape, tuple) or not all(type(each) is int and 0 <= each < MOST for each in shape):
        raise PathError(path, "its header cannot be read")
    if measure_size(path) < first + length + math.prod(shape) * int(numbers[1]):
        raise PathError(path, "it ends before its last number")
    return shape
