"""What an editor shows of a text: hover, completion, names, fixes, outline, each against what the commands say of the spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from client import at, edited
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.editor.features.actions import find_actions
from cnnlstm_spec.editor.features.completion import MARK, find_completions, list_labels
from cnnlstm_spec.editor.features.diagnostics import Uris, make_diagnostics
from cnnlstm_spec.editor.features.hover import fence_code, find_hover
from cnnlstm_spec.editor.features.inlay import find_inlay_hints
from cnnlstm_spec.editor.features.names import CannotRename, View, find_definition, find_references, prepare_rename, rename
from cnnlstm_spec.editor.features.outline import find_folds, find_lenses, find_symbols
from cnnlstm_spec.editor.state import Settings, State, make_state
from cnnlstm_spec.language.scope import find_nearest
from cnnlstm_spec.ops import list_known_layers
from cnnlstm_spec.text.source import Source

URI = "file:///specs/spec.yaml"
TEXT = (ROOT / "specs" / "equipment-fault.yaml").read_text()
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 10_000, "character": 0}}

NAMES = """\
version: 1
name: names
vars: {width: 8, wide: "${width * 2}"}
blocks:
  pair:
    parameters: {units: required}
    layers: [{Dense: {units: $units}}, {Dense: {units: $width, name: inner}}]
branches:
  left:
    input: {kind: vector, shape: [8]}
    layers: [{pair: {units: $wide, name: first}}, {Dense: {units: 4, name: last}}]
  right:
    input: {kind: vector, shape: [4]}
    layers: [{Dense: {units: 4, share: twin}}, {Dense: {units: 4, share: twin}}]
fusion: [{name: joined, inputs: [left.last, right], strategy: concat}]
heads:
  risk: [{Dense: {units: 1}}]
  kind: {inputs: [left], layers: [{Dense: {units: 2}}]}
