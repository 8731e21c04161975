"""Each kind of input from each format: real files, written here, read as the page says."""

from __future__ import annotations

from pathlib import Path

import av
import nibabel
import numpy
import polars
import pytest
import soundfile
from data_specs import NUMBER, open_spec, problems, whole, write_spec
from PIL import Image

from cnnlstm_spec.runs.samples import DataError

pytestmark = pytest.mark.keras

TARGET = "targets: {head: {column: y}}"


def rows(folder: Path, names: list[str]) -> None:
    (folder / "t.csv").write_text("file,y\n" + "".join(f"{name},{i}\n" for i, name in enumerate(names)))


def spec(folder: Path, input: str, layers: str, how: str = "", head: str = NUMBER) -> Path:
    branches = f"{{x: {{input: {input}, layers: {layers}}}}}"
    return write_spec(folder, branches, f"{head}data: {{train: t.csv, inputs: {{x: {{column: file{how}}}}}, {TARGET}}}\n")


def values(folder: Path, input: str, layers: str, how: str = "") -> numpy.ndarray:
    return whole(open_spec(spec(folder, input, layers, how)).parts["train"]).inputs["x"]


GREY = "{kind: image, shape: [4, 6, 1]}"
COLOUR = "{kind: image, shape: [4, 6, 3]}"
FLAT = "[Flatten]"


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif", "webp"])
def test_images(tmp_path: Path, ending: str) -> None:
    pixels = (numpy.arange(72).reshape(4, 6, 3) * 3).astype("uint8")
    options = {"lossless": True} if ending == "webp" else {}
    if ending == "gif":
        pixels[:] = [200, 100, 50]
    Image.fromarray(pixels).save(tmp_path / f"a.{ending}", **options)
    rows(tmp_path, [f"a.{ending}"])
    found = values(tmp_path, COLOUR, FLAT)
    assert found.shape == (1, 4, 6, 3) and found.dtype == numpy.float32 and (found[0] == pixels).all()
    grey = values(tmp_path, GREY, FLAT)[0, ..., 0]
    assert (grey == numpy.asarray(Image.fromarray(pixels).convert("L"))).all()


