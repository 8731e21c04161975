"""`runs.csv`: folds and seeds have a mean, each variant of a matrix its own."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from finished_runs import MADE

from cnnlstm_spec.compiler.processes import SentSpec
from cnnlstm_spec.runs.manifest import Best
from cnnlstm_spec.runs.run import Orders
from cnnlstm_spec.runs.several import RunJob, write_runs_table


def make_job(folder: Path, label: str, variant: int | None, loss: float) -> RunJob:
    output = folder / label
    output.mkdir(parents=True)
    best = Best(epoch=2, monitor="loss", direction="min", metrics={"loss": loss})
    (output / "manifest.json").write_text(MADE.model_copy(update={"best": best}).to_json())
    return RunJob(SentSpec("spec.yaml", "", None), variant, str(output), label, Orders())


def read_table(jobs: list[RunJob]) -> dict[str, str]:
    return {row["run"]: row["loss"] for row in csv.DictReader(io.StringIO(write_runs_table(jobs)))}


def test_seeds_have_a_mean(tmp_path: Path) -> None:
    jobs = [make_job(tmp_path, f"seed-{number}", None, loss) for number, loss in enumerate((1.0, 3.0))]
    assert read_table(jobs) == {"seed-0": "1.0", "seed-1": "3.0", "mean": "2.0", "spread": str(2**0.5)}


def test_variants_have_none_together(tmp_path: Path) -> None:
    jobs = [make_job(tmp_path, f"vars.units={units}", place, 1.0) for place, units in enumerate((4, 8))]
    assert list(read_table(jobs)) == ["vars.units=4", "vars.units=8"]


def test_each_variant_has_the_mean_of_its_seeds(tmp_path: Path) -> None:
    jobs = [
        make_job(tmp_path, f"seed-{seed}/vars.units={units}", place, 1.0 * units + seed)
        for place, units in enumerate((4, 8))
        for seed in (0, 1)
    ]
    found = read_table(jobs)
    assert (found["mean/vars.units=4"], found["mean/vars.units=8"]) == ("4.5", "8.5")
    assert found["spread/vars.units=4"] == str(0.5**0.5)
