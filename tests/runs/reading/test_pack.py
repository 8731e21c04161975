"""Packs: what is read of one is what is read of the files, bit for bit, in any order; another spec, and damaged or hostile ones, are told."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy
import polars
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
from data_specs import CLASSES, open_spec, problems, write_spec
from json_schemas import read_document
from PIL import Image

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.measure.baselines import make_baselines
from cnnlstm_spec.runs.measure.figures import BootstrapDraws
from cnnlstm_spec.runs.reading.open import DataReading
from cnnlstm_spec.runs.reading.pack.write import write_pack
from cnnlstm_spec.runs.samples import DataError, Part
from cnnlstm_spec.text.files import PathError

pytestmark = pytest.mark.keras

BRANCHES = """
  picture: {input: {kind: image, shape: [6, 5, 3]}, layers: [Flatten]}
  sound: {input: {kind: sequence, shape: [steps, 1], mask_input: heard}, layers: [{LSTM: {units: 2}}]}
  clip: {input: {kind: video, shape: [3, 4, 4, 1]}, layers: [Flatten]}
  words: {input: {kind: tokens, shape: [4], dtype: int32}, layers: [{Embedding: {input_dim: 9, output_dim: 2}}, Flatten]}
  numbers: {input: {kind: vector, shape: [3]}, layers: [{Dense: {units: 2}}]}
"""
INPUTS = """
    picture: {column: picture}
    sound: {column: sound, augment: [{time_mask: {max: 3}}, {speed: [0.8, 1.2]}]}
    clip: {column: clip, frames: random}
    words: {column: words, length: {max: 4, pad: end}}
    numbers: {columns: [a, b, {column: c, one_hot: [x]}]}
"""
SPLIT = "validation: {fraction: 0.25, group: machine}"
DATA = f"""data:
  train: data.parquet
  {SPLIT}
  inputs: {INPUTS}
  targets: {{head: {{column: kind, classes: [red, green, blue]}}}}
  sample_weight: {{column: w}}
"""
REST = "fusion: {strategy: concat}\n" + CLASSES + DATA
ROWS = 40


def make_files(folder: Path) -> None:
    rng = numpy.random.default_rng(0)
    rows: dict[str, list[Any]] = {
        name: [] for name in ("picture", "sound", "clip", "words", "a", "b", "c", "kind", "machine", "w")
    }
    for number in range(ROWS):
        Image.fromarray(rng.integers(0, 256, (6, 5, 3), "uint8")).save(folder / f"{number}.png")
        soundfile.write(folder / f"{number}.wav", rng.uniform(-1, 1, int(rng.integers(5, 12))), 100)
        numpy.save(folder / f"{number}.npy", rng.integers(0, 256, (int(rng.integers(3, 9)), 4, 4, 1), "uint8"))
        cells = (f"{number}.png", f"{number}.wav", f"{number}.npy", rng.integers(0, 9, int(rng.integers(1, 6))).tolist())
        more = (
            float(rng.normal()),
            float(rng.normal()),
            "x",
            ["blue", "red", "green"][number % 3],
            f"M{number % 8}",
            number % 4 + 0.5,
        )
        for name, cell in zip(rows, (*cells, *more), strict=True):
            rows[name].append(cell)
    polars.DataFrame(rows).write_parquet(folder / "data.parquet")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files, a spec that reads them, and a pack of several small shards."""
    folder = tmp_path_factory.mktemp("pack")
    make_files(folder)
    spec = write_spec(folder, BRANCHES, REST)
    patch = pytest.MonkeyPatch()
    from cnnlstm_spec.runs.reading.pack import write

    patch.setattr(write, "GROUP", 3000)
    patch.setattr(write, "SHARD", 8000)
    try:
        write_pack(DataReading(load(spec)), folder / "packed")
    finally:
        patch.undo()
    return folder


def spec_of(folder: Path, rest: str = REST, branches: str = BRANCHES) -> Path:
    return write_spec(folder, branches, rest.replace("train: data.parquet", "train: packed"))


def same(first: Part, second: Part, places: list[int], epoch: int | None) -> None:
    one, other = first.read(places, epoch), second.read(places, epoch)
    for name in ("inputs", "targets", "weights"):
        arrays, others = getattr(one, name), getattr(other, name)
        assert list(arrays) == list(others)
        for key, array in arrays.items():
            assert array.dtype == others[key].dtype and array.shape == others[key].shape
            assert array.tobytes() == others[key].tobytes()


