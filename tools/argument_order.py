"""Writes the order in which Keras's layers declare their arguments, for the reference; `--check` compares."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cnnlstm_spec.emit.keras.doctor import list_parameters, resolve
from cnnlstm_spec.emit.keras.expectations import map_layers

FILE = Path(__file__).resolve().parent.parent / "cnnlstm_spec" / "language" / "data" / "argument_order.json"


def order() -> dict[str, list[str]]:
    """The arguments of each layer's class that its op has too, in the order of the class."""
    found = {}
    for path, op in map_layers().items():
        found[op.title()] = [name for name in list_parameters(resolve(path)) if name in op.arguments]
    return dict(sorted(found.items()))


def main() -> int:
    """Writes or compares the file; 1 where it differs."""
    parser = argparse.ArgumentParser(description="Write the order of the arguments of Keras's layers.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    rows = (f"{json.dumps(name)}: {json.dumps(names)}" for name, names in order().items())
    text = "{\n" + ",\n".join(rows) + "\n}\n"
    if not parser.parse_args().check:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{FILE.name} differs from the installed Keras; run tools/argument_order.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
