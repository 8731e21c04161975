"""Keys that stand in another place of a spec, or under another form, than people first write them: what to write where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from ..language.foreign import write_flow
from ..text.fix import Drop, Fix, Nest, Put, Relocate, write
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar
from ..text.synonyms import fold_word
from .other_forms import cut, find_kind

Entries = tuple[Entry, ...]

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
STOPPING = ("patience", "earlystopping")
SPLITS = {"validationsplit": "validation", "valsplit": "validation", "testsplit": "test"}
TRAINING = ("train", "trainer", "training", "trainingargs", "fitargs", "fitgenerator")
DATA = ("dataset", "datasets", "datamodule", "dataloader", "traindata", "preprocessing")
LAYERS = ("layers", "model", "network", "net", "backbone", "encoder", "architecture", "nodes")
DEFAULTS = "defaults"
FILE = re.compile(r"[\w./-]+")
YAML = re.compile(r"\.ya?ml$")
KERAS_JSON = ("classname", "config", "kerasversion", "backend", "buildinputshape")
INPUT = ("input", "inputshape")
SHAPE = "inputshape"
SCHEDULES = ("schedule", "scheduler", "lrscheduler", "lrschedule", "learningrateschedule", "warmup", "warmupsteps")
OF_LOSS = ("fromlogits", "labelsmoothing", "reduction", "ignoreclass", "delta")
PRECISION = ("dtype", "precision", "mixedprecision", "fp16", "amp")
OF_INPUT = ("kind", "shape", "axes", "time_axis", "dtype", "padding_value", "mask_input")
LIST_IN_BRANCH = "its layers stand under `layers`, beside its input: `{input: {kind: image, shape: [64, 64, 3]}, layers: [...]}`"
IN_BRANCH = "layers stand in a branch: `branches: {x: {input: {kind: image, shape: [64, 64, 3]}, layers: [...]}}`"


class Home(NamedTuple):
    """Where a key belongs: a section at the top and the name that it has there, with another value than is written."""

    section: str
    name: str
    value: str | None = None


OTHER_TOOLS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "the JSON of a Keras model": (
        ("classname", "config"),
        "",
        "`cnnlstm-spec import MODEL.json` writes its spec: the JSON of a Keras model names its layers",
    ),
    "a configuration of Ludwig": (
        ("inputfeatures", "outputfeatures"),
        "",
        "an input feature is a branch, an output feature a head; `cnnlstm-spec new` prints a spec to start from",
    ),
    "a configuration of Lightning": (
        ("model", "trainer"),
        "class_path",
        "a spec says the layers themselves; `cnnlstm-spec new` prints one to start from",
    ),
}
"""What a whole text of another tool is called: keys that it has, folded; one that stands in the first; and the way out."""


OF_SPEC = frozenset({"version", "branches", "head", "heads", "extends"})


def find_other_tool(root: Mapping) -> tuple[str, str] | None:
    """The tool whose text it is that has none of a spec's own keys, and the way out."""
    if any(each.key.text in OF_SPEC for each in root.entries):
        return None
    keys = {fold_word(each.key.text): each.value for each in root.entries}
    if keys.keys() & OF_SPEC:
        return None
    for given, (names, inner, way) in OTHER_TOOLS.items():
        first = keys.get(names[0])
        if set(names) <= keys.keys() and (not inner or (isinstance(first, Mapping) and first.get(inner) is not None)):
            return given, way
    return None


def find_home_at_top(entry: Entry) -> Home | None:
    """The home of a key at the top of a spec."""
    word = fold_word(entry.key.text)
    name = OTHER_WORDS.get(word, entry.key.text)
    if name in IN_COMPILE:
        return Home("compile", name)
    if word in PRECISION:
        return Home("compile", "dtype_policy", "mixed_float16")
    return find_home_of_training(entry)


def find_home_of_training(entry: Entry) -> Home | None:
    """The home of a key of training, which people look for in other sections."""
    word = fold_word(entry.key.text)
    meant = OLD_IN_FIT.get(word, entry.key.text)
    if meant in IN_FIT:
        return Home("fit", meant)
    if word in STOPPING:
        return Home("fit", "callbacks", write_early_stopping(entry))
    if word in SPLITS:
        return Home("data", SPLITS[word], f"{{fraction: {write_flow(entry.value)}}}")
    return None


