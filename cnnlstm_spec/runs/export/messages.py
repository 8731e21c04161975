"""What the process that exports and the one that converts say to each other: JSON, and arrays by name. Imports NumPy.

Nothing is unpickled on either side.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy

from ...text.escape.json import to_json

if TYPE_CHECKING:
    from ..samples import Array

LENGTH = struct.Struct(">Q")


def send(stream: BinaryIO, head: Mapping[str, object], arrays: Mapping[str, Array]) -> None:
    """Writes a message."""
    made = io.BytesIO()
    names = list(arrays)
    text = numpy.frombuffer(to_json({**head, "names": names}, None).encode(), "uint8")
    # Names may hold what no file of a zip can: they go by number.
    numpy.savez(
        made, allow_pickle=False, head=text, **{f"a{place}": _make_plain(arrays[name]) for place, name in enumerate(names)}
    )
    data = made.getbuffer()
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _make_plain(array: Array) -> Array:
    """An array without objects: texts are texts."""
    return array.astype(str) if array.dtype == object else array


def receive(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, Array]] | None:
    """Reads a message; None where the other side has ended."""
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(length)
    data = stream.read(size)
    if len(data) < size:
        return None
    with numpy.load(io.BytesIO(data), allow_pickle=False) as held:
        head = json.loads(held["head"].tobytes())
        arrays = {name: held[f"a{place}"] for place, name in enumerate(head.pop("names"))}
    return head, arrays
