"""One run: data opened, a model trained, its folder written. Imports Keras when it has something to train."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ..compiler.artifact.hold import hold_folder
from ..compiler.artifact.manifest import SpecFile
from ..compiler.artifact.ownership import MANIFEST, MODEL
from ..compiler.artifact.write import make_manifest, save_model
from ..compiler.backend import find_backend
from ..compiler.compile import Compilation
from ..compiler.resolved import describe_resolved
from ..emit.keras.quiet import silence
from ..text.frozen import dataclass
from .adapted import make_adapted
from .commit import find_commit
from .counted import find_hints, list_unknown_classes
from .ending import DIVERGED, DONE, Ending
from .folder import ADAPTED, GO_ON, HISTORY, LAST, REPORT, RunFolder
from .history import find_parting, to_csv
from .identity import RunIdentity
from .installed import find_installed_versions
from .manifest import Best, Ended, Machine, RunManifest, make_target_facts
from .portable import make_portable
from .samples import Data, DataError, describe_left_out
from .start import find_start, load_weights
from .taking import Begin, refuse_held, take_folder
from .together.seat import Team
from .train.watch import Watch

if TYPE_CHECKING:
    import keras

    from .measure.measure import Measured
    from .train.processes import Processes
    from .train.training import Devices, Outcome, Training


@dataclass(frozen=True)
class Orders:
    """How a run treats its folder and what lies outside of the spec's."""

    force: bool = False
    resume: bool = False
    allow_outside: bool = False
    allow_imports: bool = False
    fold: int | None = None
    all_devices: bool = False
    """Whether all devices of this machine share each batch."""
    team: Team | None = None
    """Which process this one is of those that train one model together."""


def describe_needs(compilation: Compilation) -> str | None:
    """What a sound spec lacks for a run, in words; None where it lacks nothing."""
    spec = compilation.spec
    assert spec is not None
    lacking = [key for key in ("compile", "data", "fit") if getattr(spec, key) is None]
    if not lacking:
        return None
    named = " and ".join(f"`{key}`" for key in lacking)
    return f"the spec has no {named}: training needs `compile`, `data` and `fit`"


def run(recompile: Callable[[tuple[str, ...]], Compilation], folder: RunFolder, orders: Orders, watch: Watch) -> Ending:
    """Trains what is not trained yet, and writes the folder. `recompile` gives the spec, with texts PATH=VALUE set in it.

    Raises DataError for data that cannot be read, PathError where the folder cannot be written, and Unbuildable where the
    installed Keras cannot build the model.
    """
    from .file_digests import digest_files
    from .reading.open import open_data
    from .reading.unread import check_unread, find_unread

    compilation = recompile(())
    compilation.need_backend()
    spec = compilation.spec
    assert spec is not None
    if spec.fit is not None and spec.fit.start_from is not None:
        # Before all data are read.
        find_start(spec.fit.start_from, _find_base(compilation), orders.allow_outside)
    processes = _join(orders.team)
    data = open_data(compilation, orders.allow_outside, orders.allow_imports, orders.fold)
    if unknown := list_unknown_classes(spec, data.targets):
        raise DataError(unknown)
    hints = list(find_hints(spec, len(data.parts["train"])))
    files = digest_files(data, anew=folder.read_written() is not None)
    identity = make_identity(compilation, data, orders.fold).add_files(files)
    with hold_folder(folder.path) if processes is None or processes.leads else nullcontext(True) as held:
        take = partial(take_folder, folder, identity, orders.force, orders.resume) if held else partial(refuse_held, folder)
        begin = take() if processes is None else processes.decide(identity, take)
        if isinstance(begin, Ending):
            return begin
        for name, part in data.parts.items():
            if part.left_out:
                watch.say(f"{name}: {len(part):,} samples{describe_left_out(part.left_out)}")
        for hint in hints:
            watch.say(f"hint: {hint}")
        try:
            if (unread := find_unread(data)) is not None:
                watch.say("reading the files of `test`, which no epoch reads")
                check_unread(unread)
            compilation, data = _adapt(compilation, data, recompile, watch)
            return _train(compilation, data, folder, begin, identity, orders, watch, processes)
        finally:
            if data.seen is not None:
                data.seen.save()


def _adapt(
    compilation: Compilation, data: Data, recompile: Callable[[tuple[str, ...]], Compilation], watch: Watch
) -> tuple[Compilation, Data]:
    """The spec and the data with what layers need of the data, measured."""
    if not compilation.list_unmeasured():
        return compilation, data
    watch.say("measuring what layers need of the data")
    with silence():
        from .adapt import adapt_layers, compile_measured

    adapted = adapt_layers(compilation, data.parts["train"], recompile)
    return compile_measured(recompile, adapted), replace(data, adapted=adapted)


