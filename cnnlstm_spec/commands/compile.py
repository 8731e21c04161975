"""`compile SPEC -o DIR`: the model, its plots and the manifest."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from pathlib import Path as File
from typing import Any

import click

from ..missing import what_to_install
from ..sweep import Sweep
from ..terminal import Progress, note, silence, write
from ..usage import usage
from .common import (
    FOUND,
    allow_outside,
    color_option,
    imports_option,
    load_sweep,
    matrix_option,
    need_sound,
    passes_option,
    set_option,
    show,
    shown,
    spec_argument,
)

UNBUILT = 2


@click.command("compile")
@spec_argument
@click.option("-o", "--output", "folder", metavar="DIR", required=True, type=click.Path(path_type=File), help="Where to write.")
@passes_option
@click.option("--verify", is_flag=True, help="Compare the predictions with and without passes; status 1 above 1e-5.")
@color_option
@set_option
@imports_option
@matrix_option
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="N", help="How many variants to build at a time.")
def command(
    spec: str,
    folder: File,
    passes: str,
    verify: bool,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
    matrix: tuple[str, ...],
    jobs: int,
) -> int:
    """Build the Keras model, and write model.keras, plot.svg, plot.png and manifest.json to DIR.

    The manifest comes last and has the digests of the others. The same spec, seed and versions give the same bytes. Of a
    spec with a `matrix`, each variant gets a folder of its own in DIR, unless what lies there is up to date.
    """
    from .. import artifact
    from ..emit.compare import compare

    prepared = load_sweep(spec, overrides, matrix, color, allow_imports)
    if prepared.variants:
        if verify:
            raise click.UsageError("`--verify` compares one model, not the variants of a matrix")
        return _variants(prepared, overrides, matrix, folder, passes, jobs)
    compilation = prepared.plain()
    show(compilation.diagnostics, color, sys.stderr)
    need_sound(compilation)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    compared = None
    progress = Progress()
    progress.step("importing Keras")
    try:
        with silence():
            import_module("cnnlstm_spec.emit.keras")
        with contextlib.redirect_stdout(sys.stderr):  # Keras prints the progress of downloads there
            manifest = artifact.write(compilation, folder, progress.step, passes)
            if verify:
                progress.step("comparing with and without passes")
                compared = compare(compilation)
    except artifact.Unsuitable as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        if (missing := what_to_install(error)) is None:
            raise
        raise click.ClickException(missing) from None
    except OSError as error:
        raise click.ClickException(f"`{error.filename or folder}`: {error.strerror or error}") from None
    finally:
        progress.end()
    if artifact.PNG not in manifest["files"]:
        note(f"no {artifact.PNG}: pip install 'cnnlstm-spec[plot]'")
    write(_summary(manifest, folder))
    write("\n".join(usage(compilation, str(folder / artifact.MODEL))) + "\n")
    if compared is None:
        return 0
    write(f"\n{compared}\n")
    return 0 if compared.equal else FOUND


def _variants(prepared: Sweep, overrides: tuple[str, ...], matrix: tuple[str, ...], folder: File, passes: str, jobs: int) -> int:
    """Builds every variant that is sound and not up to date; says of each what became of it."""
    from ..batch import build_all, is_current, make_job
    from ..render.variants import table
    from ..variants import folders

    rows, waiting, sound = [], [], True
    names = folders(list(prepared.variants))
    for index, (variant, each) in enumerate(prepared.all()):
        rows.append((variant, shown(each.diagnostics)))
        sound &= each.ok
        if each.ok and is_current(each, folder / names[index], passes):
            write(f"{names[index]}: up to date\n")
        elif each.ok:
            waiting.append(make_job(prepared, overrides, matrix, allow_outside(), passes, index, folder / names[index]))
    failed = False
    for outcome in build_all(waiting, jobs):
        failed |= outcome.reason is not None
        write(f"{names[outcome.index]}: {outcome.reason or f'{outcome.params:,} parameters'}\n")
    if not sound:
        write(f"\n{table(prepared.source.name, rows)}\n")
        return FOUND
    return UNBUILT if failed else 0


def _summary(manifest: dict[str, Any], folder: File) -> str:
    files = [*manifest["files"], "manifest.json"]
    return f"{manifest['name']}: {manifest['params']['total']:,} parameters; wrote {', '.join(files)} to {folder}\n\n"