compile: {optimizer: adam, loss: {risk: mse, kind: mse}}
expect: {branches.left.last: [4], heads.risk: [1], fusion.joined: [8]}
"""


def state(text: str, line: int | None = None, folder: Path | None = None, **options: Any) -> State:
    return make_state(
        Source("/specs/spec.yaml" if folder is None else str(folder / "spec.yaml"), text), folder, {}, Settings(**options), line
    )


def views(text: str) -> list[View]:
    made = state(text)
    return [View(made, made.source, Uris(made.source, URI))]


def place(text: str, word: str, inside: int = 0) -> dict[str, Any]:
    return {"position": at(text, word, inside), "context": {"includeDeclaration": True}}


def test_hints_are_what_shapes_shows() -> None:
    typed = load(ROOT / "specs" / "equipment-fault.yaml").typed
    assert typed is not None
    shown = {str(each.type) for each in typed.nodes.values()}
    hints = find_inlay_hints(state(TEXT, shows_params=True), {"range": ALL})
    assert len(hints) == 8 and {each["label"].split("  ")[0] for each in hints} <= shown
    assert hints[0]["label"] == "(height=62, width=62, channels=32)  320"
    few = find_inlay_hints(state(TEXT), {"range": {"start": {"line": 11, "character": 0}, "end": {"line": 11, "character": 1}}})
    assert [each["position"]["line"] for each in few] == [11]


def test_findings_are_those_of_validate_with_their_other_places() -> None:
    text = TEXT.replace("units: 64", 'units: "64"').replace("fusion: {strategy: concat}", "fusion: {strategy: add}")
    made = state(text)
    found = make_diagnostics(made.found, Uris(made.source, URI))
    assert [each["code"] for each in found[URI]] == [each.code.name for each in load(text).diagnostics]
    assert found[URI][0]["range"] == {"start": at(text, '"64"'), "end": at(text, '"64"', 4)}
    assert found[URI][0]["message"].endswith("help: remove the quotes: 64")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Conv2D", ("62 = (64 - 3) // 1 + 1", "Convolution over height and width", "kernel_size")),
        ("filters", ("filters: a positive integer", "required")),
        ("sigmoid}", ("sigmoid",)),
        ("binary_crossentropy", ("BinaryCrossentropy",)),
        ("adam", ("Adam", "learning_rate")),
        ("  thermal", ("branch thermal", "output: (features=12544)")),
        ("pool_size", ("MaxPooling2D", "default")),
        ("mse]", ("MeanSquaredError: a metric of Keras",)),
        ("head:", ("a list of layers, or a mapping",)),
    ],
)
def test_hover_tells_what_a_word_is(word: str, said: tuple[str, ...]) -> None:
    text = TEXT.replace("[accuracy]", "[mse]")
    shown = find_hover(state(text), {"position": at(text, word, len(word) - 2)})
    assert shown is not None
    assert all(each in shown["contents"]["value"] for each in said), shown["contents"]["value"]


def test_hover_of_variables_and_uses_of_blocks() -> None:
    def hover(word: str, inside: int) -> str:
        shown = find_hover(state(NAMES), {"position": at(NAMES, word, inside)})
        return "" if shown is None else str(shown["contents"]["value"])

    assert "variable width\nvalue: 8\nused 2 times" in hover("$width", 2)
    ruled = NAMES + "rules: {mask-lost: ignore, mask-lst: ignore}\n"
    told = find_hover(state(ruled), {"position": at(ruled, "mask-lost", 3)})
    assert told is not None and "mask-lost\nThe layer mixes steps" in told["contents"]["value"]
    missed = find_hover(state(ruled), {"position": at(ruled, "mask-lst", 3)})
    assert missed is not None and "rules: a mapping" in missed["contents"]["value"]
    assert "output (features=8)" in hover("pair: {units: $wide", 1) and "parameters" in hover("pair: {units: $wide", 1)


@pytest.mark.parametrize(
    ("old", "new", "word", "inside", "wanted", "not_wanted"),
    [
        ("      - Flatten\n", "      - Fl\n", "- Fl", 4, ("Flatten", "Residual", "Conv2D"), ("filters", "MaxPool2D")),
        ("      - Flatten\n", "      - \n", "      - \n", 8, ("Flatten", "TimeDistributed"), ()),
        ("pool_size: 2}", "pool_size: 2, pad}", ", pad}", 5, ("padding", "strides"), ("pool_size",)),
        ("pool_size: 2}", "pool_size: 2, pad", ", pad", 5, ("padding",), ("pool_size",)),
        ("activation: sigmoid}", "activation: si", "activation: si", 14, ("sigmoid", "relu"), ("valid",)),
        ("optimizer: adam", "optimizer: a", "optimizer: a", 12, ("adam", "AdamW"), ()),
        ("optimizer: adam", "optimizer: {Adam: {learn", "{learn", 6, ("learning_rate",), ("units",)),
        ("{strategy: concat}", "{strategy: }", "strategy: }", 10, ("concat", "gated"), ()),
        ("{strategy: concat}", "{strategy: concat, inputs: [th", "[th", 3, ("thermal", "vibration"), ()),
        ("{strategy: concat}", "{strategy: concat, un}", ", un}", 4, ("units",), ("strategy",)),
        ("  vibration:\n", "  vibration:\n    \n", "vibration:\n    \n", 15, ("share_layers_with",), ("layers", "input")),
        ("compile:\n", "compile:\n  me\n", "compile:\n  me\n", 13, ("loss_weights",), ("branches", "loss")),
        ("[accuracy]", "[acc", "[acc", 4, ("accuracy", "AUC"), ()),
        ("kernel_size: 3,", "kernel_size: 3, padding: ,", "padding: ,", 9, ("valid", "same"), ("Dense",)),
        ("kind: image,", "kind: ,", "kind: ,", 6, ("image", "sequence", "tokens"), ()),
        ("mask", "mask", "fusion", 0, ("fusion", "vars", "blocks"), ("name",)),
        ("loss: binary_crossentropy", "loss: b", "loss: b", 7, ("binary_crossentropy", "mse"), ()),
        ("compile:\n", "fit:\n  \ncompile:\n", "fit:\n  ", 7, ("epochs", "callbacks"), ("loss",)),
        ("compile:\n", "fit:\n  ep\ncompile:\n", "fit:\n  ep", 9, ("epochs",), ("loss",)),
        ("compile:\n", "expect:\n  \ncompile:\n", "expect:\n  ", 10, ("branches.thermal", "params"), ("loss",)),
        ("      - Flatten\n", "      - Conv2D:\n          \n", "Conv2D:\n          ", 18, ("filters", "padding"), ("Dense",)),
        ("optimizer: adam", "optimizer:\n    ", "optimizer:\n    ", 15, ("adam", "AdamW"), ("loss",)),
        ("{strategy: concat}", "\n  ", "fusion: \n  ", 11, ("strategy", "inputs"), ("branches",)),
        ("compile:\n", "fit: {monitor: }\ncompile:\n", "monitor: ", 9, ("loss", "val_accuracy"), ("epochs",)),
        ("compile:\n", "search: {minimize: }\ncompile:\n", "minimize: ", 10, ("val_loss",), ("trials",)),
        ("      - Flatten\n", "      - Op: {function: }\n", "function: ", 10, ("clip", "sin"), ("Dense",)),
        ("      - Flatten\n", "      - Op: {fun}\n", "Op: {fun", 8, ("function", "name"), ("Dense",)),
        ("compile:\n", "rules: {ma}\ncompile:\n", "{ma", 3, ("mask-lost", "metric-twice"), ("wrong-type", "loss")),
        ("compile:\n", "rules: {mask-lost: }\ncompile:\n", "mask-lost: ", 11, ("ignore", "advice", "error"), ("mask-lost",)),
        ("compile:\n", "vars: {width: 3}\nmatrix: {va: [1]}\ncompile:\n", "{va:", 3, ("vars.width",), ("loss",)),
    ],
)
def test_completion(old: str, new: str, word: str, inside: int, wanted: Any, not_wanted: Any) -> None:
    text = TEXT.replace(old, new, 1)
    found = list_labels(find_completions(state(text), {"position": at(text, word, inside)}))
    assert set(wanted) <= set(found) and not set(not_wanted) & set(found), sorted(found)[:60]


def test_completion_of_names() -> None:
    def found(old: str, new: str, word: str, inside: int) -> list[str]:
        text = NAMES.replace(old, new, 1)
        return list(list_labels(find_completions(state(text), {"position": at(text, word, inside)})))

    assert {"$units", "$width"} <= set(found("$units", "$u", "$u", 2))
    assert "pair" in found("{pair: {units: $wide", "{pa: {units: $wide", "{pa", 3)
    assert set(found("pair: {units: $wide, name: first}", "pair: {un}", "{un}", 3)) >= {"units", "name", "share"}
    assert {"branches.left.last", "heads.kind", "params"} <= set(found("branches.left.last", "branches.l", "branches.l", 10))
    assert {"risk", "kind"} <= set(found("loss: {risk: mse, kind: mse}", "loss: {ri: mse, kind: mse}", "{ri", 3))
    assert "left.last" in found("inputs: [left]", "inputs: [le", "[le,", 3)
    for written in ("{le}", "{le", "{le: {}, right: {}}"):
        text = f"data: {{train: x.npz, inputs: {written}"
        assert found("expect:", f"{text}\nexpect:", "{le", 3)[:2] == ["left", "right"]


READS = """\
version: 1
name: reads
branches:
  image:
    input: {kind: image, shape: [64, 64, 3]}
    layers: [{MobileNet: {weights: null, include_top: false, name: base}}, GlobalAveragePooling2D]
