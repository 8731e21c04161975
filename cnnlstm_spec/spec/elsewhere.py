"""Keys that stand in another place of a spec, or under another form, than people first write them: what to write where."""

from __future__ import annotations

from ..language.foreign import flow, line
from ..text.fix import Change, Drop, Fix, Nest, Put, Relocate, write
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar
from ..text.synonyms import folded

IN_COMPILE = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "learning_rate_multipliers", "dtype_policy")
OTHER_WORDS = {
    "optimiser": "optimizer",
    "optim": "optimizer",
    "criterion": "loss",
    "losses": "loss",
    "lossfn": "loss",
    "metric": "metrics",
}
IN_FIT = (
    *("epochs", "callbacks", "steps_per_epoch", "validation_steps", "validation_batch_size", "validation_freq", "shuffle"),
    *("class_weight", "monitor", "phases", "threshold"),
)
OLD_IN_FIT = {"nbepoch": "epochs", "maxepochs": "epochs", "numepochs": "epochs", "nepochs": "epochs"}
TRAINING = ("train", "trainer", "training", "trainingargs", "fitargs", "fitgenerator")
DATA = ("dataset", "datasets", "datamodule", "dataloader", "traindata", "preprocessing")
LAYERS = ("layers", "model", "network", "net", "backbone", "encoder", "architecture", "nodes")
KERAS_JSON = ("classname", "config", "kerasversion", "backend", "buildinputshape")
INPUT = ("input", "inputshape")
SCHEDULES = ("schedule", "scheduler", "lrscheduler", "lrschedule", "learningrateschedule", "warmup", "warmupsteps")
PRECISION = ("dtype", "precision", "mixedprecision", "fp16", "amp")
OF_INPUT = ("kind", "shape", "axes", "time_axis", "dtype", "padding_value", "mask_input")
LIST_IN_BRANCH = "its layers stand under `layers`, beside its input: `{input: {kind: image, shape: [64, 64, 3]}, layers: [...]}`"
IN_BRANCH = "layers stand in a branch: `branches: {x: {input: {kind: image, shape: [64, 64, 3]}, layers: [...]}}`"


def of_top(entry: Entry) -> tuple[str, ...]:
    """What to write in place of a key at the top of a spec."""
    word = folded(entry.key.text)
    name = OTHER_WORDS.get(word, entry.key.text)
    help = _of_training(entry)
    if word in KERAS_JSON:
        help = "it is the JSON of a Keras model: write each of its layers as `Dense: {units: 3}`, in the `layers` of a branch"
    elif word in LAYERS:
        help = IN_BRANCH
    elif word in INPUT:
        help = "each branch has an input: `branches: {x: {input: {kind: image, shape: [64, 64, 3]}}}`"
    elif help is None and name in IN_COMPILE:
        help = f"it stands in `compile`: `compile: {{{name}: {_short(entry.value)}}}`"
    elif help is None and word in DATA:
        help = "it stands in `data`, which says where samples and labels come from"
    elif help is None and word in PRECISION:
        help = "it stands in `compile`: `compile: {dtype_policy: mixed_float16}`"
    elif word == "defaults":
        help = "a spec extends one other: `extends: base.yaml`"
    return (help,) if help is not None else ()


def move_of_top(entry: Entry) -> tuple[Fix, ...]:
    """The key at the top moved to where it stands."""
    word = folded(entry.key.text)
    name = OTHER_WORDS.get(word, entry.key.text)
    if name in IN_COMPILE:
        return (_moved(entry, f"compile.{name}"),)
    if word in PRECISION:
        return (_moved(entry, "compile.dtype_policy", "mixed_float16"),)
    return _move_of_training(entry)


def _moved(entry: Entry, path: str, value: str | None = None) -> Fix:
    return Fix(f"move it to `{path}`", (Relocate(entry.key.span, path, value),))


