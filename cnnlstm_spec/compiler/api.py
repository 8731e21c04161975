"""The functions of the public API. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path as File
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..text.edits.overrides import Overrides
from ..text.read_source import UnreadFile, read_file
from ..text.source import Source
from .compile import Compilation, SpecError, compile_source

if TYPE_CHECKING:
    import keras

TEXT = "<text>"
"""What a text that came from no file is called in its diagnostics."""


def load(
    path_or_text: str | PathLike[str],
    overrides: Overrides = (),
    allow_imports: bool = False,
    allow_outside: bool = False,
    rules: Mapping[str, str] = MappingProxyType({}),
) -> Compilation:
    """Reads a spec and works out every shape, without Keras.

    `path_or_text` is a path if it is a `pathlib.Path`, or a string of one line that does not hold a colon and a space;
    any other string is the text of a spec. A file that cannot be read, and every mistake in a spec, is a diagnostic of
    the result and not an exception. `overrides` are what `--set` takes on the command line: a mapping of paths to values
    (`{"branches.video.layers[2].filters": 64}`), or texts (`["vars.width=64"]`). Shapes of the result leave out the
    batch axis; sizes are counts of elements, or names and expressions for those known only at run time. `allow_imports`
    lets the spec import the modules of its `layers_from`, which runs their code; `allow_outside` lets it extend files
    outside of its folder. `rules` maps codes of findings to `ignore`, `advice`, `warning` or `error`, and beats what the
    spec says of them. Of a spec with a `matrix` it is the spec as it is written.

    Raises TypeError for an override whose value YAML could not hold.
    """
    said = tuple(f"{code}={level}" for code, level in rules.items())
    if isinstance(path_or_text, str) and ("\n" in path_or_text or "\r" in path_or_text or ": " in path_or_text):
        return compile_source(
            Source(TEXT, path_or_text.removeprefix("\ufeff")), _keep_overrides(overrides), allow_imports=allow_imports, rules=said
        )
    path = File(path_or_text)
    try:
        source = read_file(path)
    except UnreadFile as error:
        return Compilation(error.diagnostic.place.span.source, (error.diagnostic,))
    return compile_source(source, _keep_overrides(overrides), path.parent, allow_imports, allow_outside, said)


def compile_model(
    path: str | PathLike[str],
    overrides: Overrides = (),
    allow_imports: bool = False,
    allow_outside: bool = False,
    rules: Mapping[str, str] = MappingProxyType({}),
) -> keras.Model:
    """The Keras model of a spec, compiled if the spec has `compile`; its initial weights follow from the spec's seed.

    Takes what `load` takes. Raises SpecError, whose text is the rendered diagnostics, where the spec has errors.
    """
    compilation = load(path, overrides, allow_imports, allow_outside, rules)
    if not compilation.ok:
        raise SpecError(compilation)
    return compilation.to_keras()


def _keep_overrides(overrides: Overrides) -> Mapping[str, object] | tuple[str, ...]:
    """Overrides that can be read more than once; a single text is one of them. Raises TypeError for what is none."""
    given = (overrides,) if isinstance(overrides, str) or not isinstance(overrides, Iterable) else overrides
    kept = dict(given) if isinstance(given, Mapping) else tuple(given)
    if strange := [each for each in kept if not isinstance(each, str)]:
        raise TypeError(f"overrides are `{{'vars.width': 8}}`, or texts like 'vars.width=8'; this is {strange[0]!r:.60}")
    return kept