def _join(team: Team | None) -> Processes | None:
    """The processes that train together, once all are here; None where one does it all."""
    if team is None:
        return None
    from .train.processes import Processes

    return Processes(team)


def make_identity(compilation: Compilation, data: Data, fold: int | None) -> RunIdentity:
    """What makes this run the one that it is."""
    assert compilation.spec is not None
    facts = dict(data.facts) if fold is None else {**data.facts, "fold": fold}
    held = describe_resolved(compilation)
    document = make_portable(held.document, compilation.spec, _find_base(compilation))
    return RunIdentity.make(held.model_copy(update={"document": document}), facts, find_installed_versions())


def _find_base(compilation: Compilation) -> File:
    """The folder of the spec."""
    name = compilation.source.name
    return File() if name.startswith("<") else File(name).parent


def _train(
    compilation: Compilation,
    data: Data,
    folder: RunFolder,
    begin: Begin,
    identity: RunIdentity,
    orders: Orders,
    watch: Watch,
    processes: Processes | None,
) -> Ending:
    from .file_digests import digest_files

    with silence():
        from ..emit.keras.run import compute_alike, forget
        from .train.train import check, train
    from .train.training import Training

    spec = compilation.spec
    assert spec is not None and spec.fit is not None
    # A run has the same weights, whichever were before it in this process, each of which has freed its own memory.
    forget(free=False)
    if spec.fit.deterministic:
        compute_alike()
    devices = _share(orders, watch)
    with nullcontext() if devices is None else devices.make_scope():
        model, loaded = _build(compilation, orders)
    if spec.fit.start_from is not None:
        watch.say(f"starts from {spec.fit.start_from}: {len(loaded)} layers loaded")
    store = folder if processes is None else processes.share(folder)
    training = Training(compilation, model, data, store, watch, lambda: _build(compilation, orders)[0], devices)
    check(training)
    begin()
    outcome = train(training)
    weights = model.get_weights()
    if processes is not None:
        processes.leave()
        if not processes.leads:
            return Ending(DIVERGED if outcome.diverged else DONE, ())
    # The file has the names, and the optimizer, of a model that was never trained.
    forget()
    model = compilation.to_keras()
    model.set_weights(weights)
    # Measuring compiles it with metrics of ours, which no other Python can load.
    saved = save_model(model, compilation)
    measured, thresholds = _measure(training, model)
    report = _report(training, model, outcome, measured, thresholds)
    identity = identity.add_files(digest_files(data, anew=True))
    return _write(compilation, data, folder, identity, outcome, saved, training.batch_size, measured, thresholds, report)


def _build(compilation: Compilation, orders: Orders) -> tuple[keras.Model, tuple[str, ...]]:
    """The model as its training begins, and the layers that have their weights from another."""
    spec, model = compilation.spec, compilation.to_keras()
    assert spec is not None and spec.fit is not None
    if spec.fit.start_from is None:
        return model, ()
    return model, load_weights(model, find_start(spec.fit.start_from, _find_base(compilation), orders.allow_outside))


def _share(orders: Orders, watch: Watch) -> Devices | None:
    """The devices that share each batch; None where there is one, or no more are asked for."""
    if not orders.all_devices and orders.team is None:
        return None
    devices: Devices
    with silence():
        if find_backend() == "jax":
            from .train.spread import Spread

            devices = Spread(orders.all_devices)
        else:
            from .train.devices import find_devices

            devices = find_devices()
    whose = "" if orders.team is None else f" of {orders.team.count} processes"
    watch.say(f"{devices.count} devices{whose} share each batch" if devices.count > 1 else "one device is all that there is")
    return devices if devices.count > 1 else None


def _report(
    training: Training, model: keras.Model, outcome: Outcome, measured: Measured | None, thresholds: dict[str, float]
) -> bytes | None:
    """The page of the run; None where nothing was measured, or a library for it is missing, which is told."""
    from .report.page import make_report

    if measured is None:
        return None
    part = training.data.parts[measured.evaluation.part]
    try:
        return make_report(training.compilation, model, part, measured, outcome.rows, outcome.best, thresholds)
    except DataError as error:
        for line in error.problems:
            training.watch.say(f"no {REPORT}: {line}")
        return None


