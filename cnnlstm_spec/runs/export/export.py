"""A trained model as files for other runtimes, each held against Keras before it is put in place. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import field
from functools import cached_property
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import keras
import numpy

from ...compiler.artifact.write import make_folder
from ...compiler.deploy import Deployment
from ...ir.graph import TypedGraph
from ...text.frozen import dataclass
from ..finished import Finished
from ..measure.document import Evaluation
from ..measure.of_run import measure_part
from ..measure.predict import map_outputs
from ..open_sizes import Fixed
from ..require import check_requirements
from ..samples import DataError, Part
from .asked import find_kept
from .blame import describe, find_blamed, find_scope
from .child import Child, Failed, Late
from .comparison import Pairs, ask_keras, compare_outputs
from .cost import describe_fallen
from .document import Explained, ExportedFile, FileInput, FileWorth
from .explain import find_stages, make_probe
from .formats import COST, Kind
from .measure import find_fitting, measure_file
from .place import describe_files, make_scratch_folder
from .plain import write_plainly
from .runtime import Runtime
from .samples import MEASURED, SingleSamples, draw_samples, iterate_batches, take_samples
from .serving import find_ends, unroll, write_saved_model
from .sizes import Fed, find_inputs, fix_sizes
from .texts import ExportedPart, cut, find_texts
from .wanted import Wanted, find_judging, find_memory
from .widths import HALVES
from .words import MOST_LAYERS

if TYPE_CHECKING:
    from ..samples import Array

MOST_STEPS = 2000
"""Steps that are unrolled at most: the file holds each of them."""
Step = Callable[[str], None]
Key = tuple[object, ...]


@dataclass(frozen=True)
class Model:
    """A model to export, its Keras models built, and the data that it is measured on."""

    finished: Finished
    deployment: Deployment
    training: keras.Model
    inference: keras.Model
    parts: Mapping[str, Part]

    @property
    def typed(self) -> TypedGraph:
        """The graph of the model for inference."""
        found = self.deployment.inference.typed
        assert found is not None
        return found

    @cached_property
    def inputs(self) -> tuple[Fed, ...]:
        """The inputs of the Keras model."""
        return find_inputs(self.typed)

    @property
    def heads(self) -> tuple[str, ...]:
        """The outputs by name."""
        return tuple(self.typed.graph.outputs)

    def predict(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """What Keras gives."""
        with write_plainly():
            return map_outputs(self.inference, self.heads, arrays)

    def find_side(self, kind: Kind) -> ExportedPart:
        """What is exported to a format: a SavedModel reads texts, all others begin behind them."""
        if kind.format == "saved_model" or not find_texts(self.inputs):
            return ExportedPart(self.inference, self.inputs, dict)
        return self._behind

    @cached_property
    def _behind(self) -> ExportedPart:
        return cut(self.typed, self.inference, self.inputs)

    @property
    def judged(self) -> str | None:
        """The part that int8 is held by."""
        return find_judging(self.parts)


def open_model(finished: Finished, deployment: Deployment, parts: Mapping[str, Part]) -> Model:
    """Builds the models. Raises Unbuildable where the weights are not of this spec."""
    from ...emit.keras.run import forget

    forget()
    training, inference = deployment.make_models()
    return Model(finished, deployment, training, inference, parts)


@dataclass(frozen=True)
class Shared:
    """What several files of one model have in common."""

    folder: File
    """Where SavedModels lie that files are made of."""
    references: dict[Key, Pairs] = field(default_factory=dict)
    """What Keras gives, by sizes that are fixed and the size of batches."""
    sources: dict[Key, File] = field(default_factory=dict)


@dataclass(frozen=True)
class Exporter:
    """Makes the files of one model in a folder for work in progress."""

    model: Model
    wanted: Wanted
    folder: File
    step: Step
    note: Step
    shared: Shared
    start: Callable[[float, int], Child] = Child
    """Gives the process that converts, or runs, a file."""

    @cached_property
    def fixed(self) -> Fixed:
        """The sizes that `--size` gives."""
        return fix_sizes(self.model.typed, self.wanted.sizes)

    def make(self, kind: Kind) -> ExportedFile:
        """One file. Raises DataError where it cannot be made, or differs too much; nothing of it is left then."""
        batch = self._choose_batch(kind)
        for each in self.model.find_side(kind).inputs:
            if kind.format == "litert" and None in each.shape(1, self.fixed):
                raise DataError([f"{kind}: `{each.name}` needs fixed sizes: `output_sequence_length` gives it one"])
        self.step(f"converting to {kind}")
        target = self.folder / kind.path
        make_folder(target.parent)
        with ExitStack() as stack:
            try:
                told, names = self._convert(kind, batch, target)
                child = stack.enter_context(self._start_child())
                runtime = self._open(child, kind, target, batch)
                self.step(f"running {kind}")
                differences = compare_outputs(self._predict_reference(batch), runtime.run)
                seconds = runtime.measure_seconds(next(iterate_batches(self.trial.samples, batch or 1)))
                figures = self._measure(runtime)
            except Failed as error:
                raise DataError([self._find_failure(kind, batch, error)]) from error
        try:
            self._judge(kind, differences, figures)
        except DataError as error:
            raise DataError([*error.problems, *self._explain_failure(kind, batch)]) from None
        per_sample = [1000 * each / (batch or 1) for each in seconds]
        files = describe_files(self.folder, kind)
        more: dict[str, Any] = {} if kind.quantize is None else {"quantize": kind.quantize}
        if "opset" in told:
            more["opset"] = told["opset"]
        tolerance = self._find_tolerance(kind)
        if tolerance is not None:
            more["tolerance"] = tolerance
        if names:
            more["unrolled"] = names
        if kind.quantize == "int8" and self.wanted.keep_float:
            more["kept_float"] = self.wanted.keep_float
        if figures:
            before, after = figures[next(iter(figures))]
            more |= {
                "metrics": after.metrics,
                "measured": FileWorth(part=after.part, samples=after.samples, before=before.metrics),
            }
        if self.wanted.explain:
            more["layers"] = self._explain(kind, batch)
        return ExportedFile(
            format=kind.format,  # type: ignore[arg-type]
            path=kind.path,
            bytes=sum(each.bytes for each in files.values()),
            files=files,
            inputs=tuple(
                FileInput.model_validate({"name": each.name, "shape": each.shape(batch, self.fixed), "dtype": each.dtype})
                for each in self.model.find_side(kind).inputs
            ),
            outputs=self.model.heads,
            batch_size=batch,
            milliseconds=round(float(numpy.median(per_sample)), 4),
            milliseconds_99=round(float(numpy.quantile(per_sample, 0.99)), 4),
            difference=max(differences.values()),
            differences=differences,
            **more,
        )

    @cached_property
    def trial(self) -> SingleSamples:
        """The samples that files are compared on."""
        parts = [each for each in ("validation", "test", "train") if each in self.model.parts]
        given = (self.model.inputs, self.fixed)
        for name in parts:
            found = take_samples(self.model.parts[name], *given, name, self.wanted.samples)
            if found is not None:
                return found
        if parts:
            self.note("no sample of the data fits the sizes that are fixed: files are compared on seeded ones, and not measured")
        return draw_samples(self.model.typed, *given, self.wanted.samples)

    def _predict_reference(self, batch: int | None) -> Pairs:
        key = (batch, *self.fixed.items())
        if key not in self.shared.references:
            self.shared.references[key] = ask_keras(self.trial, batch, self.model.predict)
        return self.shared.references[key]

    def _choose_batch(self, kind: Kind) -> int | None:
        spec = self.model.finished.compilation.spec
        assert spec is not None
        own, asked = spec.batch_size, self.wanted.batch_size
        if own is not None and asked not in (None, own):
            raise DataError([f"`--batch-size {asked}`: the spec fixes `batch_size: {own}`"])
        return own or asked or (1 if kind.format == "litert" else None)

    def _start_child(self) -> Child:
        return self.start(self.wanted.seconds, find_memory())

    def _convert(self, kind: Kind, batch: int | None, target: File) -> tuple[dict[str, object], tuple[str, ...]]:
        """Converts; gives what there is to say of it, and the layers whose loops were unrolled."""
        return self._convert_model(self.model.find_side(kind).model, self.model.heads, kind, batch, target)

    def _convert_model(
        self, model: keras.Model, heads: Sequence[str], kind: Kind, batch: int | None, target: File
    ) -> tuple[dict[str, object], tuple[str, ...]]:
        more: dict[str, Any] = {}
        arrays: dict[str, Array] = {}
        names: tuple[str, ...] = ()
        with ExitStack() as stack:
            if kind.quantize == "int8":
                self._check_steps()
                names = stack.enter_context(unroll(model))
                arrays = self._find_ranges(kind)
            source = self._save_source(model, heads, kind, batch, bool(names))
            if kind.quantize is not None:
                more["quantize"] = kind.quantize
            if kind.quantize == "int8" and self.wanted.keep_float:
                more["keep_float"] = self._list_kept_layers()
                more["ends"] = {head: list(map(find_scope, names)) for head, names in find_ends(model, heads).items()}
            if kind.format == "onnx":
                more["opset"] = self.wanted.opset
            with self._start_child() as child:
                told, _ = child.ask("convert", arrays, format=kind.format, source=str(source), target=str(target), **more)
        return told, names

    def _save_source(self, model: keras.Model, heads: Sequence[str], kind: Kind, batch: int | None, unrolls: bool) -> File:
        """The SavedModel that files are made of."""
        in_planes, widened = kind.format == "litert", HALVES.get(kind.format, ())
        key = (id(model), batch, unrolls, in_planes, widened, *self.fixed.items())
        if key not in self.shared.sources:
            path = self.shared.folder / str(len(self.shared.sources))
            inputs = self.model.find_side(kind).inputs
            write_saved_model(model, heads, inputs, batch, self.fixed, path, unrolls, in_planes, widened)
            self.shared.sources[key] = path
        return self.shared.sources[key]

    def _open(self, child: Child, kind: Kind, target: File, batch: int | None, heads: Sequence[str] = ()) -> Runtime:
        told, _ = child.ask("open", format=kind.format, path=str(target))
        wanted = sorted(each.name for each in self.model.inputs), sorted(heads or self.model.heads)
        if (told["inputs"], told["outputs"]) != wanted:
            given = f"inputs {', '.join(told['inputs'])}, outputs {', '.join(told['outputs'])}"
            raise Failed("open", f"its names are not those of the spec: {given}")
        side = self.model.find_side(kind)
        return Runtime(child, self.model.typed, side.inputs, self.fixed, batch, side.prepare)

    def _find_ranges(self, kind: Kind) -> dict[str, Array]:
        """The samples that int8 takes its ranges of: of the training part, else seeded."""
        given = (self.model.inputs, self.fixed)
        part = self.model.parts.get("train")
        trial = take_samples(part, *given, "train", MEASURED) if part is not None else None
        if trial is None and part is not None:
            self.note(f"{kind}: no sample of `train` fits the sizes that are fixed: its ranges are those of seeded samples")
        trial = trial or draw_samples(self.model.typed, *given, MEASURED)
        side = self.model.find_side(kind)
        arrays = side.prepare({name: numpy.concatenate([each[name] for each in trial.samples]) for name in trial.samples[0]})
        return {each.name: arrays[each.name] for each in side.inputs}

    def _check_steps(self) -> None:
        for each in self.model.typed.nodes.values():
            if (
                each.node.op is None
                or each.node.op.list_values().get("unroll") is None
                or not each.inputs
                or each.inputs[0] is None
            ):
                continue
            steps = each.inputs[0].sizes[0]
            count = steps if isinstance(steps, int) else steps.evaluate(self.fixed)
            if count > MOST_STEPS:
                raise DataError(
                    [f"int8 holds every step of {describe(each)}: {count:,} are more than the {MOST_STEPS:,} that are unrolled"]
                )

    def _list_kept_layers(self) -> list[list[str]]:
        """Of each address that stays in float, its layers as TensorFlow calls them."""
        return [[find_scope(layer) for layer in find_kept(self.model.typed, address)] for address in self.wanted.keep_float]

    def _measure(self, runtime: Runtime) -> dict[str, tuple[Evaluation, Evaluation]]:
        """By part the figures before and after: of that which judges int8, and of that which `--require` is of, first."""
        names = [self.model.judged] if self.model.judged is not None else []
        if self.wanted.required and "test" in self.model.parts:
            names = list(dict.fromkeys(["test", *names]))
        found = {}
        for name in names:
            part = find_fitting(self.model.parts[name], runtime)
            if part is None:
                continue
            finished = self.model.finished
            given = (finished.compilation, self.model.training, part, name, finished.thresholds)
            found[name] = measure_part(*given).evaluation, measure_file(*given, runtime)
        return found

    def _find_tolerance(self, kind: Kind) -> float | None:
        own = kind.find_tolerance(self.model.typed.policy)
        return own if own is None or self.wanted.tolerance is None else self.wanted.tolerance

    def _judge(self, kind: Kind, differences: Mapping[str, float], figures: Mapping[str, tuple[Evaluation, Evaluation]]) -> None:
        """Raises DataError where a file is not what it is to be."""
        problems: list[str] = []
        tolerance = self._find_tolerance(kind)
        for head, each in differences.items():
            if not numpy.isfinite(each):
                problems.append(f"{kind}: `{head}` is of another shape than in Keras, or no number")
            elif tolerance is not None and each > tolerance:
                problems.append(
                    f"{kind}: `{head}` differs from Keras by {each:.1e} of its spread, more than the {tolerance:.0e} allowed"
                )
        if kind.quantize == "int8" and self.model.judged is not None and self.model.judged in figures:
            problems += describe_fallen(kind, *figures[self.model.judged], self.wanted.tolerance or COST)
        if self.wanted.required:
            if not figures:
                raise DataError([f"`--require`: no sample of `{self.model.judged}` fits the sizes that are fixed"])
            problems += [f"{kind}: {each}" for each in check_requirements(next(iter(figures.values()))[1], self.wanted.required)]
        if problems:
            raise DataError(problems)

    def _find_failure(self, kind: Kind, batch: int | None, error: Failed) -> str:
        said = {"convert": "it cannot be converted", "open": "its runtime cannot open it"}.get(error.stage, "its runtime fails")
        blamed, reason = find_blamed(self.model.typed, error.reason, error.whole)
        where = f" at {describe(blamed)}" if blamed is not None else ""
        way = ""
        if isinstance(error, Late):
            way = "; `--time-limit` gives it longer"
        elif kind.format in ("onnx", "openvino") and (
            batch is None or any(None in each.shape(1, self.fixed) for each in self.model.inputs)
        ):
            way = "; fixed sizes may do: `--batch-size 1`, and `--size` for those that are open"
        return f"{kind}: {said}{where}: {reason[:300]}{way}"

    def _explain(self, kind: Kind, batch: int | None) -> tuple[Explained, ...]:
        """The layers by how far their outputs differ, in a file that gives them too."""
        if self.model.find_side(kind).texts:
            self.note(f"{kind}: layers cannot be explained behind texts; `--format saved_model` tells them")
            return ()
        self.step(f"explaining {kind}")
        stages = find_stages(self.model.typed, self.model.inference)
        probe, names = make_probe(self.model.inference, stages)
        with make_scratch_folder() as scratch, ExitStack() as stack:
            target = scratch / kind.path
            make_folder(target.parent)
            try:
                self._convert_model(probe, list(names), kind, batch, target)
                child = stack.enter_context(self._start_child())
                runtime = self._open(child, kind, target, batch, list(names))
                found = compare_outputs(
                    ask_keras(self.trial, batch, lambda arrays: map_outputs(probe, list(names), arrays)), runtime.run
                )
            except Failed as error:
                self.note(f"{kind}: no layer can be explained: {error.reason[:200]}")
                return ()
        told = [Explained(address=names[name], difference=each) for name, each in found.items()]
        return tuple(sorted(told, key=lambda each: -each.difference))

    def _explain_failure(self, kind: Kind, batch: int | None) -> Iterator[str]:
        """The layers of a file that is not what it is to be, where they are asked for."""
        for each in self._explain(kind, batch)[:MOST_LAYERS] if self.wanted.explain else ():
            yield f"{kind}: `{each.address}` differs by {each.difference:.1e}"
