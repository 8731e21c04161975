"""`fit` against the model and the data: what is monitored is logged, callbacks can do something, phases train something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...ir.graph import Graph, TypedGraph, TypedNode
from ...language.catalog import NO_EFFECT, KerasObject
from ...ops.stand_in import stand_for
from ...spec.compile_keys import Placed
from ...spec.compile_section import CompileSpec
from ...spec.data.splits import Split
from ...spec.fit.callbacks import Callback
from ...spec.fit.phases import Phase, WrittenAddress
from ...spec.fit.section import FitSpec
from ...spec.model_spec import ModelSpec
from ...spec.patterns import report_beside
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, drop, put
from ...text.source import Place
from ...text.spelling import guess
from ..addresses import Part, cut_off_address, expand, find_parts, is_cut_off, report_unknown_address
from ..logged import Logged, find_logged, find_looked_at, validates
from ..monitors import Monitor, list_of_fit
from .common import with_argument

WITHOUT_COMPILE = Code(
    "fit-without-compile",
    "error",
    "`fit` trains a model that is not compiled",
    sort="keras",
    help="add `compile: {loss: ...}`, or leave `fit` out",
)
NOT_LOGGED = Code("monitor-not-logged", "error", "`{name}` is not logged")
NO_VALIDATION = Code("monitor-without-validation", "error", "`{name}` is not logged: there is no validation")
NO_DIRECTION = Code("monitor-direction", "error", "nobody says whether more or less of `{name}` is better")
WITH_SCHEDULE = Code(
    "plateau-with-schedule",
    "error",
    "`ReduceLROnPlateau` cannot set a learning rate that `{schedule}` gives",
    sort="keras",
    help="leave one of them out",
)
NEVER_ENDS = Code(
    "patience-never-ends", "warning", "the patience of `{name}` cannot run out: it lasts to epoch {needed} of {epochs}"
)
NEVER_VALIDATES = Code("never-validates", "error", "`validation_freq: {given}` leaves no epoch of {epochs} that validates")
NO_EMA = Code("swap-without-ema", "error", "`SwapEMAWeights` needs `use_ema: true` in the optimizer")
TRAINS_NOTHING = Code("phase-trains-nothing", "error", "the phase `{name}` trains nothing: all weights are frozen")
CHANGES_NOTHING = Code("phase-changes-nothing", "warning", "`{key}` of `{address}` changes nothing: it {state} already")
OTHER_BATCH = Code("batch-size-differs", "error", "the model is built for batches of {fixed}; `{key}` is {given}")
STATEFUL = Code(
    "stateful-without-order",
    "error",
    "`{layer}` is stateful, but {lacking}",
    help="leave it out; in order are windows that follow each other: `sequence_stride` as long as `sequence_length`, no `group`, "
    "parts that are the `last`, `fit.shuffle: false` and `batch_size: 1`",
)

if TYPE_CHECKING:
    from ...ops.backbones.op import Backbone
else:
    Backbone = stand_for("backbones.op", "Backbone")


def check_fit(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Everything that needs no data."""
    fit = spec.fit
    if fit is None or (not fit.written.places and fit.broken):
        return
    if spec.compile is None:
        yield Diagnostic(WITHOUT_COMPILE, fit.place)
        return
    for monitor in list_of_fit(fit, spec):
        yield from check_monitor(monitor, spec)
    if isinstance(spec.compile, CompileSpec):
        yield from _check_callbacks(fit, spec.compile)
    yield from _check_phases(fit, typed)
    yield from _check_batches(fit, spec)
    yield from _check_without_validation(fit, spec)


