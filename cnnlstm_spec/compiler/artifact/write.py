"""The artifact folder: model, plots and a manifest that names them by digest. Imports Keras through `emit.keras` alone.

Every file is written whole beside its place and renamed into it, the manifest last: whoever checks the digests sees the
artifact as it was, as it is, or a mix that the manifest does not fit.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ...emit.words.shapes import count_params, make_inputs, make_outputs
from ...text.files import (
    PathError,
    explain_error,
    find_sort,
    list_entries,
    read,
    read_link,
    read_mode,
    resolve,
    tell_system_errors,
)
from ..compile import Compilation, pause_collector
from ..deploy import Deployment, Note
from ..resolved import describe_resolved
from ..version import __version__
from .manifest import InferenceChanges, LayerNote, Manifest, ReadFile, SpecFile, WrittenFile
from .ownership import MANIFEST, MODEL, clear, find_foreign, hide_name
from .saved import find_jit, make_portable
from .since import find_least, find_since
from .usage import write_usage

if TYPE_CHECKING:
    import keras

SVG, PNG = "plot.svg", "plot.png"
NAMES = (MODEL, SVG, PNG, MANIFEST)


class Unsuitable(Exception):
    """Why there can be no artifact, for a reason that lies outside the spec."""


@pause_collector()
def write(
    compilation: Compilation,
    folder: File,
    step: Callable[[str], None] = lambda text: None,
    passes: str = "default",
    deployment: Deployment | None = None,
    force: bool = False,
) -> Manifest:
    """Builds the model, or the one that a deployment makes of it, and writes the folder; gives the manifest.

    `step` is told what is under way.

    Raises SpecError for a spec with errors, Unsuitable where the path is no folder, a folder lies where a file would, weights
    cannot be had or, without `force`, files that are not ours lie where ours would, and PathError where the folder cannot be
    written.
    """
    sort = find_sort(folder)
    if sort not in (None, "folder"):
        raise Unsuitable(f"`{folder}` is a {sort}, not a folder")
    if blocked := next(_find_folders_among(folder, [name for name in NAMES if name != PNG or has_png()]), None):
        raise Unsuitable(f"`{blocked}` is a folder, where a file is to be written: move it, or name another folder")
    compilation.program  # noqa: B018 - raises SpecError before anything is written
    if not force and (others := find_foreign(folder, NAMES, digest)):
        named = " and ".join(f"`{name}`" for name in others)
        ways = "name another folder, or replace what is there with `--force`"
        raise Unsuitable(f"`{folder}` holds {named}, not written by `compile`: {ways}")
    files, versions = make_files(compilation, step, passes, deployment)
    step("writing")
    manifest = make_manifest(compilation, files, versions, passes, deployment)
    files[MANIFEST] = (manifest.to_json() + "\n").encode()
    write_files(folder, files)
    clear(folder, NAMES)
    return manifest


def make_files(
    compilation: Compilation, step: Callable[[str], None], passes: str = "default", deployment: Deployment | None = None
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The bytes of every file but the manifest, and the versions of what built the model."""
    from ...emit.keras.run import find_versions

    step("building the model")
    try:
        model = compilation.to_keras(passes) if deployment is None else deployment.make_models(passes)[1]
    except Exception as error:
        if _reads_weights(compilation) and (isinstance(error, OSError | ValueError) or "URL fetch failure" in str(error)):
            raise Unsuitable(f"weights cannot be loaded: {str(error).splitlines()[0]}") from None
        raise
    step("saving the model")
    files = {MODEL: save_model(model, compilation)}
    step("drawing")
    svg = (compilation if deployment is None else deployment.inference).to_svg()
    files[SVG] = svg.encode()
    if has_png():
        from ...emit.picture.png import to_png

        files[PNG] = to_png(svg)
    return files, {"cnnlstm-spec": __version__, **find_versions()}


def _reads_weights(compilation: Compilation) -> bool:
    """Whether a layer starts from weights of a file or of the net, which can fail as no spec can tell."""
    ops = [typed.node.op for typed in compilation.typed.nodes.values()] if compilation.typed is not None else []
    return any(op is not None and op.list_values().get("weights") is not None for op in ops)


def has_png() -> bool:
    """Whether pictures can be made: the extra `plot` is installed."""
    from importlib.util import find_spec

    return find_spec("resvg_py") is not None


