"""`compile SPEC -o DIR`: the model, its plots and the manifest."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from pathlib import Path as File
from typing import Any

import click

from ..terminal import Progress, note, silence, write
from ..usage import usage
from .common import color_option, load_spec, need_sound, set_option, spec_argument


@click.command("compile")
@spec_argument
@click.option("-o", "--output", "folder", metavar="DIR", required=True, type=click.Path(path_type=File), help="Where to write.")
@color_option
@set_option
def command(spec: str, folder: File, color: str, overrides: tuple[str, ...]) -> None:
    """Build the Keras model, and write model.keras, plot.svg, plot.png and manifest.json to DIR.

    The manifest comes last and has the digests of the others. The same spec, seed and versions give the same bytes.
    """
    from .. import artifact

    compilation = load_spec(spec, overrides, color)
    need_sound(compilation)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    progress = Progress()
    progress.step("importing Keras")
    try:
        with silence():
            import_module("cnnlstm_spec.emit.keras")
        with contextlib.redirect_stdout(sys.stderr):  # Keras prints the progress of downloads there
            manifest = artifact.write(compilation, folder, progress.step)
    except artifact.Unsuitable as error:
        raise click.ClickException(str(error)) from None
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise click.ClickException(f"`{error.name}` is not installed: pip install 'cnnlstm-spec[tensorflow]'") from None
    except OSError as error:
        raise click.ClickException(f"`{error.filename or folder}`: {error.strerror or error}") from None
    finally:
        progress.end()
    if artifact.PNG not in manifest["files"]:
        note(f"no {artifact.PNG}: pip install 'cnnlstm-spec[plot]'")
    write(_summary(manifest, folder))
    write("\n".join(usage(compilation, str(folder / artifact.MODEL))) + "\n")


def _summary(manifest: dict[str, Any], folder: File) -> str:
    files = [*manifest["files"], "manifest.json"]
    return f"{manifest['name']}: {manifest['params']['total']:,} parameters; wrote {', '.join(files)} to {folder}\n\n"
