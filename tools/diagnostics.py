"""Writes `docs/diagnostics.md`: every diagnostic on one page, with a spec that has it, what is said of that, and one without it.

python tools/diagnostics.py            write the page
python tools/diagnostics.py --check    exit 1 where it is not what the pages in `cnnlstm_spec/text/codes/` and the messages give
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from functools import cache
from pathlib import Path

import cnnlstm_spec
from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.text.diagnostic import CODES, Code
from cnnlstm_spec.text.render import render
from cnnlstm_spec.text.source import Source

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "diagnostics.md"
PAGES = ROOT / "cnnlstm_spec" / "text" / "codes"

SORTS = {
    "keras": ("Errors that Keras has too", "At the build, or on the first batch."),
    "language": ("Errors of the language", "What breaks a rule of the language, or a promise of the spec."),
    "warning": ("Warnings", "The model runs, and is probably not what was meant."),
    "advice": ("Advice", "The model runs and may be meant; told where it is asked for."),
}
PAGE = re.compile(
    r"(?P<text>.+?)\n\n## Wrong\n\n```(?P<sort>\w+)\n(?P<wrong>.+?)```\n\n## Right\n\n"
    r"```\w+\n(?P<right>.+?)```\n",
    re.S,
)
HEAD = """# Diagnostics

Made by `make docs` from the pages that `cnnlstm-spec explain CODE` prints, and from what is said of the specs in them. Under each
code stands the first line of its message; what a spec fills in is in braces.
"""


@cache
def import_all() -> None:
    """Imports every module, so that all codes are declared; those that need Keras or another extra declare none."""
    for module in pkgutil.walk_packages(cnnlstm_spec.__path__, "cnnlstm_spec."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as missing:
            if (missing.name or "").startswith("cnnlstm_spec"):
                raise


def sort_of(code: Code) -> str:
    """The section that a code stands in."""
    return code.sort if code.severity == "error" else code.severity


def make_entry(code: Code) -> str:
    """The section of one code: its title, its text, the wrong spec, what is said of it, and the right one."""
    page = PAGE.fullmatch((PAGES / f"{code.name}.md").read_text("utf-8"))
    assert page is not None, code.name
    parts = [f"### {code.name}", f"`{code.template}`" if "`" not in code.template else f"`` {code.template} ``", page["text"]]
    parts.append(f"```{page['sort']}\n{page['wrong']}```")
    if page["sort"] == "yaml":
        said = render(compile_source(Source("spec.yaml", page["wrong"])).diagnostics)
        parts.append(f"```text\n{said}\n```")
    return "\n\n".join([*parts, "Right:", f"```{page['sort']}\n{page['right']}```"])


def make_page() -> str:
    """The whole page."""
    import_all()
    parts = [HEAD]
    for sort, (title, text) in SORTS.items():
        codes = [CODES[name] for name in sorted(CODES) if sort_of(CODES[name]) == sort]
        if codes:
            parts += [f"## {title}\n\n{text}\n", *(make_entry(code) + "\n" for code in codes)]
    return "\n".join(parts)


def main() -> int:
    """Writes or checks the page."""
    page = make_page()
    if "--check" in sys.argv[1:]:
        held = FILE.exists() and FILE.read_text("utf-8") == page
        if not held:
            print("docs/diagnostics.md is out of date; run `make docs`", file=sys.stderr)
        return 0 if held else 1
    FILE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
