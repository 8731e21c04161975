"""`data` against the model: windows, lengths and columns fit the branches, targets the heads, and parts each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...ir.graph import TypedGraph
from ...language.catalog import NO_EFFECT
from ...spec.compile_section import CompileSpec
from ...spec.data.inputs import OneHotColumn, SequenceSource, VectorSource
from ...spec.data.lengths import Length
from ...spec.data.section import DataSpec
from ...spec.data.splits import Split
from ...spec.data.targets import HeadSource
from ...spec.model_spec import Branch, ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put, write
from ...text.source import Place
from .common import HeadUse, find_head_use

PARTS_TOO_LARGE = Code("parts-too-large", "error", "validation and test take {share:.0%} of `train`, and leave nothing")
NO_ORDER = Code(
    "part-without-order",
    "error",
    "`last` does not say which rows are the latest",
    help="add `order:` and the column of the time, or `window.order`",
)
RANDOM_WINDOWS = Code(
    "window-part-at-random",
    "error",
    "rows drawn one by one leave no {rows} in a row for a window",
    help="take whole groups (`group:`), or the latest rows (`last:`)",
)
WINDOW_KIND = Code(
    "window-kind",
    "error",
    "`{branch}` is `kind: {kind}`, which rows of a table do not make",
    help="a window gives a `sequence`, `tokens`, or a `vector`, which is its last row",
)
WINDOW_STEPS = Code("window-steps", "error", "a window has {length} rows; `{branch}` has {steps} steps")
COLUMNS_WIDTH = Code("columns-width", "error", "{count} columns are read; `{branch}` has {width} features")
TARGET_COLUMNS = Code("target-columns-width", "error", "{count} {what} are learnt; `{head}` gives {width}")
LENGTH_STEPS = Code("length-steps", "error", "`max: {most}` does not give the {steps} steps of `{branch}`")
DIFFERS = Code("data-target-differs", "error", "`data` and `targets` say different things of `{head}`: {what}")
UNTRAINED = Code("target-untrained", "error", "`{head}` has neither a loss nor a metric for its target", help="leave it out")


def check_data(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Everything that can be known before the data are opened."""
    data = spec.data
    if data is None:
        return
    yield from _check_parts(data)
    for branch in spec.branches:
        if branch.input is not None and branch.name in data.inputs:
            yield from _check_branch(branch, data)
    yield from _check_heads(typed, spec, data)


def _check_parts(data: DataSpec) -> Iterator[Diagnostic]:
    splits = {name: part for name, part in data.parts.items() if isinstance(part, Split)}
    shares = {name: part.fraction or part.last or 0.0 for name, part in splits.items()}
    if sum(shares.values()) >= 1:
        label = Label(data.written.places["test"], f"{shares.get('test', 0):.0%} of them")
        facts: dict[str, object] = {"share": sum(shares.values())}
        yield Diagnostic(PARTS_TOO_LARGE, data.written.places["validation"], facts, labels=(label,), help=("take less",))
    for name, part in splits.items():
        within = data.written.find_inner(name)
        if part.way == "last" and part.order is None and (data.window is None or data.window.order is None):
            if "window" not in data.broken:
                yield Diagnostic(NO_ORDER, within.places.get("last", data.written.places[name]))
        window = data.window
        alone = part.way in ("fraction", "folds") and part.group is None
        if window is not None and alone and window.sequence_stride < window.count_reach():
            place = within.places.get(part.way, data.written.places[name])
            labels = (Label(data.written.places["window"], f"a sample and its target reach over {window.count_reach()} rows"),)
            yield Diagnostic(RANDOM_WINDOWS, place, {"rows": window.count_reach()}, labels=labels)


def _check_branch(branch: Branch, data: DataSpec) -> Iterator[Diagnostic]:
    source, input = data.inputs[branch.name], branch.input
    assert input is not None
    sizes = input.shape
    if data.window is not None:
        place = data.written.places["window"]
        labels = (Label(branch.origin.place, f"`{branch.name}` stands here"),)
        if input.kind not in ("sequence", "tokens", "vector"):
            facts: dict[str, object] = {"branch": branch.name, "kind": input.kind}
            yield Diagnostic(WINDOW_KIND, source.place, facts)
            return
        if input.kind != "vector" and sizes and isinstance(sizes[0], int) and sizes[0] != data.window.sequence_length:
            within = data.written.find_inner("window").places.get("sequence_length", place)
            facts = {"length": data.window.sequence_length, "branch": branch.name, "steps": sizes[0]}
            help = (f"`sequence_length: {sizes[0]}`, or give the branch {data.window.sequence_length} steps",)
            fixes: tuple[Fix, ...] = (write(within.span, str(sizes[0])),)
            yield Diagnostic(WINDOW_STEPS, within, facts, "", labels, help, fixes)
        for key in ("length", "sample_rate", "augment"):
            if key in source.written.keys and key != "augment":
                facts = {"argument": key, "needed": "a file a sample; `window` makes samples of rows"}
                yield Diagnostic(NO_EFFECT, source.written.keys[key], facts)
    columns = getattr(source.source, "columns", None)
    if columns is not None and isinstance(source.source, VectorSource | SequenceSource):
        count = sum(each.width if isinstance(each, OneHotColumn) else 1 for each in columns)
        width = sizes[-1] if sizes else 1
        if isinstance(width, int) and width != count:
            labels = (Label(branch.origin.written.places.get("shape", branch.origin.place), _describe_sizes(sizes)),)
            facts = {"count": count, "branch": branch.name, "width": width}
            help = (f"give the branch {count} features, or read {width} columns",)
            shape = branch.origin.written.places.get("shape")
            fixes = (write(shape.span, _shape((*sizes[:-1], count))),) if shape is not None else ()
            yield Diagnostic(COLUMNS_WIDTH, source.written.places["columns"], facts, "", labels, help, fixes)
    length = getattr(source.source, "length", None)
    if length is not None and sizes:
        yield from _check_length(branch, length, sizes[0], data)
    elif length is not None:
        facts = {"argument": "length", "needed": "steps; a sample of this branch is one number"}
        yield Diagnostic(NO_EFFECT, source.written.keys["length"], facts)


