"""The characters that are never written as they are, and how they are shown instead. Imports nothing of ours."""

from __future__ import annotations

import re

CLASS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
"""Controls, line separators, what turns the direction of text, halves of characters, and what XML cannot hold."""
UNSAFE = re.compile(f"[{CLASS}]")


def make_visible(text: str) -> str:
    r"""The text with `\x1b` and `\u202e` where such characters stand."""
    return text if text.isprintable() else UNSAFE.sub(_name_character, text)


def _name_character(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
