"""Writes `schemas/spec.schema.json`, the JSON Schema that editors read.

python tools/schema.py            write the file
python tools/schema.py --check    exit 1 where the file is not what the package says
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cnnlstm_spec.spec.schema.whole import spec_schema

FILE = Path(__file__).resolve().parent.parent / "schemas" / "spec.schema.json"


def text() -> str:
    """The schema with a line for each definition."""
    schema = spec_schema()
    definitions = schema.pop("$defs")
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in definitions.items())
    return json.dumps(schema, indent=1).removesuffix("\n}") + ',\n "$defs": {\n' + lines + "\n }\n}\n"


def main() -> int:
    """Writes or checks the file."""
    if "--check" in sys.argv[1:]:
        if FILE.is_file() and FILE.read_text(encoding="utf-8") == text():
            return 0
        print(f"{FILE.name} is out of date; run `python tools/schema.py`", file=sys.stderr)
        return 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
