"""`search SPEC -o DIR`: variants drawn, those that are sound trained, the best kept."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from ..compiler import interrupts
from ..compiler.compile import Compilation
from ..model.rules.budget import OVER_BUDGET
from ..text.escape.terminal import make_line_safe
from .options import (
    FOUND,
    allow_outside,
    color_option,
    format_option,
    imports_option,
    load_sweep,
    need_sound,
    read_folder,
    read_rules,
    set_option,
    show,
    spec_argument,
)
from .run_options import tell_people
from .terminal import note, write
from .watching import TerminalWatch

if TYPE_CHECKING:
    from ..compiler.variants import Sweep
    from ..runs.search.place import SearchFolder
    from ..runs.search.search import Engine, SearchOrders
    from ..runs.search.study import Design
    from ..runs.search.trial import TrialEnding, TrialJob

REFUSED, INTERRUPTED = 2, 130
EXTRA = "search"


@click.command("search")
@spec_argument
@click.option("-o", "--output", "folder", metavar="DIR", required=True, callback=read_folder, help="The folder of the search.")
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="N", help="How many trials to train at a time.")
@click.option("--engine", type=click.Choice(["processes", "ray"]), default="processes", help="What trains: see below.")
@click.option("--storage", metavar="URL", help="The database of the study, to share it: postgresql://..., mysql://...")
@format_option
@color_option
@set_option
@imports_option
def command(
    spec: str,
    folder: File,
    jobs: int,
    engine: Engine,
    storage: str | None,
    format_: str,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
) -> int:
    """Train variants of the spec, drawn from the space of its `search`, and keep the best.

    What `validate` refuses, or is over its budget, is not trained and is no trial. DIR holds the study, a folder a trial,
    trials.csv, pictures, best.yaml and the run of the best trial. Stopped at any moment, the same line goes on.

    With `--engine ray` trials are trained in the Ray cluster that RAY_ADDRESS names, else in one of this machine; one whose
    node dies is tried again. DIR and the data must be at the same place on every node, and --storage a database of theirs.

    Status: 0 done, 1 findings or no more trials to be had, 2 refused, 130 interrupted.
    """
    if spec == "-":
        raise click.UsageError("a search needs the spec as a file: `best.yaml` extends it")
    prepared = load_sweep(spec, overrides, (), color, allow_imports)
    plain = prepared.compile_plain()
    if plain.spec is None or plain.spec.search is None:
        show(plain.diagnostics, color, sys.stderr)
        need_sound(plain)
        note("Error: the spec has no `search`, which says what is varied and what is made best")
        return FOUND
    within = _ignore_budget(plain)
    show(within.diagnostics, color, sys.stderr)
    need_sound(within)
    if within is not plain:
        note("note: the spec is over its budget as it is written; each trial is held to it by itself")
    data = plain.spec.data
    if getattr(getattr(data, "validation", None), "folds", None) is not None:
        note("Error: `data.validation.folds` makes several runs of a trial, and a trial has one: give a `fraction`")
        return FOUND
    with tell_people():
        from ..runs.reading.libraries import import_needed
        from ..runs.search.place import SearchFolder, TakenFolder

        if engine == "ray":
            import_needed("ray", "`--engine ray`", "ray")

        place = SearchFolder(folder)
        given = (spec, str(folder), jobs, engine, storage, overrides, allow_imports)
        try:
            with place.lock():
                orders = replace(_make_orders(prepared, spec, overrides, storage, jobs, place, allow_imports), engine=engine)
                return _search(orders, format_, lambda: _write_command_again(*given))
        except TakenFolder as error:
            note(f"Error: {error}")
            return REFUSED


def _ignore_budget(plain: Compilation) -> Compilation:
    """The spec without what is said of its cost, where nothing else is wrong: trials are judged by values of their own."""
    rest = tuple(each for each in plain.diagnostics if each.code is not OVER_BUDGET or each.severity != "error")
    forgiven = replace(plain, diagnostics=rest)
    return forgiven if forgiven.ok and len(rest) < len(plain.diagnostics) else plain


def _make_orders(
    prepared: Sweep, spec: str, overrides: tuple[str, ...], url: str | None, jobs: int, place: SearchFolder, allow_imports: bool
) -> SearchOrders:
    """What the search is; the folder is its own from here on."""
    from ..runs.reading.libraries import import_needed

    import_needed("optuna", "`search`", EXTRA)
    import_needed("matplotlib", "`search`", EXTRA)
    from ..compiler.processes import make_sent
    from ..compiler.variants import sweep
    from ..runs.search.place import make_key
    from ..runs.search.search import SearchOrders
    from ..runs.search.study import Design
    from ..text.nodes import to_value

    plain, base = prepared.compile_plain(), prepared.folder
    assert plain.spec is not None and plain.spec.search is not None and plain.document is not None and base is not None
    search = plain.spec.search
    document = to_value(plain.document)
    assert isinstance(document, dict)
    said = {name: each for name, each in dict(document.get("search") or {}).items() if name != "trials"}
    key = make_key({name: each for name, each in document.items() if name != "search"}, said)
    sent = make_sent(prepared, overrides, (), allow_outside(), read_rules())
    epochs = _count_most_epochs(prepared)
    design = Design(url or place.url, f"cnnlstm-spec-{key[:16]}", search.maximize, search.seed, search.pruner, epochs)
    if not place.is_claimed():
        _try_what_is_needed(plain, design if url is not None else None, allow_imports)
    owner = place.claim(key)
    bare = sweep(prepared.source, (), (), base, allow_imports, allow_outside()).document
    written = to_value(bare) if bare is not None else {}
    return SearchOrders(sent, search, design, place, owner, written, jobs)


def _try_what_is_needed(plain: Compilation, shared: Design | None, allow_imports: bool) -> None:
    """Opens the data, unless trials have other ones, and a study that is shared: before the folder is the search's own."""
    from ..runs.reading.open import open_data
    from ..runs.search.study import open_study

    assert plain.spec is not None and plain.spec.search is not None
    if not any(each.steps[0] == "data" for each in plain.spec.search.space):
        data = open_data(plain, allow_outside(), allow_imports)
        if data.seen is not None:
            data.seen.save()
    if shared is not None:
        open_study(shared)