def _describe_sizes(sizes: tuple[int | str | None, ...]) -> str:
    return f"{sizes[-1]} features" if sizes else "one number"


def _check_length(branch: Branch, length: Length, steps: int | str | None, data: DataSpec) -> Iterator[Diagnostic]:
    """`length` against a fixed number of steps, and against one that is not."""
    source = data.inputs[branch.name]
    within = source.written.find_inner("length")

    def find_place(key: str, on_key: bool = False) -> Place:
        return (within.keys if on_key else within.places).get(key, source.written.places["length"])

    if not isinstance(steps, int):
        if length.pad is not None:
            facts: dict[str, object] = {"argument": "pad", "needed": "fixed steps: a batch is padded at its end"}
            yield Diagnostic(NO_EFFECT, find_place("pad", True), facts)
        return
    if length.bucket is not None:
        facts = {"argument": "bucket", "needed": "steps known only at run time, such as `frames`"}
        yield Diagnostic(NO_EFFECT, find_place("bucket", True), facts)
    if length.max is not None and (length.max > steps or (length.max < steps and length.pad is None)):
        facts = {"most": length.max, "steps": steps, "branch": branch.name}
        help = (f"write `max: {steps}`", *(("or add `pad: end`",) if length.max < steps else ()))
        fixes = (write(find_place("max").span, str(steps)),)
        yield Diagnostic(LENGTH_STEPS, find_place("max"), facts, help=help, fixes=fixes)


def _check_heads(typed: TypedGraph, spec: ModelSpec, data: DataSpec) -> Iterator[Diagnostic]:
    section = spec.compile
    if not isinstance(section, CompileSpec):
        return
    for name, source in data.targets.items():
        if not source.written.places:
            continue
        measured = section.metrics.get(name) or section.weighted_metrics.get(name)
        if name in section.losses and section.losses[name] is None and not measured:
            yield Diagnostic(UNTRAINED, source.place, {"head": name})
            continue
        yield from _agree(name, source, spec)
        head = find_head_use(name, typed, spec) if name in typed.graph.outputs else None
        if head is None or not isinstance(head.width, int):
            continue
        labels = (Label(head.node.origin.place, f"gives {head.type}"),)
        columns, classes = source.source.columns, source.source.classes
        if columns is not None and len(columns) != head.width:
            facts: dict[str, object] = {"count": len(columns), "what": "columns", "head": name, "width": head.width}
            help = (f"the last layer needs `units: {len(columns)}`",)
            yield Diagnostic(
                TARGET_COLUMNS, source.written.places["columns"], facts, "", labels, help, _fix_units(head, len(columns))
            )
        several = source.source.separator is not None
        wanted = len(classes) if classes is not None else None
        if wanted is not None and wanted != head.width and not (wanted == 2 and head.width == 1 and not several):
            facts = {"count": wanted, "what": "classes", "head": name, "width": head.width}
            help = (f"the last layer needs `units: {wanted}`",)
            yield Diagnostic(TARGET_COLUMNS, source.written.places["classes"], facts, "", labels, help, _fix_units(head, wanted))


def _fix_units(head: HeadUse, count: int) -> tuple[Fix, ...]:
    """The last layer with so many units."""
    return (put(head.activation.node.origin.place.span, "units", str(count)),) if head.activation is not None else ()


def _shape(sizes: tuple[int | str | None, ...]) -> str:
    return "[" + ", ".join("null" if size is None else str(size) for size in sizes) + "]"


def _agree(name: str, source: HeadSource, spec: ModelSpec) -> Iterator[Diagnostic]:
    """What `targets` says of the head beside it."""
    told = next((each for each in spec.targets if each.head == name), None)
    if told is None:
        return
    keys, target = source.source, told.target
    count = len(keys.classes or ()) or (len(keys.columns or ()) if target.encoding == "multi_hot" else 0)
    key, what = "classes" if keys.classes is not None else "columns", ""
    if keys.classes is not None and target.encoding == "real":
        what = "classes here, numbers there"
    elif keys.scale is not None and target.encoding != "real":
        key, what = "scale", "numbers here, classes there"
    elif keys.separator is not None and target.encoding != "multi_hot":
        key, what = "separator", f"several labels here, `{target.encoding}` there"
    elif count and target.classes is not None and count != target.classes:
        what = f"{count} classes here, {target.classes} there"
    elif count and target.encoding == "binary" and count != 2:
        what = f"{count} classes here, yes or no there"
    if what:
        labels = (Label(told.written.places["encoding"], "`targets`"),)
        place = source.written.places.get(key, source.place)
        yield Diagnostic(DIFFERS, place, {"head": name, "what": what}, labels=labels, help=("change one of them",))
