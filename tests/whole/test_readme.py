"""What the README shows is so."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pages import FENCE, ROOT, Block, Reader, blocks

import cnnlstm_spec
from cnnlstm_spec.cli.main import cli
from cnnlstm_spec.compiler.artifact.usage import write_usage
from cnnlstm_spec.text.missing import install

README = (ROOT / "README.md").read_text("utf-8")
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
ELSEWHERE = {
    *("docs/diagnostics.md", "docs/language.md", "docs/own-objects.md", "docs/passes.md"),
    "docs/pipelines.md",
}
ELSEWHERE |= {"docs/serving.md", "docs/editors.md"}
"""Pages whose blocks are read below, or by tests of their own."""
READ = [page for page in PAGES if page not in ELSEWHERE and blocks(page)]
OF_MODELS = [page for page in READ if any(each.needs_keras for each in blocks(page))]
TRAINED = ["docs/training.md"]
"""Pages that take as long as a training."""
LONGEST = 230
"""Lines of what one reads in five minutes."""


def follow(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, keras: bool) -> list[Block]:
    """The blocks of a page that were done, with or without Keras."""
    shutil.copytree(ROOT / "specs", folder / "specs")
    monkeypatch.chdir(folder)
    reader = Reader(folder, keras)
    for block in blocks(page):
        reader.do(block)
    return reader.done


@pytest.mark.parametrize("page", READ)
def test_what_a_page_says_is_so(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(page, tmp_path, monkeypatch, keras=False) == [each for each in blocks(page) if not each.needs_keras]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", [each for each in OF_MODELS if each not in TRAINED])
def test_what_a_page_says_of_models_is_so(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(page, tmp_path, monkeypatch, keras=True) == blocks(page)


@pytest.mark.keras
@pytest.mark.whole
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", TRAINED)
def test_what_a_page_says_of_training_is_so(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(page, tmp_path, monkeypatch, keras=True) == blocks(page)
    assert (tmp_path / "runs" / "flowers" / "report.html").exists()


def test_a_block_that_cannot_be_done_fails(tmp_path: Path) -> None:
    reader = Reader(tmp_path, keras=True)
    for block in (
        Block("", "x", ""),
        Block("text", "what did not come\n", ""),
        Block("sh", "cnnlstm-spec validates x.yaml\n", ""),
        Block("sh", "make coffee\n", ""),
        Block("sh", "pip install cnnlstm-spec\n", ""),
        Block("yaml", "version: 1\nname: x\n", ""),
        Block("python", "1 / 0\n", ""),
    ):
        with pytest.raises((AssertionError, ZeroDivisionError)):
            reader.do(block)
    assert reader.done == []


def test_pages_with_readers_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of one's own are done by their tests; a fragment of the language is YAML, and a whole spec in it passes."""
    for block in blocks("docs/language.md"):
        assert block.language == "yaml"
        whole = isinstance(read := yaml.safe_load(block.text), dict) and "version" in read
        assert read is not None and (not whole or cnnlstm_spec.load(block.text).ok)
    shell = [block for block in blocks("docs/passes.md") if block.language == "sh"]
    assert shell == blocks("docs/passes.md")
    monkeypatch.chdir(tmp_path)
    for file in ("spec.yaml", "best.keras"):
        Path(file).touch()
    for line in shell[0].text.splitlines():
        _, name, *arguments = shlex.split(line, comments=True)
        command = cli.get_command(click.Context(cli), name)
        assert command is not None and command.make_context(name, arguments).params["spec"] == "spec.yaml"


