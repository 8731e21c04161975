"""The optimizer against the layers that it trains, and callbacks that set its learning rate.

And numbers that are to be shares, of it, of losses and of batch norms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ...ir.graph import TypedGraph, TypedNode
from ...ir.op import Op, find_storage_dtype
from ...language.catalog import NO_EFFECT, KerasObject, OwnThing
from ...spec.compile_keys import Placed
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put
from ...text.source import Place, Span
from .common import Setting, find_title, name_written
from .gradients import find_reached
from .weight_arguments import is_penalised, list_layers

SPARSE_GRADIENT = Code(
    "sparse-gradient-not-scaled", "error", "`loss_scale_factor` cannot scale the sparse gradient of `{layer}`", sort="keras"
)
MUON_FLOAT64 = Code("muon-in-float64", "error", "`Muon` cannot train the float64 matrix of `{layer}`", sort="keras")
MUON_SCHEDULE = Code(
    "muon-with-schedule", "error", "`Muon` with a schedule cannot train the {dtype} matrix of `{layer}`", sort="keras"
)
DIVIDED = Code(
    "table-divided-by-zero", "error", "`{optimizer}` cannot train the table of `{layer}`: `{argument}` is {value} in {dtype}"
)
CLIPPED_DTYPES = Code(
    "clipped-dtypes", "error", "`global_clipnorm` cannot clip {dtype} and {other} weights together", sort="keras"
)
WITH_CALLBACKS = Code(
    "multipliers-and-callbacks", "warning", "learning-rate callbacks do not reach an optimizer with multipliers"
)
NOTHING_AVERAGED = Code("ema-without-weights", "error", "`use_ema` averages weights; the model has none to train", sort="keras")

EPSILONS = {
    "Adadelta": "epsilon",
    "Adafactor": "epsilon_1",
    "Adagrad": "epsilon",
    "RMSprop": "epsilon",
    "ScheduleFreeAdamW": "epsilon",
}
"""Optimizers that divide a gradient by what they keep of earlier ones, and what keeps that from being 0."""
PRECISION = {
    "float16": (2.0**-25, 2.0**-12),
    "bfloat16": (2.0**-126, 2.0**-9),
    "float32": (2.0**-126, 2.0**-25),
    "float64": (2.0**-1022, 2.0**-54),
}
"""What becomes 0 in a dtype where it is smaller, and what a number may be below 1 and become 1."""


NO_SHARE = Code("no-share", "warning", "`{argument}: {given:g}` of `{what}` is no share from 0 to {most}")
AVERAGES = "what it keeps of earlier gradients grows without end, or never changes"
OF_NEXT_BATCH = "the statistics that inference uses are then no average of the batches"
LABELS = "the labels that it makes go beyond 0 and 1, or are all alike"
WEIGHTS = "one of the two classes has a weight below 0, and its loss rewards mistakes"
BELOW_ONE = {"label_smoothing": LABELS, **dict.fromkeys(("beta_1", "beta_2", "rho"), AVERAGES)}
"""Shares that are less than 1, and what comes of others."""
UP_TO_ONE = {"alpha": WEIGHTS, "momentum": OF_NEXT_BATCH}
"""Shares that may be 1."""
OF_CLASSES = ("BinaryFocalCrossentropy",)
"""Losses whose `alpha` is the share of a class; of others it is a weight."""


def check_optimizer(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding for each thing that the optimizer cannot do, at the first layer in its way."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or section.optimizer is None:
        return
    for check in CHECKS:
        found = next(check(section.optimizer, section, typed), None)
        if found is not None:
            yield found


def check_rate_callbacks(typed: TypedGraph, spec: ModelSpec) -> Iterator[Diagnostic]:
    """Callbacks set the rate of no optimizer with multipliers; one of a person's own may try, and without `fit` any may come."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or not section.multipliers:
        return
    if section.optimizer is not None and section.optimizer.thing.get("global_clipnorm") is not None:
        # There is no such optimizer, which is told.
        return
    labels: tuple[Label, ...] = ()
    if spec.fit is not None:
        setting = (
            each for each in spec.fit.callbacks if each.thing.name == "ReduceLROnPlateau" or isinstance(each.thing, OwnThing)
        )
        labels = tuple(Label(each.place, "the callback") for each in setting)
        if not labels:
            return
    place, help = section.written.keys["learning_rate_multipliers"], ("give the optimizer a schedule instead of a callback",)
    yield Diagnostic(WITH_CALLBACKS, place, {}, labels=labels, help=help)


