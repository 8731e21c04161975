"""The section `data`: every form of it is read into a typed value, and every mistake is said at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs_specs import DATA, TWO_HEADS, found, run_spec
from told import hold_told

from cnnlstm_spec import load
from cnnlstm_spec.spec.data.inputs import ImageSource, OneHotColumn, SequenceSource, VectorSource, VideoSource
from cnnlstm_spec.spec.data.lengths import StepAugmentation
from cnnlstm_spec.spec.data.section import DataSpec
from cnnlstm_spec.spec.data.sources import DataSource
from cnnlstm_spec.spec.data.splits import Split


def data_of(more: str, **spec: str) -> DataSpec:
    compilation = run_spec(more, **spec)  # type: ignore[arg-type]
    assert compilation.diagnostics == ()
    assert compilation.spec is not None and compilation.spec.data is not None
    return compilation.spec.data


def test_a_path_is_a_source() -> None:
    (source,) = data_of("data: {train: plant/train.csv}\n").train
    assert source.path is not None and source.path.text == "plant/train.csv" and source.is_table
    assert source.function is None and source.root is None and source.separator is None


def test_a_mapping_is_a_source() -> None:
    (source,) = data_of('data: {train: {path: a.csv, root: pictures, separator: ";"}}\n').train
    assert source.root is not None and (source.root.text, source.separator) == ("pictures", ";")


def test_several_tables_are_one() -> None:
    data = data_of("data: {train: [a.csv, {path: b.tsv}, part-*.parquet, c.jsonl]}\n")
    assert [str(each) for each in data.train] == ["a.csv", "b.tsv", "part-*.parquet", "c.jsonl"]


def test_a_function_is_a_source_where_imports_are_allowed() -> None:
    text = "version: 1\nname: x\nbranches: {x: {input: {kind: vector, shape: [2]}}}\nhead: [{Dense: {units: 1}}]\n"
    text += "data: {train: 'package.module:function'}\n"
    compilation = load(text, allow_imports=True)
    assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.data is not None
    (source,) = compilation.spec.data.train
    assert source.function == "package.module:function" and source.path is None
    assert [code for code, _ in found(load(text))] == ["data-import-not-allowed"]


SPLITS = [
    ("{fraction: 0.2}", {"fraction": 0.2}),
    ("{fraction: 1/5, stratify: fault}", {"fraction": 0.2, "stratify": "fault"}),
    ("{fraction: 0.2, stratify: fault, group: machine}", {"fraction": 0.2, "stratify": "fault", "group": "machine"}),
    ("{last: 0.2, order: date}", {"last": 0.2, "order": "date"}),
    ("{where: {split: val}}", {"where": {"split": "val"}}),
    ("{where: {year: 2024, night: true}}", {"where": {"year": "2024", "night": "true"}}),
    ("{folds: 5}", {"folds": 5}),
]


@pytest.mark.parametrize(("written", "values"), SPLITS)
def test_a_part_is_a_share_of_train(written: str, values: dict[str, object]) -> None:
    part = data_of(f"data: {{train: a.csv, validation: {written}}}\n").validation
    assert isinstance(part, Split) and part.way == next(iter(values))
    assert {name: part.get_value(name) for name in values} == values


def test_a_part_is_a_source() -> None:
    data = data_of("data: {train: a.csv, validation: b.csv, test: {path: c.csv, root: d}}\n")
    assert isinstance(data.validation, DataSource) and isinstance(data.test, DataSource)
    assert str(data.validation) == "b.csv" and str(data.test.root) == "d"


def test_inputs_and_targets_that_are_left_out_are_those_of_their_names() -> None:
    data = data_of("data: {train: a.csv}\n")
    assert data.inputs["x"].column == "x" and data.inputs["x"].columns == ("x",)
    assert data.targets["head"].columns == ("head",)


def test_columns_of_a_vector() -> None:
    inputs = "{x: {columns: [age, pressure, {column: sex, one_hot: [f, m]}], missing: drop}}"
    source = data_of(f"data: {{train: a.csv, inputs: {inputs}}}\n", shape="[4]").inputs["x"].source
    assert isinstance(source, VectorSource) and source.missing == "drop" and source.columns is not None
    assert source.columns[:2] == ("age", "pressure")
    assert isinstance(source.columns[2], OneHotColumn) and source.columns[2].one_hot == ("f", "m")


def test_an_image() -> None:
    more = "data: {train: a.csv, inputs: {x: {column: picture, resize: bilinear, crop_to_aspect_ratio: true}}}\n"
    source = data_of(more, kind="image", shape="[8, 8, 3]", layers="[Flatten]").inputs["x"].source
    assert isinstance(source, ImageSource) and source.resize == "bilinear" and source.crop_to_aspect_ratio


SERIES = {"kind": "sequence", "shape": "[frames, 8]", "input": ", padding_value: 0.0", "layers": "[{LSTM: {units: 4}}]"}


def test_a_sequence() -> None:
    written = "{column: sound, sample_rate: 8000, length: {max: 64, bucket: [16, 32, 64], truncate: start}}"
    source = data_of(f"data: {{train: a.csv, inputs: {{x: {written}}}}}\n", **SERIES).inputs["x"].source
    assert isinstance(source, SequenceSource) and source.length is not None and source.sample_rate == 8000
    assert (source.length.max, source.length.bucket, source.length.truncate) == (64, (16, 32, 64), "start")


def test_augmentation() -> None:
    more = "data: {train: a.csv, inputs: {x: {augment: [{time_mask: {max: 8}}, {speed: [0.8, 1.2]}]}}}\n"
    source = data_of(more, **SERIES).inputs["x"].source
    assert isinstance(source, SequenceSource)
    assert source.augment == (StepAugmentation("time_mask", 0, 8), StepAugmentation("speed", 0.8, 1.2))


def test_a_film() -> None:
    written = "{column: film, frames: random, stride: 2, fps: 12.5, resize: nearest, length: {max: 16, pad: end}}"
    video = {"kind": "video", "shape": "[16, 8, 8, 3]", "layers": "[Flatten]"}
    source = data_of(f"data: {{train: a.csv, inputs: {{x: {written}}}}}\n", **video).inputs["x"].source
    assert isinstance(source, VideoSource) and (source.frames, source.stride, source.fps) == ("random", 2, 12.5)
    assert source.length is not None and source.length.pad == "end"


def test_targets() -> None:
    more = """data:
  train: a.csv
  targets:
    state: {column: state, classes: [ok, 1, true]}
    wear: {columns: [left], scale: standard}
  sample_weight: {wear: {column: w}}