fusion: {inputs: [image], strategy: concat}
heads:
  begin: [{Dense: {units: 2, name: hidden}}]
  end: {inputs: [heads.begin, image], strategy: concat, layers: [{Dense: {units: 2}}]}
expect: {branches.image.base: [2, 2, 1024]}
"""


@pytest.mark.parametrize(
    ("old", "new", "word", "wanted", "not_wanted"),
    [
        ("heads.begin, image", "he, image", "[he", ("heads.begin", "heads.begin.hidden", "image"), ("params",)),
        ("inputs: [image]", "inputs: [im]", "[im", ("image", "image.base"), ("heads.begin", "image.base.conv1")),
        ("inputs: [image]", "inputs: [image.base.co]", "[image.base.co", ("image.base.conv1", "image.base.conv_pw_13"), ()),
        ("branches.image.base:", "branches.image.base.co:", "{branches.image.base.co", ("branches.image.base.conv1",), ()),
        ("{inputs: [heads", "{str: concat, x: [heads", "{str", ("inputs",), ("strategy", "filters")),
        ("weights: null", "weights: ", "weights: ", ("imagenet", "null"), ()),
        ("name: base", "pooling: ", "pooling: ", ("avg", "max", "null"), ()),
        ("name: hidden", "name: ", "2, name: ", (), ("null",)),
    ],
)
def test_completion_of_what_is_read(old: str, new: str, word: str, wanted: Any, not_wanted: Any) -> None:
    """Heads where a head may read them, the layers of a backbone after its name, and null beside other values alone."""
    assert state(READS).found == ()
    text = READS.replace(old, new, 1)
    found = list(list_labels(find_completions(state(text), {"position": at(text, word, len(word))})))
    assert set(wanted) <= set(found) and not set(not_wanted) & set(found), found[:40]


RUN = """\
version: 1
name: run
branches: {x: {input: {kind: sequence, shape: [s, 4], padding_value: 0}, layers: [{LSTM: {units: 3}}]}}
head: [{Dense: {units: 1, activation: sigmoid}}]
compile: {loss: binary_crossentropy}
data:
  train: a.csv
  validation: {fraction: 0.2}
  inputs: {x: {column: c, augment: [{time_mask: {max: 8}}, {speed: [0.8, 1.2]}]}}
  targets: {head: {column: y}}
