"""`validate --fix` and `--diff`: files mended, or the patch that would mend them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..compiler.variants import Sweep
from ..text.diagnostic import Diagnostic
from ..text.files import PathError, read
from ..text.frozen import dataclass
from ..text.read_source import BOM
from ..text.source import Source
from ..text.texts import find_same_file
from .terminal import note, write, write_patch

if TYPE_CHECKING:
    from ..compiler.fixes import Made, Mended


@dataclass(frozen=True)
class Mending:
    """What is to be done with fixes."""

    writes: bool = False
    """Whether files are mended."""
    shows: bool = False
    """Whether the patch is printed instead."""
    unsafe: bool = False
    """Whether the model may be changed."""
    tries: bool = False
    """Whether the fixes of what is found are told."""
    aside: bool = False
    """Whether what was mended is told on standard error, since standard output has the form of programs."""


MENDS_NOTHING = Mending()
Function = TypeVar("Function", bound=Callable[..., Any])


def add_mending_options(function: Function) -> Function:
    """`--fix`, `--unsafe-fixes` and `--diff`."""
    diff = click.option("--diff", is_flag=True, help="Print what would be mended as a patch, and write nothing.")
    unsafe = click.option("--unsafe-fixes", is_flag=True, help="Mend with changes of the model too.")
    fix = click.option("--fix", is_flag=True, help="Mend what can be mended without a change of meaning, in the files.")
    return fix(unsafe(diff(function)))


def check_mending(paths: tuple[str, ...], form: str | None, fix: bool, unsafe: bool, diff: bool) -> None:
    """Raises UsageError where the options of mending do not go together, or there is no file to mend."""
    if unsafe and not (fix or diff):
        raise click.UsageError("`--unsafe-fixes` goes with `--fix` or `--diff`")
    if diff and form not in (None, "text"):
        raise click.UsageError("`--diff` prints a patch, in no other form")
    if fix and not diff and "-" in paths:
        raise click.UsageError("standard input cannot be mended; `--diff` prints what would be")


def mend_files(prepared: Sweep, mending: Mending) -> bool:
    """Mends the files that a spec is read from, each at once or not at all, and says what was done; whether anything was."""
    from ..compiler.fixes import mend

    mended = mend(prepared, mending.unsafe)
    for source, text in mended.changed:
        path = _find_path(source, prepared)
        try:
            data = read(path)
            if data.removeprefix(BOM) != source.text.encode("utf-8"):
                raise PathError(path, "it has changed meanwhile")
            from ..compiler.artifact.write import replace_file

            mark = BOM if data.startswith(BOM) else b""
            replace_file(path, mark + text.encode("utf-8"), keep_mode=True)
        except PathError as error:
            raise click.ClickException(f"`{path}` cannot be mended: {error.reason}") from None
    for line, count in Counter(map(_describe_line, mended.made)).items():
        told = f"{line}{f' ({count} times)' if count > 1 else ''}"
        if mending.aside:
            note(told)
        else:
            write(f"{told}\n")
    return bool(mended.changed)


def find_settling(prepared: Sweep, found: Sequence[Diagnostic], mending: Mending) -> Callable[[Diagnostic], Diagnostic]:
    """What gives a finding with its fixes tried, if those are told; `found` is all that was found, as `TriedFixes` takes it."""
    if not mending.tries:
        return lambda finding: finding
    from ..compiler.fixes import TriedFixes

    return TriedFixes(prepared, found).settle


def _describe_line(made: Made) -> str:
    return f"mended {made.finding.place.span.source.name}: {made.fix.title} [{made.finding.code.name}]"


class Patches:
    """Patches of the files of several specs, which may share some: one of each file. Grows with each that is shown."""

    def __init__(self) -> None:
        self._after: dict[File, str] = {}
        self._told = False

    def end(self) -> None:
        """Says, of specs with findings, that nothing could be printed of them, if it was not said why."""
        if not self._after and not self._told:
            note("nothing of what is found can be mended so; without `--diff` it is shown")

    def show(self, prepared: Sweep, unsafe: bool) -> None:
        """Prints what would be mended, as `patch -p0` reads it, but for what was printed before."""
        from ..compiler.fixes import mend

        mended = mend(prepared, unsafe)
        for source, text in mended.changed:
            file = find_same_file(_find_path(source, prepared))
            before = self._after.setdefault(file, text)
            if before is text:
                write_patch("".join(_list_patch(source.name, source.text, text)))
            elif before != text:
                note(f"more of `{source.name}` may be mended once this patch is applied")
        self._told |= _tell_unsafe(mended, unsafe)


def _tell_unsafe(mended: Mended, unsafe: bool) -> bool:
    """Says what more may be mended, if the model may be changed; whether there is anything."""
    left = sum(any(fix.applicability == "unsafe" for fix in each.fixes) for each in mended.found)
    if left and not unsafe:
        note(f"{left} more {'finding' if left == 1 else 'findings'} may be mended with `--unsafe-fixes`, which changes the model")
    return bool(left and not unsafe)


def _list_patch(name: str, before: str, after: str) -> Iterator[str]:
    from difflib import unified_diff

    for line in unified_diff(_split_lines(before), _split_lines(after), name, name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split_lines(text: str) -> list[str]:
    """Lines as `patch` counts them, each with its line break."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _find_path(source: Source, prepared: Sweep) -> File:
    """The file of a text."""
    path = next((path for path, each in prepared.texts.files.items() if each is source), None)
    return File(source.name) if path is None else path
