"""What is proved in samples: every proof runs, one that fails is told, and the file says of what it is."""

from __future__ import annotations

import argparse
import re
import sys

import pytest
from places import ROOT

from tools import proof
from tools.proof import Proof, Result

SIZES = {row.option: size for size, row in enumerate(proof.ROWS, 2)}


@pytest.mark.parametrize("tests", ["long", "all"])
def test_every_proof_has_a_program_and_its_size(tests: str) -> None:
    proofs = proof.make_proofs(argparse.Namespace(tests=tests, targets=[], **SIZES))
    assert len(proofs) == len(proof.PARTS) + len(SIZES)
    for each, size in zip(proofs[len(proof.PARTS) :], SIZES.values(), strict=True):
        python, *arguments = each.command
        program = arguments[1].replace(".", "/") if arguments[0] == "-m" else arguments[0]
        assert python == sys.executable and (ROOT / program).exists(), program
        assert str(size) in arguments and str(size) in each.name


def test_a_proof_that_fails_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    program = "print('it says'); exit({})"
    results = proof.run_all(
        [Proof(name, [sys.executable, "-c", program.format(status)]) for name, status in (("one", 0), ("two", 3))]
    )
    assert [(each.status, each.last) for each in results] == [(0, "it says"), (3, "it says")]
    assert re.search(r"== two: \d+ s\nit says\n", capfd.readouterr().out)
    assert re.search(r"one \| holds \|  \| \d+ \| \d+ \| it says \|\n\| two \| FAILS \|", proof.make_table(results))


def test_the_file_says_of_what_it_is_and_keeps_what_was_not_run_again() -> None:
    pytest.importorskip("keras")
    text = proof.make_file([Result(Proof(name, []), 0, "said", 1.0, 2.0) for name in ("one", "two")], "")
    row = r"\| {} \| holds \| \d{{4}}-\d\d-\d\d, [0-9a-f]{{8}}.* \| 1 \| 2 \| {} \|"
    assert re.search(r"\d+ cores of .*, keras \d", text)
    assert re.search(row.format("one", "said"), text) and re.search(row.format("two", "said"), text)
    again = proof.make_file([Result(Proof("one", []), 0, "more", 1.0, 2.0)], text)
    assert re.search(row.format("one", "more"), again) and re.search(row.format("two", "said"), again)
    assert again.count("| one |") == 1 and again.count(proof.HEAD[0]) == 1


def test_each_row_has_its_sizes_in_the_makefile() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    for name in ("SAMPLE", "WHOLE"):
        (line,) = re.findall(rf"^{name} := (.+)$", text, re.M)
        assert re.findall(r"--(\w+)", line) == ["tests", *(row.option for row in proof.ROWS), "targets"]
        targets = line.partition("--targets ")[2].split()
        assert targets and all(f"\n{each}: " in text for each in targets)


def test_what_has_no_size_is_left_out() -> None:
    left = argparse.Namespace(tests="none", targets=["test-page"], **{**dict.fromkeys(SIZES, 0), "kills": 3})
    assert [each.name for each in proof.make_proofs(left)] == ["`make test-page`", "3 killed runs"]
