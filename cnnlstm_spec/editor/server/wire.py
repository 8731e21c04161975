"""Messages of JSON-RPC with the headers of LSP, read from a stream and written to one. Imports what escapes JSON.

A message that is none is told from one that cannot be read on after: after the second kind nothing more is read.
"""

from __future__ import annotations

import json
import threading
from typing import Any, BinaryIO

from ...text.escape.json import to_json

LARGEST = 64 * 2**20
"""Bytes of a message; a text of a spec has 4 MiB at most."""
LONGEST_HEADER = 4096
HEADERS = 20

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
NOT_INITIALIZED, REQUEST_FAILED, CANCELLED, CONTENT_MODIFIED = -32002, -32803, -32800, -32801

Json = dict[str, Any]


class Malformed(Exception):
    """A message that is not one of JSON-RPC; the next one can be read."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class BrokenStream(Exception):
    """The stream no longer holds messages."""


def read_message(stream: BinaryIO) -> Json | None:
    """The next message, None where the stream has ended; raises Malformed and Broken."""
    length: int | None = None
    for number in range(HEADERS + 1):
        line = stream.readline(LONGEST_HEADER)
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            if number:
                break
            continue
        name, colon, value = line.partition(b":")
        if not colon or not line.endswith(b"\n"):
            raise BrokenStream("a header without a colon")
        if name.strip().lower() == b"content-length":
            text = value.strip()
            if not text.isdigit() or len(text) > 12 or int(text) > LARGEST:
                raise BrokenStream("a length that no message has")
            length = int(text)
    if length is None:
        raise BrokenStream("a message without its length")
    body = stream.read(length)
    if len(body) < length:
        return None
    return _decode(body)


def _decode(body: bytes) -> Json:
    try:
        message = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Malformed(PARSE_ERROR, f"not JSON: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise Malformed(INVALID_REQUEST, "a message is an object")
    return message


class MessageWriter:
    """Writes messages whole, whichever thread has them; once nobody reads, it writes no more."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.lock, self.is_closed = stream, threading.Lock(), False

    def send(self, message: Json) -> None:
        """One message."""
        body = to_json({"jsonrpc": "2.0", **message}, None).encode("ascii")
        with self.lock:
            if self.is_closed:
                return
            try:
                self.stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
                self.stream.flush()
            except (OSError, ValueError):
                self.is_closed = True

    def answer(self, id: int | str | None, result: object) -> None:
        """The result of a request."""
        self.send({"id": id, "result": result})

    def refuse(self, id: int | str | None, code: int, words: str) -> None:
        """Why a request has no result."""
        self.send({"id": id, "error": {"code": code, "message": words}})

    def notify(self, method: str, params: Json) -> None:
        """What nobody has asked for."""
        self.send({"method": method, "params": params})
