"""`search`: what it trains and what it does not, and the same trials whenever it was killed."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from json_schemas import read_document
from places import ROOT
from signals import heed

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.compiler.resolved import describe_resolved
from cnnlstm_spec.runs.search.document import SearchReport
from cnnlstm_spec.text.read_source import read_file

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: small
seed: 3
vars: {width: 4}
branches:
  rows: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: $width, activation: relu}}]}
head: [{Dense: {units: 1}}]
compile: {optimizer: {SGD: {learning_rate: 0.01}}, loss: mse}
budget: {params: 60}
data:
  train: train.csv
  validation: {fraction: 0.25}
  inputs: {rows: {columns: [a, b]}}
  targets: {head: {column: y}}
fit: {epochs: 3, batch_size: 16}
search:
  minimize: val_loss
  space:
    vars.width: {int: [2, 32]}
    compile.optimizer.learning_rate: {float: [1e-4, 1e-1], log: true}
    branches.rows.layers[0].activation: [relu, tanh]
  trials: 4
  seed: 1
"""


def write(folder: Path, text: str = SPEC) -> Path:
    draw = random.Random(0)
    with (folder / "train.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["a", "b", "y"])
        for _ in range(64):
            a, b = draw.gauss(0, 1), draw.gauss(0, 1)
            writer.writerow([round(a, 3), round(b, 3), round(a - b, 3)])
    (folder / "spec.yaml").write_text(text)
    return folder / "spec.yaml"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    assert run(["search", str(write(folder)), "-o", str(folder / "out")]) == 0
    return folder


def test_what_a_search_leaves(searched: Path) -> None:
    out = searched / "out"
    report = SearchReport.from_json((out / "trials.json").read_text())
    read_document("search", (out / "trials.json").read_text())
    assert len(report.trials) == 4 and report.draws_refused > 0 and set(report.refused) == {"over-budget"}
    assert {path.name for path in out.glob("trial-*")} == {each.run for each in report.trials if each.run is not None}
    assert all(each.values["vars.width"] * 4 + 1 <= 60 for each in report.trials)  # type: ignore[operator]
    done = {each.number: each.value for each in report.trials if each.state == "completed"}
    assert report.best == min(done, key=lambda number: done[number] or 0.0)
    rows = rows_of(out)
    assert [int(row["trial"]) for row in rows] == [each.number for each in report.trials]
    manifest = json.loads((out / "best" / "manifest.json").read_text())
    assert manifest["best"]["metrics"]["val_loss"] == done[report.best]
    assert (out / "best" / "model.keras").read_bytes() == (out / f"trial-{report.best:04d}" / "model.keras").read_bytes()
    assert {"history.svg", "parallel.svg"} <= {path.name for path in out.glob("*.svg")}
    assert "…optimizer.learning_rate" in (out / "parallel.svg").read_text()
    best = compile_source(read_file(out / "best.yaml", str(out / "best.yaml")), (), out, allow_outside=True)
    assert best.ok and best.spec is not None and best.spec.search is None
    resolved = describe_resolved(best).to_data()
    assert (resolved["layers"], resolved["compile"]) == (manifest["spec"]["layers"], manifest["spec"]["compile"])


def test_an_ended_search_is_left_alone_and_may_be_made_longer(searched: Path) -> None:
    out, before = searched / "out", rows_of(searched / "out")
    line = ["search", str(searched / "spec.yaml"), "-o", str(out)]
    assert run(line) == 0 and rows_of(out) == before
    longer = searched / "longer"
    shutil.copytree(out, longer)
    assert run([*line[:-1], str(longer), "--set", "search.trials=5"]) == 0
    assert rows_of(longer)[:4] == before and len(rows_of(longer)) == 5
    assert run([*line, "--set", "search.seed=2"]) == 2 and rows_of(out) == before


def test_a_space_that_is_refused_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SPEC.replace("{int: [2, 32]}", "{int: [20, 32]}").replace("params: 60", "params: 61")
    began = time.monotonic()
    assert run(["search", str(write(tmp_path, text)), "-o", str(tmp_path / "out"), "--format", "json"]) == 1
    took = time.monotonic() - began
    said = capsys.readouterr()
    report = SearchReport.from_json(said.out)
    read_document("search", said.out)
    assert report.draws_refused == 50 and report.refused == {"over-budget": 50} and not report.trials
    assert "the last 50 draws in a row were no trials" in said.err and took < 60
    assert not list((tmp_path / "out").glob("trial-*"))


@pytest.mark.whole(every=1)
def test_a_space_with_few_values_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = SPEC.index("  space:")
    text = SPEC[:start] + "  space: {vars.width: [2]}\n  trials: 3\n  pruner: null\n"
    text = text.replace("fit: {epochs: 3", "fit: {epochs: 1")
    assert run(["search", str(write(tmp_path, text)), "-o", str(tmp_path / "out")]) == 1
    assert len(rows_of(tmp_path / "out")) == 1
    assert "all combinations of the space have been drawn" in capsys.readouterr().err


def test_a_spec_over_its_budget_is_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is written it has 65 parameters; `validate` and `train` refuse it."""
    start = SPEC.index("  space:")
    text = SPEC[:start] + "  space: {vars.width: [1, 16]}\n  trials: 1\n  pruner: null\n"
    text = text.replace("width: 4", "width: 16").replace("fit: {epochs: 3", "fit: {epochs: 1")
    spec = write(tmp_path, text)
    assert run(["validate", str(spec)]) == 1
    assert "`search` goes on: it holds each trial to the budget" in capsys.readouterr().out
    assert run(["train", str(spec), "-o", str(tmp_path / "run")]) == 1
    assert run(["search", str(spec), "-o", str(tmp_path / "out")]) == 0
    assert [row["vars.width"] for row in rows_of(tmp_path / "out")] == ["1"]
    said = capsys.readouterr()
    assert "note: the spec is over its budget as it is written" in said.err and "error[over-budget]" not in said.out
    assert run(["search", str(spec), "-o", str(tmp_path / "other"), "--set", "fit.epochs=0"]) == 1
    assert not (tmp_path / "other").exists()


def test_hyperband_says_again_what_it_said() -> None:
    """A trial whose end was not written down is ended when the search goes on, whatever Hyperband has noted of it."""
    import optuna

    from cnnlstm_spec.runs.search.study import Design, is_hopeless, make_pruner

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(pruner=make_pruner(Design("", "", False, 0, "hyperband", 27)), study_name="said again")
    agreed = 0
    for value in range(40):
        trial = study.ask()
        for step in (1, 3, 9):
            trial.report(float(value if value % 3 else -value), step)
            before = sorted(study.trials[trial.number].system_attrs)
            said = trial.should_prune()
            assert is_hopeless(study, trial.number, before) is said
            agreed += said
            if said:
                break
        study.tell(trial, None if said else float(value), state=None if not said else optuna.trial.TrialState.PRUNED)
    assert 3 < agreed < 40


def test_no_password_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql+psycopg2://me:hunter2@127.0.0.1:1/none?password=hunter2"
    assert run(["search", str(write(tmp_path)), "-o", str(tmp_path / "out"), "--storage", url]) == 1
    assert "hunter2" not in "".join(capsys.readouterr())
    assert all(b"hunter2" not in path.read_bytes() for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "data.train=none.csv"], "Error: none.csv: there is no such file\n"),
        (["--set", "data.targets.head.column=z", "--set", "data.inputs.rows.columns=[a, c]"], "`z`: there is no such column"),
        (["--storage", "sqlite:////no/such/folder/study.db"], "cannot be opened: unable to open database file"),
        (["--storage", "study.db"], "`--storage` is a URL"),
        (["--storage", "sqlitte:///study.db"], "`--storage` is a URL"),
    ],
)
def test_what_no_trial_could_do_without_is_told_before_the_first(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the folder is nobody's yet: what is set right may be another spec."""
    assert run(["search", str(write(tmp_path)), "-o", str(tmp_path / "out"), *options]) == 1
    told = capsys.readouterr()
    assert said in told.err and not told.out
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["search.lock"]


def start(spec: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "cnnlstm_spec", "search", str(spec), "-o", str(out), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    pipe = subprocess.PIPE
    return subprocess.Popen(line, env=environment, stdout=pipe, stderr=pipe, start_new_session=True, preexec_fn=heed)


@pytest.mark.whole(every=0)
def test_killed_and_gone_on_with(searched: Path, tmp_path: Path) -> None:
    """Killed while a trial trains; what comes of it is what comes of a search that nobody stopped."""
    process = start(searched / "spec.yaml", tmp_path / "out")
    assert process.stdout is not None
    epochs = 0
    for line in process.stdout:
        epochs += b"epoch" in line and b"val_loss" in line and b"samples/s" in line
        if epochs == 2:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert run(["search", str(searched / "spec.yaml"), "-o", str(tmp_path / "out")]) == 0
    assert_same(tmp_path / "out", searched / "out")


def assert_same(one: Path, other: Path) -> None:
    assert rows_of(one) == rows_of(other)
    assert (one / "trials.json").read_bytes() == (other / "trials.json").read_bytes()
    assert (one / "best" / "model.keras").read_bytes() == (other / "best" / "model.keras").read_bytes()


@pytest.mark.whole(every=20)
@pytest.mark.parametrize("number", range(20))
def test_killed_at_random(searched: Path, tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    for _ in range(rng.randint(1, 3)):
        process = start(searched / "spec.yaml", tmp_path / "out")
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=rng.uniform(2, 25))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert run(["search", str(searched / "spec.yaml"), "-o", str(tmp_path / "out")]) == 0
    assert_same(tmp_path / "out", searched / "out")


@pytest.mark.whole
def test_two_at_a_time_and_killed(searched: Path, tmp_path: Path) -> None:
    process = start(searched / "spec.yaml", tmp_path / "out", "--jobs", "2")
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=20)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    process = start(searched / "spec.yaml", tmp_path / "out", "--jobs", "2")
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 4 == len({row["trial"] for row in rows}) and "running" not in {row["state"] for row in rows}
    best = min((row for row in rows if row["val_loss"]), key=lambda row: float(row["val_loss"]))
    assert SearchReport.from_json((tmp_path / "out" / "trials.json").read_text()).best == int(best["trial"])


@pytest.mark.whole
def test_two_searches_train_on_one_storage(tmp_path: Path) -> None:
    """At the same time, each into a folder of its own: as many trials as are wanted, none twice, and each in one of the folders."""
    import optuna

    spec, wanted = write(tmp_path, SPEC.replace("trials: 4", "trials: 8")), 8
    url, outs = f"sqlite:///{tmp_path / 'shared.db'}", [tmp_path / "one", tmp_path / "other"]
    processes = [start(spec, out, "--storage", url) for out in outs]
    said = [process.communicate(timeout=900)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    (name,) = optuna.get_all_study_names(url)
    found = optuna.load_study(study_name=name, storage=url).get_trials()
    assert all(each.state.is_finished() for each in found)
    trained = [each for each in found if each.user_attrs.get("outcome") in ("completed", "pruned")]
    assert len(trained) == wanted == len({tuple(each.params.values()) for each in trained})
    kept = [{f"trial-{each.number:04d}" for each in trained if each.state.name == "COMPLETE"}]
    runs = [{path.name for path in out.glob("trial-*")} for out in outs]
    assert all(runs) and not runs[0] & runs[1] and [runs[0] | runs[1]] == kept
    last = max((SearchReport.from_json((out / "trials.json").read_text()) for out in outs), key=lambda each: len(each.trials))
    assert {each.number for each in last.trials} == {each.number for each in trained}


@pytest.mark.whole
def test_control_c(searched: Path, tmp_path: Path) -> None:
    process = start(searched / "spec.yaml", tmp_path / "out")
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130 and b"this goes on with it" in said and b"Traceback" not in said
