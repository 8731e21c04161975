"""Mistakes planted into drawn specs that are laid out as people lay them out: mended, they keep comments, gaps and line breaks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.source import Source
from fuzz.mends import WITHOUT_EFFECT, found_in
from fuzz.mistakes import PLANTS, draw

COMMENT = re.compile(r"#\t?[a-z]+ \d+")


def comment(text: str) -> str:
    """A comment on each line, and above every fourth; an empty line above every third."""
    written = []
    for number, line in enumerate(text.splitlines()):
        margin = " " * (len(line) - len(line.lstrip()))
        written += [""] * (number % 3 == 0) + [f"{margin}# over {number}"] * (number % 4 == 1)
        written.append(f"{line}\t#\ttab {number}" if number % 5 == 0 else f"{line}  # beside {number}")
    return "".join(f"{line}\n" for line in written if line.strip() or not line)


def widen(text: str) -> str:
    """Twice the columns before each line."""
    return re.sub(r"^ +", lambda found: 2 * found[0], text, flags=re.M)


LAYOUTS: dict[str, Callable[[str], str]] = {
    "commented": comment,
    "other line breaks": lambda text: text.replace("\n", "\r\n"),
    "all": lambda text: comment(widen(text)).rstrip("\n").replace("\n", "\r\n"),
}
LEFT_TO_ITSELF = {"not-yaml"}
"""A mistake of YAML itself is another one in another layout."""


def mended(text: str) -> str | None:
    """The text once it is mended; None where something is left."""
    done = mend(sweep(Source("spec.yaml", text)), True, Clock(lambda: 0.0))
    return next((after for _, after in done.changed), text) if not done.found else None


@pytest.mark.sampled(every=5, long=2)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("code", [code for code in PLANTS if code not in LEFT_TO_ITSELF])
def test_what_is_not_mended_stays(code: str, layout: str) -> None:
    mistake = next(found for seed in range(20) if (found := draw(code, seed)) is not None and mended(found.text) is not None)
    text = LAYOUTS[layout](mistake.text)
    if {each.code.name for each in found_in(text)} != {code}:
        pytest.skip("it is another mistake in this layout")
    after = mended(text)
    assert after is not None and mended(after) == after
    if code not in WITHOUT_EFFECT:
        assert sorted(COMMENT.findall(after)) == sorted(COMMENT.findall(text))
    assert ("\r\n" in text) == ("\r\n" in after) and not ("\r\n" in text and re.search(r"(?<!\r)\n", after))
