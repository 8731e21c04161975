"""A spec against Keras: what the compiler accepts must build and train, what it says Keras refuses Keras must refuse."""

from __future__ import annotations

import os
import random
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import networks
import numpy
import tensorflow

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.graph import TypedGraph
from cnnlstm_spec.ops.input import InputOp
from cnnlstm_spec.text.render import render
from fuzz import data
from fuzz.files import unlike
from fuzz.layers import load, load_text
from fuzz.meaning import misled
from fuzz.padding import leak
from fuzz.promises import broken
from fuzz.reading import Unreadable, read
from fuzz.saving import lost
from fuzz.shorter import written_out
from fuzz.text import text_of, used

DEVICE = (
    "No OpKernel was registered",
    "Could not find device for node",
    "only supports NHWC",
    "only supports the NHWC",
    "Current CPU implementations do not yet support",
    "only supports equal length strides",
    "Matrix size-incompatible",
    "AbortedError",
    "could not create a primitive",
    "OOM when allocating",
    "use_cudnn=True was specified",
)
"""What TensorFlow says where this device, or its optimizer of graphs, and not the model is at fault."""
DATA = (" is not in [0,", "outside the valid range of [0,", "must be non-negative")
"""What it says where a table lacks the row that a computed value asks for."""
NOT_KNOWN = "all inputs should be in vocabulary"
"""What it says of a value that a vocabulary lacks, where a spec has it say so."""
MATRIX = ("not invertible", "Cholesky : Tensor had NaN", "Cholesky decomposition failed")
"""What it says of matrices that a function takes none of, where a warning tells so."""
LABEL = "label value"
"""What it says of labels that are no classes: those of a loss for numbers, beside a metric for class numbers."""
BY_VALUES = "depends-on-values"
"""The warning that not every matrix does."""
ON_SIZES = ("depends-on-size", "sizes-undecided")
"""Warnings that not every size fits."""
LONGEST = 800
"""Characters of an error that are kept."""
SAVED = 8
"""One accepted spec in so many is saved and loaded; of a single layer each."""
OF_ANY_LABELS = ("accuracy", "acc", "crossentropy", "ce")
"""Names for which Keras takes the metric that the labels suit."""
DRAWN_WHEN_TRACED = ("AugMix", "RandAugment")
"""Layers that draw which others they run, some of which refuse what others take."""
DRAWS = 48
"""So many seeds of theirs are tried before Keras is said to run what is refused."""
OTHER_BATCH = 11
GRAPH = 4
"""One accepted spec in so many runs in a compiled graph, the rest eagerly, which is faster."""


tell_refusing: Callable[[bool], object] = bool
"""Is told when Keras is about to run what it should refuse, of which it may die, and when it has refused it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a spec: `accepted`, `refused`, `unjudged`, or the kind of a disagreement with what was seen."""

    verdict: str
    disagreement: str | None = None
    message: str = ""


