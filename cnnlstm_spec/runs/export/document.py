"""What `export` wrote, as the document `export.json`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from ...compiler.artifact.manifest import WrittenFile
from ...emit.words.shapes import Dtype
from ...text.document import Count, Document, LeftOut
from ..measure.document import MeasuredValue

Format = Literal["saved_model", "litert", "onnx", "openvino"]
Quantized = Literal["dynamic", "float16", "int8"]


class FileInput(Document):
    """An input of a file."""

    name: str
    shape: tuple[Count | None, ...]
    """With the batch first; null for what may be any number."""
    dtype: Dtype


class FileWorth(Document):
    """What a file is worth on samples that the model was not trained on."""

    part: str
    samples: Count
    """Those that fit the file's sizes."""
    before: dict[str, MeasuredValue]
    """The metrics of the Keras model on the same samples."""


class Explained(Document):
    """How far the output of a layer differs."""

    address: str
    difference: float
    """The greatest, relative to the spread of the layer's output."""


class ExportedFile(Document):
    """A file, and how it does in its own runtime."""

    format: Format
    quantize: LeftOut[Quantized] = None
    path: str
    """What the runtime is given, below the folder of this document."""
    bytes: Count
    """Of all that belongs to it."""
    files: dict[str, WrittenFile]
    """Those that belong to it, by path."""
    inputs: Annotated[tuple[FileInput, ...], Field(min_length=1)]
    outputs: tuple[str, ...]
    """The heads."""
    batch_size: Annotated[int, Field(ge=1)] | None
    """Null where it takes any."""
    opset: LeftOut[Count] = None
    """Of ONNX."""
    milliseconds: float
    """A sample, in batches of `batch_size`, else by itself: the median on the machine that exported."""
    milliseconds_99: float
    """The 99th percentile."""
    difference: float
    """The greatest of any output from Keras's, relative to the spread of that output."""
    differences: dict[str, float]
    """The same by head."""
    tolerance: LeftOut[float] = None
    """What the difference was held against; left out where it is only told."""
    metrics: LeftOut[dict[str, MeasuredValue]] = None
    """Of the file, by the names of `evaluate`; left out where there are no data to measure on."""
    measured: LeftOut[FileWorth] = None
    unrolled: LeftOut[tuple[str, ...]] = None
    """The recurrent layers whose steps the file has one after another, in place of a loop."""
    kept_float: LeftOut[tuple[str, ...]] = None
    """Addresses that int8 leaves as they are."""
    layers: LeftOut[tuple[Explained, ...]] = None
    """With `--explain`: the layers that differ, largest first."""


class TextLayer(Document):
    """What makes numbers of a text before a file that begins behind it."""

    layer: str
    """Its class."""
    arguments: dict[str, JsonValue]
    """Those that are written, but for the vocabulary."""
    vocabulary: LeftOut[str] = None
    """The file that has it, a word a line."""
    sha256: LeftOut[str] = None
    """Of that file."""


class ExportInput(Document):
    """An input of the model."""

    name: str
    shape: tuple[int | str | None, ...]
    """Without the batch; a size known only at run time is its name or expression, or null."""
    dtype: Dtype
    read: JsonValue = None
    """How `data` reads it, as the spec says it; null of a spec without `data`."""


class ExportOutput(Document):
    """An output of the model."""

    name: str
    shape: tuple[int | str | None, ...]
    dtype: Dtype
    names: LeftOut[tuple[str, ...]] = None
    """Classes or labels in order, or the columns of numbers."""
    threshold: LeftOut[float] = None
    """From which probability on it is 1."""
    mean: LeftOut[float] = None
    """What is to be added to numbers once they are multiplied by `spread`."""
    spread: LeftOut[float] = None


class Export(Document):
    """What a folder of exported files holds; nothing of when or where it was made."""

    model_config = ConfigDict(title="cnnlstm-spec export: export.json")

    version: Literal[1]
    name: str
    versions: dict[str, str]
    """Of the packages that converted and ran the files."""
    model: str
    """SHA-256 of the `.keras` file."""
    origin: LeftOut[str] = None
    """SHA-256 of all that the files rest on: model, spec, data, options and versions; left out where modules of the person's
    own are among it. An export of the same does nothing."""
    inputs: Annotated[tuple[ExportInput, ...], Field(min_length=1)]
    outputs: Annotated[tuple[ExportOutput, ...], Field(min_length=1)]
    texts: LeftOut[dict[str, TextLayer]] = None
    """By branch, what the files leave out that begin behind its text: all but a SavedModel."""
    samples: Count
    """How many the differences are of."""
    samples_of: str
    """A part of the data, or `seeded`."""
    files: Annotated[tuple[ExportedFile, ...], Field(min_length=1)]