def find_home_of_arrays(entry: Entry) -> Home | None:
    """The home of `x` and `y`, which the `fit` of Keras is given."""
    column = isinstance(entry.value, Scalar) and isinstance(entry.value.value, str)
    by_name = {
        "x": Home("data", "train"),
        "y": Home("data", "targets", f"{{head: {{column: {write_flow(entry.value)}}}}}" if column else None),
    }
    return by_name.get(entry.key.text)


def write_early_stopping(entry: Entry) -> str:
    """The callbacks that `patience: 5`, or `early_stopping` with a number or a mapping, stands for."""
    value = entry.value
    if isinstance(value, Mapping):
        return f"[{{EarlyStopping: {write_flow(value)}}}]"
    patience = isinstance(value, Scalar) and isinstance(value.value, int) and not isinstance(value.value, bool)
    return f"[{{EarlyStopping: {{patience: {write_flow(value)}}}}}]" if patience else "[EarlyStopping]"


def tell_home(entries: Entries, homes: Iterable[Home], within: str = "") -> str:
    """That keys stand in a section, with the lines to write there; or what they are called, if they stand `within` it."""
    homes = tuple(homes)
    values = [f"{home.name}: {home.value or _shorten(each.value)}" for each, home in zip(entries, homes, strict=True)]
    if within == homes[0].section:
        return f"write `{', '.join(values)}`"
    verb = "they stand" if len(entries) > 1 else "it stands"
    return f"{verb} in `{homes[0].section}`: `{homes[0].section}: {{{', '.join(values)}}}`"


def move_home(entries: Entries, homes: Iterable[Home], within: str = "") -> tuple[Fix, ...]:
    """Keys moved into their section, or called as they are there, if they stand `within` it."""
    homes = tuple(homes)
    if within == homes[0].section:
        pairs = zip(entries, homes, strict=True)
        edits = [(*write(e.key.span, h.name).edits, *(write(e.value.span, h.value).edits if h.value else ())) for e, h in pairs]
        return (Fix(f"write {' and '.join(f'`{each.name}`' for each in homes)}", tuple(edit for each in edits for edit in each)),)
    moves = [Relocate(e.key.span, f"{home.section}.{home.name}", home.value) for e, home in zip(entries, homes, strict=True)]
    paths = " and ".join(f"`{each.path}`" for each in moves)
    return (Fix(f"move {'them' if len(moves) > 1 else 'it'} to {paths}", (moves[0]._replace(also=tuple(moves[1:])),)),)


def suggest_for_top(entries: Entries) -> tuple[str, ...]:
    """What to write in place of keys at the top of a spec."""
    homes = [home for each in entries if (home := find_home_at_top(each)) is not None]
    if homes:
        return (tell_home(entries, homes),)
    word = fold_word(entries[0].key.text)
    if word in KERAS_JSON:
        return ("it is the JSON of a Keras model: write each of its layers as `Dense: {units: 3}`, in the `layers` of a branch",)
    if word in LAYERS:
        return (IN_BRANCH,)
    if word in INPUT:
        return ("each branch has an input: `branches: {x: {input: {kind: image, shape: [64, 64, 3]}}}`",)
    if word in TRAINING:
        return ("how long and with which callbacks it is trained stands in `fit`: `fit: {epochs: 10}`",)
    if word in DATA:
        return ("it stands in `data`, which says where samples and labels come from",)
    return (f"a spec extends one other: `extends: {find_base(entries[0]) or 'base.yaml'}`",) if word == DEFAULTS else ()


def tell_variables(entries: Entries, node: Mapping) -> str | None:
    """Where keys at the top that are variables of the spec are set; None where one is none."""
    section = node.get("vars")
    names = [each.key.text for each in entries]
    known = section.value if section is not None and isinstance(section.value, Mapping) else None
    if known is None or any(known.get(name) is None for name in names):
        return None
    from ..text.edits.overrides import COMMAND_LINE

    if entries[0].key.span.source.name == COMMAND_LINE[0]:
        return f"it is a variable: `--set vars.{names[0]}={write_flow(entries[0].value)}`"
    return (
        "they are variables: their values stand in `vars`" if len(names) > 1 else "it is a variable: its value stands in `vars`"
    )