def test_a_pack_is_read_as_its_files_are(made: Path) -> None:
    files = open_spec(write_spec(made, BRANCHES, REST))
    packed = open_spec(spec_of(made))
    assert packed.targets == files.targets and list(packed.parts) == ["train", "validation"]
    assert len(read_document("pack", (made / "packed" / "pack.json").read_text())["parts"]["train"]["shards"]) > 2
    for name, part in files.parts.items():
        other = packed.parts[name]
        assert len(part) == len(other) and part.groups == other.groups
        assert [part.name_sample(place) for place in range(len(part))] == [other.name_sample(place) for place in range(len(part))]
        for epoch in (None, 0, 3):
            same(part, other, list(range(len(part))), epoch)
            same(part, other, [5, 0, 7, 7], epoch)
        order = numpy.random.default_rng(1).permutation(len(part))
        for places in part.plan(order.tolist(), 4):
            same(part, other, list(places), 1)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("column: picture}", "column: picture, resize: nearest}", "`inputs.picture` was packed otherwise"),
        ("{max: 3}", "{max: 4}", "`inputs.sound` was packed otherwise"),
        ("[red, green, blue]", "[blue, green, red]", "`targets.head` was packed otherwise"),
        ("fraction: 0.25", "fraction: 0.5", "`validation` is another share"),
        ("  inputs:", "  seed: 4\n  inputs:", "`validation` is another share"),
        ("sparse_categorical", "categorical", "the loss of `head` takes `one_hot`; `integer` was packed"),
    ],
)
def test_what_was_packed_otherwise_is_an_error(before: str, after: str, told: str, made: Path) -> None:
    assert before in REST
    found = problems(spec_of(made, REST.replace(before, after)))
    assert len(found) == 1 and told in found[0]


def test_a_branch_of_another_shape_is_an_error(made: Path) -> None:
    found = problems(spec_of(made, branches=BRANCHES.replace("[6, 5, 3]", "[5, 6, 3]")))
    assert any("the `shape` of `picture` is another" in line for line in found)


def test_what_is_left_out_is_as_it_was_packed(made: Path) -> None:
    drawn = "sound: {column: sound, augment: [{time_mask: {max: 3}}, {speed: [0.8, 1.2]}]}, clip: {column: clip, frames: random}"
    text = f"fusion: {{strategy: concat}}\n{CLASSES}data: {{train: packed, {SPLIT}}}\n"
    told = "packed: training draws anew of `clip`: write the entry of `inputs` that it was packed with, `frames` and `column`"
    assert told in problems(write_spec(made, BRANCHES, text))
    text = f"fusion: {{strategy: concat}}\n{CLASSES}data: {{train: packed, {SPLIT}, test: packed/, inputs: {{{drawn}}}}}\n"
    assert any("it holds no part `test`" in line for line in problems(write_spec(made, BRANCHES, text)))
    text = f"fusion: {{strategy: concat}}\n{CLASSES}data: {{train: packed, validation: packed/, inputs: {{{drawn}}}}}\n"
    data = open_spec(write_spec(made, BRANCHES, text))
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 30, "validation": 10}


def forge(folder: Path, **changes: Any) -> None:
    """Other values in `pack.json`, with the digests of what lies there."""
    document = json.loads((folder / "pack.json").read_text())
    document |= changes
    for part in document["parts"].values():
        for shard in part["shards"]:
            data = (folder / shard["file"]).read_bytes() if "/" not in shard["file"] else b""
            shard |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "pack.json").write_text(json.dumps(document))


def told_of(made: Path, tmp_path: Path, damage: Any) -> list[str]:
    """What is said of a copy of the pack after something was done to it."""
    shutil.copytree(made / "packed", tmp_path / "packed")
    damage(tmp_path / "packed")
    return problems(spec_of(tmp_path))


def test_every_changed_byte_is_seen(made: Path, tmp_path: Path) -> None:
    def flip(folder: Path) -> None:
        path = folder / "train-00001.parquet"
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    assert told_of(made, tmp_path, flip) == [
        "packed/train-00001.parquet: the file is not the one that was packed: its size or digest differs"
    ]


def test_a_shard_that_is_missing_or_a_link_elsewhere(made: Path, tmp_path: Path) -> None:
    (line,) = told_of(made, tmp_path, lambda folder: (folder / "train-00000.parquet").unlink())
    assert line == "packed/train-00000.parquet: there is no such file, and `pack.json` has one"