fit: {epochs: 2, threshold: {maximize: f1}}
"""


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("{maxi", "maximize"),
        ("maximize: f", "balanced_accuracy"),
        ("{sp", "speed"),
        ("{time", "time_mask"),
        ("{time_mask: {m", "max"),
    ],
)
def test_completion_of_small_mappings(word: str, wanted: str) -> None:
    """Whatever is read of a mapping is read in one way, and so known to an editor."""
    assert state(RUN).found == ()
    found = list(list_labels(find_completions(state(RUN), {"position": at(RUN, word, len(word))})))
    assert wanted in found, found[:40]


def test_what_is_completed_is_written_in_place_of_the_word() -> None:
    text = TEXT.replace("      - Flatten\n", "      - Flat\n")
    made = find_completions(state(text, has_snippets=True), {"position": at(text, "- Flat", 4)})
    items = {each["label"]: each for each in made["items"]}
    assert edited(text, [items["Flatten"]["textEdit"]]) == TEXT
    assert items["Dense"]["textEdit"]["newText"] == "Dense: {units: $1}"
    plain = find_completions(state(text), {"position": at(text, "- Flat", 4)})
    dense = next(each for each in plain["items"] if each["label"] == "Dense")
    assert dense["textEdit"]["newText"] == "Dense: {units: }" and dense["insertTextFormat"] == 1


@pytest.mark.parametrize(
    ("line", "cursor", "options", "wanted"),
    [
        (
            "extends: ",
            9,
            {},
            {"base.yaml": "base.yaml", "parts/": "parts/", "odd/": "odd/", "a: b.yaml": '"a: b.yaml"', "_part.yml": "_part.yml"},
        ),
        ("extends: ba  # more", 11, {}, {"base.yaml": "base.yaml"}),
        ("extends: parts/", 15, {}, {"parts/deep.yaml": "parts/deep.yaml"}),
        ("extends: 'parts/de'", 18, {}, {"parts/deep.yaml": '"parts/deep.yaml"'}),
        ('"extends": "b', 13, {}, {"base.yaml": '"base.yaml"'}),
        ("extends: odd/r", 14, {}, {"odd/réseau.yaml": "odd/réseau.yaml"}),
        ("extends: 'odd/r'", 15, {}, {"odd/réseau.yaml": '"odd/réseau.yaml"'}),
        ("extends: odd/z", 14, {}, {"odd/z\\u202e.yaml": '"odd/z\\u202e.yaml"'}),
        ("extends: ../", 12, {}, {}),
        ("extends: ../", 12, {"allow_outside": True}, {"../up.yaml": "../up.yaml", "../here/": "../here/"}),
        ("extends: nowhere/", 17, {}, {}),
        ("extends: base.yaml/", 19, {}, {}),
        ("extends: \0/", 11, {}, {}),
    ],
)
def test_completion_of_what_is_extended(
    line: str, cursor: int, options: dict[str, bool], wanted: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "here" / "parts").mkdir(parents=True)
    for name in ("up.yaml", "here/base.yaml", "here/_part.yml", "here/spec.yaml", "here/notes.txt", "here/.hidden.yaml"):
        (tmp_path / name).write_text("version: 1\n")
    (tmp_path / "here" / "odd").mkdir()
    for name in ("a: b.yaml", "odd/réseau.yaml", "odd/z\u202e.yaml"):
        (tmp_path / "here" / name).write_text("")
    (tmp_path / "here" / "parts" / "deep.yaml").write_text("")
    text = f"version: 1\n{line}\nname: child\n"
    found = find_completions(state(text, folder=tmp_path / "here", **options), {"position": {"line": 1, "character": cursor}})
    begun = line[:cursor].partition(": ")[2].strip("'\"")
    offered = {each["label"]: each["textEdit"]["newText"] for each in found["items"]}
    assert {label: each for label, each in offered.items() if label.startswith(begun)} == wanted
    for each in found["items"] if "#" not in line and "\0" not in line else ():
        made = edited(text, [each["textEdit"]])
        assert made.splitlines()[1].partition(":")[2].strip() == each["textEdit"]["newText"]


def test_the_word_that_is_put_in_is_near_nothing() -> None:
    assert find_nearest(MARK, list_known_layers()) is None and MARK not in TEXT


@pytest.mark.parametrize(
    ("word", "inside", "count"),
    [
        ("$width", 2, 3),
        ("pair:\n", 1, 2),
        ("units: required", 1, 3),
        ("left.last", 1, 4),
        ("left.last", 6, 3),
        ("risk", 1, 3),
        ("twin", 1, 2),
        ("joined", 1, 2),
    ],
)
def test_references(word: str, inside: int, count: int) -> None:
    assert len(find_references(views(NAMES), place(NAMES, word, inside))) == count


def test_definition() -> None:
    assert find_definition(views(NAMES), place(NAMES, "$width", 2)) == [
        {"uri": URI, "range": {"start": at(NAMES, "width: 8"), "end": at(NAMES, "width: 8", 5)}}
    ]
    assert find_definition(views(NAMES), place(NAMES, "version", 2)) == []
    first = at(NAMES, "twin")
    both = [find_definition(views(NAMES), {"position": {**first, "character": first["character"] + more}}) for more in (1, 36)]
    assert [[each["range"]["start"] for each in found] for found in both] == [[first], [first]]


@pytest.mark.parametrize(
    ("word", "inside", "new"),
    [
        ("$width", 2, "breadth"),
        ("pair:\n", 1, "couple"),
        ("units: required", 1, "count"),
        ("left.last", 1, "port"),
        ("left.last", 6, "end"),
        ("risk", 1, "danger"),
        ("twin", 1, "both"),
        ("joined", 1, "whole"),
        ("first", 1, "start"),
    ],
)
def test_rename_changes_names_alone(word: str, inside: int, new: str) -> None:
    edits = rename(views(NAMES), {**place(NAMES, word, inside), "newName": new})["changes"][URI]
    text = edited(NAMES, edits)
    before, after = load(NAMES), load(text)
    assert after.ok and text != NAMES and after.typed is not None and before.typed is not None
    assert [str(each.type) for each in after.typed.nodes.values()] == [str(each.type) for each in before.typed.nodes.values()]
    prepared = prepare_rename(views(NAMES), place(NAMES, word, inside))
    assert prepared is not None and edited(NAMES, [{"range": prepared["range"], "newText": prepared["placeholder"]}]) == NAMES


PATHS = """\
version: 1
name: paths
vars: {width: 8}
MATRIX: {ENTRIES}
blocks:
  pair: {parameters: {units: 4}, layers: [{Dense: {units: $units, activation: relu}}]}