def _count_most_epochs(prepared: Sweep) -> int:
    """The most epochs that a trial can have."""
    from ..runs.search.trial import count_epochs
    from ..spec.search import IntRange
    from ..text.nodes import to_value

    plain = prepared.compile_plain()
    spec = plain.spec
    assert spec is not None and spec.search is not None
    found = [count_epochs(plain)]
    for each in spec.search.space:
        if each.path == "fit.epochs":
            values = each.range.int if isinstance(each.range, IntRange) else [to_value(node) for node in each.choices]
            found += [value for value in values if isinstance(value, int)]
    return max(found)


def _search(orders: SearchOrders, format_: str, again: Callable[[], str]) -> int:
    from ..runs.search.search import search
    from ..runs.search.table import to_words
    from ..runs.train.watch import Watch

    is_text = format_ == "text"

    def tell(job: TrialJob, ending: TrialEnding) -> None:
        line = f"trial {job.number}: {_say(ending, job.objective)}"
        (write if is_text else note)(line + ("\n" if is_text else ""))

    def watch(job: TrialJob) -> Watch:
        return TerminalWatch(f"trial {job.number}: ") if is_text else Watch()

    try:
        report = search(orders, tell, watch)
    except BaseException:
        if not interrupts.was_interrupted():
            raise
        note(f"\ninterrupted; what was trained is kept, and this goes on with it:\n  {make_line_safe(again())}")
        return INTERRUPTED
    if is_text:
        write("\n".join(to_words(report)) + "\n")
        write(f"wrote {make_line_safe(str(orders.place.path))}\n")
    else:
        write(report.to_json() + "\n")
    if report.ended is not None:
        note(f"the search ended before its time: {report.ended}")
        return FOUND
    return 0


def _say(ending: TrialEnding, objective: str) -> str:
    if ending.outcome == "completed":
        return f"{objective} {ending.value:.4g} in epoch {ending.best_epoch}"
    if ending.outcome == "pruned":
        return f"stopped after epoch {ending.epochs}"
    return "ended by NaN" if ending.outcome == "diverged" else f"failed: {'; '.join(ending.lines)}"


def _write_command_again(
    spec: str, folder: str, jobs: int, engine: Engine, url: str | None, overrides: tuple[str, ...], allow_imports: bool
) -> str:
    """The line with which the same search is meant, without a password."""
    found = ["cnnlstm-spec", "search", spec, "-o", folder]
    found += ["--jobs", str(jobs)] if jobs > 1 else []
    found += ["--engine", engine] if engine != "processes" else []
    if url is not None:
        from ..runs.search.study import hide_password

        found += ["--storage", hide_password(url)]
    found += [part for each in overrides for part in ("--set", each)]
    found += ["--allow-imports"] if allow_imports else []
    return shlex.join(found + (["--allow-outside"] if allow_outside() else []))
