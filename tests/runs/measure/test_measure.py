"""Figures, what is required of them, what is measured of data, and the report."""

from __future__ import annotations

import csv
import random
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from json_schemas import read_document

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.commit import find_commit
from cnnlstm_spec.runs.history import find_parting, from_csv, to_csv
from cnnlstm_spec.runs.measure.document import Evaluation, MeasuredValue
from cnnlstm_spec.runs.require import check_requirements, read_requirement
from cnnlstm_spec.runs.words import render_evaluation

keras = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("accuracy>=0.9", True),
        ("accuracy > 0.9", False),
        ("lower:accuracy>=0.85", False),
        ("upper:accuracy<=0.95", True),
        ("loss<1e-1", False),
        ("nothing>=0", False),
    ],
)
def test_what_is_required_holds_or_not(text: str, holds: bool) -> None:
    figures = {"accuracy": MeasuredValue(value=0.9, lower=0.8, upper=0.95)}
    found = Evaluation(version=1, name="x", part="test", samples=3, loss=0.5, metrics=figures, heads={})
    wanted = read_requirement(text)
    assert wanted is not None
    assert (check_requirements(found, [wanted]) == []) == holds


@pytest.mark.parametrize("text", ["accuracy", "accuracy=0.9", ">=0.9", "accuracy>=high", "middle:accuracy>=1", ""])
def test_what_is_no_requirement(text: str) -> None:
    assert read_requirement(text) is None


def test_a_history_is_read_as_it_was_written() -> None:
    rows = [{"epoch": 1, "phase": "a", "loss": 0.1}, {"epoch": 2, "phase": "a", "loss": 1 / 3, "val_loss": 2e-8}]
    assert from_csv(to_csv(rows)) == rows


@pytest.mark.parametrize(
    ("losses", "validated", "since"),
    [([3, 2, 1], [3, 2, 2.5], 2), ([3, 2, 1], [3, 2, 1], None), ([3, 2, 2.5], [3, 2, 2.5], None), ([1], [1], None)],
)
def test_since_when_validation_parts_from_training(losses: list[float], validated: list[float], since: int | None) -> None:
    pairs = zip(losses, validated, strict=True)
    assert find_parting([{"epoch": place + 1, "loss": a, "val_loss": b} for place, (a, b) in enumerate(pairs)]) == since


def test_the_commit_of_a_repository(tmp_path: Path) -> None:
    assert find_commit(tmp_path) is None
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{'a' * 40} refs/heads/main\n")
    below = tmp_path / "below"
    below.mkdir()
    assert find_commit(below) == "a" * 40
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    assert find_commit(below) == "b" * 40
    (git / "HEAD").write_text("ref: refs/heads/../../../secret\n")
    assert find_commit(below) is None