def _move_of_training(entry: Entry) -> tuple[Fix, ...]:
    name, word, value = entry.key.text, folded(entry.key.text), flow(entry.value)
    meant = OLD_IN_FIT.get(word, name)
    if meant in IN_FIT:
        return (_moved(entry, f"fit.{meant}"),)
    if word in ("lr", "learningrate"):
        return (_moved(entry, "compile.optimizer", f"{{Adam: {{learning_rate: {value}}}}}"),)
    return (_moved(entry, "data.validation", f"{{fraction: {value}}}"),) if word in ("validationsplit", "valsplit") else ()


def move_of_compile(entry: Entry, node: Mapping, optimizer: str) -> tuple[Fix, ...]:
    """The key of `compile` moved to where it stands: into the optimizer, or into another section."""
    if folded(entry.key.text) in PRECISION:
        edits = (*write(entry.key.span, "dtype_policy").edits, *write(entry.value.span, "mixed_float16").edits)
        return (Fix("write `dtype_policy: mixed_float16`", edits),)
    rate, written = folded(entry.key.text) in ("lr", "learningrate"), node.get("optimizer")
    if written is None or not rate:
        return (_moved(entry, "fit.batch_size"),) if entry.key.text == "batch_size" else _move_of_training(entry)
    value = flow(entry.value)
    taken: Change = Put(written.key.span, "learning_rate", value, optimizer)
    if isinstance(written.value, Scalar):
        taken = write(written.value.span, f"{{{optimizer}: {{learning_rate: {value}}}}}").edits[0]
    elif isinstance(written.value, Mapping) and len(written.value.entries) == 1:
        taken = Put(written.value.entries[0].key.span, "learning_rate", value)
    return (Fix(f"give `{optimizer}` its `learning_rate`", (taken, Drop(entry.key.span))),)


def move_of_fit(entry: Entry) -> tuple[Fix, ...]:
    """The key of `fit` moved to where it stands, or left out where nothing has it any more."""
    name, value = entry.key.text, flow(entry.value)
    if name in IN_COMPILE:
        return (_moved(entry, f"compile.{name}"),)
    ways = {
        "validation_split": f"{{fraction: {value}}}",
        "folds": f"{{folds: {value}}}",
        "validation": None,
        "validation_data": None,
    }
    if name in ways:
        return (_moved(entry, "data.validation", ways[name]),)
    return (Fix(f"leave `{name}` out", (Drop(entry.key.span),)),) if name in GONE_FROM_FIT else ()


GONE_FROM_FIT = ("initial_epoch", "verbose", "workers", "use_multiprocessing", "max_queue_size")
"""What is up to the run, or what Keras has no longer."""


def move_of_branch(entry: Entry, node: Mapping) -> tuple[Fix, ...]:
    """The key of a branch moved into its input."""
    if entry.key.text not in OF_INPUT or any(
        each.key.text in ("input", entry.key.text) for each in node.entries if each is not entry
    ):
        return ()
    beside = [each for each in node.entries if each.key.text in OF_INPUT]
    first, last = beside[0], beside[-1]
    between = node.entries[node.entries.index(first) : node.entries.index(last) + 1]
    if entry is not first or list(between) != beside:
        return ()
    return (Fix("put it into `input`", (Nest(first.key.span, last.key.span, "input"),)),)


def stands_for(key: str) -> tuple[str, ...]:
    """The keys of a spec that are there, in another form, where a key is that it does not have."""
    word = folded(key)
    if word in KERAS_JSON:
        return ("version", "name", "branches", "head")
    return ("branches",) if word in (*LAYERS, *INPUT) else ()