branches:
  left:
    input: {kind: vector, shape: [8]}
    layers: [{Dense: {units: $width, name: first}}, pair]
head: [{Dense: {units: 1}}]
compile: {optimizer: adam, loss: mse}
"""
KEYS = (
    "vars.width: [4, 8], blocks.pair.parameters.units: [2, 3], 'branches.left.layers.first.activation': [relu, tanh], "
    '"branches.left.layers[0].use_bias": [true, false]'
)


@pytest.mark.parametrize(
    ("word", "inside", "new", "count"),
    [
        ("$width", 2, "breadth", 3),
        ("left:", 1, "port", 3),
        ("left.layers[0]", 1, "port", 3),
        ("first}", 1, "start", 2),
        ("pair]", 1, "couple", 3),
        ("units: 4", 1, "count", 3),
        ("vars.width", 6, "breadth", 3),
    ],
)
@pytest.mark.parametrize("section", ["matrix", "search"])
def test_rename_reaches_the_paths_of_a_matrix_and_of_a_search(section: str, word: str, inside: int, new: str, count: int) -> None:
    text = PATHS.replace("ENTRIES", KEYS).replace("MATRIX", "matrix")
    if section == "search":
        text = PATHS.replace("{ENTRIES}", f"{{minimize: loss, trials: 4, space: {{{KEYS}}}}}").replace("MATRIX", "search")
        text += "data: {train: a.csv, inputs: {left: {columns: [a, b, c, d, e, f, g, h]}}, targets: {head: {column: y}}}\n"
        text += "fit: {epochs: 1}\n"
        count += word.startswith("left")
    made = views(text)
    assert [each.message for each in made[0].state.found] == []
    edits = rename(made, {**place(text, word, inside), "newName": new})["changes"][URI]
    assert len(edits) == count and len(find_references(made, place(text, word, inside))) == count
    assert state(edited(text, edits)).found == ()


LIKE_WORDS = """\
version: 1
name: like-words
blocks:
  each: {parameters: {parameters: required}, layers: [{Repeat: {each: {n: [4, $parameters]}, layers: [{Dense: {units: $n}}]}}]}
branches:
  parameters: {input: {kind: vector, shape: [4]}, layers: [{each: {parameters: 3, name: each}}]}
  each: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 3, name: parameters}}]}
fusion: {strategy: concat, inputs: [parameters.each, each.parameters]}
head: [{Dense: {units: 1}}]
"""


@pytest.mark.parametrize(
    ("word", "inside", "sort", "new"),
    [
        ("each: {parameters: {", 0, "block each", "two-words"),
        ("parameters: required", 0, "parameter parameters", None),
        ("{n: [", 1, "variable n", None),
        ("$n}", 1, "variable n", None),
        ("parameters: {input", 0, "branch parameters", "two-words"),
        ("each: {input", 0, "branch each", "two-words"),
        ("name: parameters", 7, "layer parameters", "two-words"),
        ("each, each.", 0, "layer each", "two-words"),
    ],
)
def test_a_name_is_taken_for_what_it_names_however_it_is_called(word: str, inside: int, sort: str, new: str | None) -> None:
    where = place(LIKE_WORDS, word, inside)
    made = views(LIKE_WORDS)
    shown = find_hover(made[0].state, where)
    assert made[0].state.found == () and shown is not None and sort in shown["contents"]["value"].splitlines()
    if new is None:
        with pytest.raises(CannotRename, match="cannot be a name here"):
            rename(made, {**where, "newName": "two-words"})
        new = "other"
    assert state(edited(LIKE_WORDS, rename(made, {**where, "newName": new})["changes"][URI])).found == ()


MONITORED = """\
version: 1
name: monitored
vars: {watched: val_a_loss}
branches:
  x: {input: {kind: vector, shape: [4]}}
heads:
  a: [{Dense: {units: 1}}]
  a_b: [{Dense: {units: 1}}]
compile: {loss: {a: mse, a_b: mse}, metrics: {a: [mae], a_b: [mae]}, weighted_metrics: {a: [mae]}}
data: {train: a, validation: b, inputs: {x: {}}, targets: {a: {}, a_b: {}}}
fit:
  epochs: 9
  monitor: $watched
  callbacks:
  - EarlyStopping: {monitor: "val_a_b_mae", patience: 1, mode: min}
  - EarlyStopping: {monitor: a_weighted_mae, patience: 1, mode: min}
