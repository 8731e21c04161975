"""What a cold `validate` imports, which is most of what it costs: of the layers those that its spec has, and of all else little."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module

import pytest
from places import ROOT

MOST = {"cnnlstm_spec": 200, "": 462}
"""So many modules of the package, and of all, may be imported: a small one takes a third of a millisecond, one of layers ten times that."""
LAYERS = {"conv", "core", "pool", "recurrent", "shape"}
"""The files of the layers of the spec."""
WATCHED = """
import sys
from cnnlstm_spec.cli.main import run
status = run(["validate", "specs/equipment-fault.yaml"])
print(status, *sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def imported() -> list[str]:
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True, check=True)
    status, *names = done.stdout.splitlines()[-1].split()
    assert status == "0"
    return names


@pytest.mark.parametrize("package", MOST)
def test_it_imports_little(package: str, imported: list[str]) -> None:
    assert sum(name.startswith(package) for name in imported) <= MOST[package]


def test_of_the_layers_it_imports_those_of_the_spec(imported: list[str]) -> None:
    from cnnlstm_spec.ops import FAMILIES

    assert {family for family in FAMILIES if f"cnnlstm_spec.ops.{family}" in imported} == LAYERS


STAND_INS = sorted(
    {
        tuple(ast.literal_eval(argument) for argument in node.args)
        for path in (ROOT / "cnnlstm_spec").rglob("*.py")
        if "stand_for(" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "stand_for"
    }
)


@pytest.mark.parametrize(("family", "name"), STAND_INS)
def test_a_stand_in_names_a_class_and_has_its_instances(family: str, name: str) -> None:
    from cnnlstm_spec.ops.stand_in import stand_for

    meant = getattr(import_module(f"cnnlstm_spec.ops.{family}"), name)
    inner = type("Inner", (), {})
    assert isinstance(meant, type) and not isinstance(inner(), stand_for(family, name))
    assert meant.__module__ == f"cnnlstm_spec.ops.{family}", "a class that is there before its family is taken for none of it"
    made = object.__new__(meant)
    assert isinstance(made, stand_for(family, name)) and isinstance(made, stand_for(family, name) | inner)


def test_there_are_stand_ins_and_one_of_what_is_not_imported_has_no_instance() -> None:
    from cnnlstm_spec.ops.stand_in import stand_for

    assert len(STAND_INS) > 10 and not isinstance(object(), stand_for("not_imported", "Layer"))
