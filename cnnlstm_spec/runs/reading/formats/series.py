"""Series: `.npy`, `.csv`, `.parquet`, and sound, `.wav` and `.flac`; steps first, then features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ....spec.data.inputs import OneHotColumn, SequenceSource
from ..libraries import import_needed
from ..problems import Broken
from .npy import Array, open_npy

if TYPE_CHECKING:
    import polars

SOUND = {".wav": ("WAV", "WAVEX"), ".flac": ("FLAC",)}
ENDINGS = (".npy", ".csv", ".parquet", *SOUND)


def read_series(path: Path, source: SequenceSource) -> tuple[Array, int | None]:
    """The series (steps, features), and of sound its samples a second as they are in the file."""
    ending = path.suffix.lower()
    if ending == ".npy":
        values = open_npy(path)
        return (values[:, None] if values.ndim == 1 else values), None
    if ending == ".csv":
        return _read_csv(path, source), None
    if ending == ".parquet":
        return _read_parquet(path, source), None
    if ending in SOUND:
        return _read_sound(path, source)
    raise Broken("not-a-kind", f"a series ends in {', '.join(f'`{each}`' for each in ENDINGS)}")


def count_steps(path: Path) -> int | None:
    """How many steps a series has, where its header says it; None where it must be read."""
    ending = path.suffix.lower()
    if ending == ".npy":
        values = open_npy(path)
        return int(values.shape[0]) if values.ndim else None
    return None


def _read_csv(path: Path, source: SequenceSource) -> Array:
    """The cells as numbers; the first row is a header where it holds no numbers."""
    polars = import_needed("polars", "a series in a `.csv` file")
    try:
        frame = polars.read_csv(path, has_header=False, infer_schema=False, glob=False)
    except Exception:
        raise Broken("not-readable", "it is no CSV file of UTF-8") from None
    first = frame.row(0) if frame.height else ()
    if first and all(_read_number(each) is None for each in first):
        names = [each or "" for each in first]
        frame = frame.slice(1)
    else:
        names = [str(index) for index in range(frame.width)]
        if source.columns is not None:
            raise Broken("column-missing", "the series has no header, so that `columns` name nothing")
    return _select_columns(dict(zip(names, frame.get_columns(), strict=True)), source)


def _read_parquet(path: Path, source: SequenceSource) -> Array:
    polars = import_needed("polars", "a series in a `.parquet` file")
    try:
        frame = polars.read_parquet(path, glob=False, hive_partitioning=False)
    except Exception:
        raise Broken("not-readable", "it is no Parquet file") from None
    return _select_columns({name: frame[name] for name in frame.columns}, source)


def _select_columns(held: dict[str, polars.Series], source: SequenceSource) -> Array:
    """The columns that are asked for, or all, side by side."""
    polars = import_needed("polars", "a series")
    found = []
    for column in source.columns if source.columns is not None else held:
        name = column.column if isinstance(column, OneHotColumn) else column
        if name not in held:
            raise Broken("column-missing", f"the series has no column `{name}`")
        series = held[name]
        if isinstance(column, OneHotColumn):
            texts = series.cast(polars.String).to_list()
            unknown = next((row for row, each in enumerate(texts) if each not in column.one_hot), None)
            if unknown is not None:
                raise Broken("not-a-class", f"step {unknown + 1} of `{name}` is none of its words")
            found += [numpy.asarray([each == word for each in texts], dtype="float64") for word in column.one_hot]
            continue
        series = series.str.strip_chars() if series.dtype == polars.String else series
        made = series.cast(polars.Float64, strict=False)
        if made.null_count():
            step = int(made.is_null().arg_true()[0]) + 1
            empty = bool(series.is_null()[step - 1])
            raise Broken(
                "cell-empty" if empty else "not-a-number", f"step {step} of `{name}` is {'empty' if empty else 'no number'}"
            )
        found.append(made.to_numpy())
    return numpy.stack(found, axis=1) if found else numpy.zeros((0, 0))


def _read_number(cell: str | None) -> float | None:
    try:
        return float(cell) if cell is not None else None
    except ValueError:
        return None


def _read_sound(path: Path, source: SequenceSource) -> tuple[Array, int | None]:
    """Samples from -1 to 1 (samples, channels), brought to `sample_rate` where that is given."""
    soundfile = import_needed("soundfile", "a recording")
    try:
        with soundfile.SoundFile(str(path)) as opened:
            if opened.format not in SOUND[path.suffix.lower()]:
                raise Broken("not-readable", "it is another format than its name says")
            rate = int(opened.samplerate)
            values = opened.read(dtype="float32", always_2d=True)
            if len(values) < opened.frames:
                raise Broken("not-readable", "the recording is cut off")
    except Broken:
        raise
    except Exception:
        raise Broken("not-readable", "the recording cannot be read") from None
    if source.sample_rate is not None and source.sample_rate != rate:
        from math import gcd

        signal = import_needed("scipy.signal", "`sample_rate`")
        common = gcd(source.sample_rate, rate)
        values = signal.resample_poly(values, source.sample_rate // common, rate // common, axis=0).astype("float32")
    return values, rate
