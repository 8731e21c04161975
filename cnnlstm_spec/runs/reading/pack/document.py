"""What `pack.json` says: what the samples were read of and how, and the shards of each part with their digests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from ....text.document import Count, Document, LeftOut
from ...manifest import TargetFacts

NAME = "pack.json"
MASK = "mask"
"""Columns of masks are called so, and by their branch."""
SHARD = r"(train|validation|test)-\d{5}\.parquet"
Held = Literal["samples", "files"]
Dtype = Literal[
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "text",
]


class Column(Document):
    """A column of the shards of a part."""

    dtype: Dtype
    """Of the numbers, which lie there as bytes, the least first; `text` of text."""
    shape: LeftOut[tuple[Count, ...]] = None
    """Of each sample; left out where it differs, and the column `NAME/shape` says it."""


class Shard(Document):
    """A Parquet file."""

    file: Annotated[str, Field(pattern=f"^{SHARD}$")]
    samples: Annotated[int, Field(ge=1)]
    bytes: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PackedPart(Document):
    """The samples of a part, in their order; with `window` the rows that they are made of."""

    samples: Annotated[int, Field(ge=1)]
    group: Annotated[int, Field(ge=1)]
    """So many samples are read at once: those of a row group, but for the last of a shard."""
    columns: dict[str, Column]
    """`input/BRANCH`, `target/HEAD`, `weight/HEAD`, `label`, and `group` where the split has groups.

    Of a branch with a `mask_input` also `mask/BRANCH`, which steps of each sample are real.

    With `window` also `begins`, where a sample does, whose targets and weights stand there; `series`, the number of the group of
    each row; and `known/HEAD`, the numbers that forecasts are compared with.
    """
    shards: Annotated[tuple[Shard, ...], Field(min_length=1)]


class PackedInput(Document):
    """How a branch was read."""

    kind: str
    shape: tuple[str, ...]
    dtype: str
    padding_value: float | str | None
    """A text where it is no number that JSON has."""
    source: dict[str, str]
    """What its entry in `data.inputs` says beside the defaults."""
    held: Held
    """`files` where training draws anew what it takes of each: all of it is there, and drawn of when it is read."""
    in_memory: bool
    """Whether all samples are held in memory, as columns of numbers are."""


class PackedTarget(Document):
    """How the target of a head was read, and what it is."""

    source: dict[str, str]
    """What its entry in `data.targets` says beside the defaults."""
    encoding: str
    """What the loss takes."""
    target: TargetFacts


class Pack(Document):
    """The samples of a spec as its model is fed them."""

    model_config = ConfigDict(title="cnnlstm-spec data --pack: pack.json")

    version: Literal[1]
    made_by: str
    """The version of cnnlstm-spec."""
    inputs: dict[str, PackedInput]
    targets: dict[str, PackedTarget]
    weights: tuple[str, ...]
    """The heads whose samples are weighed."""
    window: LeftOut[dict[str, str]] = None
    """What `window` says beside the defaults; left out where there is none."""
    splits: dict[str, dict[str, str]]
    """The shares of `train` that `validation` and `test` are, with `data.seed`."""
    parts: dict[str, PackedPart]
    """`train`, and `validation` and `test` where there are some."""
    data: JsonValue
    """What was packed: sources with rows and digests, classes, and how they were shared out."""