def check_monitor(monitor: Monitor, spec: ModelSpec) -> Iterator[Diagnostic]:
    """Whether a name will be logged, and whether it is known which way is better."""
    known = find_logged(spec)
    if known is None:
        return
    prefix, found = find_looked_at(known, monitor.name)
    name, facts = monitor.name.removeprefix(prefix), {"name": monitor.name}
    if found is None:
        yield _report_not_logged(monitor, known, spec)
    elif prefix and spec.data is not None and not validates(spec):
        help: tuple[str, ...] = ("add `data: {validation: {fraction: 0.2}}`", f"or look at `{name}`, that of training")
        fixes: tuple[Fix, ...] = (put(spec.data.place.span, "validation", "{fraction: 0.2}"), monitor.fix_name(name))
        yield Diagnostic(NO_VALIDATION, monitor.place, dict(facts), help=help, fixes=fixes)
    else:
        if monitor.mode == "auto" and (not found.auto if monitor.by_keras else found.direction is None):
            mode = {"up": "max", "down": "min"}.get(found.direction or "")
            help = (f"add `mode: {mode}`" if mode else "add `mode: min` or `mode: max`",)
            fixes = (put(monitor.owner.span, "mode", mode),) if mode else ()
            yield Diagnostic(NO_DIRECTION, monitor.place, dict(facts), help=help, fixes=fixes)


def _report_not_logged(monitor: Monitor, known: dict[str, Logged], spec: ModelSpec) -> Diagnostic:
    prefix = "val_" if monitor.name.startswith("val_") else ""
    names = [prefix + each for each in known]
    listed = f"there {'is' if len(names) == 1 else 'are'} {', '.join(f'`{each}`' for each in names[:12])}"
    section = spec.compile
    heads = [head.name for head in spec.heads]
    near = guess(monitor.name, names, monitor.place.span)
    fixes = near.fixes if monitor.place != monitor.owner else ()
    help = near.help or (listed,)
    if isinstance(section, CompileSpec) and not any(section.metrics.values()) and len(heads) == 1:
        help = (*help, "add it to `compile.metrics`")
    return Diagnostic(NOT_LOGGED, monitor.place, {"name": monitor.name}, help=help, fixes=fixes)


def _iterate_schedules(fit: FitSpec, section: CompileSpec) -> Iterator[tuple[KerasObject, Place]]:
    """The schedules of the optimizers that train, each with its place."""
    if section.optimizer is not None and (not fit.phases or any(phase.keys.optimizer is None for phase in fit.phases)):
        rate = section.optimizer.thing.get("learning_rate")
        if isinstance(rate, KerasObject):
            yield rate, section.optimizer.place
    for phase in fit.phases or ():
        rate = phase.keys.optimizer.get("learning_rate") if phase.keys.optimizer is not None else None
        if isinstance(rate, KerasObject):
            yield rate, phase.written.places["optimizer"]


def _check_callbacks(fit: FitSpec, section: CompileSpec) -> Iterator[Diagnostic]:
    for each in fit.callbacks:
        if each.thing.name == "ReduceLROnPlateau":
            for schedule, place in _iterate_schedules(fit, section):
                facts: dict[str, object] = {"schedule": schedule.name}
                yield Diagnostic(WITH_SCHEDULE, each.place, facts, labels=(Label(place, "the schedule"),))
                break
        if each.thing.name == "SwapEMAWeights" and not _averages(fit, section):
            labels = () if section.optimizer is None else (Label(section.optimizer.place, "the optimizer"),)
            help = ("`optimizer: {Adam: {use_ema: true}}`", "or leave the callback out")
            yield Diagnostic(NO_EMA, each.place, {}, labels=labels, help=help, fixes=_fix_averaging(section.optimizer))
        if each.thing.name in ("EarlyStopping", "ReduceLROnPlateau"):
            yield from _check_patience(each, fit)


def _fix_averaging(optimizer: Placed | None) -> tuple[Fix, ...]:
    """The optimizer with averages of the weights."""
    return (with_argument(optimizer, "use_ema", "true"),) if optimizer is not None else ()


def _averages(fit: FitSpec, section: CompileSpec) -> bool:
    """Whether every optimizer that trains keeps averages of the weights."""
    own = [phase.keys.optimizer for phase in fit.phases or ()]
    used = [each for each in own if each is not None]
    if not own or len(used) < len(own):
        if section.optimizer is None:
            return False
        used.append(section.optimizer.thing)
    return all(each.get("use_ema") for each in used)