"""
    compilation = load(TWO_HEADS + more)
    assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.data is not None
    data = compilation.spec.data
    assert data.targets["state"].source.classes == ("ok", "1", "true")
    assert data.targets["wear"].source.scale == "standard" and data.targets["wear"].columns == ("left",)
    assert [(each.head, each.column) for each in data.sample_weights] == [("wear", "w")]


def test_a_weight_for_all_heads() -> None:
    data = data_of("data: {train: a.csv, sample_weight: {column: w}}\n")
    assert [(each.head, each.column) for each in data.sample_weights] == [(None, "w")]


def test_a_star_stands_for_branches() -> None:
    text = """version: 1
name: leads
branches:
  lead_1: {input: {kind: vector, shape: [4]}}
  lead_2: {input: {kind: vector, shape: [4]}}
  age: {input: {kind: vector, shape: [1]}}
fusion: {strategy: concat}
head: [{Dense: {units: 1}}]
data: {train: a.csv, inputs: {"lead_*": {column: ecg}}}
"""
    compilation = load(text)
    assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.data is not None
    assert {name: each.column for name, each in compilation.spec.data.inputs.items()} == {
        "lead_1": "ecg",
        "lead_2": "ecg",
        "age": "age",
    }


MISTAKES = [
    ("data: {}\n", [("missing-key", "data")]),
    ("data: plant.csv\n", [("not-a-mapping", "plant.csv")]),
    ("data: {train: 3}\n", [("wrong-type", "3")]),
    ("data: {train: []}\n", [("wrong-type", "[]")]),
    ("data: {train: 'http://x.org/a.csv'}\n", [("address-not-a-path", "'http://x.org/a.csv'")]),
    ("data: {train: 'concat:a.csv|b.csv'}\n", [("address-not-a-path", "'concat:a.csv|b.csv'")]),
    ("data: {train: [a.csv, b.npz]}\n", [("not-a-table", "b.npz")]),
    ("data: {train: {path: a.parquet, separator: ';'}}\n", [("no-effect", "separator")]),
    ("data: {trian: a.csv}\n", [("unknown-key", "trian")]),
    ("data: {train: a.csv, validation: {fraction: 1.5}}\n", [("out-of-range", "1.5")]),
    ("data: {train: a.csv, validation: {fraction: 0.2, last: 0.2}}\n", [("one-of-keys", "last")]),
    ("data: {train: a.csv, validation: {last: 0.2, order: d, stratify: x}}\n", [("no-effect", "stratify")]),
    ("data: {train: a.csv, validation: {fraction: 0.2, order: d}}\n", [("no-effect", "order")]),
    ("data: {train: a.csv, validation: {}}\n", [("part-without-way", "{}")]),
    ("data: {train: a.csv, validation: {where: {}}}\n", [("wrong-type", "{}")]),
    ("data: {train: a.csv, test: {folds: 5}}\n", [("test-in-folds", "folds")]),
    ("data: {train: a.csv, validation: {folds: 1}}\n", [("value-not-allowed", "1")]),
    ("data: {train: a.csv, inputs: {y: {column: z}}}\n", [("data-unknown-branch", "y")]),
    ("data: {train: a.csv, inputs: {x: {colum: z}}}\n", [("unknown-key", "colum")]),
    ("data: {train: a.csv, inputs: {x: {resize: bilinear}}}\n", [("data-key-of-other-kind", "resize")]),
    ("data: {train: a.csv, inputs: {x: {column: a, columns: [b]}}}\n", [("one-of-keys", "columns")]),
    ("data: {train: a.csv, inputs: {x: {missing: keep}}}\n", [("not-a-choice", "keep")]),
    ("data: {train: a.csv, inputs: {x: {columns: [a, {column: b, one_hot: [f, f]}]}}}\n", [("label-twice", "[f, f]")]),
    ("data: {train: a.csv, inputs: {x: {columns: [a, a]}}}\n", [("label-twice", "[a, a]")]),
    ("data: {train: a.csv, targets: {haed: {column: z}}}\n", [("unknown-head", "haed")]),
    ("data: {train: a.csv, targets: {head: {classes: [a, b], scale: standard}}}\n", [("one-of-keys", "scale")]),
    ("data: {train: a.csv, targets: {head: {scale: robust}}}\n", [("not-a-choice", "robust")]),
    ("data: {train: a.csv, sample_weight: w}\n", [("not-a-mapping", "w")]),
    ("data: {train: a.csv, sample_weight: {haed: {column: w}}}\n", [("unknown-head", "haed")]),
    ("data: {train: a.csv, window: {}}\n", [("missing-key", "{}")]),
    ("data: {train: a.csv, seed: -1}\n", [("value-not-allowed", "-1")]),
]


@pytest.mark.parametrize(("more", "expected"), MISTAKES)
def test_mistakes(more: str, expected: list[tuple[str, str]], request: pytest.FixtureRequest) -> None:
    compilation = run_spec(more)
    assert found(compilation) == expected
    hold_told(compilation.diagnostics, request)


def test_mistakes_are_told_at_once() -> None:
    more = "data: {train: 3, validation: {fraction: 2}, inputs: {y: {}}, targets: {z: {}}, seed: a}\n"
    codes = [code for code, _ in found(run_spec(more))]
    assert codes == ["wrong-type", "out-of-range", "data-unknown-branch", "unknown-head", "wrong-type"]


def test_paths_are_relative_to_the_file_that_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base").mkdir()
    base = "version: 1\nname: x\nbranches: {x: {input: {kind: vector, shape: [2]}}}\nhead: [{Dense: {units: 1}}]\n"
    (tmp_path / "base" / "model.yaml").write_text(base + "data: {train: a.csv, root: pictures}\n")
    (tmp_path / "run.yaml").write_text("extends: base/model.yaml\ndata: {validation: b.csv}\n")
    compilation = load(tmp_path / "run.yaml", ["data.test=c.csv"])
    assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.data is not None
    data = compilation.spec.data
    (train,) = data.train
    assert train.path is not None and train.path.path == tmp_path / "base" / "a.csv" and not train.path.by_hand
    assert data.root is not None and data.root.path == tmp_path / "base" / "pictures"
    assert isinstance(data.validation, DataSource) and data.validation.path is not None
    assert data.validation.path.path == tmp_path / "b.csv"
    assert isinstance(data.test, DataSource) and data.test.path is not None
    assert data.test.path.path == Path("c.csv") and data.test.path.by_hand


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("data.validation.fraction=0.3", 0.3),
        ("data.validation={fraction: 0.3}", 0.3),
    ],
)
def test_set_a_key_of_data(text: str, value: float) -> None:
    base = "version: 1\nname: x\nbranches: {x: {input: {kind: vector, shape: [2]}}}\nhead: [{Dense: {units: 1}}]\n"
    for more in ("data: {train: a.csv}\n", "data: {train: a.csv, validation: {fraction: 0.2}}\n"):
        compilation = load(base + more, [text])
        assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.data is not None
        assert isinstance(compilation.spec.data.validation, Split) and compilation.spec.data.validation.fraction == value


def test_variables_stand_in_data() -> None:
    more = "vars: {share: 0.25, name: plant, columns: [a, b, c, d, e, f, g, h]}\n"
    more += 'data: {train: "${name}.csv", validation: {fraction: $share}, inputs: {x: {columns: $columns}}}\n'
    data = data_of(more)
    assert str(data.train[0]) == "plant.csv" and isinstance(data.validation, Split) and data.validation.fraction == 0.25
    assert data.inputs["x"].columns == ("a", "b", "c", "d", "e", "f", "g", "h")


def test_a_model_alone_has_no_sections() -> None:
    compilation = run_spec("")
    assert compilation.spec is not None and compilation.spec.data is None and compilation.spec.fit is None
    assert run_spec(DATA).diagnostics == ()
