"""What `search --format json` prints and `trials.json` holds, and whose a folder is, as `search.json` says it."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, JsonValue

from ...compiler.artifact.manifest import Sha256
from ...text.document import Count, Document, LeftOut


class Trial(Document):
    """A variant that was trained, or is."""

    number: Count
    """Of the draw; those that are missing were refused."""
    state: Literal["completed", "pruned", "diverged", "running"]
    value: float | None
    """Of the objective, at its best epoch; null of a trial that has not completed."""
    best_epoch: LeftOut[Count] = None
    epochs: LeftOut[Count] = None
    """How many were run."""
    values: dict[str, JsonValue]
    """What was drawn, by path."""
    run: LeftOut[str] = None
    """The folder of its run, in that of the search; left out where it has none, or another search made it."""


class SearchReport(Document):
    """What a search has come to."""

    model_config = ConfigDict(title="cnnlstm-spec search: trials.json")

    version: Literal[1]
    objective: str
    direction: Literal["minimize", "maximize"]
    wanted: Count
    """How many trials there are to be."""
    trials: tuple[Trial, ...]
    refused: dict[str, Count]
    """How many draws were refused, by the codes of what was found in them; a draw may have several."""
    draws_refused: Count
    draws_repeated: Count
    """Draws of what was drawn before, which are not trained again."""
    draws_failed: Count
    """Variants that are sound, and could not be trained."""
    importance: dict[str, float]
    """How much of the differences each path accounts for, of 1; empty where that cannot be told."""
    best: LeftOut[Count] = None
    """The number of the best trial."""
    ended: LeftOut[str] = None
    """Why it ended before its time."""


class SearchIdentity(Document):
    """What makes two searches one, and which trials of a study are its own."""

    model_config = ConfigDict(title="cnnlstm-spec search: search.json")

    version: Literal[1]
    key: Sha256
    """Of the spec with its overrides, but for how many trials it has."""
    owner: str
    """What marks a trial as its own in a study that several folders share."""