def _check_patience(callback: Callback, fit: FitSpec) -> Iterator[Diagnostic]:
    """The first epoch that is looked at sets what is to be met; a patience of p ends p such epochs later, before the last."""
    thing, epochs, every = callback.thing, fit.longest, fit.validation_freq
    if epochs is None:
        return
    of_validation = str(thing.get("monitor")).startswith("val_")
    if of_validation and isinstance(every, tuple):
        return
    step = every if of_validation and isinstance(every, int) else 1
    begin = thing.get("start_from_epoch") or 0
    first = -(-(begin + 1) // step) * step
    needed = first + max(thing.get("patience"), 1) * step
    if needed >= epochs:
        facts: dict[str, object] = {"name": thing.name, "epochs": epochs, "needed": needed}
        key = "phases" if fit.phases else "epochs"
        labels = (Label(fit.find_place(key), f"{epochs} epochs"),)
        most = (epochs - 1 - first) // step
        fixes = (put(callback.place.span, "patience", str(most)),) if most > 0 else ()
        place, help = callback.places.get("patience", callback.place), ("lessen `patience`, or train for longer",)
        yield Diagnostic(NEVER_ENDS, place, facts, "", labels, help, fixes)


def _check_phases(fit: FitSpec, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Addresses that name nothing; phases after whose freezing no weight is left to train."""
    graph = typed.graph
    frozen: set[Part] = set()
    opened: set[Part] = set()
    sound = all(node.type is not None for node in typed.nodes.values())
    for phase in fit.phases or ():
        for addresses, freezes in ((phase.keys.freeze, True), (phase.keys.unfreeze, False)):
            yield from _check_beside(addresses, graph)
            for address in addresses:
                if is_cut_off(graph, address.text):
                    sound = False
                    yield cut_off_address(address.text, address.place)
                    continue
                held = find_covered(typed, address.text, freezes)
                if not held:
                    sound = False
                    yield report_unknown_address(graph, address.text, address.place)
                elif sound and (state := _find_state(typed, held, frozen, opened)) is not None and state != freezes:
                    yield _report_unchanged(address, freezes, phase)
                (frozen if freezes else opened).update(held)
                (opened if freezes else frozen).difference_update(held)
        if sound and not any(_trains(node, frozen, opened) for node in typed.nodes.values()):
            help = ("freeze less, or unfreeze what an earlier phase froze",)
            yield Diagnostic(TRAINS_NOTHING, phase.place, {"name": phase.name}, help=help)


def _find_state(typed: TypedGraph, held: set[Part], frozen: set[Part], opened: set[Part]) -> bool | None:
    """Whether all that is held trains, or none of it since a phase froze it; None where neither is so."""
    trains: dict[Part, bool] = {}
    for node in (typed.nodes[id] for id in dict.fromkeys(id for id, _ in held)):
        for weight in node.weights:
            part = (node.node.id, node.node.op.find_layer(weight) if isinstance(node.node.op, Backbone) else "")
            if part in held:
                trains[part] = trains.get(part, False) or (part not in frozen and (weight.trainable or part in opened))
    if not trains or (not all(trains.values()) and not trains.keys() <= frozen):
        return None
    return all(trains.values())


def _report_unchanged(address: WrittenAddress, freezes: bool, phase: Phase) -> Diagnostic:
    key, state = ("freeze", "is frozen") if freezes else ("unfreeze", "trains")
    facts: dict[str, object] = {"key": key, "address": address.text, "state": state}
    alone = len(phase.keys.freeze if freezes else phase.keys.unfreeze) == 1
    fixes = (drop(phase.written.keys[key].span, key) if alone else drop(address.place.span, address.text),)
    return Diagnostic(CHANGES_NOTHING, address.place, facts, help=("leave it out",), fixes=fixes)


def _check_beside(addresses: tuple[WrittenAddress, ...], graph: Graph) -> Iterator[Diagnostic]:
    """What a pattern stands for and is named beside it."""
    named = {each.text: each.place for each in addresses if "*" not in each.text}
    for pattern in (each for each in addresses if "*" in each.text):
        meant = expand(graph, pattern.text)
        twice = next((each for each in meant if each in named), None)
        if twice is not None:
            yield report_beside(pattern.text, twice, pattern.place, named[twice])
        named.update(dict.fromkeys(meant, pattern.place))


def find_covered(typed: TypedGraph, address: str, freezes: bool = True) -> set[Part]:
    """What an address covers; a `*` stands for any characters of a name."""
    return {part for each in expand(typed.graph, address) for part in find_parts(typed.graph, each, freezes)}


def _trains(node: TypedNode, frozen: set[Part], opened: set[Part]) -> bool:
    """Whether a weight of a node is trained; what `freeze_batch_norm` holds no phase thaws."""
    op = node.node.op
    if not node.owns_weights or op is None or (op.stays_frozen and op.is_batch_norm):
        return False
    held = op.list_norms() if isinstance(op, Backbone) and op.holds_norms() else frozenset[str]()
    for weight in node.weights:
        layer = op.find_layer(weight) if isinstance(op, Backbone) else ""
        part = (node.node.id, layer)
        if part not in frozen and layer not in held and (weight.trainable or part in opened):
            return True
    return False


def _check_batches(fit: FitSpec, spec: ModelSpec) -> Iterator[Diagnostic]:
    if spec.batch_size is None:
        return
    for key in ("batch_size", "validation_batch_size"):
        given = getattr(fit, key)
        if given is not None and given != spec.batch_size:
            facts: dict[str, object] = {"fixed": spec.batch_size, "key": f"fit.{key}", "given": given}
            help = (f"leave it out: it is {spec.batch_size}, from `batch_size` at the top",)
            fixes = (drop(fit.written.keys[key].span, key, "unsafe"),) if key in fit.written.keys else ()
            yield Diagnostic(OTHER_BATCH, fit.find_place(key), facts, help=help, fixes=fixes)


def _check_without_validation(fit: FitSpec, spec: ModelSpec) -> Iterator[Diagnostic]:
    """Keys of validation, where there is none, or no epoch has any."""
    if spec.data is None:
        return
    if spec.data.has("validation"):
        first = min(fit.validation_freq) if isinstance(fit.validation_freq, tuple) else fit.validation_freq
        if fit.longest is not None and first > fit.longest:
            given = list(fit.validation_freq) if isinstance(fit.validation_freq, tuple) else fit.validation_freq
            help = (f"write {fit.longest} or less, or train for longer",)
            place = fit.find_place("validation_freq")
            yield Diagnostic(NEVER_VALIDATES, place, {"given": given, "epochs": fit.longest}, help=help)
        return
    for key in ("validation_steps", "validation_batch_size", "validation_freq"):
        if key in fit.written.keys:
            help = ("leave it out, or add `data: {validation: {fraction: 0.2}}`",)
            facts: dict[str, object] = {"argument": key, "needed": "`data.validation`"}
            yield Diagnostic(NO_EFFECT, fit.written.keys[key], facts, help=help)
    for head, threshold in fit.threshold.items():
        if threshold.maximize is not None:
            name = "fit.threshold" if head is None else f"fit.threshold.{head}"
            help = ("write a number, or add `data: {validation: {fraction: 0.2}}`",)
            place = threshold.key or fit.written.keys["threshold"]
            yield Diagnostic(NO_EFFECT, place, {"argument": name, "needed": "`data.validation`"}, help=help)


def check_stateful(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """A layer that keeps its state from batch to batch, of a spec whose data come in no order."""
    if (lacking := _find_disorder(spec)) is None:
        return
    for node in typed.nodes.values():
        op = node.node.op
        inner = [op, *(each for each in op.list_values().values() if hasattr(each, "arguments"))] if op is not None else []
        if any(each is not None and "stateful" in each.arguments and each.get_value("stateful") for each in inner):
            place = node.node.origin.written.places.get("stateful", node.node.origin.place)
            assert op is not None
            yield Diagnostic(STATEFUL, place, {"layer": op.title(), "lacking": lacking})
            return


def _find_disorder(spec: ModelSpec) -> str | None:
    """Why a batch does not begin where the one before ended, in words; None where it does, or cannot be told."""
    data, fit = spec.data, spec.fit
    if data is None or data.broken or (fit is not None and fit.broken):
        return None
    window = data.window
    if window is None:
        return "there is no `data.window`"
    if window.sampling_rate != 1 or window.sequence_stride != window.sequence_length:
        return "windows overlap, or leave rows out"
    if window.group is not None:
        return "one `group` goes on after another"
    if any(isinstance(part, Split) and part.way != "last" for part in data.parts.values()):
        return "parts are cut out of the middle"
    if fit is not None and fit.shuffle:
        return "they are shuffled"
    if spec.batch_size is not None and spec.batch_size != 1:
        return "the samples of a batch follow each other"
    return None
