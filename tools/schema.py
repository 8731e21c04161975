"""Writes `schemas/`: the JSON Schema of a spec, which editors read, and one of each JSON that the tool writes.

python tools/schema.py            write the files
python tools/schema.py --check    exit 1 where a file is not what the package says, or belongs to nothing
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cnnlstm_spec.compiler.artifact.manifest import Manifest
from cnnlstm_spec.compiler.diff.document import Differences
from cnnlstm_spec.emit.keras.document import Examination
from cnnlstm_spec.emit.words.findings import Findings
from cnnlstm_spec.emit.words.shapes import Shapes
from cnnlstm_spec.runs.adapted import Adapted
from cnnlstm_spec.runs.compare import Comparison
from cnnlstm_spec.runs.data_report import DataReport
from cnnlstm_spec.runs.export.document import Export
from cnnlstm_spec.runs.identity import RunIdentity
from cnnlstm_spec.runs.manifest import RunManifest
from cnnlstm_spec.runs.measure.document import Evaluation
from cnnlstm_spec.runs.reading.pack.document import Pack
from cnnlstm_spec.runs.reading.seen import SeenFiles
from cnnlstm_spec.runs.search.document import SearchIdentity, SearchReport
from cnnlstm_spec.spec.schema.whole import make_spec_schema
from cnnlstm_spec.text.document import Document, make_schema

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
DOCUMENTS: dict[str, type[Document]] = {
    "adapted": Adapted,
    "compare": Comparison,
    "data": DataReport,
    "diff": Differences,
    "doctor": Examination,
    "evaluate": Evaluation,
    "export": Export,
    "manifest": Manifest,
    "pack": Pack,
    "run-identity": RunIdentity,
    "search": SearchReport,
    "search-identity": SearchIdentity,
    "seen": SeenFiles,
    "shapes": Shapes,
    "train": RunManifest,
    "validate": Findings,
}


def format_spec_schema() -> str:
    """The schema of a spec with a line for each definition."""
    schema = make_spec_schema()
    definitions = schema.pop("$defs")
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in definitions.items())
    return json.dumps(schema, indent=1).removesuffix("\n}") + ',\n "$defs": {\n' + lines + "\n }\n}\n"


def make_files() -> dict[str, str]:
    """The text of each schema by the name of its file."""
    documents = {f"{name}.schema.json": json.dumps(make_schema(each), indent=2) + "\n" for name, each in DOCUMENTS.items()}
    return {"spec.schema.json": format_spec_schema(), **documents}


def main() -> int:
    """Writes or checks the files."""
    files = make_files()
    if "--check" in sys.argv[1:]:
        there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
        wrong = sorted(name for name in {*files, *there} if files.get(name) != there.get(name))
        for name in wrong:
            print(f"schemas/{name} is out of date; run `python tools/schema.py`", file=sys.stderr)
        return 1 if wrong else 0
    FOLDER.mkdir(exist_ok=True)
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