def test_every_page_is_in_the_index() -> None:
    """And every picture is on a page."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for page in PAGES[1:]:
        assert page == "docs/README.md" or f"]({Path(page).name})" in index, page
    assert "(docs/README.md)" in README and len(README.splitlines()) <= LONGEST
    shown = {(ROOT / page).parent.joinpath(link).resolve() for page in PAGES for link, _ in list_links(page)}
    assert {path.resolve() for path in (ROOT / "docs").rglob("*") if path.is_file()} <= shown


OTHERS = ["CONTRIBUTING.md", "bench/RESULTS.md", "examples/README.md", "editors/vscode/README.md"]
OTHERS += [f"cnnlstm_spec/{room}/README.md" for room in ("ir", "language")]
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([\w-]+))?\)|src=\"([^\"]+)\"")


def list_links(page: str) -> list[tuple[str, str]]:
    """The files that a page leads to, but for those of other sites, and the heading in each; of no file it is the page itself."""
    found = LINK.findall(FENCE.sub("", (ROOT / page).read_text("utf-8")))
    return [(path or shown or Path(page).name, heading) for path, heading, shown in found if "://" not in path]


def list_headings(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*PAGES, *OTHERS])
def test_every_link_leads_somewhere(page: str) -> None:
    for link, heading in list_links(page):
        path = (ROOT / page).parent.joinpath(link)
        assert path.exists() and (not heading or heading in list_headings(path)), (link, heading)


NAMED = re.compile(r"`([^`\n]+)`")
MADE = {"bench/PROOF.md": "`make proof-all` writes it", ".out": "an ending"}
"""What a page names that need not be there."""


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/how-it-works.md", *OTHERS[-2:]])
def test_what_a_page_of_the_house_names_is_there(page: str) -> None:
    """Targets of make, files and folders, and names in the code, each at least by its last part."""
    folders = ("cnnlstm_spec", "docs", "fuzz", "tests", "tools")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*") if "__pycache__" not in path.parts]
    words = {word for path in files if path.suffix == ".py" for word in re.findall(r"\w+", path.read_text("utf-8"))}
    listed = "\n".join(str(path) for path in files)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name in NAMED.findall(FENCE.sub("", (ROOT / page).read_text("utf-8"))):
        if (target := re.match(r"make ([\w-]+)", name)) is not None:
            assert re.search(rf"^{target[1]}:", makefile, re.M), name
        elif re.fullmatch(r"[\w./*-]+(/|\.(py|md|txt|out|js|json))", name) and name not in MADE:
            path = re.escape(name).replace(r"\*", "[^/]*") + ("" if name.endswith("/") else "$")
            assert re.search(rf"/{path}", listed, re.M), name
        elif (last := re.fullmatch(r"(?:\w+\.)*([A-Za-z_]\w*)(?:\(.*\))?", name)) is not None:
            assert last[1] in words, name


def test_contributing_lists_the_rooms() -> None:
    """All of them, in their order, with all folders in them; beside them stand few files."""
    text = next(each.text for each in blocks("CONTRIBUTING.md") if "text/ " in each.text)
    package = Path(cnnlstm_spec.__file__).parent
    rooms = {line.partition("/")[0]: re.findall(r"\b(\w+)/", line.partition("/")[2]) for line in text.splitlines()}
    assert rooms.keys() == {path.parent.name for path in package.glob("*/__init__.py")}
    at_root = {path.name for path in package.iterdir() if path.name not in rooms and path.name != "__pycache__"}
    assert at_root == {"__init__.py", "__main__.py", "extend.py", "py.typed"}
    for room, inner in rooms.items():
        assert {*inner} - {*rooms} == {path.parent.name for path in (package / room).glob("*/__init__.py")}, room
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]["layers"]
    order = [room.rpartition(".")[2] for line in reversed(layers) for room in line.split(" | ")]
    assert [*rooms] == order


def test_compile_ends_with_the_lines_that_load_and_feed() -> None:
    compilation = cnnlstm_spec.load(ROOT / "specs" / "equipment-fault.yaml")
    ending = write_usage(compilation, "demo/model.keras")
    shown = next(each.text for each in blocks("README.md") if each.language == "python")
    assert [each for each in shown.splitlines() if each] == ending


INDEX = re.compile(r"cnnlstm[-_]spec\[|(?:pip|uv|pipx|poetry|conda)\b[^\n]*\b(?:install|add)\s+(?:-\S+\s+)*['\"]?cnnlstm")
"""An install line that asks an index for this package, which none has."""


def told() -> Iterator[tuple[str, str]]:
    """Every text that a person may come to read: of the package, its documents and its specs."""
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "Makefile", ROOT / "pyproject.toml"):
        yield path.name, path.read_text("utf-8")
    for folder in ("cnnlstm_spec", "docs", "specs", "bench"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".yaml"):
                yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def test_nobody_is_told_to_install_what_no_index_has() -> None:
    assert INDEX.search("pip install -q 'cnnlstm-spec[plot]'") and INDEX.search("uv pip install cnnlstm_spec")
    assert not [name for name, text in told() if INDEX.search(text)]


def test_the_extras_that_people_are_told_of_are_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = {
        each for _, text in told() for found in re.findall(r"pip install '\.\[([\w,]+)\]'", text) for each in found.split(",")
    }
    assert {"tensorflow", "plot"} <= named <= set(extras)
    assert all(f"pip install '.[{each}]' in a checkout" in install(each) for each in extras)


def test_it_is_said_which_keras_loads_a_file() -> None:
    assert "in Keras 3.8 and every later one that has\nits layers" in README and re.search(
        r"\"keras>=3\.13\"", dict(told())["pyproject.toml"]
    )
    assert not [name for name, text in told() if re.search(r"anywhere\s+Keras", text)]


FUSED = """version: 1
name: fused
branches:
  a: {input: {kind: vector, shape: [6]}}
  b: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 6}}]}
"""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fusion", "wanted", "shape"),
    [
        ("{strategy: learned_weights}", "trust", (3, 2)),
        ("{strategy: gated, units: 5}", "trust", (3, 2)),
        ("{strategy: attention, num_heads: 2}", "scores", (3, 2, 2, 2)),
        ("{strategy: cross_attention, query: a, num_heads: 3}", "scores", (3, 3, 1, 1)),
    ],
)
def test_what_the_model_trusts_is_read_as_shown(fusion: str, wanted: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    import keras
    import numpy

    shown = "\n".join(each.text for each in blocks("docs/trust.md"))
    (statement,) = (each for each in shown.splitlines() if each.startswith(f"{wanted} ="))
    keras.utils.clear_session(free_memory=False)
    cnnlstm_spec.load(FUSED + f"fusion: {fusion}\nhead: [{{Dense: {{units: 1}}}}]\n").to_keras().save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    batch = {"a": numpy.random.default_rng(0).normal(size=(3, 6)), "b": numpy.random.default_rng(1).normal(size=(3, 4))}
    names: dict[str, Any] = {"keras": keras, "model": model, "batch": batch}
    exec(statement, names)
    assert names[wanted].shape == shape
    numpy.testing.assert_allclose(names[wanted].sum(-1), numpy.ones(shape[:-1]), rtol=1e-5)
