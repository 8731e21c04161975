"""`evaluate RUN [SOURCE]`: what a trained model is worth."""

from __future__ import annotations

import click

from .options import FOUND, format_option, imports_option
from .run_options import add_model_options, open_finished, outside_option, tell_people
from .terminal import note, write

UNUSABLE = 2


def _read_requirements(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[object, ...]:
    if not value:
        return ()
    from ..runs.require import read_requirement

    found = [read_requirement(each) for each in value]
    for text, each in zip(value, found, strict=True):
        if each is None:
            raise click.BadParameter(f"`{text}` is not of the form `accuracy>=0.9` or `lower:accuracy>=0.85`")
    return tuple(found)


require_option = click.option(
    "--require",
    "required",
    multiple=True,
    metavar="FIGURE>=N",
    callback=_read_requirements,
    help="End with status 1 where it does not hold: `accuracy>=0.9`, `lower:accuracy>=0.85`. May be given several times.",
)


@click.command("evaluate")
@add_model_options
@click.argument("source", metavar="[SOURCE]", required=False)
@require_option
@format_option
@imports_option
@outside_option
def command(
    run: str,
    spec: str | None,
    source: str | None,
    required: tuple[object, ...],
    format_: str,
    allow_imports: bool,
    allow_outside: bool,
) -> int:
    """Measure a trained model on `data.test`, or on a SOURCE: the spec's metrics and those of the task, with intervals.

    RUN is the folder of a run, or a .keras file together with --spec.
    """
    from ..runs.require import check_requirements
    from ..runs.words import render_evaluation

    with tell_people():
        finished = open_finished(run, spec, allow_outside, allow_imports)
        name, part, _ = finished.open_part(source)
        model = finished.load()
        from ..runs.measure.of_run import measure_part

        found = measure_part(finished.compilation, model, part, name, finished.thresholds).evaluation
    write((found.to_json() if format_ == "json" else render_evaluation(found)) + "\n")
    failed = check_requirements(found, required)  # type: ignore[arg-type]
    for line in failed:
        note(line)
    return FOUND if failed else 0
