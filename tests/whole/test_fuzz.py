"""Input that means harm or is merely broken: a diagnostic, soon, and never a bug of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT

from cnnlstm_spec.cli.main import BUG, run

SPECS = [
    path.read_text("utf-8") for path in sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("cnnlstm_spec/cli/templates/*.yaml")])
]
TOKEN = re.compile(r"[\w$.\-/]+|[^\s\w]")
ODD = ["null", "-1", "0", "1e400", "[]", "{}", "$", "$width", '"${width * 2}"', "[1, 2", "&a", "*a", "<<: *a", "!!str", ".nan"]
ODD += [".inf", "1/0", "99999999999", "~", "\t", "\u2028", '"\\ud83d"', "- ", "? ", ": ", "|", ">", "...", "---", "010", "\x00"]
WORDS = sorted({*ODD, *(token for text in SPECS for token in TOKEN.findall(text))})
COMMANDS = [["validate"], ["shapes"], ["emit", "python"], ["dump", "--stage", "spec"]]


@st.composite
def mutated(draw: Callable[..., object]) -> str:
    """A spec with a few words replaced, removed or put in, and lines doubled or dropped."""
    text = str(draw(st.sampled_from(SPECS)))
    for _ in range(int(str(draw(st.integers(1, 4))))):
        tokens = list(TOKEN.finditer(text))
        lines = text.split("\n")
        if not tokens:
            break
        token = tokens[int(str(draw(st.integers(0, len(tokens) - 1))))]
        line = int(str(draw(st.integers(0, len(lines) - 1))))
        word = str(draw(st.sampled_from(WORDS)))
        match draw(st.integers(0, 4)):
            case 0:
                text = text[: token.start()] + word + text[token.end() :]
            case 1:
                text = text[: token.start()] + text[token.end() :]
            case 2:
                text = f"{text[: token.start()]}{word} {text[token.start() :]}"
            case 3:
                text = "\n".join([*lines[:line], *lines[line + 1 :]])
            case _:
                text = "\n".join([*lines[:line], lines[line], *lines[line:]])
    return text


def check(data: bytes, folder: Path, command: list[str]) -> None:
    path = folder / "fuzzed.yaml"
    path.write_bytes(data)
    assert run([*command, str(path)]) != BUG


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@QUIET
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(data: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(data, folder, ["validate"])


@settings(QUIET, max_examples=300)
@given(text=mutated(), command=st.sampled_from(COMMANDS))
def test_mutated_specs(text: str, command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(text.encode("utf-8", "surrogatepass"), folder, command)


@settings(QUIET, max_examples=100)
@given(text=mutated())
def test_mutated_specs_are_drawn(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(text.encode("utf-8", "surrogatepass"), folder, ["plot", "-o", str(folder / "out.svg")])


@settings(QUIET, max_examples=200)
@given(
    path=st.lists(
        st.sampled_from(
            ["branches", "video", "layers", "head", "fusion", "compile", "optimizer", "loss", "[0]", "[1]", "units", "x"]
        ),
        min_size=1,
    ),
    value=st.sampled_from(WORDS),
    text=st.sampled_from(SPECS),
)
def test_overrides(path: list[str], value: str, text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    joined = ".".join(path).replace(".[", "[").replace("\x00", "")
    check(text.encode(), folder, ["validate", "--set", f"{joined}={value}"])


BRANCH = "version: 1\nname: x\nhead: []\nbranches:\n  a:\n    input: {kind: image, shape: [8, 8, 3]}\n    layers:\n"
BLOCKS = "blocks:\n" + "".join(f"  b{i}: {{layers: [{', '.join([f'b{i + 1}'] * 10)}]}}\n" for i in range(8))
HARM = {
    "brackets": ("[" * 200_000, "nested-too-deep"),
    "braces": ("{a: " * 100_000, "nested-too-deep"),
    "dashes": ("- " * 100_000, "nested-too-deep"),
    "aliases": (
        "x0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(f"x{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)),
        "aliases-too-large",
    ),
    "cycle": ("a: &a [*a]", "alias-cycle"),
    "merge of itself": ("a: &a\n  <<: *a\n", "alias-cycle"),
    "python tag": ("!!python/object/apply:os.system ['exit 3']", "unknown-tag"),
    "binary tag": ("version: !!binary aGk=", "unknown-tag"),
    "control character": ("version: 1\x07", "not-text"),
    "surrogate": ('name: "\\ud800"\n', "not-yaml"),
    "tab": ("version: 1\n\tname: x\n", "not-yaml"),
    "documents": ("version: 1\n---\nversion: 1\n", "several-documents"),
    "digits": ("seed: " + "9" * 5000, "unclear-number"),
    "not a number": (BRANCH + "      - Dropout: {rate: .nan}\n", "value-not-allowed"),
    "long word": ("a" * 3_000_000, "not-a-spec"),
    "parentheses": (
        'vars: {a: "${' + "(" * 5000 + "1" + ")" * 5000 + '}"}\n' + BRANCH + "      - Dense: {units: $a}\n",
        "arithmetic",
    ),
    "variables in a circle": ("vars: {a: $b, b: $a}\n" + BRANCH + "      - Dense: {units: $a}\n", "variable-cycle"),
    "repetition": (BRANCH + "      - Repeat: {times: 1000000, layers: [Flatten]}\n", "too-many-layers"),
    "repetition of nothing": (
        BRANCH + "      - Repeat: {times: 20000, layers: [{Repeat: {times: 20000, layers: []}}]}\n",
        "too-many-layers",
    ),
    "blocks": (BLOCKS + "  b8: {layers: [ReLU]}\n" + BRANCH + "      - b0\n", "too-many-layers"),
    "blocks of nothing": (BLOCKS + "  b8: {layers: []}\n" + BRANCH + "      - b0\n", "too-many-layers"),
    "file outside": (BRANCH + "      - VGG16: {weights: ../../etc/passwd, include_top: false}\n", "outside-the-folder"),
    "chained blocks": (
        "blocks:\n  b0: {layers: [ReLU]}\n"
        + "".join(f"  b{i}: {{layers: [{{Residual: {{layers: [b{i - 1}]}}}}]}}\n" for i in range(1, 200))
        + BRANCH
        + "      - b199\n",
        "nested-too-deep",
    ),
    "strides": (
        BRANCH.replace("[8, 8, 3]", "[null, null, 3]")
        + "      - Repeat: {times: 200, layers: [{Conv2D: {filters: 2, kernel_size: 3, strides: 2}}, MaxPooling2D]}\n",
        "kernel-larger-than-input",
    ),
    "a large number": (BRANCH + f"      - Flatten\nbudget: {{params: {'9' * 5000}M}}\n", "wrong-type"),
    "many unknown names": (
        BRANCH
        + "".join(f"      - Conv2D: {{filters: $foo{i}, kernel_size: 1}}\n" for i in range(3000))
        + "vars:\n"
        + "".join(f"  fop{i}: 1\n" for i in range(3000)),
        "unknown-variable",
    ),
    "many mistakes": ("".join(f"k{i}: &a{i} 1\n" for i in range(50_000)), "unknown-key"),
}
SECONDS = 30
"""For a whole process on a machine that is busy; the reading itself takes a second or two."""


@pytest.mark.sampled(every=3, long=2)
@pytest.mark.parametrize("name", HARM)
def test_harm(name: str, tmp_path: Path) -> None:
    text, code = HARM[name]
    path = tmp_path / "harm.yaml"
    path.write_text(text, "utf-8")
    command = [sys.executable, "-m", "cnnlstm_spec", "validate", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == 1 and done.stderr == b""
    assert f"error[{code}]".encode() in done.stdout
