"""Saved models say no default, which earlier versions of Keras would refuse."""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

import cnnlstm_spec
from cnnlstm_spec.compiler.artifact.saved import make_portable

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]


def objects(config: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each object of a configuration: its module, its class, its arguments."""
    entries = list(config.values()) if isinstance(config, dict) else config if isinstance(config, list) else ()
    if isinstance(config, dict) and {"module", "class_name"} <= config.keys() and isinstance(config.get("config"), dict):
        yield str(config["module"]), str(config["class_name"]), config["config"]
    for each in entries:
        yield from objects(each)


@pytest.mark.parametrize("name", ["equipment-fault", "video-padded", "frames-lstm", "published/timeseries-transformer"])
def test_no_default_is_written(name: str, tmp_path: Path, fresh: Any) -> None:
    from importlib import import_module

    model = cnnlstm_spec.load(ROOT / "specs" / f"{name}.yaml").to_keras()
    model.save(tmp_path / "model.keras")
    data = make_portable((tmp_path / "model.keras").read_bytes())
    assert make_portable(data) == data
    config = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("config.json"))
    seen = 0
    for module, name, arguments in objects(config):
        if name in ("Functional", "Rescaling"):
            continue
        if ".ops." in module:
            assert "name" not in arguments
            continue
        defaults = inspect.signature(getattr(import_module(module), name)).parameters
        for argument, value in arguments.items():
            if argument != "name" and argument in defaults:
                default = defaults[argument].default
                assert json.dumps(value) != json.dumps(default, default=str), (name, argument)
                seen += 1
    assert seen > 5
    again = tmp_path / "again.keras"
    again.write_bytes(data)
    loaded = []
    for path in (again, tmp_path / "model.keras"):
        # Operations are named anew.
        fresh.utils.clear_session()
        loaded.append(fresh.models.load_model(path).get_config())
    assert loaded[0] == loaded[1]