def _measure(training: Training, model: keras.Model) -> tuple[Measured | None, dict[str, float]]:
    """What the model is worth on `test`, else on `validation`; and the thresholds, where they are chosen on validation."""
    from .measure.of_run import find_thresholds, measure_part

    data, compilation = training.data, training.compilation
    thresholds = find_thresholds(compilation, model, data)
    name = next((each for each in ("test", "validation") if each in data.parts), None)
    if name is None:
        return None, thresholds
    return measure_part(compilation, model, data.parts[name], name, thresholds), thresholds


def _write(
    compilation: Compilation,
    data: Data,
    folder: RunFolder,
    identity: RunIdentity,
    outcome: Outcome,
    saved: bytes,
    batch_size: int,
    measured: Measured | None,
    thresholds: dict[str, float],
    report: bytes | None,
) -> Ending:
    files = {MODEL: saved, HISTORY: to_csv(outcome.rows).encode()}
    if data.adapted:
        files[ADAPTED] = (make_adapted(data.adapted).to_json() + "\n").encode()
    if report is not None:
        files[REPORT] = report
    if (last := folder.read(LAST)) is not None:
        files[GO_ON] = last
    manifest = _make_manifest(compilation, data, identity, outcome, files, batch_size, folder.path, thresholds, measured)
    files[MANIFEST] = (manifest.to_json() + "\n").encode()
    folder.finish(files)
    return Ending(DIVERGED if outcome.diverged else DONE, tuple(_list_last_lines(outcome, folder.path)))


def _list_last_lines(outcome: Outcome, where: File) -> list[str]:
    lines = []
    if (since := find_parting(outcome.rows)) is not None:
        lines.append(f"since epoch {since} validation grew worse while training grew better")
    if outcome.seconds > 0:
        lines.append(f"{outcome.waited / outcome.seconds:.0%} of {outcome.seconds:.1f} s were spent waiting for data")
    if outcome.best is not None and outcome.rows:
        row = outcome.rows[outcome.best - 1]
        value = row.get(outcome.monitor)
        told = f", {outcome.monitor} {value:.4g}" if isinstance(value, float) else ""
        lines.append(f"the best epoch is {outcome.best} of {len(outcome.rows)}{told}; wrote {where}")
    if outcome.diverged:
        lines.append(f"the loss became NaN {outcome.diverged}")
        if outcome.best is None:
            lines.append(f"no epoch before that is the best: `{where}` has the model as it began")
    elif outcome.best is None:
        lines.append(f"no epoch is the best, since `{outcome.monitor}` is no number: `{where}` has the weights of the last one")
    return lines


def _make_manifest(
    compilation: Compilation,
    data: Data,
    identity: RunIdentity,
    outcome: Outcome,
    files: dict[str, bytes],
    batch_size: int,
    folder: File,
    thresholds: dict[str, float],
    measured: Measured | None,
) -> RunManifest:
    base = make_manifest(compilation, files, identity.versions)
    held = {name: getattr(base, name) for name in base.model_fields_set}
    held["spec"] = SpecFile(sha256=base.spec.sha256, **identity.spec.to_data())
    more: dict[str, Any] = {}
    if outcome.best is not None and outcome.rows:
        row = outcome.rows[outcome.best - 1]
        logged = {name: value if value == value and abs(value) != float("inf") else None for name, value in _list_numbers(row)}
        more["best"] = Best(epoch=outcome.best, monitor=outcome.monitor, direction=outcome.direction, metrics=logged)  # type: ignore[arg-type]
    if measured is not None:
        more["evaluation"] = measured.evaluation
    if "fold" in identity.data:
        more["fold"] = identity.data["fold"]
    if outcome.diverged:
        more["ended"] = Ended(reason="nan", where=outcome.diverged)
    return RunManifest(
        **held,
        data=identity.data,
        fit=identity.spec.document.get("fit"),
        batch_size=batch_size,
        epochs=len(outcome.rows),
        base=File(os.path.relpath(_find_base(compilation), folder)).as_posix(),
        targets={head: make_target_facts(each) for head, each in data.targets.items()},
        thresholds=thresholds,
        seconds=round(outcome.seconds, 3),
        machine=_describe_machine(),
        commit=find_commit(_find_base(compilation)),
        **more,
    )


def _list_numbers(row: Mapping[str, object]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in row.items() if isinstance(value, float)]


def _describe_machine() -> Machine:
    from ..emit.keras.run import list_devices

    return Machine(system=platform.system(), processor=platform.machine(), cores=os.cpu_count() or 1, devices=list_devices())