def find_base(entry: Entry) -> str | None:
    """The file that the only name in a list of `defaults` stands for, as Hydra has it."""
    items = entry.value.items if isinstance(entry.value, Listing) else (entry.value,)
    names = [each.value for each in items if isinstance(each, Scalar) and each.value != "_self_"]
    if len(names) != 1 or len(names) < len([each for each in items if not isinstance(each, Scalar)]) + 1:
        return None
    name = names[0]
    return None if not isinstance(name, str) or not FILE.fullmatch(name) else name if YAML.search(name) else f"{name}.yaml"


def move_of_top(entries: Entries, node: Mapping) -> tuple[Fix, ...]:
    """Keys at the top moved to where they stand; a section of another name under its own."""
    homes = [home for each in entries if (home := find_home_at_top(each)) is not None]
    if homes:
        return move_home(entries, homes)
    (entry,) = entries
    if fold_word(entry.key.text) == DEFAULTS and (base := find_base(entry)) is not None:
        return (Fix(f"write `extends: {base}`", (Put(node.span, "extends", base, instead=entry.key.text),)),)
    renamed = fold_word(entry.key.text) in TRAINING and isinstance(entry.value, Mapping) and node.get("fit") is None
    return (write(entry.key.span, "fit"),) if renamed else ()


def with_moved(node: Mapping, section: str, value: Node | None) -> Node | None:
    """A section with the keys that stand at the top of a spec in place of there, so that none is missed in it.

    One that is not written is there if what it cannot be without stands at the top: a loss.
    """
    if value is not None and not isinstance(value, Mapping):
        return value
    homes = [(each, find_home_at_top(each)) for each in node.entries if not each.key.text.startswith("x-")]
    moved = [
        Entry(replace(each.key, text=home.name), each.value)
        for each, home in homes
        if home is not None and home.section == section and home.value is None
    ]
    if value is None:
        return Mapping(moved[0].key.span, tuple(moved)) if any(each.key.text == "loss" for each in moved) else None
    missing = tuple(each for each in moved if value.get(each.key.text) is None)
    return replace(value, entries=(*value.entries, *missing)) if missing else value


def suggest_for_compile(entries: Entries) -> tuple[str, ...]:
    """What to write in place of keys of `compile` that are no arguments of its optimizer."""
    homes = [home for each in entries if (home := find_home_elsewhere(each)) is not None]
    if homes:
        return (tell_home(entries, homes),)
    word = fold_word(entries[0].key.text)
    if word in OF_LOSS:
        given = ", ".join(f"{each.key.text}: {_shorten(each.value)}" for each in entries)
        return (f"it is an argument of the loss: `loss: {{BinaryCrossentropy: {{{given}}}}}`",)
    if word == "sampleweight":
        return ("it is a column of the data: `data: {sample_weight: {column: w}}`",)
    if word in PRECISION:
        return ("write `dtype_policy: mixed_float16`",)
    if word in SCHEDULES:
        return ("it is the optimizer's: `optimizer: {Adam: {learning_rate: {CosineDecay: {...}}}}`",)
    return ("how long and with which callbacks it is trained stands in `fit`: `fit: {epochs: 10}`",) if word in TRAINING else ()


def find_home_elsewhere(entry: Entry) -> Home | None:
    """The home of a key of `compile` or `data` that stands in another section."""
    return Home("fit", "batch_size") if entry.key.text == "batch_size" else find_home_of_training(entry)


def move_of_compile(entries: Entries) -> tuple[Fix, ...]:
    """Keys of `compile` moved to where they stand."""
    (entry, *_) = entries
    if fold_word(entry.key.text) in PRECISION:
        edits = (*write(entry.key.span, "dtype_policy").edits, *write(entry.value.span, "mixed_float16").edits)
        return (Fix("write `dtype_policy: mixed_float16`", edits),)
    homes = [home for each in entries if (home := find_home_elsewhere(each)) is not None]
    return move_home(entries, homes) if homes else ()