def make_manifest(
    compilation: Compilation,
    files: Mapping[str, bytes],
    versions: Mapping[str, str],
    passes: str = "default",
    deployment: Deployment | None = None,
) -> Manifest:
    """What the folder holds and where it came from; nothing of when or where it was made."""
    built = compilation if deployment is None else deployment.inference
    assert built.typed is not None and compilation.spec is not None
    since = find_since(built.program)
    least = find_least(since)
    more: dict[str, Any] = {} if deployment is None else {"inference": _describe_inference(deployment)}
    if least is not None:
        more |= {"keras": f">={least}", "keras_for": since}
    return Manifest(
        version=1,
        name=compilation.spec.name,
        seed=compilation.spec.seed,
        versions=dict(versions),
        inputs=make_inputs(built.typed),
        outputs=make_outputs(built.typed),
        params=count_params(built.typed),
        usage=tuple(write_usage(built, MODEL)),
        purpose="training" if deployment is None else "inference",
        **more,
        files={name: WrittenFile(sha256=digest(data), bytes=len(data)) for name, data in files.items()},
        spec=SpecFile(sha256=digest(compilation.source.text.encode()), **describe_resolved(compilation).to_data()),
        passes=passes,
    )


def _describe_inference(deployment: Deployment) -> InferenceChanges:
    trained = None if deployment.weights is None else ReadFile(sha256=digest(read(deployment.weights)))
    return InferenceChanges(weights=trained, changed=_describe_notes(deployment.changed), left=_describe_notes(deployment.left))


def _describe_notes(notes: tuple[Note, ...]) -> tuple[LayerNote, ...]:
    return tuple(LayerNote(layer=note.layer, text=note.text) for note in notes)


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_files(folder: File, files: Mapping[str, bytes]) -> None:
    """Files into a folder in their order; a folder that is not there appears at once, with all of them."""
    if find_sort(folder) == "folder":
        with tell_system_errors(folder):
            _replace_files(folder, files)
        return
    with tell_system_errors(folder):
        _make_folder(folder, files)


