"""`predict RUN SOURCE`: what a trained model says of new samples."""

from __future__ import annotations

from pathlib import Path as File

import click

from .options import imports_option, write_file
from .run_options import add_model_options, open_finished, outside_option, tell_people
from .terminal import note, write

CSV = ".csv"


@click.command("predict")
@add_model_options
@click.argument("source", metavar="SOURCE")
@click.option(
    "-o", "--output", metavar="FILE", help="A .csv, .tsv, .parquet, .jsonl or .npz file; CSV on standard output without."
)
@click.option("--probabilities", is_flag=True, help="The probability of each class, not of the predicted one alone.")
@click.option("--at", metavar="ADDRESS", help="The features at an address, such as branches.video, in place of predictions.")
@imports_option
@outside_option
def command(
    run: str,
    spec: str | None,
    source: str,
    output: str | None,
    probabilities: bool,
    at: str | None,
    allow_imports: bool,
    allow_outside: bool,
) -> int:
    """Predict for the samples of a SOURCE, which needs no targets.

    The rows are kept, and each head adds HEAD.prediction, and of classes HEAD.probability. RUN is the folder of a run, or a
    .keras file together with --spec.
    """

    with tell_people():
        finished = open_finished(run, spec, allow_outside, allow_imports)
        _, part, targets = finished.open_part(source, targets=False)
        model = finished.load()
        from ..runs.predictions import make_predictions, write_predictions

        given = (targets, finished.thresholds, probabilities, at)
        found = make_predictions(finished.compilation, model, part, *given)
        data = write_predictions(found, CSV if output is None else File(output).suffix.lower())
    if output is None:
        write(data.decode())
    else:
        write_file(File(output), data, "leave `-o` out for standard output")
        write(f"wrote {len(part):,} predictions to {output}\n")
    for count, why in part.explain_unkept():
        note(f"{'1 row has' if count == 1 else f'{count:,} rows have'} no prediction: {why}")
    return 0