def change(key: str, value: Any) -> Any:
    def damage(folder: Path) -> None:
        document = json.loads((folder / "pack.json").read_text())
        *way, last = key.split(".")
        held: Any = document
        for step in way:
            held = held[int(step) if step.isdigit() else step]
        held[last] = value
        forge(folder, **document)

    return damage


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("more", 1),
        ("parts.train.samples", 10**12),
        ("parts.train.group", 7),
        ("parts.train.shards.0.file", "../../train-00000.parquet"),
        ("parts.train.shards.0.file", "validation-00000.parquet"),
        ("parts.train.columns.input/picture.shape", [5, 6, 3]),
        ("parts.train.columns.input/picture.dtype", "object"),
        ("parts.train.columns.input/picture.dtype", "uint8"),
        ("parts.train.columns.input/numbers.shape", [10**9]),
        ("parts.train.columns.target/head.dtype", "float32"),
        ("parts.train.columns.label.dtype", "float32"),
        ("parts.train.columns.weight/head.shape", [1]),
        ("targets.head.target.names", ["red"]),
    ],
)
def test_what_pack_json_says_is_held_against_what_lies_there(key: str, value: Any, made: Path, tmp_path: Path) -> None:
    found = told_of(made, tmp_path, change(key, value))
    assert found and all(line.startswith("packed") for line in found), found


def rewrite(change_table: Any) -> Any:
    """Another table in a shard, with a `pack.json` that knows its digest."""

    def damage(folder: Path) -> None:
        path = folder / "train-00000.parquet"
        table = pyarrow.parquet.read_table(path)
        group = json.loads((folder / "pack.json").read_text())["parts"]["train"]["group"]
        pyarrow.parquet.write_table(change_table(table), path, row_group_size=group)
        forge(folder)

    return damage


def replaced(table: Any, name: str, values: list[Any]) -> Any:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pyarrow.array(values, table.schema.field(at).type))


def test_shards_that_lie(made: Path, tmp_path: Path) -> None:
    def shapes(table: Any) -> Any:
        return replaced(table, "input/sound/shape", [[1 << 40, 1] for _ in range(len(table))])

    def missing(table: Any) -> Any:
        return replaced(table, "input/picture", [None] * len(table))

    def other_class(table: Any) -> Any:
        return replaced(table, "target/head", [numpy.int32(77).tobytes()] * len(table))

    def nothing(table: Any) -> Any:
        return replaced(table, "input/numbers", [numpy.full(3, numpy.nan, "float32").tobytes()] * len(table))

    def fewer(table: Any) -> Any:
        return table.slice(1)

    for number, lie in enumerate((shapes, missing, other_class, nothing, fewer)):
        (tmp_path / str(number)).mkdir()
        shutil.copytree(made / "packed", tmp_path / str(number) / "packed")
        rewrite(lie)(tmp_path / str(number) / "packed")
        with pytest.raises(DataError, match="packed"):
            part = open_spec(spec_of(tmp_path / str(number))).parts["train"]
            part.read(range(len(part)))


def test_what_cannot_be_packed(made: Path, tmp_path: Path) -> None:
    folds = write_spec(made, BRANCHES, REST.replace(SPLIT, "validation: {folds: 3}"))
    with pytest.raises(DataError, match="folds"):
        write_pack(DataReading(load(folds)), tmp_path / "pack")
    whole = load(write_spec(made, BRANCHES, REST))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(PathError, match=r"it holds files: name another folder$"):
            write_pack(DataReading(whole), tmp_path / "full", force)
    write_pack(DataReading(whole), tmp_path / "pack")
    first = (tmp_path / "pack" / "pack.json").read_bytes()
    with pytest.raises(PathError, match="or replace them with `--force`"):
        write_pack(DataReading(whole), tmp_path / "pack")
    write_pack(DataReading(whole), tmp_path / "pack", force=True)
    assert (tmp_path / "pack" / "pack.json").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "pack"]
    Image.fromarray(numpy.zeros((2, 2, 3), "uint8")).save(made / "0.png")
    try:
        assert run(["data", str(made / "spec.yaml"), "--pack", str(tmp_path / "broken")]) == 1
        assert not (tmp_path / "broken").exists()
    finally:
        make_files(made)


SERIES = """{p: {input: {kind: sequence, shape: [4, 2]}, layers: [Normalization, {LSTM: {units: 2}}]},
  v: {input: {kind: vector, shape: [1]}, layers: [{Dense: {units: 2}}]}}
fusion: {strategy: concat}
head: [{Dense: {units: 3}}]
compile: {loss: mse}
data:
  train: prices.csv
  window: {sequence_length: 4, sampling_rate: 2, sequence_stride: 2, delay: 2, order: day, group: ticker, season: 5}
  validation: {last: 0.2}
  test: {where: {kept: no}}
  inputs: {p: {columns: [a, b]}, v: {columns: [a]}}
  targets: {head: {column: b, scale: standard}}
  sample_weight: {column: w}
fit: {epochs: 2, batch_size: 8}
"""