def _make_folder(folder: File, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = File(tempfile.mkdtemp(prefix=f".{hide_name(folder.name)}.", suffix=".tmp", dir=folder.parent))
    try:
        for name, data in files.items():
            _write_whole(scratch / name, data)
        scratch.chmod(0o777 & ~_read_umask())
        _sync(scratch)
        scratch.rename(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    _sync(folder.parent)


@contextmanager
def write_new_folder(folder: File, ours: str, force: bool = False) -> Iterator[File]:
    """A folder to write into, which takes its place when all is written, and is gone where that fails.

    Raises PathError where something lies there; with `force` a folder that holds a file of the name `ours` is replaced.
    """
    if find_sort(folder) not in (None, "folder"):
        raise PathError(folder, f"it is a {find_sort(folder)}, not a folder")
    stands = find_sort(folder) == "folder" and bool(list_entries(folder))
    is_ours = find_sort(folder / ours) == "file"
    if stands and not (force and is_ours):
        raise PathError(folder, f"it holds files: name another folder{', or replace them with `--force`' if is_ours else ''}")
    with tell_system_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = File(tempfile.mkdtemp(prefix=f".{hide_name(folder.name)}.", suffix=".tmp", dir=folder.parent))
    try:
        yield scratch
        with tell_system_errors(folder):
            for each in list_entries(scratch):
                _sync(each)
            scratch.chmod(0o777 & ~_read_umask())
            if find_sort(folder) == "folder":
                shutil.rmtree(folder)
            scratch.rename(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    _sync(folder.parent)


def make_folder(path: File) -> None:
    """A folder, with those above it, where there is none yet. Raises PathError."""
    sort = find_sort(path)
    if sort not in (None, "folder"):
        raise PathError(path, f"it is a {sort}, not a folder")
    with tell_system_errors(path):
        path.mkdir(parents=True, exist_ok=True)


def remove_folder(path: File) -> None:
    """A folder that this package has written, at once with all that is in it; a link to one goes alone."""
    if read_link(path) is not None:
        with tell_system_errors(path):
            path.unlink()
    elif find_sort(path) == "folder":
        with tell_system_errors(path):
            aside = File(tempfile.mkdtemp(prefix=f".{hide_name(path.name)}.", suffix=".tmp", dir=path.parent))
            path.rename(aside / path.name)
            shutil.rmtree(aside)


def remove_empty(path: File) -> None:
    """A folder in which there is nothing; any other stays, as one does that the system keeps."""
    with suppress(OSError):
        path.rmdir()


@contextmanager
def lock_file(path: File) -> Iterator[bool]:
    """A file that one process at a time can hold: whether it is this one. The system lets go of it with the process."""
    import fcntl

    with tell_system_errors(path):
        stream = path.open("ab")
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def remove_files(folder: File, names: Iterable[str]) -> None:
    """Files of a folder, as far as they are there."""
    for name in names:
        with tell_system_errors(folder / name):
            (folder / name).unlink(missing_ok=True)


def save_model(model: keras.Model, compilation: Compilation) -> bytes:
    """The Keras model of a compilation as the bytes of a `.keras` file, the same for equal models."""
    from ...emit.keras.run import save

    with tempfile.TemporaryDirectory() as scratch:
        path = File(scratch, MODEL)
        save(model, path)
        return make_portable(read(path), find_jit(compilation.program))


def replace_file(path: File, data: bytes, keep_mode: bool = False) -> None:
    """A file, whole or not at all; through a link to a file. With `keep_mode` who may do what with it stays. Raises PathError."""
    sort = find_sort(path)
    if sort not in (None, "file"):
        raise PathError(path, f"it is a {sort}")
    path = resolve(path)
    with tell_system_errors(path):
        mode = read_mode(path) if keep_mode and sort is not None else None
        _replace_files(path.parent, {path.name: data}, mode)


class Replacement:
    """A file that is written beside its place: it is put there whole, or dropped. What cannot be raises PathError."""

    def __init__(self, path: File) -> None:
        if (sort := find_sort(path)) not in (None, "file"):
            raise PathError(path, f"it is a {sort}")
        self.path = resolve(path)
        with tell_system_errors(self.path):
            handle, beside = tempfile.mkstemp(prefix=f".{hide_name(self.path.name)}.", suffix=".tmp", dir=self.path.parent)
        self._beside, self._stream = File(beside), os.fdopen(handle, "wb")

    def write(self, data: bytes) -> None:
        """The next bytes."""
        with tell_system_errors(self.path):
            self._stream.write(data)

    def put(self) -> None:
        """Puts it in its place."""
        with tell_system_errors(self.path):
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._beside.chmod(0o666 & ~_read_umask())
            self._beside.replace(self.path)
        _sync(self.path.parent)

    def drop(self) -> None:
        """Leaves what lies there as it is; nothing where it was put there."""
        with suppress(OSError):
            self._stream.close()
        with suppress(OSError):
            self._beside.unlink(missing_ok=True)


def _replace_files(folder: File, files: Mapping[str, bytes], mode: int | None = None) -> None:
    """Writes all beside their places, then renames them in their order; where one cannot be put there, none is.

    Where that ends in between, the manifest of those that are renamed stays beside its place, so that they are known as ours.
    """
    if blocked := next(_find_folders_among(folder, files), None):
        raise PathError(blocked, "it is a folder")
    waiting: dict[str, File] = {}
    renamed = False
    try:
        for name, data in files.items():
            with _tell_named(folder / name):
                handle, beside = tempfile.mkstemp(prefix=f".{hide_name(name)}.", suffix=".tmp", dir=folder)
                os.close(handle)
                waiting[name] = File(beside)
                _write_whole(waiting[name], data)
                waiting[name].chmod(0o666 & ~_read_umask() if mode is None else mode)
        for name in files:
            with _tell_named(folder / name):
                waiting[name].replace(folder / name)
            del waiting[name]
            renamed = True
    finally:
        for name, path in waiting.items():
            if not (renamed and name == MANIFEST):
                path.unlink(missing_ok=True)
    _sync(folder)


def _find_folders_among(folder: File, names: Iterable[str]) -> Iterator[File]:
    """Those of the names that are folders there: no file can be renamed to them."""
    paths = (folder / name for name in names)
    return (path for path in paths if read_link(path) is None and find_sort(path) == "folder")


@contextmanager
def _tell_named(target: File) -> Iterator[None]:
    """What the system refuses of a file is told by the name that a person knows, not by that of the temporary file."""
    try:
        yield
    except OSError as error:
        raise PathError(target, explain_error(error)) from None


def _write_whole(path: File, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: File) -> None:
    """Makes renames in a folder outlast a crash; some systems cannot open a folder, and do without."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _read_umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
