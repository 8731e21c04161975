"""What an artifact folder holds and where it came from, as the document `manifest.json`; nothing of when or where it was made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from ...emit.words.shapes import Params, Tensor
from ...text.document import Count, Document, LeftOut

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class WrittenFile(Document):
    """A file of the folder."""

    sha256: Sha256
    bytes: Count


class ReadFile(Document):
    """A file that was read, such as one of weights."""

    sha256: Sha256


class LayerNote(Document):
    """What was done with a layer for inference, or why it stays as it is."""

    layer: str
    """Its name in Keras."""
    text: str


class InferenceChanges(Document):
    """What the model for inference has that the one for training has not."""

    weights: ReadFile | None
    """The file of the trained model; null for the weights that training starts from."""
    changed: tuple[LayerNote, ...]
    left: tuple[LayerNote, ...]
    """Layers that stay as they are though others of their kind change, and why."""


class ResolvedLayer(Document):
    """A layer as it was understood: blocks and repetitions written out, variables replaced."""

    path: str
    """Where it stands in the spec."""
    name: str
    """Its name in Keras."""
    layer: str
    """Its class, or the strategy of a fusion."""
    arguments: dict[str, JsonValue]
    """Those that are written."""
    inputs: tuple[str, ...]
    """The inputs and layers whose outputs it reads."""


class ResolvedSpec(Document):
    """A spec as it was understood."""

    document: dict[str, JsonValue]
    """The spec with its overrides."""
    compile: JsonValue
    """The section `compile` with its variables replaced; null where there is none."""
    layers: tuple[ResolvedLayer, ...]
    files: LeftOut[dict[str, ReadFile]] = None
    """Those that weights start from, by their paths as written."""


class SpecFile(ResolvedSpec, ReadFile):
    """The spec that the artifact was made of: its file, and as what it was understood."""

    sha256: Sha256
    """Of the file's text."""

    @property
    def resolved(self) -> ResolvedSpec:
        """As what it was understood, whatever its text."""
        return ResolvedSpec.model_validate(self.model_dump(exclude={"sha256"}, exclude_unset=True))


class Manifest(Document):
    """What an artifact folder holds and where it came from; nothing of when or where it was made."""

    model_config = ConfigDict(title="cnnlstm-spec compile: manifest.json")

    version: Literal[1]
    name: str
    seed: int | None
    versions: dict[str, str]
    """Of the packages that built the model."""
    keras: LeftOut[str] = None
    """Which versions of Keras load the model, as `>=3.12`; left out where all from 3.8 on do."""
    keras_for: LeftOut[dict[str, str]] = None
    """For which classes and arguments of it, and since when there are those."""
    inputs: Annotated[tuple[Tensor, ...], Field(min_length=1)]
    """Inputs of the Keras model, in its order."""
    outputs: Annotated[tuple[Tensor, ...], Field(min_length=1)]
    """Outputs by head."""
    params: Params
    usage: tuple[str, ...]
    """Lines of Python that load the model and predict."""
    purpose: Annotated[Literal["training", "inference"], Field(alias="for")]
    inference: LeftOut[InferenceChanges] = None
    """Of a model for inference alone."""
    files: dict[str, WrittenFile]
    """By name, all but the manifest."""
    spec: SpecFile
    passes: str
    """Which passes ran: `default` or `none`."""
