"""Command lines drawn from what the commands say that they take."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import click

from cnnlstm_spec.cli.formats import FORMATS
from cnnlstm_spec.cli.main import COMMANDS, cli
from fuzz.text import Path

LEFT_OUT = ("compile", "doctor")
"""Commands that import Keras."""
ENDLESS = ("watch",)
"""Options of commands that do not end by themselves."""
SERVES = ("view",)
"""Commands that serve until they are stopped, unless they write a file."""
ENDS = (
    *("", "x", "out.svg", "out.png", "loop.svg", "pipe.yaml", ".", "-", "/dev/full", "no/such", "\udcff", "--", "--set", "$x"),
    *("a" * 290, "a" * 250 + ".svg"),
)


@cache
def commands() -> tuple[tuple[str, ...], ...]:
    """The words of each command."""
    names = [(name,) for name in COMMANDS if name not in (*LEFT_OUT, "emit")]
    return (*names, ("emit", "python"), ("emit",))


@cache
def parameters(words: tuple[str, ...]) -> tuple[click.Parameter, ...]:
    """What a command takes."""
    command: click.Command = cli
    with click.Context(cli) as context:
        for word in words:
            assert isinstance(command, click.Group)
            found = command.get_command(context, word)
            assert found is not None
            command = found
    return tuple(command.params)


def command_line(
    rng: Random, specs: list[str], text: Callable[[], str], paths: list[Path], value: Callable[[], Any]
) -> list[str]:
    """Arguments: mostly what a command takes, with values that it may not."""
    words = rng.choice(commands())
    line = list(words)
    for each in parameters(words):
        if isinstance(each, click.Argument):
            name = rng.choice((*specs * 4, "-", ".", "pipe.yaml", *ENDS, "LSTM", "wrong-rank", "video", text()))
            line += [name] * (1 if rng.random() < 0.9 else rng.randrange(3))
        elif each.name not in ENDLESS and rng.random() < (0.9 if each.required else 0.25):
            line.append(rng.choice(each.opts))
            if not getattr(each, "is_flag", False):
                line.append(_value(rng, each, text, paths, value))
    if words[0] in SERVES:
        return [each.replace("\0", "") for each in (*line, "-o", "page.html")]
    if rng.random() < 0.1:
        line.insert(rng.randrange(len(line) + 1), rng.choice((text(), *ENDS, "--help", "--version", "--color", "-h", "--fine")))
    # No argument of a process holds NUL.
    return [each.replace("\0", "") for each in line]


def _value(rng: Random, option: click.Parameter, text: Callable[[], str], paths: list[Path], value: Callable[[], Any]) -> str:
    if isinstance(option.type, click.Choice) and rng.random() < 0.9:
        return str(rng.choice(tuple(option.type.choices)))
    if isinstance(option.type, click.types.IntParamType) and rng.random() < 0.8:
        return str(rng.choice((1, 2, 64, 0, -1, 10**18, "1" + "0" * 5000 if rng.random() < 0.1 else 7)))
    if option.name in ("overrides", "matrix") and rng.random() < 0.9:
        path = rng.choice(paths) if paths else ("name",)
        words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
        words = rng.choice(
            (words, words, words, f"vars.{rng.choice('ab')}", words + ".x", words + "[9]", "x" + ".x" * 500, "a[0]" * 3)
        )
        values = [value() for _ in range(rng.randrange(1, 4))] if option.name == "matrix" else value()
        return f"{words}={rng.choice((json.dumps(values), json.dumps(values), text(), '[', ''))}"
    if option.name == "rule":
        level = rng.choice(("ignore", "advice", "warning", "error", "off", "", text()))
        return f"{rng.choice(('mask-lost', 'wrong-rank', 'over-budget', 'no-code', '', text()))}={level}"
    if option.name == "outputs" and rng.random() < 0.8:
        return f"{rng.choice((*FORMATS, 'xml'))}={rng.choice((*ENDS, 'out.sarif', text()))}"
    if option.name == "sizes":
        return rng.choice(("t=3", "frames=5", "x=0", "=1", "a", "steps=99999999999999999999"))
    return rng.choice((*ENDS, "out.svg", "out.png", text()))
