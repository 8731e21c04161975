"""`compare` as text: runs as rows, and as columns where rows would be too wide to read."""

from __future__ import annotations

from cnnlstm_spec.runs.compare import ComparedRun, Comparison, to_text
from cnnlstm_spec.runs.measure.document import MeasuredValue

COSTS = {"bytes": 70000, "milliseconds": 1.5, "milliseconds_99": 2.0, "samples_per_second": 900.0, "params": 529, "macs": 19350}


def make(name: str, metrics: list[str], part: str = "test") -> ComparedRun:
    return ComparedRun(
        run=name, part=part, metrics={each: MeasuredValue(value=0.5, lower=0.4, upper=0.6) for each in metrics}, **COSTS
    )


def test_runs_are_rows_where_they_fit() -> None:
    lines = to_text(Comparison(version=1, runs=(make("a", ["accuracy"]), make("b", ["accuracy"])))).splitlines()
    assert lines[1].split() == ["run", "accuracy", "parameters", "multiply-adds", "bytes", "ms/sample", "99", "%", "samples/s"]
    assert [line.split()[0] for line in lines[2:]] == ["a", "b"]


def test_runs_are_columns_where_rows_would_be_too_wide() -> None:
    runs = (make("a", [f"head.figure_{number}" for number in range(9)]), make("b", ["mae"]))
    lines = to_text(Comparison(version=1, runs=runs)).splitlines()
    assert max(map(len, lines)) < 60
    assert lines[1].split() == ["run", "a", "b"]
    assert [line.split()[0] for line in lines[2:12]] == [*(f"head.figure_{number}" for number in range(9)), "mae"]
    assert lines[2].split()[1:] == ["0.5", "[0.4,", "0.6]", "-"] and lines[11].split()[1:] == ["-", "0.5", "[0.4,", "0.6]"]


def test_what_figures_are_of_is_told_where_it_differs() -> None:
    alike = to_text(Comparison(version=1, runs=(make("a", ["mae"]), make("b", ["mae"])))).splitlines()
    assert alike[0] == "metrics of test" and "measured" not in alike[1]
    lines = to_text(Comparison(version=1, runs=(make("a", ["mae"]), make("b", ["mae"], "validation")))).splitlines()
    assert lines[0] == "metrics of different samples" and lines[1].startswith("run  measured on  mae")
    assert [line.split()[1] for line in lines[2:]] == ["test", "validation"]
