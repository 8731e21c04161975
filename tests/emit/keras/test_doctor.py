"""The rules against the installed Keras: no difference; and a faked one is found, told, and refused where it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from json_schemas import read_document
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.emit.keras.expectations import map_layers
from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.ir.program import Unbuildable

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

LAYERS = map_layers()
SPEC = """version: 1
name: small
branches:
  x:
    input: {kind: sequence, shape: [20, 8]}
    layers:
      - GRU: {units: 4}
head: [{Dense: {units: 1, kernel_regularizer: {L2: {l2: 0.1}}}}]
compile: {optimizer: adam, loss: mse, metrics: [mae]}
"""


def differences() -> list[tuple[str, str, str]]:
    from cnnlstm_spec.emit.keras.run import examine

    return [(each.name, each.sort, each.what) for each in examine()[2]]


def test_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    before = keras.config.dtype_policy()
    assert run(["doctor", "--format", "json"]) == 0
    data = read_document("doctor", capsys.readouterr().out)
    assert data["ok"] and data["differences"] == [] and data["keras"] == keras.__version__
    assert data["compared"]["layers"] > 100 and data["compared"]["backbones"] == 40
    assert keras.config.dtype_policy() == before


def gone(owner: str, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(f"{owner}.{name}")

    return patch


def changed(path: str, **members: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """The class of that path derived from, with other members."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        owner, _, name = path.rpartition(".")
        base = getattr(import_module(owner), name)
        monkeypatch.setattr(path, type(name, (base,), members))

    return patch


def fewer_arguments(self: Any, units: int, activation: Any = None, kernel_regularizer: Any = None, **more: Any) -> None:
    super(type(self), self).__init__(units, activation=activation, kernel_regularizer=kernel_regularizer, **more)


def wider(self: Any, shape: Any) -> Any:
    return (*shape[:-1], shape[-1] + 1)


def other_default(self: Any, units: int, activation: Any = "relu", **more: Any) -> None:
    super(type(self), self).__init__(units, activation=activation, **more)


def more_weights(self: Any, shape: Any) -> None:
    super(type(self), self).build(shape)
    self.add_weight(shape=(1,), name="more")


def fails(self: Any, *shape: Any) -> None:
    raise NotImplementedError("not any more")


def new_argument(self: Any, rate: float, more: int = 1, noise_shape: Any = None, seed: Any = None, **others: Any) -> None:
    super(type(self), self).__init__(rate, noise_shape, seed, **others)


FAKES = {
    "layer gone": (gone("keras.layers", "GRU"), ("GRU", "missing", "Keras has no `keras.layers.GRU`")),
    "backbone gone": (gone("keras.applications", "VGG16"), ("VGG16", "missing", "Keras has no `keras.applications.VGG16`")),
    "optimizer gone": (gone("keras.optimizers", "Lion"), ("optimizers.Lion", "missing", "Keras has no such class")),
    "function gone": (gone("keras.ops", "sign"), ("Op", "missing", "Keras has no `keras.ops.sign`")),
    "shape": (
        changed("keras.layers.ReLU", compute_output_shape=wider),
        ("ReLU", "differs", "example 1: the shape is (5,), not (4,)"),
    ),
    "weights": (
        changed("keras.layers.PReLU", build=more_weights),
        ("PReLU", "differs", "example 1: the weights are alpha [4], more [1], not alpha [4]"),
    ),
    "fails": (
        changed("keras.layers.ELU", compute_output_shape=fails, call=fails),
        ("ELU", "differs", "example 1: it fails: NotImplementedError: not any more"),
    ),
    "arguments gone": (
        changed("keras.layers.Dense", __init__=other_default),
        ("Dense", "differs", "there is no argument `activity_regularizer`"),
    ),
    "new argument": (changed("keras.layers.Dropout", __init__=new_argument), ("Dropout", "new", "the argument `more` is new")),
    "new layer": (
        lambda patch: patch.setattr("keras.layers.Novel", type("Novel", (keras.layers.Layer,), {}), raising=False),
        ("Novel", "new", "the layer is new"),
    ),
}