search: {minimize: 'val_a_loss', trials: 3, space: {seed: [1, 2, 3]}}
"""


@pytest.mark.parametrize(("head", "count"), [("a", 8), ("a_b", 5)])
def test_rename_of_a_head_reaches_what_is_looked_at_in_each_epoch(head: str, count: int) -> None:
    made = views(MONITORED)
    assert made[0].state.found == ()
    where = place(MONITORED, f"  {head}: [", 2)
    edits = rename(made, {**where, "newName": "risk"})["changes"][URI]
    text = edited(MONITORED, edits)
    assert len(edits) == count == len(find_references(made, where)) and state(text).found == ()
    for name in ("val_a_loss", "val_a_b_mae", "a_weighted_mae"):
        assert (name not in text) == (name.removeprefix("val_").startswith(f"{head}_") and (head == "a_b" or "a_b" not in name))
    inside = place(MONITORED, "val_a_b_mae" if head == "a_b" else "'val_a_loss'", 5)
    assert rename(made, {**inside, "newName": "risk"})["changes"][URI] == edits


CHOSEN = """\
version: 1
name: chosen
vars: {network: small, read: "x"}
matrix: {vars.network: [small, large]}
blocks:
  small: {layers: [{Dense: {units: 4}}]}
  large: {layers: [{Dense: {units: 8}}]}
branches:
  x: {input: {kind: vector, shape: [4]}, layers: [$network]}
fusion: {inputs: ["${read}"], strategy: concat}
head: [{Dense: {units: 1}}]
"""


@pytest.mark.parametrize(
    ("word", "inside", "count"),
    [("small: {", 1, 3), ("large: {", 1, 2), ("large]", 1, 2), ("small,", 1, 3), ("  x: {", 2, 2), ("network: s", 1, 3)],
)
def test_rename_reaches_the_values_of_variables_and_of_a_matrix(word: str, inside: int, count: int) -> None:
    """A block, or a branch, whose name a variable holds is named where that value stands, in a variant too."""
    made = views(CHOSEN)
    edits = rename(made, {**place(CHOSEN, word, inside), "newName": "other"})["changes"][URI]
    assert len(edits) == count and state(edited(CHOSEN, edits)).found == ()


@pytest.mark.parametrize(
    ("word", "inside", "new", "why"),
    [
        ("$width", 2, "two words", "cannot be a name"),
        ("left.last", 1, "right", "written twice"),
        ("pair:\n", 1, "Dense", "lower-case"),
        ("version", 1, "x", "nothing here"),
        ("left.last", 6, "a.b", "cannot be a name"),
    ],
)
def test_a_rename_that_breaks_the_spec_is_refused(word: str, inside: int, new: str, why: str) -> None:
    with pytest.raises(CannotRename, match=why):
        rename(views(NAMES), {**place(NAMES, word, inside), "newName": new})


def test_a_name_that_nobody_has_given_stays() -> None:
    """The only head, and a layer inside a backbone."""
    only = TEXT.replace("loss: binary_crossentropy", "loss: {head: binary_crossentropy}")
    inside = READS.replace("inputs: [image]", "inputs: [image.base.conv_pw_13_relu]").replace(", GlobalAveragePooling2D]", "]")
    for text, word in ((only, "head: binary"), (inside, "conv_pw_13_relu")):
        where = place(text, word, 1)
        assert prepare_rename(views(text), where) is None and find_definition(views(text), where) == []
        with pytest.raises(CannotRename, match="not by the spec"):
            rename(views(text), {**where, "newName": "other"})


def test_nothing_is_renamed_in_a_spec_with_errors() -> None:
    with pytest.raises(CannotRename, match="mend them first"):
        rename(views(NAMES.replace("units: 1}", "units: -1}")), {**place(NAMES, "joined", 1), "newName": "other"})


def test_rename_reaches_the_files_that_are_extended(tmp_path: Path) -> None:
    base = "vars: {width: 8}\nbranches:\n  x:\n    input: {kind: vector, shape: [4]}\n    layers: [{Dense: {units: $width}}]\n"
    own = "version: 1\nname: child\nextends: base.yaml\nvars: {width: 4}\nhead: [{Dense: {units: $width}}]\n"
    (tmp_path / "base.yaml").write_text(base)
    made = state(own, folder=tmp_path)
    view = [View(made, made.source, Uris(made.source, "file:///own.yaml"))]
    changes = rename(view, {**place(own, "$width", 2), "newName": "units_of_all"})["changes"]
    base_uri = next(uri for uri in changes if uri.endswith("base.yaml"))
    (tmp_path / "base.yaml").write_text(edited(base, changes[base_uri]))
    (tmp_path / "own.yaml").write_text(edited(own, changes["file:///own.yaml"]))
    renamed = load(tmp_path / "own.yaml")
    assert renamed.ok and "width" not in (tmp_path / "base.yaml").read_text() + (tmp_path / "own.yaml").read_text()
    assert find_definition(view, place(own, "base.yaml", 2))[0]["uri"] == base_uri


@pytest.mark.parametrize(("word", "new"), [("width: 8", "breadth"), ("last", "end")])
def test_a_name_that_a_spec_replaces_is_changed_there_too(word: str, new: str, tmp_path: Path) -> None:
    """Of the extended file, where the spec has another value or other layers for it, and another word so."""
    base = """\