class Disagreement(Exception):
    """The compiler and Keras differ."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def judge(spec: dict[str, Any], seed: int = 0) -> Outcome:
    """What comes of a spec; never raises."""
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy("float32")
    # What is drawn when it is traced is drawn by Python: the same each time.
    random.seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Outcome(_judged(spec, seed))
    except Disagreement as found:
        return Outcome("disagreement", found.kind, found.message)
    finally:
        keras.config.set_dtype_policy("float32")


def _judged(spec: dict[str, Any], seed: int) -> str:
    try:
        compilation = load_text(text_of(spec))
        render(compilation.diagnostics)
    except Exception as error:
        raise Disagreement("exception", _words(error)) from error
    errors = [each for each in compilation.diagnostics if each.severity == "error"]
    if not errors:
        long = written_out(spec)
        if long != spec and _facts(compilation) != _facts(load(long)):
            raise Disagreement("not as written out", f"{_facts(compilation)} for {_facts(load(long))}")
        return accepted(long, compilation, seed)
    if all(each.code.sort == "keras" for each in errors):
        return refused(written_out(spec), "; ".join(f"{each.code.name}: {each.message}" for each in errors))
    return "refused"


def _facts(compilation: Compilation) -> dict[str, tuple[str, int]]:
    """What each node gives, and its weights."""
    nodes = compilation.typed.nodes if compilation.typed is not None else {}
    return {id: (f"{node.type} {node.type and node.type.dtype}", node.params) for id, node in nodes.items()}


def accepted(spec: dict[str, Any], compilation: Compilation, seed: int) -> str:
    """Holds what has no errors against Keras."""
    sizes = data.fitting(spec, Random(seed))
    try:
        compilation.to_python()
        model = compilation.to_keras()
    except Exception as error:
        if any(words in str(error) for words in DEVICE):
            return "accepted, not on this device"
        raise Disagreement("does not build", _words(error)) from error
    try:
        networks.compare(compilation, model)
    except Exception as error:
        raise Disagreement("not as inferred", _words(error)) from error
    if (wrong := unlike(compilation, model)) is not None:
        raise Disagreement("not the weights of the file", wrong)
    if sizes is None and not any(each.code.name in ON_SIZES for each in compilation.diagnostics):
        raise Disagreement("no size fits", "each size that was tried has an error where it is written, and none is told of")
    if sizes is None:
        return "accepted, no sizes found"
    at_once = seed % GRAPH == 0 or (spec.get("compile") or {}).get("jit_compile") is True
    drawn, again = model.get_weights(), compilation.to_keras
    failure = _failure(spec, sizes, model, again, graph=at_once)
    if failure is not None and not at_once:
        # A compiled graph, which is what trains unless told otherwise, has the last word.
        failure = _failure(spec, sizes, model, again, graph=True)
    if failure is not None and (any(words in failure for words in DEVICE) or _runs_as_written(spec, sizes, model, again)):
        return "accepted, not on this device"
    if failure is not None and (
        NOT_KNOWN in failure
        or (any(words in failure for words in MATRIX) and any(each.code.name == BY_VALUES for each in compilation.diagnostics))
        or (
            any(words in failure for words in DATA)
            and (LABEL in failure or _computes_indices(compilation) or _diverges(spec, sizes, model, again))
        )
    ):
        return "accepted, not on this data"
    if failure is not None:
        raise Disagreement("does not run", f"sizes {sizes}: {failure}")
    if _is_spoilt(model):
        # These data lead to what is no number, of which nothing is to be seen.
        model.set_weights(drawn)
    try:
        _hold(spec, compilation, sizes, model, seed)
    except (tensorflow.errors.OpError, Disagreement) as error:
        # It ran on one batch; other data may hold an index that has no row.
        if any(words in str(error) for words in DATA) and _computes_indices(compilation):
            return "accepted, not on this data"
        # Eagerly this device may lack what the graph asks of it.
        if isinstance(error, tensorflow.errors.OpError) and any(words in str(error) for words in DEVICE):
            return "accepted, not on this device"
        raise
    return "accepted"


def _hold(spec: dict[str, Any], compilation: Compilation, sizes: dict[str, int], model: Any, seed: int) -> None:
    """Holds what runs against what is inferred, said and promised of it."""
    _outputs(spec, compilation, sizes, model)
    if (leaked := leak(spec, compilation, sizes, model)) is not None:
        raise Disagreement("padding leaks", f"sizes {sizes}: {leaked}")
    if (wrong := misled(compilation)) is not None:
        raise Disagreement("measures something else", wrong)
    if (wrong := broken(compilation, model, data.fed(data.inputs(spec, sizes, zeros=False)))) is not None:
        raise Disagreement("not as promised", wrong)
    if seed % SAVED == 0 or spec["name"] == "themed":
        given = data.fed(data.inputs(spec, sizes, zeros=True))
        if (wrong := lost(model, given)) is not None:
            raise Disagreement("not the same once it is loaded", wrong)


def _diverges(spec: dict[str, Any], sizes: dict[str, int], model: Any, again: Callable[[], Any]) -> bool:
    """Whether these data give a gradient that is no number, which is looked for in a table as a row of its own."""
    if spec.get("compile") is None:
        return False
    model.optimizer, model.train_function = keras.optimizers.SGD(), None
    _failure(spec, sizes, model, again, graph=False)
    return _is_spoilt(model)


def _is_spoilt(model: Any) -> bool:
    """Whether a weight is no number."""
    return any(numpy.isnan(numpy.asarray(each, "float32")).any() for each in model.get_weights())


def _computes_indices(compilation: Compilation) -> bool:
    """Whether an integer that is looked up was computed, so that nobody can tell which come."""
    assert compilation.typed is not None
    nodes = compilation.typed.nodes

    def computed(id: str) -> bool:
        op = nodes[id].node.op
        if op is None or isinstance(op, InputOp) or "num_bins" in op.arguments:
            return False
        return not op.keeps_values or any(computed(each) for each in nodes[id].node.inputs)

    lookups = [
        node
        for node in nodes.values()
        if (op := node.node.op) is not None and any(each.looks_up is not None for each in (op, *op.list_inner_ops()))
    ]
    return any(computed(id) for node in lookups for id in node.node.inputs)


def _runs_as_written(spec: dict[str, Any], sizes: dict[str, int], model: Any, again: Callable[[], Any]) -> bool:
    """Whether the graph runs where TensorFlow's optimizer leaves it as it is; some of what that makes of graphs fails."""
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        return _failure(spec, sizes, model, again, graph=True) is None
    finally:
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def refused(spec: dict[str, Any], why: str) -> str:
    """Holds an error that Keras should share against a naive reading of the spec; Keras sees nothing of what is not used."""
    if load(used(spec)).ok:
        return "refused"
    tell_refusing(True)
    try:
        return _refused(spec, why)
    finally:
        tell_refusing(False)


