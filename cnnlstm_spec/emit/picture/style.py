"""The colours of a picture, light and dark, as a style sheet in plain CSS 2: no variables, which renderers of SVG lack."""

from __future__ import annotations

FAMILY = "Inter,'Inter Variable',system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif"

TONES: dict[str, tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    "image": (("#2563eb", "#eff5ff", "#a9c6fb"), ("#3b76f0", "#14223f", "#2b4a86")),
    "sequence": (("#0d857b", "#ecfaf7", "#93d5cb"), ("#13988c", "#0f2a2a", "#1f5f59")),
    "video": (("#7c3aed", "#f5f1ff", "#cbb5fa"), ("#8b5cf6", "#211a3d", "#503a8c")),
    "volume": (("#b32bc4", "#fdf2ff", "#e5aeec"), ("#c346d3", "#301636", "#74307e")),
    "vector": (("#b96a06", "#fff7ea", "#efc789"), ("#cf7d14", "#2e210f", "#7a501a")),
    "tokens": (("#d32a72", "#fff1f6", "#f4abc8"), ("#e0508d", "#331523", "#80304f")),
    "tensor": (("#52647c", "#f3f6f9", "#bcc7d5"), ("#6c7f98", "#1b2431", "#3f4e62")),
    "fusion": (("#1f2a44", "#f2f4f8", "#b9c2d3"), ("#dfe6f3", "#1c2535", "#46536b")),
    "head": (("#15803d", "#eefaf1", "#9bd6ae"), ("#1f9a4e", "#10271a", "#276241")),
}
"""Tone to (strong, fill, border), light and dark."""

LIGHT = {
    "paper": "#ffffff",
    "card": "#ffffff",
    "ink": "#101828",
    "soft": "#475467",
    "faint": "#667085",
    "line": "#98a2b3",
    "edge": "#d0d5dd",
    "shade": "#101828",
    "on": "#ffffff",
    "onfusion": "#ffffff",
    "red": "#d92d20",
    "redfill": "#fef3f2",
    "amber": "#b54708",
}
DARK = {
    "paper": "#0d1117",
    "card": "#161b22",
    "ink": "#f0f3f6",
    "soft": "#aab4c0",
    "faint": "#8b96a5",
    "line": "#5b6675",
    "edge": "#30363d",
    "shade": "#ffffff",
    "on": "#ffffff",
    "onfusion": "#0d1117",
    "red": "#ff6b60",
    "redfill": "#351615",
    "amber": "#f0a44b",
}


def write_style_sheet() -> str:
    """Light by default; dark where the reader prefers it."""
    return _write_common() + _write_colours(LIGHT, 0) + "@media (prefers-color-scheme:dark){" + _write_colours(DARK, 1) + "}"


def _write_common() -> str:
    return (
        f"text{{font-family:{FAMILY};font-size:11px}}"
        ".h{font-size:22px;font-weight:600}.d{font-size:13px}.f{font-size:12px}"
        ".t{font-size:13px;font-weight:600}.n,.p,.lane,.mask,.lost{font-size:10px}.ft{font-size:10px;font-weight:600}"
        ".l{fill:none;stroke-width:1.4;stroke-linejoin:round}.l.dim{stroke-dasharray:4 4}"
        ".b{stroke-width:1.2}.frame{stroke-width:1.2}.frame.time{stroke-dasharray:7 4}.frame.split{stroke-dasharray:2 3}"
        ".tag{fill:none;stroke-width:1;stroke-dasharray:3 2}.b.shared{stroke-dasharray:5 3}"
        ".bad{stroke-width:2.2}.off{opacity:.5}.frame{fill-opacity:.035}"
    )


def _write_colours(c: dict[str, str], mode: int) -> str:
    rules = [
        f".paper{{fill:{c['paper']}}}.h,.t,.m{{fill:{c['ink']}}}.d,.a,.shape,.f{{fill:{c['soft']}}}",
        f".n,.p,.lane,.unknown{{fill:{c['faint']}}}.l{{stroke:{c['line']}}}.ar,.dot{{fill:{c['line']}}}",
        f".b{{fill:{c['card']};stroke:{c['edge']}}}.frame{{fill:{c['shade']};stroke:{c['edge']}}}.ft,.fn{{fill:{c['faint']}}}",
        f".mask{{fill:{c['soft']}}}.tag{{stroke:{c['line']}}}.lost,.problem{{fill:{c['amber']}}}.tag.gone{{stroke:{c['amber']}}}",
    ]
    for tone, modes in TONES.items():
        strong, fill, border = modes[mode]
        on = c["onfusion"] if tone == "fusion" else c["on"]
        rules += [
            f".{tone} .b{{fill:{fill};stroke:{border}}}.{tone} .b.plain{{fill:{c['card']}}}",
            f".{tone} .b.merge{{fill:{c['card']};stroke:{strong}}}.{tone} .b.solid{{fill:{strong};stroke:{strong}}}",
            f".{tone} .on{{fill:{on}}}.{tone} .frame{{fill:{strong};stroke:{border}}}.{tone} .ft{{fill:{strong}}}",
        ]
    rules.append(f".bad .b.bad{{fill:{c['redfill']};stroke:{c['red']}}}.bad .t,.bad text.e,.e{{fill:{c['red']}}}")
    rules.append(f".bad .on{{fill:{c['ink']}}}")
    return "".join(rules)