def test_alpha_exif_and_sixteen_bits(tmp_path: Path) -> None:
    clear = numpy.full((4, 6, 4), 200, dtype="uint8")
    clear[..., 3] = 0
    Image.fromarray(clear).save(tmp_path / "clear.png")
    wide = (numpy.arange(24).reshape(4, 6) * 2000).astype("uint16")
    Image.fromarray(wide).save(tmp_path / "wide.png")
    turned = Image.fromarray(numpy.arange(24, dtype="uint8").reshape(6, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.tif", exif=exif)
    turned.save(tmp_path / "turned.png", exif=exif)
    rows(tmp_path, ["clear.png"])
    assert (values(tmp_path, COLOUR, FLAT) == 0).all()
    assert values(tmp_path, "{kind: image, shape: [4, 6, 4]}", FLAT)[0, 0, 0].tolist() == [200, 200, 200, 0]
    rows(tmp_path, ["wide.png"])
    assert (values(tmp_path, GREY, FLAT)[0, ..., 0] == wide).all()
    rows(tmp_path, ["turned.tif", "turned.png"])
    assert values(tmp_path, GREY, FLAT)[:, 0, :, 0].tolist() == [[20, 16, 12, 8, 4, 0]] * 2


def test_images_of_other_sizes(tmp_path: Path) -> None:
    Image.fromarray(numpy.full((8, 8, 3), 9, dtype="uint8")).save(tmp_path / "a.png")
    Image.fromarray(numpy.zeros((4, 6, 3), dtype="uint8")).save(tmp_path / "b.png")
    rows(tmp_path, ["b.png", "a.png"])
    told = ["t.csv, row 2, `file`: the image is 8x8; the branch takes 4x6: give it `resize`"]
    assert problems(spec(tmp_path, COLOUR, FLAT)) == told
    assert values(tmp_path, COLOUR, FLAT, ", resize: bilinear")[1].tolist() == numpy.full((4, 6, 3), 9).tolist()
    first = "{kind: image, shape: [3, 64, 64]}"
    way = "images are read with the channels last; `Permute: {dims: [3, 1, 2]}` in the branch puts them first"
    assert [each for each in problems(spec(tmp_path, first, FLAT)) if "row 2" in each] == [
        f"t.csv, row 2, `file`: the image is 8x8; the branch takes 3x64: {way}"
    ]
    assert all(way in each for each in problems(spec(tmp_path, first, FLAT, ", resize: bilinear")))
    padded = values(tmp_path, COLOUR, FLAT, ", resize: nearest, pad_to_aspect_ratio: true")[1]
    assert (padded[:, 0] == 0).all() and (padded[:, 1:5] == 9).all() and (padded[:, 5] == 0).all()
    cropped = values(tmp_path, COLOUR, FLAT, ", resize: lanczos, crop_to_aspect_ratio: true")[1]
    assert (cropped == 9).all()


SERIES = "{kind: sequence, shape: [steps, 2], padding_value: 0.0}"
LSTM = "[{LSTM: {units: 3}}]"


def test_series_of_different_lengths(tmp_path: Path) -> None:
    numpy.save(tmp_path / "a.npy", numpy.arange(6, dtype="float64").reshape(3, 2) + 1)
    (tmp_path / "b.csv").write_text("p,q\n1,2\n3,4\n")
    (tmp_path / "c.csv").write_text("5,6\n")
    polars.DataFrame({"p": [1, 2], "q": [3.5, 4.5]}).write_parquet(tmp_path / "d.parquet")
    rows(tmp_path, ["a.npy", "b.csv", "c.csv", "d.parquet"])
    found = values(tmp_path, SERIES, LSTM)
    assert found.tolist() == [
        [[1, 2], [3, 4], [5, 6]],
        [[1, 2], [3, 4], [0, 0]],
        [[5, 6], [0, 0], [0, 0]],
        [[1, 3.5], [2, 4.5], [0, 0]],
    ]
    assert values(tmp_path, SERIES, LSTM, ", length: {max: 2, truncate: start}")[0].tolist() == [[3, 4], [5, 6]]
    fixed = "{kind: sequence, shape: [3, 2]}"
    assert values(tmp_path, fixed, LSTM, ", length: {pad: start}")[1].tolist() == [[0, 0], [1, 2], [3, 4]]
    with pytest.raises(Exception, match="row 2, `file`: the sample has 2 steps; the branch takes 3"):
        values(tmp_path, fixed, LSTM)


def test_a_mask_input(tmp_path: Path) -> None:
    numpy.save(tmp_path / "a.npy", numpy.ones((3, 2)))
    numpy.save(tmp_path / "b.npy", numpy.ones((1, 2)))
    rows(tmp_path, ["a.npy", "b.npy"])
    input = "{kind: sequence, shape: [steps, 2], mask_input: real}"
    batch = whole(open_spec(spec(tmp_path, input, LSTM)).parts["train"])
    assert batch.inputs["real"].tolist() == [[True, True, True], [True, False, False]]
    assert batch.inputs["real"].dtype == bool and list(batch.inputs) == ["x", "real"]


def test_columns_of_a_series(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,p,q,mode\n0,1,2,on\n1,3,4,off\n")
    rows(tmp_path, ["a.csv"])
    assert values(tmp_path, SERIES, LSTM, ", columns: [q, p]").tolist() == [[[2, 1], [4, 3]]]
    three = "{kind: sequence, shape: [steps, 3], padding_value: -1.0}"
    how = ", columns: [p, {column: mode, one_hot: [on, off]}]"
    assert values(tmp_path, three, LSTM, how).tolist() == [[[1, 1, 0], [3, 0, 1]]]
    with pytest.raises(Exception, match="the series has no column `z`"):
        values(tmp_path, SERIES, LSTM, ", columns: [p, z]")


def test_buckets(tmp_path: Path) -> None:
    lengths = [1, 5, 2, 6, 1, 5, 2]
    for index, length in enumerate(lengths):
        numpy.save(tmp_path / f"{index}.npy", numpy.ones((length, 2)))
    rows(tmp_path, [f"{index}.npy" for index in range(7)])
    part = open_spec(spec(tmp_path, SERIES, LSTM, ", length: {bucket: [2, 4]}")).parts["train"]
    assert part.plan(range(7), 2) == [[0, 2], [1, 3], [4, 6], [5]]


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_sound(tmp_path: Path, ending: str) -> None:
    wave = numpy.sin(numpy.arange(800) / 20).astype("float32") * 0.5
    soundfile.write(tmp_path / f"a.{ending}", wave, 8000)
    soundfile.write(tmp_path / f"b.{ending}", wave[:400], 4000)
    rows(tmp_path, [f"a.{ending}"])
    sound = "{kind: sequence, shape: [samples, 1], padding_value: 0.0}"
    found = values(tmp_path, sound, LSTM)
    assert found.shape == (1, 800, 1) and numpy.abs(found[0, :, 0] - wave).max() < 1e-3
    rows(tmp_path, [f"a.{ending}", f"b.{ending}"])
    with pytest.raises(Exception, match=r"recordings have 4000 and 8000 samples a second: give the branch `sample_rate`"):
        values(tmp_path, sound, LSTM)
    assert values(tmp_path, sound, LSTM, ", sample_rate: 4000").shape == (2, 400, 1)


CLIP = "{kind: video, shape: [4, 6, 8, 3]}"
POOL = "[GlobalAveragePooling3D]"


def film(path: Path, frames: int, rate: int = 10) -> None:
    """A film whose frame i has the grey value 20 i."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1" if path.suffix == ".mkv" else "mpeg4", rate=rate)
        stream.width, stream.height = 8, 6
        stream.pix_fmt = "bgr0" if path.suffix == ".mkv" else "yuv420p"
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray(numpy.full((6, 8, 3), 20 * index % 256, dtype="uint8"), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def test_films(tmp_path: Path) -> None:
    film(tmp_path / "a.mkv", 10)
    rows(tmp_path, ["a.mkv"])

    def shown(how: str) -> list[float]:
        return [float(each) for each in values(tmp_path, CLIP, POOL, how)[0, :, 0, 0, 0]]

    assert shown("") == [0, 60, 120, 180]
    assert shown(", frames: first") == [0, 20, 40, 60]
    assert shown(", frames: first, stride: 2") == [0, 40, 80, 120]
    assert shown(", frames: first, fps: 5") == [0, 40, 80, 120]
    part = open_spec(spec(tmp_path, CLIP, POOL, ", frames: random")).parts["train"]
    drawn = [[float(each) for each in part.read([0], epoch).inputs["x"][0, :, 0, 0, 0]] for epoch in (None, 0, 1, 0)]
    assert drawn[0] == [0, 60, 120, 180] and drawn[1] == drawn[3] != drawn[2] and drawn[1] == sorted(drawn[1])


def test_a_film_that_is_cut_off(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", 30)
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: len(data) // 2])
    rows(tmp_path, ["b.mp4"])
    with pytest.raises(Exception, match="row 1, `file`: the film"):
        values(tmp_path, CLIP, POOL)


def test_folders_of_frames_and_arrays(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    for index in range(8):
        Image.fromarray(numpy.full((6, 8, 3), index, dtype="uint8")).save(tmp_path / "clip" / f"{index:03}.png")
    numpy.save(tmp_path / "a.npy", numpy.arange(8, dtype="uint8")[:, None, None, None] * numpy.ones((1, 6, 8, 3), dtype="uint8"))
    rows(tmp_path, ["clip", "a.npy"])
    found = values(tmp_path, CLIP, POOL)[..., 0, 0, 0]
    assert found.tolist() == [[0, 2, 5, 7], [0, 2, 5, 7]]
    open_ = "{kind: video, shape: [frames, 6, 8, 3], padding_value: -1.0}"
    layers = "[{TimeDistributed: [Flatten]}, {LSTM: {units: 2}}]"
    assert values(tmp_path, open_, layers).shape == (2, 8, 6, 8, 3)
    assert values(tmp_path, open_, layers, ", length: {max: 5}").shape == (2, 5, 6, 8, 3)


def test_volumes(tmp_path: Path) -> None:
    array = numpy.arange(24, dtype="float32").reshape(2, 3, 4)
    flipped = numpy.diag([-1.0, 1, 1, 1])
    nibabel.save(nibabel.Nifti1Image(array, flipped), tmp_path / "a.nii.gz")
    nibabel.save(nibabel.Nifti1Image(array, numpy.eye(4)), tmp_path / "b.nii")
    numpy.save(tmp_path / "c.npy", array[..., None])
    rows(tmp_path, ["a.nii.gz", "b.nii", "c.npy"])
    found = values(tmp_path, "{kind: volume, shape: [2, 3, 4, 1]}", FLAT)
    assert (found[0, ..., 0] == array[::-1]).all() and (found[1, ..., 0] == array).all() and (found[2, ..., 0] == array).all()
    with pytest.raises(Exception, match="the volume is"):
        values(tmp_path, "{kind: volume, shape: [2, 3, 5, 1]}", FLAT)


def test_tokens_and_tensors(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"x": [1, 2, 3], "head": 1}\n{"x": [4], "head": 2}\n')
    branches = (
        "{x: {input: {kind: tokens, shape: [steps]}, layers: [{Embedding: {input_dim: 9, output_dim: 2, mask_zero: true}}, %s}}"
    )
    data = f"{NUMBER}data: {{train: t.jsonl}}\n"
    batch = whole(open_spec(write_spec(tmp_path, branches % "{LSTM: {units: 2}}]", data)).parts["train"])
    assert batch.inputs["x"].tolist() == [[1, 2, 3], [4, 0, 0]] and batch.inputs["x"].dtype == numpy.int32
    numpy.save(tmp_path / "a.npy", numpy.ones((2, 3, 4)))
    rows(tmp_path, ["a.npy"])
    assert values(tmp_path, "{kind: tensor, axes: [a, b, c], shape: [2, 3, 4]}", FLAT).shape == (1, 2, 3, 4)


def test_augmentation_acts_in_training_alone(tmp_path: Path) -> None:
    numpy.save(tmp_path / "a.npy", numpy.arange(1, 41, dtype="float32").reshape(20, 2))
    rows(tmp_path, ["a.npy"])
    how = ", augment: [{time_mask: {max: 8}}, {speed: [0.5, 2]}]"
    part = open_spec(spec(tmp_path, SERIES, LSTM, how)).parts["train"]
    plain = part.read([0]).inputs["x"]
    assert plain.shape == (1, 20, 2) and (part.read([0]).inputs["x"] == plain).all()
    drawn = [part.read([0], epoch).inputs["x"] for epoch in range(6)]
    assert len({each.shape[1] for each in drawn}) > 1 and (part.read([0], 3).inputs["x"] == drawn[3]).all()


HOSTILE = [
    ("../secret.npy", "the path leads out of the folder"),
    ("/etc/passwd", "the path leads out of the folder"),
    ("link.npy", "the path leads out of the folder"),
    ("http://x.org/a.npy", "an address is not the path of a file"),
    ("gone.npy", "the file that it names is not there"),
    ("pickle.npy", "it needs pickle, which could run code"),
    ("text.npy", "the array cannot be read"),
]


@pytest.mark.parametrize(("name", "words"), HOSTILE)
def test_hostile_cells(tmp_path: Path, name: str, words: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    numpy.save(tmp_path / "secret.npy", numpy.ones((3, 2)))
    (inner / "link.npy").symlink_to(tmp_path / "secret.npy")
    numpy.save(inner / "pickle.npy", numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
    (inner / "text.npy").write_text("no array")
    rows(inner, [name])
    with pytest.raises(Exception, match=words):
        values(inner, SERIES, LSTM)


def test_arrays(tmp_path: Path) -> None:
    arrays = {"x": numpy.arange(12, dtype="float32").reshape(6, 2), "head": numpy.arange(6.0), "sample_weight": numpy.ones(6) / 2}
    numpy.savez(tmp_path / "a.npz", **arrays)
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, each in arrays.items():
            file[name] = each
    (tmp_path / "a").mkdir()
    for name, each in arrays.items():
        numpy.save(tmp_path / "a" / f"{name}.npy", each)
    branches = "{x: {input: {kind: vector, shape: [2]}}}"
    for source in ("a.npz", "a.h5", "a"):
        data = f"{NUMBER}data: {{train: {source}, validation: {{fraction: 1/3}}}}\n"
        opened = open_spec(write_spec(tmp_path, branches, data))
        assert len(opened.parts["train"]) == 4 and len(opened.parts["validation"]) == 2
        batch = whole(opened.parts["train"])
        assert batch.inputs["x"][:, 0].tolist() == [2 * each for each in batch.targets["head"][:, 0]]
        assert batch.weights["head"].tolist() == [0.5] * 4


def test_arrays_of_clips_and_one_hot(tmp_path: Path) -> None:
    numpy.savez(tmp_path / "a.npz", x=numpy.ones((5, 4, 6, 8, 3), dtype="uint8"), head=numpy.eye(3)[[0, 1, 2, 0, 1]])
    branches = f"{{x: {{input: {CLIP}, layers: {POOL}}}}}"
    head = "head: [{Dense: {units: 3, activation: softmax}}]\ncompile: {loss: categorical_crossentropy}\n"
    batch = whole(open_spec(write_spec(tmp_path, branches, head + "data: {train: a.npz}\n")).parts["train"])
    assert batch.inputs["x"].shape == (5, 4, 6, 8, 3) and batch.targets["head"].tolist() == numpy.eye(3)[[0, 1, 2, 0, 1]].tolist()


def test_a_folder_of_folders(tmp_path: Path) -> None:
    for name, value in (("cat", 1), ("dog", 2)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for index in range(3):
            Image.fromarray(numpy.full((4, 6, 3), value, dtype="uint8")).save(tmp_path / "pictures" / name / f"{index}.png")
    (tmp_path / "pictures" / "cat" / ".hidden").write_text("no image")
    branches = f"{{x: {{input: {COLOUR}, layers: {FLAT}}}}}"
    head = "head: [{Dense: {units: 2, activation: softmax}}]\ncompile: {loss: sparse_categorical_crossentropy}\n"
    data = open_spec(write_spec(tmp_path, branches, head + "data: {train: pictures}\n"))
    batch = whole(data.parts["train"])
    assert data.targets["head"].names == ("cat", "dog")
    assert batch.targets["head"].tolist() == [0, 0, 0, 1, 1, 1] and (batch.inputs["x"][:, 0, 0, 0] == [1, 1, 1, 2, 2, 2]).all()
    assert data.parts["train"].name_sample(3) == "dog/0.png"


WINDOW = "{x: {input: {kind: sequence, shape: [3, 2]}, layers: [{LSTM: {units: 2}}]}}"


def prices(folder: Path, count: int = 12) -> None:
    lines = [f"{g},{d},{d},{10 * d}" for g in ("a", "b") for d in range(count)]
    lines.reverse()
    (folder / "t.csv").write_text("g,d,p,q\n" + "\n".join(lines) + "\n")


def test_windows(tmp_path: Path) -> None:
    prices(tmp_path)
    data = "data: {train: t.csv, window: {sequence_length: 3, delay: 2, order: d, group: g}, %s"
    data += "inputs: {x: {columns: [p, q]}}, targets: {head: {column: q}}}\n"
    part = open_spec(write_spec(tmp_path, WINDOW, NUMBER + data % "")).parts["train"]
    batch = whole(part)
    assert len(part) == 2 * (12 - 4)
    assert batch.inputs["x"][1].tolist() == [[1, 10], [2, 20], [3, 30]] and batch.targets["head"][1].tolist() == [50]
    # The last quarter begins at day 9, so that three days are left of each group: too few for a sample and its target.
    assert "has no sample" in problems(write_spec(tmp_path, WINDOW, NUMBER + data % "validation: {last: 1/4}, "))[0]
    opened = open_spec(write_spec(tmp_path, WINDOW, NUMBER + data % "validation: {last: 0.5}, "))
    held = whole(opened.parts["validation"])
    assert held.inputs["x"][:, 0, 0].tolist() == [6, 7, 6, 7] and held.targets["head"][:, 0].tolist() == [100, 110, 100, 110]
    assert whole(opened.parts["train"]).targets["head"].max() == 50


def test_windows_with_steps_between_and_a_target_of_steps(tmp_path: Path) -> None:
    prices(tmp_path)
    data = "data: {train: t.csv, window: {sequence_length: 3, sampling_rate: 2, sequence_stride: 2, order: d, group: g}, "
    data += "inputs: {x: {columns: [p, q]}}, targets: {head: {column: p}}}\n"
    head = "head: [{Dense: {units: 3}}]\ncompile: {loss: mse}\n"
    batch = whole(open_spec(write_spec(tmp_path, WINDOW, head + data)).parts["train"])
    assert batch.inputs["x"][:3, :, 0].tolist() == [[0, 2, 4], [2, 4, 6], [4, 6, 8]]
    assert batch.targets["head"][:3].tolist() == [[5, 6, 7], [7, 8, 9], [9, 10, 11]]
    with_axis = head.replace("}}]", "}}, {Reshape: {target_shape: [3, 1]}}]")
    targets = whole(open_spec(write_spec(tmp_path, WINDOW, with_axis + data)).parts["train"]).targets["head"]
    assert targets.tolist() == batch.targets["head"][..., None].tolist()


@pytest.mark.parametrize(
    ("cells", "head", "told"),
    [
        ("[1, 2]", "[{Dense: {units: 2}}]", "t.jsonl, `y`: the cells are arrays of [2]; with `window` the target of a row is a"),
        ("[]", "[{Dense: {units: 2}}]", "t.jsonl, `y`: there are 0 classes; `head` tells 2 apart"),
        ("[1]", "[{Dense: {units: 2}}]", None),
        ("[1]", "[{Dense: {units: 2}}, {Reshape: {target_shape: [2, 1]}}]", None),
    ],
)
def test_a_step_of_a_target_is_a_number(cells: str, head: str, told: str | None, tmp_path: Path) -> None:
    rows = [f'{{"p": {day}, "q": 1, "y": {cells}}}\n' for day in range(6)]
    (tmp_path / "t.jsonl").write_text("".join(rows))
    data = "data: {train: t.jsonl, window: {sequence_length: 3}, inputs: {x: {columns: [p, q]}}, targets: {head: {column: y}}}\n"
    path = write_spec(tmp_path, WINDOW, f"head: {head}\ncompile: {{loss: mse}}\n{data}")
    if told is not None:
        assert any(each.startswith(told) for each in problems(path))
        return
    assert whole(open_spec(path).parts["train"]).targets["head"].size == 2 * 2
    (tmp_path / "t.jsonl").write_text("".join(rows[:-1]) + '{"p": 5, "q": 1, "y": [null]}\n')
    assert problems(path) == ["t.jsonl, row 6, `y`: the target holds NaN or infinity"]


def test_a_vector_beside_windows_is_the_last_row(tmp_path: Path) -> None:
    prices(tmp_path)
    branches = WINDOW[:-1] + ", now: {input: {kind: vector, shape: [1]}}}"
    data = "fusion: {strategy: concat}\ndata: {train: t.csv, window: {sequence_length: 3, order: d, group: g}, "
    data += "inputs: {x: {columns: [p, q]}, now: {columns: [p]}}, targets: {head: {column: p}}}\n"
    batch = whole(open_spec(write_spec(tmp_path, branches, NUMBER + data)).parts["train"])
    assert batch.inputs["now"][:2].tolist() == [[2], [3]] and batch.targets["head"][:2].tolist() == [[3], [4]]


def test_two_rows_at_one_place(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("g,d,p,q\na,1,1,1\na,2,1,1\na,2,1,1\na,3,1,1\na,4,1,1\n")
    data = "data: {train: t.csv, window: {sequence_length: 3, order: d, group: g}, inputs: {x: {columns: [p, q]}}, "
    data += "targets: {head: {column: q}}}\n"
    told = ["t.csv, row 3, `d`: another row of its group stands at the same place"]
    assert problems(write_spec(tmp_path, WINDOW, NUMBER + data)) == told


def test_arrays_that_lie_in_memory_are_fed_as_they_are(tmp_path: Path) -> None:
    pixels = numpy.random.default_rng(0).integers(0, 256, (5, 4, 6, 1)).astype("uint8")
    numpy.savez(tmp_path / "t.npz", x=pixels, head=numpy.arange(5.0))
    path = write_spec(tmp_path, f"{{x: {{input: {GREY}, layers: {FLAT}}}}}", f"{NUMBER}data: {{train: t.npz}}\n")
    part = open_spec(path).parts["train"]
    at_once, one_by_one = part.read_arrays(), [part.sample(part.branches["x"], place, 0)[0] for place in range(5)]  # type: ignore[attr-defined]
    assert at_once is not None and at_once.inputs["x"].dtype == numpy.float32
    assert at_once.inputs["x"].tobytes() == numpy.stack(one_by_one).tobytes() == pixels.astype("float32").tobytes()
    broken = pixels.astype("float64")
    broken[3, 0, 0, 0] = numpy.nan
    numpy.savez(tmp_path / "t.npz", x=broken, head=numpy.arange(5.0))
    part = open_spec(path).parts["train"]
    assert part.read_arrays() is None
    with pytest.raises(DataError, match=r"t\.npz, row 4.*NaN"):
        part.read([0, 3])