def _refused(spec: dict[str, Any], why: str) -> str:
    for sizes in data.choices(spec, Random(0))[:3]:
        try:
            ran = _read_and_run(spec, spec, sizes)
        except Unreadable:
            return _refused_at(spec, sizes, why)
        if ran:
            raise Disagreement("refused, but Keras runs it", f"{why} (sizes {sizes})")
    return "refused"


def _refused_at(spec: dict[str, Any], sizes: dict[str, int], why: str) -> str:
    """The same for what can only be read at fixed sizes; that it runs there says nothing of sizes that are not known."""
    try:
        ran = _read_and_run(spec, data.fixed(spec, sizes), sizes)
    except Unreadable:
        return "refused, unjudged"
    if ran and not sizes:
        raise Disagreement("refused, but Keras runs it", why)
    return "refused, unjudged" if ran else "refused"


def _read_and_run(spec: dict[str, Any], written: dict[str, Any], sizes: dict[str, int]) -> bool:
    """Whether the reading builds and its first batch runs, in a compiled graph; whatever is drawn when that is traced."""
    drawn = any(name in str(spec) for name in DRAWN_WHEN_TRACED)
    for seed in range(DRAWS if drawn else 1):
        random.seed(seed)
        if not _runs_once(spec, written, sizes):
            return False
    with data.samples(OTHER_BATCH):
        # Of as many samples as steps some losses take one for the other.
        return _runs_once(spec, written, sizes)


def _runs_once(spec: dict[str, Any], written: dict[str, Any], sizes: dict[str, int]) -> bool:
    keras.utils.clear_session(free_memory=False)
    try:
        model = read(written)
    except Unreadable:
        raise
    except Exception:
        return False
    # What trains, in a graph, has the last word here too: layers of images take integers there alone.
    if _failure(spec, sizes, model, lambda: read(written), graph=True) is not None:
        return False
    # XLA trains behind a dropout of all, where it sees that all are 0; nothing else of the model runs.
    return not model.jit_compile or _predicts(spec, sizes, model)


def _predicts(spec: dict[str, Any], sizes: dict[str, int], model: Any) -> bool:
    try:
        model.predict(data.fed(data.inputs(spec, sizes, False)), verbose=0)
    except Exception:
        return False
    return True


def _failure(spec: dict[str, Any], sizes: dict[str, int], model: Any, again: Callable[[], Any], graph: bool) -> str | None:
    """How a first batch fails; `again` makes the model anew.

    Integers are fed as 0 where others fail, and labels in every form that the losses read.
    """
    failure = None
    fixed = "themed" in spec["name"] and "Hashing" in str(spec)
    for zeros in (False, True):
        given = data.inputs(spec, sizes, zeros)
        if zeros and not any("int" in str(each.dtype) for each in given.values()):
            break
        failure = _batch(spec, data.fed(given), model, again, graph)
        if failure is None or (not zeros and fixed and any(words in failure for words in DATA)):
            return failure
    return failure


def _batch(spec: dict[str, Any], given: Any, model: Any, again: Callable[[], Any], graph: bool) -> str | None:
    # Keras keeps the function that it has made, be it run eagerly or not.
    model.train_function = model.predict_function = None
    try:
        if spec.get("compile") is None:
            model.run_eagerly = not graph
            model.predict(given, verbose=0) if graph else model(given, training=False)
            # What has no loss is trained by somebody's own loop: what acts in training alone must run too.
            tensorflow.function(model, autograph=False)(given, training=True) if graph else model(given, training=True)
            return None
        model.run_eagerly = not graph
        outputs = tensorflow.function(model, autograph=False)(given, training=False) if graph else model(given, training=False)
        failures = []
        for labels in _labels(spec, outputs):
            try:
                model.fit(given, labels, batch_size=data.BATCH, verbose=0)
                return None
            except Exception as error:
                failures.append(_words(error))
                # What was built halfway for one form of the labels takes no other; the configuration may lack arguments.
                fresh = type(model.optimizer).from_config(model.optimizer.get_config())
                model.compile(**{**again()._compile_config.config, "optimizer": fresh})
                model.run_eagerly, model.train_function = not graph, None
        return failures[0]
    except Exception as error:
        return _words(error)


