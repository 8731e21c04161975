"""`compile SPEC -o DIR`: the model, its plots and the manifest."""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module
from pathlib import Path as File
from textwrap import indent

import click

from ..compiler.artifact.manifest import Manifest
from ..compiler.artifact.ownership import MODEL
from ..compiler.artifact.usage import write_usage
from ..compiler.deploy import PURPOSES
from ..compiler.variants import Sweep
from ..emit.keras.quiet import silence
from ..text.escape.terminal import make_line_safe
from ..text.files import PathError, explain_error, find_sort
from ..text.missing import explain_missing, install
from .options import (
    FOUND,
    adapted_option,
    add_matrix_option,
    allow_outside,
    color_option,
    imports_option,
    keep_shown,
    load_sweep,
    need_sound,
    passes_option,
    read_folder,
    read_rules,
    set_option,
    show,
    spec_argument,
)
from .terminal import Progress, note, write

UNBUILT = 2
TRAINED = (".keras", ".weights.h5")


def _check_weights(ctx: click.Context, parameter: click.Parameter, value: str | None) -> File | None:
    if value is None:
        return None
    if not value.endswith(TRAINED):
        raise click.BadParameter(f"`{value}` is neither a .keras nor a .weights.h5 file")
    try:
        sort = find_sort(File(value))
    except PathError as error:
        raise click.BadParameter(str(error)) from None
    if sort != "file":
        raise click.BadParameter(f"`{value}`: " + (f"it is a {sort}" if sort else "there is no such file"))
    return File(value)


@click.command("compile")
@spec_argument
@click.option("-o", "--output", "folder", metavar="DIR", required=True, callback=read_folder, help="Where to write.")
@click.option("--force", is_flag=True, help="Replace files in DIR that `compile` did not write, or that changed since.")
@passes_option
@click.option(
    "--for",
    "purpose",
    type=click.Choice(PURPOSES),
    default="training",
    show_default=True,
    help="`inference` folds batch norms into the layers before them, and leaves out what acts in training alone.",
)
@click.option(
    "--weights",
    metavar="FILE",
    callback=_check_weights,
    help="With `--for inference`: the trained model, or its weights, as a .keras or .weights.h5 file.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Compare the predictions with and without passes, or for training and for inference; status 1 above 1e-5, or 1e-4.",
)
@adapted_option
@color_option
@set_option
@imports_option
@add_matrix_option
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="N", help="How many variants to build at a time.")
def command(
    spec: str,
    folder: File,
    force: bool,
    passes: str,
    purpose: str,
    weights: File | None,
    verify: bool,
    adapted: tuple[str, ...],
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
    matrix: tuple[str, ...],
    jobs: int,
) -> int:
    """Build the Keras model, and write model.keras, plot.svg, plot.png and manifest.json to DIR.

    The manifest comes last and has the digests of the others. The same spec, seed and versions give the same bytes; where
    they lie in DIR already nothing is built, unless --force is given. Of a spec with a `matrix`, each variant gets a folder
    of its own in DIR. A file of such a name that is not as `compile` wrote it, such as a trained model, stays, and the
    status is 2, unless --force is given.

    With `--for inference` the model gives the same outputs with fewer layers, and cannot be trained any more; what was
    changed, and what was left for what reason, is printed and stands in the manifest.
    """
    from ..compiler.artifact import write as artifact
    from ..compiler.artifact.batch import is_current
    from ..compiler.artifact.verify import compare, compare_inference
    from ..compiler.deploy import deploy

    if weights is not None and purpose == "training":
        raise click.UsageError("`--weights` is for `--for inference`; a model for training starts from its seed")
    overrides = (*overrides, *adapted)
    prepared = load_sweep(spec, overrides, matrix, color, allow_imports)
    if prepared.variants:
        if verify:
            raise click.UsageError("`--verify` compares one model, not the variants of a matrix")
        if weights is not None:
            raise click.UsageError("`--weights` are those of one model, not of the variants of a matrix")
        return _build_variants(prepared, overrides, matrix, folder, passes, purpose, jobs, force)
    compilation = prepared.compile_plain()
    show(compilation.diagnostics, color, sys.stderr)
    need_sound(compilation)
    if weights is None and not (force or verify) and is_current(compilation, folder, passes, purpose):
        write(f"{make_line_safe(str(folder))} is up to date\n")
        return 0
    compilation.need_backend()
    compared = None
    deployment = deploy(compilation, weights) if purpose == "inference" else None
    progress = Progress()
    progress.show_step("importing Keras")
    try:
        with silence():
            import_module("cnnlstm_spec.emit.keras.run")
        with contextlib.redirect_stdout(sys.stderr):  # Keras prints the progress of downloads there
            manifest = artifact.write(compilation, folder, progress.show_step, passes, deployment, force)
            if verify:
                progress.show_step("comparing predictions")
                compared = compare(compilation) if deployment is None else compare_inference(deployment, passes)
    except (artifact.Unsuitable, PathError) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        if (missing := explain_missing(error)) is None:
            raise
        raise click.ClickException(missing) from None
    except OSError as error:
        raise click.ClickException(f"`{error.filename or folder}`: {explain_error(error)}") from None
    finally:
        progress.end()
    if artifact.PNG not in manifest.files:
        note(f"no {artifact.PNG}: {install('plot')}")
    write(_summarize(manifest, folder))
    if deployment is not None:
        write(f"{deployment}\n\n")
    built = compilation if deployment is None else deployment.inference
    write("\n".join(write_usage(built, str(folder / MODEL))) + "\n")
    if compared is None:
        return 0
    write(f"\n{compared}\n")
    return 0 if compared.equal else FOUND