def _iterate_tables(typed: TypedGraph) -> Iterator[tuple[TypedNode, Op]]:
    """Trained tables whose gradient holds only the rows that were read: a penalty is on all rows."""
    for node in typed.nodes.values():
        for op, weights in list_layers(node) if node.owns_weights else ():
            trained = any(weight.trainable and weight.name == "embeddings" for weight in weights)
            if op.has_table and trained and not is_penalised(op, weights):
                yield node, op


def _check_scaled(optimizer: Placed, section: CompileSpec, typed: TypedGraph) -> Iterator[Diagnostic]:
    """A scale that another one takes the place of; or tables, whose gradient Keras cannot divide by a number."""
    if optimizer.thing.get("loss_scale_factor") is None:
        return
    policy_scales = section.dtype_policy == "mixed_float16" and section.plain.get("auto_scale_loss", True)
    if policy_scales and not section.multipliers:
        facts: dict[str, object] = {"argument": "loss_scale_factor", "needed": "`auto_scale_loss: false`"}
        help: tuple[str, ...] = ("`mixed_float16` brings a scale that follows the gradients: leave this one out",)
        yield Diagnostic(NO_EFFECT, optimizer.find_place("loss_scale_factor"), facts, help=help)
        return
    for node, op in _iterate_tables(typed):
        help = ("leave `loss_scale_factor` out", "freeze the table with `trainable: false`")
        yield Diagnostic(
            SPARSE_GRADIENT, node.node.origin.place, {"layer": find_title(op)}, labels=node.node.origin.uses, help=help
        )