version: 1
name: base
vars: {width: 8}
branches:
  x: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: $width, name: last}}]}
fusion: {inputs: [x.last], strategy: concat}
head: [{Dense: {units: 1}}]
"""
    own = """\
version: 1
name: child
extends: base.yaml
vars: {width: 4}
branches: {x: {layers: [{Dense: {units: $width, name: last}}]}}
"""
    (tmp_path / "base.yaml").write_text(base)
    of_base = make_state(Source(str(tmp_path / "base.yaml"), base), tmp_path, {}, Settings())
    of_own = state(own, folder=tmp_path)
    read = next(each for each in of_own.prepared.texts.sources.values() if each.name.endswith("base.yaml"))
    both = [View(of_base, of_base.source, Uris(of_base.source, "base")), View(of_own, read, Uris(of_own.source, "own"))]
    where = place(base, word, 1)
    base_uri = (tmp_path / "base.yaml").as_uri()
    changes = rename(both, {**where, "newName": new})["changes"]
    assert set(changes) == {"base", "own", base_uri}
    (tmp_path / "base.yaml").write_text(edited(base, changes["base"]))
    (tmp_path / "own.yaml").write_text(edited(own, changes["own"]))
    before, after = of_own.compilation.typed, load(tmp_path / "own.yaml").typed
    assert before is not None and after is not None
    assert [str(each.type) for each in after.nodes.values()] == [str(each.type) for each in before.nodes.values()]
    assert word.partition(":")[0] not in (tmp_path / "base.yaml").read_text() + (tmp_path / "own.yaml").read_text()
    assert {each["uri"] for each in find_references(both, where)} == {"base", "own", base_uri}


def test_fixes_of_a_range_and_of_all() -> None:
    text = TEXT.replace("units: 64", 'units: "64"').replace("pool_size: 2}", "pool_sise: 2}", 1)
    made, uris = state(text), Uris(Source("/specs/spec.yaml", ""), URI)
    where = {"start": at(text, '"64"', 1), "end": at(text, '"64"', 1)}
    actions = find_actions(made, {"range": where, "context": {"diagnostics": []}}, uris)
    assert actions[0]["isPreferred"] and edited(text, actions[0]["edit"]["changes"][URI]) == text.replace('"64"', "64")
    assert actions[0]["diagnostics"][0]["code"] == "wrong-type"
    everything = find_actions(made, {"range": where, "context": {"only": ["source.fixAll"]}}, uris)
    assert edited(text, everything[0]["edit"]["changes"][URI]) == TEXT
    assert find_actions(state(TEXT), {"range": ALL, "context": {"only": ["source.fixAll"]}}, uris) == []
    assert find_actions(made, {"range": ALL, "context": {"only": ["refactor"]}}, uris) == []


def test_symbols_folds_and_lenses() -> None:
    made = state(TEXT)
    symbols = find_symbols(made)
    assert [each["name"] for each in symbols][:4] == ["version", "name", "description", "branches"]
    branches = symbols[3]["children"]
    assert [each["name"] for each in branches] == ["thermal", "vibration"]
    assert [each["name"] for each in branches[1]["children"]] == ["LSTM"]
    check_ranges(symbols)
    assert next(each["command"]["title"] for each in find_lenses(made)) == "18,816 parameters, 16,608,384 multiply-adds"
    assert len(find_lenses(made)) == 4
    assert {"startLine": 7, "endLine": 19} in find_folds(made)


def test_a_lens_counts_what_is_computed_in_each_step() -> None:
    for frames, counted in (("5", "405"), ("frames", "81 * frames")):
        given = f"{{kind: video, shape: [{frames}, 5, 5, 1], padding_value: 0}}"
        layers = "[{TimeDistributed: [{Conv2D: {filters: 1, kernel_size: 3}}, Flatten]}, GlobalAveragePooling1D]"
        text = f"version: 1\nname: n\nbranches:\n  v: {{input: {given}, layers: {layers}}}\nhead: [Flatten]\n"
        assert find_lenses(state(text))[0]["command"]["title"] == f"10 parameters, {counted} multiply-adds"


ROUNDS = """\
version: 1
name: rounds
blocks:
  "halve":
    layers:
    - Dense: {units: 3}
    - Dropout: {rate: 0.5}
  inner: {parameters: {n: required}, layers: [{Dense: {units: $n}}]}
  outer: {parameters: {n: required}, layers: [{inner: {n: $n}}, {inner: {n: "${n + 1}"}}]}