class TestFigures:
    pytestmark = keras

    def test_they_are_those_of_scikit_learn(self) -> None:
        import numpy
        from sklearn import metrics

        from cnnlstm_spec.runs.measure.figures import measure_class_figures, measure_number_figures

        draw = numpy.random.default_rng(0)
        truth = draw.integers(0, 3, 200)
        scores = draw.dirichlet([1, 1, 1], 200).round(2)
        found, ones = scores.argmax(1), numpy.ones((1, 200))
        ours = measure_class_figures(truth, found, scores, ("a", "b", "c"), ones)
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, found)
        assert ours["accuracy"] == pytest.approx(metrics.accuracy_score(truth, found))
        assert ours["f1"] == pytest.approx(f1.mean())
        for place, name in enumerate("abc"):
            assert ours[f"{name}/precision"] == pytest.approx(precision[place])
            assert ours[f"{name}/recall"] == pytest.approx(recall[place])
            assert ours[f"{name}/auc"] == pytest.approx(metrics.roc_auc_score(truth == place, scores[:, place]))
        a, b = draw.normal(size=(50, 2)), draw.normal(size=(50, 2))
        numbers = measure_number_figures(a, b, numpy.ones((1, 50)))
        assert numbers["mae"] == pytest.approx(metrics.mean_absolute_error(a, b))
        assert numbers["rmse"] == pytest.approx(metrics.mean_squared_error(a, b) ** 0.5)
        assert numbers["r2"] == pytest.approx(metrics.r2_score(a, b, multioutput="variance_weighted"))

    def test_draws_of_one_class_alone_are_measured_without_a_warning(self) -> None:
        """As bootstrap draws of few samples are: there is no area under a curve then."""
        import numpy

        from cnnlstm_spec.runs.measure.figures import BootstrapDraws, measure_class_figures

        truth, scores = numpy.array([0, 0, 2]), numpy.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])
        figures = BootstrapDraws(numpy.arange(3), 3, None).measure_figures(
            lambda weights: measure_class_figures(truth, scores.argmax(1), scores, ("a", "b", "c"), weights)
        )
        auc = figures["auc"]
        assert auc.lower is not None and auc.upper is not None and 0 <= auc.lower <= auc.value <= auc.upper <= 1

    @pytest.mark.parametrize(("samples", "groups"), [(1, None), (4, ["one"] * 4)])
    def test_one_sample_or_group_has_no_interval(self, samples: int, groups: list[str] | None) -> None:
        """All draws of it are alike: `[0.25, 0.25]` would say that the figure is sure."""
        import numpy

        from cnnlstm_spec.runs.measure.figures import BootstrapDraws, Figure

        draws = BootstrapDraws(numpy.arange(samples), samples, groups)
        assert draws.measure_figure(lambda weights: weights @ numpy.ones(samples) / samples) == Figure(1.0)
        count = None if groups is None else 1
        found = Evaluation(version=1, name="x", part="test", samples=samples, groups=count, metrics={}, heads={})
        few = "sample" if groups is None else "group"
        assert render_evaluation(found).endswith(f"; no intervals, for which one {few} is too few")

    def test_intervals_are_wider_over_groups(self) -> None:
        import numpy

        from cnnlstm_spec.runs.measure.figures import BootstrapDraws

        values = numpy.repeat(numpy.random.default_rng(1).normal(size=20), 10)

        def mean(weights: Any) -> Any:
            return weights @ values / weights.sum(1)

        alone = BootstrapDraws(numpy.arange(200), 200, None).measure_figure(mean)
        grouped = BootstrapDraws(numpy.arange(200), 200, [str(each // 10) for each in range(200)]).measure_figure(mean)
        assert alone.lower is not None and alone.upper is not None and grouped.lower is not None and grouped.upper is not None
        assert alone.lower < values.mean() < alone.upper
        assert grouped.upper - grouped.lower > 2 * (alone.upper - alone.lower)
        assert BootstrapDraws(numpy.arange(200), 200, None).measure_figure(mean) == alone


SPEC = """
version: 1
name: measured
branches:
  first: {input: {kind: vector, shape: [2]}, layers: [Normalization, {Dense: {units: 4}}]}
  second: {input: {kind: vector, shape: [1]}, layers: [{Discretization: {num_bins: 4, output_mode: one_hot}}]}
fusion: {strategy: gated, units: 3}
head: [{Dense: {units: 2, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy, metrics: [accuracy]}
data:
  train: t.csv
  validation: {fraction: 0.2}
  test: {fraction: 0.2}
  inputs: {first: {columns: [a, b]}, second: {columns: [c]}}
  targets: {head: {column: kind}}
fit: {epochs: 1}
"""
HOSTILE = ("<script>alert(1)</script>", "$\\frac{x}$")


class Tags(HTMLParser):
    """Whether what is open is closed, and which elements there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.seen.add(tag)
        if tag != "meta" and tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class TestRun:
    pytestmark = keras

    def test_what_is_measured_of_data_and_of_the_model(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        draw = random.Random(0)
        rows = [[draw.gauss(5, 3), draw.gauss(-1, 0.5), draw.random()] for _ in range(60)]
        with (tmp_path / "t.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["a", "b", "c", "kind"])
            writer.writerows([*row, HOSTILE[row[0] > 5]] for row in rows)
        spec, output = str(tmp_path / "spec.yaml"), tmp_path / "run"
        (tmp_path / "spec.yaml").write_text(SPEC)
        assert run(["compile", spec, "-o", str(tmp_path / "open")]) == 1
        assert not (tmp_path / "open").exists()
        assert run(["train", spec, "-o", str(output)]) == 0
        adapted = read_document("adapted", (output / "adapted.json").read_text())["layers"]
        assert adapted["branches.first.layers[0]"]["mean"] == pytest.approx([5, -1], abs=2)
        assert len(adapted["branches.second.layers[0]"]["bin_boundaries"]) == 3
        assert run(["train", spec, "-o", str(output)]) == 0

        tags = Tags()
        page = (output / "report.html").read_text()
        tags.feed(page)
        assert not tags.open and "script" not in tags.seen and {"svg", "table"} <= tags.seen
        assert "http://" not in page.replace("http://www.w3.org/", "")

        capsys.readouterr()
        assert run(["evaluate", str(output), "--format", "json", "--require", "accuracy>=2"]) == 1
        said = capsys.readouterr().out
        read_document("evaluate", said)
        found = Evaluation.from_json(said)
        assert found.part == "test" and found.samples == 12
        assert sum(map(sum, found.heads["head"].confusion or ())) == 12
        assert run(["predict", str(output), str(tmp_path / "t.csv"), "-o", str(tmp_path / "out.csv")]) == 0
        with (tmp_path / "out.csv").open() as stream:
            written = list(csv.DictReader(stream))
        import keras as framework

        import cnnlstm_spec.runs

        fed = cnnlstm_spec.runs.read(output, [{"a": row[0], "b": row[1], "c": row[2]} for row in rows])
        again = cnnlstm_spec.runs.read(output, tmp_path / "t.csv")
        assert fed.keys() == {"first", "second"} and all((fed[name] == again[name]).all() for name in fed)
        told = framework.models.load_model(output / "model.keras").predict(fed, verbose=0).max(1)
        assert told == pytest.approx([float(row["head.probability"]) for row in written], abs=1e-5)
        assert len(written) == 60 and {row["head.prediction"] for row in written} <= set(HOSTILE)
        assert all(0.5 <= float(row["head.probability"]) <= 1 for row in written)
