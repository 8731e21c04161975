"""Whether a run may have its folder, and what becomes of what lies there once its training begins. Imports Keras to go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..compiler.artifact.ownership import MODEL
from ..emit.keras.quiet import silence
from ..text.files import find_sort
from .ending import DONE, REFUSED, Ending
from .folder import GO_ON, LAST, RunFolder
from .identity import RunIdentity

Begin = Callable[[], None]
"""Makes a folder that of a run. Until then nothing in it is touched, so that what is refused before leaves it as it was."""


def take_folder(folder: RunFolder, identity: RunIdentity, force: bool, resume: bool) -> Ending | Begin:
    """What begins the run there; an ending where nothing is to be trained."""
    standing = folder.find_standing(identity)
    where = folder.path
    if force or standing == "new":
        return partial(folder.begin, identity)
    if standing == "finished":
        return Ending(DONE, (f"{where}: up to date",))
    if standing == "unfinished" and resume:
        return partial(folder.take_up, identity)
    if resume and identity.is_same(folder.read_written(), but_epochs=True) and find_sort(where / GO_ON) == "file":
        return _lengthen(folder, identity)
    if standing == "unfinished":
        way = "`--resume` goes on, `--force` starts anew"
        return Ending(REFUSED, (f"`{where}` holds this run, which was not finished: {way}",))
    if standing == "other run":
        difference = identity.describe_difference(folder.read_held())
        if identity.is_same(folder.read_written(), but_epochs=True) and folder.is_whole():
            return Ending(REFUSED, (f"`{where}` holds this run with other epochs: `--resume` adds some, `--force` starts anew",))
        differs = f" ({difference} {'differ' if ' and ' in difference else 'differs'})"
        return Ending(REFUSED, (f"`{where}` holds another run{differs}: name another folder, or replace it with `--force`",))
    return Ending(REFUSED, (f"`{where}` holds files that are no run's: name another folder, or use `--force`",))


def _lengthen(folder: RunFolder, identity: RunIdentity) -> Ending | Begin:
    """Goes on with a run that had ended, for more epochs."""
    with silence():
        from ..emit.keras.run import load
        from .train.keep import BEST, PHASE, pack_weights, unpack_mark

    last = folder.read_kept()
    _, mark = unpack_mark(last)
    section = identity.spec.document["fit"]
    epochs = section.get("epochs") if isinstance(section, dict) else None
    if mark.ended or not isinstance(epochs, int) or epochs <= mark.done:
        ended = "a callback had ended it" if mark.ended else f"it has had {mark.done} epochs"
        return Ending(REFUSED, (f"`{folder.path}` holds this run, and {ended}; `--force` starts anew",))
    best = pack_weights(load(folder.path / MODEL), ())

    def begin() -> None:
        folder.begin(identity)
        for name, held in ((BEST, best), (PHASE, best), (LAST, last)):
            folder.write(name, held)

    return begin


def refuse_held(folder: RunFolder) -> Ending:
    """The ending where another process has the folder."""
    return Ending(REFUSED, (f"`{folder.path}`: another process is training there",))