def _build_variants(
    prepared: Sweep,
    overrides: tuple[str, ...],
    matrix: tuple[str, ...],
    folder: File,
    passes: str,
    purpose: str,
    jobs: int,
    force: bool,
) -> int:
    """Builds every variant that is sound and not up to date; says of each how it ended."""
    from ..compiler.artifact.batch import BuildJob, build_all, is_current
    from ..compiler.processes import make_sent
    from ..compiler.variants_table import write_table
    from ..text.edits.matrix import name_folders

    rows, waiting, sound = [], [], True
    axes = [axis for axis, _ in prepared.variants[0].choices]
    names = name_folders(list(prepared.variants))
    sent = make_sent(prepared, overrides, matrix, allow_outside(), read_rules())
    for index, (variant, each) in enumerate(prepared.find_all()):
        rows.append((variant, keep_shown(each.diagnostics)))
        sound &= each.ok
        if each.ok and is_current(each, folder / names[index], passes, purpose):
            write(f"{names[index]}: up to date\n")
        elif each.ok:
            waiting.append(BuildJob(sent, passes, purpose, index, str(folder / names[index]), force))
    failed = False
    for outcome in build_all(waiting, jobs):
        failed |= outcome.reason is not None
        write(f"{names[outcome.index]}: {outcome.reason or f'{outcome.params:,} parameters'}\n")
        if outcome.report:
            write(indent(outcome.report, "  ") + "\n")
    if not sound:
        write(f"\n{write_table(prepared.source.name, axes, rows)}\n")
        return FOUND
    return UNBUILT if failed else 0


def _summarize(manifest: Manifest, folder: File) -> str:
    files = [*manifest.files, "manifest.json"]
    found = f"{manifest.name}: {manifest.params.total:,} parameters; wrote {', '.join(files)} to {folder}"
    if manifest.keras_for is None:
        return f"{make_line_safe(found)}\n\n"
    named = ", ".join(f"{name} ({since})" for name, since in manifest.keras_for.items())
    return f"{make_line_safe(found)}\nloads in Keras {manifest.keras}, for {make_line_safe(named)}\n\n"