@pytest.mark.parametrize("name", [pytest.param(each, marks=pytest.mark.whole if each == "new layer" else ()) for each in FAKES])
def test_a_difference_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnlstm_spec.emit.keras import doctor as comparison

    fake, expected = FAKES[name]
    fake(monkeypatch)
    few = {path: op for path, op in LAYERS.items() if op.title() == expected[0] or expected[0] == "Novel"}
    monkeypatch.setattr(comparison, "map_layers", lambda: few)
    found = [each for each in differences() if each[0] == expected[0]]
    assert found[:1] == [expected]


def test_doctor_tells(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from cnnlstm_spec.emit.keras import doctor as comparison

    monkeypatch.setattr(comparison, "map_layers", lambda: {path: op for path, op in LAYERS.items() if "GRU" in path})
    monkeypatch.delattr("keras.layers.GRU")
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "GRU: Keras has no `keras.layers.GRU`" in out
    assert run(["doctor", "--format", "json"]) == 1
    data = read_document("doctor", capsys.readouterr().out)
    assert not data["ok"] and data["differences"][0]["name"] == "GRU"


class TestAnotherVersion:
    @pytest.fixture(autouse=True)
    def version(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("keras.__version__", "3.99.0")

    def test_what_uses_nothing_that_differs_is_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr("keras.layers.SimpleRNN")
        assert load(SPEC).to_keras().count_params() > 0

    def test_an_argument_that_is_not_written_need_not_be_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        changed("keras.layers.Dense", __init__=fewer_arguments)(monkeypatch)
        assert load(SPEC).to_keras().count_params() > 0

    @pytest.mark.parametrize("name", ["equipment-fault", "video-mobilenet", "video-padded", "frames-gru", "disease-risk"])
    def test_specs_of_ours(self, name: str) -> None:
        assert load(ROOT / "specs" / f"{name}.yaml").to_keras().count_params() > 0

    @pytest.mark.parametrize(
        ("fake", "words"),
        [
            (changed("keras.layers.GRU", build=more_weights), "GRU: example 1: the weights are"),
            (changed("keras.layers.Dense", __init__=other_default), "Dense: there is no argument `kernel_regularizer`"),
            (gone("keras.layers", "Identity"), "Identity: Keras has no `keras.layers.Identity`"),
            (gone("keras.regularizers", "L2"), "regularizers.L2: Keras has no such class"),
        ],
    )
    def test_what_uses_a_difference_is_refused(
        self,
        fake: Callable[[pytest.MonkeyPatch], None],
        words: str,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        fake(monkeypatch)
        with pytest.raises(Unbuildable, match=r"3\.99\.0"):
            load(SPEC).to_keras()
        (tmp_path / "spec.yaml").write_text(SPEC)
        assert run(["compile", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "out")]) == 1
        err = capsys.readouterr().err
        assert words in err and "doctor" in err and "bug" not in err
        assert not (tmp_path / "out").exists()

    def test_an_identifier_that_is_not_known_any_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def get(identifier: str) -> None:
            raise ValueError(f"Could not interpret {identifier}")

        monkeypatch.setattr("keras.optimizers.get", get)
        with pytest.raises(Unbuildable, match="Keras does not know the string `adam`"):
            load(SPEC).to_keras()


def test_the_order_of_arguments_is_that_of_keras() -> None:
    from cnnlstm_spec.emit.keras.doctor import list_parameters, resolve
    from cnnlstm_spec.emit.words.reference import write_page

    for path, op in LAYERS.items():
        listed = write_page(op.title(), op).partition("\narguments\n")[2].split("\n\n")[0].splitlines()
        ours = [name for line in listed if (name := line.split()[0]) not in Op.arguments and name not in op.call_arguments]
        assert ours == [name for name in list_parameters(resolve(path)) if name in ours], op.title()


def test_an_old_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.__version__", "3.12.4")
    with pytest.raises(Unbuildable, match=r"Keras 3\.12\.4 is installed; 3\.13 or later is needed to build models"):
        load(SPEC).to_keras()