def _of_training(entry: Entry) -> str | None:
    """Keys of `fit`, and the learning rate."""
    name, word = entry.key.text, folded(entry.key.text)
    if word in ("lr", "learningrate"):
        return f"it is an argument of the optimizer: `compile: {{optimizer: {{Adam: {{learning_rate: {_short(entry.value)}}}}}}}`"
    meant = OLD_IN_FIT.get(word, name)
    if meant in IN_FIT:
        return f"it stands in `fit`: `fit: {{{meant}: {_short(entry.value)}}}`"
    if word in ("patience", "earlystopping"):
        return "it stands in `fit`: `fit: {callbacks: [{EarlyStopping: {patience: 5}}]}`"
    if word in ("validationsplit", "valsplit", "testsplit"):
        return f"it stands in `data`: `data: {{validation: {{fraction: {_short(entry.value)}}}}}`"
    if word in TRAINING:
        return "how long and with which callbacks it is trained stands in `fit`: `fit: {epochs: 10}`"
    return None


def of_compile(entry: Entry, optimizer: str) -> tuple[str, ...]:
    """What to write in place of a key of `compile`, whose optimizer is of that class."""
    if folded(entry.key.text) in ("lr", "learningrate"):
        return (f"it is an argument of the optimizer: `optimizer: {{{optimizer}: {{learning_rate: {_short(entry.value)}}}}}`",)
    if folded(entry.key.text) in PRECISION:
        return ("write `dtype_policy: mixed_float16`",)
    if folded(entry.key.text) in SCHEDULES:
        return (f"it is the optimizer's: `optimizer: {{{optimizer}: {{learning_rate: {{CosineDecay: {{...}}}}}}}}`",)
    if entry.key.text == "batch_size":
        return (f"it stands in `fit`: `fit: {{batch_size: {_short(entry.value)}}}`",)
    help = _of_training(entry)
    return (help,) if help is not None else ()


def of_branch(entry: Entry, is_layer: bool) -> tuple[str, ...]:
    """What to write in place of a key of a branch."""
    name, word = entry.key.text, folded(entry.key.text)
    if is_layer:
        return (f"layers are a list: `layers: [{_short(Mapping(entry.key.span, (entry,)))}]`",)
    if name in OF_INPUT:
        return (f"it stands in `input`: `input: {{{name}: {_short(entry.value)}}}`",)
    if word == "type":
        return ("what it reads stands in `input`: `input: {kind: image, shape: [64, 64, 3]}`",)
    if word in LAYERS:
        return ("its layers stand in `layers`, one item each: `layers: [{Dense: {units: 64}}]`",)
    if word in ("strategy", "fusion"):
        return ("branches are brought together after them, in `fusion`",)
    return ()


def input_of(node: Node, kinds: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What to write where an input is a list of sizes: a mapping of the kind that has as many."""
    if not isinstance(node, Listing):
        return ("it is written `{kind: image, shape: [64, 64, 3]}`",)
    of_rank = {len(axes): kind for kind, axes in reversed(kinds.items())}
    kind = of_rank.get(len(node.items))
    return (f"write `{{kind: {kind}, shape: {flow(node)}}}`",) if kind is not None else ()


def list_of_layers(node: Mapping, is_layer: bool) -> tuple[str, ...]:
    """What to write where a mapping stands in place of a list of layers."""
    if not node.entries:
        return ("a list's items begin with `- `",)
    first = node.entries[0]
    if is_layer:
        return (f"a list's items begin with `- `: `- {_cut(line(Mapping(first.key.span, (first,))))}`",)
    return ("a list's items begin with `- `, and each names its layer: `- Dense: {units: 64}`",)


def by_name(node: Node, owner: str) -> tuple[str, ...]:
    """What to write where a list stands in place of a mapping of names."""
    if not isinstance(node, Listing):
        return ()
    first = node.items[0] if node.items else None
    named = first.get("name") if isinstance(first, Mapping) else None
    name = named.value.text if named is not None and isinstance(named.value, Scalar) else "x"
    return (f"names are keys: `{owner}: {{{name}: ...}}`",)


def _short(node: Node) -> str:
    """A value on one line, if it is short."""
    return _cut(flow(node))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else "..."