def move_of_fit(entry: Entry) -> tuple[Fix, ...]:
    """The key of `fit` moved to where it stands, or left out where nothing has it any more."""
    name, value = entry.key.text, write_flow(entry.value)
    if fold_word(name) in STOPPING:
        return move_home((entry,), (Home("fit", "callbacks", write_early_stopping(entry)),))
    if name in IN_COMPILE:
        return move_home((entry,), (Home("compile", name),))
    ways = {
        "validation_split": f"{{fraction: {value}}}",
        "folds": f"{{folds: {value}}}",
        "validation": None,
        "validation_data": None,
    }
    if name in ways:
        return move_home((entry,), (Home("data", "validation", ways[name]),))
    return (Fix(f"leave `{name}` out", (Drop(entry.key.span),)),) if name in GONE_FROM_FIT else ()


GONE_FROM_FIT = ("initial_epoch", "verbose", "workers", "use_multiprocessing", "max_queue_size")
"""What is up to the run, or what Keras has no longer."""


def move_of_branch(entries: Entries, node: Mapping, kinds: dict[str, tuple[str, ...]]) -> tuple[Fix, ...]:
    """Keys of a branch moved into its input."""
    first, last = entries[0], entries[-1]
    if (whole := _find_input_of_shape(entries, node, kinds)) is not None:
        return (Fix("write its input", (*write(first.key.span, "input").edits, *write(first.value.span, whole).edits)),)
    between = node.entries[node.entries.index(first) : node.entries.index(last) + 1]
    if first.key.text not in OF_INPUT:
        return ()
    written = node.get("input")
    if written is None and between == entries:
        return (Fix("put it into `input`", (Nest(first.key.span, last.key.span, "input"),)),)
    if written is None or not isinstance(written.value, Mapping) or any(written.value.get(each.key.text) for each in entries):
        return ()
    puts = [Put(written.key.span, each.key.text, write_flow(each.value)) for each in entries]
    return (Fix("put it into `input`", (*puts, Drop(first.key.span, tuple(each.key.span for each in entries[1:])))),)


def find_home_in_branch(entry: Entry, node: Mapping) -> str | None:
    """`input` of a key of a branch that stands there; of a shape as Keras's first layer has it, if the branch has no input."""
    return "input" if entry.key.text in OF_INPUT or (_is_shape(entry) and node.get("input") is None) else None


def _is_shape(entry: Entry) -> bool:
    return fold_word(entry.key.text) == SHAPE


def stands_for_input(key: str) -> bool:
    """Whether a key of a branch says of its input what it is."""
    return key in OF_INPUT or fold_word(key) in (SHAPE, "batchinputshape", "type")


def _find_input_of_shape(entries: Entries, node: Mapping, kinds: dict[str, tuple[str, ...]]) -> str | None:
    """The input of which only the shape is written, of the kind that has as many axes."""
    shape = entries[0].value
    if len(entries) > 1 or node.get("input") is not None or not (entries[0].key.text == "shape" or _is_shape(entries[0])):
        return None
    kind = find_kind(shape, kinds)
    return f"{{kind: {kind}, shape: {write_flow(shape)}}}" if kind is not None else None


def list_stands_for(key: str) -> tuple[str, ...]:
    """The keys of a spec that are there, in another form, where a key is that it does not have."""
    word = fold_word(key)
    if word in KERAS_JSON or word == DEFAULTS:
        return ("version", "name", "branches", "head")
    return ("branches",) if word in (*LAYERS, *INPUT) else ()


def suggest_for_branch(entries: Entries, node: Mapping, kinds: dict[str, tuple[str, ...]], is_layer: bool) -> tuple[str, ...]:
    """What to write in place of keys of a branch."""
    entry = entries[0]
    word = fold_word(entry.key.text)
    if is_layer:
        return (f"layers are a list: `layers: [{_shorten(Mapping(entry.key.span, (entry,)))}]`",)
    if (whole := _find_input_of_shape(entries, node, kinds)) is not None:
        return (f"write `input: {cut(whole)}`",)
    if find_home_in_branch(entry, node) is not None:
        return (tell_home(entries, [Home("input", "shape" if _is_shape(each) else each.key.text) for each in entries]),)
    if word == "type":
        return ("what it reads stands in `input`: `input: {kind: image, shape: [64, 64, 3]}`",)
    if word in LAYERS:
        return ("its layers stand in `layers`, one item each: `layers: [{Dense: {units: 64}}]`",)
    if word in ("strategy", "fusion"):
        return ("branches are brought together after them, in `fusion`",)
    return ()


def _shorten(node: Node) -> str:
    """A value on one line, if it is short."""
    return cut(write_flow(node))
