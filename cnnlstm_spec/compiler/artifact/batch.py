"""The artifacts of all variants of a spec, each in a folder of its own, several at a time. Imports Keras in the workers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path as File

from ...emit.keras.quiet import silence
from ...ir.program import Unbuildable
from ...text.files import PathError, explain_error, read
from ...text.frozen import dataclass
from ...text.missing import explain_missing
from ...text.nodes import Mapping as MappingNode
from .. import interrupts
from ..compile import Compilation
from ..deploy import deploy
from ..processes import SentSpec, run_side_by_side
from ..resolved import describe_resolved
from ..variants import Sweep
from ..version import __version__
from . import write as artifact
from .manifest import Manifest
from .ownership import MANIFEST


@dataclass(frozen=True)
class BuildJob:
    """What a process needs to build one variant."""

    spec: SentSpec
    passes: str
    purpose: str
    index: int
    output: str
    force: bool


@dataclass(frozen=True)
class BuildOutcome:
    """How a variant ended: its parameters, or why there is no artifact; and what was changed for inference."""

    index: int
    params: int = 0
    reason: str | None = None
    report: str = ""


def build_all(jobs: list[BuildJob], workers: int) -> Iterator[BuildOutcome]:
    """Builds them, and gives each outcome as it comes."""
    if workers == 1 or len(jobs) < 2:
        yield from map(build, jobs)
        return
    yield from (outcome for _, outcome in run_side_by_side(build, jobs, workers))


def build(job: BuildJob) -> BuildOutcome:
    """Builds a variant and writes its folder."""
    with interrupts.allow_interrupts():
        return _build_variant(job)


def _build_variant(job: BuildJob) -> BuildOutcome:
    prepared = _prepare(job.spec)
    compilation = prepared.compile(prepared.variants[job.index])
    try:
        with silence():
            # A variant has the same bytes, whichever were built before it in this process.
            import_module("cnnlstm_spec.emit.keras.run").forget()
        with contextlib.redirect_stdout(sys.stderr):  # Keras prints the progress of downloads there
            deployment = deploy(compilation) if job.purpose == "inference" else None
            manifest = artifact.write(compilation, File(job.output), passes=job.passes, deployment=deployment, force=job.force)
    except ImportError as error:
        if (missing := explain_missing(error)) is None:
            raise
        return BuildOutcome(job.index, reason=missing)
    except (artifact.Unsuitable, Unbuildable) as error:
        return BuildOutcome(job.index, reason=str(error))
    except PathError as error:
        return BuildOutcome(job.index, reason=str(error))
    except OSError as error:
        return BuildOutcome(job.index, reason=f"`{error.filename or job.output}`: {explain_error(error)}")
    return BuildOutcome(job.index, manifest.params.total, report="" if deployment is None else str(deployment))


@lru_cache(maxsize=1)
def _prepare(spec: SentSpec) -> Sweep:
    """The variants, read once in a process."""
    return spec.prepare()


def is_current(compilation: Compilation, folder: File, passes: str, purpose: str) -> bool:
    """Whether a folder holds the artifact of a spec already: built from the same by the same, its files as they were written.

    What rests on modules of the person's own, which may have changed, is never current.
    """
    held = Manifest.read_file(folder / MANIFEST)
    if held is None or (held.inference is not None and held.inference.weights is not None) or has_own_modules(compilation):
        return False
    assert compilation.spec is not None
    same = held.name, held.seed, held.passes, held.purpose, held.versions
    if same != (compilation.spec.name, compilation.spec.seed, passes, purpose, _find_installed(held.versions)):
        return False
    try:
        whole = all(artifact.digest(read(folder / name)) == file.sha256 for name, file in held.files.items())
        return whole and held.spec.resolved == describe_resolved(compilation)
    except PathError:
        return False


def _find_installed(versions: Mapping[str, str]) -> dict[str, str | None]:
    """The versions of the same packages as they are installed, told without importing them."""
    from importlib.metadata import packages_distributions, version

    # The module `tensorflow` may come from `tensorflow-cpu` and others.
    known = packages_distributions()
    found = {name: version(known[name][0]) if name in known else None for name in versions}
    return {**found, "cnnlstm-spec": __version__}


def has_own_modules(compilation: Compilation) -> bool:
    """Whether layers, losses or the like come from modules of the person's own."""
    document = compilation.document
    if isinstance(document, MappingNode) and any(document.get(key) is not None for key in ("layers_from", "objects_from")):
        return True
    ops = [typed.node.op for typed in compilation.typed.nodes.values()] if compilation.typed is not None else []
    return any(op is not None and op.is_own() for op in ops)