branches:
  x:
    input: {kind: image, shape: [32, 32, 3]}
    layers:
    - Repeat:
        times: 2
        layers:
        - halve
    - Repeat:
        each: {n: [4, 6, 8, 9]}
        layers:
        - outer: {n: $n}
    - TimeDistributed:
        layers:
        - 'halve'
    - Flatten
head:
- Dense: {units: 1}
"""


def test_a_use_of_a_block_has_the_output_of_each_round() -> None:
    made = state(ROUNDS)
    assert made.found == ()
    lines = ROUNDS.split("\n")
    hints = {lines[each["position"]["line"]].strip(): each["label"] for each in find_inlay_hints(made, {"range": ALL})}
    sizes = [f"(height=32, width=32, channels={each})" for each in (5, 7, 9, 10)]
    assert hints["- outer: {n: $n}"] == " | ".join(sizes[:3]) + " | ..."
    assert hints["- halve"] == "(height=32, width=32, channels=3)" and "channels=3" in hints["- 'halve'"]
    shown = find_hover(made, {"position": at(ROUNDS, "- outer: {n: $n}", 3)})
    assert shown is not None and all(f"output {each}" in shown["contents"]["value"] for each in sizes[:3])
    assert "and 1 more" in shown["contents"]["value"]


def test_a_use_of_a_block_has_the_parameters_of_all_its_layers() -> None:
    lines = ROUNDS.split("\n")
    shown = find_inlay_hints(state(ROUNDS, shows_params=True), {"range": ALL})
    hints = {lines[each["position"]["line"]].strip(): each["label"] for each in shown}
    assert hints["- halve"] == "(height=32, width=32, channels=3)  24" and hints["- 'halve'"].endswith("  33")


def test_a_list_in_the_column_of_its_key_folds_with_it() -> None:
    lines = ROUNDS.split("\n")
    folds = {(lines[each["startLine"]].strip(), lines[each["endLine"]].strip()) for each in find_folds(state(ROUNDS))}
    assert {("layers:", "- Flatten"), ("head:", "- Dense: {units: 1}"), ("- TimeDistributed:", "- 'halve'")} <= folds
    assert {("layers:", "- halve"), ("layers:", "- Dropout: {rate: 0.5}"), ("branches:", "- Flatten")} <= folds
    assert not any(start.startswith(("- Dense", "- Flatten")) for start, _ in folds)


def test_a_text_that_is_too_large_is_told_as_of_a_file() -> None:
    """The limit of a file is in bytes; an editor hands over characters."""
    assert [each.code.name for each in state(TEXT + "#" + "x" * 4 * 2**20).found] == ["file-too-large"]
    assert state(TEXT + "#" + "x" * 2**20).found == ()


def check_ranges(symbols: list[Any]) -> None:
    """LSP wants the name inside of the whole, and children inside of their parents."""
    for each in symbols:
        whole, own = each["range"], each["selectionRange"]
        assert order(whole["start"]) <= order(own["start"]) and order(own["end"]) <= order(whole["end"])
        for child in each.get("children", []):
            assert order(whole["start"]) <= order(child["range"]["start"]) and order(child["range"]["end"]) <= order(whole["end"])
        check_ranges(each.get("children", []))


def order(position: Any) -> tuple[int, int]:
    return position["line"], position["character"]


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("**/*.yaml")), ids=lambda path: path.stem)
def test_symbols_of_all_specs_lie_in_one_another(path: Path) -> None:
    check_ranges(find_symbols(make_state(Source(str(path), path.read_text()), path.parent, {}, Settings())))


def test_text_of_a_spec_stays_code() -> None:
    hostile = "a```b````[x](command:evil)"
    assert fence_code(hostile).startswith("`````text\n") and fence_code(hostile).endswith("\n`````")
    text = TEXT.replace("  thermal:", '  "a`b![x](y)":')
    shown = find_hover(state(text), {"position": at(text, "a`b", 1)})
    assert shown is not None and shown["contents"]["value"].startswith("```text\n")
    text = TEXT.replace("branches:", 'vars: {"a\u202e\\n[x](command:y)": 1}\nbranches:', 1).replace("units: 64", "units: $")
    labels = list_labels(find_completions(state(text), {"position": at(text, "units: $", 8)}))
    assert list(labels) == ["$a\\u202e [x](command:y)"]


def test_a_line_that_is_half_written_has_no_hint_and_the_others_have_theirs() -> None:
    text = TEXT.replace("      - Conv2D: {filters: 64, kernel_size: 3, activation: relu}", "      - Conv2D: {filters: 64, kern")
    line = text[: text.index("kern\n")].count("\n") + 1
    made = state(text, line)
    assert [each.code.name for each in made.found] == ["not-yaml"]
    hints = {each["position"]["line"] + 1: each["label"] for each in find_inlay_hints(made, {"range": ALL})}
    assert line not in hints and len(hints) == 7
