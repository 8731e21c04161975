"""Hints at the ends of lines, as LSP has them."""

from __future__ import annotations

from ..hints import find_hints
from ..positions import to_position
from ..state import State
from .diagnostics import Json


def find_inlay_hints(state: State, params: Json) -> list[Json]:
    """The output of each layer in a range, at the end of its line; no line that is half written has one."""
    first, last = params["range"]["start"]["line"] + 1, params["range"]["end"]["line"] + 1
    source, made = state.source, []
    for hint in find_hints(state.meant, state.half_written):
        if first <= hint.line <= last:
            end = source.start(hint.line) + len(source.read_line(hint.line))
            shows = state.settings.shows_params and hint.params
            made.append(
                {
                    "position": to_position(source, end),
                    "label": f"{hint.output}  {hint.params}" if shows else hint.output,
                    "paddingLeft": True,
                    "tooltip": f"the output; {hint.params} parameters" if hint.params else "the output",
                }
            )
    return made
