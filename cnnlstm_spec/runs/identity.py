"""What makes two runs one, as the document `state/run.json`. Imports no Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import ConfigDict, JsonValue

from ..compiler.artifact.manifest import ResolvedSpec
from ..text.document import Document
from ..text.escape.json import to_json
from .manifest import RunManifest

FILES = "files"
"""Of the data of an identity, the digest of the files that samples are read of."""


class RunIdentity(Document):
    """What makes two runs one: the spec as it was understood, the data, the versions."""

    model_config = ConfigDict(title="cnnlstm-spec train: state/run.json")

    version: Literal[1]
    spec: ResolvedSpec
    data: dict[str, JsonValue]
    """As in the manifest."""
    versions: dict[str, str]
    """Of the packages that train."""

    @classmethod
    def make(cls, spec: ResolvedSpec, data: Mapping[str, object], versions: Mapping[str, str]) -> Self:
        """The identity of such data, whose sequences become lists."""
        return cls.from_json(to_json({"version": 1, "spec": spec.to_data(), "data": data, "versions": versions}, None))

    def add_files(self, files: JsonValue) -> RunIdentity:
        """The same with what is known of the files that samples are read of."""
        return self if files is None else self.model_copy(update={"data": {**self.data, FILES: files}})

    def is_same(self, other: RunIdentity | None, but_epochs: bool = False) -> bool:
        """Whether a run is this one; `but_epochs` lets it have more epochs."""
        if other is None:
            return False
        mine, other = _match_files(self, other)
        return _drop_epochs(mine) == _drop_epochs(other) if but_epochs else mine == other

    def describe_difference(self, other: RunIdentity | None) -> str:
        """What is not the same, in words."""
        mine, theirs = (self, None) if other is None else _match_files(self, other)
        words = {"spec": "the spec", "data": "the data", "versions": "the versions of packages"}
        found = [word for key, word in words.items() if theirs is None or getattr(mine, key) != getattr(theirs, key)]
        return " and ".join(found) or "nothing"


def identify_run(manifest: RunManifest) -> RunIdentity:
    """The identity of a finished run."""
    return RunIdentity(version=1, spec=manifest.spec.resolved, data=manifest.data, versions=manifest.versions)


def _match_files(mine: RunIdentity, other: RunIdentity) -> tuple[RunIdentity, RunIdentity]:
    """Two identities without the digest of the files where one has none: a run has it once it has read them all."""
    if FILES in mine.data and FILES in other.data:
        return mine, other
    return _drop_files(mine), _drop_files(other)


def _drop_files(identity: RunIdentity) -> RunIdentity:
    return identity.model_copy(update={"data": {name: each for name, each in identity.data.items() if name != FILES}})


def _drop_epochs(identity: RunIdentity) -> RunIdentity:
    document = identity.spec.document
    section = document.get("fit")
    if not isinstance(section, dict):
        return identity
    fit = {name: each for name, each in section.items() if name != "epochs"}
    return identity.model_copy(update={"spec": identity.spec.model_copy(update={"document": {**document, "fit": fit}})})
