"""What is proved beyond the tests, in samples or whole: a table of the proofs, and 1 where one of them fails.

python tools/proof.py --tests long --seeds 500 --backbones 8 --mutants 300 --targets test-page ...    what `make proof` runs
python tools/proof.py ... --write bench/PROOF.md       the same, and the rows in a file, with the date and the commit

Each proof takes one core, and two run beside each other; what one prints is shown when it has ended. A proof that cannot run has
failed.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TESTS = {"long": ["--long"], "all": ["--whole"], "none": []}
"""A sample of the tests that `make test` leaves out, every test with all of what it repeats, or none."""
PARTS = {
    "of models": ("-m", "keras", "--ignore", "tests/runs"),
    "of runs": ("-m", "keras", "tests/runs"),
    "without Keras": ("-m", "not keras"),
}
"""The tests that are a proof each: in one process the models of all would take more memory than two proofs have."""
AT_ONCE = 2
HEAD = ("| proof | | of | seconds | of work | its last line |", "| --- | --- | --- | --- | --- | --- |")


class Row(NamedTuple):
    """A proof of any size: the option that says how large it is, what that counts, its name, and what this Python is given."""

    option: str
    counts: str
    name: str
    arguments: tuple[str, ...]


ROWS = (
    Row("seeds", "random specs against Keras", "{:,} specs against Keras", ("-m", "fuzz", "{}", "--processes", "1")),
    Row(
        "backbones",
        "models of keras.applications",
        "{:,} backbones against Keras",
        ("tools/backbones.py", "--check", "--count", "{}"),
    ),
    Row(
        "keras", "artifacts that Keras 3.8 loads", "{:,} artifacts in Keras 3.8", ("tools/versions.py", "3.8.0", "--count", "{}")
    ),
    Row("mutants", "changes of messages", "{:,} changed messages", ("tools/mutants.py", "{}", "--processes", "1")),
    Row("kills", "runs of `compile` that are killed", "{:,} killed runs", ("tools/kill.py", "{}")),
    Row("trains", "runs of `train` that are killed and resumed", "{:,} killed trainings", ("tools/kill_train.py", "{}")),
    Row("searches", "runs of `search` that are killed and gone on with", "{:,} killed searches", ("tools/kill_search.py", "{}")),
    Row("inputs", "hostile inputs", "{:,} hostile inputs", ("-m", "fuzz.inputs", "{}", "--processes", "1")),
)
"""What is proved beside the tests. A row more is a proof more; the Makefile has its size in `SAMPLE` and `WHOLE`."""


class Proof(NamedTuple):
    """What is proved, and by which command."""

    name: str
    command: list[str]


class Result(NamedTuple):
    """How a proof went: its status, the last line that it printed, how many seconds it took, and how many of work."""

    proof: Proof
    status: int
    last: str
    seconds: float
    work: float


def make_proofs(options: argparse.Namespace) -> list[Proof]:
    """The proofs of the sizes that are asked for, and the targets, which stand before what is short: no core waits at the end."""
    tests, parts = [sys.executable, "-m", "pytest", *TESTS[options.tests]], PARTS if options.tests != "none" else {}
    proofs = [Proof(f"{options.tests} tests {part}", [*tests, *given]) for part, given in parts.items()]
    proofs += [Proof(f"`make {each}`", ["make", "--no-print-directory", each]) for each in options.targets]
    for row in ROWS:
        if size := getattr(options, row.option):
            arguments = [part.format(size) for part in row.arguments]
            proofs.append(Proof(row.name.format(size), [sys.executable, *arguments]))
    return proofs


def run(proof: Proof, screen: Lock) -> Result:
    """Runs a proof; shows what it printed."""
    started = monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        process = subprocess.Popen(proof.command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = monotonic() - started
        out.seek(0)
        last = ""
        with screen:
            print(f"== {proof.name}: {seconds:,.0f} s")
            for line in out:
                print(line, end="")
                last = line.strip() or last
            sys.stdout.flush()
    return Result(proof, process.returncode, last, seconds, used.ru_utime + used.ru_stime)


def run_all(proofs: list[Proof]) -> list[Result]:
    """Runs the proofs, as many at once as there are cores for."""
    screen = Lock()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: run(each, screen), proofs))


def make_table(results: list[Result], of: str = "") -> str:
    """A row for each proof; `of` says of what they are: a date and a commit."""
    cells = [
        (each.proof.name, "FAILS" if each.status else "holds", of, f"{each.seconds:,.0f}", f"{each.work:,.0f}", each.last)
        for each in results
    ]
    return "\n".join([*HEAD, *(f"| {' | '.join(each)} |" for each in cells)])


def make_file(results: list[Result], before: str) -> str:
    """The table with what it is of: the date and the commit of each row, the machine and the versions.

    Rows of the file `before` whose proofs were not run again stay as they are.
    """
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    versions = ", ".join(f"{name} {version(name)}" for name in ("keras", "tensorflow", "numpy", "pydantic"))
    machine = f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}, {versions}"
    of = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {commit[:8]}{' with changes' if changed else ''}"
    names = {each.proof.name for each in results}
    rows = [each for each in before.splitlines() if each.startswith("| ") and each not in HEAD]
    kept = [each for each in rows if each.split(" | ")[0].removeprefix("| ") not in names]
    return "\n".join(
        [
            "# What was proved at length\n",
            "Written by `make proof-all`, or, some of its rows, by `python tools/proof.py ... --write bench/PROOF.md`. Each says",
            f"when it was run and of which commit. {machine}.\n",
            make_table(results, of),
            *kept,
            "",
        ]
    )


def main() -> int:
    """0 where every proof holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tests", choices=TESTS, default="none", help="those that are long, all of them whole, or none (default)"
    )
    for row in ROWS:
        parser.add_argument(f"--{row.option}", type=int, default=0, metavar="N", help=f"how many {row.counts} (default: none)")
    parser.add_argument("--targets", nargs="*", default=[], metavar="NAME", help="targets of the Makefile that prove something")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there, beside what it has of other proofs")
    options = parser.parse_args()
    results = run_all(make_proofs(options))
    print(make_table(results))
    if options.write is not None:
        before = options.write.read_text("utf-8") if options.write.exists() else ""
        options.write.write_text(make_file(results, before), "utf-8")
    return 1 if any(each.status for each in results) else 0


if __name__ == "__main__":
    sys.exit(main())