def make_prices(folder: Path) -> None:
    """Three groups of 60 days out of order, of which some ten in a row are kept for the test."""
    rng = numpy.random.default_rng(3)
    lines = [
        f"{ticker},{day},{rng.normal():.4f},{rng.normal(5):.4f},{day % 3 + 1},{'no' if 15 <= day < 32 + 3 * number else 'yes'}"
        for number, ticker in enumerate(("one", "two", "three"))
        for day in range(60)
    ]
    rng.shuffle(lines)
    (folder / "prices.csv").write_text("ticker,day,a,b,w,kept\n" + "\n".join(lines) + "\n")


def baselines_of(part: Part) -> Any:
    found = make_baselines(part)
    assert found is not None
    truth = part.read_targets(range(len(part)))["head"]
    return found.measure("head", part.targets["head"], truth, BootstrapDraws(numpy.arange(len(part)), len(part), part.groups))


@pytest.mark.whole(every=1)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_windows_are_read_of_a_pack_as_of_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_prices(tmp_path)
    spec = write_spec(tmp_path, SERIES.partition("\nfusion")[0], "fusion" + SERIES.partition("\nfusion")[2])
    assert run(["data", str(spec), "--pack", str(tmp_path / "pack")]) == 0
    assert "rows in 3 shards of" in capsys.readouterr().err
    table = open_spec(spec)
    packed = DataReading(load(spec, (f"data.train={tmp_path / 'pack'}",))).open_all()
    assert list(packed.parts) == ["train", "validation", "test"] and packed.targets == table.targets
    for name, part in table.parts.items():
        other = packed.parts[name]
        assert len(part) == len(other) > 1 and part.groups == other.groups
        assert [part.name_sample(place) for place in range(len(part))] == [other.name_sample(place) for place in range(len(part))]
        same(part, other, list(range(len(part))), 1)
        assert baselines_of(part) == baselines_of(other)
    for output, more in (("run", []), ("other", ["--set", f"data.train={tmp_path / 'pack'}"])):
        assert run(["train", str(spec), "-o", str(tmp_path / output), *more]) == 0
    for name in ("model.keras", "history.csv", "adapted.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_windows_that_were_packed_otherwise_or_lie(tmp_path: Path) -> None:
    make_prices(tmp_path)
    branches, _, rest = SERIES.partition("\nfusion")
    write_pack(DataReading(load(write_spec(tmp_path, branches, "fusion" + rest))), tmp_path / "pack")
    rest = rest.replace("train: prices.csv", "train: pack")
    assert problems(write_spec(tmp_path, branches, "fusion" + rest)) == []
    found = problems(write_spec(tmp_path, branches, "fusion" + rest.replace("delay: 2", "delay: 3")))
    assert "pack: `window` is another than was packed" in found

    def everywhere(table: Any) -> Any:
        return replaced(table, "begins", [b"\x01"] * len(table))

    rewrite(everywhere)(tmp_path / "pack")
    found = problems(write_spec(tmp_path, branches, "fusion" + rest))
    assert found == ["pack: its samples do not begin where `window` lets them"]


SMALL = """{numbers: {input: {kind: vector, shape: [2]}, layers: [Normalization, {Dense: {units: 4}}, {Dropout: {rate: 0.3}}]}}"""
FEW = """
data: {train: data.parquet, inputs: {numbers: {columns: [a, b]}}, targets: {head: {column: kind}}}
fit: {epochs: 2, batch_size: 8}
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_training_on_a_pack_gives_the_same_bytes(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(made, SMALL, CLASSES + FEW)
    assert run(["data", str(spec), "--pack", str(made / "small")]) == 0
    assert "packed 40 samples in 1 shard of" in capsys.readouterr().err
    assert run(["train", str(spec), "-o", str(made / "run")]) == 0
    assert run(["train", str(spec), "-o", str(made / "other"), "--set", f"data.train={made / 'small'}"]) == 0
    for name in ("model.keras", "history.csv"):
        assert (made / "run" / name).read_bytes() == (made / "other" / name).read_bytes()
    manifest = json.loads((made / "other" / "manifest.json").read_text())
    assert (
        manifest["data"]["sources"]["train"][0]["sha256"]
        == hashlib.sha256((made / "small" / "pack.json").read_bytes()).hexdigest()
    )