def _labels(spec: dict[str, Any], outputs: Any) -> list[Any]:
    """Labels for the losses of the spec."""
    from cnnlstm_spec.language.catalog import KerasObject, find_family, find_reads
    from cnnlstm_spec.model.facts import BY_NUMBERS

    def forms(written: Any, output: Any) -> list[Any]:
        name = written if isinstance(written, str) else next(iter(written))
        for each in ("losses", "metrics"):
            thing = KerasObject(each, find_family(each)["identifiers"].get(name, name))
            if thing.name in find_family(each)["classes"]:
                arguments = {} if isinstance(written, str) else next(iter(written.values())) or {}
                by_number = arguments.get("sparse_y_true", True) and not arguments.get("sparse_y_pred", True)
                kind = "integer" if thing.name in BY_NUMBERS and by_number else find_reads(thing).get("labels", "same")
                return data.labels(kind, tuple(output.shape))
        return data.labels("same", tuple(output.shape))

    losses, heads = spec["compile"].get("loss"), spec.get("heads")
    if not heads:
        return forms(losses, outputs)
    if not isinstance(losses, dict) or not losses.keys() <= heads.keys():
        losses = dict.fromkeys(heads, losses)
    metrics = [spec["compile"].get(key) or {} for key in ("metrics", "weighted_metrics")]
    measured = {head: [each for found in metrics if isinstance(found, dict) for each in found.get(head, ())] for head in heads}
    for found in measured.values():
        # What reads labels of any form decides none.
        found.sort(key=lambda metric: metric in OF_ANY_LABELS)
    # Where any head is measured Keras asks for labels of all, though some may have no loss.
    written = {head: loss or next(iter(measured[head]), "mse") for head, loss in losses.items() if loss or any(metrics)}
    found = {head: forms(each, outputs[head]) for head, each in written.items()}
    count = max((len(each) for each in found.values()), default=0)
    return [{head: each[min(index, len(each) - 1)] for head, each in found.items()} for index in range(count)]


def _outputs(spec: dict[str, Any], compilation: Compilation, sizes: dict[str, int], model: Any) -> None:
    """Holds the shape and dtype of the predictions against what was inferred for these sizes."""
    typed = load(data.fixed(spec, sizes)).typed
    assert typed is not None and compilation.typed is not None
    given = data.fed(data.inputs(spec, sizes, zeros=True))
    eager, compiled = (
        (lambda: model(given, training=False)),
        tensorflow.function(lambda: model(given, training=False), autograph=False),
    )
    # Layers that prepare data compute in floats in a graph, and in integers where they are called by themselves.
    if _unlike(eager, typed) is not None and (wrong := _unlike(compiled, typed)) is not None:
        raise Disagreement("not as inferred", wrong)


def _unlike(predict: Callable[[], Any], typed: TypedGraph) -> str | None:
    """How what is predicted is not as inferred."""
    try:
        outputs = predict()
    except Exception as error:
        return _words(error)
    for head, id in typed.graph.outputs.items():
        output = outputs if typed.graph.single_head else outputs[head]
        x = typed.nodes[id].type
        assert x is not None
        # What the words of a text decide is known of no sizes.
        shape = tuple(axis.size for axis in x.axes)
        known = tuple(given if not isinstance(size, int) else size for size, given in zip(shape, output.shape[1:], strict=False))
        if tuple(output.shape[1:]) != known or len(known) != x.rank or keras.backend.standardize_dtype(output.dtype) != x.dtype:
            return f"`{head}` gives {tuple(output.shape[1:])} {output.dtype}; inferred {shape} {x.dtype}"
    return None


def _words(error: BaseException) -> str:
    """The beginning and the end: TensorFlow tells the cause last, after the stack of the graph, and after that all labels."""
    text = re.sub(r"(Label values:)[-\d ]+", r"\1 ... ", f"{type(error).__name__}: {error}")
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
