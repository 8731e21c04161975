"""Writes what Keras does of each real mistake of `tests/mistakes/` into its page, and `docs/mistakes.md`, a table of them all.

    python tools/mistakes.py [--only NAME ...]     run Keras, write the pages, then the table
    python tools/mistakes.py --table               write the table alone, without Keras
    python tools/mistakes.py --check               run Keras, and compare

A page is read into Keras as a person writes it by hand (`fuzz/reading.py`); what has no plain counterpart there is built from the
spec, if that has no errors. Needs Keras, but for the table.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

FOLDER = ROOT / "tests" / "mistakes"
TABLE = ROOT / "docs" / "mistakes.md"
PAGE = re.compile(
    r"Code: `(?P<code>.+?)`\. Source: (?P<source>\S+) \((?P<date>[\d-]+)\)\.\n(?P<story>.+?)\n\n"
    r"## Wrong\n\n```yaml\n(?P<wrong>.+?)```\n\n## Right\n\n```yaml\n(?P<right>.+?)```\n"
    r"(?:\n## Keras\n\n```text\n(?P<keras>.+?)\n```\n)?",
    re.S,
)
TRAINS = "builds and trains"
"""What is written where Keras says nothing."""
NO_COUNTERPART = "has no such layer: it is a structure of ours"
LONGEST = 300
"""Characters of what Keras says that are kept."""
HEAD = """# Real mistakes

Mistakes that people asked about in public, each as a small spec in our own words (`tests/mistakes/`), with what `validate`
says and what Keras {version} does with the same network written by hand, by a run. Written by `tools/mistakes.py`.

| asked | code | `validate` says | Keras |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Mistake:
    """A page of `tests/mistakes/`."""

    name: str
    code: str
    source: str
    date: str
    story: str
    wrong: str
    right: str
    keras: str | None


def mistakes() -> list[Mistake]:
    """Every page, by name."""
    found = []
    for path in sorted(FOLDER.glob("*.md")):
        page = PAGE.fullmatch(path.read_text("utf-8"))
        if page is None:
            raise SystemExit(f"{path.name}: a code with its source and date, a story, `## Wrong`, `## Right`, `## Keras`")
        found.append(Mistake(path.stem, **page.groupdict()))
    return found


def run(mistake: Mistake) -> str:
    """What Keras does with the wrong spec: its message, or that it trains, and the first warning of its own."""
    import warnings

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        said = _run(mistake)
    own = next((str(each.message) for each in found if "/keras/" in each.filename and each.category is UserWarning), None)
    return said if said != TRAINS or own is None else _words(f"{TRAINS}, and warns: {own}")


def _run(mistake: Mistake) -> str:
    import keras
    import yaml

    from cnnlstm_spec import load
    from cnnlstm_spec.ops.backbones.walk import BACKBONES
    from fuzz import judge
    from fuzz.reading import Unreadable, read

    spec: dict[str, Any] = yaml.safe_load(mistake.wrong)
    keras.utils.clear_session(free_memory=False)
    written = _without_weights(spec) if mistake.code != "image-channels" else spec
    text = mistake.wrong
    if "compile" not in spec:
        # Some layers act in training alone.
        written, text = {**written, "compile": {"loss": "mse"}}, f"{text}compile: {{loss: mse}}\n"
    for name in BACKBONES:
        setattr(keras.layers, name, _backbone(name))
    try:
        model = read(written)
    except Unreadable:
        compilation = load(text)
        if not compilation.ok:
            return NO_COUNTERPART
        model = compilation.to_keras()
    except Exception as error:
        if "reading" not in _raised_in(error):
            return _words(f"{type(error).__name__}: {error}")
        # The section is of no form that the reading knows: handed on as it is.
        section = written["compile"]
        model = read({**written, "compile": None})
        try:
            model.compile(**section)
        except Exception as error:
            return _words(f"{type(error).__name__}: {error}")
    failure = judge._failure(written, {}, model, lambda: model, graph=False)
    return TRAINS if failure is None else _words(failure)


def _backbone(name: str) -> Any:
    """A model of `keras.applications` as a layer for the images that it is called on."""
    import keras

    def made(**arguments: Any) -> Any:
        return lambda x: getattr(keras.applications, name)(input_shape=tuple(x.shape[1:]), **arguments)(x)

    return made


def _raised_in(error: BaseException) -> str:
    """The name of the file whose line raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return Path(trace.tb_frame.f_code.co_filename).stem if trace is not None else ""


def _without_weights(value: Any) -> Any:
    """The same without pretrained weights, which must be fetched and change nothing that Keras says."""
    if isinstance(value, dict):
        return {key: None if (key, each) == ("weights", "imagenet") else _without_weights(each) for key, each in value.items()}
    return [_without_weights(each) for each in value] if isinstance(value, list) else value


def _words(text: str) -> str:
    """A message in one line, without colours, addresses and numbers that change from run to run."""
    plain = re.sub(r"\x1b\[\d*m", "", text)
    plain = re.sub(r"0x[0-9a-f]+", "0x...", plain)
    return " ".join(plain.split())[:LONGEST]


def write(mistake: Mistake, keras: str) -> None:
    """Puts what Keras does at the end of a page."""
    path = FOLDER / f"{mistake.name}.md"
    before = path.read_text("utf-8").partition("\n## Keras\n")[0].rstrip("\n")
    path.write_text(f"{before}\n\n## Keras\n\n```text\n{keras}\n```\n", "utf-8")


def table() -> str:
    """The page of the documentation."""
    from cnnlstm_spec import load
    from cnnlstm_spec.language.catalog import load_catalog

    rows = []
    for each in mistakes():
        (found,) = load(each.wrong).diagnostics
        cells = (f"[{each.story.split('.')[0]}]({each.source})", f"`{each.code}`", found.message, _escaped(each.keras or ""))
        rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |\n")
    return HEAD.format(version=load_catalog()["keras"]) + "".join(rows)


def _escaped(text: str) -> str:
    """What another program said, in which nothing is a link."""
    return text.replace("[", "&#91;").replace("]", "&#93;")


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")


def main() -> int:
    """Runs, writes or compares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    wrong = []
    for each in mistakes() if not options.table else []:
        if options.only and each.name not in options.only:
            continue
        said = run(each)
        print(f"{each.name}: {said}", flush=True)
        if options.check and said != each.keras:
            wrong.append(each.name)
        elif not options.check:
            write(each, said)
    if options.check:
        print(f"{len(wrong)} differ: {', '.join(wrong)}" if wrong else "Keras says what the pages say")
        return bool(wrong)
    TABLE.write_text(table(), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