def _check_divided(optimizer: Placed, _: CompileSpec, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Tables whose gradient is divided by 0 in the rows that were not read, where Keras counts twice a row that is read twice."""
    thing = optimizer.thing
    epsilon = EPSILONS.get(thing.name)
    if epsilon is None or thing.get("global_clipnorm") or thing.get("gradient_accumulation_steps"):
        # Both make the gradient one of all rows.
        return
    least = thing.get(epsilon) + (thing.get("initial_accumulator_value") if thing.name == "Adagrad" else 0)
    for node, op in _iterate_tables(typed):
        if op.reads_all_rows(*(each for each in node.inputs if each is not None)):
            continue
        dtype = find_storage_dtype(op.dtype or typed.policy)
        smallest, next_to_one = PRECISION[dtype]
        facts: dict[str, object] = {"optimizer": name_written(thing), "layer": find_title(op), "dtype": dtype}
        wide = ("give the layer `dtype: float32`",) if dtype in ("float16", "bfloat16") else ()
        if least < smallest:
            facts |= {"argument": epsilon, "value": "0"}
            yield Diagnostic(DIVIDED, node.node.origin.place, facts, help=(*wide, f"give `{thing.name}` `{epsilon}: 1e-7`"))
        elif thing.name == "ScheduleFreeAdamW" and 1 - thing.get("beta_2") <= next_to_one:
            facts |= {"argument": "beta_2", "value": "1"}
            yield Diagnostic(DIVIDED, node.node.origin.place, facts, help=(*wide, "give the optimizer a smaller `beta_2`"))


def _check_muon(optimizer: Placed, _: CompileSpec, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Matrices whose step Keras multiplies with a number of another dtype: a schedule gives float32, as does the scaling."""
    if optimizer.thing.name != "Muon":
        return
    scheduled = isinstance(optimizer.thing.get("learning_rate"), KerasObject)
    for node in typed.nodes.values():
        op = node.node.op
        if op is None or not any(_iterate_orthogonalised(optimizer.thing, node)):
            continue
        dtypes = [find_storage_dtype(inner.dtype or typed.policy) for inner, weights in list_layers(node) if weights]
        other = next((dtype for dtype in dtypes if dtype != "float32"), None)
        facts: dict[str, object] = {"layer": find_title(op), "dtype": other}
        if scheduled and other is not None:
            help: tuple[str, ...] = ("give the layer `dtype: float32`", "give `Muon` a number as `learning_rate`")
            yield Diagnostic(MUON_SCHEDULE, node.node.origin.place, facts, labels=node.node.origin.uses, help=help)
        elif "float64" in dtypes and optimizer.thing.get("rms_rate") is not None:
            help = ("give the layer `dtype: float32`", "`rms_rate: null` leaves the scaling out")
            facts = {"layer": find_title(op)}
            yield Diagnostic(MUON_FLOAT64, node.node.origin.place, facts, labels=node.node.origin.uses, help=help)


def _iterate_orthogonalised(optimizer: KerasObject, node: TypedNode) -> Iterator[bool]:
    """Of each trained weight, whether it is not one of those that Muon leaves to AdamW."""
    excluded = [*(optimizer.get("exclude_layers") or ()), *(["embedding"] if optimizer.get("exclude_embeddings") else [])]
    for weight in node.weights:
        if weight.trainable and node.owns_weights:
            path = f"{node.node.layer}/{weight.name}"
            yield len(weight.shape) == 2 and not any(re.search(each, path) for each in excluded)


def _check_clipped(optimizer: Placed, section: CompileSpec, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Weights of two dtypes, whose gradients Keras makes one norm of."""
    if not optimizer.thing.get("global_clipnorm") or not typed.is_known or section.losses.keys() != typed.graph.outputs.keys():
        return
    reached, _ = find_reached(section, typed)
    layers = {typed.nodes[id].node.layer for id in reached}
    found: dict[str, tuple[TypedNode, Op]] = {}
    for node in typed.nodes.values():
        for op, weights in list_layers(node) if node.owns_weights else ():
            learns = node.node.layer in layers or is_penalised(op, weights)
            if learns and any(weight.trainable for weight in weights):
                found.setdefault(find_storage_dtype(op.dtype or typed.policy), (node, op))
    if len(found) > 1:
        dtype, other, *_ = found
        labels = [Label(node.node.origin.place, f"`{find_title(op)}` has {each}") for each, (node, op) in list(found.items())[:2]]
        help = ("give all layers one `dtype`", "`clipnorm` clips each weight by itself")
        place = optimizer.find_place("global_clipnorm")
        yield Diagnostic(CLIPPED_DTYPES, place, {"dtype": dtype, "other": other}, labels=tuple(labels), help=help)


def _check_averaged(optimizer: Placed, _: CompileSpec, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Moving averages of no weights at all."""
    known = all(node.type is not None for node in typed.nodes.values())
    if optimizer.thing.get("use_ema") and known and not any(node.trainable_params for node in typed.nodes.values()):
        yield Diagnostic(NOTHING_AVERAGED, optimizer.place, {}, help=("leave `use_ema` out",))


CHECKS: tuple[Callable[[Placed, CompileSpec, TypedGraph], Iterator[Diagnostic]], ...] = (
    _check_scaled,
    _check_divided,
    _check_muon,
    _check_clipped,
    _check_averaged,
)


def check_shares(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each argument of the losses and the optimizer that is to be a share, and is none."""
    section = spec.compile
    if not isinstance(section, CompileSpec):
        return
    for placed in (section.optimizer, *section.losses.values()):
        if placed is not None:
            yield from _check_placed(placed)


def _check_placed(placed: Placed) -> Iterator[Diagnostic]:
    thing = placed.thing
    for argument in placed.keys:
        balances = argument == "alpha" and thing.name in OF_CLASSES and thing.get("apply_class_balancing")
        if argument in BELOW_ONE or balances:
            place = placed.find_place(argument)
            yield from _check_share(argument, thing.get(argument), thing.name, place, placed.place.span, ())


def check_momentum(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """That of a batch norm, of which the other statistics are."""
    op, places = node.node.op, node.node.origin.written.places
    if op is not None and op.is_batch_norm and "momentum" in places and node.owns_weights:
        origin = node.node.origin
        yield from _check_share(
            "momentum", op.get_value("momentum"), op.title(), places["momentum"], origin.place.span, origin.uses
        )


def _check_share(
    argument: str, given: object, what: str, place: Place, owner: Span, uses: tuple[Label, ...]
) -> Iterator[Diagnostic]:
    least_outside = 1 if argument in BELOW_ONE else None
    if not isinstance(given, int | float) or (0 <= given <= 1 and given != least_outside):
        return
    facts: dict[str, object] = {
        "argument": argument,
        "given": given,
        "what": what,
        "most": "below 1" if argument in BELOW_ONE else "1",
    }
    percent = 1 < given < 100
    ways = (f"{given:g} percent are `{argument}: {given / 100:g}`",) if percent else ()
    fixes: tuple[Fix, ...] = (put(owner, argument, f"{given / 100:g}"),) if percent else ()
    yield Diagnostic(NO_SHARE, place, facts, "", uses, ((BELOW_ONE | UP_TO_ONE)[argument], *ways), fixes)
