"""What is looked at in each epoch: by `fit`, by its callbacks, and by `search`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..text.fix import Fix, put, write
from ..text.source import Place
from .logged import validates

if TYPE_CHECKING:
    from ..spec.fit.section import FitSpec
    from ..spec.model_spec import ModelSpec
    from ..spec.search import SearchSpec


class Monitor(NamedTuple):
    """Something that is looked at in each epoch."""

    name: str
    place: Place
    mode: str | None
    """`auto`, `min` or `max`; None where the direction is said."""
    by_keras: bool
    """Whether Keras finds the direction, or the run, which knows more names."""
    owner: Place
    """What it is an argument of; the same place as its own where it is not written."""

    def fix_name(self, name: str) -> Fix:
        """The fix that looks at something else."""
        return write(self.place.span, name) if self.place != self.owner else put(self.owner.span, "monitor", name)


def list_monitors(spec: ModelSpec) -> Iterator[Monitor]:
    """All of a spec."""
    if spec.fit is not None:
        yield from list_of_fit(spec.fit, spec)
    if spec.search is not None and (objective := find_objective(spec.search)) is not None:
        yield objective


def list_of_fit(fit: FitSpec, spec: ModelSpec) -> Iterator[Monitor]:
    """What training looks at, and its callbacks."""
    if fit.monitor is not None:
        yield Monitor(fit.monitor, fit.find_place("monitor"), fit.mode, False, fit.place)
    elif fit.mode != "auto" and "mode" in fit.written.places:
        yield Monitor("val_loss" if validates(spec) else "loss", fit.place, None, False, fit.place)
    for each in fit.callbacks:
        if (name := each.thing.get("monitor")) is not None:
            yield Monitor(name, each.places.get("monitor", each.place), each.thing.get("mode"), True, each.place)


def find_objective(search: SearchSpec) -> Monitor | None:
    """What a search makes greatest or least."""
    if search.objective is None:
        return None
    place = search.written.places["maximize" if search.maximize else "minimize"]
    return Monitor(search.objective, place, None, False, search.place)
