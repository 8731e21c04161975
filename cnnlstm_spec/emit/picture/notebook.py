"""What a notebook shows of a compilation: an image, so that neither its styles nor its names reach the page; and the findings."""

from __future__ import annotations

import base64

from ...text.escape import html
from ...text.escape.terminal import make_lines_safe
from ...text.render import render
from .outline import Compiled
from .svg import draw


def to_html(compilation: Compiled) -> str:
    """The picture as an image, and the findings as text, without advice."""
    name = compilation.spec.name if compilation.spec is not None else compilation.source.name
    image = base64.b64encode(draw(compilation).encode()).decode()
    alt = html.escape_text(name).replace("\n", " ")
    shown = f'<img alt="{alt}" style="max-width:100%" src="data:image/svg+xml;base64,{image}">'
    found = [each for each in compilation.diagnostics if each.severity != "advice"]
    return f"{shown}<pre>{html.escape_text(make_lines_safe(render(found)))}</pre>" if found else shown
