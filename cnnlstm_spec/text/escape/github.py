"""Text in a workflow command of GitHub, which ends at a line break, and whose properties end at `,` and `::`."""

from __future__ import annotations

from .characters import make_visible

DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def escape_message(text: str) -> str:
    """What a command says, in several lines or one."""
    return "\n".join(map(make_visible, text.split("\n"))).translate(DATA)


def escape_value(text: str) -> str:
    """The value of a property."""
    return make_visible(text).translate(PROPERTY)
